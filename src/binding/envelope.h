/* The members of an answer that every action has, and the one that holds its transfers. Pure. */
#ifndef BINDING_ENVELOPE_H
#define BINDING_ENVELOPE_H

#include "json.h"

enum { ENVELOPE_SPELLINGS = 3 };

enum envelope_member { ENVELOPE_ABSENT, ENVELOPE_THERE, ENVELOPE_ANOTHER /* of another type */ };

/* What an envelope says, before anybody judges it. */
struct envelope {
  struct ab_text request_id[ENVELOPE_SPELLINGS]; /* see envelope_text */
  struct ab_text code[ENVELOPE_SPELLINGS];
  struct ab_text message[ENVELOPE_SPELLINGS];
  enum ab_success success;
  bool success_is_clear;
  enum envelope_member data;
  enum envelope_member status; /* Data.ContextStatus */
  struct ab_text status_text;
};

/* Reads the object that comes next. What is wrong with the JSON is in `json`. */
void envelope_read(struct envelope *envelope, struct json *json);

/* The text of a member: under the spelling that counts first of those that are there. */
struct ab_text envelope_text(const struct ab_text spellings[ENVELOPE_SPELLINGS]);

#endif
