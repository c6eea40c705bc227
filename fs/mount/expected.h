/* The operation that the daemon performs on its own mount at this moment, so that the handlers know it when the kernel
 * asks: by its values and by who asks, for a user may do the very same at the very moment, and means it. What it does
 * is committed in the store already, so a handler has only to agree. From any thread; one operation at a time. */
#ifndef FS_MOUNT_EXPECTED_H
#define FS_MOUNT_EXPECTED_H

#include <glib.h>
#include <sys/types.h>

#include "cache/change.h"

/* A change as an operation. The ways (of struct folder_step) lead to the directories that the names stand in. */
struct self_op {
    enum change_kind kind; /* CREATE, BYTES, MOVE or DELETE */
    bool directory;
    uint64_t ino, parent, old_parent;
    char *name, *old_name;
    GArray *way, *old_way; /* old_way: for a move, else NULL */
};
void self_op_free(struct self_op *op);

struct expected;
struct expected *expected_new(void);
void expected_free(struct expected *expected);

/* Expects op from now on until expected_disarm; a reference, not a copy. asker: the thread that performs it, as the
 * kernel names it. */
void expected_arm(struct expected *expected, const struct self_op *op, pid_t asker);
void expected_disarm(struct expected *expected);

/* What a look-up by asker finds. The store is ahead of the operation, and whoever performs it must find the tree
 * as it was before: what is to be removed is there, what is to be made is not. Everyone else sees the store. */
enum expected_look { LOOK_STORE, LOOK_ABSENT, LOOK_PRESENT };
enum expected_look expected_lookup(struct expected *expected, pid_t asker, uint64_t parent, const char *name,
                                   uint64_t *ino, bool *directory);

/* Whether asker is on its way through this inode: then it is there, although the store may have removed it. */
bool expected_getattr(struct expected *expected, pid_t asker, uint64_t ino, bool *directory);

/* Whether this is the operation that is expected, asked by who performs it; then it is not expected again. */
bool expected_create(struct expected *expected, pid_t asker, uint64_t parent, const char *name, bool directory,
                     uint64_t *ino);
bool expected_remove(struct expected *expected, pid_t asker, uint64_t parent, const char *name, bool directory);
bool expected_rename(struct expected *expected, pid_t asker, uint64_t old_parent, const char *old_name, uint64_t parent,
                     const char *name);
/* A change of bytes is an open for writing, then a truncation to the size that is said between them. */
bool expected_open(struct expected *expected, pid_t asker, uint64_t ino);
void expected_size(struct expected *expected, int64_t size);
bool expected_truncate(struct expected *expected, pid_t asker, uint64_t ino, int64_t size);

#endif
