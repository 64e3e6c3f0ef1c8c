/* What differs between the Lua versions, as far as the binding uses it. */
#ifndef BINDING_COMPAT_H
#define BINDING_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 502
#define lua_rawlen(L, index) lua_objlen((L), (index))
#define lua_setuservalue(L, index) lua_setfenv((L), (index))
#define lua_getuservalue(L, index) lua_getfenv((L), (index))
#define set_functions(L, functions) luaL_register((L), NULL, (functions))
#else
#define set_functions(L, functions) luaL_setfuncs((L), (functions), 0)
#endif

#if LUA_VERSION_NUM < 503
#define push_integer(L, value) lua_pushnumber((L), (lua_Number)(value))
#else
#define push_integer(L, value) lua_pushinteger((L), (lua_Integer)(value))
#endif

#endif
