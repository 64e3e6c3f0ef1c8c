/*
 * One descriptor that stands for many sockets, for event loops that are not ours: epoll or
 * kqueue, whatever the system has. It only shows that a socket is ready, never which.
 */
#ifndef AB_MIRROR_H
#define AB_MIRROR_H

#include <stdbool.h>

enum { AB_WATCH_NONE = 0, AB_WATCH_READ = 1, AB_WATCH_WRITE = 2 };

/* A new descriptor; -1 where the system has none, or no room for one. */
int ab_mirror_open(void);
void ab_mirror_close(int descriptor);

/* Tells of a socket that was watched for `before` and now is for `after`; no matter if -1. */
bool ab_mirror_change(int descriptor, int socket, int before, int after);

#endif
