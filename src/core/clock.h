/* The two clocks: one for measuring, which never jumps, and the calendar's. */
#ifndef AB_CLOCK_H
#define AB_CLOCK_H

#include <stdint.h>

/* Microseconds since some fixed moment. */
int64_t ab_clock_monotonic_us(void);

/* Seconds since 1970, UTC. */
int64_t ab_clock_unix_seconds(void);

/* `milliseconds` as microseconds, without overflow. */
int64_t ab_clock_us_of_ms(int64_t milliseconds);

#endif
