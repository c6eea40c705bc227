#include <stdlib.h>
#include <string.h>

#include "codec/limits.h"
#include "codec/wire/sync_body.h"

/* Where in the answer the reader stands. Each place lies directly inside the one before it. */
enum place { OUTSIDE, IN_SYNC, IN_COLLECTIONS, IN_COLLECTION, IN_LIST, IN_ITEM };

struct sync_reader {
    struct sync_events events;
    void *ctx;
    struct wbxml_reader *wbxml;
    struct wbxml_builder builder; /* the command being read */
    enum wbxml_error error;       /* why a handler stopped the reading, else WBXML_OK */

    enum place place;
    unsigned passed_over; /* open elements at and below one that means nothing here */
    eas_tag leaf;         /* the small value being read, or EAS_TAG_NONE */
    GString *value;
    int status, limit;

    GString *collection_id, *sync_key;
    struct sync_state state;
    struct sync_item item;
    struct sync_body_reader body;
};

/* Stops the reading from inside a handler, for a reason. */
static bool stop(struct sync_reader *reader, enum wbxml_error error)
{
    reader->error = error;
    return false;
}

/* The same for what the body's reader found. */
static bool take(struct sync_reader *reader, enum wbxml_error error)
{
    return !error || stop(reader, error);
}

/* Passes on what one of the caller's functions said. */
static bool go_on(struct sync_reader *reader, bool wanted)
{
    return wanted || stop(reader, WBXML_STOPPED);
}

static const struct step {
    enum place from;
    eas_tag tag;
    int kind; /* of a command's element */
} steps[] = {
    {OUTSIDE, TAG_AirSync_Sync},
    {IN_SYNC, TAG_AirSync_Collections},
    {IN_COLLECTIONS, TAG_AirSync_Collection},
    {IN_COLLECTION, TAG_AirSync_Commands},
    {IN_COLLECTION, TAG_AirSync_Responses},
    {IN_LIST, TAG_AirSync_Add, SYNC_ADD},
    {IN_LIST, TAG_AirSync_Change, SYNC_CHANGE},
    {IN_LIST, TAG_AirSync_Delete, SYNC_DELETE},
    {IN_LIST, TAG_AirSync_SoftDelete, SYNC_SOFT_DELETE},
    {IN_LIST, TAG_AirSync_Fetch, SYNC_FETCH},
};

static const struct {
    enum place at;
    eas_tag tag;
} leaves[] = {
    {IN_SYNC, TAG_AirSync_Status},        {IN_SYNC, TAG_AirSync_Limit},
    {IN_COLLECTION, TAG_AirSync_SyncKey}, {IN_COLLECTION, TAG_AirSync_CollectionId},
    {IN_COLLECTION, TAG_AirSync_Status},  {IN_COLLECTION, TAG_AirSync_MoreAvailable},
};

static void enter(struct sync_reader *reader, const struct step *step)
{
    reader->place = step->from + 1;
    switch (reader->place) {
    case IN_COLLECTION:
        g_string_truncate(reader->collection_id, 0);
        g_string_truncate(reader->sync_key, 0);
        reader->state = (struct sync_state){.collection_id = "", .status = 1};
        break;
    case IN_LIST:
        reader->item.response = step->tag == TAG_AirSync_Responses;
        break;
    case IN_ITEM:
        reader->item = (struct sync_item){.kind = step->kind, .response = reader->item.response};
        reader->item.body.estimated = -1;
        wbxml_builder_clear(&reader->builder);
        wbxml_builder_start(&reader->builder, step->tag);
        break;
    default:
        break;
    }
}

static void leaf_end(struct sync_reader *reader)
{
    const char *value = reader->value->str;

    if (reader->place == IN_SYNC) {
        *(reader->leaf == TAG_AirSync_Status ? &reader->status : &reader->limit) = atoi(value);
        return;
    }
    switch (reader->leaf) {
    case TAG_AirSync_SyncKey:
        g_string_assign(reader->sync_key, value);
        reader->state.sync_key = reader->sync_key->str;
        break;
    case TAG_AirSync_CollectionId:
        g_string_assign(reader->collection_id, value);
        reader->state.collection_id = reader->collection_id->str;
        break;
    case TAG_AirSync_Status:
        reader->state.status = atoi(value);
        break;
    default:
        reader->state.more_available = true;
    }
}

/* A command's element closes: the item is whole. */
static bool item_end(struct sync_reader *reader)
{
    static char none[] = "";
    struct eas_node *root = reader->builder.root;
    struct sync_item *item = &reader->item;
    struct eas_node *server_id = eas_node_child(root, TAG_AirSync_ServerId);
    struct eas_node *client_id = eas_node_child(root, TAG_AirSync_ClientId);
    struct eas_node *instance_id = eas_node_child(root, TAG_AirSyncBase_InstanceId);

    if ((server_id && server_id->length > LIMIT_KEY_BYTES) || (client_id && client_id->length > LIMIT_KEY_BYTES))
        return stop(reader, WBXML_TOO_LARGE);
    item->server_id = server_id ? server_id->text : none;
    item->client_id = client_id ? client_id->text : NULL;
    item->instance_id = instance_id ? instance_id->text : NULL;
    item->status = (int)eas_node_number(root, TAG_AirSync_Status, 1);
    item->data = eas_node_take(root, TAG_AirSync_ApplicationData);
    reader->state.had_commands |= !item->response;

    bool wanted = reader->events.item(reader->ctx, &reader->state, item);

    eas_node_free(item->data);
    item->data = NULL;
    wbxml_builder_clear(&reader->builder);
    return go_on(reader, wanted);
}

static bool item_start(struct sync_reader *reader, eas_tag tag)
{
    if (reader->body.in_data) {
        reader->passed_over = 1;
        return true;
    }
    if (tag == TAG_AirSyncBase_Data && sync_body_data(&reader->body))
        return true;
    return wbxml_builder_start(&reader->builder, tag) || stop(reader, WBXML_TOO_LARGE);
}

static bool start(void *ctx, eas_tag tag)
{
    struct sync_reader *reader = ctx;

    if (reader->passed_over || reader->leaf) {
        reader->passed_over++;
        return true;
    }
    if (reader->place == IN_ITEM)
        return item_start(reader, tag);
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++)
        if (steps[i].from == reader->place && steps[i].tag == tag) {
            enter(reader, &steps[i]);
            return true;
        }
    if (reader->place == OUTSIDE)
        return stop(reader, WBXML_MALFORMED);
    for (size_t i = 0; i < G_N_ELEMENTS(leaves); i++)
        if (leaves[i].at == reader->place && leaves[i].tag == tag) {
            reader->leaf = tag;
            g_string_truncate(reader->value, 0);
            return true;
        }
    reader->passed_over = 1;
    return true;
}

static bool text(void *ctx, const char *bytes, size_t length, bool opaque)
{
    struct sync_reader *reader = ctx;

    if (reader->passed_over)
        return true;
    if (reader->leaf) {
        if (reader->value->len + length > LIMIT_KEY_BYTES)
            return stop(reader, WBXML_TOO_LARGE);
        g_string_append_len(reader->value, bytes, (gssize)length);
        return true;
    }
    if (reader->place != IN_ITEM)
        return true;
    if (reader->body.in_data)
        return take(reader, sync_body_text(&reader->body, bytes, length, opaque));
    return wbxml_builder_text(&reader->builder, bytes, length, opaque) || stop(reader, WBXML_TOO_LARGE);
}

static bool end(void *ctx, eas_tag tag)
{
    struct sync_reader *reader = ctx;

    if (reader->passed_over) {
        reader->passed_over--;
        return true;
    }
    if (reader->leaf) {
        leaf_end(reader);
        reader->leaf = EAS_TAG_NONE;
        return true;
    }
    if (reader->body.in_data) {
        reader->body.in_data = false;
        return true;
    }
    if (reader->place == IN_ITEM) {
        if (sync_body_is_open(&reader->body) && !take(reader, sync_body_end(&reader->body)))
            return false;
        wbxml_builder_end(&reader->builder, tag);
        if (reader->builder.depth > 0)
            return true;
        reader->place = IN_LIST;
        return item_end(reader);
    }
    reader->place--;
    return reader->place != IN_COLLECTIONS || go_on(reader, reader->events.collection_end(reader->ctx, &reader->state));
}

static const struct wbxml_handler handler = {.start = start, .text = text, .end = end};

struct sync_reader *sync_reader_new(const struct sync_events *events, void *ctx)
{
    struct sync_reader *reader = g_new0(struct sync_reader, 1);

    reader->events = *events;
    reader->ctx = ctx;
    reader->value = g_string_new(NULL);
    reader->collection_id = g_string_new(NULL);
    reader->sync_key = g_string_new(NULL);
    reader->body = (struct sync_body_reader){.events = &reader->events,
                                             .ctx = ctx,
                                             .state = &reader->state,
                                             .builder = &reader->builder,
                                             .body = &reader->item.body,
                                             .held = g_string_new(NULL)};
    return reader;
}

void sync_reader_free(struct sync_reader *reader)
{
    if (!reader)
        return;
    wbxml_reader_free(reader->wbxml);
    wbxml_builder_clear(&reader->builder);
    g_string_free(reader->value, TRUE);
    g_string_free(reader->collection_id, TRUE);
    g_string_free(reader->sync_key, TRUE);
    g_string_free(reader->body.held, TRUE);
    g_free(reader);
}

int sync_reader_limit(const struct sync_reader *reader)
{
    return reader->limit;
}

static void begin(void *ctx, const char *content_type)
{
    struct sync_reader *reader = ctx;

    (void)content_type;
    wbxml_reader_free(reader->wbxml);
    wbxml_builder_clear(&reader->builder);
    g_string_truncate(reader->body.held, 0);
    reader->wbxml = wbxml_reader_new(&handler, reader);
    reader->error = WBXML_OK;
    reader->place = OUTSIDE;
    reader->passed_over = 0;
    reader->leaf = EAS_TAG_NONE;
    reader->status = reader->limit = 0;
    reader->body.in_data = false;
    reader->body.way = BODY_IN_TREE;
}

static enum wbxml_error feed(void *ctx, const void *bytes, size_t length)
{
    struct sync_reader *reader = ctx;
    enum wbxml_error error = wbxml_reader_feed(reader->wbxml, bytes, length);

    return error == WBXML_STOPPED && reader->error ? reader->error : error;
}

static enum wbxml_error finish(void *ctx, int *status)
{
    struct sync_reader *reader = ctx;
    enum wbxml_error error = wbxml_reader_finish(reader->wbxml);

    *status = reader->status;
    return error == WBXML_STOPPED && reader->error ? reader->error : error;
}

const struct answer_sink sync_sink = {.begin = begin, .feed = feed, .finish = finish};
