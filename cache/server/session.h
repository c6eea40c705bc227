/* The session with one server for one account: address, credentials, protocol version, policy key,
 * cookies. It belongs to no thread; each thread that talks has a link of its own (one connection).
 * What must outlive the process is handed out and taken in through struct session_memory, so that
 * this room knows no store. */
#ifndef CACHE_SERVER_SESSION_H
#define CACHE_SERVER_SESSION_H

#include <glib.h>

#include "codec/item.h"
#include "codec/result.h"
#include "codec/wire/answer.h"

/* How to log in. ANY is Basic, unless the server's 401 offers something else. */
enum session_auth {
    SESSION_AUTH_ANY,
    SESSION_AUTH_BASIC,
    SESSION_AUTH_NTLM,
    SESSION_AUTH_NEGOTIATE,   /* with the Kerberos ticket that is there; no password */
    SESSION_AUTH_OAUTH,       /* a Bearer token */
    SESSION_AUTH_CERTIFICATE, /* the client certificate alone */
};

struct oauth_config;

struct session_config {
    char *server;        /* host, host:port or URL; https and the usual path are supplied */
    char *user, *domain; /* domain NULL: none; else sent as DOMAIN\user */
    enum session_auth auth;
    char *password;             /* wiped when the session is freed; NULL: none */
    struct oauth_config *oauth; /* with SESSION_AUTH_OAUTH, else NULL; owned */
    char *ca_file;              /* PEM, besides the system's roots; NULL: none */
    GPtrArray *pins; /* of char *: 64 hex digits or "sha256//BASE64" of the SPKI; a match replaces the chain check */
    char *client_cert, *client_key, *proxy; /* NULL: none */
    bool insecure_http;                     /* allow http:// */
    enum eas_version version;               /* asked for by the user, or EAS_NO_VERSION to negotiate */
    bool sealed;                            /* what comes is kept encrypted, or not at all */
    char *trace_dir;                        /* NULL: no trace */
    char *resolver; /* ask this name server, ADDRESS[:PORT], instead of the system's; NULL: the system's */
};
void session_config_free(struct session_config *config); /* frees the struct too; wipes the password */

/* What the session must remember; the store keeps it. get returns NULL or a string the session
 * frees; both may be called from any thread that has a link. Keys: "device-id", "origin", "url", "version", "versions",
 * "commands", "policy-key", "policy", "encryption-demanded", "device-information", "server-name", "login". */
struct session_memory {
    char *(*get)(void *ctx, const char *key);
    void (*set)(void *ctx, const char *key, const char *value);
    void *ctx;
};

struct session;

/* Takes config. A config that cannot be used (bad URL, http without permission, bad pin, unreadable
 * CA file) gives NULL and *result refused with exit code 78 (or 77 for certificates). Asks nothing. */
struct session *session_new(struct session_config *config, const struct session_memory *memory,
                            struct eas_result *result);
void session_free(struct session *session);

struct link;
struct link *link_new(struct session *session);
void link_free(struct link *link);

/* Makes a call of another thread on this link end soon as UNREACHABLE ("interrupted"), until reset. */
void link_interrupt(struct link *link);
void link_reset(struct link *link);

/* First contact, or first since start: OPTIONS and negotiation, Provision where asked for,
 * DeviceInformation once. With a warm memory it asks nothing that is known. Order: NOTES section 1. */
struct eas_result session_connect(struct link *link);

struct call {
    enum eas_command command;
    const GByteArray *request;      /* the document; NULL sends an empty body */
    const struct answer_sink *sink; /* with ctx; not begun at all when the answer is empty */
    void *ctx;
    const char *query; /* further query parameters, "&SaveInSent=T", or NULL */
    bool multipart;    /* accept a multipart answer */
    long timeout_ms;   /* for the first byte; 0: LIMIT_ANSWER_MS */
    bool once;         /* never resent unseen, as it must not be carried out twice; the sending commands always are so */
    /* out */
    bool empty; /* 200 without a body */
    int status; /* the document's top-level Status, 0 if none */
    bool unsent; /* not SERVED, and the server cannot have got all of the request, or wants a policy first */
};

/* One exchange, to its end. Provisions and repeats where the server asks for it (449, 142 to 144),
 * follows 451, resends on a connection that died before the first byte of an answer when command is
 * idempotent (all but SendMail, SmartReply, SmartForward; a Sync is resent with the same key).
 * SERVED means that a whole answer was read: call->status may still be a refusal of the command,
 * whose meaning eas_status_result tells; statuses of account or fatal scope come back REFUSED. */
struct eas_result session_call(struct link *link, struct call *call);

/* After EAS_ACTION_WIPE: whether the server orders it indeed (Provision). SERVED: it does; else why it is not known, or
 * that it does not. */
struct eas_result session_wipe_ordered(struct link *link, bool *account_only);
/* Tells the server that all was destroyed, or not. SERVED: it has heard. */
struct eas_result session_wiped(struct link *link, bool account_only, bool done);

/* The network is another one, or was away: connections from before are not used again. What waits for an answer to one
 * of the addresses that are gone (paths_changed) is repeated within LIMIT_INTERRUPT_MS, if it may be. */
void session_renew(struct session *session, const char *const *gone);
/* Somebody asks for it: credentials that were refused may be tried once more. */
void session_forgive(struct session *session);
/* Somebody has logged in anew: password (copied), or NULL for one of other kinds. */
void session_log_in(struct session *session, const char *password);
/* What a person should know of the log-in although it works, as that the password runs out in three days; NULL:
 * nothing. The caller frees it. */
char *session_notice(struct session *session);

/* What was negotiated. Strings live until the session is freed or negotiates anew. */
enum eas_version session_version(const struct session *session);
const char *session_url(const struct session *session);
const char *session_server_name(const struct session *session); /* MS-Server-ActiveSync / Server, or "" */
const char *session_policy_key(const struct session *session);
bool session_offers(const struct session *session, enum eas_command command); /* true when unknown */

/* Whether the server said that it is asked too much, and that is not over yet. */
struct session_throttle {
    bool on;
    int64_t until_ns; /* 0: it did not say how long */
    char reason[64];  /* X-MS-ASThrottle, or "" */
};
struct session_throttle session_throttle(struct session *session);

/* Running totals since start, for status and the benches. */
struct session_counts {
    long long requests, bytes_in, bytes_out; /* bodies as on the wire, headers included */
};
struct session_counts session_counts(const struct session *session);

#endif
