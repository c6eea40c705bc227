/* Nothing stays of what the store held, while it stays open: rows, the pages they lay on, the log, and bodies. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/store/files.h"
#include "cache/store/packs.h"

enum { CHECKPOINT_TRIES = 50, CHECKPOINT_WAIT_US = 100000 };

/* Deleted pages are overwritten, freed ones go with the rewriting of the file. The settings that stay are numbers. */
static const char rows_go[] =
    "PRAGMA secure_delete = ON; BEGIN IMMEDIATE;"
    "DELETE FROM journal; DELETE FROM attribute; DELETE FROM error; DELETE FROM item; DELETE FROM collection;"
    "DELETE FROM file WHERE kind <> 0; DELETE FROM body; DELETE FROM dead; DELETE FROM pack;"
    "DELETE FROM setting WHERE value GLOB '*[^0-9]*' OR key IN ('device-id', 'policy-key', 'hierarchy-key'); COMMIT;"
    "VACUUM";

/* What is in sight goes as if the server had removed it, so that the kernel hears of it. */
static int show_nothing(struct store *store)
{
    g_autoptr(GArray) collections = store_collections(store);
    g_autoptr(GArray) scratch = NULL;
    int error = store_begin(store);

    if (error)
        return error;
    for (guint i = 0; i < collections->len && !error; i++)
        error = store_collection_remove(store, g_array_index(collections, struct collection, i).id);
    scratch = error ? NULL : store_scratch(store, G_MAXINT);
    for (guint i = 0; scratch && i < scratch->len && !error; i++)
        error = store_file_remove(store, g_array_index(scratch, int64_t, i));
    if (!error)
        return store_commit(store);
    store_rollback(store);
    return error;
}

/* Readers that are at it hold the log for a moment. */
static int empty_log(struct store *store)
{
    int code = SQLITE_BUSY;

    for (int i = 0; i < CHECKPOINT_TRIES && code == SQLITE_BUSY; i++) {
        if (i)
            g_usleep(CHECKPOINT_WAIT_US);
        code = sqlite3_wal_checkpoint_v2(store->writer.handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    return code == SQLITE_OK ? 0 : -EIO;
}

/* Cut to nothing first: who has one open reads nothing any more. */
static int packs_go(struct store *store)
{
    GHashTableIter each;
    gpointer value;
    int error = 0;

    bodies_lock(store);
    g_hash_table_iter_init(&each, store->bodies->packs);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        struct pack *pack = value;
        g_autofree char *path = pack_path(store, pack->id);

        if (ftruncate(pack->fd, 0) || (unlink(path) && errno != ENOENT))
            error = -errno;
        pack->gone = true;
    }
    bodies_unlock(store);
    return error;
}

int store_destroy(struct store *store)
{
    int shown = show_nothing(store), packs = packs_go(store), rows;

    g_rec_mutex_lock(&store->writing);
    rows = sql_script(&store->writer, rows_go);
    if (!rows)
        rows = empty_log(store);
    g_rec_mutex_unlock(&store->writing);
    return rows ? rows : packs ? packs : shown;
}
