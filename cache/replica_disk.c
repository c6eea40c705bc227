/* The disk under the replica: once it has refused a write, it is tried again and again, by little, until it takes what
 * it refused; then all that waits goes on by itself. */
#include "cache/replica_state.h"
#include "codec/limits.h"

struct disk_watch {
    struct replica *replica;
    GThread *thread;
    GMutex lock; /* over what follows; nothing else is taken under it */
    GCond wake;
    bool ill, stopping;
};

static void on_trouble(void *ctx)
{
    struct disk_watch *watch = ctx;
    g_autofree char *trouble = replica_trouble(watch->replica);

    if (trouble)
        store_tell_reason(watch->replica->store, NULL, NULL, trouble);
    g_mutex_lock(&watch->lock);
    watch->ill = true;
    g_cond_signal(&watch->wake);
    g_mutex_unlock(&watch->lock);
}

/* Under the lock: waits until the disk is to be tried. false: the end. */
static bool wait_ill(struct disk_watch *watch)
{
    gint64 until;

    while (!watch->ill && !watch->stopping)
        g_cond_wait(&watch->wake, &watch->lock);
    until = g_get_monotonic_time() + LIMIT_STORE_TRY_MS * G_TIME_SPAN_MILLISECOND;
    while (!watch->stopping && g_cond_wait_until(&watch->wake, &watch->lock, until))
        continue;
    return !watch->stopping;
}

static void *disk_run(void *ctx)
{
    struct disk_watch *watch = ctx;

    g_mutex_lock(&watch->lock);
    while (wait_ill(watch)) {
        watch->ill = false; /* what is refused from here on is a new trouble */
        g_mutex_unlock(&watch->lock);
        bool well = store_try(watch->replica->store) == 0;

        if (well)
            replica_store_well(watch->replica);
        g_mutex_lock(&watch->lock);
        watch->ill |= !well;
    }
    g_mutex_unlock(&watch->lock);
    return NULL;
}

struct disk_watch *disk_watch_start(struct replica *replica)
{
    struct disk_watch *watch = g_new0(struct disk_watch, 1);

    watch->replica = replica;
    g_mutex_init(&watch->lock);
    g_cond_init(&watch->wake);
    watch->thread = g_thread_new("disk", disk_run, watch);
    store_listen_trouble(replica->store, on_trouble, watch);
    if (store_trouble(replica->store))
        on_trouble(watch);
    return watch;
}

void disk_watch_stop(struct disk_watch *watch)
{
    if (!watch->thread)
        return;
    g_mutex_lock(&watch->lock);
    watch->stopping = true;
    g_cond_signal(&watch->wake);
    g_mutex_unlock(&watch->lock);
    g_clear_pointer(&watch->thread, g_thread_join);
}

void disk_watch_free(struct disk_watch *watch)
{
    if (!watch)
        return;
    disk_watch_stop(watch);
    store_listen_trouble(watch->replica->store, NULL, NULL);
    g_mutex_clear(&watch->lock);
    g_cond_clear(&watch->wake);
    g_free(watch);
}
