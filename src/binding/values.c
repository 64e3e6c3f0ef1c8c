/*
 * JSON text to Lua values, through lua-cjson, and what they were in JSON.
 */
#include "decode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void decode_push_json(lua_State *L, struct decoding *decoding, char first, const char *where) {
  const char *text = lua_tostring(L, -1);
  while (is_blank(*text)) {
    text++;
  }
  if (*text != first) {
    luaL_error(L, "%s is not %s", where,
               first == '{' ? "a JSON object" : "the text of a JSON list");
  }
  /* An error of lua-cjson's goes to binding_decode_protected, which needs to know this. */
  snprintf(decoding->where, sizeof decoding->where, "%s", where);
  lua_pushvalue(L, decoding->json_decode);
  lua_pushvalue(L, -2);
  lua_call(L, 1, 1);
  decoding->where[0] = '\0';
}

bool decode_is_null(lua_State *L, int index) {
  return lua_isnil(L, index) || (lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL);
}

/* Names of members are strings, whatever they look like: only lists have an item 1. */
static bool has_items(lua_State *L, int table) {
  lua_rawgeti(L, table, 1);
  bool has = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return has;
}

static bool is_empty(lua_State *L, int table) {
  lua_pushvalue(L, table);
  lua_pushnil(L);
  bool empty = lua_next(L, -2) == 0;
  lua_pop(L, empty ? 1 : 3);
  return empty;
}

bool decode_is_object(lua_State *L, int index) {
  return lua_istable(L, index) && !has_items(L, index);
}

bool decode_is_list(lua_State *L, int index) {
  return lua_istable(L, index) && (has_items(L, index) || is_empty(L, index));
}

bool decode_is_word(lua_State *L, int index, const char *word) {
  return lua_type(L, index) == LUA_TSTRING && lua_rawlen(L, index) == strlen(word) &&
         strcmp(lua_tostring(L, index), word) == 0;
}

/* lua-cjson gives every number as a float. */
static bool is_whole(lua_Number number) {
  return number == floor(number) && fabs(number) <= 9007199254740992.0;
}

void decode_clean(lua_State *L) {
  luaL_checkstack(L, 6, "the answer is nested too deeply");
  int table = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, table)) {
    int type = lua_type(L, -1);
    if (type == LUA_TTABLE) {
      decode_clean(L);
    } else if (decode_is_null(L, -1) && lua_type(L, -2) == LUA_TSTRING) {
      lua_pushvalue(L, -2);
      lua_pushnil(L);
      lua_rawset(L, table);
    } else if (type == LUA_TNUMBER && is_whole(lua_tonumber(L, -1))) {
      lua_pushvalue(L, -2);
      push_integer(L, lua_tonumber(L, -2));
      lua_rawset(L, table);
    }
    lua_pop(L, 1);
  }
}
