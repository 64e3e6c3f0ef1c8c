/* One call: one request of an action, repeated if need be, one answer. Knows no schedule. */
#include "form_request.h"

struct call {
  ab_operation operation; /* first: a call is an operation */
  struct ab_form *form;
};

static struct ab_form *form_of(const ab_operation *operation) {
  return ((const struct call *)operation)->form;
}

static struct ab_text action_of(const ab_operation *operation) {
  return form_of(operation)->action;
}

static enum ab_error prepare(ab_operation *operation, struct ab_exchange *exchange) {
  return ab_form_prepare(operation, form_of(operation), exchange);
}

static void read_answer(ab_operation *operation, struct ab_exchange *exchange,
                        struct ab_answer *answer) {
  ab_form_read(operation, form_of(operation), exchange, answer);
}

static void answered(ab_operation *operation, const struct ab_answer *answer) {
  operation->attempts = operation->tries;
  ab_operation_end(operation, answer);
}

static void never(ab_operation *operation) {
  (void)operation;
}

static void destroy(ab_operation *operation) {
  ab_form_free(form_of(operation));
}

static const struct ab_operation_kind call_kind = {
    .action = action_of,
    .prepare = prepare,
    .read = read_answer,
    .answered = answered,
    .woken = never,
    .timed_out = never,
    .destroy = destroy,
};

ab_operation *ab_call_start(ab_client *client, const struct ab_request *request, void *user) {
  const struct ab_allocator *allocator = client->allocator;
  struct call *call = ab_new_zeroed(allocator, sizeof *call);
  if (call == NULL) {
    return NULL;
  }
  call->form = ab_form_new(allocator, request, client->api_key);
  if (call->form == NULL || !ab_operation_init(&call->operation, &call_kind, client, user)) {
    ab_form_free(call->form);
    ab_free(allocator, call);
    return NULL;
  }
  ab_operation_send(&call->operation, request->repeatable ? AB_RETRY_ALWAYS : AB_RETRY_UNTAKEN);
  return &call->operation;
}
