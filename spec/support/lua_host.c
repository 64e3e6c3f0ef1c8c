/*
 * A Lua interpreter for memory checks: runs one script with its arguments, as `lua` does.
 *
 * It is compiled with the same sanitizers as the module, so that nothing has to be preloaded
 * and its child processes are ordinary ones. It never unloads a library: reports keep their
 * names, and what libraries keep for themselves until the end isn't taken for a leak.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <stdio.h>

/* Found before the C library's function of that name, which Lua would call when it closes. */
__attribute__((visibility("default"))) int dlclose(void *handle);

int dlclose(void *handle) {
  (void)handle;
  return 0;
}

static int traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static void set_arguments(lua_State *L, int count, char **words) {
  lua_createtable(L, count, 2);
  for (int i = 0; i < count; i++) {
    lua_pushstring(L, words[i]);
    lua_rawseti(L, -2, i - 1);
  }
  lua_setglobal(L, "arg");
}

/* Gets its arguments from main: their number and their address. */
static int run(lua_State *L) {
  int count = (int)lua_tointeger(L, 1);
  char **words = lua_touserdata(L, 2);
  luaL_openlibs(L);
  set_arguments(L, count, words);
  if (luaL_loadfile(L, words[1]) != LUA_OK) {
    return lua_error(L);
  }
  luaL_checkstack(L, count, "too many arguments");
  for (int i = 2; i < count; i++) {
    lua_pushstring(L, words[i]);
  }
  lua_call(L, count - 2, 0);
  return 0;
}

int main(int count, char **words) {
  if (count < 2) {
    fprintf(stderr, "usage: %s SCRIPT [ARGUMENT...]\n", words[0]);
    return 2;
  }
  lua_State *L = luaL_newstate();
  if (L == NULL) {
    fprintf(stderr, "%s: no memory\n", words[0]);
    return 1;
  }
  lua_pushcfunction(L, traceback);
  lua_pushcfunction(L, run);
  lua_pushinteger(L, count);
  lua_pushlightuserdata(L, words);
  int status = lua_pcall(L, 2, 0, 1);
  if (status != LUA_OK) {
    fprintf(stderr, "%s: %s\n", words[0], lua_tostring(L, -1));
  }
  lua_close(L);
  return status == LUA_OK ? 0 : 1;
}
