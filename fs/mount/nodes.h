/* A view's attributes as the kernel wants them. */
#ifndef FS_MOUNT_NODES_H
#define FS_MOUNT_NODES_H

#include "cache/view.h"
#include "fs/mount/mount.h"

void node_stat(const struct mount *mount, const struct view_attr *attr, struct stat *st);
/* Seconds the kernel may keep attributes: long, for notifications keep them true; none while the size is a guess. */
double node_attr_timeout(const struct view_attr *attr);
void node_entry(const struct mount *mount, const struct view_attr *attr, struct fuse_entry_param *entry);
/* An entry for an operation of our own: of an inode that may be elsewhere by now, or gone; then the kernel keeps
 * nothing. */
void node_expected(struct mount *mount, uint64_t parent, const char *name, uint64_t ino, bool directory,
                   struct fuse_entry_param *entry);
/* What the store has removed, and a file that is open or an operation of our own still needs. */
struct view_attr node_removed(const struct mount *mount, uint64_t ino, bool directory);
/* Whether it is the daemon's own: a control file, or part of an answer. Nobody changes it. */
bool node_is_ours(fuse_ino_t ino);
/* Whether the mount shows it: without opens nothing can be fetched, so only what is local. */
bool node_visible(const struct mount *mount, const struct view_attr *attr);

/* How long names and attributes are kept by the kernel, in seconds: not for ever, so that a lost notification heals. */
#define NODE_TIMEOUT_S 3600.0

#endif
