/* Who asks: what the session's kind of log-in puts into a request, and what a 401 then means. */
#ifndef CACHE_SERVER_LOGIN_H
#define CACHE_SERVER_LOGIN_H

#include "cache/server/state.h"

struct login {
    struct http_login http; /* points to what follows */
    char *password, *bearer;
};

/* Readies a log-in; with OAuth this may fetch a token. REFUSED with action LOGIN: there is nothing to log in with. */
struct eas_result login_begin(struct link *link, struct login *login);

/* After a 401 to login: whether another try makes sense, as with a new token, or another kind that the server offers
 * and the user did not rule out. Where it does not, *result tells why in a sentence for the kind. */
bool login_again(struct link *link, struct login *login, struct eas_result *result);

void login_end(struct login *login); /* wipes */

#endif
