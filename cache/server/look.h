/* A first look at the URL of an ActiveSync server, without a log-in: whether one answers there, where it redirects to,
 * and what it offers. */
#ifndef CACHE_SERVER_LOOK_H
#define CACHE_SERVER_LOOK_H

#include "cache/server/probe.h"

struct look {
    struct eas_result result;   /* SERVED: a server answers there; else why not, with its cause */
    char *url;                  /* the last one asked */
    unsigned hops;              /* redirects that were followed; at a loop, how many were seen */
    bool redirect_fault;        /* it is a redirect that cannot be followed */
    struct probe_answer answer; /* the last one */
};

/* question says how (trust, proxy, resolver, timeout_ms of each request); its method and URL are not used. until is
 * monotonic, for all of it. Clear the look after use. */
void look_at(const struct probe_question *question, const char *url, gint64 until, struct look *look);
void look_clear(struct look *look);

#endif
