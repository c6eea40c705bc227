/* Server addresses: from what a person types to the URL that is asked, and whether a redirect may
 * take the credentials along. */
#ifndef CACHE_SERVER_ADDRESS_H
#define CACHE_SERVER_ADDRESS_H

#include <stdbool.h>

/* The URL for a bare host, host:port, IP address or URL: https unless it says otherwise, and
 * /Microsoft-Server-ActiveSync where it has no path (MS-ASHTTP 2.2.1.1). NULL and *why (static words)
 * for what cannot be used, http:// without insecure_http among it. The caller frees the URL. */
char *address_url(const char *server, bool insecure_http, const char **why);

/* The URL a redirect from one URL leads to, without query and fragment, or NULL and *why (the caller
 * frees it) when credentials must not go there: only https (or http, where the old URL was http
 * too and the host is the same), only the same host or one of the same registrable domain. location
 * may be relative. The caller frees the URL. */
char *address_follow(const char *url, const char *location, char **why);

/* The host of a URL, for sentences; "" where there is none. The caller frees it. */
char *address_host(const char *url);

#endif
