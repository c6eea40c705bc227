/* Folders: made, renamed, moved, removed. The server is told later; nobody waits for it under a directory's lock. */
#include <errno.h>
#include <string.h>

#include "cache/edit/editor.h"
#include "codec/files/names.h"
#include "codec/limits.h"

enum { INO_CLASSES_END = INO_FIRST_CLASS + EAS_CLASSES };

/* Types a client may make (MS-ASCMD 2.2.3.186.3). */
static const int types[EAS_CLASSES] = {
    [EAS_MAIL] = 12, [EAS_CALENDAR] = 13, [EAS_CONTACTS] = 14, [EAS_TASKS] = 15, [EAS_NOTES] = 17};

static bool is_users(const struct collection *collection)
{
    return collection->type == 1 || (collection->type >= 12 && collection->type <= 17);
}

static int check_name(const struct place *place, const char *name)
{
    if (strlen(name) > LIMIT_USER_NAME_BYTES)
        return -ENAMETOOLONG;
    if (!name_is_allowed(name))
        return -EINVAL;
    /* A scratch name would be a folder that never leaves the machine, of which there is none. */
    if (*name == '.' || g_str_has_suffix(name, "~"))
        return -EPERM;
    return place->outbox || place->class >= EAS_CLASSES ? -EPERM : 0;
}

/* The class's own directory stands for the root of the server's tree, whatever collection has it. */
static const char *parent_id(const struct place *place)
{
    return place->dir < INO_CLASSES_END || !place->collection.id ? "0" : place->collection.server_id;
}

static int put_row(struct editor *editor, enum journal_kind kind, int64_t collection_id, const struct file_row *was)
{
    struct journal row;
    int error = journal_of_collection(editor->store, kind, collection_id, &row);

    if (!error && row.state == JOURNAL_SENT) {
        journal_clear(&row);
        error = -ENOENT;
    }
    if (error == -ENOENT) {
        row = editor_row(kind, 0);
        row.collection_id = collection_id;
        if (was) {
            g_free(row.origin);
            row.origin = g_strdup(was->name);
            row.origin_ino = was->parent;
        }
        error = 0;
    }
    row.state = JOURNAL_QUEUED;
    if (!error)
        error = journal_put(editor->store, &row);
    journal_clear(&row);
    return error;
}

/* ---- mkdir ---- */

static int make(struct editor *editor, struct edit *edit, const struct place *place)
{
    struct collection collection = {.parent_id = g_strdup(parent_id(place)),
                                    .name = g_strdup(edit->name),
                                    .type = types[place->class],
                                    .class = place->class,
                                    .sync_key = g_strdup("0"),
                                    .selected = true,
                                    .filter = -1};
    struct file_row made = {0};
    int error = store_folder_make(editor->store, &collection);

    if (!error && !(error = store_file_get(editor->store, collection.ino, &made)) &&
        (made.parent != place->dir || strcmp(made.name, edit->name) != 0))
        error = store_file_rename(editor->store, collection.ino, place->dir, edit->name);
    if (!error)
        error = put_row(editor, JOURNAL_FOLDER_CREATE, collection.id, NULL);
    edit->attr.ino = (uint64_t)collection.ino;
    file_row_clear(&made);
    collection_clear(&collection);
    return error;
}

int edit_do_mkdir(struct editor *editor, struct edit *edit)
{
    struct file_row there = {0};
    struct place place = {0};
    int error = place_read(editor, (int64_t)edit->parent, &place);

    if (!error && !(error = check_name(&place, edit->name)) &&
        !(error = store_file_find(editor->store, place.dir, edit->name, &there)))
        error = -EEXIST;
    if (error == -ENOENT)
        error = make(editor, edit, &place);
    file_row_clear(&there);
    place_clear(&place);
    return error;
}

/* ---- rmdir ---- */

static int bury(struct editor *editor, const struct collection *collection, const struct file_row *dir)
{
    int error = put_row(editor, JOURNAL_FOLDER_DELETE, collection->id, dir);

    return error ? error : store_file_bury(editor->store, dir->ino);
}

/* Not yet told the server, not to be told any more; what is on its way there is removed when it has arrived. */
static int unmake(struct editor *editor, const struct collection *collection, const struct file_row *dir)
{
    struct journal row;
    int error = journal_of_collection(editor->store, JOURNAL_FOLDER_CREATE, collection->id, &row);

    if (!error && row.state == JOURNAL_SENT)
        error = bury(editor, collection, dir);
    else if (!error && !(error = journal_remove(editor->store, row.id)))
        error = store_collection_remove(editor->store, collection->id);
    journal_clear(&row);
    return error;
}

static int remove_folder(struct editor *editor, const struct file_row *dir)
{
    struct collection collection = {0};
    int error = store_collection_of(editor->store, dir->ino, &collection);

    /* What is no folder of the server's, or is not held whole, is not ours to remove. */
    if (!error && journal_is_stand_in(collection.server_id))
        error = unmake(editor, &collection, dir);
    else if (error || !is_users(&collection) || !collection.complete || collection.more || collection.filter > 0)
        error = error && error != -ENOENT ? error : -EPERM;
    else
        error = bury(editor, &collection, dir);
    collection_clear(&collection);
    return error;
}

int edit_do_rmdir(struct editor *editor, struct edit *edit)
{
    struct file_row dir = {0};
    int error = store_file_find(editor->store, (int64_t)edit->parent, edit->name, &dir);

    if (!error && dir.kind != FILE_DIRECTORY)
        error = -ENOTDIR;
    else if (!error && (dir.ino < INO_CLASSES_END || dir.ino == store_place(editor->store, PLACE_OUTBOX)))
        error = -EPERM;
    else if (!error && !store_directory_is_empty(editor->store, dir.ino))
        error = -ENOTEMPTY;
    if (!error)
        error = remove_folder(editor, &dir);
    file_row_clear(&dir);
    return error;
}

/* ---- rename ---- */

static int place_folder(struct editor *editor, struct edit *edit, const struct file_row *dir, const struct place *to)
{
    struct collection collection = {0};
    int error = store_collection_of(editor->store, dir->ino, &collection);

    if (error || !is_users(&collection)) {
        collection_clear(&collection);
        return error && error != -ENOENT ? error : -EPERM;
    }
    if (!(error =
              store_folder_name(editor->store, collection.id, collection.server_id, parent_id(to), edit->new_name)) &&
        !(error = store_file_rename(editor->store, dir->ino, to->dir, edit->new_name)) &&
        !journal_is_stand_in(collection.server_id))
        error = put_row(editor, JOURNAL_FOLDER_UPDATE, collection.id, dir);
    collection_clear(&collection);
    return error;
}

/* An empty folder gives its name, and goes. */
static int make_room(struct editor *editor, const struct file_row *there)
{
    if (there->kind != FILE_DIRECTORY)
        return -ENOTDIR;
    return store_directory_is_empty(editor->store, there->ino) ? remove_folder(editor, there) : -ENOTEMPTY;
}

int folder_rename(struct editor *editor, struct edit *edit, const struct file_row *dir)
{
    struct file_row there = {0};
    struct place to = {0};
    int error = place_read(editor, (int64_t)edit->new_parent, &to);

    if (!error &&
        (dir->ino < INO_CLASSES_END || dir->ino == store_place(editor->store, PLACE_OUTBOX) || to.class != dir->class))
        error = -EPERM;
    if (!error && !(error = check_name(&to, edit->new_name)) &&
        !(error = store_file_find(editor->store, to.dir, edit->new_name, &there)))
        error = make_room(editor, &there);
    else if (error == -ENOENT)
        error = 0;
    if (!error)
        error = place_folder(editor, edit, dir, &to);
    file_row_clear(&there);
    place_clear(&to);
    return error;
}
