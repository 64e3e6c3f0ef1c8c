/*
 * Answers with transfers, read from their bytes: without Lua, into memory that is used again for
 * the next answer.
 */
#ifndef BINDING_TRANSFERS_H
#define BINDING_TRANSFERS_H

#include "agentbay.h"

/* The last answer that was read. */
struct transfers {
  const struct ab_allocator *allocator; /* NULL: the C library's */
  struct ab_task *tasks;
  size_t count;
  size_t capacity;
  char *room; /* the texts that had escapes in them */
  size_t room_size;
  int item; /* where the reader is: Data.ContextStatus[item].data[task]; 0: not in a list */
  int task;
  bool no_memory;
  char problem[128];
};

void transfers_free(struct transfers *transfers);

/*
 * Reads a body: envelope and, unless Success is false, tasks. `reply` is valid as long as the
 * body, and until this is called again.
 */
enum ab_decoded transfers_read(struct transfers *transfers, struct ab_text body,
                               struct ab_reply *reply);

#endif
