#include "form_request.h"

#include "clock.h"
#include "random.h"

/* The URL holds the key for some actions: it lives in the loop's one buffer, wiped after. */
enum ab_error ab_form_prepare(const ab_operation *operation, const struct ab_form *form,
                              struct ab_exchange *exchange) {
  const ab_client *client = operation->client;
  struct ab_buffer *url = &client->loop->url;
  unsigned char nonce[AB_NONCE_BYTES];
  ab_random_bytes(nonce, sizeof nonce);
  ab_buffer_append_string(url, client->url);
  size_t target = url->size;
  ab_form_target(form, ab_clock_unix_seconds(), nonce, url);
  const char *text = ab_buffer_string(url);
  const struct ab_post post = {
      .url = text,
      .target = text == NULL ? NULL : text + target,
      .action = form->action,
      .body = form->body,
      .repeatable = form->repeatable && client->retry.max_attempts > 1,
  };
  bool prepared = text != NULL && ab_exchange_prepare(exchange, &client->settings, &post);
  ab_buffer_clear(url);
  return prepared ? AB_OK : AB_OUT_OF_MEMORY;
}

void ab_form_read(const ab_operation *operation, const struct ab_form *form,
                  const struct ab_exchange *exchange, struct ab_answer *answer) {
  const struct ab_decoder *decoder = &operation->client->loop->decoder;
  enum ab_decoded decoded =
      decoder->decode(decoder->user, operation->user, ab_buffer_text(&exchange->response),
                      form->reading, &answer->reply);
  ab_answer_judge(answer, decoded, form->success_rule);
}
