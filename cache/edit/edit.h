/* Writing: what a user does to the tree, one request an operation. The editor's thread alone carries them out, in the
 * order they were given, many in one transaction; whoever asks is told when it is committed (and, where the request
 * says durable, on disk). Nothing here asks the network: what has to travel is in the journal (cache/store/journal.h)
 * from the same commit on. With cache/replica.h and cache/view.h this is the face that fs/ sees. */
#ifndef CACHE_EDIT_EDIT_H
#define CACHE_EDIT_EDIT_H

#include <glib.h>
#include <stdint.h>

#include "cache/change.h"
#include "cache/view.h"

struct editor;
struct replica;

enum edit_kind {
    EDIT_CREATE, /* parent, name: an empty file; attr and file_class come back */
    EDIT_MKDIR,  /* parent, name: a folder; attr comes back */
    EDIT_UNLINK, /* parent, name */
    EDIT_RMDIR,  /* parent, name */
    EDIT_RENAME, /* parent, name, new_parent, new_name, flags (RENAME_NOREPLACE, RENAME_EXCHANGE refused) */
    EDIT_LINK,   /* ino, new_parent, new_name: only of scratch onto a name in its directory; attr comes back */
    EDIT_STORE,  /* ino, fd, mtime_ns, base ...: the bytes of a working copy, judged */
    EDIT_TIMES,  /* ino, mtime_ns: utimens; without effect on mail */
    EDIT_XATTR,  /* ino, name, value (NULL: removed), flags (XATTR_CREATE, XATTR_REPLACE) */
    EDIT_SYNC,   /* everything asked before is on disk when this is done (fsyncdir) */
    EDIT_RETRY,  /* ino (0: all): what is held is queued again */
    EDIT_DISCARD /* ino: the user's change is dropped; the server's item comes back under its name */
};

struct edit {
    enum edit_kind kind;
    uint64_t ino, parent, new_parent;
    char name[CHANGE_NAME_MAX], new_name[CHANGE_NAME_MAX];
    unsigned flags;
    GBytes *value;    /* XATTR; owned by the request */
    int64_t mtime_ns; /* STORE, TIMES: the instant of the last write (edit_now) */
    bool durable;     /* done is called when it is on disk */

    /* STORE. The file is fd's first size bytes, read with pread; fd is the caller's and stays open until done. */
    int fd;
    int64_t size;
    bool complete;  /* the last writing handle is gone: held or queued from now on */
    bool cut;       /* ... though nobody has closed it: a letter is not to be sent */
    bool opener;    /* who flushes opened it: EINVAL and EPERM are for it; anybody else gets 0 (CONTRACT 5) */
    bool unchanged; /* nothing was written since the last STORE: only complete counts */
    GBytes *base;   /* the item's properties when the file first became dirty (edit_base); NULL: none. Owned */

    /* What came of it. */
    int error; /* 0 or a negative errno */
    struct view_attr attr;

    /* Called once, on the editor's thread, after the commit; must not block nor ask for an edit and wait for it.
     * The request is the caller's again (edit_drop, free). */
    void (*done)(struct edit *edit);
    void *ctx;
};
void edit_drop(struct edit *edit); /* what the request owns, not itself */

/* Hands a request over. From any thread; returns at once. After editor_stop it is done with -EIO. */
void edit_submit(struct replica *replica, struct edit *edit);

/* An instant later than every one given out or stored before in this replica, ns since 1970: the time of a write. From
 * any thread, at once. */
int64_t edit_now(struct replica *replica);

/* The properties the server gave for the item of this file, as they are now; NULL: it has no item, or is mail. The
 * caller unrefs. By the view of the calling thread. */
GBytes *edit_base(struct view *view, uint64_t ino);

/* What may be done with a file at open: 0, -EPERM (received mail), -EISDIR ... */
int edit_may_write(struct view *view, uint64_t ino);

/* Waits until what has a term (graces, send delays) is due at once, for sync --wait and umount. */
void edit_hasten(struct replica *replica);

/* ---- for cache/replica.c ---- */
struct edit_config {
    const char *account; /* for UIDs and messages */
    const char *address; /* the account's own, or NULL while not known: edit_set_address */
    bool send_invitations;
    long send_delay_ms;
    int vcard_version;
    const char *home_zone; /* as in replica_config */
};
struct editor *editor_new(struct replica *replica, const struct edit_config *config);
void editor_start(struct editor *editor);
void editor_go_on(struct editor *editor); /* what the disk refused, and nobody waits for, is done again */
void editor_stop(struct editor *editor);  /* what was asked before is carried out */
void editor_free(struct editor *editor);

#endif
