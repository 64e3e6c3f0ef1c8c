/*
 * A program with a frame loop of its own that links Lua and agentbay statically: no shared module
 * is looked for. It runs a script, and once a frame the script's function `frame`, until that
 * gives something else than nil.
 *
 * usage: embed-host SCRIPT FOLDER   (FOLDER holds the module's Lua files: agentbay/init.lua, ...)
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <stdio.h>
#include <time.h>

/* From libagentbay.a. */
int luaopen_agentbay_core(lua_State *L);

enum { FRAME_NS = 1000000000 / 60, MOST_FRAMES = 60 * 60 };

static void preload(lua_State *L, const char *name, lua_CFunction open) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, open);
  lua_setfield(L, -2, name);
  lua_pop(L, 2);
}

static void add_path(lua_State *L, const char *folder) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "path");
  lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s", folder, folder, lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

static void wait_for_next_frame(void) {
  const struct timespec frame = {0, FRAME_NS};
  nanosleep(&frame, NULL);
}

/* The script's `frame`: nil to go on, else whether all went well. */
static int run_frames(lua_State *L) {
  for (int i = 0; i < MOST_FRAMES; i++) {
    lua_getglobal(L, "frame");
    lua_call(L, 0, 1);
    if (!lua_isnil(L, -1)) {
      return 1;
    }
    lua_pop(L, 1);
    wait_for_next_frame();
  }
  return luaL_error(L, "not done after %d frames", MOST_FRAMES);
}

static int run(lua_State *L) {
  luaL_openlibs(L);
  preload(L, "agentbay.core", luaopen_agentbay_core);
  add_path(L, luaL_checkstring(L, 2));
  if (luaL_loadfile(L, luaL_checkstring(L, 1)) != LUA_OK) {
    return lua_error(L);
  }
  lua_call(L, 0, 0);
  return run_frames(L);
}

int main(int count, char **words) {
  if (count != 3) {
    fprintf(stderr, "usage: %s SCRIPT FOLDER\n", words[0]);
    return 2;
  }
  lua_State *L = luaL_newstate();
  if (L == NULL) {
    fputs("out of memory\n", stderr);
    return 1;
  }
  lua_pushcfunction(L, run);
  lua_pushstring(L, words[1]);
  lua_pushstring(L, words[2]);
  int failed = lua_pcall(L, 2, 1, 0) != LUA_OK;
  if (failed) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
  } else {
    failed = !lua_toboolean(L, -1);
  }
  lua_close(L);
  return failed;
}
