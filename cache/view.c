/* The tree, read from the store by a connection of its own. Every statement is a transaction by
 * itself, so that no reader keeps the log from being written back. */
#include "cache/view_state.h"

#include <errno.h>
#include <unistd.h>

#include "cache/store/store_state.h"

enum { VIEW_CACHE_KIB = 4096, DIRECTORY_SIZE = 4096 };

struct view *view_new(struct store *store)
{
    struct view *view = g_new0(struct view, 1);
    g_autofree char *path = store_file(store, STORE_DATABASE);

    view->store = store;
    if (!sql_open(&view->sql, path, true, VIEW_CACHE_KIB, store_vfs(store)))
        return view;
    view_free(view);
    return NULL;
}

void view_free(struct view *view)
{
    if (!view)
        return;
    sql_close(&view->sql);
    g_free(view);
}

/* What lies in a grave may still be open, but has no name. */
static void read_attr(const struct view *view, sqlite3_stmt *row, struct view_attr *attr)
{
    enum file_kind kind = (enum file_kind)sqlite3_column_int(row, 2);
    bool directory = kind == FILE_DIRECTORY;
    int64_t parent = sqlite3_column_int64(row, 1);
    uint32_t names = parent != view->store->places[PLACE_GRAVES];

    *attr = (struct view_attr){
        .ino = (uint64_t)sqlite3_column_int64(row, 0),
        .parent = parent ? (uint64_t)parent : VIEW_ROOT,
        .directory = directory,
        .class = (enum eas_class)sqlite3_column_int(row, 3),
        .local = kind != FILE_ITEM || sqlite3_column_int64(row, 4) > 0,
        .size = directory ? DIRECTORY_SIZE : (uint64_t)sqlite3_column_int64(row, 5),
        .mtime_ns = sqlite3_column_int64(row, 6),
        .ctime_ns = sqlite3_column_int64(row, 7),
        .nlink = directory ? 2 * names + (uint32_t)sqlite3_column_int64(row, 8) : names,
    };
}

static int one_attr(struct view *view, sqlite3_stmt *statement, struct view_attr *attr)
{
    int row = sql_step(&view->sql, statement);

    if (row <= 0)
        return row ? row : -ENOENT;
    read_attr(view, statement, attr);
    bool hidden = sqlite3_column_int64(statement, 1) == INO_HIDDEN && attr->ino != VIEW_ROOT;

    sqlite3_reset(statement);
    return hidden ? -ENOENT : 0;
}

int view_lookup(struct view *view, uint64_t parent, const char *name, struct view_attr *attr)
{
    if (!*name || !g_utf8_validate(name, -1, NULL))
        return -ENOENT;
    return one_attr(view, sql_bind(&view->sql, SQL_VIEW_LOOKUP, "iis", (int64_t)parent, name_fold_hash(name), name),
                    attr);
}

int view_getattr(struct view *view, uint64_t ino, struct view_attr *attr)
{
    return one_attr(view, sql_bind(&view->sql, SQL_VIEW_ATTR, "i", (int64_t)ino), attr);
}

int view_list(struct view *view, uint64_t dir, uint64_t cookie, view_entry each, void *ctx)
{
    struct view_attr attr;
    int row = view_getattr(view, dir, &attr);

    if (row)
        return row;
    if (!attr.directory)
        return -ENOTDIR;
    sqlite3_stmt *statement = sql_bind(&view->sql, SQL_VIEW_LIST, "ii", (int64_t)dir, (int64_t)cookie);

    while ((row = sql_step(&view->sql, statement)) > 0) {
        read_attr(view, statement, &attr);
        if (!each(ctx, sql_text(statement, 9), &attr, attr.ino))
            break;
    }
    sqlite3_reset(statement);
    return MIN(row, 0);
}

int view_open(struct view *view, uint64_t ino, struct view_bytes *bytes)
{
    sqlite3_stmt *statement = sql_bind(&view->sql, SQL_VIEW_BYTES, "i", (int64_t)ino);
    int error;

    bodies_lock(view->store);
    int row = sql_step(&view->sql, statement);

    if (row <= 0) {
        error = row ? row : -ENOENT;
    } else if (sqlite3_column_int(statement, 0) == FILE_DIRECTORY) {
        error = -EISDIR;
    } else if (sqlite3_column_int(statement, 0) == FILE_SCRATCH && sqlite3_column_int64(statement, 1) == 0) {
        *bytes = (struct view_bytes){.fd = -1}; /* made, and never written */
        error = 0;
    } else if (sqlite3_column_type(statement, 2) == SQLITE_NULL) {
        error = -EAGAIN;
    } else {
        bytes->hold = sqlite3_column_int64(statement, 1);
        bytes->offset = sqlite3_column_int64(statement, 3);
        bytes->size = sqlite3_column_int64(statement, 4);
        bytes->nonce = (uint64_t)sqlite3_column_int64(statement, 5);
        error = bodies_hold(view->store, bytes->hold, sqlite3_column_int64(statement, 2), &bytes->fd);
    }
    bodies_unlock(view->store);
    sqlite3_reset(statement);
    return error;
}

void view_release(struct view *view, const struct view_bytes *bytes)
{
    if (bytes->hold)
        bodies_release(view->store, bytes->hold);
}

ssize_t view_bytes_read(const struct view *view, const struct view_bytes *bytes, void *buffer, size_t size,
                        int64_t offset)
{
    if (offset < 0 || offset >= bytes->size)
        return 0;
    ssize_t got = pread(bytes->fd, buffer, (size_t)MIN((int64_t)MIN(size, (size_t)G_MAXSSIZE), bytes->size - offset),
                        bytes->offset + offset);

    if (got < 0)
        return -errno;
    return body_unseal(view->store, bytes->nonce, buffer, (size_t)got, offset) ? got : -EIO;
}

ssize_t view_read(struct view *view, uint64_t ino, void *buffer, size_t size, int64_t offset)
{
    struct view_bytes bytes;
    int error = view_open(view, ino, &bytes);

    if (error)
        return error;
    ssize_t got = view_bytes_read(view, &bytes, buffer, size, offset);

    view_release(view, &bytes);
    return got;
}

bool view_all_local(struct view *view)
{
    return sql_number(&view->sql, 1, SQL_COLLECTION_UNFINISHED, "") == 0;
}

char *view_path(struct view *view, uint64_t ino)
{
    return file_path(&view->sql, (int64_t)ino);
}

GBytes *view_props(struct view *view, uint64_t ino)
{
    sqlite3_stmt *statement = sql_bind(&view->sql, SQL_VIEW_PROPS, "i", (int64_t)ino);
    GBytes *props = NULL;

    if (sql_step(&view->sql, statement) > 0) {
        if (sqlite3_column_type(statement, 0) != SQLITE_NULL)
            props = g_bytes_new(sqlite3_column_blob(statement, 0), (gsize)sqlite3_column_bytes(statement, 0));
        sqlite3_reset(statement);
    }
    return props;
}

int view_may_write(struct view *view, uint64_t ino)
{
    sqlite3_stmt *statement = sql_bind(&view->sql, SQL_VIEW_WRITABLE, "i", (int64_t)ino);
    int row = sql_step(&view->sql, statement);

    if (row <= 0)
        return row ? row : -ENOENT;
    int kind = sqlite3_column_int(statement, 0), class = sqlite3_column_int(statement, 1);
    bool draft = sqlite3_column_int(statement, 2) == EAS_FOLDER_DRAFTS;

    sqlite3_reset(statement);
    if (kind == FILE_DIRECTORY)
        return -EISDIR;
    return kind == FILE_ITEM && class == EAS_MAIL && !draft ? -EPERM : 0;
}
