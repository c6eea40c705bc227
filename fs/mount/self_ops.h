/* The daemon's own operations on its own mount: what the server changed is done once more through the kernel, which
 * then tells it to inotify (no notification of FUSE does). One thread performs them, one at a time, each with a
 * deadline; it holds nothing of the mount between them, and before each looks whether the mount point still is this
 * mount: after a lazy unmount the same path is somebody's disk. */
#ifndef FS_MOUNT_SELF_OPS_H
#define FS_MOUNT_SELF_OPS_H

#include "fs/mount/expected.h"

struct self_ops;

/* Starts the thread: after INIT. expected (taken): where each operation is announced to the handlers. state_dir: by
 * which the mount is known to be this one. */
struct self_ops *self_ops_new(struct expected *expected, const char *mountpoint, const char *state_dir);
/* No operation begins any more, and none runs when it returns, unless the kernel holds one for longer than its
 * deadline. From any thread but the dispatcher, while it still serves. */
void self_ops_pause(struct self_ops *self_ops, bool pause);
void self_ops_free(struct self_ops *self_ops); /* once the session has ended */

/* Performs a change and waits for its end; takes op. 0, or a negative errno: then watchers were not told and the
 * kernel may hold what is stale; -ESTALE: it holds another file under a name on the way. From one thread. */
int self_ops_perform(struct self_ops *self_ops, struct self_op *op);

/* Why none is performed, or NULL while they are: the mount point is lost, for good, or one hangs, until it ends. */
const char *self_ops_fault(struct self_ops *self_ops);

#endif
