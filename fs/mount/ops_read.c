/* The bytes. An open pins the body's place in its pack, a read is one pread there, or in the working copy while there
 * is one. What is not local is parked. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cache/edit/edit.h"
#include "fs/mount/answers.h"
#include "fs/mount/control.h"
#include "fs/mount/expected.h"
#include "fs/mount/nodes.h"
#include "fs/mount/opens.h"
#include "fs/mount/ops.h"
#include "fs/mount/park.h"
#include "fs/mount/writing.h"
#include "fs/port.h"

void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
    struct mount *mount = fuse_req_userdata(req);

    if (!answers_readlink(mount->answers, req, ino))
        fuse_reply_err(req, EINVAL);
}

/* Nothing of the old bytes is needed. */
static void open_emptied(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct handle *handle = handle_open(mount->handles, ino, NULL, 0, port_process_of(fuse_req_ctx(req)->pid));
    int error;

    handle->appending = (file->flags & O_APPEND) != 0;
    handles_lock(mount->handles);
    error = writing_size(mount, mount->view, handle->file, NULL, 0);
    handles_unlock(mount->handles);
    if (error) {
        open_end(mount, mount->view, handle);
        fuse_reply_err(req, -error);
    } else {
        open_reply_handle(req, mount->view, handle, file);
    }
}

static void open_bytes(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    int error = open_reply(req, ino, mount->view, file);

    if (error == -EAGAIN)
        park_open(mount->park, req, ino, file);
    else if (error)
        fuse_reply_err(req, -error);
}

static void open_writing(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    int error = mount->config->read_only ? -EROFS : node_is_ours(ino) ? -EPERM : 0;

    if (mount->expected && (file->flags & O_ACCMODE) == O_WRONLY &&
        expected_open(mount->expected, fuse_req_ctx(req)->pid, ino)) {
        open_reply_none(req, file);
        return;
    }
    if (!error)
        error = edit_may_write(mount->view, ino);
    if (error)
        fuse_reply_err(req, -error);
    else if (file->flags & O_TRUNC)
        open_emptied(req, ino, file);
    else
        open_bytes(req, ino, file);
}

void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);

    count(&mount->counters.upcalls[UPCALL_open]);
    if (open_writes(file) && control_open(mount->control, req, ino, file))
        return;
    if (open_writes(file))
        open_writing(req, ino, file);
    else if (mount->without_opens)
        fuse_reply_err(req, ENOSYS);
    else if (!control_open(mount->control, req, ino, file) && !answers_open(mount->answers, req, ino, file))
        open_bytes(req, ino, file);
}

static ssize_t read_at(int fd, void *buffer, size_t size, int64_t length, int64_t offset)
{
    ssize_t got = offset < length ? pread(fd, buffer, (size_t)MIN((int64_t)size, length - offset), offset) : 0;

    return got < 0 ? -errno : got;
}

/* Of a file that is removed, what its last working copy held, or else what the handle found. */
static ssize_t read_handle(struct mount *mount, struct handle *handle, size_t size, off_t offset)
{
    const struct open_file *file = handle->file;
    ssize_t got = 0;

    handles_lock(mount->handles);
    if (file->working)
        got = working_read(file->working, mount->buffer, size, offset);
    else if ((got = open_renew(mount, handle)) == 0 && handle->gone && file->last)
        got = read_at(file->last->fd, mount->buffer, size, file->last_size, offset);
    else if (got == 0 && handle->pinned)
        got = view_bytes_read(mount->view, &handle->bytes, mount->buffer, size, offset);
    handles_unlock(mount->handles);
    return got;
}

void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    ssize_t got;

    count(&mount->counters.upcalls[UPCALL_read]);
    if (control_read(mount->control, req, ino, size, offset, file) ||
        answers_read(mount->answers, req, ino, size, offset, file))
        return;
    size = MIN(size, mount->buffer_size);
    if (mount->without_opens)
        got = view_read(mount->view, ino, mount->buffer, size, offset);
    else
        got = file->fh ? read_handle(mount, (struct handle *)(uintptr_t)file->fh, size, offset) : 0;
    if (got == -EAGAIN)
        park_read(mount->park, req, ino, size, offset);
    else if (got < 0)
        fuse_reply_err(req, (int)-got);
    else
        fuse_reply_buf(req, mount->buffer, (size_t)got);
}

void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);

    count(&mount->counters.upcalls[UPCALL_release]);
    if (!control_release(mount->control, ino, file) && !answers_release(ino, file) && file->fh)
        open_end(mount, mount->view, (struct handle *)(uintptr_t)file->fh);
    fuse_reply_err(req, 0);
}
