/* Bodies: which bytes of which pack each is, who holds it, and what of it a transaction changes. */
#include "cache/store/packs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/limits.h"

char *pack_path(const struct store *store, int64_t id)
{
    g_autofree char *name = g_strdup_printf("%06" G_GINT64_FORMAT ".pack", (gint64)id);

    return g_build_filename(store->dir, "bodies", name, NULL);
}

struct pack *pack_find(struct bodies *bodies, int64_t id)
{
    return g_hash_table_lookup(bodies->packs, &id);
}

static void pack_free(gpointer data)
{
    struct pack *pack = data;

    close(pack->fd);
    g_free(pack->buffer);
    g_free(pack);
}

struct pack *pack_add(struct store *store, int64_t id, int64_t committed)
{
    g_autofree char *path = pack_path(store, id);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return NULL;
    struct pack *pack = g_new0(struct pack, 1);

    *pack = (struct pack){.id = id, .fd = fd, .tail = committed, .started = committed, .committed = committed};
    g_hash_table_insert(store->bodies->packs, g_memdup2(&id, sizeof id), pack);
    return pack;
}

struct pack_delta *pack_delta(struct store *store, int64_t id)
{
    struct pack_delta *delta = g_hash_table_lookup(store->txn.packs, &id);

    if (!delta) {
        delta = g_new0(struct pack_delta, 1);
        g_hash_table_insert(store->txn.packs, g_memdup2(&id, sizeof id), delta);
    }
    return delta;
}

/* Opens the packs that the database knows. Bytes after the last committed body are what a crash left: cut off.
 * A pack shorter than that lost bytes in a power cut or to somebody's hand: its lost bodies are fetched again. */
static int open_pack(struct store *store, int64_t id, int64_t committed)
{
    struct pack *pack = pack_add(store, id, committed);
    struct stat status;

    if (!pack || fstat(pack->fd, &status))
        return -errno;
    if (status.st_size > committed)
        return ftruncate(pack->fd, committed) ? -errno : 0;
    return status.st_size < committed ? bodies_forget_lost(store, id, status.st_size) : 0;
}

static int open_packs(struct store *store)
{
    g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(struct pack));
    sqlite3_stmt *statement = sql_bind(&store->writer, SQL_PACK_LIST, "");
    int row;

    while ((row = sql_step(&store->writer, statement)) > 0) {
        struct pack pack = {.id = sqlite3_column_int64(statement, 0), .committed = sqlite3_column_int64(statement, 1)};

        g_array_append_val(known, pack);
    }
    for (guint i = 0; i < known->len && !row; i++) {
        const struct pack *pack = &g_array_index(known, struct pack, i);

        store->bodies->next_pack = MAX(store->bodies->next_pack, pack->id + 1);
        row = open_pack(store, pack->id, pack->committed);
    }
    return row;
}

int bodies_open(struct store *store)
{
    struct bodies *bodies = store->bodies = g_new0(struct bodies, 1);
    int64_t last = sql_number(&store->writer, -1, SQL_BODY_LAST, "");

    g_mutex_init(&bodies->lock);
    g_mutex_init(&bodies->flushing);
    bodies->packs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, pack_free);
    bodies->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    bodies->holds = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    bodies->next_body = last + 1;
    bodies->next_pack = 1;
    if (last < 0)
        return -EIO;
    int error = open_packs(store);

    if (!error)
        bodies_unlink_orphans(store);
    return error;
}

/* Bodies that were written and never used leave their room to the dead when a later body follows them. */
static void bury_pending(struct store *store)
{
    GHashTableIter iter;
    gpointer place;

    if (!g_hash_table_size(store->bodies->pending) || store_begin(store))
        return;
    g_hash_table_iter_init(&iter, store->bodies->pending);
    while (g_hash_table_iter_next(&iter, NULL, &place)) {
        const struct body_place *body = place;

        if (body->size && body->offset < pack_find(store->bodies, body->pack)->committed)
            sql_run(&store->writer, SQL_DEAD_INSERT, "iiii", body->id, body->pack, body->offset, body->size);
    }
    store_commit(store);
}

void bodies_close(struct store *store)
{
    struct bodies *bodies = store->bodies;

    if (!bodies)
        return;
    bury_pending(store);
    g_hash_table_unref(bodies->packs);
    g_hash_table_unref(bodies->pending);
    g_hash_table_unref(bodies->holds);
    g_mutex_clear(&bodies->lock);
    g_mutex_clear(&bodies->flushing);
    g_free(bodies);
    store->bodies = NULL;
}

static bool pending_place(struct store *store, int64_t body, struct body_place *place)
{
    g_mutex_lock(&store->bodies->lock);
    const struct body_place *found = g_hash_table_lookup(store->bodies->pending, &body);

    if (found)
        *place = *found;
    g_mutex_unlock(&store->bodies->lock);
    return found != NULL;
}

static int row_place(struct store *store, int64_t body, struct body_place *place)
{
    sqlite3_stmt *statement = sql_bind(&store->writer, SQL_BODY_GET, "i", body);
    int row = sql_step(&store->writer, statement);

    if (row <= 0)
        return row ? row : -ENOENT;
    *place = (struct body_place){body,
                                 sqlite3_column_int64(statement, 0),
                                 sqlite3_column_int64(statement, 1),
                                 sqlite3_column_int64(statement, 2),
                                 (uint64_t)sqlite3_column_int64(statement, 3),
                                 (uint64_t)sqlite3_column_int64(statement, 4),
                                 {0}};
    sqlite3_reset(statement);
    return 0;
}

int body_adopt(struct store *store, int64_t body, int64_t *size)
{
    struct body_place place;
    int error;

    if (!pending_place(store, body, &place))
        return -EINVAL;
    g_autoptr(GBytes) tag = place.nonce ? g_bytes_new(place.tag, sizeof place.tag) : NULL;

    if ((error = sql_run(&store->writer, SQL_BODY_INSERT, "iiiiiib", body, place.pack, place.offset, place.size,
                         (int64_t)place.sum, (int64_t)place.nonce, tag)))
        return error == -EEXIST ? -EINVAL : error;
    struct pack_delta *delta = pack_delta(store, place.pack);

    delta->committed = MAX(delta->committed, place.offset + place.size);
    delta->live += place.size;
    g_array_append_val(store->txn.adopted, body);
    *size = place.size;
    return 0;
}

static int add_dead(struct store *store, const struct body_place *place)
{
    if (!place->size)
        return 0;
    return sql_run(&store->writer, SQL_DEAD_INSERT, "iiii", place->id, place->pack, place->offset, place->size);
}

int body_bury(struct store *store, int64_t body)
{
    struct body_place place;
    int error;

    if (body <= 0)
        return 0;
    if ((error = row_place(store, body, &place)) || (error = sql_run(&store->writer, SQL_BODY_REMOVE, "i", body)))
        return error;
    pack_delta(store, place.pack)->live -= place.size;
    return add_dead(store, &place);
}

static void mark_dropped(struct store *store, int64_t body)
{
    g_mutex_lock(&store->bodies->lock);
    struct body_place *place = g_hash_table_lookup(store->bodies->pending, &body);

    if (place)
        place->dropped = true;
    g_mutex_unlock(&store->bodies->lock);
}

int body_discard(struct store *store, int64_t body)
{
    struct body_place place;

    if (!pending_place(store, body, &place))
        return -EINVAL;
    struct pack_delta *delta = pack_delta(store, place.pack);

    mark_dropped(store, body);
    delta->committed = MAX(delta->committed, place.offset + place.size);
    g_array_append_val(store->txn.adopted, body);
    return add_dead(store, &place);
}

int store_body_drop(struct store *store, int64_t body)
{
    return store_in_transaction(store) ? body_discard(store, body) : -EINVAL;
}

bool body_unseal(struct store *store, uint64_t nonce, void *bytes, size_t length, int64_t offset)
{
    return !nonce || (store->cipher && cipher_body_read(store->cipher, nonce, offset, bytes, length));
}

ssize_t body_read(struct store *store, const struct body_place *place, void *buffer, size_t size, int64_t offset)
{
    g_mutex_lock(&store->bodies->lock);
    const struct pack *pack = pack_find(store->bodies, place->pack);
    int fd = pack ? pack->fd : -1;

    g_mutex_unlock(&store->bodies->lock);
    if (offset < 0 || offset >= place->size)
        return 0;
    ssize_t got = pread(fd, buffer, (size_t)MIN((int64_t)size, place->size - offset), place->offset + offset);

    if (got > 0 && !body_unseal(store, place->nonce, buffer, (size_t)got, offset))
        return -EIO;
    return got < 0 ? -errno : got;
}

bool body_equals(struct store *store, int64_t written, int64_t row)
{
    struct body_place a, b;

    if (!pending_place(store, written, &a) || row_place(store, row, &b) || a.size != b.size || a.sum != b.sum)
        return false;
    g_autofree char *left = g_malloc(LIMIT_PACK_BUFFER), *right = g_malloc(LIMIT_PACK_BUFFER);

    for (int64_t offset = 0; offset < a.size; offset += LIMIT_PACK_BUFFER) {
        ssize_t got = body_read(store, &a, left, LIMIT_PACK_BUFFER, offset);

        if (got <= 0 || body_read(store, &b, right, LIMIT_PACK_BUFFER, offset) != got ||
            memcmp(left, right, (size_t)got) != 0)
            return false;
    }
    return true;
}

static bool adopted_are_lost(struct store *store)
{
    struct body_place place;
    bool lost = false;

    for (guint i = 0; i < store->txn.adopted->len && !lost; i++)
        lost =
            pending_place(store, g_array_index(store->txn.adopted, int64_t, i), &place) && place.lost && !place.dropped;
    return lost;
}

int bodies_apply(struct store *store)
{
    GHashTableIter iter;
    gpointer id, value;

    if (adopted_are_lost(store))
        return -EIO;
    g_hash_table_iter_init(&iter, store->txn.packs);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        const struct pack_delta *delta = value;
        int error = sql_run(&store->writer, SQL_PACK_GROW, "iii", *(int64_t *)id, delta->committed, delta->live);

        if (error)
            return error;
    }
    return 0;
}

void bodies_committed(struct store *store)
{
    struct bodies *bodies = store->bodies;
    GHashTableIter iter;
    gpointer id, value;

    g_mutex_lock(&bodies->lock);
    for (guint i = 0; i < store->txn.adopted->len; i++)
        g_hash_table_remove(bodies->pending, &g_array_index(store->txn.adopted, int64_t, i));
    g_hash_table_iter_init(&iter, store->txn.packs);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        struct pack *pack = pack_find(bodies, *(int64_t *)id);

        if (pack)
            pack->committed = MAX(pack->committed, ((struct pack_delta *)value)->committed);
    }
    g_mutex_unlock(&bodies->lock);
}

void bodies_lock(struct store *store)
{
    g_mutex_lock(&store->bodies->lock);
}

void bodies_unlock(struct store *store)
{
    g_mutex_unlock(&store->bodies->lock);
}

int bodies_hold(struct store *store, int64_t body, int64_t pack_id, int *fd)
{
    GHashTable *holds = store->bodies->holds;
    const struct pack *pack = pack_find(store->bodies, pack_id);

    if (!pack)
        return -EIO;
    gsize count = GPOINTER_TO_SIZE(g_hash_table_lookup(holds, &body));

    g_hash_table_insert(holds, g_memdup2(&body, sizeof body), GSIZE_TO_POINTER(count + 1));
    *fd = pack->fd;
    return 0;
}

void bodies_release(struct store *store, int64_t body)
{
    GHashTable *holds = store->bodies->holds;

    g_mutex_lock(&store->bodies->lock);
    gsize count = GPOINTER_TO_SIZE(g_hash_table_lookup(holds, &body));

    if (count > 1)
        g_hash_table_insert(holds, g_memdup2(&body, sizeof body), GSIZE_TO_POINTER(count - 1));
    else
        g_hash_table_remove(holds, &body);
    g_mutex_unlock(&store->bodies->lock);
}
