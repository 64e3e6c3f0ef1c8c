#include "answer.h"

#include "memory.h"

static void fail(struct ab_answer *answer, enum ab_error error, struct ab_text message) {
  answer->error = error;
  answer->message = message.size > 0 ? message : ab_text_of(ab_error_text(error));
}

/* The service said no: with a Code it is the service's error, else all we know is that. */
static void refuse(struct ab_answer *answer) {
  const struct ab_reply *reply = &answer->reply;
  if (reply->code.size == 0) {
    fail(answer, AB_REFUSED, reply->message);
    return;
  }
  fail(answer, AB_SERVICE_ERROR, reply->message);
  answer->code = reply->code;
  if (reply->message.size == 0) {
    answer->message = ab_text_of("Unknown error");
  }
}

static void judge_error_status(struct ab_answer *answer) {
  if (answer->reply.code.size > 0) {
    refuse(answer);
  } else {
    fail(answer, AB_HTTP_STATUS, (struct ab_text){NULL, 0});
  }
}

void ab_answer_judge(struct ab_answer *answer, enum ab_decoded decoded, enum ab_success_rule rule) {
  const struct ab_reply *reply = &answer->reply;
  if (decoded == AB_DECODE_NO_MEMORY) {
    fail(answer, AB_OUT_OF_MEMORY, (struct ab_text){NULL, 0});
  } else if (answer->http_status < 200 || answer->http_status >= 300) {
    judge_error_status(answer);
  } else if (decoded == AB_DECODE_MALFORMED) {
    fail(answer, AB_MALFORMED_RESPONSE, reply->problem);
  } else if (reply->success == AB_SUCCESS_FALSE) {
    refuse(answer);
  } else if (reply->success == AB_SUCCESS_ABSENT && rule == AB_SUCCEEDS_IF_TRUE) {
    fail(answer, AB_MALFORMED_RESPONSE, ab_text_of("Success is missing"));
  } else {
    answer->error = AB_OK;
  }
}

void ab_answer_describe(const struct ab_answer *answer, struct ab_buffer *text) {
  if (answer->error == AB_SERVICE_ERROR) {
    ab_buffer_append_string(text, "[");
    ab_buffer_append_text(text, answer->code);
    ab_buffer_append_string(text, "] ");
  }
  ab_buffer_append_text(text, answer->message);
  if (answer->error == AB_HTTP_STATUS || answer->error == AB_REFUSED) {
    ab_buffer_append_format(text, " (HTTP status %d)", answer->http_status);
  }
}
