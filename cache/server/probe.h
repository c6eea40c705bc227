/* One question to a server that nobody knows yet, and all that can be learnt from the answer, whatever it is. Follows
 * nothing and judges nothing; the password goes along only where it is given. */
#ifndef CACHE_SERVER_PROBE_H
#define CACHE_SERVER_PROBE_H

#include <glib.h>
#include <stdbool.h>

#include "cache/server/tls.h"
#include "codec/result.h"

/* Kinds of log-in a 401 offers, as bits. */
enum probe_auth {
    PROBE_BASIC = 1,
    PROBE_NTLM = 2,
    PROBE_NEGOTIATE = 4,
    PROBE_BEARER = 8,
    PROBE_OTHER = 16,
};

enum probe_method { PROBE_OPTIONS, PROBE_GET, PROBE_POST };

struct probe_question {
    const struct tls_trust *trust;
    const char *proxy, *resolver; /* as of struct session_config; may be NULL */
    enum probe_method method;
    const char *url;
    const char *user, *password; /* NULL: anonymous */
    unsigned auths;              /* with a password: what the server was heard to offer; 0: Basic */
    const char *document;        /* of PROBE_POST: XML */
    long timeout_ms;             /* for all of it */
};

struct probe_answer {
    struct eas_result result; /* SERVED: some HTTP answer came; else why none did, with its cause */
    int status;               /* HTTP's; also of an answer that broke off, so look at result first */
    bool connected;           /* TCP, to the server or its proxy */
    bool encrypted;           /* TLS, with a certificate that is trusted */
    char *address;            /* the numerical address connected to; NULL where none was */
    unsigned auths;           /* of a 401: what it offers */
    bool active_sync;         /* it says that it speaks ActiveSync */
    char *location;           /* NULL: none */
    char *content_type;       /* lower case, without parameters; "" */
    char *versions;           /* MS-ASProtocolVersions; NULL: none */
    char *reason;             /* a header that explains a refusal, fit for a sentence; NULL: none */
    long retry_after_s;
    gint64 date;   /* the server's clock, Unix time; 0: not told */
    GString *body; /* at most LIMIT_PROBE_BYTES; NULL where too long */
};

/* Asks. Clear the answer after use. */
void probe_ask(const struct probe_question *question, struct probe_answer *answer);
void probe_clear(struct probe_answer *answer);

/* "Basic, NTLM" for bits of enum probe_auth; the caller frees it. */
char *probe_auths_text(unsigned auths);

#endif
