/* What no answer came to (upload.h): put up for comparison, known again when it comes down, sent again when it does
 * not. */
#include <errno.h>
#include <string.h>

#include "cache/sync/properties.h"
#include "cache/upload/uploader.h"
#include "codec/limits.h"

static bool is_key_dead(const struct collection *collection)
{
    return collection->resync || !strcmp(collection->sync_key, "0");
}

static void name_collection(GHashTable *only, const struct collection *collection)
{
    if (only && collection)
        g_hash_table_add(only, g_strdup(collection->server_id));
}

static int put(struct upload *upload, struct journal *row, int (*how)(struct upload *, struct journal *))
{
    int error = upload_begin(upload);

    return error ? error : upload_end(upload, how(upload, row));
}

/* It was sent, and may be the cause that nobody answered. */
static int try_again(struct upload *upload, struct journal *row)
{
    row->tries++;
    if (row->tries >= LIMIT_UPLOAD_TRIES)
        return row_hold(upload, row,
                        row->error ? row->error : "the server never answered to it; easfs retry sends it once more");
    row->due_ns = 0;
    return row_requeue(upload, row);
}

static int forget_key(struct upload *upload, struct journal *row)
{
    g_clear_pointer(&row->batch_key, g_free);
    return journal_put(upload->engine->store, row);
}

/* With the key of its request still in the row, its folder is yet to be read anew; without it, it is being read, or
 * was. */
static int doubt_add(struct upload *upload, struct journal *row)
{
    struct collection *collection = upload_collection(upload, row->collection_id);
    int error = 0;

    if (!collection || !collection->selected)
        return put(upload, row, try_again);
    if (!row->batch_key)
        return is_key_dead(collection) ? 0 : put(upload, row, try_again);
    if (!is_key_dead(collection))
        error = resync_start(upload->engine, collection);
    return error ? error : put(upload, row, forget_key);
}

/* The item is in the target, or was not moved. Called when both folders were asked. */
static int settle_move(struct upload *upload, struct journal *row)
{
    struct item item = {0};
    int error = store_item_get(upload->engine->store, row->item_id, &item);

    if (error == -ENOENT)
        error = journal_remove(upload->engine->store, row->id);
    else if (!error && item.collection_id == row->target_id)
        error = journal_moved(upload->engine->store, row, item.server_id);
    else if (!error)
        error = try_again(upload, row);
    item_clear(&item);
    return error;
}

/* From 16.0 on the server mails the organiser itself, so that an answer is not given twice unseen: the event, which was
 * asked for since, tells whether it was taken. One that was declined may be gone. */
static int settle_response(struct upload *upload, struct journal *row)
{
    struct item item = {0};
    int error = store_item_get(upload->engine->store, row->item_id, &item);

    if (!error && session_version(upload->engine->session) < EAS_16_0) {
        error = try_again(upload, row);
    } else if (!error || error == -ENOENT) {
        g_autoptr(eas_node) data = upload_node(item.props);
        bool taken = error == -ENOENT || (data && meeting_response_told(data) == row->response);

        error = taken ? journal_remove(upload->engine->store, row->id)
                      : row_hold(upload, row,
                                 "the organiser may have been told: the server's answer was lost, and the event does "
                                 "not say it; easfs retry answers (again), easfs discard drops the answer");
    }
    item_clear(&item);
    return error;
}

/* A folder that is still being read tells nothing yet. */
static int doubt_response(struct upload *upload, struct journal *row, bool asked)
{
    const struct collection *collection = upload_collection(upload, row->collection_id);
    bool read = !collection || (!is_key_dead(collection) && !collection->more);

    return asked && read ? put(upload, row, settle_response) : 0;
}

static int doubt_row(struct upload *upload, struct journal *row, GHashTable *only, bool asked)
{
    switch (row->kind) {
    case JOURNAL_ADD:
        name_collection(only, upload_collection(upload, row->collection_id));
        return doubt_add(upload, row);
    case JOURNAL_CHANGE:
    case JOURNAL_DELETE:
    case JOURNAL_FLAGS:
        name_collection(only, upload_collection(upload, row->collection_id));
        return put(upload, row, try_again);
    case JOURNAL_RESPOND:
        name_collection(only, upload_collection(upload, row->collection_id));
        return doubt_response(upload, row, asked);
    case JOURNAL_MOVE:
        name_collection(only, upload_collection(upload, row->collection_id));
        name_collection(only, upload_collection(upload, row->target_id));
        return asked ? put(upload, row, settle_move) : 0;
    case JOURNAL_FOLDER_CREATE:
    case JOURNAL_FOLDER_UPDATE:
    case JOURNAL_FOLDER_DELETE:
        upload->engine->folders_stale |= !asked;
        return 0;
    case JOURNAL_SEND:
    case JOURNAL_MAIL:
        return 0; /* sending.c looks for it */
    }
    return 0;
}

int upload_doubts(struct upload *upload, GHashTable *only, bool asked)
{
    g_autoptr(GArray) rows = journal_list(upload->engine->store, JOURNAL_SENT, G_MAXINT64);
    int error = 0;

    for (guint i = 0; i < rows->len && !error; i++)
        error = doubt_row(upload, &g_array_index(rows, struct journal, i), only, asked);
    return error;
}

/* What waits for its folder: that is asked first, so that changes of both sides meet here and not on the server. A flag
 * is what it is, whatever it was. */
static void name_due(struct upload *upload, GHashTable *only)
{
    g_autoptr(GArray) rows = journal_list(upload->engine->store, JOURNAL_QUEUED, upload->now_ns);

    for (guint i = 0; only && i < rows->len; i++) {
        const struct journal *row = &g_array_index(rows, struct journal, i);

        if (row->kind == JOURNAL_CHANGE || row->kind == JOURNAL_DELETE || row->kind == JOURNAL_ADD)
            name_collection(only, upload_collection(upload, row->collection_id));
    }
}

int upload_prepare(struct sync_engine *engine, GHashTable *only)
{
    struct upload upload = {
        .engine = engine, .collections = store_collections(engine->store), .now_ns = g_get_real_time() * 1000};
    int error = upload_doubts(&upload, only, false);

    if (!error) {
        name_due(&upload, only);
        upload_name_sent(&upload, only);
    }
    g_array_unref(upload.collections);
    return error;
}

/* ---- known again ---- */

uint64_t row_stamp(const struct collection *collection, const struct journal *row)
{
    g_autoptr(eas_node) mine = upload_node(row->data);

    return mine && collection->class != EAS_MAIL ? properties_stamp(collection->class, mine) : 0;
}

static bool same_text(const char *a, const char *b)
{
    return a && b && *a && !strcmp(a, b);
}

static bool same_field(eas_tag tag, const struct eas_node *one, const struct eas_node *other)
{
    return g_strcmp0(eas_node_text(one, tag), eas_node_text(other, tag)) == 0;
}

/* How surely what came is what was sent, which had these properties and this uid: 0 not at all. Servers mend and
 * complete what they are given, so that the title alone may have to do; but only for what nobody here knows, right
 * after it was sent. Of a draft, whose fields no table compares, its subject always has to. */
static int likeness(enum eas_class class, GBytes *props, const char *uid, const struct eas_node *data)
{
    g_autoptr(eas_node) mine = upload_node(props);
    g_autofree char *mine_title = mine ? file_title(class, mine) : NULL;
    g_autofree char *title = file_title(class, data);

    if (!mine)
        return 0;
    if (same_text(uid, file_uid(class, data)))
        return 3;
    if (class == EAS_MAIL)
        return same_field(TAG_Email_Subject, mine, data);
    if (item_same(class, mine, data, NULL))
        return 2;
    if (class == EAS_CALENDAR && !same_field(TAG_Calendar_StartTime, mine, data))
        return 0;
    return same_text(mine_title, title) ? 1 : 0;
}

static int likeness_of_row(const struct collection *collection, const struct journal *row, const struct eas_node *data)
{
    return likeness(collection->class, row->data, row->uid, data);
}

static bool find_add(const struct collection *collection, const struct eas_node *data, GArray *sent, guint *found)
{
    int best = 0;

    for (guint i = 0; i < sent->len; i++) {
        const struct journal *row = &g_array_index(sent, struct journal, i);
        bool fits = row->kind == JOURNAL_ADD && row->collection_id == collection->id;
        int like = fits ? likeness_of_row(collection, row, data) : 0;

        if (like > best) {
            best = like;
            *found = i;
        }
    }
    return best > 0;
}

/* The same thing was made on both sides, as two machines do that copy one calendar. */
static bool find_twin(struct sync_engine *engine, const struct collection *collection, const struct eas_node *data,
                      struct journal *row)
{
    const char *uid = file_uid(collection->class, data);

    return uid && *uid && journal_uid(engine->store, collection->id, uid, 0, row) == 0 &&
           row->state == JOURNAL_QUEUED && likeness_of_row(collection, row, data) >= 2;
}

static int take_add(struct sync_engine *engine, const struct collection *collection, struct journal *row,
                    const char *server_id, struct item *item)
{
    struct upload upload = {.engine = engine, .now_ns = g_get_real_time() * 1000};
    bool inside = collection->resync; /* items.c: a resync is stored as it is read */
    int error = inside ? 0 : store_begin(engine->store);
    int64_t id;

    if (error)
        return error;
    id = row->state == JOURNAL_SENT ? row_added(&upload, row, collection, server_id)
                                    : journal_added(engine->store, row, server_id, row_stamp(collection, row));
    error = (int)MIN(id, 0);
    if (!error)
        error = store_item_get(engine->store, id, item);
    if (inside)
        return error;
    if (!error)
        return store_commit(engine->store);
    store_rollback(engine->store);
    return error;
}

/* What the server told of bears its stamp, and a received message is known by nothing else; what was made or edited
 * here is known by what was sent. */
static int likeness_of_item(struct sync_engine *engine, const struct item *item, const struct eas_node *data,
                            uint64_t stamp)
{
    if (stamp && item->stamp == stamp)
        return 3;
    if (item->class == EAS_MAIL && !store_file_is_own(engine->store, item->ino))
        return 0;
    return likeness(item->class, item->props, item->uid, data);
}

/* The other end of a move of ours. */
static bool find_moved(struct sync_engine *engine, const struct collection *collection, const struct eas_node *data,
                       GArray *sent, struct item *item)
{
    uint64_t stamp = properties_stamp(collection->class, data);
    int best = 0;

    for (guint i = 0; i < sent->len; i++) {
        const struct journal *row = &g_array_index(sent, struct journal, i);
        struct item moved = {0};

        if (row->kind != JOURNAL_MOVE || row->target_id != collection->id ||
            store_item_get(engine->store, row->item_id, &moved) != 0)
            continue;
        bool fits = moved.collection_id != collection->id && moved.class == collection->class;
        int like = fits ? likeness_of_item(engine, &moved, data, stamp) : 0;

        if (like > best) {
            item_clear(item);
            *item = moved;
            best = like;
        } else {
            item_clear(&moved);
        }
    }
    return best > 0;
}

bool upload_recognise(struct sync_engine *engine, const struct collection *collection, const char *server_id,
                      const struct eas_node *data, struct item *item, int *error)
{
    g_autoptr(GArray) sent = journal_list(engine->store, JOURNAL_SENT, G_MAXINT64);
    struct journal twin = {0};
    guint at;

    *error = 0;
    if (sent->len && find_moved(engine, collection, data, sent, item))
        return true;
    if (collection->class == EAS_MAIL && collection->type != EAS_FOLDER_DRAFTS)
        return false;
    if (sent->len && find_add(collection, data, sent, &at))
        *error = take_add(engine, collection, &g_array_index(sent, struct journal, at), server_id, item);
    else if (find_twin(engine, collection, data, &twin))
        *error = take_add(engine, collection, &twin, server_id, item);
    else
        *error = -ENOENT;
    journal_clear(&twin);
    if (!*error)
        return true;
    *error = *error == -ENOENT ? 0 : *error;
    return false;
}

int upload_gone(struct sync_engine *engine, const struct item *item)
{
    struct upload upload = {.engine = engine, .now_ns = g_get_real_time() * 1000};
    struct journal row = {0};
    struct item held = {0};
    int error = item->class == EAS_CALENDAR ? store_item_get(engine->store, item->id, &held) : -ENOENT;

    if (!error)
        error = upload_declined(&upload, &held);
    if (!error && !(error = journal_of_item(engine->store, JOURNAL_DELETE, item->id, &row)) && row.sent_ns)
        error = upload_invite(&upload, held.props, NULL, held.uid, held.ino);
    item_clear(&held);
    journal_clear(&row);
    return error == -ENOENT ? 0 : error;
}
