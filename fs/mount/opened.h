/* The files that are open, by inode: what the server removes stays readable until it is closed, and has a size. From
 * any thread. */
#ifndef FS_MOUNT_OPENED_H
#define FS_MOUNT_OPENED_H

#include <stdbool.h>
#include <stdint.h>

struct opened;

struct opened *opened_new(void);
void opened_free(struct opened *opened);
void opened_add(struct opened *opened, uint64_t ino, int64_t size);
void opened_remove(struct opened *opened, uint64_t ino); /* once for each opened_add */
/* The size that the last of them has; false when none is open. */
bool opened_size(struct opened *opened, uint64_t ino, int64_t *size);

#endif
