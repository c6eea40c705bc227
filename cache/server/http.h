/* One connection and the exchanges on it, over libcurl. It knows HTTP and the shape of an
 * ActiveSync answer (a document, an empty 200, or a page), not what the commands mean. Redirects
 * and log-ins are never followed by themselves. */
#ifndef CACHE_SERVER_HTTP_H
#define CACHE_SERVER_HTTP_H

#include <curl/curl.h>
#include <glib.h>

#include "cache/server/paths.h"
#include "cache/server/tls.h"
#include "codec/wire/answer.h"

struct http_settings {
    const struct tls_trust *trust; /* these two outlive the connection */
    CURLSH *cookies;
    const char *proxy; /* NULL: by the usual environment variables */
    const char *user_agent;
    const char *resolver; /* a name server, ADDRESS[:PORT], instead of the system's; NULL: the system's */
};

/* Readies curl, once for the process; http_new does it too. */
void http_start(void);

struct http;
struct http *http_new(const struct http_settings *settings);
void http_free(struct http *http);

/* From any thread: the exchange under way, and every later one until the reset, ends at once, or when its grace is
 * over. */
void http_interrupt(struct http *http);
void http_reset(struct http *http);
bool http_is_interrupted(const struct http *http);

/* Who asks, to this server alone. Curl does what the method wants, and several rounds where it must. */
struct http_login {
    long methods;                /* CURLAUTH_BASIC and the like; 0: none */
    const char *user, *password; /* NULL: none */
    const char *bearer;          /* with CURLAUTH_BEARER */
};

struct http_request {
    bool options;  /* OPTIONS without a body, else POST */
    bool get;      /* GET */
    bool any;      /* the sink gets the body of every answer, whatever its status and type */
    bool once;     /* must never reach the server twice */
    long grace_ms; /* once it is on its way, an interruption waits so long for the answer; 0: not at all */
    const char *url;
    const struct http_login *login;   /* NULL: nobody says who asks */
    const struct curl_slist *headers; /* besides those every request has */
    const void *body;
    size_t length;
    struct paths *paths; /* NULL: none. No connection of an old one is used, and where the request may be repeated, none
                          * that ends nowhere is waited for */
    long timeout_ms;     /* until the first byte of the answer's body */
    long stall_ms;       /* after that, 0: LIMIT_STALL_MS */
    gint64 until;        /* monotonic: over by then, however it flows; 0: no such end */
    long long limit;     /* bytes of the answer, unpacked; 0: LIMIT_DOCUMENT_BYTES */
    const struct answer_sink *sink; /* gets a 200 that is ActiveSync by its type; may be NULL */
    void *ctx;
};

enum http_end {
    HTTP_ANSWERED,    /* a whole answer was read; its status says which */
    HTTP_FAILED,      /* the transfer broke: code says how */
    HTTP_INTERRUPTED, /* by http_interrupt */
    HTTP_OUTDATED,    /* its path ends nowhere: the request may go again, on another connection */
    HTTP_SILENT,      /* no byte of an answer in time */
    HTTP_STALLED,     /* it stopped in the middle, or came slower than LIMIT_STALL_BYTES in stall_ms */
    HTTP_TOO_LARGE,   /* headers or body passed a limit */
    HTTP_DOCUMENT,    /* the sink did not take it: document says why */
};

struct http_answer {
    enum http_end end;
    int status; /* HTTP's, 0 where none came */
    CURLcode code;
    bool began;  /* at least one byte of an answer came */
    bool empty;  /* the answer has no body */
    bool unsent; /* there was no answer, and not all of the request's body went out */
    bool page;   /* a 200 with a body that is no ActiveSync by its type */
    enum wbxml_error document;
    int document_status; /* the document's own */
    char content_type[80];
    long long bytes_in, bytes_out; /* as on the wire, headers included */
};

/* One exchange, to its end. */
void http_exchange(struct http *http, const struct http_request *request, struct http_answer *answer);

/* Of the last answer, until the next exchange: a header's value or NULL; the seconds of Retry-After or 0
 * (whether it gave seconds or a date); the handle, for tls_explain and curl's further knowledge. */
const char *http_header(struct http *http, const char *name);
long http_retry_after(struct http *http);
CURL *http_handle(struct http *http);
/* Whether the last exchange went through a proxy, or should have. */
bool http_is_proxied(const struct http *http);
/* What was seen of its handshake. */
const struct tls_watch *http_tls(const struct http *http);
/* Whether the server, or its proxy, took a connection. */
bool http_is_connected(const struct http *http);
/* As set. */
const struct tls_trust *http_trust(const struct http *http);
/* Curl's own account of how the last transfer broke; "" where it gave none. */
const char *http_words(const struct http *http);

#endif
