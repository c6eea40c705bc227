#include "cache/sync/plan.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cache/store/journal.h"
#include "cache/sync/file_bytes.h"
#include "cache/sync/properties.h"
#include "codec/files/edit.h"
#include "codec/limits.h"

enum { BODY_MIME = 4 };

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
        ssize_t got = view_bytes_read(view, &held, chunk, MIN(sizeof chunk, size - at), (int64_t)at);

        same = got > 0 && memcmp(chunk, (const char *)bytes + at, (size_t)got) == 0;
        at += got > 0 ? (size_t)got : 0;
    }
    view_release(view, &held);
    return same;
}

static void take_body(struct plan *plan, int64_t body, int64_t size)
{
    plan->item.body = body;
    plan->item.size = size;
    plan->item.fetch_failed = false;
    plan->new_body = plan->told = true;
}

static int take_file(struct work *work, struct plan *plan, GBytes *bytes)
{
    int64_t body;
    int error;

    if (plan->item.body && !plan->new_body &&
        body_is(work->engine->view, plan->item.ino, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)))
        return 0;
    error = body_write(work->engine->store, bytes, &body);
    if (!error)
        take_body(plan, body, (int64_t)g_bytes_get_size(bytes));
    return error;
}

/* The item's file from its properties: written only if its bytes are others than the held ones. previous: what a user
 * wrote, of which all that the server does not know stays; or NULL. */
static int plan_file(struct work *work, struct plan *plan, const struct eas_node *data, GBytes *previous)
{
    struct item *item = &plan->item;
    g_autofree char *reason = NULL;
    struct file_context context = file_context_of(work->engine, item->uid);
    g_autoptr(GBytes) bytes = previous ? file_refresh(item->class, data, &context, previous, &reason)
                                       : file_from_item(item->class, data, &context, &reason);

    if (bytes)
        return take_file(work, plan, bytes);
    plan->error = g_strdup_printf("not shown: %s", reason ? reason : "the item cannot be written as a file");
    item->fetch_failed = true;
    return 0;
}

/* ---- files that a user wrote ---- */

bool item_has_edit(const struct work *work, const struct item *item)
{
    static const enum journal_kind kinds[] = {JOURNAL_CHANGE, JOURNAL_RESPOND};
    bool has = false;

    for (size_t i = 0; i < G_N_ELEMENTS(kinds) && item->id && !has; i++) {
        struct journal row = {0};

        has = journal_of_item(work->engine->store, kinds[i], item->id, &row) == 0;
        journal_clear(&row);
    }
    return has;
}

/* What a user wrote stays byte for byte, as long as it means what the server has (CONTRACT 4). */
static int plan_own_file(struct work *work, struct plan *plan, const struct eas_node *data)
{
    struct item *item = &plan->item;
    struct file_context context = file_context_of(work->engine, item->uid);
    int error;
    g_autoptr(GBytes) own = file_bytes(work->engine, item->ino, &error);
    g_autofree char *reason = NULL;
    struct written written = {0};
    gsize size = 0;
    const char *bytes = own ? g_bytes_get_data(own, &size) : NULL;
    bool same = bytes && file_read(item->class, bytes, size, &context, &written, &reason) &&
                item_same(item->class, written.data, data, NULL);

    written_clear(&written);
    return error || same ? error : plan_file(work, plan, data, own);
}

uint64_t incoming_stamp(const struct work *work, const struct incoming *incoming)
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

    bool news = !item->body || another || is_draft_edit(work, incoming), edited = news && item_has_edit(work, item);

    plan->rival |= edited && item->id && (another || is_draft_edit(work, incoming));
    if (!news || edited)
        return 0;
    if (incoming->stored) {
        take_body(plan, incoming->stored, incoming->body.bytes);
        incoming->stored = 0;
        return 0;
    }
    if (incoming->body.type != 0 && incoming->body.type != BODY_MIME && !incoming->body.truncated) {
        g_clear_pointer(&item->props, g_bytes_unref);
        item->props = eas_node_bytes(incoming->data);
        return plan_file(work, plan, incoming->data, NULL);
    }
    if (item->body || !item->id || item->size <= 0 || (incoming->kind == SYNC_ADD && item->fetch_failed)) {
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

/* A Change of mail is of some properties; one with the date is the whole message again, and what it lacks is not set.
 */
static bool tells_all_flags(const struct plan *plan, const struct incoming *incoming)
{
    return incoming->kind == SYNC_ADD || (plan->item.class == EAS_MAIL && properties_date(incoming->data, 0));
}

/* What a user has set and the server does not have yet. */
static void keep_wanted(const struct work *work, struct item *item)
{
    struct journal row = {0};

    if (item->class == EAS_MAIL && item->id &&
        journal_of_item(work->engine->store, JOURNAL_FLAGS, item->id, &row) == 0 && row.state != JOURNAL_HELD) {
        item->flags.read = row.wanted.read >= 0 ? row.wanted.read : item->flags.read;
        item->flags.flag = row.wanted.flag >= 0 ? row.wanted.flag : item->flags.flag;
        if (row.wanted.categories) {
            g_free(item->flags.categories);
            item->flags.categories = g_steal_pointer(&row.wanted.categories);
        }
    }
    journal_clear(&row);
}

static void plan_flags(const struct work *work, struct plan *plan, const struct incoming *incoming)
{
    struct item_flags before = plan->item.flags;

    before.categories = g_strdup(before.categories ? before.categories : "");
    if (tells_all_flags(plan, incoming)) {
        g_free(plan->item.flags.categories);
        plan->item.flags = (struct item_flags){.importance = 1, .categories = g_strdup("")};
    }
    properties_flags(plan->item.class, incoming->data, &plan->item.flags);
    keep_wanted(work, &plan->item);
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
    item->stamp = properties_stamp(item->class, data);
    if (item->body && item->props && g_bytes_equal(item->props, props))
        return 0;
    plan->told = true;
    g_clear_pointer(&item->props, g_bytes_unref);
    item->props = g_steal_pointer(&props);
    if (!item->size)
        item->size = LIMIT_SIZE_GUESS;
    if (item_has_edit(work, item))
        return 0;
    if (item->id && store_file_is_own(work->engine->store, item->ino))
        return plan_own_file(work, plan, data);
    return plan_file(work, plan, data, NULL);
}

static void plan_title(struct plan *plan, const struct incoming *incoming)
{
    g_autofree char *title = file_title(plan->item.class, incoming->data);

    if (plan->item.title && (!title || !*title))
        return;
    g_free(plan->item.title);
    plan->item.title = title ? g_steal_pointer(&title) : g_strdup("");
}

int plan_item(struct work *work, struct plan *plan, struct incoming *incoming)
{
    plan_title(plan, incoming);
    plan_flags(work, plan, incoming);
    return plan->item.class == EAS_MAIL ? plan_mail(work, plan, incoming) : plan_other(work, plan, incoming);
}
