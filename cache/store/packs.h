/* The packs of bodies as bodies.c, body_writer.c and reclaim.c share them. A pack is a file of
 * bodies one after the other, STATE/bodies/NNNNNN.pack. Whoever writes a body has one pack's tail to
 * himself, so several may stream at once; a pack past LIMIT_PACK_BYTES gets no further body. */
#ifndef CACHE_STORE_PACKS_H
#define CACHE_STORE_PACKS_H

#include "cache/store/store_state.h"

struct pack {
    int64_t id;
    int fd;
    int64_t tail;      /* where the next body begins */
    int64_t started;   /* up to here the disk was told to write */
    int64_t committed; /* end of the last body that a commit made a row */
    bool busy;         /* someone writes at the tail */
    bool dirty;        /* written to since the last flush */
    bool gone;         /* its file is unlinked; readers may still hold it */
    char *buffer;      /* LIMIT_PACK_BUFFER bytes while it is in use for writing, else NULL */
};

struct bodies {
    GMutex flushing; /* held by whoever waits for the disk; before lock */
    GMutex lock;
    GHashTable *packs;   /* by id: struct pack */
    GHashTable *pending; /* by body id: struct body_place, written and not yet a row */
    GHashTable *holds;   /* by body id: how many readers */
    int64_t next_body, next_pack;
};

struct pack_delta {
    int64_t committed, live;
};

struct pack *pack_find(struct bodies *bodies, int64_t id);                 /* locked; NULL */
struct pack *pack_add(struct store *store, int64_t id, int64_t committed); /* locked; opens its file; NULL with errno */
char *pack_path(const struct store *store, int64_t id);
struct pack_delta *pack_delta(struct store *store, int64_t id);
/* All of size bytes at offset: 0 or a negative errno. */
int pack_write(int fd, const void *bytes, size_t size, int64_t offset);

#endif
