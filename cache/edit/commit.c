/* Edits of items become rows of the journal: judged, joined to their identity, coalesced. Ten saves of one file that
 * was not sent yet are one row, with the base of the first. */
#include <errno.h>
#include <string.h>

#include "cache/edit/editor.h"

static bool may_be_taken(struct editor *editor, const struct place *place, const struct item *item)
{
    struct file_row carrier = {0};
    bool may = store_file_get(editor->store, item->ino, &carrier) == 0 &&
               (store_is_grave(editor->store, carrier.parent) || place_use(place, carrier.name) == USE_SCRATCH);

    file_row_clear(&carrier);
    return may;
}

int commit_identity(struct editor *editor, const struct place *place, const struct file_row *file, const char *name,
                    struct item *item)
{
    int error = file->item_id ? store_item_get(editor->store, file->item_id, item) : -ENOENT;

    if (error != -ENOENT)
        return error;
    error = store_identity_at(editor->store, place->dir, name, item);
    if (!error && !may_be_taken(editor, place, item)) {
        item_clear(item);
        error = -ENOENT;
    }
    return error;
}

/* An identity in a grave is taken by its UID as well, under whatever name it comes back. */
static int identity_by_uid(struct editor *editor, const struct place *place, const char *uid, struct item *item)
{
    int error = store_identity_uid(editor->store, place->collection.id, uid, 0, item);
    struct file_row carrier = {0};

    if (error)
        return error;
    error = store_file_get(editor->store, item->ino, &carrier);
    if (!error && !store_is_grave(editor->store, carrier.parent))
        error = -ENOENT;
    file_row_clear(&carrier);
    if (error)
        item_clear(item);
    return error;
}

static enum journal_state state_for(const struct verdict *verdict, bool complete)
{
    if (!complete)
        return JOURNAL_OPEN;
    return verdict->error ? JOURNAL_HELD : JOURNAL_QUEUED;
}

static void set_error(struct journal *row, const char *reason)
{
    g_free(row->error);
    row->error = g_strdup(reason);
}

/* The row that an edit goes into: the one of its kind that is not on its way yet, else a new one. */
static int open_row(struct editor *editor, enum journal_kind kind, int64_t ino, int64_t item_id, struct journal *row,
                    GBytes **sent)
{
    int error =
        item_id ? journal_of_item(editor->store, kind, item_id, row) : journal_of_file(editor->store, kind, ino, row);

    *sent = NULL;
    if (!error && row->state == JOURNAL_SENT) {
        *sent = row->data ? g_bytes_ref(row->data) : NULL;
        journal_clear(row);
        error = -ENOENT;
    }
    if (error != -ENOENT)
        return error;
    *row = editor_row(kind, ino);
    return 0;
}

static int put_row(struct editor *editor, struct journal *row, const struct place *place, int64_t ino,
                   const struct verdict *verdict, bool complete)
{
    row->ino = ino;
    row->collection_id = place->collection.id;
    row->state = state_for(verdict, complete);
    row->tries = 0;
    row->due_ns = 0;
    set_error(row, verdict->reason);
    /* What is not valid means nothing, and not what stood there before it. */
    g_clear_pointer(&row->data, g_bytes_unref);
    if (verdict->written.data && (!verdict->error || (verdict->doubles && row->kind == JOURNAL_ADD)))
        row->data = eas_node_bytes(verdict->written.data);
    return journal_put(editor->store, row);
}

/* It is being added: what it means now is a change of what is on its way; the answer joins the two. */
static int put_after_add(struct editor *editor, const struct place *place, int64_t ino, GBytes *sent,
                         const struct verdict *verdict, bool complete)
{
    struct journal row;
    int error = journal_of_file(editor->store, JOURNAL_CHANGE, ino, &row);

    if (error == -ENOENT) {
        row = editor_row(JOURNAL_CHANGE, ino);
        row.base = sent ? g_bytes_ref(sent) : NULL;
        error = 0;
    }
    if (!error)
        error = put_row(editor, &row, place, ino, verdict, complete);
    journal_clear(&row);
    return error;
}

static int put_add(struct editor *editor, const struct place *place, int64_t ino, const struct verdict *verdict,
                   bool complete)
{
    struct journal row;
    GBytes *sent;
    int error = open_row(editor, JOURNAL_ADD, ino, 0, &row, &sent);

    if (!error && sent) {
        error = put_after_add(editor, place, ino, sent, verdict, complete);
    } else if (!error) {
        if (!row.client_id)
            row.client_id = g_uuid_string_random();
        g_free(row.uid);
        row.uid = g_strdup(verdict->written.uid ? verdict->written.uid : "");
        row.response = verdict->doubles;
        error = put_row(editor, &row, place, ino, verdict, complete);
    }
    g_clear_pointer(&sent, g_bytes_unref);
    journal_clear(&row);
    return error;
}

static int drop_row(struct editor *editor, enum journal_kind kind, int64_t item_id)
{
    struct journal row;
    int error = journal_of_item(editor->store, kind, item_id, &row);

    if (!error && row.state != JOURNAL_SENT)
        error = journal_remove(editor->store, row.id);
    journal_clear(&row);
    return error == -ENOENT ? 0 : error;
}

/* What says the same as the server needs no row, unless something else is on its way there. */
static int put_change(struct editor *editor, const struct place *place, int64_t ino, const struct item *item,
                      GBytes *base, const struct verdict *verdict, bool complete)
{
    struct journal row;
    GBytes *sent;
    int error = open_row(editor, JOURNAL_CHANGE, ino, item->id, &row, &sent);

    if (error)
        return error;
    if (verdict->unchanged && !verdict->error && !sent) {
        error = row.id ? journal_remove(editor->store, row.id) : 0;
    } else {
        row.item_id = item->id;
        if (!row.base)
            row.base = sent ? g_bytes_ref(sent) : base ? g_bytes_ref(base) : NULL;
        error = put_row(editor, &row, place, ino, verdict, complete);
    }
    g_clear_pointer(&sent, g_bytes_unref);
    journal_clear(&row);
    return error;
}

static int put_response(struct editor *editor, const struct place *place, int64_t ino, const struct item *item,
                        const struct verdict *verdict, bool complete)
{
    struct journal row;
    GBytes *sent;
    int error = open_row(editor, JOURNAL_RESPOND, ino, item->id, &row, &sent);

    if (!error) {
        row.item_id = item->id;
        row.response = verdict->response;
        error = put_row(editor, &row, place, ino, verdict, complete);
    }
    g_clear_pointer(&sent, g_bytes_unref);
    journal_clear(&row);
    return error;
}

/* The old event goes, with a file in the graves to carry it, and a new one comes. */
static int part(struct editor *editor, const struct place *place, int64_t ino, const struct item *item)
{
    struct file_row file = {0};
    struct journal row = editor_row(JOURNAL_DELETE, 0);
    int64_t carrier;
    int error = store_file_get(editor->store, ino, &file);

    if (!error && !(error = drop_row(editor, JOURNAL_CHANGE, item->id)) &&
        !(error = store_file_make(editor->store, place->dir, file.name, file.class, FILE_SCRATCH, &carrier)) &&
        !(error = store_file_bury(editor->store, carrier)) &&
        !(error = store_identity_pass(editor->store, item->id, carrier)) &&
        !(error = store_identity_home(editor->store, item->id, place->dir, file.name))) {
        row.ino = carrier;
        row.item_id = item->id;
        row.collection_id = item->collection_id;
        row.base = item->props ? g_bytes_ref(item->props) : NULL;
        error = journal_put(editor->store, &row);
    }
    journal_clear(&row);
    file_row_clear(&file);
    return error;
}

/* Of an invitation to what is known nothing but the answer is taken: else the file says again what the server has. */
static int restore_bytes(struct editor *editor, int64_t ino, const struct item *item, int response)
{
    g_autofree char *address = editor_address(editor), *reason = NULL;
    struct file_context context = {.uid = item->uid,
                                   .user = address,
                                   .home_zone = editor->config.home_zone,
                                   .vcard_version = editor->config.vcard_version ? editor->config.vcard_version : 3,
                                   .version = editor_version(editor)};
    g_autoptr(eas_node) data =
        item->props ? eas_node_parse(g_bytes_get_data(item->props, NULL), g_bytes_get_size(item->props), NULL) : NULL;
    g_autoptr(GBytes) bytes = NULL;
    int64_t body;
    int error;

    if (data && response)
        meeting_answered(data, response);
    bytes = data ? file_from_item(item->class, data, &context, &reason) : NULL;
    if (!bytes)
        return 0;
    error = editor_body(editor, bytes, &body);
    return error ? error : store_file_bytes(editor->store, ino, body, 0, OWN_SERVER);
}

/* What it would have been added as, is a change now. */
static int drop_add(struct editor *editor, int64_t ino)
{
    struct journal row;
    int error = journal_of_file(editor->store, JOURNAL_ADD, ino, &row);

    if (!error && row.state != JOURNAL_SENT)
        error = journal_remove(editor->store, row.id);
    journal_clear(&row);
    return error == -ENOENT ? 0 : error;
}

static int commit_item(struct editor *editor, const struct place *place, int64_t ino, const struct item *item,
                       GBytes *base, struct verdict *verdict, bool complete)
{
    struct store *store = editor->store;
    int error = 0;

    if (item->ino != ino && !(error = drop_row(editor, JOURNAL_DELETE, item->id)) && !(error = drop_add(editor, ino)))
        error = store_identity_pass(store, item->id, ino);
    if (!error && !verdict->error && item->class != EAS_CALENDAR && verdict->written.uid)
        error = store_identity_set_uid(store, item->id, verdict->written.uid);
    if (!error)
        error = put_change(editor, place, ino, item, base, verdict, complete);
    if (!error && !verdict->error && verdict->act == MEETING_RESPOND)
        error = put_response(editor, place, ino, item, verdict, complete);
    if (!error && !verdict->error && verdict->method && !strcmp(verdict->method, "REQUEST"))
        error = restore_bytes(editor, ino, item, verdict->response);
    return error;
}

int commit_verdict(struct editor *editor, const struct place *place, int64_t ino, const struct item *item, GBytes *base,
                   struct verdict *verdict, bool complete)
{
    struct item buried = {0};
    int error;

    if (item && verdict->replaces && !verdict->error) {
        error = part(editor, place, ino, item);
        return error ? error : put_add(editor, place, ino, verdict, complete);
    }
    if (item)
        return commit_item(editor, place, ino, item, base, verdict, complete);
    if (verdict->error || identity_by_uid(editor, place, verdict->written.uid, &buried))
        return put_add(editor, place, ino, verdict, complete);
    error = commit_item(editor, place, ino, &buried, buried.props, verdict, complete);
    item_clear(&buried);
    return error;
}

int commit_empty(struct editor *editor, const struct place *place, const struct item *item, int64_t ino)
{
    struct verdict verdict = {.error = -EINVAL,
                              .reason = g_strdup("it is empty; the server's item is unchanged; rm deletes it")};
    int error = put_change(editor, place, ino, item, item->props, &verdict, true);

    verdict_clear(&verdict);
    return error;
}

int commit_complete(struct editor *editor, int64_t ino)
{
    static const enum journal_kind kinds[] = {JOURNAL_ADD, JOURNAL_CHANGE, JOURNAL_RESPOND};

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct journal row;
        int error = journal_of_file(editor->store, kinds[i], ino, &row);

        if (!error && row.state == JOURNAL_OPEN) {
            row.state = row.error ? JOURNAL_HELD : JOURNAL_QUEUED;
            error = journal_put(editor->store, &row);
        }
        journal_clear(&row);
        if (error && error != -ENOENT)
            return error;
    }
    return 0;
}
