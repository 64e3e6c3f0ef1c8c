/*
 * The sockets that libcurl wants watched: waited for with poll(2), and, once somebody asks for
 * it, shown to other event loops as one descriptor. Knows nothing of HTTP.
 */
#ifndef AB_POLLER_H
#define AB_POLLER_H

#include "memory.h"
#include "mirror.h"

#include <poll.h>

struct ab_poller {
  const struct ab_allocator *allocator;
  struct pollfd *sockets;
  size_t count;
  size_t capacity;
  size_t turn;    /* the socket to be looked at first: whoever was served last waits longest */
  int descriptor; /* epoll or kqueue over the same sockets; -1: nobody asked */
};

void ab_poller_init(struct ab_poller *poller, const struct ab_allocator *allocator);
void ab_poller_free(struct ab_poller *poller);

/* Makes room for `count` sockets in all; false when there is no memory. */
bool ab_poller_reserve(struct ab_poller *poller, size_t count);

/* Sets the AB_WATCH_* bits of a socket; AB_WATCH_NONE forgets it. False: no memory. */
bool ab_poller_watch(struct ab_poller *poller, int socket, int events);

void ab_poller_forget_all(struct ab_poller *poller);

/* A descriptor that is readable while a socket is ready; -1 where there is none to be had. */
int ab_poller_descriptor(struct ab_poller *poller);

/*
 * Waits until a socket is ready or `wait_us` is over (0: not at all; INT64_MAX: no limit).
 * The number of ready sockets, or -1 on a signal.
 */
int ab_poller_wait(struct ab_poller *poller, int64_t wait_us);

/* Takes one ready socket of the last wait, with its AB_WATCH_* bits; false if none is left. */
bool ab_poller_take_ready(struct ab_poller *poller, int *socket, int *events);

#endif
