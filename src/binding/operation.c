/* Operations as userdata, and their results as plain tables. */
#include "binding.h"

#include <string.h>

static struct binding_operation *check_operation(lua_State *L) {
  return luaL_checkudata(L, 1, OPERATION_TYPE);
}

struct binding_operation *binding_new_operation(lua_State *L, int loop_index, int owner_index) {
  struct binding_loop *loop = luaL_checkudata(L, loop_index, LOOP_TYPE);
  struct binding_operation *operation =
      binding_new(L, OPERATION_TYPE, sizeof *operation, KEPT_RESULT);
  operation->loop = loop;
  lua_pushvalue(L, loop_index);
  binding_set_kept(L, -2, KEPT_LOOP);
  lua_pushvalue(L, owner_index);
  binding_set_kept(L, -2, KEPT_OWNER);
  binding_get_kept(L, loop_index, KEPT_OPERATIONS);
  lua_pushvalue(L, -2);
  operation->id = luaL_ref(L, -2);
  lua_pop(L, 1);
  return operation;
}

void binding_forget_operation(lua_State *L, int loop_index,
                              const struct binding_operation *operation) {
  binding_get_kept(L, loop_index, KEPT_OPERATIONS);
  luaL_unref(L, -1, operation->id);
  lua_pop(L, 1);
}

static void build_result(lua_State *L, const struct ab_result *result) {
  lua_createtable(L, 0, 8); /* with room for what the caller adds */
  lua_pushboolean(L, result->error == AB_OK);
  lua_setfield(L, -2, "success");
  binding_set_string(L, "request_id", result->request_id);
  binding_set_string(L, "error_message", result->message);
  binding_set_integer(L, "attempts", result->attempts);
  if (result->error != AB_OK) {
    binding_set_string(L, "error_code", result->code);
    binding_set_integer(L, "http_status", result->http_status);
  }
}

static const struct ab_result *result_of(const struct binding_operation *operation) {
  return operation->core == NULL ? NULL : ab_operation_result(operation->core);
}

/* operation:result() -> nil while under way, else the same table each time. */
static int operation_result(lua_State *L) {
  const struct ab_result *result = result_of(check_operation(L));
  if (result == NULL) {
    lua_pushnil(L);
    return 1;
  }
  binding_get_kept(L, 1, KEPT_RESULT);
  if (lua_isnil(L, -1)) {
    build_result(L, result);
    lua_pushvalue(L, -1);
    binding_set_kept(L, 1, KEPT_RESULT);
  }
  return 1;
}

/* operation:document() -> the last answer's body, decoded; nil if there is none, and of polls. */
static int operation_document(lua_State *L) {
  check_operation(L);
  binding_get_kept(L, 1, KEPT_ANSWER);
  if (!lua_istable(L, -1)) {
    lua_pushnil(L);
  }
  return 1;
}

/* operation:uncertain() -> whether it failed, but what it changes may have been done. */
static int operation_uncertain(lua_State *L) {
  const struct ab_result *result = result_of(check_operation(L));
  lua_pushboolean(L, result != NULL && result->uncertain);
  return 1;
}

/* operation:done() -> whether there is a result. */
static int operation_done(lua_State *L) {
  struct binding_operation *operation = check_operation(L);
  lua_pushboolean(L, operation->core != NULL && ab_operation_result(operation->core) != NULL);
  return 1;
}

/* operation:tasks() -> the transfers as last seen. */
static int operation_tasks(lua_State *L) {
  check_operation(L);
  binding_push_tasks(L, 1);
  return 1;
}

static int operation_attempts(lua_State *L) {
  struct binding_operation *operation = check_operation(L);
  push_integer(L, operation->core == NULL ? 0 : ab_operation_attempts(operation->core));
  return 1;
}

static int operation_elapsed_ms(lua_State *L) {
  struct binding_operation *operation = check_operation(L);
  push_integer(L, operation->core == NULL ? 0 : ab_operation_elapsed_ms(operation->core));
  return 1;
}

/* operation:moved() -> bytes, total or nil: of a file */
static int operation_moved(lua_State *L) {
  struct binding_operation *operation = check_operation(L);
  int64_t total = operation->core == NULL ? -1 : ab_operation_total(operation->core);
  push_integer(L, operation->core == NULL ? 0 : ab_operation_bytes(operation->core));
  if (total < 0) {
    lua_pushnil(L);
  } else {
    push_integer(L, total);
  }
  return 2;
}

static int operation_cancel(lua_State *L) {
  struct binding_operation *operation = check_operation(L);
  binding_check_idle(L, operation->loop);
  lua_pushboolean(L, operation->core != NULL && ab_operation_cancel(operation->core));
  return 1;
}

static int operation_release(lua_State *L) {
  struct binding_operation *operation = check_operation(L);
  ab_operation *core = operation->core;
  operation->core = NULL;
  ab_operation_release(core);
  return 0;
}

/*
 * operation:forget(): lets go of all that it has, once its end has been told. Whatever a finalizer
 * can reach lives for another round of the collector: which would then wait, each time, for more
 * memory to be in use than the time before.
 */
static int operation_forget(lua_State *L) {
  struct binding_operation *operation = check_operation(L);
  binding_check_idle(L, operation->loop);
  for (enum binding_kept place = KEPT_OWNER; place <= KEPT_RESULT; place++) {
    lua_pushnil(L);
    binding_set_kept(L, 1, place);
  }
  return operation_release(L);
}

void binding_open_operation(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"result", operation_result},
      {"document", operation_document},
      {"tasks", operation_tasks},
      {"uncertain", operation_uncertain},
      {"done", operation_done},
      {"attempts", operation_attempts},
      {"elapsed_ms", operation_elapsed_ms},
      {"moved", operation_moved},
      {"cancel", operation_cancel},
      {"forget", operation_forget},
      {NULL, NULL},
  };
  binding_new_type(L, OPERATION_TYPE, methods, operation_release);
}
