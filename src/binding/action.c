/*
 * Actions as userdata, and requests: what is the same for every request of an action is read once,
 * so that a request is no more than its values.
 */
#include "binding.h"

#include <stdio.h>
#include <string.h>

/* The user value is the list of the fields' names: of the body, then of the query. */
struct binding_action {
  struct ab_request request; /* without fields; the action's text is the last of the list */
};

static bool flag(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  bool value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

/* Appends the names of a list to the one on top of the stack; gives their number. */
static size_t append_names(lua_State *L, const char *list, size_t before) {
  lua_getfield(L, 1, list);
  if (!lua_istable(L, -1) && !lua_isnil(L, -1)) {
    luaL_error(L, "field '%s': list expected, got %s", list, luaL_typename(L, -1));
  }
  size_t count = lua_isnil(L, -1) ? 0 : lua_rawlen(L, -1);
  if (before + count > BINDING_MAX_FIELDS) {
    luaL_error(L, "field '%s': at most %d fields in all expected", list, BINDING_MAX_FIELDS);
  }
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, (int)i);
    if (lua_type(L, -1) != LUA_TSTRING) {
      luaL_error(L, "field '%s': string expected, got %s", list, luaL_typename(L, -1));
    }
    lua_rawseti(L, -3, (int)(before + i));
  }
  lua_pop(L, 1);
  return count;
}

/*
 * core.new_action{ action, body, query, key_in_query, repeatable, must_succeed, reading }: body
 * and query are lists of names.
 */
int binding_new_action(lua_State *L) {
  static const char *const readings[] = {"envelope", "tasks", "state", "bindings", NULL};
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  struct binding_action *action = lua_newuserdata(L, sizeof *action);
  struct ab_request *request = &action->request;
  memset(action, 0, sizeof *action);
  luaL_getmetatable(L, ACTION_TYPE);
  lua_setmetatable(L, -2);
  request->key_in_query = flag(L, "key_in_query");
  request->repeatable = flag(L, "repeatable");
  request->success_rule = flag(L, "must_succeed") ? AB_SUCCEEDS_IF_TRUE : AB_SUCCEEDS_UNLESS_FALSE;
  lua_getfield(L, 1, "reading");
  request->reading = (enum ab_reading)luaL_checkoption(L, -1, "envelope", readings);
  lua_pop(L, 1);
  lua_newtable(L);
  request->body_count = append_names(L, "body", 0);
  request->query_count = append_names(L, "query", request->body_count);
  lua_getfield(L, 1, "action");
  if (lua_type(L, -1) != LUA_TSTRING) {
    return luaL_error(L, "field 'action': string expected, got %s", luaL_typename(L, -1));
  }
  request->action.data = lua_tolstring(L, -1, &request->action.size);
  lua_rawseti(L, -2, (int)(request->body_count + request->query_count + 1));
  lua_setuservalue(L, -2);
  return 1;
}

/* What is sent for the value on top of the stack: it is replaced by that. */
static struct ab_text text_of_value(lua_State *L, const char *name) {
  struct ab_text text = {NULL, 0};
  char digits[32];
  switch (lua_type(L, -1)) {
  case LUA_TSTRING:
    break;
  case LUA_TNUMBER:
    snprintf(digits, sizeof digits, "%.0f", (double)lua_tonumber(L, -1));
    lua_pushstring(L, digits);
    lua_replace(L, -2);
    break;
  case LUA_TBOOLEAN:
    lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
    lua_replace(L, -2);
    break;
  default:
    luaL_error(L, "value of '%s': string, number or boolean expected, got %s", name,
               luaL_typename(L, -1));
  }
  text.data = lua_tolstring(L, -1, &text.size);
  return text;
}

/* Fills in those fields whose names, from `first` on, have a value; gives their number. */
static size_t read_fields(lua_State *L, int names, int values, size_t first, size_t count,
                          struct ab_field *fields) {
  size_t given = 0;
  for (size_t i = first; i < first + count; i++) {
    struct ab_field *field = &fields[given];
    lua_rawgeti(L, names, (int)i + 1);
    field->name.data = lua_tolstring(L, -1, &field->name.size);
    lua_rawget(L, values);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
    } else {
      field->value = text_of_value(L, field->name.data);
      given++;
    }
  }
  return given;
}

void binding_read_request(lua_State *L, int index, struct binding_request *request) {
  luaL_checktype(L, index, LUA_TTABLE);
  luaL_checkstack(L, BINDING_MAX_FIELDS + 6, NULL);
  int names = lua_gettop(L) + 1, action_index = names + 1, values = names + 2;
  lua_pushnil(L); /* for the names */
  lua_rawgeti(L, index, 1);
  lua_rawgeti(L, index, 2);
  const struct binding_action *action = luaL_checkudata(L, action_index, ACTION_TYPE);
  luaL_checktype(L, values, LUA_TTABLE);
  lua_getuservalue(L, action_index);
  lua_replace(L, names);
  request->core = action->request;
  size_t body_count = read_fields(L, names, values, 0, action->request.body_count, request->fields);
  request->core.query_count =
      read_fields(L, names, values, action->request.body_count, action->request.query_count,
                  request->fields + body_count);
  request->core.body_count = body_count;
  request->core.body = request->fields;
  request->core.query = request->fields + body_count;
}

void binding_open_action(lua_State *L) {
  static const luaL_Reg methods[] = {{NULL, NULL}};
  binding_new_type(L, ACTION_TYPE, methods, NULL);
}
