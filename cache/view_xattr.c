/* Extended attributes (CONTRACT 3): what of an item is no part of its file's bytes. */
#include "cache/view_state.h"

#include <errno.h>
#include <string.h>

#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "cache/store/store_state.h"

enum { MAIL = 1, PIM = 2, HIDDEN = 4 }; /* on which files, and whether a listing leaves it out */

static char *words(int value, const char *const *row, int count)
{
    return g_strdup(row[CLAMP(value, 0, count - 1)]);
}

static char *read_state(struct view *view, const struct item *item)
{
    (void)view;
    return g_strdup(item->flags.read ? "1" : "0");
}

static char *flag(struct view *view, const struct item *item)
{
    static const char *const row[] = {"none", "complete", "active"};

    (void)view;
    return words(item->flags.flag, row, G_N_ELEMENTS(row));
}

static char *importance(struct view *view, const struct item *item)
{
    static const char *const row[] = {"low", "normal", "high"};

    (void)view;
    return words(item->flags.importance, row, G_N_ELEMENTS(row));
}

static char *answered(struct view *view, const struct item *item)
{
    static const char *const row[] = {"none", "reply", "replyall", "forward"};

    (void)view;
    return words(item->flags.answered, row, G_N_ELEMENTS(row));
}

static char *categories(struct view *view, const struct item *item)
{
    (void)view;
    return g_strdup(item->flags.categories);
}

static char *server_id(struct view *view, const struct item *item)
{
    (void)view;
    return g_strdup(item->server_id);
}

/* Only events have a UID from the server; the others' is given here and stands in the file. */
static char *server_uid(struct view *view, const struct item *item)
{
    (void)view;
    return item->class == EAS_CALENDAR && item->uid && *item->uid ? g_strdup(item->uid) : NULL;
}

static const struct {
    const char *name;
    unsigned on;
    char *(*value)(struct view *view, const struct item *item); /* NULL: it has none */
} attributes[] = {
    {"user.eas.read", MAIL, read_state},
    {"user.eas.flag", MAIL, flag},
    {"user.eas.importance", MAIL, importance},
    {"user.eas.categories", MAIL | PIM, categories},
    {"user.eas.answered", MAIL, answered},
    {"user.eas.server-id", MAIL | PIM | HIDDEN, server_id},
    {"user.eas.server-uid", PIM | HIDDEN, server_uid},
};

static int find_item(struct view *view, uint64_t ino, struct item *item)
{
    sqlite3_stmt *statement = sql_bind(&view->sql, SQL_ITEM_BY_INO, "i", (int64_t)ino);
    struct item_row found = {0};
    int row = sql_step(&view->sql, statement);

    if (row <= 0)
        return row ? row : -ENODATA;
    item_row_read(statement, &found);
    sqlite3_reset(statement);
    *item = found.item;
    found.item = (struct item){0};
    item_row_clear(&found);
    return 0;
}

static unsigned kind_of(const struct item *item)
{
    return item->class == EAS_MAIL ? MAIL : PIM;
}

static ssize_t give(const char *bytes, size_t length, char *out, size_t size)
{
    if (size && size < length)
        return -ERANGE;
    if (size && length)
        memcpy(out, bytes, length);
    return (ssize_t)length;
}

/* ---- of every file, answered but not listed ---- */

static char *item_error(struct view *view, uint64_t ino)
{
    struct item item;
    char *text = NULL;

    if (find_item(view, ino, &item))
        return NULL;
    sqlite3_stmt *statement = sql_bind(&view->sql, SQL_ERROR_GET, "is", item.collection_id, item.server_id);

    if (sql_step(&view->sql, statement) > 0) {
        text = g_strdup(sql_text(statement, 0));
        sqlite3_reset(statement);
    }
    item_clear(&item);
    return text;
}

/* The journal's word first; what is no item of the server's is local. */
static char *file_state(struct view *view, uint64_t ino, char **error)
{
    static const char *const by_state[] = {
        [JOURNAL_OPEN] = "queued", [JOURNAL_QUEUED] = "queued", [JOURNAL_SENT] = "queued", [JOURNAL_HELD] = "held"};
    sqlite3_stmt *statement = sql_bind(&view->sql, SQL_FILE_STATE, "i", (int64_t)ino);
    const char *word = NULL;

    *error = NULL;
    if (sql_step(&view->sql, statement) <= 0)
        return NULL;
    int kind = sqlite3_column_int(statement, 0);

    if (kind == FILE_DIRECTORY)
        word = NULL;
    else if (sqlite3_column_type(statement, 2) != SQLITE_NULL && sqlite3_column_type(statement, 3) != SQLITE_NULL &&
             sqlite3_column_int(statement, 2) == JOURNAL_OPEN)
        word = "held"; /* or will be, unless it is written again before it is closed */
    else if (sqlite3_column_type(statement, 2) != SQLITE_NULL)
        word = by_state[CLAMP(sqlite3_column_int(statement, 2), JOURNAL_OPEN, JOURNAL_HELD)];
    else if (kind == FILE_ITEM)
        word = "clean";
    else
        word = sqlite3_column_int(statement, 1) == OWN_CONFLICT ? "conflict" : "local";
    if (sqlite3_column_type(statement, 3) != SQLITE_NULL)
        *error = g_strdup(sql_text(statement, 3));
    sqlite3_reset(statement);
    return g_strdup(word);
}

/* Why a local file is no more than that: it lost a conflict, or was refused the name of an item. */
static char *local_error(struct view *view, uint64_t ino, const char *state)
{
    sqlite3_stmt *statement;
    char *text = NULL;

    if (strcmp(state, "conflict") == 0)
        return g_strdup(store_conflict_reason);
    statement = sql_bind(&view->sql, SQL_ATTRIBUTE_GET, "is", (int64_t)ino, REFUSED_ATTRIBUTE);
    if (sql_step(&view->sql, statement) > 0) {
        text = g_strndup(sqlite3_column_blob(statement, 0), (gsize)sqlite3_column_bytes(statement, 0));
        sqlite3_reset(statement);
    }
    return text;
}

static char *state_value(struct view *view, uint64_t ino, bool want_error)
{
    g_autofree char *error = NULL;
    g_autofree char *state = file_state(view, ino, &error);
    char *of_item;

    if (!want_error)
        return g_steal_pointer(&state);
    if (error || !state)
        return g_steal_pointer(&error);
    of_item = item_error(view, ino);
    return of_item ? of_item : local_error(view, ino, state);
}

/* ---- kept here for whoever set them ---- */

static ssize_t get_kept(struct view *view, uint64_t ino, const char *name, char *out, size_t size)
{
    sqlite3_stmt *statement = sql_bind(&view->sql, SQL_ATTRIBUTE_GET, "is", (int64_t)ino, name);
    int row = sql_step(&view->sql, statement);

    if (row <= 0)
        return row ? row : -ENODATA;
    ssize_t got = give(sqlite3_column_blob(statement, 0), (size_t)sqlite3_column_bytes(statement, 0), out, size);

    sqlite3_reset(statement);
    return got;
}

static void list_kept(struct view *view, uint64_t ino, GString *names)
{
    sqlite3_stmt *statement = sql_bind(&view->sql, SQL_ATTRIBUTE_LIST, "i", (int64_t)ino);

    while (sql_step(&view->sql, statement) > 0) {
        const char *name = sql_text(statement, 0);

        if (strcmp(name, REFUSED_ATTRIBUTE) != 0)
            g_string_append_len(names, name, (gssize)strlen(name) + 1);
    }
}

ssize_t view_getxattr(struct view *view, uint64_t ino, const char *name, char *out, size_t size)
{
    bool is_error = strcmp(name, "user.eas.error") == 0;
    size_t which = 0;
    struct item item;

    if (is_error || strcmp(name, "user.eas.state") == 0) {
        g_autofree char *state = state_value(view, ino, is_error);

        return state ? give(state, strlen(state), out, size) : -ENODATA;
    }
    while (which < G_N_ELEMENTS(attributes) && strcmp(attributes[which].name, name) != 0)
        which++;
    if (which == G_N_ELEMENTS(attributes))
        return get_kept(view, ino, name, out, size);
    int error = find_item(view, ino, &item);

    if (error)
        return error;
    g_autofree char *value = attributes[which].on & kind_of(&item) ? attributes[which].value(view, &item) : NULL;

    item_clear(&item);
    return value ? give(value, strlen(value), out, size) : -ENODATA;
}

ssize_t view_listxattr(struct view *view, uint64_t ino, char *list, size_t size)
{
    g_autoptr(GString) names = g_string_new(NULL);
    struct item item;
    int error = find_item(view, ino, &item);

    if (error && error != -ENODATA)
        return error;
    for (size_t i = 0; !error && i < G_N_ELEMENTS(attributes); i++)
        if (attributes[i].on & kind_of(&item) && !(attributes[i].on & HIDDEN))
            g_string_append_len(names, attributes[i].name, (gssize)strlen(attributes[i].name) + 1);
    if (!error)
        item_clear(&item);
    list_kept(view, ino, names);
    return give(names->str, names->len, list, size);
}
