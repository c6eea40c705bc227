/* The bytes of a working copy become the file's, and are judged (CONTRACT 5). */
#include <errno.h>

#include "cache/edit/editor.h"

/* The errno of a verdict is for the process that opened the file; anybody else's close stores, and says nothing. */
static int told(const struct edit *edit, int error)
{
    return error < 0 && edit->opener ? -error : 0;
}

/* A file that took another UID has parted from its item, and waits to be added: only its old UID makes it that again.
 */
static bool has_parted(struct editor *editor, const struct place *place, int64_t ino, const struct item *item,
                       GBytes *bytes)
{
    struct journal row;
    struct verdict verdict = {0};
    int error = item->ino == ino ? -ENOENT : journal_of_file(editor->store, JOURNAL_ADD, ino, &row);
    bool parted = false;

    if (error)
        return false;
    judge(editor, place, bytes, NULL, NULL, ino, &verdict);
    parted = row.state == JOURNAL_SENT || g_strcmp0(verdict.written.uid, item->uid) != 0;
    journal_clear(&row);
    verdict_clear(&verdict);
    return parted;
}

static int store_item(struct editor *editor, struct edit *edit, const struct place *place, const struct file_row *file,
                      GBytes *bytes)
{
    struct item item = {0};
    struct verdict verdict = {0};
    int error = commit_identity(editor, place, file, file->name, &item);
    bool parted = error == 0 && has_parted(editor, place, file->ino, &item, bytes), known = error == 0 && !parted;
    GBytes *base = parted ? NULL : edit->base ? edit->base : known ? item.props : NULL;

    if (error && error != -ENOENT)
        return error;
    error = 0;
    if (!g_bytes_get_size(bytes)) {
        if (known && edit->complete)
            error = commit_empty(editor, place, &item, file->ino);
    } else {
        judge(editor, place, bytes, known ? &item : NULL, base, file->ino, &verdict);
        error = commit_verdict(editor, place, file->ino, known ? &item : NULL, base, &verdict, edit->complete);
        if (!error)
            error = told(edit, verdict.error);
    }
    verdict_clear(&verdict);
    item_clear(&item);
    return error;
}

static int take_bytes(struct editor *editor, struct edit *edit, const struct place *place, const struct file_row *file,
                      GBytes *bytes)
{
    int use = place_use(place, file->name), error;

    switch (use) {
    case USE_ITEM:
        return store_item(editor, edit, place, file, bytes);
    case USE_LETTER:
        error = letter_commit(editor, place, file->ino, bytes, edit->complete && !edit->cut);
        return error > 0 ? told(edit, -error) : error;
    case USE_DRAFT:
        return draft_commit(editor, place, file->ino, bytes, edit->complete);
    default:
        return 0; /* scratch; a file in a grave */
    }
}

/* Nothing was written since the last time: what counts is that no writer is left. */
static int completed(struct editor *editor, struct edit *edit, const struct place *place, const struct file_row *file)
{
    g_autoptr(GBytes) bytes = NULL;
    int use = place_use(place, file->name), error;

    if (!edit->complete)
        return 0;
    if (use == USE_ITEM && file->size > 0)
        return commit_complete(editor, file->ino);
    if ((use != USE_LETTER && use != USE_DRAFT && use != USE_ITEM) || !file->body)
        return 0;
    bytes = editor_bytes(editor, file->ino, &error);
    return bytes ? take_bytes(editor, edit, place, file, bytes) : error;
}

int edit_do_store(struct editor *editor, struct edit *edit, int64_t body, GBytes *bytes)
{
    struct file_row file = {0};
    struct place place = {0};
    int error = store_file_get(editor->store, (int64_t)edit->ino, &file);

    /* The file was removed while somebody wrote to it: what they wrote goes with it. */
    if (error == -ENOENT)
        return body ? store_body_drop(editor->store, body) : 0;
    if (!error)
        error = place_read(editor, file.parent, &place);
    if (!error && body)
        error = store_file_bytes(editor->store, file.ino, body, edit->mtime_ns,
                                 file.own == OWN_CONFLICT ? OWN_CONFLICT : OWN_USER);
    if (!error && body)
        error = store_refused_set(editor->store, file.ino, NULL);
    if (!error)
        error = body ? take_bytes(editor, edit, &place, &file, bytes) : completed(editor, edit, &place, &file);
    edit->attr.ino = edit->ino;
    place_clear(&place);
    file_row_clear(&file);
    return error;
}
