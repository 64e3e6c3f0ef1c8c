/* The wire format of a request. */
#include "check.h"
#include "form.h"

#define TEXT(literal) \
  { (literal), sizeof(literal) - 1 }

static void test_encoding(void) {
  static const struct {
    const char *name;
    struct ab_text plain;
    const char *encoded;
  } cases[] = {
      {"letters, digits and -._~ stay as they are", TEXT("aZ09-._~"), "aZ09-._~"},
      {"a blank becomes %20", TEXT("a b"), "a%20b"},
      {"what separates fields is encoded", TEXT("a&b=c+d"), "a%26b%3Dc%2Bd"},
      {"a percent sign is encoded", TEXT("%41"), "%2541"},
      {"UTF-8 is encoded byte by byte", TEXT("\xc3\xbc"), "%C3%BC"},
      {"line breaks and NUL are encoded", TEXT("\r\n\0"), "%0D%0A%00"},
      {"slashes and colons are encoded", TEXT("/a:b"), "%2Fa%3Ab"},
      {"nothing stays nothing", TEXT(""), ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct ab_buffer buffer;
    ab_buffer_init(&buffer, &ab_default_allocator, 1000, false);
    ab_form_encode(&buffer, cases[i].plain);
    CHECK_TEXT(cases[i].name, cases[i].encoded, ab_buffer_string(&buffer));
    ab_buffer_free(&buffer);
  }
}

static void check_form(const char *name, const struct ab_request *request, const char *target,
                       const char *body) {
  static const unsigned char nonce[AB_NONCE_BYTES] = {0x01, 0xff, 0x20};
  struct ab_buffer text;
  char label[200];
  struct ab_form *form = ab_form_new(&ab_default_allocator, request, "akm-a b");
  CHECK(name, form != NULL);
  if (form == NULL) {
    return;
  }
  ab_buffer_init(&text, &ab_default_allocator, 10000, true);
  ab_form_target(form, 1776330000, nonce, &text);
  snprintf(label, sizeof label, "%s: request line", name);
  CHECK_TEXT(label, target, ab_buffer_string(&text));
  ab_buffer_clear(&text);
  ab_buffer_append_text(&text, form->body);
  snprintf(label, sizeof label, "%s: body", name);
  CHECK_TEXT(label, body, ab_buffer_string(&text));
  ab_buffer_free(&text);
  ab_form_free(form);
}

#define CONSTANT                                                                           \
  "&Format=json&Version=2025-05-06&Timestamp=2026-04-16T09%3A00%3A00Z&SignatureNonce=01ff" \
  "2000000000000000000000000000"

static void test_requests(void) {
  const struct ab_field session = {TEXT("SessionId"), TEXT("s 1")};
  const struct ab_field body[] = {{TEXT("SessionId"), TEXT("s 1")}, {TEXT("Path"), TEXT("/p")}};
  check_form("the key goes into the body",
             &(struct ab_request){.action = TEXT("GetContextInfo"), .body = body, .body_count = 2},
             "/?Action=GetContextInfo" CONSTANT,
             "Authorization=Bearer%20akm-a%20b&SessionId=s%201&Path=%2Fp");
  check_form(
      "the key goes into the query where the protocol wants it",
      &(struct ab_request){
          .action = TEXT("SyncContext"), .key_in_query = true, .body = body, .body_count = 1},
      "/?Action=SyncContext" CONSTANT "&Authorization=Bearer%20akm-a%20b", "SessionId=s%201");
  check_form(
      "a field goes into the query where the protocol wants it",
      &(struct ab_request){.action = TEXT("GetSessionDetail"), .query = &session, .query_count = 1},
      "/?Action=GetSessionDetail" CONSTANT "&SessionId=s%201", "Authorization=Bearer%20akm-a%20b");
}

int main(void) {
  test_encoding();
  test_requests();
  return check_failures() > 0;
}
