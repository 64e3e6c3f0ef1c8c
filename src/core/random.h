/* Random bytes from the operating system, for nonces. Keeps no state, so forks are safe. */
#ifndef AB_RANDOM_H
#define AB_RANDOM_H

#include <stddef.h>

/* Fills `bytes` (at most 256); falls back on the clock where the system gives none. */
void ab_random_bytes(unsigned char *bytes, size_t size);

#endif
