/*
 * Failures on purpose: three allocators that count their blocks, and the calls of the system that
 * libcurl and the core make, any one of which fails from its n-th call on for some calls.
 */
#ifndef TORTURE_FAULT_H
#define TORTURE_FAULT_H

#include "agentbay.h"

#include <stdbool.h>
#include <stddef.h>

enum fault_site {
  FAULT_LUA, /* the first three are allocators */
  FAULT_CURL,
  FAULT_CORE,
  FAULT_SOCKET,
  FAULT_CONNECT,
  FAULT_SEND,
  FAULT_RECV,
  FAULT_POLL,
  FAULT_SOCKETPAIR,
  FAULT_GETADDRINFO,
  FAULT_THREAD,
  FAULT_SITES
};

enum { ALLOCATORS = FAULT_CORE + 1 };

struct fault {
  enum fault_site site;
  long first;  /* the first call that fails, counted from 1; 0: none */
  long length; /* how many fail in a row */
  int error;   /* errno of a failed call of the system, or what it returns */
};

void fault_arm(const struct fault *fault);

/* Everything works again; gives the number of failures that there were. */
long fault_disarm(void);

/* Blocks that an allocator gave and did not get back. */
long fault_live_blocks(enum fault_site site);

/* The allocators: for lua_newstate, libcurl (to be called before anything of it), the core. */
void *fault_lua_allocate(void *user, void *block, size_t old_size, size_t size);
bool fault_init_curl(void);
extern const struct ab_allocator fault_core_allocator;

#endif
