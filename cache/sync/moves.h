/* Items that move between folders on the server: to the protocol a Delete here and an Add there. Where one answer
 * tells both, the file keeps its inode, its name and its bytes. */
#ifndef CACHE_SYNC_MOVES_H
#define CACHE_SYNC_MOVES_H

#include "cache/sync/gather.h"

/* A pass over some collections may hear of one half of a move alone. Where an answer takes mail away, the mail folders
 * that were not asked are asked too; where it brings what another folder holds, that one is. Their answers join the
 * exchange, and they join the asked. */
void moves_look_around(struct sync_engine *engine, GPtrArray *asked, struct exchange *exchange);

/* Notes in the engine which held items an answer takes away, if it brings any elsewhere; and puts those of the asked
 * (of struct collection *) that lose something behind the others, so that an item is found before it is removed. */
void moves_begin(struct sync_engine *engine, GPtrArray *asked, const struct exchange *exchange);
void moves_end(struct sync_engine *engine);

/* The held item that an Add in this collection stands for, known by its stamp (not 0) and, where it has one, its uid;
 * it is taken once. False: none. */
bool moves_take(struct sync_engine *engine, const struct collection *collection, const char *uid, uint64_t stamp,
                struct item *item);

#endif
