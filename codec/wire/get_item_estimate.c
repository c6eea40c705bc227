#include "codec/wire/get_item_estimate.h"

#include "codec/wire/wbxml_writer.h"

/* Up to 12.1: Class, CollectionId, FilterType, SyncKey; a FilterType is required only for mail. */
static void write_old(struct wbxml_writer *writer, const struct sync_collection *collection)
{
    wbxml_text(writer, TAG_GetItemEstimate_Class, eas_classes[collection->class].wire);
    wbxml_text(writer, TAG_GetItemEstimate_CollectionId, collection->collection_id);
    if (collection->filter != SYNC_FILTER_NONE)
        wbxml_number(writer, TAG_AirSync_FilterType, collection->filter);
    wbxml_text(writer, TAG_AirSync_SyncKey, collection->sync_key);
}

/* From 14.0 on: SyncKey, CollectionId, Options. */
static void write_new(struct wbxml_writer *writer, const struct sync_collection *collection)
{
    wbxml_text(writer, TAG_AirSync_SyncKey, collection->sync_key);
    wbxml_text(writer, TAG_GetItemEstimate_CollectionId, collection->collection_id);
    if (collection->filter == SYNC_FILTER_NONE)
        return;
    wbxml_open(writer, TAG_AirSync_Options);
    wbxml_number(writer, TAG_AirSync_FilterType, collection->filter);
    wbxml_close(writer);
}

void get_item_estimate_request(GByteArray *out, enum eas_version version, const struct sync_collection *collections,
                               size_t count)
{
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    wbxml_open(&writer, TAG_GetItemEstimate_GetItemEstimate);
    wbxml_open(&writer, TAG_GetItemEstimate_Collections);
    for (size_t i = 0; i < count; i++) {
        wbxml_open(&writer, TAG_GetItemEstimate_Collection);
        (version < EAS_14_0 ? write_old : write_new)(&writer, &collections[i]);
        wbxml_close(&writer);
    }
    wbxml_close(&writer);
    wbxml_close(&writer);
}

static void estimate_clear(void *data)
{
    struct item_estimate *estimate = data;

    g_free(estimate->collection_id);
}

GArray *get_item_estimate_read(const struct eas_node *root)
{
    GArray *estimates = g_array_new(FALSE, TRUE, sizeof(struct item_estimate));

    g_array_set_clear_func(estimates, estimate_clear);
    if (!root || root->tag != TAG_GetItemEstimate_GetItemEstimate)
        return estimates;
    for (const struct eas_node *response = eas_node_child(root, TAG_GetItemEstimate_Response); response;
         response = eas_node_next(response)) {
        const struct eas_node *collection = eas_node_child(response, TAG_GetItemEstimate_Collection);
        const char *id = eas_node_text(collection, TAG_GetItemEstimate_CollectionId);
        struct item_estimate estimate = {
            .collection_id = g_strdup(id ? id : ""),
            .status = (int)eas_node_number(response, TAG_GetItemEstimate_Status, 0),
            .estimate = eas_node_number(collection, TAG_GetItemEstimate_Estimate, -1),
        };

        g_array_append_val(estimates, estimate);
    }
    return estimates;
}
