#include "exchange.h"

#include "form.h"

#include <string.h>

/* More than any honest answer has; libcurl bounds only each single line. */
enum { MAX_HEADER_BYTES = 256 * 1024 };

#define AT_LEAST_LIBCURL(major, minor) (LIBCURL_VERSION_NUM >= (((major) << 16) | ((minor) << 8)))

static bool is_date_header(const char *line, size_t size) {
  static const char name[] = "date:";
  if (size < sizeof name - 1) {
    return false;
  }
  for (size_t i = 0; i < sizeof name - 1; i++) {
    char c = line[i] >= 'A' && line[i] <= 'Z' ? (char)(line[i] + 32) : line[i];
    if (c != name[i]) {
      return false;
    }
  }
  return true;
}

/* libcurl takes thousands of instructions to read a Date, and most are that of the answer before. */
static int64_t seconds_of_date(struct ab_exchange *exchange, const char *date, size_t size) {
  char *kept = exchange->date_text;
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
  exchange->header_bytes += size;
  if (exchange->header_bytes > MAX_HEADER_BYTES) {
    return 0;
  }
  if (is_date_header(line, size)) {
    exchange->date_seconds = seconds_of_date(exchange, line + 5, size - 5);
  }
  return size;
}

static size_t on_body(char *data, size_t unit, size_t count, void *user) {
  struct ab_exchange *exchange = user;
  size_t size = unit * count;
  return ab_buffer_append(&exchange->response, data, size) == AB_BUFFER_OK ? size : 0;
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

void ab_exchange_free(struct ab_exchange *exchange) {
  if (exchange == NULL) {
    return;
  }
  curl_easy_cleanup(exchange->easy);
  curl_slist_free_all(exchange->headers);
  ab_free(exchange->allocator, exchange->action);
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

/* Names in lower case, as the official SDKs send them; no Expect, which would cost a round. */
static bool build_headers(struct ab_exchange *exchange, struct ab_text action) {
  struct curl_slist *headers = NULL;
  struct ab_buffer line;
  ab_buffer_init(&line, exchange->allocator, 1024, false);
  ab_buffer_append_string(&line, "x-acs-action: ");
  ab_buffer_append_text(&line, action);
  const char *action_line = ab_buffer_string(&line);
  bool built = action_line != NULL && append_header(&headers, "x-acs-version: " AB_API_VERSION) &&
               append_header(&headers, action_line) &&
               append_header(&headers, "content-type: application/x-www-form-urlencoded") &&
               append_header(&headers, "Expect:");
  ab_buffer_free(&line);
  char *kept_action = built ? ab_copy_text(exchange->allocator, action) : NULL;
  if (kept_action == NULL) {
    curl_slist_free_all(headers);
    return false;
  }
  curl_slist_free_all(exchange->headers);
  ab_free(exchange->allocator, exchange->action);
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
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  SET(CURLOPT_POST, 1L);
  SET(CURLOPT_ACCEPT_ENCODING, "");
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
  if (settings->user_agent != NULL) {
    SET(CURLOPT_USERAGENT, settings->user_agent);
  }
  if (settings->proxy != NULL) {
    SET(CURLOPT_PROXY, settings->proxy);
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

bool ab_exchange_prepare(struct ab_exchange *exchange, const struct ab_exchange_settings *settings,
                         const struct ab_post *post) {
  CURL *easy = exchange->easy;
  bool ok = exchange->serial == settings->serial || configure(exchange, settings);
  if (ok &&
      (exchange->action == NULL || !ab_text_equal(ab_text_of(exchange->action), post->action))) {
    ok = build_headers(exchange, post->action);
  }
  SET(CURLOPT_URL, post->url);
#if !AT_LEAST_LIBCURL(7, 80)
  SET(CURLOPT_FRESH_CONNECT, post->repeatable ? 0L : 1L);
#endif
  SET(CURLOPT_HTTPHEADER, exchange->headers);
  SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.size);
  SET(CURLOPT_POSTFIELDS, post->body.size > 0 ? post->body.data : "");
  ab_buffer_clear(&exchange->response);
  exchange->response.limit = settings->max_response_bytes;
  exchange->sends = 0;
  exchange->max_sends = post->repeatable ? 2 : 1;
  exchange->header_bytes = 0;
  exchange->date_seconds = 0;
  exchange->problem[0] = '\0';
  return ok;
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

enum ab_error ab_exchange_error(const struct ab_exchange *exchange, CURLcode code) {
  switch (code) {
  case CURLE_OK:
    return AB_OK;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return AB_RESOLVE_FAILED;
  case CURLE_COULDNT_CONNECT:
  case CURLE_PROXY:
  case CURLE_URL_MALFORMAT:
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_NO_CONNECTION_AVAILABLE:
  case CURLE_INTERFACE_FAILED:
    return AB_CONNECT_FAILED;
  case CURLE_SSL_CONNECT_ERROR:
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
  if (error == AB_RESPONSE_TOO_LARGE) {
    ab_buffer_append_format(message, " (more than %zu bytes)", exchange->response.limit);
  } else if (code == CURLE_ABORTED_BY_CALLBACK) {
    ab_buffer_append_string(message, ": a kept connection ended without an answer");
    ab_buffer_append_string(message, exchange->max_sends == 1
                                         ? "; the request may have arrived and was not repeated"
                                         : ", twice");
  } else if (error != AB_OUT_OF_MEMORY) {
    ab_buffer_append_string(message, ": ");
    ab_buffer_append_string(message, exchange->problem[0] != '\0' ? exchange->problem
                                                                  : curl_easy_strerror(code));
  }
}

static curl_off_t microseconds(const struct ab_exchange *exchange, CURLINFO info) {
  curl_off_t value = 0;
  curl_easy_getinfo(exchange->easy, info, &value);
  return value;
}

void ab_exchange_describe_stage(struct ab_exchange *exchange, struct ab_buffer *message) {
  if (microseconds(exchange, CURLINFO_NAMELOOKUP_TIME_T) == 0) {
    ab_buffer_append_string(message, "still resolving the host's name");
  } else if (microseconds(exchange, CURLINFO_CONNECT_TIME_T) == 0) {
    ab_buffer_append_string(message, "still connecting");
  } else if (microseconds(exchange, CURLINFO_PRETRANSFER_TIME_T) == 0) {
    ab_buffer_append_string(message, "still in the TLS handshake");
  } else if (exchange->header_bytes == 0) {
    ab_buffer_append_string(message, "connected, no answer yet");
  } else {
    ab_buffer_append_format(message, "the answer had begun, %zu bytes of its body were there",
                            exchange->response.size);
  }
}
