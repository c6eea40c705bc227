#include <stdlib.h>
#include <string.h>

#include "codec/limits.h"
#include "codec/wire/item_operations.h"
#include "codec/wire/multipart.h"

enum { BODY_MIME = 4, HEADER_BYTES = 4, NO_PART = -1, DECODE_BYTES = 3072 };

static const char header[HEADER_BYTES] = {0x03, 0x01, 0x6a, 0x00};

/* Where in the document the reader stands; each place lies directly inside the one before it. */
enum place { OUTSIDE, IN_ROOT, IN_RESPONSE, IN_FETCH };

/* One Fetch of the answer: its element without the streamed bytes, and what was told of it. */
struct answered {
    struct eas_node *node;
    struct fetched fetched;
    long long part; /* as the document numbers it, or NO_PART */
    bool streamed;  /* its Data is in, or is being read */
};

struct fetch_reader {
    struct fetch_events events;
    void *ctx;
    size_t count;
    enum wbxml_error error; /* why a handler stopped the reading, else WBXML_OK */

    bool says_multipart;
    char head[HEADER_BYTES]; /* the first bytes, which tell a plain document from a table */
    size_t head_bytes;
    struct multipart *multipart; /* NULL while the answer is plain */
    unsigned part;               /* the part being read; 0 is the document */
    struct answered *streaming;  /* whose part it is, or NULL */

    struct wbxml_reader *wbxml;
    struct wbxml_builder builder;
    enum place place;
    unsigned passed_over;
    bool in_status, in_data, decode;
    int status;
    GString *value;
    gint base64_state;
    guint base64_save;
    size_t next_index, waiting_bytes;
    struct answered open;
    GPtrArray *waiting; /* of struct answered, for their parts */
};

static bool stop(struct fetch_reader *reader, enum wbxml_error error)
{
    reader->error = error;
    return false;
}

static bool go_on(struct fetch_reader *reader, bool wanted)
{
    return wanted || stop(reader, WBXML_STOPPED);
}

static void answered_free(void *data)
{
    struct answered *answered = data;

    eas_node_free(answered->node);
    g_free(answered);
}

/* Bytes of an item, from wherever they come. */
static bool pass(struct fetch_reader *reader, struct fetched *fetched, const char *bytes, size_t length)
{
    fetched->bytes += (long long)length;
    if (fetched->bytes > LIMIT_BODY_BYTES)
        return stop(reader, WBXML_TOO_LARGE);
    return length == 0 || go_on(reader, reader->events.bytes(reader->ctx, fetched->index, bytes, length));
}

static bool pass_base64(struct fetch_reader *reader, const char *bytes, size_t length)
{
    guchar decoded[DECODE_BYTES / 4 * 3 + 3];

    while (length > 0) {
        size_t run = MIN(length, DECODE_BYTES);
        size_t got = g_base64_decode_step(bytes, run, decoded, &reader->base64_state, &reader->base64_save);

        if (!pass(reader, &reader->open.fetched, (const char *)decoded, got))
            return false;
        bytes += run;
        length -= run;
    }
    return true;
}

/* The last word on an item: what its element says, once its bytes are in. */
static bool tell(struct fetch_reader *reader, struct answered *answered)
{
    struct fetched *fetched = &answered->fetched;
    const struct eas_node *properties = eas_node_child(answered->node, TAG_ItemOperations_Properties);
    const struct eas_node *body = eas_node_child(properties, TAG_AirSyncBase_Body);

    fetched->properties = fetched->status == 1 ? properties : NULL;
    fetched->present = answered->streamed || answered->part != NO_PART;
    fetched->truncated = eas_node_number(body, TAG_AirSyncBase_Truncated, 0) == 1 ||
                         (fetched->bytes == 0 && (fetched->body_type == BODY_MIME ||
                                                  eas_node_number(body, TAG_AirSyncBase_EstimatedDataSize, 0) > 0));
    return go_on(reader, reader->events.done(reader->ctx, fetched));
}

static long long part_number(const struct eas_node *properties)
{
    long long part = eas_node_number(properties, TAG_ItemOperations_Part, NO_PART);

    if (part == NO_PART)
        part = eas_node_number(eas_node_child(properties, TAG_AirSyncBase_Body), TAG_ItemOperations_Part, NO_PART);
    return part;
}

/* A Fetch closes. One whose bytes are in a part waits for it. */
static bool fetch_end(struct fetch_reader *reader)
{
    struct answered *open = &reader->open;
    struct eas_node *root = open->node = g_steal_pointer(&reader->builder.root);
    const struct eas_node *properties = eas_node_child(root, TAG_ItemOperations_Properties);
    const char *server_id = eas_node_text(root, TAG_AirSync_ServerId);
    const char *collection_id = eas_node_text(root, TAG_AirSync_CollectionId);

    size_t bytes = reader->builder.bytes;

    wbxml_builder_clear(&reader->builder);
    open->fetched.status = (int)eas_node_number(root, TAG_ItemOperations_Status, 0);
    open->fetched.server_id = server_id ? server_id : "";
    open->fetched.collection_id = collection_id ? collection_id : "";
    open->fetched.body_type =
        (int)eas_node_number(eas_node_child(properties, TAG_AirSyncBase_Body), TAG_AirSyncBase_Type, 0);
    open->part = reader->multipart && !open->streamed ? part_number(properties) : NO_PART;
    if (open->part != NO_PART) {
        g_ptr_array_add(reader->waiting, g_memdup2(open, sizeof *open));
        open->node = NULL;
        reader->waiting_bytes += bytes;
        return reader->waiting_bytes <= LIMIT_TREE_BYTES || stop(reader, WBXML_TOO_LARGE);
    }

    bool wanted = tell(reader, open);

    eas_node_free(g_steal_pointer(&open->node));
    return wanted;
}

/* Is this the Data that holds the item: of the body, or of an attachment (base64)? */
static bool data_begin(struct fetch_reader *reader, eas_tag tag)
{
    const struct eas_node *open = reader->builder.open;
    bool body = tag == TAG_AirSyncBase_Data && reader->builder.depth == 3 && open->tag == TAG_AirSyncBase_Body &&
                open->parent->tag == TAG_ItemOperations_Properties;
    bool attachment =
        tag == TAG_ItemOperations_Data && reader->builder.depth == 2 && open->tag == TAG_ItemOperations_Properties;

    if (reader->open.streamed || !(body || attachment))
        return false;
    reader->open.streamed = reader->in_data = true;
    reader->decode = attachment;
    reader->base64_state = 0;
    reader->base64_save = 0;
    return true;
}

static bool fetch_start(struct fetch_reader *reader, eas_tag tag)
{
    if (reader->in_data) {
        reader->passed_over = 1;
        return true;
    }
    if (data_begin(reader, tag))
        return true;
    return wbxml_builder_start(&reader->builder, tag) || stop(reader, WBXML_TOO_LARGE);
}

static bool start(void *ctx, eas_tag tag)
{
    static const eas_tag steps[] = {
        [OUTSIDE] = TAG_ItemOperations_ItemOperations,
        [IN_ROOT] = TAG_ItemOperations_Response,
        [IN_RESPONSE] = TAG_ItemOperations_Fetch,
    };
    struct fetch_reader *reader = ctx;

    if (reader->passed_over || reader->in_status) {
        reader->passed_over++;
        return true;
    }
    if (reader->place == IN_FETCH)
        return fetch_start(reader, tag);
    if (reader->place == IN_ROOT && tag == TAG_ItemOperations_Status) {
        reader->in_status = true;
        return true;
    }
    if (tag != steps[reader->place]) {
        reader->passed_over = 1;
        return reader->place != OUTSIDE || stop(reader, WBXML_MALFORMED);
    }
    if (++reader->place == IN_FETCH) {
        if (reader->next_index == reader->count)
            return stop(reader, WBXML_MALFORMED);
        reader->open = (struct answered){.fetched.index = reader->next_index++};
        wbxml_builder_start(&reader->builder, tag);
    }
    return true;
}

static bool text(void *ctx, const char *bytes, size_t length, bool opaque)
{
    struct fetch_reader *reader = ctx;

    if (reader->passed_over)
        return true;
    if (reader->in_status) {
        if (reader->value->len + length > LIMIT_KEY_BYTES)
            return stop(reader, WBXML_TOO_LARGE);
        g_string_append_len(reader->value, bytes, (gssize)length);
        return true;
    }
    if (reader->place != IN_FETCH)
        return true;
    if (!reader->in_data)
        return wbxml_builder_text(&reader->builder, bytes, length, opaque) || stop(reader, WBXML_TOO_LARGE);
    reader->open.fetched.opaque |= opaque;
    /* An attachment as OPAQUE needs no base64 and comes without it. */
    if (reader->decode && !opaque)
        return pass_base64(reader, bytes, length);
    return pass(reader, &reader->open.fetched, bytes, length);
}

static bool end(void *ctx, eas_tag tag)
{
    struct fetch_reader *reader = ctx;

    if (reader->passed_over) {
        reader->passed_over--;
    } else if (reader->in_status) {
        reader->in_status = false;
        reader->status = atoi(reader->value->str);
    } else if (reader->in_data) {
        reader->in_data = false;
    } else if (reader->place == IN_FETCH) {
        wbxml_builder_end(&reader->builder, tag);
        if (reader->builder.depth == 0) {
            reader->place = IN_RESPONSE;
            return fetch_end(reader);
        }
    } else {
        reader->place--;
    }
    return true;
}

static const struct wbxml_handler document_handler = {.start = start, .text = text, .end = end};

/* The document is in: from here on the numbers of its parts are places in the table. Servers count
 * from 1, or from 0, leaving the document out. */
static bool number_parts(struct fetch_reader *reader, unsigned count)
{
    bool from_zero = false;

    for (guint i = 0; i < reader->waiting->len; i++)
        from_zero |= ((struct answered *)reader->waiting->pdata[i])->part == 0;
    for (guint i = 0; i < reader->waiting->len; i++) {
        struct answered *answered = reader->waiting->pdata[i];

        answered->part += from_zero;
        if (answered->part < 1 || answered->part >= count)
            return stop(reader, WBXML_MALFORMED);
    }
    return true;
}

static bool part_begin(void *ctx, unsigned number, unsigned count)
{
    struct fetch_reader *reader = ctx;

    if (number == 1 && !number_parts(reader, count))
        return false;
    reader->part = number;
    reader->streaming = NULL;
    for (guint i = 0; number > 0 && !reader->streaming && i < reader->waiting->len; i++) {
        struct answered *answered = reader->waiting->pdata[i];

        if (answered->part == number)
            reader->streaming = answered;
    }
    if (reader->streaming)
        reader->streaming->fetched.opaque = true;
    return true;
}

static bool part_bytes(void *ctx, const char *bytes, size_t length)
{
    struct fetch_reader *reader = ctx;

    if (reader->streaming)
        return pass(reader, &reader->streaming->fetched, bytes, length);
    if (reader->part > 0)
        return true;
    enum wbxml_error error = wbxml_reader_feed(reader->wbxml, bytes, length);

    return !error || stop(reader, reader->error ? reader->error : error);
}

static bool part_end(void *ctx, unsigned number)
{
    struct fetch_reader *reader = ctx;

    if (number == 0) {
        enum wbxml_error error = wbxml_reader_finish(reader->wbxml);

        return !error || stop(reader, error);
    }
    if (!reader->streaming)
        return true;

    bool wanted = tell(reader, reader->streaming);

    g_ptr_array_remove(reader->waiting, g_steal_pointer(&reader->streaming));
    return wanted;
}

static const struct multipart_handler parts_handler = {.begin = part_begin, .bytes = part_bytes, .end = part_end};

struct fetch_reader *fetch_reader_new(const struct fetch_events *events, void *ctx, size_t count)
{
    struct fetch_reader *reader = g_new0(struct fetch_reader, 1);

    reader->events = *events;
    reader->ctx = ctx;
    reader->count = count;
    reader->value = g_string_new(NULL);
    reader->waiting = g_ptr_array_new_with_free_func(answered_free);
    return reader;
}

static void forget(struct fetch_reader *reader)
{
    wbxml_reader_free(reader->wbxml);
    multipart_free(g_steal_pointer(&reader->multipart));
    wbxml_builder_clear(&reader->builder);
    g_ptr_array_set_size(reader->waiting, 0);
    g_string_truncate(reader->value, 0);
}

void fetch_reader_free(struct fetch_reader *reader)
{
    if (!reader)
        return;
    forget(reader);
    g_ptr_array_unref(reader->waiting);
    g_string_free(reader->value, TRUE);
    g_free(reader);
}

static void begin(void *ctx, const char *content_type)
{
    struct fetch_reader *reader = ctx;

    forget(reader);
    reader->wbxml = wbxml_reader_new(&document_handler, reader);
    reader->says_multipart = strcmp(content_type, "application/vnd.ms-sync.multipart") == 0;
    reader->error = WBXML_OK;
    reader->head_bytes = 0;
    reader->part = 0;
    reader->streaming = NULL;
    reader->place = OUTSIDE;
    reader->passed_over = 0;
    reader->in_status = reader->in_data = false;
    reader->status = 0;
    reader->next_index = reader->waiting_bytes = 0;
}

static enum wbxml_error feed_form(struct fetch_reader *reader, const void *bytes, size_t length)
{
    enum wbxml_error error = reader->multipart ? multipart_feed(reader->multipart, bytes, length)
                                               : wbxml_reader_feed(reader->wbxml, bytes, length);

    return error == WBXML_STOPPED && reader->error ? reader->error : error;
}

/* A server may answer plainly although the content type says multipart; no table can begin like a
 * document, since its first word, the number of parts, would be in the millions. */
static enum wbxml_error feed_head(struct fetch_reader *reader)
{
    bool plain = memcmp(reader->head, header, reader->head_bytes) == 0;

    if (reader->says_multipart && !plain)
        reader->multipart = multipart_new(&parts_handler, reader, (unsigned)reader->count + 1);
    return feed_form(reader, reader->head, reader->head_bytes);
}

static enum wbxml_error feed(void *ctx, const void *data, size_t length)
{
    struct fetch_reader *reader = ctx;
    const char *bytes = data;

    if (reader->head_bytes < HEADER_BYTES) {
        while (length > 0 && reader->head_bytes < HEADER_BYTES) {
            reader->head[reader->head_bytes++] = *bytes++;
            length--;
        }
        if (reader->head_bytes < HEADER_BYTES)
            return WBXML_OK;
        enum wbxml_error error = feed_head(reader);

        if (error)
            return error;
    }
    return feed_form(reader, bytes, length);
}

static enum wbxml_error finish(void *ctx, int *status)
{
    struct fetch_reader *reader = ctx;
    enum wbxml_error error = reader->head_bytes < HEADER_BYTES ? feed_head(reader) : WBXML_OK;

    if (!error)
        error = reader->multipart ? multipart_finish(reader->multipart) : wbxml_reader_finish(reader->wbxml);
    if (error == WBXML_STOPPED && reader->error)
        error = reader->error;
    if (!error && reader->waiting->len > 0)
        error = WBXML_TRUNCATED;
    *status = reader->status;
    return error;
}

const struct answer_sink fetch_sink = {.begin = begin, .feed = feed, .finish = finish};
