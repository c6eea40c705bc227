/* Folders that a user makes, renames and removes, before and after the server knows. */
#include <errno.h>

#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "cache/store/store_state.h"

/* No server's id begins so (NOTES section 4: they are printable). */
enum { STAND_IN = 2 };

bool journal_is_stand_in(const char *server_id)
{
    return *server_id == STAND_IN;
}

int store_folder_make(struct store *store, struct collection *collection)
{
    g_autofree char *unique = g_uuid_string_random();

    collection->server_id = g_strdup_printf("%c%s", STAND_IN, unique);
    return store_collection_put(store, collection);
}

int store_folder_name(struct store *store, int64_t id, const char *server_id, const char *parent_id, const char *name)
{
    return sql_run(&store->writer, SQL_COLLECTION_RENAME, "sssi", server_id, parent_id, name, id);
}

int journal_folder_created(struct store *store, struct journal *row, const char *server_id)
{
    struct sql *sql = &store->writer;
    struct collection collection = {0};
    int error = collection_find(sql, SQL_COLLECTION_BY_ID, row->collection_id, NULL, &collection);

    if (!error && !(error = sql_run(sql, SQL_COLLECTION_DISPLACE, "si", server_id, collection.id)) &&
        !(error = store_folder_name(store, collection.id, server_id, collection.parent_id, collection.name)))
        error = sql_run(sql, SQL_COLLECTION_ADOPT, "ss", server_id, collection.server_id);
    collection_clear(&collection);
    return error && error != -ENOENT ? error : journal_remove(store, row->id);
}

int journal_folder_updated(struct store *store, struct journal *row)
{
    return journal_remove(store, row->id);
}

int journal_folder_deleted(struct store *store, struct journal *row, const char *parent_id)
{
    struct collection collection = {0};
    int error = journal_remove(store, row->id);

    if (error)
        return error;
    if (!parent_id)
        return (error = store_collection_remove(store, row->collection_id)) == -ENOENT ? 0 : error;
    error = collection_find(&store->writer, SQL_COLLECTION_BY_ID, row->collection_id, NULL, &collection);
    if (!error) {
        g_free(collection.parent_id);
        collection.parent_id = g_strdup(parent_id);
        store->txn.own = false;
        error = store_collection_put(store, &collection);
    }
    collection_clear(&collection);
    return error == -ENOENT ? 0 : error;
}

static int place_back(struct store *store, const struct journal *row, const struct collection *collection)
{
    struct collection parent = {0};
    struct file_row there = {0};
    int error = store_collection_of(store, row->origin_ino, &parent);

    /* The class's own directory stands for the root of the server's tree. */
    error = store_folder_name(store, collection->id, collection->server_id,
                              error || row->origin_ino < INO_FIRST_CLASS + EAS_CLASSES ? "0" : parent.server_id,
                              row->origin);
    if (!error && (error = store_file_find(store, row->origin_ino, row->origin, &there)) == -ENOENT)
        error = store_file_rename(store, collection->ino, row->origin_ino, row->origin);
    file_row_clear(&there);
    collection_clear(&parent);
    return error;
}

int journal_folder_back(struct store *store, const struct journal *row)
{
    struct collection collection = {0};
    struct file_row dir = {0};
    bool buried;
    int error;

    if (row->kind != JOURNAL_FOLDER_UPDATE && row->kind != JOURNAL_FOLDER_DELETE)
        return 0;
    if ((error = collection_find(&store->writer, SQL_COLLECTION_BY_ID, row->collection_id, NULL, &collection)))
        return error == -ENOENT ? 0 : error;
    buried = collection.ino && store_file_get(store, collection.ino, &dir) == 0 && store_is_grave(store, dir.parent);
    store->txn.own = false;
    if (row->kind == JOURNAL_FOLDER_UPDATE || !buried)
        error = row->kind == JOURNAL_FOLDER_UPDATE ? place_back(store, row, &collection) : 0;
    else
        error = store_collection_put(store, &collection); /* out of the grave, to where its parent is */
    file_row_clear(&dir);
    collection_clear(&collection);
    return error;
}
