/* The sync worker: pass after pass over the collections, and waiting for the next reason. It alone sends Sync. */
#include "cache/replica_state.h"
#include "cache/sync/pass.h"
#include "cache/upload/upload.h"
#include "codec/limits.h"

void replica_set_state(struct replica *replica, enum replica_state state, const char *reason)
{
    bool is_new = replica->state != state || !replica->since_ns;

    if (is_new)
        replica->since_ns = g_get_real_time() * 1000;
    replica->state = state;
    g_strlcpy(replica->reason, reason, sizeof replica->reason);
    if (is_new && replica->state_listener)
        replica->state_listener(replica->state_listener_ctx, state, replica->reason);
}

static enum replica_state state_after(const struct eas_result *result)
{
    if (eas_is_served(result))
        return REPLICA_ONLINE;
    if (result->action == EAS_ACTION_WIPE)
        return REPLICA_WIPED;
    return result->action == EAS_ACTION_LOGIN ? REPLICA_AUTH : REPLICA_OFFLINE;
}

/* How long to wait after a pass that failed, in ms; 0: until somebody asks, as after a refused password, which is
 * never tried again unasked. */
static long retry_ms(const struct eas_result *result, long *delay)
{
    if (result->action == EAS_ACTION_LOGIN || result->action == EAS_ACTION_WIPE)
        return 0;
    *delay = CLAMP(*delay * 2, LIMIT_RETRY_FIRST_MS, LIMIT_RETRY_LAST_MS);
    if (result->action == EAS_ACTION_STOP || result->action == EAS_ACTION_ENCRYPT)
        *delay = LIMIT_RETRY_LAST_MS;
    long jitter = g_random_int_range(0, (gint32)(*delay / 4 + 1));

    return MAX(*delay + jitter, MIN(result->retry_after_s, LIMIT_RETRY_AFTER_S) * 1000L);
}

static long until_ms(gint64 at, long every_ms)
{
    return MAX((long)((at - g_get_monotonic_time()) / 1000) + every_ms, 1);
}

static bool is_due(gint64 at, long every_ms)
{
    return g_get_monotonic_time() - at >= every_ms * 1000LL;
}

/* Until an edit is due. What is due and was not sent by the pass that has just ended waits for its folder. */
static long until_due_ms(struct replica *replica)
{
    gint64 next = upload_next(&replica->engine), now = g_get_monotonic_time();

    if (next == G_MAXINT64)
        return LIMIT_FOLDERS_MS;
    return next <= now ? LIMIT_UPLOAD_STUCK_MS : (long)MIN((next - now) / 1000 + 1, LIMIT_FOLDERS_MS);
}

/* How long to wait after one that was served: until what no Ping watches is polled, or the folders are looked at. */
static long quiet_ms(struct replica *replica)
{
    g_autoptr(GPtrArray) unwatched = watch_to_poll(replica->watch, false);
    long pause = MIN(until_ms(replica->engine.folders_at, LIMIT_FOLDERS_MS), until_due_ms(replica));

    return unwatched && !unwatched->len ? pause : MIN(pause, until_ms(replica->rest_at, replica->poll_ms));
}

/* Under the lock. A server that does not answer is not asked more often for the sake of an edit. */
static void wait_reason(struct replica *replica, long pause_ms, bool served)
{
    gint64 until = g_get_monotonic_time() + pause_ms * 1000LL;

    while (!replica->stopping && !replica->kicked && !replica->renewed && !replica->hinted &&
           !(served && replica->journaled))
        if (!pause_ms)
            g_cond_wait(&replica->turn, &replica->lock);
        else if (!g_cond_wait_until(&replica->turn, &replica->lock, until))
            break;
}

/* Under the lock. Edits come in crowds, as of a cp -r: what follows closely goes with the first. */
static void gather_edits(struct replica *replica)
{
    gint64 last = g_get_monotonic_time() + LIMIT_GATHER_LAST_MS * 1000LL;

    while (replica->journaled && !replica->stopping && !replica->kicked && g_get_monotonic_time() < last) {
        gint64 quiet = MIN(g_get_monotonic_time() + LIMIT_GATHER_MS * 1000LL, last);

        replica->journaled = false;
        while (!replica->journaled && !replica->stopping && !replica->kicked &&
               g_cond_wait_until(&replica->turn, &replica->lock, quiet))
            continue;
    }
}

/* ---- what to ask ---- */

static void add_ids(GHashTable *set, const GPtrArray *ids)
{
    for (guint i = 0; i < ids->len; i++)
        g_hash_table_add(set, g_strdup(ids->pdata[i]));
}

/* What no Ping watches is polled, less and less often while nothing happens there. */
static void note_rest(struct replica *replica)
{
    const struct sync_engine *engine = &replica->engine;
    bool news = engine->tree_stirred || g_hash_table_size(engine->stirred);

    replica->rest_at = g_get_monotonic_time();
    replica->poll_ms = news || !replica->poll_ms ? LIMIT_POLL_MS : MIN(2 * replica->poll_ms, LIMIT_POLL_LAST_MS);
}

/* Whose turn it is, besides what was named; NULL: all, as after a failure, where no Ping holds, and now and then even
 * so: silence is not health for ever. */
static GHashTable *ids_in_turn(struct replica *replica)
{
    bool seldom = is_due(replica->engine.folders_at, LIMIT_FOLDERS_MS);
    g_autoptr(GPtrArray) unwatched = watch_to_poll(replica->watch, seldom);
    GHashTable *ids;

    if (!unwatched || !eas_is_served(&replica->last) || is_due(replica->all_at, LIMIT_SILENCE_MS))
        return NULL;
    ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    replica->rest_asked = seldom || is_due(replica->rest_at, replica->poll_ms);
    if (replica->rest_asked)
        add_ids(ids, unwatched);
    return ids;
}

/* Under the lock: what the next pass asks; all wishes so far are taken. */
static struct sync_scope take_scope(struct replica *replica)
{
    bool all = replica->kicked || replica->renewed || (replica->hinted && !replica->named);
    struct sync_scope scope = {.full = replica->full,
                               .folders = replica->kicked || replica->tree_hinted,
                               .folders_anew = replica->tree_anew,
                               .only = all ? NULL : ids_in_turn(replica)};

    if (replica->folders) {
        g_clear_pointer(&replica->config->folders, g_ptr_array_unref);
        replica->config->folders = g_steal_pointer(&replica->folders);
        replica->engine.selection_old = true;
    }
    if (replica->kicked)
        session_forgive(replica->session);
    if (scope.only && replica->named)
        add_ids(scope.only, replica->named);
    replica->rest_asked |= !scope.only;
    g_clear_pointer(&replica->named, g_ptr_array_unref);
    replica->kicked = replica->renewed = replica->full = replica->hinted = replica->journaled = false;
    replica->tree_hinted = replica->tree_anew = false;
    return scope;
}

void replica_hint(void *ctx, const struct watch_hint *hint)
{
    struct replica *replica = ctx;

    g_mutex_lock(&replica->lock);
    if (!replica->hinted)
        replica->named = g_ptr_array_new_with_free_func(g_free);
    replica->hinted = true;
    replica->tree_hinted |= hint->folders;
    replica->tree_anew |= hint->anew;
    if (hint->all)
        g_clear_pointer(&replica->named, g_ptr_array_unref);
    for (guint i = 0; replica->named && i < hint->named->len; i++)
        g_ptr_array_add(replica->named, g_strdup(hint->named->pdata[i]));
    g_cond_broadcast(&replica->turn);
    g_mutex_unlock(&replica->lock);
}

void replica_journaled(void *ctx)
{
    struct replica *replica = ctx;

    g_mutex_lock(&replica->lock);
    replica->journaled = true;
    g_cond_broadcast(&replica->turn);
    g_mutex_unlock(&replica->lock);
}

void replica_renew(void *ctx, const char *const *gone)
{
    struct replica *replica = ctx;

    session_renew(replica->session, gone);
    watch_new_path(replica->watch);
    g_mutex_lock(&replica->lock);
    replica->renewed = true;
    g_cond_broadcast(&replica->turn);
    g_mutex_unlock(&replica->lock);
}

void replica_store_well(struct replica *replica)
{
    fetcher_wake(replica->fetcher);
    if (replica->editor)
        editor_go_on(replica->editor);
    g_mutex_lock(&replica->lock);
    replica->renewed = true;
    g_cond_broadcast(&replica->turn);
    g_mutex_unlock(&replica->lock);
}

/* ---- the thread ---- */

static void pass_ended(struct replica *replica, const struct eas_result *result, unsigned long answered)
{
    replica->last = *result;
    replica->passes++;
    replica->done = answered;
    replica->syncing = false;
    replica_set_state(replica, state_after(result), eas_is_served(result) ? "" : result->text);
    g_cond_broadcast(&replica->turn);
}

static struct eas_result pass_run(struct replica *replica, const struct sync_scope *scope)
{
    struct sync_engine *engine = &replica->engine;

    if (g_atomic_int_get(&replica->wiped))
        return replica->last;
    watch_hold(replica->watch);
    struct eas_result result = sync_pass(engine, scope);

    if (result.action == EAS_ACTION_WIPE)
        return replica_wipe(replica);

    if (!eas_is_served(&result)) {
        watch_outage(replica->watch);
        return result;
    }
    if (!scope->only) {
        replica->all_at = g_get_monotonic_time();
        if (g_atomic_int_get(&replica->filling) && store_set(replica->store, "filled", "1") == 0)
            g_atomic_int_set(&replica->filling, 0);
    }
    if (replica->rest_asked)
        note_rest(replica);
    watch_release(replica->watch, engine->stirred, engine->tree_stirred);
    fetcher_wake(replica->fetcher);
    store_reclaim(replica->store);
    return result;
}

/* Under the lock, which is given up meanwhile: one pass. */
static struct eas_result work_once(struct replica *replica, struct sync_scope *scope)
{
    unsigned long answered = replica->asked;

    replica->syncing = true;
    g_mutex_unlock(&replica->lock);
    struct eas_result result = pass_run(replica, scope);

    g_mutex_lock(&replica->lock);
    pass_ended(replica, &result, answered);
    return result;
}

void *replica_work(void *ctx)
{
    struct replica *replica = ctx;
    int error = replica_is_warm(replica) ? folders_select(&replica->engine) : 0;
    struct eas_result result = store_result(error);
    long retry = 0;

    g_mutex_lock(&replica->lock);
    while (!replica->stopping) {
        struct sync_scope scope = take_scope(replica);

        if (!sync_is_idle(&replica->engine, &scope))
            result = work_once(replica, &scope);
        g_clear_pointer(&scope.only, g_hash_table_unref);
        if (eas_is_served(&result))
            retry = 0;
        bool served = eas_is_served(&result);

        wait_reason(replica, served ? quiet_ms(replica) : retry_ms(&result, &retry), served);
        gather_edits(replica);
        if (replica->kicked || replica->renewed)
            retry = 0;
    }
    g_mutex_unlock(&replica->lock);
    return NULL;
}
