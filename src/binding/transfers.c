/*
 * Data.ContextStatus: JSON texts nested three levels deep. One malformed part makes the whole
 * malformed: a list cut short could hide a failure.
 */
#include "transfers.h"

#include "envelope.h"
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ----------------------------------------------------------------------------------- */

/* What a usual answer takes is kept for the next one; more is given back. */
enum { KEPT_ROOM = 64 * 1024, KEPT_TASKS = 256 };

static void *resize(const struct transfers *transfers, void *block, size_t size) {
  const struct ab_allocator *allocator = transfers->allocator;
  if (allocator != NULL) {
    return allocator->resize(allocator->user, block, size);
  }
  if (size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, size);
}

static void free_tasks(struct transfers *transfers) {
  resize(transfers, transfers->tasks, 0);
  transfers->tasks = NULL;
  transfers->capacity = 0;
}

static void free_room(struct transfers *transfers) {
  resize(transfers, transfers->room, 0);
  transfers->room = NULL;
  transfers->room_size = 0;
}

void transfers_free(struct transfers *transfers) {
  free_tasks(transfers);
  free_room(transfers);
}

/* Room for the texts of three levels, each of which is no longer than the one above it. */
static bool reserve_room(struct transfers *transfers, size_t body_size) {
  if (transfers->room_size > KEPT_ROOM) {
    free_room(transfers);
  }
  size_t size = body_size < 1024 ? 4096 : body_size * 3 + 1;
  if (body_size > SIZE_MAX / 4 || size <= transfers->room_size) {
    return size <= transfers->room_size;
  }
  free_room(transfers);
  transfers->room = resize(transfers, NULL, size);
  transfers->room_size = transfers->room == NULL ? 0 : size;
  return transfers->room != NULL;
}

static struct ab_task *next_task(struct transfers *transfers) {
  if (transfers->count == transfers->capacity) {
    size_t capacity = transfers->capacity == 0 ? 8 : transfers->capacity * 2;
    struct ab_task *tasks = NULL;
    if (capacity <= SIZE_MAX / sizeof *tasks) {
      tasks = resize(transfers, transfers->tasks, capacity * sizeof *tasks);
    }
    if (tasks == NULL) {
      transfers->no_memory = true;
      return NULL;
    }
    transfers->tasks = tasks;
    transfers->capacity = capacity;
  }
  struct ab_task *task = &transfers->tasks[transfers->count++];
  memset(task, 0, sizeof *task);
  return task;
}

/* ---- problems --------------------------------------------------------------------------------- */

/* The longest is "Data.ContextStatus[2147483647].data[2147483647]". */
struct place {
  char text[64];
};

static struct place place_of(const struct transfers *transfers) {
  struct place place = {"Data.ContextStatus"};
  if (transfers->task > 0) {
    snprintf(place.text, sizeof place.text, "Data.ContextStatus[%d].data[%d]", transfers->item,
             transfers->task);
  } else if (transfers->item > 0) {
    snprintf(place.text, sizeof place.text, "Data.ContextStatus[%d]", transfers->item);
  }
  return place;
}

/* `member` of where the reader is, or, if it is "", that itself. Always false. */
static bool refuse(struct transfers *transfers, const char *member, const char *what) {
  struct place place = place_of(transfers);
  snprintf(transfers->problem, sizeof transfers->problem, "%s%s%s %s", place.text,
           member[0] == '\0' ? "" : ".", member, what);
  return false;
}

static bool refuse_whole(struct transfers *transfers, const char *problem) {
  snprintf(transfers->problem, sizeof transfers->problem, "%s", problem);
  return false;
}

static bool refuse_json(struct transfers *transfers, const char *where, const struct json *json) {
  snprintf(transfers->problem, sizeof transfers->problem, "%s is not JSON: %s at byte %zu", where,
           json->why, (size_t)(json->at - json->start) + 1);
  return false;
}

/* ---- tasks ------------------------------------------------------------------------------------ */

static bool read_text(struct transfers *transfers, struct json *json, const char *member,
                      struct ab_text *text) {
  switch (json_peek(json)) {
  case JSON_TEXT:
    return json_text(json, text);
  case JSON_NULL:
    *text = (struct ab_text){NULL, 0};
    return json_skip(json);
  default:
    return json_skip(json) && refuse(transfers, member, "is not a text");
  }
}

static bool all_digits(struct ab_text text) {
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') {
      return false;
    }
  }
  return text.size > 0 && text.size <= 15;
}

/* A time: a whole number, or its digits; 0 if it is null. */
static bool read_time(struct transfers *transfers, struct json *json, const char *member,
                      int64_t *time) {
  struct ab_text digits;
  bool whole = false;
  switch (json_peek(json)) {
  case JSON_TEXT:
    whole = json_text(json, &digits) && all_digits(digits) && json_whole(digits, time);
    break;
  case JSON_NUMBER:
    whole = json_number(json, &digits) && json_whole(digits, time);
    break;
  case JSON_NULL:
    *time = 0;
    whole = json_skip(json);
    break;
  default:
    json_skip(json);
  }
  return whole || (json->why == NULL && refuse(transfers, member, "is not an integer"));
}

static bool read_member(struct transfers *transfers, struct json *json, struct ab_text name,
                        struct ab_task *task) {
  return json_is(name, "contextId")  ? read_text(transfers, json, "contextId", &task->context_id)
         : json_is(name, "path")     ? read_text(transfers, json, "path", &task->path)
         : json_is(name, "taskType") ? read_text(transfers, json, "taskType", &task->task_type)
         : json_is(name, "status")   ? read_text(transfers, json, "status", &task->status)
         : json_is(name, "errorMessage")
             ? read_text(transfers, json, "errorMessage", &task->error_message)
         : json_is(name, "startTime") ? read_time(transfers, json, "startTime", &task->start_time)
         : json_is(name, "finishTime")
             ? read_time(transfers, json, "finishTime", &task->finish_time)
             : json_skip(json);
}

static bool read_task(struct transfers *transfers, struct json *json) {
  struct ab_text name;
  transfers->task++;
  if (json_peek(json) != JSON_OBJECT) {
    return json_skip(json) && refuse(transfers, "", "is not an object");
  }
  struct ab_task *task = next_task(transfers);
  json_open(json);
  while (task != NULL && json_next_member(json, &name)) {
    if (!read_member(transfers, json, name, task)) {
      return false;
    }
  }
  return task != NULL && json->why == NULL;
}

/* ---- lists that stand inside other documents as texts ------------------------------------------- */

typedef bool item_reader(struct transfers *transfers, struct json *json);

/* `outer` is the document around it, which goes on to write texts where this one stops. */
static bool read_list(struct transfers *transfers, struct json *outer, struct ab_text text,
                      const char *where, item_reader *read_item) {
  struct json json;
  json_begin(&json, text, outer->room);
  if (json_peek(&json) != JSON_LIST) {
    char problem[96];
    snprintf(problem, sizeof problem, "%s is not the text of a JSON list", where);
    return refuse_whole(transfers, problem);
  }
  json_open(&json);
  while (json_next_item(&json)) {
    if (!read_item(transfers, &json)) {
      return json.why == NULL ? false : refuse_json(transfers, where, &json);
    }
  }
  outer->room = json.room;
  return json_finish(&json) || refuse_json(transfers, where, &json);
}

/* Items of other types than data are none of our business. */
static bool read_item(struct transfers *transfers, struct json *json) {
  struct ab_text name, type = {NULL, 0}, data = {NULL, 0};
  transfers->item++;
  transfers->task = 0;
  if (json_peek(json) != JSON_OBJECT) {
    return json_skip(json) && refuse(transfers, "", "is not an object");
  }
  json_open(json);
  while (json_next_member(json, &name)) {
    struct ab_text *member = json_is(name, "type") ? &type : json_is(name, "data") ? &data : NULL;
    if (member != NULL && json_peek(json) == JSON_TEXT) {
      json_text(json, member);
    } else {
      json_skip(json);
      if (member != NULL) {
        member->data = NULL;
      }
    }
  }
  if (json->why != NULL) {
    return false;
  }
  if (type.data == NULL) {
    return refuse(transfers, "type", "is not a text");
  }
  if (!json_is(type, "data")) {
    return true;
  }
  if (data.data == NULL) {
    return refuse(transfers, "data", "is not a text");
  }
  if (data.size == 0) {
    return true;
  }
  char where[64];
  snprintf(where, sizeof where, "Data.ContextStatus[%d].data", transfers->item);
  return read_list(transfers, json, data, where, read_task);
}

/* ---- the whole -------------------------------------------------------------------------------- */

static bool read_tasks(struct transfers *transfers, struct json *json,
                       const struct envelope *envelope) {
  if (envelope->data != ENVELOPE_THERE) {
    return refuse_whole(transfers, envelope->data == ENVELOPE_ABSENT ? "Data is missing"
                                                                     : "Data is not an object");
  }
  if (envelope->status == ENVELOPE_ANOTHER) {
    return refuse(transfers, "", "is not a text");
  }
  return envelope->status == ENVELOPE_ABSENT || envelope->status_text.size == 0 ||
         read_list(transfers, json, envelope->status_text, "Data.ContextStatus", read_item);
}

static bool read_body(struct transfers *transfers, struct ab_text body, struct ab_reply *reply) {
  struct envelope envelope;
  struct json json;
  json_begin(&json, body, transfers->room);
  if (json_peek(&json) != JSON_OBJECT) {
    return refuse_whole(transfers, "the body is not a JSON object");
  }
  envelope_read(&envelope, &json);
  if (!json_finish(&json)) {
    return refuse_json(transfers, "the body", &json);
  }
  reply->request_id = envelope_text(envelope.request_id);
  reply->code = envelope_text(envelope.code);
  reply->message = envelope_text(envelope.message);
  if (!envelope.success_is_clear) {
    return refuse_whole(transfers, "Success is neither true nor false");
  }
  reply->success = envelope.success;
  if (reply->success == AB_SUCCESS_FALSE) {
    return true; /* an error has no data to be read */
  }
  if (!read_tasks(transfers, &json, &envelope)) {
    return false;
  }
  reply->tasks = transfers->tasks;
  reply->task_count = transfers->count;
  return true;
}

enum ab_decoded transfers_read(struct transfers *transfers, struct ab_text body,
                               struct ab_reply *reply) {
  memset(reply, 0, sizeof *reply);
  transfers->count = 0;
  transfers->item = transfers->task = 0;
  transfers->no_memory = false;
  if (transfers->capacity > KEPT_TASKS) {
    free_tasks(transfers);
  }
  if (!reserve_room(transfers, body.size)) {
    return AB_DECODE_NO_MEMORY;
  }
  if (read_body(transfers, body, reply)) {
    return AB_DECODE_OK;
  }
  reply->problem = (struct ab_text){transfers->problem, strlen(transfers->problem)};
  return transfers->no_memory ? AB_DECODE_NO_MEMORY : AB_DECODE_MALFORMED;
}
