/*
 * The layer between the core and Lua: userdata, results as tables, decoding.
 * It decides nothing. Rules: the userdata comes first and the resource goes into it, so that an
 * error in between leaks nothing; Lua functions, which may raise, are never called while C owns
 * memory; the core calls back only from loop:step, and what it calls runs protected; while it
 * does, nothing else enters the core, see binding_check_idle.
 */
#ifndef BINDING_H
#define BINDING_H

#include "agentbay.h"
#include "compat.h"
#include "transfers.h"

#define LOOP_TYPE "agentbay.core.loop"
#define CLIENT_TYPE "agentbay.core.client"
#define OPERATION_TYPE "agentbay.core.operation"
#define ACTION_TYPE "agentbay.core.action"

/*
 * Field of the registry in which a host in C may leave the address of its `struct ab_allocator`,
 * as light userdata, before the module's first use. The core's memory is taken from there.
 */
#define ALLOCATOR_FIELD "agentbay.allocator"

/* What a userdata keeps alive or ready: of a client only the loop, of an operation those up to
   the result. */
enum binding_kept {
  KEPT_LOOP = 1,
  KEPT_OWNER,      /* whoever is to be told of the operation */
  KEPT_ANSWER,     /* the last answer: its document or, where that isn't needed, its body */
  KEPT_TASKS,      /* the transfers, as a list for Lua; nil: to be made of the answer */
  KEPT_RESULT,     /* once it has been asked for */
  KEPT_DECODE,     /* lua-cjson's function */
  KEPT_OPERATIONS, /* those under way by their ids, which are references in the sense of luaL_ref */
  KEPT_TASK_MEMORY, /* what the core was given last */
  KEPT_PROBLEM      /* likewise */
};

struct binding_loop {
  ab_loop *core;             /* NULL: closed */
  lua_State *L;              /* inside loop:step only */
  struct decoding *decoding; /* inside a call of the decoder only */
  struct transfers transfers;
};

struct binding_client {
  ab_client *core; /* NULL: closed */
  struct binding_loop *loop;
};

struct binding_operation {
  ab_operation *core;
  struct binding_loop *loop;
  int id;
  bool makes_list; /* its answer's transfers are made a list at once: it will be asked for */
};

/* Creates the metatable of a type: methods, finalizer (also for __close; may be NULL) and
   __tostring. */
void binding_new_type(lua_State *L, const char *type, const luaL_Reg *methods,
                      lua_CFunction finalizer);

/* Pushes a zeroed userdata of a type, with places for what it keeps. */
void *binding_new(lua_State *L, const char *type, size_t size, enum binding_kept last);

/* Pushes what the userdata at `index` keeps. */
void binding_get_kept(lua_State *L, int index, enum binding_kept place);

/* Pops a value into the place of the userdata at `index`. */
void binding_set_kept(lua_State *L, int index, enum binding_kept place);

/* Sets a field of the table on top of the stack. */
void binding_set_string(lua_State *L, const char *field, const char *value);
void binding_set_integer(lua_State *L, const char *field, int64_t value);

/*
 * Raises while the loop is inside a step or a decoder: the decoder allocates, so that finalizers
 * of the user's may run there, and what they end would be gone when the core goes on with it.
 */
void binding_check_idle(lua_State *L, const struct binding_loop *loop);

void binding_open_loop(lua_State *L);
void binding_open_client(lua_State *L);
void binding_open_operation(lua_State *L);
void binding_open_action(lua_State *L);

int binding_new_loop(lua_State *L);

/* loop:client{...} */
int binding_new_client(lua_State *L);

/* core.new_action{...} */
int binding_new_action(lua_State *L);

enum { BINDING_MAX_FIELDS = 8 };

/* A request, with room for its fields. */
struct binding_request {
  struct ab_request core;
  struct ab_field fields[BINDING_MAX_FIELDS];
};

/*
 * Reads the request at `index`, a list of an action and a table with its values. What it refers
 * to is left on the stack.
 */
void binding_read_request(lua_State *L, int index, struct binding_request *request);

/*
 * Pushes a new operation without a core, kept by the loop at `loop_index`; binding_forget takes
 * it from there. It keeps its owner, which is at `owner_index`.
 */
struct binding_operation *binding_new_operation(lua_State *L, int loop_index, int owner_index);
void binding_forget_operation(lua_State *L, int loop_index,
                              const struct binding_operation *operation);

/* The core's decoder. Index 1 of the running C function must be the loop, index 2 the function
   binding_decode_protected. */
enum ab_decoded binding_decode(void *user, void *operation_user, struct ab_text body,
                               enum ab_reading reading, struct ab_reply *reply);
int binding_decode_protected(lua_State *L);

/* Pushes the operation's transfers, as last seen, as a list. */
void binding_push_tasks(lua_State *L, int operation_index);

/* loop:decode(body, reading): what would be understood of a response. */
int binding_decode_body(lua_State *L);

/* Keeps this module in memory for good. */
void binding_pin(void);

#endif
