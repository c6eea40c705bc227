/* A view's attributes as the kernel wants them. */
#ifndef FS_MOUNT_NODES_H
#define FS_MOUNT_NODES_H

#include "cache/view.h"
#include "fs/mount/mount.h"

void node_stat(const struct mount *mount, const struct view_attr *attr, struct stat *st);
/* Seconds the kernel may keep attributes: long, for notifications keep them true; none while the size is a guess. */
double node_attr_timeout(const struct view_attr *attr);
void node_entry(const struct mount *mount, const struct view_attr *attr, struct fuse_entry_param *entry);
/* Whether the mount shows it: without opens nothing can be fetched, so only what is local. */
bool node_visible(const struct mount *mount, const struct view_attr *attr);

/* How long names and attributes are kept by the kernel, in seconds: not for ever, so that a lost notification heals. */
#define NODE_TIMEOUT_S 3600.0

#endif
