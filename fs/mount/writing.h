/* The first write of an inode makes its working copy, every other goes there. Under the lock of the handles. Functions
 * return 0 or a negative errno. */
#ifndef FS_MOUNT_WRITING_H
#define FS_MOUNT_WRITING_H

#include "fs/mount/handles.h"
#include "fs/mount/mount.h"

/* Bytes through a handle; with append at the end, wherever the kernel believed that to be. */
int writing_bytes(struct mount *mount, struct view *view, struct handle *handle, const char *bytes, size_t size,
                  int64_t offset, bool append);
/* The file gets this size. handle: through which, NULL: by name. -EAGAIN: its bytes are not local, fetch them first. */
int writing_size(struct mount *mount, struct view *view, struct open_file *file, struct handle *handle, int64_t size);

#endif
