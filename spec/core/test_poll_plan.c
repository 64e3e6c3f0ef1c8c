/* When a poll looks again, and when it ends. */
#include "check.h"
#include "poll_plan.h"

enum { MAX_CHECKS = 8 };

struct plan_case {
  const char *name;
  unsigned max_attempts, settle_checks;
  int64_t interval_ms;
  double backoff;
  int64_t max_interval_ms;
  enum ab_check checks[MAX_CHECKS];
  size_t check_count;
  int64_t waits_ms[MAX_CHECKS]; /* after each check but the last */
  enum ab_move end;
};

#define P AB_CHECK_PENDING
#define N AB_CHECK_NOTHING
#define F AB_CHECK_PASSING_FAILURE

static const struct plan_case cases[] = {
    {"a success ends it at once", 9, 2, 1500, 1, 0, {AB_CHECK_SUCCEEDED}, 1, {0}, AB_MOVE_SUCCEED},
    {"a failure ends it at once", 9, 2, 1500, 1, 0, {AB_CHECK_FAILED}, 1, {0}, AB_MOVE_FAIL},
    {"a lasting failure ends it with its error",
     9,
     2,
     1500,
     1,
     0,
     {P, AB_CHECK_LASTING_FAILURE},
     2,
     {1500},
     AB_MOVE_ERROR},
    {"the interval stays the same",
     9,
     2,
     1500,
     1,
     0,
     {P, P, P, AB_CHECK_SUCCEEDED},
     4,
     {1500, 1500, 1500},
     AB_MOVE_SUCCEED},
    {"the interval grows by the factor",
     9,
     2,
     100,
     2,
     0,
     {P, P, P, AB_CHECK_SUCCEEDED},
     4,
     {100, 200, 400},
     AB_MOVE_SUCCEED},
    {"the interval grows up to its limit",
     9,
     2,
     100,
     2,
     300,
     {P, P, P, P, AB_CHECK_SUCCEEDED},
     5,
     {100, 200, 300, 300},
     AB_MOVE_SUCCEED},
    {"a passing failure costs an attempt", 2, 2, 100, 1, 0, {F, F}, 2, {100}, AB_MOVE_EXHAUSTED},
    {"no attempts are left after the last one",
     3,
     2,
     100,
     1,
     0,
     {P, P, P},
     3,
     {100, 100},
     AB_MOVE_EXHAUSTED},
    {"nothing listed is looked at soon, twice more",
     9,
     2,
     1500,
     1,
     0,
     {N, N, N},
     3,
     {250, 250},
     AB_MOVE_SUCCEED},
    {"settling is no slower than the interval",
     9,
     2,
     40,
     1,
     0,
     {N, N, N},
     3,
     {40, 40},
     AB_MOVE_SUCCEED},
    {"settling begins anew after something ran",
     9,
     1,
     100,
     1,
     0,
     {N, P, N, N},
     4,
     {100, 100, 100},
     AB_MOVE_SUCCEED},
    {"without settle checks nothing is a success at once",
     9,
     0,
     100,
     1,
     0,
     {N},
     1,
     {0},
     AB_MOVE_SUCCEED},
    {"nothing is no success when the attempts are over",
     1,
     2,
     100,
     1,
     0,
     {N},
     1,
     {0},
     AB_MOVE_EXHAUSTED},
    {"an uncertain success is believed after settling",
     9,
     1,
     100,
     1,
     0,
     {AB_CHECK_UNCERTAIN_SUCCEEDED, AB_CHECK_UNCERTAIN_SUCCEEDED},
     2,
     {100},
     AB_MOVE_SUCCEED},
    {"an uncertain failure is believed after settling",
     9,
     1,
     100,
     1,
     0,
     {AB_CHECK_UNCERTAIN_FAILED, AB_CHECK_UNCERTAIN_FAILED},
     2,
     {100},
     AB_MOVE_FAIL},
    {"an uncertain success is believed when attempts are over",
     1,
     2,
     100,
     1,
     0,
     {AB_CHECK_UNCERTAIN_SUCCEEDED},
     1,
     {0},
     AB_MOVE_SUCCEED},
    {"a huge factor doesn't overflow",
     9,
     2,
     1000,
     1e300,
     0,
     {P, P, P, AB_CHECK_SUCCEEDED},
     4,
     {1000, -1, -1},
     AB_MOVE_SUCCEED},
};

static bool run_case(const struct plan_case *c, enum ab_move *end) {
  struct ab_poll_options options = {
      .max_attempts = c->max_attempts,
      .interval_ms = c->interval_ms,
      .backoff = c->backoff,
      .max_interval_ms = c->max_interval_ms,
      .settle_checks = c->settle_checks,
  };
  struct ab_poll_plan plan;
  ab_poll_plan_init(&plan, &options);
  struct ab_next next = ab_poll_plan_begin(&plan);
  if (next.move != AB_MOVE_CHECK || next.wait_us != 0) {
    return false;
  }
  for (size_t i = 0; i < c->check_count; i++) {
    next = ab_poll_plan_checked(&plan, c->checks[i], 0);
    bool last = i + 1 == c->check_count;
    if (plan.attempts != i + 1 || last == (next.move == AB_MOVE_CHECK)) {
      return false;
    }
    bool any_wait = c->waits_ms[i] < 0;
    if (!last && (next.wait_us < 0 || (!any_wait && next.wait_us != c->waits_ms[i] * 1000))) {
      return false;
    }
  }
  *end = next.move;
  return true;
}

int main(void) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    enum ab_move end = AB_MOVE_CHECK;
    bool as_planned = run_case(&cases[i], &end);
    CHECK_INT(cases[i].name, cases[i].end, as_planned ? end : AB_MOVE_CHECK);
  }
  struct ab_poll_plan adaptive;
  ab_poll_plan_init(&adaptive, &(struct ab_poll_options){.max_attempts = 99,
                                                         .first_wait_ms = 7,
                                                         .interval_ms = 200,
                                                         .backoff = 1,
                                                         .max_interval_ms = 5000,
                                                         .elapsed_share = 0.1});
  CHECK_INT("the first wait is as given", 7000, ab_poll_plan_begin(&adaptive).wait_us);
  static const struct {
    const char *name;
    int64_t elapsed_us, wait_us;
  } adaptive_cases[] = {
      {"an adaptive interval is no shorter than the least", 1000000, 200000},
      {"it is a share of the time elapsed", 20000000, 2000000},
      {"it is no longer than the most", 600000000, 5000000},
  };
  for (size_t i = 0; i < sizeof adaptive_cases / sizeof adaptive_cases[0]; i++) {
    CHECK_INT(
        adaptive_cases[i].name, adaptive_cases[i].wait_us,
        ab_poll_plan_checked(&adaptive, AB_CHECK_PENDING, adaptive_cases[i].elapsed_us).wait_us);
  }
  struct ab_poll_plan none;
  ab_poll_plan_init(&none, &(struct ab_poll_options){.max_attempts = 0});
  CHECK_INT("no attempts: no check at all", AB_MOVE_EXHAUSTED, ab_poll_plan_begin(&none).move);
  return check_failures() > 0;
}
