#include "retry.h"

#include "clock.h"

#include <string.h>

/* AWS's figures: a hundred repeats in a row, then as many as successes pay for. */
enum { FULL = 500, COST = 5, COST_OF_TIMEOUT = 10, GAIN = 1 };

static const int64_t default_base_us = 500000;
static const int64_t default_cap_us = 20000000;

struct ab_retry_policy ab_retry_policy_of(const struct ab_retry_options *options) {
  const struct ab_retry_policy policy = {
      .max_attempts = options->max_attempts > 0 ? options->max_attempts : 3,
      .base_us = options->base_ms > 0 ? ab_clock_us_of_ms(options->base_ms) : default_base_us,
      .cap_us = options->cap_ms > 0 ? ab_clock_us_of_ms(options->cap_ms) : default_cap_us,
  };
  return policy;
}

void ab_retry_budget_init(struct ab_retry_budget *budget) {
  budget->tokens = FULL;
}

static bool is_throttling(const struct ab_retry_case *what) {
  static const char start[] = "Throttling";
  return what->http_status == 429 ||
         (what->error == AB_SERVICE_ERROR && what->code.size >= sizeof start - 1 &&
          memcmp(what->code.data, start, sizeof start - 1) == 0);
}

static bool status_may_pass(int http_status) {
  return http_status == 408 || http_status == 500 || (http_status >= 502 && http_status <= 504);
}

static bool may_pass(const struct ab_retry_case *what) {
  switch (what->error) {
  case AB_RESOLVE_FAILED:
  case AB_CONNECT_FAILED:
  case AB_SEND_FAILED:
  case AB_RECEIVE_FAILED:
  case AB_TIMEOUT:
    return true;
  case AB_SERVICE_ERROR:
  case AB_HTTP_STATUS:
    return is_throttling(what) || status_may_pass(what->http_status);
  default:
    return false;
  }
}

static bool certainly_not_taken(const struct ab_retry_case *what) {
  return !what->sent || is_throttling(what) || what->http_status == 503;
}

static bool pay(struct ab_retry_budget *budget, const struct ab_retry_case *what) {
  int cost = what->error == AB_TIMEOUT ? COST_OF_TIMEOUT : COST;
  if (budget->tokens < cost) {
    return false;
  }
  budget->tokens -= cost;
  return true;
}

/* Random, up to base * 2^(attempts - 1), twice that where the service is throttling. */
static int64_t backoff_us(const struct ab_retry_policy *policy, const struct ab_retry_case *what) {
  unsigned doublings = what->attempts - 1 + (is_throttling(what) ? 1 : 0);
  int64_t bound = policy->base_us;
  while (doublings-- > 0 && bound < policy->cap_us) {
    bound *= 2;
  }
  bound = bound < policy->cap_us ? bound : policy->cap_us;
  return (int64_t)((double)bound * what->random);
}

int64_t ab_retry_wait_us(const struct ab_retry_policy *policy, struct ab_retry_budget *budget,
                         const struct ab_retry_case *what) {
  if (what->attempts >= policy->max_attempts || !may_pass(what) ||
      !(what->repeatable || certainly_not_taken(what))) {
    return -1;
  }
  int64_t wait_us = backoff_us(policy, what);
  wait_us = wait_us > what->retry_after_us ? wait_us : what->retry_after_us;
  return wait_us < what->left_us && pay(budget, what) ? wait_us : -1;
}

void ab_retry_succeeded(struct ab_retry_budget *budget, unsigned attempts) {
  budget->tokens += attempts > 1 ? COST : GAIN;
  budget->tokens = budget->tokens < FULL ? budget->tokens : FULL;
}
