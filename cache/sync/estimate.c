#include "cache/sync/estimate.h"

#include <string.h>

#include "codec/wire/get_item_estimate.h"

static long long estimate_of(const struct eas_node *root, const char *collection_id)
{
    g_autoptr(GArray) estimates = get_item_estimate_read(root);

    for (guint i = 0; estimates && i < estimates->len; i++) {
        const struct item_estimate *each = &g_array_index(estimates, struct item_estimate, i);

        if (each->status == 1 && !strcmp(each->collection_id, collection_id))
            return each->estimate;
    }
    return -1;
}

long long estimate_ask(struct sync_engine *engine, const struct collection *collection)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct answer_tree answer = {0};
    struct call call = {
        .command = EAS_GET_ITEM_ESTIMATE, .request = request, .sink = &answer_tree_sink, .ctx = &answer};
    struct sync_collection question = {
        .collection_id = collection->server_id,
        .sync_key = collection->sync_key,
        .class = collection->class,
        .filter = collection->filter,
    };
    long long estimate = -1;

    get_item_estimate_request(request, session_version(engine->session), &question, 1);
    struct eas_result result = session_call(engine->link, &call);

    if (eas_is_served(&result) && answer_tree_root(&answer))
        estimate = estimate_of(answer_tree_root(&answer), collection->server_id);
    answer_tree_clear(&answer);
    return estimate;
}
