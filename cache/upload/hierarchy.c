/* Folders made, renamed, moved and removed here (MS-ASCMD 2.2.1.2 to .4): one request each, in order, with the key of
 * FolderSync, which changes in the same transaction. A removed folder of mail moves into Deleted Items; in there, and
 * in the other classes, it is gone. */
#include <errno.h>
#include <string.h>

#include "cache/upload/uploader.h"
#include "codec/limits.h"
#include "codec/wire/folder_change.h"
#include "codec/wire/status.h"

static enum eas_command command_of(const struct journal *row, bool to_trash)
{
    switch (row->kind) {
    case JOURNAL_FOLDER_CREATE:
        return EAS_FOLDER_CREATE;
    case JOURNAL_FOLDER_DELETE:
        return to_trash ? EAS_FOLDER_UPDATE : EAS_FOLDER_DELETE;
    default:
        return EAS_FOLDER_UPDATE;
    }
}

static struct collection *find_trash(const struct upload *upload)
{
    for (guint i = 0; i < upload->collections->len; i++) {
        struct collection *each = &g_array_index(upload->collections, struct collection, i);

        if (each->type == EAS_FOLDER_DELETED)
            return each;
    }
    return NULL;
}

/* The directory of a class stands for the root and for its default folder: servers put what is new there under either.
 */
static const char *place_id(const struct upload *upload, enum eas_class class, const char *parent_id)
{
    for (guint i = 0; i < upload->collections->len && class != EAS_MAIL; i++) {
        const struct collection *each = &g_array_index(upload->collections, struct collection, i);

        if (each->class == class && eas_folder_is_default(each->type) && !g_strcmp0(each->server_id, parent_id))
            return "0";
    }
    return parent_id;
}

/* The folder of that name in that place, other than the one itself. */
static struct collection *find_folder(const struct upload *upload, const struct collection *self, const char *parent_id,
                                      const char *name)
{
    const char *place = place_id(upload, self->class, parent_id);

    for (guint i = 0; i < upload->collections->len; i++) {
        struct collection *each = &g_array_index(upload->collections, struct collection, i);

        if (each->id != self->id && each->class == self->class && !g_strcmp0(each->name, name) &&
            !g_strcmp0(place_id(upload, each->class, each->parent_id), place))
            return each;
    }
    return NULL;
}

/* ---- what was done ---- */

/* A folder that was given another name, or moved, while it was on its way as new. */
static int catch_up(struct upload *upload, const struct journal *row, const struct collection *sent)
{
    struct store *store = upload->engine->store;
    struct collection now = {0};
    struct journal renamed = {.kind = JOURNAL_FOLDER_UPDATE,
                              .state = JOURNAL_QUEUED,
                              .collection_id = row->collection_id,
                              .queued_ns = upload->now_ns,
                              .origin = sent->name,
                              .wanted = {-1, -1, -1, -1, NULL}};
    int error = store_collection_get(store, row->collection_id, &now);

    if (!error && (strcmp(now.name, sent->name) != 0 || g_strcmp0(now.parent_id, sent->parent_id) != 0)) {
        struct file_row dir = {0};

        error = now.ino ? store_file_get(store, now.ino, &dir) : -ENOENT;
        renamed.origin_ino = dir.parent;
        file_row_clear(&dir);
        if (!error)
            error = journal_put(store, &renamed);
    }
    collection_clear(&now);
    return error == -ENOENT ? 0 : error;
}

static void touch(struct upload *upload, const char *server_id)
{
    g_hash_table_add(upload->touched, g_strdup(server_id));
}

/* The folder is there, and nobody can have put anything into it before: it is known whole, and asked in this pass. */
static int made(struct upload *upload, struct journal *row, const struct collection *sent, const char *server_id)
{
    struct store *store = upload->engine->store;
    struct collection now = {0};
    int error = journal_folder_created(store, row, server_id);

    if (!error && !(error = store_collection_get(store, row->collection_id, &now))) {
        now.complete = true;
        error = store_collection_state(store, &now);
    }
    collection_clear(&now);
    touch(upload, server_id);
    return error && error != -ENOENT ? error : catch_up(upload, row, sent);
}

static int done(struct upload *upload, struct journal *row, const struct collection *sent,
                const struct collection *trash, const struct folder_changed *answer)
{
    struct store *store = upload->engine->store;
    int error = store_set(store, "hierarchy-key", answer->sync_key);

    if (error)
        return error;
    switch (row->kind) {
    case JOURNAL_FOLDER_CREATE:
        return made(upload, row, sent, answer->server_id);
    case JOURNAL_FOLDER_DELETE:
        return journal_folder_deleted(store, row, trash ? trash->server_id : NULL);
    default:
        return journal_folder_updated(store, row);
    }
}

/* ---- one change ---- */

/* A second folder of that name is told apart; what the tree does not show, a refusal has. */
static char *name_in_trash(const struct upload *upload, const struct journal *row, const struct collection *collection,
                           const struct collection *trash)
{
    char *name = g_strdup(collection->name);

    for (int i = row->error ? row->tries + 1 : 2;
         (row->error && i == row->tries + 1) || find_folder(upload, collection, trash->server_id, name); i++) {
        g_free(name);
        name = g_strdup_printf("%s (%d)", collection->name, i);
    }
    return name;
}

static void write_request(GByteArray *out, const char *key, const struct upload *upload, const struct journal *row,
                          const struct collection *collection, const struct collection *trash)
{
    g_autofree char *name = NULL;

    switch (row->kind) {
    case JOURNAL_FOLDER_CREATE:
        folder_create_request(out, key, collection->parent_id, collection->name, collection->class);
        return;
    case JOURNAL_FOLDER_DELETE:
        if (!trash) {
            folder_delete_request(out, key, collection->server_id);
            return;
        }
        name = name_in_trash(upload, row, collection, trash);
        folder_update_request(out, key, collection->server_id, trash->server_id, name);
        return;
    default:
        folder_update_request(out, key, collection->server_id, collection->parent_id, collection->name);
    }
}

/* It was removed here while it was on its way as new. */
static bool is_taken_back(struct upload *upload, const struct journal *row)
{
    struct journal removal = {0};
    bool is = row->kind == JOURNAL_FOLDER_CREATE &&
              journal_of_collection(upload->engine->store, JOURNAL_FOLDER_DELETE, row->collection_id, &removal) == 0;

    journal_clear(&removal);
    return is;
}

/* Then it never was; its removal finds nothing to remove. */
static int forget_folder(struct upload *upload, struct journal *row)
{
    int error = store_collection_remove(upload->engine->store, row->collection_id);

    return error && error != -ENOENT ? error : journal_remove(upload->engine->store, row->id);
}

/* A folder of that name is there already: that it came from here, or is meant, is all the same. The row knows how it
 * was asked for. */
static int adopt(struct upload *upload, struct journal *row, const struct collection *there)
{
    const struct collection sent = {.name = row->origin, .parent_id = row->batch_key};
    int error = upload_begin(upload);

    if (error)
        return error;
    /* What may be another's is not removed for that. */
    if (is_taken_back(upload, row))
        return upload_end(upload, forget_folder(upload, row));
    touch(upload, there->server_id);
    error = store_collection_remove(upload->engine->store, there->id);
    if (!error)
        error = journal_folder_created(upload->engine->store, row, there->server_id);
    return upload_end(upload, error ? error : catch_up(upload, row, &sent));
}

static int in_transaction(struct upload *upload, struct journal *row, const struct collection *sent,
                          const struct collection *trash, const struct folder_changed *answer,
                          const struct eas_result *refusal)
{
    int error = upload_begin(upload);

    if (error)
        return error;
    if (!answer && is_taken_back(upload, row))
        error = forget_folder(upload, row);
    else if (refusal)
        error = row_refused(upload, row, refusal);
    else
        error = answer ? done(upload, row, sent, trash, answer) : row_requeue(upload, row);
    return upload_end(upload, error);
}

static int forget(struct upload *upload, struct journal *row)
{
    int error = upload_begin(upload);

    return error ? error : upload_end(upload, journal_remove(upload->engine->store, row->id));
}

/* A name that is taken, by nobody else in a tree that was read since: it was given before, and the answer was lost. */
static bool is_named_already(const struct upload *upload, const struct journal *row, const struct collection *sent)
{
    return row->kind == JOURNAL_FOLDER_UPDATE && row->tries > 0 &&
           !find_folder(upload, sent, sent->parent_id, sent->name);
}

/* What there was for an answer, should the tree not tell better. */
static int note_answer(struct upload *upload, struct journal *row, const struct eas_result *result)
{
    int error = upload_begin(upload);

    if (error)
        return error;
    g_free(row->error);
    row->error = g_strdup(eas_is_served(result) ? "the server's answer does not say that it was done" : result->text);
    return upload_end(upload, journal_put(upload->engine->store, row));
}

/* A new folder that is told by the id of another is looked for under its name, in a list that is read anew. */
static bool is_anothers(struct upload *upload, const struct journal *row, const char *server_id)
{
    struct collection other = {0};
    bool is = row->kind == JOURNAL_FOLDER_CREATE &&
              store_collection_find(upload->engine->store, server_id, &other) == 0 && other.id != row->collection_id;

    collection_clear(&other);
    return is;
}

static struct eas_result judge(struct upload *upload, struct journal *row, const struct collection *sent,
                               const struct collection *trash, const struct call *call, struct eas_result result,
                               const struct folder_changed *answer)
{
    enum { EXISTS = 2 };
    int error = 0;

    if (!eas_is_served(&result) && call->unsent) {
        error = in_transaction(upload, row, sent, trash, NULL, NULL);
        return error ? store_result(error) : result;
    }
    if (eas_is_served(&result) && answer->status > 1)
        result = eas_status_result(call->command, EAS_LEVEL_TOP, answer->status);
    if (eas_is_served(&result) && answer->sync_key && is_anothers(upload, row, answer->server_id)) {
        upload->engine->folders_stale = upload->engine->folders_anew = true;
        return result;
    }
    if (eas_is_served(&result) && answer->sync_key)
        return store_result(in_transaction(upload, row, sent, trash, answer, NULL));
    /* What cannot be read as done, or as refused, is looked for in the tree; so is what exists already. */
    if (eas_is_served(&result) || result.http >= 500 ||
        (row->kind == JOURNAL_FOLDER_CREATE && result.status == EXISTS && !row->tries)) {
        upload->engine->folders_stale = true;
        return store_result(note_answer(upload, row, &result));
    }
    if (result.outcome != EAS_REFUSED)
        return result;
    if (result.status == EXISTS && is_named_already(upload, row, sent))
        return store_result(forget(upload, row));
    if (row->kind == JOURNAL_FOLDER_DELETE && trash && result.status == EXISTS)
        result.action = EAS_ACTION_RETRY;
    error = in_transaction(upload, row, sent, trash, NULL, &result);
    return store_result(error);
}

static struct eas_result ask(struct upload *upload, struct journal *row, const struct collection *collection)
{
    struct sync_engine *engine = upload->engine;
    const struct collection *trash =
        row->kind == JOURNAL_FOLDER_DELETE && collection->class == EAS_MAIL && !upload_is_deleted(upload, collection)
            ? find_trash(upload)
            : NULL;
    g_autoptr(GByteArray) request = g_byte_array_new();
    g_autofree char *key = store_get(engine->store, "hierarchy-key");
    struct answer_tree tree = {0};
    struct folder_changed answer;
    struct call call = {.command = command_of(row, trash != NULL),
                        .request = request,
                        .sink = &answer_tree_sink,
                        .ctx = &tree,
                        .once = true};
    const char *parent_id = collection->parent_id;
    struct eas_result result;

    if (row->kind == JOURNAL_FOLDER_CREATE) {
        g_free(row->origin);
        row->origin = g_strdup(collection->name);
    }
    result = store_result(rows_mark(upload, &row, 1, &parent_id));
    if (!eas_is_served(&result) || !row->id)
        return result;
    write_request(request, key ? key : "0", upload, row, collection, trash);
    result = session_call(engine->link, &call);
    folder_changed_read(eas_is_served(&result) ? answer_tree_root(&tree) : NULL, &answer);
    result = judge(upload, row, collection, trash, &call, result, &answer);
    folder_changed_clear(&answer);
    answer_tree_clear(&tree);
    return result;
}

/* One that was on its way: the tree has been read since. */
static int settle(struct upload *upload, struct journal *row)
{
    struct collection collection = {0};
    const struct collection *there = NULL;
    int error = store_collection_get(upload->engine->store, row->collection_id, &collection);

    if (!error && row->kind == JOURNAL_FOLDER_CREATE)
        there = find_folder(upload, &collection, row->batch_key, row->origin);
    if (there) {
        error = adopt(upload, row, there);
    } else if (!error || error == -ENOENT) {
        bool gone = error == -ENOENT;

        row->tries++;
        error = upload_begin(upload);
        if (!error && (gone || is_taken_back(upload, row)))
            error = upload_end(upload, forget_folder(upload, row));
        else if (!error && row->tries >= LIMIT_UPLOAD_TRIES)
            error =
                upload_end(upload, row_hold(upload, row, row->error ? row->error : "the server never answered to it"));
        else if (!error)
            error = upload_end(upload, row_requeue(upload, row));
    }
    collection_clear(&collection);
    return error;
}

static int settle_all(struct upload *upload)
{
    g_autoptr(GArray) rows = journal_list(upload->engine->store, JOURNAL_SENT, G_MAXINT64);
    int error = 0;

    for (guint i = 0; i < rows->len && !error; i++) {
        struct journal *row = &g_array_index(rows, struct journal, i);

        if (row->kind >= JOURNAL_FOLDER_CREATE && row->kind <= JOURNAL_FOLDER_DELETE)
            error = settle(upload, row);
    }
    return error;
}

static void reload(struct upload *upload)
{
    g_array_unref(upload->collections);
    upload->collections = store_collections(upload->engine->store);
}

/* It stood elsewhere when it was removed here, and is in Deleted Items now: by a request whose answer was lost, or by
 * somebody else. It is not removed from there. */
static bool is_binned(struct upload *upload, const struct journal *row, const struct collection *collection)
{
    struct collection parent = {0};
    bool binned = row->kind == JOURNAL_FOLDER_DELETE && collection->class == EAS_MAIL &&
                  upload_is_deleted(upload, collection) &&
                  !(store_collection_of(upload->engine->store, row->origin_ino, &parent) == 0 &&
                    upload_is_deleted(upload, &parent));

    collection_clear(&parent);
    return binned;
}

static int bin(struct upload *upload, struct journal *row, const struct collection *collection)
{
    int error = upload_begin(upload);

    return error ? error
                 : upload_end(upload, journal_folder_deleted(upload->engine->store, row, collection->parent_id));
}

/* A folder whose parent the server does not know yet waits for that; so does one that it may be about to know. */
static bool is_known(const struct journal *row, const struct collection *collection)
{
    return !journal_is_stand_in(collection->parent_id) &&
           (row->kind == JOURNAL_FOLDER_CREATE || !journal_is_stand_in(collection->server_id));
}

static struct eas_result change_folder(struct upload *upload, struct journal *row)
{
    struct collection collection = {0};
    int error = store_collection_get(upload->engine->store, row->collection_id, &collection);
    struct eas_result result = eas_served();

    if (error == -ENOENT)
        result = store_result(forget(upload, row));
    else if (error)
        result = store_result(error);
    else if (is_binned(upload, row, &collection))
        result = store_result(bin(upload, row, &collection));
    else if (is_known(row, &collection))
        result = ask(upload, row, &collection);
    collection_clear(&collection);
    return result;
}

struct eas_result upload_folders(struct upload *upload)
{
    const unsigned kinds =
        UPLOAD_KIND(JOURNAL_FOLDER_CREATE) | UPLOAD_KIND(JOURNAL_FOLDER_UPDATE) | UPLOAD_KIND(JOURNAL_FOLDER_DELETE);
    struct eas_result result = store_result(settle_all(upload));
    g_autoptr(GArray) rows = upload_due(upload, kinds);

    for (guint i = 0; i < rows->len && eas_is_served(&result) && !upload->engine->folders_stale; i++) {
        result = change_folder(upload, &g_array_index(rows, struct journal, i));
        reload(upload);
    }
    return result;
}
