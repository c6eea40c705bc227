/* A layer between SQLite and its files that keeps every page sealed, in the database and in its log. Each page of 4096
 * bytes ends with CIPHER_PAGE_RESERVE bytes that SQLite leaves alone: the nonce and the tag. */
#ifndef CACHE_STORE_CIPHER_VFS_H
#define CACHE_STORE_CIPHER_VFS_H

#include "cache/store/cipher.h"

enum { CIPHER_PAGE_RESERVE = 32 };

struct cipher_vfs;
/* Registered with SQLite under a name of its own; cipher is borrowed. NULL when SQLite refuses. */
struct cipher_vfs *cipher_vfs_new(const struct cipher *cipher);
const char *cipher_vfs_name(const struct cipher_vfs *vfs);
void cipher_vfs_free(struct cipher_vfs *vfs); /* when no connection uses it any more; takes NULL */

#endif
