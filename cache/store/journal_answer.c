/* What the server's answer to a row of the journal does to the tree. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "cache/store/store_state.h"

/* What happened to the file while its row was on the way. */
static int added_but_buried(struct store *store, const struct journal *row, const struct item *item)
{
    struct journal deletion = {.kind = JOURNAL_DELETE,
                               .state = JOURNAL_QUEUED,
                               .ino = row->ino,
                               .item_id = item->id,
                               .collection_id = row->collection_id,
                               .queued_ns = store_now(store),
                               .origin = row->origin,
                               .origin_ino = row->origin_ino,
                               .wanted = {-1, -1, -1, -1, NULL}};
    int error = store_identity_home(store, item->id, row->origin_ino, row->origin ? row->origin : "");

    return error ? error : journal_put(store, &deletion);
}

int64_t journal_added(struct store *store, struct journal *row, const char *server_id, uint64_t stamp)
{
    struct file_row file = {0};
    struct item item = {0};
    int error = store_file_get(store, row->ino, &file);

    if (error)
        return error;
    item = (struct item){.collection_id = row->collection_id,
                         .ino = row->ino,
                         .server_id = (char *)server_id,
                         .class = file.class,
                         .uid = row->uid,
                         .stamp = stamp & ~(uint64_t)STAMP_TOLD,
                         .date_ns = file.class == EAS_MAIL ? file.mtime_ns : 0,
                         .title = file.name,
                         .flags = {.read = 1, .importance = 1, .categories = (char *)""},
                         .props = row->data};
    if (!(error = store_identity_add(store, &item)) && store_is_grave(store, file.parent))
        error = added_but_buried(store, row, &item);
    else if (!error && row->origin_ino) /* it has a scratch name meanwhile */
        error = store_identity_home(store, item.id, row->origin_ino, row->origin);
    if (!error)
        error = sql_run(&store->writer, SQL_JOURNAL_JOIN, "ii", item.id, row->ino);
    if (!error)
        error = journal_remove(store, row->id);
    file_row_clear(&file);
    return error ? error : item.id;
}

int journal_changed(struct store *store, struct journal *row, GBytes *props)
{
    GBytes *now = props ? props : row->data;
    int error = store_identity_props(store, row->item_id, now);

    /* Who removed it meanwhile had seen this change: it is no other's. */
    if (!error && now)
        error = sql_run(&store->writer, SQL_JOURNAL_REBASE, "bid", now, row->item_id, (int)JOURNAL_DELETE);
    return error && error != -ENOENT ? error : journal_remove(store, row->id);
}

int journal_deleted(struct store *store, struct journal *row)
{
    struct item item = {0};
    int error = journal_remove(store, row->id);

    if (!error && !(error = store_item_get(store, row->item_id, &item)) &&
        !(error = store_item_remove(store, row->item_id)))
        error = journal_uid_free(store, item.collection_id, item.uid);
    item_clear(&item);
    return error == -ENOENT ? 0 : error;
}

int journal_moved(struct store *store, struct journal *row, const char *server_id)
{
    struct sql *sql = &store->writer;
    struct item_row item = {0};
    struct home home;
    int error = item_row_get(store, row->item_id, &item);

    if (error)
        return error == -ENOENT ? journal_remove(store, row->id) : error;
    if (!(error = collection_home(store, row->target_id, &home)) && !(error = item_count(store, &item.item, -1)) &&
        !(error = sql_run(sql, SQL_ITEM_DISPLACE, "isi", row->target_id, server_id, (int64_t)-1)) &&
        !(error = sql_run(sql, SQL_ITEM_PLACE, "isii", row->target_id, server_id, home.generation, row->item_id)) &&
        !(error = store_is_grave(store, item.parent) ? 0 : store_identity_home(store, row->item_id, 0, ""))) {
        item.item.collection_id = row->target_id;
        error = item_count(store, &item.item, 1);
    }
    if (!error)
        error = journal_remove(store, row->id);
    item_row_clear(&item);
    return error;
}

int journal_hold(struct store *store, struct journal *row, const char *text)
{
    int error = journal_folder_back(store, row);

    if (!error && row->item_id && (row->kind == JOURNAL_DELETE || row->kind == JOURNAL_MOVE))
        error = store_file_exhume(store, row->ino);
    row->state = JOURNAL_HELD;
    row->batch = 0;
    if (row->error != text) {
        g_free(row->error);
        row->error = g_strdup(text);
    }
    return error ? error : journal_put(store, row);
}

/* The name that stands beside the server's version. No vdir tool reads it. */
static char *conflict_name(const struct file_row *file, int64_t now_ns, int attempt)
{
    time_t seconds = now_ns / 1000000000 + attempt;
    struct tm when;
    char stamp[32];

    gmtime_r(&seconds, &when);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &when);
    return g_strdup_printf("%.*s.conflict-%s", CHANGE_NAME_MAX - 30, file->name, stamp);
}

int journal_conflict_name(struct store *store, const struct file_row *file, int64_t now_ns, char **name)
{
    int error = -EEXIST;

    *name = NULL;
    for (int attempt = 0; error == -EEXIST && attempt < 1000; attempt++) {
        struct file_row there = {0};

        g_free(*name);
        *name = conflict_name(file, now_ns, attempt);
        error = store_file_find(store, file->parent, *name, &there);
        file_row_clear(&there);
        error = !error ? -EEXIST : error == -ENOENT ? 0 : error;
    }
    return error;
}

static int make_aside(struct store *store, const struct file_row *file, int64_t now_ns, int64_t *ino)
{
    g_autofree char *name = NULL;
    int error = journal_conflict_name(store, file, now_ns, &name);

    return error ? error : store_file_make(store, file->parent, name, file->class, FILE_SCRATCH, ino);
}

/* The file keeps its inode and its name, its bytes change owner; the user's bytes get a file of their own. */
int journal_conflict(struct store *store, struct journal *row, int64_t body, int64_t now_ns)
{
    struct sql *sql = &store->writer;
    struct file_row file = {0};
    int64_t aside = 0, size = 0;
    int error = store_file_get(store, row->ino, &file);

    if (error)
        return error;
    if (!(error = make_aside(store, &file, now_ns, &aside)) &&
        !(error =
              sql_run(sql, SQL_FILE_BYTES, "iiiii", file.body, file.size, file.mtime_ns, store_now(store), aside)) &&
        !(error = store_file_own(store, aside, OWN_CONFLICT)) && !(error = body ? body_adopt(store, body, &size) : 0) &&
        !(error = sql_run(sql, SQL_FILE_BYTES, "iiiii", body, body ? size : file.size,
                          store_bytes_time(store, file.mtime_ns), store_now(store), row->ino)) &&
        !(error = store_file_own(store, row->ino, OWN_SERVER))) {
        changes_note(store, CHANGE_BYTES, false, row->ino, file.parent, file.name, 0, NULL);
        changes_touch(store, file.parent);
        g_autofree char *server_id = journal_server_id(store, row);

        reasons_note(store, store_path(store, aside), server_id, store_conflict_reason);
        error = journal_remove(store, row->id);
    }
    if (!error && !body && row->item_id)
        error = sql_run(sql, SQL_COLLECTION_COUNT, "dddi", 0, 0, 1, row->collection_id);
    file_row_clear(&file);
    return error ? store_fail(store, error) : 0;
}

int journal_merged(struct store *store, struct journal *row, int64_t body, GBytes *base, GBytes *data)
{
    int error = store_file_bytes(store, row->ino, body, 0, OWN_USER);

    if (error)
        return error;
    g_bytes_ref(base);
    g_bytes_ref(data);
    g_clear_pointer(&row->base, g_bytes_unref);
    g_clear_pointer(&row->data, g_bytes_unref);
    row->base = base;
    row->data = data;
    return journal_put(store, row);
}
