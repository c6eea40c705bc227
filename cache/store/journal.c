/* Rows of the journal: written, found, counted. */
#include "cache/store/journal.h"

#include <errno.h>

#include "cache/store/store_state.h"

void journal_clear(struct journal *row)
{
    g_free(row->batch_key);
    g_free(row->client_id);
    g_free(row->uid);
    g_free(row->error);
    g_free(row->wanted.categories);
    g_free(row->origin);
    g_clear_pointer(&row->base, g_bytes_unref);
    g_clear_pointer(&row->data, g_bytes_unref);
    *row = (struct journal){0};
}

bool journal_in_doubt(const struct journal *row)
{
    return row->state == JOURNAL_SENT && row->error && (row->kind == JOURNAL_SEND || row->kind == JOURNAL_MAIL);
}

static const char *text(const char *value)
{
    return value ? value : "";
}

static char *column_text(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? NULL : g_strdup(sql_text(statement, column));
}

static GBytes *column_bytes(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return NULL;
    const void *bytes = sqlite3_column_blob(statement, column);

    return g_bytes_new(bytes, (gsize)sqlite3_column_bytes(statement, column));
}

static void read_row(sqlite3_stmt *s, struct journal *row)
{
    *row = (struct journal){
        .id = sqlite3_column_int64(s, 0),
        .kind = (enum journal_kind)sqlite3_column_int(s, 1),
        .state = (enum journal_state)sqlite3_column_int(s, 2),
        .ino = sqlite3_column_int64(s, 3),
        .item_id = sqlite3_column_int64(s, 4),
        .collection_id = sqlite3_column_int64(s, 5),
        .target_id = sqlite3_column_int64(s, 6),
        .due_ns = sqlite3_column_int64(s, 7),
        .queued_ns = sqlite3_column_int64(s, 8),
        .sent_ns = sqlite3_column_int64(s, 9),
        .tries = sqlite3_column_int(s, 10),
        .response = sqlite3_column_int(s, 11),
        .batch = sqlite3_column_int64(s, 12),
        .batch_key = column_text(s, 13),
        .client_id = column_text(s, 14),
        .uid = g_strdup(sql_text(s, 15)),
        .error = column_text(s, 16),
        .base = column_bytes(s, 17),
        .data = column_bytes(s, 18),
        .wanted = {.read = (int8_t)sqlite3_column_int(s, 19),
                   .flag = (int8_t)sqlite3_column_int(s, 20),
                   .importance = -1,
                   .answered = -1,
                   .categories = column_text(s, 21)},
        .origin = g_strdup(sql_text(s, 22)),
        .origin_ino = sqlite3_column_int64(s, 23),
    };
}

/* That it is held, or in doubt. What was so already, for the same reason, is no news. */
static bool is_newly_held(struct store *store, const struct journal *row)
{
    struct journal before = {0};
    bool held = row->state == JOURNAL_HELD || journal_in_doubt(row);
    bool same = held && row->id && journal_get(store, row->id, &before) == 0 && before.state == row->state &&
                g_strcmp0(before.error, row->error) == 0;

    journal_clear(&before);
    return held && !same;
}

int journal_put(struct store *store, struct journal *row)
{
    struct sql *sql = &store->writer;
    int64_t uid_hash = row->uid && *row->uid ? name_hash(row->uid) : 0;
    int error;

    if (!store_in_transaction(store))
        return -EINVAL;
    store->txn.journaled = true;
    bool newly_held = is_newly_held(store, row);

    if (row->id)
        error = sql_run(sql, SQL_JOURNAL_UPDATE, "ddiiiiiiiddisssisbbddssii", (int)row->kind, (int)row->state, row->ino,
                        row->item_id, row->collection_id, row->target_id, row->due_ns, row->queued_ns, row->sent_ns,
                        row->tries, row->response, row->batch, row->batch_key, row->client_id, text(row->uid), uid_hash,
                        row->error, row->base, row->data, (int)row->wanted.read, (int)row->wanted.flag,
                        row->wanted.categories, text(row->origin), row->origin_ino, row->id);
    else
        error = sql_run(sql, SQL_JOURNAL_INSERT, "ddiiiiiiiddisssisbbddssi", (int)row->kind, (int)row->state, row->ino,
                        row->item_id, row->collection_id, row->target_id, row->due_ns, row->queued_ns, row->sent_ns,
                        row->tries, row->response, row->batch, row->batch_key, row->client_id, text(row->uid), uid_hash,
                        row->error, row->base, row->data, (int)row->wanted.read, (int)row->wanted.flag,
                        row->wanted.categories, text(row->origin), row->origin_ino);
    if (!error && !row->id)
        row->id = sqlite3_last_insert_rowid(sql->handle);
    if (!error && newly_held)
        reasons_note_row(store, row);
    return error ? store_fail(store, error) : 0;
}

int journal_remove(struct store *store, int64_t id)
{
    if (!store_in_transaction(store))
        return -EINVAL;
    store->txn.journaled = true;
    return sql_run(&store->writer, SQL_JOURNAL_REMOVE, "i", id);
}

static int take(struct sql *sql, sqlite3_stmt *statement, struct journal *row)
{
    int found = sql_step(sql, statement);

    *row = (struct journal){0};
    if (found <= 0)
        return found ? found : -ENOENT;
    read_row(statement, row);
    sqlite3_reset(statement);
    return 0;
}

int journal_get(struct store *store, int64_t id, struct journal *row)
{
    struct sql *sql = store_ask(store);
    int error = take(sql, sql_bind(sql, SQL_JOURNAL_GET, "i", id), row);

    store_asked(store, sql);
    return error;
}

static int of(struct store *store, enum sql_statement by, int64_t id, enum journal_kind kind, struct journal *row)
{
    struct sql *sql = store_ask(store);
    int error = id ? take(sql, sql_bind(sql, by, "id", id, (int)kind), row) : -ENOENT;

    store_asked(store, sql);
    return error;
}

int journal_of_file(struct store *store, enum journal_kind kind, int64_t ino, struct journal *row)
{
    return of(store, SQL_JOURNAL_OF_FILE, ino, kind, row);
}

int journal_of_item(struct store *store, enum journal_kind kind, int64_t item_id, struct journal *row)
{
    return of(store, SQL_JOURNAL_OF_ITEM, item_id, kind, row);
}

int journal_of_collection(struct store *store, enum journal_kind kind, int64_t collection_id, struct journal *row)
{
    return of(store, SQL_JOURNAL_OF_COLLECTION, collection_id, kind, row);
}

int journal_of_origin(struct store *store, enum journal_kind kind, int64_t dir, const char *name, struct journal *row)
{
    struct sql *sql = store_ask(store);
    int error = take(sql, sql_bind(sql, SQL_JOURNAL_OF_ORIGIN, "dis", (int)kind, dir, name), row);

    store_asked(store, sql);
    return error;
}

int journal_pass(struct store *store, int64_t from_ino, int64_t to_ino)
{
    return sql_run(&store->writer, SQL_JOURNAL_PASS, "ii", to_ino, from_ino);
}

bool journal_has_item(struct store *store, int64_t item_id)
{
    struct sql *sql = store_ask(store);
    int64_t found = sql_number(sql, 0, SQL_JOURNAL_HAS_ITEM, "i", item_id);

    store_asked(store, sql);
    return found != 0;
}

int journal_uid(struct store *store, int64_t collection_id, const char *uid, int64_t ino, struct journal *row)
{
    struct sql *sql = store_ask(store);
    int error = *uid ? take(sql, sql_bind(sql, SQL_JOURNAL_UID, "iisi", collection_id, name_hash(uid), uid, ino), row)
                     : -ENOENT;

    store_asked(store, sql);
    return error;
}

int journal_uid_free(struct store *store, int64_t collection_id, const char *uid)
{
    if (!store_in_transaction(store))
        return -EINVAL;
    store->txn.journaled = true;
    return uid && *uid ? sql_run(&store->writer, SQL_JOURNAL_UNBLOCK, "iis", collection_id, name_hash(uid), uid) : 0;
}

static void clear_row(void *row)
{
    journal_clear(row);
}

GArray *journal_list(struct store *store, int state, int64_t due_ns)
{
    GArray *rows = g_array_new(FALSE, TRUE, sizeof(struct journal));
    struct sql *sql = store_ask(store);
    sqlite3_stmt *statement =
        state < 0 ? sql_bind(sql, SQL_JOURNAL_LIST, "")
                  : sql_bind(sql, SQL_JOURNAL_LIST_STATE, "di", state, state == JOURNAL_QUEUED ? due_ns : G_MAXINT64);

    g_array_set_clear_func(rows, clear_row);
    while (sql_step(sql, statement) > 0) {
        struct journal row;

        read_row(statement, &row);
        g_array_append_val(rows, row);
    }
    store_asked(store, sql);
    return rows;
}

int64_t journal_next_due(struct store *store)
{
    struct sql *sql = store_ask(store);
    sqlite3_stmt *statement = sql_bind(sql, SQL_JOURNAL_NEXT_DUE, "");
    int64_t due = G_MAXINT64;

    if (sql_step(sql, statement) > 0) {
        if (sqlite3_column_type(statement, 0) != SQLITE_NULL)
            due = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    store_asked(store, sql);
    return due;
}

int64_t journal_newest(struct store *store)
{
    struct sql *sql = store_ask(store);
    sqlite3_stmt *statement = sql_bind(sql, SQL_JOURNAL_NEWEST, "");
    int64_t newest = 0;

    if (sql_step(sql, statement) > 0) {
        newest = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    store_asked(store, sql);
    return newest;
}

int journal_hasten(struct store *store)
{
    int error = store_begin(store);

    if (error)
        return error;
    if ((error = sql_run(&store->writer, SQL_JOURNAL_HASTEN, ""))) {
        store_rollback(store);
        return error;
    }
    store->txn.journaled = sqlite3_changes(store->writer.handle) > 0;
    return store_commit(store);
}

int journal_reopen(struct store *store)
{
    static const char unfinished[] = "easfs ended before it was closed, so it may be the beginning only; look at it, "
                                     "then easfs retry sends it";
    int error = store_begin(store);

    if (error)
        return error;
    if ((error = sql_run(&store->writer, SQL_JOURNAL_REOPEN, "sd", unfinished, (int)JOURNAL_SEND)) ||
        (error = sql_run(&store->writer, SQL_JOURNAL_REOPEN_REST, ""))) {
        store_rollback(store);
        return error;
    }
    store->txn.journaled = true;
    return store_commit(store);
}

static struct journal_counts take_counts(struct store *store, struct sql *sql, sqlite3_stmt *statement)
{
    struct journal_counts counts = {0};

    if (sql_step(sql, statement) > 0) {
        counts.queued = sqlite3_column_int64(statement, 0);
        counts.held = sqlite3_column_int64(statement, 1);
        sqlite3_reset(statement);
    }
    store_asked(store, sql);
    return counts;
}

struct journal_counts journal_count(struct store *store)
{
    struct sql *sql = store_ask(store);

    return take_counts(store, sql, sql_bind(sql, SQL_JOURNAL_COUNT, ""));
}

struct journal_counts journal_count_of(struct store *store, int64_t collection_id)
{
    struct sql *sql = store_ask(store);

    return take_counts(store, sql, sql_bind(sql, SQL_JOURNAL_COUNT_OF, "i", collection_id));
}

void journal_listen(struct store *store, void (*listener)(void *ctx), void *ctx)
{
    g_rec_mutex_lock(&store->writing);
    store->journal_listener = listener;
    store->journal_ctx = ctx;
    g_rec_mutex_unlock(&store->writing);
}
