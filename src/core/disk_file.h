/*
 * One file on disk: read from its beginning to the size it had, or written beside its target and
 * put in its place once it is whole. Knows nothing of where the bytes come from.
 */
#ifndef AB_DISK_FILE_H
#define AB_DISK_FILE_H

#include "buffer.h"

#include <sys/stat.h>

struct ab_disk_file {
  const struct ab_allocator *allocator;
  const char *path; /* the owner's */
  char *part;       /* written instead of `path`; NULL: nothing is there */
  int descriptor;   /* -1: not open */
  int problem;      /* errno of what failed first; 0: nothing */
  const char *why;  /* what failed, for a person; NULL: nothing */
  struct stat at_start;
};

void ab_disk_file_init(struct ab_disk_file *file, const struct ab_allocator *allocator,
                       const char *path);

/* Opens a plain file for reading. All these give false after a failure, which the file keeps. */
bool ab_disk_file_open(struct ab_disk_file *file);

/* Reads on: gives the number of bytes, 0 at the end, -1 after a failure. */
int64_t ab_disk_file_read(struct ab_disk_file *file, char *room, size_t size);

/* Goes back to the beginning. */
bool ab_disk_file_rewind(struct ab_disk_file *file);

/* Whether it still is what it was when it was opened for reading. */
bool ab_disk_file_unchanged(struct ab_disk_file *file);

/* Begins to write a new file. */
bool ab_disk_file_create(struct ab_disk_file *file);
bool ab_disk_file_write(struct ab_disk_file *file, const char *data, size_t size);

/* Forgets what was written so far. */
bool ab_disk_file_truncate(struct ab_disk_file *file);

/* Puts what was written in the place of `path`. */
bool ab_disk_file_commit(struct ab_disk_file *file);

/* Closes, and removes what was not committed. Idempotent. */
void ab_disk_file_close(struct ab_disk_file *file);

/* Appends what failed: "can't write /tmp/x: No space left on device". */
void ab_disk_file_describe(const struct ab_disk_file *file, struct ab_buffer *text);

#endif
