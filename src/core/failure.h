/* Whether a failure is a passing one. Pure. */
#ifndef AB_FAILURE_H
#define AB_FAILURE_H

#include "agentbay.h"

/*
 * True if asking again can't be expected to help: the session is gone, the key or the request
 * is refused, the certificate isn't trusted. False for what may pass: lost connections, time,
 * throttling, trouble inside the service, an answer that makes no sense.
 */
bool ab_failure_lasts(enum ab_error error, int http_status, struct ab_text code);

#endif
