#include "share.h"

#include <string.h>

void ab_shares_init(struct ab_shares *shares, const struct ab_allocator *allocator) {
  shares->allocator = allocator;
  for (size_t i = 0; i < AB_SHARE_BUCKETS; i++) {
    ab_list_init(&shares->buckets[i]);
  }
}

static struct ab_link *bucket_of(struct ab_shares *shares, struct ab_text key) {
  uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
  for (size_t i = 0; i < key.size; i++) {
    hash = (hash ^ (unsigned char)key.data[i]) * UINT64_C(1099511628211);
  }
  return &shares->buckets[hash % AB_SHARE_BUCKETS];
}

static struct ab_share *find(const struct ab_link *bucket, struct ab_text key) {
  for (struct ab_link *link = bucket->next; link != bucket; link = link->next) {
    struct ab_share *share = AB_LISTED(link, struct ab_share, link);
    if (ab_text_equal((struct ab_text){share->key, share->key_size}, key)) {
      return share;
    }
  }
  return NULL;
}

static struct ab_share *found(struct ab_shares *shares, struct ab_link *bucket,
                              struct ab_text key) {
  struct ab_share *share = ab_new_zeroed(shares->allocator, sizeof *share + key.size);
  if (share == NULL) {
    return NULL;
  }
  share->shares = shares;
  share->key_size = key.size;
  memcpy(share->key, key.data, key.size);
  ab_list_init(&share->members);
  ab_list_append(bucket, &share->link);
  return share;
}

static void end_if_empty(struct ab_share *share) {
  if (ab_list_empty(&share->members)) {
    ab_link_remove(&share->link);
    ab_form_free(share->form);
    ab_free(share->shares->allocator, share);
  }
}

bool ab_share_join(struct ab_shares *shares, struct ab_text key, const struct ab_request *check,
                   const char *api_key, struct ab_sharer *sharer) {
  struct ab_link *bucket = bucket_of(shares, key);
  struct ab_share *share = find(bucket, key);
  if (share == NULL) {
    share = found(shares, bucket, key);
  } else if (share->form == NULL) {
    share->form = ab_form_new(shares->allocator, check, api_key);
    share = share->form == NULL ? NULL : share;
  }
  if (share == NULL) {
    return false;
  }
  sharer->share = share;
  ab_list_append(&share->members, &sharer->link);
  return true;
}

void ab_share_activate(struct ab_sharer *sharer) {
  if (sharer->share != NULL && !sharer->active) {
    sharer->active = true;
    sharer->share->active++;
  }
}

void ab_share_leave(struct ab_sharer *sharer) {
  struct ab_share *share = sharer->share;
  if (share == NULL) {
    return;
  }
  ab_link_remove(&sharer->link);
  share->active -= sharer->active ? 1 : 0;
  *sharer = (struct ab_sharer){0};
  if (share->asker == sharer) {
    share->asker = NULL;
  }
  end_if_empty(share);
}

bool ab_share_is_shared(const struct ab_sharer *sharer) {
  return sharer->share != NULL && sharer->share->active > 1;
}
