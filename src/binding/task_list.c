/*
 * Transfers as Lua gets them: made when an answer comes, or from the answer's text when somebody
 * asks.
 */
#include "decode.h"

void decode_set_text(lua_State *L, const char *name, struct ab_text text) {
  lua_pushlstring(L, text.data == NULL ? "" : text.data, text.size);
  lua_setfield(L, -2, name);
}

void decode_push_list(lua_State *L, const struct ab_task *tasks, size_t count) {
  lua_createtable(L, count < INT32_MAX ? (int)count : 0, 0);
  for (size_t i = 0; i < count; i++) {
    const struct ab_task *task = &tasks[i];
    lua_createtable(L, 0, 7);
    decode_set_text(L, "context_id", task->context_id);
    decode_set_text(L, "path", task->path);
    decode_set_text(L, "task_type", task->task_type);
    decode_set_text(L, "status", task->status);
    decode_set_text(L, "error_message", task->error_message);
    binding_set_integer(L, "start_time", task->start_time);
    binding_set_integer(L, "finish_time", task->finish_time);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

/* Makes the list of the answer's text on top of the stack; it was understood before. */
static void push_list_of(lua_State *L, struct binding_loop *loop) {
  struct ab_text body;
  struct ab_reply reply;
  body.data = lua_tolstring(L, -1, &body.size);
  binding_check_idle(L, loop);
  if (transfers_read(&loop->transfers, body, &reply) != AB_DECODE_OK) {
    luaL_error(L, "out of memory");
  }
  decode_push_list(L, reply.tasks, reply.task_count);
  if (loop->core == NULL) {
    transfers_free(&loop->transfers);
  }
}

void binding_push_tasks(lua_State *L, int operation_index) {
  const struct binding_operation *operation = lua_touserdata(L, operation_index);
  binding_get_kept(L, operation_index, KEPT_TASKS);
  if (!lua_isnil(L, -1)) {
    return;
  }
  binding_get_kept(L, operation_index, KEPT_ANSWER);
  if (lua_type(L, -1) != LUA_TSTRING) {
    lua_newtable(L);
    return;
  }
  push_list_of(L, operation->loop);
  lua_pushvalue(L, -1);
  binding_set_kept(L, operation_index, KEPT_TASKS);
}
