/*
 * The encoding of requests: whatever names and values go in come out again, and nothing but the
 * characters that a form may have is sent.
 */
#include "form.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FIELDS = 16 };

static const char key[] = "akm key&=%+";

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

/* Takes the next text, up to a byte 0xff, off the input. */
static struct ab_text take(const char **data, size_t *size) {
  const char *end = *size > 0 ? memchr(*data, 0xff, *size) : NULL;
  struct ab_text text = {*data, end == NULL ? *size : (size_t)(end - *data)};
  size_t taken = end == NULL ? text.size : text.size + 1;
  *data += taken;
  *size -= taken;
  return text;
}

static int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The next decoded byte of `text`, or -1 at its end or at a delimiter. */
static int next_byte(struct ab_text text, size_t *at) {
  if (*at >= text.size || text.data[*at] == '&' || text.data[*at] == '=') {
    return -1;
  }
  unsigned char c = (unsigned char)text.data[(*at)++];
  if (c != '%') {
    require((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
            memchr("-._~", c, 4) != NULL);
    return c;
  }
  require(*at + 2 <= text.size);
  int high = digit(text.data[*at]);
  int low = digit(text.data[*at + 1]);
  require(high >= 0 && low >= 0);
  *at += 2;
  return high * 16 + low;
}

static void require_part(struct ab_text encoded, size_t *at, struct ab_text expected) {
  for (size_t i = 0; i < expected.size; i++) {
    require(next_byte(encoded, at) == (unsigned char)expected.data[i]);
  }
  require(next_byte(encoded, at) == -1);
}

static void require_mark(struct ab_text encoded, size_t *at, char mark) {
  require(*at < encoded.size && encoded.data[*at] == mark);
  ++*at;
}

static void require_pair(struct ab_text encoded, size_t *at, struct ab_text name,
                         struct ab_text value) {
  require_part(encoded, at, name);
  require_mark(encoded, at, '=');
  require_part(encoded, at, value);
}

static void require_target(const struct ab_form *form) {
  static const unsigned char nonce[AB_NONCE_BYTES] = {0};
  struct ab_buffer target;
  ab_buffer_init(&target, &ab_default_allocator, SIZE_MAX / 4, true);
  ab_form_target(form, 0, nonce, &target);
  struct ab_text text = ab_buffer_text(&target);
  for (size_t i = 0; i < text.size; i++) {
    require(text.data[i] > ' ' && text.data[i] != '#' && text.data[i] != 0x7f);
  }
  ab_buffer_free(&target);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  const char *data = (const char *)input;
  struct ab_field fields[MAX_FIELDS];
  size_t count = 0;
  struct ab_request request = {.action = take(&data, &size), .body = fields, .query = fields};
  while (size > 0 && count < MAX_FIELDS) {
    fields[count].name = take(&data, &size);
    fields[count].value = take(&data, &size);
    count++;
  }
  request.body_count = count;
  request.query_count = count;
  struct ab_form *form = ab_form_new(&ab_default_allocator, &request, key);
  require(form != NULL);
  size_t at = 0;
  require_pair(form->body, &at, ab_text_of("Authorization"), ab_text_of("Bearer akm key&=%+"));
  for (size_t i = 0; i < count; i++) {
    require_mark(form->body, &at, '&');
    require_pair(form->body, &at, fields[i].name, fields[i].value);
  }
  require(at == form->body.size);
  require_target(form);
  ab_form_free(form);
  return 0;
}
