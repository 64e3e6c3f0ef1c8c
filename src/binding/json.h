/*
 * Reads JSON from its bytes, value by value, for answers that come too often to be made tables
 * first: what isn't asked for is only checked. Pure; the grammar is RFC 8259's, but that bytes
 * below 32 inside texts are taken as they are, as lua-cjson takes them.
 */
#ifndef BINDING_JSON_H
#define BINDING_JSON_H

#include "agentbay.h"

#include <string.h>

enum json_kind {
  JSON_OBJECT,
  JSON_LIST,
  JSON_TEXT,
  JSON_NUMBER,
  JSON_TRUE,
  JSON_FALSE,
  JSON_NULL,
  JSON_NOTHING /* the end, or what is no JSON */
};

/* A place in a document. Once it has failed everything gives nothing. */
struct json {
  const char *start;
  const char *at;
  const char *end;
  char *room;      /* where texts with escapes are written: never more bytes than are read */
  unsigned depth;  /* of objects and lists that are open */
  bool fresh;      /* the innermost of them has just been opened */
  const char *why; /* what is wrong at `at`; NULL: nothing */
};

/* Begins to read `text`. `room` has at least the size of it. */
void json_begin(struct json *json, struct ab_text text, char *room);

/* What comes next. */
enum json_kind json_peek(struct json *json);

/* Goes into the object or list that comes next. */
bool json_open(struct json *json);

/* Goes on to the next member's value, or item, or out of the object or list: then it is false. */
bool json_next_member(struct json *json, struct ab_text *name);
bool json_next_item(struct json *json);

/* Reads the text that comes next; it stays where it is as long as document and room do. */
bool json_text(struct json *json, struct ab_text *text);

/* Reads the number that comes next, as it is written. */
bool json_number(struct json *json, struct ab_text *digits);

/* Reads past any value. */
bool json_skip(struct json *json);

/* Whether the document was JSON to its end, which is here. */
bool json_finish(struct json *json);

/* Whether a text is `word`; inline, so that the size of a literal is known when it is compiled. */
static inline bool json_is(struct ab_text text, const char *word) {
  size_t size = strlen(word);
  return text.size == size && memcmp(text.data, word, size) == 0;
}

/* The value of a number as it is written; false if it isn't whole or beyond 2^53. */
bool json_whole(struct ab_text digits, int64_t *value);

#endif
