/* A draft that is changed (16.x): the server is asked what it holds of it right before. Nobody else knows: a draft
 * comes down as MIME, and what an Add or a Change made of its attachments is told by no answer for sure. So a Change
 * whose answer was lost adds nothing twice. */
#include <string.h>

#include "cache/upload/uploader.h"
#include "codec/files/compose.h"
#include "codec/wire/item_operations.h"

static bool skip_bytes(void *ctx, size_t index, const char *bytes, size_t length)
{
    (void)ctx, (void)index, (void)bytes, (void)length;
    return true;
}

static bool take_properties(void *ctx, const struct fetched *fetched)
{
    struct eas_node **held = ctx;

    if (!*held && fetched->properties)
        *held = eas_node_copy(fetched->properties);
    return true;
}

static const struct fetch_events events = {.bytes = skip_bytes, .done = take_properties};

/* NULL in *held where the server tells nothing of this one: its answer to the Change will. */
static struct eas_result ask(struct upload *upload, const char *collection_id, const char *server_id,
                             struct eas_node **held)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    const struct fetch fetch = {.collection_id = collection_id, .server_id = server_id};
    struct fetch_reader *reader = fetch_reader_new(&events, held, 1);
    struct call call = {.command = EAS_ITEM_OPERATIONS, .request = request, .sink = &fetch_sink, .ctx = reader};

    item_operations_request(request, session_version(upload->engine->session), &fetch, 1);
    struct eas_result result = session_call(upload->engine->link, &call);

    fetch_reader_free(reader);
    return result;
}

bool draft_against_server(struct upload *upload, const struct item *item, struct eas_node *fields)
{
    const struct collection *collection = upload_collection(upload, item->collection_id);
    g_autoptr(eas_node) held = NULL;

    if (!collection)
        return false;
    struct eas_result result = ask(upload, collection->server_id, item->server_id, &held);

    if (held)
        draft_change(fields, held);
    return eas_is_served(&result);
}
