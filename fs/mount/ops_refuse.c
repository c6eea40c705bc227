/* Everything that would change the mailbox: this mount reads, so each is EROFS, also when the kernel was told to mount
 * it writable. Only what the daemon itself does there is answered, as the store has it already. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "fs/mount/expected.h"
#include "fs/mount/nodes.h"
#include "fs/mount/ops.h"

static void refuse(fuse_req_t req)
{
    fuse_reply_err(req, EROFS);
}

static void reply_if(fuse_req_t req, bool is_expected)
{
    fuse_reply_err(req, is_expected ? 0 : EROFS);
}

static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int which, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);

    if (mount->expected && (which & FUSE_SET_ATTR_SIZE) && expected_truncate(mount->expected, ino, attr->st_size))
        op_getattr(req, ino, file);
    else
        refuse(req);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
    (void)parent, (void)name, (void)mode, (void)device;
    refuse(req);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    struct mount *mount = fuse_req_userdata(req);
    struct fuse_entry_param entry;
    uint64_t ino;

    (void)mode;
    if (!mount->expected || !expected_create(mount->expected, parent, name, true, &ino)) {
        refuse(req);
        return;
    }
    node_expected(mount, parent, name, ino, true, &entry);
    fuse_reply_entry(req, &entry);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct mount *mount = fuse_req_userdata(req);

    reply_if(req, mount->expected && expected_remove(mount->expected, parent, name, false));
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct mount *mount = fuse_req_userdata(req);

    reply_if(req, mount->expected && expected_remove(mount->expected, parent, name, true));
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
    (void)target, (void)parent, (void)name;
    refuse(req);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent, const char *new_name,
                      unsigned flags)
{
    struct mount *mount = fuse_req_userdata(req);

    reply_if(req, mount->expected && flags == RENAME_NOREPLACE &&
                      expected_rename(mount->expected, parent, name, new_parent, new_name));
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
    (void)ino, (void)parent, (void)name;
    refuse(req);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t offset,
                     struct fuse_file_info *file)
{
    (void)ino, (void)bytes, (void)size, (void)offset, (void)file;
    refuse(req);
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct fuse_entry_param entry;
    uint64_t ino;

    (void)mode;
    if (!mount->expected || (file->flags & O_ACCMODE) != O_WRONLY ||
        !expected_create(mount->expected, parent, name, false, &ino)) {
        refuse(req);
        return;
    }
    node_expected(mount, parent, name, ino, false, &entry);
    file->fh = 0; /* nothing is read through it */
    file->keep_cache = 1;
    file->noflush = 1;
    fuse_reply_create(req, &entry, file);
}

static void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
    (void)ino, (void)name, (void)value, (void)size, (void)flags;
    refuse(req);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
    (void)ino, (void)name;
    refuse(req);
}

static void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
                         struct fuse_file_info *file)
{
    (void)ino, (void)mode, (void)offset, (void)length, (void)file;
    refuse(req);
}

void ops_refuse(struct fuse_lowlevel_ops *ops)
{
    ops->setattr = op_setattr;
    ops->mknod = op_mknod;
    ops->mkdir = op_mkdir;
    ops->unlink = op_unlink;
    ops->rmdir = op_rmdir;
    ops->symlink = op_symlink;
    ops->rename = op_rename;
    ops->link = op_link;
    ops->write = op_write;
    ops->create = op_create;
    ops->setxattr = op_setxattr;
    ops->removexattr = op_removexattr;
    ops->fallocate = op_fallocate;
}
