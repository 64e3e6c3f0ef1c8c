/*
 * When a poll looks again and when it ends. A pure state machine: it is told what a check gave
 * and says what to do next; it asks no clock and sends nothing.
 *
 *   submitted ──> check ──> check ... ──> ended
 *                   ^ settling: nothing of this sync is listed yet
 */
#ifndef AB_POLL_PLAN_H
#define AB_POLL_PLAN_H

#include "agentbay.h"

/* What one status check gave. */
enum ab_check {
  AB_CHECK_PENDING,
  AB_CHECK_SUCCEEDED,
  AB_CHECK_FAILED,
  AB_CHECK_NOTHING,             /* nothing of this work is listed */
  AB_CHECK_UNCERTAIN_SUCCEEDED, /* what is listed may be older than this work */
  AB_CHECK_UNCERTAIN_FAILED,
  AB_CHECK_PASSING_FAILURE,
  AB_CHECK_LASTING_FAILURE
};

enum ab_move {
  AB_MOVE_CHECK, /* after wait_us */
  AB_MOVE_SUCCEED,
  AB_MOVE_FAIL,     /* the work failed */
  AB_MOVE_ERROR,    /* the check's own error ends it */
  AB_MOVE_EXHAUSTED /* no attempts are left */
};

struct ab_next {
  enum ab_move move;
  int64_t wait_us;
};

struct ab_poll_plan {
  unsigned max_attempts;
  unsigned attempts; /* checks made */
  unsigned settle_checks;
  unsigned settled; /* checks in a row that showed nothing certain */
  double first_wait_us;
  double interval_us;
  double backoff;
  double max_interval_us; /* 0: none */
  double elapsed_share;   /* of the elapsed time that an interval lasts at least; 0: none */
};

void ab_poll_plan_init(struct ab_poll_plan *plan, const struct ab_poll_options *options);

/* The first move, once the work has been accepted. */
struct ab_next ab_poll_plan_begin(const struct ab_poll_plan *plan);

/* The move after a check, so long after the acceptance; counts it. */
struct ab_next ab_poll_plan_checked(struct ab_poll_plan *plan, enum ab_check check,
                                    int64_t elapsed_us);

#endif
