/* .easfs: files that the daemon writes about itself. Not listed in the root, reached by name. What
 * they say is asked of the replica by a worker, not by the dispatcher, and is exact when it is read:
 * an open takes a copy; without opens the copy is renewed by each look at its size.
 *
 * Each function but the first three returns whether the request was for .easfs, and then answers it. */
#ifndef FS_MOUNT_CONTROL_H
#define FS_MOUNT_CONTROL_H

#include "fs/mount/mount.h"

/* Below the mount: holds the path of the state directory, by which the verbs find the daemon. */
#define CONTROL_STATE_DIR ".easfs/state-dir"

struct control *control_new(struct mount *mount);
void control_free(struct control *control); /* waits for the worker */
bool control_is(fuse_ino_t ino);

bool control_lookup(struct control *control, fuse_req_t req, fuse_ino_t parent, const char *name);
bool control_getattr(struct control *control, fuse_req_t req, fuse_ino_t ino);
bool control_readdir(struct control *control, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, bool plus);
bool control_open(struct control *control, fuse_req_t req, fuse_ino_t ino, const struct fuse_file_info *file);
bool control_read(struct control *control, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                  const struct fuse_file_info *file);
/* What is written: oof alone. */
bool control_write(struct control *control, fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size,
                   off_t offset, const struct fuse_file_info *file);
bool control_flush(struct control *control, fuse_req_t req, fuse_ino_t ino, const struct fuse_file_info *file);
bool control_setattr(struct control *control, fuse_req_t req, fuse_ino_t ino, const struct stat *st, int which,
                     const struct fuse_file_info *file);
bool control_release(struct control *control, fuse_ino_t ino, const struct fuse_file_info *file);

#endif
