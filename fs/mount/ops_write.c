/* The bytes, the other way: into the working copy, at once; from there to the store when a handle is flushed, synced or
 * closed. */
#include <errno.h>
#include <fcntl.h>

#include "fs/mount/control.h"
#include "fs/mount/saving.h"
#include "fs/mount/edits.h"
#include "fs/mount/opens.h"
#include "fs/mount/ops.h"
#include "fs/mount/writing.h"

/* What was opened for an operation of our own has none. */
static struct handle *handle_of(const struct fuse_file_info *file)
{
    return file ? (struct handle *)(uintptr_t)file->fh : NULL;
}

void op_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t offset, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct handle *handle = handle_of(file);
    int error;

    count(&mount->counters.upcalls[UPCALL_write]);
    if (control_write(mount->control, req, ino, bytes, size, offset, file))
        return;
    if (!handle || !handle->writing) {
        fuse_reply_err(req, EBADF);
        return;
    }
    handles_lock(mount->handles);
    error = writing_bytes(mount, mount->view, handle, bytes, size, offset, handle->appending && !file->writepage);
    handles_unlock(mount->handles);
    if (error)
        fuse_reply_err(req, error == -EAGAIN ? EIO : -error);
    else
        fuse_reply_write(req, size);
}

void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct handle *handle = handle_of(file);

    count(&mount->counters.upcalls[UPCALL_flush]);
    if (control_flush(mount->control, req, ino, file))
        return;
    if (handle && handle->writing)
        save_handle(mount, req, handle);
    else
        fuse_reply_err(req, 0);
}

void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *file)
{
    (void)datasync;
    op_flush(req, ino, file);
}

void op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct asked *asked = asked_new(mount, req, EDIT_SYNC, ino, NULL, 0, NULL);

    count(&mount->counters.upcalls[UPCALL_fsync]);
    (void)datasync, (void)file;
    asked->edit.durable = true;
    edits_ask(asked, reply_error);
}

/* Room is never promised; a file can be made longer. */
void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct handle *handle = handle_of(file);
    struct view_attr attr = {.ino = ino};
    int error = 0;

    if (mode != 0 || !handle || !handle->writing) {
        fuse_reply_err(req, mode != 0 ? EOPNOTSUPP : EBADF);
        return;
    }
    view_getattr(mount->view, ino, &attr);
    handles_attr(mount->handles, &attr);
    handles_lock(mount->handles);
    if (offset + length > (int64_t)attr.size)
        error = writing_size(mount, mount->view, handle->file, handle, offset + length);
    handles_unlock(mount->handles);
    fuse_reply_err(req, error == -EAGAIN ? EIO : -error);
}
