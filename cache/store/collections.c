/* Collections: what the server has in folders, and how far each is read. */
#include "cache/store/journal.h"
#include "cache/store/store_state.h"

#include <errno.h>
#include <string.h>

void collection_clear(struct collection *collection)
{
    g_free(collection->server_id);
    g_free(collection->parent_id);
    g_free(collection->name);
    g_free(collection->sync_key);
    *collection = (struct collection){0};
}

static void read_row(sqlite3_stmt *row, struct collection *collection)
{
    *collection = (struct collection){
        .id = sqlite3_column_int64(row, 0),
        .server_id = g_strdup(sql_text(row, 1)),
        .parent_id = g_strdup(sql_text(row, 2)),
        .name = g_strdup(sql_text(row, 3)),
        .type = sqlite3_column_int(row, 4),
        .class = (enum eas_class)sqlite3_column_int(row, 5),
        .sync_key = g_strdup(sql_text(row, 6)),
        .selected = sqlite3_column_int(row, 7),
        .complete = sqlite3_column_int(row, 8),
        .more = sqlite3_column_int(row, 9),
        .resync = sqlite3_column_int(row, 10),
        .filter = sqlite3_column_int(row, 11),
        .ino = sqlite3_column_int64(row, 12),
        .dir_mtime_ns = sqlite3_column_int64(row, 13),
        .items = sqlite3_column_int64(row, 14),
        .unread = sqlite3_column_int64(row, 15),
        .missing_bodies = sqlite3_column_int64(row, 16),
    };
}

int collection_find(struct sql *sql, enum sql_statement by, int64_t id, const char *server_id,
                    struct collection *collection)
{
    sqlite3_stmt *statement = server_id ? sql_bind(sql, by, "s", server_id) : sql_bind(sql, by, "i", id);
    int row = sql_step(sql, statement);

    if (row <= 0)
        return row ? row : -ENOENT;
    read_row(statement, collection);
    sqlite3_reset(statement);
    return 0;
}

struct listed {
    struct collection collection;
    char *path;
};

static int compare(gconstpointer left, gconstpointer right)
{
    const struct listed *a = left, *b = right;
    int order = (int)a->collection.class - (int)b->collection.class;

    if (!order)
        order = (b->collection.type == EAS_FOLDER_INBOX) - (a->collection.type == EAS_FOLDER_INBOX);
    if (!order)
        order = eas_folder_is_default(b->collection.type) - eas_folder_is_default(a->collection.type);
    return order ? order : strcmp(a->path, b->path);
}

GArray *store_collections(struct store *store)
{
    GArray *collections = g_array_new(FALSE, TRUE, sizeof(struct collection));
    g_autoptr(GArray) listed = g_array_new(FALSE, TRUE, sizeof(struct listed));
    struct sql *sql = store_ask(store);
    sqlite3_stmt *statement = sql_bind(sql, SQL_COLLECTION_LIST, "");

    g_array_set_clear_func(collections, (GDestroyNotify)collection_clear);
    while (sql_step(sql, statement) > 0) {
        struct listed one = {0};

        read_row(statement, &one.collection);
        if (journal_is_stand_in(one.collection.server_id)) {
            collection_clear(&one.collection);
            continue; /* the server does not have it yet */
        }
        one.path = one.collection.ino ? file_path(sql, one.collection.ino) : NULL;
        if (!one.path)
            one.path = g_strdup(one.collection.name);
        g_array_append_val(listed, one);
    }
    store_asked(store, sql);
    g_array_sort(listed, compare);
    for (guint i = 0; i < listed->len; i++) {
        struct listed *one = &g_array_index(listed, struct listed, i);

        g_array_append_val(collections, one->collection);
        g_free(one->path);
    }
    return collections;
}

int collection_home(struct store *store, int64_t id, struct home *home)
{
    if (store->home.id != id) {
        sqlite3_stmt *statement = sql_bind(&store->writer, SQL_COLLECTION_HOME, "i", id);
        int row = sql_step(&store->writer, statement);

        if (row <= 0)
            return row ? row : -ENOENT;
        store->home = (struct home){.id = id,
                                    .class = (enum eas_class)sqlite3_column_int(statement, 0),
                                    .ino = sqlite3_column_int64(statement, 1),
                                    .generation = sqlite3_column_int64(statement, 2)};
        sqlite3_reset(statement);
    }
    *home = store->home;
    return 0;
}

static int write_row(struct store *store, struct collection *c)
{
    struct sql *sql = &store->writer;
    const char *parent = c->parent_id ? c->parent_id : "0", *name = c->name ? c->name : "";
    const char *key = c->sync_key ? c->sync_key : "0";
    /* Ids change hands when a server numbers its folders anew: whoever has this one now lost it. */
    int error = sql_run(sql, SQL_COLLECTION_DISPLACE, "si", c->server_id, c->id);

    if (error)
        return error;
    if (c->id)
        return sql_run(sql, SQL_COLLECTION_UPDATE, "sssddsdddddi", c->server_id, parent, name, c->type, (int)c->class,
                       key, (int)c->selected, (int)c->complete, (int)c->more, (int)c->resync, c->filter, c->id);
    error = sql_run(sql, SQL_COLLECTION_INSERT, "sssddsddddd", c->server_id, parent, name, c->type, (int)c->class, key,
                    (int)c->selected, (int)c->complete, (int)c->more, (int)c->resync, c->filter);
    c->id = sqlite3_last_insert_rowid(sql->handle);
    return error;
}

/* Folders that came before the one they are in move to it now. */
static int place_children(struct store *store, const char *server_id)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *statement = sql_bind(&store->writer, SQL_COLLECTION_CHILDREN, "s", server_id);
    int row;

    while ((row = sql_step(&store->writer, statement)) > 0) {
        int64_t id = sqlite3_column_int64(statement, 0);

        g_array_append_val(ids, id);
    }
    for (guint i = 0; i < ids->len && !row; i++) {
        struct collection child = {0};

        row = collection_find(&store->writer, SQL_COLLECTION_BY_ID, g_array_index(ids, int64_t, i), NULL, &child);
        if (!row && child.class != EAS_NO_CLASS)
            row = directory_place(store, &child);
        collection_clear(&child);
    }
    return row;
}

static int unselect(struct store *store, struct collection *collection)
{
    int error = items_remove_all(store, collection->id);

    if (!error && collection->ino)
        error = directory_prune(store, collection->ino);
    return error;
}

/* A folder of another class is another folder, although the server calls it by the same id. */
static int leave_class(struct store *store, const struct collection *collection)
{
    struct collection old = {0};
    int error = collection->id ? collection_find(&store->writer, SQL_COLLECTION_BY_ID, collection->id, NULL, &old) : 0;

    if (!error && collection->id && old.class != collection->class && old.ino &&
        !(error = items_remove_all(store, old.id)) && !(error = directory_drop(store, old.ino)))
        error = sql_run(&store->writer, SQL_COLLECTION_INO, "ii", (int64_t)0, old.id);
    collection_clear(&old);
    return error;
}

int store_collection_put(struct store *store, struct collection *collection)
{
    struct collection kept = {0};
    int64_t old_parent = 0;
    int error;

    if (!store_in_transaction(store))
        return -EINVAL;
    store->home.id = 0;
    if ((error = leave_class(store, collection)) || (error = write_row(store, collection)) ||
        (error = collection_find(&store->writer, SQL_COLLECTION_BY_ID, collection->id, NULL, &kept)))
        return store_fail(store, error);
    if (kept.ino)
        old_parent = sql_number(&store->writer, 0, SQL_FILE_PLACE, "i", kept.ino);
    if (kept.class != EAS_NO_CLASS && (kept.selected || kept.ino))
        error = directory_place(store, &kept);
    if (!error && (!kept.selected || kept.class == EAS_NO_CLASS))
        error = unselect(store, &kept);
    if (!error)
        error = place_children(store, kept.server_id);
    if (!error && old_parent)
        error = directory_prune(store, old_parent);
    collection->ino = sql_number(&store->writer, 0, SQL_COLLECTION_HOME_INO, "i", collection->id);
    collection_clear(&kept);
    return error ? store_fail(store, error) : 0;
}

int store_collection_remove(struct store *store, int64_t collection_id)
{
    struct collection gone = {0};
    int64_t parent = 0;
    int error;

    if (!store_in_transaction(store))
        return -EINVAL;
    if ((error = collection_find(&store->writer, SQL_COLLECTION_BY_ID, collection_id, NULL, &gone)))
        return error;
    store->home.id = 0;
    if (gone.ino)
        parent = sql_number(&store->writer, 0, SQL_FILE_PLACE, "i", gone.ino);
    if (!(error = items_remove_all(store, collection_id)) &&
        (!gone.ino || !(error = directory_drop(store, gone.ino))) &&
        !(error = sql_run(&store->writer, SQL_ERROR_UNSET_ALL, "i", collection_id)) &&
        !(error = sql_run(&store->writer, SQL_COLLECTION_REMOVE, "i", collection_id)) && parent)
        error = directory_prune(store, parent);
    collection_clear(&gone);
    return error ? store_fail(store, error) : 0;
}

bool collection_holds_only_folders(const GArray *collections, const struct collection *collection)
{
    bool empty = !collection->complete && collection->items == 0 && !strcmp(collection->sync_key, "0");

    for (guint i = 0; empty && i < collections->len; i++)
        if (!g_strcmp0(g_array_index(collections, struct collection, i).parent_id, collection->server_id))
            return true;
    return false;
}

int store_collection_state(struct store *store, const struct collection *c)
{
    if (!store_in_transaction(store))
        return -EINVAL;
    return sql_run(&store->writer, SQL_COLLECTION_STATE, "sddddi", c->sync_key ? c->sync_key : "0", (int)c->complete,
                   (int)c->more, (int)c->resync, c->filter, c->id);
}

int store_resync_begin(struct store *store, int64_t collection_id)
{
    if (!store_in_transaction(store))
        return -EINVAL;
    store->home.id = 0;
    return sql_run(&store->writer, SQL_COLLECTION_RESYNC, "i", collection_id);
}
