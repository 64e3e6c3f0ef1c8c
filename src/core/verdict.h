/*
 * What a list of transfers says about one sync. Pure: no time is asked, nothing is kept.
 */
#ifndef AB_VERDICT_H
#define AB_VERDICT_H

#include "agentbay.h"

/* Where one listed task stands with regard to the sync that is judged. */
enum ab_standing {
  AB_STANDING_FOREIGN, /* not an upload or download, or not in scope */
  AB_STANDING_STALE,   /* had ended before the sync was accepted */
  AB_STANDING_RUNNING,
  AB_STANDING_UNCERTAIN, /* ended about when the sync was accepted */
  AB_STANDING_ENDED      /* ended since the sync was accepted */
};

/*
 * What is judged. The sync was accepted between `accepted_first` and `accepted_last`, seconds
 * since 1970 by the service's clock; both 0: every task counts. Tasks carry no id, so those
 * that were seen running after that are known by the keys in `seen`.
 */
struct ab_judged {
  struct ab_place scope;
  struct ab_text mode;
  const struct ab_place *expected;
  size_t expected_count;
  int64_t accepted_first;
  int64_t accepted_last;
  const uint64_t *seen;
  size_t seen_count;
};

enum ab_verdict {
  AB_VERDICT_PENDING,
  AB_VERDICT_SUCCEEDED,
  AB_VERDICT_FAILED,
  AB_VERDICT_NOTHING,             /* nothing listed says anything about this sync */
  AB_VERDICT_UNCERTAIN_SUCCEEDED, /* would be so if the listed tasks are this sync's */
  AB_VERDICT_UNCERTAIN_FAILED
};

enum ab_verdict ab_judge_tasks(const struct ab_judged *judged, const struct ab_task *tasks,
                               size_t count);

/* Where tasks[index] stands. */
enum ab_standing ab_task_standing(const struct ab_judged *judged, const struct ab_task *tasks,
                                  size_t count, size_t index);

/* Whether the task's status is Failed. */
bool ab_task_failed(const struct ab_task *task);

/* What a task is known by from one list to the next: context, path and type. */
uint64_t ab_task_key(const struct ab_task *task);

/* Whether every place in `expected` is among `bindings`. */
bool ab_places_bound(const struct ab_place *expected, size_t expected_count,
                     const struct ab_task *bindings, size_t count);

/* Whether `path` names the same place as `other`: a slash at the end means nothing. */
bool ab_same_path(struct ab_text path, struct ab_text other);

#endif
