#include "codec/wire/sync_body.h"

#include "codec/limits.h"

enum { BODY_MIME = 4, PAGE_EMAIL = 2, PAGE_EMAIL2 = 22, BODY_DEPTH = 3 };

bool sync_body_is_open(const struct sync_body_reader *reader)
{
    const struct eas_node *open = reader->builder->open;

    return reader->builder->depth == BODY_DEPTH && open->tag == TAG_AirSyncBase_Body &&
           open->parent->tag == TAG_AirSync_ApplicationData;
}

static bool begin_stream(struct sync_body_reader *reader)
{
    const char *server_id = eas_node_text(reader->builder->root, TAG_AirSync_ServerId);

    reader->body->streamed = true;
    return reader->events->body_begin(reader->ctx, reader->state, server_id ? server_id : "");
}

static enum wbxml_error stream(struct sync_body_reader *reader, const char *bytes, size_t length, bool opaque)
{
    struct sync_body *body = reader->body;

    if (!body->streamed && !begin_stream(reader))
        return WBXML_STOPPED;
    body->opaque |= opaque;
    body->bytes += (long long)length;
    if (body->bytes > LIMIT_BODY_BYTES)
        return WBXML_TOO_LARGE;
    return reader->events->body_bytes(reader->ctx, bytes, length) ? WBXML_OK : WBXML_STOPPED;
}

static enum wbxml_error keep(struct sync_body_reader *reader, const char *bytes, size_t length, bool opaque)
{
    return wbxml_builder_text(reader->builder, bytes, length, opaque) ? WBXML_OK : WBXML_TOO_LARGE;
}

/* Sends what was held back to one of the two places above. */
static enum wbxml_error release(struct sync_body_reader *reader,
                                enum wbxml_error (*to)(struct sync_body_reader *, const char *, size_t, bool))
{
    GString *held = reader->held;
    enum wbxml_error error = held->len ? to(reader, held->str, held->len, reader->held_opaque) : WBXML_OK;

    g_string_truncate(held, 0);
    return error;
}

static bool is_mail(const struct eas_node *data)
{
    for (const struct eas_node *child = data->first; child; child = child->next)
        if (eas_tag_page(child->tag) == PAGE_EMAIL || eas_tag_page(child->tag) == PAGE_EMAIL2)
            return true;
    return false;
}

/* Held bytes have outgrown their limit before the Type came: decided by what else the item has. */
static enum wbxml_error decide(struct sync_body_reader *reader)
{
    if (is_mail(reader->builder->open->parent)) {
        reader->way = BODY_STREAMS;
        return release(reader, stream);
    }
    reader->way = BODY_IN_TREE;
    reader->in_data = false;
    wbxml_builder_start(reader->builder, TAG_AirSyncBase_Data);
    return release(reader, keep);
}

bool sync_body_data(struct sync_body_reader *reader)
{
    if (!sync_body_is_open(reader) || reader->body->type)
        return false;
    long long type = eas_node_number(reader->builder->open, TAG_AirSyncBase_Type, 0);

    if (type != BODY_MIME && type != 0)
        return false;
    reader->way = type ? BODY_STREAMS : BODY_HELD;
    reader->held_opaque &= reader->held->len > 0;
    reader->in_data = true;
    return true;
}

enum wbxml_error sync_body_text(struct sync_body_reader *reader, const char *bytes, size_t length, bool opaque)
{
    if (reader->way == BODY_HELD && reader->held->len + length <= LIMIT_UNTYPED_BYTES) {
        g_string_append_len(reader->held, bytes, (gssize)length);
        reader->held_opaque |= opaque;
        return WBXML_OK;
    }

    enum wbxml_error error = reader->way == BODY_HELD ? decide(reader) : WBXML_OK;

    if (error)
        return error;
    return (reader->way == BODY_STREAMS ? stream : keep)(reader, bytes, length, opaque);
}

/* What was held to the end of the Body is short, and now has its Type, or will never have one. */
static enum wbxml_error settle(struct sync_body_reader *reader)
{
    if (reader->body->type == BODY_MIME)
        return release(reader, stream);
    wbxml_builder_start(reader->builder, TAG_AirSyncBase_Data);
    enum wbxml_error error = release(reader, keep);

    wbxml_builder_end(reader->builder, TAG_AirSyncBase_Data);
    return error;
}

enum wbxml_error sync_body_end(struct sync_body_reader *reader)
{
    struct sync_body *body = reader->body;
    const struct eas_node *node = reader->builder->open;

    if (body->type) /* a second Body: it stays in the tree and changes nothing */
        return WBXML_OK;
    body->type = (int)eas_node_number(node, TAG_AirSyncBase_Type, body->streamed ? BODY_MIME : 0);
    body->estimated = eas_node_number(node, TAG_AirSyncBase_EstimatedDataSize, -1);

    enum wbxml_error error = reader->way == BODY_HELD ? settle(reader) : WBXML_OK;
    const char *data = eas_node_text(node, TAG_AirSyncBase_Data);
    bool some = body->bytes > 0 || (data && *data);

    reader->way = BODY_IN_TREE;
    body->truncated = eas_node_number(node, TAG_AirSyncBase_Truncated, 0) == 1 ||
                      (!some && (body->estimated > 0 || body->type == BODY_MIME));
    return error;
}
