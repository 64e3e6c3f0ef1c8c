/*
 * Fails every allocation and many calls of the system, one after the other, through a whole
 * scenario (scenario.lua). Each run must neither crash, leak, hang nor lose an operation, must
 * report the failure if it could not do without, and the module must work afterwards in the same
 * Lua state. A sweep tries every n-th call until one run is through before anything could fail.
 *
 * usage: torture NETWORK PART PARTS: over "http", or over "tls" without the sweeps that know no
 * network; one of several shares of all sweeps.
 *
 * Needs an emulator: AGENTBAY_ENDPOINT, AGENTBAY_API_KEY, LUA_PATH, LUA_CPATH. TORTURE_STEP=k
 * tries each k-th n only, TORTURE_SWEEP=TEXT the sweeps with TEXT in their names, TORTURE_AT=n one
 * n, TORTURE_TRACE=1 shows where the failure struck.
 */
#include "fault.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int luaopen_agentbay_core(lua_State *L);

enum {
  HANG_SECONDS = 20,
  MAX_DESCRIPTORS = 256,
  MAX_OUTCOMES = 24,
  MAX_DEATHS = 5,
  MAX_SHOWN = 8,
  SETTLE_MS = 3000 /* for name look-ups that were let go */
};

/*
 * lua-cjson forgets its scratch memory, which isn't Lua's, when Lua has none left to give. Nothing
 * in this project can free it. strbuf is what it calls such memory.
 */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void) {
  return "leak:strbuf_new\nleak:strbuf_init\nleak:strbuf_resize\n";
}

/* ---- sweeps ---------------------------------------------------------------------------------- */

enum course {
  PLAY,         /* the scenario fails, then everything works again */
  LOAD,         /* ... the loading of the module */
  PLAY_AND_DIE, /* the scenario fails, and so does the closing of the state */
};

struct sweep {
  const char *name;
  enum fault_site site;
  long length;
  int error;
  enum course course;
  int coarse; /* how much rarer a try is than in the others */
};

static const struct sweep sweeps[] = {
    /* Lua collects garbage and tries again: a single failure shows what isn't anchored. */
    {"Lua's memory: one", FAULT_LUA, 1, 0, PLAY, 2},
    {"Lua's memory: two in a row", FAULT_LUA, 2, 0, PLAY, 1},
    {"Lua's memory: none any more", FAULT_LUA, LONG_MAX, 0, PLAY, 1},
    {"Lua's memory: none any more, until the end", FAULT_LUA, LONG_MAX, 0, PLAY_AND_DIE, 5},
    {"Lua's memory while loading: two in a row", FAULT_LUA, 2, 0, LOAD, 10},
    {"Lua's memory while loading: none any more", FAULT_LUA, LONG_MAX, 0, LOAD, 10},
    {"libcurl's memory: one", FAULT_CURL, 1, 0, PLAY, 1},
    {"libcurl's memory: none any more", FAULT_CURL, LONG_MAX, 0, PLAY, 1},
    {"libcurl's memory: none any more, until the end", FAULT_CURL, LONG_MAX, 0, PLAY_AND_DIE, 5},
    {"the core's memory: one", FAULT_CORE, 1, 0, PLAY, 1},
    {"the core's memory: none any more", FAULT_CORE, LONG_MAX, 0, PLAY, 1},
    {"the core's memory: none any more, until the end", FAULT_CORE, LONG_MAX, 0, PLAY_AND_DIE, 5},
    {"socket: one EMFILE", FAULT_SOCKET, 1, EMFILE, PLAY, 1},
    {"socket: always ENOBUFS", FAULT_SOCKET, LONG_MAX, ENOBUFS, PLAY, 1},
    {"connect: one ECONNREFUSED", FAULT_CONNECT, 1, ECONNREFUSED, PLAY, 1},
    {"connect: always ENETUNREACH", FAULT_CONNECT, LONG_MAX, ENETUNREACH, PLAY, 1},
    {"send: one ECONNRESET", FAULT_SEND, 1, ECONNRESET, PLAY, 1},
    {"send: one EAGAIN", FAULT_SEND, 1, EAGAIN, PLAY, 1},
    {"send: always ENOBUFS", FAULT_SEND, LONG_MAX, ENOBUFS, PLAY, 1},
    {"send: always EPIPE, until the end", FAULT_SEND, LONG_MAX, EPIPE, PLAY_AND_DIE, 5},
    {"recv: one ECONNRESET", FAULT_RECV, 1, ECONNRESET, PLAY, 1},
    {"recv: one EAGAIN", FAULT_RECV, 1, EAGAIN, PLAY, 1},
    {"recv: one EINTR", FAULT_RECV, 1, EINTR, PLAY, 1},
    {"recv: always ETIMEDOUT", FAULT_RECV, LONG_MAX, ETIMEDOUT, PLAY, 1},
    {"poll: one EINTR", FAULT_POLL, 1, EINTR, PLAY, 1},
    {"poll: ten ENOMEM", FAULT_POLL, 10, ENOMEM, PLAY, 1},
    {"socketpair: one EMFILE", FAULT_SOCKETPAIR, 1, EMFILE, PLAY, 1},
    {"socketpair: always EMFILE", FAULT_SOCKETPAIR, LONG_MAX, EMFILE, PLAY, 1},
    {"getaddrinfo: one EAI_AGAIN", FAULT_GETADDRINFO, 1, EAI_AGAIN, PLAY, 1},
    {"getaddrinfo: always EAI_MEMORY", FAULT_GETADDRINFO, LONG_MAX, EAI_MEMORY, PLAY, 1},
    {"pthread_create: one EAGAIN", FAULT_THREAD, 1, EAGAIN, PLAY, 1},
    {"pthread_create: always EAGAIN", FAULT_THREAD, LONG_MAX, EAGAIN, PLAY, 1},
};

/* What a failure may be reported as: with Lua's own words, or a code. NULL ends the list. */
/* The last is what Lua says when there is no memory for its stack. */
static const char *const lua_reports[] = {"not enough memory", "out of memory",
                                          "Client.OutOfMemory", "stack overflow", NULL};
/* The last: libcurl sends the request without its query when it has no memory for that. */
static const char *const curl_reports[] = {
    "out of memory",        "Client.OutOfMemory",     "Client.ResolveFailed",
    "Client.ConnectFailed", "Client.TlsFailed",       "Client.SendFailed",
    "Client.ReceiveFailed", "InvalidAction.NotFound", NULL};
static const char *const core_reports[] = {"out of memory", "Client.OutOfMemory", NULL};
/* Polls whose checks all fail come to an end for lack of attempts or time. */
static const char *const network_reports[] = {"Client.ResolveFailed", "Client.ConnectFailed",
                                              "Client.TlsFailed",     "Client.SendFailed",
                                              "Client.ReceiveFailed", "Client.OutOfMemory",
                                              "out of memory",        "Client.SyncTimeout",
                                              "Client.Timeout",       NULL};

static const char *const *reports_of(enum fault_site site) {
  switch (site) {
  case FAULT_LUA:
    return lua_reports;
  case FAULT_CURL:
    return curl_reports;
  case FAULT_CORE:
    return core_reports;
  default:
    return network_reports;
  }
}

/* ---- what is told to the parent process ------------------------------------------------------ */

struct outcome {
  char name[48];
  int count;
};

struct tally {
  long n; /* under way */
  long step;
  bool over;
  int runs;
  int passed;
  int failed;
  long failures;
  struct outcome outcomes[MAX_OUTCOMES];
};

static struct tally *tally;
static const struct sweep *sweep;

static void count_outcome(const char *name) {
  for (int i = 0; i < MAX_OUTCOMES; i++) {
    struct outcome *outcome = &tally->outcomes[i];
    if (outcome->count == 0) {
      snprintf(outcome->name, sizeof outcome->name, "%s", name);
    }
    if (strcmp(outcome->name, name) == 0) {
      outcome->count++;
      return;
    }
  }
}

/* ---- one run --------------------------------------------------------------------------------- */

struct run {
  char problem[512]; /* "": none */
};

static void complain(struct run *run, const char *what, const char *more) {
  if (run->problem[0] == '\0') {
    snprintf(run->problem, sizeof run->problem, "%s%s", what, more);
  }
}

static void note_report(struct run *run, const char *message) {
  const char *const *reports = reports_of(sweep->site);
  for (int i = 0; reports[i] != NULL; i++) {
    if (strstr(message, reports[i]) != NULL) {
      count_outcome(reports[i]);
      return;
    }
  }
  count_outcome("something else");
  complain(run, "not a report of the failure: ", message);
}

/* Leaves the scenario's table on the stack. */
static int prepare(lua_State *L) {
  luaL_openlibs(L);
  lua_pushlightuserdata(L, (void *)&fault_core_allocator);
  lua_setfield(L, LUA_REGISTRYINDEX, "agentbay.allocator");
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_agentbay_core);
  lua_setfield(L, -2, "agentbay.core");
  if (luaL_dofile(L, "spec/torture/scenario.lua") != LUA_OK) {
    return lua_error(L);
  }
  return 1;
}

static lua_State *new_state(struct run *run) {
  lua_State *L = lua_newstate(fault_lua_allocate, NULL);
  if (L == NULL) {
    complain(run, "no Lua state", "");
    return NULL;
  }
  lua_pushcfunction(L, prepare);
  if (lua_pcall(L, 0, 1, 0) != LUA_OK) {
    complain(run, "preparing: ", lua_tostring(L, -1));
  }
  return L;
}

/* Calls a function of the scenario with what is on the stack above its table; true if it worked. */
static bool call(lua_State *L, int function, int arguments, int results) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, function);
  lua_insert(L, -1 - arguments);
  return lua_pcall(L, arguments, results, 0) == LUA_OK;
}

static int reference(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

static void recover(struct run *run, lua_State *L, int function, const char *home) {
  lua_settop(L, 1);
  lua_pushstring(L, home);
  if (!call(L, function, 1, 1)) {
    complain(run, "afterwards: ", lua_tostring(L, -1));
    return;
  }
  for (int i = 1; lua_rawgeti(L, 2, i) != LUA_TNIL; i++) {
    note_report(run, lua_tostring(L, -1));
    lua_pop(L, 1);
  }
}

/* The part in which something may fail; gives the number of failures. */
static long play(struct run *run, lua_State *L, long n) {
  int load = reference(L, "load");
  int act = sweep->course == LOAD ? load : reference(L, "play");
  if (sweep->course != LOAD && !call(L, load, 0, 0)) {
    complain(run, "loading: ", lua_tostring(L, -1));
    return 0;
  }
  const struct fault fault = {sweep->site, n, sweep->length, sweep->error};
  fault_arm(&fault);
  bool succeeded = call(L, act, 0, 0);
  if (sweep->course == PLAY_AND_DIE) {
    char message[256] = "";
    if (!succeeded) {
      snprintf(message, sizeof message, "%s", lua_tostring(L, -1));
    }
    lua_close(L);
    long failures = fault_disarm();
    if (!succeeded) {
      note_report(run, message);
    }
    return failures;
  }
  long failures = fault_disarm();
  if (!succeeded && failures == 0) {
    complain(run, "although nothing failed: ", lua_tostring(L, -1));
  } else if (!succeeded) {
    note_report(run, lua_tostring(L, -1));
  } else if (failures > 0) {
    count_outcome("succeeded all the same");
  }
  return failures;
}

static int open_descriptors(void) {
  int count = 0;
  for (int descriptor = 0; descriptor < MAX_DESCRIPTORS; descriptor++) {
    count += fcntl(descriptor, F_GETFD) >= 0;
  }
  return count;
}

static bool balanced(const long before[ALLOCATORS], int descriptors) {
  for (int i = 0; i < ALLOCATORS; i++) {
    if (fault_live_blocks((enum fault_site)i) != before[i]) {
      return false;
    }
  }
  return open_descriptors() == descriptors;
}

/*
 * libcurl 7.88 closes descriptor 0 when it gets no memory for the lock of a name look-up: what it
 * cleans up then is still zeroed. Nothing that we could prevent.
 */
static void restore_standard_input(void) {
  if (sweep->site == FAULT_CURL && fcntl(STDIN_FILENO, F_GETFD) < 0 &&
      open("/dev/null", O_RDONLY) != STDIN_FILENO) {
    abort();
  }
}

static void check_balance(struct run *run, const long before[ALLOCATORS], int descriptors) {
  for (int waited = 0; !balanced(before, descriptors) && waited < SETTLE_MS; waited += 5) {
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  }
  if (!balanced(before, descriptors)) {
    char numbers[96];
    snprintf(numbers, sizeof numbers, "Lua %ld, libcurl %ld, core %ld blocks, %d descriptors",
             fault_live_blocks(FAULT_LUA) - before[FAULT_LUA],
             fault_live_blocks(FAULT_CURL) - before[FAULT_CURL],
             fault_live_blocks(FAULT_CORE) - before[FAULT_CORE], open_descriptors() - descriptors);
    complain(run, "left over: ", numbers);
  }
}

/* Gives the number of failures; n = 0: none. */
static long run_once(struct run *run, long n, const char *home) {
  long before[ALLOCATORS];
  int descriptors = open_descriptors();
  for (int i = 0; i < ALLOCATORS; i++) {
    before[i] = fault_live_blocks((enum fault_site)i);
  }
  long failures = 0;
  alarm(HANG_SECONDS);
  lua_State *L = new_state(run);
  if (L != NULL && run->problem[0] == '\0') {
    int after = reference(L, "recover");
    failures = play(run, L, n);
    if (sweep->course != PLAY_AND_DIE) {
      recover(run, L, after, home);
    }
  }
  if (L != NULL && sweep->course != PLAY_AND_DIE) {
    lua_close(L);
  }
  alarm(0);
  restore_standard_input();
  check_balance(run, before, descriptors);
  return failures;
}

static void show_position(void) {
  fprintf(stderr, "while call %ld failed in \"%s\"\n", tally->n, sweep->name);
}

static void on_alarm(int signal) {
  (void)signal;
  fprintf(stderr, "still running after %d seconds\n", HANG_SECONDS);
  __sanitizer_print_stack_trace();
  abort();
}

/* ---- one sweep, in a process of its own ------------------------------------------------------- */

static long number_of(const char *variable, long otherwise) {
  const char *text = getenv(variable);
  return text == NULL || text[0] == '\0' ? otherwise : strtol(text, NULL, 10);
}

static void run_sweep(const char *home) {
  long at = number_of("TORTURE_AT", 0);
  __sanitizer_set_death_callback(show_position);
  signal(SIGALRM, on_alarm);
  if (at > 0) {
    tally->n = at;
  }
  struct run warm_up = {""};
  run_once(&warm_up, 0, home);
  while (!tally->over) {
    struct run run = {""};
    long failures = run_once(&run, tally->n, home);
    tally->over = failures == 0 || at > 0;
    tally->runs++;
    tally->failures += failures;
    if (run.problem[0] == '\0') {
      tally->passed++;
    } else {
      tally->failed++;
      if (tally->failed <= MAX_SHOWN) {
        printf("not ok - %s: call %ld: %s\n", sweep->name, tally->n, run.problem);
        fflush(stdout);
      }
    }
    tally->n += tally->step;
  }
}

static void print_tally(double seconds) {
  printf("%-50s %5d runs, %6ld failures, %5.1f s", sweep->name, tally->runs, tally->failures,
         seconds);
  for (int i = 0; i < MAX_OUTCOMES && tally->outcomes[i].count > 0; i++) {
    printf("%s %s: %d", i == 0 ? " |" : ",", tally->outcomes[i].name, tally->outcomes[i].count);
  }
  printf("\n");
  fflush(stdout);
}

/* The process that a sweep runs in may die of what it finds: the next one goes on behind it. */
static void supervise(const char *home) {
  struct timespec start, end;
  clock_gettime(CLOCK_REALTIME, &start);
  memset(tally, 0, sizeof *tally);
  tally->step = number_of("TORTURE_STEP", 1) * sweep->coarse;
  tally->n = 1;
  for (int deaths = 0; !tally->over && deaths < MAX_DEATHS;) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      run_sweep(home);
      exit(0); /* with the check for leaks */
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) {
      deaths++;
      tally->failed++;
      printf("not ok - %s: %s\n", sweep->name,
             tally->over ? "memory leaked" : "the process died, see above");
      tally->n += tally->step;
    }
  }
  clock_gettime(CLOCK_REALTIME, &end);
  print_tally((double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
}

/* A session that is there for all runs. */
static bool make_home(char home[64]) {
  struct run run = {""};
  lua_State *L = new_state(&run);
  if (L == NULL || run.problem[0] != '\0') {
    printf("not ok - %s\n", run.problem);
    return false;
  }
  bool made = call(L, reference(L, "load"), 0, 0) && call(L, reference(L, "make_home"), 0, 1);
  snprintf(home, 64, "%s", lua_tostring(L, -1));
  if (!made) {
    printf("not ok - %s\n", home);
  }
  lua_close(L);
  return made;
}

static bool is_wanted(bool tls) {
  const char *wanted = getenv("TORTURE_SWEEP");
  return (wanted == NULL || strstr(sweep->name, wanted) != NULL) &&
         !(tls && sweep->site == FAULT_LUA);
}

int main(int count, char **words) {
  char home[64];
  if (count != 4) {
    fprintf(stderr, "usage: %s http|tls PART PARTS\n", words[0]);
    return 2;
  }
  bool tls = strcmp(words[1], "tls") == 0;
  long part = strtol(words[2], NULL, 10), parts = strtol(words[3], NULL, 10);
  long chosen = 0;
  int passed = 0, failed = 0;
  tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (tally == MAP_FAILED || !fault_init_curl() || !make_home(home)) {
    return 1;
  }
  for (size_t i = 0; i < sizeof sweeps / sizeof sweeps[0]; i++) {
    sweep = &sweeps[i];
    if (is_wanted(tls) && chosen++ % parts == part - 1) {
      supervise(home);
      passed += tally->passed;
      failed += tally->failed;
    }
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed > 0 || passed == 0;
}
