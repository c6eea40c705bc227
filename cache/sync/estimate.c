#include "cache/sync/estimate.h"

#include "codec/limits.h"
#include "codec/wire/get_item_estimate.h"

enum { UNKNOWN = -1 };

/* What the answer says of each of the collections; of those it leaves out or refuses: nothing. */
static void estimates_take(const struct eas_node *root, struct collection *const *collections, size_t count,
                           long long *estimates)
{
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GArray) answered = get_item_estimate_read(root);

    for (guint i = 0; answered && i < answered->len; i++) {
        struct item_estimate *each = &g_array_index(answered, struct item_estimate, i);

        if (each->status == 1)
            g_hash_table_insert(by_id, each->collection_id, each);
    }
    for (size_t i = 0; i < count; i++) {
        const struct item_estimate *found = g_hash_table_lookup(by_id, collections[i]->server_id);

        estimates[i] = found ? found->estimate : UNKNOWN;
    }
}

static void ask_some(struct sync_engine *engine, struct collection *const *collections, size_t count,
                     long long *estimates)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    g_autofree struct sync_collection *questions = g_new0(struct sync_collection, count);
    struct answer_tree answer = {0};
    struct call call = {
        .command = EAS_GET_ITEM_ESTIMATE, .request = request, .sink = &answer_tree_sink, .ctx = &answer};

    for (size_t i = 0; i < count; i++) {
        questions[i] = (struct sync_collection){.collection_id = collections[i]->server_id,
                                                .sync_key = collections[i]->sync_key,
                                                .class = collections[i]->class,
                                                .filter = collections[i]->filter};
        estimates[i] = UNKNOWN;
    }
    get_item_estimate_request(request, session_version(engine->session), questions, count);
    struct eas_result result = session_call(engine->link, &call);

    if (eas_is_served(&result) && answer_tree_root(&answer))
        estimates_take(answer_tree_root(&answer), collections, count, estimates);
    answer_tree_clear(&answer);
}

void estimate_all(struct sync_engine *engine, struct collection *const *collections, size_t count, long long *estimates)
{
    for (size_t at = 0; at < count; at += LIMIT_ESTIMATES)
        ask_some(engine, collections + at, MIN(count - at, LIMIT_ESTIMATES), estimates + at);
}

long long estimate_ask(struct sync_engine *engine, struct collection *collection)
{
    long long estimate;

    estimate_all(engine, &collection, 1, &estimate);
    return estimate;
}
