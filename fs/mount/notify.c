#include "fs/mount/notify.h"

#include <string.h>

#include "codec/limits.h"
#include "fs/mount/opens.h"
#include "fs/mount/tell.h"
#include "fs/report.h"

/* What of an inode is stale; of several changes the most holds. */
enum stale { STALE_ATTRIBUTES = 1, STALE_BYTES = 2 };

/* A name that is gone: only these need their names, creations need no more than their directory. */
struct gone {
    uint64_t parent, ino; /* ino 0: moved away, not deleted */
    char *name;
};

/* One that is told by itself, in order. */
enum waiting_kind { WAITING_CHANGE, WAITING_STATE, WAITING_OVERFLOW };
struct waiting {
    enum waiting_kind kind;
    enum change_kind change;
    bool directory;
    bool own;   /* a user did it here: the kernel has told it */
    bool quiet; /* not to be told to inotify any more */
    int64_t time_ns;
    uint64_t ino, parent, old_parent;
    char *name, *old_name; /* of a state: its word and its reason */
};

/* A batch: everything that changed since the thread last looked. Bounded by the mailbox: inodes stand in it once. */
struct batch {
    GHashTable *stale; /* inode (as gint64) → enum stale */
    GArray *gone;      /* of struct gone, in order: what no operation of our own will tell */
};

struct notifier {
    struct mount *mount;
    GMutex lock; /* over all that follows */
    GCond wake;
    struct batch batch;
    GQueue waiting;     /* of struct waiting, in order */
    GHashTable *untold; /* inode (as gint64) → how many changes of it wait that the kernel does not know */
    bool running, stopping, overflowing;
    GCond passed;                    /* one of the next two has grown */
    unsigned long invalidated, told; /* how much of what follows has been passed on */
    unsigned long noted, queued;     /* calls of the listener; what was put into waiting */
    GThread *thread;
};

static void gone_clear(void *data)
{
    g_free(((struct gone *)data)->name);
}

static void waiting_free(void *data)
{
    struct waiting *waiting = data;

    g_free(waiting->name);
    g_free(waiting->old_name);
    g_free(waiting);
}

static struct batch batch_new(void)
{
    struct batch batch = {.stale = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
                          .gone = g_array_new(FALSE, FALSE, sizeof(struct gone))};

    g_array_set_clear_func(batch.gone, gone_clear);
    return batch;
}

static void batch_free(struct batch *batch)
{
    g_hash_table_unref(batch->stale);
    g_array_unref(batch->gone);
}

struct notifier *notifier_new(struct mount *mount)
{
    struct notifier *notifier = g_new0(struct notifier, 1);

    notifier->mount = mount;
    g_mutex_init(&notifier->lock);
    g_cond_init(&notifier->wake);
    g_cond_init(&notifier->passed);
    notifier->batch = batch_new();
    g_queue_init(&notifier->waiting);
    notifier->untold = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return notifier;
}

void notifier_free(struct notifier *notifier)
{
    batch_free(&notifier->batch);
    g_queue_clear_full(&notifier->waiting, waiting_free);
    g_hash_table_unref(notifier->untold);
    g_cond_clear(&notifier->wake);
    g_cond_clear(&notifier->passed);
    g_mutex_clear(&notifier->lock);
    g_free(notifier);
}

static void batch_stale(struct batch *batch, uint64_t ino, enum stale how)
{
    enum stale before = GPOINTER_TO_INT(g_hash_table_lookup(batch->stale, &ino));

    if (how > before)
        g_hash_table_insert(batch->stale, g_memdup2(&ino, sizeof ino), GINT_TO_POINTER(how));
}

static void batch_gone(struct batch *batch, uint64_t parent, uint64_t ino, const char *name)
{
    struct gone gone = {.parent = parent, .ino = ino, .name = g_strdup(name)};

    g_array_append_val(batch->gone, gone);
}

/* A directory's own bytes are its cached listing. What a user does, the kernel follows by itself, but for times. The
 * bytes of an item also move its directory's time, and without opens they may bring it into the listing. */
static void batch_add_stale(struct batch *batch, const struct change *change)
{
    if (change->own) {
        batch_stale(batch, change->ino, STALE_ATTRIBUTES);
        batch_stale(batch, change->parent, STALE_ATTRIBUTES);
        return;
    }
    switch (change->kind) {
    case CHANGE_CREATE:
    case CHANGE_DELETE:
        break;
    case CHANGE_BYTES:
    case CHANGE_ARRIVED:
        batch_stale(batch, change->ino, STALE_BYTES);
        break;
    case CHANGE_FLAGS:
        batch_stale(batch, change->ino, STALE_ATTRIBUTES);
        return;
    case CHANGE_MOVE:
        batch_stale(batch, change->old_parent, STALE_BYTES);
        batch_stale(batch, change->ino, STALE_ATTRIBUTES);
        break;
    }
    batch_stale(batch, change->parent, STALE_BYTES);
}

static void batch_add_gone(struct batch *batch, const struct change *change)
{
    if (change->kind == CHANGE_MOVE)
        batch_gone(batch, change->old_parent, 0, change->old_name);
    else if (change->kind == CHANGE_DELETE)
        batch_gone(batch, change->parent, change->ino, change->name);
}

/* ---- what is told one by one ---- */

static void enqueue(struct notifier *notifier, struct waiting waiting)
{
    waiting.time_ns = g_get_real_time() * 1000;
    notifier->queued++;
    g_queue_push_tail(&notifier->waiting, g_memdup2(&waiting, sizeof waiting));
    g_cond_signal(&notifier->wake);
}

static int untold_of(const struct notifier *notifier, uint64_t ino)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(notifier->untold, &ino));
}

static void untold_add(struct notifier *notifier, uint64_t ino, int more)
{
    int count = untold_of(notifier, ino) + more;

    if (count > 0)
        g_hash_table_insert(notifier->untold, g_memdup2(&ino, sizeof ino), GINT_TO_POINTER(count));
    else
        g_hash_table_remove(notifier->untold, &ino);
}

/* A user's change overtakes what waits to be told of the file. That it came, or changed, is not news any more; and
 * after a move that is still to be told, the user's has to be told again, or watchers would see the two in the wrong
 * order. Whether that is so. */
static bool overtake(struct notifier *notifier, uint64_t ino)
{
    bool again = false;

    for (GList *at = notifier->waiting.head; at; at = at->next) {
        struct waiting *waiting = at->data;

        if (waiting->kind != WAITING_CHANGE || waiting->ino != ino || waiting->own)
            continue;
        if (waiting->change == CHANGE_CREATE || waiting->change == CHANGE_BYTES)
            waiting->quiet = true;
        else
            again = true;
    }
    return again;
}

/* Whether it will be told by itself: not once too many wait, and then not until all who do have been told. */
static bool enqueue_change(struct notifier *notifier, const struct change *change)
{
    if (notifier->overflowing && notifier->waiting.length > 0)
        return false;
    notifier->overflowing = notifier->waiting.length >= LIMIT_EVENTS_WAITING;
    if (notifier->overflowing) {
        enqueue(notifier, (struct waiting){.kind = WAITING_OVERFLOW});
        return false;
    }
    bool own = change->own && !(untold_of(notifier, change->ino) && overtake(notifier, change->ino));

    if (!own)
        untold_add(notifier, change->ino, 1);
    enqueue(notifier, (struct waiting){.change = change->kind,
                                       .directory = change->directory,
                                       .own = own,
                                       .ino = change->ino,
                                       .parent = change->parent,
                                       .old_parent = change->old_parent,
                                       .name = g_strdup(change->name),
                                       .old_name = g_strdup(change->old_name)});
    return true;
}

/* What is fetched is no change, nor is what a mailbox held when it was first read: nobody could watch for that. */
static bool is_news(const struct notifier *notifier, const struct change *change)
{
    bool fill = change->kind == CHANGE_CREATE && !change->directory && replica_is_filling(notifier->mount->replica);

    return change->kind != CHANGE_ARRIVED && !fill;
}

void notifier_listen(void *ctx, const struct change *changes, size_t count)
{
    struct notifier *notifier = ctx;

    for (size_t i = 0; i < count; i++)
        if (changes[i].kind == CHANGE_BYTES)
            opens_changed(notifier->mount);
    g_mutex_lock(&notifier->lock);
    notifier->noted += notifier->running;
    for (size_t i = 0; i < count && notifier->running; i++) {
        bool told = is_news(notifier, &changes[i]) && enqueue_change(notifier, &changes[i]);

        batch_add_stale(&notifier->batch, &changes[i]);
        if (!changes[i].own && (!told || !notifier->mount->self_ops))
            batch_add_gone(&notifier->batch, &changes[i]);
    }
    g_cond_signal(&notifier->wake);
    g_mutex_unlock(&notifier->lock);
}

void notifier_stale(struct notifier *notifier, uint64_t ino)
{
    g_mutex_lock(&notifier->lock);
    notifier->noted += notifier->running;
    if (notifier->running)
        batch_stale(&notifier->batch, ino, STALE_BYTES);
    g_cond_signal(&notifier->wake);
    g_mutex_unlock(&notifier->lock);
}

void notifier_state(void *ctx, enum replica_state state, const char *reason)
{
    struct notifier *notifier = ctx;

    g_mutex_lock(&notifier->lock);
    if (notifier->running) {
        enqueue(notifier, (struct waiting){.kind = WAITING_STATE,
                                           .name = g_strdup(report_state(state)),
                                           .old_name = g_strdup(reason)});
    }
    g_mutex_unlock(&notifier->lock);
}

/* ---- on the thread ---- */

/* Names first: what a deleted name leads to must not be found by a look-up that the new listing causes. Failures only
 * say that the kernel held nothing of the kind. */
static void batch_invalidate(struct mount *mount, const struct batch *batch)
{
    GHashTableIter each;
    void *ino, *how;

    for (guint i = 0; i < batch->gone->len; i++) {
        const struct gone *gone = &g_array_index(batch->gone, struct gone, i);

        notify_gone(mount, gone->parent, gone->ino, gone->name);
    }
    g_hash_table_iter_init(&each, batch->stale);
    while (g_hash_table_iter_next(&each, &ino, &how)) {
        off_t from = GPOINTER_TO_INT(how) == STALE_BYTES ? 0 : -1; /* below 0: attributes alone */

        count(&mount->counters.notifications);
        fuse_lowlevel_notify_inval_inode(mount->session, *(const uint64_t *)ino, from, 0);
    }
}

static void tell_change(struct teller *teller, const struct waiting *waiting)
{
    struct change change = {.kind = waiting->change,
                            .directory = waiting->directory,
                            .own = waiting->own || waiting->quiet,
                            .ino = waiting->ino,
                            .parent = waiting->parent,
                            .old_parent = waiting->old_parent};

    g_strlcpy(change.name, waiting->name, sizeof change.name);
    g_strlcpy(change.old_name, waiting->old_name, sizeof change.old_name);
    teller_change(teller, &change, waiting->time_ns);
}

static void tell(struct teller *teller, const struct waiting *waiting)
{
    switch (waiting->kind) {
    case WAITING_CHANGE:
        tell_change(teller, waiting);
        break;
    case WAITING_STATE:
        teller_state(teller, waiting->name, waiting->old_name, waiting->time_ns);
        break;
    case WAITING_OVERFLOW:
        teller_overflow(teller, waiting->time_ns);
        break;
    }
}

/* Under the lock, which is given up meanwhile. */
static void take_batch(struct notifier *notifier)
{
    struct batch batch = notifier->batch;
    unsigned long noted = notifier->noted;

    notifier->batch = batch_new();
    g_mutex_unlock(&notifier->lock);
    batch_invalidate(notifier->mount, &batch);
    batch_free(&batch);
    g_mutex_lock(&notifier->lock);
    notifier->invalidated = noted;
    g_cond_broadcast(&notifier->passed);
}

static void take_waiting(struct notifier *notifier, struct teller *teller)
{
    struct waiting *waiting = g_queue_pop_head(&notifier->waiting);

    if (waiting->kind == WAITING_CHANGE && !waiting->own)
        untold_add(notifier, waiting->ino, -1);
    g_mutex_unlock(&notifier->lock);
    tell(teller, waiting);
    waiting_free(waiting);
    g_mutex_lock(&notifier->lock);
    notifier->told++;
    g_cond_broadcast(&notifier->passed);
}

/* Invalidations go before whatever waits to be told: they make the tree true, and are few. */
static void *notifier_run(void *data)
{
    struct notifier *notifier = data;
    struct teller *teller = teller_new(notifier->mount);

    g_mutex_lock(&notifier->lock);
    while (teller && !notifier->stopping)
        if (notifier->invalidated != notifier->noted)
            take_batch(notifier);
        else if (notifier->waiting.length > 0)
            take_waiting(notifier, teller);
        else
            g_cond_wait(&notifier->wake, &notifier->lock);
    g_mutex_unlock(&notifier->lock);
    g_clear_pointer(&teller, teller_free);
    return NULL;
}

void notifier_start(struct notifier *notifier)
{
    g_mutex_lock(&notifier->lock);
    notifier->running = true;
    notifier->thread = g_thread_new("notify", notifier_run, notifier);
    g_mutex_unlock(&notifier->lock);
}

void notifier_stop(struct notifier *notifier)
{
    g_mutex_lock(&notifier->lock);
    notifier->running = false;
    notifier->stopping = true;
    g_cond_signal(&notifier->wake);
    g_cond_broadcast(&notifier->passed);
    g_mutex_unlock(&notifier->lock);
    g_clear_pointer(&notifier->thread, g_thread_join);
}

void notifier_settle(struct notifier *notifier)
{
    gint64 until = g_get_monotonic_time() + LIMIT_SETTLE_MS * 1000LL;

    g_mutex_lock(&notifier->lock);
    unsigned long noted = notifier->noted, queued = notifier->queued;

    while (notifier->running && (notifier->invalidated < noted || notifier->told < queued) &&
           g_cond_wait_until(&notifier->passed, &notifier->lock, until))
        continue;
    g_mutex_unlock(&notifier->lock);
}
