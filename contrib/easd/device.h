/* What the server remembers of each device: its policy key, the hierarchy and the items it was
 * told of, and the last two generations of each key (MS-ASCMD 3.1.5.9). In memory only: after a
 * restart every key is unknown, as real servers may answer. Wants the mailbox's lock. */
#ifndef EASD_DEVICE_H
#define EASD_DEVICE_H

#include "contrib/easd/mailbox.h"
#include "contrib/easd/options.h"

enum change_kind { CHANGE_ADD, CHANGE_CHANGE, CHANGE_DELETE, CHANGE_SOFT_DELETE };

/* One command of a Sync answer. */
struct change {
    guint place; /* of the entry in its folder */
    enum change_kind kind;
    uint64_t version; /* what the device knows once it has it; 0: nothing */
};

/* A collection as one device knows it: what was confirmed by the key before, and the changes that
 * lead from there to the present key. */
struct collection {
    struct folder *folder;
    int version;          /* spoken when it was primed: another one begins anew */
    char *key, *previous; /* previous: NULL once key was confirmed */
    GArray *known;        /* of uint64_t by place: the version the device has, 0 for none */
    GArray *pending;      /* of struct change */
    GHashTable *applied;  /* place + 1 to the version the device has of its own doing, until the key is confirmed */
    GHashTable *fates;    /* what became of each command of the requests with the key before (sync_commands.h) */
    struct eas_node *supported; /* the Supported of the priming; NULL: none (MS-ASCMD 2.2.3.179) */
    bool pending_more;
    guint asked;      /* a hash of the request that pending answers */
    uint64_t told;    /* the folder's version when the last answer held all there was; 0: it did not */
    uint64_t settled; /* the folder's version when nothing was left to tell; 0: something was */
    struct options options;
    bool has_options;
};

/* A folder as a device was told of it. */
struct told_folder {
    char *id, *parent, *name;
    int type;
};

struct device {
    char *id;
    guint32 policy_key, temporary_key; /* 0: none */
    char *hierarchy_key, *hierarchy_previous;
    GHashTable *hierarchy, *hierarchy_before; /* id to struct told_folder: at the key, at the one before */
    GHashTable *collections;                  /* id to struct collection */
    guint ping_heartbeat;
    GPtrArray *ping_folders; /* of char *; NULL: never asked */
    uint64_t waits;          /* a newer wait of the device ends an older one */
    gint64 used;
    char *search_id;  /* of its last Find; NULL: none */
    GQueue *sent_ids; /* of char *, the ClientIds of mail that was sent */
    GHashTable *kept; /* a command's name (static) to its last struct answer, for a fault */
};

struct devices;
struct devices *devices_new(void);
void devices_free(struct devices *devices);

/* The device with an id, made at first sight; the longest unused one is forgotten for it. */
struct device *device_find(struct mailbox *mailbox, const char *id);

/* Its hierarchy key is none any more; what it was told of stays known. */
void device_forget_hierarchy(struct device *device);
/* The same for every device of a mailbox, and for the keys of all collections: folder ids have changed. */
void devices_forget_keys(struct devices *devices);

/* A key that was never given before, nor by an earlier run. Free with g_free. */
char *device_new_key(struct mailbox *mailbox);

/* The collection a device has for a folder, or NULL. */
struct collection *device_collection(const struct device *device, const struct folder *folder);

/* Begins it anew by SyncKey 0. */
struct collection *device_prime(struct device *device, struct folder *folder, int version, char *key);

GHashTable *told_folders_new(void);

/* Notes that the device has an entry as it is now, because the change is its own. */
void collection_note(struct collection *collection, const struct entry *entry);

/* What the device has of the entry at a place, once pending is confirmed. */
uint64_t collection_known(const struct collection *collection, guint place);

/* Takes key as proof that the device has what was pending for it. False if it is neither the
 * present key nor, with *repeated set, the one before. */
bool collection_accept(struct collection *collection, const char *key, bool *repeated);

/* The changes the device lacks, at most limit of them (0: all are counted, none kept), written to
 * changes (may be NULL); returns how many there are, at most limit + 1 unless limit is 0. now in
 * seconds since 1970, for FilterType. */
guint collection_changes(struct collection *collection, gint64 now, guint limit, GArray *changes);

#endif
