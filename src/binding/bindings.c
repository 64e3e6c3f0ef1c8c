/* Data of an answer that lists the contexts bound into a session, for the core. */
#include "decode.h"

#include <string.h>

/* A text member of the binding on top of the stack; it is held by the document. */
static struct ab_text text_member(lua_State *L, int number, const char *member) {
  struct ab_text text = {NULL, 0};
  lua_getfield(L, -1, member);
  if (lua_type(L, -1) == LUA_TSTRING) {
    text.data = lua_tolstring(L, -1, &text.size);
  } else if (!decode_is_null(L, -1)) {
    luaL_error(L, "Data[%d].%s is not a text", number, member);
  }
  lua_pop(L, 1);
  return text;
}

void decode_bindings(lua_State *L, struct decoding *decoding, int document) {
  lua_getfield(L, document, "Data");
  if (!decode_is_list(L, -1) && !lua_isnil(L, -1)) {
    luaL_error(L, "Data is not a list");
  }
  int data = lua_gettop(L);
  size_t count = lua_isnil(L, data) ? 0 : lua_rawlen(L, data);
  struct ab_task *bindings = lua_newuserdata(L, (count + 1) * sizeof *bindings);
  memset(bindings, 0, (count + 1) * sizeof *bindings);
  for (size_t i = 0; i < count; i++) {
    int number = (int)i + 1;
    lua_rawgeti(L, data, number);
    if (!decode_is_object(L, -1)) {
      luaL_error(L, "Data[%d] is not an object", number);
    }
    bindings[i].context_id = text_member(L, number, "ContextId");
    bindings[i].path = text_member(L, number, "Path");
    lua_pop(L, 1);
  }
  decoding->reply->tasks = bindings;
  decoding->reply->task_count = count;
  binding_set_kept(L, 1, KEPT_TASK_MEMORY);
  lua_pop(L, 1);
}
