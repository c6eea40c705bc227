/* From end to end, step by step: names, the way there, encryption, HTTP, log-in, ActiveSync. Where it breaks, the
 * cause, whose side it is on, and what to do; never a secret. Bounded by LIMIT_DIAGNOSE_MS, whatever hangs. */
#ifndef CACHE_SERVER_DIAGNOSE_H
#define CACHE_SERVER_DIAGNOSE_H

#include "cache/server/finding.h"
#include "cache/server/session.h"

struct diagnose_config {
    const char *email; /* NULL: session->server is named */
    /* As for a session; server NULL: it is looked for by the e-mail address; user NULL: the e-mail address. */
    struct session_config *session;
    /* Asked at most once, when a log-in comes to be tried and session has no password: a copy, wiped after use, or NULL
     * for none: then all that needs one is skipped. May be NULL. */
    char *(*password)(void *ctx);
    /* Told of each step as soon as it is known; may be NULL. */
    void (*step)(void *ctx, const struct finding *finding);
    void *ctx;
};

/* Runs all steps; takes config->session. The server sees a device of its own ("easfs doctor" on this computer), so that
 * a mount is not disturbed. Returns the findings in order, to be freed with g_ptr_array_unref. */
GPtrArray *diagnose(const struct diagnose_config *config);

#endif
