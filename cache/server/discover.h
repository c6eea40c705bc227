/* From an e-mail address to the ActiveSync server: what the user named, Autodiscover in its ways, and the older way by
 * MX (MS-OXDISCO 3.1.5, MS-ASCMD 2.2.1.1). The password goes only over verified TLS, and only to hosts that the chain
 * of trust allows: the address's own domain and what is below it, what an authenticated answer from there named, or
 * what the user confirmed. */
#ifndef CACHE_SERVER_DISCOVER_H
#define CACHE_SERVER_DISCOVER_H

#include "cache/server/finding.h"
#include "cache/server/probe.h"
#include "cache/server/session.h"

struct discover_config {
    const char *email; /* NULL: only what session->server names is looked at */
    /* server (NULL: none named), user (NULL: the e-mail address), domain, password (NULL: asked for by the callback),
     * certificates, proxy, insecure_http, resolver: as for a session. Not taken, not changed. */
    const struct session_config *session;
    /* Asked at most once, when a trusted server first wants it: the password, which the caller keeps and wipes, or
     * NULL for none. May be NULL. */
    const char *(*password)(void *ctx);
    /* Whether to go on from a host to one of another domain, where the password may then go. NULL: never. */
    bool (*may_follow)(void *ctx, const char *from, const char *to);
    /* Told of each step as it ends; may be NULL. */
    void (*step)(void *ctx, const struct finding *finding);
    void *ctx;
    gint64 until; /* monotonic: over by then; 0: LIMIT_DISCOVER_MS from now */
};

struct discovery {
    struct eas_result result; /* SERVED: url is a server that answers as ActiveSync does */
    char *url;                /* NULL: none was found; with a result that is not SERVED, what was named and fails */
    char *email;              /* the address to go on with: a server may name another */
    unsigned auths;           /* kinds of log-in the server offers: bits of enum probe_auth, 0 where unknown */
    char *versions;           /* "2.5,12.1,14.1" where it said so without a log-in, else NULL */
    bool exchange_online;     /* it is Microsoft's: OAuth, 16.1 */
    GPtrArray *findings;      /* of struct finding, in order */
};

/* Finds; blocks. Clear the discovery after use. A configuration that cannot be used: result with exit code 78. */
void discover(const struct discover_config *config, struct discovery *discovery);
void discover_clear(struct discovery *discovery);

#endif
