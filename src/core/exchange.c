#include "exchange.h"

#include "form.h"

#include <errno.h>
#include <string.h>

/* More than any honest answer has; libcurl bounds only each single line. */
enum { MAX_HEADER_BYTES = 256 * 1024 };

/* Of the headers that are looked at. */
enum { MAX_VALUE = 256 };

/* For the files of a store: redirects that are followed, what it may say when it refuses. */
enum { MAX_REDIRECTS = 3, MAX_REFUSAL_BYTES = 64 * 1024 };
static const long STREAM_BUFFER = 256 * 1024;

#define AT_LEAST_LIBCURL(major, minor) (LIBCURL_VERSION_NUM >= (((major) << 16) | ((minor) << 8)))

/* The value of the header line `name` (in lower case, with its colon), copied to `value`. */
static bool header_value(const char *line, size_t size, const char *name, char value[MAX_VALUE]) {
  size_t length = strlen(name);
  if (size < length || size - length >= MAX_VALUE) {
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    char c = line[i] >= 'A' && line[i] <= 'Z' ? (char)(line[i] + 32) : line[i];
    if (c != name[i]) {
      return false;
    }
  }
  memcpy(value, line + length, size - length);
  value[size - length] = '\0';
  return true;
}

/* "...,TimeLeft:2000,...": milliseconds. */
static int64_t read_time_left_ms(const char *value) {
  const char *found = strstr(value, "TimeLeft:");
  if (found == NULL) {
    return 0;
  }
  int64_t number = 0;
  for (found += strlen("TimeLeft:"); *found >= '0' && *found <= '9' && number < INT32_MAX;
       found++) {
    number = number * 10 + (*found - '0');
  }
  return number;
}

/* A whole number and nothing but blanks around it. */
static bool read_checksum(const char *value, uint64_t *checksum) {
  uint64_t number = 0;
  value += strspn(value, " \t");
  const char *digits = value;
  for (; *value >= '0' && *value <= '9'; value++) {
    uint64_t digit = (uint64_t)(*value - '0');
    if (number > (UINT64_MAX - digit) / 10) {
      return false;
    }
    number = number * 10 + digit;
  }
  *checksum = number;
  return value > digits && value[strspn(value, " \t\r\n")] == '\0';
}

/* An answer may follow others: of a proxy, 100 Continue, a redirect. */
static void begin_answer(struct ab_exchange *exchange) {
  exchange->date_seconds = 0;
  exchange->has_checksum = false;
  exchange->time_left_ms = 0;
  exchange->headers_ended = false;
}

/* libcurl takes thousands of instructions to read a Date, and most are that of the answer before. */
static int64_t seconds_of_date(struct ab_exchange *exchange, const char *date) {
  char *kept = exchange->date_text;
  size_t size = strlen(date);
  if (size >= sizeof exchange->date_text) {
    return 0;
  }
  if (memcmp(kept, date, size) != 0 || kept[size] != '\0') {
    memcpy(kept, date, size);
    kept[size] = '\0';
    time_t seconds = curl_getdate(kept, NULL);
    exchange->date_text_seconds = seconds > 0 ? (int64_t)seconds : 0;
  }
  return exchange->date_text_seconds;
}

static size_t on_header(char *line, size_t unit, size_t count, void *user) {
  struct ab_exchange *exchange = user;
  size_t size = unit * count;
  char value[MAX_VALUE];
  exchange->header_bytes += size;
  if (exchange->header_bytes > MAX_HEADER_BYTES) {
    return 0;
  }
  if (size == 0) {
    return 0;
  }
  if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
    begin_answer(exchange);
  } else if (line[0] == '\r' || line[0] == '\n') {
    exchange->headers_ended = true;
  } else if (header_value(line, size, "date:", value)) {
    exchange->date_seconds = seconds_of_date(exchange, value);
  } else if (header_value(line, size, "x-ratelimit-user-api:", value) ||
             header_value(line, size, "x-ratelimit-user:", value)) {
    int64_t time_left_ms = read_time_left_ms(value);
    exchange->time_left_ms =
        time_left_ms > exchange->time_left_ms ? time_left_ms : exchange->time_left_ms;
  } else if (header_value(line, size, "x-oss-hash-crc64ecma:", value)) {
    exchange->has_checksum = read_checksum(value, &exchange->checksum);
  }
  return size;
}

static size_t on_body(char *data, size_t unit, size_t count, void *user) {
  struct ab_exchange *exchange = user;
  size_t size = unit * count;
  if (exchange->stream != NULL && exchange->stream->take != NULL &&
      ab_exchange_status(exchange) == 200) {
    exchange->streamed += size;
    return exchange->stream->take(exchange->stream, data, size) ? size : 0;
  }
  return ab_buffer_append(&exchange->response, data, size) == AB_BUFFER_OK ? size : 0;
}

static size_t on_give(char *room, size_t unit, size_t count, void *user) {
  struct ab_exchange *exchange = user;
  int64_t given = exchange->stream->give(exchange->stream, room, unit * count);
  if (given < 0) {
    return CURL_READFUNC_ABORT;
  }
  exchange->streamed += (uint64_t)given;
  return (size_t)given;
}

/* Only ever asked for after a redirect or on a kept connection that was dead: from the start. */
static int on_seek(void *user, curl_off_t offset, int origin) {
  struct ab_exchange *exchange = user;
  bool done = offset == 0 && origin == SEEK_SET && exchange->stream->rewind(exchange->stream);
  return done ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/*
 * libcurl sends a request again by itself when a kept connection ends without an answer, whether
 * or not the server has acted on it. Only who made the request knows if that does harm.
 */
#if AT_LEAST_LIBCURL(7, 80)
/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's */
static int on_send(void *user, char *address, char *local_address, int port, int local_port) {
  struct ab_exchange *exchange = user;
  (void)address;
  (void)local_address;
  (void)port;
  (void)local_port;
  exchange->connected(exchange);
  return ++exchange->sends > exchange->max_sends ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}
#endif

struct ab_exchange *ab_exchange_new(const struct ab_allocator *allocator) {
  struct ab_exchange *exchange = ab_new_zeroed(allocator, sizeof *exchange);
  if (exchange == NULL) {
    return NULL;
  }
  exchange->allocator = allocator;
  ab_buffer_init(&exchange->response, allocator, 0, false);
  exchange->easy = curl_easy_init();
  if (exchange->easy == NULL) {
    ab_exchange_free(exchange);
    return NULL;
  }
  return exchange;
}

static void forget_headers(struct ab_exchange *exchange) {
  curl_slist_free_all(exchange->headers);
  ab_free(exchange->allocator, exchange->action);
  exchange->headers = NULL;
  exchange->action = NULL;
}

void ab_exchange_free(struct ab_exchange *exchange) {
  if (exchange == NULL) {
    return;
  }
  curl_easy_cleanup(exchange->easy);
  forget_headers(exchange);
  ab_buffer_free(&exchange->response);
  ab_free(exchange->allocator, exchange);
}

static bool append_header(struct curl_slist **headers, const char *line) {
  struct curl_slist *longer = curl_slist_append(*headers, line);
  if (longer == NULL) {
    return false;
  }
  *headers = longer;
  return true;
}

static bool append_value(const struct ab_exchange *exchange, struct curl_slist **headers,
                         const char *name, struct ab_text value) {
  struct ab_buffer line;
  ab_buffer_init(&line, exchange->allocator, 1024, false);
  ab_buffer_append_string(&line, name);
  ab_buffer_append_text(&line, value);
  const char *text = ab_buffer_string(&line);
  bool appended = text != NULL && append_header(headers, text);
  ab_buffer_free(&line);
  return appended;
}

/* Names in lower case, as the official SDKs send them; no Expect, which would cost a round. */
static bool build_headers(struct ab_exchange *exchange, const char *user_agent,
                          struct ab_text action) {
  struct curl_slist *headers = NULL;
  bool built = append_header(&headers, "x-acs-version: " AB_API_VERSION) &&
               append_value(exchange, &headers, "x-acs-action: ", action) &&
               (user_agent == NULL ||
                append_value(exchange, &headers, "user-agent: ", ab_text_of(user_agent))) &&
               append_header(&headers, "content-type: application/x-www-form-urlencoded") &&
               append_header(&headers, "Expect:");
  char *kept_action = built ? ab_copy_text(exchange->allocator, action) : NULL;
  if (kept_action == NULL) {
    curl_slist_free_all(headers);
    return false;
  }
  forget_headers(exchange);
  exchange->headers = headers;
  exchange->action = kept_action;
  return true;
}

/* curl_easy_setopt with any failure remembered. */
#define SET(option, value) (void)(ok = ok && curl_easy_setopt(easy, option, value) == CURLE_OK)

/* What is the same for every request of a client. */
static bool configure(struct ab_exchange *exchange, const struct ab_exchange_settings *settings) {
  CURL *easy = exchange->easy;
  bool ok = true;
  curl_easy_reset(easy);
  forget_headers(exchange); /* of another client, maybe */
  exchange->serial = 0;
  SET(CURLOPT_PRIVATE, exchange);
  SET(CURLOPT_NOSIGNAL, 1L);
#if AT_LEAST_LIBCURL(7, 85)
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  SET(CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
#if AT_LEAST_LIBCURL(7, 87)
  /* Lets a cancelled name look-up go instead of waiting for its thread. */
  SET(CURLOPT_QUICK_EXIT, 1L);
#endif
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  SET(CURLOPT_URL, settings->url);
  SET(CURLOPT_POST, 1L);
  if (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_LIBZ) {
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
  }
  SET(CURLOPT_TCP_KEEPALIVE, 1L);
  SET(CURLOPT_ERRORBUFFER, exchange->problem);
#if AT_LEAST_LIBCURL(7, 80)
  SET(CURLOPT_PREREQFUNCTION, on_send);
  SET(CURLOPT_PREREQDATA, exchange);
#endif
  SET(CURLOPT_HEADERFUNCTION, on_header);
  SET(CURLOPT_HEADERDATA, exchange);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, exchange);
  if (settings->user_agent != NULL && !settings->direct) {
    SET(CURLOPT_USERAGENT, settings->user_agent); /* for a proxy; the service's is a header */
  }
  if (settings->proxy != NULL) {
    SET(CURLOPT_PROXY, settings->proxy);
  } else if (settings->direct) {
    SET(CURLOPT_PROXY, "");
  }
  if (settings->ca_file != NULL) {
    SET(CURLOPT_CAINFO, settings->ca_file);
    SET(CURLOPT_CAPATH, NULL);
  } else if (settings->ca_folder != NULL) {
    SET(CURLOPT_CAINFO, NULL);
    SET(CURLOPT_CAPATH, settings->ca_folder);
  }
  exchange->serial = ok ? settings->serial : 0;
  return ok;
}

static void begin(struct ab_exchange *exchange, size_t limit, unsigned max_sends) {
  ab_buffer_clear(&exchange->response);
  exchange->response.limit = limit;
  exchange->stream = NULL;
  exchange->streamed = exchange->streamed_then = 0;
  exchange->sends = 0;
  exchange->max_sends = max_sends;
  exchange->header_bytes = 0;
  exchange->problem[0] = '\0';
  begin_answer(exchange);
}

bool ab_exchange_prepare(struct ab_exchange *exchange, const struct ab_exchange_settings *settings,
                         const struct ab_post *post) {
  CURL *easy = exchange->easy;
  bool ok = exchange->serial == settings->serial || configure(exchange, settings);
  if (ok &&
      (exchange->action == NULL || !ab_text_equal(ab_text_of(exchange->action), post->action))) {
    ok = build_headers(exchange, settings->user_agent, post->action);
  }
  /* libcurl takes a URL apart and puts it together again several times, byte by byte, which is
     half of what a request costs it. A target it only copies. */
  if (settings->whole_urls) {
    SET(CURLOPT_URL, post->url);
  } else {
    SET(CURLOPT_REQUEST_TARGET, post->target);
  }
#if !AT_LEAST_LIBCURL(7, 80)
  SET(CURLOPT_FRESH_CONNECT, post->repeatable ? 0L : 1L);
#endif
  SET(CURLOPT_HTTPHEADER, exchange->headers);
  SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.size);
  SET(CURLOPT_POSTFIELDS, post->body.size > 0 ? post->body.data : "");
  begin(exchange, settings->max_response_bytes, post->repeatable ? 2 : 1);
  return ok;
}

/* What a PUT or GET of a store needs, and nothing that identifies us. */
static bool build_stream_headers(struct ab_exchange *exchange, const char *content_type) {
  struct ab_buffer line;
  forget_headers(exchange);
  ab_buffer_init(&line, exchange->allocator, 4096, false);
  ab_buffer_append_string(&line, "Content-Type:");
  if (content_type != NULL) {
    ab_buffer_append_string(&line, " ");
    ab_buffer_append_string(&line, content_type);
  }
  const char *text = ab_buffer_string(&line);
  bool built = text != NULL && append_header(&exchange->headers, text) &&
               append_header(&exchange->headers, "Expect:");
  ab_buffer_free(&line);
  return built;
}

bool ab_exchange_prepare_stream(struct ab_exchange *exchange,
                                const struct ab_exchange_settings *settings,
                                const struct ab_stream_request *request) {
  CURL *easy = exchange->easy;
  bool https = strncmp(request->url, "https:", 6) == 0;
  bool ok = configure(exchange, settings) && build_stream_headers(exchange, request->content_type);
  exchange->serial = 0; /* what comes next is configured anew */
  SET(CURLOPT_URL, request->url);
  SET(CURLOPT_PROXY, settings->proxy); /* the way to the store may be another one */
  SET(CURLOPT_HTTPHEADER, exchange->headers);
  SET(CURLOPT_ACCEPT_ENCODING, NULL); /* the bytes as they are stored */
  if (https) {
#if AT_LEAST_LIBCURL(7, 85)
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
    SET(CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTPS);
#endif
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
  }
  if (request->put) {
    SET(CURLOPT_POST, 0L);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->size);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, STREAM_BUFFER);
    SET(CURLOPT_READFUNCTION, on_give);
    SET(CURLOPT_READDATA, exchange);
    SET(CURLOPT_SEEKFUNCTION, on_seek);
    SET(CURLOPT_SEEKDATA, exchange);
  } else {
    SET(CURLOPT_HTTPGET, 1L);
    SET(CURLOPT_BUFFERSIZE, STREAM_BUFFER);
  }
  begin(exchange, MAX_REFUSAL_BYTES, 2 + MAX_REDIRECTS);
  exchange->stream = request->stream;
  return ok;
}

int64_t ab_exchange_announced_size(const struct ab_exchange *exchange) {
  curl_off_t size = -1;
  curl_easy_getinfo(exchange->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
  return (int64_t)size;
}

static curl_off_t microseconds(const struct ab_exchange *exchange, CURLINFO info) {
  curl_off_t value = 0;
  curl_easy_getinfo(exchange->easy, info, &value);
  return value;
}

bool ab_exchange_sent(const struct ab_exchange *exchange) {
#if AT_LEAST_LIBCURL(7, 80)
  return exchange->sends > 0;
#else
  return microseconds(exchange, CURLINFO_PRETRANSFER_TIME_T) > 0;
#endif
}

/* Only where the answer turns us away; on others these headers are for information. */
int64_t ab_exchange_retry_after_us(const struct ab_exchange *exchange) {
  int status = ab_exchange_status(exchange);
  if (status < 400) {
    return 0;
  }
  curl_off_t seconds = 0;
#if AT_LEAST_LIBCURL(7, 66)
  curl_easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &seconds);
#endif
  const curl_off_t most = 24 * 3600;
  int64_t asked_us = (int64_t)(seconds < most ? seconds : most) * 1000000;
  int64_t left_us = exchange->time_left_ms * 1000;
  return asked_us > left_us ? asked_us : left_us;
}

int ab_exchange_status(const struct ab_exchange *exchange) {
  long status = 0;
  curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
  return (int)status;
}

static enum ab_error write_error(const struct ab_exchange *exchange) {
  switch (exchange->response.status) {
  case AB_BUFFER_FULL:
    return AB_RESPONSE_TOO_LARGE;
  case AB_BUFFER_NO_MEMORY:
    return AB_OUT_OF_MEMORY;
  case AB_BUFFER_OK:
    break;
  }
  return exchange->header_bytes > MAX_HEADER_BYTES ? AB_RESPONSE_TOO_LARGE : AB_RECEIVE_FAILED;
}

/*
 * Whether the connection was reset. CURLINFO_OS_ERRNO may be that of an earlier exchange, so the
 * system's words in libcurl's message have to tell.
 */
static bool was_reset(const struct ab_exchange *exchange) {
  char reset[128];
  return strerror_r(ECONNRESET, reset, sizeof reset) == 0 &&
         strstr(exchange->problem, reset) != NULL;
}

static bool is_redirect(const struct ab_exchange *exchange) {
  int status = ab_exchange_status(exchange);
  return status >= 300 && status < 400;
}

enum ab_error ab_exchange_error(const struct ab_exchange *exchange, CURLcode code) {
  switch (code) {
  case CURLE_OK:
    /* libcurl takes headers for complete when the connection ends inside them. */
    return exchange->headers_ended ? AB_OK : AB_RECEIVE_FAILED;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return AB_RESOLVE_FAILED;
  case CURLE_COULDNT_CONNECT:
  case CURLE_PROXY:
  case CURLE_URL_MALFORMAT:
  case CURLE_NO_CONNECTION_AVAILABLE:
  case CURLE_INTERFACE_FAILED:
    return AB_CONNECT_FAILED;
  case CURLE_UNSUPPORTED_PROTOCOL: /* also what isn't HTTP, and redirects that aren't followed */
    return is_redirect(exchange)        ? AB_HTTP_STATUS
           : ab_exchange_sent(exchange) ? AB_RECEIVE_FAILED
                                        : AB_CONNECT_FAILED;
  case CURLE_SSL_CONNECT_ERROR:
    /* A connection that breaks in the handshake says nothing about trust. */
    return was_reset(exchange) ? AB_CONNECT_FAILED : AB_TLS_FAILED;
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_ENGINE_NOTFOUND:
  case CURLE_SSL_ENGINE_SETFAILED:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_USE_SSL_FAILED:
    return AB_TLS_FAILED;
  case CURLE_SEND_ERROR:
  case CURLE_SEND_FAIL_REWIND:
    return AB_SEND_FAILED;
  case CURLE_OPERATION_TIMEDOUT:
    return AB_TIMEOUT;
  case CURLE_TOO_MANY_REDIRECTS:
    return AB_HTTP_STATUS;
  case CURLE_FILESIZE_EXCEEDED:
    return AB_RESPONSE_TOO_LARGE;
  case CURLE_OUT_OF_MEMORY:
    return AB_OUT_OF_MEMORY;
  case CURLE_WRITE_ERROR:
    return write_error(exchange);
  default:
    return AB_RECEIVE_FAILED;
  }
}

void ab_exchange_describe(struct ab_exchange *exchange, CURLcode code, struct ab_buffer *message) {
  enum ab_error error = ab_exchange_error(exchange, code);
  ab_buffer_append_string(message, ab_error_text(error));
  if (exchange->header_bytes > MAX_HEADER_BYTES) {
    ab_buffer_append_format(message, " (headers of more than %d bytes)", MAX_HEADER_BYTES);
  } else if (error == AB_RESPONSE_TOO_LARGE) {
    ab_buffer_append_format(message, " (more than %zu bytes)", exchange->response.limit);
  } else if (code == CURLE_ABORTED_BY_CALLBACK) {
    ab_buffer_append_string(message, ": a kept connection ended without an answer");
  } else if (code == CURLE_OK) {
    ab_buffer_append_string(message, ": the connection ended inside the headers");
  } else if (error != AB_OUT_OF_MEMORY) {
    ab_buffer_append_string(message, ": ");
    ab_buffer_append_string(message, exchange->problem[0] != '\0' ? exchange->problem
                                                                  : curl_easy_strerror(code));
  }
}

void ab_exchange_describe_stage(struct ab_exchange *exchange, struct ab_buffer *message) {
  if (microseconds(exchange, CURLINFO_NAMELOOKUP_TIME_T) == 0) {
    ab_buffer_append_string(message, "still resolving the host's name");
  } else if (microseconds(exchange, CURLINFO_CONNECT_TIME_T) == 0) {
    ab_buffer_append_string(message, "still connecting");
  } else if (microseconds(exchange, CURLINFO_PRETRANSFER_TIME_T) == 0) {
    ab_buffer_append_string(message, "still in the TLS handshake");
  } else if (exchange->stream != NULL) {
    ab_buffer_append_format(message, "%llu bytes had moved",
                            (unsigned long long)exchange->streamed);
  } else if (exchange->header_bytes == 0) {
    ab_buffer_append_string(message, "connected, no answer yet");
  } else {
    ab_buffer_append_format(message, "the answer had begun, %zu bytes of its body were there",
                            exchange->response.size);
  }
}
