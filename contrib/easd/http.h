/* The HTTP side (MS-ASHTTP): one endpoint, Basic authentication, TLS where a certificate is given. */
#ifndef EASD_HTTP_H
#define EASD_HTTP_H

#include "contrib/easd/request.h"

struct http_options {
    const char *listen;            /* ADDRESS:PORT, [ADDRESS]:PORT; port 0: any free one */
    const char *certificate, *key; /* PEM, in memory; NULL: no TLS */
};

struct http;

/* Listens and serves until stopped. NULL with a message in *error. server outlives it. */
struct http *http_start(struct server *server, const struct http_options *options, char **error);
void http_stop(struct http *http);

/* The endpoint's address. Owned by http. */
const char *http_url(const struct http *http);

#endif
