/*
 * The core's decoder: response bodies through lua-cjson, as strict as it goes. Everything that
 * may raise runs in a protected call, so that no error of Lua's crosses the core.
 */
#include "decode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- JSON text to Lua values ----------------------------------------------------------------- */

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

/*
 * Removes null members, which mean the same as absent ones, and makes integers of whole numbers,
 * in the table on top of the stack and all below it. Null items of lists stay: without them a
 * list would end early. The depth is bounded by lua-cjson.
 */
static void clean(lua_State *L) {
  luaL_checkstack(L, 6, "the answer is nested too deeply");
  int table = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, table)) {
    int type = lua_type(L, -1);
    if (type == LUA_TTABLE) {
      clean(L);
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
  clean(L);
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

static enum ab_decoded decode(lua_State *L, struct binding_loop *loop, struct decoding *decoding) {
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
  return decode(loop->L, loop, &decoding);
}

/* ---- transfers for Lua ------------------------------------------------------------------------- */

static void set_text(lua_State *L, const char *name, struct ab_text text) {
  lua_pushlstring(L, text.data == NULL ? "" : text.data, text.size);
  lua_setfield(L, -2, name);
}

void decode_push_list(lua_State *L, const struct ab_task *tasks, size_t count) {
  lua_createtable(L, count < INT32_MAX ? (int)count : 0, 0);
  for (size_t i = 0; i < count; i++) {
    const struct ab_task *task = &tasks[i];
    lua_createtable(L, 0, 7);
    set_text(L, "context_id", task->context_id);
    set_text(L, "path", task->path);
    set_text(L, "task_type", task->task_type);
    set_text(L, "status", task->status);
    set_text(L, "error_message", task->error_message);
    binding_set_integer(L, "start_time", task->start_time);
    binding_set_integer(L, "finish_time", task->finish_time);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

/* Makes the list of the answer's text on top of the stack; it was understood before. */
static void push_list_of(lua_State *L, struct binding_loop *loop) {
  struct ab_text body;
  struct ab_reply reply;
  body.data = lua_tolstring(L, -1, &body.size);
  binding_check_idle(L, loop);
  if (transfers_read(&loop->transfers, body, &reply) != AB_DECODE_OK) {
    luaL_error(L, "out of memory");
  }
  decode_push_list(L, reply.tasks, reply.task_count);
  if (loop->core == NULL) {
    transfers_free(&loop->transfers);
  }
}

void binding_push_tasks(lua_State *L, int operation_index) {
  const struct binding_operation *operation = lua_touserdata(L, operation_index);
  binding_get_kept(L, operation_index, KEPT_TASKS);
  if (!lua_isnil(L, -1)) {
    return;
  }
  binding_get_kept(L, operation_index, KEPT_ANSWER);
  if (lua_type(L, -1) != LUA_TSTRING) {
    lua_newtable(L);
    return;
  }
  push_list_of(L, operation->loop);
  lua_pushvalue(L, -1);
  binding_set_kept(L, operation_index, KEPT_TASKS);
}

/* ---- loop:decode ------------------------------------------------------------------------------- */

/* What the core gets of bindings. */
static void push_places(lua_State *L, const struct ab_reply *reply) {
  lua_newtable(L);
  for (size_t i = 0; i < reply->task_count; i++) {
    lua_createtable(L, 0, 2);
    set_text(L, "context_id", reply->tasks[i].context_id);
    set_text(L, "path", reply->tasks[i].path);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

/*
 * loop:decode(body, reading) -> { success, request_id, code, message, state, and by what is read
 * body, tasks, bindings }, or nil and what is malformed: what would be understood of a response
 * body.
 */
int binding_decode_body(lua_State *L) {
  static const char *const readings[] = {"envelope", "tasks", "state", "bindings", NULL};
  static const char *const successes[] = {"absent", "false", "true"};
  struct binding_loop *loop = luaL_checkudata(L, 1, LOOP_TYPE);
  struct ab_reply reply = {0};
  binding_check_idle(L, loop);
  struct decoding decoding = {.reply = &reply, .decoded = AB_DECODE_OK};
  decoding.body.data = luaL_checklstring(L, 2, &decoding.body.size);
  decoding.reading = (enum ab_reading)luaL_checkoption(L, 3, "envelope", readings);
  lua_settop(L, 2);
  luaL_checkstack(L, 10, NULL);
  lua_pushcfunction(L, binding_decode_protected);
  lua_insert(L, 2); /* the body stays on the stack above it */
  enum ab_decoded decoded = decode(L, loop, &decoding);
  if (decoded == AB_DECODE_NO_MEMORY) {
    return luaL_error(L, "out of memory");
  }
  if (decoded == AB_DECODE_MALFORMED) {
    lua_pushnil(L);
    lua_pushlstring(L, reply.problem.data, reply.problem.size);
    return 2;
  }
  lua_createtable(L, 0, 7);
  lua_pushstring(L, successes[reply.success]);
  lua_setfield(L, -2, "success");
  set_text(L, "request_id", reply.request_id);
  set_text(L, "code", reply.code);
  set_text(L, "message", reply.message);
  set_text(L, "state", reply.state);
  if (decoding.reading != AB_READ_TASKS) {
    binding_get_kept(L, 1, KEPT_ANSWER);
    lua_setfield(L, -2, "body");
  } else if (reply.success != AB_SUCCESS_FALSE) {
    binding_get_kept(L, 1, KEPT_TASKS);
    lua_setfield(L, -2, "tasks");
  }
  if (decoding.reading == AB_READ_BINDINGS && reply.success != AB_SUCCESS_FALSE) {
    push_places(L, &reply);
    lua_setfield(L, -2, "bindings");
  }
  return 1;
}
