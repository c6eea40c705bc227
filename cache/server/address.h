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

/* What a person typed for a server, for sentences: a password in it is left out. The caller frees it. */
char *address_shown(const char *server);

/* The host of a URL, for sentences; "" where there is none. The caller frees it. */
char *address_host(const char *url);

/* Its host, without the brackets of IPv6, and port, the scheme's own where it names none: false for what is no URL. The
 * caller frees *host. */
bool address_place(const char *url, char **host, unsigned *port);

/* Whether a host is the domain itself or below it, case aside. */
bool address_is_within(const char *host, const char *domain);

/* Whether both hosts belong to one owner: equal, or below one registrable domain. Addresses of machines have none. */
bool address_same_owner(const char *host, const char *other);

#endif
