/* What a transaction changes in the tree: noted as it happens, delivered after its commit. Names are
 * kept in one chunk and expanded a few at a time, so that the removal of a large folder stays small. */
#include "cache/store/files.h"
#include "cache/store/store_state.h"

#include <stdio.h>
#include <time.h>

struct noted {
    enum change_kind kind;
    bool directory, own;
    int64_t ino, parent, old_parent;
    const char *name, *old_name;
};

struct change_list {
    GArray *changes;
    GStringChunk *names;
};

enum { CHUNK_BYTES = 4096, DELIVERED_AT_ONCE = 64 };

static void new_lists(struct txn *txn)
{
    txn->changes = g_array_new(FALSE, FALSE, sizeof(struct noted));
    txn->names = g_string_chunk_new(CHUNK_BYTES);
}

void changes_init(struct txn *txn)
{
    new_lists(txn);
    txn->reasons = reasons_new();
    txn->touched = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    txn->packs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    txn->adopted = g_array_new(FALSE, FALSE, sizeof(int64_t));
    txn->doubles = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_array_unref);
}

void changes_clear(struct txn *txn)
{
    g_array_set_size(txn->changes, 0);
    g_string_chunk_clear(txn->names);
    g_ptr_array_set_size(txn->reasons, 0);
    g_hash_table_remove_all(txn->touched);
    g_hash_table_remove_all(txn->packs);
    g_hash_table_remove_all(txn->doubles);
    g_array_set_size(txn->adopted, 0);
    txn->stamped = txn->own = txn->journaled = false;
}

void changes_free(struct txn *txn)
{
    g_array_unref(txn->changes);
    g_string_chunk_free(txn->names);
    g_ptr_array_unref(txn->reasons);
    g_hash_table_unref(txn->touched);
    g_hash_table_unref(txn->packs);
    g_hash_table_unref(txn->doubles);
    g_array_unref(txn->adopted);
}

void changes_note(struct store *store, enum change_kind kind, bool directory, int64_t ino, int64_t parent,
                  const char *name, int64_t old_parent, const char *old_name)
{
    struct txn *txn = &store->txn;
    struct noted noted = {
        .kind = kind, .directory = directory, .own = txn->own, .ino = ino, .parent = parent, .old_parent = old_parent};

    noted.name = g_string_chunk_insert(txn->names, name);
    noted.old_name = old_name ? g_string_chunk_insert(txn->names, old_name) : NULL;
    g_array_append_val(txn->changes, noted);
}

void changes_rename_created(struct store *store, int64_t ino, const char *name)
{
    struct txn *txn = &store->txn;

    for (guint i = txn->changes->len; i-- > 0;) {
        struct noted *noted = &g_array_index(txn->changes, struct noted, i);

        if (noted->ino == ino)
            noted->name = g_string_chunk_insert(txn->names, name);
        if (noted->ino == ino && noted->kind == CHANGE_CREATE)
            break;
    }
}

void changes_touch(struct store *store, int64_t dir)
{
    if (!g_hash_table_contains(store->txn.touched, &dir))
        g_hash_table_add(store->txn.touched, g_memdup2(&dir, sizeof dir));
}

/* One clock for transactions and for whoever writes beside them. */
int64_t store_instant(struct store *store)
{
    int64_t before = __atomic_load_n(&store->clock_ns, __ATOMIC_RELAXED), instant;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    do
        instant = MAX(before + 1, now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec);
    while (!__atomic_compare_exchange_n(&store->clock_ns, &before, instant, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return instant;
}

int64_t store_now(struct store *store)
{
    store->txn.stamped = true;
    return store_instant(store);
}

int64_t store_bytes_time(struct store *store, int64_t before_ns)
{
    return MAX(store_now(store), before_ns + 1);
}

int changes_apply(struct store *store)
{
    GHashTableIter iter;
    gpointer dir;

    g_hash_table_iter_init(&iter, store->txn.touched);
    while (g_hash_table_iter_next(&iter, &dir, NULL)) {
        int64_t now = store_now(store);
        int error = sql_run(&store->writer, SQL_DIRECTORY_TOUCH, "iii", now, now, *(int64_t *)dir);

        if (error)
            return error;
    }
    if (!store->txn.stamped)
        return 0;
    g_autofree char *clock =
        g_strdup_printf("%" G_GINT64_FORMAT, (gint64)__atomic_load_n(&store->clock_ns, __ATOMIC_RELAXED));

    return sql_run(&store->writer, SQL_SETTING_SET, "ss", "clock", clock);
}

struct change_list *changes_steal(struct store *store)
{
    struct txn *txn = &store->txn;
    struct change_list *list;

    if (!txn->changes->len || !store->listener)
        return NULL;
    list = g_new0(struct change_list, 1);
    list->changes = txn->changes;
    list->names = txn->names;
    new_lists(txn);
    return list;
}

static void expand(const struct noted *noted, struct change *change)
{
    *change = (struct change){.kind = noted->kind,
                              .directory = noted->directory,
                              .own = noted->own,
                              .ino = (uint64_t)noted->ino,
                              .parent = (uint64_t)noted->parent,
                              .old_parent = (uint64_t)noted->old_parent};
    g_strlcpy(change->name, noted->name, sizeof change->name);
    g_strlcpy(change->old_name, noted->old_name ? noted->old_name : "", sizeof change->old_name);
}

void changes_deliver(struct change_list *list, store_listener listener, void *ctx)
{
    if (!list)
        return;
    g_autofree struct change *some = g_new(struct change, DELIVERED_AT_ONCE);

    for (guint i = 0; i < list->changes->len; i += DELIVERED_AT_ONCE) {
        guint count = MIN((guint)DELIVERED_AT_ONCE, list->changes->len - i);

        for (guint k = 0; k < count; k++)
            expand(&g_array_index(list->changes, struct noted, i + k), &some[k]);
        listener(ctx, some, count);
    }
    g_array_unref(list->changes);
    g_string_chunk_free(list->names);
    g_free(list);
}
