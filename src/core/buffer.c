#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ab_buffer_init(struct ab_buffer *buffer, const struct ab_allocator *allocator, size_t limit,
                    bool secret) {
  *buffer = (struct ab_buffer){.allocator = allocator, .limit = limit, .secret = secret};
}

void ab_buffer_clear(struct ab_buffer *buffer) {
  if (buffer->secret && buffer->data != NULL) {
    ab_wipe(buffer->data, buffer->size);
  }
  buffer->size = 0;
  buffer->status = AB_BUFFER_OK;
}

void ab_buffer_free(struct ab_buffer *buffer) {
  ab_buffer_clear(buffer);
  ab_free(buffer->allocator, buffer->data);
  buffer->data = NULL;
  buffer->capacity = 0;
}

/* Not realloc for secrets: it would leave a copy of them behind. */
static char *grown(struct ab_buffer *buffer, size_t capacity) {
  if (!buffer->secret) {
    return ab_resize_array(buffer->allocator, buffer->data, capacity, 1);
  }
  char *data = ab_resize_array(buffer->allocator, NULL, capacity, 1);
  if (data != NULL && buffer->data != NULL) {
    memcpy(data, buffer->data, buffer->size);
    ab_wipe(buffer->data, buffer->size);
    ab_free(buffer->allocator, buffer->data);
  }
  return data;
}

/* One byte more than asked for, so that a NUL always fits. */
static enum ab_buffer_status reserve(struct ab_buffer *buffer, size_t more) {
  if (more > buffer->limit - buffer->size) {
    return AB_BUFFER_FULL;
  }
  size_t needed = buffer->size + more + 1;
  if (needed <= buffer->capacity) {
    return AB_BUFFER_OK;
  }
  size_t capacity = buffer->capacity < 128 ? 128 : buffer->capacity;
  while (capacity < needed) {
    capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
  }
  char *data = grown(buffer, capacity);
  if (data == NULL) {
    return AB_BUFFER_NO_MEMORY;
  }
  buffer->data = data;
  buffer->capacity = capacity;
  return AB_BUFFER_OK;
}

enum ab_buffer_status ab_buffer_append(struct ab_buffer *buffer, const char *data, size_t size) {
  if (buffer->status != AB_BUFFER_OK || size == 0) {
    return buffer->status;
  }
  buffer->status = reserve(buffer, size);
  if (buffer->status == AB_BUFFER_OK) {
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
  }
  return buffer->status;
}

enum ab_buffer_status ab_buffer_append_text(struct ab_buffer *buffer, struct ab_text text) {
  return ab_buffer_append(buffer, text.data, text.size);
}

enum ab_buffer_status ab_buffer_append_string(struct ab_buffer *buffer, const char *text) {
  return ab_buffer_append(buffer, text, strlen(text));
}

enum ab_buffer_status ab_buffer_append_format(struct ab_buffer *buffer, const char *format, ...) {
  char piece[256];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(piece, sizeof piece, format, arguments);
  va_end(arguments);
  if (length < 0) {
    return buffer->status;
  }
  size_t size = (size_t)length < sizeof piece ? (size_t)length : sizeof piece - 1;
  return ab_buffer_append(buffer, piece, size);
}

const char *ab_buffer_string(struct ab_buffer *buffer) {
  if (buffer->status == AB_BUFFER_OK && buffer->data == NULL) {
    buffer->status = reserve(buffer, 0);
  }
  if (buffer->status != AB_BUFFER_OK || buffer->data == NULL) {
    return NULL;
  }
  buffer->data[buffer->size] = '\0';
  return buffer->data;
}

struct ab_text ab_buffer_text(const struct ab_buffer *buffer) {
  return (struct ab_text){buffer->data, buffer->size};
}
