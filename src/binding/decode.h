/* What the files of the decoder share; private to them. */
#ifndef BINDING_DECODE_H
#define BINDING_DECODE_H

#include "binding.h"

/* One call of the decoder. Everything that Lua owns is anchored in the operation or the loop. */
struct decoding {
  struct ab_text body;
  enum ab_reading reading;
  struct ab_reply *reply;
  const struct binding_operation *operation; /* NULL: for loop:decode */
  enum ab_decoded decoded;
  int json_decode; /* lua-cjson's function on the stack of what runs protected */
  char where[48];  /* names the text that lua-cjson is at work on; "": none */
};

/*
 * Decodes the text on top of the stack and pushes the value. Raises unless it begins with
 * `first`, '{' or '[': lua-cjson takes any value, and gives the same for an empty object and an
 * empty list.
 */
void decode_push_json(lua_State *L, struct decoding *decoding, char first, const char *where);

/*
 * Removes null members, which mean the same as absent ones, and makes integers of whole numbers,
 * in the table on top of the stack and all below it. Null items of lists stay: without them a
 * list would end early. The depth is bounded by lua-cjson.
 */
void decode_clean(lua_State *L);

/* What lua-cjson's value at `index` was; an empty table may have been an object or a list. */
bool decode_is_null(lua_State *L, int index); /* or absent */
bool decode_is_object(lua_State *L, int index);
bool decode_is_list(lua_State *L, int index);
bool decode_is_word(lua_State *L, int index, const char *word);

/*
 * Reads the bindings, Data of the document at `document`, for the core. Raises a text that says
 * what is malformed.
 */
void decode_bindings(lua_State *L, struct decoding *decoding, int document);

/*
 * Understands a response. Index 1 of the running C function must be the loop, index 2 the function
 * binding_decode_protected.
 */
enum ab_decoded decode_protected(lua_State *L, struct binding_loop *loop,
                                 struct decoding *decoding);

/* Sets a field of the table on top of the stack. */
void decode_set_text(lua_State *L, const char *name, struct ab_text text);

/* Pushes a list of transfers for Lua. */
void decode_push_list(lua_State *L, const struct ab_task *tasks, size_t count);

#endif
