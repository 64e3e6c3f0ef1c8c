/* The verdict on lists of transfers: whatever is listed, what is said of it is consistent. */
#include "memory.h"
#include "verdict.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_TASKS = 12 };

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

/* Each byte picks one of few values, so that tasks meet often. */
static struct ab_text pick(unsigned byte, const char *const words[4]) {
  return ab_text_of(words[byte % 4]);
}

static struct ab_task task_of(const uint8_t bytes[4]) {
  static const char *const ids[4] = {"a", "b", "", "a"};
  static const char *const paths[4] = {"/p", "/p/", "/q", ""};
  static const char *const types[4] = {"upload", "download", "other", ""};
  static const char *const statuses[4] = {"Success", "Failed", "Running", "success"};
  return (struct ab_task){
      .context_id = pick(bytes[0], ids),
      .path = pick(bytes[0] >> 2, paths),
      .task_type = pick(bytes[1], types),
      .status = pick(bytes[1] >> 2, statuses),
      .start_time = bytes[2] % 16,
      .finish_time = bytes[3] % 16,
  };
}

static void require_consistent(const struct ab_judged *judged, const struct ab_task *tasks,
                               size_t count) {
  size_t of_standing[AB_STANDING_ENDED + 1] = {0};
  bool failed = false;
  for (size_t i = 0; i < count; i++) {
    enum ab_standing standing = ab_task_standing(judged, tasks, count, i);
    require((unsigned)standing <= AB_STANDING_ENDED);
    of_standing[standing]++;
    failed = failed || (standing >= AB_STANDING_UNCERTAIN && ab_task_failed(&tasks[i]));
  }
  switch (ab_judge_tasks(judged, tasks, count)) {
  case AB_VERDICT_SUCCEEDED:
    require(of_standing[AB_STANDING_RUNNING] == 0 && of_standing[AB_STANDING_ENDED] > 0 && !failed);
    break;
  case AB_VERDICT_FAILED:
    require(of_standing[AB_STANDING_RUNNING] == 0 && failed);
    break;
  case AB_VERDICT_NOTHING:
    require(of_standing[AB_STANDING_RUNNING] == 0 && of_standing[AB_STANDING_ENDED] == 0);
    break;
  case AB_VERDICT_UNCERTAIN_SUCCEEDED:
  case AB_VERDICT_UNCERTAIN_FAILED:
    require(of_standing[AB_STANDING_RUNNING] == 0 && of_standing[AB_STANDING_UNCERTAIN] > 0);
    break;
  case AB_VERDICT_PENDING:
    require(of_standing[AB_STANDING_RUNNING] > 0 || judged->expected_count > 0);
    break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  struct ab_task tasks[MAX_TASKS];
  size_t count = 0;
  if (size < 4) {
    return 0;
  }
  const struct ab_task first = task_of(input);
  const struct ab_place place = {first.context_id, first.path};
  uint64_t seen = ab_task_key(&first);
  const struct ab_judged judged = {
      .scope = input[0] & 0x80 ? place : (struct ab_place){{NULL, 0}, {NULL, 0}},
      .mode = input[1] & 0x80 ? first.task_type : (struct ab_text){NULL, 0},
      .expected = &place,
      .expected_count = input[2] & 0x80 ? 1 : 0,
      .accepted_first = input[2] % 16,
      .accepted_last = input[2] % 16 + input[3] % 3,
      .seen = &seen,
      .seen_count = input[3] & 0x80 ? 1 : 0,
  };
  for (input += 4, size -= 4; size >= 4 && count < MAX_TASKS; input += 4, size -= 4) {
    tasks[count++] = task_of(input);
  }
  require_consistent(&judged, tasks, count);
  return 0;
}
