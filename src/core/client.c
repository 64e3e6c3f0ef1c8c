#include "client.h"

#include "authorities.h"
#include "clock.h"
#include "proxy.h"

#include <string.h>

static bool copy_settings(ab_client *client, const struct ab_client_options *options) {
  const struct ab_allocator *allocator = client->allocator;
  return ab_copy_optional(allocator, options->url, &client->url) &&
         ab_copy_optional(allocator, options->api_key, &client->api_key) &&
         ab_copy_optional(allocator, options->user_agent, &client->user_agent) &&
         ab_copy_optional(allocator, options->ca_file, &client->ca_file) &&
         ab_copy_optional(allocator, options->proxy, &client->proxy);
}

static void free_client(ab_client *client) {
  const struct ab_allocator *allocator = client->allocator;
  if (client->api_key != NULL) {
    ab_wipe(client->api_key, strlen(client->api_key));
  }
  ab_free(allocator, client->url);
  ab_free(allocator, client->api_key);
  ab_free(allocator, client->user_agent);
  ab_free(allocator, client->ca_file);
  ab_free(allocator, client->proxy);
  ab_free(allocator, client);
}

/* ---- the line -------------------------------------------------------------------------------- */

/*
 * A new connection is the longest piece of work there is, most of all with TLS. So they are opened
 * one by one, while nothing else is to be done: when all that is ready keeps us busy, more
 * connections would make nothing faster; but they may be another client's, or to a slow service, so
 * that they don't wait for a pause for ever. The first one goes ahead, for some time at most: it finds
 * out the addresses, and whether requests can share it.
 */
static const int64_t opening_pace_us = 2000, first_goes_ahead_us = 200000;
static const int64_t first_patience_us = 50000, patience_us = 5000000;

/* By then the service has closed what was open. */
static const int64_t long_idle_us = 60000000;

static void grant(ab_client *client) {
  struct ab_waiter *waiter = AB_LISTED(client->line.next, struct ab_waiter, link);
  ab_link_remove(&waiter->link);
  client->in_flight++;
  waiter->granted(waiter);
}

static void open_connection(struct ab_chore *chore) {
  ab_client *client = AB_LISTED(chore, ab_client, open_connection);
  if (ab_list_empty(&client->line) || client->in_flight >= client->max_connections) {
    return;
  }
  client->opened = client->opened > client->in_flight ? client->opened : client->in_flight + 1;
  client->opened_us = client->loop->now_us;
  grant(client);
  ab_loop_do_soon(client->loop, &client->serve_line);
}

static void serve_line(struct ab_chore *chore) {
  ab_client *client = AB_LISTED(chore, ab_client, serve_line);
  ab_loop *loop = client->loop;
  if (client->in_flight == 0 && loop->now_us - client->idle_since_us > long_idle_us) {
    client->opened = 0;
    client->reached = false;
  }
  if (ab_list_empty(&client->line) || client->in_flight >= client->max_connections) {
    return;
  }
  if (client->in_flight < client->opened) {
    grant(client);
    ab_loop_do_soon(loop, chore);
  } else {
    bool first = client->opened == 0;
    int64_t wait_us = client->reached ? opening_pace_us : first_goes_ahead_us;
    int64_t due_us = first ? loop->now_us : client->opened_us + wait_us;
    int64_t late_us = due_us + (first ? first_patience_us : patience_us);
    ab_loop_do_in_pause(loop, &client->open_connection, due_us, late_us);
  }
}

void ab_client_reach(ab_client *client) {
  if (!client->reached) {
    client->reached = true;
    ab_link_remove(&client->open_connection.link); /* it needn't wait any more */
    ab_loop_do_soon(client->loop, &client->serve_line);
  }
}

void ab_client_enter_line(ab_client *client, struct ab_waiter *waiter) {
  ab_list_append(&client->line, &waiter->link);
  ab_loop_do_soon(client->loop, &client->serve_line);
}

void ab_client_leave_line(struct ab_waiter *waiter) {
  ab_link_remove(&waiter->link);
}

void ab_client_leave_flight(ab_client *client) {
  client->in_flight--;
  client->idle_since_us = client->loop->now_us;
  ab_client_reach(client);
  if (!ab_list_empty(&client->line)) {
    ab_loop_do_soon(client->loop, &client->serve_line);
  }
}

/* ---- life ------------------------------------------------------------------------------------ */

void ab_client_close(ab_client *client) {
  client->closed = true;
  ab_members_close(&client->members);
}

static void close_with_loop(struct ab_member *member) {
  ab_client_close(AB_LISTED(member, ab_client, of_loop));
}

ab_client *ab_client_new(ab_loop *loop, const struct ab_client_options *options) {
  const struct ab_allocator *allocator = &loop->allocator;
  ab_client *client = ab_new_zeroed(allocator, sizeof *client);
  if (client == NULL) {
    return NULL;
  }
  client->allocator = allocator;
  if (!copy_settings(client, options)) {
    free_client(client);
    return NULL;
  }
  client->references = 1;
  client->loop = loop;
  client->closed = loop->closed;
  client->retry = ab_retry_policy_of(&options->retry);
  ab_retry_budget_init(&client->budget);
  client->keeps_records = options->keep_records;
  client->timeout_us = ab_clock_us_of_ms(options->timeout_ms);
  client->max_connections = options->max_connections > 0 ? options->max_connections : 1;
  bool direct = client->proxy == NULL && !ab_proxy_in_environment(client->url);
  client->settings = (struct ab_exchange_settings){
      .serial = ++loop->last_serial,
      .url = client->url,
      .whole_urls = !direct && ab_proxy_needs_url(client->url),
      .user_agent = client->user_agent,
      .ca_file = client->ca_file,
      .ca_folder = client->ca_file == NULL ? ab_authorities_folder() : NULL,
      .proxy = client->proxy,
      .direct = direct,
      .max_response_bytes = options->max_response_bytes,
  };
  client->of_loop.close = close_with_loop;
  client->serve_line.run = serve_line;
  client->open_connection.run = open_connection;
  ab_list_init(&client->members);
  ab_list_init(&client->line);
  ab_shares_init(&client->shares, allocator);
  ab_list_append(&loop->members, &client->of_loop.link);
  ab_loop_reference(loop);
  ab_loop_add_connections(loop, client->max_connections);
  return client;
}

uint64_t ab_client_serial(const ab_client *client) {
  return client->settings.serial;
}

void ab_client_reference(ab_client *client) {
  client->references++;
}

void ab_client_release(ab_client *client) {
  if (client == NULL || --client->references > 0) {
    return;
  }
  ab_loop *loop = client->loop;
  unsigned connections = client->max_connections;
  ab_link_remove(&client->of_loop.link);
  ab_link_remove(&client->serve_line.link);
  ab_link_remove(&client->open_connection.link);
  free_client(client);
  ab_loop_remove_connections(loop, connections);
  ab_loop_unreference(loop);
}

/* ---- the key --------------------------------------------------------------------------------- */

void ab_client_mask_key(const ab_client *client, char *text) {
  const char *key = client->api_key;
  size_t size = key == NULL ? 0 : strlen(key);
  if (size == 0) {
    return;
  }
  for (char *found = strstr(text, key); found != NULL; found = strstr(found + size, key)) {
    memset(found, '*', size);
  }
}
