#include "cache/sync/gather.h"

#include <errno.h>
#include <string.h>

#include "cache/sync/mail_head.h"
#include "codec/limits.h"
#include "codec/wire/status.h"

struct gather {
    struct sync_engine *engine;
    struct collection *const *asked;
    size_t count;
    struct sync_reader *reader;
    struct exchange *exchange;
    struct harvest *harvest; /* being read; NULL between collections */
    struct body_writer *writer;
    GString *head; /* of the body being written */
    GArray *kept;  /* int64_t: bodies that were finished */
    bool plain;    /* no body was asked for, whatever the answer says of one */
    size_t memory;
    int error; /* of the store */
};

static void incoming_free(void *data)
{
    struct incoming *incoming = data;

    g_free(incoming->server_id);
    g_free(incoming->message_id);
    eas_node_free(incoming->data);
    g_free(incoming);
}

static void answered_free(void *data)
{
    struct answered *answered = data;

    g_free(answered->server_id);
    g_free(answered->client_id);
    g_free(answered->instance_id);
    g_free(answered);
}

static void harvest_free(void *data)
{
    struct harvest *harvest = data;

    g_free(harvest->collection_id);
    g_free(harvest->sync_key);
    g_ptr_array_unref(harvest->items);
    g_ptr_array_unref(harvest->answers);
    g_free(harvest);
}

static struct harvest *harvest_open(struct gather *gather)
{
    if (!gather->harvest) {
        gather->harvest = g_new0(struct harvest, 1);
        gather->harvest->items = g_ptr_array_new_with_free_func(incoming_free);
        gather->harvest->answers = g_ptr_array_new_with_free_func(answered_free);
    }
    return gather->harvest;
}

static void writer_drop(struct gather *gather)
{
    if (gather->writer)
        store_body_abort(gather->writer);
    gather->writer = NULL;
    g_string_truncate(gather->head, 0);
}

static bool fail(struct gather *gather, int error)
{
    gather->error = error;
    return false;
}

/* Whether a body is of use: of a collection that was asked, and not the second copy of a message, whose first
 * one stays (drafts apart). A server that names the collection late is believed to mean the right one. */
static bool body_is_wanted(struct gather *gather, const char *collection_id, const char *server_id)
{
    struct item item = {0};
    bool asked = !*collection_id, held = false;

    for (size_t i = 0; i < gather->count && !asked; i++) {
        const struct collection *each = gather->asked[i];

        asked = !strcmp(each->server_id, collection_id);
        if (!asked || each->type == EAS_FOLDER_DRAFTS)
            continue;
        held = store_item_find(gather->engine->store, each->id, server_id, &item) == 0 && item.body;
        item_clear(&item);
    }
    return asked && !held;
}

static bool on_body_begin(void *ctx, const struct sync_state *state, const char *server_id)
{
    struct gather *gather = ctx;

    writer_drop(gather);
    if (!body_is_wanted(gather, state->collection_id, server_id))
        return true;
    gather->writer = store_body_begin(gather->engine->store);
    return gather->writer || fail(gather, -EIO);
}

static bool on_body_bytes(void *ctx, const char *bytes, size_t length)
{
    struct gather *gather = ctx;
    size_t room = LIMIT_MAIL_HEAD_BYTES - MIN(gather->head->len, LIMIT_MAIL_HEAD_BYTES);
    int error = gather->writer ? store_body_append(gather->writer, bytes, length) : 0;

    g_string_append_len(gather->head, bytes, (gssize)MIN(room, length));
    return !error || fail(gather, error);
}

/* Keeps what was streamed for the item if it is the message, whole and exact. */
static bool body_keep(struct gather *gather, struct incoming *incoming)
{
    const struct sync_body *body = &incoming->body;
    int error;

    if (!gather->writer)
        return true;
    if (body->truncated || body->type != 4 || !trust_keep(gather->engine->trust, body)) {
        writer_drop(gather);
        return true;
    }
    incoming->message_id = mail_head_message_id(gather->head->str, gather->head->len);
    error = store_body_finish(gather->writer, gather->engine->store, &incoming->stored);
    gather->writer = NULL;
    writer_drop(gather);
    if (error)
        return fail(gather, error);
    g_array_append_val(gather->kept, incoming->stored);
    return true;
}

static size_t node_weight(const struct eas_node *root)
{
    size_t weight = 0;
    const struct eas_node *node = root;

    while (node) {
        weight += sizeof *node + node->length;
        if (node->first) {
            node = node->first;
            continue;
        }
        while (node && node != root && !node->next)
            node = node->parent;
        node = node == root ? NULL : node->next;
    }
    return weight;
}

static void note_answer(struct gather *gather, const struct sync_item *item)
{
    struct answered *answered = g_new0(struct answered, 1);

    *answered = (struct answered){.kind = item->kind,
                                  .server_id = g_strdup(item->server_id),
                                  .client_id = g_strdup(item->client_id),
                                  .instance_id = g_strdup(item->instance_id),
                                  .status = item->status};
    g_ptr_array_add(harvest_open(gather)->answers, answered);
}

static bool on_item(void *ctx, const struct sync_state *state, struct sync_item *item)
{
    struct gather *gather = ctx;
    struct incoming *incoming;

    (void)state;
    if (item->response && item->kind != SYNC_FETCH)
        note_answer(gather, item);
    if (item->response || item->kind == SYNC_FETCH || !*item->server_id) {
        writer_drop(gather);
        return true;
    }
    incoming = g_new0(struct incoming, 1);
    incoming->kind = item->kind;
    incoming->server_id = g_strdup(item->server_id);
    incoming->instance = item->instance_id != NULL;
    incoming->body = item->body;
    incoming->body.truncated |= gather->plain;
    incoming->data = g_steal_pointer(&item->data);
    g_ptr_array_add(harvest_open(gather)->items, incoming);
    gather->memory += sizeof *incoming + node_weight(incoming->data);
    if (gather->memory > LIMIT_WINDOW_MEMORY)
        return false;
    return body_keep(gather, incoming);
}

static bool on_collection_end(void *ctx, const struct sync_state *state)
{
    struct gather *gather = ctx;
    struct harvest *harvest = harvest_open(gather);

    harvest->collection_id = g_strdup(state->collection_id);
    harvest->sync_key = state->sync_key && *state->sync_key ? g_strdup(state->sync_key) : NULL;
    harvest->status = state->status;
    harvest->more = state->more_available;
    g_ptr_array_add(gather->exchange->harvests, harvest);
    gather->harvest = NULL;
    return true;
}

static const struct sync_events events = {
    .body_begin = on_body_begin,
    .body_bytes = on_body_bytes,
    .item = on_item,
    .collection_end = on_collection_end,
};

/* The bodies of an answer that did not come to its end. */
static void bodies_drop(struct gather *gather)
{
    struct store *store = gather->engine->store;
    int error = 0;

    if (gather->kept->len == 0 || store_begin(store) != 0)
        return;
    for (guint i = 0; i < gather->kept->len && !error; i++)
        error = store_body_drop(store, g_array_index(gather->kept, int64_t, i));
    if (error)
        store_rollback(store);
    else
        store_commit(store);
    g_array_set_size(gather->kept, 0);
}

static void forget(struct gather *gather)
{
    writer_drop(gather);
    bodies_drop(gather);
    if (gather->harvest)
        harvest_free(g_steal_pointer(&gather->harvest));
    g_ptr_array_set_size(gather->exchange->harvests, 0);
    gather->memory = 0;
    gather->exchange->bytes = 0;
}

/* The sink around sync_sink: a repeated request begins again with nothing gathered. */
static void sink_begin(void *ctx, const char *content_type)
{
    struct gather *gather = ctx;

    forget(gather);
    sync_sink.begin(gather->reader, content_type);
}

static enum wbxml_error sink_feed(void *ctx, const void *bytes, size_t length)
{
    struct gather *gather = ctx;

    gather->exchange->bytes += (long long)length;
    return sync_sink.feed(gather->reader, bytes, length);
}

static enum wbxml_error sink_finish(void *ctx, int *status)
{
    struct gather *gather = ctx;

    return sync_sink.finish(gather->reader, status);
}

static const struct answer_sink gather_sink = {.begin = sink_begin, .feed = sink_feed, .finish = sink_finish};

/* 502 to 504 come from a gateway that cannot reach its server; other 5xx are this request's fault, and so is an
 * answer that cannot be read. */
static bool is_stumble(const struct eas_result *result)
{
    if (result->outcome == EAS_UNREACHABLE && result->scope == EAS_SCOPE_FOLDER)
        return true;
    return !eas_is_served(result) && result->http >= 500 && result->http != 507 &&
           !(result->http >= 502 && result->http <= 504);
}

static void judge(struct gather *gather, const struct call *call)
{
    struct exchange *exchange = gather->exchange;

    exchange->unkept = gather->error != 0;
    if (exchange->unkept)
        exchange->result = store_result(gather->error);
    exchange->empty = call->empty;
    exchange->unsent = !eas_is_served(&exchange->result) && call->unsent;
    exchange->stumbled = is_stumble(&exchange->result) || gather->memory > LIMIT_WINDOW_MEMORY;
    exchange->limit = sync_reader_limit(gather->reader);
    if (eas_is_served(&exchange->result) && !call->empty && call->status > 1)
        exchange->result = eas_status_result(EAS_SYNC, EAS_LEVEL_TOP, call->status);
    if (!eas_is_served(&exchange->result))
        forget(gather);
}

static struct sync_collection question(struct sync_engine *engine, const struct collection *collection, int window,
                                       enum body_asking bodies)
{
    return (struct sync_collection){
        .collection_id = collection->server_id,
        .sync_key = collection->sync_key,
        .class = collection->class,
        .window = window ? window : window_items(&engine->windows[collection->class]),
        .filter = collection->filter,
        .inline_bytes = bodies == ASK_BODIES ? trust_inline_bytes(engine->trust) : 0,
        .plain = bodies == ASK_PLAIN,
    };
}

/* once: not resent unseen. The commands of a server that does not recognise a repeat are carried out twice (NOTES
 * section 5). */
static struct exchange exchange_run(struct sync_engine *engine, struct collection *const *asked,
                                    const struct sync_collection *questions, size_t count, bool once, bool plain)
{
    struct exchange exchange = {.harvests = g_ptr_array_new_with_free_func(harvest_free)};
    struct gather gather = {.engine = engine,
                            .asked = asked,
                            .count = count,
                            .exchange = &exchange,
                            .head = g_string_new(NULL),
                            .plain = plain};
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct call call = {.command = EAS_SYNC, .request = request, .sink = &gather_sink, .ctx = &gather, .once = once};

    gather.kept = g_array_new(FALSE, FALSE, sizeof(int64_t));
    gather.reader = sync_reader_new(&events, &gather);
    sync_request(request, session_version(engine->session), questions, count,
                 count > 1 && !once ? LIMIT_WINDOW_ITEMS : 0);
    exchange.result = session_call(engine->link, &call);
    judge(&gather, &call);
    writer_drop(&gather);
    if (gather.harvest)
        harvest_free(gather.harvest);
    g_string_free(gather.head, TRUE);
    g_array_unref(gather.kept);
    sync_reader_free(gather.reader);
    return exchange;
}

struct exchange exchange_sync(struct sync_engine *engine, struct collection *const *asked, size_t count, int window,
                              enum body_asking bodies)
{
    g_autofree struct sync_collection *questions = g_new(struct sync_collection, count);

    for (size_t i = 0; i < count; i++) {
        questions[i] = question(engine, asked[i], window, bodies);
        question_put(engine, asked[i]);
    }
    return exchange_run(engine, asked, questions, count, false, bodies == ASK_PLAIN);
}

struct exchange exchange_send(struct sync_engine *engine, struct collection *const *asked,
                              const struct outgoing *outgoing, size_t count)
{
    g_autofree struct sync_collection *questions = g_new(struct sync_collection, count);

    for (size_t i = 0; i < count; i++) {
        questions[i] = question(engine, asked[i], LIMIT_WINDOW_ITEMS, ASK_BODIES);
        questions[i].no_changes = true;
        questions[i].commands = outgoing[i].commands;
        questions[i].command_count = outgoing[i].count;
        questions[i].deletes_for_good = outgoing[i].for_good;
    }
    return exchange_run(engine, asked, questions, count, true, false);
}

void exchange_clear(struct exchange *exchange)
{
    g_clear_pointer(&exchange->harvests, g_ptr_array_unref);
}

struct harvest *exchange_harvest(const struct exchange *exchange, const char *collection_id)
{
    for (guint i = 0; i < exchange->harvests->len; i++) {
        struct harvest *harvest = exchange->harvests->pdata[i];

        if (!strcmp(harvest->collection_id, collection_id))
            return harvest;
    }
    return NULL;
}
