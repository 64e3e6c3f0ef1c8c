#include "disk_file.h"

#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool failed(struct ab_disk_file *file, const char *why, int problem) {
  if (file->why == NULL) {
    file->why = why;
    file->problem = problem;
  }
  return false;
}

void ab_disk_file_init(struct ab_disk_file *file, const struct ab_allocator *allocator,
                       const char *path) {
  *file = (struct ab_disk_file){.allocator = allocator, .path = path, .descriptor = -1};
}

/* ---- reading --------------------------------------------------------------------------------- */

bool ab_disk_file_open(struct ab_disk_file *file) {
  /* Without O_NONBLOCK the opening of a FIFO would wait for a writer. */
  file->descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file->descriptor < 0 || fstat(file->descriptor, &file->at_start) != 0) {
    return failed(file, "can't read", errno);
  }
  if (!S_ISREG(file->at_start.st_mode)) {
    return failed(file, "not a plain file:", 0);
  }
  return true;
}

int64_t ab_disk_file_read(struct ab_disk_file *file, char *room, size_t size) {
  ssize_t count;
  do {
    count = read(file->descriptor, room, size);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    failed(file, "can't read", errno);
  }
  return (int64_t)count;
}

bool ab_disk_file_rewind(struct ab_disk_file *file) {
  return lseek(file->descriptor, 0, SEEK_SET) == 0 || failed(file, "can't read again", errno);
}

bool ab_disk_file_unchanged(struct ab_disk_file *file) {
  struct stat now;
  if (fstat(file->descriptor, &now) != 0) {
    return failed(file, "can't read", errno);
  }
  if (now.st_size != file->at_start.st_size || now.st_mtime != file->at_start.st_mtime) {
    return failed(file, "changed while it was read:", 0);
  }
  return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Beside the target, so that it can be renamed; a name that nobody can have guessed. */
static char *part_path(const struct ab_disk_file *file) {
  unsigned char random[8];
  struct ab_buffer name;
  ab_random_bytes(random, sizeof random);
  ab_buffer_init(&name, file->allocator, SIZE_MAX / 4, false);
  ab_buffer_append_string(&name, file->path);
  ab_buffer_append_string(&name, ".");
  for (size_t i = 0; i < sizeof random; i++) {
    ab_buffer_append_format(&name, "%02x", random[i]);
  }
  ab_buffer_append_string(&name, ".part");
  const char *text = ab_buffer_string(&name);
  char *path = text == NULL ? NULL : ab_copy_text(file->allocator, ab_text_of(text));
  ab_buffer_free(&name);
  return path;
}

bool ab_disk_file_create(struct ab_disk_file *file) {
  struct stat target;
  if (stat(file->path, &target) == 0 && !S_ISREG(target.st_mode)) {
    return failed(file, "not a plain file:", 0);
  }
  char *part = part_path(file);
  if (part == NULL) {
    return failed(file, "can't write", ENOMEM);
  }
  file->descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (file->descriptor < 0) {
    int problem = errno;
    ab_free(file->allocator, part);
    return failed(file, "can't write", problem);
  }
  file->part = part;
  return true;
}

bool ab_disk_file_write(struct ab_disk_file *file, const char *data, size_t size) {
  while (size > 0) {
    ssize_t count = write(file->descriptor, data, size);
    if (count < 0 && errno != EINTR) {
      return failed(file, "can't write", errno);
    }
    if (count > 0) {
      data += count;
      size -= (size_t)count;
    }
  }
  return true;
}

bool ab_disk_file_truncate(struct ab_disk_file *file) {
  return (ftruncate(file->descriptor, 0) == 0 && lseek(file->descriptor, 0, SEEK_SET) == 0) ||
         failed(file, "can't write", errno);
}

bool ab_disk_file_commit(struct ab_disk_file *file) {
  int descriptor = file->descriptor;
  file->descriptor = -1;
  /* Some file systems tell only here that there was no room. */
  if (close(descriptor) != 0 || rename(file->part, file->path) != 0) {
    return failed(file, "can't write", errno);
  }
  ab_free(file->allocator, file->part);
  file->part = NULL;
  return true;
}

/* ---- the end --------------------------------------------------------------------------------- */

void ab_disk_file_close(struct ab_disk_file *file) {
  if (file->descriptor >= 0) {
    close(file->descriptor);
    file->descriptor = -1;
  }
  if (file->part != NULL) {
    unlink(file->part);
    ab_free(file->allocator, file->part);
    file->part = NULL;
  }
}

void ab_disk_file_describe(const struct ab_disk_file *file, struct ab_buffer *text) {
  ab_buffer_append_string(text, file->why);
  ab_buffer_append_string(text, " ");
  ab_buffer_append_string(text, file->path);
  if (file->problem != 0) {
    char reason[128] = "unknown reason";
    (void)strerror_r(file->problem, reason, sizeof reason);
    ab_buffer_append_string(text, ": ");
    ab_buffer_append_string(text, reason);
  }
}
