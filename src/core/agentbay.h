/*
 * The core of AgentBay for Lua: HTTP calls and status polling over libcurl.
 *
 * This is the core's only public header. The core knows no Lua and no JSON: requests come as
 * names and values, and what must be understood of a response comes back through the decoder
 * that the host fills in. Nothing here blocks except ab_loop_step with a positive time-out,
 * nothing starts a thread, and nothing is global but libcurl's own initialisation.
 *
 * Ownership: a loop, its clients and its operations are counted. Whoever gets one from a
 * function with `new` or `start` in its name holds one reference and gives it back with the
 * `release` function. Times are milliseconds and sizes bytes unless a name says otherwise.
 * Everything of one loop must be used from one thread at a time; loops are independent.
 *
 * The semantics of a sync follow the service's documented ContextManager.sync; where the
 * official SDKs guess (a failed check, an empty list, an older task), the rules are stated at
 * ab_verdict and ab_poll_options.
 */
#ifndef AGENTBAY_H
#define AGENTBAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AB_VERSION "0.1.0"

/* ---- values ---------------------------------------------------------------------------- */

/* A view of text that somebody else owns. Not NUL-terminated; `data` may be NULL if empty. */
struct ab_text {
  const char *data;
  size_t size;
};

/* A parameter of a request: both parts are sent percent-encoded. */
struct ab_field {
  struct ab_text name;
  struct ab_text value;
};

/*
 * Memory for everything the core itself allocates: resize(user, NULL, n) allocates,
 * resize(user, block, 0) frees and returns NULL, NULL for n > 0 means that there is none.
 */
struct ab_allocator {
  void *(*resize)(void *user, void *block, size_t size);
  void *user;
};

/* Milliseconds of a clock that never jumps, since some fixed moment. */
int64_t ab_now_ms(void);

/* ---- errors ---------------------------------------------------------------------------- */

/* What can go wrong outside the program. The order is that of the table in error.c. */
enum ab_error {
  AB_OK,
  AB_SERVICE_ERROR,      /* the service answered with an error of its own: see `code` */
  AB_REFUSED,            /* Success was false and no Code said why */
  AB_RESOLVE_FAILED,     /* the host's name could not be resolved */
  AB_CONNECT_FAILED,     /* no connection */
  AB_TLS_FAILED,         /* no trusted TLS session */
  AB_SEND_FAILED,        /* the connection broke while the request was sent */
  AB_RECEIVE_FAILED,     /* ... while the response was received, or it was not HTTP */
  AB_TIMEOUT,            /* no complete answer, or not the awaited state, in time */
  AB_RESPONSE_TOO_LARGE, /* the body exceeded max_response_bytes */
  AB_MALFORMED_RESPONSE, /* the body is not what the protocol says */
  AB_HTTP_STATUS,        /* an HTTP error without an error of the service in its body */
  AB_SYNC_TIMEOUT,       /* a sync was out of status checks or of time */
  AB_SYNC_FAILED,        /* a transfer ended as Failed */
  AB_CANCELLED,          /* ab_operation_cancel */
  AB_CLOSED,             /* the client or the loop was closed */
  AB_OUT_OF_MEMORY,
  AB_FILE_FAILED, /* a file on this side can't be read or written */
  AB_CORRUPTED,   /* what arrived is not what was sent */
  AB_ERROR_COUNT
};

/* The stable name of an error, "Client.Timeout" and the like; "" for AB_OK. */
const char *ab_error_code(enum ab_error error);

/* One sentence on an error, without a full stop. */
const char *ab_error_text(enum ab_error error);

/* ---- decoding of responses -------------------------------------------------------------- */

/* What a request's answer carries, beyond the envelope, that the core must understand. */
enum ab_reading {
  AB_READ_ENVELOPE, /* nothing */
  AB_READ_TASKS,    /* Data.ContextStatus: the transfers of a session */
  AB_READ_STATE,    /* Data.Status or Data.State: one word */
  AB_READ_BINDINGS  /* Data: list of ContextId and Path */
};

/* One transfer between a context and a session, as the service lists it. */
struct ab_task {
  struct ab_text context_id;
  struct ab_text path;
  struct ab_text task_type;
  struct ab_text status;
  struct ab_text error_message;
  int64_t start_time;  /* as reported: seconds or milliseconds since 1970; 0 = unknown */
  int64_t finish_time; /* likewise; 0 = not yet */
};

/* Whether the envelope's Success member said yes, no, or was not there. */
enum ab_success { AB_SUCCESS_ABSENT, AB_SUCCESS_FALSE, AB_SUCCESS_TRUE };

/* What the decoder found. Its memory is the decoder's, valid until it is called again. */
struct ab_reply {
  enum ab_success success;
  struct ab_text request_id;
  struct ab_text code;
  struct ab_text message;
  const struct ab_task *tasks; /* AB_READ_TASKS; for AB_READ_BINDINGS: id and path only */
  size_t task_count;
  struct ab_text state;   /* AB_READ_STATE */
  struct ab_text problem; /* AB_DECODE_MALFORMED: what is wrong, for a person */
};

enum ab_decoded { AB_DECODE_OK, AB_DECODE_MALFORMED, AB_DECODE_NO_MEMORY };

/*
 * Understands response bodies for the core. Called from ab_loop_step only, never from inside
 * libcurl. `operation_user` is the `user` that the operation was started with, so that the
 * host can keep the decoded document for its own use. With AB_DECODE_MALFORMED the envelope
 * members that could be read are still filled in.
 */
struct ab_decoder {
  enum ab_decoded (*decode)(void *user, void *operation_user, struct ab_text body,
                            enum ab_reading reading, struct ab_reply *reply);
  void *user;
};

/* ---- loop -------------------------------------------------------------------------------- */

typedef struct ab_loop ab_loop;
typedef struct ab_client ab_client;
typedef struct ab_operation ab_operation;

/*
 * Makes a loop: one libcurl multi handle, its sockets, and a heap of deadlines.
 * `allocator` may be NULL (the C library's). Returns NULL when there is no memory or libcurl
 * can't be initialised.
 */
ab_loop *ab_loop_new(const struct ab_allocator *allocator, const struct ab_decoder *decoder);

/* Ends every operation with AB_CLOSED, without waiting for anything. Idempotent. */
void ab_loop_close(ab_loop *loop);

/* Gives back a reference. Closes the loop with the last one of the host. */
void ab_loop_release(ab_loop *loop);

/*
 * Does all the work that is ready, and waits for work at most `timeout_ms` (0: never, negative: as
 * long as it takes). Returns early when an event is to be taken with ab_loop_next_event, or on a
 * signal. Gives the number of operations under way.
 *
 * Work gives way after 0.4 ms where the step doesn't wait, and after 2 ms where it does: between
 * any two pieces of it, of which a TLS handshake is the longest, with a fraction of a millisecond.
 */
size_t ab_loop_step(ab_loop *loop, int64_t timeout_ms);

/* The same, but work gives way after `budget_us` microseconds. */
size_t ab_loop_step_within(ab_loop *loop, int64_t timeout_ms, int64_t budget_us);

/* The number of operations under way. */
size_t ab_loop_under_way(const ab_loop *loop);

enum ab_event_kind { AB_EVENT_PROGRESS, AB_EVENT_ENDED };

struct ab_event {
  enum ab_event_kind kind;
  ab_operation *operation; /* valid until released by its holder */
  void *user;              /* the operation's */
};

/* Takes the oldest event; false if there is none. AB_EVENT_ENDED comes once an operation. */
bool ab_loop_next_event(ab_loop *loop, struct ab_event *event);

/* Whether there is an event to be taken. */
bool ab_loop_has_event(const ab_loop *loop);

/* One exchange with the service or its store, for a log. Texts are NUL-terminated. */
struct ab_record {
  uint64_t client;        /* ab_client_serial of whose it was */
  const char *action;     /* of the service, or "UploadFile", "DownloadFile" */
  const char *request_id; /* "" if none was told */
  enum ab_error error;    /* AB_OK, or how it failed */
  const char *code;       /* "" on success; as in ab_result */
  const char *message;
  bool lasting; /* a failure that asking again can't be expected to mend */
  int http_status;
  unsigned attempt; /* 1 for the operation's first exchange */
  int64_t elapsed_ms;
};

/*
 * Takes the oldest record of the clients that keep some; false if there is none. Its texts are
 * valid until the next call. They hold neither the key nor a URL.
 */
bool ab_loop_next_record(ab_loop *loop, struct ab_record *record);

/*
 * The seam for event loops: call ab_loop_step(loop, 0) whenever the descriptor is readable, and
 * after `delay_ms` at the latest. Starting or cancelling an operation changes the delay.
 *
 * The descriptor stands for all sockets of the loop (epoll or kqueue inside) and belongs to it:
 * stop watching it before the loop is closed. -1 where the system has no such thing.
 */
int ab_loop_descriptor(ab_loop *loop);

/* Milliseconds until a step is due: 0 now, negative if only the descriptor matters. */
int64_t ab_loop_delay_ms(const ab_loop *loop);

/* ---- client ------------------------------------------------------------------------------ */

/*
 * How requests are repeated after a failure that may pass: at most `max_attempts` times in all
 * (0: the default, 3; 1: never repeated), after a random wait of up to `base_ms` (0: 500) that
 * doubles with each attempt up to `cap_ms` (0: 20000). The rules are in retry.h.
 */
struct ab_retry_options {
  unsigned max_attempts;
  int64_t base_ms;
  int64_t cap_ms;
};

/* Settings of a client; texts are copied. */
struct ab_client_options {
  const char *url;        /* scheme and authority, no path: "https://host:port" */
  const char *api_key;    /* never appears in any text that the core gives */
  const char *user_agent; /* NULL: none */
  const char *ca_file;    /* PEM; NULL: the system's */
  const char *proxy;      /* NULL: what the environment names by now, as libcurl reads it */
  int64_t timeout_ms;     /* of one request with all its attempts, from name to body */
  struct ab_retry_options retry;
  size_t max_response_bytes;
  unsigned max_connections; /* requests that are under way at once; others wait in line */
  bool keep_records;        /* for ab_loop_next_record; they must be taken */
};

/* NULL when there is no memory. */
ab_client *ab_client_new(ab_loop *loop, const struct ab_client_options *options);

/* The client's number, never given twice in a loop. */
uint64_t ab_client_serial(const ab_client *client);

/* Ends every operation of the client with AB_CLOSED. Idempotent. */
void ab_client_close(ab_client *client);
void ab_client_release(ab_client *client);

/* ---- operations -------------------------------------------------------------------------- */

/* When an answer with HTTP 200 is a success. */
enum ab_success_rule {
  AB_SUCCEEDS_UNLESS_FALSE, /* Success is not false */
  AB_SUCCEEDS_IF_TRUE       /* Success is true */
};

/* One request of an action. All texts are copied by the function that takes it. */
struct ab_request {
  struct ab_text action;
  bool key_in_query; /* the protocol wants Authorization in the query for some actions */
  bool repeatable;   /* changes nothing: may be sent again even if it may have arrived */
  const struct ab_field *query;
  size_t query_count;
  const struct ab_field *body;
  size_t body_count;
  enum ab_success_rule success_rule;
  enum ab_reading reading;
};

/* The outcome of an operation. Texts are NUL-terminated, never NULL, and the operation's. */
struct ab_result {
  enum ab_error error;
  const char *code;       /* "" on success; the service's Code or ab_error_code(error) */
  const char *message;    /* "" on success; "[Code] Message" for an error of the service */
  const char *request_id; /* "" if the service gave none */
  int http_status;        /* 0: no response */
  unsigned attempts;      /* status checks of a poll; else how often it was tried */
  bool uncertain;         /* it failed, but what it changes may have been done */
  int64_t elapsed_ms;
};

/*
 * Starts one call: one request, one answer, repeated if need be. NULL when there is no memory or the client is
 * closed; otherwise everything that can go wrong comes as the operation's result, which is
 * never there before the next step.
 */
ab_operation *ab_call_start(ab_client *client, const struct ab_request *request, void *user);

/* A context at a path: what a poll waits for, or limits itself to. */
struct ab_place {
  struct ab_text context_id;
  struct ab_text path;
};

/* What a poll asks of the answers to its checks. */
enum ab_judge {
  AB_JUDGE_TRANSFERS, /* the transfers in scope have ended */
  AB_JUDGE_STATE,     /* the state is one of `final_states`, or `final_code` was answered */
  AB_JUDGE_BINDINGS   /* every place in `expected` is bound */
};

/*
 * A poll: send `submit` (if there is one), then `check` again and again until the judge has a
 * verdict. The first check is sent after `first_wait_ms`, the next `interval_ms` later, each interval
 * `backoff` times the one before up to `max_interval_ms`, at most `max_attempts` of them, and
 * all of it within `timeout_ms` (0: no such deadline).
 *
 * A check that fails for a passing reason costs an attempt; one that fails for a lasting
 * reason ends the poll with that error. AB_JUDGE_TRANSFERS looks at tasks of type upload or
 * download in scope: `scope` and `mode` where they are not empty, and only those that had not
 * ended before `submit` was accepted. All Success: success. Any Failed, once all have ended:
 * AB_SYNC_FAILED. If none is listed the poll looks again, `settle_checks` times and at most
 * 250 ms apart, before it concludes that there was nothing to transfer. Places in `expected`
 * must each have a task before there is a verdict.
 *
 * Polls of a client that have the same `share_key` share their checks while there are several:
 * one of them sends `shared_check`, and those whose own check is under way or due within half
 * an interval take its answer for their own. Each keeps its own attempts, intervals and deadline.
 */
struct ab_poll_options {
  const struct ab_request *submit; /* NULL: nothing to start */
  const struct ab_request *check;
  struct ab_text share_key;              /* empty: its checks are its own */
  const struct ab_request *shared_check; /* serves all polls with this key */
  enum ab_judge judge;
  struct ab_place scope;
  struct ab_text mode; /* "upload", "download" or empty: both */
  const struct ab_place *expected;
  size_t expected_count;
  const struct ab_text *final_states;
  size_t final_state_count;
  struct ab_text final_code; /* answered by submit or check: the awaited state is reached */
  unsigned max_attempts;
  int64_t first_wait_ms; /* before the first check */
  int64_t interval_ms;
  double backoff;
  int64_t max_interval_ms; /* 0: no limit */
  double elapsed_share;    /* no interval is shorter than this share of the time elapsed; 0: none */
  int64_t timeout_ms;
  unsigned settle_checks;
  enum ab_error timeout_error; /* AB_SYNC_TIMEOUT or AB_TIMEOUT */
  struct ab_text what;         /* names the work in messages: "the sync" */
};

/* Starts a poll; as ab_call_start. */
ab_operation *ab_poll_start(ab_client *client, const struct ab_poll_options *options, void *user);

/* Starts an operation that ends as AB_OK after `delay_ms`; as ab_call_start. */
ab_operation *ab_sleep_start(ab_client *client, int64_t delay_ms, void *user);

/* A file's way between this machine and the store behind a presigned URL. */
enum ab_direction { AB_UPLOAD, AB_DOWNLOAD };

struct ab_file_options {
  enum ab_direction direction;
  const char *url;          /* gets no Authorization; never appears in a text that the core gives */
  const char *path;         /* of the file on this side */
  const char *content_type; /* of an upload; NULL: not said, which a signature may require */
  int64_t timeout_ms;       /* 0: as long as it takes */
};

/*
 * Starts the upload or download of a file of any size, in constant memory; as ab_call_start.
 *
 * The client's timeout_ms is how long nothing may move. A download is written beside `path` and
 * renamed once it is whole, so `path` never holds half a file; without that it stays as it was.
 * Whole means: as many bytes as announced and, where the store tells a CRC-64 of them, that one.
 * An upload is checked against the store's CRC-64 likewise. Redirects are followed from https to
 * https only. Reading and writing the disk is done in steps, and waits for it.
 */
ab_operation *ab_file_start(ab_client *client, const struct ab_file_options *options, void *user);

/* Bytes moved so far, and how many there are in all (-1: not known). */
int64_t ab_operation_bytes(const ab_operation *operation);
int64_t ab_operation_total(const ab_operation *operation);

/* The result, NULL while under way. */
const struct ab_result *ab_operation_result(const ab_operation *operation);

/* Status checks so far, and milliseconds since the start. */
unsigned ab_operation_attempts(const ab_operation *operation);
int64_t ab_operation_elapsed_ms(const ab_operation *operation);

/* Ends it with AB_CANCELLED; false if it had ended. Waits for nothing. */
bool ab_operation_cancel(ab_operation *operation);
void ab_operation_release(ab_operation *operation);

#endif
