#include "memory.h"

#include <stdlib.h>
#include <string.h>

static void *resize_with_libc(void *user, void *block, size_t size) {
  (void)user;
  if (size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, size);
}

const struct ab_allocator ab_default_allocator = {resize_with_libc, NULL};

void *ab_resize_array(const struct ab_allocator *allocator, void *block, size_t count,
                      size_t element_size) {
  if (count == 0 || element_size == 0 || count > SIZE_MAX / element_size) {
    return NULL;
  }
  return allocator->resize(allocator->user, block, count * element_size);
}

void *ab_new_zeroed(const struct ab_allocator *allocator, size_t size) {
  void *block = ab_resize_array(allocator, NULL, size, 1);
  if (block != NULL) {
    memset(block, 0, size);
  }
  return block;
}

void ab_free(const struct ab_allocator *allocator, void *block) {
  if (block != NULL) {
    allocator->resize(allocator->user, block, 0);
  }
}

/* Read anew for each call, so that no compiler can know what it calls and leave it out. */
static void *(*const volatile set_bytes)(void *block, int byte, size_t size) = memset;

void ab_wipe(void *block, size_t size) {
  if (size > 0) {
    set_bytes(block, 0, size);
  }
}

char *ab_copy_text(const struct ab_allocator *allocator, struct ab_text text) {
  char *copy = ab_resize_array(allocator, NULL, text.size + 1, 1);
  if (copy == NULL) {
    return NULL;
  }
  if (text.size > 0) {
    memcpy(copy, text.data, text.size);
  }
  copy[text.size] = '\0';
  return copy;
}

bool ab_copy_optional(const struct ab_allocator *allocator, const char *text, char **copy) {
  *copy = text == NULL ? NULL : ab_copy_text(allocator, ab_text_of(text));
  return text == NULL || *copy != NULL;
}

struct ab_text ab_text_of(const char *text) {
  return (struct ab_text){text, text == NULL ? 0 : strlen(text)};
}

bool ab_text_equal(struct ab_text one, struct ab_text other) {
  return one.size == other.size && (one.size == 0 || memcmp(one.data, other.data, one.size) == 0);
}
