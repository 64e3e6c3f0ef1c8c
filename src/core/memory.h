/*
 * Memory of the core: every allocation goes through the loop's allocator, so that each one can
 * be made to fail. Never call malloc, realloc, strdup or free elsewhere in the core.
 */
#ifndef AB_MEMORY_H
#define AB_MEMORY_H

#include "agentbay.h"

/* The C library's allocator. */
extern const struct ab_allocator ab_default_allocator;

/* A zeroed block, or NULL. */
void *ab_new_zeroed(const struct ab_allocator *allocator, size_t size);

/* `block` with room for `count` elements, or NULL (`block` is then as it was). */
void *ab_resize_array(const struct ab_allocator *allocator, void *block, size_t count,
                      size_t element_size);

void ab_free(const struct ab_allocator *allocator, void *block);

/* Overwrites memory that held a secret, in a way that no compiler removes. */
void ab_wipe(void *block, size_t size);

/* A NUL-terminated copy of `text`, or NULL when there is no memory. */
char *ab_copy_text(const struct ab_allocator *allocator, struct ab_text text);

/* As ab_copy_text for a C string that may be NULL: NULL stays NULL and is no failure. */
bool ab_copy_optional(const struct ab_allocator *allocator, const char *text, char **copy);

struct ab_text ab_text_of(const char *text);
bool ab_text_equal(struct ab_text one, struct ab_text other);

#endif
