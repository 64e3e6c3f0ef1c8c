/*
 * A request on the wire: names and values to the request line's query and the form body.
 * Pure: time and nonce are given. Knows the protocol's constants and no action.
 */
#ifndef AB_FORM_H
#define AB_FORM_H

#include "buffer.h"

#define AB_API_VERSION "2025-05-06"

enum { AB_NONCE_BYTES = 16 };

/*
 * What of a request stays the same whenever it is sent, in one block of just the size: thousands
 * may be waiting for their next moment. Holds the key: wiped when freed.
 */
struct ab_form {
  const struct ab_allocator *allocator;
  struct ab_text action; /* inside `bytes` */
  struct ab_text query;  /* "&Name=value..." behind the constant parameters */
  struct ab_text body;
  bool repeatable;
  enum ab_success_rule success_rule;
  enum ab_reading reading;
  char bytes[];
};

/* Encodes `request`; NULL when there is no memory. */
struct ab_form *ab_form_new(const struct ab_allocator *allocator, const struct ab_request *request,
                            const char *api_key);
void ab_form_free(struct ab_form *form);

/* Appends path and query: "/?Action=...&Format=json&Version=...&Timestamp=...". */
void ab_form_target(const struct ab_form *form, int64_t unix_seconds,
                    const unsigned char nonce[AB_NONCE_BYTES], struct ab_buffer *target);

/* Appends `text` percent-encoded: all but letters, digits and -._~ */
void ab_form_encode(struct ab_buffer *buffer, struct ab_text text);

#endif
