#include "poller.h"

#include <limits.h>

void ab_poller_init(struct ab_poller *poller, const struct ab_allocator *allocator) {
  *poller = (struct ab_poller){.allocator = allocator};
}

void ab_poller_free(struct ab_poller *poller) {
  ab_free(poller->allocator, poller->sockets);
  *poller = (struct ab_poller){.allocator = poller->allocator};
}

bool ab_poller_reserve(struct ab_poller *poller, size_t count) {
  if (count <= poller->capacity) {
    return true;
  }
  size_t capacity = count < 16 ? 16 : count * 2;
  struct pollfd *sockets =
      ab_resize_array(poller->allocator, poller->sockets, capacity, sizeof(struct pollfd));
  if (sockets == NULL) {
    return false;
  }
  poller->sockets = sockets;
  poller->capacity = capacity;
  return true;
}

static struct pollfd *find(struct ab_poller *poller, int socket) {
  for (size_t i = 0; i < poller->count; i++) {
    if (poller->sockets[i].fd == socket) {
      return &poller->sockets[i];
    }
  }
  return NULL;
}

bool ab_poller_watch(struct ab_poller *poller, int socket, int events) {
  struct pollfd *entry = find(poller, socket);
  if (events == AB_WATCH_NONE) {
    if (entry != NULL) {
      *entry = poller->sockets[--poller->count];
    }
    return true;
  }
  if (entry == NULL) {
    if (!ab_poller_reserve(poller, poller->count + 1)) {
      return false;
    }
    entry = &poller->sockets[poller->count++];
    *entry = (struct pollfd){.fd = socket};
  }
  entry->events =
      (short)((events & AB_WATCH_READ ? POLLIN : 0) | (events & AB_WATCH_WRITE ? POLLOUT : 0));
  return true;
}

/* Rounded up: waking before a deadline would only mean waiting once more. */
static int milliseconds_of(int64_t wait_us) {
  if (wait_us == INT64_MAX) {
    return -1;
  }
  int64_t milliseconds = wait_us / 1000 + (wait_us % 1000 > 0);
  return milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
}

int ab_poller_wait(struct ab_poller *poller, int64_t wait_us) {
  if (poller->count == 0 && wait_us == 0) {
    return 0;
  }
  return poll(poller->sockets, (nfds_t)poller->count, milliseconds_of(wait_us));
}

bool ab_poller_take_ready(struct ab_poller *poller, int *socket, int *events) {
  for (size_t i = 0; i < poller->count; i++) {
    struct pollfd *entry = &poller->sockets[i];
    short ready = entry->revents;
    if (ready != 0) {
      entry->revents = 0;
      *socket = entry->fd;
      /* An error or hang-up is what libcurl finds out by reading or writing. */
      *events = (ready & ~POLLOUT ? AB_WATCH_READ : 0) | (ready & ~POLLIN ? AB_WATCH_WRITE : 0);
      return true;
    }
  }
  return false;
}
