/* The journal: what a user changed and the server does not have yet. A row is written in the transaction that changes
 * the tree, and removed or changed in the one that stores the server's answer. Precious: nothing that the server says
 * removes a row but its answer to it. Rows are ordered by id; of one item they are sent in that order. */
#ifndef CACHE_STORE_JOURNAL_H
#define CACHE_STORE_JOURNAL_H

#include "cache/store/store.h"

enum journal_kind {
    JOURNAL_ADD = 1,       /* the file ino is a new item of the collection; data: what it means */
    JOURNAL_CHANGE,        /* item; base: the server's properties when the edit began; data: what the file means now */
    JOURNAL_DELETE,        /* item: to Deleted Items, or, in there, for good. Its file lies in a grave until then */
    JOURNAL_FLAGS,         /* mail item: wanted (read, flag, categories) */
    JOURNAL_MOVE,          /* item: from collection to target; its file stands in target's directory already */
    JOURNAL_RESPOND,       /* item: the own answer to a meeting (response 1 accept, 2 tentative, 3 decline) */
    JOURNAL_SEND,          /* the file ino of Outbox; item: the draft that it was, whose deletion waits for it */
    JOURNAL_FOLDER_CREATE, /* collection, whose server_id is a stand-in until the answer */
    JOURNAL_FOLDER_UPDATE, /* collection: its name and parent are as the tree has them now */
    JOURNAL_FOLDER_DELETE, /* collection: it and all in it; its directory lies in a grave */
    JOURNAL_MAIL /* an iTIP message of ours (data: the whole message as a document's opaque value): as SEND, without a
                    file */
};

enum journal_state {
    JOURNAL_OPEN,   /* judged and durable, but a writing handle is still open: not to be sent */
    JOURNAL_QUEUED, /* to be sent when due */
    JOURNAL_SENT,   /* on its way: the answer is not known. After a crash it is sent again, byte for byte, where that is
                       safe (batch, key), else looked for */
    JOURNAL_HELD    /* refused or invalid: waits for a person */
};

/* The response of a DELETE: held by the brake; not to Deleted Items, and no concern of the brake; held by it once, and
 * let through. */
enum { JOURNAL_BRAKED = 1, JOURNAL_FOR_GOOD, JOURNAL_LET_THROUGH };
/* The response of a CHANGE of a draft: the server has told of a change since the edit began. */
enum { JOURNAL_RIVAL = 2 };

struct journal {
    int64_t id;
    enum journal_kind kind;
    enum journal_state state;
    int64_t ino, item_id, collection_id, target_id; /* 0: none */
    int64_t due_ns;                                 /* not before; 0: at once */
    int64_t queued_ns;        /* when the user did it: for the queue's listing and for the brake on deletions */
    int64_t sent_ns;          /* when it was last sent; 0: never */
    int tries;                /* how often it was sent and not taken */
    int response;             /* RESPOND; DELETE: JOURNAL_BRAKED ...; CHANGE: 1, the rest of an ADD, JOURNAL_RIVAL; ADD:
                                 1, held for its uid alone */
    int64_t batch;            /* rows that travel in one request have one number, and are sent again as one; 0: none */
    char *batch_key;          /* the SyncKey of that request; NULL: none */
    char *client_id;          /* fixed before the first byte is sent; ADD, SEND */
    char *uid;                /* ADD: the file's own, for doubles; "" none. SEND: its Message-ID, where known */
    char *error;              /* why it is held, failed last, or (a letter that is SENT) is in doubt; NULL */
    GBytes *base, *data;      /* eas_node_bytes; NULL: none */
    struct item_flags wanted; /* FLAGS; fields below 0 are not wanted (categories NULL) */
    char *origin;             /* DELETE, MOVE, FOLDER_*: the name it had ("" none); origin_ino: its directory */
    int64_t origin_ino;
};
void journal_clear(struct journal *row);
/* A letter that is on its way no more, and of which nobody knows whether it arrived. */
bool journal_in_doubt(const struct journal *row);

/* Writes a row: id 0 inserts and sets id. Within a transaction. 0 or a negative errno. */
int journal_put(struct store *store, struct journal *row);
int journal_remove(struct store *store, int64_t id);
int journal_get(struct store *store, int64_t id, struct journal *row); /* -ENOENT */

/* The row of that kind for a file or an item (0: not asked), newest; -ENOENT. */
int journal_of_file(struct store *store, enum journal_kind kind, int64_t ino, struct journal *row);
int journal_of_item(struct store *store, enum journal_kind kind, int64_t item_id, struct journal *row);
int journal_of_collection(struct store *store, enum journal_kind kind, int64_t collection_id, struct journal *row);
/* The rows of one file are another's from now on. Within a transaction. */
int journal_pass(struct store *store, int64_t from_ino, int64_t to_ino);
/* The row of that kind whose file had this name (origin), newest; -ENOENT. */
int journal_of_origin(struct store *store, enum journal_kind kind, int64_t dir, const char *name, struct journal *row);
/* Where what a row speaks of is, below the mount; of what lies in a grave, where it was. "": nowhere. The caller frees
 * it. */
char *journal_path(struct store *store, const struct journal *row);
/* The ServerId of the row's item, NULL for none. The caller frees it. */
char *journal_server_id(struct store *store, const struct journal *row);
/* Whether it is held, or to be held, by the brake on deletions. */
bool journal_is_braked(const struct journal *row);
/* Whether any row speaks of the item. */
bool journal_has_item(struct store *store, int64_t item_id);
/* An ADD of the collection with this uid that waits and may be sent, other than that of the file ino; -ENOENT. One that
 * is held, or will be, is in nobody's way. */
int journal_uid(struct store *store, int64_t collection_id, const char *uid, int64_t ino, struct journal *row);
/* This uid is free: the first ADD of the collection that is held for that alone is queued. Within a transaction. */
int journal_uid_free(struct store *store, int64_t collection_id, const char *uid);

/* All rows in order (a GArray of struct journal with its clear function set); state -1: any; due_ns: of those QUEUED
 * only what is due by then (G_MAXINT64: all). */
GArray *journal_list(struct store *store, int state, int64_t due_ns);
/* When the next QUEUED row is due: ns, G_MAXINT64 for none. Whoever keeps the time asks again after journal_listen's
 * word. */
int64_t journal_next_due(struct store *store);
/* The id of the newest row there is; 0 for none. */
int64_t journal_newest(struct store *store);
/* Everything QUEUED is due now. Commits by itself. */
int journal_hasten(struct store *store);
/* At the start: no writer is left of what was OPEN. Half a letter is no letter: it is HELD. Commits by itself. */
int journal_reopen(struct store *store);
struct journal_counts {
    int64_t queued, held; /* queued: OPEN, QUEUED and SENT */
};
struct journal_counts journal_count(struct store *store);
/* ... of one collection. */
struct journal_counts journal_count_of(struct store *store, int64_t collection_id);

/* Called after a commit that wrote rows to be sent, on the thread that committed. One listener. */
void journal_listen(struct store *store, void (*listener)(void *ctx), void *ctx);

/* ---- what an answer does to files, within a transaction ---- */

/* The ADD was taken: the file ino becomes the file of a new item with this server_id, props (what was sent) and uid;
 * the row goes. The file, its name, its bytes and times stay as they are. stamp: of what was sent, 0: none. Returns the
 * item's id, or a negative errno. */
int64_t journal_added(struct store *store, struct journal *row, const char *server_id, uint64_t stamp);
/* The CHANGE was taken: the item's props are these (NULL: row->data); the row goes unless the user wrote again
 * meanwhile. */
int journal_changed(struct store *store, struct journal *row, GBytes *props);
/* The DELETE was taken: item and file are gone. */
int journal_deleted(struct store *store, struct journal *row);
/* The MOVE was taken: the item is in target under this id from now on. */
int journal_moved(struct store *store, struct journal *row, const char *server_id);
/* FOLDER_CREATE was taken: the collection has this ServerId, and is to be primed; what names its stand-in follows. */
int journal_folder_created(struct store *store, struct journal *row, const char *server_id);
/* FOLDER_UPDATE was taken. FOLDER_DELETE was: the collection is gone, or (parent_id not NULL) is in that folder now. */
int journal_folder_updated(struct store *store, struct journal *row);
int journal_folder_deleted(struct store *store, struct journal *row, const char *parent_id);
/* Whether a ServerId is the stand-in of a folder that the server does not have yet. */
bool journal_is_stand_in(const char *server_id);
/* Refused: HELD with text; a file in a grave, or moved, comes back to where it was (CHANGE_CREATE, CHANGE_MOVE). text
 * is what a person reads in user.eas.error and .easfs/errors. */
int journal_hold(struct store *store, struct journal *row, const char *text);
/* The file's bytes give way to the server's: the user's stand beside it as NAME.conflict-YYYYMMDDTHHMMSSZ (state
 * conflict), the row goes. body: the server's version, written; 0: the item must be fetched. */
int journal_conflict(struct store *store, struct journal *row, int64_t body, int64_t now_ns);
/* The bytes of the file after a merge: body written by the caller; mtime moves; base and data of the row are replaced.
 */
int journal_merged(struct store *store, struct journal *row, int64_t body, GBytes *base, GBytes *data);

/* Whether the bytes of the file are as the user wrote them (then they stay as long as the meaning is the same). */
bool store_file_is_own(struct store *store, int64_t ino);

#endif
