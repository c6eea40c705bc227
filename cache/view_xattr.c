/* Extended attributes (CONTRACT 3): what of an item is no part of its file's bytes. */
#include "cache/view_state.h"

#include <errno.h>
#include <string.h>

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

/* Everything is as the server has it until files can be written. */
static char *state(struct view *view, const struct item *item)
{
    (void)view;
    (void)item;
    return g_strdup("clean");
}

static char *error_text(struct view *view, const struct item *item)
{
    sqlite3_stmt *statement = sql_bind(&view->sql, SQL_ERROR_GET, "is", item->collection_id, item->server_id);
    char *text = NULL;

    if (sql_step(&view->sql, statement) > 0) {
        text = g_strdup(sql_text(statement, 0));
        sqlite3_reset(statement);
    }
    return text;
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
    {"user.eas.state", MAIL | PIM | HIDDEN, state},
    {"user.eas.error", MAIL | PIM | HIDDEN, error_text},
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
    g_free(found.name);
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

ssize_t view_getxattr(struct view *view, uint64_t ino, const char *name, char *out, size_t size)
{
    size_t which = 0;
    struct item item;

    while (which < G_N_ELEMENTS(attributes) && strcmp(attributes[which].name, name) != 0)
        which++;
    if (which == G_N_ELEMENTS(attributes))
        return -ENODATA;
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

    if (error)
        return error == -ENODATA ? 0 : error;
    for (size_t i = 0; i < G_N_ELEMENTS(attributes); i++)
        if (attributes[i].on & kind_of(&item) && !(attributes[i].on & HIDDEN))
            g_string_append_len(names, attributes[i].name, (gssize)strlen(attributes[i].name) + 1);
    item_clear(&item);
    return give(names->str, names->len, list, size);
}
