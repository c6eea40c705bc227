#include "cache/sync/engine.h"

#include <errno.h>
#include <string.h>

#include "cache/upload/upload.h"
#include "codec/limits.h"

/* Errors of whole folders outlive the process; which folders bear one is learnt here. */
static void learn_ailing(struct sync_engine *engine)
{
    g_autoptr(GArray) errors = store_errors(engine->store);

    for (guint i = 0; errors && i < errors->len; i++) {
        const struct store_error *error = &g_array_index(errors, struct store_error, i);

        if (!*error->server_id)
            g_hash_table_add(engine->ailing, g_memdup2(&error->collection_id, sizeof error->collection_id));
    }
}

void sync_engine_init(struct sync_engine *engine)
{
    engine->limit = LIMIT_COLLECTIONS;
    engine->ailing = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    engine->keyless = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    engine->begun_anew = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    engine->questions = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    engine->stirred = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    engine->address = store_get(engine->store, "address");
    learn_ailing(engine);
}

void sync_engine_clear(struct sync_engine *engine)
{
    upload_clear(engine);
    g_clear_pointer(&engine->policy, g_free);
    g_clear_pointer(&engine->ailing, g_hash_table_unref);
    g_clear_pointer(&engine->keyless, g_hash_table_unref);
    g_clear_pointer(&engine->begun_anew, g_hash_table_unref);
    g_clear_pointer(&engine->questions, g_hash_table_unref);
    g_clear_pointer(&engine->stirred, g_hash_table_unref);
    g_clear_pointer(&engine->address, g_free);
}

void question_put(struct sync_engine *engine, const struct collection *collection)
{
    gpointer times = GINT_TO_POINTER(1); /* before this run */

    g_hash_table_lookup_extended(engine->questions, &collection->id, NULL, &times);
    g_hash_table_insert(engine->questions, g_memdup2(&collection->id, sizeof collection->id),
                        GINT_TO_POINTER(MIN(GPOINTER_TO_INT(times), 1) + 1));
}

bool question_taken(struct sync_engine *engine, const struct collection *collection)
{
    bool repeated = GPOINTER_TO_INT(g_hash_table_lookup(engine->questions, &collection->id)) > 1;

    g_hash_table_insert(engine->questions, g_memdup2(&collection->id, sizeof collection->id), GINT_TO_POINTER(0));
    return repeated;
}

void folder_fail(struct sync_engine *engine, const struct collection *collection, const char *text)
{
    store_error_set(engine->store, collection->id, "", text);
    g_hash_table_add(engine->ailing, g_memdup2(&collection->id, sizeof collection->id));
}

void folder_heal(struct sync_engine *engine, const struct collection *collection)
{
    if (g_hash_table_remove(engine->ailing, &collection->id))
        store_error_set(engine->store, collection->id, "", NULL);
}

struct eas_result store_result(int error)
{
    if (error >= 0)
        return eas_served();
    return eas_refused(EAS_SCOPE_FATAL, 74, "unable to write the local store: %s", g_strerror(-error));
}
