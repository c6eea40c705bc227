/* .easfs/errors (CONTRACT 6): what went wrong since the mount, a JSON object a line. In memory: that the disk is full
 * is told there too. */
#ifndef FS_MOUNT_ERRORS_H
#define FS_MOUNT_ERRORS_H

#include "cache/replica.h"
#include "fs/mount/lines.h"

struct errors;

/* Begins with what is wrong already, and listens to the replica from here on. NULL when it cannot be made (errno). */
struct errors *errors_new(struct replica *replica);
/* When nobody works at the replica any more. */
void errors_free(struct errors *errors);

/* What was written is gone, and from now on nothing is: no name outlives a wipe. */
void errors_forget(struct errors *errors);

const struct lines *errors_lines(const struct errors *errors);

#endif
