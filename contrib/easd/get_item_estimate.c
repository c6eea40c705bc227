/* GetItemEstimate (MS-ASCMD 2.2.1.9): how many changes a Sync with the same key would bring. */
#include <string.h>

#include "contrib/easd/command.h"
#include "contrib/easd/limits.h"

enum { STATUS_OK = 1, STATUS_BAD_COLLECTION = 2, STATUS_NOT_PRIMED = 3, STATUS_BAD_KEY = 4, STATUS_INVALID = 103 };

/* The order of elements is another up to 12.1. */
static const eas_tag old_order[] = {TAG_GetItemEstimate_Class, TAG_GetItemEstimate_CollectionId, TAG_AirSync_FilterType,
                                    TAG_AirSync_SyncKey};
static const eas_tag new_order[] = {TAG_AirSync_SyncKey, TAG_GetItemEstimate_CollectionId, TAG_AirSync_ConversationMode,
                                    TAG_AirSync_Options, TAG_AirSync_Options};

struct estimate {
    const char *collection_id;
    struct folder *folder;
    int status;
    guint count;
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

static bool collection_valid(const struct eas_node *node, int version)
{
    return node->tag == TAG_GetItemEstimate_Collection && eas_node_child(node, TAG_GetItemEstimate_CollectionId) &&
           eas_node_child(node, TAG_AirSync_SyncKey) &&
           (version < 140 ? in_order(node, old_order, G_N_ELEMENTS(old_order))
                          : in_order(node, new_order, G_N_ELEMENTS(new_order)));
}

/* The filter the request asks with, else the one the collection keeps. */
static int estimate_filter(const struct eas_node *node, const struct collection *collection)
{
    const struct eas_node *options = eas_node_child(node, TAG_AirSync_Options);
    struct options asked;

    options_init(&asked);
    asked.filter = collection->options.filter;
    if (options_read(&asked, options ? options : node, collection->folder->class) != 1)
        return -1;
    return asked.filter;
}

static void count_changes(struct estimate *estimate, const struct eas_node *node, struct collection *collection)
{
    int kept = collection->options.filter, filter = estimate_filter(node, collection);
    bool repeated;

    if (filter < 0) {
        estimate->status = STATUS_INVALID;
    } else if (!collection_accept(collection, eas_node_text(node, TAG_AirSync_SyncKey), &repeated)) {
        estimate->status = STATUS_BAD_KEY;
    } else {
        collection->options.filter = filter;
        if (filter != kept)
            collection->settled = 0;
        estimate->count = collection_changes(collection, g_get_real_time() / G_USEC_PER_SEC, 0, NULL);
        collection->options.filter = kept;
        if (filter != kept)
            collection->settled = 0;
    }
}

static struct estimate estimate_collection(const struct request *request, const struct eas_node *node)
{
    struct estimate estimate = {.collection_id = eas_node_text(node, TAG_GetItemEstimate_CollectionId),
                                .status = STATUS_OK};
    struct collection *collection;

    estimate.folder = mailbox_folder(request->mailbox, estimate.collection_id);
    collection = estimate.folder ? device_collection(request->device, estimate.folder) : NULL;
    if (!estimate.folder)
        estimate.status = STATUS_BAD_COLLECTION;
    else if (!collection || strcmp(eas_node_text(node, TAG_AirSync_SyncKey), "0") == 0)
        estimate.status = STATUS_NOT_PRIMED;
    else
        count_changes(&estimate, node, collection);
    return estimate;
}

static void write_estimate(struct wbxml_writer *wbxml, const struct estimate *estimate, int version)
{
    wbxml_open(wbxml, TAG_GetItemEstimate_Response);
    wbxml_number(wbxml, TAG_GetItemEstimate_Status, estimate->status);
    wbxml_open(wbxml, TAG_GetItemEstimate_Collection);
    if (version < 140 && estimate->folder)
        wbxml_text(wbxml, TAG_GetItemEstimate_Class, class_name(estimate->folder->class));
    wbxml_text(wbxml, TAG_GetItemEstimate_CollectionId, estimate->collection_id);
    if (estimate->status == STATUS_OK)
        wbxml_number(wbxml, TAG_GetItemEstimate_Estimate, estimate->count);
    wbxml_close(wbxml);
    wbxml_close(wbxml);
}

static bool request_valid(const struct eas_node *collections, int version)
{
    guint count = 0;

    for (const struct eas_node *node = collections ? collections->first : NULL; node; node = node->next)
        if (!collection_valid(node, version) || ++count > EASD_ESTIMATES)
            return false;
    return count > 0;
}

void run_get_item_estimate(struct request *request, struct answer *answer)
{
    const struct eas_node *collections = eas_node_child(request->root, TAG_GetItemEstimate_Collections);
    struct wbxml_writer wbxml;

    if (!request_valid(collections, request->version)) {
        answer_global_status(request, answer, STATUS_INVALID);
        return;
    }
    answer_begin(answer, &wbxml);
    wbxml_open(&wbxml, TAG_GetItemEstimate_GetItemEstimate);
    for (const struct eas_node *node = collections->first; node; node = node->next) {
        struct estimate estimate = estimate_collection(request, node);

        write_estimate(&wbxml, &estimate, request->version);
    }
    wbxml_close(&wbxml);
}
