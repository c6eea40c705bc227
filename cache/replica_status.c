#include <string.h>

#include "cache/replica_state.h"
#include "cache/sync/select.h"

static void folder_clear(void *data)
{
    g_free(((struct replica_folder *)data)->path);
    g_free(((struct replica_folder *)data)->since);
}

static void add_folder(struct replica *replica, struct replica_status *status, const struct collection *collection)
{
    if (!collection->selected || !collection->ino)
        return;
    struct replica_folder folder = {
        .path = store_path(replica->store, collection->ino),
        .class = collection->class,
        .items = collection->items,
        .unread = collection->unread,
        .bodies_missing = collection->missing_bodies,
        .last_change_ns = collection->dir_mtime_ns,
        .complete = collection->complete && !collection->more && !collection->resync,
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
        add_folder(replica, status, &g_array_index(collections, struct collection, i));
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

struct replica_status *replica_status(struct replica *replica)
{
    struct replica_status *status = g_new0(struct replica_status, 1);

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
    status->policy = store_get(replica->store, "policy");
    add_push(replica, status);
    add_notice(replica, status);
    add_folders(replica, status);
    add_errors(replica, status);
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
    g_free(status);
}
