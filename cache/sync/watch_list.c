#include "cache/sync/watch_list.h"

#include <string.h>

#include "codec/limits.h"

struct watch_list {
    GPtrArray *all;   /* of struct watched *, in the store's order */
    gint64 chosen_at; /* the time of the last choice */
};

static void watched_free(void *data)
{
    g_free(((struct watched *)data)->id);
    g_free(data);
}

struct watch_list *watch_list_new(void)
{
    struct watch_list *list = g_new0(struct watch_list, 1);

    list->all = g_ptr_array_new_with_free_func(watched_free);
    return list;
}

void watch_list_free(struct watch_list *list)
{
    if (!list)
        return;
    g_ptr_array_unref(list->all);
    g_free(list);
}

static struct watched *find(const struct watch_list *list, const char *id)
{
    for (guint i = 0; i < list->all->len; i++) {
        struct watched *each = list->all->pdata[i];

        if (!strcmp(each->id, id))
            return each;
    }
    return NULL;
}

void watch_list_refresh(struct watch_list *list, GArray *collections)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, watched_free);
    GPtrArray *all = g_ptr_array_new_with_free_func(watched_free);

    g_ptr_array_set_free_func(list->all, NULL);
    for (guint i = 0; i < list->all->len; i++)
        g_hash_table_insert(known, ((struct watched *)list->all->pdata[i])->id, list->all->pdata[i]);
    g_ptr_array_unref(list->all);
    for (guint i = 0; i < collections->len; i++) {
        const struct collection *collection = &g_array_index(collections, struct collection, i);
        struct watched *watched = g_hash_table_lookup(known, collection->server_id);

        if (!collection->selected || !collection->complete || collection->class >= EAS_CLASSES ||
            !strcmp(collection->sync_key, "0"))
            continue;
        if (watched) {
            g_hash_table_steal(known, collection->server_id);
        } else {
            watched = g_new0(struct watched, 1);
            watched->id = g_strdup(collection->server_id);
        }
        watched->class = collection->class;
        watched->empty = collection->items == 0;
        g_ptr_array_add(all, watched);
    }
    list->all = all;
}

/* g_ptr_array_sort is stable: among equals the store's order stays. */
static gint liveliest_first(gconstpointer a, gconstpointer b)
{
    gint64 left = (*(struct watched *const *)a)->lively_at, right = (*(struct watched *const *)b)->lively_at;

    return (left < right) - (left > right);
}

static gint longest_unnamed_first(gconstpointer a, gconstpointer b)
{
    gint64 left = (*(struct watched *const *)a)->named_at, right = (*(struct watched *const *)b)->named_at;

    return (left > right) - (left < right);
}

/* Of the places a quarter, but one at least, goes round among those that are not lively. */
static guint places_to_keep(guint limit)
{
    return limit > 1 ? limit - MAX(limit / 4, 1) : limit;
}

GPtrArray *watch_list_choose(struct watch_list *list, guint limit, gint64 now)
{
    GPtrArray *chosen = g_ptr_array_new();

    for (guint i = 0; i < list->all->len; i++)
        if (((struct watched *)list->all->pdata[i])->rests_until <= now)
            g_ptr_array_add(chosen, list->all->pdata[i]);
    if (limit && chosen->len > limit) {
        g_autoptr(GPtrArray) others = g_ptr_array_new();
        guint kept = places_to_keep(limit);

        g_ptr_array_sort(chosen, liveliest_first);
        for (guint i = kept; i < chosen->len; i++)
            g_ptr_array_add(others, chosen->pdata[i]);
        g_ptr_array_sort(others, longest_unnamed_first);
        g_ptr_array_set_size(chosen, (gint)kept);
        for (guint i = 0; chosen->len < limit; i++)
            g_ptr_array_add(chosen, others->pdata[i]);
    }
    list->chosen_at = now;
    for (guint i = 0; i < chosen->len; i++)
        ((struct watched *)chosen->pdata[i])->named_at = now;
    return chosen;
}

GPtrArray *watch_list_left_out(const struct watch_list *list, bool empty)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < list->all->len; i++) {
        const struct watched *each = list->all->pdata[i];

        if (each->named_at != list->chosen_at || (empty && each->empty))
            g_ptr_array_add(ids, g_strdup(each->id));
    }
    return ids;
}

bool watch_list_judge(struct watch_list *list, const char *id, bool told, gint64 now)
{
    struct watched *watched = find(list, id);

    if (!watched || watched->rests_until > now)
        return false;
    watched->idle = told ? 0 : watched->idle + 1;
    if (watched->idle < LIMIT_FUTILE_FOLDER)
        return false;
    watched->idle = 0;
    watched->rests_until = now + LIMIT_PUSH_AGAIN_MS * 1000LL;
    return true;
}

void watch_list_stir(struct watch_list *list, const char *id, gint64 now)
{
    struct watched *watched = find(list, id);

    if (watched)
        watched->lively_at = now;
}

bool watch_list_has(const struct watch_list *list, const char *id)
{
    return find(list, id) != NULL;
}
