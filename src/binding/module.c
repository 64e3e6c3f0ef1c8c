/* The module agentbay.core: what `require "agentbay.core"` gives. */
#include "binding.h"

#include <string.h>

#if defined(__GNUC__)
#define EXPORTED __attribute__((visibility("default")))
#else
#define EXPORTED
#endif

#if LUA_VERSION_NUM >= 504

void *binding_new(lua_State *L, const char *type, size_t size, enum binding_kept last) {
  void *userdata = lua_newuserdatauv(L, size, (int)last);
  memset(userdata, 0, size);
  luaL_setmetatable(L, type);
  return userdata;
}

void binding_get_kept(lua_State *L, int index, enum binding_kept place) {
  lua_getiuservalue(L, index, (int)place);
}

void binding_set_kept(lua_State *L, int index, enum binding_kept place) {
  lua_setiuservalue(L, index, (int)place);
}

#else /* one user value each: a list */

void *binding_new(lua_State *L, const char *type, size_t size, enum binding_kept last) {
  void *userdata = lua_newuserdata(L, size);
  memset(userdata, 0, size);
  luaL_getmetatable(L, type);
  lua_setmetatable(L, -2);
  lua_createtable(L, (int)last, 0);
  lua_setuservalue(L, -2);
  return userdata;
}

void binding_get_kept(lua_State *L, int index, enum binding_kept place) {
  lua_getuservalue(L, index);
  lua_rawgeti(L, -1, (int)place);
  lua_replace(L, -2);
}

void binding_set_kept(lua_State *L, int index, enum binding_kept place) {
  lua_getuservalue(L, index);
  lua_insert(L, -2);
  lua_rawseti(L, -2, (int)place);
  lua_pop(L, 1);
}

#endif

void binding_set_string(lua_State *L, const char *field, const char *value) {
  lua_pushstring(L, value);
  lua_setfield(L, -2, field);
}

void binding_set_integer(lua_State *L, const char *field, int64_t value) {
  push_integer(L, value);
  lua_setfield(L, -2, field);
}

static int type_tostring(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  return 1;
}

void binding_new_type(lua_State *L, const char *type, const luaL_Reg *methods,
                      lua_CFunction finalizer) {
  luaL_newmetatable(L, type);
  lua_newtable(L);
  set_functions(L, methods);
  lua_setfield(L, -2, "__index");
  if (finalizer != NULL) {
    lua_pushcfunction(L, finalizer);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, finalizer);
    lua_setfield(L, -2, "__close");
  }
  lua_pushstring(L, type);
  lua_pushcclosure(L, type_tostring, 1);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "locked");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

static int now_ms(lua_State *L) {
  push_integer(L, ab_now_ms());
  return 1;
}

static const luaL_Reg functions[] = {
    {"new_action", binding_new_action},
    {"new_loop", binding_new_loop},
    {"now_ms", now_ms},
    {NULL, NULL},
};

EXPORTED int luaopen_agentbay_core(lua_State *L);

int luaopen_agentbay_core(lua_State *L) {
  binding_pin();
  binding_open_loop(L);
  binding_open_client(L);
  binding_open_operation(L);
  binding_open_action(L);
  lua_newtable(L);
  set_functions(L, functions);
  lua_pushliteral(L, AB_VERSION);
  lua_setfield(L, -2, "VERSION");
  return 1;
}
