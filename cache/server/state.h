/* The session's inside, for the files of this room only. */
#ifndef CACHE_SERVER_STATE_H
#define CACHE_SERVER_STATE_H

#include <curl/curl.h>

#include "cache/server/http.h"
#include "cache/server/oauth.h"
#include "cache/server/session.h"
#include "cache/server/trace.h"
#include "codec/wire/settings.h"

/* Never changes from one build to the next: servers may block a device whose name varies
 * (MS-ASHTTP 3.2.5.1.1). */
#define SESSION_USER_AGENT "easfs/0.1"

struct session {
    struct session_config *config;
    struct session_memory memory;
    struct tls_trust *trust;
    struct trace_dir *trace; /* NULL: none */
    CURLSH *cookies;
    GMutex cookie_lock;
    struct oauth *oauth; /* NULL: another kind of log-in */

    GMutex lock;         /* of all that follows */
    GCond changed;       /* the turn is free, or a link was interrupted */
    GStringChunk *texts; /* every string below that can change: old ones stay valid */
    const char *origin;  /* the URL by the configuration */
    const char *url, *user, *device_id, *policy_key, *server_name;
    enum eas_version version;
    unsigned refused_versions; /* bits, for connect.c */
    bool introduced;           /* the server was told what device this is, or will not hear it */
    bool knows_commands;
    uint32_t commands; /* bit per enum eas_command */

    struct paths *paths;             /* with a lock of its own */
    bool turn_taken;                 /* by one link: to connect, to provision, to try the credentials first */
    enum session_auth auth;          /* as configured, or as the server was heard to want it */
    int expires_days;                /* of the password, as the server says; -1: it says nothing */
    bool proven;                     /* the credentials were accepted once */
    struct eas_result credentials;   /* not SERVED: what the server said of them; nothing is asked again */
    unsigned policy_generation;      /* grows with every try to provision */
    struct eas_result policy_result; /* of the last try */
    bool tried_forbidden;            /* one Provision was tried for a 403 */
    struct session_counts counts;
    struct session_throttle throttle; /* but for its until_ns */
    gint64 throttled_until;           /* monotonic, 0: not said */
};

struct link {
    struct session *session;
    struct http *http;
    unsigned turns;  /* how often this link holds the turn: it may take it again */
    char *announced; /* versions the server says it speaks, not looked at yet (call.c); NULL: none */
};

/* Only one link at a time does what several would do alike. Waits for the turn; false: the link was
 * interrupted. Each true needs a session_give_turn. */
bool session_take_turn(struct link *link);
void session_give_turn(struct link *link);

/* Notes whether an answer on this link says that the server is asked too much (throttle.c). */
void throttle_note(struct link *link, const struct http_answer *answer);

/* Keeps a string as long as the session, and sets *place under the lock. */
void session_set_text(struct session *session, const char **place, const char *text);
const char *session_get_text(struct session *session, const char *const *place);
char *session_recall(struct session *session, const char *key);
void session_remember(struct session *session, const char *key, const char *value);

/* Takes the commands a server lists ("Sync,SendMail"); NULL: they are unknown. */
void session_learn_commands(struct session *session, const char *list);

/* The kind of log-in that this server was found to want, or SESSION_AUTH_ANY (login.c). */
enum session_auth login_recall(struct session *session);

/* One request to its answer (exchange.c): redirects followed, lost ones sent again, credentials never
 * tried twice; without provisioning. options asks OPTIONS instead of call. The result is SERVED for a 200 whose
 * document was taken, whatever its status. */
struct eas_result session_exchange(struct link *link, struct call *call, const char *policy_key);
struct eas_result session_options(struct link *link);

/* The same for a request document and its answer as a tree. */
struct eas_result session_ask(struct link *link, enum eas_command command, const GByteArray *request,
                              const char *policy_key, struct answer_tree *answer, int *status);

/* Both phases of Provision (policy.c), unless another link went through them since generation. */
struct eas_result policy_provision(struct link *link, unsigned generation);
unsigned policy_generation(struct session *session);
/* Whether key, or NULL, is a number as the specification has it: it goes into a header. */
bool policy_is_key(const char *key);

/* Chooses among the server's versions anew, after it refused the present one or announced others
 * (connect.c). SERVED only if nothing changes for the caller. */
struct eas_result session_renegotiate(struct link *link, const char *announced);

struct device_information session_device(void);

#endif
