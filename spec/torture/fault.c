#define _GNU_SOURCE /* RTLD_NEXT */

#include "fault.h"

#include <curl/curl.h>

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* libcurl looks up names in threads of its own: what they touch is atomic. */
static struct fault armed;
static atomic_bool is_armed;
static atomic_long calls;
static atomic_long failures;
static atomic_long live[ALLOCATORS];

void fault_arm(const struct fault *fault) {
  armed = *fault;
  atomic_store(&calls, 0);
  atomic_store(&failures, 0);
  atomic_store(&is_armed, fault->first > 0);
}

long fault_disarm(void) {
  atomic_store(&is_armed, false);
  return atomic_load(&failures);
}

long fault_live_blocks(enum fault_site site) {
  return atomic_load(&live[site]);
}

static bool strikes(enum fault_site site) {
  if (!atomic_load(&is_armed) || armed.site != site) {
    return false;
  }
  long call = atomic_fetch_add(&calls, 1) + 1;
  if (call < armed.first || call - armed.first >= armed.length) {
    return false;
  }
  if (atomic_fetch_add(&failures, 1) == 0 && getenv("TORTURE_TRACE") != NULL) {
    __sanitizer_print_stack_trace();
  }
  return true;
}

/* ---- allocators ------------------------------------------------------------------------------ */

static void *give(enum fault_site site, void *block) {
  if (block != NULL) {
    atomic_fetch_add(&live[site], 1);
  }
  return block;
}

static void take(enum fault_site site, void *block) {
  if (block != NULL) {
    atomic_fetch_sub(&live[site], 1);
  }
  free(block);
}

static void *resize(enum fault_site site, void *block, size_t size) {
  if (block == NULL) {
    return give(site, malloc(size));
  }
  return realloc(block, size);
}

/* Lua relies on it that a block can always be made smaller. */
void *fault_lua_allocate(void *user, void *block, size_t old_size, size_t size) {
  (void)user;
  if (size == 0) {
    take(FAULT_LUA, block);
    return NULL;
  }
  bool more = block == NULL || size > old_size;
  return more && strikes(FAULT_LUA) ? NULL : resize(FAULT_LUA, block, size);
}

static void *resize_for_core(void *user, void *block, size_t size) {
  (void)user;
  if (size == 0) {
    take(FAULT_CORE, block);
    return NULL;
  }
  return strikes(FAULT_CORE) ? NULL : resize(FAULT_CORE, block, size);
}

const struct ab_allocator fault_core_allocator = {resize_for_core, NULL};

static void *curl_malloc(size_t size) {
  return strikes(FAULT_CURL) ? NULL : give(FAULT_CURL, malloc(size));
}

static void curl_release(void *block) {
  take(FAULT_CURL, block);
}

static void *curl_realloc(void *block, size_t size) {
  return strikes(FAULT_CURL) ? NULL : resize(FAULT_CURL, block, size);
}

static char *curl_copy(const char *text) {
  return strikes(FAULT_CURL) ? NULL : give(FAULT_CURL, strdup(text));
}

static void *curl_calloc(size_t count, size_t size) {
  return strikes(FAULT_CURL) ? NULL : give(FAULT_CURL, calloc(count, size));
}

bool fault_init_curl(void) {
  return curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, curl_release, curl_realloc,
                              curl_copy, curl_calloc) == CURLE_OK;
}

/* ---- calls of the system --------------------------------------------------------------------- */

/*
 * Found by the dynamic linker before the functions of the same names in libraries. NAME, what it
 * returns, what it returns on failure, its parameters, its arguments.
 */
#define VISIBLE __attribute__((visibility("default")))
#define FAILING(site, type, name, failed, parameters, arguments) \
  FAILING_IF(strikes(site), type, name, failed, parameters, arguments)
#define FAILING_IF(condition, type, name, failed, parameters, arguments) \
  VISIBLE type name parameters;                                          \
  type name parameters {                                                 \
    static type(*real) parameters;                                       \
    if (real == NULL) {                                                  \
      *(void **)&real = dlsym(RTLD_NEXT, #name);                         \
    }                                                                    \
    if (condition) {                                                     \
      errno = armed.error;                                               \
      return failed;                                                     \
    }                                                                    \
    return real arguments;                                               \
  }

/* Libraries stay, so that reports of leaks keep their names. */
VISIBLE int dlclose(void *handle);

int dlclose(void *handle) {
  (void)handle;
  return 0;
}

/* Leaves alone the pairs of sockets by which libcurl's own threads wake it. */
static bool strikes_on(enum fault_site site, int descriptor) {
  int domain = AF_UNIX;
  socklen_t size = sizeof domain;
  getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  return domain != AF_UNIX && strikes(site);
}

FAILING(FAULT_SOCKET, int, socket, -1, (int domain, int type, int protocol),
        (domain, type, protocol))
FAILING(FAULT_CONNECT, int, connect, -1,
        (int descriptor, const struct sockaddr *address, socklen_t size),
        (descriptor, address, size))
FAILING_IF(strikes_on(FAULT_SEND, descriptor), ssize_t, send, -1,
           (int descriptor, const void *data, size_t size, int flags),
           (descriptor, data, size, flags))
FAILING_IF(strikes_on(FAULT_RECV, descriptor), ssize_t, recv, -1,
           (int descriptor, void *data, size_t size, int flags), (descriptor, data, size, flags))
FAILING(FAULT_SOCKETPAIR, int, socketpair, -1,
        (int domain, int type, int protocol, int descriptors[2]),
        (domain, type, protocol, descriptors))
FAILING(FAULT_GETADDRINFO, int, getaddrinfo, armed.error,
        (const char *host, const char *service, const struct addrinfo *hints,
         struct addrinfo **found),
        (strcmp(host, "torture.test") == 0 ? "127.0.0.1" : host, service, hints, found))
FAILING(FAULT_THREAD, int, pthread_create, armed.error,
        (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *),
         void *argument),
        (thread, attributes, run, argument))

/* ---- time ------------------------------------------------------------------------------------ */

/*
 * Time passes faster here than outside, for the core and for libcurl: the intervals between checks
 * are meant for a service that takes its time, the emulator takes none.
 */
enum { TIMES_AS_FAST = 64 };

VISIBLE int clock_gettime(clockid_t clock, struct timespec *now);
VISIBLE int poll(struct pollfd *sockets, nfds_t count, int timeout_ms);

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t clock, struct timespec * now);
  if (real == NULL) {
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
  }
  int status = real(clock, now);
  if (status == 0 && clock == CLOCK_MONOTONIC) {
    const long second = 1000000000;
    long nanoseconds = now->tv_nsec * TIMES_AS_FAST;
    now->tv_sec = now->tv_sec * TIMES_AS_FAST + nanoseconds / second;
    now->tv_nsec = nanoseconds % second;
  }
  return status;
}

int poll(struct pollfd *sockets, nfds_t count, int timeout_ms) {
  if (strikes(FAULT_POLL)) {
    errno = armed.error;
    return -1;
  }
  int64_t nanoseconds = (int64_t)timeout_ms * 1000000 / TIMES_AS_FAST;
  const struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  return ppoll(sockets, count, timeout_ms < 0 ? NULL : &timeout, NULL);
}

/* ---- faults of others ------------------------------------------------------------------------ */

/*
 * libcurl before 8.10 frees a host's name twice when it has no memory to note a TLS session of it
 * (Curl_ssl_addsessionid). It is told of sessions by this function of OpenSSL's: here it isn't.
 */
VISIBLE void SSL_CTX_sess_set_new_cb(void *context, int (*note)(void *ssl, void *session));

void SSL_CTX_sess_set_new_cb(void *context, int (*note)(void *ssl, void *session)) {
  static void (*real)(void *context, int (*note)(void *ssl, void *session));
  if (real == NULL) {
    *(void **)&real = dlsym(RTLD_NEXT, "SSL_CTX_sess_set_new_cb");
  }
  if (real != NULL && curl_version_info(CURLVERSION_NOW)->version_num >= 0x080a00) {
    real(context, note);
  }
}
