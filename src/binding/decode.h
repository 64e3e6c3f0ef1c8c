/* What the files of the decoder share; private to them. */
#ifndef BINDING_DECODE_H
#define BINDING_DECODE_H

#include "binding.h"

/* One call of the decoder. Everything that Lua owns is anchored in `keeper`. */
struct decoding {
  struct ab_text body;
  enum ab_reading reading;
  struct ab_reply *reply;
  int operation_id; /* 0: for loop:decode */
  enum ab_decoded decoded;
};

/*
 * Raises unless the text's first byte that isn't blank is `first`: lua-cjson takes any value,
 * and gives the same for an empty object and an empty list.
 */
void decode_check_start(lua_State *L, struct ab_text text, char first, const char *problem);

/* Decodes `text` (on the stack at `index`) with the function at `decode`; pushes the value. */
void decode_push(lua_State *L, int decode, int index, const char *where);

/*
 * Reads Data.ContextStatus, or the bindings of Data, of the document at `document`: pushes the
 * list for Lua and fills in reply->tasks. Raises a text that says what is malformed.
 */
void decode_push_tasks(lua_State *L, int decode, int document, struct ab_reply *reply);
void decode_push_bindings(lua_State *L, int document, struct ab_reply *reply);

#endif
