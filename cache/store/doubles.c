/* Equal names among the files that one transaction makes: nobody has seen them yet, so the numbers
 * go by date, then by UID or Message-ID, then by arrival, whatever order the server sent them in. */
#include "cache/store/store_state.h"

#include <string.h>

struct twin {
    int64_t ino, fold, date_ns;
    char *uid, *name;
};

static void twin_clear(gpointer data)
{
    struct twin *twin = data;

    g_free(twin->uid);
    g_free(twin->name);
}

/* A group is known by the file that has the plain name, which takes part if it is new itself. */
void doubles_note(struct store *store, int64_t rival, int64_t ino)
{
    GArray *group = g_hash_table_lookup(store->txn.doubles, &rival);

    if (!group) {
        group = g_array_new(FALSE, FALSE, sizeof(int64_t));
        if (rival >= store->txn.first_ino)
            g_array_append_val(group, rival);
        g_hash_table_insert(store->txn.doubles, g_memdup2(&rival, sizeof rival), group);
    }
    g_array_append_val(group, ino);
}

static int load_twins(struct store *store, const GArray *inos, GArray *twins)
{
    for (guint i = 0; i < inos->len; i++) {
        sqlite3_stmt *statement = sql_bind(&store->writer, SQL_FILE_TWIN, "i", g_array_index(inos, int64_t, i));
        int row = sql_step(&store->writer, statement);

        if (row < 0)
            return row;
        if (!row)
            continue;
        struct twin twin = {.ino = g_array_index(inos, int64_t, i),
                            .fold = sqlite3_column_int64(statement, 1),
                            .date_ns = sqlite3_column_int64(statement, 2),
                            .uid = g_strdup(sql_text(statement, 3)),
                            .name = g_strdup(sql_text(statement, 0))};

        g_array_append_val(twins, twin);
        sqlite3_reset(statement);
    }
    return 0;
}

static int compare(gconstpointer left, gconstpointer right)
{
    const struct twin *a = *(const struct twin *const *)left, *b = *(const struct twin *const *)right;
    int order = (a->date_ns > b->date_ns) - (a->date_ns < b->date_ns);

    if (!order)
        order = strcmp(a->uid, b->uid);
    return order ? order : (a->ino > b->ino) - (a->ino < b->ino);
}

/* The names stand in the order they were given out, which is that of their numbers. */
static int rename_twins(struct store *store, const GArray *twins, GPtrArray *order)
{
    int error = 0;

    for (guint i = 0; i < order->len && !error; i++)
        error = sql_run(&store->writer, SQL_FILE_ASIDE, "i", ((struct twin *)order->pdata[i])->ino);
    for (guint i = 0; i < order->len && !error; i++) {
        const struct twin *named = &g_array_index(twins, struct twin, i), *twin = order->pdata[i];

        error = sql_run(&store->writer, SQL_FILE_RENAME, "sii", named->name, named->fold, twin->ino);
        if (twin != named)
            changes_rename_created(store, twin->ino, named->name);
    }
    return error;
}

static int apply_group(struct store *store, const GArray *inos)
{
    g_autoptr(GArray) twins = g_array_new(FALSE, FALSE, sizeof(struct twin));
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    bool sorted = true;
    int error;

    g_array_set_clear_func(twins, twin_clear);
    if ((error = load_twins(store, inos, twins)))
        return error;
    for (guint i = 0; i < twins->len; i++)
        g_ptr_array_add(order, &g_array_index(twins, struct twin, i));
    g_ptr_array_sort(order, compare);
    for (guint i = 0; i < order->len && sorted; i++)
        sorted = order->pdata[i] == &g_array_index(twins, struct twin, i);
    return sorted ? 0 : rename_twins(store, twins, order);
}

int doubles_apply(struct store *store)
{
    GHashTableIter iter;
    gpointer group;
    int error = 0;

    g_hash_table_iter_init(&iter, store->txn.doubles);
    while (!error && g_hash_table_iter_next(&iter, NULL, &group))
        error = apply_group(store, group);
    return error;
}
