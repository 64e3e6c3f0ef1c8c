/* A growing run of bytes with a hard limit. Knows nothing of what the bytes mean. */
#ifndef AB_BUFFER_H
#define AB_BUFFER_H

#include "memory.h"

enum ab_buffer_status { AB_BUFFER_OK, AB_BUFFER_FULL, AB_BUFFER_NO_MEMORY };

struct ab_buffer {
  const struct ab_allocator *allocator;
  char *data;
  size_t size;
  size_t capacity;
  size_t limit;
  bool secret;                  /* wipe the bytes before the memory is given back */
  enum ab_buffer_status status; /* of the first append that failed; later ones do nothing */
};

void ab_buffer_init(struct ab_buffer *buffer, const struct ab_allocator *allocator, size_t limit,
                    bool secret);

/* Forgets the bytes and any failure, keeps the memory. */
void ab_buffer_clear(struct ab_buffer *buffer);
void ab_buffer_free(struct ab_buffer *buffer);

enum ab_buffer_status ab_buffer_append(struct ab_buffer *buffer, const char *data, size_t size);
enum ab_buffer_status ab_buffer_append_text(struct ab_buffer *buffer, struct ab_text text);
enum ab_buffer_status ab_buffer_append_string(struct ab_buffer *buffer, const char *text);

/* Appends formatted text; a single piece longer than 255 bytes is cut. */
enum ab_buffer_status ab_buffer_append_format(struct ab_buffer *buffer, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* The bytes with a NUL behind them (which isn't counted), or NULL after a failure. */
const char *ab_buffer_string(struct ab_buffer *buffer);

struct ab_text ab_buffer_text(const struct ab_buffer *buffer);

#endif
