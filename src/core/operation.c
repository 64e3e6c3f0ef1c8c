#include "operation.h"

#include "clock.h"
#include "random.h"
#include "record.h"

#include <assert.h>
#include <string.h>

static void on_exchange_timer(struct ab_timer *timer);
static void on_granted(struct ab_waiter *waiter);
static void end_with(ab_operation *operation, enum ab_error error);

static void get_in_line(ab_operation *operation);

static void on_wake_timer(struct ab_timer *timer) {
  ab_operation *operation = AB_LISTED(timer, ab_operation, wake_timer);
  if (operation->repeating) {
    operation->repeating = false;
    get_in_line(operation);
    return;
  }
  operation->kind->woken(operation);
}

static void on_deadline_timer(struct ab_timer *timer) {
  ab_operation *operation = AB_LISTED(timer, ab_operation, deadline_timer);
  operation->kind->timed_out(operation);
}

static void close_with_client(struct ab_member *member) {
  end_with(AB_LISTED(member, ab_operation, of_client), AB_CLOSED);
}

static void let_go(struct ab_member *member) {
  ab_operation_release(AB_LISTED(member, ab_operation, event));
}

bool ab_operation_init(ab_operation *operation, const struct ab_operation_kind *kind,
                       ab_client *client, void *user) {
  if (client->closed || !ab_loop_admit(client->loop)) {
    return false;
  }
  *operation = (ab_operation){
      .kind = kind,
      .references = 2,
      .client = client,
      .user = user,
      .wake_timer.fire = on_wake_timer,
      .deadline_timer.fire = on_deadline_timer,
      .of_client.close = close_with_client,
      .event.close = let_go,
      .in_line.granted = on_granted,
      .total = -1,
      .deadline_us = INT64_MAX,
      .started_us = ab_clock_monotonic_us(),
  };
  ab_client_reference(client);
  ab_list_append(&client->members, &operation->of_client.link);
  return true;
}

/* ---- sending ------------------------------------------------------------------------------ */

static void get_in_line(ab_operation *operation) {
  assert(operation->state == AB_OPERATION_WAITING);
  operation->state = AB_OPERATION_IN_LINE;
  ab_client_enter_line(operation->client, &operation->in_line);
}

void ab_operation_send(ab_operation *operation, enum ab_retry_kind retry) {
  operation->retry = retry;
  operation->tries = 0;
  get_in_line(operation);
}

static void on_exchange_done(struct ab_exchange *exchange, CURLcode code);

static void on_connected(struct ab_exchange *exchange) {
  const ab_operation *operation = exchange->owner;
  ab_client_reach(operation->client);
}

static enum ab_error start_exchange(ab_operation *operation) {
  ab_loop *loop = operation->client->loop;
  struct ab_exchange *exchange = ab_loop_take_exchange(loop);
  if (exchange == NULL) {
    return AB_OUT_OF_MEMORY;
  }
  exchange->owner = operation;
  exchange->connected = on_connected;
  exchange->done = on_exchange_done;
  exchange->timer.fire = on_exchange_timer;
  exchange->began_us = ab_clock_monotonic_us();
  enum ab_error error = operation->kind->prepare(operation, exchange);
  if (error == AB_OK && !ab_loop_start_exchange(loop, exchange)) {
    error = AB_OUT_OF_MEMORY;
  }
  if (error != AB_OK) {
    exchange->failed = true;
    ab_loop_keep_exchange(loop, exchange);
    return error;
  }
  operation->exchange = exchange;
  return AB_OK;
}

/* All tries of a request share its time; for a file it is how long nothing may move. */
static void set_exchange_timer(ab_operation *operation) {
  const ab_client *client = operation->client;
  int64_t due_us = operation->exchange->stream != NULL
                       ? ab_clock_monotonic_us() + client->timeout_us
                       : operation->due_us;
  ab_timer_set(&client->loop->timers, &operation->exchange->timer, due_us);
}

static void on_granted(struct ab_waiter *waiter) {
  ab_operation *operation = AB_LISTED(waiter, ab_operation, in_line);
  operation->requests++;
  if (operation->tries++ == 0) {
    operation->due_us = ab_clock_monotonic_us() + operation->client->timeout_us;
  }
  enum ab_error error = start_exchange(operation);
  if (error == AB_OK) {
    operation->state = AB_OPERATION_IN_FLIGHT;
    set_exchange_timer(operation);
    return;
  }
  operation->state = AB_OPERATION_WAITING;
  ab_client_leave_flight(operation->client);
  operation->kind->answered(operation, &(struct ab_answer){
                                           .error = error,
                                           .message = ab_text_of(ab_error_text(error)),
                                       });
}

/* ---- answers ------------------------------------------------------------------------------ */

static void leave_flight(ab_operation *operation) {
  ab_client *client = operation->client;
  ab_timer_clear(&client->loop->timers, &operation->exchange->timer);
  ab_loop_stop_exchange(client->loop, operation->exchange);
  operation->exchange = NULL;
  operation->state = AB_OPERATION_WAITING;
  ab_client_leave_flight(client);
}

static void record_exchange(const ab_operation *operation, const struct ab_answer *answer,
                            int64_t began_us) {
  ab_client_record(operation->client, &(struct ab_exchange_record){
                                          .action = operation->kind->action(operation),
                                          .answer = answer,
                                          .attempt = operation->requests,
                                          .began_us = began_us,
                                      });
}

/* What an exchange leaves behind for the decision whether there will be another one. */
struct trace {
  int64_t began_us;
  bool sent;
  bool stream;
  int64_t retry_after_us;
};

static struct trace trace_of(const struct ab_exchange *exchange) {
  return (struct trace){
      .began_us = exchange->began_us,
      .sent = ab_exchange_sent(exchange),
      .stream = exchange->stream != NULL,
      .retry_after_us = ab_exchange_retry_after_us(exchange),
  };
}

static double random_share(void) {
  unsigned char bytes[4];
  ab_random_bytes(bytes, sizeof bytes);
  uint32_t number = 0;
  for (size_t i = 0; i < sizeof bytes; i++) {
    number = number << 8 | bytes[i];
  }
  return number / 4294967296.0;
}

static int64_t time_left_us(const ab_operation *operation, const struct trace *trace) {
  int64_t due_us = operation->deadline_us;
  if (!trace->stream && operation->due_us < due_us) {
    due_us = operation->due_us;
  }
  return due_us == INT64_MAX ? INT64_MAX : due_us - ab_clock_monotonic_us();
}

/* Whether the exchange is going to be repeated instead of handed up. */
static bool repeat_later(ab_operation *operation, const struct ab_answer *answer,
                         const struct trace *trace) {
  ab_client *client = operation->client;
  if (answer->error == AB_OK) {
    ab_retry_succeeded(&client->budget, operation->tries);
    return false;
  }
  if (operation->retry == AB_RETRY_NEVER) {
    return false;
  }
  const struct ab_retry_case what = {
      .error = answer->error,
      .http_status = answer->http_status,
      .code = answer->code,
      .repeatable = operation->retry == AB_RETRY_ALWAYS,
      .sent = trace->sent,
      .attempts = operation->tries,
      .retry_after_us = trace->retry_after_us,
      .left_us = time_left_us(operation, trace),
      .random = random_share(),
  };
  int64_t wait_us = ab_retry_wait_us(&client->retry, &client->budget, &what);
  if (wait_us < 0) {
    return false;
  }
  operation->repeating = true;
  ab_operation_wake_at(operation, ab_clock_monotonic_us() + wait_us);
  return true;
}

/* Whether what the request changes may have been done although no answer tells. */
static bool is_uncertain(const ab_operation *operation, const struct ab_answer *answer,
                         const struct trace *trace) {
  return operation->retry == AB_RETRY_UNTAKEN && trace->sent &&
         (answer->error == AB_SEND_FAILED || answer->error == AB_RECEIVE_FAILED ||
          answer->error == AB_TIMEOUT);
}

/* Hands up how an exchange went, unless it is worth another one. */
static void hand_up(ab_operation *operation, struct ab_answer *answer, const struct trace *trace) {
  answer->uncertain = is_uncertain(operation, answer, trace);
  record_exchange(operation, answer, trace->began_us);
  if (!repeat_later(operation, answer, trace)) {
    operation->kind->answered(operation, answer);
  }
}

static void on_exchange_done(struct ab_exchange *exchange, CURLcode code) {
  ab_operation *operation = exchange->owner;
  struct ab_answer answer = {
      .error = ab_exchange_error(exchange, code),
      .http_status = ab_exchange_status(exchange),
      .date_seconds = exchange->date_seconds,
  };
  struct ab_buffer message;
  ab_buffer_init(&message, operation->client->allocator, 1024, false);
  if (answer.error == AB_OK) {
    operation->kind->read(operation, exchange, &answer);
  } else {
    ab_exchange_describe(exchange, code, &message);
    answer.message = ab_buffer_text(&message);
  }
  const struct trace trace = trace_of(operation->exchange);
  leave_flight(operation);
  hand_up(operation, &answer, &trace);
  ab_buffer_free(&message);
}

static void give_up_exchange(ab_operation *operation) {
  struct ab_buffer message;
  ab_buffer_init(&message, operation->client->allocator, 1024, false);
  ab_buffer_append_format(&message, "%s within %lld ms (",
                          operation->exchange->stream != NULL ? "nothing moved"
                                                              : "no complete answer",
                          (long long)(operation->client->timeout_us / 1000));
  ab_exchange_describe_stage(operation->exchange, &message);
  ab_buffer_append_string(&message, ")");
  struct ab_answer answer = {
      .error = AB_TIMEOUT,
      .http_status = ab_exchange_status(operation->exchange),
      .message = ab_buffer_text(&message),
  };
  const struct trace trace = trace_of(operation->exchange);
  leave_flight(operation);
  hand_up(operation, &answer, &trace);
  ab_buffer_free(&message);
}

/* A file may take as long as it likes, if only it moves. */
static void on_exchange_timer(struct ab_timer *timer) {
  struct ab_exchange *exchange = AB_LISTED(timer, struct ab_exchange, timer);
  ab_operation *operation = exchange->owner;
  if (exchange->streamed != exchange->streamed_then) {
    exchange->streamed_then = exchange->streamed;
    set_exchange_timer(operation);
    return;
  }
  give_up_exchange(operation);
}

/* ---- times and events --------------------------------------------------------------------- */

void ab_operation_wake_at(ab_operation *operation, int64_t due_us) {
  ab_timer_set(&operation->client->loop->timers, &operation->wake_timer, due_us);
}

void ab_operation_forget_wake(ab_operation *operation) {
  ab_timer_clear(&operation->client->loop->timers, &operation->wake_timer);
}

void ab_operation_set_deadline(ab_operation *operation, int64_t due_us) {
  operation->deadline_us = due_us;
  ab_timer_set(&operation->client->loop->timers, &operation->deadline_timer, due_us);
}

static void queue_event(ab_operation *operation) {
  if (!ab_link_listed(&operation->event.link)) {
    ab_list_append(&operation->client->loop->events, &operation->event.link);
  }
}

void ab_operation_tell_progress(ab_operation *operation) {
  operation->progress_to_tell = true;
  queue_event(operation);
}

bool ab_loop_has_event(const ab_loop *loop) {
  return !ab_list_empty(&loop->events);
}

bool ab_loop_next_event(ab_loop *loop, struct ab_event *event) {
  ab_members_close(&loop->taken);
  if (ab_list_empty(&loop->events)) {
    return false;
  }
  ab_operation *operation = AB_LISTED(loop->events.next, ab_operation, event.link);
  bool ended = operation->state == AB_OPERATION_ENDED;
  *event = (struct ab_event){AB_EVENT_ENDED, operation, operation->user};
  if (operation->progress_to_tell) {
    operation->progress_to_tell = false;
    event->kind = AB_EVENT_PROGRESS;
    if (ended) {
      return true; /* its end is the next event */
    }
  }
  ab_link_remove(&operation->event.link);
  if (ended) {
    /* The loop's reference goes when the host is through with the event. */
    ab_list_append(&loop->taken, &operation->event.link);
  }
  return true;
}

/* ---- the end ------------------------------------------------------------------------------ */

/* NUL-terminated: what comes from outside must not end it sooner. */
static char *put_text(char **cursor, struct ab_text text) {
  char *start = *cursor;
  for (size_t i = 0; i < text.size; i++) {
    start[i] = text.data[i];
    if (start[i] == '\0') {
      start[i] = '?';
    }
  }
  start[text.size] = '\0';
  *cursor += text.size + 1;
  return start;
}

/* All of a result's texts in one block, without the key; false when there is no memory. */
static bool keep_texts(ab_operation *operation, struct ab_text code, struct ab_text message,
                       struct ab_text request_id) {
  const ab_client *client = operation->client;
  struct ab_result *result = &operation->result;
  char *cursor =
      ab_resize_array(client->allocator, NULL, code.size + message.size + request_id.size + 3, 1);
  if (cursor == NULL) {
    return false;
  }
  operation->texts = cursor;
  char *kept_code = put_text(&cursor, code);
  char *kept_message = put_text(&cursor, message);
  char *kept_request_id = put_text(&cursor, request_id);
  ab_client_mask_key(client, kept_code);
  ab_client_mask_key(client, kept_message);
  ab_client_mask_key(client, kept_request_id);
  result->code = kept_code;
  result->message = kept_message;
  result->request_id = kept_request_id;
  return true;
}

static void set_result(ab_operation *operation, const struct ab_answer *answer) {
  struct ab_result *result = &operation->result;
  const struct ab_text none = {NULL, 0};
  struct ab_text code = none;
  struct ab_buffer message;
  ab_buffer_init(&message, operation->client->allocator, 64 * 1024, false);
  if (answer->error != AB_OK) {
    bool theirs = answer->error == AB_SERVICE_ERROR;
    code = theirs ? answer->code : ab_text_of(ab_error_code(answer->error));
    ab_answer_describe(answer, &message);
    if (answer->uncertain) {
      ab_buffer_append_string(&message, "; the request may have arrived and was not repeated");
    } else if (operation->tries > 1 && operation->retry != AB_RETRY_NEVER) {
      ab_buffer_append_format(&message, " (%u attempts)", operation->tries);
    }
  }
  result->error = answer->error;
  result->http_status = answer->http_status;
  result->uncertain = answer->uncertain;
  if (message.status == AB_BUFFER_NO_MEMORY ||
      !keep_texts(operation, code, ab_buffer_text(&message), answer->reply.request_id)) {
    result->error = AB_OUT_OF_MEMORY;
    result->code = ab_error_code(AB_OUT_OF_MEMORY);
    result->message = ab_error_text(AB_OUT_OF_MEMORY);
    result->request_id = "";
  }
  ab_buffer_free(&message);
}

void ab_operation_end(ab_operation *operation, const struct ab_answer *answer) {
  ab_loop *loop = operation->client->loop;
  assert(operation->state != AB_OPERATION_ENDED);
  if (operation->state == AB_OPERATION_IN_FLIGHT) {
    record_exchange(operation, answer, operation->exchange->began_us);
    leave_flight(operation);
  } else if (operation->state == AB_OPERATION_IN_LINE) {
    ab_client_leave_line(&operation->in_line);
  }
  ab_timer_clear(&loop->timers, &operation->wake_timer);
  ab_timer_clear(&loop->timers, &operation->deadline_timer);
  if (operation->kind->stopped != NULL) {
    operation->kind->stopped(operation);
  }
  set_result(operation, answer);
  operation->result.attempts = operation->attempts;
  operation->result.elapsed_ms = ab_operation_elapsed_ms(operation);
  operation->state = AB_OPERATION_ENDED;
  ab_link_remove(&operation->of_client.link);
  ab_loop_dismiss(loop);
  queue_event(operation);
}

static void end_with(ab_operation *operation, enum ab_error error) {
  ab_operation_end(operation, &(struct ab_answer){
                                  .error = error,
                                  .message = ab_text_of(ab_error_text(error)),
                              });
}

const struct ab_result *ab_operation_result(const ab_operation *operation) {
  return operation->state == AB_OPERATION_ENDED ? &operation->result : NULL;
}

unsigned ab_operation_attempts(const ab_operation *operation) {
  return operation->attempts;
}

int64_t ab_operation_elapsed_ms(const ab_operation *operation) {
  if (operation->state == AB_OPERATION_ENDED) {
    return operation->result.elapsed_ms;
  }
  return (ab_clock_monotonic_us() - operation->started_us) / 1000;
}

int64_t ab_operation_bytes(const ab_operation *operation) {
  return operation->bytes;
}

int64_t ab_operation_total(const ab_operation *operation) {
  return operation->total;
}

bool ab_operation_cancel(ab_operation *operation) {
  if (operation->state == AB_OPERATION_ENDED) {
    return false;
  }
  end_with(operation, AB_CANCELLED);
  return true;
}

void ab_operation_release(ab_operation *operation) {
  if (operation == NULL || --operation->references > 0) {
    return;
  }
  ab_client *client = operation->client;
  operation->kind->destroy(operation);
  ab_free(client->allocator, operation->texts);
  ab_free(client->allocator, operation);
  ab_client_release(client);
}
