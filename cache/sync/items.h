/* What the server says of items, made into rows of the store. */
#ifndef CACHE_SYNC_ITEMS_H
#define CACHE_SYNC_ITEMS_H

#include "cache/sync/gather.h"

/* Stores what an answer says of a collection: items, key and state in one transaction, bodies flushed
 * before it. collection is brought up to date. *progress: how many commands told something new; 1 also
 * where a lost answer may have come again with nothing left in it but a new key. Ends a resync when nothing more is
 * announced. 0 or the store's negative errno. */
int harvest_store(struct sync_engine *engine, struct collection *collection, const struct harvest *harvest,
                  long *progress);

#endif
