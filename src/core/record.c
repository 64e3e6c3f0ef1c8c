#include "record.h"

#include "clock.h"
#include "failure.h"

#include <string.h>

enum { MAX_RECORDS = 10000 };

struct record {
  struct ab_member member;
  const struct ab_allocator *allocator;
  struct ab_record told;
  char texts[];
};

static void forget(struct ab_member *member) {
  struct record *record = AB_LISTED(member, struct record, member);
  ab_free(record->allocator, record);
}

static char *put(char **cursor, const ab_client *client, struct ab_text text) {
  char *start = *cursor;
  if (text.size > 0) {
    memcpy(start, text.data, text.size);
  }
  start[text.size] = '\0';
  ab_client_mask_key(client, start);
  *cursor += text.size + 1;
  return start;
}

static struct ab_text code_of(const struct ab_answer *answer) {
  return answer->error == AB_SERVICE_ERROR ? answer->code
                                           : ab_text_of(ab_error_code(answer->error));
}

void ab_client_record(const ab_client *client, const struct ab_exchange_record *seen) {
  const struct ab_answer *answer = seen->answer;
  ab_loop *loop = client->loop;
  if (!client->keeps_records || loop->record_count >= MAX_RECORDS) {
    return;
  }
  struct ab_text code = code_of(answer);
  struct ab_text message = answer->error == AB_OK ? ab_text_of("") : answer->message;
  struct ab_text request_id = answer->reply.request_id;
  struct record *record =
      ab_new_zeroed(client->allocator, sizeof *record + seen->action.size + code.size +
                                           message.size + request_id.size + 4);
  if (record == NULL) {
    return;
  }
  char *cursor = record->texts;
  record->member.close = forget;
  record->allocator = client->allocator;
  record->told = (struct ab_record){
      .client = client->settings.serial,
      .error = answer->error,
      .lasting = answer->error != AB_OK &&
                 ab_failure_lasts(answer->error, answer->http_status, answer->code),
      .http_status = answer->http_status,
      .attempt = seen->attempt,
      .elapsed_ms = (ab_clock_monotonic_us() - seen->began_us) / 1000,
      .action = put(&cursor, client, seen->action),
      .code = put(&cursor, client, code),
      .message = put(&cursor, client, message),
      .request_id = put(&cursor, client, request_id),
  };
  loop->record_count++;
  ab_list_append(&loop->records, &record->member.link);
}

bool ab_loop_next_record(ab_loop *loop, struct ab_record *record) {
  ab_members_close(&loop->taken_records);
  if (ab_list_empty(&loop->records)) {
    return false;
  }
  struct record *oldest = AB_LISTED(loop->records.next, struct record, member.link);
  ab_link_remove(&oldest->member.link);
  ab_list_append(&loop->taken_records, &oldest->member.link);
  loop->record_count--;
  *record = oldest->told;
  return true;
}
