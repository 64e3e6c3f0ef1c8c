/*
 * libcurl alone, as the limit of what any client over it can reach: the same request as a
 * GetContextInfo of ours, byte for byte but for time and nonce, sent again and again, and the
 * answers only counted. Nothing is built, decoded or kept.
 *
 * usage: floor URL REQUESTS IN_FLIGHT
 *
 * With 0 in flight one easy handle is performed again and again; otherwise a multi handle has that
 * many under way, driven by epoll and libcurl's socket callbacks. Prints requests, seconds and CPU
 * seconds (user and system). AGENTBAY_CA_FILE names the authority to trust. With BENCH_APART in the
 * environment libcurl is used as the core does: the target isn't part of the URL, and the user agent
 * is a header. With --version prints libcurl's.
 */
#define _GNU_SOURCE

#include <curl/curl.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MAX_IN_FLIGHT = 1024, MAX_EVENTS = 64, WARM_UP = 256, MAX_ANSWER = 65536 };

static const char body[] = "Authorization=Bearer%20akm-bench-0123456789"
                           "&SessionId=session-04bdw8o39bq47rv1t";

#define USER_AGENT "AgentBay-Lua/0.1.0 (Lua 5.4)"
#define TARGET                                                                                \
  "/?Action=GetContextInfo&Format=json&Version=2025-05-06&Timestamp=2025-01-01T00%3A00%3A00Z" \
  "&SignatureNonce=0123456789abcdef0123456789abcdef"

/* One request's handle and its answer. */
struct exchange {
  CURL *easy;
  size_t size;
  char answer[MAX_ANSWER];
};

struct floor {
  char url[512];    /* whole, or, with BENCH_APART, without the target */
  char target[512]; /* "": in the URL */
  struct curl_slist *headers;
  struct exchange *exchanges;
  CURLM *multi;
  int epoll;
  long due_ms; /* libcurl's timer; -1: none */
};

_Noreturn static void fail(const char *what) {
  fprintf(stderr, "floor: %s\n", what);
  exit(1);
}

static size_t on_body(char *data, size_t unit, size_t count, void *user) {
  struct exchange *exchange = user;
  size_t size = unit * count;
  if (size > MAX_ANSWER - exchange->size) {
    return 0;
  }
  memcpy(exchange->answer + exchange->size, data, size);
  exchange->size += size;
  return size;
}

static void prepare(struct floor *floor, struct exchange *exchange) {
  CURL *easy = exchange->easy = curl_easy_init();
  const char *ca_file = getenv("AGENTBAY_CA_FILE");
  if (easy == NULL) {
    fail("no memory");
  }
  curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
  curl_easy_setopt(easy, CURLOPT_URL, floor->url);
  if (floor->target[0] != '\0') {
    curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, floor->target);
  } else {
    curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
  }
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, floor->headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(sizeof body - 1));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
  if (ca_file != NULL) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
  }
}

static void check(struct exchange *exchange, CURLcode code) {
  long status = 0;
  curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK || status != 200 || exchange->size == 0) {
    fail(code != CURLE_OK ? curl_easy_strerror(code) : "not the answer that was expected");
  }
}

/* ---- one after the other ---------------------------------------------------------------------- */

static void run_one_by_one(struct floor *floor, long requests) {
  struct exchange *exchange = floor->exchanges;
  for (long i = 0; i < requests; i++) {
    exchange->size = 0;
    check(exchange, curl_easy_perform(exchange->easy));
  }
}

/* ---- many at once ----------------------------------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *of_socket) {
  struct floor *floor = user;
  struct epoll_event event = {.data.fd = socket};
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(floor->epoll, EPOLL_CTL_DEL, socket, NULL);
    return 0;
  }
  event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  epoll_ctl(floor->epoll, of_socket == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
  curl_multi_assign(floor->multi, socket, floor);
  return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user) {
  struct floor *floor = user;
  (void)multi;
  floor->due_ms = timeout_ms;
  return 0;
}

static void init_multi(struct floor *floor) {
  floor->epoll = epoll_create1(EPOLL_CLOEXEC);
  floor->multi = curl_multi_init();
  floor->due_ms = -1;
  if (floor->epoll < 0 || floor->multi == NULL) {
    fail("no memory");
  }
  curl_multi_setopt(floor->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(floor->multi, CURLMOPT_SOCKETDATA, floor);
  curl_multi_setopt(floor->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(floor->multi, CURLMOPT_TIMERDATA, floor);
  curl_multi_setopt(floor->multi, CURLMOPT_MAXCONNECTS, (long)MAX_IN_FLIGHT);
}

static void start(struct floor *floor, struct exchange *exchange) {
  exchange->size = 0;
  if (curl_multi_add_handle(floor->multi, exchange->easy) != CURLM_OK) {
    fail("no memory");
  }
}

/* Starts the next request on every handle that is done; the number of those that were. */
static long take_finished(struct floor *floor, long *to_start) {
  long finished = 0;
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(floor->multi, &left)) != NULL) {
    struct exchange *exchange = NULL;
    CURLcode code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
    check(exchange, code);
    curl_multi_remove_handle(floor->multi, exchange->easy);
    finished++;
    if (*to_start > 0) {
      --*to_start;
      start(floor, exchange);
    }
  }
  return finished;
}

static void run_at_once(struct floor *floor, long requests, int in_flight) {
  struct epoll_event events[MAX_EVENTS];
  long to_start = requests, finished = 0;
  int running;
  for (int i = 0; i < in_flight && to_start > 0; i++, to_start--) {
    start(floor, &floor->exchanges[i]);
  }
  while (finished < requests) {
    int ready = epoll_wait(floor->epoll, events, MAX_EVENTS, (int)floor->due_ms);
    /* In every turn: libcurl 7.88 breaks HTTP/2 streams when its due work waits for a quiet one. */
    if (ready <= 0 || floor->due_ms == 0) {
      floor->due_ms = -1;
      curl_multi_socket_action(floor->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (int i = 0; i < ready; i++) {
      int mask = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                 (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
      curl_multi_socket_action(floor->multi, events[i].data.fd, mask, &running);
    }
    finished += take_finished(floor, &to_start);
  }
}

/* ---- measuring -------------------------------------------------------------------------------- */

static double seconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void run(struct floor *floor, long requests, int in_flight) {
  if (in_flight == 0) {
    run_one_by_one(floor, requests);
  } else {
    run_at_once(floor, requests, in_flight);
  }
}

static void init(struct floor *floor, const char *url, int in_flight) {
  bool apart = getenv("BENCH_APART") != NULL;
  snprintf(floor->url, sizeof floor->url, "%s%s", url, apart ? "" : TARGET);
  snprintf(floor->target, sizeof floor->target, "%s", apart ? TARGET : "");
  floor->headers = curl_slist_append(NULL, "x-acs-version: 2025-05-06");
  curl_slist_append(floor->headers, "x-acs-action: GetContextInfo");
  curl_slist_append(floor->headers, "content-type: application/x-www-form-urlencoded");
  curl_slist_append(floor->headers, "Expect:");
  if (apart) {
    curl_slist_append(floor->headers, "user-agent: " USER_AGENT);
  }
  int count = in_flight > 0 ? in_flight : 1;
  floor->exchanges = calloc((size_t)count, sizeof *floor->exchanges);
  if (floor->exchanges == NULL) {
    fail("no memory");
  }
  for (int i = 0; i < count; i++) {
    prepare(floor, &floor->exchanges[i]);
  }
  init_multi(floor);
}

int main(int count, char **arguments) {
  static struct floor floor;
  if (count == 2 && strcmp(arguments[1], "--version") == 0) {
    printf("libcurl %s\n", curl_version_info(CURLVERSION_NOW)->version);
    return 0;
  }
  long requests = count == 4 ? strtol(arguments[2], NULL, 10) : 0;
  long in_flight = count == 4 ? strtol(arguments[3], NULL, 10) : -1;
  if (requests <= 0 || in_flight < 0 || in_flight > MAX_IN_FLIGHT) {
    fail("usage: floor URL REQUESTS IN_FLIGHT");
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  init(&floor, arguments[1], (int)in_flight);
  run(&floor, WARM_UP, (int)in_flight);
  double started = seconds_of(CLOCK_MONOTONIC), cpu = cpu_seconds();
  run(&floor, requests, (int)in_flight);
  printf("%ld %.6f %.6f\n", requests, seconds_of(CLOCK_MONOTONIC) - started, cpu_seconds() - cpu);
  return 0;
}
