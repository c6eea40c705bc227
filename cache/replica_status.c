#include <string.h>

#include "cache/replica_state.h"
#include "cache/store/files.h"
#include "cache/store/journal.h"
#include "cache/sync/select.h"
#include "codec/limits.h"
#include "codec/wire/policy.h"

/* ---- the queue ---- */

static const char *const kinds[] = {
    [JOURNAL_ADD] = "add",
    [JOURNAL_CHANGE] = "change",
    [JOURNAL_DELETE] = "delete",
    [JOURNAL_FLAGS] = "flags",
    [JOURNAL_MOVE] = "move",
    [JOURNAL_RESPOND] = "respond",
    [JOURNAL_SEND] = "send",
    [JOURNAL_FOLDER_CREATE] = "mkdir",
    [JOURNAL_FOLDER_UPDATE] = "rename",
    [JOURNAL_FOLDER_DELETE] = "rmdir",
    [JOURNAL_MAIL] = "send",
};
static const char *const states[] = {
    [JOURNAL_OPEN] = "open", [JOURNAL_QUEUED] = "queued", [JOURNAL_SENT] = "sent", [JOURNAL_HELD] = "held"};

static void waiting_clear(void *data)
{
    struct replica_waiting *waiting = data;

    g_free(waiting->path);
    g_free(waiting->item);
    g_free(waiting->why);
}

GArray *replica_queue(struct replica *replica)
{
    g_autoptr(GArray) rows = journal_list(replica->store, -1, G_MAXINT64);
    GArray *queue = g_array_new(FALSE, TRUE, sizeof(struct replica_waiting));

    g_array_set_clear_func(queue, waiting_clear);
    for (guint i = 0; i < rows->len; i++) {
        const struct journal *row = &g_array_index(rows, struct journal, i);
        struct replica_waiting waiting = {.path = journal_path(replica->store, row),
                                          .kind = kinds[row->kind],
                                          .state = states[row->state],
                                          .item = journal_server_id(replica->store, row),
                                          .why = g_strdup(row->error),
                                          .ino = (uint64_t)row->ino,
                                          .since_ns = row->queued_ns,
                                          .tries = row->tries};

        g_array_append_val(queue, waiting);
    }
    return queue;
}

/* ---- folders, errors ---- */

static void folder_clear(void *data)
{
    g_free(((struct replica_folder *)data)->path);
    g_free(((struct replica_folder *)data)->since);
}

/* Once all was asked for, what has no key has none to be waited for. */
static bool is_whole(struct replica *replica, const GArray *collections, const struct collection *collection)
{
    if (!replica_is_filling(replica) && collection_holds_only_folders(collections, collection))
        return true;
    return collection->complete && !collection->more && !collection->resync;
}

static void add_folder(struct replica *replica, struct replica_status *status, const GArray *collections,
                       const struct collection *collection)
{
    if (!collection->selected || !collection->ino)
        return;
    struct journal_counts edits = {0};

    if (status->queued || status->held)
        edits = journal_count_of(replica->store, collection->id);
    struct replica_folder folder = {
        .path = store_path(replica->store, collection->ino),
        .class = collection->class,
        .items = collection->items,
        .unread = collection->unread,
        .bodies_missing = collection->missing_bodies,
        .queued = edits.queued,
        .held = edits.held,
        .last_change_ns = collection->dir_mtime_ns,
        .complete = is_whole(replica, collections, collection),
        .since = g_strdup(select_window(collection->filter)),
    };

    g_array_append_val(status->folders, folder);
    status->bodies_total += folder.items;
    status->bodies_missing += folder.bodies_missing;
}

static void add_folders(struct replica *replica, struct replica_status *status)
{
    g_autoptr(GArray) collections = store_collections(replica->store);

    status->folders = g_array_new(FALSE, TRUE, sizeof(struct replica_folder));
    g_array_set_clear_func(status->folders, folder_clear);
    for (guint i = 0; i < collections->len; i++)
        add_folder(replica, status, collections, &g_array_index(collections, struct collection, i));
}

static void add_errors(struct replica *replica, struct replica_status *status)
{
    g_autoptr(GArray) errors = store_errors(replica->store);

    status->errors = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; errors && i < errors->len; i++) {
        const struct store_error *error = &g_array_index(errors, struct store_error, i);

        g_ptr_array_add(status->errors,
                        g_strdup_printf("%s: %s", error->path ? error->path : error->server_id, error->text));
    }
}

/* An account that is online and polled says why. */
static void add_push(struct replica *replica, struct replica_status *status)
{
    g_autofree char *why = NULL;

    if (!replica->watch || status->state != REPLICA_ONLINE)
        return;
    status->heartbeat = watch_heartbeat(replica->watch, &why);
    if (status->heartbeat || !*why || *status->reason)
        return;
    g_free(status->reason);
    status->reason = g_strdup_printf("%s; it is polled", why);
}

/* What is no fault yet: that the password runs out. */
static void add_notice(struct replica *replica, struct replica_status *status)
{
    g_autofree char *notice = replica->session ? session_notice(replica->session) : NULL;

    if (!notice || status->state != REPLICA_ONLINE)
        return;
    char *reason = *status->reason ? g_strdup_printf("%s; %s", notice, status->reason) : g_strdup(notice);

    g_free(status->reason);
    status->reason = reason;
}

char *replica_trouble(struct replica *replica)
{
    struct eas_result trouble = store_result(store_trouble(replica->store));

    return eas_is_served(&trouble) ? NULL : g_strdup(trouble.text);
}

/* Whatever else is the matter, a disk that takes nothing comes first. */
static void add_trouble(struct replica *replica, struct replica_status *status)
{
    char *trouble = replica_trouble(replica);

    if (!trouble)
        return;
    g_free(status->reason);
    status->reason = trouble;
}

/* Deletions that the brake holds come by the hundred, with one reason: the first names it, and says how many. */
static const char *why_of(const struct journal *row)
{
    return row->error ? row->error : "no reason given";
}

static GHashTable *count_braked(const GArray *held)
{
    GHashTable *counts = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < held->len; i++) {
        const struct journal *row = &g_array_index(held, struct journal, i);
        const char *why = why_of(row);

        if (journal_is_braked(row))
            g_hash_table_insert(counts, (char *)why,
                                GINT_TO_POINTER(GPOINTER_TO_INT(g_hash_table_lookup(counts, why)) + 1));
    }
    return counts;
}

GPtrArray *replica_held(struct replica *replica)
{
    g_autoptr(GArray) held = journal_list(replica->store, JOURNAL_HELD, G_MAXINT64);
    g_autoptr(GHashTable) braked = count_braked(held);
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < held->len && lines->len < LIMIT_ERRORS; i++) {
        const struct journal *row = &g_array_index(held, struct journal, i);
        const char *why = why_of(row);
        int alike = journal_is_braked(row) ? GPOINTER_TO_INT(g_hash_table_lookup(braked, why)) : 1;

        if (!alike)
            continue; /* counted above */
        g_autofree char *path = journal_path(replica->store, row);
        g_autofree char *more = alike > 1 ? g_strdup_printf(" and %d deletions more", alike - 1) : g_strdup("");

        g_ptr_array_add(lines, g_strdup_printf("%s (%s)%s: %s", path, kinds[row->kind], more, why));
        if (journal_is_braked(row))
            g_hash_table_insert(braked, (char *)why, GINT_TO_POINTER(0));
    }
    return lines;
}

/* What was refused is told where the other troubles are. */
static void add_held(struct replica *replica, struct replica_status *status)
{
    g_autoptr(GPtrArray) held = status->held ? replica_held(replica) : NULL;

    for (guint i = 0; held && i < held->len && status->errors->len < LIMIT_ERRORS; i++)
        g_ptr_array_add(status->errors, g_strdup(held->pdata[i]));
}

/* And so is what is in doubt. */
static void add_doubts(struct replica *replica, struct replica_status *status)
{
    g_autoptr(GArray) sent = status->queued ? journal_list(replica->store, JOURNAL_SENT, G_MAXINT64) : NULL;

    for (guint i = 0; sent && i < sent->len && status->errors->len < LIMIT_ERRORS; i++) {
        const struct journal *row = &g_array_index(sent, struct journal, i);
        g_autofree char *path = journal_in_doubt(row) ? journal_path(replica->store, row) : NULL;

        if (path)
            g_ptr_array_add(status->errors, g_strdup_printf("%s: %s", path, row->error));
    }
}

static GPtrArray *alone(struct replica *replica, bool in_conflict)
{
    g_autoptr(GArray) inos = store_alone(replica->store, in_conflict, LIMIT_ERRORS);
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < inos->len; i++) {
        char *path = store_path(replica->store, g_array_index(inos, int64_t, i));

        if (path)
            g_ptr_array_add(paths, path);
    }
    return paths;
}

GPtrArray *replica_conflicts(struct replica *replica)
{
    return alone(replica, true);
}

struct replica_status *replica_status(struct replica *replica)
{
    struct replica_status *status = g_new0(struct replica_status, 1);
    struct journal_counts edits = journal_count(replica->store);

    g_mutex_lock(&replica->lock);
    status->state = replica->state;
    status->since_ns = replica->since_ns;
    status->reason = g_strdup(replica->reason);
    status->syncing = replica->syncing;
    g_mutex_unlock(&replica->lock);
    status->account = g_strdup(replica->config->account);
    status->server = replica->session ? g_strdup(session_url(replica->session)) : store_get(replica->store, "url");
    status->protocol = replica->session ? g_strdup(eas_version_text(session_version(replica->session)))
                                        : store_get(replica->store, "version");
    if (replica->session)
        status->throttle = session_throttle(replica->session);
    g_autofree char *policy = store_get(replica->store, "policy");

    status->policy = policy_words(policy, store_is_sealed(replica->store));
    status->queued = (int)edits.queued;
    status->held = (int)edits.held;
    add_push(replica, status);
    add_notice(replica, status);
    add_trouble(replica, status);
    add_folders(replica, status);
    add_errors(replica, status);
    add_held(replica, status);
    add_doubts(replica, status);
    status->conflicts = replica_conflicts(replica);
    status->scratch = alone(replica, false);
    return status;
}

struct session_counts replica_counts(struct replica *replica)
{
    return replica->session ? session_counts(replica->session) : (struct session_counts){0};
}

void replica_status_free(struct replica_status *status)
{
    if (!status)
        return;
    g_free(status->account);
    g_free(status->server);
    g_free(status->protocol);
    g_free(status->reason);
    g_free(status->policy);
    g_array_unref(status->folders);
    g_ptr_array_unref(status->errors);
    g_ptr_array_unref(status->conflicts);
    g_ptr_array_unref(status->scratch);
    g_free(status);
}
