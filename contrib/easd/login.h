/* Who asks: by Basic (the one password), or by a Bearer token where a file of tokens is given. */
#ifndef EASD_LOGIN_H
#define EASD_LOGIN_H

#include <microhttpd.h>

#include "contrib/easd/request.h"

/* The mailbox of who asks; NULL for a stranger. password: the password counts also where tokens do. */
struct mailbox *login_mailbox(const struct server *server, struct MHD_Connection *connection, bool password);

/* What a stranger is told to log in with: a WWW-Authenticate value. */
const char *login_challenge(const struct server *server);

#endif
