/*
 * One HTTP exchange on a libcurl easy handle: what libcurl is told, what came back, and its
 * errors as ours. Knows requests as bytes; no action, no attempt, no verdict.
 */
#ifndef AB_EXCHANGE_H
#define AB_EXCHANGE_H

#include "buffer.h"
#include "list.h"
#include "timer_heap.h"

#include <curl/curl.h>

/* What an exchange needs to know of its client; texts are the client's. */
struct ab_exchange_settings {
  uint64_t serial; /* a client's own: handles are configured anew when it differs */
  const char *url; /* scheme and authority */
  bool whole_urls; /* requests have to be given with their URL; else with their target only */
  const char *user_agent;
  const char *ca_file;
  const char *ca_folder; /* libcurl's: used where there is no ca_file */
  const char *proxy;     /* NULL: as the environment says */
  bool direct;           /* there is no proxy on the way to `url` */
  size_t max_response_bytes;
};

/* Where a body goes or comes from that is too large for memory. */
struct ab_stream {
  bool (*take)(struct ab_stream *stream, const char *data, size_t size);
  int64_t (*give)(struct ab_stream *stream, char *room, size_t size); /* -1: it can't */
  bool (*rewind)(struct ab_stream *stream);
};

struct ab_exchange {
  const struct ab_allocator *allocator;
  CURL *easy;
  struct curl_slist *headers; /* of `action` */
  char *action;
  uint64_t serial;
  struct ab_buffer response;
  struct ab_stream *stream; /* NULL: bodies are in memory */
  uint64_t streamed;        /* bytes, in either direction */
  unsigned sends;           /* how often libcurl was about to send the request */
  unsigned max_sends;
  size_t header_bytes;
  bool headers_ended;   /* of the last answer, by an empty line */
  int64_t date_seconds; /* the answer's Date, since 1970; 0: none */
  int64_t time_left_ms; /* asked for by a throttling header; 0: not */
  bool has_checksum;    /* of the body's bytes, as the store reckons: CRC-64 */
  uint64_t checksum;
  char date_text[64]; /* the last Date that was read, and its seconds */
  int64_t date_text_seconds;
  char problem[CURL_ERROR_SIZE];
  struct ab_timer timer;                           /* the owner's */
  uint64_t streamed_then;                          /* when the timer came last */
  int64_t began_us;                                /* when the owner started it */
  void *owner;                                     /* whoever started it */
  void (*connected)(struct ab_exchange *exchange); /* called by libcurl: may only take notes */
  void (*done)(struct ab_exchange *exchange, CURLcode code); /* libcurl is through with it */
  struct ab_link in_flight;                                  /* with libcurl */
  bool failed; /* its handle may be in a state that no reset mends */
  struct ab_exchange *next_idle;
};

struct ab_exchange *ab_exchange_new(const struct ab_allocator *allocator);
void ab_exchange_free(struct ab_exchange *exchange);

/* One POST. */
struct ab_post {
  const char *url;    /* the whole of it, for settings that ask for it */
  const char *target; /* its path and query */
  struct ab_text action;
  struct ab_text body; /* must stay where it is until the exchange is over */
  bool repeatable;     /* may be sent twice if the kept connection it went to was dead */
};

bool ab_exchange_prepare(struct ab_exchange *exchange, const struct ab_exchange_settings *settings,
                         const struct ab_post *post);

/* One PUT of a stream's bytes, or one GET into it, at a URL that needs no credentials. */
struct ab_stream_request {
  const char *url;
  struct ab_stream *stream;
  bool put;
  int64_t size;             /* of what is PUT */
  const char *content_type; /* of what is PUT; NULL: not said */
};

bool ab_exchange_prepare_stream(struct ab_exchange *exchange,
                                const struct ab_exchange_settings *settings,
                                const struct ab_stream_request *request);

/* The size of the answer's body as it was announced; -1: it wasn't. */
int64_t ab_exchange_announced_size(const struct ab_exchange *exchange);

/* Whether anything of the request may have arrived. */
bool ab_exchange_sent(const struct ab_exchange *exchange);

/* How long the answer asks to wait before the next request; 0: it doesn't. */
int64_t ab_exchange_retry_after_us(const struct ab_exchange *exchange);

/* The HTTP status of the answer; 0 if none came. */
int ab_exchange_status(const struct ab_exchange *exchange);

/* Our error for libcurl's end of the exchange; AB_OK if a whole answer is there. */
enum ab_error ab_exchange_error(const struct ab_exchange *exchange, CURLcode code);

/* Appends what libcurl has to say about its failure, for a person. */
void ab_exchange_describe(struct ab_exchange *exchange, CURLcode code, struct ab_buffer *message);

/* Appends how far an exchange got that is being given up, for a person. */
void ab_exchange_describe_stage(struct ab_exchange *exchange, struct ab_buffer *message);

#endif
