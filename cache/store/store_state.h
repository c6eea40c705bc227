/* What the files of the store share; nothing outside this room includes it but cache/view*.c. */
#ifndef CACHE_STORE_STORE_STATE_H
#define CACHE_STORE_STORE_STATE_H

#include "cache/store/cipher_vfs.h"
#include "cache/store/schema.h"
#include "cache/store/sql.h"
#include "cache/store/store.h"

/* Where a body lies. sum is body_sum over its bytes. */
struct body_place {
    int64_t id, pack, offset, size;
    uint64_t sum;
    uint64_t nonce; /* of a sealed body; 0: not sealed */
    uint8_t tag[CIPHER_TAG_BYTES];
    /* Of one that is no row yet: the disk did not take it; nobody will make a row of it. */
    bool lost, dropped;
};

/* What a disk can refuse (trouble.c). */
enum trouble { TROUBLE_BYTES, TROUBLE_ROWS, TROUBLE_SYNC, TROUBLES };
enum { TRIED_BYTES = 64 << 10 };

struct journal;
struct bodies; /* bodies.c */

/* The collection that items go to, as long as nothing changes it. id 0: none. */
struct home {
    int64_t id, ino, generation;
    enum eas_class class;
};

/* What one transaction has gathered for its commit. */
struct txn {
    GArray *changes;     /* of struct noted (changes.c) */
    GStringChunk *names; /* their names */
    GHashTable *touched; /* directories whose listing or bytes changed, by inode */
    GHashTable *packs;   /* int64_t pack to struct pack_delta (bodies.c) */
    GArray *adopted;     /* int64_t ids of pending bodies that became rows */
    GHashTable *doubles; /* groups of equal names among new files (doubles.c) */
    int64_t first_ino;   /* files from here on were made in this transaction */
    GPtrArray *reasons;  /* what went wrong (reasons.c) */
    bool stamped;        /* the clock was read */
    bool own;            /* a user did it through the mount */
    bool journaled;      /* rows to be sent were written */
    int error;           /* a failure that only a rollback undoes */
};

struct store {
    char *dir;
    int lock_fd;
    GRecMutex writing;     /* held from begin to commit or rollback */
    GThread *owner;        /* whose transaction it is, or NULL */
    struct cipher *cipher; /* NULL: not encrypted */
    struct cipher_vfs *vfs;
    struct sql writer;
    GMutex reading; /* guards reader: what other threads ask outside a transaction */
    struct sql reader;
    struct txn txn;
    struct home home;
    int64_t clock_ns; /* atomic: the last instant given out */
    int64_t next_ino;
    int64_t places[STORE_PLACES]; /* inodes */
    struct bodies *bodies;
    store_listener listener;
    void *listener_ctx;
    void (*journal_listener)(void *ctx);
    void *journal_ctx;
    bool log_lost;          /* the disk did not take what was written to the log; guarded by writing */
    int troubles[TROUBLES]; /* atomic: errnos, 0 where all is well */
    void (*trouble_listener)(void *ctx);
    void *trouble_ctx;
    store_reason_listener reason_listener; /* atomic */
    void *reason_ctx;
};

/* trouble.c: how a write of that kind ended: 0, or a negative errno, of which those of a disk are remembered until
 * another of its kind has succeeded. From any thread, outside the writer's lock. */
void trouble_note(struct store *store, enum trouble what, int error);

/* seal.c: makes cipher and layer of a key (NULL: none), if it is the store's. *why as store_open's. */
int seal_ready(struct store *store, const uint8_t *key, char **why);
/* The layer that connections open their files by; NULL: none. */
const char *store_vfs(const struct store *store);

/* store.c: the connection to ask: the writer's within a transaction of this thread, else the
 * reader's, locked until store_asked. */
struct sql *store_ask(struct store *store);
void store_asked(struct store *store, struct sql *sql);
/* Whether this thread is between begin and commit; functions that change something need it. */
bool store_in_transaction(struct store *store);
/* Remembers a failure so that commit refuses; returns it. */
int store_fail(struct store *store, int error);
char *store_file(const struct store *store, const char *name);

/* changes.c: what a commit tells the listener, and the clock. */
void changes_init(struct txn *txn);
void changes_clear(struct txn *txn);
void changes_free(struct txn *txn);
void changes_note(struct store *store, enum change_kind kind, bool directory, int64_t ino, int64_t parent,
                  const char *name, int64_t old_parent, const char *old_name);
/* A file made in this transaction got another name before anyone saw the first. */
void changes_rename_created(struct store *store, int64_t ino, const char *name);
void changes_touch(struct store *store, int64_t dir);
int changes_apply(struct store *store); /* the times of touched directories and the clock */
/* Takes what was noted out of the transaction, to be delivered without any lock. */
struct change_list *changes_steal(struct store *store);
void changes_deliver(struct change_list *list, store_listener listener, void *ctx); /* frees list */
/* An instant later than every one before it in this replica: ns since 1970. */
int64_t store_now(struct store *store);

/* reasons.c: what a commit tells of what went wrong. path is taken. */
GPtrArray *reasons_new(void);
void reasons_note(struct store *store, char *path, const char *item, const char *text);
void reasons_note_row(struct store *store, const struct journal *row); /* that it is held */
GPtrArray *reasons_steal(struct store *store);
void reasons_deliver(struct store *store, GPtrArray *reasons); /* frees them; NULL: none */

/* file_names.c */
struct file_name {
    char *name;
    int64_t fold;
};
/* What a name is made from; class EAS_NO_CLASS for a folder. literal, when not NULL, is tried first. */
struct name_source {
    enum eas_class class;
    int64_t date_ns;
    const char *title, *literal;
};
int64_t name_hash(const char *text);                     /* of a text as it is; never 0 */
int64_t name_fold_hash(const char *name);                /* of the case-folded name */
char *file_name_plain(const struct name_source *source); /* as if nothing else were there */
/* A name that no entry of parent but self has when case is ignored. name->name is the caller's to
 * free. *rival, when not NULL, gets the inode that has the plain name, or 0. */
int file_name_make(struct store *store, int64_t parent, int64_t self, const struct name_source *source,
                   struct file_name *name, int64_t *rival);
char *file_path(struct sql *sql, int64_t ino); /* below the mount; "" for the root, NULL for none */
/* Hashes names anew when the case-folding rules of the library have changed since they were made. */
int file_names_refresh(struct store *store);

/* doubles.c: equal names among the files of one transaction are numbered in order (CONTRACT 2). */
void doubles_note(struct store *store, int64_t rival, int64_t ino);
int doubles_apply(struct store *store);

/* directories.c */
int directory_make_homes(struct store *store);                  /* the root and the class directories */
int directory_make_places(struct store *store);                 /* Outbox and the graves */
int directory_show_classes(struct store *store, unsigned mask); /* 0: all */
int directory_place(struct store *store, struct collection *collection);
int directory_drop(struct store *store, int64_t ino);  /* children move up */
int directory_prune(struct store *store, int64_t ino); /* as far up as nothing needs it */

/* collections.c */
int collection_find(struct sql *sql, enum sql_statement by, int64_t id, const char *server_id,
                    struct collection *collection); /* 0 or -ENOENT */
int collection_home(struct store *store, int64_t id, struct home *home);

/* items.c, item_put.c, item_remove.c */
struct item_row {
    struct item item;
    int64_t seen, parent, mtime_ns;
    char *name;
    int64_t home; /* not 0: its file is elsewhere than the server knows it (files.h) */
    char *home_name;
    enum file_own own;
};
void item_row_clear(struct item_row *row);
int item_row_get(struct store *store, int64_t item_id, struct item_row *row);
void item_row_read(sqlite3_stmt *statement, struct item_row *row);
int item_flags_pack(const struct item_flags *flags);
void item_flags_unpack(int packed, struct item_flags *flags);
int item_count(struct store *store, const struct item *item, int sign); /* into or out of its collection's counts */
int items_remove_all(struct store *store, int64_t collection_id);
int item_lose_body(struct store *store, int64_t item_id); /* its body is not local any more */

/* journal_gone.c: the server has removed an item. 1: its file, and what the user wrote, stay (as a new item to be, or
 * because the removal may be our own move, unless it is certain to be none); 0: it may go, and no row speaks of it; or
 * a negative errno. */
int journal_item_gone(struct store *store, const struct item_row *item, bool certain);
/* A folder was read anew, and this item was not in it. What a user wrote and the server took without ever telling of it
 * may have been forgotten there: it stands aside, as a conflict (1). 0: it is like any other; or a negative errno. */
int journal_item_unseen(struct store *store, const struct item_row *item);
struct file_row;
/* A free name beside the file for what lost a conflict; the caller frees it. */
int journal_conflict_name(struct store *store, const struct file_row *file, int64_t now_ns, char **name);

/* journal_folders.c: a refused row of a folder: the directory is where and what it was. 0 for other rows. */
int journal_folder_back(struct store *store, const struct journal *row);

/* bodies.c and reclaim.c */
int bodies_open(struct store *store);
void bodies_close(struct store *store);
/* A written body becomes a row; -EINVAL when it is none. */
int body_adopt(struct store *store, int64_t body, int64_t *size);
/* A body's row goes; its room is given back when nobody holds it any more. */
int body_bury(struct store *store, int64_t body);
/* A written body that will never be a row. */
int body_discard(struct store *store, int64_t body);
/* Whether a written body has the bytes of one that is a row. */
bool body_equals(struct store *store, int64_t written, int64_t row);
int bodies_apply(struct store *store); /* before commit: the packs' new ends; -EIO: the disk lost an adopted one */
void bodies_committed(struct store *store);
/* Bodies of a pack that reach past end are lost: their items want them fetched again. */
int bodies_forget_lost(struct store *store, int64_t pack, int64_t end);
void bodies_unlink_orphans(struct store *store); /* pack files that no commit knows */
/* Between lock and unlock no room is given back: look up a body's row, then hold it. */
void bodies_lock(struct store *store);
void bodies_unlock(struct store *store);
int bodies_hold(struct store *store, int64_t body, int64_t pack, int *fd); /* locked */
void bodies_release(struct store *store, int64_t body);
/* Bytes as they lie in a pack become a body's: they begin at offset of it. false: OpenSSL failed. */
bool body_unseal(struct store *store, uint64_t nonce, void *bytes, size_t length, int64_t offset);
ssize_t body_read(struct store *store, const struct body_place *place, void *buffer, size_t size, int64_t offset);
uint64_t body_sum(uint64_t sum, const void *bytes, size_t length);
enum { BODY_SUM_START = 1 };

#endif
