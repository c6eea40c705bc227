#include "cache/store/sql.h"

#include <errno.h>
#include <stdarg.h>

#include "cache/store/cipher_vfs.h"

static const char *const texts[SQL_STATEMENTS] = {
#define S(name, text) [SQL_##name] = text,
#include "cache/store/statements.def"
#undef S
};

enum { BUSY_MS = 5000 };

int sql_errno(struct sql *sql)
{
    switch (sqlite3_errcode(sql->handle)) {
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_CONSTRAINT:
        return -EEXIST;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_IOERR:
        return sqlite3_system_errno(sql->handle) == ENOSPC ? -ENOSPC : -EIO;
    default:
        return -EIO;
    }
}

static int sql_fail(struct sql *sql)
{
    int error = sql_errno(sql);

    if (!sql->error && error != -EEXIST)
        sql->error = error;
    return error;
}

/* A file that is made now leaves room in its pages for what seals them; in one that is there, they have it. */
static void reserve(struct sql *sql)
{
    int bytes = CIPHER_PAGE_RESERVE;

    sqlite3_file_control(sql->handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}

int sql_open(struct sql *sql, const char *path, bool reader, int cache_kib, const char *vfs)
{
    int flags = SQLITE_OPEN_NOMUTEX | (reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    g_autofree char *cache = g_strdup_printf("PRAGMA cache_size = -%d; PRAGMA mmap_size = 0", cache_kib);

    *sql = (struct sql){0};
    if (sqlite3_open_v2(path, &sql->handle, flags, vfs) != SQLITE_OK)
        return sql->handle ? sql_fail(sql) : -ENOMEM;
    if (vfs && !reader)
        reserve(sql);
    sqlite3_extended_result_codes(sql->handle, 0);
    sqlite3_busy_timeout(sql->handle, BUSY_MS);
    return sql_script(sql, cache);
}

void sql_close(struct sql *sql)
{
    for (int i = 0; i < SQL_STATEMENTS; i++)
        sqlite3_finalize(sql->ready[i]);
    sqlite3_close(sql->handle);
    *sql = (struct sql){0};
}

int sql_script(struct sql *sql, const char *text)
{
    return sqlite3_exec(sql->handle, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_fail(sql);
}

static int bind_blob(sqlite3_stmt *statement, int index, GBytes *bytes)
{
    gsize size = 0;
    const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

    if (!bytes)
        return sqlite3_bind_null(statement, index);
    return data ? sqlite3_bind_blob64(statement, index, data, size, SQLITE_STATIC)
                : sqlite3_bind_zeroblob(statement, index, 0);
}

static sqlite3_stmt *bind_all(struct sql *sql, enum sql_statement which, const char *types, va_list args)
{
    sqlite3_stmt *statement = sql->ready[which];

    if (!statement) {
        if (sqlite3_prepare_v3(sql->handle, texts[which], -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
            SQLITE_OK) {
            sql_fail(sql);
            return NULL;
        }
        sql->ready[which] = statement;
    }
    sqlite3_reset(statement);
    for (int i = 1; *types; i++, types++) {
        switch (*types) {
        case 'i':
            sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
            break;
        case 'd':
            sqlite3_bind_int(statement, i, va_arg(args, int));
            break;
        case 's':
            sqlite3_bind_text(statement, i, va_arg(args, const char *), -1, SQLITE_STATIC);
            break;
        default:
            bind_blob(statement, i, va_arg(args, GBytes *));
            break;
        }
    }
    return statement;
}

sqlite3_stmt *sql_bind(struct sql *sql, enum sql_statement statement, const char *types, ...)
{
    va_list args;

    va_start(args, types);
    sqlite3_stmt *bound = bind_all(sql, statement, types, args);
    va_end(args);
    return bound;
}

int sql_step(struct sql *sql, sqlite3_stmt *statement)
{
    if (!statement)
        return sql->error ? sql->error : -EIO;
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        sqlite3_reset(statement);
        return 0;
    default: {
        int error = sql_fail(sql);

        sqlite3_reset(statement);
        return error;
    }
    }
}

int sql_run(struct sql *sql, enum sql_statement statement, const char *types, ...)
{
    va_list args;
    int row;

    va_start(args, types);
    sqlite3_stmt *bound = bind_all(sql, statement, types, args);
    va_end(args);
    while ((row = sql_step(sql, bound)) > 0)
        ;
    return row;
}

int64_t sql_number(struct sql *sql, int64_t fallback, enum sql_statement statement, const char *types, ...)
{
    va_list args;

    va_start(args, types);
    sqlite3_stmt *bound = bind_all(sql, statement, types, args);
    va_end(args);
    if (sql_step(sql, bound) <= 0)
        return fallback;
    int64_t number = sqlite3_column_int64(bound, 0);

    sqlite3_reset(bound);
    return number;
}

const char *sql_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return text ? text : "";
}
