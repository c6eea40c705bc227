/* The bytes of files, read and written whole, on the sync worker's thread. */
#ifndef CACHE_SYNC_FILE_BYTES_H
#define CACHE_SYNC_FILE_BYTES_H

#include "cache/sync/engine.h"
#include "codec/files/files.h"

/* NULL: not there, or not local, with *error 0; or they cannot be read, which is not the same: what they say is still
 * meant. Then *error is a negative errno. */
GBytes *file_bytes(struct sync_engine *engine, int64_t ino, int *error);
/* A body that the next transaction can take. 0 or a negative errno. */
int body_write(struct store *store, GBytes *bytes, int64_t *body);
/* How files of this account are written and read. uid: for items without one of their own, or NULL. */
struct file_context file_context_of(struct sync_engine *engine, const char *uid);

#endif
