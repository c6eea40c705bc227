/* Messages in Drafts. From 16.0 on the server keeps them, as fields; what fields cannot say stays here, and can still
 * be sent. In how they are saved they are items like others: who takes the name takes the identity (CONTRACT 2, 5). */
#include <errno.h>

#include "cache/edit/editor.h"
#include "codec/files/compose.h"

int draft_commit(struct editor *editor, const struct place *place, int64_t ino, GBytes *bytes, bool complete)
{
    struct verdict verdict = {0};
    struct file_row file = {0};
    struct item item = {0};
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    int error = store_file_get(editor->store, ino, &file), known = -ENOENT;

    if (!error)
        known = commit_identity(editor, place, &file, file.name, &item);
    if (!error && known != -ENOENT)
        error = known;
    if (!error && editor_version(editor) < EAS_16_0)
        verdict.reason =
            g_strdup("this server keeps no drafts of others' making; it stays here, and can be moved to Outbox");
    else if (!error)
        verdict.written.data = draft_fields(data, size, &verdict.reason);
    verdict.error = verdict.written.data ? 0 : -EINVAL;
    if (!error)
        error = commit_verdict(editor, place, ino, known == 0 ? &item : NULL, NULL, &verdict, complete);
    verdict_clear(&verdict);
    file_row_clear(&file);
    item_clear(&item);
    return error;
}

/* ---- sent ---- */

/* What stays in Drafts of the file that leaves it: one for the item, with its bytes. */
static int leave_item(struct editor *editor, const struct file_row *file, GBytes *bytes, struct file_row *left)
{
    int64_t ino, body;
    int error = store_file_make(editor->store, file->parent, file->name, file->class, FILE_SCRATCH, &ino);

    if (!error && !(error = editor_body(editor, bytes, &body)) &&
        !(error = store_file_bytes(editor->store, ino, body, file->mtime_ns, OWN_SERVER)) &&
        !(error = store_identity_pass(editor->store, file->item_id, ino)) &&
        !(error = store_file_own(editor->store, file->ino, OWN_USER)))
        error = store_file_get(editor->store, ino, left);
    return error;
}

static int name_draft(struct editor *editor, int64_t letter, int64_t draft)
{
    struct journal row;
    int error = journal_of_file(editor->store, JOURNAL_SEND, letter, &row);

    if (error)
        return error;
    row.item_id = draft;
    error = journal_put(editor->store, &row);
    journal_clear(&row);
    return error;
}

/* The letter's row comes first, so that the draft's deletion waits for it. When the letter has gone out the draft goes
 * for good, as with mail programs (cache/upload/sending.c): it is in Sent Items. Where the letter is held or withdrawn
 * the draft goes like all that is removed, so that the server still has it. */
int draft_send(struct editor *editor, const struct file_row *file, const struct place *outbox, GBytes *bytes)
{
    struct file_row left = {0};
    int error = leave_item(editor, file, bytes, &left);

    if (!error)
        error = letter_commit(editor, outbox, file->ino, bytes, true);
    if (error >= 0 && !(error = name_draft(editor, file->ino, file->item_id)))
        error = tree_remove_item(editor, &left);
    file_row_clear(&left);
    return error;
}
