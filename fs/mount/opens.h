/* Opens and their ends: a handle is made with the answer to the kernel, and given up with the RELEASE. All handles of a
 * file show the bytes that it has now: the kernel keeps one copy of them for all, which a read of what an older handle
 * once found would fill with the past, for whoever opens the file next. Only a file that is gone is read on as it was.
 */
#ifndef FS_MOUNT_OPENS_H
#define FS_MOUNT_OPENS_H

#include "fs/mount/handles.h"
#include "fs/mount/mount.h"

/* Whether these flags of an open write or truncate. */
bool open_writes(const struct fuse_file_info *file);

/* Opens a file whose bytes are here, or in a working copy, and answers the request; -EAGAIN and other errnos: not
 * answered. On any thread, with its view. */
int open_reply(fuse_req_t req, fuse_ino_t ino, struct view *view, struct fuse_file_info *file);
/* ... with a handle that was made before. */
void open_reply_handle(fuse_req_t req, struct view *view, struct handle *handle, struct fuse_file_info *file);
/* ... with none, for an operation of our own: nothing is read through it. */
void open_reply_none(fuse_req_t req, struct fuse_file_info *file);

/* The bytes of a handle as they are now, unless there is a working copy: 0, or -EAGAIN when they are not here (any
 * more). On the dispatcher, under the lock of the handles. */
int open_renew(struct mount *mount, struct handle *handle);
/* The bytes of some file were replaced: open ones look before they read again. From any thread, after commit and before
 * the kernel's copy is invalidated. */
void opens_changed(struct mount *mount);

/* The handle is closed; with the last one that writes, what was written is complete. */
void open_end(struct mount *mount, struct view *view, struct handle *handle);

#endif
