/*
 * Records: what the host may want to log of each exchange. Kept only for clients that ask, until
 * the host takes them; never with a key or a signature in them.
 */
#ifndef AB_RECORD_H
#define AB_RECORD_H

#include "answer.h"
#include "client.h"

struct ab_exchange_record {
  struct ab_text action;
  const struct ab_answer *answer;
  unsigned attempt; /* 1 for the operation's first exchange */
  int64_t began_us;
};

/* Without memory, or if nobody takes them, records are dropped. */
void ab_client_record(const ab_client *client, const struct ab_exchange_record *seen);

#endif
