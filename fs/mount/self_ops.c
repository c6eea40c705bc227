#include "fs/mount/self_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cache/view.h"
#include "codec/limits.h"
#include "fs/mount/control.h"
#include "fs/mount/folders.h"
#include "fs/port.h"

struct self_ops {
    struct expected *expected;
    char *mountpoint, *state_dir;
    dev_t device; /* the thread's: the mount's own; 0: not known yet */
    GThread *thread;
    int references; /* the owner's and the thread's: a thread that hangs outlives its owner */

    GMutex lock; /* over all that follows */
    GCond turn;
    struct self_op *op; /* being performed; the thread's to free */
    bool paused, ending;
    bool hung; /* op is past its deadline */
    int result;
    bool lost; /* the mount point is no longer this mount */
};

/* ---- on the thread ---- */

/* Whether a descriptor is a directory of this mount: asks the kernel alone, not the dispatcher. */
static bool is_directory(const struct self_ops *self_ops, int fd, uint64_t ino)
{
    struct statx st;

    return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_TYPE, &st) == 0 &&
           makedev(st.stx_dev_major, st.stx_dev_minor) == self_ops->device && S_ISDIR(st.stx_mode) && st.stx_ino == ino;
}

static int root_open(const struct self_ops *self_ops)
{
    int fd = open(self_ops->mountpoint, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

/* The directory at the end of a way, as an O_PATH descriptor, or a negative errno: -EXDEV when the mount point is not
 * this mount, -ESTALE when the way leads to another directory. */
static int way_open(const struct self_ops *self_ops, const GArray *way)
{
    g_autofree char *path = folder_path(way, NULL);
    uint64_t ino = way->len ? g_array_index(way, struct folder_step, way->len - 1).ino : VIEW_ROOT;
    int root = root_open(self_ops), fd;

    if (root < 0 || !is_directory(self_ops, root, VIEW_ROOT)) {
        if (root >= 0)
            close(root);
        return -EXDEV;
    }
    if (!*path)
        return root;
    fd = port_open_below(root, path);
    close(root);
    if (fd >= 0 && !is_directory(self_ops, fd, ino)) {
        close(fd);
        return -ESTALE;
    }
    return fd;
}

/* Whether a name leads to the file that is meant; also makes the kernel know it before directories are locked. */
static int name_check(int dir, const char *name, uint64_t ino)
{
    struct statx st;

    if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_INO, &st) != 0)
        return -errno;
    return st.stx_ino == ino ? 0 : -ESTALE;
}

static int perform_create(int dir, const struct self_op *op)
{
    int fd;

    if (op->directory)
        return mkdirat(dir, op->name, 0700) == 0 ? 0 : -errno;
    fd = openat(dir, op->name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static int perform_bytes(struct self_ops *self_ops, int dir, const struct self_op *op)
{
    int error = name_check(dir, op->name, op->ino);
    int fd = error ? -1 : openat(dir, op->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    struct statx st;

    if (fd < 0)
        return error ? error : -errno;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &st) == 0) {
        expected_size(self_ops->expected, (int64_t)st.stx_size);
        error = ftruncate(fd, (off_t)st.stx_size) == 0 ? 0 : -errno;
    } else {
        error = -errno;
    }
    close(fd);
    return error;
}

static int perform_delete(int dir, const struct self_op *op)
{
    int error = name_check(dir, op->name, op->ino);

    if (!error && unlinkat(dir, op->name, op->directory ? AT_REMOVEDIR : 0) != 0)
        error = -errno;
    return error;
}

static int perform_move(struct self_ops *self_ops, int dir, const struct self_op *op)
{
    int old_dir = way_open(self_ops, op->old_way);
    int error = old_dir < 0 ? old_dir : name_check(old_dir, op->old_name, op->ino);

    if (!error && renameat2(old_dir, op->old_name, dir, op->name, RENAME_NOREPLACE) != 0)
        error = -errno;
    if (old_dir >= 0)
        close(old_dir);
    return error;
}

static int perform(struct self_ops *self_ops, const struct self_op *op)
{
    int dir = way_open(self_ops, op->way);
    int error;

    if (dir < 0)
        return dir;
    switch (op->kind) {
    case CHANGE_CREATE:
        error = perform_create(dir, op);
        break;
    case CHANGE_BYTES:
        error = perform_bytes(self_ops, dir, op);
        break;
    case CHANGE_MOVE:
        error = perform_move(self_ops, dir, op);
        break;
    case CHANGE_DELETE:
        error = perform_delete(dir, op);
        break;
    default:
        error = -EINVAL;
    }
    close(dir);
    return error;
}

/* What stands at the mount point now is this mount if it names our state directory, which only one daemon can have. */
static dev_t device_learn(const struct self_ops *self_ops)
{
    int root = root_open(self_ops);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/" CONTROL_STATE_DIR, root);
    g_autofree char *state = NULL;
    struct stat st = {0};

    if (root < 0)
        return 0;
    if (!g_file_get_contents(path, &state, NULL, NULL) || strcmp(state, self_ops->state_dir) != 0 ||
        fstat(root, &st) != 0)
        st.st_dev = 0;
    close(root);
    return st.st_dev;
}

static void self_ops_unref(struct self_ops *self_ops)
{
    if (g_atomic_int_dec_and_test(&self_ops->references)) {
        g_mutex_clear(&self_ops->lock);
        g_cond_clear(&self_ops->turn);
        expected_free(self_ops->expected);
        g_free(self_ops->mountpoint);
        g_free(self_ops->state_dir);
        g_free(self_ops);
    }
}

static int run_one(struct self_ops *self_ops, const struct self_op *op)
{
    int error;

    if (!self_ops->device)
        self_ops->device = device_learn(self_ops);
    expected_arm(self_ops->expected, op, gettid());
    error = self_ops->device ? perform(self_ops, op) : -EXDEV;
    expected_disarm(self_ops->expected);
    return error;
}

static void *self_ops_run(void *data)
{
    struct self_ops *self_ops = data;

    g_mutex_lock(&self_ops->lock);
    while (!self_ops->ending) {
        struct self_op *op = self_ops->op;
        int result;

        if (!op) {
            g_cond_wait(&self_ops->turn, &self_ops->lock);
            continue;
        }
        g_mutex_unlock(&self_ops->lock);
        result = run_one(self_ops, op);
        g_mutex_lock(&self_ops->lock);
        g_clear_pointer(&self_ops->op, self_op_free);
        self_ops->hung = false;
        self_ops->result = result;
        g_cond_broadcast(&self_ops->turn);
    }
    g_mutex_unlock(&self_ops->lock);
    self_ops_unref(self_ops);
    return NULL;
}

/* ---- on others ---- */

struct self_ops *self_ops_new(struct expected *expected, const char *mountpoint, const char *state_dir)
{
    struct self_ops *self_ops = g_new0(struct self_ops, 1);

    self_ops->expected = expected;
    self_ops->mountpoint = g_strdup(mountpoint);
    self_ops->state_dir = g_strdup(state_dir);
    self_ops->references = 2;
    g_mutex_init(&self_ops->lock);
    g_cond_init(&self_ops->turn);
    self_ops->thread = g_thread_new("self-ops", self_ops_run, self_ops);
    return self_ops;
}

/* Under the lock: waits until no operation runs; false at its deadline. */
static bool wait_idle(struct self_ops *self_ops)
{
    gint64 deadline = g_get_monotonic_time() + LIMIT_SELF_OP_MS * 1000LL;

    while (self_ops->op)
        if (!g_cond_wait_until(&self_ops->turn, &self_ops->lock, deadline))
            return !self_ops->op;
    return true;
}

void self_ops_pause(struct self_ops *self_ops, bool pause)
{
    g_mutex_lock(&self_ops->lock);
    self_ops->paused = pause;
    wait_idle(self_ops);
    g_mutex_unlock(&self_ops->lock);
}

void self_ops_free(struct self_ops *self_ops)
{
    bool idle;

    g_mutex_lock(&self_ops->lock);
    self_ops->ending = true;
    g_cond_broadcast(&self_ops->turn);
    idle = !self_ops->op;
    g_mutex_unlock(&self_ops->lock);
    if (idle)
        g_thread_join(self_ops->thread);
    else
        g_thread_unref(self_ops->thread);
    self_ops_unref(self_ops);
}

int self_ops_perform(struct self_ops *self_ops, struct self_op *op)
{
    int result;

    g_mutex_lock(&self_ops->lock);
    if (self_ops->paused || self_ops->lost || self_ops->hung || self_ops->ending) {
        self_op_free(op);
        g_mutex_unlock(&self_ops->lock);
        return -ECANCELED;
    }
    self_ops->op = op;
    g_cond_broadcast(&self_ops->turn);
    if (wait_idle(self_ops)) {
        result = self_ops->result;
        self_ops->lost = result == -EXDEV;
    } else {
        expected_disarm(self_ops->expected);
        self_ops->hung = true;
        result = -ETIMEDOUT;
    }
    g_mutex_unlock(&self_ops->lock);
    return result;
}

const char *self_ops_fault(struct self_ops *self_ops)
{
    const char *fault;

    g_mutex_lock(&self_ops->lock);
    fault = self_ops->lost   ? "the mount point is no longer this mount"
            : self_ops->hung ? "the kernel has not finished the last one"
                             : NULL;
    g_mutex_unlock(&self_ops->lock);
    return fault;
}
