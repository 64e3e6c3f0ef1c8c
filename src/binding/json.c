#include "json.h"

enum { MAX_DEPTH = 64 };

static const int64_t MAX_WHOLE = INT64_C(1) << 53;

static bool fail(struct json *json, const char *why) {
  if (json->why == NULL) {
    json->why = why;
  }
  return false;
}

static void skip_blanks(struct json *json) {
  while (json->at < json->end &&
         (*json->at == ' ' || *json->at == '\n' || *json->at == '\r' || *json->at == '\t')) {
    json->at++;
  }
}

/* Takes `c` if it comes next. */
static bool take(struct json *json, char c) {
  if (json->at < json->end && *json->at == c) {
    json->at++;
    return true;
  }
  return false;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is written to */
void json_begin(struct json *json, struct ab_text text, char *room) {
  const char *data = text.data == NULL ? "" : text.data;
  *json = (struct json){.start = data, .at = data, .end = data + text.size, .room = room};
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

enum json_kind json_peek(struct json *json) {
  skip_blanks(json);
  if (json->why != NULL || json->at == json->end) {
    return JSON_NOTHING;
  }
  switch (*json->at) {
  case '{':
    return JSON_OBJECT;
  case '[':
    return JSON_LIST;
  case '"':
    return JSON_TEXT;
  case 't':
    return JSON_TRUE;
  case 'f':
    return JSON_FALSE;
  case 'n':
    return JSON_NULL;
  default:
    return is_digit(*json->at) || *json->at == '-' ? JSON_NUMBER : JSON_NOTHING;
  }
}

/* ---- objects and lists ------------------------------------------------------------------------ */

bool json_open(struct json *json) {
  enum json_kind kind = json_peek(json);
  if (kind != JSON_OBJECT && kind != JSON_LIST) {
    return fail(json, "an object or a list is expected");
  }
  if (json->depth == MAX_DEPTH) {
    return fail(json, "the nesting is too deep");
  }
  json->at++;
  json->depth++;
  json->fresh = true;
  return true;
}

/* Goes on to the next member or item; false at the end, which is taken, or where neither is. */
static bool next(struct json *json, char close) {
  if (json->why != NULL) {
    return false;
  }
  skip_blanks(json);
  bool fresh = json->fresh;
  json->fresh = false;
  if (take(json, close)) {
    json->depth--;
    return false;
  }
  if (!fresh && !take(json, ',')) {
    return fail(json, close == '}' ? "',' or '}' is expected" : "',' or ']' is expected");
  }
  return true;
}

bool json_next_member(struct json *json, struct ab_text *name) {
  if (!next(json, '}') || !json_text(json, name)) {
    return false;
  }
  skip_blanks(json);
  return take(json, ':') || fail(json, "':' is expected");
}

bool json_next_item(struct json *json) {
  return next(json, ']');
}

/* ---- texts ------------------------------------------------------------------------------------ */

static int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/* Four hexadecimal digits; -1 if they are not there. */
static int32_t code_unit(const char *at, const char *end) {
  int32_t unit = 0;
  if (end - at < 4) {
    return -1;
  }
  for (int i = 0; i < 4; i++) {
    int digit = hex_digit(at[i]);
    if (digit < 0) {
      return -1;
    }
    unit = unit << 4 | digit;
  }
  return unit;
}

static char *put_utf8(char *room, int32_t code) {
  if (code < 0x80) {
    *room++ = (char)code;
  } else if (code < 0x800) {
    *room++ = (char)(0xc0 | code >> 6);
    *room++ = (char)(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *room++ = (char)(0xe0 | code >> 12);
    *room++ = (char)(0x80 | (code >> 6 & 0x3f));
    *room++ = (char)(0x80 | (code & 0x3f));
  } else {
    *room++ = (char)(0xf0 | code >> 18);
    *room++ = (char)(0x80 | (code >> 12 & 0x3f));
    *room++ = (char)(0x80 | (code >> 6 & 0x3f));
    *room++ = (char)(0x80 | (code & 0x3f));
  }
  return room;
}

static bool is_high_surrogate(int32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low_surrogate(int32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

/* What stands behind "\u": a character, or the first half of one whose second half follows. */
static char *unescape_unicode(struct json *json, char *room) {
  int32_t code = code_unit(json->at, json->end);
  json->at += 4;
  if (is_high_surrogate(code) && json->end - json->at >= 6 && json->at[0] == '\\' &&
      json->at[1] == 'u') {
    int32_t low = code_unit(json->at + 2, json->end);
    if (is_low_surrogate(low)) {
      json->at += 6;
      return put_utf8(room, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
    }
  }
  return code < 0 || is_high_surrogate(code) || is_low_surrogate(code) ? NULL
                                                                       : put_utf8(room, code);
}

/* Writes what the escape stands for; `at` is behind the backslash. NULL: it is none. */
static char *unescape(struct json *json, char *room) {
  char c = json->at < json->end ? *json->at++ : '\0';
  switch (c) {
  case '/':
    *room++ = c;
    return room;
  case 'b':
    *room++ = '\b';
    return room;
  case 'f':
    *room++ = '\f';
    return room;
  case 'n':
    *room++ = '\n';
    return room;
  case 'r':
    *room++ = '\r';
    return room;
  case 't':
    *room++ = '\t';
    return room;
  case 'u':
    return unescape_unicode(json, room);
  default:
    return NULL;
  }
}

/* The end of the bytes from `at` on that stand for themselves. */
static const char *end_of_run(const char *at, const char *end) {
  while (at < end && *at != '"' && *at != '\\') {
    at++;
  }
  return at;
}

/*
 * Writes a text with escapes to the room, from its first escape on; false if it has no end or an
 * escape that is none. Most escapes are quotes of the JSON inside: those are not worth a call.
 */
static bool unescape_text(struct json *json, char *room) {
  const char *at = json->at, *end = json->end;
  while (at < end && *at != '"') {
    if (*at != '\\') {
      *room++ = *at++;
    } else if (end - at >= 2 && (at[1] == '"' || at[1] == '\\')) {
      *room++ = at[1];
      at += 2;
    } else {
      json->at = at + 1;
      room = unescape(json, room);
      if (room == NULL) {
        json->at = at;
        return fail(json, "this escape is unknown");
      }
      at = json->at;
    }
  }
  json->room = room;
  json->at = at;
  return at < end;
}

bool json_text(struct json *json, struct ab_text *text) {
  if (json_peek(json) != JSON_TEXT) {
    return fail(json, "a text is expected");
  }
  const char *opening = json->at;
  const char *first = opening + 1;
  char *room = json->room;
  json->at = end_of_run(first, json->end);
  *text = (struct ab_text){first, (size_t)(json->at - first)};
  if (json->at < json->end && *json->at == '\\') {
    memcpy(room, first, text->size);
    if (unescape_text(json, room + text->size)) {
      *text = (struct ab_text){room, (size_t)(json->room - room)};
    }
  }
  if (json->why == NULL && json->at == json->end) {
    json->at = opening;
    fail(json, "this text has no end");
  }
  json->at += json->why == NULL;
  return json->why == NULL;
}

/* ---- numbers and words ------------------------------------------------------------------------ */

/* Takes digits; false if there are none. */
static bool take_digits(struct json *json) {
  const char *first = json->at;
  while (json->at < json->end && is_digit(*json->at)) {
    json->at++;
  }
  return json->at > first;
}

bool json_number(struct json *json, struct ab_text *digits) {
  if (json_peek(json) != JSON_NUMBER) {
    return fail(json, "a number is expected");
  }
  const char *first = json->at;
  take(json, '-');
  bool is_number = take(json, '0') || take_digits(json);
  if (is_number && take(json, '.')) {
    is_number = take_digits(json);
  }
  if (is_number && (take(json, 'e') || take(json, 'E'))) {
    if (!take(json, '-')) {
      take(json, '+');
    }
    is_number = take_digits(json);
  }
  *digits = (struct ab_text){first, (size_t)(json->at - first)};
  return is_number || fail(json, "this number is incomplete");
}

/* Multiplies by ten and adds; false beyond 2^53. */
static bool shift_in(int64_t *value, int digit) {
  *value = *value * 10 + digit;
  return *value <= MAX_WHOLE;
}

/* Exact, whatever the way it is written: 1.5e1 and 150e-1 are 15. */
bool json_whole(struct ab_text digits, int64_t *value) {
  const char *at = digits.data, *end = digits.data + digits.size;
  bool negative = *at == '-', fits = true;
  int64_t exponent = 0, number = 0, zeros = 0; /* zeros: at the end, not yet part of number */
  const char *dot = NULL;
  for (at += negative; at < end && (is_digit(*at) || *at == '.'); at++) {
    if (*at == '.') {
      dot = at;
      continue;
    }
    exponent -= dot != NULL;
    zeros++;
    for (; *at != '0' && zeros > 0 && fits; zeros--) {
      fits = shift_in(&number, zeros == 1 ? *at - '0' : 0);
    }
  }
  if (at < end) {
    bool less = at[1] == '-';
    int64_t written = 0;
    for (at += 1 + (at[1] == '-' || at[1] == '+'); at < end && written < INT32_MAX; at++) {
      written = written * 10 + (*at - '0');
    }
    exponent += less ? -written : written;
  }
  if (number == 0 && fits) {
    *value = 0;
    return true;
  }
  for (exponent += zeros; exponent > 0 && fits; exponent--) {
    fits = shift_in(&number, 0);
  }
  *value = negative ? -number : number;
  return fits && exponent == 0;
}

static bool take_word(struct json *json, const char *word) {
  size_t size = strlen(word);
  if ((size_t)(json->end - json->at) < size || memcmp(json->at, word, size) != 0) {
    return fail(json, "a value is expected");
  }
  json->at += size;
  return true;
}

/* ---- any value -------------------------------------------------------------------------------- */

/* NOLINTNEXTLINE(misc-no-recursion): the depth is bounded */
bool json_skip(struct json *json) {
  struct ab_text ignored;
  char *room = json->room;
  switch (json_peek(json)) {
  case JSON_OBJECT:
    for (json_open(json); json_next_member(json, &ignored) && json_skip(json);) {
      json->room = room;
    }
    break;
  case JSON_LIST:
    for (json_open(json); json_next_item(json) && json_skip(json);) {
      json->room = room;
    }
    break;
  case JSON_TEXT:
    json_text(json, &ignored);
    break;
  case JSON_NUMBER:
    json_number(json, &ignored);
    break;
  case JSON_TRUE:
    take_word(json, "true");
    break;
  case JSON_FALSE:
    take_word(json, "false");
    break;
  case JSON_NULL:
    take_word(json, "null");
    break;
  case JSON_NOTHING:
    fail(json, "a value is expected");
    break;
  }
  json->room = room;
  return json->why == NULL;
}

bool json_finish(struct json *json) {
  skip_blanks(json);
  return json->why == NULL && (json->at == json->end || fail(json, "the end is expected"));
}
