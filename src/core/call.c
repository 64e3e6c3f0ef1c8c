/* One call: one request of an action, one answer. Knows no schedule. */
#include "operation.h"

struct call {
  ab_operation operation; /* first: a call is an operation */
  struct ab_form *form;
};

static void answered(ab_operation *operation, const struct ab_answer *answer) {
  operation->attempts++;
  ab_operation_end(operation, answer);
}

static void never(ab_operation *operation) {
  (void)operation;
}

static void destroy(ab_operation *operation) {
  ab_form_free(((struct call *)operation)->form);
}

static const struct ab_operation_kind call_kind = {answered, never, never, destroy};

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
  ab_operation_send(&call->operation, call->form);
  return &call->operation;
}
