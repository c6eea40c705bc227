/* Items as rows: found, read, counted. */
#include "cache/store/store_state.h"

#include <errno.h>

void item_clear(struct item *item)
{
    g_free(item->server_id);
    g_free(item->uid);
    g_free(item->title);
    g_free(item->flags.categories);
    g_clear_pointer(&item->props, g_bytes_unref);
    *item = (struct item){0};
}

void item_row_clear(struct item_row *row)
{
    item_clear(&row->item);
    g_free(row->name);
    g_free(row->home_name);
    *row = (struct item_row){0};
}

static GBytes *column_bytes(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return NULL;
    const void *bytes = sqlite3_column_blob(statement, column);

    return g_bytes_new(bytes, (gsize)sqlite3_column_bytes(statement, column));
}

/* The four small flags share one integer: read 1 bit, then flag, importance and answered 2 bits each. */
int item_flags_pack(const struct item_flags *flags)
{
    return (flags->read != 0) | (flags->flag & 3) << 1 | (flags->importance & 3) << 3 | (flags->answered & 3) << 5;
}

void item_flags_unpack(int packed, struct item_flags *flags)
{
    flags->read = packed & 1;
    flags->flag = packed >> 1 & 3;
    flags->importance = packed >> 3 & 3;
    flags->answered = packed >> 5 & 3;
}

static void read_item(sqlite3_stmt *row, struct item *item)
{
    int64_t body = sqlite3_column_int64(row, 12);

    *item = (struct item){
        .id = sqlite3_column_int64(row, 0),
        .collection_id = sqlite3_column_int64(row, 1),
        .ino = sqlite3_column_int64(row, 2),
        .server_id = g_strdup(sql_text(row, 3)),
        .class = (enum eas_class)sqlite3_column_int(row, 4),
        .uid = g_strdup(sql_text(row, 5)),
        .stamp = (uint64_t)sqlite3_column_int64(row, 6),
        .date_ns = sqlite3_column_int64(row, 7),
        .title = g_strdup(sql_text(row, 8)),
        .flags.categories = g_strdup(sql_text(row, 10)),
        .props = column_bytes(row, 11),
        .body = MAX(body, 0),
        .size = sqlite3_column_int64(row, 13),
        .fetch_failed = body == BODY_REFUSED,
    };
    item_flags_unpack(sqlite3_column_int(row, 9), &item->flags);
}

void item_row_read(sqlite3_stmt *statement, struct item_row *row)
{
    read_item(statement, &row->item);
    row->seen = sqlite3_column_int64(statement, 14);
    row->parent = sqlite3_column_int64(statement, 15);
    row->name = g_strdup(sql_text(statement, 16));
    row->mtime_ns = sqlite3_column_int64(statement, 17);
    row->home = sqlite3_column_int64(statement, 18);
    row->home_name = g_strdup(sql_text(statement, 19));
    row->own = (enum file_own)sqlite3_column_int(statement, 20);
}

int item_row_get(struct store *store, int64_t item_id, struct item_row *row)
{
    sqlite3_stmt *statement = sql_bind(&store->writer, SQL_ITEM_BY_ID, "i", item_id);
    int found = sql_step(&store->writer, statement);

    if (found <= 0)
        return found ? found : -ENOENT;
    item_row_read(statement, row);
    sqlite3_reset(statement);
    return 0;
}

static int take(struct sql *sql, sqlite3_stmt *statement, struct item *item)
{
    int row = sql_step(sql, statement);

    *item = (struct item){0};
    if (row <= 0)
        return row ? row : -ENOENT;
    read_item(statement, item);
    sqlite3_reset(statement);
    return 0;
}

int store_item_find(struct store *store, int64_t collection_id, const char *server_id, struct item *item)
{
    struct sql *sql = store_ask(store);
    int error = take(sql, sql_bind(sql, SQL_ITEM_BY_SERVER_ID, "is", collection_id, server_id), item);

    store_asked(store, sql);
    return error;
}

int store_item_get(struct store *store, int64_t item_id, struct item *item)
{
    struct sql *sql = store_ask(store);
    int error = take(sql, sql_bind(sql, SQL_ITEM_BY_ID, "i", item_id), item);

    store_asked(store, sql);
    return error;
}

int store_item_of(struct store *store, int64_t ino, struct item *item)
{
    struct sql *sql = store_ask(store);
    int error = take(sql, sql_bind(sql, SQL_ITEM_BY_INO, "i", ino), item);

    store_asked(store, sql);
    return error;
}

int store_item_match(struct store *store, int64_t collection_id, const char *uid, uint64_t stamp, struct item *item)
{
    struct sql *sql = store_ask(store);
    int error = -ENOENT;

    if (uid && *uid)
        error = take(sql, sql_bind(sql, SQL_ITEM_BY_UID, "iis", collection_id, name_hash(uid), uid), item);
    if (error == -ENOENT && stamp)
        error = take(sql, sql_bind(sql, SQL_ITEM_BY_STAMP, "ii", collection_id, (int64_t)stamp), item);
    store_asked(store, sql);
    return error;
}

int store_uid_find(struct store *store, int64_t collection_id, const char *uid, struct item *item)
{
    struct sql *sql = store_ask(store);
    int error =
        take(sql, sql_bind(sql, SQL_ITEM_BY_ANY_UID, "iisi", collection_id, name_hash(uid), uid, (int64_t)0), item);

    store_asked(store, sql);
    return error;
}

int store_mail_find(struct store *store, const char *message_id, struct item *item)
{
    struct sql *sql = store_ask(store);
    int error = take(sql, sql_bind(sql, SQL_ITEM_MAIL_BY_UID, "is", name_hash(message_id), message_id), item);

    store_asked(store, sql);
    return error;
}

int64_t store_stamp_elsewhere(struct store *store, int64_t collection_id, uint64_t stamp)
{
    struct sql *sql = store_ask(store);
    int64_t found = sql_number(sql, 0, SQL_ITEM_STAMP_ELSEWHERE, "ii", collection_id, (int64_t)stamp);

    store_asked(store, sql);
    return found;
}

static GArray *take_all(struct sql *sql, sqlite3_stmt *statement)
{
    GArray *items = g_array_new(FALSE, TRUE, sizeof(struct item));

    g_array_set_clear_func(items, (GDestroyNotify)item_clear);
    while (sql_step(sql, statement) > 0) {
        struct item item;

        read_item(statement, &item);
        g_array_append_val(items, item);
    }
    return items;
}

GArray *store_missing_bodies(struct store *store, int64_t collection_id, size_t limit)
{
    struct sql *sql = store_ask(store);
    GArray *items =
        take_all(sql, collection_id ? sql_bind(sql, SQL_ITEM_MISSING_HERE, "ii", collection_id, (int64_t)limit)
                                    : sql_bind(sql, SQL_ITEM_MISSING, "i", (int64_t)limit));

    store_asked(store, sql);
    return items;
}

GArray *store_newest(struct store *store, int64_t collection_id, size_t limit)
{
    struct sql *sql = store_ask(store);
    GArray *items = take_all(sql, sql_bind(sql, SQL_ITEM_NEWEST, "ii", collection_id, (int64_t)limit));

    store_asked(store, sql);
    return items;
}

int item_count(struct store *store, const struct item *item, int sign)
{
    bool missing = !item->body && !item->fetch_failed;

    return sql_run(&store->writer, SQL_COLLECTION_COUNT, "dddi", sign, item->flags.read ? 0 : sign, missing ? sign : 0,
                   item->collection_id);
}
