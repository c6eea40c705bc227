#include "cache/sync/items.h"

#include <errno.h>
#include <string.h>

#include "cache/step.h"
#include "cache/store/journal.h"
#include "cache/sync/moves.h"
#include "cache/sync/plan.h"
#include "cache/sync/properties.h"
#include "cache/upload/upload.h"
#include "codec/files/files.h"

static void plan_free(void *data)
{
    struct plan *plan = data;

    item_clear(&plan->item);
    g_free(plan->error);
    g_free(plan);
}

static void item_begin(struct work *work, struct item *item, const struct incoming *incoming)
{
    item->collection_id = work->collection->id;
    item->class = work->collection->class;
    item->server_id = g_strdup(incoming->server_id);
    item->uid = g_strdup("");
    item->flags = (struct item_flags){.importance = 1, .categories = g_strdup("")};
}

/* In a resync: what the item was known by, where its ServerId is new or, the server having numbered
 * anew, was another item's. */
static int item_rematch(struct work *work, const struct incoming *incoming, struct item *item)
{
    const struct collection *collection = work->collection;
    const char *uid =
        collection->class == EAS_MAIL ? incoming->message_id : file_uid(collection->class, incoming->data);
    struct item match = {0};
    int error = resync_match(work->engine, collection, uid ? uid : "", incoming_stamp(work, incoming), &match);

    if (error)
        return error;
    item_clear(item);
    *item = match;
    g_free(item->server_id);
    item->server_id = g_strdup(incoming->server_id);
    return 0;
}

/* The held row that an incoming item speaks of: by ServerId, in a resync also by what it is. Received
 * mail never changes what it is known by; anything else may have been edited. */
static int item_recognise(struct work *work, const struct incoming *incoming, struct item *item)
{
    const struct collection *collection = work->collection;
    bool may_change = collection->class != EAS_MAIL || collection->type == EAS_FOLDER_DRAFTS;
    int error = store_item_find(work->engine->store, collection->id, incoming->server_id, item);

    if (!collection->resync || incoming->kind != SYNC_ADD || !incoming->data || (error && error != -ENOENT))
        return error;
    if (!error && (!(item->stamp & STAMP_TOLD) || item->stamp == incoming_stamp(work, incoming)))
        return 0;
    int again = item_rematch(work, incoming, item);

    if (again != -ENOENT)
        return again;
    if (!error && !may_change)
        item_clear(item);
    return may_change ? error : -ENOENT;
}

/* The uid of what came, where it says one; "" elsewhere. */
static const char *incoming_uid(const struct work *work, const struct incoming *incoming)
{
    enum eas_class class = work->collection->class;
    const char *uid = class == EAS_MAIL ? incoming->message_id : file_uid(class, incoming->data);

    return uid ? uid : "";
}

/* The item has come from another folder, with all that is known of it. */
static bool item_arrives(struct work *work, const struct incoming *incoming, struct item *item)
{
    if (work->collection->resync ||
        !moves_take(work->engine, work->collection, incoming_uid(work, incoming), incoming_stamp(work, incoming), item))
        return false;
    item->collection_id = work->collection->id;
    g_free(item->server_id);
    item->server_id = g_strdup(incoming->server_id);
    return true;
}

/* The item was made, or moved here, by us; nothing else has told so. */
static bool item_is_ours(struct work *work, const struct incoming *incoming, struct item *item, int *error)
{
    if (!upload_recognise(work->engine, work->collection, incoming->server_id, incoming->data, item, error))
        return false;
    item->collection_id = work->collection->id;
    g_free(item->server_id);
    item->server_id = g_strdup(incoming->server_id);
    return true;
}

static struct plan *plan_add(struct work *work, struct item *item, bool told)
{
    struct plan *plan = g_new0(struct plan, 1);

    plan->item = *item;
    plan->told = told;
    plan->failed = item->fetch_failed;
    g_ptr_array_add(work->plans, plan);
    if (!work->collection->resync)
        g_hash_table_replace(work->by_server_id, plan->item.server_id, plan);
    return plan;
}

/* A server whose answer was lost may believe that we hold what it sent, and send it as a Change of an
 * id that we never saw. A Change that is the whole item brings it; one of a few properties cannot. */
static void change_is_add(struct work *work, struct incoming *incoming)
{
    enum eas_class class = work->collection->class;
    bool ghosted = class == EAS_CALENDAR && session_version(work->engine->session) >= EAS_16_0;

    if (incoming->kind != SYNC_CHANGE || !incoming->data)
        return;
    if (class == EAS_MAIL ? !properties_date(incoming->data, 0)
                          : ghosted && !eas_node_child(incoming->data, TAG_Calendar_StartTime))
        return;
    incoming->kind = SYNC_ADD;
}

/* The plan for an incoming item; NULL where it concerns nothing that is held. */
static struct plan *plan_find(struct work *work, struct incoming *incoming, int *error)
{
    struct plan *plan = g_hash_table_lookup(work->by_server_id, incoming->server_id);
    bool adds = incoming->kind == SYNC_ADD && incoming->data;
    struct item item = {0};

    *error = plan && plan->removal && adds ? -ENOENT : 0; /* removed, then there again: another item */
    if (plan && !*error)
        return plan;
    if (!plan)
        *error = item_recognise(work, incoming, &item);
    if (!*error)
        return plan_add(work, &item, work->collection->resync && incoming->kind == SYNC_ADD);
    if (*error != -ENOENT)
        return NULL;
    *error = 0;
    change_is_add(work, incoming);
    if (incoming->kind != SYNC_ADD || !incoming->data)
        return NULL;
    item = (struct item){0};
    if (!item_arrives(work, incoming, &item) && !item_is_ours(work, incoming, &item, error) && !*error)
        item_begin(work, &item, incoming);
    return *error ? NULL : plan_add(work, &item, true);
}

/* An occurrence's own command never speaks for the series. Unknown ids are no concern of ours. */
static int plan_make(struct work *work, struct incoming *incoming, struct plan **made)
{
    int error;
    struct plan *plan = *made = incoming->instance ? NULL : plan_find(work, incoming, &error);

    if (incoming->instance || !plan)
        return incoming->instance ? 0 : error;
    plan->removal = incoming->kind == SYNC_DELETE || incoming->kind == SYNC_SOFT_DELETE;
    if (plan->removal || !incoming->data) {
        plan->told |= plan->removal;
        return 0;
    }
    return plan_item(work, plan, incoming);
}

/* ---- writing ---- */

/* A plan is made before its transaction: what has happened since goes before. A user may have begun to write, whose
 * bytes these are then, and a fetch worker may have brought the body. */
static int body_refresh(struct work *work, struct plan *plan)
{
    struct store *store = work->engine->store;
    struct item now = {0};
    bool edited = plan->item.id && plan->new_body && item_has_edit(work, &plan->item);
    int error = 0;

    if (!plan->item.id || (plan->new_body && !edited))
        return 0;
    if (edited && plan->item.body)
        error = store_body_drop(store, plan->item.body);
    if (!error)
        error = store_item_get(store, plan->item.id, &now);
    if (!error && now.id) {
        bool unwritable = plan->error != NULL;

        plan->item.body = now.body;
        plan->item.size = now.size;
        plan->item.fetch_failed = now.fetch_failed || unwritable;
    }
    if (edited) {
        plan->new_body = false;
        plan->rival |= plan->item.class == EAS_MAIL;
    }
    item_clear(&now);
    return error;
}

/* Who sends the edit has to know (cache/upload/draft.c). */
static int mark_rival(struct store *store, int64_t item_id)
{
    struct journal row;
    int error = journal_of_item(store, JOURNAL_CHANGE, item_id, &row);

    if (error)
        return error == -ENOENT ? 0 : error;
    row.response = JOURNAL_RIVAL;
    error = journal_put(store, &row);
    journal_clear(&row);
    return error;
}

static int plan_write(struct work *work, struct plan *plan)
{
    struct store *store = work->engine->store;
    int error;

    work->progress += plan->told;
    if (plan->removal) {
        error = plan->item.id ? upload_gone(work->engine, &plan->item) : 0;
        return error || !plan->item.id ? error : store_item_remove(store, plan->item.id);
    }
    error = body_refresh(work, plan);
    if (!error)
        error = store_item_put(store, &plan->item);
    if (!error && plan->rival)
        error = mark_rival(store, plan->item.id);
    if (!error && (plan->error || (plan->failed && !plan->item.fetch_failed)))
        error = store_error_set(store, work->collection->id, plan->item.server_id, plan->error);
    return error;
}

static int plans_write(struct work *work)
{
    int error = 0;

    for (guint i = 0; !error && i < work->plans->len; i++)
        error = plan_write(work, work->plans->pdata[i]);
    return error;
}

/* Second copies of messages that are held. */
static int bodies_left(struct store *store, const struct harvest *harvest)
{
    int error = 0;

    for (guint i = 0; i < harvest->items->len && !error; i++) {
        const struct incoming *each = harvest->items->pdata[i];

        if (each->stored)
            error = store_body_drop(store, each->stored);
    }
    return error;
}

/* Nothing of it became a row: the room is given back, or a disk that is full would fill up further at every try. */
static void bodies_undo(struct work *work, const struct harvest *harvest)
{
    struct store *store = work->engine->store;

    for (guint i = 0; i < work->plans->len; i++) {
        const struct plan *plan = work->plans->pdata[i];

        if (plan->new_body)
            store_body_undo(store, plan->item.body);
    }
    for (guint i = 0; i < harvest->items->len; i++)
        store_body_undo(store, ((const struct incoming *)harvest->items->pdata[i])->stored);
}

/* The key with what it brought. A resync ends with its last window. */
static int state_write(struct work *work, const struct harvest *harvest)
{
    struct store *store = work->engine->store;
    struct collection *collection = work->collection;
    int error = 0;

    if (harvest->sync_key) {
        g_free(collection->sync_key);
        collection->sync_key = g_strdup(harvest->sync_key);
    }
    collection->more = harvest->more;
    if (collection->resync && !harvest->more) {
        error = store_resync_end(store, collection->id);
        collection->resync = false;
    }
    collection->complete |= !harvest->more;
    return error ? error : store_collection_state(store, collection);
}

static int harvest_plan(struct work *work, const struct harvest *harvest)
{
    int error = 0;

    for (guint i = 0; !error && i < harvest->items->len; i++) {
        struct plan *plan;

        error = plan_make(work, harvest->items->pdata[i], &plan);
        if (!error && plan && work->collection->resync)
            error = plan_write(work, plan);
    }
    return error;
}

static bool changes_nothing(const struct collection *collection, const struct harvest *harvest)
{
    bool same_key = !harvest->sync_key || !g_strcmp0(harvest->sync_key, collection->sync_key);

    return harvest->items->len == 0 && same_key && harvest->more == collection->more &&
           (harvest->more || (collection->complete && !collection->resync));
}

/* In a resync each row is written before the next is recognised, so that of two equal items each
 * finds a row of its own; else files are made before the transaction, which stays short. */
static int work_run(struct work *work, const struct harvest *harvest)
{
    struct store *store = work->engine->store;
    bool in_sequence = work->collection->resync;
    int error = in_sequence ? 0 : harvest_plan(work, harvest);

    if (!error && !in_sequence)
        error = store_bodies_flush(store);
    if (!error)
        error = store_begin(store);
    if (error)
        return error;
    error = in_sequence ? harvest_plan(work, harvest) : plans_write(work);
    if (!error && in_sequence)
        error = store_bodies_flush(store);
    if (!error)
        error = bodies_left(store, harvest);
    if (!error)
        error = state_write(work, harvest);
    if (!error) {
        step("commit");
        error = store_commit(store);
        step("committed");
        return error;
    }
    store_rollback(store);
    return error;
}

int harvest_store(struct sync_engine *engine, struct collection *collection, const struct harvest *harvest,
                  long *progress)
{
    struct work work = {.engine = engine, .collection = collection};
    bool moved = harvest->sync_key && g_strcmp0(harvest->sync_key, collection->sync_key) != 0;
    int error;

    *progress = 0;
    if (harvest->items->len)
        g_hash_table_add(engine->stirred, g_strdup(collection->server_id));
    if (changes_nothing(collection, harvest)) {
        question_taken(engine, collection);
        return 0;
    }
    work.plans = g_ptr_array_new_with_free_func(plan_free);
    work.by_server_id = g_hash_table_new(g_str_hash, g_str_equal);
    work.folder_path = collection->ino ? store_path(engine->store, collection->ino) : NULL;
    error = work_run(&work, harvest);
    if (error)
        bodies_undo(&work, harvest);
    *progress = work.progress;
    /* An old answer given again, of which nothing is left: what came since is told to the new key. */
    if (!error && question_taken(engine, collection) && moved && !*progress)
        *progress = 1;
    if (!error && engine->hooks.bodies_wanted && collection->class == EAS_MAIL && harvest->items->len)
        engine->hooks.bodies_wanted(engine->hooks.ctx);
    g_hash_table_unref(work.by_server_id);
    g_ptr_array_unref(work.plans);
    g_free(work.folder_path);
    return error;
}
