/* Tells the kernel what is stale. Changes come by values from the thread that committed them; one thread of
 * our own passes them on, holding nothing, for the kernel may wait there for an operation that the
 * dispatcher has yet to answer. */
#ifndef FS_MOUNT_NOTIFY_H
#define FS_MOUNT_NOTIFY_H

#include "fs/mount/mount.h"

/* What changed is invalidated as one, each thing once; then each change is told by itself to watchers (tell.h), in
 * order, as long as no more than LIMIT_EVENTS_WAITING wait. */
struct notifier *notifier_new(struct mount *mount);
/* Listeners of the replica: take copies and return at once. */
void notifier_listen(void *ctx, const struct change *changes, size_t count);
/* The bytes of an inode that the kernel holds are nobody's any more. From any thread. */
void notifier_stale(struct notifier *notifier, uint64_t ino);
void notifier_state(void *ctx, enum replica_state state, const char *reason);
/* Begins to notify: after INIT, with the mount's session and events file made. Until then changes are forgotten, for
 * the kernel holds nothing. */
void notifier_start(struct notifier *notifier);
/* Waits until all that has changed so far is passed on, LIMIT_SETTLE_MS at most. From any thread that the notifier does
 * not wait for. */
void notifier_settle(struct notifier *notifier);
/* Ends the thread, before the session ends; what is waiting is dropped. */
void notifier_stop(struct notifier *notifier);
void notifier_free(struct notifier *notifier);

#endif
