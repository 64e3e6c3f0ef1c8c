/* Retry decisions by tables: what is repeated, how long it waits, what it costs. */
#include "check.h"
#include "retry.h"

#include <string.h>

static struct ab_text text(const char *string) {
  return (struct ab_text){string, strlen(string)};
}

static const struct ab_retry_policy policy = {3, 500000, 20000000};

static int64_t decide(struct ab_retry_case what) {
  struct ab_retry_budget budget;
  ab_retry_budget_init(&budget);
  return ab_retry_wait_us(&policy, &budget, &what);
}

struct kind {
  const char *name;
  enum ab_error error;
  int http_status;
  const char *code;
  bool sent;
  bool read;   /* whether a read is repeated */
  bool change; /* whether what changes something is */
};

static const struct kind kinds[] = {
    {"no address", AB_RESOLVE_FAILED, 0, "", false, true, true},
    {"no connection", AB_CONNECT_FAILED, 0, "", false, true, true},
    {"no trust", AB_TLS_FAILED, 0, "", false, false, false},
    {"reset in the handshake", AB_RECEIVE_FAILED, 0, "", false, true, true},
    {"lost while sending", AB_SEND_FAILED, 0, "", true, true, false},
    {"lost answer", AB_RECEIVE_FAILED, 0, "", true, true, false},
    {"no answer", AB_TIMEOUT, 0, "", true, true, false},
    {"HTTP 400", AB_SERVICE_ERROR, 400, "InvalidParameter", true, false, false},
    {"HTTP 403", AB_HTTP_STATUS, 403, "", true, false, false},
    {"HTTP 404", AB_SERVICE_ERROR, 404, "InvalidAction.NotFound", true, false, false},
    {"HTTP 408", AB_HTTP_STATUS, 408, "", true, true, false},
    {"HTTP 429", AB_HTTP_STATUS, 429, "", true, true, true},
    {"throttling with HTTP 400", AB_SERVICE_ERROR, 400, "Throttling.User", true, true, true},
    {"throttling with HTTP 200", AB_SERVICE_ERROR, 200, "Throttling", true, true, true},
    {"HTTP 500", AB_SERVICE_ERROR, 500, "InternalError", true, true, false},
    {"HTTP 501", AB_HTTP_STATUS, 501, "", true, false, false},
    {"HTTP 502", AB_HTTP_STATUS, 502, "", true, true, false},
    {"HTTP 503", AB_HTTP_STATUS, 503, "", true, true, true},
    {"HTTP 504", AB_HTTP_STATUS, 504, "", true, true, false},
    {"a refusal", AB_SERVICE_ERROR, 200, "PathAlreadyBound", true, false, false},
    {"a refusal without a code", AB_REFUSED, 200, "", true, false, false},
    {"nonsense", AB_MALFORMED_RESPONSE, 200, "", true, false, false},
    {"too much", AB_RESPONSE_TOO_LARGE, 200, "", true, false, false},
    {"cancelled", AB_CANCELLED, 0, "", true, false, false},
    {"closed", AB_CLOSED, 0, "", true, false, false},
    {"no memory", AB_OUT_OF_MEMORY, 0, "", false, false, false},
    {"a full disk", AB_FILE_FAILED, 0, "", true, false, false},
};

static void test_kinds(void) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    const struct kind *kind = &kinds[i];
    struct ab_retry_case what = {
        .error = kind->error,
        .http_status = kind->http_status,
        .code = text(kind->code),
        .sent = kind->sent,
        .attempts = 1,
        .left_us = INT64_MAX,
    };
    CHECK_INT(kind->name, kind->change, decide(what) >= 0);
    what.repeatable = true;
    CHECK_INT(kind->name, kind->read, decide(what) >= 0);
  }
}

static int64_t wait_of(unsigned attempts, int http_status, double random) {
  return decide((struct ab_retry_case){.error = AB_HTTP_STATUS,
                                       .http_status = http_status,
                                       .repeatable = true,
                                       .sent = true,
                                       .attempts = attempts,
                                       .left_us = INT64_MAX,
                                       .random = random});
}

static void test_waits(void) {
  CHECK_INT("the wait may be nothing", 0, wait_of(1, 500, 0));
  CHECK_INT("the first bound is the base", 250000, wait_of(1, 500, 0.5));
  CHECK_INT("the second is twice that", 500000, wait_of(2, 500, 0.5));
  CHECK_INT("three attempts are enough", -1, wait_of(3, 500, 0.5));
  CHECK_INT("throttling begins with twice the base", 500000, wait_of(1, 429, 0.5));
  const struct ab_retry_policy many = {1000, 500000, 20000000};
  struct ab_retry_budget budget;
  ab_retry_budget_init(&budget);
  const struct ab_retry_case late = {
      .error = AB_CONNECT_FAILED, .attempts = 900, .left_us = INT64_MAX, .random = 0.5};
  CHECK_INT("the bound is capped", 10000000, ab_retry_wait_us(&many, &budget, &late));
  const struct ab_retry_policy once = {1, 500000, 20000000};
  const struct ab_retry_case first = {.error = AB_CONNECT_FAILED, .attempts = 1, .left_us = 1};
  CHECK_INT("one attempt is never repeated", -1, ab_retry_wait_us(&once, &budget, &first));
}

static void test_what_is_asked_for(void) {
  struct ab_retry_case what = {.error = AB_HTTP_STATUS,
                               .http_status = 503,
                               .sent = true,
                               .attempts = 1,
                               .retry_after_us = 3000000,
                               .left_us = 4000000,
                               .random = 0.5};
  CHECK_INT("what the service asks for is waited for", 3000000, decide(what));
  what.retry_after_us = 1;
  CHECK_INT("but no less than our own wait", 250000, decide(what));
  what.retry_after_us = 4000000;
  CHECK_INT("nothing is repeated after the deadline", -1, decide(what));
}

static void test_budget(void) {
  struct ab_retry_budget budget;
  ab_retry_budget_init(&budget);
  const struct ab_retry_case what = {
      .error = AB_CONNECT_FAILED, .attempts = 1, .left_us = INT64_MAX};
  int repeats = 0;
  while (repeats < 1000 && ab_retry_wait_us(&policy, &budget, &what) >= 0) {
    repeats++;
  }
  CHECK_INT("a full budget is for a hundred repeats", 100, repeats);
  for (int i = 0; i < 5; i++) {
    ab_retry_succeeded(&budget, 1);
  }
  CHECK("five successes pay for one more", ab_retry_wait_us(&policy, &budget, &what) >= 0);
  CHECK_INT("and for no second one", -1, ab_retry_wait_us(&policy, &budget, &what));
  ab_retry_succeeded(&budget, 2);
  CHECK("a repeat that succeeds gives back what it took",
        ab_retry_wait_us(&policy, &budget, &what) >= 0);
  for (int i = 0; i < 2000; i++) {
    ab_retry_succeeded(&budget, 1);
  }
  CHECK_INT("it never holds more than at first", 500, budget.tokens);
  struct ab_retry_case slow = what;
  slow.error = AB_TIMEOUT;
  slow.repeatable = true;
  ab_retry_wait_us(&policy, &budget, &slow);
  CHECK_INT("a time-out costs twice as much", 490, budget.tokens);
}

static void test_options(void) {
  struct ab_retry_policy made = ab_retry_policy_of(&(struct ab_retry_options){0, 0, 0});
  CHECK_INT("three attempts by default", 3, made.max_attempts);
  CHECK_INT("half a second by default", 500000, made.base_us);
  CHECK_INT("twenty seconds by default", 20000000, made.cap_us);
  made = ab_retry_policy_of(&(struct ab_retry_options){1, 2, 3});
  CHECK("or as it was asked for",
        made.max_attempts == 1 && made.base_us == 2000 && made.cap_us == 3000);
}

int main(void) {
  test_kinds();
  test_waits();
  test_what_is_asked_for();
  test_budget();
  test_options();
  return check_failures() > 0;
}
