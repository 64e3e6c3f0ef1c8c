#include "random.h"

#include "clock.h"

#include <sys/random.h>
#include <unistd.h>

void ab_random_bytes(unsigned char *bytes, size_t size) {
  if (getentropy(bytes, size) == 0) {
    return;
  }
  /* A nonce must be new, not secret: time and process are enough to make it so. */
  uint64_t state = (uint64_t)ab_clock_monotonic_us() ^ ((uint64_t)getpid() << 40) ^
                   ((uint64_t)ab_clock_unix_seconds() << 20);
  for (size_t i = 0; i < size; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = (unsigned char)(state >> 56);
  }
}
