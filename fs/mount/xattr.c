/* Extended attributes: what the view knows as user.eas.*. With -o noxattr the first question is answered ENOSYS, and
 * the kernel asks no other: GNU ls -l would ask one a file. */
#include <errno.h>
#include <string.h>

#include "fs/mount/control.h"
#include "fs/mount/ops.h"

static void reply_value(fuse_req_t req, const char *value, ssize_t length, size_t size)
{
    if (length < 0)
        fuse_reply_err(req, (int)-length);
    else if (size == 0)
        fuse_reply_xattr(req, (size_t)length);
    else if ((size_t)length > size)
        fuse_reply_err(req, ERANGE);
    else
        fuse_reply_buf(req, value, (size_t)length);
}

void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
    struct mount *mount = fuse_req_userdata(req);
    size_t room = MIN(size, mount->buffer_size);

    count(&mount->counters.upcalls[UPCALL_getxattr]);
    if (mount->config->without_xattrs)
        fuse_reply_err(req, ENOSYS);
    else if (g_str_has_prefix(name, "system.posix_acl_"))
        fuse_reply_err(req, ENOTSUP);
    else if (control_is(ino) || !g_str_has_prefix(name, "user."))
        fuse_reply_err(req, ENODATA);
    else
        reply_value(req, mount->buffer, view_getxattr(mount->view, ino, name, mount->buffer, room), size);
}

void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
    struct mount *mount = fuse_req_userdata(req);
    size_t room = MIN(size, mount->buffer_size);

    count(&mount->counters.upcalls[UPCALL_listxattr]);
    if (mount->config->without_xattrs)
        fuse_reply_err(req, ENOSYS);
    else if (control_is(ino))
        reply_value(req, "", 0, size);
    else
        reply_value(req, mount->buffer, view_listxattr(mount->view, ino, mount->buffer, room), size);
}
