/*
 * Deadlines, soonest first: a binary heap of timers that their owners embed. Times are given,
 * never asked of a clock. Room is reserved beforehand, so that setting a timer can't fail.
 */
#ifndef AB_TIMER_HEAP_H
#define AB_TIMER_HEAP_H

#include "memory.h"

struct ab_timer {
  int64_t due_us;
  size_t position; /* in the heap, counted from 1; 0 = not set */
  void (*fire)(struct ab_timer *timer);
};

struct ab_timer_heap {
  const struct ab_allocator *allocator;
  struct ab_timer **timers;
  size_t count;
  size_t capacity;
};

void ab_timer_heap_init(struct ab_timer_heap *heap, const struct ab_allocator *allocator);
void ab_timer_heap_free(struct ab_timer_heap *heap);

/* Makes room for `count` timers in all; false when there is no memory. */
bool ab_timer_heap_reserve(struct ab_timer_heap *heap, size_t count);

/* Sets the timer, or moves it if it is set. */
void ab_timer_set(struct ab_timer_heap *heap, struct ab_timer *timer, int64_t due_us);
void ab_timer_clear(struct ab_timer_heap *heap, struct ab_timer *timer);

/* The soonest due time; INT64_MAX if no timer is set. */
int64_t ab_timer_heap_next_due(const struct ab_timer_heap *heap);

/* Takes a timer that is due at `now_us` out of the heap, soonest first; NULL if none is. */
struct ab_timer *ab_timer_heap_take_due(struct ab_timer_heap *heap, int64_t now_us);

#endif
