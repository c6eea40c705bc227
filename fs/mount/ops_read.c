/* The bytes. An open pins the body's place in its pack, a read is one pread there. What is not local is parked. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fs/mount/control.h"
#include "fs/mount/expected.h"
#include "fs/mount/ops.h"
#include "fs/mount/park.h"

void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct view_bytes bytes;
    int error;

    count(&mount->counters.upcalls[UPCALL_open]);
    if ((file->flags & O_ACCMODE) != O_RDONLY || (file->flags & O_TRUNC)) {
        if (mount->expected && (file->flags & O_ACCMODE) == O_WRONLY && expected_open(mount->expected, ino))
            handle_reply_none(req, file);
        else
            fuse_reply_err(req, EROFS);
        return;
    }
    if (mount->without_opens) {
        fuse_reply_err(req, ENOSYS);
        return;
    }
    if (control_open(mount->control, req, ino, file))
        return;
    error = view_open(mount->view, ino, &bytes);
    if (error == -EAGAIN)
        park_open(mount->park, req, ino, file);
    else if (error)
        fuse_reply_err(req, -error);
    else
        handle_reply(req, ino, mount->view, &bytes, file);
}

static void read_handle(fuse_req_t req, const struct view_bytes *bytes, size_t size, off_t offset)
{
    struct mount *mount = fuse_req_userdata(req);
    ssize_t got = 0;

    size = MIN(size, mount->buffer_size);
    if (offset < bytes->size) {
        size = (size_t)MIN((int64_t)size, bytes->size - offset);
        got = pread(bytes->fd, mount->buffer, size, bytes->offset + offset);
    }
    if (got < 0)
        fuse_reply_err(req, errno);
    else
        fuse_reply_buf(req, mount->buffer, (size_t)got);
}

void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    ssize_t got;

    count(&mount->counters.upcalls[UPCALL_read]);
    if (control_read(mount->control, req, ino, size, offset, file))
        return;
    if (!mount->without_opens) {
        read_handle(req, (struct view_bytes *)(uintptr_t)file->fh, size, offset);
        return;
    }
    size = MIN(size, mount->buffer_size);
    got = view_read(mount->view, ino, mount->buffer, size, offset);
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
    if (!control_release(mount->control, ino, file) && file->fh)
        handle_free(mount, ino, mount->view, (struct view_bytes *)(uintptr_t)file->fh);
    fuse_reply_err(req, 0);
}
