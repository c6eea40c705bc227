/* A draft that is changed (16.x): the server is asked what it holds of it right before. Nobody else knows: a draft
 * comes down as MIME, and what an Add or a Change made of its attachments is told by no answer for sure. So a Change
 * whose answer was lost adds nothing twice. */
#include <string.h>

#include "cache/upload/uploader.h"
#include "codec/files/compose.h"
#include "codec/limits.h"
#include "codec/wire/item_operations.h"

/* What the server holds. */
struct theirs {
    struct eas_node *held; /* NULL where it tells nothing of this one: its answer to the Change will */
    GString *text;
};

static bool take_text(void *ctx, size_t index, const char *bytes, size_t length)
{
    struct theirs *theirs = ctx;

    (void)index;
    if (theirs->text->len + length > LIMIT_EDIT_BYTES)
        return false;
    g_string_append_len(theirs->text, bytes, (gssize)length);
    return true;
}

static bool take_properties(void *ctx, const struct fetched *fetched)
{
    struct theirs *theirs = ctx;

    if (!theirs->held && fetched->properties)
        theirs->held = eas_node_copy(fetched->properties);
    return true;
}

static const struct fetch_events events = {.bytes = take_text, .done = take_properties};

static struct eas_result ask(struct upload *upload, const char *collection_id, const char *server_id,
                             struct theirs *theirs)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    const struct fetch fetch = {.collection_id = collection_id, .server_id = server_id};
    struct fetch_reader *reader = fetch_reader_new(&events, theirs, 1);
    struct call call = {.command = EAS_ITEM_OPERATIONS, .request = request, .sink = &fetch_sink, .ctx = reader};

    item_operations_request(request, session_version(upload->engine->session), &fetch, 1);
    struct eas_result result = session_call(upload->engine->link, &call);

    fetch_reader_free(reader);
    return result;
}

static bool says(struct eas_node *fields, const struct theirs *theirs)
{
    draft_change(fields, theirs->held);
    return draft_is(fields, theirs->held, theirs->text->str);
}

/* That the server told of a change is no proof that anybody else made it: an answer that was lost, or a server that
 * tells us what we told it, looks the same. */
static enum draft_meeting meet(const struct journal *row, const struct item *item, struct eas_node *fields,
                               const struct theirs *theirs)
{
    g_autoptr(eas_node) told = upload_node(item->props);
    bool same = theirs->held && says(fields, theirs);

    if (row->response != JOURNAL_RIVAL)
        return DRAFT_CHANGE;
    if (same)
        return DRAFT_SAME;
    return theirs->held && told && says(told, theirs) ? DRAFT_CHANGE : DRAFT_CONFLICT;
}

enum draft_meeting draft_meet_server(struct upload *upload, const struct journal *row, const struct item *item,
                                     struct eas_node *fields)
{
    const struct collection *collection = upload_collection(upload, item->collection_id);
    struct theirs theirs = {0};
    enum draft_meeting meeting = DRAFT_UNKNOWN;

    if (!collection)
        return meeting;
    theirs.text = g_string_new(NULL);
    struct eas_result result = ask(upload, collection->server_id, item->server_id, &theirs);

    if (eas_is_served(&result))
        meeting = meet(row, item, fields, &theirs);
    eas_node_free(theirs.held);
    g_string_free(theirs.text, TRUE);
    return meeting;
}
