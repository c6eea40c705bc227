/* OAuth 2.0 (RFC 6749, RFC 8628): access tokens for one account, one refresh at a time, and the first log-in by device
 * code. Where the refresh token lives is the caller's matter: it is handed out and taken in by two functions, so that
 * this room knows no keyring. */
#ifndef CACHE_SERVER_OAUTH_H
#define CACHE_SERVER_OAUTH_H

#include "cache/server/http.h"
#include "codec/result.h"

struct oauth_config {
    char *tenant;                           /* NULL: "common" */
    char *client_id;                        /* as registered with the issuer; may be NULL with a token_command */
    char *scope;                            /* NULL: ActiveSync at Exchange Online, and a refresh token */
    char *device_endpoint, *token_endpoint; /* NULL: Microsoft's, of the tenant */
    char *token_command;                    /* prints an access token; NULL: none. With one the rest does not count */
    bool insecure_http;                     /* allow http:// endpoints */
    /* The refresh token. load returns NULL and *why when there is none; save returns false and *why when it is not
     * durable. The strings are the caller's to free. From any thread, one at a time. */
    char *(*load)(void *ctx, char **why);
    bool (*save)(void *ctx, const char *token, char **why);
    void *ctx;
    void (*ctx_free)(void *ctx);
};
void oauth_config_free(struct oauth_config *config); /* takes NULL */

struct oauth;
/* Keeps config, which outlives it. NULL and *result (exit code 78) for a config that cannot be used. */
struct oauth *oauth_new(const struct oauth_config *config, struct eas_result *result);
void oauth_free(struct oauth *oauth); /* wipes; takes NULL */

/* SERVED with *access (oauth_wipe): a token that has not run out and is not refused, the one the server said 401 to (or
 * NULL). Refreshes where it must, over http, whose interruption ends it, but not the exchange that may have rotated the
 * refresh token: that has LIMIT_TOKEN_GRACE_MS to be answered. A rotated refresh token is saved before this returns.
 * REFUSED with action LOGIN: only a new log-in helps. Any thread. */
struct eas_result oauth_access(struct oauth *oauth, struct http *http, const char *refused, char **access);

/* Somebody has logged in anew: what is known is forgotten. */
void oauth_forget(struct oauth *oauth);

/* What a person should know although all goes on, or NULL; the caller frees it. */
char *oauth_warning(struct oauth *oauth);

/* The first log-in: show is told where a person has to go and what to type there, once; then the issuer is asked until
 * it says yes, no, or the code runs out. The refresh token is saved. */
struct eas_result oauth_device_login(const struct oauth_config *config, struct http *http,
                                     void (*show)(void *ctx, const char *url, const char *code), void *ctx);

/* Wipes and frees; takes NULL. */
void oauth_wipe(char *secret);

#endif
