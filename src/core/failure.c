#include "failure.h"

#include "memory.h"

#include <string.h>

static bool starts_with(struct ab_text text, const char *start) {
  size_t size = strlen(start);
  return text.size >= size && memcmp(text.data, start, size) == 0;
}

static bool contains(struct ab_text text, const char *part) {
  size_t size = strlen(part);
  for (size_t i = 0; i + size <= text.size; i++) {
    if (memcmp(text.data + i, part, size) == 0) {
      return true;
    }
  }
  return false;
}

/*
 * The service's codes are many and only some are documented. Those that speak of the request
 * itself last; HTTP tells for the others, as it does in the official SDKs' error classes.
 */
static bool service_error_lasts(int http_status, struct ab_text code) {
  static const char *const lasting[] = {"NotFound",     "NOT_LOGIN",    "Forbidden",
                                        "Unauthorized", "NoPermission", "AccessDenied"};
  if (starts_with(code, "Throttling") || http_status == 408 || http_status == 429) {
    return false;
  }
  for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++) {
    if (contains(code, lasting[i])) {
      return true;
    }
  }
  return starts_with(code, "Invalid") || (http_status >= 400 && http_status < 500);
}

bool ab_failure_lasts(enum ab_error error, int http_status, struct ab_text code) {
  switch (error) {
  case AB_SERVICE_ERROR:
  case AB_HTTP_STATUS:
    return service_error_lasts(http_status, code);
  case AB_TLS_FAILED:
  case AB_RESPONSE_TOO_LARGE:
  case AB_CANCELLED:
  case AB_CLOSED:
  case AB_OUT_OF_MEMORY:
  case AB_FILE_FAILED:
    return true;
  default:
    return false;
  }
}
