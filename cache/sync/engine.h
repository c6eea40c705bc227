/* What the files of this room share: the sync worker's view of its account. Everything here is
 * used by the sync worker's thread alone, unless it says otherwise. */
#ifndef CACHE_SYNC_ENGINE_H
#define CACHE_SYNC_ENGINE_H

#include <glib.h>

#include "cache/replica.h"
#include "cache/server/session.h"
#include "cache/store/store.h"
#include "cache/sync/trust.h"
#include "cache/sync/window.h"
#include "cache/view.h"
#include "codec/wire/sync.h"

/* How the worker hears of its replica, and tells it. ctx is the replica. */
struct sync_hooks {
    bool (*stopping)(void *ctx);
    void (*tree_known)(void *ctx);    /* the hierarchy was committed */
    void (*bodies_wanted)(void *ctx); /* a commit left bodies to be fetched */
    void *ctx;
};

struct sync_engine {
    struct store *store;
    struct view *view; /* of the sync worker's thread */
    struct session *session;
    struct link *link;
    const struct replica_config *config;
    struct body_trust *trust; /* shared with the fetch workers */
    struct sync_hooks hooks;

    struct window windows[EAS_CLASSES];
    char *address;          /* the account's own, or NULL */
    char *policy;           /* the one that the folders' windows were made with, or NULL */
    bool selection_old;     /* what folders are kept was changed at run time */
    int limit;              /* collections one Sync request may name */
    bool folders_stale;     /* the server wants a FolderSync */
    bool folders_anew;      /* ... from key 0 */
    gint64 folders_at;      /* monotonic time of the last FolderSync, 0: none */
    gint64 estimated_at;    /* ... of the last look behind a silence */
    GHashTable *keyless;    /* ids of collections that got no key since the tree was last read */
    GHashTable *ailing;     /* ids of collections that bear an error of their own */
    GHashTable *questions;  /* id of a collection: how often its changes were asked for since an answer was taken */
    GHashTable *begun_anew; /* ids of collections read from the start because more was announced and never came */
    GPtrArray *told;        /* collections that said something new to the last question over all */
    GArray *held;           /* of struct collection: those of the pass under way, where it asks only some; else NULL */
    GArray *leaving;        /* held items that the answer in hand takes away (moves.c), or NULL */
    GHashTable *stirred;    /* ServerIds of collections of which the server told something in this pass, as a set */
    struct uploader *uploader; /* cache/upload/; NULL before the first use */
    bool tree_stirred;         /* ... and whether it told something of the folders */
    long answers; /* that were served in this pass; none and a stumble: the server, not a folder, is at fault */
    struct eas_result stumble;
};

/* The engine is zero but for what its owner fills in: store to hooks. */
void sync_engine_init(struct sync_engine *engine);
void sync_engine_clear(struct sync_engine *engine);

/* ---- folders.c: the hierarchy ---- */

/* FolderSync with the held key, or from 0; applies what came, in one transaction with the key.
 * A key that the server no longer knows starts again from 0 by itself. */
struct eas_result folders_sync(struct sync_engine *engine);
/* Brings --classes, --folder and --since of this run, and the policy, to the collections already known. */
int folders_select(struct sync_engine *engine);
/* Whether one of them is another since. */
bool folders_selection_is_old(struct sync_engine *engine);

/* ---- down.c: all collections ---- */

/* One pass: primes, reads what was never read to its end, then asks over all until nothing is new.
 * only: of settled collections these alone, by ServerId (char *, as a set); NULL: all.
 * Troubles of folders and items are written to the store's errors; the result is the account's. */
struct eas_result down_pass(struct sync_engine *engine, GHashTable *only);
/* Marks every collection, and the hierarchy, for a new reading from key 0. */
int down_restart(struct sync_engine *engine);

/* ---- poison.c: one collection ---- */

/* Window after window until MoreAvailable is no more, stepping around what the server cannot say.
 * SERVED also when the folder itself is at fault (its error says so); else the account's trouble. */
struct eas_result collection_read(struct sync_engine *engine, struct collection *collection);

/* ---- resync.c ---- */

/* The collection's key is dead: it will be read from 0, its items matched as they come. Commits by itself. */
int resync_start(struct sync_engine *engine, struct collection *collection);
/* The held item that an unknown ServerId stands for in a resync, by stamp or uid; -ENOENT. */
int resync_match(struct sync_engine *engine, const struct collection *collection, const char *uid, uint64_t stamp,
                 struct item *item);

/* ---- engine.c: questions whose answer may have been lost ---- */
void question_put(struct sync_engine *engine, const struct collection *collection);
/* Its answer was taken. True when it was put before, also by an earlier run for all we know, and that answer was not:
 * the one that came may be that one, of things as they were then. */
bool question_taken(struct sync_engine *engine, const struct collection *collection);

/* ---- engine.c: errors of a folder ---- */
void folder_fail(struct sync_engine *engine, const struct collection *collection, const char *text);
void folder_heal(struct sync_engine *engine, const struct collection *collection);
/* What a store's negative errno means for the account. */
struct eas_result store_result(int error);

#endif
