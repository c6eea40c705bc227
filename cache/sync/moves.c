#include "cache/sync/moves.h"

#include <string.h>

#include "cache/sync/properties.h"
#include "codec/limits.h"

struct leaving {
    int64_t item_id, collection_id; /* item_id 0: it was taken */
    enum eas_class class;
    uint64_t stamp;
    char *uid;
};

static void leaving_clear(void *data)
{
    g_free(((struct leaving *)data)->uid);
}

static bool removes(const struct incoming *incoming)
{
    return !incoming->instance && (incoming->kind == SYNC_DELETE || incoming->kind == SYNC_SOFT_DELETE);
}

static bool any_item(const struct harvest *harvest, bool removed)
{
    for (guint i = 0; harvest && i < harvest->items->len; i++)
        if (removes(harvest->items->pdata[i]) == removed)
            return true;
    return false;
}

static bool takes_mail(GPtrArray *asked, const struct exchange *exchange)
{
    for (guint i = 0; i < asked->len; i++) {
        const struct collection *each = asked->pdata[i];

        if (each->class == EAS_MAIL && !each->resync && any_item(exchange_harvest(exchange, each->server_id), true))
            return true;
    }
    return false;
}

static bool was_asked(GPtrArray *asked, const struct collection *collection)
{
    for (guint i = 0; i < asked->len; i++)
        if (((const struct collection *)asked->pdata[i])->id == collection->id)
            return true;
    return false;
}

/* What is not at its end, or bears an error, is left to the passes over all. */
static bool may_be_asked(const struct sync_engine *engine, GPtrArray *asked, const struct collection *collection)
{
    return collection->class == EAS_MAIL && collection->selected && collection->complete && !collection->more &&
           !collection->resync && strcmp(collection->sync_key, "0") != 0 && !was_asked(asked, collection) &&
           !g_hash_table_contains(engine->ailing, &collection->id);
}

/* Where a message that came is held already. */
static void mark_homes(struct sync_engine *engine, const struct collection *collection, const struct harvest *harvest,
                       GHashTable *homes)
{
    for (guint i = 0; harvest && i < harvest->items->len && i < LIMIT_MOVE_GUESSES; i++) {
        const struct incoming *each = harvest->items->pdata[i];
        uint64_t stamp = each->kind == SYNC_ADD && each->data ? properties_stamp(EAS_MAIL, each->data) : 0;
        int64_t home = stamp ? store_stamp_elsewhere(engine->store, collection->id, stamp) : 0;

        if (home)
            g_hash_table_add(homes, g_memdup2(&home, sizeof home));
    }
}

/* The ids of the collections that may know the other halves; NULL: any of them. */
static GHashTable *homes_of(struct sync_engine *engine, GPtrArray *asked, const struct exchange *exchange)
{
    GHashTable *homes;

    if (takes_mail(asked, exchange))
        return NULL;
    homes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (guint i = 0; i < asked->len; i++) {
        const struct collection *each = asked->pdata[i];

        if (each->class == EAS_MAIL && !each->resync)
            mark_homes(engine, each, exchange_harvest(exchange, each->server_id), homes);
    }
    return homes;
}

static GPtrArray *others_of(struct sync_engine *engine, GPtrArray *asked, const struct exchange *exchange)
{
    g_autoptr(GHashTable) homes = homes_of(engine, asked, exchange);
    GPtrArray *others = g_ptr_array_new();

    for (guint i = 0; i < engine->held->len && others->len < (guint)engine->limit; i++) {
        struct collection *each = &g_array_index(engine->held, struct collection, i);

        if ((!homes || g_hash_table_contains(homes, &each->id)) && may_be_asked(engine, asked, each))
            g_ptr_array_add(others, each);
    }
    return others;
}

void moves_look_around(struct sync_engine *engine, GPtrArray *asked, struct exchange *exchange)
{
    if (!engine->held)
        return;
    g_autoptr(GPtrArray) others = others_of(engine, asked, exchange);

    if (!others->len)
        return;
    struct exchange more = exchange_sync(engine, (struct collection *const *)others->pdata, others->len, 0, ASK_BODIES);

    /* Whatever is wrong with them comes up when they are asked for themselves. */
    if (eas_is_served(&more.result)) {
        g_ptr_array_extend_and_steal(exchange->harvests, g_steal_pointer(&more.harvests));
        g_ptr_array_extend(asked, others, NULL, NULL);
    }
    exchange_clear(&more);
}

/* An answer about a single folder, or one that only takes or only brings, moves nothing. */
static bool may_move(GPtrArray *asked, const struct exchange *exchange)
{
    guint telling = 0;
    bool taken = false, brought = false;

    for (guint i = 0; i < asked->len; i++) {
        const struct harvest *harvest =
            exchange_harvest(exchange, ((const struct collection *)asked->pdata[i])->server_id);

        telling += harvest && harvest->items->len;
        taken |= any_item(harvest, true);
        brought |= any_item(harvest, false);
    }
    return telling > 1 && taken && brought;
}

static void note_leaving(struct sync_engine *engine, const struct collection *collection, const struct harvest *harvest)
{
    for (guint i = 0; i < harvest->items->len; i++) {
        const struct incoming *each = harvest->items->pdata[i];
        struct item item = {0};

        if (!removes(each) || store_item_find(engine->store, collection->id, each->server_id, &item) != 0)
            continue;
        struct leaving leaving = {item.id, collection->id, item.class, item.stamp, g_strdup(item.uid)};

        g_array_append_val(engine->leaving, leaving);
        item_clear(&item);
    }
}

void moves_begin(struct sync_engine *engine, GPtrArray *asked, const struct exchange *exchange)
{
    if (!may_move(asked, exchange))
        return;
    engine->leaving = g_array_new(FALSE, FALSE, sizeof(struct leaving));
    g_array_set_clear_func(engine->leaving, leaving_clear);
    for (guint i = 0, left = asked->len; left > 0; left--) {
        struct collection *collection = asked->pdata[i];
        const struct harvest *harvest = exchange_harvest(exchange, collection->server_id);

        if (collection->resync || !any_item(harvest, true)) {
            i++;
            continue;
        }
        note_leaving(engine, collection, harvest);
        g_ptr_array_remove_index(asked, i);
        g_ptr_array_add(asked, collection);
    }
}

void moves_end(struct sync_engine *engine)
{
    g_clear_pointer(&engine->leaving, g_array_unref);
}

static bool is_same(const struct leaving *leaving, const struct collection *collection, const char *uid, uint64_t stamp)
{
    bool uids = *uid && leaving->uid && *leaving->uid;

    return leaving->item_id && leaving->collection_id != collection->id && leaving->class == collection->class &&
           stamp && leaving->stamp == stamp && (!uids || !strcmp(uid, leaving->uid));
}

bool moves_take(struct sync_engine *engine, const struct collection *collection, const char *uid, uint64_t stamp,
                struct item *item)
{
    for (guint i = 0; engine->leaving && i < engine->leaving->len; i++) {
        struct leaving *each = &g_array_index(engine->leaving, struct leaving, i);

        if (!is_same(each, collection, uid, stamp))
            continue;
        bool held = store_item_get(engine->store, each->item_id, item) == 0;

        each->item_id = 0;
        if (held)
            return true;
    }
    return false;
}
