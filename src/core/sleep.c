/* An operation that does nothing for some time. Sends nothing. */
#include "clock.h"
#include "operation.h"

static void answered(ab_operation *operation, const struct ab_answer *answer) {
  ab_operation_end(operation, answer);
}

static void over(ab_operation *operation) {
  ab_operation_end(operation, &(struct ab_answer){.error = AB_OK});
}

static void destroy(ab_operation *operation) {
  (void)operation;
}

static const struct ab_operation_kind sleep_kind = {
    .answered = answered,
    .woken = over,
    .timed_out = over,
    .destroy = destroy,
};

ab_operation *ab_sleep_start(ab_client *client, int64_t delay_ms, void *user) {
  ab_operation *operation = ab_new_zeroed(client->allocator, sizeof *operation);
  if (operation == NULL) {
    return NULL;
  }
  if (!ab_operation_init(operation, &sleep_kind, client, user)) {
    ab_free(client->allocator, operation);
    return NULL;
  }
  ab_operation_wake_at(operation, operation->started_us + ab_clock_us_of_ms(delay_ms));
  return operation;
}
