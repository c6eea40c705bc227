#include "cache/replica.h"

#include <errno.h>
#include <string.h>

#include "cache/directory.h"
#include "cache/replica_state.h"
#include "cache/store/journal.h"
#include "codec/limits.h"

void replica_config_free(struct replica_config *config)
{
    if (!config)
        return;
    g_free(config->state_dir);
    g_free(config->account);
    g_free(config->since);
    g_free(config->home_zone);
    g_clear_pointer(&config->key, g_bytes_unref);
    if (config->server)
        session_config_free(config->server);
    if (config->folders)
        g_ptr_array_unref(config->folders);
    g_free(config);
}

/* ---- what the rooms below say ---- */

static char *memory_get(void *ctx, const char *key)
{
    struct replica *replica = ctx;

    return g_atomic_int_get(&replica->wiped) ? NULL : store_get(replica->store, key);
}

static void memory_set(void *ctx, const char *key, const char *value)
{
    struct replica *replica = ctx;

    if (!g_atomic_int_get(&replica->wiped))
        store_set(replica->store, key, value);
}

static void on_commit(void *ctx, const struct change *changes, size_t count)
{
    struct replica *replica = ctx;

    g_mutex_lock(&replica->lock);
    void (*listener)(void *, const struct change *, size_t) = replica->listener;
    void *listener_ctx = replica->listener_ctx;

    g_mutex_unlock(&replica->lock);
    if (listener)
        listener(listener_ctx, changes, count);
}

static bool on_stopping(void *ctx)
{
    struct replica *replica = ctx;

    g_mutex_lock(&replica->lock);
    bool stopping = replica->stopping;

    g_mutex_unlock(&replica->lock);
    return stopping;
}

static void tell(struct replica *replica)
{
    g_mutex_lock(&replica->lock);
    g_cond_broadcast(&replica->turn);
    g_mutex_unlock(&replica->lock);
}

static void on_tree_known(void *ctx)
{
    fetcher_forget_folders(((struct replica *)ctx)->fetcher);
    tell(ctx);
}

static void on_bodies_wanted(void *ctx)
{
    fetcher_wake(((struct replica *)ctx)->fetcher);
}

static void on_fetched(void *ctx)
{
    tell(ctx);
}

/* ---- open, start, stop, close ---- */

static bool store_ready(struct replica *replica, struct eas_result *result)
{
    g_autofree char *why = NULL, *classes = NULL;
    GBytes *key = replica->config->key;
    int error =
        store_open_sealed(replica->config->state_dir, key ? g_bytes_get_data(key, NULL) : NULL, &replica->store, &why);

    if (error) {
        *result = why ? eas_refused(EAS_SCOPE_FATAL, error == -EBUSY ? 75 : 74, "%s", why)
                      : eas_refused(EAS_SCOPE_FATAL, 74, "the replica %s cannot be opened: %s",
                                    replica->config->state_dir, g_strerror(-error));
        return false;
    }
    classes = g_strdup_printf("%u", replica->config->classes);
    store_set(replica->store, "classes", classes);
    replica_recall_folders(replica);
    g_autofree char *filled = store_get(replica->store, "filled");

    replica->filling = !filled;
    store_listen(replica->store, on_commit, replica);
    journal_listen(replica->store, replica_journaled, replica);
    return true;
}

static bool session_ready(struct replica *replica, struct eas_result *result)
{
    struct session_memory memory = {.get = memory_get, .set = memory_set, .ctx = replica};

    if (!replica->config->server)
        return true;
    replica->session = session_new(g_steal_pointer(&replica->config->server), &memory, result);
    return replica->session != NULL;
}

struct replica *replica_open(struct replica_config *config, struct eas_result *result)
{
    struct replica *replica = g_new0(struct replica, 1);

    *result = eas_served();
    replica->config = config;
    g_mutex_init(&replica->lock);
    g_cond_init(&replica->turn);
    replica_set_state(replica, REPLICA_OFFLINE, config->server ? "not connected yet" : "offline by --offline");
    if (replica_is_wiped(replica, result) || !store_ready(replica, result) || !session_ready(replica, result)) {
        replica_close(replica);
        return NULL;
    }
    replica->trust = trust_new(replica->store, replica->session);
    replica->fetcher = fetcher_new(replica->store, replica->session, config, replica->trust, on_fetched, replica);
    g_autofree char *address = store_get(replica->store, "address");
    struct edit_config edit = {.account = config->account,
                               .address = address,
                               .send_invitations = config->send_invitations,
                               .send_delay_ms = config->send_delay_ms,
                               .vcard_version = config->vcard_version,
                               .home_zone = config->home_zone};

    replica->editor = config->read_only ? NULL : editor_new(replica, &edit);
    return replica;
}

static void engine_ready(struct replica *replica)
{
    replica->engine = (struct sync_engine){
        .store = replica->store,
        .view = view_new(replica->store),
        .session = replica->session,
        .link = link_new(replica->session),
        .config = replica->config,
        .trust = replica->trust,
        .hooks = {on_stopping, on_tree_known, on_bodies_wanted, replica},
    };
    sync_engine_init(&replica->engine);
}

void replica_start(struct replica *replica)
{
    if (replica->started)
        return;
    replica->started = true;
    fetcher_start(replica->fetcher);
    if (replica->editor)
        editor_start(replica->editor);
    replica->disk = disk_watch_start(replica);
    if (!replica->session)
        return;
    engine_ready(replica);
    replica->inquiry = inquiry_new(replica->session);
    replica->watch = watch_new(replica->store, replica->session, replica_hint, replica);
    watch_start(replica->watch);
    replica->network = network_watch_new(replica_renew, replica);
    replica->worker = g_thread_new("sync", replica_work, replica);
}

void replica_stop(struct replica *replica)
{
    if (replica->disk)
        disk_watch_stop(replica->disk);
    if (replica->editor)
        editor_stop(replica->editor);
    if (replica->inquiry)
        inquiry_stop(replica->inquiry);
    g_mutex_lock(&replica->lock);
    replica->stopping = true;
    g_cond_broadcast(&replica->turn);
    g_mutex_unlock(&replica->lock);
    if (replica->worker) {
        network_watch_free(g_steal_pointer(&replica->network));
        watch_stop(replica->watch);
        link_interrupt(replica->engine.link);
        g_thread_join(g_steal_pointer(&replica->worker));
        link_free(replica->engine.link);
        view_free(replica->engine.view);
        sync_engine_clear(&replica->engine);
    }
    if (replica->fetcher)
        fetcher_stop(replica->fetcher);
}

void replica_close(struct replica *replica)
{
    if (!replica)
        return;
    replica_stop(replica);
    if (replica->fetcher)
        fetcher_free(replica->fetcher);
    disk_watch_free(replica->disk);
    editor_free(replica->editor);
    inquiry_free(replica->inquiry);
    watch_free(replica->watch);
    g_clear_pointer(&replica->named, g_ptr_array_unref);
    g_clear_pointer(&replica->folders, g_ptr_array_unref);
    trust_free(replica->trust);
    if (replica->session)
        session_free(replica->session);
    if (replica->store)
        store_close(replica->store);
    if (replica->wiped)
        store_empty(replica->config->state_dir);
    replica_config_free(replica->config);
    g_mutex_clear(&replica->lock);
    g_cond_clear(&replica->turn);
    g_free(replica);
}

struct store *replica_store(struct replica *replica)
{
    return replica->store;
}

struct view *replica_view(struct replica *replica)
{
    return view_new(replica->store);
}

/* ---- waiting ---- */

bool replica_is_filling(struct replica *replica)
{
    return g_atomic_int_get(&replica->filling);
}

bool replica_must_be_sealed(struct replica *replica)
{
    g_autofree char *demanded = store_get(replica->store, "encryption-demanded");

    return replica->session && !store_is_sealed(replica->store) && !g_strcmp0(demanded, "1");
}

bool replica_is_warm(struct replica *replica)
{
    g_autofree char *key = store_get(replica->store, "hierarchy-key");

    return key && *key;
}

static struct eas_result no_server(void)
{
    return eas_unreachable(75, "there is no server to ask: this replica is offline");
}

/* Under the lock; false when time is over or the replica stops. */
static bool wait_turn(struct replica *replica, gint64 deadline)
{
    return !replica->stopping && g_cond_wait_until(&replica->turn, &replica->lock, deadline) && !replica->stopping;
}

static struct eas_result waited_in_vain(struct replica *replica, const char *what, long timeout_ms)
{
    if (replica->stopping)
        return eas_unreachable(75, "interrupted");
    return eas_unreachable(75, "%s did not come within %ld s", what, timeout_ms / 1000);
}

/* Under the lock: whether the last pass has settled that no tree will come in time. A server that answers that it is
 * busy may yet give it; one that refuses, or that nobody finds, is told of at once. */
static bool tree_is_given_up(const struct replica *replica, gint64 deadline)
{
    const struct eas_result *last = &replica->last;

    if (!replica->passes || eas_is_served(last))
        return false;
    return !last->http || last->action != EAS_ACTION_RETRY || last->exit_code != 75 ||
           g_get_monotonic_time() + last->retry_after_s * (gint64)G_USEC_PER_SEC > deadline;
}

struct eas_result replica_wait_tree(struct replica *replica, long timeout_ms)
{
    gint64 deadline = g_get_monotonic_time() + timeout_ms * 1000LL;
    struct eas_result result;
    bool warm;

    while (!(warm = replica_is_warm(replica))) {
        bool in_time, failed;

        if (!replica->session)
            return no_server();
        g_mutex_lock(&replica->lock);
        failed = tree_is_given_up(replica, deadline);
        in_time = failed || wait_turn(replica, deadline);
        result = replica->last;
        if (!in_time && (replica->stopping || !replica->passes || eas_is_served(&result)))
            result = waited_in_vain(replica, "the list of folders", timeout_ms);
        g_mutex_unlock(&replica->lock);
        if (!in_time || failed)
            return result;
    }
    return eas_served();
}

static bool bodies_are_missing(struct replica *replica)
{
    g_autoptr(GArray) missing = store_missing_bodies(replica->store, 0, 1);

    return missing && missing->len > 0;
}

/* Edits that are queued, or on their way; what is being written just now counts when it is. */
static bool edits_are_queued(struct replica *replica)
{
    g_autoptr(GArray) queued = journal_list(replica->store, JOURNAL_QUEUED, G_MAXINT64);
    g_autoptr(GArray) sent = journal_list(replica->store, JOURNAL_SENT, G_MAXINT64);

    return queued->len || sent->len;
}

/* What is not through, by name where there is something to say of it. */
static struct eas_result queue_in_vain(struct replica *replica, long timeout_ms)
{
    g_autoptr(GArray) queue = replica_queue(replica);

    for (guint i = 0; i < queue->len && !replica->stopping; i++) {
        const struct replica_waiting *row = &g_array_index(queue, struct replica_waiting, i);

        if (row->why && strcmp(row->state, "held") != 0)
            return eas_unreachable(75, "%s did not go through within %ld s: %s", row->path, timeout_ms / 1000,
                                   row->why);
    }
    return waited_in_vain(replica, "the end of the queue", timeout_ms);
}

/* The pass that was asked for has ended well; what has to wait, and what was written since, is sent by those that
 * follow. */
static struct eas_result wait_edits(struct replica *replica, gint64 deadline, long timeout_ms)
{
    struct eas_result result = eas_served();
    bool over = false;

    while (!over && eas_is_served(&result) && edits_are_queued(replica)) {
        g_mutex_lock(&replica->lock);
        over = !wait_turn(replica, MIN(deadline, g_get_monotonic_time() + LIMIT_RETRY_FIRST_MS * 1000LL)) &&
               (replica->stopping || g_get_monotonic_time() >= deadline);
        if (!over && !eas_is_served(&replica->last))
            result = replica->last;
        g_mutex_unlock(&replica->lock);
    }
    return over ? queue_in_vain(replica, timeout_ms) : result;
}

/* The pass that was asked for has ended well; the bodies follow. */
static struct eas_result wait_bodies(struct replica *replica, gint64 deadline, long timeout_ms)
{
    struct eas_result result = eas_served();

    fetcher_wake(replica->fetcher);
    while (eas_is_served(&result) && bodies_are_missing(replica)) {
        g_mutex_lock(&replica->lock);
        if (!wait_turn(replica, MIN(deadline, g_get_monotonic_time() + LIMIT_RETRY_FIRST_MS * 1000LL)) &&
            (replica->stopping || g_get_monotonic_time() >= deadline))
            result = waited_in_vain(replica, "every message", timeout_ms);
        else if (!eas_is_served(&replica->last))
            result = replica->last;
        g_mutex_unlock(&replica->lock);
    }
    return result;
}

/* Asks for a pass over everything and waits for its end. */
struct eas_result replica_wait_pass(struct replica *replica, unsigned flags, gint64 deadline, long timeout_ms)
{
    struct eas_result result = eas_served();

    g_mutex_lock(&replica->lock);
    unsigned long mine = ++replica->asked;

    replica->kicked = true;
    replica->full |= (flags & SYNC_FULL) != 0;
    g_cond_broadcast(&replica->turn);
    while (replica->done < mine && eas_is_served(&result))
        if (!wait_turn(replica, deadline) && replica->done < mine)
            result = waited_in_vain(replica, "an end of the sync", timeout_ms);
    if (eas_is_served(&result))
        result = replica->last;
    g_mutex_unlock(&replica->lock);
    return result;
}

struct eas_result replica_sync(struct replica *replica, unsigned flags, long timeout_ms)
{
    gint64 deadline = g_get_monotonic_time() + timeout_ms * 1000LL;

    if (!replica->session)
        return no_server();
    edit_hasten(replica);
    struct eas_result result = replica_wait_pass(replica, flags, deadline, timeout_ms);

    if (eas_is_served(&result))
        result = wait_edits(replica, deadline, timeout_ms);
    return eas_is_served(&result) ? wait_bodies(replica, deadline, timeout_ms) : result;
}

struct eas_result replica_log_in(struct replica *replica, const char *password, long timeout_ms)
{
    if (!replica->session)
        return no_server();
    session_log_in(replica->session, password);
    return replica_wait_pass(replica, 0, g_get_monotonic_time() + timeout_ms * 1000LL, timeout_ms);
}

void replica_kick(struct replica *replica)
{
    g_mutex_lock(&replica->lock);
    replica->kicked = true;
    g_cond_broadcast(&replica->turn);
    g_mutex_unlock(&replica->lock);
}

/* ---- the rest of the face ---- */

uint64_t replica_fetch(struct replica *replica, uint64_t ino, long deadline_ms, replica_fetched done, void *ctx)
{
    if (g_atomic_int_get(&replica->wiped)) {
        done(ctx, -EIO);
        return 0;
    }
    return fetcher_park(replica->fetcher, ino, deadline_ms, done, ctx);
}

void replica_cancel(struct replica *replica, uint64_t ticket)
{
    fetcher_cancel(replica->fetcher, ticket);
}

void replica_listen(struct replica *replica, void (*listener)(void *ctx, const struct change *changes, size_t count),
                    void *ctx)
{
    g_mutex_lock(&replica->lock);
    replica->listener = listener;
    replica->listener_ctx = ctx;
    g_mutex_unlock(&replica->lock);
}

void replica_listen_state(struct replica *replica,
                          void (*listener)(void *ctx, enum replica_state state, const char *reason), void *ctx)
{
    g_mutex_lock(&replica->lock);
    replica->state_listener = listener;
    replica->state_listener_ctx = ctx;
    g_mutex_unlock(&replica->lock);
}
