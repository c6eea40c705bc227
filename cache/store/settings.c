/* Small settings of the account, and what went wrong with single items. */
#include "cache/store/store_state.h"

#include <string.h>

#include "codec/limits.h"

static char *ask_text(struct store *store, enum sql_statement which, const char *key)
{
    struct sql *sql = store_ask(store);
    sqlite3_stmt *statement = sql_bind(sql, which, "s", key);
    char *value = NULL;

    if (sql_step(sql, statement) > 0) {
        value = g_strdup(sql_text(statement, 0));
        sqlite3_reset(statement);
    }
    store_asked(store, sql);
    return value;
}

char *store_get(struct store *store, const char *key)
{
    return ask_text(store, SQL_SETTING_GET, key);
}

/* Runs change within the thread's transaction, or in one of its own. */
static int in_transaction(struct store *store, int (*change)(struct store *store, void *ctx), void *ctx)
{
    int error;

    if (store_in_transaction(store))
        return change(store, ctx);
    if ((error = store_begin(store)))
        return error;
    if ((error = change(store, ctx))) {
        store_rollback(store);
        return error;
    }
    return store_commit(store);
}

struct setting {
    const char *key, *value;
};

static int set(struct store *store, void *ctx)
{
    const struct setting *setting = ctx;
    int error = setting->value ? sql_run(&store->writer, SQL_SETTING_SET, "ss", setting->key, setting->value)
                               : sql_run(&store->writer, SQL_SETTING_UNSET, "s", setting->key);

    if (!error && !strcmp(setting->key, "classes"))
        error =
            directory_show_classes(store, setting->value ? (unsigned)g_ascii_strtoull(setting->value, NULL, 10) : 0);
    return error;
}

int store_set(struct store *store, const char *key, const char *value)
{
    return in_transaction(store, set, &(struct setting){key, value});
}

struct item_error {
    int64_t collection;
    const char *server_id, *text;
};

static bool stands(struct sql *sql, const struct item_error *error)
{
    sqlite3_stmt *statement = sql_bind(sql, SQL_ERROR_GET, "is", error->collection, error->server_id);
    bool same = false;

    if (sql_step(sql, statement) > 0) {
        same = strcmp(sql_text(statement, 0), error->text) == 0;
        sqlite3_reset(statement);
    }
    return same;
}

/* Of the item, or of the folder as a whole. */
static char *error_path(struct sql *sql, const struct item_error *error)
{
    sqlite3_stmt *statement = sql_bind(sql, SQL_ERROR_FILE, "is", error->collection, error->server_id);
    int64_t ino = 0;

    if (sql_step(sql, statement) > 0) {
        ino = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return ino ? file_path(sql, ino) : NULL;
}

static int set_error(struct store *store, void *ctx)
{
    const struct item_error *error = ctx;
    struct sql *sql = &store->writer;
    int failed;

    if (!error->text)
        return sql_run(sql, SQL_ERROR_UNSET, "is", error->collection, error->server_id);
    if (stands(sql, error))
        return 0;
    failed = sql_run(sql, SQL_ERROR_SET, "iss", error->collection, error->server_id, error->text);
    if (!failed)
        reasons_note(store, error_path(sql, error), *error->server_id ? error->server_id : NULL, error->text);
    return failed;
}

int store_error_set(struct store *store, int64_t collection_id, const char *server_id, const char *text)
{
    return in_transaction(store, set_error, &(struct item_error){collection_id, server_id ? server_id : "", text});
}

static void error_clear(gpointer data)
{
    struct store_error *error = data;

    g_free(error->server_id);
    g_free(error->path);
    g_free(error->text);
}

GArray *store_errors(struct store *store)
{
    GArray *errors = g_array_new(FALSE, TRUE, sizeof(struct store_error));
    struct sql *sql = store_ask(store);
    sqlite3_stmt *statement = sql_bind(sql, SQL_ERROR_LIST, "d", LIMIT_ERRORS);

    g_array_set_clear_func(errors, error_clear);
    while (sql_step(sql, statement) > 0) {
        struct store_error error = {
            .collection_id = sqlite3_column_int64(statement, 0),
            .ino = sqlite3_column_int64(statement, 1),
            .server_id = g_strdup(sql_text(statement, 2)),
            .text = g_strdup(sql_text(statement, 3)),
        };

        error.path = error.ino ? file_path(sql, error.ino) : NULL;
        g_array_append_val(errors, error);
    }
    store_asked(store, sql);
    return errors;
}
