#ifndef CACHE_SYNC_POISON_H
#define CACHE_SYNC_POISON_H

#include "cache/sync/engine.h"

/* What to do about a refusal that concerns this collection: true to ask the same again; else it was
 * marked for a resync, or the tree for a FolderSync, or the folder bears an error. *result is the store's. */
bool collection_refused(struct sync_engine *engine, struct collection *collection, const struct eas_result *refusal,
                        int *retries, struct eas_result *result);

/* The collection is at its end: nothing more came, and nothing is said to wait. surely: the server said so itself,
 * so that in a resync what was not seen is gone. */
struct eas_result collection_end(struct sync_engine *engine, struct collection *collection, bool surely);

/* Whether a refusal at the top of an answer may be one collection's fault. */
bool refusal_is_of_a_folder(const struct eas_result *refusal);

#endif
