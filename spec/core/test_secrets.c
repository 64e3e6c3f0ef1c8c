/* That no memory is given back with the key, or a presigned URL, still in it. */
#include "agentbay.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

#define KEY "akm-0123456789-secret"
#define SIGNATURE "Signature-0123456789"

static int leaks;
static int blocks;

/* Blocks know their size, so that all of one can be looked at when it is freed. */
static void look_for(const char *block, size_t size, const char *secret) {
  size_t length = strlen(secret);
  for (size_t i = 0; i + length <= size; i++) {
    if (memcmp(block + i, secret, length) == 0) {
      leaks++;
      return;
    }
  }
}

static void *resize(void *user, void *block, size_t size) {
  size_t *old = block == NULL ? NULL : (size_t *)block - 2;
  (void)user;
  size_t *new = NULL;
  if (size > 0) {
    new = calloc(1, size + 2 * sizeof *new); /* what was there before is none of ours */
    if (new == NULL) {
      return NULL;
    }
    new[0] = size;
    blocks++;
  }
  if (old != NULL) {
    if (new != NULL) {
      memcpy(new + 2, old + 2, old[0] < size ? old[0] : size);
    }
    look_for((char *)(old + 2), old[0], KEY);
    look_for((char *)(old + 2), old[0], SIGNATURE);
    free(old);
    blocks--;
  }
  return new == NULL ? NULL : new + 2;
}

static enum ab_decoded decode(void *user, void *operation_user, struct ab_text body,
                              enum ab_reading reading, struct ab_reply *reply) {
  (void)user;
  (void)operation_user;
  (void)body;
  (void)reading;
  memset(reply, 0, sizeof *reply);
  return AB_DECODE_MALFORMED;
}

static struct ab_text text(const char *string) {
  return (struct ab_text){string, strlen(string)};
}

/* Nobody listens there: requests are made and fail. */
static const struct ab_client_options options = {
    .url = "http://127.0.0.1:1",
    .api_key = KEY,
    .timeout_ms = 5000,
    .max_response_bytes = 1000,
    .max_connections = 4,
    .retry = {.base_ms = 1},
    .keep_records = true,
};

static void start_all(ab_client *client, ab_operation *started[4]) {
  const struct ab_request body = {.action = text("GetContextInfo")};
  const struct ab_request query = {.action = text("SyncContext"), .key_in_query = true};
  const struct ab_poll_options poll = {
      .submit = &query, .check = &body, .max_attempts = 2, .backoff = 1, .what = text("it")};
  const struct ab_file_options file = {.direction = AB_DOWNLOAD,
                                       .url = "http://127.0.0.1:1/a?s=" SIGNATURE,
                                       .path = "/nonexistent/folder/file"};
  started[0] = ab_call_start(client, &body, NULL);
  started[1] = ab_call_start(client, &query, NULL);
  started[2] = ab_poll_start(client, &poll, NULL);
  started[3] = ab_file_start(client, &file, NULL);
}

static void take_events(ab_loop *loop) {
  struct ab_event event;
  bool any;
  do {
    any = ab_loop_next_event(loop, &event);
  } while (any);
}

static void run(bool to_the_end) {
  const struct ab_allocator allocator = {resize, NULL};
  const struct ab_decoder decoder = {decode, NULL};
  ab_loop *loop = ab_loop_new(&allocator, &decoder);
  ab_client *client = ab_client_new(loop, &options);
  ab_operation *started[4];
  struct ab_record record;
  start_all(client, started);
  while (to_the_end && ab_loop_under_way(loop) > 0) {
    ab_loop_step(loop, 1000);
    take_events(loop);
  }
  for (int i = 0; i < 4; i++) {
    CHECK("an operation is started", started[i] != NULL);
    if (to_the_end) {
      const struct ab_result *result = ab_operation_result(started[i]);
      CHECK("its message has no key", strstr(result->message, KEY) == NULL);
      CHECK("nor a signature", strstr(result->message, SIGNATURE) == NULL);
    }
  }
  while (ab_loop_next_record(loop, &record)) {
    CHECK("a record has no key", strstr(record.message, KEY) == NULL);
  }
  ab_client_close(client);
  take_events(loop);
  for (int i = 0; i < 4; i++) {
    ab_operation_release(started[i]);
  }
  ab_client_release(client);
  ab_loop_release(loop);
}

int main(void) {
  run(true);
  run(false);
  CHECK_INT("no freed memory held a secret", 0, leaks);
  CHECK_INT("all memory was given back", 0, blocks);
  return check_failures() > 0;
}
