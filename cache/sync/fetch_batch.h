/* One ItemOperations exchange: bodies streamed into the store. */
#ifndef CACHE_SYNC_FETCH_BATCH_H
#define CACHE_SYNC_FETCH_BATCH_H

#include "cache/server/session.h"
#include "cache/store/store.h"
#include "cache/sync/trust.h"
#include "codec/files/files.h"

enum batch_fate {
    BATCH_UNANSWERED, /* the exchange ended before it, or passed over it */
    BATCH_FETCHED,    /* its body is in the store */
    BATCH_REFUSED,    /* why says so, retry whether it may pass */
    BATCH_GONE,       /* the store no longer has the item */
};

struct batch_item {
    struct item *item;   /* borrowed */
    char *collection_id; /* its folder's ServerId; the caller's */
    enum batch_fate fate;
    bool retry;
    char *why;
    /* the batch's own */
    int64_t body, size;
};

/* Fetches the items (1 to LIMIT_FETCHES) and commits what came, whatever became of the rest. *bytes, if
 * not NULL, counts as they arrive. The result is the exchange's. */
struct eas_result batch_fetch(struct store *store, struct link *link, struct body_trust *trust,
                              const struct file_context *context, struct batch_item *items, size_t count, gint *bytes);

#endif
