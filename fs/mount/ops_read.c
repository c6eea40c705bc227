/* The bytes. An open pins the body's place in its pack (handle.h), a read is one pread there. What is not local is
 * parked. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fs/mount/answers.h"
#include "fs/mount/control.h"
#include "fs/mount/expected.h"
#include "fs/mount/handle.h"
#include "fs/mount/ops.h"
#include "fs/mount/park.h"

void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
    struct mount *mount = fuse_req_userdata(req);

    if (!answers_readlink(mount->answers, req, ino))
        fuse_reply_err(req, EINVAL);
}

void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
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
    if (control_open(mount->control, req, ino, file) || answers_open(mount->answers, req, ino, file))
        return;
    error = handle_open(req, ino, mount->view, file);
    if (error == -EAGAIN)
        park_open(mount->park, req, ino, file);
    else if (error)
        fuse_reply_err(req, -error);
}

static void read_handle(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, const struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    const struct view_bytes *bytes;
    ssize_t got = 0;

    if (handle_bytes(mount, ino, file, &bytes) != 0) {
        park_read(mount->park, req, ino, size, offset);
        return;
    }
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
    if (control_read(mount->control, req, ino, size, offset, file) ||
        answers_read(mount->answers, req, ino, size, offset, file))
        return;
    if (!mount->without_opens) {
        read_handle(req, ino, size, offset, file);
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
    if (!control_release(mount->control, ino, file) && !answers_release(ino, file))
        handle_release(mount, ino, file);
    fuse_reply_err(req, 0);
}
