/* The replica: a store that is kept like the mailbox by a session. With cache/view.h this is the one
 * face that fs/ sees. It owns the threads that talk to the server: the sync worker and the fetch
 * workers. Every function may be called from any thread unless it says otherwise. */
#ifndef CACHE_REPLICA_H
#define CACHE_REPLICA_H

#include <glib.h>

#include "cache/change.h"
#include "cache/server/session.h"
#include "cache/view.h"

struct replica;

struct replica_config {
    char *state_dir;
    char *account;                 /* USER@HOST or the configured name: for messages and UIDs */
    struct session_config *server; /* NULL: offline, never asks */
    unsigned classes;              /* bit per enum eas_class; 0: all */
    GPtrArray *folders;            /* of char *, "!" before one leaves out: globs over paths below Mail, Calendar ...
                                      ("Mail/Projects", "Mail/Projects" + "/"
                                      + "*"); NULL or empty: all */
    char *since;                   /* "all", "1d" .. "6m"; NULL: all */
    int vcard_version;             /* 3 or 4 */
    char *home_zone;               /* the IANA zone of whoever mounts, where files name none; NULL: not known */
    bool read_only;                /* nobody writes: no editor */
    /* An order to wipe: the account's secrets that others keep (keyring) are to go. false: one could not. Called by the
     * sync worker, or by replica_open. NULL: there are none. */
    bool (*forget)(void *ctx);
    void *forget_ctx;
    GBytes *key;           /* of CIPHER_KEY_BYTES: the replica is encrypted at rest; NULL: it is not */
    bool send_invitations; /* what mails others is allowed */
    long send_delay_ms;    /* before a message in Outbox is sent */
    long max_deletes;      /* a minute; more wait for a person. 0: no limit */
};
void replica_config_free(struct replica_config *config);

/* Opens the store and makes the session; starts no thread and asks nothing. *config is taken. On failure NULL and
 * *result says why (exit 74, 75 busy, 78 ...). */
struct replica *replica_open(struct replica_config *config, struct eas_result *result);
/* Starts the threads (after fork). The sync worker connects, reads the folders, then syncs all. */
void replica_start(struct replica *replica);
/* Interrupts and joins the threads: every call that waits (replica_wait_tree, replica_sync) returns UNREACHABLE soon,
 * every fetch is done with -EINTR, also one asked for from now on. The store stays readable: whoever has a view frees
 * it next. */
void replica_stop(struct replica *replica);
/* replica_stop unless that was done, then closes the store. Views are freed before. */
void replica_close(struct replica *replica);

struct store *replica_store(struct replica *replica);
struct view *replica_view(struct replica *replica); /* a new view for the calling thread */

/* Whether the server's policy lets nothing be kept here but encrypted, which this replica is not: it has to begin anew.
 */
bool replica_must_be_sealed(struct replica *replica);
/* Whether the store already holds a folder tree (a warm replica mounts without asking). */
bool replica_is_warm(struct replica *replica);
/* Whether the mailbox is still being brought here for the first time: until a pass over everything has ended once. */
bool replica_is_filling(struct replica *replica);
/* Waits until the folder tree is there, or an end is certain, or timeout_ms is over: SERVED, or why not (exit code in
 * the result; time-out: 75). */
struct eas_result replica_wait_tree(struct replica *replica, long timeout_ms);

enum { SYNC_FULL = 1 }; /* re-reads every folder from key 0, keeping inodes */
/* Asks for a pass over everything and waits for its end: every folder as the server reports it, no edit queued (graces
 * and delays end at once; what is held stays so), and every selected body local. */
struct eas_result replica_sync(struct replica *replica, unsigned flags, long timeout_ms);
/* Somebody has logged in anew, with password (copied), or NULL for other kinds of log-in: tries it, and waits until the
 * server has taken it or not. */
struct eas_result replica_log_in(struct replica *replica, const char *password, long timeout_ms);
/* Keeps, from now on and at later mounts, also folders like the globs of select, and none like those of drop (each may
 * be NULL), and waits for the pass that does so. *folders, unless refused (65: what would go has edits that are not
 * sent), is the list as --folder would have it; the caller unrefs it. UNREACHABLE: it is kept in mind. */
struct eas_result replica_select(struct replica *replica, const GPtrArray *select, const GPtrArray *drop,
                                 GPtrArray **folders, long timeout_ms);
/* Asks for a pass and returns at once. */
void replica_kick(struct replica *replica);

/* Fetches the body of a file ahead of everything else; done is called once, from a fetch worker, with 0
 * or a negative errno (-ETIMEDOUT after deadline_ms, -EINTR when cancelled, -EIO refused, -ENOENT gone). A failure is
 * remembered LIMIT_FAILED_OPEN_MS. Returns a ticket for cancel; cancel of a finished ticket does nothing. */
typedef void (*replica_fetched)(void *ctx, int error);
uint64_t replica_fetch(struct replica *replica, uint64_t ino, long deadline_ms, replica_fetched done, void *ctx);
void replica_cancel(struct replica *replica, uint64_t ticket);

/* Changes, after commit, from the thread that committed; must not block, must not call back. */
void replica_listen(struct replica *replica, void (*listener)(void *ctx, const struct change *changes, size_t count),
                    void *ctx);

enum replica_state { REPLICA_OFFLINE, REPLICA_ONLINE, REPLICA_AUTH, REPLICA_WIPED };
/* Each new state with its reason ("": none), as it comes, from any thread; must not block, must not call back. */
void replica_listen_state(struct replica *replica,
                          void (*listener)(void *ctx, enum replica_state state, const char *reason), void *ctx);

struct replica_folder {
    char *path;
    enum eas_class class;
    int64_t items, unread, bodies_missing;
    int64_t queued, held;   /* edits made in it */
    int64_t last_change_ns; /* 0: never */
    bool complete;
    char *since; /* the window in force, "all" or the value taken; for --since */
};
/* What waits to be sent, or for a person (.easfs/queue): the journal as people read it. */
struct replica_waiting {
    char *path;        /* below the mount; "" where there is none any more */
    const char *kind;  /* "add", "change", "delete", "flags", "move", "respond", "send", "mkdir", "rename", "rmdir" */
    const char *state; /* "open", "queued", "sent", "held" */
    char *item;        /* the ServerId; NULL: none */
    char *why;         /* why it is held, or was not taken the last time; NULL */
    uint64_t ino;      /* 0: none */
    int64_t since_ns;  /* when the user did it */
    int tries;
};
/* In the order of their making: a GArray of struct replica_waiting with its clear function set. */
GArray *replica_queue(struct replica *replica);
/* What is held, for people: "PATH (KIND): why", what the brake on deletions holds on one line. A GPtrArray of char *.
 */
GPtrArray *replica_held(struct replica *replica);
/* The paths of what lost a conflict and stands beside the server's version, at most LIMIT_ERRORS. A GPtrArray of char
 * *. */
GPtrArray *replica_conflicts(struct replica *replica);
/* What is wrong with the disk under the replica, in a sentence that the caller frees; NULL: nothing. */
char *replica_trouble(struct replica *replica);

struct replica_status {
    char *account, *server, *protocol, *reason, *policy;
    enum replica_state state;
    int64_t since_ns; /* of the state */
    struct session_throttle throttle;
    int heartbeat, queued, held;
    bool syncing;
    int64_t bodies_total, bodies_missing; /* progress */
    GArray *folders;                      /* of struct replica_folder */
    GPtrArray *errors;                    /* of char *: one line each, path and reason */
    GPtrArray *conflicts;                 /* of char *: paths of what lost a conflict, at most LIMIT_ERRORS */
    GPtrArray *scratch;                   /* of char *: paths of other files that are local, at most LIMIT_ERRORS */
};
struct replica_status *replica_status(struct replica *replica);
/* What crossed the wire since replica_open; zeros when offline. */
struct session_counts replica_counts(struct replica *replica);
void replica_status_free(struct replica_status *status);

#endif
