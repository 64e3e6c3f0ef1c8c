/*
 * Who asks for the same: the polls of one session, so that one status check can serve them all.
 * Knows who belongs together and who is asking, not what is asked nor what is made of the answer.
 */
#ifndef AB_SHARE_H
#define AB_SHARE_H

#include "form.h"
#include "list.h"

enum { AB_SHARE_BUCKETS = 64 };

/* All shares of a client. */
struct ab_shares {
  const struct ab_allocator *allocator;
  struct ab_link buckets[AB_SHARE_BUCKETS];
};

struct ab_sharer {
  struct ab_link link; /* first; of the members */
  struct ab_share *share;
  bool active; /* it asks for its status by now */
  bool waits;  /* for the answer that another one has asked for */
};

struct ab_share {
  struct ab_link link; /* first; of the bucket */
  struct ab_shares *shares;
  struct ab_link members;
  struct ab_sharer *asker; /* NULL: nobody */
  struct ab_form *form;    /* what is asked for all; NULL while there is one member */
  size_t active;
  size_t key_size;
  char key[];
};

void ab_shares_init(struct ab_shares *shares, const struct ab_allocator *allocator);

/*
 * Makes `sharer` one of those with this key, with the check that serves all of them. False when
 * there is no memory.
 */
bool ab_share_join(struct ab_shares *shares, struct ab_text key, const struct ab_request *check,
                   const char *api_key, struct ab_sharer *sharer);

/* It begins to ask for its status. */
void ab_share_activate(struct ab_sharer *sharer);

/* Idempotent. The share ends with its last member. */
void ab_share_leave(struct ab_sharer *sharer);

/* Whether there is anybody to share checks with. */
bool ab_share_is_shared(const struct ab_sharer *sharer);

#endif
