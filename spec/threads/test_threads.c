/*
 * Several Lua states in several threads of one process, each with a loop of its own, all at work
 * at once; and states that are closed with operations under way. For ThreadSanitizer and ASan.
 * Needs an emulator: AGENTBAY_ENDPOINT, AGENTBAY_API_KEY, LUA_PATH, LUA_CPATH.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <pthread.h>
#include <stdio.h>

int luaopen_agentbay_core(lua_State *L);

enum { THREADS = 4, ROUNDS = 3 };

static const char work[] =
    "local agentbay = require('agentbay')\n"
    "local number = ...\n"
    "local client = agentbay.new()\n"
    "local context = client.context:get({ name = 'thread ' .. number, create = true })\n"
    "assert(context.success, context.error_message)\n"
    "local created = client:create({\n"
    "  context_syncs = { { context_id = context.context_id, path = '/mnt/t' } },\n"
    "})\n"
    "assert(created.success, created.error_message)\n"
    "local manager = created.session.context_manager\n"
    "for i = 1, 20 do\n"
    "  agentbay.spawn(function() assert(manager:info().success) end)\n"
    "end\n"
    "local sync = manager:sync({ retry_interval = 10 })\n"
    "assert(sync.success, sync.error_message)\n"
    "agentbay.run()\n"
    "for i = 1, 5 do manager:sync_async({ retry_interval = 10 }) end\n"
    "agentbay.step(5)\n"; /* and the state is closed with these under way */

struct outcome {
  int number;
  char problem[256];
};

static void run_state(struct outcome *outcome) {
  lua_State *L = luaL_newstate();
  if (L == NULL) {
    snprintf(outcome->problem, sizeof outcome->problem, "out of memory");
    return;
  }
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_agentbay_core);
  lua_setfield(L, -2, "agentbay.core");
  lua_pop(L, 2);
  int status = luaL_loadstring(L, work);
  if (status == LUA_OK) {
    lua_pushinteger(L, outcome->number);
    status = lua_pcall(L, 1, 0, 0);
  }
  if (status != LUA_OK) {
    snprintf(outcome->problem, sizeof outcome->problem, "%s", lua_tostring(L, -1));
  }
  lua_close(L);
}

static void *run_thread(void *argument) {
  struct outcome *outcome = argument;
  for (int round = 0; round < ROUNDS && outcome->problem[0] == '\0'; round++) {
    run_state(outcome);
  }
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  struct outcome outcomes[THREADS];
  int failed = 0;
  for (int i = 0; i < THREADS; i++) {
    outcomes[i] = (struct outcome){.number = i + 1};
    if (pthread_create(&threads[i], NULL, run_thread, &outcomes[i]) != 0) {
      printf("not ok - thread %d: it could not be started\n", i + 1);
      return 1;
    }
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    if (outcomes[i].problem[0] == '\0') {
      printf("ok - thread %d worked in %d states, beside the others\n", i + 1, ROUNDS);
    } else {
      printf("not ok - thread %d: %s\n", i + 1, outcomes[i].problem);
      failed = 1;
    }
  }
  return failed;
}
