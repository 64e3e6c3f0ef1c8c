/*
 * What is read in Lua, and the binding's decoder: each input is handed to a function of
 * properties.lua, which raises if something is not as it must be. AGENTBAY_FUZZ says which.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int luaopen_agentbay_core(lua_State *L);

static lua_State *state;

static void must(int status) {
  if (status != 0) {
    fprintf(stderr, "%s\n", lua_tostring(state, -1));
    abort();
  }
}

int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count;
  (void)words;
  const char *property = getenv("AGENTBAY_FUZZ");
  state = luaL_newstate();
  luaL_openlibs(state);
  luaL_requiref(state, "agentbay.core", luaopen_agentbay_core, 0);
  lua_pop(state, 1);
  must(luaL_dofile(state, "spec/fuzz/properties.lua"));
  lua_getfield(state, -1, property == NULL ? "decode" : property);
  if (!lua_isfunction(state, -1)) {
    fprintf(stderr, "properties.lua has no %s\n", property);
    abort();
  }
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  lua_pushvalue(state, -1);
  lua_pushlstring(state, (const char *)input, size);
  must(lua_pcall(state, 1, 0, 0));
  return 0;
}
