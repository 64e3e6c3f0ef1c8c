/* An intrusive doubly linked list: a link is a member of what is listed. Never allocates. */
#ifndef AB_LIST_H
#define AB_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct ab_link {
  struct ab_link *previous; /* both NULL: in no list */
  struct ab_link *next;
};

/* A list is a link that is its own neighbour while empty. */
static inline void ab_list_init(struct ab_link *list) {
  list->previous = list->next = list;
}

static inline bool ab_list_empty(const struct ab_link *list) {
  return list->next == list;
}

static inline bool ab_link_listed(const struct ab_link *link) {
  return link->next != NULL;
}

static inline void ab_list_append(struct ab_link *list, struct ab_link *link) {
  link->previous = list->previous;
  link->next = list;
  list->previous->next = link;
  list->previous = link;
}

static inline void ab_link_remove(struct ab_link *link) {
  if (ab_link_listed(link)) {
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->previous = link->next = NULL;
  }
}

/* The struct of `type` whose member `member` is `link`. */
#define AB_LISTED(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif
