/* -o layout=maildir: each mail folder has cur, new and tmp in the place of its messages, which stand in cur, under
 * their inode with their flags behind it: "1234.easfs:2,FS". A view of names alone; files are the store's own. New is
 * empty, and tmp holds what is being delivered. The kernel keeps none of these names, for they move with the flags. */
#ifndef FS_MOUNT_MAILDIR_H
#define FS_MOUNT_MAILDIR_H

#include "fs/mount/edits.h"
#include "fs/mount/mount.h"

/* Whether an inode is a cur, new or tmp. */
bool maildir_is(fuse_ino_t ino);

/* Each returns whether the request was for what this layout shows otherwise, and then answers it. */
bool maildir_lookup(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name);
bool maildir_getattr(struct mount *mount, fuse_req_t req, fuse_ino_t ino);
bool maildir_readdir(struct mount *mount, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, bool plus);
/* A rename of a message: within its folder its flags are set, to another it is moved. */
bool maildir_rename(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                    const char *new_name);

/* Where a name of this layout is in the store: *parent and name (of CHANGE_NAME_MAX) are changed to that. 0, or
 * -ENOENT, -EPERM, -ENAMETOOLONG. */
int maildir_place(struct mount *mount, fuse_ino_t *parent, char *name);

#endif
