/*
 * Data.ContextStatus: JSON texts nested three levels deep, into the list that callers get and
 * the one that the core judges. One malformed part makes the whole malformed: a list cut short
 * could hide a failure.
 */
#include "decode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where in the response we are, for messages; 0: not in a list, or not yet. */
struct place {
  int item;    /* Data.ContextStatus[item] */
  int task;    /* Data.ContextStatus[item].data[task] */
  int binding; /* Data[binding] */
};

/* The longest is "Data.ContextStatus[2147483647].data[2147483647]". */
struct place_text {
  char text[64];
};

static struct place_text text_of(struct place place) {
  struct place_text name = {"Data.ContextStatus"};
  if (place.binding > 0) {
    snprintf(name.text, sizeof name.text, "Data[%d]", place.binding);
  } else if (place.task > 0) {
    snprintf(name.text, sizeof name.text, "Data.ContextStatus[%d].data[%d]", place.item,
             place.task);
  } else if (place.item > 0) {
    snprintf(name.text, sizeof name.text, "Data.ContextStatus[%d]", place.item);
  }
  return name;
}

static void refuse(lua_State *L, struct place place, const char *member, const char *what) {
  struct place_text where = text_of(place);
  luaL_error(L, "%s%s%s %s", where.text, member[0] == '\0' ? "" : ".", member, what);
}

/* ---- one task -------------------------------------------------------------------------------- */

/* Pushes a text member of the task below the top, and puts it into the result on top. */
static struct ab_text text_member(lua_State *L, struct place place, const char *member,
                                  const char *name) {
  struct ab_text text;
  lua_getfield(L, -2, member);
  if (decode_is_null(L, -1)) {
    lua_pop(L, 1);
    lua_pushliteral(L, "");
  } else if (lua_type(L, -1) != LUA_TSTRING) {
    refuse(L, place, member, "is not a text");
  }
  text.data = lua_tolstring(L, -1, &text.size); /* held by the result */
  lua_setfield(L, -2, name);
  return text;
}

/* A time: a whole number, or its digits; 0 if absent. */
static int64_t time_member(lua_State *L, struct place place, const char *member, const char *name) {
  int64_t time = 0;
  lua_getfield(L, -2, member);
  if (lua_type(L, -1) == LUA_TSTRING) {
    size_t size;
    const char *digits = lua_tolstring(L, -1, &size);
    if (size == 0 || size > 15 || strspn(digits, "0123456789") != size) {
      refuse(L, place, member, "is not an integer");
    }
    time = (int64_t)strtoll(digits, NULL, 10);
  } else if (lua_type(L, -1) == LUA_TNUMBER) {
    lua_Number number = lua_tonumber(L, -1);
    if (!(fabs(number) <= 9007199254740992.0) || number != floor(number)) {
      refuse(L, place, member, "is not an integer");
    }
    time = (int64_t)number;
  } else if (!decode_is_null(L, -1)) {
    refuse(L, place, member, "is not an integer");
  }
  lua_pop(L, 1);
  push_integer(L, time);
  lua_setfield(L, -2, name);
  return time;
}

/* The task on top of the stack is replaced by its table for Lua. */
static void read_task(lua_State *L, struct place place, struct ab_task *task) {
  if (!decode_is_object(L, -1)) {
    refuse(L, place, "", "is not an object");
  }
  lua_createtable(L, 0, 7);
  task->context_id = text_member(L, place, "contextId", "context_id");
  task->path = text_member(L, place, "path", "path");
  task->task_type = text_member(L, place, "taskType", "task_type");
  task->status = text_member(L, place, "status", "status");
  task->error_message = text_member(L, place, "errorMessage", "error_message");
  task->start_time = time_member(L, place, "startTime", "start_time");
  task->finish_time = time_member(L, place, "finishTime", "finish_time");
  lua_remove(L, -2);
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* The tasks read so far: `list` for Lua, `memory` a userdata for the core. */
struct reading {
  int list;
  int memory;
  struct ab_task *tasks;
  size_t count;
  size_t capacity;
};

static struct ab_task *next_task(lua_State *L, struct reading *reading) {
  if (reading->count == reading->capacity) {
    size_t capacity = reading->capacity < 4 ? 8 : reading->capacity * 2;
    struct ab_task *tasks = lua_newuserdata(L, capacity * sizeof *tasks);
    if (reading->count > 0) {
      memcpy(tasks, reading->tasks, reading->count * sizeof *tasks);
    }
    lua_replace(L, reading->memory);
    reading->tasks = tasks;
    reading->capacity = capacity;
  }
  return &reading->tasks[reading->count++];
}

/* The tasks of the text on top of the stack. */
static void read_tasks(lua_State *L, struct decoding *decoding, struct place place,
                       struct reading *reading) {
  char where[sizeof decoding->where];
  snprintf(where, sizeof where, "Data.ContextStatus[%d].data", place.item);
  decode_push_json(L, decoding, '[', where);
  int list = lua_gettop(L);
  int count = (int)lua_rawlen(L, list);
  for (place.task = 1; place.task <= count; place.task++) {
    lua_rawgeti(L, list, place.task);
    read_task(L, place, next_task(L, reading));
    lua_rawseti(L, reading->list, (int)reading->count);
  }
  lua_pop(L, 1);
}

/* The item on top of the stack. Items of other types than data are none of our business. */
static void read_item(lua_State *L, struct decoding *decoding, struct place place,
                      struct reading *reading) {
  if (!decode_is_object(L, -1)) {
    refuse(L, place, "", "is not an object");
  }
  lua_getfield(L, -1, "type");
  if (lua_type(L, -1) != LUA_TSTRING) {
    refuse(L, place, "type", "is not a text");
  }
  bool is_data = decode_is_word(L, -1, "data");
  lua_pop(L, 1);
  if (!is_data) {
    return;
  }
  lua_getfield(L, -1, "data");
  if (lua_type(L, -1) != LUA_TSTRING) {
    refuse(L, place, "data", "is not a text");
  }
  if (lua_rawlen(L, -1) > 0) {
    read_tasks(L, decoding, place, reading);
  }
  lua_pop(L, 1);
}

static void start_reading(lua_State *L, struct reading *reading) {
  memset(reading, 0, sizeof *reading);
  lua_newtable(L);
  reading->list = lua_gettop(L);
  lua_pushnil(L);
  reading->memory = lua_gettop(L);
}

/* Leaves the list for Lua on the stack, with the memory for the core anchored in it by the
   caller's stack until the decoder runs again. */
static void finish_reading(lua_State *L, struct reading *reading, struct ab_reply *reply) {
  reply->tasks = reading->tasks;
  reply->task_count = reading->count;
  lua_pushvalue(L, reading->memory);
  binding_set_kept(L, 1, "tasks_memory");
  lua_settop(L, reading->list);
}

void decode_push_tasks(lua_State *L, struct decoding *decoding, int document) {
  struct reading reading;
  struct place place = {0, 0, 0};
  luaL_checkstack(L, 20, NULL);
  start_reading(L, &reading);
  lua_getfield(L, document, "Data");
  if (!decode_is_object(L, -1)) {
    luaL_error(L, "Data is %s", lua_isnil(L, -1) ? "missing" : "not an object");
  }
  lua_getfield(L, -1, "ContextStatus");
  if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING) {
    refuse(L, place, "", "is not a text");
  }
  if (!lua_isnil(L, -1) && lua_rawlen(L, -1) > 0) {
    decode_push_json(L, decoding, '[', "Data.ContextStatus");
    int list = lua_gettop(L);
    int count = (int)lua_rawlen(L, list);
    for (place.item = 1; place.item <= count; place.item++) {
      lua_rawgeti(L, list, place.item);
      read_item(L, decoding, place, &reading);
      lua_pop(L, 1);
    }
  }
  finish_reading(L, &reading, decoding->reply);
}

void decode_push_bindings(lua_State *L, struct decoding *decoding, int document) {
  struct reading reading;
  struct place place = {0, 0, 0};
  luaL_checkstack(L, 20, NULL);
  start_reading(L, &reading);
  lua_getfield(L, document, "Data");
  if (!decode_is_list(L, -1) && !lua_isnil(L, -1)) {
    luaL_error(L, "Data is not a list");
  }
  int data = lua_gettop(L);
  int count = lua_isnil(L, data) ? 0 : (int)lua_rawlen(L, data);
  for (place.binding = 1; place.binding <= count; place.binding++) {
    lua_rawgeti(L, data, place.binding);
    if (!decode_is_object(L, -1)) {
      refuse(L, place, "", "is not an object");
    }
    struct ab_task *binding = next_task(L, &reading);
    memset(binding, 0, sizeof *binding);
    lua_newtable(L);
    binding->context_id = text_member(L, place, "ContextId", "context_id");
    binding->path = text_member(L, place, "Path", "path");
    lua_rawseti(L, reading.list, place.binding);
    lua_pop(L, 1);
  }
  finish_reading(L, &reading, decoding->reply);
}
