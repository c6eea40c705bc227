/* Additions, changes, deletions and flags: many commands of several folders in one Sync request. */
#include <errno.h>
#include <string.h>

#include "cache/sync/items.h"
#include "cache/upload/part.h"
#include "codec/limits.h"
#include "codec/wire/status.h"

struct batch {
    GPtrArray *parts; /* of struct part, ordered by collection */
    GPtrArray *asked; /* of struct collection */
    size_t bytes;
    bool alone;
};

static void batch_clear(struct batch *batch)
{
    g_ptr_array_unref(batch->parts);
    g_ptr_array_unref(batch->asked);
}

/* ---- which ---- */

static size_t weigh(const struct part *part)
{
    const struct item_command *command = part_command(part);
    g_autoptr(GBytes) bytes = command->data ? eas_node_bytes(command->data) : NULL;

    return bytes ? g_bytes_get_size(bytes) : 0;
}

/* A folder takes commands when it was read to its end and its key is good. */
static bool is_ready(const struct upload *upload, const struct collection *collection)
{
    return collection && collection->selected && collection->complete && !collection->resync && !collection->more &&
           strcmp(collection->sync_key, "0") != 0 && !g_hash_table_contains(upload->barred, &collection->id);
}

static bool is_for_good(const struct part *part)
{
    return part->row.kind == JOURNAL_DELETE && part->row.response == JOURNAL_FOR_GOOD;
}

/* DeletesAsMoves speaks of all that a request deletes in a folder. */
static bool goes_along(const struct batch *batch, const struct part *part)
{
    for (guint i = 0; i < batch->parts->len && part->row.kind == JOURNAL_DELETE; i++) {
        const struct part *other = batch->parts->pdata[i];

        if (other->collection == part->collection && other->row.kind == JOURNAL_DELETE &&
            is_for_good(other) != is_for_good(part))
            return false;
    }
    return true;
}

static bool fits(const struct upload *upload, const struct batch *batch, const struct part *part, size_t weight)
{
    bool asked = g_ptr_array_find(batch->asked, part->collection, NULL);

    if (!batch->parts->len)
        return true;
    return !batch->alone && goes_along(batch, part) && part->row.tries < LIMIT_UPLOAD_ALONE &&
           batch->bytes + weight <= LIMIT_UPLOAD_BYTES && (asked || batch->asked->len < (guint)upload->engine->limit);
}

/* Takes a row into the batch, if it belongs there. 0 or the store's errno. */
static int consider(struct upload *upload, struct batch *batch, struct journal *row)
{
    struct part *part;
    enum prepared prepared;
    int error = 0;

    if (!is_ready(upload, upload_collection(upload, row->collection_id)) && !upload_is_gone(upload, row->collection_id))
        return 0;
    part = g_new0(struct part, 1);
    part->row = *row;
    *row = (struct journal){0};
    prepared = row_prepare(upload, &part->row, &part->preparation, &error);
    part->collection = upload_collection(upload, part->row.collection_id);
    if (!error && prepared == PREPARED_SEND && is_ready(upload, part->collection)) {
        part->at = part_taken_before(upload, part);
        size_t weight = weigh(part);

        if (fits(upload, batch, part, weight)) {
            batch->bytes += weight;
            batch->alone = part->row.tries >= LIMIT_UPLOAD_ALONE;
            if (!g_ptr_array_find(batch->asked, part->collection, NULL))
                g_ptr_array_add(batch->asked, part->collection);
            g_ptr_array_add(batch->parts, g_steal_pointer(&part));
        }
    }
    if (part)
        part_free(part);
    return error;
}

static int gather_batch(struct upload *upload, struct batch *batch)
{
    const unsigned kinds = UPLOAD_KIND(JOURNAL_ADD) | UPLOAD_KIND(JOURNAL_CHANGE) | UPLOAD_KIND(JOURNAL_DELETE) |
                           UPLOAD_KIND(JOURNAL_FLAGS);
    g_autoptr(GArray) rows = upload_due(upload, kinds);
    int error = 0;

    for (guint i = 0; i < rows->len && !error && batch->parts->len < LIMIT_COMMANDS; i++)
        error = consider(upload, batch, &g_array_index(rows, struct journal, i));
    return error;
}

/* ---- on its way ---- */

static int mark_batch(struct upload *upload, struct batch *batch)
{
    g_autofree struct journal **rows = g_new(struct journal *, batch->parts->len);
    g_autofree const char **keys = g_new(const char *, batch->parts->len);
    int error;

    for (guint i = 0; i < batch->parts->len; i++) {
        struct part *part = batch->parts->pdata[i];

        rows[i] = &part->row;
        keys[i] = part->collection->sync_key;
    }
    error = rows_mark(upload, rows, batch->parts->len, keys);
    for (guint i = batch->parts->len; i-- > 0;)
        if (!((struct part *)batch->parts->pdata[i])->row.id)
            g_ptr_array_remove_index(batch->parts, i);
    return error;
}

static struct exchange send_batch(struct upload *upload, const struct batch *batch)
{
    g_autofree struct sync_command *commands = g_new0(struct sync_command, batch->parts->len);
    g_autofree struct outgoing *outgoing = g_new0(struct outgoing, batch->asked->len);
    size_t at = 0;

    for (guint i = 0; i < batch->asked->len; i++) {
        struct collection *collection = batch->asked->pdata[i];

        outgoing[i] = (struct outgoing){.commands = commands + at, .for_good = upload_is_deleted(upload, collection)};
        for (guint j = 0; j < batch->parts->len; j++)
            if (((struct part *)batch->parts->pdata[j])->collection == collection) {
                commands[at++] = part_wire(batch->parts->pdata[j]);
                outgoing[i].for_good |= is_for_good(batch->parts->pdata[j]);
            }
        outgoing[i].count = (size_t)(commands + at - outgoing[i].commands);
    }
    return exchange_send(upload->engine, (struct collection *const *)batch->asked->pdata, outgoing, batch->asked->len);
}

/* ---- answers ---- */

static int take_key(struct upload *upload, struct collection *collection, const struct harvest *harvest)
{
    if (!harvest->sync_key || harvest->items->len)
        return 0; /* what came with it is stored with it */
    g_free(collection->sync_key);
    collection->sync_key = g_strdup(harvest->sync_key);
    collection->more |= harvest->more;
    return store_collection_state(upload->engine->store, collection);
}

typedef int (*judgement)(struct upload *upload, struct part *part, const void *ctx);

static int each_part(struct upload *upload, const struct batch *batch, const struct collection *collection,
                     judgement judge, const void *ctx)
{
    int error = 0;

    for (guint i = 0; i < batch->parts->len && !error; i++) {
        struct part *part = batch->parts->pdata[i];

        if (!collection || part->collection == collection)
            error = judge(upload, part, ctx);
    }
    return error;
}

static int judge_answered(struct upload *upload, struct part *part, const void *harvest)
{
    return part_judge(upload, part, harvest);
}

static int judge_refused(struct upload *upload, struct part *part, const void *refusal)
{
    const struct eas_result *result = refusal;
    bool of_request = result->action == EAS_ACTION_STOP || result->action == EAS_ACTION_SKIP;

    /* One of many may be the cause: each travels alone next. */
    if (of_request && part->row.tries < LIMIT_UPLOAD_ALONE) {
        part->row.tries = LIMIT_UPLOAD_ALONE;
        return row_requeue(upload, &part->row);
    }
    return row_refused(upload, &part->row, result);
}

static int judge_unsent(struct upload *upload, struct part *part, const void *unused)
{
    (void)unused;
    return row_requeue(upload, &part->row);
}

static int in_transaction(struct upload *upload, const struct batch *batch, struct collection *collection,
                          judgement judge, const void *ctx, const struct harvest *harvest)
{
    int error = upload_begin(upload);

    if (error)
        return error;
    error = each_part(upload, batch, collection, judge, ctx);
    if (!error && harvest)
        error = take_key(upload, collection, harvest);
    return upload_end(upload, error);
}

/* One folder's answer. What came down with it is stored after the answers, and the key with that. */
static int collection_answered(struct upload *upload, const struct batch *batch, struct collection *collection,
                               const struct exchange *exchange)
{
    const struct harvest *harvest = exchange_harvest(exchange, collection->server_id);
    struct eas_result refusal;
    long told;
    int error;

    upload_touch(upload, collection->id);
    if (!harvest)
        return upload_bar(upload, collection->id), 0; /* nothing was confirmed: all of it is in doubt */
    if (harvest->status == 1) {
        error = in_transaction(upload, batch, collection, judge_answered, harvest, harvest);
        return error || !harvest->items->len ? error : harvest_store(upload->engine, collection, harvest, &told);
    }
    refusal = eas_status_result(EAS_SYNC, EAS_LEVEL_COLLECTION, harvest->status);
    upload_bar(upload, collection->id);
    if (refusal.action == EAS_ACTION_RESYNC)
        return resync_start(upload->engine,
                            collection); /* nothing was applied; what is new is looked for all the same */
    return in_transaction(upload, batch, collection, judge_refused, &refusal, NULL);
}

static bool is_of_the_request(const struct exchange *exchange)
{
    const struct eas_result *result = &exchange->result;

    return exchange->stumbled || (result->outcome == EAS_REFUSED && result->scope < EAS_SCOPE_ACCOUNT) ||
           (result->outcome == EAS_REFUSED && result->status > 1 && result->status < 100);
}

/* No answer, or one to the whole request. */
static struct eas_result batch_failed(struct upload *upload, const struct batch *batch, const struct exchange *exchange)
{
    const struct eas_result *result = &exchange->result;
    int error;

    if (exchange->unkept)
        error = 0; /* in doubt, too */
    else if (exchange->unsent || (result->outcome == EAS_REFUSED && !is_of_the_request(exchange)))
        error = in_transaction(upload, batch, NULL, judge_unsent, NULL, NULL);
    else if (result->outcome == EAS_REFUSED)
        error = in_transaction(upload, batch, NULL, judge_refused, result, NULL);
    else
        error = 0; /* in doubt */
    for (guint i = 0; i < batch->asked->len && !error; i++)
        upload_bar(upload, ((struct collection *)batch->asked->pdata[i])->id);
    if (error)
        return store_result(error);
    return is_of_the_request(exchange) ? eas_served() : *result;
}

static struct eas_result batch_run(struct upload *upload, struct batch *batch)
{
    struct exchange exchange = send_batch(upload, batch);
    struct eas_result result = exchange.result;
    int error = 0;

    if (!eas_is_served(&result)) {
        result = batch_failed(upload, batch, &exchange);
    } else {
        for (guint i = 0; i < batch->asked->len && !error; i++)
            error = collection_answered(upload, batch, batch->asked->pdata[i], &exchange);
        result = store_result(error);
    }
    exchange_clear(&exchange);
    return result;
}

static struct eas_result one_batch(struct upload *upload, bool *sent)
{
    struct batch batch = {.parts = g_ptr_array_new_with_free_func(part_free), .asked = g_ptr_array_new()};
    struct eas_result result = store_result(gather_batch(upload, &batch));

    *sent = false;
    if (eas_is_served(&result) && batch.parts->len)
        result = store_result(mark_batch(upload, &batch));
    if (eas_is_served(&result) && batch.parts->len) {
        result = batch_run(upload, &batch);
        *sent = true;
    }
    batch_clear(&batch);
    return result;
}

/* Request after request, as long as every command was taken: what was not waits for the folder to be asked again. */
struct eas_result upload_commands(struct upload *upload)
{
    struct eas_result result = eas_served();
    bool sent = true;

    for (int round = 0; sent && round < LIMIT_UPLOAD_ROUNDS && eas_is_served(&result); round++) {
        if (upload_is_stopping(upload))
            return eas_unreachable(75, "interrupted");
        result = one_batch(upload, &sent);
    }
    return result;
}
