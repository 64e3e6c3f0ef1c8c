/*
 * The layer between the core and Lua: userdata, results as tables, decoding through lua-cjson.
 * It decides nothing. Rules: the userdata comes first and the resource goes into it, so that an
 * error in between leaks nothing; Lua functions, which may raise, are never called while C owns
 * memory; the core calls back only from loop:step, and what it calls runs protected; while it
 * does, nothing else enters the core, see binding_check_idle.
 */
#ifndef BINDING_H
#define BINDING_H

#include "agentbay.h"
#include "compat.h"

#define LOOP_TYPE "agentbay.core.loop"
#define CLIENT_TYPE "agentbay.core.client"
#define OPERATION_TYPE "agentbay.core.operation"

/*
 * Field of the registry in which a host in C may leave the address of its `struct ab_allocator`,
 * as light userdata, before the module's first use. The core's memory is taken from there.
 */
#define ALLOCATOR_FIELD "agentbay.allocator"

/*
 * The loop's user value is a table: `decode`, lua-cjson's function; `operations`, those under
 * way by their ids, which keeps them alive; `tasks_memory`, the list of tasks that the core was
 * given last.
 */
struct binding_loop {
  ab_loop *core; /* NULL: closed */
  lua_State *L;  /* inside loop:step only */
  int last_id;
  struct decoding *decoding; /* inside a call of the decoder only */
};

/* The user value holds the loop. */
struct binding_client {
  ab_client *core; /* NULL: closed */
  struct binding_loop *loop;
};

/*
 * The user value is a table: `loop`; `document`, the last decoded response; `tasks`, the last
 * decoded list of transfers; `problem`, what was wrong with the last response; `result`, once
 * built.
 */
struct binding_operation {
  ab_operation *core;
  struct binding_loop *loop;
  int id;
};

/* Creates the metatable of a type: methods, finalizer (also for __close) and __tostring. */
void binding_new_type(lua_State *L, const char *type, const luaL_Reg *methods,
                      lua_CFunction finalizer);

/* Pushes the field of the user value of the userdata at `index`. */
void binding_get_kept(lua_State *L, int index, const char *field);

/* Pops a value into the field of the user value of the userdata at `index`. */
void binding_set_kept(lua_State *L, int index, const char *field);

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

int binding_new_loop(lua_State *L);

/* loop:client{...} */
int binding_new_client(lua_State *L);

/*
 * Pushes a new operation without a core, kept by the loop at `loop_index`; binding_forget takes
 * it from there.
 */
struct binding_operation *binding_new_operation(lua_State *L, int loop_index);
void binding_forget_operation(lua_State *L, int loop_index,
                              const struct binding_operation *operation);

/* The core's decoder. Index 1 of the running C function must be the loop, index 2 the function
   binding_decode_protected. */
enum ab_decoded binding_decode(void *user, void *operation_user, struct ab_text body,
                               enum ab_reading reading, struct ab_reply *reply);
int binding_decode_protected(lua_State *L);

/* loop:decode(body, reading): what would be understood of a response. */
int binding_decode_body(lua_State *L);

/* Keeps this module in memory for good. */
void binding_pin(void);

#endif
