/* Items that the server has no more, and bodies that are here no more. */
#include "cache/store/store_state.h"

#include <errno.h>

/* certain: whatever the journal says of it. */
static int remove_one(struct store *store, int64_t item_id, bool certain)
{
    struct item_row row = {0};
    int error = item_row_get(store, item_id, &row), kept;

    if (error)
        return error;
    if ((kept = journal_item_gone(store, &row, certain))) {
        item_row_clear(&row);
        return MIN(kept, 0);
    }
    if (!(error = body_bury(store, row.item.body)) &&
        !(error = sql_run(&store->writer, SQL_ATTRIBUTE_DROP, "i", row.item.ino)) &&
        !(error = sql_run(&store->writer, SQL_ITEM_REMOVE, "i", item_id)) &&
        !(error = sql_run(&store->writer, SQL_FILE_REMOVE, "i", row.item.ino)) &&
        !(error = sql_run(&store->writer, SQL_ERROR_UNSET, "is", row.item.collection_id, row.item.server_id)) &&
        !(error = item_count(store, &row.item, -1)) && row.parent != store->places[PLACE_GRAVES]) {
        changes_note(store, CHANGE_DELETE, false, row.item.ino, row.parent, row.name, 0, NULL);
        changes_touch(store, row.parent);
    }
    item_row_clear(&row);
    return error;
}

int store_item_remove(struct store *store, int64_t item_id)
{
    if (!store_in_transaction(store))
        return -EINVAL;
    int error = remove_one(store, item_id, false);

    return error && error != -ENOENT ? store_fail(store, error) : error;
}

static int gather(struct store *store, sqlite3_stmt *statement, GArray *ids)
{
    int row;

    g_array_set_size(ids, 0);
    while ((row = sql_step(&store->writer, statement)) > 0) {
        int64_t id = sqlite3_column_int64(statement, 0);

        g_array_append_val(ids, id);
    }
    return row;
}

/* Some hundred at a time, so that a large folder is never listed as a whole. */
int items_remove_all(struct store *store, int64_t collection_id)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int error;

    do {
        error = gather(store, sql_bind(&store->writer, SQL_ITEM_OF_COLLECTION, "i", collection_id), ids);
        for (guint i = 0; i < ids->len && !error; i++)
            error = remove_one(store, g_array_index(ids, int64_t, i), true);
    } while (!error && ids->len);
    return error;
}

static int remove_unseen(struct store *store, int64_t item_id)
{
    struct item_row row = {0};
    int error = item_row_get(store, item_id, &row), kept = error ? 0 : journal_item_unseen(store, &row);

    item_row_clear(&row);
    if (error || kept)
        return error ? error : MIN(kept, 0);
    return remove_one(store, item_id, false);
}

int store_resync_end(struct store *store, int64_t collection_id)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct home home;
    int error;

    if (!store_in_transaction(store))
        return -EINVAL;
    if ((error = collection_home(store, collection_id, &home)))
        return error;
    error = gather(store, sql_bind(&store->writer, SQL_ITEM_UNSEEN, "ii", collection_id, home.generation), ids);
    for (guint i = 0; i < ids->len && !error; i++)
        error = remove_unseen(store, g_array_index(ids, int64_t, i));
    if (!error)
        error = sql_run(&store->writer, SQL_COLLECTION_RESYNCED, "i", collection_id);
    return error ? store_fail(store, error) : 0;
}

int item_lose_body(struct store *store, int64_t item_id)
{
    struct item_row row = {0};
    int error = item_row_get(store, item_id, &row);

    if (!error && row.item.body && !(error = body_bury(store, row.item.body)) &&
        !(error = sql_run(&store->writer, SQL_FILE_BODY, "ii", (int64_t)BODY_MISSING, row.item.ino)) &&
        !(error = item_count(store, &row.item, -1))) {
        row.item.body = 0;
        error = item_count(store, &row.item, 1);
    }
    item_row_clear(&row);
    return error;
}
