/* Names: made and removed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cache/edit/editor.h"
#include "codec/limits.h"

/* ---- create ---- */

/* An addition that is on its way, whose file has left this name since, is this file's from now on. */
int tree_take_addition(struct editor *editor, int64_t dir, const char *name, int64_t ino)
{
    struct store *store = editor->store;
    struct file_row left = {0};
    struct journal row = {0};
    int error = journal_of_origin(store, JOURNAL_ADD, dir, name, &row);

    if (error)
        return error == -ENOENT ? 0 : error;
    int64_t before = row.ino;

    row.origin_ino = 0;
    *row.origin = '\0';
    error = journal_put(store, &row);
    if (!error && before != ino && !(error = journal_pass(store, before, ino)) &&
        store_file_get(store, before, &left) == 0 && store_is_grave(store, left.parent))
        error = store_file_remove(store, before);
    file_row_clear(&left);
    journal_clear(&row);
    return error;
}

/* In a mail folder nothing is made; but who removes a message to write it anew, as tar does, gets it back. The errno is
 * told in any case: positive, with a message brought back. */
static int refuse_mail(struct editor *editor, const struct place *place, const char *name)
{
    struct item item = {0};
    struct journal row = {0};
    int error = place->class == EAS_MAIL ? store_identity_at(editor->store, place->dir, name, &item) : -ENOENT;

    if (!error)
        error = journal_of_item(editor->store, JOURNAL_DELETE, item.id, &row);
    if (!error && row.state != JOURNAL_SENT)
        error = journal_remove(editor->store, row.id);
    else
        error = error ? error : -EBUSY;
    if (!error)
        error = store_file_exhume(editor->store, item.ino);
    journal_clear(&row);
    item_clear(&item);
    return error ? -EPERM : EPERM;
}

int edit_do_create(struct editor *editor, struct edit *edit)
{
    struct file_row there = {0};
    struct place place = {0};
    int64_t ino = 0;
    int error = place_read(editor, (int64_t)edit->parent, &place);

    if (!error) {
        int use = place_use(&place, edit->name);

        error = use == -EPERM ? refuse_mail(editor, &place, edit->name) : MIN(use, 0);
    }
    if (!error && !(error = store_file_find(editor->store, place.dir, edit->name, &there)))
        error = -EEXIST;
    if (error == -ENOENT)
        error = store_file_make(editor->store, place.dir, edit->name, place.class, FILE_SCRATCH, &ino);
    if (ino && !error)
        error = tree_take_addition(editor, place.dir, edit->name, ino);
    edit->attr.ino = (uint64_t)ino;
    file_row_clear(&there);
    place_clear(&place);
    return error;
}

/* ---- remove ---- */

int tree_drop_unsent(struct editor *editor, const struct file_row *file, bool *on_its_way)
{
    static const enum journal_kind kinds[] = {JOURNAL_ADD, JOURNAL_CHANGE, JOURNAL_RESPOND, JOURNAL_FLAGS,
                                              JOURNAL_SEND};

    *on_its_way = false;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct journal row;
        int error = journal_of_file(editor->store, kinds[i], file->ino, &row);

        if (!error && row.state == JOURNAL_SENT && !journal_in_doubt(&row))
            *on_its_way |= row.kind == JOURNAL_ADD || row.kind == JOURNAL_SEND;
        else if (!error)
            error = journal_remove(editor->store, row.id);
        journal_clear(&row);
        if (error && error != -ENOENT)
            return error;
    }
    return 0;
}

int tree_remember_origin(struct editor *editor, const struct file_row *file)
{
    struct journal row;
    int error = journal_of_file(editor->store, JOURNAL_ADD, file->ino, &row);

    if (!error) {
        if (!row.origin_ino) {
            g_free(row.origin);
            row.origin = g_strdup(file->name);
            row.origin_ino = file->parent;
        }
        error = journal_put(editor->store, &row);
        journal_clear(&row);
    }
    return error == -ENOENT ? 0 : error;
}

/* What the server never had is just gone, and its UID is free, if it kept others from it. */
static int remove_unsent(struct editor *editor, const struct file_row *file, const struct journal *addition)
{
    int error = store_file_remove(editor->store, file->ino);
    bool stood = addition->id && addition->state != JOURNAL_HELD;

    return error || !stood ? error : journal_uid_free(editor->store, addition->collection_id, addition->uid);
}

/* What is on its way there is removed when it has arrived. */
static int remove_sent(struct editor *editor, const struct file_row *file)
{
    int error = file->parent == store_place(editor->store, PLACE_OUTBOX) ? -EBUSY : tree_remember_origin(editor, file);

    return error ? error : store_file_bury(editor->store, file->ino);
}

static int remove_local(struct editor *editor, const struct file_row *file)
{
    struct journal addition;
    bool on_its_way = false;
    int error = journal_of_file(editor->store, JOURNAL_ADD, file->ino, &addition);

    if (!error || error == -ENOENT)
        error = tree_drop_unsent(editor, file, &on_its_way);
    if (!error)
        error = on_its_way ? remove_sent(editor, file) : remove_unsent(editor, file, &addition);
    journal_clear(&addition);
    return error;
}

/* Into the grave, from which the same name brings it back within the grace. */
int tree_remove_item(struct editor *editor, const struct file_row *file)
{
    struct journal row = editor_row(JOURNAL_DELETE, file->ino);
    struct item item = {0};
    bool on_its_way;
    int error = store_item_get(editor->store, file->item_id, &item);

    if (!error && (error = judge_removal(editor, &item)))
        refuse(editor, file->parent, file->name, &item, 0, judge_invites);
    if (!error && !(error = tree_drop_unsent(editor, file, &on_its_way)) &&
        !(error = store_file_bury(editor->store, file->ino))) {
        row.item_id = item.id;
        row.collection_id = item.collection_id;
        row.due_ns = row.queued_ns + LIMIT_GRACE_MS * G_GINT64_CONSTANT(1000000);
        row.base = item.props ? g_bytes_ref(item.props) : NULL;
        g_free(row.origin);
        row.origin = g_strdup(file->name);
        row.origin_ino = file->parent;
        error = journal_put(editor->store, &row);
    }
    item_clear(&item);
    journal_clear(&row);
    return error;
}

int tree_remove(struct editor *editor, const struct file_row *file)
{
    if (file->kind == FILE_DIRECTORY)
        return -EISDIR;
    return file->item_id ? tree_remove_item(editor, file) : remove_local(editor, file);
}

int edit_do_unlink(struct editor *editor, struct edit *edit)
{
    struct file_row file = {0};
    int error = store_file_find(editor->store, (int64_t)edit->parent, edit->name, &file);

    if (!error)
        error = tree_remove(editor, &file);
    file_row_clear(&file);
    return error;
}
