#include "fs/mount/query.h"

#include <errno.h>
#include <string.h>

#include "codec/limits.h"

struct query {
    uint64_t dir;
    enum store_place place;
    char *text;    /* decoded */
    GArray *found; /* of struct found; NULL: not asked yet */
    int64_t time_ns;
    gint64 asked_at; /* monotonic */
    bool asking;
};

struct queries {
    struct replica *replica;
    GMutex lock; /* over all that follows */
    GCond answered;
    GQueue order;       /* of struct query, least lately named first */
    GHashTable *by_ino; /* of the same, by the number of their block */
    uint64_t next;      /* block */
};

static void query_free(struct query *query)
{
    g_clear_pointer(&query->found, g_array_unref);
    g_free(query->text);
    g_free(query);
}

struct queries *queries_new(struct replica *replica)
{
    struct queries *queries = g_new0(struct queries, 1);

    queries->replica = replica;
    g_mutex_init(&queries->lock);
    g_cond_init(&queries->answered);
    g_queue_init(&queries->order);
    queries->by_ino = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return queries;
}

void queries_free(struct queries *queries)
{
    g_hash_table_unref(queries->by_ino);
    g_queue_clear_full(&queries->order, (GDestroyNotify)query_free);
    g_cond_clear(&queries->answered);
    g_mutex_clear(&queries->lock);
    g_free(queries);
}

/* ---- names ---- */

static char *decode(const char *name)
{
    g_autofree char *text = g_uri_unescape_string(name, NULL);
    size_t length = text ? strlen(text) : 0;

    if (*name == '.' || length < LIMIT_QUERY_LEAST || length > LIMIT_QUERY_BYTES || !g_utf8_validate(text, -1, NULL))
        return NULL;
    return g_steal_pointer(&text);
}

/* Under the lock. The least lately named that nobody asks right now goes. */
static void make_room(struct queries *queries)
{
    for (GList *at = queries->order.head; at && queries->order.length >= LIMIT_QUERIES;) {
        struct query *query = at->data;
        GList *next = at->next;

        if (!query->asking) {
            g_hash_table_remove(queries->by_ino, &query->dir);
            query_free(query);
            g_queue_delete_link(&queries->order, at);
        }
        at = next;
    }
}

static struct query *add(struct queries *queries, enum store_place place, const char *text)
{
    struct query *query = g_new0(struct query, 1);

    make_room(queries);
    query->dir = QUERY_INODES + QUERY_BLOCK * queries->next++;
    query->place = place;
    query->text = g_strdup(text);
    g_hash_table_insert(queries->by_ino, g_memdup2(&query->dir, sizeof query->dir), query);
    return query;
}

uint64_t queries_name(struct queries *queries, enum store_place place, const char *name)
{
    g_autofree char *text = decode(name);
    struct query *query = NULL;
    uint64_t dir;

    if (!text)
        return 0;
    g_mutex_lock(&queries->lock);
    for (GList *at = queries->order.head; at && !query; at = at->next) {
        struct query *each = at->data;

        if (each->place == place && !strcmp(each->text, text)) {
            query = each;
            g_queue_delete_link(&queries->order, at);
        }
    }
    if (!query)
        query = add(queries, place, text);
    g_queue_push_tail(&queries->order, query);
    dir = query->dir;
    g_mutex_unlock(&queries->lock);
    return dir;
}

/* Under the lock: the query of an inode, or NULL. */
static struct query *query_of(struct queries *queries, uint64_t ino)
{
    uint64_t dir = ino - (ino - QUERY_INODES) % QUERY_BLOCK;

    return g_hash_table_lookup(queries->by_ino, &dir);
}

/* ---- asking ---- */

static int errno_of(const struct eas_result *result)
{
    if (eas_is_served(result))
        return 0;
    return result->outcome == EAS_UNREACHABLE ? -ETIMEDOUT : -EIO;
}

/* Under the lock. */
static bool is_fresh(const struct query *query)
{
    return query->found && g_get_monotonic_time() - query->asked_at < LIMIT_QUERY_KEEP_MS * G_TIME_SPAN_MILLISECOND;
}

/* Under the lock, which is given up meanwhile: the query stays, as it is being asked. */
static int ask(struct queries *queries, struct query *query)
{
    g_autofree char *text = g_strdup(query->text);
    GArray *found = NULL;
    struct eas_result result;

    query->asking = true;
    g_mutex_unlock(&queries->lock);
    result = query->place == PLACE_PEOPLE ? directory_people(queries->replica, text, &found)
                                          : directory_messages(queries->replica, text, &found);
    g_mutex_lock(&queries->lock);
    query->asking = false;
    if (eas_is_served(&result)) {
        g_clear_pointer(&query->found, g_array_unref);
        query->found = g_steal_pointer(&found);
        g_array_set_size(query->found, MIN(query->found->len, QUERY_BLOCK - 1));
        query->asked_at = g_get_monotonic_time();
        query->time_ns = g_get_real_time() * 1000;
    }
    g_clear_pointer(&found, g_array_unref);
    g_cond_broadcast(&queries->answered);
    return errno_of(&result);
}

int queries_ask(struct queries *queries, uint64_t dir)
{
    int error = 0;

    g_mutex_lock(&queries->lock);
    struct query *query = query_of(queries, dir);

    while (query && query->asking) {
        g_cond_wait(&queries->answered, &queries->lock);
        query = query_of(queries, dir);
    }
    if (!query)
        error = -ESTALE;
    else if (!is_fresh(query))
        error = ask(queries, query);
    g_mutex_unlock(&queries->lock);
    return error;
}

/* ---- files ---- */

void query_file_clear(struct query_file *file)
{
    g_free(file->name);
    g_free(file->target);
    g_clear_pointer(&file->bytes, g_bytes_unref);
}

/* Under the lock. */
static void take(const struct query *query, size_t index, struct query_file *file)
{
    const struct found *found = &g_array_index(query->found, struct found, index);

    *file = (struct query_file){.ino = query->dir + 1 + index,
                                .name = g_strdup(found->name),
                                .target = found->path ? g_strdup_printf("../../%s", found->path) : NULL,
                                .bytes = found->bytes ? g_bytes_ref(found->bytes) : NULL,
                                .time_ns = query->time_ns};
}

int queries_file(struct queries *queries, uint64_t ino, struct query_file *file)
{
    size_t index = (ino - QUERY_INODES) % QUERY_BLOCK;
    int error = -ESTALE;

    g_mutex_lock(&queries->lock);
    struct query *query = query_of(queries, ino);

    if (query && index == 0) {
        *file = (struct query_file){.ino = ino, .name = g_strdup(query->text), .time_ns = query->time_ns};
        error = 0;
    } else if (query && query->found && index <= query->found->len) {
        take(query, index - 1, file);
        error = 0;
    }
    g_mutex_unlock(&queries->lock);
    return error;
}

int queries_at(struct queries *queries, uint64_t dir, size_t index, struct query_file *file)
{
    int error = -ENOENT;

    g_mutex_lock(&queries->lock);
    struct query *query = query_of(queries, dir);

    if (query && query->found && index < query->found->len) {
        take(query, index, file);
        error = 0;
    }
    g_mutex_unlock(&queries->lock);
    return error;
}

int queries_find(struct queries *queries, uint64_t dir, const char *name, struct query_file *file)
{
    int error = -ENOENT;

    g_mutex_lock(&queries->lock);
    struct query *query = query_of(queries, dir);

    for (size_t i = 0; query && query->found && i < query->found->len && error; i++)
        if (!strcmp(g_array_index(query->found, struct found, i).name, name)) {
            take(query, i, file);
            error = 0;
        }
    g_mutex_unlock(&queries->lock);
    return error;
}

/* The message is fetched into a copy, which the answer keeps if it is still the same one. */
int queries_fetch(struct queries *queries, uint64_t ino)
{
    struct found wanted = {0};
    size_t index = (ino - QUERY_INODES) % QUERY_BLOCK;
    int error = -ESTALE;

    g_mutex_lock(&queries->lock);
    struct query *query = query_of(queries, ino);

    if (query && query->found && index && index <= query->found->len) {
        const struct found *found = &g_array_index(query->found, struct found, index - 1);

        wanted = (struct found){.long_id = g_strdup(found->long_id),
                                .collection_id = g_strdup(found->collection_id),
                                .server_id = g_strdup(found->server_id),
                                .bytes = found->bytes ? g_bytes_ref(found->bytes) : NULL};
        error = 0;
    }
    g_mutex_unlock(&queries->lock);
    if (!error && !wanted.bytes) {
        struct eas_result result = directory_fetch(queries->replica, &wanted);

        error = errno_of(&result);
    }
    g_mutex_lock(&queries->lock);
    query = error ? NULL : query_of(queries, ino);
    if (query && query->found && index <= query->found->len) {
        struct found *found = &g_array_index(query->found, struct found, index - 1);

        if (!found->bytes && !g_strcmp0(found->long_id, wanted.long_id) &&
            !g_strcmp0(found->server_id, wanted.server_id))
            found->bytes = g_bytes_ref(wanted.bytes);
    }
    g_mutex_unlock(&queries->lock);
    g_free(wanted.long_id);
    g_free(wanted.collection_id);
    g_free(wanted.server_id);
    g_clear_pointer(&wanted.bytes, g_bytes_unref);
    return error;
}
