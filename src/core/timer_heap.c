#include "timer_heap.h"

#include <assert.h>

void ab_timer_heap_init(struct ab_timer_heap *heap, const struct ab_allocator *allocator) {
  *heap = (struct ab_timer_heap){.allocator = allocator};
}

void ab_timer_heap_free(struct ab_timer_heap *heap) {
  ab_free(heap->allocator, heap->timers);
  *heap = (struct ab_timer_heap){.allocator = heap->allocator};
}

bool ab_timer_heap_reserve(struct ab_timer_heap *heap, size_t count) {
  if (count <= heap->capacity) {
    return true;
  }
  size_t capacity = heap->capacity < 16 ? 16 : heap->capacity;
  while (capacity < count) {
    capacity *= 2;
  }
  struct ab_timer **timers =
      ab_resize_array(heap->allocator, heap->timers, capacity, sizeof(struct ab_timer *));
  if (timers == NULL) {
    return false;
  }
  heap->timers = timers;
  heap->capacity = capacity;
  return true;
}

static void put(struct ab_timer_heap *heap, size_t position, struct ab_timer *timer) {
  heap->timers[position - 1] = timer;
  timer->position = position;
}

static void rise(struct ab_timer_heap *heap, struct ab_timer *timer) {
  size_t position = timer->position;
  while (position > 1) {
    struct ab_timer *parent = heap->timers[position / 2 - 1];
    if (parent->due_us <= timer->due_us) {
      break;
    }
    put(heap, position, parent);
    position /= 2;
  }
  put(heap, position, timer);
}

static void sink(struct ab_timer_heap *heap, struct ab_timer *timer) {
  size_t position = timer->position;
  for (;;) {
    size_t child = position * 2;
    if (child > heap->count) {
      break;
    }
    if (child < heap->count && heap->timers[child]->due_us < heap->timers[child - 1]->due_us) {
      child++;
    }
    if (heap->timers[child - 1]->due_us >= timer->due_us) {
      break;
    }
    put(heap, position, heap->timers[child - 1]);
    position = child;
  }
  put(heap, position, timer);
}

void ab_timer_set(struct ab_timer_heap *heap, struct ab_timer *timer, int64_t due_us) {
  timer->due_us = due_us;
  if (timer->position == 0) {
    assert(heap->count < heap->capacity);
    heap->count++;
    put(heap, heap->count, timer);
  }
  rise(heap, timer);
  sink(heap, timer);
}

void ab_timer_clear(struct ab_timer_heap *heap, struct ab_timer *timer) {
  if (timer->position == 0) {
    return;
  }
  size_t position = timer->position;
  struct ab_timer *last = heap->timers[heap->count - 1];
  heap->count--;
  timer->position = 0;
  if (last != timer) {
    put(heap, position, last);
    rise(heap, last);
    sink(heap, last);
  }
}

int64_t ab_timer_heap_next_due(const struct ab_timer_heap *heap) {
  return heap->count == 0 ? INT64_MAX : heap->timers[0]->due_us;
}

struct ab_timer *ab_timer_heap_take_due(struct ab_timer_heap *heap, int64_t now_us) {
  if (ab_timer_heap_next_due(heap) > now_us || heap->count == 0) {
    return NULL;
  }
  struct ab_timer *timer = heap->timers[0];
  ab_timer_clear(heap, timer);
  return timer;
}
