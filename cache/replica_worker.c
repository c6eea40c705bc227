/* The sync worker: connects, keeps the folder tree, passes over all collections, and waits for the
 * next reason to do so. It alone sends Sync. */
#include <string.h>

#include "cache/replica_state.h"
#include "codec/limits.h"
#include "codec/wire/settings.h"

void replica_set_state(struct replica *replica, enum replica_state state, const char *reason)
{
    if (replica->state != state || !replica->since_ns)
        replica->since_ns = g_get_real_time() * 1000;
    replica->state = state;
    g_strlcpy(replica->reason, reason, sizeof replica->reason);
}

/* The account's own address, once: it tells whose answer a meeting's attendee is. No server owes it. */
static void learn_address(struct sync_engine *engine)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    struct answer_tree answer = {0};
    struct user_information user = {0};
    struct call call = {.command = EAS_SETTINGS, .request = request, .sink = &answer_tree_sink, .ctx = &answer};

    if (engine->address || !session_offers(engine->session, EAS_SETTINGS))
        return;
    settings_user_request(request);
    struct eas_result result = session_call(engine->link, &call);

    if (eas_is_served(&result) && answer_tree_root(&answer)) {
        settings_user_read(answer_tree_root(&answer), &user);
        engine->address = g_strdup(user.primary ? user.primary : "");
        store_set(engine->store, "address", engine->address);
        settings_user_clear(&user);
    }
    answer_tree_clear(&answer);
}

/* Keys are good for the protocol version they were made with (NOTES section 1); another one begins anew. */
static struct eas_result match_version(struct sync_engine *engine)
{
    const char *version = eas_version_text(session_version(engine->session));
    g_autofree char *made_with = store_get(engine->store, "keys-version");
    int error = 0;

    if (!g_strcmp0(made_with, version))
        return eas_served();
    if (made_with)
        error = down_restart(engine);
    return store_result(error ? error : store_set(engine->store, "keys-version", version));
}

static bool folders_are_due(const struct sync_engine *engine, bool asked)
{
    return asked || engine->folders_stale || engine->folders_anew || !engine->folders_at ||
           g_get_monotonic_time() - engine->folders_at >= LIMIT_FOLDERS_MS * 1000LL;
}

/* Folders, then items. Where a collection says that the tree has changed: FolderSync with the held
 * key; if that does not help, from 0 (NOTES section 18). */
static struct eas_result pass(struct sync_engine *engine, bool asked)
{
    struct eas_result result = session_connect(engine->link);

    if (eas_is_served(&result))
        result = match_version(engine);
    for (int round = 0; round < 3 && eas_is_served(&result); round++) {
        if (round == 0 ? folders_are_due(engine, asked) : engine->folders_stale) {
            engine->folders_anew |= round == 2;
            result = folders_sync(engine);
        } else if (round) {
            break;
        }
        if (eas_is_served(&result) && round == 0)
            learn_address(engine);
        if (eas_is_served(&result))
            result = match_version(engine);
        if (eas_is_served(&result))
            result = down_pass(engine);
    }
    return result;
}

static enum replica_state state_after(const struct eas_result *result)
{
    if (eas_is_served(result))
        return REPLICA_ONLINE;
    if (result->action == EAS_ACTION_WIPE)
        return REPLICA_WIPED;
    return result->action == EAS_ACTION_LOGIN ? REPLICA_AUTH : REPLICA_OFFLINE;
}

/* How long to wait unasked, in ms; 0: until somebody asks, as after a refused password, which is
 * never tried again unasked. */
static long pause_after(const struct eas_result *result, long *delay)
{
    if (eas_is_served(result)) {
        *delay = 0;
        return LIMIT_POLL_MS;
    }
    if (result->action == EAS_ACTION_LOGIN || result->action == EAS_ACTION_WIPE)
        return 0;
    *delay = CLAMP(*delay * 2, LIMIT_RETRY_FIRST_MS, LIMIT_RETRY_LAST_MS);
    if (result->action == EAS_ACTION_STOP)
        *delay = LIMIT_RETRY_LAST_MS;
    long jitter = g_random_int_range(0, (gint32)(*delay / 4 + 1));

    return MAX(*delay + jitter, MIN(result->retry_after_s, LIMIT_RETRY_AFTER_S) * 1000L);
}

/* Under the lock. */
static void wait_reason(struct replica *replica, long pause_ms)
{
    gint64 until = g_get_monotonic_time() + pause_ms * 1000LL;

    while (!replica->stopping && !replica->kicked) {
        if (!pause_ms)
            g_cond_wait(&replica->turn, &replica->lock);
        else if (!g_cond_wait_until(&replica->turn, &replica->lock, until))
            break;
    }
}

static void pass_ended(struct replica *replica, const struct eas_result *result, unsigned long answered)
{
    replica->last = *result;
    replica->passes++;
    replica->done = answered;
    replica->syncing = false;
    replica_set_state(replica, state_after(result), eas_is_served(result) ? "" : result->text);
    g_cond_broadcast(&replica->turn);
}

static struct eas_result pass_run(struct replica *replica, bool full, bool asked)
{
    int error = full ? down_restart(&replica->engine) : 0;

    return error ? store_result(error) : pass(&replica->engine, asked);
}

void *replica_work(void *ctx)
{
    struct replica *replica = ctx;
    int error = replica_is_warm(replica) ? folders_select(&replica->engine) : 0;
    struct eas_result result = store_result(error);
    long delay = 0;

    g_mutex_lock(&replica->lock);
    while (!replica->stopping) {
        unsigned long answered = replica->asked;
        bool full = replica->full, asked = replica->kicked;

        replica->kicked = replica->full = false;
        replica->syncing = true;
        g_mutex_unlock(&replica->lock);
        result = pass_run(replica, full, asked);
        if (eas_is_served(&result)) {
            fetcher_wake(replica->fetcher);
            store_reclaim(replica->store);
        }
        g_mutex_lock(&replica->lock);
        pass_ended(replica, &result, answered);
        wait_reason(replica, pause_after(&result, &delay));
    }
    g_mutex_unlock(&replica->lock);
    return NULL;
}
