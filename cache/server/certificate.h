/* A look at a server's certificate, whatever it is worth: for people who have to decide about it. Nothing is sent but
 * an OPTIONS without a name, and nothing that comes back is trusted. */
#ifndef CACHE_SERVER_CERTIFICATE_H
#define CACHE_SERVER_CERTIFICATE_H

#include <glib.h>
#include <stdbool.h>

struct certificate {
    char *subject, *issuer; /* common names, fit for a sentence */
    char *names;            /* the host names it is for, with commas; "" where there are none */
    char *pin;              /* SHA-256 of its key, 64 hex digits, as --pin takes it */
    gint64 from, until;     /* Unix time */
    bool self_signed;
    gint64 server_clock; /* by its Date header, Unix time; 0: not told */
};

/* Connects to the URL's host as a session would. False: no certificate came. Clear it after use. */
bool certificate_look(const char *url, const char *proxy, const char *resolver, long timeout_ms,
                      struct certificate *certificate);
void certificate_clear(struct certificate *certificate);

#endif
