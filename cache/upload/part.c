/* What the server's answer to one command does to its row. */
#include "cache/upload/part.h"

#include <errno.h>
#include <string.h>

#include "codec/limits.h"
#include "codec/wire/status.h"

void part_free(void *data)
{
    struct part *part = data;

    journal_clear(&part->row);
    preparation_clear(&part->preparation);
    g_free(part);
}

const struct item_command *part_command(const struct part *part)
{
    return part->preparation.commands->pdata[part->at];
}

bool part_is_last(const struct part *part)
{
    return part->at + 1 >= part->preparation.commands->len;
}

/* ---- of several commands, how many were taken ---- */

static unsigned said(const struct journal *row)
{
    unsigned hash = row->data ? g_bytes_hash(row->data) : 0;

    if (row->wanted.categories)
        hash = hash * 31 + g_str_hash(row->wanted.categories);
    return (hash * 31 + (unsigned)row->wanted.read) * 31 + (unsigned)row->wanted.flag;
}

size_t part_taken_before(const struct upload *upload, const struct part *part)
{
    const struct progress *progress = g_hash_table_lookup(uploader_of(upload->engine)->done, &part->row.id);

    return progress && progress->said == said(&part->row) ? MIN(progress->taken, part->preparation.commands->len - 1)
                                                          : 0;
}

static void note_taken(struct upload *upload, const struct part *part)
{
    struct progress progress = {.taken = part->at + 1, .said = said(&part->row)};

    g_hash_table_replace(uploader_of(upload->engine)->done, g_memdup2(&part->row.id, sizeof part->row.id),
                         g_memdup2(&progress, sizeof progress));
}

struct sync_command part_wire(const struct part *part)
{
    static const enum sync_kind kinds[] = {
        [ITEM_ADD] = SYNC_ADD, [ITEM_CHANGE] = SYNC_CHANGE, [ITEM_DELETE] = SYNC_DELETE};
    const struct item_command *command = part_command(part);

    return (struct sync_command){.kind = kinds[command->kind],
                                 .server_id = part->preparation.server_id,
                                 .client_id = part->row.client_id,
                                 .instance_id = command->instance_id,
                                 .data = command->data};
}

/* ---- the answer ---- */

static bool answers_part(const struct answered *answer, const struct part *part)
{
    const struct sync_command command = part_wire(part);

    if (answer->kind != command.kind)
        return false;
    if (command.kind == SYNC_ADD)
        return !g_strcmp0(answer->client_id, command.client_id);
    return !g_strcmp0(answer->server_id, command.server_id) &&
           (!answer->instance_id || !g_strcmp0(answer->instance_id, command.instance_id));
}

static const struct answered *find_answer(const struct harvest *harvest, const struct part *part)
{
    for (guint i = 0; i < harvest->answers->len; i++)
        if (answers_part(harvest->answers->pdata[i], part))
            return harvest->answers->pdata[i];
    return NULL;
}

static int part_added(struct upload *upload, struct part *part, const struct answered *answer)
{
    return (int)MIN(row_added(upload, &part->row, part->collection, answer->server_id), 0);
}

static int invite(struct upload *upload, const struct part *part, GBytes *base, GBytes *mine)
{
    struct item item = {0};
    int error = part->collection->class == EAS_CALENDAR
                    ? store_item_get(upload->engine->store, part->row.item_id, &item)
                    : -ENOENT;

    if (!error)
        error = upload_invite(upload, base ? base : item.props, mine, item.uid, item.ino);
    item_clear(&item);
    return error == -ENOENT ? 0 : error;
}

/* What the file means, but for an own answer that is yet to go: it travels by itself, and the event is where it is
 * looked for when nobody says whether it arrived (doubt.c). NULL: none is to go. */
static GBytes *but_the_answer(struct upload *upload, const struct journal *row)
{
    struct journal response = {0};
    int error = journal_of_item(upload->engine->store, JOURNAL_RESPOND, row->item_id, &response);
    g_autoptr(eas_node) mine = error ? NULL : upload_node(row->data);
    g_autoptr(eas_node) base = error ? NULL : upload_node(row->base);

    journal_clear(&response);
    if (!mine || !base)
        return NULL;
    eas_node_free(eas_node_take(mine, TAG_Calendar_ResponseType));
    eas_node_add(mine, TAG_Calendar_ResponseType, eas_node_text(base, TAG_Calendar_ResponseType));
    return eas_node_bytes(mine);
}

/* What the server has of the item from now on. Where a Change is the whole item, that is what was sent, with what the
 * class does not map; where it is a part, what the file means. */
static int part_changed(struct upload *upload, struct part *part)
{
    const struct item_command *command = part_command(part);
    bool partial = part->collection->class == EAS_CALENDAR && session_version(upload->engine->session) >= EAS_16_0;
    g_autoptr(GBytes) whole =
        command->data && !partial && part->collection->class != EAS_MAIL ? eas_node_bytes(command->data) : NULL;
    g_autoptr(GBytes) unanswered = partial ? but_the_answer(upload, &part->row) : NULL;

    int error = part->row.response ? 0 : invite(upload, part, part->row.base, part->row.data);

    return error ? error : journal_changed(upload->engine->store, &part->row, unanswered ? unanswered : whole);
}

static int part_deleted(struct upload *upload, struct part *part)
{
    GArray *instants = uploader_of(upload->engine)->deleted_at;
    const int64_t minute = 60 * G_GINT64_CONSTANT(1000000000);

    while (instants->len && g_array_index(instants, int64_t, 0) < upload->now_ns - minute)
        g_array_remove_index(instants, 0);
    upload_touch_type(upload, EAS_FOLDER_DELETED);
    if (!part->row.response)
        g_array_append_val(instants, part->row.queued_ns);
    int error = invite(upload, part, NULL, NULL);

    return error ? error : journal_deleted(upload->engine->store, &part->row);
}

static int part_taken(struct upload *upload, struct part *part, const struct answered *answer)
{
    GHashTable *done = uploader_of(upload->engine)->done;

    if (part->row.kind == JOURNAL_ADD)
        return part_added(upload, part, answer);
    if (!part_is_last(part)) {
        note_taken(upload, part);
        return row_requeue(upload, &part->row);
    }
    g_hash_table_remove(done, &part->row.id);
    switch (part->row.kind) {
    case JOURNAL_CHANGE:
        return part_changed(upload, part);
    case JOURNAL_DELETE:
        return part_deleted(upload, part);
    default:
        return journal_remove(upload->engine->store, part->row.id);
    }
}

/* The item is not there any more. What a person wrote is not lost by that: it becomes a new item. */
static int part_gone(struct upload *upload, struct part *part)
{
    struct store *store = upload->engine->store;
    int error;

    if (part->row.kind == JOURNAL_DELETE) /* sent before and not answered, it was this deletion's doing */
        return part->row.tries ? part_deleted(upload, part) : journal_deleted(store, &part->row);
    if (part_command(part)->instance_id && part_command(part)->kind == ITEM_DELETE)
        return part_taken(upload, part, NULL); /* the occurrence that was to go */
    if (part->row.kind == JOURNAL_FLAGS)
        return journal_remove(store, part->row.id);
    upload_bar(upload, part->collection->id);
    error = row_requeue(upload, &part->row);
    return error ? error : store_item_remove(store, part->row.item_id);
}

static int part_refused(struct upload *upload, struct part *part, int status)
{
    enum { CONFLICT = 7, GONE = 8 };
    struct eas_result refusal = eas_status_result(EAS_SYNC, EAS_LEVEL_ITEM, status);

    if (status == GONE && part->row.kind == JOURNAL_ADD)
        return row_hold(upload, &part->row,
                        "the server did not take the new item: it says that something it needs is not there");
    if (status == GONE)
        return part_gone(upload, part);
    if (status == CONFLICT && part->row.kind == JOURNAL_ADD)
        return row_postpone(upload, &part->row, "the server says that the new item is in conflict with another");
    if (status != CONFLICT)
        return row_refused(upload, &part->row, &refusal);
    /* The server's version comes with the next question; then both are laid side by side. */
    upload_bar(upload, part->collection->id);
    part->row.tries++;
    if (part->row.tries >= LIMIT_UPLOAD_TRIES && !row_may_conflict(&part->row, part->collection->class))
        return row_hold(upload, &part->row, refusal.text);
    return row_requeue(upload, &part->row);
}

/* No word of a change means that it was done (MS-ASCMD 2.2.3.154); of an addition there is always one. */
int part_judge(struct upload *upload, struct part *part, const struct harvest *harvest)
{
    const struct answered *answer = find_answer(harvest, part);
    int status = answer ? answer->status : 1;

    int error = row_refresh(upload, &part->row);

    if (error)
        return error == -ENOENT ? 0 : error;
    if (part->row.kind == JOURNAL_ADD && (!answer || (status == 1 && !*answer->server_id)))
        upload_bar(upload, part->collection->id); /* in doubt: doubt.c */
    if (part->row.kind == JOURNAL_ADD && (!answer || (status == 1 && !*answer->server_id)))
        return 0;
    return status == 1 ? part_taken(upload, part, answer) : part_refused(upload, part, status);
}
