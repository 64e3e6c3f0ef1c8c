#include "poller.h"

#include <limits.h>

void ab_poller_init(struct ab_poller *poller, const struct ab_allocator *allocator) {
  *poller = (struct ab_poller){.allocator = allocator, .descriptor = -1};
}

void ab_poller_free(struct ab_poller *poller) {
  ab_free(poller->allocator, poller->sockets);
  ab_mirror_close(poller->descriptor);
  ab_poller_init(poller, poller->allocator);
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

static int events_of(const struct pollfd *entry) {
  return (entry->events & POLLIN ? AB_WATCH_READ : 0) |
         (entry->events & POLLOUT ? AB_WATCH_WRITE : 0);
}

bool ab_poller_watch(struct ab_poller *poller, int socket, int events) {
  struct pollfd *entry = find(poller, socket);
  int before = entry == NULL ? AB_WATCH_NONE : events_of(entry);
  if (entry == NULL && events != AB_WATCH_NONE) {
    if (!ab_poller_reserve(poller, poller->count + 1)) {
      return false;
    }
    entry = &poller->sockets[poller->count++];
    *entry = (struct pollfd){.fd = socket};
  }
  bool mirrored = ab_mirror_change(poller->descriptor, socket, before, events);
  if (entry != NULL && events == AB_WATCH_NONE) {
    *entry = poller->sockets[--poller->count];
  } else if (entry != NULL) {
    entry->events =
        (short)((events & AB_WATCH_READ ? POLLIN : 0) | (events & AB_WATCH_WRITE ? POLLOUT : 0));
  }
  return mirrored;
}

void ab_poller_forget_all(struct ab_poller *poller) {
  while (poller->count > 0) {
    ab_poller_watch(poller, poller->sockets[0].fd, AB_WATCH_NONE);
  }
}

int ab_poller_descriptor(struct ab_poller *poller) {
  if (poller->descriptor >= 0) {
    return poller->descriptor;
  }
  poller->descriptor = ab_mirror_open();
  for (size_t i = 0; i < poller->count && poller->descriptor >= 0; i++) {
    ab_mirror_change(poller->descriptor, poller->sockets[i].fd, AB_WATCH_NONE,
                     events_of(&poller->sockets[i]));
  }
  return poller->descriptor;
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
  for (size_t looked_at = 0; looked_at < poller->count; looked_at++) {
    poller->turn = poller->turn < poller->count ? poller->turn : 0;
    struct pollfd *entry = &poller->sockets[poller->turn++];
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
