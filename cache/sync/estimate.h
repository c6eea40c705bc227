/* What GetItemEstimate says behind a silence. An empty answer reads as "no change", also where the server choked on
 * an item or never knew the folder (NOTES section 18). */
#ifndef CACHE_SYNC_ESTIMATE_H
#define CACHE_SYNC_ESTIMATE_H

#include "cache/sync/engine.h"

/* How many changes wait in a collection; -1 where the server does not say. Some count one too many, so
 * a figure above 0 is a reason to look, never a proof. */
long long estimate_ask(struct sync_engine *engine, struct collection *collection);
/* The same of count collections, in as few questions as the protocol allows. */
void estimate_all(struct sync_engine *engine, struct collection *const *collections, size_t count,
                  long long *estimates);

#endif
