#include "envelope.h"

/* Where the text of a member goes, by its name and spelling; NULL for other members. */
static struct ab_text *place_of(struct envelope *envelope, struct ab_text name) {
  return json_is(name, "RequestId")   ? &envelope->request_id[0]
         : json_is(name, "requestId") ? &envelope->request_id[1]
         : json_is(name, "requestid") ? &envelope->request_id[2]
         : json_is(name, "Code")      ? &envelope->code[0]
         : json_is(name, "code")      ? &envelope->code[1]
         : json_is(name, "Message")   ? &envelope->message[0]
         : json_is(name, "message")   ? &envelope->message[1]
                                      : NULL;
}

struct ab_text envelope_text(const struct ab_text spellings[ENVELOPE_SPELLINGS]) {
  int i = 0;
  while (i < ENVELOPE_SPELLINGS - 1 && spellings[i].data == NULL) {
    i++;
  }
  return spellings[i];
}

/* A text; of a number its digits, for Code; anything else is as good as absent. */
static void read_text(struct json *json, struct ab_text *text) {
  *text = (struct ab_text){NULL, 0};
  switch (json_peek(json)) {
  case JSON_TEXT:
    json_text(json, text);
    break;
  case JSON_NUMBER:
    json_number(json, text);
    break;
  default:
    json_skip(json);
  }
}

/* As the official SDKs' models take booleans: also as a word or a number. */
static void read_success(struct json *json, struct envelope *envelope) {
  struct ab_text text;
  int64_t number = -1;
  bool yes = false, no = false;
  enum json_kind kind = json_peek(json);
  if (kind == JSON_TEXT) {
    if (json_text(json, &text)) {
      yes = json_is(text, "true");
      no = json_is(text, "false");
    }
  } else if (kind == JSON_NUMBER) {
    bool whole = json_number(json, &text) && json_whole(text, &number);
    yes = whole && number == 1;
    no = whole && number == 0;
  } else {
    json_skip(json);
    yes = kind == JSON_TRUE;
    no = kind == JSON_FALSE;
  }
  envelope->success = yes ? AB_SUCCESS_TRUE : no ? AB_SUCCESS_FALSE : AB_SUCCESS_ABSENT;
  envelope->success_is_clear = yes || no || kind == JSON_NULL;
}

static void read_status(struct json *json, struct envelope *envelope) {
  enum json_kind kind = json_peek(json);
  envelope->status = kind == JSON_TEXT   ? ENVELOPE_THERE
                     : kind == JSON_NULL ? ENVELOPE_ABSENT
                                         : ENVELOPE_ANOTHER;
  if (kind == JSON_TEXT) {
    json_text(json, &envelope->status_text);
  } else {
    json_skip(json);
  }
}

/* An empty list is how some encoders write an empty object. */
static void read_data(struct json *json, struct envelope *envelope) {
  struct ab_text name;
  enum json_kind kind = json_peek(json);
  envelope->status = ENVELOPE_ABSENT;
  envelope->data = kind == JSON_OBJECT || kind == JSON_LIST ? ENVELOPE_THERE
                   : kind == JSON_NULL                      ? ENVELOPE_ABSENT
                                                            : ENVELOPE_ANOTHER;
  if (kind == JSON_OBJECT) {
    json_open(json);
    while (json_next_member(json, &name)) {
      if (json_is(name, "ContextStatus")) {
        read_status(json, envelope);
      } else {
        json_skip(json);
      }
    }
  } else if (kind == JSON_LIST) {
    json_open(json);
    while (json_next_item(json) && json_skip(json)) {
      envelope->data = ENVELOPE_ANOTHER;
    }
  } else {
    json_skip(json);
  }
}

void envelope_read(struct envelope *envelope, struct json *json) {
  struct ab_text name;
  *envelope = (struct envelope){.success_is_clear = true};
  json_open(json);
  while (json_next_member(json, &name)) {
    struct ab_text *text;
    if (json_is(name, "Data")) {
      read_data(json, envelope);
    } else if (json_is(name, "Success")) {
      read_success(json, envelope);
    } else if ((text = place_of(envelope, name)) != NULL) {
      read_text(json, text);
    } else {
      json_skip(json);
    }
  }
}
