/* One connection to the store's database with its prepared statements. A connection belongs to one
 * thread at a time. Errors are negative errnos: -ENOSPC, -ENOMEM, -EEXIST (a constraint), -EBUSY, else -EIO. */
#ifndef CACHE_STORE_SQL_H
#define CACHE_STORE_SQL_H

#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum sql_statement {
#define S(name, text) SQL_##name,
#include "cache/store/statements.def"
#undef S
    SQL_STATEMENTS
};

struct sql {
    sqlite3 *handle;
    sqlite3_stmt *ready[SQL_STATEMENTS];
    int error; /* the first failure since it was last set to 0, constraints apart */
};

/* cache_kib: the page cache. A reader can change nothing. vfs: the name of a layer below SQLite (cipher_vfs.h); NULL:
 * none. */
int sql_open(struct sql *sql, const char *path, bool reader, int cache_kib, const char *vfs);
void sql_close(struct sql *sql);

/* A statement with its values, to be stepped. types: one letter a value, i int64_t, d int, s const char *
 * (NULL is NULL), b GBytes * (NULL is NULL). Values must live until the statement has ended. NULL on failure,
 * which sql_step reports. */
sqlite3_stmt *sql_bind(struct sql *sql, enum sql_statement statement, const char *types, ...);

/* 1: a row; 0: the end; else a negative errno. All but a row reset the statement. */
int sql_step(struct sql *sql, sqlite3_stmt *statement);

/* Binds and steps to the end: 0 or a negative errno. */
int sql_run(struct sql *sql, enum sql_statement statement, const char *types, ...);

/* The first column of the first row, or fallback where there is none or the database fails. */
int64_t sql_number(struct sql *sql, int64_t fallback, enum sql_statement statement, const char *types, ...);

/* Runs statements that are not in the table (schema, pragmas). */
int sql_script(struct sql *sql, const char *text);

/* A text column, "" for NULL; lives until the next step. */
const char *sql_text(sqlite3_stmt *statement, int column);

/* The errno for what the connection reported last. */
int sql_errno(struct sql *sql);

#endif
