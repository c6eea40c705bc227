/* Open files. All handles of a file show the bytes that it has now: the kernel keeps one copy of them for all, which a
 * read of what an older handle once found would fill with the past, for whoever opens the file next. Only a file that
 * is gone is read on as it was. */
#ifndef FS_MOUNT_HANDLE_H
#define FS_MOUNT_HANDLE_H

#include "fs/mount/mount.h"

/* Opens a file whose bytes are here and answers the request; -EAGAIN and other errnos: not answered. On any thread,
 * with its view. */
int handle_open(fuse_req_t req, fuse_ino_t ino, struct view *view, struct fuse_file_info *file);
/* One without bytes, for an operation of our own: nothing is read through it. */
void handle_reply_none(fuse_req_t req, struct fuse_file_info *file);

/* On the dispatcher. Where the bytes of an open file are now: 0, or -EAGAIN when they are not here (any more). */
int handle_bytes(struct mount *mount, fuse_ino_t ino, const struct fuse_file_info *file,
                 const struct view_bytes **bytes);
void handle_release(struct mount *mount, fuse_ino_t ino, const struct fuse_file_info *file);

/* The bytes of some file were replaced: open ones look before they read again. From any thread, after commit and before
 * the kernel's copy is invalidated. */
void handles_changed(struct mount *mount);

#endif
