/* The editor's thread: requests in order, each a transaction of its own, many with one sync of the disk. */
#include "cache/edit/editor.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "cache/replica_state.h"
#include "codec/limits.h"

/* One request on its way through a batch. */
struct job {
    struct edit *edit;
    GBytes *bytes; /* STORE: what was written */
    int64_t body;  /* ... as a body, 0: none */
};

static const struct {
    int (*run)(struct editor *editor, struct edit *edit);
    bool own; /* the kernel knows what it does */
} kinds[] = {
    [EDIT_CREATE] = {edit_do_create, true},
    [EDIT_MKDIR] = {edit_do_mkdir, true},
    [EDIT_UNLINK] = {edit_do_unlink, true},
    [EDIT_RMDIR] = {edit_do_rmdir, true},
    [EDIT_RENAME] = {edit_do_rename, true},
    [EDIT_LINK] = {edit_do_link, true},
    [EDIT_STORE] = {NULL, true},
    [EDIT_TIMES] = {edit_do_times, true},
    [EDIT_XATTR] = {edit_do_xattr, true},
    [EDIT_SYNC] = {NULL, true},
    [EDIT_RETRY] = {edit_do_retry, false},
    [EDIT_DISCARD] = {edit_do_discard, false},
};

void edit_drop(struct edit *edit)
{
    g_clear_pointer(&edit->value, g_bytes_unref);
    g_clear_pointer(&edit->base, g_bytes_unref);
}

/* ---- helpers ---- */

int64_t editor_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

enum eas_version editor_version(struct editor *editor)
{
    g_autofree char *kept = NULL;

    if (editor->replica->session && session_version(editor->replica->session) != EAS_NO_VERSION)
        return session_version(editor->replica->session);
    kept = store_get(editor->store, "version");
    return kept ? eas_version_parse(kept) : EAS_NO_VERSION;
}

char *editor_address(struct editor *editor)
{
    char *learnt = store_get(editor->store, "address");

    if (learnt && *learnt)
        return learnt;
    g_free(learnt);
    return g_strdup(editor->config.address ? editor->config.address : "");
}

struct journal editor_row(enum journal_kind kind, int64_t ino)
{
    return (struct journal){.kind = kind,
                            .state = JOURNAL_QUEUED,
                            .ino = ino,
                            .queued_ns = editor_now_ns(),
                            .uid = g_strdup(""),
                            .origin = g_strdup(""),
                            .wanted = {-1, -1, -1, -1, NULL}};
}

int editor_body(struct editor *editor, GBytes *bytes, int64_t *body)
{
    struct body_writer *writer = store_body_begin(editor->store);
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    int error = writer ? store_body_append(writer, data, size) : -EIO;

    *body = 0;
    if (error) {
        store_body_abort(writer);
        return error;
    }
    return store_body_finish(writer, editor->store, body);
}

GBytes *editor_bytes(struct editor *editor, int64_t ino, int *error)
{
    struct view_bytes held;

    if ((*error = view_open(editor->view, (uint64_t)ino, &held)))
        return NULL;
    g_autofree char *bytes = held.size <= LIMIT_EDIT_BYTES ? g_malloc((gsize)held.size + 1) : NULL;
    int64_t at = 0;

    *error = bytes ? 0 : -EFBIG;
    while (!*error && at < held.size) {
        ssize_t got = view_bytes_read(editor->view, &held, bytes + at, (size_t)(held.size - at), at);

        if (got <= 0)
            *error = got ? (int)got : -EIO;
        at += MAX(got, 0);
    }
    view_release(editor->view, &held);
    return *error ? NULL : g_bytes_new_take(g_steal_pointer(&bytes), (gsize)at);
}

int64_t edit_now(struct replica *replica)
{
    return store_instant(replica->store);
}

/* ---- a batch ---- */

/* What was written, read once: it may be written to again meanwhile. */
static int read_copy(const struct edit *edit, GBytes **bytes)
{
    g_autofree char *buffer = NULL;
    int64_t at = 0;

    if (edit->size > LIMIT_EDIT_BYTES)
        return -EFBIG;
    buffer = g_try_malloc((gsize)edit->size + 1);
    if (!buffer)
        return -ENOMEM;
    while (at < edit->size) {
        ssize_t got = pread(edit->fd, buffer + at, (size_t)(edit->size - at), at);

        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        at += got;
    }
    *bytes = g_bytes_new_take(g_steal_pointer(&buffer), (gsize)at);
    return 0;
}

static void job_prepare(struct editor *editor, struct job *job)
{
    struct edit *edit = job->edit;

    edit->error = 0;
    if (edit->kind != EDIT_STORE || edit->unchanged)
        return;
    edit->error = read_copy(edit, &job->bytes);
    if (!edit->error)
        edit->error = editor_body(editor, job->bytes, &job->body);
}

static int job_carry_out(struct editor *editor, struct job *job)
{
    struct edit *edit = job->edit;

    if (edit->kind == EDIT_STORE)
        return edit_do_store(editor, edit, job->body, job->bytes);
    return kinds[edit->kind].run ? kinds[edit->kind].run(editor, edit) : 0;
}

/* A verdict against what was written is no failure of the request: it is committed, and told. */
static void job_run(struct editor *editor, struct job *job)
{
    struct edit *edit = job->edit;
    int told = 0;

    if (edit->error || edit->kind == EDIT_SYNC) {
        store_body_undo(editor->store, job->body);
        return;
    }
    edit->error = kinds[edit->kind].own ? store_begin_own(editor->store) : store_begin(editor->store);
    if (edit->error) {
        store_body_undo(editor->store, job->body);
        return;
    }
    edit->error = job_carry_out(editor, job);
    if (edit->error > 0) {
        told = -edit->error;
        edit->error = 0;
    }
    if (edit->error)
        store_rollback(editor->store);
    else
        edit->error = store_commit(editor->store);
    refuse_tell(editor, edit->error != 0);
    if (!edit->error)
        edit->error = told;
    else
        store_body_undo(editor->store, job->body);
    if (!editor->unsynced_at)
        editor->unsynced_at = g_get_monotonic_time();
    if (edit->attr.ino)
        view_getattr(editor->view, edit->attr.ino, &edit->attr);
}

/* That no writer is left is said to nobody who could say it again: it waits for the disk. */
static bool put_off(struct editor *editor, struct edit *edit)
{
    bool waits = edit->kind == EDIT_STORE && edit->complete && edit->unchanged && store_is_trouble(edit->error);

    g_mutex_lock(&editor->lock);
    waits = waits && !editor->stopping;
    if (waits)
        g_queue_push_tail(&editor->later, edit);
    g_mutex_unlock(&editor->lock);
    return waits;
}

static void batch_run(struct editor *editor, GArray *batch)
{
    bool durable = false, bodies = false;
    int error = 0;

    for (guint i = 0; i < batch->len; i++) {
        struct job *job = &g_array_index(batch, struct job, i);

        job_prepare(editor, job);
        bodies |= job->body != 0;
        durable |= job->edit->durable || job->edit->kind == EDIT_SYNC;
    }
    if (bodies)
        error = store_bodies_flush(editor->store); /* before any row points to them */
    for (guint i = 0; i < batch->len; i++) {
        struct job *job = &g_array_index(batch, struct job, i);

        if (error && job->body)
            job->edit->error = error;
        job_run(editor, job);
    }
    if (durable) {
        error = store_durable(editor->store);
        editor->unsynced_at = error ? editor->unsynced_at : 0;
    }
    for (guint i = 0; i < batch->len; i++) {
        struct job *job = &g_array_index(batch, struct job, i);
        struct edit *edit = job->edit;

        if (error && !edit->error && (edit->durable || edit->kind == EDIT_SYNC))
            edit->error = error;
        if (job->bytes)
            g_bytes_unref(job->bytes);
        if (!put_off(editor, edit))
            edit->done(edit);
    }
    g_array_set_size(batch, 0);
}

/* ---- the thread ---- */

/* Under the lock. */
static void requeue_put_off(struct editor *editor)
{
    while (!g_queue_is_empty(&editor->later))
        g_queue_push_tail(&editor->queue, g_queue_pop_head(&editor->later));
}

/* Under the lock: what is carried out together. The bytes of all of it are in memory at once. */
static void take_batch(struct editor *editor, GArray *batch)
{
    int64_t bytes = 0;

    while (!g_queue_is_empty(&editor->queue) && batch->len < LIMIT_EDIT_BATCH) {
        const struct edit *next = g_queue_peek_head(&editor->queue);
        int64_t size = next->kind == EDIT_STORE && !next->unchanged ? next->size : 0;

        if (batch->len && bytes + size > LIMIT_EDIT_BATCH_BYTES)
            break;
        struct job job = {.edit = g_queue_pop_head(&editor->queue)};

        bytes += size;
        g_array_append_val(batch, job);
    }
}

/* Under the lock: waits for requests; what was committed and not synced is, LIMIT_UNSYNCED_MS after. */
static void wait_work(struct editor *editor)
{
    while (!editor->stopping && g_queue_is_empty(&editor->queue)) {
        if (!editor->unsynced_at) {
            g_cond_wait(&editor->wake, &editor->lock);
        } else if (!g_cond_wait_until(&editor->wake, &editor->lock,
                                      editor->unsynced_at + LIMIT_UNSYNCED_MS * G_TIME_SPAN_MILLISECOND)) {
            g_mutex_unlock(&editor->lock);
            editor->unsynced_at = store_durable(editor->store) ? g_get_monotonic_time() : 0;
            g_mutex_lock(&editor->lock);
        }
    }
}

static void *editor_run(void *data)
{
    struct editor *editor = data;
    g_autoptr(GArray) batch = g_array_new(FALSE, TRUE, sizeof(struct job));

    g_mutex_lock(&editor->lock);
    for (;;) {
        wait_work(editor);
        if (g_queue_is_empty(&editor->queue))
            break;
        take_batch(editor, batch);
        g_mutex_unlock(&editor->lock);
        batch_run(editor, batch);
        g_mutex_lock(&editor->lock);
    }
    g_mutex_unlock(&editor->lock);
    if (editor->unsynced_at)
        store_durable(editor->store);
    return NULL;
}

void edit_submit(struct replica *replica, struct edit *edit)
{
    struct editor *editor = replica->editor;
    bool taken = false;

    if (editor) {
        g_mutex_lock(&editor->lock);
        taken = editor->thread && !editor->stopping;
        if (taken) {
            g_queue_push_tail(&editor->queue, edit);
            g_cond_signal(&editor->wake);
        }
        g_mutex_unlock(&editor->lock);
    }
    if (!taken) {
        edit->error = -EIO;
        edit->done(edit);
    }
}

void edit_hasten(struct replica *replica)
{
    journal_hasten(replica->store);
}

void editor_go_on(struct editor *editor)
{
    g_mutex_lock(&editor->lock);
    requeue_put_off(editor);
    g_cond_signal(&editor->wake);
    g_mutex_unlock(&editor->lock);
}

/* ---- its life ---- */

struct editor *editor_new(struct replica *replica, const struct edit_config *config)
{
    struct editor *editor = g_new0(struct editor, 1);

    editor->replica = replica;
    editor->store = replica->store;
    editor->config = *config;
    editor->config.account = g_strdup(config->account);
    editor->config.address = g_strdup(config->address);
    editor->config.home_zone = g_strdup(config->home_zone);
    g_mutex_init(&editor->lock);
    g_cond_init(&editor->wake);
    g_queue_init(&editor->queue);
    g_queue_init(&editor->later);
    return editor;
}

void editor_start(struct editor *editor)
{
    editor->view = view_new(editor->store);
    journal_reopen(editor->store);
    editor->thread = editor->view ? g_thread_new("edit", editor_run, editor) : NULL;
}

void editor_stop(struct editor *editor)
{
    g_mutex_lock(&editor->lock);
    editor->stopping = true;
    requeue_put_off(editor);
    g_cond_signal(&editor->wake);
    g_mutex_unlock(&editor->lock);
    g_clear_pointer(&editor->thread, g_thread_join);
    g_clear_pointer(&editor->view, view_free);
}

void editor_free(struct editor *editor)
{
    if (!editor)
        return;
    editor_stop(editor);
    g_free((char *)editor->config.account);
    g_free((char *)editor->config.address);
    g_free((char *)editor->config.home_zone);
    g_queue_clear(&editor->queue);
    g_cond_clear(&editor->wake);
    g_mutex_clear(&editor->lock);
    g_free(editor);
}
