/*
 * One request of an action and its answer: the form onto an exchange, the body through the
 * decoder. What calls and polls have in common.
 */
#ifndef AB_FORM_REQUEST_H
#define AB_FORM_REQUEST_H

#include "form.h"
#include "operation.h"

/* For ab_operation_kind.prepare and read, by those that know which form it is. */
enum ab_error ab_form_prepare(const ab_operation *operation, const struct ab_form *form,
                              struct ab_exchange *exchange);
void ab_form_read(const ab_operation *operation, const struct ab_form *form,
                  const struct ab_exchange *exchange, struct ab_answer *answer);

#endif
