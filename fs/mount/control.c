#include "fs/mount/control.h"

#include <errno.h>
#include <string.h>

#include "cache/store/store.h"
#include "fs/mount/control_oof.h"
#include "fs/mount/errors.h"
#include "fs/mount/events.h"
#include "fs/mount/nodes.h"
#include "fs/mount/opens.h"
#include "fs/mount/self_ops.h"
#include "fs/report.h"

/* Numbers that no row of the store ever reaches. */
#define CONTROL_DIR (1ULL << 62)
#define CONTROL_FILE (CONTROL_DIR + 1)
#define CONTROL_NAME ".easfs"

/* A positive guess for a look-up; whoever asks for the size gets the true one. */
enum { CONTROL_GUESS = 4096 };

static char *write_status(struct mount *mount)
{
    g_autofree char *text = report_status(mount->replica);
    const char *fault = mount->self_ops ? self_ops_fault(mount->self_ops) : NULL;

    return fault ? g_strdup_printf("events    not told to inotify: %s\n%s", fault, text) : g_steal_pointer(&text);
}

static char *write_status_json(struct mount *mount)
{
    return report_status_json(mount->replica);
}

static char *write_queue(struct mount *mount)
{
    return report_queue(mount->replica);
}

static char *write_state_dir(struct mount *mount)
{
    return g_strdup(store_dir(replica_store(mount->replica)));
}

static const struct {
    const char *name;
    char *(*write)(struct mount *mount);
} files[] = {
    {"status", write_status},
    {"status.json", write_status_json},
    {"queue", write_queue},
    {"counters", counters_text},
    {"state-dir", write_state_dir},
    {"errors", NULL}, /* these two are read as they stand, not copied: they are followed while they grow */
    {"events", NULL},
    {"oof", NULL}, /* the only one that is written, and asked of the server */
};

enum {
    CONTROL_ERRORS = G_N_ELEMENTS(files) - 3,
    CONTROL_EVENTS = G_N_ELEMENTS(files) - 2,
    CONTROL_OOF = G_N_ELEMENTS(files) - 1
};

struct control {
    struct mount *mount;
    struct oof_file *oof;
    int64_t started_ns;
    GThreadPool *worker; /* one thread; alone uses what follows */
    struct {
        GBytes *bytes;
        int64_t time_ns;
    } copies[G_N_ELEMENTS(files)];
};

enum job_kind { JOB_GETATTR, JOB_OPEN, JOB_READ };

struct job {
    enum job_kind kind;
    fuse_req_t req;
    size_t index;
    size_t size;
    off_t offset;
    struct fuse_file_info file;
};

bool control_is(fuse_ino_t ino)
{
    return ino >= CONTROL_DIR && ino < CONTROL_FILE + G_N_ELEMENTS(files);
}

static void control_attr(fuse_ino_t ino, size_t size, int64_t time_ns, struct view_attr *attr)
{
    *attr = (struct view_attr){.ino = ino,
                               .parent = ino == CONTROL_DIR ? VIEW_ROOT : CONTROL_DIR,
                               .directory = ino == CONTROL_DIR,
                               .class = EAS_NO_CLASS,
                               .size = size,
                               .nlink = ino == CONTROL_DIR ? 2 : 1,
                               .mtime_ns = time_ns,
                               .ctime_ns = time_ns};
}

/* What grows while it is read; NULL: not this one. */
static const struct lines *lines_of(const struct control *control, fuse_ino_t ino)
{
    if (ino == CONTROL_FILE + CONTROL_EVENTS)
        return events_lines(control->mount->events);
    return ino == CONTROL_FILE + CONTROL_ERRORS ? errors_lines(control->mount->errors) : NULL;
}

static bool is_oof(fuse_ino_t ino)
{
    return ino == CONTROL_FILE + CONTROL_OOF;
}

/* ---- on the worker ---- */

static void copy_renew(struct control *control, size_t index)
{
    char *text = files[index].write(control->mount);

    g_clear_pointer(&control->copies[index].bytes, g_bytes_unref);
    control->copies[index].bytes = g_bytes_new_take(text, strlen(text));
    control->copies[index].time_ns = g_get_real_time() * 1000;
}

static void job_getattr(struct control *control, const struct job *job)
{
    struct view_attr attr;
    struct stat st;

    copy_renew(control, job->index);
    control_attr(CONTROL_FILE + job->index, g_bytes_get_size(control->copies[job->index].bytes),
                 control->copies[job->index].time_ns, &attr);
    node_stat(control->mount, &attr, &st);
    fuse_reply_attr(job->req, &st, 0);
}

static void job_open(struct control *control, const struct job *job)
{
    struct fuse_file_info file = job->file;
    GBytes *copy;

    copy_renew(control, job->index);
    copy = g_bytes_ref(control->copies[job->index].bytes);
    file.fh = (uintptr_t)copy;
    file.direct_io = 1; /* the size the kernel has may be another copy's */
    file.noflush = 1;
    if (fuse_reply_open(job->req, &file) == -ENOENT)
        g_bytes_unref(copy);
}

static void reply_piece(fuse_req_t req, GBytes *bytes, size_t size, off_t offset)
{
    size_t whole = 0;
    const char *data = g_bytes_get_data(bytes, &whole);

    if ((size_t)offset >= whole)
        fuse_reply_buf(req, NULL, 0);
    else
        fuse_reply_buf(req, data + offset, MIN(size, whole - (size_t)offset));
}

static void job_read(struct control *control, const struct job *job)
{
    if (!control->copies[job->index].bytes)
        copy_renew(control, job->index);
    reply_piece(job->req, control->copies[job->index].bytes, job->size, job->offset);
}

static void job_run(void *data, void *ctx)
{
    static void (*const kinds[])(struct control *, const struct job *) = {
        [JOB_GETATTR] = job_getattr,
        [JOB_OPEN] = job_open,
        [JOB_READ] = job_read,
    };
    g_autofree struct job *job = data;

    kinds[job->kind](ctx, job);
}

/* ---- on the dispatcher ---- */

struct control *control_new(struct mount *mount)
{
    struct control *control = g_new0(struct control, 1);

    control->mount = mount;
    control->started_ns = g_get_real_time() * 1000;
    control->oof = oof_file_new(mount);
    control->worker = g_thread_pool_new(job_run, control, 1, FALSE, NULL);
    return control;
}

void control_free(struct control *control)
{
    g_thread_pool_free(control->worker, FALSE, TRUE);
    oof_file_free(control->oof);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        g_clear_pointer(&control->copies[i].bytes, g_bytes_unref);
    g_free(control);
}

static void control_push(struct control *control, const struct job *job)
{
    g_thread_pool_push(control->worker, g_memdup2(job, sizeof *job), NULL);
}

static void growing_getattr(struct control *control, fuse_req_t req, fuse_ino_t ino)
{
    struct view_attr attr;
    struct stat st, file;
    int error = lines_stat(lines_of(control, ino), &file);

    if (error) {
        fuse_reply_err(req, -error);
        return;
    }
    control_attr(ino, (size_t)file.st_size, file.st_mtim.tv_sec * G_GINT64_CONSTANT(1000000000) + file.st_mtim.tv_nsec,
                 &attr);
    node_stat(control->mount, &attr, &st);
    fuse_reply_attr(req, &st, 0);
}

static void growing_open(fuse_req_t req, const struct fuse_file_info *given)
{
    struct fuse_file_info file = *given;

    file.fh = 0;
    file.direct_io = 1; /* it grows without the kernel's knowledge */
    file.noflush = 1;
    fuse_reply_open(req, &file);
}

static void growing_reply(struct control *control, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset)
{
    struct mount *mount = control->mount;
    ssize_t got = lines_read(lines_of(control, ino), mount->buffer, MIN(size, mount->buffer_size), offset);

    if (got < 0)
        fuse_reply_err(req, (int)-got);
    else
        fuse_reply_buf(req, mount->buffer, (size_t)got);
}

static fuse_ino_t control_find(fuse_ino_t parent, const char *name)
{
    if (parent == VIEW_ROOT)
        return strcmp(name, CONTROL_NAME) == 0 ? CONTROL_DIR : 0;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        if (strcmp(files[i].name, name) == 0)
            return CONTROL_FILE + i;
    return 0;
}

bool control_lookup(struct control *control, fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry;
    struct view_attr attr;
    fuse_ino_t ino = parent == VIEW_ROOT || control_is(parent) ? control_find(parent, name) : 0;

    if (!ino) {
        if (control_is(parent)) {
            fuse_reply_err(req, parent == CONTROL_DIR ? ENOENT : ENOTDIR);
            return true;
        }
        return false;
    }
    control_attr(ino, ino == CONTROL_DIR ? 0 : CONTROL_GUESS, control->started_ns, &attr);
    node_entry(control->mount, &attr, &entry);
    fuse_reply_entry(req, &entry);
    return true;
}

bool control_getattr(struct control *control, fuse_req_t req, fuse_ino_t ino)
{
    struct view_attr attr;
    struct stat st;

    if (!control_is(ino))
        return false;
    if (lines_of(control, ino)) {
        growing_getattr(control, req, ino);
        return true;
    }
    if (ino != CONTROL_DIR && !is_oof(ino)) {
        control_push(control, &(struct job){.kind = JOB_GETATTR, .req = req, .index = ino - CONTROL_FILE});
        return true;
    }
    control_attr(ino, is_oof(ino) ? oof_file_size(control->oof) : 0, control->started_ns, &attr);
    node_stat(control->mount, &attr, &st);
    fuse_reply_attr(req, &st, is_oof(ino) ? 0 : NODE_TIMEOUT_S);
    return true;
}

/* Offset n stands before entry n: ".", "..", then the files. */
bool control_readdir(struct control *control, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, bool plus)
{
    char buffer[2048];
    size_t used = 0;

    if (!control_is(ino))
        return false;
    size = MIN(size, sizeof buffer);
    for (off_t i = offset; i < (off_t)G_N_ELEMENTS(files) + 2; i++) {
        fuse_ino_t at = i == 0 ? CONTROL_DIR : i == 1 ? VIEW_ROOT : CONTROL_FILE + (fuse_ino_t)i - 2;
        const char *name = i == 0 ? "." : i == 1 ? ".." : files[i - 2].name;
        struct fuse_entry_param entry;
        struct view_attr attr;
        size_t need;

        control_attr(at, i < 2 ? 0 : CONTROL_GUESS, control->started_ns, &attr);
        attr.directory = i < 2;
        node_entry(control->mount, &attr, &entry);
        need = plus ? fuse_add_direntry_plus(req, buffer + used, size - used, name, &entry, i + 1)
                    : fuse_add_direntry(req, buffer + used, size - used, name, &entry.attr, i + 1);
        if (need > size - used)
            break;
        used += need;
    }
    fuse_reply_buf(req, buffer, used);
    return true;
}

bool control_open(struct control *control, fuse_req_t req, fuse_ino_t ino, const struct fuse_file_info *file)
{
    if (!control_is(ino))
        return false;
    if (is_oof(ino)) {
        oof_file_open(control->oof, req, file);
        return true;
    }
    if (open_writes(file)) {
        fuse_reply_err(req, EPERM);
        return true;
    }
    if (lines_of(control, ino)) {
        growing_open(req, file);
        return true;
    }
    control_push(control, &(struct job){.kind = JOB_OPEN, .req = req, .index = ino - CONTROL_FILE, .file = *file});
    return true;
}

bool control_read(struct control *control, fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                  const struct fuse_file_info *file)
{
    if (!control_is(ino))
        return false;
    if (is_oof(ino)) {
        oof_file_read(control->oof, req, size, offset, file);
    } else if (lines_of(control, ino)) {
        growing_reply(control, req, ino, size, offset);
    } else if (!control->mount->without_opens) {
        reply_piece(req, (GBytes *)(uintptr_t)file->fh, size, offset);
    } else {
        control_push(
            control,
            &(struct job){.kind = JOB_READ, .req = req, .index = ino - CONTROL_FILE, .size = size, .offset = offset});
    }
    return true;
}

bool control_release(struct control *control, fuse_ino_t ino, const struct fuse_file_info *file)
{
    if (!control_is(ino))
        return false;
    if (is_oof(ino))
        oof_file_release(file);
    else if (!lines_of(control, ino))
        g_bytes_unref((GBytes *)(uintptr_t)file->fh);
    return true;
}

bool control_write(struct control *control, fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size,
                   off_t offset, const struct fuse_file_info *file)
{
    if (!is_oof(ino))
        return false;
    oof_file_write(control->oof, req, bytes, size, offset, file);
    return true;
}

bool control_flush(struct control *control, fuse_req_t req, fuse_ino_t ino, const struct fuse_file_info *file)
{
    if (!control_is(ino))
        return false;
    if (is_oof(ino))
        oof_file_flush(control->oof, req, file);
    else
        fuse_reply_err(req, 0);
    return true;
}

bool control_setattr(struct control *control, fuse_req_t req, fuse_ino_t ino, const struct stat *st, int which,
                     const struct fuse_file_info *file)
{
    int error = is_oof(ino) ? 0 : EPERM;

    if (!control_is(ino))
        return false;
    if (!error && (which & FUSE_SET_ATTR_SIZE))
        error = oof_file_resize(file, st->st_size);
    if (error)
        fuse_reply_err(req, error);
    else
        control_getattr(control, req, ino);
    return true;
}
