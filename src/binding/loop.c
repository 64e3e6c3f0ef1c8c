/* The loop as userdata: stepping, and handing out what happened. */
#include "binding.h"

#include <string.h>

static struct binding_loop *check_loop(lua_State *L) {
  return luaL_checkudata(L, 1, LOOP_TYPE);
}

static bool at_work(const struct binding_loop *loop) {
  return loop->L != NULL || loop->decoding != NULL;
}

void binding_check_idle(lua_State *L, const struct binding_loop *loop) {
  if (at_work(loop)) {
    luaL_error(L, "not while the loop is at work (is this a finalizer?)");
  }
}

static ab_loop *open_loop(lua_State *L) {
  struct binding_loop *loop = check_loop(L);
  if (loop->core == NULL) {
    luaL_error(L, "the loop is closed");
  }
  binding_check_idle(L, loop);
  return loop->core;
}

/* A lua-cjson of our own, so that nobody's settings meet ours. */
static void push_json_decode(lua_State *L) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "cjson");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "new");
  lua_call(L, 0, 1);
  lua_getfield(L, -1, "decode_invalid_numbers");
  lua_pushboolean(L, 0);
  lua_call(L, 1, 0);
  lua_getfield(L, -1, "decode_max_depth");
  lua_pushinteger(L, 64);
  lua_call(L, 1, 0);
  lua_getfield(L, -1, "decode");
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* A host in C may give the core memory of its own: ALLOCATOR_FIELD. */
static const struct ab_allocator *hosts_allocator(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, ALLOCATOR_FIELD);
  const struct ab_allocator *allocator = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return allocator;
}

/* A table for luaL_ref; giving a reference back needs no memory any more. */
static void push_registry(lua_State *L) {
  lua_newtable(L);
  lua_pushboolean(L, 1);
  int reference = luaL_ref(L, -2);
  luaL_unref(L, -1, reference);
}

int binding_new_loop(lua_State *L) {
  struct binding_loop *loop = binding_new(L, LOOP_TYPE, sizeof *loop, KEPT_PROBLEM);
  push_json_decode(L);
  binding_set_kept(L, -2, KEPT_DECODE);
  push_registry(L);
  binding_set_kept(L, -2, KEPT_OPERATIONS);
  const struct ab_decoder decoder = {binding_decode, loop};
  const struct ab_allocator *allocator = hosts_allocator(L);
  loop->transfers.allocator = allocator;
  loop->core = ab_loop_new(allocator, &decoder);
  if (loop->core == NULL) {
    return luaL_error(L, "out of memory");
  }
  return 1;
}

/* NaN is no number of milliseconds; what is beyond all use is cut. */
static int64_t milliseconds_at(lua_State *L, int index) {
  lua_Number number = luaL_optnumber(L, index, 0);
  const lua_Number most = 1e12;
  if (!(number > 0)) {
    return number < 0 ? -1 : 0;
  }
  return number < most ? (int64_t)number : (int64_t)most;
}

static int64_t budget_us(lua_Number budget_ms) {
  const lua_Number most_ms = 1e9;
  return (int64_t)((budget_ms < most_ms ? budget_ms : most_ms) * 1000);
}

/*
 * loop:step([timeout_ms[, budget_ms]]) -> operations under way. A negative time-out: waits as long
 * as it takes.
 */
static int loop_step(lua_State *L) {
  struct binding_loop *loop = check_loop(L);
  ab_loop *core = open_loop(L);
  int64_t timeout_ms = milliseconds_at(L, 2);
  lua_Number budget_ms = luaL_optnumber(L, 3, -1);
  luaL_checkstack(L, 20, NULL);
  lua_settop(L, 1);
  lua_pushcfunction(L, binding_decode_protected); /* where binding_decode finds it */
  loop->L = L;
  size_t under_way = budget_ms >= 0 ? ab_loop_step_within(core, timeout_ms, budget_us(budget_ms))
                                    : ab_loop_step(core, timeout_ms);
  loop->L = NULL;
  push_integer(L, under_way);
  return 1;
}

/*
 * loop:next() -> operation, "progress" or "ended", its owner, whether there is more to tell; or
 * nil. What may raise for lack of memory comes before the event is taken: it would be lost
 * otherwise.
 */
static int loop_next(lua_State *L) {
  struct binding_loop *loop = check_loop(L);
  struct ab_event event;
  binding_check_idle(L, loop);
  lua_settop(L, 1);
  binding_get_kept(L, 1, KEPT_OPERATIONS);
  lua_pushliteral(L, "progress");
  lua_pushliteral(L, "ended");
  if (loop->core == NULL || !ab_loop_next_event(loop->core, &event)) {
    return 0;
  }
  struct binding_operation *operation = event.user;
  bool ended = event.kind == AB_EVENT_ENDED;
  lua_rawgeti(L, 2, operation->id);
  if (ended) {
    luaL_unref(L, 2, operation->id);
  }
  lua_pushvalue(L, ended ? 4 : 3);
  binding_get_kept(L, 5, KEPT_OWNER);
  lua_pushboolean(L, ab_loop_has_event(loop->core));
  return 4;
}

/* loop:next_record() -> the client's number and the record as a table; nil if there is none. */
static int loop_next_record(lua_State *L) {
  struct binding_loop *loop = check_loop(L);
  struct ab_record record;
  binding_check_idle(L, loop);
  luaL_checkstack(L, 5, NULL);
  if (loop->core == NULL || !ab_loop_next_record(loop->core, &record)) {
    return 0;
  }
  push_integer(L, record.client);
  lua_createtable(L, 0, 8);
  binding_set_string(L, "action", record.action);
  binding_set_string(L, "request_id", record.request_id);
  binding_set_string(L, "error_code", record.code);
  binding_set_string(L, "error_message", record.message);
  binding_set_integer(L, "status", record.http_status);
  binding_set_integer(L, "attempt", record.attempt);
  binding_set_integer(L, "elapsed_ms", record.elapsed_ms);
  lua_pushboolean(L, record.lasting);
  lua_setfield(L, -2, "lasting");
  return 2;
}

/*
 * loop:descriptor() -> a file descriptor that is readable while a step has something to do, or
 * nil where there is none; loop:delay_ms() -> milliseconds until one is due at the latest, or nil.
 */
static int loop_descriptor(lua_State *L) {
  int descriptor = ab_loop_descriptor(open_loop(L));
  if (descriptor < 0) {
    return 0;
  }
  lua_pushinteger(L, descriptor);
  return 1;
}

static int loop_delay_ms(lua_State *L) {
  int64_t delay_ms = ab_loop_delay_ms(open_loop(L));
  if (delay_ms < 0) {
    return 0;
  }
  push_integer(L, delay_ms);
  return 1;
}

static int loop_under_way(lua_State *L) {
  struct binding_loop *loop = check_loop(L);
  push_integer(L, loop->core == NULL ? 0 : ab_loop_under_way(loop->core));
  return 1;
}

/* The operations of a closed loop have ended with Client.Closed. */
static int loop_close(lua_State *L) {
  struct binding_loop *loop = check_loop(L);
  binding_check_idle(L, loop);
  ab_loop *core = loop->core;
  loop->core = NULL;
  ab_loop_release(core);
  transfers_free(&loop->transfers);
  return 0;
}

/* Also __close. A loop at work gets here only when the whole Lua state is closed from inside. */
static int loop_forget(lua_State *L) {
  return at_work(check_loop(L)) ? 0 : loop_close(L);
}

void binding_open_loop(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"client", binding_new_client},
      {"step", loop_step},
      {"next", loop_next},
      {"next_record", loop_next_record},
      {"under_way", loop_under_way},
      {"descriptor", loop_descriptor},
      {"delay_ms", loop_delay_ms},
      {"decode", binding_decode_body},
      {"close", loop_close},
      {NULL, NULL},
  };
  binding_new_type(L, LOOP_TYPE, methods, loop_forget);
}
