/* What a list of transfers says about a sync. */
#include "check.h"
#include "memory.h"
#include "verdict.h"

enum { ACCEPTED = 1776330000, MAX_TASKS = 4 };

struct task {
  const char *type, *status, *context_id, *path;
  int64_t start, finish;
};

struct verdict_case {
  const char *name;
  enum ab_verdict expected;
  struct task tasks[MAX_TASKS];
  const char *mode, *context_id, *path;
  bool seen; /* the first task was seen running */
};

#define UPLOAD(status, start, finish) \
  { "upload", status, "c", "/p", start, finish }
#define DOWNLOAD(status, start, finish) \
  { "download", status, "c", "/p", start, finish }

static const struct verdict_case cases[] = {
    {"no task says nothing", AB_VERDICT_NOTHING, {{0}}, "", "", "", false},
    {"a running task is pending",
     AB_VERDICT_PENDING,
     {UPLOAD("Running", ACCEPTED, 0)},
     "upload",
     "",
     "",
     false},
    {"an unknown status counts as running",
     AB_VERDICT_PENDING,
     {UPLOAD("success", ACCEPTED, ACCEPTED + 1)},
     "",
     "",
     "",
     false},
    {"an empty status counts as running",
     AB_VERDICT_PENDING,
     {UPLOAD("", 0, 0)},
     "",
     "",
     "",
     false},
    {"a later Success succeeds",
     AB_VERDICT_SUCCEEDED,
     {UPLOAD("Success", ACCEPTED, ACCEPTED + 1)},
     "",
     "",
     "",
     false},
    {"a later Failed fails",
     AB_VERDICT_FAILED,
     {UPLOAD("Failed", ACCEPTED, ACCEPTED + 1)},
     "",
     "",
     "",
     false},
    {"times in milliseconds are understood",
     AB_VERDICT_SUCCEEDED,
     {UPLOAD("Success", ACCEPTED *INT64_C(1000), (ACCEPTED + 1) * INT64_C(1000))},
     "",
     "",
     "",
     false},
    {"an older time in milliseconds is stale",
     AB_VERDICT_NOTHING,
     {UPLOAD("Failed", 0, (ACCEPTED - 1) * INT64_C(1000))},
     "",
     "",
     "",
     false},
    {"Failed counts only once all have ended",
     AB_VERDICT_PENDING,
     {UPLOAD("Failed", ACCEPTED, ACCEPTED + 1), UPLOAD("Running", ACCEPTED, 0)},
     "",
     "",
     "",
     false},
    {"one Failed among several fails",
     AB_VERDICT_FAILED,
     {UPLOAD("Success", ACCEPTED, ACCEPTED + 1), UPLOAD("Failed", ACCEPTED, ACCEPTED + 2)},
     "",
     "",
     "",
     false},
    {"an older Failed says nothing",
     AB_VERDICT_NOTHING,
     {UPLOAD("Failed", ACCEPTED - 9, ACCEPTED - 5)},
     "",
     "",
     "",
     false},
    {"an older Failed doesn't spoil a new Success",
     AB_VERDICT_SUCCEEDED,
     {UPLOAD("Failed", ACCEPTED - 9, ACCEPTED - 5), UPLOAD("Success", ACCEPTED, ACCEPTED + 1)},
     "",
     "",
     "",
     false},
    {"an older Success doesn't hide a running task",
     AB_VERDICT_PENDING,
     {UPLOAD("Success", ACCEPTED - 9, ACCEPTED - 5), UPLOAD("Running", ACCEPTED, 0)},
     "",
     "",
     "",
     false},
    {"a Success within the second of acceptance is uncertain",
     AB_VERDICT_UNCERTAIN_SUCCEEDED,
     {UPLOAD("Success", ACCEPTED, ACCEPTED)},
     "",
     "",
     "",
     false},
    {"a Failed within the second of acceptance is uncertain",
     AB_VERDICT_UNCERTAIN_FAILED,
     {UPLOAD("Failed", ACCEPTED, ACCEPTED)},
     "",
     "",
     "",
     false},
    {"an end without a time is uncertain",
     AB_VERDICT_UNCERTAIN_SUCCEEDED,
     {UPLOAD("Success", 0, 0)},
     "",
     "",
     "",
     false},
    {"what was seen running is certain, whatever its time",
     AB_VERDICT_SUCCEEDED,
     {UPLOAD("Success", ACCEPTED - 9, ACCEPTED - 3)},
     "",
     "",
     "",
     true},
    {"only the newest of what was seen running counts",
     AB_VERDICT_SUCCEEDED,
     {UPLOAD("Failed", ACCEPTED - 9, ACCEPTED - 5), UPLOAD("Success", ACCEPTED - 3, ACCEPTED - 1)},
     "",
     "",
     "",
     true},
    {"other types of task are ignored",
     AB_VERDICT_NOTHING,
     {{"delete", "Running", "c", "/p", ACCEPTED, 0}},
     "",
     "",
     "",
     false},
    {"a type in another case is ignored",
     AB_VERDICT_NOTHING,
     {{"Upload", "Running", "c", "/p", ACCEPTED, 0}},
     "",
     "",
     "",
     false},
    {"the mode leaves out the other type",
     AB_VERDICT_NOTHING,
     {DOWNLOAD("Failed", ACCEPTED, ACCEPTED + 1)},
     "upload",
     "",
     "",
     false},
    {"without a mode both types count",
     AB_VERDICT_PENDING,
     {UPLOAD("Success", ACCEPTED, ACCEPTED + 1), DOWNLOAD("Running", ACCEPTED, 0)},
     "",
     "",
     "",
     false},
    {"another context is ignored",
     AB_VERDICT_NOTHING,
     {UPLOAD("Running", ACCEPTED, 0)},
     "",
     "d",
     "",
     false},
    {"another path is ignored",
     AB_VERDICT_NOTHING,
     {UPLOAD("Running", ACCEPTED, 0)},
     "",
     "",
     "/q",
     false},
    {"a slash at the end of a path means nothing",
     AB_VERDICT_PENDING,
     {UPLOAD("Running", ACCEPTED, 0)},
     "",
     "c",
     "/p/",
     false},
};

static size_t convert(const struct verdict_case *c, struct ab_task tasks[MAX_TASKS]) {
  size_t count = 0;
  while (count < MAX_TASKS && c->tasks[count].type != NULL) {
    const struct task *task = &c->tasks[count];
    tasks[count++] = (struct ab_task){
        .context_id = ab_text_of(task->context_id),
        .path = ab_text_of(task->path),
        .task_type = ab_text_of(task->type),
        .status = ab_text_of(task->status),
        .start_time = task->start,
        .finish_time = task->finish,
    };
  }
  return count;
}

static void test_cases(void) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct verdict_case *c = &cases[i];
    struct ab_task tasks[MAX_TASKS];
    size_t count = convert(c, tasks);
    uint64_t key = c->seen ? ab_task_key(&tasks[0]) : 0;
    struct ab_judged judged = {
        .scope = {ab_text_of(c->context_id), ab_text_of(c->path)},
        .mode = ab_text_of(c->mode),
        .accepted_first = ACCEPTED,
        .accepted_last = ACCEPTED,
        .seen = &key,
        .seen_count = c->seen ? 1 : 0,
    };
    CHECK_INT(c->name, c->expected, ab_judge_tasks(&judged, tasks, count));
  }
}

static void test_expected(void) {
  const struct ab_place expected[] = {{ab_text_of("c"), ab_text_of("/p")},
                                      {ab_text_of("d"), ab_text_of("/q")}};
  struct ab_judged judged = {
      .mode = ab_text_of("download"), .expected = expected, .expected_count = 2};
  struct ab_task tasks[2] = {
      {.context_id = ab_text_of("c"),
       .path = ab_text_of("/p"),
       .task_type = ab_text_of("download"),
       .status = ab_text_of("Success")},
      {.context_id = ab_text_of("d"),
       .path = ab_text_of("/q/"),
       .task_type = ab_text_of("download"),
       .status = ab_text_of("Success")},
  };
  CHECK_INT("a place without a task keeps it pending", AB_VERDICT_PENDING,
            ab_judge_tasks(&judged, tasks, 1));
  CHECK_INT("all places with ended tasks succeed", AB_VERDICT_SUCCEEDED,
            ab_judge_tasks(&judged, tasks, 2));
  CHECK("all places are bound", ab_places_bound(expected, 2, tasks, 2));
  CHECK("a context at another path isn't bound", !ab_places_bound(expected, 2, tasks, 1));
}

int main(void) {
  test_cases();
  test_expected();
  return check_failures() > 0;
}
