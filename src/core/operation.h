/*
 * What all operations share: their life from start to the one result, their place in line for
 * a connection, the request they have in flight, their deadlines and events.
 *
 *   WAITING ──send──> IN_LINE ──> IN_FLIGHT ──answered──> WAITING ... ──end──> ENDED
 *                        ^─────────── repeated ──┘
 */
#ifndef AB_OPERATION_H
#define AB_OPERATION_H

#include "answer.h"
#include "client.h"

/*
 * How what is sent next is to be repeated. Only AB_RETRY_ALWAYS is repeated even if it may have
 * arrived.
 */
enum ab_retry_kind { AB_RETRY_NEVER, AB_RETRY_UNTAKEN, AB_RETRY_ALWAYS };

enum ab_operation_state {
  AB_OPERATION_WAITING, /* for its next moment */
  AB_OPERATION_IN_LINE, /* for a connection */
  AB_OPERATION_IN_FLIGHT,
  AB_OPERATION_ENDED
};

/* What differs between a call, a poll and the others. What is marked so may be NULL. */
struct ab_operation_kind {
  /* What is being sent, for the records. */
  struct ab_text (*action)(const ab_operation *operation);
  /* Tells libcurl what to send; AB_OK or why it can't be sent. */
  enum ab_error (*prepare)(ab_operation *operation, struct ab_exchange *exchange);
  /* Understands a whole answer: fills in error, code and message. */
  void (*read)(ab_operation *operation, struct ab_exchange *exchange, struct ab_answer *answer);
  void (*answered)(ab_operation *operation, const struct ab_answer *answer);
  void (*woken)(ab_operation *operation);     /* the time set by ab_operation_wake_at came */
  void (*timed_out)(ab_operation *operation); /* its deadline came */
  void (*stopped)(ab_operation *operation);   /* it is about to end, however; may be NULL */
  void (*destroy)(ab_operation *operation);   /* frees what the kind added, not the block */
};

/* A waiting one should be small: what only an exchange needs is with the exchange. */
struct ab_operation {
  const struct ab_operation_kind *kind;
  ab_client *client;
  void *user;
  struct ab_exchange *exchange;
  enum ab_operation_state state;
  enum ab_retry_kind retry;
  unsigned references; /* the host's, and the loop's until the end has been told */
  unsigned tries;      /* exchanges since ab_operation_send */
  unsigned requests;   /* how many exchanges there were */
  unsigned attempts;
  bool repeating; /* it waits for being sent again */
  bool progress_to_tell;
  int64_t due_us; /* when the answer must be there, whatever the tries */
  struct ab_timer wake_timer;
  struct ab_timer deadline_timer;
  struct ab_member of_client;
  struct ab_waiter in_line;
  struct ab_member event; /* closed: the loop lets go of the operation */
  int64_t deadline_us;    /* INT64_MAX: none */
  int64_t bytes;          /* moved of a file */
  int64_t total;          /* -1: not known */
  int64_t started_us;
  struct ab_result result;
  char *texts; /* of the result; NULL: they are constants */
};

/*
 * Initialises what is shared, with two references: the host's and the loop's. False when the
 * client is closed or there is no memory: free the block then.
 */
bool ab_operation_init(ab_operation *operation, const struct ab_operation_kind *kind,
                       ab_client *client, void *user);

/* Gets in line for a connection; `answered` will be told how it went. */
void ab_operation_send(ab_operation *operation, enum ab_retry_kind retry);

void ab_operation_wake_at(ab_operation *operation, int64_t due_us);
void ab_operation_forget_wake(ab_operation *operation);
void ab_operation_set_deadline(ab_operation *operation, int64_t due_us);
void ab_operation_tell_progress(ab_operation *operation);

/* Ends the operation, whatever its state, with the answer's error, texts and status. */
void ab_operation_end(ab_operation *operation, const struct ab_answer *answer);

#endif
