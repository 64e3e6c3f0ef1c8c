/*
 * The loop inside the core: one libcurl multi handle driven by its socket and timer callbacks,
 * a heap of deadlines, chores for the next step, and the queue of what is to be told. It knows
 * exchanges; what they are for is known to whoever started them.
 */
#ifndef AB_LOOP_H
#define AB_LOOP_H

#include "exchange.h"
#include "list.h"
#include "poller.h"
#include "timer_heap.h"

/* Something that must end when what it belongs to is closed; `close` takes it off the list. */
struct ab_member {
  struct ab_link link; /* first */
  void (*close)(struct ab_member *member);
};

/* Work to be done in the next step, never at once. */
struct ab_chore {
  struct ab_link link; /* first */
  void (*run)(struct ab_chore *chore);
  int64_t due_us;  /* of one that waits for a pause: until then it would be too early */
  int64_t late_us; /* and from then on it waits no more */
};

struct ab_loop {
  unsigned references; /* the host's and one for each client */
  struct ab_allocator allocator;
  struct ab_decoder decoder;
  CURLM *multi;      /* NULL: none, for lack of memory; made when it is needed */
  bool multi_failed; /* it reported an error: what it still watches and does is unknown */
  struct ab_poller poller;
  struct ab_timer_heap timers;
  int64_t curl_due_us; /* when libcurl wants to be called; INT64_MAX: never */
  struct ab_link members;
  struct ab_link chores;
  struct ab_link pause_chores;
  struct ab_link events;        /* members with something to tell, in the order of their news */
  struct ab_link taken;         /* the member that told its end last */
  struct ab_link records;       /* see record.h */
  struct ab_link taken_records; /* the one that the host looks at */
  size_t record_count;
  size_t under_way;
  size_t connections;       /* the sum of all clients' max_connections */
  struct ab_link in_flight; /* exchanges that are with libcurl */
  size_t in_flight_count;
  struct ab_exchange *idle;
  size_t idle_count;
  struct ab_buffer url; /* of the request being handed over; holds the key */
  uint64_t last_serial; /* of a client */
  int64_t now_us;       /* after the last piece of work */
  int64_t budget_us;    /* of a turn */
  int64_t stop_us;      /* when the work of this turn has to give way */
  bool finished_left;   /* libcurl has more to tell than there was time for */
  bool closed;
};

void ab_loop_reference(ab_loop *loop);
void ab_loop_unreference(ab_loop *loop);

/* Closes every member of a list. */
void ab_members_close(struct ab_link *members);

void ab_loop_do_soon(ab_loop *loop, struct ab_chore *chore);

/*
 * The same for work that is long: it waits until `due_us`, and then for a pause in all other work,
 * until `late_us` at most. A chore that waits already keeps its times.
 */
void ab_loop_do_in_pause(ab_loop *loop, struct ab_chore *chore, int64_t due_us, int64_t late_us);

/* Whether there is time for another piece of work in this turn. */
bool ab_loop_has_time(ab_loop *loop);

/* How many connections are worth keeping open. */
void ab_loop_add_connections(ab_loop *loop, unsigned connections);
void ab_loop_remove_connections(ab_loop *loop, unsigned connections);

/* Counts an operation in, with room for its timers; false when there is no memory. */
bool ab_loop_admit(ab_loop *loop);
void ab_loop_dismiss(ab_loop *loop);

/* An idle or new exchange; NULL when there is no memory. */
struct ab_exchange *ab_loop_take_exchange(ab_loop *loop);

/* Hands a prepared exchange to libcurl; its `done` is called from a later step. */
bool ab_loop_start_exchange(ab_loop *loop, struct ab_exchange *exchange);

/* Takes a started exchange from libcurl, finished or not. */
void ab_loop_stop_exchange(ab_loop *loop, struct ab_exchange *exchange);

/* Gives back an exchange that isn't with libcurl. */
void ab_loop_keep_exchange(ab_loop *loop, struct ab_exchange *exchange);

#endif
