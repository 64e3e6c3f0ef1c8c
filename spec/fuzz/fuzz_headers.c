/*
 * The headers of answers, line by line as libcurl hands them over: dates, checksums, throttling,
 * and the bounds. The callback is libcurl's to call and known to its file only, so that is
 * included.
 */
#include "../../src/core/exchange.c"

#include <stdlib.h>

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  struct ab_exchange exchange = {.allocator = &ab_default_allocator};
  size_t total = 0;
  while (size > 0) {
    const uint8_t *end = memchr(input, '\n', size);
    size_t length = end == NULL ? size : (size_t)(end - input) + 1;
    /* A copy of its own, so that the sanitizer sees what is read beyond it. */
    char *line = malloc(length);
    require(line != NULL);
    memcpy(line, input, length);
    size_t taken = on_header(line, 1, length, &exchange);
    free(line);
    total += length;
    require(taken == (total > MAX_HEADER_BYTES ? 0 : length));
    require(exchange.date_seconds >= 0 && exchange.time_left_ms >= 0);
    if (taken == 0) {
      break;
    }
    input += length;
    size -= length;
  }
  return 0;
}
