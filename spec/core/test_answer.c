/* What answers mean, which failures last, and how failures read. */
#include "answer.h"
#include "check.h"
#include "failure.h"

static void check_answer(const char *name, int status, enum ab_decoded decoded,
                         enum ab_success_rule rule, struct ab_reply reply, enum ab_error expected,
                         const char *text) {
  struct ab_answer answer = {.http_status = status, .reply = reply};
  struct ab_buffer buffer;
  ab_buffer_init(&buffer, &ab_default_allocator, 1000, false);
  ab_answer_judge(&answer, decoded, rule);
  CHECK_INT(name, expected, answer.error);
  if (expected != AB_OK) {
    ab_answer_describe(&answer, &buffer);
    CHECK_TEXT(name, text, ab_buffer_string(&buffer));
  }
  ab_buffer_free(&buffer);
}

static void test_answers(void) {
  const struct ab_text code = ab_text_of("NOT_LOGIN"), message = ab_text_of("no such key");
  const struct ab_reply yes = {.success = AB_SUCCESS_TRUE};
  const struct ab_reply no = {.success = AB_SUCCESS_FALSE};
  const struct ab_reply absent = {.success = AB_SUCCESS_ABSENT};
  const struct ab_reply refused = {.success = AB_SUCCESS_FALSE, .code = code, .message = message};
  const struct ab_reply unnamed = {.success = AB_SUCCESS_FALSE, .message = message};
  check_answer("Success is a success", 200, AB_DECODE_OK, AB_SUCCEEDS_IF_TRUE, yes, AB_OK, "");
  check_answer("no Success is one where it may be absent", 200, AB_DECODE_OK,
               AB_SUCCEEDS_UNLESS_FALSE, absent, AB_OK, "");
  check_answer("no Success is none where it is needed", 200, AB_DECODE_OK, AB_SUCCEEDS_IF_TRUE,
               absent, AB_MALFORMED_RESPONSE, "Success is missing");
  check_answer("a refusal carries code and message", 200, AB_DECODE_OK, AB_SUCCEEDS_UNLESS_FALSE,
               refused, AB_SERVICE_ERROR, "[NOT_LOGIN] no such key");
  check_answer("a refusal without a code is none the less one", 200, AB_DECODE_OK,
               AB_SUCCEEDS_UNLESS_FALSE, unnamed, AB_REFUSED, "no such key (HTTP status 200)");
  check_answer("a refusal without any word", 200, AB_DECODE_OK, AB_SUCCEEDS_UNLESS_FALSE, no,
               AB_REFUSED, "the service refused the request without saying why (HTTP status 200)");
  check_answer("an HTTP error with the service's error", 400, AB_DECODE_OK,
               AB_SUCCEEDS_UNLESS_FALSE, (struct ab_reply){.code = code, .message = message},
               AB_SERVICE_ERROR, "[NOT_LOGIN] no such key");
  check_answer("an HTTP error without one", 502, AB_DECODE_MALFORMED, AB_SUCCEEDS_UNLESS_FALSE,
               absent, AB_HTTP_STATUS,
               "an HTTP error without an answer of the service (HTTP status 502)");
  check_answer("a redirect isn't followed", 302, AB_DECODE_OK, AB_SUCCEEDS_UNLESS_FALSE, yes,
               AB_HTTP_STATUS, "an HTTP error without an answer of the service (HTTP status 302)");
  check_answer(
      "a body that isn't understood is no success", 200, AB_DECODE_MALFORMED,
      AB_SUCCEEDS_UNLESS_FALSE,
      (struct ab_reply){.success = AB_SUCCESS_TRUE, .problem = ab_text_of("Data is missing")},
      AB_MALFORMED_RESPONSE, "Data is missing");
  check_answer("no memory for decoding", 200, AB_DECODE_NO_MEMORY, AB_SUCCEEDS_UNLESS_FALSE, yes,
               AB_OUT_OF_MEMORY, "out of memory");
}

static void test_lasting(void) {
  static const struct {
    enum ab_error error;
    int status;
    const char *code;
    bool lasts;
  } cases[] = {
      {AB_CONNECT_FAILED, 0, "", false},
      {AB_RECEIVE_FAILED, 0, "", false},
      {AB_TIMEOUT, 0, "", false},
      {AB_MALFORMED_RESPONSE, 200, "", false},
      {AB_REFUSED, 200, "", false},
      {AB_TLS_FAILED, 0, "", true},
      {AB_RESPONSE_TOO_LARGE, 200, "", true},
      {AB_OUT_OF_MEMORY, 0, "", true},
      {AB_HTTP_STATUS, 502, "", false},
      {AB_HTTP_STATUS, 404, "", true},
      {AB_SERVICE_ERROR, 400, "NOT_LOGIN", true},
      {AB_SERVICE_ERROR, 200, "NOT_LOGIN", true},
      {AB_SERVICE_ERROR, 400, "InvalidMcpSession.NotFound", true},
      {AB_SERVICE_ERROR, 200, "Context.NotFound", true},
      {AB_SERVICE_ERROR, 403, "Anything", true},
      {AB_SERVICE_ERROR, 400, "Throttling.User", false},
      {AB_SERVICE_ERROR, 429, "TooMany", false},
      {AB_SERVICE_ERROR, 503, "ServiceUnavailable", false},
      {AB_SERVICE_ERROR, 200, "InternalError", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char name[120];
    snprintf(name, sizeof name, "%s %d %s %s", ab_error_code(cases[i].error), cases[i].status,
             cases[i].code, cases[i].lasts ? "lasts" : "passes");
    CHECK(name, cases[i].lasts ==
                    ab_failure_lasts(cases[i].error, cases[i].status, ab_text_of(cases[i].code)));
  }
}

static void test_codes(void) {
  for (int error = AB_OK + 1; error < AB_ERROR_COUNT; error++) {
    CHECK(ab_error_code((enum ab_error)error),
          strncmp(ab_error_code((enum ab_error)error), "Client.", 7) == 0 &&
              ab_error_text((enum ab_error)error)[0] != '\0');
  }
}

int main(void) {
  test_answers();
  test_lasting();
  test_codes();
  return check_failures() > 0;
}
