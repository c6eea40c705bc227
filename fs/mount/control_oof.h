/* .easfs/oof: out of office as text (fs/oof_text.h). Reading it asks the server, writing it sets it when the handle is
 * flushed, both on a thread of its own. Text that is not taken fails the flush: EINVAL where it is not understood, EIO
 * refused, ETIMEDOUT when nobody answers; the next reading begins with a line "# not taken: REASON". Called by
 * control.c for this file alone; all but new and free are the dispatcher's. */
#ifndef FS_MOUNT_CONTROL_OOF_H
#define FS_MOUNT_CONTROL_OOF_H

#include "fs/mount/mount.h"

struct oof_file;

struct oof_file *oof_file_new(struct mount *mount);
void oof_file_free(struct oof_file *file); /* waits for its thread: after replica_stop */

/* As far as is known without asking. */
size_t oof_file_size(const struct oof_file *file);

void oof_file_open(struct oof_file *file, fuse_req_t req, const struct fuse_file_info *info);
void oof_file_read(struct oof_file *file, fuse_req_t req, size_t size, off_t offset,
                   const struct fuse_file_info *info); /* info->fh 0: a mount without opens */
void oof_file_write(struct oof_file *file, fuse_req_t req, const char *bytes, size_t size, off_t offset,
                    const struct fuse_file_info *info);
/* 0, or an errno: the size a handle's text gets; info NULL: without effect. */
int oof_file_resize(const struct fuse_file_info *info, off_t size);
void oof_file_flush(struct oof_file *file, fuse_req_t req, const struct fuse_file_info *info);
void oof_file_release(const struct fuse_file_info *info);

#endif
