/* What stands in Global Address List and Search: a directory for each query, which exists as soon as it is named, and
 * in it the server's answer. The question is asked on a worker's thread when something inside is listed or looked up,
 * and its answer is kept LIMIT_QUERY_KEEP_MS (CONTRACT 1). People are vCards, messages are links to where the replica
 * has them, or files.
 *
 * Each function but the first two returns whether the request was for such a directory, and then answers it, at once or
 * when the server has. From the dispatcher. */
#ifndef FS_MOUNT_ANSWERS_H
#define FS_MOUNT_ANSWERS_H

#include "fs/mount/mount.h"

struct answers;
struct answers *answers_new(struct mount *mount);
void answers_free(struct answers *answers); /* after replica_stop: waits for the workers */
bool answers_is(fuse_ino_t ino);

bool answers_lookup(struct answers *answers, fuse_req_t req, fuse_ino_t parent, const char *name);
bool answers_getattr(struct answers *answers, fuse_req_t req, fuse_ino_t ino);
bool answers_readdir(struct answers *answers, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, bool plus);
bool answers_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
bool answers_readlink(struct answers *answers, fuse_req_t req, fuse_ino_t ino);
bool answers_open(struct answers *answers, fuse_req_t req, fuse_ino_t ino, const struct fuse_file_info *file);
bool answers_read(struct answers *answers, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                  const struct fuse_file_info *file);
bool answers_release(fuse_ino_t ino, const struct fuse_file_info *file);

#endif
