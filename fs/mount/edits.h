/* Requests that change the tree: handed to the editor and answered when it is done, from its thread. The dispatcher
 * waits for none of them. */
#ifndef FS_MOUNT_EDITS_H
#define FS_MOUNT_EDITS_H

#include "cache/edit/edit.h"
#include "fs/mount/mount.h"

/* A request of the kernel that waits for its edit. */
struct asked {
    struct edit edit;
    struct mount *mount;
    fuse_req_t req;
    struct fuse_file_info file; /* of a CREATE */
    pid_t opener;               /* ... and the process */
    int refused;                /* before it is asked: 0, or a negative errno */
    struct view_attr attr;      /* of a SETATTR: what is answered */
    void (*reply)(struct asked *asked);
};

/* A new one; name and new_name may be NULL. What is not given here is filled in before edits_ask. */
struct asked *asked_new(struct mount *mount, fuse_req_t req, enum edit_kind kind, uint64_t parent, const char *name,
                        uint64_t new_parent, const char *new_name);
/* Hands it over; reply is called on the editor's thread and answers asked->req by asked->edit.error. Frees it. */
void edits_ask(struct asked *asked, void (*reply)(struct asked *asked));

/* Replies: success or an error; an entry with edit.attr; attributes as asked->attr says. */
void reply_error(struct asked *asked);
void reply_entry(struct asked *asked);
void reply_attr(struct asked *asked);

#endif
