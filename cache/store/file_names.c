/* Names in a directory: made unique whatever their case, and found again by hash. */
#include "cache/store/store_state.h"

#include <errno.h>

#include "codec/files/names.h"
#include "codec/limits.h"

/* FNV-1a, 64 bits. */
int64_t name_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash ? (int64_t)hash : 1;
}

/* Folding plain ASCII is lower case: most look-ups need no table for it. */
int64_t name_fold_hash(const char *name)
{
    g_autofree char *folded = g_str_is_ascii(name) ? g_ascii_strdown(name, -1) : name_fold(name);

    return name_hash(folded);
}

static char *make_name(const struct name_source *source, unsigned number)
{
    const char *title = source->title ? source->title : "";

    if (number == 1 && source->literal)
        return g_strdup(source->literal);
    return source->class == EAS_NO_CLASS ? name_folder(title, number)
                                         : name_generate(source->class, source->date_ns, title, number);
}

char *file_name_plain(const struct name_source *source)
{
    return make_name(source, 1);
}

/* The inode that keeps a name from being used, 0, or a negative errno. */
static int64_t taken_by(struct store *store, int64_t parent, int64_t self, const struct name_source *source,
                        unsigned number, struct file_name *name)
{
    g_free(name->name);
    name->name = make_name(source, number);
    name->fold = name_fold_hash(name->name);
    sqlite3_stmt *statement = sql_bind(&store->writer, SQL_FILE_BY_FOLD, "iii", parent, name->fold, self);
    int row = sql_step(&store->writer, statement);

    if (row <= 0)
        return row;
    int64_t ino = sqlite3_column_int64(statement, 0);

    sqlite3_reset(statement);
    return ino;
}

/* Numbers are doubled until one is free, then the first free one is sought between: among n equal
 * names that takes 2 log n look-ups. A gap left by a deletion may or may not be found. */
int file_name_make(struct store *store, int64_t parent, int64_t self, const struct name_source *source,
                   struct file_name *name, int64_t *rival)
{
    unsigned used = 1, free_number = 2;
    int64_t taken = taken_by(store, parent, self, source, 1, name);

    if (rival)
        *rival = MAX(taken, 0);
    if (taken <= 0)
        return (int)taken;
    while ((taken = taken_by(store, parent, self, source, free_number, name)) > 0) {
        if (free_number > G_MAXUINT / 4)
            return -EEXIST;
        used = free_number;
        free_number *= 2;
    }
    while (taken >= 0 && free_number - used > 1) {
        unsigned middle = used + (free_number - used) / 2;

        if ((taken = taken_by(store, parent, self, source, middle, name)) > 0)
            used = middle;
        else
            free_number = middle;
    }
    if (taken > 0)
        taken = taken_by(store, parent, self, source, free_number, name);
    return (int)MIN(taken, 0);
}

char *file_path(struct sql *sql, int64_t ino)
{
    GString *path = g_string_new(NULL);

    for (int depth = 0; ino != INO_ROOT; depth++) {
        sqlite3_stmt *statement = sql_bind(sql, SQL_FILE_PLACE, "i", ino);

        if (depth > LIMIT_FOLDER_DEPTH + 4 || sql_step(sql, statement) <= 0) {
            g_string_free(path, TRUE);
            return NULL;
        }
        if (path->len)
            g_string_prepend_c(path, '/');
        g_string_prepend(path, sql_text(statement, 1));
        ino = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return g_string_free(path, FALSE);
}

char *store_path(struct store *store, int64_t ino)
{
    struct sql *sql = store_ask(store);
    char *path = file_path(sql, ino);

    store_asked(store, sql);
    return path;
}

static int refold(struct store *store)
{
    sqlite3_stmt *statement = sql_bind(&store->writer, SQL_FILE_NAMES, "i", (int64_t)0);
    int row;

    while ((row = sql_step(&store->writer, statement)) > 0) {
        const char *name = sql_text(statement, 2);
        int64_t fold = g_str_is_ascii(name) ? sqlite3_column_int64(statement, 3) : name_fold_hash(name);
        int error = 0;

        if (fold != sqlite3_column_int64(statement, 3))
            error = sql_run(&store->writer, SQL_FILE_REFOLD, "ii", fold, sqlite3_column_int64(statement, 0));
        if (error)
            return error;
    }
    return row;
}

int file_names_refresh(struct store *store)
{
    g_autofree char *rules = g_strdup_printf("glib %u.%u", glib_major_version, glib_minor_version);
    g_autofree char *had = store_get(store, "folding");
    int error;

    if (!g_strcmp0(had, rules))
        return 0;
    if ((error = store_begin(store)))
        return error;
    if ((had && (error = refold(store))) || (error = store_set(store, "folding", rules))) {
        store_rollback(store);
        return error;
    }
    return store_commit(store);
}
