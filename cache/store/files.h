/* Files as a user makes, names, writes and removes them, whatever the server knows of them. All within a transaction,
 * of which the kernel knows already what it shows (store_begin_own), but where it says otherwise. Functions return 0 or
 * a negative errno. */
#ifndef CACHE_STORE_FILES_H
#define CACHE_STORE_FILES_H

#include "cache/store/schema.h"
#include "cache/store/store.h"

struct file_row {
    int64_t ino, parent;
    char *name;
    enum file_kind kind;
    enum eas_class class;
    int64_t item_id; /* 0: none */
    int64_t body, size, mtime_ns, ctime_ns;
    enum file_own own;
};
void file_row_clear(struct file_row *row);

/* An instant later than every one given out or stored before in this replica, ns since 1970. From any thread. */
int64_t store_instant(struct store *store);
/* The time of bytes that change in this transaction: now, or, where utimens set that before into the future, later. */
int64_t store_bytes_time(struct store *store, int64_t before_ns);

/* -ENOENT. The name is compared byte for byte. */
int store_file_get(struct store *store, int64_t ino, struct file_row *row);
int store_file_find(struct store *store, int64_t parent, const char *name, struct file_row *row);

/* An empty file, or a directory, of the class under a name that a user gives, which no other has there. */
int store_file_make(struct store *store, int64_t parent, const char *name, enum eas_class class, enum file_kind kind,
                    int64_t *ino);
/* The bytes of a file: body as store_body_finish gave it. mtime_ns: when they were last changed; 0: in this
 * transaction. */
int store_file_bytes(struct store *store, int64_t ino, int64_t body, int64_t mtime_ns, enum file_own own);
/* A name that a user gives, free by now; a directory likewise. */
int store_file_rename(struct store *store, int64_t ino, int64_t parent, const char *name);
/* A file without an item, or an empty directory without a collection, is gone, with its bytes, attributes and all
 * journal rows that are not on their way. */
int store_file_remove(struct store *store, int64_t ino);
int store_file_times(struct store *store, int64_t ino, int64_t mtime_ns);
/* Its bytes came to mean what the server has, or the other way round. */
int store_file_own(struct store *store, int64_t ino, enum file_own own);

/* Out of sight, but kept until the server knows: the file of an item, or the directory of a folder, lies in the graves.
 * An item remembers where it was. */
int store_file_bury(struct store *store, int64_t ino);
/* Back to where it was (or, if that name is taken by now, under a double of it); told as a new file. */
int store_file_exhume(struct store *store, int64_t ino);
bool store_is_grave(struct store *store, int64_t parent);

/* ---- identities: which file an item has ---- */

/* The item whose place is this directory and name while its file is elsewhere; -ENOENT. */
int store_identity_at(struct store *store, int64_t dir, const char *name, struct item *item);
/* Another item of the collection with this UID; -ENOENT. */
int store_identity_uid(struct store *store, int64_t collection_id, const char *uid, int64_t but_item,
                       struct item *item);
/* The item has this file from now on, and its place is where that is. The file it had loses it; if that lay in a grave
 * it is gone, and if it still has a name it is scratch. Journal rows of the item follow. */
int store_identity_pass(struct store *store, int64_t item_id, int64_t ino);
/* The item's place is dir and name, while its file has another name; dir 0: it is where its file is. */
int store_identity_home(struct store *store, int64_t item_id, int64_t dir, const char *name);
/* A new item for a file that has none. item->ino is the file. */
int store_identity_add(struct store *store, struct item *item);
int store_identity_set_uid(struct store *store, int64_t item_id, const char *uid);
/* The flags that are wanted (fields of 0 and above, categories not NULL) are shown from now on. */
int store_item_flags(struct store *store, int64_t item_id, const struct item_flags *wanted);
int store_identity_props(struct store *store, int64_t item_id, GBytes *props);

/* The collection whose directory this is; -ENOENT. */
int store_collection_of(struct store *store, int64_t dir, struct collection *collection);
int store_collection_get(struct store *store, int64_t id, struct collection *collection);
int store_collection_find(struct store *store, const char *server_id, struct collection *collection);

bool store_directory_is_empty(struct store *store, int64_t ino);

/* A folder of the user's making: its ServerId is a stand-in until the server gives one; sets id, ino and server_id. */
int store_folder_make(struct store *store, struct collection *collection);
/* Its ServerId, parent and name as rows, without moving its directory. */
int store_folder_name(struct store *store, int64_t id, const char *server_id, const char *parent_id, const char *name);

/* ---- attributes that mean nothing to the server ---- */
int store_attribute_set(struct store *store, int64_t ino, const char *name,
                        GBytes *value); /* NULL: removed, -ENODATA */

/* Why a file that stays local was refused the name of an item, until its bytes change or it gets one (text NULL). It is
 * told as user.eas.error, and listed nowhere. */
#define REFUSED_ATTRIBUTE "user.eas.error"
int store_refused_set(struct store *store, int64_t ino, const char *text);

/* Files without an item that are in sight, at most limit: a GArray of int64_t. Not within a transaction only. */
GArray *store_scratch(struct store *store, size_t limit);
/* Those of them that nothing waits to be sent of: what lost a conflict, or the others. */
GArray *store_alone(struct store *store, bool in_conflict, size_t limit);

#endif
