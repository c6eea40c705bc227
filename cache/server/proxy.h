/* Which proxy a connection goes through: the one configured, or the usual environment variables, as curl reads them. */
#ifndef CACHE_SERVER_PROXY_H
#define CACHE_SERVER_PROXY_H

#include <stdbool.h>

/* The proxy for a URL, as a URL or "host:port", credentials and all; NULL: none. configured may be NULL. The caller
 * frees it. */
char *proxy_for(const char *configured, const char *url);

/* "proxy.example:3128", without credentials, for people; the caller frees it. */
char *proxy_shown(const char *proxy);

/* Its host and port, for a look-up of its name: false for what cannot be read. The caller frees *host. */
bool proxy_place(const char *proxy, char **host, unsigned *port);

#endif
