/* Queries and their answers, by inode: which directories of answers there are, and what is in them. From any thread. */
#ifndef FS_MOUNT_QUERY_H
#define FS_MOUNT_QUERY_H

#include <sys/stat.h>

#include "cache/directory.h"
#include "cache/store/store.h"

/* Inodes that no row of the store ever reaches: a block a query, its first the directory, then the files. */
#define QUERY_INODES (1ULL << 61)
enum { QUERY_BLOCK = 256 };

struct queries;
struct queries *queries_new(struct replica *replica);
void queries_free(struct queries *queries);

/* The directory of a query; of a text that can be none (CONTRACT 1: percent-decoded UTF-8 of 2 to 200 bytes without a
 * leading dot) 0. */
uint64_t queries_name(struct queries *queries, enum store_place place, const char *name);

/* Asks the server unless its answer is young enough; blocks. 0 or a negative errno. */
int queries_ask(struct queries *queries, uint64_t dir);

/* What a file of an answer is. -ESTALE: nobody knows this inode any more. */
struct query_file {
    uint64_t ino;
    char *name;
    char *target;    /* of a link; NULL for a file */
    GBytes *bytes;   /* of a file, or NULL as long as it is not here */
    int64_t time_ns; /* of the answer */
};
void query_file_clear(struct query_file *file);
int queries_file(struct queries *queries, uint64_t ino, struct query_file *file);
int queries_find(struct queries *queries, uint64_t dir, const char *name, struct query_file *file);
/* The file number index of a directory, from 0; -ENOENT after the last. */
int queries_at(struct queries *queries, uint64_t dir, size_t index, struct query_file *file);
/* Brings the bytes of a message outside the replica; blocks. */
int queries_fetch(struct queries *queries, uint64_t ino);

static inline bool query_is_dir(uint64_t ino)
{
    return (ino - QUERY_INODES) % QUERY_BLOCK == 0;
}

#endif
