#include "clock.h"

#include "agentbay.h"

#include <time.h>

int64_t ab_clock_monotonic_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t ab_now_ms(void) {
  return ab_clock_monotonic_us() / 1000;
}

int64_t ab_clock_unix_seconds(void) {
  return (int64_t)time(NULL);
}

int64_t ab_clock_us_of_ms(int64_t milliseconds) {
  /* A quarter of the range leaves room for adding the present to it. */
  const int64_t most = INT64_MAX / 4;
  return milliseconds > most / 1000 ? most : milliseconds * 1000;
}
