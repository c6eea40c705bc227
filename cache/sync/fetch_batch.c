#include "cache/sync/fetch_batch.h"

#include <errno.h>
#include <string.h>

#include "codec/limits.h"
#include "codec/wire/item_operations.h"
#include "codec/wire/status.h"

enum { BODY_MIME = 4, NOBODY = -1 };

struct batch {
    struct store *store;
    struct body_trust *trust;
    const struct file_context *context;
    struct batch_item *items;
    size_t count;
    gint *bytes;
    struct fetch_reader *reader;
    struct body_writer *writer;
    gssize writing;   /* index of the item whose bytes come; NOBODY */
    GByteArray *copy; /* of its first bytes, in case they are no MIME */
    int error;        /* of the store */
};

static void writer_drop(struct batch *batch)
{
    if (batch->writer)
        store_body_abort(batch->writer);
    batch->writer = NULL;
    batch->writing = NOBODY;
    g_byte_array_set_size(batch->copy, 0);
}

static bool fail(struct batch *batch, int error)
{
    batch->error = error;
    return false;
}

static bool on_bytes(void *ctx, size_t index, const char *bytes, size_t length)
{
    struct batch *batch = ctx;

    if (batch->writing != (gssize)index) {
        writer_drop(batch);
        batch->writer = store_body_begin(batch->store);
        batch->writing = (gssize)index;
        if (!batch->writer)
            return fail(batch, -EIO);
    }
    if (batch->bytes)
        g_atomic_int_inc(batch->bytes);
    if (batch->copy->len <= LIMIT_REBUILD_BYTES)
        g_byte_array_append(batch->copy, (const guint8 *)bytes,
                            (guint)MIN(length, LIMIT_REBUILD_BYTES + 1 - batch->copy->len));
    int error = store_body_append(batch->writer, bytes, length);

    return !error || fail(batch, error);
}

static void refuse(struct batch_item *item, bool retry, const char *why)
{
    item->fate = BATCH_REFUSED;
    item->retry = retry;
    g_free(item->why);
    item->why = g_strdup(why);
}

static bool body_finish(struct batch *batch, struct batch_item *item)
{
    int64_t size = store_body_size(batch->writer);
    int error = store_body_finish(g_steal_pointer(&batch->writer), batch->store, &item->body);

    writer_drop(batch);
    if (error)
        return fail(batch, error);
    item->size = size;
    item->fate = BATCH_FETCHED;
    return true;
}

/* A server without MIME gave the text alone: the message is built from it and the properties. */
static bool rebuild(struct batch *batch, struct batch_item *item, const struct fetched *fetched)
{
    g_autoptr(eas_node) data = eas_node_copy(fetched->properties);
    g_autofree char *text = g_strndup((const char *)batch->copy->data, batch->copy->len);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    struct eas_node *body = eas_node_child(data, TAG_AirSyncBase_Body);
    g_autofree char *reason = NULL;
    g_autoptr(GBytes) file = NULL;
    bool too_long = batch->copy->len > LIMIT_REBUILD_BYTES;

    writer_drop(batch);
    if (too_long) {
        refuse(item, false, "the server gives no MIME, and the text is too long for a message to be built from it");
        return true;
    }
    if (body && *valid && !eas_node_child(body, TAG_AirSyncBase_Data))
        eas_node_add(body, TAG_AirSyncBase_Data, valid);
    file = file_from_mail(data, batch->context, &reason);
    if (!file) {
        refuse(item, false, reason ? reason : "no message can be built from what the server gives");
        return true;
    }
    batch->writer = store_body_begin(batch->store);
    int error =
        batch->writer ? store_body_append(batch->writer, g_bytes_get_data(file, NULL), g_bytes_get_size(file)) : -EIO;

    return error ? fail(batch, error) : body_finish(batch, item);
}

/* The answer names what it holds; another item's bytes are never taken. */
static bool is_what_was_asked(const struct batch_item *item, const struct fetched *fetched)
{
    return (!*fetched->server_id || !strcmp(fetched->server_id, item->item->server_id)) &&
           (!*fetched->collection_id || !strcmp(fetched->collection_id, item->collection_id));
}

/* No byte, of a message that is not said to have any: some mailboxes hold empty ones. */
static bool is_empty(const struct fetched *fetched)
{
    const struct eas_node *body = eas_node_child(fetched->properties, TAG_AirSyncBase_Body);

    return fetched->bytes == 0 && fetched->present && fetched->body_type == BODY_MIME &&
           eas_node_number(body, TAG_AirSyncBase_Truncated, 0) != 1 &&
           eas_node_number(body, TAG_AirSyncBase_EstimatedDataSize, 0) <= 0;
}

static bool on_done(void *ctx, const struct fetched *fetched)
{
    struct batch *batch = ctx;
    struct batch_item *item = &batch->items[MIN(fetched->index, batch->count - 1)];

    if (fetched->index >= batch->count || item->fate != BATCH_UNANSWERED)
        return true;
    if (fetched->status != 1) {
        struct eas_result result = eas_status_result(EAS_ITEM_OPERATIONS, EAS_LEVEL_ITEM, fetched->status);

        writer_drop(batch);
        refuse(item, result.action == EAS_ACTION_RETRY, result.text);
        return true;
    }
    if (!is_what_was_asked(item, fetched)) {
        writer_drop(batch);
        return true;
    }
    if (fetched->body_type != BODY_MIME && fetched->properties && fetched->body_type != 0)
        return rebuild(batch, item, fetched);
    if (is_empty(fetched)) {
        batch->writer = store_body_begin(batch->store);
        return batch->writer ? body_finish(batch, item) : fail(batch, -EIO);
    }
    if (batch->writing != (gssize)fetched->index || fetched->truncated) {
        writer_drop(batch);
        refuse(item, false, "the server gives the message without its text");
        return true;
    }
    trust_learn(batch->trust, fetched->opaque);
    return body_finish(batch, item);
}

static const struct fetch_events events = {.bytes = on_bytes, .done = on_done};

/* What a first answer brought stays; the repeated one may bring the rest. */
static void sink_begin(void *ctx, const char *content_type)
{
    struct batch *batch = ctx;

    writer_drop(batch);
    fetch_sink.begin(batch->reader, content_type);
}

static enum wbxml_error sink_feed(void *ctx, const void *bytes, size_t length)
{
    return fetch_sink.feed(((struct batch *)ctx)->reader, bytes, length);
}

static enum wbxml_error sink_finish(void *ctx, int *status)
{
    return fetch_sink.finish(((struct batch *)ctx)->reader, status);
}

static const struct answer_sink batch_sink = {.begin = sink_begin, .feed = sink_feed, .finish = sink_finish};

/* The bodies that came, in one transaction; one that came meanwhile by another way stays. */
static int batch_commit(struct batch *batch)
{
    int error = store_bodies_flush(batch->store);

    if (!error)
        error = store_begin(batch->store);
    if (error)
        return error;
    for (size_t i = 0; i < batch->count && !error; i++) {
        struct batch_item *each = &batch->items[i];
        struct item now = {0};

        if (each->fate != BATCH_FETCHED)
            continue;
        error = store_item_get(batch->store, each->item->id, &now);
        if (!error)
            error = now.body ? store_body_drop(batch->store, each->body)
                             : store_item_fetched(batch->store, each->item->id, each->body, each->size);
        if (!error && now.fetch_failed)
            error = store_error_set(batch->store, now.collection_id, now.server_id, NULL);
        if (error == -ENOENT) {
            each->fate = BATCH_GONE;
            error = store_body_drop(batch->store, each->body);
        }
        item_clear(&now);
    }
    if (!error)
        return store_commit(batch->store);
    store_rollback(batch->store);
    return error;
}

/* Bodies that came and could not be kept. */
static void batch_undo(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].fate == BATCH_FETCHED) {
            batch->items[i].fate = BATCH_UNANSWERED;
            store_body_undo(batch->store, batch->items[i].body);
        }
}

static bool any_fetched(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].fate == BATCH_FETCHED)
            return true;
    return false;
}

static struct eas_result batch_call(struct batch *batch, struct link *link, const struct fetch *fetches)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct call call = {
        .command = EAS_ITEM_OPERATIONS, .request = request, .sink = &batch_sink, .ctx = batch, .multipart = true};

    item_operations_request(request, batch->context->version, fetches, batch->count);
    struct eas_result result = session_call(link, &call);

    if (eas_is_served(&result) && call.status > 1)
        result = eas_status_result(EAS_ITEM_OPERATIONS, EAS_LEVEL_TOP, call.status);
    return result;
}

struct eas_result batch_fetch(struct store *store, struct link *link, struct body_trust *trust,
                              const struct file_context *context, struct batch_item *items, size_t count, gint *bytes)
{
    struct batch batch = {.store = store,
                          .trust = trust,
                          .context = context,
                          .items = items,
                          .count = count,
                          .bytes = bytes,
                          .writing = NOBODY,
                          .copy = g_byte_array_new()};
    g_autofree struct fetch *fetches = g_new0(struct fetch, count);

    for (size_t i = 0; i < count; i++)
        fetches[i] = (struct fetch){
            .collection_id = items[i].collection_id, .server_id = items[i].item->server_id, .mime = true};
    batch.reader = fetch_reader_new(&events, &batch, count);
    struct eas_result result = batch_call(&batch, link, fetches);

    writer_drop(&batch);
    if (!batch.error && any_fetched(&batch))
        batch.error = batch_commit(&batch);
    if (batch.error) {
        batch_undo(&batch);
        result = eas_refused(EAS_SCOPE_FATAL, 74, "unable to write the local store: %s", g_strerror(-batch.error));
    }
    fetch_reader_free(batch.reader);
    g_byte_array_unref(batch.copy);
    return result;
}
