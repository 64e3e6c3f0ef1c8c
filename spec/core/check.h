/*
 * Checks for the core's pure parts: each prints "ok - name" or "not ok - name: why". Programs
 * end with `return check_failures() > 0`.
 */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int check_failed_count;

static inline void check_report(int passed, const char *name, const char *why, int line) {
  if (passed) {
    printf("ok - %s\n", name);
  } else {
    printf("not ok - %s: %s (line %d)\n", name, why, line);
    check_failed_count++;
  }
}

static inline int check_failures(void) {
  return check_failed_count;
}

#define CHECK(name, condition) check_report(!!(condition), (name), #condition, __LINE__)

#define CHECK_INT(name, expected, actual)                                                         \
  do {                                                                                            \
    intmax_t check_expected = (intmax_t)(expected), check_actual = (intmax_t)(actual);            \
    char check_why[128];                                                                          \
    snprintf(check_why, sizeof check_why, "expected %" PRIdMAX ", got %" PRIdMAX, check_expected, \
             check_actual);                                                                       \
    check_report(check_expected == check_actual, (name), check_why, __LINE__);                    \
  } while (0)

#define CHECK_TEXT(name, expected, actual)                                                \
  do {                                                                                    \
    const char *check_expected = (expected), *check_actual = (actual);                    \
    char check_why[1024];                                                                 \
    snprintf(check_why, sizeof check_why, "expected \"%s\", got \"%s\"", check_expected,  \
             check_actual);                                                               \
    check_report(strcmp(check_expected, check_actual) == 0, (name), check_why, __LINE__); \
  } while (0)

#endif
