/* One question to an OAuth endpoint: a form goes out, a JSON object comes back (RFC 6749 5, RFC 8628 3.2). */
#ifndef CACHE_SERVER_OAUTH_WIRE_H
#define CACHE_SERVER_OAUTH_WIRE_H

#include "cache/server/http.h"
#include "codec/result.h"

/* What an answer says; all strings owned, secrets among them. */
struct oauth_answer {
    char *access, *refresh;
    char *device_code, *user_code, *url; /* where to type the code */
    long expires_s, interval_s;          /* 0: not told */
    char *error, *description;           /* fit for a sentence; NULL: none */
};
void oauth_answer_clear(struct oauth_answer *answer); /* wipes */

/* Reads a JSON object into an empty answer. False for what is none, or grants and refuses nothing. */
bool oauth_answer_read(const char *text, size_t length, struct oauth_answer *answer);

/* Posts the pairs (name, value, ..., NULL; a NULL value leaves its pair out). SERVED: answer holds what was granted, or
 * the issuer's error word. Else nobody answered in JSON. */
struct eas_result oauth_post(struct http *http, const char *url, struct oauth_answer *answer, ...)
    __attribute__((sentinel));

struct oauth_config;
/* Where to ask: the endpoint as given, or Microsoft's of the tenant, ending with last; the caller frees it. */
char *oauth_endpoint(const struct oauth_config *config, const char *given, const char *last);
const char *oauth_scope(const struct oauth_config *config);
/* Whether config can be used; false with *result. */
bool oauth_check(const struct oauth_config *config, struct eas_result *result);

/* What an answer's error word means. */
struct eas_result oauth_refusal(const struct oauth_answer *answer);
/* Words end with what to do, reason stands behind in brackets. */
struct eas_result oauth_log_in_again(const char *words, const char *reason);

/* The token that a command prints, as an answer. */
struct eas_result oauth_ask_command(const char *command, struct oauth_answer *answer);

#endif
