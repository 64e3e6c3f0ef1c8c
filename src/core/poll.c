/*
 * A poll: start some work of the service, then ask for its status until there is a verdict.
 * Joins the pure parts (plan, verdict) to requests, times and results; decides nothing itself.
 */
#include "clock.h"
#include "failure.h"
#include "form_request.h"
#include "poll_plan.h"
#include "share.h"
#include "verdict.h"

#include <string.h>

/* Tasks named in a message: enough to act on, short enough to read. */
enum { MAX_NAMED = 8, MAX_SEEN = 4096, MAX_TROUBLE_BYTES = 4096 };

struct poll {
  ab_operation operation; /* first: a poll is an operation */
  struct ab_form *submit; /* NULL: there is none, or it has been accepted */
  struct ab_form *check;
  bool accepted; /* checks have begun */
  struct ab_sharer sharer;
  int64_t accepted_us;
  int64_t asked_us; /* when its check for all was decided on */
  int64_t wait_us;  /* before the next check */
  enum ab_judge judge;
  struct ab_poll_plan plan;
  struct ab_judged judged;
  uint64_t *seen; /* keys of tasks that were seen running */
  const struct ab_text *final_states;
  size_t final_state_count;
  struct ab_text final_code;
  struct ab_text what;
  enum ab_error timeout_error;
  int64_t timeout_ms;
  char *kept; /* copies of the options' lists and texts, in one block */
  char *submit_request_id;
  int http_status; /* of the last answer */
  char *trouble;   /* why there is no verdict yet, for a person; NULL: it isn't known */
};

static struct poll *poll_of(ab_operation *operation) {
  return (struct poll *)operation;
}

static struct poll *poll_of_sharer(struct ab_sharer *sharer) {
  return AB_LISTED(sharer, struct poll, sharer);
}

static bool is_asker(const struct poll *poll) {
  return poll->sharer.share != NULL && poll->sharer.share->asker == &poll->sharer;
}

/* What is being sent, or will be next. */
static const struct ab_form *form_of(const struct poll *poll) {
  if (is_asker(poll)) {
    return poll->sharer.share->form;
  }
  return poll->submit == NULL ? poll->check : poll->submit;
}

static struct ab_text action_of(const ab_operation *operation) {
  return form_of((const struct poll *)operation)->action;
}

static void send_form(struct poll *poll) {
  /* A check that fails is an attempt of its own, with its own interval. */
  ab_operation_send(&poll->operation, poll->submit == NULL       ? AB_RETRY_NEVER
                                      : poll->submit->repeatable ? AB_RETRY_ALWAYS
                                                                 : AB_RETRY_UNTAKEN);
}

/* Whether somebody's check that is under way will tell of this poll's work, too. */
static bool is_being_asked(const struct poll *poll) {
  const struct ab_sharer *asker = poll->sharer.share->asker;
  return asker != NULL && AB_LISTED(asker, struct poll, sharer)->asked_us >= poll->accepted_us;
}

static void send_next(struct poll *poll) {
  struct ab_sharer *sharer = &poll->sharer;
  if (poll->accepted && ab_share_is_shared(sharer)) {
    if (is_being_asked(poll)) {
      sharer->waits = true;
      return;
    }
    if (sharer->share->asker == NULL) {
      sharer->share->asker = sharer;
      poll->asked_us = ab_clock_monotonic_us();
    }
  }
  send_form(poll);
}

/* ---- copies of what the options point to ----------------------------------------------------- */

static struct ab_text keep(char **cursor, struct ab_text text) {
  struct ab_text kept = {*cursor, text.size};
  if (text.size > 0) {
    memcpy(*cursor, text.data, text.size);
  }
  *cursor += text.size;
  return kept;
}

static size_t kept_size(const struct ab_poll_options *options) {
  size_t size = options->scope.context_id.size + options->scope.path.size + options->mode.size +
                options->final_code.size + options->what.size +
                options->expected_count * sizeof(struct ab_place) +
                options->final_state_count * sizeof(struct ab_text) + 1;
  for (size_t i = 0; i < options->expected_count; i++) {
    size += options->expected[i].context_id.size + options->expected[i].path.size;
  }
  for (size_t i = 0; i < options->final_state_count; i++) {
    size += options->final_states[i].size;
  }
  return size;
}

static bool keep_options(struct poll *poll, const struct ab_allocator *allocator,
                         const struct ab_poll_options *options) {
  poll->kept = ab_resize_array(allocator, NULL, kept_size(options), 1);
  if (poll->kept == NULL) {
    return false;
  }
  /* The lists come first: the block is aligned for them. */
  struct ab_place *expected = (struct ab_place *)(void *)poll->kept;
  struct ab_text *states = (struct ab_text *)(void *)(expected + options->expected_count);
  char *cursor = (char *)(states + options->final_state_count);
  for (size_t i = 0; i < options->expected_count; i++) {
    expected[i].context_id = keep(&cursor, options->expected[i].context_id);
    expected[i].path = keep(&cursor, options->expected[i].path);
  }
  for (size_t i = 0; i < options->final_state_count; i++) {
    states[i] = keep(&cursor, options->final_states[i]);
  }
  poll->judged = (struct ab_judged){
      .scope = {keep(&cursor, options->scope.context_id), keep(&cursor, options->scope.path)},
      .mode = keep(&cursor, options->mode),
      .expected = expected,
      .expected_count = options->expected_count,
  };
  poll->final_states = states;
  poll->final_state_count = options->final_state_count;
  poll->final_code = keep(&cursor, options->final_code);
  poll->what = keep(&cursor, options->what);
  return true;
}

/* ---- words for messages ---------------------------------------------------------------------- */

static void append_place(struct ab_buffer *text, struct ab_text context_id, struct ab_text path) {
  ab_buffer_append_text(text, context_id);
  ab_buffer_append_string(text, " at ");
  ab_buffer_append_text(text, path);
}

static void append_task(struct ab_buffer *text, const struct ab_task *task) {
  ab_buffer_append_text(text, task->task_type);
  ab_buffer_append_string(text, " of ");
  append_place(text, task->context_id, task->path);
}

/* Appends the tasks of one standing: failed ones with their reasons, others with their status. */
static void append_tasks(const struct poll *poll, const struct ab_reply *reply, bool failed,
                         struct ab_buffer *text) {
  unsigned named = 0;
  for (size_t i = 0; i < reply->task_count; i++) {
    const struct ab_task *task = &reply->tasks[i];
    enum ab_standing standing = ab_task_standing(&poll->judged, reply->tasks, reply->task_count, i);
    bool wanted = failed ? ab_task_failed(task) &&
                               (standing == AB_STANDING_ENDED || standing == AB_STANDING_UNCERTAIN)
                         : standing == AB_STANDING_RUNNING;
    if (!wanted) {
      continue;
    }
    if (++named > MAX_NAMED && !failed) {
      ab_buffer_append_string(text, ", ...");
      return;
    }
    ab_buffer_append_string(text, named > 1 ? "; " : "");
    append_task(text, task);
    ab_buffer_append_string(text, failed ? ": " : " (");
    struct ab_text reason = failed ? task->error_message : task->status;
    ab_buffer_append_text(text, reason.size > 0 ? reason : ab_text_of("no reason given"));
    ab_buffer_append_string(text, failed ? "" : ")");
  }
}

static void append_missing_places(const struct poll *poll, const struct ab_reply *reply,
                                  struct ab_buffer *text) {
  for (size_t i = 0; i < poll->judged.expected_count; i++) {
    const struct ab_place *place = &poll->judged.expected[i];
    if (!ab_places_bound(place, 1, reply->tasks, reply->task_count)) {
      ab_buffer_append_string(text, i > 0 ? "; " : "");
      append_place(text, place->context_id, place->path);
    }
  }
}

static void describe_trouble(const struct poll *poll, const struct ab_answer *answer,
                             enum ab_check check, struct ab_buffer *trouble) {
  if (check == AB_CHECK_PASSING_FAILURE) {
    ab_buffer_append_string(trouble, "the last status check failed: ");
    ab_answer_describe(answer, trouble);
  } else if (poll->judge == AB_JUDGE_STATE) {
    ab_buffer_append_string(trouble, "the last known state is ");
    struct ab_text state = answer->reply.state;
    ab_buffer_append_text(trouble, state.size > 0 ? state : ab_text_of("not told"));
  } else if (poll->judge == AB_JUDGE_BINDINGS) {
    ab_buffer_append_string(trouble, "not bound: ");
    append_missing_places(poll, &answer->reply, trouble);
  } else if (check != AB_CHECK_PENDING) {
    ab_buffer_append_string(trouble, "no transfer of it was listed yet");
  } else if (ab_places_bound(poll->judged.expected, poll->judged.expected_count,
                             answer->reply.tasks, answer->reply.task_count)) {
    ab_buffer_append_string(trouble, "still running: ");
    append_tasks(poll, &answer->reply, false, trouble);
  } else {
    ab_buffer_append_string(trouble, "no transfer is listed yet for ");
    append_missing_places(poll, &answer->reply, trouble);
  }
}

/* Remembers why there is no verdict, for the case that time runs out. */
static void note_trouble(struct poll *poll, const struct ab_answer *answer, enum ab_check check) {
  const struct ab_allocator *allocator = poll->operation.client->allocator;
  struct ab_buffer trouble;
  ab_buffer_init(&trouble, allocator, MAX_TROUBLE_BYTES, false);
  describe_trouble(poll, answer, check, &trouble);
  struct ab_text text = ab_buffer_text(&trouble);
  if (poll->trouble == NULL || !ab_text_equal(ab_text_of(poll->trouble), text)) {
    ab_free(allocator, poll->trouble);
    poll->trouble = ab_copy_text(allocator, text);
  }
  ab_buffer_free(&trouble);
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* The work itself is known by the id of the request that started it. */
static void end(struct poll *poll, struct ab_answer answer) {
  if (poll->submit_request_id != NULL &&
      (answer.error == AB_OK || answer.reply.request_id.size == 0)) {
    answer.reply.request_id = ab_text_of(poll->submit_request_id);
  }
  if (answer.http_status == 0 && answer.error == poll->timeout_error) {
    answer.http_status = poll->http_status;
  }
  ab_operation_end(&poll->operation, &answer);
}

static void end_out_of_time(struct poll *poll) {
  struct ab_buffer message;
  ab_buffer_init(&message, poll->operation.client->allocator, 2 * MAX_TROUBLE_BYTES, false);
  ab_buffer_append_text(&message, poll->what);
  ab_buffer_append_format(&message, " had not ended after %u status checks in %lld ms",
                          poll->plan.attempts,
                          (long long)ab_operation_elapsed_ms(&poll->operation));
  if (!poll->accepted) {
    ab_buffer_append_string(&message, ": the request that starts it had not been answered");
  } else if (poll->trouble != NULL) {
    ab_buffer_append_string(&message, ": ");
    ab_buffer_append_string(&message, poll->trouble);
  }
  end(poll, (struct ab_answer){.error = poll->timeout_error, .message = ab_buffer_text(&message)});
  ab_buffer_free(&message);
}

static void end_failed(struct poll *poll, const struct ab_answer *answer) {
  struct ab_buffer message;
  ab_buffer_init(&message, poll->operation.client->allocator, 60 * 1024, false);
  append_tasks(poll, &answer->reply, true, &message);
  end(poll, (struct ab_answer){.error = AB_SYNC_FAILED,
                               .http_status = answer->http_status,
                               .message = ab_buffer_text(&message)});
  ab_buffer_free(&message);
}

/* ---- the course of a poll -------------------------------------------------------------------- */

static void make_move(struct poll *poll, struct ab_next next, const struct ab_answer *answer) {
  switch (next.move) {
  case AB_MOVE_CHECK:
    poll->wait_us = next.wait_us;
    if (next.wait_us > 0) {
      ab_operation_wake_at(&poll->operation, ab_clock_monotonic_us() + next.wait_us);
    } else {
      send_next(poll);
    }
    break;
  case AB_MOVE_SUCCEED:
    end(poll, (struct ab_answer){.reply.request_id = answer->reply.request_id});
    break;
  case AB_MOVE_FAIL:
    end_failed(poll, answer);
    break;
  case AB_MOVE_ERROR:
    end(poll, *answer);
    break;
  case AB_MOVE_EXHAUSTED:
    end_out_of_time(poll);
    break;
  }
}

/* Remembers the running tasks; false when there is no memory. */
static bool remember_running(struct poll *poll, const struct ab_reply *reply) {
  struct ab_judged *judged = &poll->judged;
  for (size_t i = 0; i < reply->task_count && judged->seen_count < MAX_SEEN; i++) {
    if (ab_task_standing(judged, reply->tasks, reply->task_count, i) != AB_STANDING_RUNNING) {
      continue;
    }
    uint64_t key = ab_task_key(&reply->tasks[i]);
    bool known = false;
    for (size_t j = 0; j < judged->seen_count && !known; j++) {
      known = judged->seen[j] == key;
    }
    if (known) {
      continue;
    }
    uint64_t *seen = ab_resize_array(poll->operation.client->allocator, poll->seen,
                                     judged->seen_count + 1, sizeof *seen);
    if (seen == NULL) {
      return false;
    }
    seen[judged->seen_count++] = key;
    judged->seen = poll->seen = seen;
  }
  return true;
}

static enum ab_check judge_tasks(const struct poll *poll, const struct ab_reply *reply) {
  switch (ab_judge_tasks(&poll->judged, reply->tasks, reply->task_count)) {
  case AB_VERDICT_PENDING:
    return AB_CHECK_PENDING;
  case AB_VERDICT_SUCCEEDED:
    return AB_CHECK_SUCCEEDED;
  case AB_VERDICT_FAILED:
    return AB_CHECK_FAILED;
  case AB_VERDICT_NOTHING:
    return AB_CHECK_NOTHING;
  case AB_VERDICT_UNCERTAIN_SUCCEEDED:
    return AB_CHECK_UNCERTAIN_SUCCEEDED;
  case AB_VERDICT_UNCERTAIN_FAILED:
    return AB_CHECK_UNCERTAIN_FAILED;
  }
  return AB_CHECK_PENDING;
}

static enum ab_check judge_reply(const struct poll *poll, const struct ab_reply *reply) {
  bool reached = false;
  switch (poll->judge) {
  case AB_JUDGE_TRANSFERS:
    return judge_tasks(poll, reply);
  case AB_JUDGE_BINDINGS:
    reached = ab_places_bound(poll->judged.expected, poll->judged.expected_count, reply->tasks,
                              reply->task_count);
    break;
  case AB_JUDGE_STATE:
    for (size_t i = 0; i < poll->final_state_count && !reached; i++) {
      reached = ab_text_equal(poll->final_states[i], reply->state);
    }
    break;
  }
  return reached ? AB_CHECK_SUCCEEDED : AB_CHECK_PENDING;
}

static bool final_code_answered(const struct poll *poll, const struct ab_answer *answer) {
  return answer->error == AB_SERVICE_ERROR && poll->final_code.size > 0 &&
         ab_text_equal(answer->code, poll->final_code);
}

static enum ab_check judge_answer(const struct poll *poll, const struct ab_answer *answer) {
  if (final_code_answered(poll, answer)) {
    return AB_CHECK_SUCCEEDED;
  }
  if (answer->error == AB_OK) {
    return judge_reply(poll, &answer->reply);
  }
  return ab_failure_lasts(answer->error, answer->http_status, answer->code)
             ? AB_CHECK_LASTING_FAILURE
             : AB_CHECK_PASSING_FAILURE;
}

static void checked(struct poll *poll, const struct ab_answer *answer) {
  enum ab_check check = judge_answer(poll, answer);
  struct ab_next next =
      ab_poll_plan_checked(&poll->plan, check, ab_clock_monotonic_us() - poll->accepted_us);
  poll->operation.attempts = poll->plan.attempts;
  poll->http_status = answer->http_status;
  ab_operation_tell_progress(&poll->operation);
  if (next.move == AB_MOVE_CHECK || next.move == AB_MOVE_EXHAUSTED) {
    note_trouble(poll, answer, check);
  }
  if (check == AB_CHECK_PENDING && poll->judge == AB_JUDGE_TRANSFERS &&
      !remember_running(poll, &answer->reply)) {
    end(poll, (struct ab_answer){.error = AB_OUT_OF_MEMORY,
                                 .message = ab_text_of(ab_error_text(AB_OUT_OF_MEMORY))});
    return;
  }
  make_move(poll, next, answer);
}

static void begin_checks(struct poll *poll) {
  poll->accepted = true;
  poll->accepted_us = ab_clock_monotonic_us();
  ab_share_activate(&poll->sharer);
}

/* The service's clock tells when it accepted, as far as its answer's way allows. */
static void note_acceptance(struct poll *poll, const struct ab_answer *answer) {
  int64_t way = ab_operation_elapsed_ms(&poll->operation) / 1000;
  int64_t last = answer->date_seconds != 0 ? answer->date_seconds : ab_clock_unix_seconds();
  poll->judged.accepted_last = last;
  poll->judged.accepted_first = last - way;
}

static void submitted(struct poll *poll, const struct ab_answer *answer) {
  poll->http_status = answer->http_status;
  if (final_code_answered(poll, answer)) {
    end(poll, (struct ab_answer){.reply.request_id = answer->reply.request_id});
    return;
  }
  if (answer->error != AB_OK) {
    end(poll, *answer);
    return;
  }
  poll->submit_request_id =
      ab_copy_text(poll->operation.client->allocator, answer->reply.request_id);
  begin_checks(poll);
  ab_form_free(poll->submit); /* never sent again */
  poll->submit = NULL;
  note_acceptance(poll, answer);
  make_move(poll, ab_poll_plan_begin(&poll->plan), answer);
}

static enum ab_error prepare(ab_operation *operation, struct ab_exchange *exchange) {
  return ab_form_prepare(operation, form_of(poll_of(operation)), exchange);
}

/* ---- checks that several polls share --------------------------------------------------------- */

/* Whether an answer that was asked for then may stand for a poll's own check. */
static bool wants(const struct poll *poll, int64_t asked_us) {
  const struct ab_timer *wake = &poll->operation.wake_timer;
  if (poll->sharer.waits) {
    return true;
  }
  return poll->sharer.active && poll->operation.state == AB_OPERATION_WAITING &&
         wake->position != 0 && asked_us >= poll->accepted_us &&
         wake->due_us - ab_clock_monotonic_us() <= poll->wait_us / 2;
}

/*
 * Tells the others what the asker got. `exchange` holds a whole answer, or is NULL where there is
 * none but the failure in `answer`. A poll that is told may end, and others with it.
 */
static void tell_others(struct poll *asker, struct ab_exchange *exchange,
                        const struct ab_answer *answer) {
  struct ab_share *share = asker->sharer.share;
  struct ab_link told;
  ab_list_init(&told);
  for (struct ab_link *link = share->members.next, *next; link != &share->members; link = next) {
    next = link->next;
    struct ab_sharer *other = AB_LISTED(link, struct ab_sharer, link);
    if (other != &asker->sharer && wants(poll_of_sharer(other), asker->asked_us)) {
      ab_link_remove(link);
      ab_list_append(&told, link);
    }
  }
  while (!ab_list_empty(&told)) {
    struct ab_sharer *other = AB_LISTED(told.next, struct ab_sharer, link);
    struct poll *poll = poll_of_sharer(other);
    struct ab_answer its_own = *answer;
    ab_link_remove(&other->link);
    ab_list_append(&share->members, &other->link);
    other->waits = false;
    ab_operation_forget_wake(&poll->operation);
    if (exchange != NULL) {
      ab_form_read(&poll->operation, share->form, exchange, &its_own);
    }
    checked(poll, &its_own);
  }
}

/* If an asker ends without an answer, one of those that waited for it asks in its place. */
static void leave_share(ab_operation *operation) {
  struct poll *poll = poll_of(operation);
  struct ab_share *share = poll->sharer.share;
  if (is_asker(poll)) {
    for (struct ab_link *link = share->members.next; link != &share->members; link = link->next) {
      struct ab_sharer *other = AB_LISTED(link, struct ab_sharer, link);
      if (other->waits) {
        other->waits = false;
        ab_operation_wake_at(&poll_of_sharer(other)->operation, ab_clock_monotonic_us());
      }
    }
  }
  ab_share_leave(&poll->sharer);
}

static void read_answer(ab_operation *operation, struct ab_exchange *exchange,
                        struct ab_answer *answer) {
  struct poll *poll = poll_of(operation);
  const struct ab_form *form = form_of(poll);
  if (is_asker(poll)) {
    /* The others first: what the decoder gave is valid until it is called again. */
    poll->sharer.share->asker = NULL;
    tell_others(poll, exchange, answer);
  }
  ab_form_read(operation, form, exchange, answer);
}

static void answered(ab_operation *operation, const struct ab_answer *answer) {
  struct poll *poll = poll_of(operation);
  if (is_asker(poll)) { /* there was no whole answer to read */
    poll->sharer.share->asker = NULL;
    tell_others(poll, NULL, answer);
  }
  if (poll->accepted) {
    checked(poll, answer);
  } else {
    submitted(poll, answer);
  }
}

static void woken(ab_operation *operation) {
  send_next(poll_of(operation));
}

static void timed_out(ab_operation *operation) {
  end_out_of_time(poll_of(operation));
}

static void free_parts(struct poll *poll, const struct ab_allocator *allocator) {
  ab_share_leave(&poll->sharer);
  ab_form_free(poll->submit);
  ab_form_free(poll->check);
  ab_free(allocator, poll->trouble);
  ab_free(allocator, poll->seen);
  ab_free(allocator, poll->kept);
  ab_free(allocator, poll->submit_request_id);
}

static void destroy(ab_operation *operation) {
  free_parts(poll_of(operation), operation->client->allocator);
}

static const struct ab_operation_kind poll_kind = {
    .action = action_of,
    .prepare = prepare,
    .read = read_answer,
    .answered = answered,
    .woken = woken,
    .timed_out = timed_out,
    .stopped = leave_share,
    .destroy = destroy,
};

static bool init_poll(struct poll *poll, ab_client *client, const struct ab_poll_options *options,
                      void *user) {
  const struct ab_allocator *allocator = client->allocator;
  poll->accepted = options->submit == NULL;
  poll->judge = options->judge;
  poll->timeout_error = options->timeout_error;
  poll->timeout_ms = options->timeout_ms;
  ab_poll_plan_init(&poll->plan, options);
  if (poll->accepted && poll->plan.max_attempts == 0) {
    poll->plan.max_attempts = 1; /* without a request of its own a poll is its checks */
  }
  poll->check = ab_form_new(allocator, options->check, client->api_key);
  if (!poll->accepted) {
    poll->submit = ab_form_new(allocator, options->submit, client->api_key);
  }
  return keep_options(poll, allocator, options) && poll->check != NULL &&
         (poll->accepted || poll->submit != NULL) &&
         (options->share_key.size == 0 ||
          ab_share_join(&client->shares, options->share_key, options->shared_check, client->api_key,
                        &poll->sharer)) &&
         ab_operation_init(&poll->operation, &poll_kind, client, user);
}

ab_operation *ab_poll_start(ab_client *client, const struct ab_poll_options *options, void *user) {
  struct poll *poll = ab_new_zeroed(client->allocator, sizeof *poll);
  if (poll == NULL) {
    return NULL;
  }
  if (!init_poll(poll, client, options, user)) {
    free_parts(poll, client->allocator);
    ab_free(client->allocator, poll);
    return NULL;
  }
  ab_operation *operation = &poll->operation;
  if (poll->timeout_ms > 0) {
    ab_operation_set_deadline(operation,
                              operation->started_us + ab_clock_us_of_ms(poll->timeout_ms));
  }
  if (poll->accepted) {
    begin_checks(poll);
  }
  send_next(poll);
  return operation;
}
