/* Attributes that are set: sizes, times; modes and owners, which are what they are. */
#include <errno.h>

#include "fs/mount/saving.h"
#include "fs/mount/control.h"
#include "fs/mount/edits.h"
#include "fs/mount/expected.h"
#include "fs/mount/nodes.h"
#include "fs/mount/ops.h"
#include "fs/mount/park.h"
#include "fs/mount/writing.h"

static const int64_t SECOND_NS = 1000000000;

/* A file as it is, removed and still open too. */
static int attr_get(struct mount *mount, fuse_ino_t ino, struct view_attr *attr)
{
    int error = view_getattr(mount->view, ino, attr);
    int64_t size;

    if (error == -ENOENT && handles_size(mount->handles, ino, &size)) {
        *attr = node_removed(mount, ino, false);
        error = 0;
    }
    handles_attr(mount->handles, attr);
    return error;
}

static void reply_now(fuse_req_t req, const struct view_attr *attr)
{
    struct stat st;

    node_stat(fuse_req_userdata(req), attr, &st);
    fuse_reply_attr(req, &st, 0);
}

/* ---- sizes ---- */

static void size_through(struct mount *mount, fuse_req_t req, struct handle *handle, int64_t size,
                         struct view_attr *attr)
{
    int error;

    handles_lock(mount->handles);
    error = handle->writing ? writing_size(mount, mount->view, handle->file, handle, size) : -EBADF;
    handles_unlock(mount->handles);
    if (error) {
        fuse_reply_err(req, error == -EAGAIN ? EIO : -error);
        return;
    }
    handles_attr(mount->handles, attr);
    reply_now(req, attr);
}

int size_by_name(struct mount *mount, struct view *view, fuse_req_t req, fuse_ino_t ino, int64_t size)
{
    struct view_attr attr;
    struct open_file *file;
    bool written;
    int error = view_getattr(view, ino, &attr);

    if (error)
        return error;
    handles_lock(mount->handles);
    file = file_ref(mount->handles, ino);
    error = writing_size(mount, view, file, NULL, size);
    written = file->writers > 0; /* who writes closes */
    if (error || written)
        file_unref(mount->handles, file);
    handles_unlock(mount->handles);
    if (error)
        return error;
    handles_attr(mount->handles, &attr);
    if (written)
        reply_now(req, &attr);
    else
        save_truncated(mount, req, file, &attr);
    return 0;
}

static void set_size(struct mount *mount, fuse_req_t req, struct view_attr *attr, int64_t size,
                     const struct fuse_file_info *file)
{
    int error;

    if (file && file->fh) {
        size_through(mount, req, (struct handle *)(uintptr_t)file->fh, size, attr);
        return;
    }
    error = attr->directory ? -EISDIR : edit_may_write(mount->view, attr->ino);
    if (!error)
        error = size_by_name(mount, mount->view, req, attr->ino, size);
    if (error == -EAGAIN)
        park_truncate(mount->park, req, attr->ino, size);
    else if (error)
        fuse_reply_err(req, -error);
}

/* ---- times ---- */

/* A working copy that is dirty takes its time along. */
static bool time_work(struct mount *mount, fuse_ino_t ino, int64_t mtime_ns)
{
    struct open_file *file;
    bool dirty = false;

    handles_lock(mount->handles);
    file = file_find(mount->handles, ino);
    if (file && file->working) {
        file->working->mtime_ns = mtime_ns;
        file->working->changed_ns = edit_now(mount->replica);
        dirty = file->working->dirty;
    }
    handles_unlock(mount->handles);
    return dirty;
}

static void set_time(struct mount *mount, fuse_req_t req, struct view_attr *attr, int64_t mtime_ns)
{
    struct asked *asked;

    /* Of mail the time is its date, of a directory that of its last change. */
    if (attr->class != EAS_MAIL)
        attr->mtime_ns = mtime_ns;
    if (attr->nlink == 0 || time_work(mount, attr->ino, mtime_ns)) {
        reply_now(req, attr);
        return;
    }
    asked = asked_new(mount, req, EDIT_TIMES, 0, NULL, 0, NULL);
    asked->edit.ino = attr->ino;
    asked->edit.mtime_ns = mtime_ns;
    asked->attr = *attr;
    edits_ask(asked, reply_attr);
}

void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int which, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct view_attr attr;
    int error;

    count(&mount->counters.upcalls[UPCALL_setattr]);
    if (mount->expected && (which & FUSE_SET_ATTR_SIZE) &&
        expected_truncate(mount->expected, fuse_req_ctx(req)->pid, ino, st->st_size)) {
        op_getattr(req, ino, file);
        return;
    }
    if (control_setattr(mount->control, req, ino, st, which, file))
        return;
    error = attr_get(mount, ino, &attr);
    if (!error && (((which & FUSE_SET_ATTR_UID) && st->st_uid != mount->uid) ||
                   ((which & FUSE_SET_ATTR_GID) && st->st_gid != mount->gid)))
        error = -EPERM;
    if (error)
        fuse_reply_err(req, -error);
    else if (which & FUSE_SET_ATTR_SIZE)
        set_size(mount, req, &attr, st->st_size, file);
    else if (attr.directory || !(which & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW)))
        reply_now(req, &attr);
    else if (which & FUSE_SET_ATTR_MTIME_NOW)
        set_time(mount, req, &attr, edit_now(mount->replica));
    else
        set_time(mount, req, &attr, st->st_mtim.tv_sec * SECOND_NS + st->st_mtim.tv_nsec);
}
