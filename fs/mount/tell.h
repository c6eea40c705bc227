/* Tells one change to whoever watches: a line in the events file and, through the daemon's own operation, inotify. On
 * the notifier's thread alone. */
#ifndef FS_MOUNT_TELL_H
#define FS_MOUNT_TELL_H

#include "fs/mount/mount.h"

struct teller;

/* Of a mount that has its events file, and its self_ops or none. NULL when the store cannot be read. */
struct teller *teller_new(struct mount *mount);
void teller_free(struct teller *teller);

/* A change that was committed at time_ns; they come in the order of their commits. */
void teller_change(struct teller *teller, const struct change *change, int64_t time_ns);
/* Changes were left out: what is known of directories is read anew. */
void teller_overflow(struct teller *teller, int64_t time_ns);
void teller_state(struct teller *teller, const char *state, const char *reason, int64_t time_ns);

/* A name that is gone: of a file that is deleted, or (ino 0) moved away. */
void notify_gone(struct mount *mount, uint64_t parent, uint64_t ino, const char *name);

#endif
