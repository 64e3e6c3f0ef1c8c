/*
 * The upload or download of one file: a disk file's bytes through an exchange with a store, and
 * whether all of them arrived. Knows no action of the service.
 */
#include "clock.h"
#include "crc64.h"
#include "disk_file.h"
#include "operation.h"

#include <string.h>

/* Often enough for a progress bar. */
static const int64_t progress_interval_us = 100000;

struct file_transfer {
  ab_operation operation; /* first: a transfer is an operation */
  struct ab_stream stream;
  struct ab_disk_file file;
  enum ab_direction direction;
  char *url; /* a signature is in it: wiped when freed */
  char *path;
  char *content_type;
  uint64_t checksum; /* of the bytes that went through */
  int64_t told_us;   /* when progress was told last */
  int64_t told_bytes;
  struct ab_buffer message;
};

static struct file_transfer *transfer_of(ab_operation *operation) {
  return (struct file_transfer *)operation;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void tell_progress(struct file_transfer *transfer) {
  transfer->told_bytes = transfer->operation.bytes;
  ab_operation_tell_progress(&transfer->operation);
}

static void count(struct file_transfer *transfer, const char *data, size_t size) {
  ab_operation *operation = &transfer->operation;
  int64_t now_us = ab_clock_monotonic_us();
  transfer->checksum = ab_crc64(transfer->checksum, data, size);
  operation->bytes += (int64_t)size;
  if (now_us - transfer->told_us >= progress_interval_us) {
    transfer->told_us = now_us;
    tell_progress(transfer);
  }
}

static bool take(struct ab_stream *stream, const char *data, size_t size) {
  struct file_transfer *transfer = AB_LISTED(stream, struct file_transfer, stream);
  ab_operation *operation = &transfer->operation;
  if (operation->total < 0) {
    operation->total = ab_exchange_announced_size(operation->exchange);
  }
  if (!ab_disk_file_write(&transfer->file, data, size)) {
    return false;
  }
  count(transfer, data, size);
  return true;
}

/* No more than was announced, even if the file grows meanwhile. */
static int64_t give(struct ab_stream *stream, char *room, size_t size) {
  struct file_transfer *transfer = AB_LISTED(stream, struct file_transfer, stream);
  int64_t left = transfer->operation.total - transfer->operation.bytes;
  if (left <= 0) {
    return 0;
  }
  size_t wanted = (int64_t)size < left ? size : (size_t)left;
  int64_t given = ab_disk_file_read(&transfer->file, room, wanted);
  if (given == 0) {
    return ab_disk_file_unchanged(&transfer->file) ? 0 : -1;
  }
  if (given > 0) {
    count(transfer, room, (size_t)given);
  }
  return given;
}

static bool rewind_file(struct ab_stream *stream) {
  struct file_transfer *transfer = AB_LISTED(stream, struct file_transfer, stream);
  transfer->checksum = 0;
  transfer->operation.bytes = 0;
  return ab_disk_file_rewind(&transfer->file);
}

/* ---- the exchange ---------------------------------------------------------------------------- */

static bool open_file(struct file_transfer *transfer) {
  ab_operation *operation = &transfer->operation;
  ab_disk_file_close(&transfer->file);
  ab_disk_file_init(&transfer->file, operation->client->allocator, transfer->path);
  transfer->checksum = 0;
  operation->bytes = 0;
  operation->total = -1;
  if (transfer->direction == AB_DOWNLOAD) {
    return ab_disk_file_create(&transfer->file);
  }
  if (!ab_disk_file_open(&transfer->file)) {
    return false;
  }
  operation->total = (int64_t)transfer->file.at_start.st_size;
  return true;
}

static enum ab_error prepare(ab_operation *operation, struct ab_exchange *exchange) {
  struct file_transfer *transfer = transfer_of(operation);
  if (!open_file(transfer)) {
    return AB_FILE_FAILED;
  }
  const struct ab_stream_request request = {
      .url = transfer->url,
      .stream = &transfer->stream,
      .put = transfer->direction == AB_UPLOAD,
      .size = operation->total,
      .content_type = transfer->content_type,
  };
  return ab_exchange_prepare_stream(exchange, &operation->client->settings, &request)
             ? AB_OK
             : AB_OUT_OF_MEMORY;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void fail(struct file_transfer *transfer, struct ab_answer *answer, enum ab_error error) {
  answer->error = error;
  answer->message = ab_buffer_text(&transfer->message);
}

/* The text of the first element of this name. Stores say in XML what they don't like. */
static struct ab_text element(const char *body, const char *start_tag, const char *end_tag) {
  const char *start = strstr(body, start_tag);
  const char *end = start == NULL ? NULL : strstr(start, end_tag);
  if (end == NULL) {
    return (struct ab_text){NULL, 0};
  }
  start += strlen(start_tag);
  size_t size = (size_t)(end - start);
  return (struct ab_text){start, size < 200 ? size : 200};
}

static void read_refusal(struct file_transfer *transfer, struct ab_exchange *exchange,
                         struct ab_answer *answer) {
  struct ab_buffer *message = &transfer->message;
  const char *body = ab_buffer_string(&exchange->response);
  struct ab_text code = element(body == NULL ? "" : body, "<Code>", "</Code>");
  struct ab_text why = element(body == NULL ? "" : body, "<Message>", "</Message>");
  ab_buffer_append_string(message, "the store refused the request");
  if (code.size > 0) {
    ab_buffer_append_string(message, ": ");
    ab_buffer_append_text(message, code);
    ab_buffer_append_string(message, why.size > 0 ? ": " : "");
    ab_buffer_append_text(message, why);
  }
  fail(transfer, answer, AB_HTTP_STATUS);
}

static bool accepted(const struct file_transfer *transfer, int http_status) {
  return transfer->direction == AB_UPLOAD ? http_status >= 200 && http_status < 300
                                          : http_status == 200;
}

static void read_answer(ab_operation *operation, struct ab_exchange *exchange,
                        struct ab_answer *answer) {
  struct file_transfer *transfer = transfer_of(operation);
  struct ab_buffer *message = &transfer->message;
  bool upload = transfer->direction == AB_UPLOAD;
  ab_buffer_clear(message);
  if (!accepted(transfer, answer->http_status)) {
    read_refusal(transfer, exchange, answer);
  } else if (exchange->has_checksum && exchange->checksum != transfer->checksum) {
    ab_buffer_append_format(message, "the store's checksum of the %lld bytes is another",
                            (long long)operation->bytes);
    fail(transfer, answer, AB_CORRUPTED);
  } else if (upload && operation->bytes != operation->total) {
    ab_buffer_append_format(message, "the store took %lld of %lld bytes",
                            (long long)operation->bytes, (long long)operation->total);
    fail(transfer, answer, AB_CORRUPTED);
  } else if (!(upload ? ab_disk_file_unchanged(&transfer->file)
                      : ab_disk_file_commit(&transfer->file))) {
    answer->error = AB_FILE_FAILED; /* told in `answered` */
  } else {
    operation->total = operation->bytes;
  }
}

static void answered(ab_operation *operation, const struct ab_answer *answer) {
  struct file_transfer *transfer = transfer_of(operation);
  struct ab_answer told = *answer;
  operation->attempts = operation->tries;
  if (transfer->file.why != NULL) {
    /* libcurl only knows that it was stopped. */
    ab_buffer_clear(&transfer->message);
    ab_disk_file_describe(&transfer->file, &transfer->message);
    fail(transfer, &told, AB_FILE_FAILED);
  }
  if (operation->bytes != transfer->told_bytes) {
    tell_progress(transfer);
  }
  ab_operation_end(operation, &told);
}

static void timed_out(ab_operation *operation) {
  struct file_transfer *transfer = transfer_of(operation);
  struct ab_answer answer = {.error = AB_TIMEOUT};
  ab_buffer_clear(&transfer->message);
  ab_buffer_append_format(&transfer->message, "not done in %lld ms: %lld bytes had moved",
                          (long long)ab_operation_elapsed_ms(operation),
                          (long long)operation->bytes);
  fail(transfer, &answer, AB_TIMEOUT);
  ab_operation_end(operation, &answer);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void never(ab_operation *operation) {
  (void)operation;
}

static void stopped(ab_operation *operation) {
  ab_disk_file_close(&transfer_of(operation)->file);
}

static void free_parts(struct file_transfer *transfer, const struct ab_allocator *allocator) {
  if (transfer->url != NULL) {
    ab_wipe(transfer->url, strlen(transfer->url));
  }
  ab_free(allocator, transfer->url);
  ab_free(allocator, transfer->path);
  ab_free(allocator, transfer->content_type);
  ab_buffer_free(&transfer->message);
}

static void destroy(ab_operation *operation) {
  free_parts(transfer_of(operation), operation->client->allocator);
}

static struct ab_text action_of(const ab_operation *operation) {
  bool upload = ((const struct file_transfer *)operation)->direction == AB_UPLOAD;
  return ab_text_of(upload ? "UploadFile" : "DownloadFile");
}

static const struct ab_operation_kind file_kind = {
    .action = action_of,
    .prepare = prepare,
    .read = read_answer,
    .answered = answered,
    .woken = never,
    .timed_out = timed_out,
    .stopped = stopped,
    .destroy = destroy,
};

static bool init_transfer(struct file_transfer *transfer, ab_client *client,
                          const struct ab_file_options *options, void *user) {
  const struct ab_allocator *allocator = client->allocator;
  ab_disk_file_init(&transfer->file, allocator, NULL);
  ab_buffer_init(&transfer->message, allocator, 8 * 1024, false);
  transfer->direction = options->direction;
  transfer->stream.take = options->direction == AB_DOWNLOAD ? take : NULL;
  transfer->stream.give = give;
  transfer->stream.rewind = rewind_file;
  return ab_copy_optional(allocator, options->url, &transfer->url) &&
         ab_copy_optional(allocator, options->path, &transfer->path) &&
         ab_copy_optional(allocator, options->content_type, &transfer->content_type) &&
         ab_operation_init(&transfer->operation, &file_kind, client, user);
}

ab_operation *ab_file_start(ab_client *client, const struct ab_file_options *options, void *user) {
  struct file_transfer *transfer = ab_new_zeroed(client->allocator, sizeof *transfer);
  if (transfer == NULL) {
    return NULL;
  }
  if (!init_transfer(transfer, client, options, user)) {
    free_parts(transfer, client->allocator);
    ab_free(client->allocator, transfer);
    return NULL;
  }
  ab_operation *operation = &transfer->operation;
  if (options->timeout_ms > 0) {
    ab_operation_set_deadline(operation,
                              operation->started_us + ab_clock_us_of_ms(options->timeout_ms));
  }
  ab_operation_send(operation, AB_RETRY_ALWAYS);
  return operation;
}
