/* Tells the kernel what is stale. Changes come by values from the thread that committed them; one thread of
 * our own passes them on, holding nothing, for the kernel may wait there for an operation that the
 * dispatcher has yet to answer. */
#ifndef FS_MOUNT_NOTIFY_H
#define FS_MOUNT_NOTIFY_H

#include "fs/mount/mount.h"

/* counters: where each notification is counted. */
struct notifier *notifier_new(struct counters *counters);
/* A listener of the replica (replica_listen): takes copies and returns at once. */
void notifier_listen(void *ctx, const struct change *changes, size_t count);
/* Begins to notify: after INIT. Until then changes are forgotten, for the kernel holds nothing. */
void notifier_start(struct notifier *notifier, struct fuse_session *session);
/* Ends the thread, before the session ends; what is waiting is dropped. */
void notifier_stop(struct notifier *notifier);
void notifier_free(struct notifier *notifier);

#endif
