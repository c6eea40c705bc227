/* The server has removed an item of which the journal speaks: no edit is lost by that. */
#include <errno.h>

#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "cache/store/store_state.h"

/* But one: a letter that was a draft goes out without it. */
static int drop_rows(struct store *store, int64_t item_id, int64_t but)
{
    int error = sql_run(&store->writer, SQL_JOURNAL_DROP_ITEM, "ii", item_id, but);

    return error ? error : sql_run(&store->writer, SQL_JOURNAL_PART_ITEM, "i", item_id);
}

/* The file stays, as a new item to be. */
static int becomes_new(struct store *store, const struct item_row *item, struct journal *row)
{
    struct sql *sql = &store->writer;
    int error;

    row->kind = JOURNAL_ADD;
    row->state = row->state == JOURNAL_SENT ? JOURNAL_QUEUED : row->state;
    row->item_id = row->batch = row->response = 0;
    row->collection_id = item->item.collection_id;
    g_free(row->uid);
    row->uid = g_strdup(item->item.uid);
    g_free(row->client_id);
    row->client_id = g_uuid_string_random();
    g_clear_pointer(&row->base, g_bytes_unref);
    if (!(error = item_count(store, &item->item, -1)) &&
        !(error = drop_rows(store, item->item.id, row->id)) &&
        !(error = sql_run(sql, SQL_ITEM_REMOVE, "i", item->item.id)) &&
        !(error = sql_run(sql, SQL_FILE_JOIN, "dii", (int)FILE_SCRATCH, (int64_t)0, item->item.ino)))
        error = journal_put(store, row);
    return error;
}

int journal_item_gone(struct store *store, const struct item_row *item, bool certain)
{
    struct journal row = {0};
    int error = journal_of_item(store, JOURNAL_MOVE, item->item.id, &row), kept = 0;

    if (!error && row.state == JOURNAL_SENT && !certain) {
        kept = 1; /* it may be the very move that is on its way */
    } else if (!error || error == -ENOENT) {
        journal_clear(&row);
        error = journal_of_item(store, JOURNAL_CHANGE, item->item.id, &row);
        if (!error && (row.data || item->item.size)) { /* held ones have no data: they are what nobody could read */
            error = becomes_new(store, item, &row);
            kept = 1;
        } else if (!error || error == -ENOENT) {
            error = drop_rows(store, item->item.id, 0);
        }
    }
    journal_clear(&row);
    return error ? error : kept;
}

static bool was_only_taken(struct store *store, const struct item_row *item)
{
    return item->own == OWN_USER && !(item->item.stamp & STAMP_TOLD) && item->item.class != EAS_MAIL &&
           !store_is_grave(store, item->parent) && !journal_has_item(store, item->item.id);
}

int journal_item_unseen(struct store *store, const struct item_row *item)
{
    struct sql *sql = &store->writer;
    struct file_row file = {0};
    g_autofree char *name = NULL;
    int error;

    if (!was_only_taken(store, item))
        return 0;
    if (!(error = store_file_get(store, item->item.ino, &file)) &&
        !(error = journal_conflict_name(store, &file, store_now(store), &name)) &&
        !(error = item_count(store, &item->item, -1)) && !(error = sql_run(sql, SQL_ITEM_REMOVE, "i", item->item.id)) &&
        !(error = sql_run(sql, SQL_FILE_JOIN, "dii", (int)FILE_SCRATCH, (int64_t)0, file.ino)) &&
        !(error = store_file_own(store, file.ino, OWN_CONFLICT)))
        error = store_file_rename(store, file.ino, file.parent, name);
    if (!error)
        reasons_note(store, store_path(store, file.ino), item->item.server_id, store_conflict_reason);
    file_row_clear(&file);
    return error ? error : 1;
}
