/* The order to wipe (MS-ASPROV 3.1.5.1.2.1): everything of the account is destroyed first, then the server is told. Of
 * a mount that stays nothing is left but its directories. */
#include <errno.h>

#include "cache/directory.h"
#include "cache/replica_state.h"
#include "cache/wiped.h"

static struct eas_result wiped_result(const struct wiped *wiped, bool done)
{
    struct eas_result result =
        eas_refused(EAS_SCOPE_FATAL, 77, "wiped by the administrator on %s: %s", wiped->date,
                    done ? "nothing of the account is here any more; easfs cache wipe makes room for a new beginning"
                         : "not everything could be destroyed; remove the state directory");

    result.action = EAS_ACTION_WIPE;
    result.cause = EAS_CAUSE_WIPE_PENDING;
    return result;
}

static char *today(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    return g_date_time_format(now, "%Y-%m-%d");
}

/* Whoever reads or writes hears of it at once, and nobody asks the server any more. */
static void stop_all(struct replica *replica, const struct wiped *wiped)
{
    struct eas_result result = wiped_result(wiped, true);

    g_mutex_lock(&replica->lock);
    replica_set_state(replica, REPLICA_WIPED, result.text);
    g_mutex_unlock(&replica->lock);
    g_atomic_int_set(&replica->wiped, TRUE);
    if (replica->inquiry)
        inquiry_stop(replica->inquiry);
    disk_watch_stop(replica->disk);
    if (replica->editor)
        editor_stop(replica->editor);
    fetcher_stop(replica->fetcher);
    watch_stop(replica->watch);
}

/* Secrets first: without its key an encrypted replica is destroyed as soon as that is gone. */
static bool destroy(struct replica *replica)
{
    const struct replica_config *config = replica->config;
    bool forgotten = !config->forget || config->forget(config->forget_ctx);

    return store_destroy(replica->store) == 0 && forgotten;
}

static void tell_server(struct replica *replica, struct wiped *wiped, struct link *link, bool done)
{
    struct eas_result told = session_wiped(link, wiped->account_only, done);

    wiped->acknowledged = eas_is_served(&told);
    wiped_write(replica->config->state_dir, wiped);
}

struct eas_result replica_wipe(struct replica *replica)
{
    struct wiped wiped = {.date = today(), .device_id = store_get(replica->store, "device-id")};
    struct eas_result result = session_wipe_ordered(replica->engine.link, &wiped.account_only);

    /* The mark comes first: a wipe that is broken off is known by it. */
    if (eas_is_served(&result)) {
        int error = wiped_write(replica->config->state_dir, &wiped);

        stop_all(replica, &wiped);
        bool done = destroy(replica) && !error;

        tell_server(replica, &wiped, replica->engine.link, done);
        result = wiped_result(&wiped, done);
    }
    wiped_clear(&wiped);
    return result;
}

/* ---- at a later start ---- */

static char *device_get(void *ctx, const char *key)
{
    const struct wiped *wiped = ctx;

    return !g_strcmp0(key, "device-id") ? g_strdup(wiped->device_id) : NULL;
}

static void nothing_set(void *ctx, const char *key, const char *value)
{
    (void)ctx, (void)key, (void)value;
}

/* Killed before the server knew: it is told now. */
static void tell_late(struct replica *replica, struct wiped *wiped, bool done)
{
    struct session_memory memory = {.get = device_get, .set = nothing_set, .ctx = wiped};
    struct eas_result result;
    struct session *session = session_new(g_steal_pointer(&replica->config->server), &memory, &result);
    struct link *link = session ? link_new(session) : NULL;

    if (!session)
        return;
    tell_server(replica, wiped, link, done);
    link_free(link);
    session_free(session);
}

bool replica_is_wiped(struct replica *replica, struct eas_result *result)
{
    const struct replica_config *config = replica->config;
    struct wiped wiped;
    int error;

    if (wiped_read(config->state_dir, &wiped) == -ENOENT)
        return false;
    error = store_empty(config->state_dir);
    if (error == -EBUSY) {
        *result = eas_refused(EAS_SCOPE_FATAL, 75, "%s is in use by another process", config->state_dir);
    } else {
        bool forgotten = wiped.acknowledged || !config->forget || config->forget(config->forget_ctx);

        if (!wiped.acknowledged && config->server)
            tell_late(replica, &wiped, !error && forgotten);
        *result = wiped_result(&wiped, !error);
    }
    wiped_clear(&wiped);
    return true;
}
