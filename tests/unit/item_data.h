/* Items for tests, as literals: an ApplicationData from rows of tag and value. A row with a NULL
 * value opens an element for the rows behind it, up to a row of EAS_TAG_NONE. */
#ifndef TESTS_UNIT_ITEM_DATA_H
#define TESTS_UNIT_ITEM_DATA_H

#include <string.h>

#include "codec/files/files.h"

struct item_row {
    eas_tag tag;
    const char *value;
};

static inline struct eas_node *item_data(const struct item_row *rows, size_t count)
{
    struct eas_node *root = eas_node_new(TAG_AirSync_ApplicationData, NULL), *open = root;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].tag == EAS_TAG_NONE)
            open = open->parent;
        else if (rows[i].value)
            eas_node_add(open, rows[i].tag, rows[i].value);
        else
            open = eas_node_append(open, eas_node_new(rows[i].tag, NULL));
    }
    return root;
}
#define ITEM(...)                                                                                                      \
    item_data((const struct item_row[]){__VA_ARGS__},                                                                  \
              sizeof((const struct item_row[]){__VA_ARGS__}) / sizeof(struct item_row))

/* The file of an item as text, unfolded (RFC 5545 3.1): lines end with "\n". NULL where it was
 * refused. The caller frees it. */
static inline char *item_file(enum eas_class class, const struct eas_node *data, const struct file_context *context)
{
    g_autofree char *reason = NULL;
    g_autoptr(GBytes) file = file_from_item(class, data, context, &reason);

    if (!file)
        return NULL;

    g_autofree char *text = g_strndup(g_bytes_get_data(file, NULL), g_bytes_get_size(file));
    g_auto(GStrv) folds = g_strsplit(text, "\r\n ", -1);
    g_autofree char *unfolded = g_strjoinv("", folds);
    g_auto(GStrv) lines = g_strsplit(unfolded, "\r\n", -1);
    return g_strjoinv("\n", lines);
}

static inline bool has_line(const char *file, const char *line)
{
    g_autofree char *with_ends = g_strconcat("\n", line, "\n", NULL);
    g_autofree char *all = g_strconcat("\n", file, NULL);

    return strstr(all, with_ends) != NULL;
}

#endif
