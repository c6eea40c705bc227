/* The store of one account: SQLite (WAL) for folders, files and items; packs for bodies. One writer
 * connection, held by whoever is between store_begin and store_commit; readers have views of their
 * own (cache/view.h). File and item are two rows: the file is what has an inode and a name and
 * outlives changes of identity; the item is what the server knows.
 *
 * Functions that can fail return 0 or a negative errno (-EIO, -ENOSPC, -ENOMEM); after a failure
 * inside a transaction only store_rollback makes sense. Structs returned are the caller's to clear. */
#ifndef CACHE_STORE_STORE_H
#define CACHE_STORE_STORE_H

#include <glib.h>
#include <stdint.h>

#include "cache/change.h"
#include "codec/item.h"

struct store;

/* The file in STATE by which a replica is known. */
#define STORE_DATABASE "store.db"
/* ... and the one that stays of a replica whose account was wiped by order (cache/wiped.h). */
#define STORE_WIPED "wiped"

/* Opens or makes STATE (0700): takes its lock, checks after a crash, migrates by user_version,
 * reclaims dead bodies. *why (caller frees) says what is wrong: -EBUSY another process has it,
 * -EPROTO made by a newer easfs, -EIO damaged. home_ino etc.: the class directories exist from the
 * start, as inodes fixed by the schema (root is 1). Open it after the last fork: neither SQLite's
 * connections nor their locks live on in a child. */
int store_open(const char *state_dir, struct store **store, char **why);
/* The same with encryption at rest (cipher.h): key of CIPHER_KEY_BYTES; NULL: none. A store is encrypted from its
 * making on, or never: -ENOKEY it is and key is NULL; -EKEYREJECTED it is by another key; -EEXIST it is there and is
 * not. */
int store_open_sealed(const char *state_dir, const uint8_t *key, struct store **store, char **why);
bool store_is_sealed(const struct store *store);
/* The same of a directory that is not open. */
bool store_dir_is_sealed(const char *state_dir);
void store_close(struct store *store);
const char *store_dir(const struct store *store);

/* Small settings of the account (what struct session_memory keeps, and the hierarchy key). "classes" is a
 * decimal bit mask (bit n: enum eas_class n; 0 or none: all): only these classes' directories are in the tree.
 * "clock" and "folding" are the store's own. get
 * returns NULL or a string the caller frees. set with NULL removes. Outside a transaction set
 * commits by itself; inside it belongs to the transaction. */
char *store_get(struct store *store, const char *key);
int store_set(struct store *store, const char *key, const char *value);

/* Transactions of the one writer: begin waits for the writer's lock; commit makes all visible at
 * once and hands the changes to the listener (after commit, on this thread, no lock held). */
int store_begin(struct store *store);
int store_commit(struct store *store);
/* The same for what a user does through the mount: its changes are marked so (struct change, own). */
int store_begin_own(struct store *store);
/* All that was committed so far is on the disk when this returns. From any thread, outside a transaction. */
int store_durable(struct store *store);
void store_rollback(struct store *store);

/* Whether a failure is the disk's: full, failing, read only. */
bool store_is_trouble(int error);
/* What the disk refused last and has not taken since: 0, or a negative errno. From any thread. */
int store_trouble(struct store *store);
/* Called when that begins, from whatever thread found it, which may hold no lock of the listener's. One listener. */
void store_listen_trouble(struct store *store, void (*listener)(void *ctx), void *ctx);
/* Writes a little of everything, to find out whether the disk takes it again. 0: it does, and there is no trouble. */
int store_try(struct store *store);

/* Called after each commit with what changed, by values. One listener. */
typedef void (*store_listener)(void *ctx, const struct change *changes, size_t count);
void store_listen(struct store *store, store_listener listener, void *ctx);

/* Directories that belong to no class: what was removed and not yet told, Outbox, Global Address List, Search. */
enum store_place { PLACE_GRAVES, PLACE_OUTBOX, PLACE_PEOPLE, PLACE_SEARCH, STORE_PLACES };
/* The inode of one. */
int64_t store_place(struct store *store, enum store_place which);

/* ---- folders ---- */

struct collection {
    int64_t id;
    char *server_id, *parent_id, *name;
    int type;
    enum eas_class class; /* EAS_NO_CLASS: known, never synced */
    char *sync_key;       /* "0": to be primed */
    bool selected;        /* kept by --classes and --folder */
    bool complete;        /* the first sync reached its end once */
    bool more;            /* MoreAvailable was set last */
    bool resync;          /* being read anew: items not seen again by the end are gone */
    int filter;           /* the FilterType its key was made with; SYNC_FILTER_NONE: none */
    int64_t ino;          /* its directory; 0 when it has none (not selected, or of no class) */
    int64_t dir_mtime_ns;
    /* counts, filled by store_collections */
    int64_t items, unread, missing_bodies;
};
void collection_clear(struct collection *collection);

/* All collections, ordered for sync: by class, Inbox first, defaults first, then by path. A GArray of struct
 * collection with its clear function set. */
GArray *store_collections(struct store *store);

/* Whether it is one of those folders that only hold others, for which servers have no SyncKey (an IMAP mailbox that
 * cannot be selected, behind the server): no key was ever had, nothing is in it but folders. */
bool collection_holds_only_folders(const GArray *collections, const struct collection *collection);

/* Inserts (id 0) or updates a collection by id; makes, renames or moves its directory to
 * parent/name as needed, sanitised and made unique, keeping the inode; sets collection->id and
 * ->ino. A folder whose parent is unknown or loops hangs below the class directory. The default
 * folder of a class other than mail has the class directory itself. Within a transaction. */
int store_collection_put(struct store *store, struct collection *collection);
/* Takes a collection, its items and its directory away (children of the directory that still exist
 * move up to its parent). */
int store_collection_remove(struct store *store, int64_t collection_id);
/* The state of its sync alone: sync_key, complete, more, resync, filter. */
int store_collection_state(struct store *store, const struct collection *collection);

/* ---- items ---- */

enum { ITEM_UNREAD = 0, ITEM_READ = 1 };
struct item_flags {
    int8_t read;       /* 0, 1 */
    int8_t flag;       /* 0 none, 1 complete, 2 active (MS-ASEMAIL Flag Status) */
    int8_t importance; /* 0 low, 1 normal, 2 high */
    int8_t answered;   /* 0 none, 1 reply, 2 replyall, 3 forward (LastVerbExecuted) */
    char *categories;  /* one a line, "" for none */
};

/* In a stamp: the server itself has told of the item, and not only taken it. */
enum { STAMP_TOLD = 1 };
struct item {
    int64_t id, collection_id, ino;
    char *server_id;
    enum eas_class class;
    char *uid;       /* UID of an event; the urn:uuid: given to others; Message-ID of a mail where known; may be "" */
    uint64_t stamp;  /* content stamp for re-matching on renumbering servers; 0: none */
    int64_t date_ns; /* mail: DateReceived; else 0 */
    char *title;     /* for the name; used when the file is made, and for re-matching */
    struct item_flags flags;
    GBytes *props;     /* ApplicationData as the server gave it (eas_node_bytes); NULL for mail with MIME */
    int64_t body;      /* body id, 0: not local */
    int64_t size;      /* of the body; when not local an estimate, never 0 for what may have bytes */
    bool fetch_failed; /* the server will not give the body; named in errors */
};
void item_clear(struct item *item);

/* 0, or -ENOENT. */
int store_item_find(struct store *store, int64_t collection_id, const char *server_id, struct item *item);
int store_item_get(struct store *store, int64_t item_id, struct item *item);
/* The item of a file, by its inode; -ENOENT for a directory and for what is not there. */
int store_item_of(struct store *store, int64_t ino, struct item *item);
/* For re-matching: an item of the collection with this uid (if not "") or stamp (if not 0) whose
 * server_id was not seen in the present resync. -ENOENT if none. */
int store_item_match(struct store *store, int64_t collection_id, const char *uid, uint64_t stamp, struct item *item);

/* An item of the collection with this uid (not ""), seen or not; a message of any folder with this Message-ID, in its
 * angle brackets. -ENOENT. */
int store_uid_find(struct store *store, int64_t collection_id, const char *uid, struct item *item);
int store_mail_find(struct store *store, const char *message_id, struct item *item);
/* The items of the collection that came last, at most limit, newest first: a GArray of struct item with clear function.
 */
GArray *store_newest(struct store *store, int64_t collection_id, size_t limit);

/* Another collection that holds an item with this stamp (not 0), or 0. */
int64_t store_stamp_elsewhere(struct store *store, int64_t collection_id, uint64_t stamp);

/* Inserts (id 0: a file with a generated name is made in the collection's directory) or updates an
 * item; a new body replaces the old (left to dead bodies), moves mtime and ctime as CONTRACT 3 says; marks it seen in
 * the present resync. Sets id and ino. Records the change for the listener. */
int store_item_put(struct store *store, struct item *item);
/* What became of a fetch: the body that came (size bytes), or body 0: the server will not give it
 * (fetch_failed). Touches nothing else, the mark of a resync neither. -ENOENT: the item is gone. Within a transaction.
 */
int store_item_fetched(struct store *store, int64_t item_id, int64_t body, int64_t size);
/* Gone from the server: item and file. */
int store_item_remove(struct store *store, int64_t item_id);

/* Starts a resync: no item of the collection has been seen. Ends it: those not seen are removed. */
int store_resync_begin(struct store *store, int64_t collection_id);
int store_resync_end(struct store *store, int64_t collection_id);

/* Items of selected collections whose body is not local and whose fetch has not failed: newest mail first, at most
 * limit, as a GArray of struct item with clear function. collection_id 0: all. */
GArray *store_missing_bodies(struct store *store, int64_t collection_id, size_t limit);

/* A name for errors and messages: the path below the mount. The caller frees it; NULL if none. */
char *store_path(struct store *store, int64_t ino);

/* ---- what went wrong, item by item, for .easfs/errors and status ---- */
struct store_error {
    int64_t collection_id, ino; /* ino of the file, or of the directory for an error of the whole folder; 0: none */
    char *server_id;            /* "" for an error of the whole folder */
    char *path, *text;          /* path NULL: no file (yet) */
};
/* server_id "": the folder as a whole. text NULL clears. Removing an item or a collection clears its errors. Like
 * store_set: commits by itself outside a transaction. */
int store_error_set(struct store *store, int64_t collection_id, const char *server_id, const char *text);
/* All of them, oldest first, at most LIMIT_ERRORS: a GArray of struct store_error with its clear function set. */
GArray *store_errors(struct store *store);

/* Each thing that goes wrong, as it happens: after the commit that keeps it, on the thread that committed. path: below
 * the mount, NULL for the replica as a whole; item: the ServerId, NULL for none. Must not block, must not call back.
 * One listener. */
struct store_reason {
    const char *path, *item, *text;
};
typedef void (*store_reason_listener)(void *ctx, const struct store_reason *reason);
void store_listen_reasons(struct store *store, store_reason_listener listener, void *ctx);
/* Tells the listener of what leaves no other trace. From any thread. */
void store_tell_reason(struct store *store, const char *path, const char *item, const char *text);
/* What a file that lost a conflict says of itself. */
extern const char store_conflict_reason[];

/* ---- bodies (packs.h has the packs) ---- */

/* A body being written, from any thread, outside a transaction too: bytes go to a pack's tail.
 * finish gives the id to put into an item within the next transaction (until that commits it is
 * nobody's); abort gives the room back. begin and append return 0 or a negative errno. */
struct body_writer;
struct body_writer *store_body_begin(struct store *store);
int store_body_append(struct body_writer *writer, const void *bytes, size_t length);
int64_t store_body_size(const struct body_writer *writer);
int store_body_finish(struct body_writer *writer, struct store *store, int64_t *body); /* frees writer */
void store_body_abort(struct body_writer *writer);                                     /* frees writer */
/* A finished body that no item will take: its room is given back. Within a transaction. */
int store_body_drop(struct store *store, int64_t body);
/* The same without a transaction, after one that failed: no disk is too full for it. 0: nothing is done. */
void store_body_undo(struct store *store, int64_t body);

/* Writes what was appended to disk; called once per window before its commit. */
int store_bodies_flush(struct store *store);

/* ---- care ---- */
/* Gives the room of dead bodies back, LIMIT_RECLAIM at a time, but not while a view holds them. store_open calls it;
 * call it also where nothing else is to be done, outside a transaction. */
int store_reclaim(struct store *store);
struct store_size {
    int64_t bodies, packs, database, items, files;
};
int store_size(struct store *store, struct store_size *size);
/* Checks database and packs against each other; each finding goes to report. Returns how many. */
int store_verify(struct store *store, void (*report)(void *ctx, const char *finding), void *ctx);
/* Removes everything but the lock: for cache wipe, with the store closed. */
int store_wipe(const char *state_dir);
/* The same but for STORE_WIPED. */
int store_empty(const char *state_dir);
/* With the store open: every row and every byte of a body goes, so that nothing can be read from the disk; what was in
 * sight is told to the listener as gone. Class directories stay. Of what nobody may write any more. */
int store_destroy(struct store *store);

#endif
