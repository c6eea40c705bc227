#include "contrib/easd/sync_request.h"

#include <string.h>

#include "contrib/easd/limits.h"

enum { STATUS_OK = 1, STATUS_PROTOCOL = 4, STATUS_INCOMPLETE = 13, STATUS_INTERVAL = 14, STATUS_TOO_MANY = 15 };

/* The order of a Collection's children is strict; Class stands first, up to 12.1. */
static const eas_tag collection_order[] = {
    TAG_AirSync_Class,          TAG_AirSync_SyncKey,    TAG_AirSync_CollectionId, TAG_AirSync_Supported,
    TAG_AirSync_DeletesAsMoves, TAG_AirSync_GetChanges, TAG_AirSync_WindowSize,   TAG_AirSync_ConversationMode,
    TAG_AirSync_Options,        TAG_AirSync_Options,    TAG_AirSync_Commands,
};

static bool in_order(const struct eas_node *node, const eas_tag *order, size_t count)
{
    size_t at = 0;

    for (const struct eas_node *child = node->first; child; child = child->next) {
        while (at < count && order[at] != child->tag)
            at++;
        if (at++ >= count)
            return false;
    }
    return true;
}

/* A boolean may be an empty tag, which says yes (MS-ASCMD 2.2.3.79). */
static bool truth(const struct eas_node *node, eas_tag tag, bool fallback)
{
    const char *text = eas_node_text(node, tag);

    return !text ? fallback : strcmp(text, "0") != 0;
}

static int window_size(const struct eas_node *node, int fallback)
{
    long long window = eas_node_number(node, TAG_AirSync_WindowSize, fallback);

    return window < 1 || window > EASD_WINDOW_TOP ? EASD_WINDOW_TOP : (int)window;
}

static int read_collection(struct sync_ask *ask, const struct eas_node *node, int version)
{
    const struct eas_node *key = eas_node_child(node, TAG_AirSync_SyncKey);
    const struct eas_node *id = eas_node_child(node, TAG_AirSync_CollectionId);
    bool initial;

    if (!in_order(node, collection_order, G_N_ELEMENTS(collection_order)) || !key || !id ||
        (version >= 140 && node->first->tag == TAG_AirSync_Class) || key->length == 0 || key->length > EASD_ID_BYTES ||
        id->length > EASD_ID_BYTES)
        return STATUS_PROTOCOL;
    initial = strcmp(key->text, "0") == 0;
    ask->key = key->text;
    ask->collection_id = id->text;
    ask->get_changes = truth(node, TAG_AirSync_GetChanges, !initial);
    ask->window = window_size(node, EASD_WINDOW_DEFAULT);
    ask->options_node = eas_node_child(node, TAG_AirSync_Options);
    ask->commands = eas_node_child(node, TAG_AirSync_Commands);
    ask->supported = eas_node_child(node, TAG_AirSync_Supported);
    if (initial && (ask->get_changes || ask->commands))
        return STATUS_PROTOCOL;
    if (!initial && eas_node_child(node, TAG_AirSync_Supported))
        return STATUS_PROTOCOL;
    if (ask->commands && !ask->commands->first)
        return STATUS_PROTOCOL;
    return STATUS_OK;
}

/* Wait in minutes or HeartbeatInterval in seconds, not both (MS-ASCMD 2.2.3.91, 2.2.3.198). */
static int read_wait(struct sync_request *sync, const struct eas_node *root, int version, int *limit)
{
    bool wait = eas_node_child(root, TAG_AirSync_Wait), beat = eas_node_child(root, TAG_AirSync_HeartbeatInterval);
    long long minutes = eas_node_number(root, TAG_AirSync_Wait, 0);
    long long seconds = eas_node_number(root, TAG_AirSync_HeartbeatInterval, 0);

    if ((wait && beat) || (beat && version < 140))
        return STATUS_PROTOCOL;
    if (wait && (minutes < 1 || minutes > 59)) {
        *limit = minutes < 1 ? 1 : 59;
        return STATUS_INTERVAL;
    }
    if (beat && (seconds < EASD_HEARTBEAT_MIN || seconds > EASD_HEARTBEAT_MAX)) {
        *limit = seconds < EASD_HEARTBEAT_MIN ? EASD_HEARTBEAT_MIN : EASD_HEARTBEAT_MAX;
        return STATUS_INTERVAL;
    }
    sync->wait = (int)(wait ? minutes * 60 : seconds);
    return STATUS_OK;
}

static int read_collections(struct sync_request *sync, const struct eas_node *collections, int version, int *limit)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (const struct eas_node *node = collections->first; node; node = node->next) {
        struct sync_ask ask = {0};

        if (node->tag != TAG_AirSync_Collection || read_collection(&ask, node, version) != STATUS_OK ||
            !g_hash_table_add(seen, (void *)ask.collection_id))
            return STATUS_PROTOCOL;
        g_array_append_val(sync->asks, ask);
        if (sync->asks->len > EASD_COLLECTIONS) {
            *limit = EASD_COLLECTIONS;
            return STATUS_TOO_MANY;
        }
    }
    return sync->asks->len ? STATUS_OK : STATUS_PROTOCOL;
}

int sync_request_read(struct sync_request *sync, const struct request *request, int *limit)
{
    static const eas_tag order[] = {TAG_AirSync_Collections, TAG_AirSync_Wait, TAG_AirSync_HeartbeatInterval,
                                    TAG_AirSync_WindowSize, TAG_AirSync_Partial};
    const struct eas_node *root = request->root, *collections;
    int status;

    *sync = (struct sync_request){.asks = g_array_new(FALSE, FALSE, sizeof(struct sync_ask))};
    if (!root)
        return STATUS_INCOMPLETE; /* an empty request repeats one that is not kept: send it in full */
    if (!in_order(root, order, G_N_ELEMENTS(order)))
        return STATUS_PROTOCOL;
    if (eas_node_child(root, TAG_AirSync_Partial))
        return STATUS_INCOMPLETE;
    collections = eas_node_child(root, TAG_AirSync_Collections);
    if (!collections)
        return STATUS_PROTOCOL;
    sync->window = window_size(root, EASD_WINDOW_TOP);
    status = read_wait(sync, root, request->version, limit);
    return status == STATUS_OK ? read_collections(sync, collections, request->version, limit) : status;
}
