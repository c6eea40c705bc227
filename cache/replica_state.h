/* The inside of a replica, for cache/replica*.c alone. */
#ifndef CACHE_REPLICA_STATE_H
#define CACHE_REPLICA_STATE_H

#include "cache/edit/edit.h"
#include "cache/replica.h"
#include "cache/server/network.h"
#include "cache/sync/engine.h"
#include "cache/sync/fetch.h"
#include "cache/sync/watch.h"

struct replica {
    struct replica_config *config;
    struct store *store;
    struct session *session; /* NULL: offline */
    struct body_trust *trust;
    struct fetcher *fetcher;
    struct editor *editor;
    struct disk_watch *disk;
    struct sync_engine engine; /* the sync worker's */
    GThread *worker;
    gint64 all_at, rest_at;  /* the worker's: when all, or what no Ping watches, was last asked, monotonic */
    long poll_ms;            /* ... how often the latter is */
    bool rest_asked;         /* ... and whether the pass under way asks it */
    struct inquiry *inquiry; /* NULL: offline */
    struct watch *watch;
    struct network_watch *network; /* NULL: nobody tells */

    int wiped; /* atomic: the administrator's order was obeyed; nothing is remembered any more */

    GMutex lock; /* of all below */
    GCond turn;  /* something below changed */
    bool started, stopping;
    int filling;                 /* atomic: no pass over everything has ended yet, in the store's whole life */
    bool kicked;                 /* pass at once */
    bool full;                   /* ... from key 0 */
    bool journaled;              /* edits came, or went */
    bool renewed;                /* the same, as the network has changed */
    bool hinted;                 /* pass over what the watcher named */
    GPtrArray *named;            /* ... ServerIds (char *); NULL: all */
    GPtrArray *folders;          /* the list that shall be the configuration's from the next pass on; NULL: none */
    bool tree_hinted, tree_anew; /* ... and over the folders; from key 0 */
    unsigned long asked;         /* passes that somebody waits for */
    unsigned long done;          /* ... that came to an end */
    unsigned long passes;        /* that ended, asked for or not */
    struct eas_result last;      /* how the last pass ended */
    bool syncing;
    enum replica_state state;
    int64_t since_ns;
    char reason[256];
    void (*listener)(void *ctx, const struct change *changes, size_t count);
    void *listener_ctx;
    void (*state_listener)(void *ctx, enum replica_state state, const char *reason);
    void *state_listener_ctx;
};

/* The sync worker's thread (replica_worker.c); ctx is the replica. */
void *replica_work(void *ctx);
/* The server wants the account wiped (replica_wipe.c), on the worker: does so if that is confirmed. */
struct eas_result replica_wipe(struct replica *replica);
/* Whether that was done, or begun, in an earlier life (replica_wipe.c); then it is ended, and *result says so. */
bool replica_is_wiped(struct replica *replica, struct eas_result *result);
/* Asks for a pass over everything and waits for its end (replica.c). */
struct eas_result replica_wait_pass(struct replica *replica, unsigned flags, gint64 deadline, long timeout_ms);
/* The folders of an earlier life's replica_select, unless the configuration is another (replica_select.c). */
void replica_recall_folders(struct replica *replica);
/* The watcher's word (replica_worker.c); ctx is the replica. */
void replica_hint(void *ctx, const struct watch_hint *hint);
/* The journal was written (replica_worker.c); ctx is the replica. */
void replica_journaled(void *ctx);
/* The network has changed (replica_worker.c); ctx is the replica. */
void replica_renew(void *ctx, const char *const *gone);
/* Tries the disk for as long as it refuses writes (replica_disk.c). */
struct disk_watch *disk_watch_start(struct replica *replica);
void disk_watch_stop(struct disk_watch *watch);
void disk_watch_free(struct disk_watch *watch);
/* The disk takes again what it refused (replica_worker.c). */
void replica_store_well(struct replica *replica);
/* Under the lock: a new state with its reason. */
void replica_set_state(struct replica *replica, enum replica_state state, const char *reason);

#endif
