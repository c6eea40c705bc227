/* Trust in the server's certificate: TLS 1.2 and later, the system's roots, a file of further
 * roots, or pins. A pin is the SHA-256 of the SubjectPublicKeyInfo (RFC 7469 2.4): where pins are
 * given a match suffices (chain, name and date unchecked), and no match is fatal with any chain. */
#ifndef CACHE_SERVER_TLS_H
#define CACHE_SERVER_TLS_H

#include <curl/curl.h>
#include <glib.h>
#include <stdbool.h>

#include "codec/result.h"

struct tls_trust;

/* pins: of char *, 64 hex digits or "sha256//BASE64", NULL or empty for none; the files may be NULL.
 * A file or pin that cannot be used: NULL and *result, exit code 78. Immutable afterwards, so that many
 * connections may share it. */
struct tls_trust *tls_trust_new(const char *ca_file, GPtrArray *pins, const char *client_cert, const char *client_key,
                                struct eas_result *result);
void tls_trust_free(struct tls_trust *trust);
/* Whether a client certificate is shown to who asks for one. */
bool tls_trust_shows_certificate(const struct tls_trust *trust);

/* What was seen of the handshakes of one handle; the owner clears the two flags before each exchange. */
struct tls_watch {
    const struct tls_trust *trust;
    bool begun;             /* TCP was connected, and TLS begun */
    bool wants_certificate; /* the server asked for a client certificate, and there was none to give */
};

/* Makes a curl handle check by watch->trust; both must outlive the handle. */
void tls_apply(struct tls_watch *watch, CURL *easy);

/* What a transfer that ended with a code has to do with TLS: UNREACHABLE for a connection that broke
 * or speaks no TLS, REFUSED and fatal (exit code 77) for a certificate or for encryption that cannot be
 * agreed on. words is curl's own account of the error, host is for the sentence. False when it has
 * nothing to do with TLS. */
bool tls_explain(const struct tls_watch *watch, CURL *easy, CURLcode code, const char *words, const char *host,
                 struct eas_result *result);

#endif
