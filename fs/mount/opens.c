#include "fs/mount/opens.h"

#include <errno.h>
#include <fcntl.h>

#include "fs/mount/saving.h"
#include "fs/port.h"

bool open_writes(const struct fuse_file_info *file)
{
    return (file->flags & O_ACCMODE) != O_RDONLY || (file->flags & O_TRUNC);
}

void open_end(struct mount *mount, struct view *view, struct handle *handle)
{
    struct view_bytes bytes;
    struct open_file *file;
    bool pinned, complete;

    handles_lock(mount->handles);
    file = file_ref(mount->handles, handle->file->ino);
    pinned = handle_close(mount->handles, handle, &bytes);
    complete = file->writers == 0 && file->incomplete;
    if (!complete)
        file_unref(mount->handles, file);
    handles_unlock(mount->handles);
    if (pinned)
        view_release(view, &bytes);
    if (complete)
        save_complete(mount, file);
}

void open_reply_handle(fuse_req_t req, struct view *view, struct handle *handle, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);

    file->fh = (uintptr_t)handle;
    file->keep_cache = 1;
    file->noflush = !handle->writing;
    /* The opener may be gone already (interrupted): then no RELEASE will come. */
    if (fuse_reply_open(req, file) == -ENOENT)
        open_end(mount, view, handle);
}

static bool is_worked_on(struct mount *mount, fuse_ino_t ino)
{
    const struct open_file *file;
    bool is;

    if (!handles_busy(mount->handles))
        return false;
    handles_lock(mount->handles);
    file = file_find(mount->handles, ino);
    is = file && file->working;
    handles_unlock(mount->handles);
    return is;
}

int open_reply(fuse_req_t req, fuse_ino_t ino, struct view *view, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    int as_of = g_atomic_int_get(&mount->replaced);
    pid_t opener = open_writes(file) ? port_process_of(fuse_req_ctx(req)->pid) : 0;
    struct view_bytes bytes;
    struct handle *handle;
    int error = view_open(view, ino, &bytes);

    if (error && !is_worked_on(mount, ino))
        return error;
    handle = handle_open(mount->handles, ino, error ? NULL : &bytes, as_of, opener);
    handle->appending = (file->flags & O_APPEND) != 0;
    open_reply_handle(req, view, handle, file);
    return 0;
}

int open_renew(struct mount *mount, struct handle *handle)
{
    int replaced = g_atomic_int_get(&mount->replaced), error;
    struct view_bytes now;

    if (handle->pinned && handle->as_of == replaced)
        return 0;
    error = view_open(mount->view, handle->file->ino, &now);
    if (!error) {
        if (handle->pinned)
            view_release(mount->view, &handle->bytes);
        handle->bytes = now;
        handle->pinned = true;
    }
    if (error != -EAGAIN)
        handle->as_of = replaced;
    handle->gone = error != 0 && error != -EAGAIN;
    return error == -EAGAIN ? error : 0;
}

void opens_changed(struct mount *mount)
{
    g_atomic_int_inc(&mount->replaced);
}

void open_reply_none(fuse_req_t req, struct fuse_file_info *file)
{
    file->fh = 0;
    file->keep_cache = 1;
    file->noflush = 1;
    fuse_reply_open(req, file);
}
