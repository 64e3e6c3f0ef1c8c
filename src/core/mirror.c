#include "mirror.h"

#include <stddef.h>
#include <unistd.h>

void ab_mirror_close(int descriptor) {
  if (descriptor >= 0) {
    close(descriptor);
  }
}

#if defined(__linux__)

#include <sys/epoll.h>

int ab_mirror_open(void) {
  return epoll_create1(EPOLL_CLOEXEC);
}

bool ab_mirror_change(int descriptor, int socket, int before, int after) {
  if (descriptor < 0 || before == after) {
    return true;
  }
  struct epoll_event event = {
      .events = (after & AB_WATCH_READ ? (unsigned)EPOLLIN : 0u) |
                (after & AB_WATCH_WRITE ? (unsigned)EPOLLOUT : 0u),
      .data.fd = socket,
  };
  if (after == AB_WATCH_NONE) {
    epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, &event); /* a closed socket has left by itself */
    return true;
  }
  return epoll_ctl(descriptor, before == AB_WATCH_NONE ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket,
                   &event) == 0;
}

#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__)

#include <sys/types.h>

#include <sys/event.h>
#include <sys/time.h>

int ab_mirror_open(void) {
  return kqueue();
}

static bool change_filter(int descriptor, int socket, short filter, bool before, bool after) {
  struct kevent event;
  if (before == after) {
    return true;
  }
  EV_SET(&event, (uintptr_t)socket, filter, after ? EV_ADD : EV_DELETE, 0, 0, NULL);
  return kevent(descriptor, &event, 1, NULL, 0, NULL) == 0 || !after;
}

bool ab_mirror_change(int descriptor, int socket, int before, int after) {
  if (descriptor < 0) {
    return true;
  }
  bool reads =
      change_filter(descriptor, socket, EVFILT_READ, before & AB_WATCH_READ, after & AB_WATCH_READ);
  bool writes = change_filter(descriptor, socket, EVFILT_WRITE, before & AB_WATCH_WRITE,
                              after & AB_WATCH_WRITE);
  return reads && writes;
}

#else

int ab_mirror_open(void) {
  return -1;
}

bool ab_mirror_change(int descriptor, int socket, int before, int after) {
  (void)descriptor;
  (void)socket;
  (void)before;
  (void)after;
  return true;
}

#endif
