/* One pass of the sync worker: the folders where they are due, then the items, then what the user changed. */
#ifndef CACHE_SYNC_PASS_H
#define CACHE_SYNC_PASS_H

#include "cache/sync/engine.h"

struct sync_scope {
    bool full;         /* everything again, from key 0 */
    bool folders;      /* the list of folders, due or not */
    bool folders_anew; /* ... from key 0 */
    GHashTable *only;  /* ServerIds (char *, as a set) of the settled collections to ask; NULL: all */
};

/* Whether such a pass would ask nothing. */
bool sync_is_idle(struct sync_engine *engine, const struct sync_scope *scope);
/* SERVED when all that was asked came; the engine's stirred and tree_stirred then tell what was new. */
struct eas_result sync_pass(struct sync_engine *engine, const struct sync_scope *scope);

#endif
