/* One pass over all collections: keys first, then what was never read to its end, then one question
 * over everything, until nothing is new. */
#include <string.h>

#include "cache/sync/estimate.h"
#include "cache/sync/items.h"
#include "cache/sync/moves.h"
#include "cache/sync/poison.h"
#include "codec/limits.h"
#include "codec/wire/status.h"

/* Takes what an answer says of one collection; harvest NULL: nothing. */
typedef struct eas_result (*taker)(struct sync_engine *engine, struct collection *collection,
                                   const struct harvest *harvest);

static bool stopping(const struct sync_engine *engine)
{
    return engine->hooks.stopping && engine->hooks.stopping(engine->hooks.ctx);
}

static bool is_unprimed(const struct collection *collection)
{
    return collection->selected && !strcmp(collection->sync_key, "0");
}

static bool is_unfinished(const struct collection *collection)
{
    return collection->selected && !is_unprimed(collection) &&
           (!collection->complete || collection->more || collection->resync);
}

static bool is_settled(const struct collection *collection)
{
    return collection->selected && !is_unprimed(collection) && !is_unfinished(collection);
}

static GPtrArray *collections_that(GArray *collections, bool (*are)(const struct collection *collection))
{
    GPtrArray *chosen = g_ptr_array_new();

    for (guint i = 0; i < collections->len; i++) {
        struct collection *each = &g_array_index(collections, struct collection, i);

        if (are(each))
            g_ptr_array_add(chosen, each);
    }
    return chosen;
}

/* ---- one question over many ---- */

static bool is_too_many(const struct exchange *exchange, guint count)
{
    return exchange->result.outcome == EAS_REFUSED && exchange->result.status == 15 && count > 1;
}

static struct eas_result take_refusal(struct sync_engine *engine, struct collection *collection,
                                      const struct eas_result *refusal)
{
    struct eas_result result;
    int retries = LIMIT_STATUS_RETRIES; /* the next pass asks again */

    collection_refused(engine, collection, refusal, &retries, &result);
    return result;
}

static struct eas_result take_all(struct sync_engine *engine, GPtrArray *chunk, const struct exchange *exchange,
                                  taker take)
{
    struct eas_result result = eas_served();

    for (guint i = 0; i < chunk->len && eas_is_served(&result); i++) {
        struct collection *collection = chunk->pdata[i];
        const struct harvest *harvest = exchange_harvest(exchange, collection->server_id);

        if (harvest && harvest->status != 1) {
            struct eas_result refusal = eas_status_result(EAS_SYNC, EAS_LEVEL_COLLECTION, harvest->status);

            result = take_refusal(engine, collection, &refusal);
        } else {
            result = take(engine, collection, harvest);
        }
    }
    return result;
}

static struct eas_result ask_chunk(struct sync_engine *engine, GPtrArray *chunk, taker take);

static struct eas_result ask_each(struct sync_engine *engine, GPtrArray *chunk, taker take)
{
    struct eas_result result = eas_served();

    for (guint i = 0; i < chunk->len && eas_is_served(&result); i++) {
        g_autoptr(GPtrArray) one = g_ptr_array_new();

        g_ptr_array_add(one, chunk->pdata[i]);
        result = ask_chunk(engine, one, take);
    }
    return result;
}

static struct eas_result failed_alone(struct sync_engine *engine, struct collection *collection,
                                      const struct exchange *exchange)
{
    if (exchange->stumbled) {
        engine->stumble = exchange->result;
        folder_fail(engine, collection, exchange->result.text);
        return eas_served();
    }
    return take_refusal(engine, collection, &exchange->result);
}

/* Asks once over the chunk; if that fails in a way that one collection can be the cause of, over each. */
static struct eas_result ask_chunk(struct sync_engine *engine, GPtrArray *chunk, taker take)
{
    if (stopping(engine))
        return eas_unreachable(75, "interrupted");
    struct exchange exchange =
        exchange_sync(engine, (struct collection *const *)chunk->pdata, chunk->len, 0, ASK_BODIES);
    struct eas_result result = exchange.result;

    engine->answers += eas_is_served(&result);
    if (eas_is_served(&result)) {
        moves_look_around(engine, chunk, &exchange);
        moves_begin(engine, chunk, &exchange);
        result = take_all(engine, chunk, &exchange, take);
        moves_end(engine);
    } else if (is_too_many(&exchange, chunk->len)) {
        engine->limit = CLAMP(exchange.limit, 1, (int)chunk->len - 1);
        result = ask_each(engine, chunk, take);
    } else if (result.action == EAS_ACTION_FOLDERS || result.action == EAS_ACTION_FOLDERS_NEW) {
        engine->folders_stale = true;
        engine->folders_anew |= result.action == EAS_ACTION_FOLDERS_NEW;
        result = eas_served();
    } else if (exchange.stumbled || refusal_is_of_a_folder(&result)) {
        result = chunk->len > 1 ? ask_each(engine, chunk, take) : failed_alone(engine, chunk->pdata[0], &exchange);
    }
    exchange_clear(&exchange);
    return result;
}

static struct eas_result ask_all(struct sync_engine *engine, GPtrArray *collections, taker take)
{
    struct eas_result result = eas_served();
    guint at = 0;

    while (at < collections->len && eas_is_served(&result) && !engine->folders_stale) {
        g_autoptr(GPtrArray) chunk = g_ptr_array_new();

        for (; at < collections->len && chunk->len < (guint)engine->limit; at++)
            g_ptr_array_add(chunk, collections->pdata[at]);
        result = ask_chunk(engine, chunk, take);
    }
    return result;
}

/* ---- keys ---- */

static struct eas_result take_key(struct sync_engine *engine, struct collection *collection,
                                  const struct harvest *harvest)
{
    int error;

    if (!harvest || !harvest->sync_key || !strcmp(harvest->sync_key, "0"))
        return eas_served();
    error = store_begin(engine->store);
    if (error)
        return store_result(error);
    g_free(collection->sync_key);
    collection->sync_key = g_strdup(harvest->sync_key);
    error = store_collection_state(engine->store, collection);
    if (!error)
        return store_result(store_commit(engine->store));
    store_rollback(engine->store);
    return store_result(error);
}

/* A folder without a key is not asked again until the tree is. One that only holds other folders may well have none;
 * for any other the tree is read anew, as an unknown folder is answered by silence (NOTES section 18). */
static void key_failed(struct sync_engine *engine, GArray *collections, struct collection *collection)
{
    g_hash_table_add(engine->keyless, g_memdup2(&collection->id, sizeof collection->id));
    if (collection_holds_only_folders(collections, collection))
        return;
    engine->folders_stale |= !g_hash_table_contains(engine->ailing, &collection->id);
    folder_fail(engine, collection, "the server gives no key for this folder");
}

static GPtrArray *unprimed_of(struct sync_engine *engine, GArray *collections)
{
    GPtrArray *unprimed = collections_that(collections, is_unprimed);

    for (guint i = unprimed->len; i-- > 0;)
        if (g_hash_table_contains(engine->keyless, &((struct collection *)unprimed->pdata[i])->id))
            g_ptr_array_remove_index(unprimed, i);
    return unprimed;
}

/* Keys for all that have none, in as few questions as the server takes; what got none among others
 * is asked by itself. */
static struct eas_result prime_all(struct sync_engine *engine, GArray *collections)
{
    g_autoptr(GPtrArray) unprimed = unprimed_of(engine, collections);
    struct eas_result result = ask_all(engine, unprimed, take_key);
    g_autoptr(GPtrArray) rest = unprimed_of(engine, collections);

    if (eas_is_served(&result) && rest->len && unprimed->len > 1 && !engine->folders_stale)
        result = ask_each(engine, rest, take_key);
    for (guint i = 0; eas_is_served(&result) && i < rest->len && !engine->folders_stale; i++)
        if (is_unprimed(rest->pdata[i]))
            key_failed(engine, collections, rest->pdata[i]);
    return result;
}

/* ---- the passes ---- */

static long long *estimates_of(struct sync_engine *engine, GPtrArray *collections)
{
    long long *estimates = g_new(long long, collections->len + 1);

    estimate_all(engine, (struct collection *const *)collections->pdata, collections->len, estimates);
    return estimates;
}

static bool is_unread(const struct collection *collection)
{
    return is_unfinished(collection) && !collection->complete && !collection->resync && !collection->more &&
           collection->items == 0;
}

/* A mailbox may have thousands of folders that hold nothing: one question tells them all, instead of some for each.
 * Should it be told wrong, the question over all that follows brings the items. */
static struct eas_result pass_by_empty(struct sync_engine *engine, GArray *collections)
{
    g_autoptr(GPtrArray) unread = collections_that(collections, is_unread);
    struct eas_result result = eas_served();

    if (unread->len < 2 || stopping(engine))
        return result;
    g_autofree long long *waiting = estimates_of(engine, unread);

    for (guint i = 0; i < unread->len && eas_is_served(&result); i++)
        if (waiting[i] == 0)
            result = collection_end(engine, unread->pdata[i], true);
    return result;
}

/* One that bears an error is not tried again for the sake of another. */
static struct eas_result read_unfinished(struct sync_engine *engine, GArray *collections, GHashTable *only)
{
    g_autoptr(GPtrArray) unfinished = collections_that(collections, is_unfinished);
    struct eas_result result = eas_served();

    for (guint i = only ? unfinished->len : 0; i-- > 0;) {
        const struct collection *each = unfinished->pdata[i];

        if (!g_hash_table_contains(only, each->server_id) && g_hash_table_contains(engine->ailing, &each->id))
            g_ptr_array_remove_index(unfinished, i);
    }

    for (guint i = 0; i < unfinished->len && eas_is_served(&result) && !engine->folders_stale; i++)
        result = collection_read(engine, unfinished->pdata[i]);
    return result;
}

static struct eas_result take_changes(struct sync_engine *engine, struct collection *collection,
                                      const struct harvest *harvest)
{
    long told = 0;
    int error = harvest ? harvest_store(engine, collection, harvest, &told) : 0;

    if (!harvest)
        question_taken(engine, collection);
    if (error)
        return store_result(error);
    if (told > 0)
        g_ptr_array_add(engine->told, collection);
    if (collection->more)
        return collection_read(engine, collection);
    folder_heal(engine, collection);
    return eas_served();
}

static GPtrArray *settled_of(GArray *collections, GHashTable *only)
{
    GPtrArray *settled = collections_that(collections, is_settled);

    for (guint i = only ? settled->len : 0; i-- > 0;)
        if (!g_hash_table_contains(only, ((struct collection *)settled->pdata[i])->server_id))
            g_ptr_array_remove_index(settled, i);
    return settled;
}

/* One question over all; those that told something are asked again, until the key is settled. */
static struct eas_result settle(struct sync_engine *engine, GArray *collections, GHashTable *only)
{
    GPtrArray *asked = settled_of(collections, only);
    struct eas_result result = eas_served();

    for (int round = 0; round < LIMIT_SETTLE_ROUNDS && asked->len && eas_is_served(&result); round++) {
        engine->told = g_ptr_array_new();
        result = ask_all(engine, asked, take_changes);
        g_ptr_array_unref(asked);
        asked = g_steal_pointer(&engine->told);
    }
    g_ptr_array_unref(asked);
    return result;
}

/* Silence is not taken for health for ever: now and then what is said to wait is looked for in
 * the smallest window without bodies. */
static struct eas_result look_behind_silence(struct sync_engine *engine, GArray *collections)
{
    g_autoptr(GPtrArray) settled = collections_that(collections, is_settled);
    gint64 now = g_get_monotonic_time();
    struct eas_result result = eas_served();

    if (!engine->estimated_at)
        engine->estimated_at = now;
    if (now - engine->estimated_at < LIMIT_SILENCE_MS * 1000LL)
        return result;
    engine->estimated_at = now;
    g_autofree long long *waiting = estimates_of(engine, settled);

    for (guint i = 0; i < settled->len && eas_is_served(&result); i++)
        if (!stopping(engine) && waiting[i] > 0)
            result = collection_read(engine, settled->pdata[i]);
    return result;
}

static struct eas_result pass_over(struct sync_engine *engine, GArray *collections, GHashTable *only)
{
    struct eas_result result = prime_all(engine, collections);

    if (eas_is_served(&result) && !engine->folders_stale && !only)
        result = pass_by_empty(engine, collections);
    if (eas_is_served(&result))
        result = read_unfinished(engine, collections, only);
    if (eas_is_served(&result) && !engine->folders_stale)
        result = settle(engine, collections, only);
    if (eas_is_served(&result) && !engine->folders_stale && !only)
        result = look_behind_silence(engine, collections);
    return result;
}

static bool any_unprimed(struct sync_engine *engine, GArray *collections)
{
    g_autoptr(GPtrArray) unprimed = unprimed_of(engine, collections);

    return unprimed->len > 0;
}

/* Dead keys turn up in the middle of a pass: a second round reads those folders anew. */
struct eas_result down_pass(struct sync_engine *engine, GHashTable *only)
{
    g_autoptr(GArray) collections = store_collections(engine->store);
    struct eas_result result = eas_served();

    engine->answers = 0;
    engine->stumble = eas_served();
    engine->held = only ? collections : NULL;
    for (int round = 0; round < 2 && eas_is_served(&result) && !engine->folders_stale; round++) {
        if (round && !any_unprimed(engine, collections))
            break;
        result = pass_over(engine, collections, only);
    }
    engine->held = NULL;
    if (eas_is_served(&result) && !engine->answers && !eas_is_served(&engine->stumble))
        return engine->stumble;
    return result;
}

int down_restart(struct sync_engine *engine)
{
    g_autoptr(GArray) collections = store_collections(engine->store);
    int error = 0;

    for (guint i = 0; i < collections->len && !error; i++) {
        struct collection *each = &g_array_index(collections, struct collection, i);

        if (each->selected)
            error = resync_start(engine, each);
    }
    engine->folders_anew = engine->folders_stale = true;
    return error;
}
