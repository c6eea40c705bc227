#include "tests/unit/lib/edit_rig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct waited {
    GMutex lock;
    GCond turn;
    bool done;
};

static void wake(struct edit *edit)
{
    struct waited *waited = edit->ctx;

    g_mutex_lock(&waited->lock);
    waited->done = true;
    g_cond_signal(&waited->turn);
    g_mutex_unlock(&waited->lock);
}

int edit_ask(struct replica *replica, struct edit *edit)
{
    struct waited waited = {.done = false};

    g_mutex_init(&waited.lock);
    g_cond_init(&waited.turn);
    edit->done = wake;
    edit->ctx = &waited;
    edit_submit(replica, edit);
    g_mutex_lock(&waited.lock);
    while (!waited.done)
        g_cond_wait(&waited.turn, &waited.lock);
    g_mutex_unlock(&waited.lock);
    g_mutex_clear(&waited.lock);
    g_cond_clear(&waited.turn);
    edit_drop(edit);
    return edit->error;
}

/* The request for the last name of a path in its directory. */
static struct edit at(struct replica_rig *rig, enum edit_kind kind, const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path), *name = g_path_get_basename(path);
    struct edit edit = {.kind = kind, .parent = strcmp(dir, ".") ? replica_rig_ino(rig, dir) : VIEW_ROOT};

    g_strlcpy(edit.name, name, sizeof edit.name);
    return edit;
}

int edit_write(struct replica_rig *rig, const char *path, const char *bytes)
{
    char copy[] = "/tmp/easfs-copy-XXXXXX";
    uint64_t ino = replica_rig_ino(rig, path);
    int fd, error;

    if (!ino) {
        struct edit create = at(rig, EDIT_CREATE, path);

        error = edit_ask(rig->replica, &create);
        if (error)
            return error;
        ino = create.attr.ino;
    }
    fd = mkstemp(copy);
    struct edit store = {.kind = EDIT_STORE,
                         .ino = ino,
                         .fd = fd,
                         .size = (int64_t)strlen(bytes),
                         .mtime_ns = edit_now(rig->replica),
                         .base = edit_base(rig->view, ino),
                         .durable = true,
                         .opener = true,
                         .complete = true};

    assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
    error = edit_ask(rig->replica, &store);
    close(fd);
    unlink(copy);
    return error;
}

static int ask_at(struct replica_rig *rig, enum edit_kind kind, const char *path)
{
    struct edit edit = at(rig, kind, path);

    return edit_ask(rig->replica, &edit);
}

int edit_remove(struct replica_rig *rig, const char *path)
{
    return ask_at(rig, EDIT_UNLINK, path);
}

int edit_mkdir(struct replica_rig *rig, const char *path)
{
    return ask_at(rig, EDIT_MKDIR, path);
}

int edit_rmdir(struct replica_rig *rig, const char *path)
{
    return ask_at(rig, EDIT_RMDIR, path);
}

int edit_rename(struct replica_rig *rig, const char *from, const char *to)
{
    struct edit edit = at(rig, EDIT_RENAME, from), target = at(rig, EDIT_RENAME, to);

    edit.new_parent = target.parent;
    g_strlcpy(edit.new_name, target.name, sizeof edit.new_name);
    return edit_ask(rig->replica, &edit);
}

int edit_attribute(struct replica_rig *rig, const char *path, const char *name, const char *value)
{
    struct edit edit = {
        .kind = EDIT_XATTR, .ino = replica_rig_ino(rig, path), .value = g_bytes_new(value, strlen(value))};

    g_strlcpy(edit.name, name, sizeof edit.name);
    return edit_ask(rig->replica, &edit);
}

int edit_retry(struct replica_rig *rig, const char *path)
{
    struct edit edit = {.kind = EDIT_RETRY, .ino = path ? replica_rig_ino(rig, path) : 0};

    return edit_ask(rig->replica, &edit);
}

char *edit_queue(struct replica_rig *rig)
{
    g_autoptr(GArray) queue = replica_queue(rig->replica);
    GString *lines = g_string_new(NULL);

    for (guint i = 0; i < queue->len; i++) {
        const struct replica_waiting *each = &g_array_index(queue, struct replica_waiting, i);

        g_string_append_printf(lines, "%s%s %s %s", i ? "\n" : "", each->kind, each->state, each->path);
    }
    return g_string_free(lines, FALSE);
}
