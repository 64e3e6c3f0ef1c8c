/*
 * A client inside the core: settings, its members (what must end when it closes), and the line
 * for its connections. Knows neither requests nor results.
 */
#ifndef AB_CLIENT_H
#define AB_CLIENT_H

#include "loop.h"
#include "retry.h"
#include "share.h"

/* Somebody who wants a connection; `granted` is called once it is free, from the loop's step. */
struct ab_waiter {
  struct ab_link link;
  void (*granted)(struct ab_waiter *waiter);
};

struct ab_client {
  unsigned references; /* the host's and one for each operation */
  ab_loop *loop;
  const struct ab_allocator *allocator;
  char *url;
  char *api_key;
  char *user_agent;
  char *ca_file;
  char *proxy;
  struct ab_exchange_settings settings;
  int64_t timeout_us;
  struct ab_retry_policy retry;
  struct ab_retry_budget budget;
  unsigned max_connections;
  unsigned in_flight;
  unsigned opened;       /* the most that were in flight: there may be connections for as many */
  int64_t opened_us;     /* when that became more last */
  bool reached;          /* the first of them has got as far as sending, or failed */
  int64_t idle_since_us; /* nothing is in flight */
  bool closed;
  bool keeps_records;
  struct ab_member of_loop;
  struct ab_link members;
  struct ab_link line; /* waiters, oldest first */
  struct ab_chore serve_line;
  struct ab_chore open_connection;
  struct ab_shares shares;
};

void ab_client_reference(ab_client *client);

void ab_client_enter_line(ab_client *client, struct ab_waiter *waiter);
void ab_client_leave_line(struct ab_waiter *waiter);

/* There is a connection to the service. */
void ab_client_reach(ab_client *client);

/* Gives back a connection that was granted. */
void ab_client_leave_flight(ab_client *client);

/* Replaces every occurrence of the key in `text` by asterisks: services echo what they get. */
void ab_client_mask_key(const ab_client *client, char *text);

#endif
