#include "loop.h"

#include "clock.h"

#include <assert.h>

/*
 * A turn that finds work gives way after this long: between any two sockets, timers or requests, so
 * that a step is never much longer. A host that calls a step for every frame has other things to
 * do; one that waits in it has not.
 */
static const int64_t frame_budget_us = 400, turn_budget_us = 2000;

/* Idle handles are cheap to make and cost memory to keep. */
enum { MAX_IDLE = 64 };

/* ---- libcurl's callbacks: they only note, and never call back into libcurl -------------------- */

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *of_socket) {
  ab_loop *loop = user;
  (void)easy;
  (void)of_socket;
  int events = what == CURL_POLL_IN      ? AB_WATCH_READ
               : what == CURL_POLL_OUT   ? AB_WATCH_WRITE
               : what == CURL_POLL_INOUT ? AB_WATCH_READ | AB_WATCH_WRITE
                                         : AB_WATCH_NONE;
  return ab_poller_watch(&loop->poller, socket, events) ? 0 : -1;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user) {
  ab_loop *loop = user;
  (void)multi;
  loop->curl_due_us = timeout_ms < 0    ? INT64_MAX
                      : timeout_ms == 0 ? 0
                                        : ab_clock_monotonic_us() + ab_clock_us_of_ms(timeout_ms);
  return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* libcurl's own default follows the number of handles, which rises and falls here. */
static void limit_kept_connections(ab_loop *loop) {
  long most = loop->connections > 10000 ? 10000 : (long)loop->connections;
  curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, most > 0 ? most : 1L);
}

static void free_multi(ab_loop *loop) {
  curl_multi_cleanup(loop->multi);
  loop->multi = NULL;
  loop->multi_failed = false;
  loop->curl_due_us = INT64_MAX;
}

static bool init_multi(ab_loop *loop) {
  loop->multi = curl_multi_init();
  if (loop->multi == NULL) {
    return false;
  }
  limit_kept_connections(loop);
  if (curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
      curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop) != CURLM_OK ||
      curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
      curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop) != CURLM_OK) {
    free_multi(loop);
    return false;
  }
  return true;
}

ab_loop *ab_loop_new(const struct ab_allocator *allocator, const struct ab_decoder *decoder) {
  if (allocator == NULL) {
    allocator = &ab_default_allocator;
  }
  /* Counted and, since libcurl 7.84, safe in threads. Never undone: a name look-up that was
     let go may still be running when the last loop ends. */
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return NULL;
  }
  ab_loop *loop = ab_new_zeroed(allocator, sizeof *loop);
  if (loop == NULL) {
    return NULL;
  }
  loop->references = 1;
  loop->allocator = *allocator;
  loop->decoder = *decoder;
  loop->curl_due_us = INT64_MAX;
  ab_poller_init(&loop->poller, &loop->allocator);
  ab_timer_heap_init(&loop->timers, &loop->allocator);
  ab_buffer_init(&loop->url, &loop->allocator, SIZE_MAX / 4, true);
  ab_list_init(&loop->members);
  ab_list_init(&loop->chores);
  ab_list_init(&loop->pause_chores);
  ab_list_init(&loop->in_flight);
  ab_list_init(&loop->events);
  ab_list_init(&loop->taken);
  ab_list_init(&loop->records);
  ab_list_init(&loop->taken_records);
  if (!init_multi(loop)) {
    ab_loop_release(loop);
    return NULL;
  }
  return loop;
}

static void free_idle(ab_loop *loop) {
  while (loop->idle != NULL) {
    struct ab_exchange *exchange = loop->idle;
    loop->idle = exchange->next_idle;
    ab_exchange_free(exchange);
  }
  loop->idle_count = 0;
}

void ab_members_close(struct ab_link *members) {
  while (!ab_list_empty(members)) {
    struct ab_member *member = AB_LISTED(members->next, struct ab_member, link);
    ab_link_remove(&member->link);
    member->close(member);
  }
}

void ab_loop_close(ab_loop *loop) {
  if (loop->closed) {
    return;
  }
  loop->closed = true;
  ab_members_close(&loop->members);
  free_idle(loop);
  free_multi(loop);
  ab_poller_free(&loop->poller);
  ab_buffer_free(&loop->url);
}

void ab_loop_reference(ab_loop *loop) {
  loop->references++;
}

void ab_loop_unreference(ab_loop *loop) {
  if (--loop->references == 0) {
    struct ab_allocator allocator = loop->allocator;
    ab_timer_heap_free(&loop->timers);
    ab_members_close(&loop->records);
    ab_members_close(&loop->taken_records);
    ab_free(&allocator, loop);
  }
}

void ab_loop_release(ab_loop *loop) {
  if (loop != NULL) {
    ab_loop_close(loop);
    ab_members_close(&loop->events);
    ab_members_close(&loop->taken);
    ab_loop_unreference(loop);
  }
}

/* ---- what clients and operations need --------------------------------------------------------- */

void ab_loop_do_soon(ab_loop *loop, struct ab_chore *chore) {
  if (!ab_link_listed(&chore->link)) {
    ab_list_append(&loop->chores, &chore->link);
  }
}

void ab_loop_do_in_pause(ab_loop *loop, struct ab_chore *chore, int64_t due_us, int64_t late_us) {
  if (!ab_link_listed(&chore->link)) {
    chore->due_us = due_us;
    chore->late_us = late_us;
    ab_list_append(&loop->pause_chores, &chore->link);
  }
}

static void set_connections(ab_loop *loop, size_t connections) {
  loop->connections = connections;
  if (loop->multi != NULL) {
    limit_kept_connections(loop);
  }
}

void ab_loop_add_connections(ab_loop *loop, unsigned connections) {
  set_connections(loop, loop->connections + connections);
}

void ab_loop_remove_connections(ab_loop *loop, unsigned connections) {
  set_connections(loop, loop->connections - connections);
}

/* Every operation has two timers, every exchange one. */
static bool reserve_timers(ab_loop *loop, size_t operations, size_t exchanges) {
  return ab_timer_heap_reserve(&loop->timers, operations * 2 + exchanges);
}

bool ab_loop_admit(ab_loop *loop) {
  if (loop->closed || !reserve_timers(loop, loop->under_way + 1, loop->in_flight_count)) {
    return false;
  }
  loop->under_way++;
  return true;
}

void ab_loop_dismiss(ab_loop *loop) {
  loop->under_way--;
}

struct ab_exchange *ab_loop_take_exchange(ab_loop *loop) {
  struct ab_exchange *exchange = loop->idle;
  if (exchange == NULL) {
    return ab_exchange_new(&loop->allocator);
  }
  loop->idle = exchange->next_idle;
  loop->idle_count--;
  return exchange;
}

bool ab_loop_start_exchange(ab_loop *loop, struct ab_exchange *exchange) {
  /* A connection in the making may have four sockets: two families, and a name look-up. */
  if (!ab_poller_reserve(&loop->poller, (loop->in_flight_count + 1) * 4) ||
      !reserve_timers(loop, loop->under_way, loop->in_flight_count + 1) ||
      (loop->multi == NULL && !init_multi(loop)) ||
      curl_multi_add_handle(loop->multi, exchange->easy) != CURLM_OK) {
    return false;
  }
  ab_list_append(&loop->in_flight, &exchange->in_flight);
  loop->in_flight_count++;
  return true;
}

void ab_loop_stop_exchange(ab_loop *loop, struct ab_exchange *exchange) {
  curl_multi_remove_handle(loop->multi, exchange->easy);
  ab_link_remove(&exchange->in_flight);
  loop->in_flight_count--;
  ab_loop_keep_exchange(loop, exchange);
}

/*
 * A handle that failed isn't used again: where memory ran out inside libcurl, 7.88 ends every later
 * request of the same handle as if the server had said nothing.
 */
void ab_loop_keep_exchange(ab_loop *loop, struct ab_exchange *exchange) {
  if (loop->closed || exchange->failed || loop->idle_count >= MAX_IDLE) {
    ab_exchange_free(exchange);
    return;
  }
  exchange->next_idle = loop->idle;
  loop->idle = exchange;
  loop->idle_count++;
}

size_t ab_loop_under_way(const ab_loop *loop) {
  return loop->under_way;
}

/* ---- stepping --------------------------------------------------------------------------------- */

/* Asking what time it is takes its time, too: it is asked after each piece of work only. */
static int64_t look_at_clock(ab_loop *loop) {
  loop->now_us = ab_clock_monotonic_us();
  return loop->now_us;
}

bool ab_loop_has_time(ab_loop *loop) {
  return look_at_clock(loop) < loop->stop_us;
}

static bool fire_timers(ab_loop *loop) {
  bool fired = false;
  const int64_t now_us = loop->now_us;
  struct ab_timer *timer;
  while ((!fired || ab_loop_has_time(loop)) &&
         (timer = ab_timer_heap_take_due(&loop->timers, now_us)) != NULL) {
    timer->fire(timer);
    fired = true;
  }
  return fired;
}

static bool take_finished(ab_loop *loop) {
  bool any = false;
  loop->finished_left = true;
  while (!any || ab_loop_has_time(loop)) {
    int left;
    CURLMsg *message = loop->multi == NULL ? NULL : curl_multi_info_read(loop->multi, &left);
    if (message == NULL) {
      loop->finished_left = false;
      break;
    }
    struct ab_exchange *exchange = NULL;
    CURLcode code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
    exchange->failed = code != CURLE_OK;
    exchange->done(exchange, code);
    any = true;
  }
  return any;
}

static void act(ab_loop *loop, curl_socket_t socket, int mask) {
  int running;
  if (loop->multi != NULL && !loop->multi_failed) {
    loop->multi_failed = curl_multi_socket_action(loop->multi, socket, mask, &running) != CURLM_OK;
  }
}

/*
 * When libcurl has no memory for its notes on a socket, it never asks for the socket to be watched,
 * and uses what it has freed of them when the socket's number comes again. Likewise it does nothing
 * any more once a callback of ours has failed. So all that is in flight ends, and the next exchange
 * gets a new multi handle.
 */
static bool replace_failed_multi(ab_loop *loop) {
  if (!loop->multi_failed || loop->finished_left) {
    return false;
  }
  while (!ab_list_empty(&loop->in_flight)) {
    struct ab_exchange *exchange = AB_LISTED(loop->in_flight.next, struct ab_exchange, in_flight);
    exchange->failed = true;
    exchange->done(exchange, CURLE_OUT_OF_MEMORY);
  }
  ab_poller_forget_all(&loop->poller);
  free_multi(loop);
  return true;
}

static bool call_curl_if_due(ab_loop *loop) {
  if (loop->curl_due_us > loop->now_us) {
    return false;
  }
  loop->curl_due_us = INT64_MAX;
  act(loop, CURL_SOCKET_TIMEOUT, 0);
  return true;
}

/* Each chore hands over a few requests; libcurl sends them before the next chore. */
static bool run_chores(ab_loop *loop) {
  bool ran = false;
  while (!loop->multi_failed && !ab_list_empty(&loop->chores) && (!ran || ab_loop_has_time(loop))) {
    struct ab_chore *chore = AB_LISTED(loop->chores.next, struct ab_chore, link);
    ab_link_remove(&chore->link);
    chore->run(chore);
    call_curl_if_due(loop);
    ran = true;
  }
  return ran;
}

/* The one that is due first; NULL if there is none. */
static struct ab_chore *first_pause_chore(const ab_loop *loop) {
  struct ab_chore *first = NULL;
  for (struct ab_link *link = loop->pause_chores.next; link != &loop->pause_chores;
       link = link->next) {
    struct ab_chore *chore = AB_LISTED(link, struct ab_chore, link);
    first = first == NULL || chore->due_us < first->due_us ? chore : first;
  }
  return first;
}

static void run_pause_chore(ab_loop *loop, struct ab_chore *chore) {
  ab_link_remove(&chore->link);
  chore->run(chore);
  call_curl_if_due(loop);
}

/* Long work begins only while half of the turn is left. */
static bool use_pause(ab_loop *loop) {
  struct ab_chore *chore = first_pause_chore(loop);
  if (chore == NULL || loop->multi_failed || chore->due_us > loop->now_us ||
      loop->now_us + loop->budget_us / 2 > loop->stop_us) {
    return false;
  }
  run_pause_chore(loop, chore);
  return true;
}

/* No pause has come for a chore: it doesn't wait any more. */
static bool run_late_chore(ab_loop *loop) {
  for (struct ab_link *link = loop->pause_chores.next; link != &loop->pause_chores;
       link = link->next) {
    struct ab_chore *chore = AB_LISTED(link, struct ab_chore, link);
    if (chore->late_us <= loop->now_us && !loop->multi_failed) {
      run_pause_chore(loop, chore);
      return true;
    }
  }
  return false;
}

static int curl_mask(int events) {
  return (events & AB_WATCH_READ ? CURL_CSELECT_IN : 0) |
         (events & AB_WATCH_WRITE ? CURL_CSELECT_OUT : 0);
}

/* All that can be done without looking at sockets; true if there was something. */
static bool do_due_work(ab_loop *loop) {
  bool worked = take_finished(loop);
  worked = replace_failed_multi(loop) || worked;
  worked = fire_timers(loop) || worked;
  worked = run_chores(loop) || worked;
  worked = run_late_chore(loop) || worked;
  worked = call_curl_if_due(loop) || worked;
  return take_finished(loop) || worked;
}

static int64_t next_due(const ab_loop *loop) {
  int64_t due_us = ab_timer_heap_next_due(&loop->timers);
  const struct ab_chore *chore = first_pause_chore(loop);
  due_us = chore != NULL && chore->due_us < due_us ? chore->due_us : due_us;
  due_us = loop->curl_due_us < due_us ? loop->curl_due_us : due_us;
  bool work_left = !ab_list_empty(&loop->chores) || loop->finished_left || loop->multi_failed;
  return work_left ? 0 : due_us;
}

/* Waits until `until_us` at most and serves the sockets that are ready; their number or -1. */
static int serve_sockets(ab_loop *loop, int64_t until_us) {
  int64_t due_us = next_due(loop);
  due_us = due_us < until_us ? due_us : until_us;
  int64_t wait_us = due_us == INT64_MAX ? INT64_MAX : due_us - loop->now_us;
  int ready = ab_poller_wait(&loop->poller, wait_us < 0 ? 0 : wait_us);
  int socket, events;
  look_at_clock(loop);
  if (ready > 0 && wait_us > 0) {
    loop->stop_us = loop->now_us + loop->budget_us; /* a wait isn't work */
  }
  /* What there is no time for is ready still when it is asked for again. */
  for (int i = 0; i < ready && loop->now_us < loop->stop_us &&
                  ab_poller_take_ready(&loop->poller, &socket, &events);
       i++) {
    act(loop, socket, curl_mask(events));
    take_finished(loop);
    look_at_clock(loop);
  }
  return ready;
}

size_t ab_loop_step(ab_loop *loop, int64_t timeout_ms) {
  return ab_loop_step_within(loop, timeout_ms, timeout_ms == 0 ? frame_budget_us : turn_budget_us);
}

size_t ab_loop_step_within(ab_loop *loop, int64_t timeout_ms, int64_t budget_us) {
  int64_t now_us = look_at_clock(loop);
  int64_t until_us = timeout_ms < 0 ? INT64_MAX : now_us + ab_clock_us_of_ms(timeout_ms);
  loop->budget_us = budget_us;
  loop->stop_us = now_us + loop->budget_us;
  while (!loop->closed) {
    bool worked = do_due_work(loop);
    /* Nothing under way can't become something by waiting. */
    bool idle = loop->under_way == 0 && timeout_ms < 0;
    bool hurry = worked || idle || !ab_list_empty(&loop->events);
    int ready = serve_sockets(loop, hurry ? 0 : until_us);
    now_us = loop->now_us;
    if (ready < 0) {
      break; /* a signal: the host may want to know */
    }
    if ((worked || ready > 0 || use_pause(loop)) && now_us < loop->stop_us) {
      continue; /* all that is ready, not one socket's worth */
    }
    if (idle || now_us >= until_us || !ab_list_empty(&loop->events)) {
      break;
    }
    loop->stop_us = now_us + loop->budget_us;
  }
  return loop->under_way;
}

/* ---- for event loops -------------------------------------------------------------------------- */

int ab_loop_descriptor(ab_loop *loop) {
  return loop->closed ? -1 : ab_poller_descriptor(&loop->poller);
}

int64_t ab_loop_delay_ms(const ab_loop *loop) {
  if (loop->closed) {
    return -1;
  }
  int64_t due_us = ab_list_empty(&loop->events) ? next_due(loop) : 0;
  if (due_us == INT64_MAX) {
    return -1;
  }
  int64_t delay_us = due_us - ab_clock_monotonic_us();
  return delay_us <= 0 ? 0 : (delay_us + 999) / 1000;
}
