#include "verdict.h"

#include "memory.h"

static bool is(struct ab_text text, const char *word) {
  return ab_text_equal(text, ab_text_of(word));
}

static struct ab_text without_end_slashes(struct ab_text path) {
  while (path.size > 1 && path.data[path.size - 1] == '/') {
    path.size--;
  }
  return path;
}

bool ab_same_path(struct ab_text path, struct ab_text other) {
  return ab_text_equal(without_end_slashes(path), without_end_slashes(other));
}

static bool at_place(const struct ab_task *task, const struct ab_place *place) {
  return ab_text_equal(task->context_id, place->context_id) &&
         ab_same_path(task->path, place->path);
}

static bool in_scope(const struct ab_judged *judged, const struct ab_task *task) {
  if (!is(task->task_type, "upload") && !is(task->task_type, "download")) {
    return false;
  }
  return (judged->mode.size == 0 || ab_text_equal(task->task_type, judged->mode)) &&
         (judged->scope.context_id.size == 0 ||
          ab_text_equal(task->context_id, judged->scope.context_id)) &&
         (judged->scope.path.size == 0 || ab_same_path(task->path, judged->scope.path));
}

bool ab_task_failed(const struct ab_task *task) {
  return is(task->status, "Failed");
}

/* Exactly these two end a task, whatever other words the service may use. */
static bool ended(const struct ab_task *task) {
  return is(task->status, "Success") || ab_task_failed(task);
}

/* The unit isn't documented; no time in seconds reaches this number before the year 5138. */
static int64_t seconds_of(int64_t time) {
  const int64_t smallest_in_milliseconds = 100000000000;
  return time >= smallest_in_milliseconds ? time / 1000 : time;
}

static uint64_t mixed(uint64_t key, struct ab_text text) {
  for (size_t i = 0; i < text.size; i++) {
    key = (key ^ (unsigned char)text.data[i]) * 1099511628211u;
  }
  return (key ^ 0xffu) * 1099511628211u;
}

uint64_t ab_task_key(const struct ab_task *task) {
  uint64_t key = 14695981039346656037u; /* FNV-1a */
  key = mixed(key, task->context_id);
  key = mixed(key, without_end_slashes(task->path));
  return mixed(key, task->task_type);
}

static bool seen_running(const struct ab_judged *judged, const struct ab_task *task) {
  uint64_t key = ab_task_key(task);
  for (size_t i = 0; i < judged->seen_count; i++) {
    if (judged->seen[i] == key) {
      return true;
    }
  }
  return false;
}

static bool newer(const struct ab_task *one, const struct ab_task *other) {
  int64_t finish = seconds_of(one->finish_time);
  int64_t other_finish = seconds_of(other->finish_time);
  return finish != other_finish ? finish > other_finish : one->start_time > other->start_time;
}

static bool newest_of_its_key(const struct ab_task *tasks, size_t count, size_t index) {
  uint64_t key = ab_task_key(&tasks[index]);
  for (size_t i = 0; i < count; i++) {
    if (i != index && ended(&tasks[i]) && newer(&tasks[i], &tasks[index]) &&
        ab_task_key(&tasks[i]) == key) {
      return false;
    }
  }
  return true;
}

enum ab_standing ab_task_standing(const struct ab_judged *judged, const struct ab_task *tasks,
                                  size_t count, size_t index) {
  const struct ab_task *task = &tasks[index];
  if (!in_scope(judged, task)) {
    return AB_STANDING_FOREIGN;
  }
  if (!ended(task)) {
    return AB_STANDING_RUNNING;
  }
  int64_t finish = seconds_of(task->finish_time);
  if (judged->accepted_last == 0 || finish > judged->accepted_last) {
    return AB_STANDING_ENDED;
  }
  /* What was running after the sync was accepted can't have ended before, whatever the
     clocks of the service's machines say. */
  if (seen_running(judged, task)) {
    return newest_of_its_key(tasks, count, index) ? AB_STANDING_ENDED : AB_STANDING_STALE;
  }
  bool before = finish != 0 && finish < judged->accepted_first;
  return before ? AB_STANDING_STALE : AB_STANDING_UNCERTAIN;
}

static bool all_expected_listed(const struct ab_judged *judged, const struct ab_task *tasks,
                                size_t count) {
  for (size_t i = 0; i < judged->expected_count; i++) {
    bool listed = false;
    for (size_t j = 0; j < count && !listed; j++) {
      listed = in_scope(judged, &tasks[j]) && at_place(&tasks[j], &judged->expected[i]);
    }
    if (!listed) {
      return false;
    }
  }
  return true;
}

enum ab_verdict ab_judge_tasks(const struct ab_judged *judged, const struct ab_task *tasks,
                               size_t count) {
  bool certain = false, uncertain = false, failed = false;
  if (!all_expected_listed(judged, tasks, count)) {
    return AB_VERDICT_PENDING;
  }
  for (size_t i = 0; i < count; i++) {
    switch (ab_task_standing(judged, tasks, count, i)) {
    case AB_STANDING_RUNNING:
      return AB_VERDICT_PENDING;
    case AB_STANDING_UNCERTAIN:
      uncertain = true;
      failed = failed || ab_task_failed(&tasks[i]);
      break;
    case AB_STANDING_ENDED:
      certain = true;
      failed = failed || ab_task_failed(&tasks[i]);
      break;
    case AB_STANDING_FOREIGN:
    case AB_STANDING_STALE:
      break;
    }
  }
  if (certain) {
    return failed ? AB_VERDICT_FAILED : AB_VERDICT_SUCCEEDED;
  }
  if (uncertain) {
    return failed ? AB_VERDICT_UNCERTAIN_FAILED : AB_VERDICT_UNCERTAIN_SUCCEEDED;
  }
  return AB_VERDICT_NOTHING;
}

bool ab_places_bound(const struct ab_place *expected, size_t expected_count,
                     const struct ab_task *bindings, size_t count) {
  for (size_t i = 0; i < expected_count; i++) {
    bool bound = false;
    for (size_t j = 0; j < count && !bound; j++) {
      bound = at_place(&bindings[j], &expected[i]);
    }
    if (!bound) {
      return false;
    }
  }
  return true;
}
