/* Whether requests to a URL go through a proxy that only the environment may name. */
#ifndef AB_PROXY_H
#define AB_PROXY_H

#include <stdbool.h>

/* Whether the environment names a proxy for the URL, by the variables that libcurl looks at. */
bool ab_proxy_in_environment(const char *url);

/* Whether an HTTP proxy, if there is one, has to be told whole URLs: it has nothing to tunnel. */
bool ab_proxy_needs_url(const char *url);

#endif
