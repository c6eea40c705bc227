#include "cache/sync/items.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cache/sync/properties.h"
#include "codec/files/files.h"
#include "codec/limits.h"

enum { BODY_MIME = 4 };

/* A row as it shall be. */
struct plan {
    struct item item; /* id 0: to be made */
    bool removal;
    bool new_body; /* item.body and size are this window's; else the row's own stay */
    bool told;     /* something that was not known */
    bool failed;   /* the row's fetch had failed before */
    char *error;   /* the item's, or NULL */
};

struct work {
    struct sync_engine *engine;
    struct collection *collection;
    GPtrArray *plans;
    GHashTable *by_server_id; /* of plans that are not written yet */
    char *folder_path;
    long progress;
};

static void plan_free(void *data)
{
    struct plan *plan = data;

    item_clear(&plan->item);
    g_free(plan->error);
    g_free(plan);
}

/* ---- bodies ---- */

/* Whether the file holds exactly these bytes already. */
static bool body_is(struct view *view, int64_t ino, const void *bytes, size_t size)
{
    struct view_bytes held = {0};
    char chunk[16384];
    bool same = true;

    if (!ino || view_open(view, (uint64_t)ino, &held) != 0)
        return false;
    same = held.size == (int64_t)size;
    for (size_t at = 0; same && at < size;) {
        ssize_t got = pread(held.fd, chunk, MIN(sizeof chunk, size - at), held.offset + (off_t)at);

        same = got > 0 && memcmp(chunk, (const char *)bytes + at, (size_t)got) == 0;
        at += got > 0 ? (size_t)got : 0;
    }
    view_release(view, &held);
    return same;
}

static int body_write(struct store *store, GBytes *bytes, int64_t *body)
{
    struct body_writer *writer = store_body_begin(store);
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    int error = writer ? store_body_append(writer, data, size) : -EIO;

    if (error && writer)
        store_body_abort(writer);
    return error ? error : store_body_finish(writer, store, body);
}

static void take_body(struct plan *plan, int64_t body, int64_t size)
{
    plan->item.body = body;
    plan->item.size = size;
    plan->item.fetch_failed = false;
    plan->new_body = plan->told = true;
}

/* The item's file from its properties: written only if its bytes are others than the held ones. */
static int plan_file(struct work *work, struct plan *plan, const struct eas_node *data)
{
    struct sync_engine *engine = work->engine;
    struct item *item = &plan->item;
    g_autofree char *own = NULL, *reason = NULL;
    struct file_context context = {
        .uid = item->uid,
        .user = engine->address,
        .vcard_version = engine->config->vcard_version ? engine->config->vcard_version : 3,
        .version = session_version(engine->session),
    };
    g_autoptr(GBytes) bytes = file_from_item(item->class, data, &context, &reason);
    int64_t body;
    int error;

    if (!bytes) {
        plan->error = g_strdup_printf("not shown: %s", reason ? reason : "the item cannot be written as a file");
        item->fetch_failed = true;
        return 0;
    }
    if (item->body && !plan->new_body &&
        body_is(engine->view, item->ino, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)))
        return 0;
    error = body_write(engine->store, bytes, &body);
    if (!error)
        take_body(plan, body, (int64_t)g_bytes_get_size(bytes));
    return error;
}

static uint64_t incoming_stamp(const struct work *work, const struct incoming *incoming)
{
    return properties_stamp(work->collection->class, incoming->data);
}

/* ---- mail ---- */

static bool is_draft_edit(const struct work *work, const struct incoming *incoming)
{
    return work->collection->type == EAS_FOLDER_DRAFTS && incoming->kind == SYNC_CHANGE && incoming->body.type != 0;
}

/* The first copy of a message stays: servers rebuild MIME, and send it again for a mere flag (NOTES
 * sections 6 and 18). Only a draft can really change, and an id can come to mean another message. */
static int plan_mail_body(struct work *work, struct plan *plan, struct incoming *incoming, bool another)
{
    struct item *item = &plan->item;

    if (item->body && !another && !is_draft_edit(work, incoming))
        return 0;
    if (incoming->stored) {
        take_body(plan, incoming->stored, incoming->body.bytes);
        incoming->stored = 0;
        return 0;
    }
    if (incoming->body.type != 0 && incoming->body.type != BODY_MIME && !incoming->body.truncated) {
        g_clear_pointer(&item->props, g_bytes_unref);
        item->props = eas_node_bytes(incoming->data);
        return plan_file(work, plan, incoming->data);
    }
    if (item->body || !item->id || item->size <= 0 || (work->collection->resync && item->fetch_failed)) {
        take_body(plan, 0, incoming->body.estimated > 0 ? incoming->body.estimated : LIMIT_SIZE_GUESS);
        plan->told = !item->id;
    }
    return 0;
}

static bool flags_are(const struct item_flags *a, const struct item_flags *b)
{
    return a->read == b->read && a->flag == b->flag && a->importance == b->importance && a->answered == b->answered &&
           !g_strcmp0(a->categories, b->categories);
}

static void plan_flags(struct plan *plan, const struct incoming *incoming)
{
    struct item_flags before = plan->item.flags;

    before.categories = g_strdup(before.categories ? before.categories : "");
    if (incoming->kind == SYNC_ADD) {
        g_free(plan->item.flags.categories);
        plan->item.flags = (struct item_flags){.importance = 1, .categories = g_strdup("")};
    }
    properties_flags(plan->item.class, incoming->data, &plan->item.flags);
    plan->told |= !flags_are(&before, &plan->item.flags);
    g_free(before.categories);
}

static int plan_mail(struct work *work, struct plan *plan, struct incoming *incoming)
{
    struct item *item = &plan->item;
    uint64_t stamp = incoming->kind == SYNC_ADD ? incoming_stamp(work, incoming) : item->stamp;
    bool another = item->id && item->stamp && stamp != item->stamp;

    item->stamp = stamp;
    item->date_ns = properties_date(incoming->data, item->date_ns);
    if ((another || !*item->uid) && incoming->message_id) {
        g_free(item->uid);
        item->uid = g_steal_pointer(&incoming->message_id);
    }
    return plan_mail_body(work, plan, incoming, another);
}

/* ---- the other classes ---- */

/* What the item is now: a Change is the whole item, but for events from 16.0 on, whose absent
 * properties are unchanged (MS-ASCAL; NOTES section 5). */
static struct eas_node *properties_now(const struct work *work, const struct item *item,
                                       const struct incoming *incoming)
{
    bool ghosted = incoming->kind == SYNC_CHANGE && item->class == EAS_CALENDAR &&
                   session_version(work->engine->session) >= EAS_16_0;

    if (ghosted && item->props) {
        gsize size;
        const void *bytes = g_bytes_get_data(item->props, &size);
        struct eas_node *held = eas_node_parse(bytes, size, NULL);

        if (held) {
            eas_node_merge(held, incoming->data);
            return held;
        }
    }
    return eas_node_copy(incoming->data);
}

static void plan_uid(struct work *work, struct item *item, const struct eas_node *data, const char *server_id)
{
    const char *own = file_uid(item->class, data);

    if (*item->uid)
        return;
    g_free(item->uid);
    item->uid =
        own && *own ? g_strdup(own) : properties_uid(work->engine->config->account, work->folder_path, server_id);
}

static int plan_other(struct work *work, struct plan *plan, struct incoming *incoming)
{
    struct item *item = &plan->item;
    g_autoptr(eas_node) data = properties_now(work, item, incoming);
    g_autoptr(GBytes) props = eas_node_bytes(data);

    plan_uid(work, item, data, incoming->server_id);
    if (item->body && item->props && g_bytes_equal(item->props, props))
        return 0;
    plan->told = true;
    g_clear_pointer(&item->props, g_bytes_unref);
    item->props = g_steal_pointer(&props);
    item->stamp = properties_stamp(item->class, data);
    if (!item->size)
        item->size = LIMIT_SIZE_GUESS;
    return plan_file(work, plan, data);
}

/* ---- plans ---- */

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
    if (!error && (!item->stamp || item->stamp == incoming_stamp(work, incoming)))
        return 0;
    int again = item_rematch(work, incoming, item);

    if (again != -ENOENT)
        return again;
    if (!error && !may_change)
        item_clear(item);
    return may_change ? error : -ENOENT;
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

/* The plan for an incoming item; NULL where it concerns nothing that is held. */
static struct plan *plan_find(struct work *work, const struct incoming *incoming, int *error)
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
    if (!adds)
        return NULL;
    item = (struct item){0};
    item_begin(work, &item, incoming);
    return plan_add(work, &item, true);
}

static void plan_title(struct plan *plan, const struct incoming *incoming)
{
    g_autofree char *title = file_title(plan->item.class, incoming->data);

    if (plan->item.title && (!title || !*title))
        return;
    g_free(plan->item.title);
    plan->item.title = title ? g_steal_pointer(&title) : g_strdup("");
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
    plan_title(plan, incoming);
    plan_flags(plan, incoming);
    return plan->item.class == EAS_MAIL ? plan_mail(work, plan, incoming) : plan_other(work, plan, incoming);
}

/* ---- writing ---- */

/* A fetch worker may have brought the body since the row was read: then it stays. */
static int body_refresh(struct store *store, struct plan *plan)
{
    struct item now = {0};
    int error = plan->item.id && !plan->new_body ? store_item_get(store, plan->item.id, &now) : 0;

    if (!error && now.id) {
        bool unwritable = plan->error != NULL;

        plan->item.body = now.body;
        plan->item.size = now.size;
        plan->item.fetch_failed = now.fetch_failed || unwritable;
    }
    item_clear(&now);
    return error;
}

static int plan_write(struct work *work, struct plan *plan)
{
    struct store *store = work->engine->store;
    int error;

    work->progress += plan->told;
    if (plan->removal)
        return plan->item.id ? store_item_remove(store, plan->item.id) : 0;
    error = body_refresh(store, plan);
    if (!error)
        error = store_item_put(store, &plan->item);
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
    if (!error)
        return store_commit(store);
    store_rollback(store);
    return error;
}

int harvest_store(struct sync_engine *engine, struct collection *collection, const struct harvest *harvest,
                  long *progress)
{
    struct work work = {.engine = engine, .collection = collection};
    int error;

    *progress = 0;
    if (changes_nothing(collection, harvest))
        return 0;
    work.plans = g_ptr_array_new_with_free_func(plan_free);
    work.by_server_id = g_hash_table_new(g_str_hash, g_str_equal);
    work.folder_path = collection->ino ? store_path(engine->store, collection->ino) : NULL;
    error = work_run(&work, harvest);
    *progress = work.progress;
    if (!error && engine->hooks.bodies_wanted && collection->class == EAS_MAIL && harvest->items->len)
        engine->hooks.bodies_wanted(engine->hooks.ctx);
    g_hash_table_unref(work.by_server_id);
    g_ptr_array_unref(work.plans);
    g_free(work.folder_path);
    return error;
}
