#include <errno.h>

#include "cache/sync/engine.h"

int resync_start(struct sync_engine *engine, struct collection *collection)
{
    int error = store_begin(engine->store);

    if (error)
        return error;
    g_free(collection->sync_key);
    collection->sync_key = g_strdup("0");
    collection->more = false;
    collection->resync = true;
    error = store_resync_begin(engine->store, collection->id);
    if (!error)
        error = store_collection_state(engine->store, collection);
    if (!error)
        return store_commit(engine->store);
    store_rollback(engine->store);
    return error;
}

/* The stamp says more than a Message-ID, which two copies of one message share. */
int resync_match(struct sync_engine *engine, const struct collection *collection, const char *uid, uint64_t stamp,
                 struct item *item)
{
    int error = -ENOENT;

    if (collection->class != EAS_MAIL && *uid)
        error = store_item_match(engine->store, collection->id, uid, 0, item);
    if (error == -ENOENT && stamp)
        error = store_item_match(engine->store, collection->id, "", stamp, item);
    if (error == -ENOENT && stamp)
        error = store_item_match(engine->store, collection->id, "", stamp & ~(uint64_t)STAMP_TOLD, item);
    if (error == -ENOENT && *uid)
        error = store_item_match(engine->store, collection->id, uid, 0, item);
    return error;
}
