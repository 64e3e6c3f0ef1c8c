/*
 * Whether and when a request is sent again. Pure: what happened, the time that is left and a
 * random number are given; the budget is the caller's.
 *
 * The rules, and why:
 * - Only what may pass is repeated: no connection, a broken one, no answer, HTTP 408, 429, 500,
 *   502, 503, 504, the service's codes of throttling. An answer that was understood, or that makes
 *   no sense, would only come again.
 * - A request that changes something is repeated only if it is certain that the service has not
 *   taken it: it never left, or it was turned away for now (429, 503, throttling). A lost answer
 *   is no certainty.
 * - The wait is random between nothing and a bound that doubles ("full jitter"), so that many
 *   clients that fail at once don't come back at once; throttling begins with a longer bound. What
 *   the service asks for (Retry-After) is waited for instead, if it is longer.
 * - Each repeat takes from a budget that successes fill up, so that a sick service gets few of
 *   them however many operations there are.
 * - No repeat that couldn't begin before the deadline.
 */
#ifndef AB_RETRY_H
#define AB_RETRY_H

#include "agentbay.h"

struct ab_retry_policy {
  unsigned max_attempts; /* 1: never repeats */
  int64_t base_us;
  int64_t cap_us;
};

/* 3 attempts, 500 ms, 20 s. */
struct ab_retry_policy ab_retry_policy_of(const struct ab_retry_options *options);

/* Tokens, full at first. */
struct ab_retry_budget {
  int tokens;
};

void ab_retry_budget_init(struct ab_retry_budget *budget);

/* What happened, and when. */
struct ab_retry_case {
  enum ab_error error;
  int http_status;
  struct ab_text code;    /* the service's */
  bool repeatable;        /* the request changes nothing */
  bool sent;              /* it may have arrived */
  unsigned attempts;      /* so far */
  int64_t retry_after_us; /* what the service asked for; 0: nothing */
  int64_t left_us;        /* until the deadline; INT64_MAX: there is none */
  double random;          /* 0 <= random < 1 */
};

/* Microseconds to wait before the next attempt, or -1 for none. Takes from the budget. */
int64_t ab_retry_wait_us(const struct ab_retry_policy *policy, struct ab_retry_budget *budget,
                         const struct ab_retry_case *what);

/* A request has succeeded, at which attempt. */
void ab_retry_succeeded(struct ab_retry_budget *budget, unsigned attempts);

#endif
