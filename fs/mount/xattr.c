/* Extended attributes: what the view knows as user.eas.*, and what else a user keeps there. With -o noxattr the first
 * question is answered ENOSYS, and the kernel asks no other: GNU ls -l would ask one a file. */
#include <errno.h>
#include <string.h>

#include "fs/mount/control.h"
#include "fs/mount/edits.h"
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

/* 0, or why no such attribute is ever set. */
static int may_set(const struct mount *mount, fuse_ino_t ino, const char *name)
{
    if (mount->config->without_xattrs)
        return ENOSYS;
    if (control_is(ino))
        return EPERM;
    return g_str_has_prefix(name, "user.") ? 0 : EOPNOTSUPP;
}

static void set(fuse_req_t req, fuse_ino_t ino, const char *name, GBytes *value, int flags)
{
    struct mount *mount = fuse_req_userdata(req);
    struct asked *asked = asked_new(mount, req, EDIT_XATTR, 0, name, 0, NULL);

    asked->edit.ino = ino;
    asked->edit.value = value;
    asked->edit.flags = (unsigned)flags;
    edits_ask(asked, reply_error);
}

void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
    struct mount *mount = fuse_req_userdata(req);
    int error = may_set(mount, ino, name);

    count(&mount->counters.upcalls[UPCALL_setxattr]);
    if (error)
        fuse_reply_err(req, error);
    else
        set(req, ino, name, g_bytes_new(value, size), flags);
}

void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
    struct mount *mount = fuse_req_userdata(req);
    int error = may_set(mount, ino, name);

    count(&mount->counters.upcalls[UPCALL_setxattr]);
    if (error)
        fuse_reply_err(req, error);
    else
        set(req, ino, name, NULL, 0);
}
