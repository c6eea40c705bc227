#include "fs/mount/notify.h"

#include <errno.h>
#include <string.h>

/* What of an inode is stale; of several changes the most holds. */
enum stale { STALE_ATTRIBUTES = 1, STALE_BYTES = 2 };

/* A name that is gone: only these need their names, creations need no more than their directory. */
struct gone {
    uint64_t parent, ino; /* ino 0: moved away, not deleted */
    char *name;
};

/* A batch: everything that changed since the thread last looked. Bounded by the mailbox: inodes stand in it once. */
struct batch {
    GHashTable *stale; /* inode (as gint64) → enum stale */
    GArray *gone;      /* of struct gone, in order */
};

struct notifier {
    GMutex lock; /* over all that follows */
    GCond wake;
    struct batch batch;
    bool running, stopping;
    struct fuse_session *session;
    struct counters *counters;
    GThread *thread;
};

static void gone_clear(void *data)
{
    g_free(((struct gone *)data)->name);
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

struct notifier *notifier_new(struct counters *counters)
{
    struct notifier *notifier = g_new0(struct notifier, 1);

    g_mutex_init(&notifier->lock);
    g_cond_init(&notifier->wake);
    notifier->batch = batch_new();
    notifier->counters = counters;
    return notifier;
}

void notifier_free(struct notifier *notifier)
{
    batch_free(&notifier->batch);
    g_cond_clear(&notifier->wake);
    g_mutex_clear(&notifier->lock);
    g_free(notifier);
}

static void batch_stale(struct batch *batch, uint64_t ino, enum stale how)
{
    enum stale before = GPOINTER_TO_INT(g_hash_table_lookup(batch->stale, &ino));

    if (how > before) {
        g_hash_table_insert(batch->stale, g_memdup2(&ino, sizeof ino), GINT_TO_POINTER(how));
    }
}

static void batch_gone(struct batch *batch, uint64_t parent, uint64_t ino, const char *name)
{
    struct gone gone = {.parent = parent, .ino = ino, .name = g_strdup(name)};

    g_array_append_val(batch->gone, gone);
}

/* A directory's own bytes are its cached listing. The bytes of an item also move its directory's time, and without
 * opens they may bring it into the listing. */
static void batch_add(struct batch *batch, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_CREATE:
        break;
    case CHANGE_BYTES:
        batch_stale(batch, change->ino, STALE_BYTES);
        break;
    case CHANGE_FLAGS:
        batch_stale(batch, change->ino, STALE_ATTRIBUTES);
        return;
    case CHANGE_MOVE:
        batch_gone(batch, change->old_parent, 0, change->old_name);
        batch_stale(batch, change->old_parent, STALE_BYTES);
        batch_stale(batch, change->ino, STALE_ATTRIBUTES);
        break;
    case CHANGE_DELETE:
        batch_gone(batch, change->parent, change->ino, change->name);
        break;
    }
    batch_stale(batch, change->parent, STALE_BYTES);
}

void notifier_listen(void *ctx, const struct change *changes, size_t count)
{
    struct notifier *notifier = ctx;

    g_mutex_lock(&notifier->lock);
    if (notifier->running) {
        for (size_t i = 0; i < count; i++) {
            batch_add(&notifier->batch, &changes[i]);
        }
        g_cond_signal(&notifier->wake);
    }
    g_mutex_unlock(&notifier->lock);
}

/* Names first: what a deleted name leads to must not be found by a look-up that the new listing causes. Failures only
 * say that the kernel held nothing of the kind. */
static void batch_notify(const struct batch *batch, struct fuse_session *session, struct counters *counters)
{
    GHashTableIter each;
    void *ino, *how;

    for (guint i = 0; i < batch->gone->len; i++) {
        const struct gone *gone = &g_array_index(batch->gone, struct gone, i);
        size_t length = strlen(gone->name);
        int error = -ENOTEMPTY;

        count(&counters->notifications);
        if (gone->ino) {
            error = fuse_lowlevel_notify_delete(session, gone->parent, gone->ino, gone->name, length);
        }
        if (error && error != -ENOENT) {
            fuse_lowlevel_notify_inval_entry(session, gone->parent, gone->name, length);
        }
    }
    g_hash_table_iter_init(&each, batch->stale);
    while (g_hash_table_iter_next(&each, &ino, &how)) {
        off_t from = GPOINTER_TO_INT(how) == STALE_BYTES ? 0 : -1; /* below 0: attributes alone */

        count(&counters->notifications);
        fuse_lowlevel_notify_inval_inode(session, *(const uint64_t *)ino, from, 0);
    }
}

static void *notifier_run(void *data)
{
    struct notifier *notifier = data;

    g_mutex_lock(&notifier->lock);
    while (!notifier->stopping) {
        struct batch batch = notifier->batch;

        if (g_hash_table_size(batch.stale) == 0 && batch.gone->len == 0) {
            g_cond_wait(&notifier->wake, &notifier->lock);
            continue;
        }
        notifier->batch = batch_new();
        g_mutex_unlock(&notifier->lock);
        batch_notify(&batch, notifier->session, notifier->counters);
        batch_free(&batch);
        g_mutex_lock(&notifier->lock);
    }
    g_mutex_unlock(&notifier->lock);
    return NULL;
}

void notifier_start(struct notifier *notifier, struct fuse_session *session)
{
    g_mutex_lock(&notifier->lock);
    notifier->session = session;
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
    g_mutex_unlock(&notifier->lock);
    g_clear_pointer(&notifier->thread, g_thread_join);
}
