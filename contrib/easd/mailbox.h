/* A directory in the mount's layout as a mailbox: its folders, and the files in them as items.
 * Nothing but names, sizes and times is read; what a file holds is the business of item.h. */
#ifndef EASD_MAILBOX_H
#define EASD_MAILBOX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum item_class { CLASS_MAIL, CLASS_CALENDAR, CLASS_CONTACTS, CLASS_TASKS, CLASS_NOTES, CLASS_COUNT };

/* Below which version a file cannot be said, where none can. */
#define REFUSED_ALWAYS 1000

#define ENTRY_DATE_UNKNOWN INT64_MIN

/* A file. It stays when the file goes, so that every device can be told. */
struct entry {
    char *name;                 /* in its directory */
    uint64_t id;                /* by its name, so it is the same after a restart */
    uint64_t version;           /* the folder's version when it last changed; never 0 */
    uint64_t content;           /* the same for its bytes: since then only attributes have changed */
    int64_t size, mtime, ctime; /* times in ns */
    ino_t inode;
    guint place;   /* in the folder's entries */
    unsigned scan; /* the last scan that saw it */
    bool present;
    int refused_below; /* versions (ten times the protocol's) that are known not to say it; 0: none */
    char *client_uid;  /* what it was added with, as of client_uid_at (client_uid.h) */
    uint64_t client_uid_at;
    int64_t date; /* what FilterType looks at, seconds since 1970, or ENTRY_DATE_UNKNOWN */
};

struct folder {
    struct mailbox *mailbox;
    char *id, *parent, *name; /* parent "0" is the root */
    char *path;               /* below the mailbox's directory */
    enum item_class class;
    int type; /* MS-ASCMD 2.2.3.186.3 */
    bool standard, present, moved;
    dev_t device;
    ino_t inode;
    int watch;                   /* -1: none, so every look is a scan */
    unsigned walk, scan;         /* the last walk that saw it; the last listing of its files */
    uint64_t version;            /* grows with every change of an entry */
    GPtrArray *entries;          /* of struct entry; the place of one never changes */
    GHashTable *by_name, *by_id; /* of struct entry */
};

enum wipe_kind { WIPE_NONE, WIPE_DEVICE, WIPE_ACCOUNT };

struct mailbox {
    char *user, *address, *root; /* address: where the user has mail */
    GMutex lock;                 /* around everything here, and around the devices */
    GCond changed;
    GPtrArray *folders; /* of struct folder, those gone included */
    GHashTable *by_id, *by_path, *by_watch;
    uint64_t version;     /* grows with every change of the hierarchy or of a folder */
    unsigned scan, moves; /* the walks of the hierarchy; how often the ids have changed */
    int inotify, stop;    /* file descriptors */
    bool hierarchy_dirty, stopping;
    GThread *watcher;
    struct devices *devices;
    enum wipe_kind wipe; /* what its devices are to wipe (wipe.h) */
    int wiped;           /* the Status one gave for having done so; 0: none did */
};

/* Opens the directory root for user and lists it. NULL with a message in *error where it is none. */
struct mailbox *mailbox_open(const char *user, const char *root, char **error);
void mailbox_close(struct mailbox *mailbox);

/* Starts the thread that wakes those who wait on changed. */
void mailbox_watch(struct mailbox *mailbox);

/* Ends that thread, and every wait. */
void mailbox_stop(struct mailbox *mailbox);

/* The rest wants the lock held. */

/* Brings folders and entries up to date with the directory. True when anything changed. */
bool mailbox_refresh(struct mailbox *mailbox);

/* The present folder with an id; NULL for none. */
struct folder *mailbox_folder(const struct mailbox *mailbox, const char *id);

/* Gives every folder another id, as a mailbox that moved to another server has them; all keys end. */
void mailbox_rename_ids(struct mailbox *mailbox);

/* The entry with a ServerId of this folder, gone or not; NULL for none. */
struct entry *folder_entry(const struct folder *folder, const char *server_id);

/* Its ServerId, into id (EASD_ID_BYTES). */
void folder_server_id(const struct folder *folder, const struct entry *entry, char *id);

/* The path of an entry; free with g_free. */
char *folder_path(const struct folder *folder, const struct entry *entry);

/* Notes below which version an entry is not served, and says why, once for each state of the file. */
void folder_refuse(const struct folder *folder, struct entry *entry, int below, const char *reason);

/* Whether an entry is there and, as far as is known, can be said in a version. */
bool entry_served(const struct entry *entry, int version);

/* The ending of the files of a class: ".eml". And its name in the protocol: "Email". Static. */
const char *class_ending(enum item_class class);
const char *class_name(enum item_class class);

#endif
