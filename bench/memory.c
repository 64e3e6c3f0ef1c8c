/*
 * The core's memory a waiting operation: many syncs that have been submitted and checked once, and
 * whose next check is far away. Counts what goes through the core's allocator, and what the whole
 * process got from the C library, which is libcurl's too.
 *
 * usage: memory URL SYNCS
 *
 * Prints syncs, bytes of the core each, bytes of the process each.
 */
#define _GNU_SOURCE

#include "agentbay.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Running, as the service would say in JSON: the core itself reads none. */
static const struct ab_task task = {
    .context_id = {"SdkCtx-04bdw8o39bq47rv1t", 24},
    .path = {"/mnt/shared", 11},
    .task_type = {"upload", 6},
    .status = {"Running", 7},
};

static enum ab_decoded decode(void *user, void *operation_user, struct ab_text body,
                              enum ab_reading reading, struct ab_reply *reply) {
  (void)user;
  (void)operation_user;
  (void)body;
  *reply = (struct ab_reply){.success = AB_SUCCESS_TRUE};
  if (reading == AB_READ_TASKS) {
    reply->tasks = &task;
    reply->task_count = 1;
  }
  return AB_DECODE_OK;
}

static size_t core_bytes;

static void *resize(void *user, void *block, size_t size) {
  (void)user;
  size_t before = block == NULL ? 0 : malloc_usable_size(block);
  void *resized = size == 0 ? NULL : realloc(block, size);
  if (size == 0) {
    free(block);
  }
  if (size == 0 || resized != NULL) {
    core_bytes = core_bytes - before + (resized == NULL ? 0 : malloc_usable_size(resized));
  }
  return resized;
}

/* 0 where the C library doesn't tell. */
static size_t process_bytes(void) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

static struct ab_text text(const char *string) {
  return (struct ab_text){string, strlen(string)};
}

/* An operation; a struct, since an array of pointers is what analysers take for a mistake. */
struct sync {
  ab_operation *operation;
};

static ab_operation *start(ab_client *client, long number) {
  char session[64];
  snprintf(session, sizeof session, "session-%017ld", number);
  const struct ab_field body[] = {{text("SessionId"), text(session)}};
  const struct ab_request submit = {.action = text("SyncContext"),
                                    .key_in_query = true,
                                    .body = body,
                                    .body_count = 1,
                                    .success_rule = AB_SUCCEEDS_IF_TRUE};
  const struct ab_request check = {.action = text("GetContextInfo"),
                                   .repeatable = true,
                                   .body = body,
                                   .body_count = 1,
                                   .reading = AB_READ_TASKS};
  const struct ab_poll_options options = {.submit = &submit,
                                          .check = &check,
                                          .judge = AB_JUDGE_TRANSFERS,
                                          .max_attempts = 10,
                                          .interval_ms = 600000,
                                          .backoff = 1,
                                          .settle_checks = 2,
                                          .timeout_error = AB_SYNC_TIMEOUT,
                                          .what = text("the sync")};
  return ab_poll_start(client, &options, NULL);
}

static void check_under_way(const ab_operation *operation) {
  const struct ab_result *result = ab_operation_result(operation);
  if (result != NULL) {
    fprintf(stderr, "memory: %s\n", result->message);
    exit(1);
  }
}

/* Starts syncs and steps until every one has been checked once. */
static void start_and_wait(ab_loop *loop, ab_client *client, struct sync *syncs, long count) {
  struct ab_event event;
  long checked = 0;
  for (long i = 0; i < count; i++) {
    syncs[i].operation = start(client, i);
  }
  while (checked < count) {
    ab_loop_step(loop, 100);
    while (ab_loop_next_event(loop, &event)) {
    }
    while (checked < count && ab_operation_attempts(syncs[checked].operation) == 1) {
      checked++;
    }
    if (checked < count) {
      check_under_way(syncs[checked].operation);
    }
  }
}

static void release(struct sync *syncs, long count) {
  for (long i = 0; i < count; i++) {
    ab_operation_release(syncs[i].operation);
  }
}

static void measure(ab_loop *loop, ab_client *client, struct sync *syncs, long count) {
  struct sync first[256];
  /* What connections and idle handles take is there with few syncs as with many. */
  start_and_wait(loop, client, first, 256);
  size_t core = core_bytes, process = process_bytes();
  start_and_wait(loop, client, syncs, count);
  printf("%ld %.0f %.0f\n", count, (double)(core_bytes - core) / (double)count,
         (double)(process_bytes() - process) / (double)count);
  release(first, 256);
  release(syncs, count);
}

int main(int count, char **arguments) {
  long number = count == 3 ? strtol(arguments[2], NULL, 10) : 0;
  if (number <= 0) {
    fprintf(stderr, "usage: memory URL SYNCS\n");
    return 1;
  }
  const struct ab_allocator allocator = {resize, NULL};
  const struct ab_decoder decoder = {decode, NULL};
  const struct ab_client_options options = {.url = arguments[1],
                                            .api_key = "akm-bench-0123456789",
                                            .user_agent = "AgentBay-Lua/0.1.0 (Lua 5.4)",
                                            .timeout_ms = 60000,
                                            .max_response_bytes = 1 << 24,
                                            .max_connections = 64};
  struct sync *syncs = calloc((size_t)number, sizeof *syncs);
  ab_loop *loop = ab_loop_new(&allocator, &decoder);
  ab_client *client = loop == NULL ? NULL : ab_client_new(loop, &options);
  if (syncs != NULL && client != NULL) {
    measure(loop, client, syncs, number);
  }
  ab_client_release(client);
  ab_loop_release(loop);
  free(syncs);
  return syncs != NULL && client != NULL ? 0 : 1;
}
