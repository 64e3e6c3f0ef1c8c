/* The client as userdata: settings in, requests as tables to requests of the core. */
#include "binding.h"

#include <string.h>

/* ---- fields of tables ------------------------------------------------------------------------ */

/* Without metamethods: what they give is held by nobody once it is popped. */
static void push_field(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, table);
}

/* A string field's text; it stays where it is as long as the table holds it. */
static struct ab_text text_field(lua_State *L, int table, const char *name, bool required) {
  struct ab_text text = {NULL, 0};
  push_field(L, table, name);
  if (lua_type(L, -1) == LUA_TSTRING) {
    text.data = lua_tolstring(L, -1, &text.size);
  } else if (required || !lua_isnil(L, -1)) {
    luaL_error(L, "field '%s': string expected, got %s", name, luaL_typename(L, -1));
  }
  lua_pop(L, 1);
  return text;
}

static lua_Number number_field(lua_State *L, int table, const char *name, lua_Number otherwise) {
  push_field(L, table, name);
  lua_Number number = lua_isnil(L, -1) ? otherwise : luaL_checknumber(L, -1);
  lua_pop(L, 1);
  return number;
}

/* A whole number between 0 and `most`: what is out of that range is cut, NaN is 0. */
static int64_t whole(lua_Number number, int64_t most) {
  if (!(number > 0)) {
    return 0;
  }
  return number < (lua_Number)most ? (int64_t)number : most;
}

static int64_t whole_field(lua_State *L, int table, const char *name, lua_Number otherwise,
                           int64_t most) {
  return whole(number_field(L, table, name, otherwise), most);
}

static bool boolean_field(lua_State *L, int table, const char *name) {
  push_field(L, table, name);
  bool value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

/* The position of a string field in a list of words; the first word if it is absent. */
static int choice_field(lua_State *L, int table, const char *name, const char *const words[]) {
  push_field(L, table, name);
  int chosen = lua_isnil(L, -1) ? 0 : luaL_checkoption(L, -1, NULL, words);
  lua_pop(L, 1);
  return chosen;
}

/* Pushes a table field and gives its index; pushes an empty one if it is absent. */
static int table_field(lua_State *L, int table, const char *name) {
  push_field(L, table, name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_newtable(L);
  }
  luaL_checktype(L, -1, LUA_TTABLE);
  return lua_gettop(L);
}

static struct ab_text item_text(lua_State *L, int table, size_t index) {
  struct ab_text text = {NULL, 0};
  lua_rawgeti(L, table, (int)index);
  if (lua_type(L, -1) != LUA_TSTRING) {
    luaL_error(L, "item %d: string expected, got %s", (int)index, luaL_typename(L, -1));
  }
  text.data = lua_tolstring(L, -1, &text.size);
  lua_pop(L, 1);
  return text;
}

/* ---- polls ----------------------------------------------------------------------------------- */

static const struct ab_place *places_field(lua_State *L, int table, const char *name,
                                           size_t *count) {
  int list = table_field(L, table, name);
  *count = lua_rawlen(L, list);
  struct ab_place *places = lua_newuserdata(L, (*count + 1) * sizeof *places);
  for (size_t i = 0; i < *count; i++) {
    lua_rawgeti(L, list, (int)i + 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    places[i].context_id = text_field(L, lua_gettop(L), "context_id", true);
    places[i].path = text_field(L, lua_gettop(L), "path", true);
    lua_pop(L, 1);
  }
  return places;
}

static const struct ab_text *texts_field(lua_State *L, int table, const char *name, size_t *count) {
  int list = table_field(L, table, name);
  *count = lua_rawlen(L, list);
  struct ab_text *texts = lua_newuserdata(L, (*count + 1) * sizeof *texts);
  for (size_t i = 0; i < *count; i++) {
    texts[i] = item_text(L, list, i + 1);
  }
  return texts;
}

static void read_poll(lua_State *L, int table, struct ab_poll_options *options) {
  static const char *const judges[] = {"transfers", "state", "bindings", NULL};
  static const char *const errors[] = {"call", "sync", NULL};
  const int64_t most_ms = INT64_C(1000000000000);
  memset(options, 0, sizeof *options);
  options->judge = (enum ab_judge)choice_field(L, table, "judge", judges);
  options->scope.context_id = text_field(L, table, "context_id", false);
  options->scope.path = text_field(L, table, "path", false);
  options->mode = text_field(L, table, "mode", false);
  options->expected = places_field(L, table, "expected", &options->expected_count);
  options->final_states = texts_field(L, table, "final_states", &options->final_state_count);
  options->final_code = text_field(L, table, "final_code", false);
  options->max_attempts = (unsigned)whole_field(L, table, "max_attempts", 0, UINT32_MAX);
  options->first_wait_ms = whole_field(L, table, "first_wait_ms", 0, most_ms);
  options->interval_ms = whole_field(L, table, "interval_ms", 0, most_ms);
  options->backoff = number_field(L, table, "backoff", 1);
  options->max_interval_ms = whole_field(L, table, "max_interval_ms", 0, most_ms);
  options->elapsed_share = number_field(L, table, "elapsed_share", 0);
  options->timeout_ms = whole_field(L, table, "timeout_ms", 0, most_ms);
  options->settle_checks = (unsigned)whole_field(L, table, "settle_checks", 0, UINT32_MAX);
  options->timeout_error =
      choice_field(L, table, "timeout_error", errors) == 1 ? AB_SYNC_TIMEOUT : AB_TIMEOUT;
  options->what = text_field(L, table, "what", true);
}

/* ---- methods --------------------------------------------------------------------------------- */

static struct binding_client *check_client(lua_State *L) {
  return luaL_checkudata(L, 1, CLIENT_TYPE);
}

static struct binding_client *open_client(lua_State *L) {
  struct binding_client *client = check_client(L);
  if (client->core == NULL || client->loop->core == NULL) {
    luaL_error(L, "the client is closed");
  }
  binding_check_idle(L, client->loop);
  return client;
}

/* Pushes a new operation for the owner at index 3; the loop that keeps it is below it. */
static struct binding_operation *push_operation(lua_State *L, int *loop_index) {
  binding_get_kept(L, 1, KEPT_LOOP);
  *loop_index = lua_gettop(L);
  return binding_new_operation(L, *loop_index, 3);
}

/* The operation on top of the stack is given back, unless the core could not start it. */
static int started(lua_State *L, int loop_index, struct binding_operation *operation) {
  if (operation->core == NULL) {
    binding_forget_operation(L, loop_index, operation);
    return luaL_error(L, "out of memory");
  }
  return 1;
}

/*
 * client:call(request, owner) -> operation; so the others. The owner is told with the operation's
 * events.
 */
static int client_call(lua_State *L) {
  struct binding_client *client = open_client(L);
  lua_settop(L, 3);
  struct binding_request request;
  int loop_index;
  binding_read_request(L, 2, &request);
  struct binding_operation *operation = push_operation(L, &loop_index);
  operation->makes_list = true;
  operation->core = ab_call_start(client->core, &request.core, operation);
  return started(L, loop_index, operation);
}

/* client:poll(options, owner) -> operation */
static int client_poll(lua_State *L) {
  struct binding_client *client = open_client(L);
  struct ab_poll_options options;
  struct binding_request submit, check, shared_check;
  int loop_index;
  lua_settop(L, 3);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checkstack(L, 50, NULL);
  read_poll(L, 2, &options);
  push_field(L, 2, "check");
  binding_read_request(L, lua_gettop(L), &check);
  options.check = &check.core;
  options.share_key = text_field(L, 2, "share_key", false);
  if (options.share_key.size > 0) {
    push_field(L, 2, "shared_check");
    binding_read_request(L, lua_gettop(L), &shared_check);
    options.shared_check = &shared_check.core;
  }
  push_field(L, 2, "submit");
  if (!lua_isnil(L, -1)) {
    binding_read_request(L, lua_gettop(L), &submit);
    options.submit = &submit.core;
  }
  struct binding_operation *operation = push_operation(L, &loop_index);
  operation->core = ab_poll_start(client->core, &options, operation);
  return started(L, loop_index, operation);
}

/* client:file(options, owner) -> operation */
static int client_file(lua_State *L) {
  static const char *const directions[] = {"upload", "download", NULL};
  struct binding_client *client = open_client(L);
  int loop_index;
  lua_settop(L, 3);
  luaL_checktype(L, 2, LUA_TTABLE);
  const struct ab_file_options options = {
      .direction = (enum ab_direction)choice_field(L, 2, "direction", directions),
      .url = text_field(L, 2, "url", true).data,
      .path = text_field(L, 2, "path", true).data,
      .content_type = text_field(L, 2, "content_type", false).data,
      .timeout_ms = whole_field(L, 2, "timeout_ms", 0, INT64_C(1000000000000)),
  };
  struct binding_operation *operation = push_operation(L, &loop_index);
  operation->core = ab_file_start(client->core, &options, operation);
  return started(L, loop_index, operation);
}

/* client:serial() -> the number that the client's records bear */
static int client_serial(lua_State *L) {
  push_integer(L, ab_client_serial(open_client(L)->core));
  return 1;
}

/* client:sleep(delay_ms, owner) -> operation */
static int client_sleep(lua_State *L) {
  struct binding_client *client = open_client(L);
  int64_t delay_ms = whole(luaL_checknumber(L, 2), INT64_C(1000000000000));
  int loop_index;
  lua_settop(L, 3);
  struct binding_operation *operation = push_operation(L, &loop_index);
  operation->core = ab_sleep_start(client->core, delay_ms, operation);
  return started(L, loop_index, operation);
}

/* Ends what is under way with Client.Closed. */
static int client_close(lua_State *L) {
  struct binding_client *client = check_client(L);
  if (client->core != NULL) {
    binding_check_idle(L, client->loop);
    ab_client *core = client->core;
    client->core = NULL;
    ab_client_close(core);
    ab_client_release(core);
  }
  return 0;
}

/* A client that is only forgotten lets what is under way come to its end. */
static int client_forget(lua_State *L) {
  struct binding_client *client = check_client(L);
  ab_client *core = client->core;
  client->core = NULL;
  ab_client_release(core);
  return 0;
}

int binding_new_client(lua_State *L) {
  struct binding_loop *loop = luaL_checkudata(L, 1, LOOP_TYPE);
  luaL_checktype(L, 2, LUA_TTABLE);
  if (loop->core == NULL) {
    return luaL_error(L, "the loop is closed");
  }
  binding_check_idle(L, loop);
  const struct ab_client_options options = {
      .url = text_field(L, 2, "url", true).data,
      .api_key = text_field(L, 2, "api_key", true).data,
      .user_agent = text_field(L, 2, "user_agent", false).data,
      .ca_file = text_field(L, 2, "ca_file", false).data,
      .proxy = text_field(L, 2, "proxy", false).data,
      .timeout_ms = whole_field(L, 2, "timeout_ms", 60000, INT64_C(1000000000000)),
      .max_response_bytes = (size_t)whole_field(L, 2, "max_response_bytes", 0, INT32_MAX),
      .max_connections = (unsigned)whole_field(L, 2, "max_connections", 1, 10000),
      .retry =
          {
              .max_attempts = (unsigned)whole_field(L, 2, "retry_max_attempts", 0, 1000),
              .base_ms = whole_field(L, 2, "retry_base_ms", 0, INT32_MAX),
              .cap_ms = whole_field(L, 2, "retry_cap_ms", 0, INT32_MAX),
          },
      .keep_records = boolean_field(L, 2, "keep_records"),
  };
  struct binding_client *client = binding_new(L, CLIENT_TYPE, sizeof *client, KEPT_LOOP);
  lua_pushvalue(L, 1);
  binding_set_kept(L, -2, KEPT_LOOP);
  client->loop = loop;
  client->core = ab_client_new(loop->core, &options);
  return client->core == NULL ? luaL_error(L, "out of memory") : 1;
}

void binding_open_client(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"call", client_call},
      {"poll", client_poll},
      {"file", client_file},
      {"sleep", client_sleep},
      {"serial", client_serial},
      {"close", client_close},
      {NULL, NULL},
  };
  binding_new_type(L, CLIENT_TYPE, methods, client_forget);
}
