/* Up: what the journal holds goes to the server, on the sync worker's thread, between its questions. A pass of the
 * worker is: settle what was on its way when an answer was lost; ask; send what is due; ask again where something was
 * sent.
 *
 * Asked first, because not every server finds out by itself that both sides changed an item: what came in the meantime
 * is merged here, before anything is sent (prepare.c).
 *
 * A lost answer: every row was durable as SENT, with its ClientId, before the first byte went out. What is idempotent
 * (changes, deletions, flags) is compared with what the server has now, and sent again where it differs. An Add is not:
 * Exchange recognises a repeated SyncKey and ClientId (MS-ASCMD 3.1.5.9), but others add twice, and one of them
 * keeps the old key besides, so that a question with it tells nothing of the new item. What is right with all of them
 * is to read such a folder anew (resync) and to know the item again in what comes: by UID, by content, by title; only
 * what is not there is sent again, with the ClientId it had. A move is looked for where it went, a sent message in Sent
 * Items, an answer to a meeting that the server mails in its event. */
#ifndef CACHE_UPLOAD_UPLOAD_H
#define CACHE_UPLOAD_UPLOAD_H

#include "cache/sync/engine.h"

/* Whether rows are due, or something that was sent is yet to be looked for. */
bool upload_is_due(struct sync_engine *engine);
/* When that will next be so: monotonic time, now or earlier: it is; G_MAXINT64: never. */
gint64 upload_next(struct sync_engine *engine);

/* Before anything is asked: what no answer came to is put up for comparison. Collections that have to be asked
 * before anything is sent are added to only (ServerIds, as a set; NULL: all are asked anyway). 0 or a negative errno.
 */
int upload_prepare(struct sync_engine *engine, GHashTable *only);

/* After that was asked: sends what is due. touched: the ServerIds of the collections to be asked again, as a set; empty
 * where nothing was sent. first: of this pass; what is written after that gathers for the next one. The result is the account's; troubles of items and folders stay with them. */
struct eas_result upload_send(struct sync_engine *engine, GHashTable *touched, bool first);

void upload_clear(struct sync_engine *engine); /* what the engine keeps of it */

/* ---- for what comes down (cache/sync/items.c, plan.c) ---- */

/* An unknown item has come: if it is one of ours, of which no answer said so, its file gets it. True: *item is that
 * item. Within a transaction or outside; *error is the store's. */
bool upload_recognise(struct sync_engine *engine, const struct collection *collection, const char *server_id,
                      const struct eas_node *data, struct item *item, int *error);

/* The server says that an item is gone: where a deletion of ours did that, to which no answer came, whoever has to hear
 * of it is told. Within the transaction that removes it, before. 0 or a negative errno. */
int upload_gone(struct sync_engine *engine, const struct item *item);

#endif
