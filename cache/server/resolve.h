/* Names for curl, by a name server of our own choice instead of the system's: asked before a transfer begins, so that
 * curl has nothing left to ask. */
#ifndef CACHE_SERVER_RESOLVE_H
#define CACHE_SERVER_RESOLVE_H

#include <curl/curl.h>
#include <stdbool.h>

struct resolve;

/* server: ADDRESS[:PORT]; NULL: nothing is ever asked. proxy as of struct http_settings: where there is one, its name
 * is what has to be known. */
struct resolve *resolve_new(const char *server, const char *proxy);
void resolve_free(struct resolve *resolve); /* after the handle it was applied to */

/* Tells curl the addresses for a URL; they are kept for LIMIT_DNS_KEEP_MS. Else what curl would have said:
 * CURLE_COULDNT_RESOLVE_HOST, or CURLE_OPERATION_TIMEDOUT where nobody answers. stopped(ctx) ends it early. */
CURLcode resolve_apply(struct resolve *resolve, CURL *easy, const char *url, bool (*stopped)(void *ctx), void *ctx);

#endif
