/*
 * The core's decoder. Transfers are read from the answer's bytes, all other answers through
 * lua-cjson. Everything that may raise runs in a protected call, so that no error of Lua's crosses
 * the core.
 */
#include "decode.h"

#include <string.h>

/* ---- the envelope ---------------------------------------------------------------------------- */

/* A text member under the first of its spellings; a number is made a text, for Code. */
static struct ab_text text_member(lua_State *L, int document, const char *const names[]) {
  struct ab_text text = {NULL, 0};
  for (size_t i = 0; names[i] != NULL && text.data == NULL; i++) {
    lua_getfield(L, document, names[i]);
    if (lua_type(L, -1) == LUA_TNUMBER) {
      lua_tolstring(L, -1, NULL);
      lua_pushvalue(L, -1);
      lua_setfield(L, document, names[i]);
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
      text.data = lua_tolstring(L, -1, &text.size); /* held by the document */
    }
    lua_pop(L, 1);
  }
  return text;
}

/* As the official SDKs' models take booleans: also as a word or a number. */
static enum ab_success success_member(lua_State *L, int document) {
  enum ab_success success = AB_SUCCESS_ABSENT;
  bool understood = true;
  lua_getfield(L, document, "Success");
  switch (lua_type(L, -1)) {
  case LUA_TNIL:
    break;
  case LUA_TBOOLEAN:
    success = lua_toboolean(L, -1) ? AB_SUCCESS_TRUE : AB_SUCCESS_FALSE;
    break;
  case LUA_TSTRING:
    understood = decode_is_word(L, -1, "true") || decode_is_word(L, -1, "false");
    success = decode_is_word(L, -1, "true") ? AB_SUCCESS_TRUE : AB_SUCCESS_FALSE;
    break;
  case LUA_TNUMBER:
    understood = lua_tonumber(L, -1) == 0 || lua_tonumber(L, -1) == 1;
    success = lua_tonumber(L, -1) == 1 ? AB_SUCCESS_TRUE : AB_SUCCESS_FALSE;
    break;
  default:
    understood = false;
  }
  lua_pop(L, 1);
  if (!understood) {
    luaL_error(L, "Success is neither true nor false");
  }
  return success;
}

static void read_envelope(lua_State *L, int document, struct ab_reply *reply) {
  static const char *const request_id[] = {"RequestId", "requestId", "requestid", NULL};
  static const char *const code[] = {"Code", "code", NULL};
  static const char *const message[] = {"Message", "message", NULL};
  reply->request_id = text_member(L, document, request_id);
  reply->code = text_member(L, document, code);
  reply->message = text_member(L, document, message);
  reply->success = success_member(L, document);
}

static void read_state(lua_State *L, int document, struct ab_reply *reply) {
  static const char *const names[] = {"Status", "State", NULL};
  lua_getfield(L, document, "Data");
  if (!decode_is_object(L, -1)) {
    luaL_error(L, "Data is %s", lua_isnil(L, -1) ? "missing" : "not an object");
  }
  reply->state = text_member(L, lua_gettop(L), names);
  lua_pop(L, 1);
}

/* ---- decoding -------------------------------------------------------------------------------- */

/* Pushes what keeps the decoded values alive: the operation, or the loop for loop:decode. */
static int push_keeper(lua_State *L, const struct decoding *decoding) {
  if (decoding->operation == NULL) {
    lua_pushvalue(L, 1);
  } else {
    binding_get_kept(L, 1, KEPT_OPERATIONS);
    lua_rawgeti(L, -1, decoding->operation->id);
    lua_replace(L, -2);
  }
  return lua_gettop(L);
}

static void decode_all(lua_State *L, struct decoding *decoding, int keeper) {
  struct ab_reply *reply = decoding->reply;
  lua_pushnil(L);
  binding_set_kept(L, keeper, KEPT_ANSWER); /* the one before this one */
  binding_get_kept(L, 1, KEPT_DECODE);
  decoding->json_decode = lua_gettop(L);
  lua_pushlstring(L, decoding->body.data == NULL ? "" : decoding->body.data, decoding->body.size);
  decode_push_json(L, decoding, '{', "the body");
  decode_clean(L);
  int document = lua_gettop(L);
  lua_pushvalue(L, document);
  binding_set_kept(L, keeper, KEPT_ANSWER);
  read_envelope(L, document, reply);
  if (reply->success == AB_SUCCESS_FALSE) {
    return; /* an error has no data to be read; a Code alone says nothing, "ok" is one */
  }
  switch (decoding->reading) {
  case AB_READ_ENVELOPE:
  case AB_READ_TASKS: /* not here */
    break;
  case AB_READ_STATE:
    read_state(L, document, reply);
    break;
  case AB_READ_BINDINGS:
    decode_bindings(L, decoding, document);
    break;
  }
}

static int decode_and_keep(lua_State *L) {
  struct binding_loop *loop = luaL_checkudata(L, 1, LOOP_TYPE);
  decode_all(L, loop->decoding, push_keeper(L, loop->decoding));
  return 0;
}

/*
 * Whoever waits for a call wants its transfers. Those of a check are looked at by the core; Lua
 * asks for few of them.
 */
static void keep_transfers(lua_State *L, const struct decoding *decoding, int keeper) {
  if (decoding->operation == NULL || decoding->operation->makes_list) {
    decode_push_list(L, decoding->reply->tasks, decoding->reply->task_count);
  } else {
    lua_pushlstring(L, decoding->body.data == NULL ? "" : decoding->body.data, decoding->body.size);
    binding_set_kept(L, keeper, KEPT_ANSWER);
    lua_pushnil(L);
  }
  binding_set_kept(L, keeper, KEPT_TASKS);
}

int binding_decode_protected(lua_State *L) {
  struct binding_loop *loop = lua_touserdata(L, 1);
  struct decoding *decoding = loop->decoding;
  luaL_checkstack(L, 30, NULL);
  int keeper = push_keeper(L, decoding);
  if (decoding->reading == AB_READ_TASKS) {
    keep_transfers(L, decoding, keeper);
    return 0;
  }
  lua_pushcfunction(L, decode_and_keep);
  lua_pushvalue(L, 1);
  int status = lua_pcall(L, 1, 0, 0);
  if (status == LUA_ERRMEM) {
    return lua_error(L);
  }
  if (status != 0) {
    if (decoding->where[0] != '\0') {
      lua_pushfstring(L, "%s is not JSON: %s", decoding->where, lua_tostring(L, -1));
    }
    decoding->decoded = AB_DECODE_MALFORMED;
    decoding->reply->problem.data = lua_tolstring(L, -1, &decoding->reply->problem.size);
    binding_set_kept(L, 1, KEPT_PROBLEM);
  }
  return 0;
}

/* Only stack slots that are there already are used outside the protected call. */
static enum ab_decoded run(lua_State *L, struct binding_loop *loop, struct decoding *decoding) {
  loop->decoding = decoding;
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 1);
  int status = lua_pcall(L, 1, 0, 0);
  loop->decoding = NULL;
  if (status != 0) {
    lua_pop(L, 1);
    return AB_DECODE_NO_MEMORY;
  }
  return decoding->decoded;
}

enum ab_decoded decode_protected(lua_State *L, struct binding_loop *loop,
                                 struct decoding *decoding) {
  struct ab_reply *reply = decoding->reply;
  enum ab_decoded decoded = AB_DECODE_OK;
  memset(reply, 0, sizeof *reply);
  bool of_transfers = decoding->reading == AB_READ_TASKS;
  if (of_transfers) {
    decoded = transfers_read(&loop->transfers, decoding->body, reply);
  }
  /* What was seen last stays, if this tells nothing. */
  if (decoded == AB_DECODE_OK && !(of_transfers && reply->success == AB_SUCCESS_FALSE)) {
    decoded = run(L, loop, decoding);
  }
  if (decoded == AB_DECODE_NO_MEMORY) {
    memset(reply, 0, sizeof *reply); /* what it points to may be gone */
  }
  return decoded;
}

enum ab_decoded binding_decode(void *user, void *operation_user, struct ab_text body,
                               enum ab_reading reading, struct ab_reply *reply) {
  struct binding_loop *loop = user;
  struct decoding decoding = {.body = body,
                              .reading = reading,
                              .reply = reply,
                              .operation = operation_user,
                              .decoded = AB_DECODE_OK};
  return decode_protected(loop->L, loop, &decoding);
}
