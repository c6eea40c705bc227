/* Autodiscover (MS-OXDISCO, MS-ASCMD 2.2.1.1): where a user's server is, in both its forms. */
#ifndef EASD_AUTODISCOVER_H
#define EASD_AUTODISCOVER_H

#include "contrib/easd/request.h"

/* Whether a path is Autodiscover's; json: its second form, which nobody has to log in for. */
bool autodiscover_path(const char *path, bool *json);

/* The answer to a document, and to a query; url is where ActiveSync is. *code is the HTTP code, *type static.
 * Free with g_free. */
char *autodiscover_xml(const struct server *server, const char *body, gsize length, const char *url, int *code);
char *autodiscover_json(const struct server *server, const char *uri, const char *url, int *code);

#endif
