/* Requests that need a body which is not local: they wait here, not in the dispatcher, until a
 * fetch worker has it; the reply goes out from that worker's thread. */
#ifndef FS_MOUNT_PARK_H
#define FS_MOUNT_PARK_H

#include "fs/mount/mount.h"

/* NULL when the store cannot be read. */
struct park *park_new(struct mount *mount);
void park_free(struct park *park); /* after replica_stop, which answers all who are parked */

/* Called by the dispatcher; each answers the request in the end: ETIMEDOUT after LIMIT_CONTENT_MS, EINTR when the
 * kernel interrupts it. */
void park_open(struct park *park, fuse_req_t req, fuse_ino_t ino, const struct fuse_file_info *file);
void park_read(struct park *park, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset);
/* A truncation by name to a size above 0. */
void park_truncate(struct park *park, fuse_req_t req, fuse_ino_t ino, int64_t size);

#endif
