#include "fs/mount/saving.h"

#include <errno.h>

#include "cache/edit/edit.h"
#include "fs/mount/nodes.h"
#include "fs/mount/notify.h"
#include "fs/port.h"

/* A working copy on its way to the store. */
struct storing {
    struct edit edit;
    struct mount *mount;
    struct open_file *file; /* with a reference */
    struct copy *copy;      /* NULL: nothing to take */
    fuse_req_t req;         /* NULL: nobody waits */
    bool concerned;         /* who waits opened the file */
    bool with_attr;         /* ... and is answered with attr */
    struct view_attr attr;
};

static bool is_verdict(int error)
{
    return error == -EINVAL || error == -EPERM;
}

static int told(int error, bool concerned)
{
    return is_verdict(error) && !concerned ? 0 : -error;
}

/* Nobody writes it any more and the store has it, or will not take it: readers go on with the store's. */
static void give_up(struct mount *mount, struct open_file *file)
{
    bool lost = file->working->failed;

    file_work(mount->handles, file, NULL);
    if (lost)
        notifier_stale(mount->notifier, file->ino);
}

static void took(struct working *working, const struct edit *edit)
{
    working->failed = edit->error && edit->error != -ENOENT && !is_verdict(edit->error);
    if (working->failed) {
        working->dirty = true;
    } else {
        if (!edit->unchanged || edit->error)
            working->verdict = edit->error == -ENOENT ? 0 : edit->error; /* it was removed: as on any disk */
        working->durable = edit->durable;
    }
}

static void storing_reply(const struct storing *storing, int error)
{
    struct stat st;

    if (!storing->req)
        return;
    error = told(error, storing->concerned);
    /* The kernel believes that nothing has changed. Attributes alone: that waits for nobody. */
    if (error && storing->with_attr)
        fuse_lowlevel_notify_inval_inode(storing->mount->session, storing->edit.ino, -1, 0);
    if (error || !storing->with_attr) {
        fuse_reply_err(storing->req, error);
        return;
    }
    node_stat(storing->mount, &storing->attr, &st);
    fuse_reply_attr(storing->req, &st, 0);
}

/* On the editor's thread. */
static void storing_done(struct edit *edit)
{
    struct storing *storing = edit->ctx;
    struct mount *mount = storing->mount;
    struct open_file *file = storing->file;
    int error = edit->error == -ENOENT ? 0 : edit->error;

    handles_lock(mount->handles);
    if (file->working) {
        took(file->working, edit);
        error = error ? error : file->working->verdict;
        file->working->storing--;
        if (file->writers == 0 && file->working->storing == 0 && (!file->working->dirty || file->working->failed))
            give_up(mount, file);
    }
    file_unref(mount->handles, file);
    handles_unlock(mount->handles);
    storing_reply(storing, error);
    copy_unref(storing->copy);
    edit_drop(edit);
    g_free(storing);
}

static struct storing *storing_new(struct mount *mount, fuse_req_t req)
{
    struct storing *storing = g_new0(struct storing, 1);

    storing->mount = mount;
    storing->req = req;
    storing->edit.kind = EDIT_STORE;
    storing->edit.opener = true; /* its verdict is kept; whom it concerns is known here */
    storing->edit.fd = -1;
    storing->edit.done = storing_done;
    storing->edit.ctx = storing;
    return storing;
}

/* Under the lock; the reference to file is storing's from here on. What is complete has no base any more: the next
 * write begins a new edit. */
static void prepare(struct storing *storing, struct open_file *file)
{
    struct working *working = file->working;
    struct edit *edit = &storing->edit;

    storing->file = file;
    edit->ino = file->ino;
    edit->unchanged = !working || !working->dirty;
    file->incomplete = file->incomplete && !edit->complete;
    if (!working)
        return;
    storing->copy = copy_ref(working->copy);
    edit->fd = working->copy->fd;
    edit->size = working->size;
    edit->mtime_ns = working->mtime_ns;
    edit->base = working->base ? g_bytes_ref(working->base) : NULL;
    working->dirty = false;
    working->storing++;
    if (edit->complete) {
        g_clear_pointer(&working->base, g_bytes_unref);
        working->based = false;
    }
}

/* Threads of one process are one. A process of another PID namespace is nobody, and only itself. */
static bool is_opener(fuse_req_t req, const struct handle *handle)
{
    pid_t asker = fuse_req_ctx(req)->pid;

    return asker == handle->opener || port_process_of(asker) == handle->opener;
}

void save_handle(struct mount *mount, fuse_req_t req, struct handle *handle)
{
    bool concerned = is_opener(req, handle);
    struct storing *storing = NULL;
    const struct working *working;
    int error = 0;

    handles_lock(mount->handles);
    working = handle->file->working;
    if (handle->wrote && working) {
        error = told(working->verdict, concerned);
        if (working->dirty || !working->durable || working->storing > 0) {
            storing = storing_new(mount, req);
            storing->concerned = concerned;
            storing->edit.durable = true;
            prepare(storing, file_ref(mount->handles, handle->file->ino));
        }
    }
    handles_unlock(mount->handles);
    if (storing)
        edit_submit(mount->replica, &storing->edit);
    else
        fuse_reply_err(req, error);
}

static void complete(struct storing *storing, struct open_file *file)
{
    struct mount *mount = storing->mount;

    storing->edit.complete = true;
    handles_lock(mount->handles);
    prepare(storing, file);
    handles_unlock(mount->handles);
    edit_submit(mount->replica, &storing->edit);
}

void save_complete(struct mount *mount, struct open_file *file)
{
    complete(storing_new(mount, NULL), file);
}

void save_truncated(struct mount *mount, fuse_req_t req, struct open_file *file, const struct view_attr *attr)
{
    struct storing *storing = storing_new(mount, req);

    storing->edit.durable = true;
    storing->concerned = storing->with_attr = true;
    storing->attr = *attr;
    complete(storing, file);
}

void save_early(struct mount *mount, uint64_t ino)
{
    struct storing *storing = NULL;
    const struct open_file *file;

    handles_lock(mount->handles);
    file = file_find(mount->handles, ino);
    if (file && file->working && file->working->dirty) {
        storing = storing_new(mount, NULL);
        prepare(storing, file_ref(mount->handles, ino));
    }
    handles_unlock(mount->handles);
    if (storing)
        edit_submit(mount->replica, &storing->edit);
}

/* What was written since the last FLUSH: nobody has closed it. */
static bool is_unsaved(struct mount *mount, const struct open_file *file)
{
    handles_lock(mount->handles);
    bool unsaved = file->working && file->working->dirty;
    handles_unlock(mount->handles);
    return unsaved;
}

void save_all(struct mount *mount)
{
    g_autoptr(GPtrArray) files = files_incomplete(mount->handles);

    for (guint i = 0; i < files->len; i++) {
        struct storing *storing = storing_new(mount, NULL);

        storing->edit.cut = is_unsaved(mount, files->pdata[i]);
        complete(storing, files->pdata[i]);
    }
}
