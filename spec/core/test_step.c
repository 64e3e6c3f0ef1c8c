/*
 * That a step gives way while there is always more to do, and what is left is not always the same:
 * a server in a process of its own answers at once, so that some socket is ready whenever the loop
 * looks.
 */
#include "agentbay.h"
#include "check.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 2000, CONNECTIONS = 64 };

/* ---- the server ------------------------------------------------------------------------------- */

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/* A request is small enough to come in one piece, or in two with the body alone. */
static bool serve_one(int connection) {
  char request[4096];
  ssize_t size = read(connection, request, sizeof request - 1);
  if (size <= 0) {
    return false;
  }
  request[size] = '\0';
  bool ended = strstr(request, "a=b") != NULL;
  return !ended || write(connection, answer, sizeof answer - 1) == sizeof answer - 1;
}

_Noreturn static void serve(int listener) {
  struct pollfd sockets[CONNECTIONS + 1] = {{.fd = listener, .events = POLLIN}};
  nfds_t count = 1;
  while (poll(sockets, count, 30000) > 0) {
    for (nfds_t i = 1; i < count; i++) {
      if (sockets[i].revents != 0 && !serve_one(sockets[i].fd)) {
        sockets[i].fd = -1;
      }
    }
    if (sockets[0].revents != 0 && count <= CONNECTIONS) {
      sockets[count++] = (struct pollfd){.fd = accept(listener, NULL, NULL), .events = POLLIN};
    }
  }
  _exit(0);
}

/* The process of the server, which listens at the port that is put into `url`. */
static pid_t start_server(char *url, size_t size) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(listener, CONNECTIONS) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
    return -1;
  }
  snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
  pid_t server = fork();
  if (server == 0) {
    serve(listener);
  }
  close(listener);
  return server;
}

/* ---- the client ------------------------------------------------------------------------------- */

static enum ab_decoded decode(void *user, void *operation_user, struct ab_text body,
                              enum ab_reading reading, struct ab_reply *reply) {
  (void)user;
  (void)operation_user;
  (void)body;
  (void)reading;
  memset(reply, 0, sizeof *reply);
  /* So slow that a step can't serve all connections. */
  struct timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do {
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < 100000);
  return AB_DECODE_OK;
}

static int numbers[CALLS];

static void start_call(ab_client *client, int *number) {
  const struct ab_field body = {{"a", 1}, {"b", 1}};
  const struct ab_request request = {
      .action = {"GetContextInfo", 14}, .key_in_query = true, .body = &body, .body_count = 1};
  ab_operation_release(ab_call_start(client, &request, number));
}

static void start_calls(ab_client *client) {
  for (int i = 0; i < CALLS; i++) {
    numbers[i] = i;
    start_call(client, &numbers[i]);
  }
}

struct seen {
  size_t most_in_a_step; /* calls that ended */
  int most_overtaken;    /* later calls that ended before one */
  int before_late;       /* calls that ended before the late client's only one; -1: all */
};

/* Steps until all calls have ended. The late client comes when some of the others' have. */
static struct seen see(ab_loop *loop, ab_client *late) {
  struct ab_event event;
  struct seen seen = {0, 0, -1};
  int ended = 0, late_number = -1;
  for (size_t before = ab_loop_under_way(loop); before > 0;) {
    poll(NULL, 0, 2); /* as a frame does: by now every socket is ready */
    size_t after = ab_loop_step(loop, 0);
    seen.most_in_a_step =
        before - after > seen.most_in_a_step ? before - after : seen.most_in_a_step;
    before = after;
    while (ab_loop_next_event(loop, &event)) {
      if (event.user == &late_number) {
        seen.before_late = ended < CALLS ? ended : -1;
        continue;
      }
      int overtaken = ended++ - *(const int *)event.user;
      seen.most_overtaken = overtaken > seen.most_overtaken ? overtaken : seen.most_overtaken;
      if (ended == CALLS / 10) {
        start_call(late, &late_number);
        before = ab_loop_under_way(loop);
      }
    }
  }
  return seen;
}

int main(void) {
  char url[64];
  pid_t server = start_server(url, sizeof url);
  const struct ab_decoder decoder = {decode, NULL};
  const struct ab_client_options options = {.url = url,
                                            .api_key = "key",
                                            .timeout_ms = 60000,
                                            .max_response_bytes = 1000,
                                            .max_connections = CONNECTIONS - 1};
  ab_loop *loop = ab_loop_new(NULL, &decoder);
  ab_client *client = ab_client_new(loop, &options);
  ab_client *late = ab_client_new(loop, &options);
  start_calls(client);
  struct seen seen = see(loop, late);
  /* Without an end to the step it would be nearly all; it is what a few milliseconds can do. */
  CHECK("a step gives way while there is more to do",
        seen.most_in_a_step > 0 && seen.most_in_a_step < CALLS / 2);
  CHECK("no socket is served while others wait for ever", seen.most_overtaken < CALLS / 2);
  CHECK("a client gets a connection while another one keeps the loop busy",
        seen.before_late >= 0 && seen.before_late < CALLS / 2);
  ab_client_release(client);
  ab_client_release(late);
  ab_loop_release(loop);
  kill(server, SIGKILL);
  waitpid(server, NULL, 0);
  return check_failures() > 0;
}
