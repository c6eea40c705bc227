/* What is written goes to the store (CONTRACT 5): when it is judged, whom its verdict concerns, and what becomes of the
 * working copy then. */
#ifndef FS_MOUNT_SAVING_H
#define FS_MOUNT_SAVING_H

#include "fs/mount/handles.h"
#include "fs/mount/mount.h"

/* FLUSH and FSYNC of a handle: answers the request, at once or when the store is done. */
void save_handle(struct mount *mount, fuse_req_t req, struct handle *handle);
/* The last handle that wrote an inode is gone. file: with a reference, which it takes. */
void save_complete(struct mount *mount, struct open_file *file);
/* What no handle will close: truncation by name; answers the request with attr. As save_complete. */
void save_truncated(struct mount *mount, fuse_req_t req, struct open_file *file, const struct view_attr *attr);
/* Before a name of an inode moves: the store has to have its bytes. Nobody waits. */
void save_early(struct mount *mount, uint64_t ino);
/* Everything that is still being written: after the session has ended, when no RELEASE will come any more. */
void save_all(struct mount *mount);

#endif
