/*
 * That a step gives way while there is always more to do: a server in a process of its own answers
 * at once, so that some socket is ready whenever the loop looks.
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
  return AB_DECODE_OK;
}

static void start_calls(ab_client *client) {
  const struct ab_field body = {{"a", 1}, {"b", 1}};
  const struct ab_request request = {
      .action = {"GetContextInfo", 14}, .key_in_query = true, .body = &body, .body_count = 1};
  for (int i = 0; i < CALLS; i++) {
    ab_operation_release(ab_call_start(client, &request, NULL));
  }
}

/* Steps until all calls have ended; the most that ended in one step. */
static size_t most_in_a_step(ab_loop *loop) {
  struct ab_event event;
  size_t most = 0;
  for (size_t before = ab_loop_under_way(loop); before > 0;) {
    size_t after = ab_loop_step(loop, 0);
    most = before - after > most ? before - after : most;
    before = after;
    while (ab_loop_next_event(loop, &event)) {
    }
  }
  return most;
}

int main(void) {
  char url[64];
  pid_t server = start_server(url, sizeof url);
  const struct ab_decoder decoder = {decode, NULL};
  const struct ab_client_options options = {.url = url,
                                            .api_key = "key",
                                            .timeout_ms = 60000,
                                            .max_response_bytes = 1000,
                                            .max_connections = CONNECTIONS};
  ab_loop *loop = ab_loop_new(NULL, &decoder);
  ab_client *client = ab_client_new(loop, &options);
  start_calls(client);
  size_t most = most_in_a_step(loop);
  /* Without an end to the step it would be nearly all; it is what a few milliseconds can do. */
  CHECK("a step gives way while there is more to do", most > 0 && most < CALLS / 2);
  ab_client_release(client);
  ab_loop_release(loop);
  kill(server, SIGKILL);
  waitpid(server, NULL, 0);
  return check_failures() > 0;
}
