/* Deadlines come due in order, whatever is set, moved and cleared in between. */
#include "check.h"
#include "timer_heap.h"

enum { COUNT = 500 };

static void fire_nothing(struct ab_timer *timer) {
  (void)timer;
}

/* A small generator of our own: the same numbers on every machine. */
static unsigned next_random(unsigned *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void test_order(void) {
  static struct ab_timer timers[COUNT];
  struct ab_timer_heap heap;
  unsigned state = 1;
  ab_timer_heap_init(&heap, &ab_default_allocator);
  CHECK("room can be reserved", ab_timer_heap_reserve(&heap, COUNT));
  for (int i = 0; i < COUNT; i++) {
    timers[i] = (struct ab_timer){.fire = fire_nothing};
    ab_timer_set(&heap, &timers[i], next_random(&state) % 1000);
  }
  for (int i = 0; i < COUNT; i += 3) {
    ab_timer_set(&heap, &timers[i], next_random(&state) % 1000);
  }
  size_t cleared = 0;
  for (int i = 0; i < COUNT; i += 7) {
    ab_timer_clear(&heap, &timers[i]);
    cleared++;
  }
  int64_t last = 0;
  size_t taken = 0;
  bool ordered = true;
  struct ab_timer *timer;
  while ((timer = ab_timer_heap_take_due(&heap, 1000)) != NULL) {
    ordered = ordered && timer->due_us >= last && timer->position == 0;
    last = timer->due_us;
    taken++;
  }
  CHECK("timers come due in order", ordered);
  CHECK_INT("each set timer comes due once", COUNT - cleared, taken);
  CHECK_INT("an empty heap has no next deadline", INT64_MAX, ab_timer_heap_next_due(&heap));
  ab_timer_heap_free(&heap);
}

static void test_not_yet(void) {
  struct ab_timer timer = {.fire = fire_nothing};
  struct ab_timer_heap heap;
  ab_timer_heap_init(&heap, &ab_default_allocator);
  ab_timer_heap_reserve(&heap, 1);
  ab_timer_set(&heap, &timer, 10);
  CHECK("a timer isn't due before its time", ab_timer_heap_take_due(&heap, 9) == NULL);
  CHECK("a timer is due at its time", ab_timer_heap_take_due(&heap, 10) == &timer);
  ab_timer_clear(&heap, &timer);
  CHECK("clearing a timer that isn't set does nothing", timer.position == 0);
  ab_timer_heap_free(&heap);
}

int main(void) {
  test_order();
  test_not_yet();
  return check_failures() > 0;
}
