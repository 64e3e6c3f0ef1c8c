#include "proxy.h"

#include <curl/curl.h>

#include <stdlib.h>

static bool is_https(const char *url) {
  return curl_strnequal(url, "https:", 6) != 0;
}

static bool is_set(const char *name) {
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0';
}

/* HTTP_PROXY isn't one of them: a CGI program's caller could set it, by a header named Proxy. */
bool ab_proxy_in_environment(const char *url) {
  return is_set("all_proxy") || is_set("ALL_PROXY") ||
         (is_https(url) ? is_set("https_proxy") || is_set("HTTPS_PROXY") : is_set("http_proxy"));
}

bool ab_proxy_needs_url(const char *url) {
  return !is_https(url);
}
