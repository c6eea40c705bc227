/* Care of the store: its size, whether its parts agree, and its end. */
#include "cache/store/packs.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/limits.h"

struct finder {
    struct store *store;
    void (*report)(void *ctx, const char *finding);
    void *ctx;
    int count;
};

static void __attribute__((format(printf, 2, 3))) found(struct finder *finder, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    finder->count++;
    if (finder->report)
        finder->report(finder->ctx, text);
}

/* One row a rule: a query that gives a row (number, number) for whatever breaks it. */
static const struct {
    const char *query, *finding;
} rules[] = {
    {"SELECT f.ino, f.parent FROM file f LEFT JOIN file p ON p.ino = f.parent AND p.kind = 0 "
     "WHERE p.ino IS NULL AND f.ino > 6 AND NOT (f.parent = 0 AND f.ino IN (SELECT CAST(value AS INTEGER) FROM setting "
     "WHERE key IN ('graves', 'outbox', 'people', 'search')))",
     "file %" G_GINT64_FORMAT " is in directory %" G_GINT64_FORMAT ", which does not exist"},
    {"SELECT f.ino, f.item FROM file f LEFT JOIN item i ON i.id = f.item AND i.ino = f.ino WHERE f.kind = 1 AND i.id "
     "IS NULL",
     "file %" G_GINT64_FORMAT " is of item %" G_GINT64_FORMAT ", which is not of it"},
    {"SELECT i.id, i.ino FROM item i LEFT JOIN file f ON f.ino = i.ino AND f.item = i.id WHERE f.ino IS NULL",
     "item %" G_GINT64_FORMAT " has the file %" G_GINT64_FORMAT ", which is not of it"},
    {"SELECT j.id, j.ino FROM journal j LEFT JOIN file f ON f.ino = j.ino WHERE j.ino <> 0 AND f.ino IS NULL",
     "journal row %" G_GINT64_FORMAT " speaks of file %" G_GINT64_FORMAT ", which does not exist"},
    {"SELECT j.id, j.item FROM journal j LEFT JOIN item i ON i.id = j.item WHERE j.item <> 0 AND i.id IS NULL",
     "journal row %" G_GINT64_FORMAT " speaks of item %" G_GINT64_FORMAT ", which does not exist"},
    {"SELECT i.id, i.collection FROM item i LEFT JOIN collection c ON c.id = i.collection WHERE c.id IS NULL",
     "item %" G_GINT64_FORMAT " is in collection %" G_GINT64_FORMAT ", which does not exist"},
    {"SELECT c.id, c.ino FROM collection c LEFT JOIN file f ON f.ino = c.ino AND f.kind = 0 WHERE c.ino <> 0 AND f.ino "
     "IS NULL",
     "collection %" G_GINT64_FORMAT " has the directory %" G_GINT64_FORMAT ", which does not exist"},
    {"SELECT c.id, c.items FROM collection c WHERE c.items <> (SELECT count(*) FROM item WHERE collection = c.id)",
     "collection %" G_GINT64_FORMAT " does not have the %" G_GINT64_FORMAT " items it says"},
    {"SELECT c.id, c.unread FROM collection c WHERE c.unread <> (SELECT count(*) FROM item WHERE collection = c.id AND "
     "NOT flags & 1)",
     "collection %" G_GINT64_FORMAT " does not have the %" G_GINT64_FORMAT " unread items it says"},
    {"SELECT c.id, c.missing FROM collection c WHERE c.missing <> (SELECT count(*) FROM item i JOIN file f ON f.ino = "
     "i.ino "
     "WHERE i.collection = c.id AND f.body = 0)",
     "collection %" G_GINT64_FORMAT " does not miss the %" G_GINT64_FORMAT " bodies it says"},
    {"SELECT f.ino, f.body FROM file f LEFT JOIN body b ON b.id = f.body WHERE f.body > 0 AND (b.id IS NULL OR b.size "
     "<> f.size)",
     "file %" G_GINT64_FORMAT " has the body %" G_GINT64_FORMAT ", which does not exist or is of another size"},
    {"SELECT b.id, count(f.ino) FROM body b LEFT JOIN file f ON f.body = b.id GROUP BY b.id HAVING count(f.ino) <> 1",
     "body %" G_GINT64_FORMAT " is of %" G_GINT64_FORMAT " files"},
    {"SELECT p.id, p.live FROM pack p WHERE p.live <> (SELECT coalesce(sum(size), 0) FROM body WHERE pack = p.id)",
     "pack %" G_GINT64_FORMAT " does not have the %" G_GINT64_FORMAT " live bytes it says"},
};

static int check_rules(struct finder *finder)
{
    struct sql *sql = &finder->store->writer;

    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        sqlite3_stmt *statement = NULL;

        if (sqlite3_prepare_v2(sql->handle, rules[i].query, -1, &statement, NULL) != SQLITE_OK)
            return sql_errno(sql);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            g_autofree char *text = g_strdup_printf(rules[i].finding, (gint64)sqlite3_column_int64(statement, 0),
                                                    (gint64)sqlite3_column_int64(statement, 1));
            found(finder, "%s", text);
        }
        sqlite3_finalize(statement);
    }
    return 0;
}

static int check_database(struct finder *finder)
{
    struct sql *sql = &finder->store->writer;
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(sql->handle, "PRAGMA integrity_check(20)", -1, &statement, NULL) != SQLITE_OK)
        return sql_errno(sql);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *text = sql_text(statement, 0);

        if (strcmp(text, "ok") != 0)
            found(finder, "database: %s", text);
    }
    sqlite3_finalize(statement);
    return 0;
}

static int check_names(struct finder *finder)
{
    struct sql *sql = &finder->store->writer;
    sqlite3_stmt *statement = sql_bind(sql, SQL_FILE_NAMES, "i", (int64_t)INO_ROOT);
    int row;

    while ((row = sql_step(sql, statement)) > 0) {
        const char *name = sql_text(statement, 2);

        if (!*name || strchr(name, '/') || name_fold_hash(name) != sqlite3_column_int64(statement, 3))
            found(finder, "file %" G_GINT64_FORMAT " cannot be found by its name \"%s\"",
                  (gint64)sqlite3_column_int64(statement, 0), name);
    }
    return row;
}

/* Of a sealed body the tag is made again, as only who has the key can. */
static bool bytes_agree(struct store *store, const struct body_place *place, char *buffer)
{
    struct cipher_stream *stream =
        place->nonce && store->cipher ? cipher_stream_new(store->cipher, place->nonce) : NULL;
    g_autofree char *sealed = stream ? g_malloc(LIMIT_PACK_BUFFER) : NULL;
    uint8_t tag[CIPHER_TAG_BYTES];
    uint64_t sum = BODY_SUM_START;
    bool good = !place->nonce || stream;

    for (int64_t offset = 0; offset < place->size && good; offset += LIMIT_PACK_BUFFER) {
        ssize_t got = body_read(store, place, buffer, LIMIT_PACK_BUFFER, offset);

        good = got == MIN((int64_t)LIMIT_PACK_BUFFER, place->size - offset) &&
               (!stream || cipher_stream_seal(stream, buffer, sealed, (size_t)got));
        if (good)
            sum = body_sum(sum, buffer, (size_t)got);
    }
    if (stream)
        good = cipher_stream_end(stream, tag) && good && !CRYPTO_memcmp(tag, place->tag, sizeof tag);
    return good && sum == place->sum;
}

static int check_bodies(struct finder *finder)
{
    struct sql *sql = &finder->store->writer;
    g_autofree char *buffer = g_malloc(LIMIT_PACK_BUFFER);
    sqlite3_stmt *statement = sql_bind(sql, SQL_BODY_LIST, "");
    int64_t pack = 0, end = 0;
    int row;

    while ((row = sql_step(sql, statement)) > 0) {
        struct body_place place = {
            sqlite3_column_int64(statement, 0),           sqlite3_column_int64(statement, 1),
            sqlite3_column_int64(statement, 2),           sqlite3_column_int64(statement, 3),
            (uint64_t)sqlite3_column_int64(statement, 4), (uint64_t)sqlite3_column_int64(statement, 5)};

        if (sqlite3_column_bytes(statement, 6) == sizeof place.tag)
            memcpy(place.tag, sqlite3_column_blob(statement, 6), sizeof place.tag);

        if (place.pack == pack && place.offset < end)
            found(finder, "body %" G_GINT64_FORMAT " lies over the one before it", (gint64)place.id);
        if (!bytes_agree(finder->store, &place, buffer))
            found(finder, "body %" G_GINT64_FORMAT " in pack %" G_GINT64_FORMAT " is damaged", (gint64)place.id,
                  (gint64)place.pack);
        pack = place.pack;
        end = place.offset + place.size;
    }
    return row;
}

int store_verify(struct store *store, void (*report)(void *ctx, const char *finding), void *ctx)
{
    struct finder finder = {store, report, ctx, 0};
    int error = store_begin(store);

    if (error)
        return error;
    if (!(error = check_database(&finder)) && !(error = check_rules(&finder)) && !(error = check_names(&finder)))
        error = check_bodies(&finder);
    store_rollback(store);
    return error ? error : finder.count;
}

static int64_t file_bytes(const struct store *store, const char *name)
{
    g_autofree char *path = store_file(store, name);
    struct stat status;

    return stat(path, &status) ? 0 : status.st_blocks * (int64_t)512;
}

int store_size(struct store *store, struct store_size *size)
{
    struct sql *sql = store_ask(store);
    sqlite3_stmt *statement = sql_bind(sql, SQL_PACK_LIST, "");
    int row;

    *size = (struct store_size){0};
    while ((row = sql_step(sql, statement)) > 0) {
        g_autofree char *name =
            g_strdup_printf("bodies/%06" G_GINT64_FORMAT ".pack", (gint64)sqlite3_column_int64(statement, 0));

        size->bodies += sqlite3_column_int64(statement, 2);
        size->packs += file_bytes(store, name);
    }
    size->items = sql_number(sql, 0, SQL_COLLECTION_ITEMS, "");
    size->files = sql_number(sql, 0, SQL_FILE_COUNT, "");
    store_asked(store, sql);
    size->database = file_bytes(store, STORE_DATABASE) + file_bytes(store, STORE_DATABASE "-wal") +
                     file_bytes(store, STORE_DATABASE "-shm");
    return row;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    if (at->level == 0 ||
        (at->level == 1 && (!strcmp(path + at->base, "lock") || !strcmp(path + at->base, STORE_WIPED))))
        return 0;
    return remove(path) && errno != ENOENT && type != FTW_NS ? -errno : 0;
}

int store_empty(const char *state_dir)
{
    g_autofree char *lock = g_build_filename(state_dir, "lock", NULL);
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), error;

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    error = flock(fd, LOCK_EX | LOCK_NB) ? -EBUSY : nftw(state_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    close(fd);
    return error;
}

int store_wipe(const char *state_dir)
{
    g_autofree char *mark = g_build_filename(state_dir, STORE_WIPED, NULL);
    int error = store_empty(state_dir);

    return !error && unlink(mark) && errno != ENOENT ? -errno : error;
}
