/* Files as a user makes, names, writes and removes them. */
#include "cache/store/files.h"

#include <errno.h>
#include <string.h>

#include "cache/store/journal.h"
#include "cache/store/store_state.h"

void file_row_clear(struct file_row *row)
{
    g_free(row->name);
    *row = (struct file_row){0};
}

static int take(struct sql *sql, sqlite3_stmt *statement, struct file_row *row)
{
    int found = sql_step(sql, statement);

    *row = (struct file_row){0};
    if (found <= 0)
        return found ? found : -ENOENT;
    *row = (struct file_row){
        .ino = sqlite3_column_int64(statement, 0),
        .parent = sqlite3_column_int64(statement, 1),
        .name = g_strdup(sql_text(statement, 2)),
        .kind = (enum file_kind)sqlite3_column_int(statement, 3),
        .class = (enum eas_class)sqlite3_column_int(statement, 4),
        .item_id = sqlite3_column_int64(statement, 5),
        .body = sqlite3_column_int64(statement, 6),
        .size = sqlite3_column_int64(statement, 7),
        .mtime_ns = sqlite3_column_int64(statement, 8),
        .ctime_ns = sqlite3_column_int64(statement, 9),
        .own = (enum file_own)sqlite3_column_int(statement, 10),
    };
    sqlite3_reset(statement);
    return 0;
}

int store_file_get(struct store *store, int64_t ino, struct file_row *row)
{
    struct sql *sql = store_ask(store);
    int error = take(sql, sql_bind(sql, SQL_FILE_GET, "i", ino), row);

    store_asked(store, sql);
    return error;
}

int store_file_find(struct store *store, int64_t parent, const char *name, struct file_row *row)
{
    struct sql *sql = store_ask(store);
    int error = take(sql, sql_bind(sql, SQL_FILE_FIND, "iis", parent, name_fold_hash(name), name), row);

    store_asked(store, sql);
    return error;
}

bool store_is_grave(struct store *store, int64_t parent)
{
    return parent == store->places[PLACE_GRAVES];
}

/* A name that only differs in case from another stands beside it as a twin. In the graves every one does. */
static int twin_of(struct store *store, int64_t parent, int64_t ino, int64_t fold, int64_t *twin)
{
    int64_t other = sql_number(&store->writer, 0, SQL_FILE_BY_FOLD, "iii", parent, fold, ino);

    *twin = other || store_is_grave(store, parent) ? ino : 0;
    return store->writer.error;
}

int store_file_make(struct store *store, int64_t parent, const char *name, enum eas_class class, enum file_kind kind,
                    int64_t *ino)
{
    int64_t now = store_now(store), fold = name_fold_hash(name), twin;
    int error;

    *ino = store->next_ino;
    if ((error = twin_of(store, parent, *ino, fold, &twin)) ||
        (error = sql_run(&store->writer, SQL_FILE_INSERT_TWIN, "iisiiddii", *ino, parent, name, fold, twin, (int)kind,
                         (int)class, now, now)))
        return store_fail(store, error);
    store->next_ino++;
    changes_note(store, CHANGE_CREATE, kind == FILE_DIRECTORY, *ino, parent, name, 0, NULL);
    changes_touch(store, parent);
    return 0;
}

/* The bodies that are missing count for their collection. */
static int count_body(struct store *store, const struct file_row *row, int sign)
{
    struct item_row item = {0};
    int error = row->item_id ? item_row_get(store, row->item_id, &item) : -ENOENT;

    if (!error)
        error = item_count(store, &item.item, sign);
    item_row_clear(&item);
    return error == -ENOENT ? 0 : error;
}

int store_file_bytes(struct store *store, int64_t ino, int64_t body, int64_t mtime_ns, enum file_own own)
{
    struct file_row row = {0};
    int64_t size = 0;
    int error = store_file_get(store, ino, &row);

    if (error)
        return error;
    if (!(error = count_body(store, &row, -1)) && !(error = body_adopt(store, body, &size)) &&
        !(error = body_bury(store, row.body)) &&
        !(error = sql_run(&store->writer, SQL_FILE_BYTES, "iiiii", body, size,
                          mtime_ns ? mtime_ns : store_bytes_time(store, row.mtime_ns), store_now(store), ino)) &&
        !(error = sql_run(&store->writer, SQL_FILE_OWN, "di", (int)own, ino)) &&
        !(error = count_body(store, &row, 1))) {
        changes_note(store, CHANGE_BYTES, false, ino, row.parent, row.name, 0, NULL);
        changes_touch(store, row.parent);
    }
    file_row_clear(&row);
    return error ? store_fail(store, error) : 0;
}

int store_file_rename(struct store *store, int64_t ino, int64_t parent, const char *name)
{
    struct file_row row = {0};
    int64_t fold = name_fold_hash(name), twin;
    int error = store_file_get(store, ino, &row);

    if (error)
        return error;
    if (!(error = twin_of(store, parent, ino, fold, &twin)) &&
        !(error = sql_run(&store->writer, SQL_FILE_PLACE_USER, "isiiii", parent, name, fold, twin, store_now(store),
                          ino))) {
        changes_note(store, CHANGE_MOVE, row.kind == FILE_DIRECTORY, ino, parent, name, row.parent, row.name);
        changes_touch(store, row.parent);
        changes_touch(store, parent);
    }
    file_row_clear(&row);
    return error ? store_fail(store, error) : 0;
}

int store_file_remove(struct store *store, int64_t ino)
{
    struct file_row row = {0};
    int error = store_file_get(store, ino, &row);

    if (error)
        return error;
    if (!(error = body_bury(store, row.body)) && !(error = sql_run(&store->writer, SQL_ATTRIBUTE_DROP, "i", ino)) &&
        !(error = sql_run(&store->writer, SQL_JOURNAL_DROP_FILE, "i", ino)) &&
        !(error = sql_run(&store->writer, SQL_FILE_REMOVE, "i", ino)) && !store_is_grave(store, row.parent)) {
        changes_note(store, CHANGE_DELETE, row.kind == FILE_DIRECTORY, ino, row.parent, row.name, 0, NULL);
        changes_touch(store, row.parent);
    }
    file_row_clear(&row);
    return error ? store_fail(store, error) : 0;
}

int store_file_times(struct store *store, int64_t ino, int64_t mtime_ns)
{
    return sql_run(&store->writer, SQL_FILE_MTIME, "iii", mtime_ns, store_now(store), ino);
}

int store_file_own(struct store *store, int64_t ino, enum file_own own)
{
    return sql_run(&store->writer, SQL_FILE_OWN, "di", (int)own, ino);
}

bool store_file_is_own(struct store *store, int64_t ino)
{
    struct file_row row = {0};
    bool own = store_file_get(store, ino, &row) == 0 && row.own == OWN_USER;

    file_row_clear(&row);
    return own;
}

int64_t store_place(struct store *store, enum store_place which)
{
    return store->places[which];
}

/* ---- graves ---- */

int store_file_bury(struct store *store, int64_t ino)
{
    struct file_row row = {0};
    struct item_row item = {0};
    int error = store_file_get(store, ino, &row);

    if (error)
        return error;
    if (row.item_id && !(error = item_row_get(store, row.item_id, &item)) && !item.home)
        error = store_identity_home(store, row.item_id, row.parent, row.name);
    if (!error && !(error = sql_run(&store->writer, SQL_FILE_PLACE_USER, "isiiii", store->places[PLACE_GRAVES],
                                    row.name, name_fold_hash(row.name), ino, store_now(store), ino))) {
        changes_note(store, CHANGE_DELETE, row.kind == FILE_DIRECTORY, ino, row.parent, row.name, 0, NULL);
        changes_touch(store, row.parent);
    }
    item_row_clear(&item);
    file_row_clear(&row);
    return error ? store_fail(store, error) : 0;
}

static int place_back(struct store *store, const struct file_row *row, const struct item_row *item)
{
    struct name_source source = {
        .class = row->class, .date_ns = item->item.date_ns, .title = item->item.title, .literal = item->home_name};
    struct file_name name = {0};
    int error = file_name_make(store, item->home, row->ino, &source, &name, NULL);

    if (!error && !(error = sql_run(&store->writer, SQL_FILE_MOVE, "isiii", item->home, name.name, name.fold,
                                    store_now(store), row->ino))) {
        if (store_is_grave(store, row->parent))
            changes_note(store, CHANGE_CREATE, false, row->ino, item->home, name.name, 0, NULL);
        else
            changes_note(store, CHANGE_MOVE, false, row->ino, item->home, name.name, row->parent, row->name);
        changes_touch(store, item->home);
        if (!store_is_grave(store, row->parent))
            changes_touch(store, row->parent);
    }
    g_free(name.name);
    return error;
}

int store_file_exhume(struct store *store, int64_t ino)
{
    struct file_row row = {0};
    struct item_row item = {0};
    int error = store_file_get(store, ino, &row);
    bool own = store->txn.own;

    if (!error)
        error = item_row_get(store, row.item_id, &item);
    store->txn.own = false; /* the kernel believes it gone */
    if (!error && item.home && !(error = place_back(store, &row, &item)))
        error = store_identity_home(store, row.item_id, 0, "");
    store->txn.own = own;
    item_row_clear(&item);
    file_row_clear(&row);
    return error;
}

/* ---- attributes, scratch ---- */

int store_attribute_set(struct store *store, int64_t ino, const char *name, GBytes *value)
{
    int error = value ? sql_run(&store->writer, SQL_ATTRIBUTE_SET, "isb", ino, name, value)
                      : sql_run(&store->writer, SQL_ATTRIBUTE_UNSET, "is", ino, name);

    if (!error && !value && !sqlite3_changes(store->writer.handle))
        return -ENODATA;
    return error ? error : sql_run(&store->writer, SQL_FILE_CTIME, "ii", store_now(store), ino);
}

int store_refused_set(struct store *store, int64_t ino, const char *text)
{
    g_autoptr(GBytes) value = text ? g_bytes_new(text, strlen(text)) : NULL;
    int error = store_attribute_set(store, ino, REFUSED_ATTRIBUTE, value);

    return error == -ENODATA ? 0 : error;
}

static GArray *take_inos(struct sql *sql, sqlite3_stmt *statement)
{
    GArray *inos = g_array_new(FALSE, FALSE, sizeof(int64_t));

    while (sql_step(sql, statement) > 0) {
        int64_t ino = sqlite3_column_int64(statement, 0);

        g_array_append_val(inos, ino);
    }
    return inos;
}

GArray *store_scratch(struct store *store, size_t limit)
{
    struct sql *sql = store_ask(store);
    GArray *inos =
        take_inos(sql, sql_bind(sql, SQL_FILE_SCRATCH_LIST, "ii", store->places[PLACE_GRAVES], (int64_t)limit));

    store_asked(store, sql);
    return inos;
}

GArray *store_alone(struct store *store, bool in_conflict, size_t limit)
{
    struct sql *sql = store_ask(store);
    GArray *inos = take_inos(
        sql, sql_bind(sql, SQL_FILE_ALONE, "idi", store->places[PLACE_GRAVES], (int)in_conflict, (int64_t)limit));

    store_asked(store, sql);
    return inos;
}
