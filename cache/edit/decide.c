/* What a person decides of held edits: again, or not at all. */
#include <errno.h>
#include <string.h>

#include "cache/edit/editor.h"

static int queue_again(struct editor *editor, struct journal *row)
{
    if (journal_is_braked(row))
        row->response = JOURNAL_LET_THROUGH;
    row->state = JOURNAL_QUEUED;
    row->tries = 0;
    row->due_ns = 0;
    row->batch = 0;
    row->sent_ns = 0;
    g_clear_pointer(&row->error, g_free);
    return journal_put(editor->store, row);
}

/* A file that came back, from a grave or from where it was moved to, goes there again. */
static int go_again(struct editor *editor, struct journal *row)
{
    struct collection target = {0};
    struct file_row file = {0};
    int error = 0;

    if (row->kind == JOURNAL_DELETE)
        error = store_file_bury(editor->store, row->ino);
    else if (row->kind == JOURNAL_MOVE && !(error = store_collection_get(editor->store, row->target_id, &target)) &&
             !(error = store_file_get(editor->store, row->ino, &file)) &&
             !(error = store_identity_home(editor->store, row->item_id, file.parent, file.name)))
        error = store_file_rename(editor->store, row->ino, target.ino, file.name);
    else if (row->kind == JOURNAL_FOLDER_UPDATE || row->kind == JOURNAL_FOLDER_DELETE)
        error = -EAGAIN; /* the folder is as it was: it has to be renamed or removed again */
    file_row_clear(&file);
    collection_clear(&target);
    return error;
}

/* What was held because it is not valid, or may be no new item any more, is judged anew, by the bytes of today. */
static int judge_again(struct editor *editor, struct journal *row)
{
    struct edit again = {.kind = EDIT_STORE, .ino = (uint64_t)row->ino, .complete = true, .opener = true};
    struct file_row file = {0};
    g_autoptr(GBytes) bytes = NULL;
    int64_t body;
    int error = store_file_get(editor->store, row->ino, &file);

    again.mtime_ns = file.mtime_ns;
    file_row_clear(&file);
    if (error || !(bytes = editor_bytes(editor, row->ino, &error)))
        return error;
    error = editor_body(editor, bytes, &body);
    return error ? error : edit_do_store(editor, &again, body, bytes);
}

static int retry_row(struct editor *editor, struct journal *row)
{
    bool unread = row->kind == JOURNAL_ADD || (row->kind == JOURNAL_CHANGE && !row->data);
    int error;

    if (unread || row->kind == JOURNAL_SEND)
        return judge_again(editor, row);
    error = go_again(editor, row);
    return error == -EAGAIN ? journal_remove(editor->store, row->id) : error ? error : queue_again(editor, row);
}

/* The mail that goes with a meeting is spoken of by the meeting's name. */
static bool is_mail_of(struct editor *editor, const struct journal *row, uint64_t ino)
{
    struct file_row file = {0};
    bool is = row->kind == JOURNAL_MAIL && row->origin_ino && store_file_get(editor->store, (int64_t)ino, &file) == 0 &&
              file.parent == row->origin_ino && !strcmp(file.name, row->origin);

    file_row_clear(&file);
    return is;
}

static bool speaks_of(struct editor *editor, const struct journal *row, uint64_t ino)
{
    return !ino || (uint64_t)row->ino == ino || is_mail_of(editor, row, ino);
}

int edit_do_retry(struct editor *editor, struct edit *edit)
{
    g_autoptr(GArray) rows = journal_list(editor->store, JOURNAL_HELD, G_MAXINT64);
    int error = 0, told = edit->ino ? -ENOENT : 0;

    for (guint i = 0; i < rows->len && error >= 0; i++) {
        struct journal *row = &g_array_index(rows, struct journal, i);

        if (!speaks_of(editor, row, edit->ino))
            continue;
        error = retry_row(editor, row);
        told = MAX(error, 0);
        error = MIN(error, 0);
    }
    return error ? error : told;
}

/* ---- discard ---- */

/* A draft's bytes are the server's own: they are fetched anew. */
static int restore_message(struct editor *editor, struct item *item)
{
    int error;

    item->body = 0;
    error = store_item_put(editor->store, item);
    return error ? error : store_file_own(editor->store, item->ino, OWN_SERVER);
}

/* The server's item as it is known here, under its name again. */
static int restore(struct editor *editor, const struct journal *row)
{
    g_autofree char *address = editor_address(editor), *reason = NULL;
    struct item item = {0};
    g_autoptr(GBytes) bytes = NULL;
    int64_t body;
    int error = store_item_get(editor->store, row->item_id, &item);

    if (!error && item.class == EAS_MAIL) {
        error = restore_message(editor, &item);
    } else if (!error && item.props) {
        g_autoptr(eas_node) data =
            eas_node_parse(g_bytes_get_data(item.props, NULL), g_bytes_get_size(item.props), NULL);
        struct file_context context = {.uid = item.uid,
                                       .user = address,
                                       .home_zone = editor->config.home_zone,
                                       .vcard_version = editor->config.vcard_version ? editor->config.vcard_version : 3,
                                       .version = editor_version(editor)};

        bytes = data ? file_from_item(item.class, data, &context, &reason) : NULL;
    }
    if (!error && bytes && !(error = editor_body(editor, bytes, &body)))
        error = store_file_bytes(editor->store, row->ino, body, 0, OWN_SERVER);
    item_clear(&item);
    return error;
}

static int discard_row(struct editor *editor, const struct journal *row)
{
    int error = row->state == JOURNAL_SENT && !journal_in_doubt(row) ? -EBUSY : 0;

    if (error)
        return error;
    if (row->kind == JOURNAL_CHANGE || row->kind == JOURNAL_RESPOND)
        error = restore(editor, row);
    else if ((row->kind == JOURNAL_DELETE || row->kind == JOURNAL_MOVE) && row->state != JOURNAL_HELD)
        error = store_file_exhume(editor->store, row->ino);
    else if (row->kind == JOURNAL_ADD || row->kind == JOURNAL_SEND)
        error = store_file_remove(editor->store, row->ino);
    return error ? error : journal_remove(editor->store, row->id);
}

int edit_do_discard(struct editor *editor, struct edit *edit)
{
    g_autoptr(GArray) rows = journal_list(editor->store, -1, G_MAXINT64);
    int error = 0;
    bool any = false;

    for (guint i = 0; i < rows->len && !error && edit->ino; i++) {
        const struct journal *row = &g_array_index(rows, struct journal, i);

        if (!speaks_of(editor, row, edit->ino))
            continue;
        any = true;
        error = discard_row(editor, row);
    }
    return error ? error : any ? 0 : -ENOENT;
}

/* ---- what is asked at an open ---- */

GBytes *edit_base(struct view *view, uint64_t ino)
{
    return view_props(view, ino);
}

int edit_may_write(struct view *view, uint64_t ino)
{
    return view_may_write(view, ino);
}
