#include "poll_plan.h"

#include "clock.h"

/* Tasks appear soon or not at all, so these looks need not wait for a long interval. */
static const double settle_interval_us = 250000;

void ab_poll_plan_init(struct ab_poll_plan *plan, const struct ab_poll_options *options) {
  *plan = (struct ab_poll_plan){
      .max_attempts = options->max_attempts,
      .settle_checks = options->settle_checks,
      .first_wait_us = (double)ab_clock_us_of_ms(options->first_wait_ms),
      .interval_us = (double)ab_clock_us_of_ms(options->interval_ms),
      .backoff = options->backoff >= 1 ? options->backoff : 1,
      .elapsed_share = options->elapsed_share,
      .max_interval_us = (double)ab_clock_us_of_ms(options->max_interval_ms),
  };
}

static double capped(const struct ab_poll_plan *plan, double interval_us) {
  const double longest = (double)(INT64_MAX / 4);
  if (plan->max_interval_us > 0 && interval_us > plan->max_interval_us) {
    interval_us = plan->max_interval_us;
  }
  return interval_us < longest ? interval_us : longest;
}

static struct ab_next end(enum ab_move move) {
  return (struct ab_next){move, 0};
}

static struct ab_next look_again(const struct ab_poll_plan *plan, double wait_us) {
  if (plan->attempts >= plan->max_attempts) {
    return end(AB_MOVE_EXHAUSTED);
  }
  return (struct ab_next){AB_MOVE_CHECK, (int64_t)wait_us};
}

struct ab_next ab_poll_plan_begin(const struct ab_poll_plan *plan) {
  return look_again(plan, plan->first_wait_us);
}

/* Waits one interval; the next one is longer by the factor. */
static struct ab_next wait_interval(struct ab_poll_plan *plan, int64_t elapsed_us) {
  double share_us = plan->elapsed_share * (double)elapsed_us;
  double wait_us = capped(plan, share_us > plan->interval_us ? share_us : plan->interval_us);
  plan->interval_us = capped(plan, plan->interval_us * plan->backoff);
  return look_again(plan, wait_us);
}

/* Ended tasks that may be older are believed when there is no more looking; their absence
   is believed only after all the looks. */
static struct ab_next settle(struct ab_poll_plan *plan, enum ab_check check) {
  bool last_attempt = plan->attempts >= plan->max_attempts;
  if (plan->settled >= plan->settle_checks || (last_attempt && check != AB_CHECK_NOTHING)) {
    return end(check == AB_CHECK_UNCERTAIN_FAILED ? AB_MOVE_FAIL : AB_MOVE_SUCCEED);
  }
  plan->settled++;
  double interval_us = capped(plan, plan->interval_us);
  return look_again(plan, interval_us < settle_interval_us ? interval_us : settle_interval_us);
}

struct ab_next ab_poll_plan_checked(struct ab_poll_plan *plan, enum ab_check check,
                                    int64_t elapsed_us) {
  plan->attempts++;
  switch (check) {
  case AB_CHECK_SUCCEEDED:
    return end(AB_MOVE_SUCCEED);
  case AB_CHECK_FAILED:
    return end(AB_MOVE_FAIL);
  case AB_CHECK_NOTHING:
  case AB_CHECK_UNCERTAIN_SUCCEEDED:
  case AB_CHECK_UNCERTAIN_FAILED:
    return settle(plan, check);
  case AB_CHECK_LASTING_FAILURE:
    return end(AB_MOVE_ERROR);
  case AB_CHECK_PENDING:
    plan->settled = 0;
    break;
  case AB_CHECK_PASSING_FAILURE:
    break;
  }
  return wait_interval(plan, elapsed_us);
}
