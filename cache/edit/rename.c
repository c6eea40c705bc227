/* Names given to something else: what a file is, and what its new name makes of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "cache/edit/editor.h"
#include "codec/limits.h"

struct renaming {
    struct edit *edit;
    struct file_row file, target; /* target.ino 0: none is there */
    struct place from, to;
    int use, new_use;
};

static int rename_over(struct editor *editor, const struct renaming *r)
{
    return r->target.ino ? tree_remove(editor, &r->target) : 0;
}

static int place_file(struct editor *editor, const struct renaming *r)
{
    return store_file_rename(editor->store, r->file.ino, r->to.dir, r->edit->new_name);
}

/* To another folder of its class: the server is told; until then the item's place is where it was. */
static int move_item(struct editor *editor, const struct renaming *r)
{
    struct journal row;
    struct item item = {0};
    int error = store_item_get(editor->store, r->file.item_id, &item);
    bool again;

    if (error)
        return error;
    error = journal_of_item(editor->store, JOURNAL_MOVE, item.id, &row);
    if (!error && row.state == JOURNAL_SENT) {
        journal_clear(&row);
        item_clear(&item);
        return -EBUSY;
    }
    again = !error;
    if (error == -ENOENT)
        row = editor_row(JOURNAL_MOVE, r->file.ino);
    row.item_id = item.id;
    row.collection_id = item.collection_id;
    row.target_id = r->to.collection.id;
    row.state = JOURNAL_QUEUED;
    if (!again) {
        g_free(row.origin);
        row.origin = g_strdup(r->file.name);
        row.origin_ino = r->from.dir;
    }
    if (row.target_id == item.collection_id)
        error = again ? journal_remove(editor->store, row.id) : 0; /* back where it came from */
    else
        error = journal_put(editor->store, &row);
    if (!error)
        error = row.target_id == item.collection_id
                    ? store_identity_home(editor->store, item.id, 0, "")
                    : store_identity_home(editor->store, item.id, row.origin_ino, row.origin);
    journal_clear(&row);
    item_clear(&item);
    return error;
}

/* A new item that the server does not have yet goes to another folder, or becomes scratch. What is on its way becomes
 * scratch with the identity that it will get. */
static int readdress(struct editor *editor, const struct renaming *r)
{
    struct journal row;
    int error = journal_of_file(editor->store, JOURNAL_ADD, r->file.ino, &row);

    if (error)
        return error == -ENOENT ? 0 : error;
    if (row.state == JOURNAL_SENT && r->to.dir != r->from.dir)
        error = -EBUSY;
    else if (row.state == JOURNAL_SENT && r->new_use == USE_SCRATCH)
        error = tree_remember_origin(editor, &r->file);
    else if (r->new_use == USE_SCRATCH)
        error = journal_remove(editor->store, row.id);
    else if (row.state != JOURNAL_SENT) {
        row.collection_id = r->to.collection.id;
        error = journal_put(editor->store, &row);
    }
    journal_clear(&row);
    return error;
}

static int rename_item(struct editor *editor, const struct renaming *r)
{
    int error = rename_over(editor, r);

    if (!error && r->new_use == USE_SCRATCH) {
        struct item item = {0};

        error = store_item_get(editor->store, r->file.item_id, &item);
        if (!error && r->use != USE_SCRATCH)
            error = store_identity_home(editor->store, item.id, r->from.dir, r->file.name);
        item_clear(&item);
    } else if (!error && r->to.dir != r->from.dir) {
        error = move_item(editor, r);
    }
    return error ? error : place_file(editor, r);
}

/* The file that had the name gives it, its item and what waits to be sent of it to the one that takes it; an item that
 * is another's is removed. */
static int replace_target(struct editor *editor, const struct renaming *r, struct item *item)
{
    struct store *store = editor->store;
    int error;

    if (r->target.item_id && (!item || item->ino != r->target.ino))
        return tree_remove(editor, &r->target);
    error = r->target.item_id ? store_identity_pass(store, item->id, r->file.ino)
                              : journal_pass(store, r->target.ino, r->file.ino);
    if (!error && r->target.item_id)
        item->ino = r->file.ino;
    return error ? error : store_file_remove(store, r->target.ino);
}

/* The identity that the file gets with the name: its own, if it carries one; else that of the file it replaces, or of
 * the place. -ENOENT: none. */
static int find_identity(struct editor *editor, const struct renaming *r, struct item *item)
{
    return commit_identity(editor, &r->to, r->file.item_id || !r->target.ino ? &r->file : &r->target, r->edit->new_name,
                           item);
}

/* item: that identity; NULL: none. */
static int take_name(struct editor *editor, const struct renaming *r, struct item *item)
{
    int error = r->target.ino ? replace_target(editor, r, item) : 0;

    if (!error && item && item->ino == r->file.ino)
        error = store_identity_home(editor->store, item->id, 0, "");
    return error ? error : place_file(editor, r);
}

/* Bytes under an item's name are judged before anything is changed: what is not valid stays where it is. */
static int become_item(struct editor *editor, const struct renaming *r)
{
    struct item item = {0};
    struct verdict verdict = {0};
    int error = 0, known;
    g_autoptr(GBytes) bytes = r->file.body ? editor_bytes(editor, r->file.ino, &error) : g_bytes_new_static("", 0);

    if (!bytes)
        return error;
    known = find_identity(editor, r, &item);
    if (known && known != -ENOENT)
        return known;
    if (!r->target.ino)
        error = tree_take_addition(editor, r->to.dir, r->edit->new_name, r->file.ino);
    if (!error && g_bytes_get_size(bytes)) {
        judge(editor, &r->to, bytes, known == 0 ? &item : NULL, known == 0 ? item.props : NULL,
              r->target.ino && known ? r->target.ino : r->file.ino, &verdict);
        error = verdict.error;
        if (error)
            refuse(editor, r->to.dir, r->edit->new_name, known == 0 ? &item : NULL, r->file.ino, verdict.reason);
    }
    if (!error)
        error = take_name(editor, r, known == 0 ? &item : NULL);
    if (!error)
        error = store_refused_set(editor->store, r->file.ino, NULL);
    if (!error && g_bytes_get_size(bytes))
        error = commit_verdict(editor, &r->to, r->file.ino, known == 0 ? &item : NULL, known == 0 ? item.props : NULL,
                               &verdict, true);
    else if (!error && known == 0)
        error = commit_empty(editor, &r->to, &item, r->file.ino);
    verdict_clear(&verdict);
    item_clear(&item);
    return error;
}

/* A draft that was saved as a file of its own is still that draft. What the server cannot keep of it is held there, not
 * refused. */
static int become_draft(struct editor *editor, const struct renaming *r)
{
    struct item item = {0};
    bool on_its_way = false;
    int error = 0, known;
    g_autoptr(GBytes) bytes = r->file.body ? editor_bytes(editor, r->file.ino, &error) : g_bytes_new_static("", 0);

    if (!bytes)
        return error;
    if (r->use == USE_DRAFT && r->target.ino && (error = tree_drop_unsent(editor, &r->file, &on_its_way)))
        return error;
    known = on_its_way ? -EBUSY : find_identity(editor, r, &item);
    if (known && known != -ENOENT)
        return known;
    if (!r->target.ino)
        error = tree_take_addition(editor, r->to.dir, r->edit->new_name, r->file.ino);
    if (!error)
        error = take_name(editor, r, known == 0 ? &item : NULL);
    if (!error && g_bytes_get_size(bytes))
        error = draft_commit(editor, &r->to, r->file.ino, bytes, true);
    else if (!error && known == 0)
        error = commit_empty(editor, &r->to, &item, r->file.ino);
    item_clear(&item);
    return error;
}

static int become_letter(struct editor *editor, const struct renaming *r)
{
    int error = 0;
    g_autoptr(GBytes) bytes = r->file.body ? editor_bytes(editor, r->file.ino, &error) : NULL;

    if (error || (error = rename_over(editor, r)) || (error = place_file(editor, r)))
        return error;
    if (!bytes)
        return 0;
    error = letter_commit(editor, &r->to, r->file.ino, bytes, true);
    return error > 0 ? 0 : error;
}

/* A draft that is to be sent. */
static int draft_to_letter(struct editor *editor, const struct renaming *r)
{
    bool on_its_way = false;
    int error = 0;
    g_autoptr(GBytes) bytes = editor_bytes(editor, r->file.ino, &error);

    if (!bytes)
        return error;
    if (r->target.ino)
        return -EEXIST;
    error = tree_drop_unsent(editor, &r->file, &on_its_way);
    if (error || on_its_way)
        return error ? error : -EBUSY;
    if (!r->file.item_id)
        return become_letter(editor, r);
    error = place_file(editor, r);
    return error ? error : draft_send(editor, &r->file, &r->to, bytes);
}

/* By what a name is, and what the new one is. */
static int rename_by_use(struct editor *editor, const struct renaming *r)
{
    bool crosses = r->from.class != r->to.class || r->from.outbox != r->to.outbox;
    int error;

    if (crosses && r->from.drafts && r->use == USE_DRAFT && r->new_use == USE_LETTER)
        return draft_to_letter(editor, r);
    if (crosses)
        return -EPERM;
    /* An identity under a scratch name stays where its place is. */
    if (r->file.item_id && r->from.dir != r->to.dir && (r->use == USE_SCRATCH || r->new_use == USE_SCRATCH))
        return -EPERM;
    if (r->target.ino && r->target.kind == FILE_DIRECTORY)
        return -EISDIR;
    switch (r->new_use) {
    case USE_SCRATCH:
        if (r->file.item_id)
            return rename_item(editor, r);
        if (r->use != USE_SCRATCH) {
            bool on_its_way = false;

            error = r->use != USE_LETTER ? readdress(editor, r) : tree_drop_unsent(editor, &r->file, &on_its_way);
            if (error || on_its_way)
                return error ? error : -EBUSY;
        }
        error = rename_over(editor, r);
        return error ? error : place_file(editor, r);
    case USE_ITEM:
        if (r->use == USE_ITEM && r->file.item_id)
            return rename_item(editor, r);
        if (r->use == USE_ITEM && !r->target.ino) {
            error = readdress(editor, r);
            return error ? error : place_file(editor, r);
        }
        return become_item(editor, r);
    case USE_DRAFT:
        return r->use == USE_DRAFT && r->file.item_id ? -EPERM : become_draft(editor, r);
    default:
        return become_letter(editor, r);
    }
}

/* Received mail keeps its name in its folder; in another it may have any. */
static int rename_mail(struct editor *editor, const struct renaming *r)
{
    int error;

    if (r->from.dir == r->to.dir || !r->to.collection.id)
        return -EPERM;
    if (r->to.class != EAS_MAIL || r->to.outbox)
        return -EPERM;
    if (r->target.ino)
        return -EEXIST;
    if (!g_str_has_suffix(r->edit->new_name, eas_classes[EAS_MAIL].ending) || *r->edit->new_name == '.')
        return -EPERM;
    error = move_item(editor, r);
    return error ? error : place_file(editor, r);
}

static int rename_read(struct editor *editor, struct renaming *r)
{
    struct edit *edit = r->edit;
    int error = store_file_find(editor->store, (int64_t)edit->parent, edit->name, &r->file);

    if (!error && !(error = place_read(editor, (int64_t)edit->parent, &r->from)))
        error = place_read(editor, (int64_t)edit->new_parent, &r->to);
    if (error)
        return error;
    error = store_file_find(editor->store, (int64_t)edit->new_parent, edit->new_name, &r->target);
    return error == -ENOENT ? 0 : error;
}

static int rename_file(struct editor *editor, struct renaming *r)
{
    struct edit *edit = r->edit;

    if (edit->flags & ~(unsigned)RENAME_NOREPLACE)
        return -EINVAL;
    if (r->target.ino && edit->flags & RENAME_NOREPLACE)
        return -EEXIST;
    if (r->target.ino == r->file.ino)
        return 0;
    if (r->file.kind == FILE_DIRECTORY)
        return folder_rename(editor, edit, &r->file);
    if (r->file.item_id && r->from.class == EAS_MAIL && !(r->from.drafts && (r->to.outbox || r->from.dir == r->to.dir)))
        return rename_mail(editor, r);
    r->use = place_use(&r->from, edit->name);
    r->new_use = place_use(&r->to, edit->new_name);
    return r->new_use < 0 ? r->new_use : rename_by_use(editor, r);
}

static void renaming_clear(struct renaming *r)
{
    file_row_clear(&r->file);
    file_row_clear(&r->target);
    place_clear(&r->from);
    place_clear(&r->to);
}

int edit_do_rename(struct editor *editor, struct edit *edit)
{
    struct renaming r = {.edit = edit};
    int error = rename_read(editor, &r);

    if (!error)
        error = rename_file(editor, &r);
    renaming_clear(&r);
    return error;
}

/* ---- link ---- */

/* A second name for a while, as atomic writers give: the file takes the new name, and a copy keeps the old one, which
 * is removed next. */
static int leave_copy(struct editor *editor, const struct renaming *r)
{
    int64_t ino, body;
    int error = 0;
    g_autoptr(GBytes) bytes = r->file.body ? editor_bytes(editor, r->file.ino, &error) : NULL;

    if (error ||
        (error = store_file_make(editor->store, r->from.dir, r->file.name, r->from.class, FILE_SCRATCH, &ino)) ||
        !bytes)
        return error;
    error = editor_body(editor, bytes, &body);
    return error ? error : store_file_bytes(editor->store, ino, body, r->file.mtime_ns, OWN_USER);
}

int edit_do_link(struct editor *editor, struct edit *edit)
{
    struct renaming r = {.edit = edit};
    int error = store_file_get(editor->store, (int64_t)edit->ino, &r.file);

    edit->parent = (uint64_t)r.file.parent;
    if (!error)
        g_strlcpy(edit->name, r.file.name, sizeof edit->name);
    file_row_clear(&r.file);
    if (!error)
        error = rename_read(editor, &r);
    if (!error && r.target.ino)
        error = -EEXIST;
    if (!error &&
        (r.file.kind != FILE_SCRATCH || place_use(&r.from, edit->name) != USE_SCRATCH || r.from.dir != r.to.dir))
        error = -EPERM;
    if (!error)
        error = rename_file(editor, &r);
    if (!error)
        error = leave_copy(editor, &r);
    edit->attr.ino = edit->ino;
    renaming_clear(&r);
    return error;
}
