/* The pass: what every way up shares, and their order. */
#include "cache/upload/upload.h"

#include <errno.h>
#include <string.h>

#include "cache/upload/uploader.h"
#include "codec/limits.h"

/* ---- what is kept between passes ---- */

struct uploader *uploader_of(struct sync_engine *engine)
{
    if (!engine->uploader) {
        engine->uploader = g_new0(struct uploader, 1);
        engine->uploader->done = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
        engine->uploader->deleted_at = g_array_new(FALSE, FALSE, sizeof(int64_t));
    }
    return engine->uploader;
}

void upload_clear(struct sync_engine *engine)
{
    struct uploader *uploader = g_steal_pointer(&engine->uploader);

    if (!uploader)
        return;
    g_hash_table_unref(uploader->done);
    g_array_unref(uploader->deleted_at);
    g_free(uploader);
}

static int64_t now_ns(void)
{
    return g_get_real_time() * 1000;
}

/* What was sent and not answered is looked for at once, but for letters, whose time there is. */
static bool is_doubtful(struct sync_engine *engine)
{
    const struct uploader *uploader = uploader_of(engine);
    g_autoptr(GArray) sent = journal_list(engine->store, JOURNAL_SENT, G_MAXINT64);

    for (guint i = 0; i < sent->len; i++)
        if (!uploader->look_at || !row_is_letter(&g_array_index(sent, struct journal, i)))
            return true;
    return false;
}

bool upload_is_due(struct sync_engine *engine)
{
    const struct uploader *uploader = uploader_of(engine);

    return journal_next_due(engine->store) <= now_ns() ||
           (uploader->look_at && uploader->look_at <= g_get_monotonic_time()) || is_doubtful(engine);
}

gint64 upload_next(struct sync_engine *engine)
{
    const struct uploader *uploader = uploader_of(engine);
    int64_t due = journal_next_due(engine->store);
    gint64 now = g_get_monotonic_time(), at = due == G_MAXINT64 ? G_MAXINT64 : now + MAX(due - now_ns(), 0) / 1000;

    if (uploader->look_at)
        at = MIN(at, uploader->look_at);
    return is_doubtful(engine) ? now : at;
}

/* ---- the tree ---- */

struct collection *upload_collection(const struct upload *upload, int64_t id)
{
    for (guint i = 0; id && i < upload->collections->len; i++) {
        struct collection *each = &g_array_index(upload->collections, struct collection, i);

        if (each->id == id)
            return each;
    }
    return NULL;
}

static struct collection *by_server_id(const struct upload *upload, const char *server_id)
{
    for (guint i = 0; server_id && i < upload->collections->len; i++) {
        struct collection *each = &g_array_index(upload->collections, struct collection, i);

        if (!strcmp(each->server_id, server_id))
            return each;
    }
    return NULL;
}

bool upload_is_gone(const struct upload *upload, int64_t collection_id)
{
    struct collection collection = {0};
    bool gone = store_collection_get(upload->engine->store, collection_id, &collection) == -ENOENT;

    collection_clear(&collection);
    return gone;
}

bool upload_is_deleted(const struct upload *upload, const struct collection *collection)
{
    for (int depth = 0; collection && depth < LIMIT_FOLDER_DEPTH; depth++) {
        if (collection->type == EAS_FOLDER_DELETED)
            return true;
        collection = by_server_id(upload, collection->parent_id);
    }
    return false;
}

void upload_touch(const struct upload *upload, int64_t collection_id)
{
    const struct collection *collection = upload_collection(upload, collection_id);

    if (collection)
        g_hash_table_add(upload->touched, g_strdup(collection->server_id));
}

void upload_touch_type(const struct upload *upload, int type)
{
    for (guint i = 0; i < upload->collections->len; i++)
        if (g_array_index(upload->collections, struct collection, i).type == type)
            upload_touch(upload, g_array_index(upload->collections, struct collection, i).id);
}

void upload_bar(const struct upload *upload, int64_t collection_id)
{
    upload_touch(upload, collection_id);
    g_hash_table_add(upload->barred, g_memdup2(&collection_id, sizeof collection_id));
}

bool upload_is_stopping(const struct upload *upload)
{
    const struct sync_hooks *hooks = &upload->engine->hooks;

    return hooks->stopping && hooks->stopping(hooks->ctx);
}

/* ---- rows ---- */

struct eas_node *upload_node(GBytes *bytes)
{
    return bytes ? eas_node_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL) : NULL;
}

static void row_clear(void *row)
{
    journal_clear(row);
}

/* Inodes and ids of items count from 1, each in its own set. */
static bool is_waited_for(GHashTable *items, GHashTable *files, const struct journal *row)
{
    return (row->item_id && g_hash_table_contains(items, &row->item_id)) ||
           (row->ino && g_hash_table_contains(files, &row->ino));
}

static void note_waiting(GHashTable *items, GHashTable *files, const struct journal *row)
{
    if (row->state == JOURNAL_HELD)
        return;
    if (row->item_id)
        g_hash_table_add(items, g_memdup2(&row->item_id, sizeof row->item_id));
    if (row->ino)
        g_hash_table_add(files, g_memdup2(&row->ino, sizeof row->ino));
}

GArray *upload_due(const struct upload *upload, unsigned kinds)
{
    g_autoptr(GHashTable) items = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GHashTable) files = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    const int64_t newest = uploader_of(upload->engine)->newest;
    GArray *all = journal_list(upload->engine->store, -1, 0), *due = g_array_new(FALSE, TRUE, sizeof(struct journal));

    g_array_set_clear_func(due, row_clear);
    for (guint i = 0; i < all->len; i++) {
        struct journal *row = &g_array_index(all, struct journal, i);
        bool free = !is_waited_for(items, files, row);

        note_waiting(items, files, row);
        if (free && row->state == JOURNAL_QUEUED && row->due_ns <= upload->now_ns && row->id <= newest &&
            kinds & UPLOAD_KIND(row->kind)) {
            g_array_append_val(due, *row);
            *row = (struct journal){0};
        }
    }
    g_array_unref(all);
    return due;
}

/* ---- transactions ---- */

int upload_begin(struct upload *upload)
{
    return store_begin(upload->engine->store);
}

int upload_end(struct upload *upload, int error)
{
    if (error) {
        store_rollback(upload->engine->store);
        return error;
    }
    step("commit");
    error = store_commit(upload->engine->store);
    step("committed");
    return error;
}

/* ---- the pass ---- */

static struct eas_result by_any_way(struct upload *upload)
{
    static struct eas_result (*const ways[])(struct upload *) = {
        upload_folders, upload_moves, upload_commands, upload_replies, upload_mail,
    };
    struct eas_result result = store_result(upload_brake(upload));

    for (size_t i = 0; i < G_N_ELEMENTS(ways) && eas_is_served(&result) && !upload->engine->folders_stale; i++)
        result = upload_is_stopping(upload) ? eas_unreachable(75, "interrupted") : ways[i](upload);
    return result;
}

struct eas_result upload_send(struct sync_engine *engine, GHashTable *touched, bool first)
{
    struct upload upload = {.engine = engine,
                            .collections = store_collections(engine->store),
                            .touched = touched,
                            .barred = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
                            .now_ns = now_ns()};
    if (first)
        uploader_of(engine)->newest = journal_newest(engine->store);
    int error = upload_doubts(&upload, NULL, true);
    struct eas_result result = store_result(error ? error : upload_look_for_mail(&upload));

    if (eas_is_served(&result))
        result = by_any_way(&upload);
    g_hash_table_unref(upload.barred);
    g_array_unref(upload.collections);
    return result;
}
