/* Room of bodies that no item has any more is given back to the file system; what a crash or a power
 * cut left in the packs is put right. */
#include "cache/store/packs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/limits.h"

static int lost_bodies(struct store *store, int64_t pack, int64_t end, GArray *items)
{
    sqlite3_stmt *statement = sql_bind(&store->writer, SQL_FILE_BY_BODY_AFTER, "ii", pack, end);
    int row;

    while ((row = sql_step(&store->writer, statement)) > 0) {
        int64_t id = sqlite3_column_int64(statement, 0);

        g_array_append_val(items, id);
    }
    return row;
}

int bodies_forget_lost(struct store *store, int64_t pack, int64_t end)
{
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int error;

    if ((error = lost_bodies(store, pack, end, items)) || (error = store_begin(store)))
        return error;
    for (guint i = 0; i < items->len && !error; i++)
        error = item_lose_body(store, g_array_index(items, int64_t, i));
    /* New bodies will be written where the lost ones were: no dead row may claim that room. */
    if (error || (error = sql_run(&store->writer, SQL_DEAD_CUT, "ii", pack, end)) ||
        (error = sql_run(&store->writer, SQL_PACK_CUT, "ii", end, pack))) {
        store_rollback(store);
        return error;
    }
    struct pack *cut = pack_find(store->bodies, pack);

    cut->tail = cut->committed = end;
    return store_commit(store);
}

void bodies_unlink_orphans(struct store *store)
{
    g_autofree char *dir = store_file(store, "bodies");
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    const char *name;

    while (entries && (name = g_dir_read_name(entries))) {
        char *end;
        int64_t id = strtoll(name, &end, 10);

        if (!strcmp(end, ".pack") && !pack_find(store->bodies, id)) {
            g_autofree char *path = g_build_filename(dir, name, NULL);

            unlink(path);
        }
    }
}

/* What lies at the end of a pack and is of no use gives its room back. Locked. */
static void trim(struct store *store, struct pack *pack)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, store->bodies->pending);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct body_place *place = value;

        if (!place->dropped || place->pack != pack->id || place->offset + place->size != pack->tail ||
            ftruncate(pack->fd, place->offset) != 0)
            continue;
        pack->tail = place->offset;
        pack->started = MIN(pack->started, pack->tail);
        g_hash_table_iter_remove(&iter);
        g_hash_table_iter_init(&iter, store->bodies->pending); /* one before it may be at the end now */
    }
}

void store_body_undo(struct store *store, int64_t body)
{
    struct bodies *bodies = store->bodies;

    g_mutex_lock(&bodies->lock);
    struct body_place *place = g_hash_table_lookup(bodies->pending, &body);

    if (place) {
        struct pack *pack = pack_find(bodies, place->pack);

        place->dropped = true;
        if (pack && !pack->busy && !pack->gone)
            trim(store, pack);
    }
    g_mutex_unlock(&bodies->lock);
}

/* What is about to lose its bytes must be gone for good first: the log of the database goes to disk. */
static int sync_log(struct store *store)
{
    g_autofree char *path = store_file(store, STORE_DATABASE "-wal");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), error = 0;

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    if (fdatasync(fd))
        error = -errno;
    close(fd);
    return error;
}

static int list_dead(struct store *store, int64_t after, GArray *dead)
{
    sqlite3_stmt *statement = sql_bind(&store->writer, SQL_DEAD_LIST, "id", after, LIMIT_RECLAIM);
    int row;

    while ((row = sql_step(&store->writer, statement)) > 0) {
        struct body_place place = {sqlite3_column_int64(statement, 0),
                                   sqlite3_column_int64(statement, 1),
                                   sqlite3_column_int64(statement, 2),
                                   sqlite3_column_int64(statement, 3),
                                   0,
                                   0,
                                   {0}};

        g_array_append_val(dead, place);
    }
    return row;
}

/* Whether the room was given back; not while a reader holds it. A file system without holes keeps the room. */
static bool punch(struct store *store, const struct body_place *place)
{
    bool done = false;

    bodies_lock(store);
    const struct pack *pack = pack_find(store->bodies, place->pack);

    if (!g_hash_table_contains(store->bodies->holds, &place->id)) {
        done = true;
        if (pack && !pack->gone &&
            fallocate(pack->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, place->offset, place->size) &&
            errno != EOPNOTSUPP)
            done = false;
    }
    bodies_unlock(store);
    return done;
}

static bool has_pending(struct store *store, int64_t pack)
{
    GHashTableIter iter;
    gpointer place;

    g_hash_table_iter_init(&iter, store->bodies->pending);
    while (g_hash_table_iter_next(&iter, NULL, &place))
        if (((struct body_place *)place)->pack == pack)
            return true;
    return false;
}

/* A full pack without a single live or dead body goes as a whole. Its descriptor stays for readers. */
static int remove_empty_pack(struct store *store, int64_t id)
{
    if (sql_number(&store->writer, 1, SQL_PACK_LIVE, "i", id) ||
        sql_number(&store->writer, 1, SQL_DEAD_IN_PACK, "i", id))
        return 0;
    bodies_lock(store);
    struct pack *pack = pack_find(store->bodies, id);
    bool full = pack && !pack->busy && !pack->gone && pack->tail >= LIMIT_PACK_BYTES && !has_pending(store, id);

    if (full)
        pack->gone = true;
    bodies_unlock(store);
    if (!full)
        return 0;
    g_autofree char *path = pack_path(store, id);

    unlink(path);
    return sql_run(&store->writer, SQL_PACK_REMOVE, "i", id);
}

static int reclaim(struct store *store, const GArray *dead)
{
    int error = 0;

    for (guint i = 0; i < dead->len && !error; i++) {
        const struct body_place *place = &g_array_index(dead, struct body_place, i);

        if (punch(store, place))
            error = sql_run(&store->writer, SQL_DEAD_REMOVE, "i", place->id);
        if (!error && (i + 1 == dead->len || place[1].pack != place->pack))
            error = remove_empty_pack(store, place->pack);
    }
    return error;
}

int store_reclaim(struct store *store)
{
    g_autoptr(GArray) dead = g_array_new(FALSE, FALSE, sizeof(struct body_place));
    int error = store_begin(store);

    if (error)
        return error;
    if (!(error = list_dead(store, 0, dead)) && dead->len && !(error = sync_log(store)))
        error = reclaim(store, dead);
    if (error || !dead->len) {
        store_rollback(store);
        return error;
    }
    return store_commit(store);
}
