/*
 * What an answer of the service means: HTTP status and decoded envelope to one error. Pure.
 */
#ifndef AB_ANSWER_H
#define AB_ANSWER_H

#include "buffer.h"

/* One request's outcome, as it is handed up. Views are valid while it is being handled. */
struct ab_answer {
  enum ab_error error;
  int http_status;
  int64_t date_seconds;   /* the service's clock; 0: not told */
  bool uncertain;         /* it failed, but what it changes may have been done */
  struct ab_text code;    /* AB_SERVICE_ERROR: the service's */
  struct ab_text message; /* for a person, without the code */
  struct ab_reply reply;  /* zeroed if there was nothing to decode */
};

/* Fills in error, code and message from the status and what was decoded of the body. */
void ab_answer_judge(struct ab_answer *answer, enum ab_decoded decoded, enum ab_success_rule rule);

/* Appends "[Code] Message" for an error of the service, else the message. */
void ab_answer_describe(const struct ab_answer *answer, struct ab_buffer *text);

#endif
