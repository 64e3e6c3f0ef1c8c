#include "form.h"

#include <string.h>
#include <time.h>

static const char hex_upper[] = "0123456789ABCDEF";
static const char hex_lower[] = "0123456789abcdef";

static bool unreserved(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

void ab_form_encode(struct ab_buffer *buffer, struct ab_text text) {
  size_t plain = 0; /* start of the run that needs no encoding */
  for (size_t i = 0; i < text.size; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (unreserved(byte)) {
      continue;
    }
    const char encoded[3] = {'%', hex_upper[byte >> 4], hex_upper[byte & 15]};
    ab_buffer_append(buffer, text.data + plain, i - plain);
    ab_buffer_append(buffer, encoded, sizeof encoded);
    plain = i + 1;
  }
  if (plain < text.size) {
    ab_buffer_append(buffer, text.data + plain, text.size - plain);
  }
}

static void append_field(struct ab_buffer *buffer, struct ab_text name, struct ab_text value) {
  ab_form_encode(buffer, name);
  ab_buffer_append(buffer, "=", 1);
  ab_form_encode(buffer, value);
}

static void append_key(struct ab_buffer *buffer, const char *api_key) {
  ab_buffer_append_string(buffer, "Authorization=Bearer%20");
  ab_form_encode(buffer, ab_text_of(api_key));
}

static void append_query(struct ab_buffer *buffer, const struct ab_request *request,
                         const char *api_key) {
  if (request->key_in_query) {
    ab_buffer_append(buffer, "&", 1);
    append_key(buffer, api_key);
  }
  for (size_t i = 0; i < request->query_count; i++) {
    ab_buffer_append(buffer, "&", 1);
    append_field(buffer, request->query[i].name, request->query[i].value);
  }
}

static void append_body(struct ab_buffer *buffer, const struct ab_request *request,
                        const char *api_key) {
  size_t start = buffer->size;
  if (!request->key_in_query) {
    append_key(buffer, api_key);
  }
  for (size_t i = 0; i < request->body_count; i++) {
    if (buffer->size > start) {
      ab_buffer_append(buffer, "&", 1);
    }
    append_field(buffer, request->body[i].name, request->body[i].value);
  }
}

/* A form around what was encoded, whose parts begin at `query` and `body`. */
static struct ab_form *form_of(const struct ab_buffer *encoded, size_t query, size_t body) {
  struct ab_form *form = ab_resize_array(encoded->allocator, NULL, sizeof *form + encoded->size, 1);
  if (form == NULL) {
    return NULL;
  }
  memcpy(form->bytes, encoded->data, encoded->size);
  form->allocator = encoded->allocator;
  form->action = (struct ab_text){form->bytes, query};
  form->query = (struct ab_text){form->bytes + query, body - query};
  form->body = (struct ab_text){form->bytes + body, encoded->size - body};
  return form;
}

struct ab_form *ab_form_new(const struct ab_allocator *allocator, const struct ab_request *request,
                            const char *api_key) {
  struct ab_form *form = NULL;
  struct ab_buffer encoded;
  ab_buffer_init(&encoded, allocator, SIZE_MAX / 4, true);
  ab_form_encode(&encoded, request->action);
  size_t query = encoded.size;
  append_query(&encoded, request, api_key);
  size_t body = encoded.size;
  append_body(&encoded, request, api_key);
  if (encoded.status == AB_BUFFER_OK && encoded.size > 0) {
    form = form_of(&encoded, query, body);
  }
  ab_buffer_free(&encoded);
  if (form != NULL) {
    form->repeatable = request->repeatable;
    form->success_rule = request->success_rule;
    form->reading = request->reading;
  }
  return form;
}

void ab_form_free(struct ab_form *form) {
  if (form != NULL) {
    ab_wipe(form->bytes, form->action.size + form->query.size + form->body.size);
    ab_free(form->allocator, form);
  }
}

/* Puts the last `width` digits of `number`, and `after` behind them. */
static char *put_digits(char *cursor, int number, int width, const char *after) {
  for (int i = width - 1; i >= 0; i--, number /= 10) {
    cursor[i] = (char)('0' + number % 10);
  }
  for (cursor += width; *after != '\0'; after++) {
    *cursor++ = *after;
  }
  return cursor;
}

static void append_timestamp(struct ab_buffer *target, int64_t unix_seconds) {
  time_t seconds = (time_t)unix_seconds;
  struct tm utc;
  if (gmtime_r(&seconds, &utc) == NULL) {
    memset(&utc, 0, sizeof utc);
  }
  char text[32];
  char *end = put_digits(text, utc.tm_year + 1900, 4, "-");
  end = put_digits(end, utc.tm_mon + 1, 2, "-");
  end = put_digits(end, utc.tm_mday, 2, "T");
  end = put_digits(end, utc.tm_hour, 2, "%3A");
  end = put_digits(end, utc.tm_min, 2, "%3A");
  end = put_digits(end, utc.tm_sec, 2, "Z");
  ab_buffer_append(target, text, (size_t)(end - text));
}

void ab_form_target(const struct ab_form *form, int64_t unix_seconds,
                    const unsigned char nonce[AB_NONCE_BYTES], struct ab_buffer *target) {
  char digits[AB_NONCE_BYTES * 2];
  for (size_t i = 0; i < AB_NONCE_BYTES; i++) {
    digits[i * 2] = hex_lower[nonce[i] >> 4];
    digits[i * 2 + 1] = hex_lower[nonce[i] & 15];
  }
  ab_buffer_append_string(target, "/?Action=");
  ab_buffer_append_text(target, form->action);
  ab_buffer_append_string(target, "&Format=json&Version=" AB_API_VERSION "&Timestamp=");
  append_timestamp(target, unix_seconds);
  ab_buffer_append_string(target, "&SignatureNonce=");
  ab_buffer_append(target, digits, sizeof digits);
  ab_buffer_append_text(target, form->query);
}
