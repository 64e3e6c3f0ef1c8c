/* loop:decode: the decoder on its own, for its specs and fuzzers. */
#include "decode.h"

/* What the core gets of bindings. */
static void push_places(lua_State *L, const struct ab_reply *reply) {
  lua_newtable(L);
  for (size_t i = 0; i < reply->task_count; i++) {
    lua_createtable(L, 0, 2);
    decode_set_text(L, "context_id", reply->tasks[i].context_id);
    decode_set_text(L, "path", reply->tasks[i].path);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

/*
 * loop:decode(body, reading) -> { success, request_id, code, message, state, and by what is read
 * body, tasks, bindings }, or nil and what is malformed: what would be understood of a response
 * body.
 */
int binding_decode_body(lua_State *L) {
  static const char *const readings[] = {"envelope", "tasks", "state", "bindings", NULL};
  static const char *const successes[] = {"absent", "false", "true"};
  struct binding_loop *loop = luaL_checkudata(L, 1, LOOP_TYPE);
  struct ab_reply reply = {0};
  binding_check_idle(L, loop);
  struct decoding decoding = {.reply = &reply, .decoded = AB_DECODE_OK};
  decoding.body.data = luaL_checklstring(L, 2, &decoding.body.size);
  decoding.reading = (enum ab_reading)luaL_checkoption(L, 3, "envelope", readings);
  lua_settop(L, 2);
  luaL_checkstack(L, 10, NULL);
  lua_pushcfunction(L, binding_decode_protected);
  lua_insert(L, 2); /* the body stays on the stack above it */
  enum ab_decoded decoded = decode_protected(L, loop, &decoding);
  if (decoded == AB_DECODE_NO_MEMORY) {
    return luaL_error(L, "out of memory");
  }
  if (decoded == AB_DECODE_MALFORMED) {
    lua_pushnil(L);
    lua_pushlstring(L, reply.problem.data, reply.problem.size);
    return 2;
  }
  lua_createtable(L, 0, 7);
  lua_pushstring(L, successes[reply.success]);
  lua_setfield(L, -2, "success");
  decode_set_text(L, "request_id", reply.request_id);
  decode_set_text(L, "code", reply.code);
  decode_set_text(L, "message", reply.message);
  decode_set_text(L, "state", reply.state);
  if (decoding.reading != AB_READ_TASKS) {
    binding_get_kept(L, 1, KEPT_ANSWER);
    lua_setfield(L, -2, "body");
  } else if (reply.success != AB_SUCCESS_FALSE) {
    binding_get_kept(L, 1, KEPT_TASKS);
    lua_setfield(L, -2, "tasks");
  }
  if (decoding.reading == AB_READ_BINDINGS && reply.success != AB_SUCCESS_FALSE) {
    push_places(L, &reply);
    lua_setfield(L, -2, "bindings");
  }
  return 1;
}
