/* Which file an item has: it can change with every atomic save. */
#include "cache/store/files.h"

#include <errno.h>

#include "cache/store/store_state.h"

static int take(struct store *store, sqlite3_stmt *statement, struct item *item)
{
    struct item_row row = {0};
    int found = sql_step(&store->writer, statement);

    *item = (struct item){0};
    if (found <= 0)
        return found ? found : -ENOENT;
    item_row_read(statement, &row);
    sqlite3_reset(statement);
    *item = row.item;
    row.item = (struct item){0};
    item_row_clear(&row);
    return 0;
}

int store_identity_at(struct store *store, int64_t dir, const char *name, struct item *item)
{
    return take(store, sql_bind(&store->writer, SQL_ITEM_AT_HOME, "is", dir, name), item);
}

int store_identity_uid(struct store *store, int64_t collection_id, const char *uid, int64_t but_item, struct item *item)
{
    if (!uid || !*uid)
        return -ENOENT;
    return take(store,
                sql_bind(&store->writer, SQL_ITEM_BY_ANY_UID, "iisi", collection_id, name_hash(uid), uid, but_item),
                item);
}

int store_identity_home(struct store *store, int64_t item_id, int64_t dir, const char *name)
{
    return sql_run(&store->writer, SQL_ITEM_HOME, "isi", dir, name, item_id);
}

int store_identity_set_uid(struct store *store, int64_t item_id, const char *uid)
{
    return sql_run(&store->writer, SQL_ITEM_UID, "sii", uid, *uid ? name_hash(uid) : 0, item_id);
}

int store_identity_props(struct store *store, int64_t item_id, GBytes *props)
{
    return sql_run(&store->writer, SQL_ITEM_PROPS, "bi", props, item_id);
}

/* Counts go by the file, whose body may be missing. */
static int recount(struct store *store, int64_t item_id, int sign)
{
    struct item_row row = {0};
    int error = item_row_get(store, item_id, &row);

    if (!error)
        error = item_count(store, &row.item, sign);
    item_row_clear(&row);
    return error;
}

/* The file that loses its item: gone from the graves, scratch elsewhere. */
static int leave(struct store *store, int64_t ino)
{
    struct file_row old = {0};
    int error = store_file_get(store, ino, &old);

    if (!error)
        error = sql_run(&store->writer, SQL_FILE_JOIN, "dii", (int)FILE_SCRATCH, (int64_t)0, ino);
    if (!error && store_is_grave(store, old.parent))
        error = store_file_remove(store, ino);
    file_row_clear(&old);
    return error;
}

int store_identity_pass(struct store *store, int64_t item_id, int64_t ino)
{
    struct item item = {0};
    int error = store_item_get(store, item_id, &item);

    if (error)
        return error;
    if (item.ino != ino && !(error = recount(store, item_id, -1)) &&
        !(error = sql_run(&store->writer, SQL_JOURNAL_PASS, "ii", ino, item.ino)) &&
        !(error = sql_run(&store->writer, SQL_FILE_JOIN, "dii", (int)FILE_ITEM, item_id, ino)) &&
        !(error = sql_run(&store->writer, SQL_ITEM_FILE, "ii", ino, item_id)) && !(error = recount(store, item_id, 1)))
        error = leave(store, item.ino);
    if (!error)
        error = store_identity_home(store, item_id, 0, "");
    item_clear(&item);
    return error ? store_fail(store, error) : 0;
}

int store_identity_add(struct store *store, struct item *item)
{
    struct sql *sql = &store->writer;
    struct home home;
    int64_t uid_hash = item->uid && *item->uid ? name_hash(item->uid) : 0;
    int error = collection_home(store, item->collection_id, &home);

    if (error)
        return error;
    for (int round = 0; round < 2; round++) {
        error = sql_run(sql, SQL_ITEM_INSERT, "iisisiiisdsb", item->collection_id, item->ino, item->server_id,
                        home.generation, item->uid ? item->uid : "", uid_hash, (int64_t)item->stamp, item->date_ns,
                        item->title ? item->title : "", item_flags_pack(&item->flags),
                        item->flags.categories ? item->flags.categories : "", item->props);
        if (error != -EEXIST || round)
            break;
        /* The server gave an id that another item has here: that one was numbered anew. */
        error = sql_run(sql, SQL_ITEM_DISPLACE, "isi", item->collection_id, item->server_id, (int64_t)-1);
        if (error)
            break;
    }
    if (error)
        return store_fail(store, error);
    item->id = sqlite3_last_insert_rowid(sql->handle);
    if (!(error = sql_run(sql, SQL_FILE_JOIN, "dii", (int)FILE_ITEM, item->id, item->ino)))
        error = recount(store, item->id, 1);
    return error ? store_fail(store, error) : 0;
}

int store_collection_of(struct store *store, int64_t dir, struct collection *collection)
{
    struct sql *sql = store_ask(store);
    int64_t id = sql_number(sql, 0, SQL_COLLECTION_BY_INO, "i", dir);
    int error = id ? collection_find(sql, SQL_COLLECTION_BY_ID, id, NULL, collection) : -ENOENT;

    store_asked(store, sql);
    return error;
}

int store_collection_get(struct store *store, int64_t id, struct collection *collection)
{
    struct sql *sql = store_ask(store);
    int error = collection_find(sql, SQL_COLLECTION_BY_ID, id, NULL, collection);

    store_asked(store, sql);
    return error;
}

int store_collection_find(struct store *store, const char *server_id, struct collection *collection)
{
    struct sql *sql = store_ask(store);
    int error = collection_find(sql, SQL_COLLECTION_BY_SERVER_ID, 0, server_id, collection);

    store_asked(store, sql);
    return error;
}

bool store_directory_is_empty(struct store *store, int64_t ino)
{
    return sql_number(&store->writer, 0, SQL_DIRECTORY_IS_EMPTY, "i", ino) != 0;
}

int store_item_flags(struct store *store, int64_t item_id, const struct item_flags *wanted)
{
    struct item_row row = {0};
    int error = item_row_get(store, item_id, &row);

    if (error)
        return error;
    struct item_flags *flags = &row.item.flags;

    error = item_count(store, &row.item, -1);
    flags->read = wanted->read >= 0 ? wanted->read : flags->read;
    flags->flag = wanted->flag >= 0 ? wanted->flag : flags->flag;
    if (!error)
        error = sql_run(&store->writer, SQL_ITEM_FLAGS, "dsi", item_flags_pack(flags),
                        wanted->categories ? wanted->categories : flags->categories, item_id);
    if (!error && !(error = item_count(store, &row.item, 1)) &&
        !(error = sql_run(&store->writer, SQL_FILE_CTIME, "ii", store_now(store), row.item.ino)))
        changes_note(store, CHANGE_FLAGS, false, row.item.ino, row.parent, row.name, 0, NULL);
    item_row_clear(&row);
    return error;
}
