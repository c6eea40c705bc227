/* A read-only mount: everything that would change the mailbox is EROFS, also should the kernel ask. */
#include <errno.h>

#include "fs/mount/ops.h"

static void refuse(fuse_req_t req)
{
    fuse_reply_err(req, EROFS);
}

static void refuse_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int which, struct fuse_file_info *file)
{
    (void)ino, (void)st, (void)which, (void)file;
    refuse(req);
}

static void refuse_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *file)
{
    (void)parent, (void)name, (void)mode, (void)file;
    refuse(req);
}

static void refuse_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
    (void)parent, (void)name, (void)mode, (void)device;
    refuse(req);
}

static void refuse_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    (void)parent, (void)name, (void)mode;
    refuse(req);
}

static void refuse_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
    (void)target, (void)parent, (void)name;
    refuse(req);
}

static void refuse_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
    (void)ino, (void)parent, (void)name;
    refuse(req);
}

static void refuse_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    (void)parent, (void)name;
    refuse(req);
}

static void refuse_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                          const char *new_name, unsigned flags)
{
    (void)parent, (void)name, (void)new_parent, (void)new_name, (void)flags;
    refuse(req);
}

static void refuse_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t offset,
                         struct fuse_file_info *file)
{
    (void)ino, (void)bytes, (void)size, (void)offset, (void)file;
    refuse(req);
}

static void refuse_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
                             struct fuse_file_info *file)
{
    (void)ino, (void)mode, (void)offset, (void)length, (void)file;
    refuse(req);
}

static void refuse_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
    (void)ino, (void)name, (void)value, (void)size, (void)flags;
    refuse(req);
}

void ops_refuse(struct fuse_lowlevel_ops *ops)
{
    ops->setattr = refuse_setattr;
    ops->create = refuse_create;
    ops->mknod = refuse_mknod;
    ops->mkdir = refuse_mkdir;
    ops->symlink = refuse_symlink;
    ops->link = refuse_link;
    ops->unlink = refuse_remove;
    ops->rmdir = refuse_remove;
    ops->rename = refuse_rename;
    ops->write = refuse_write;
    ops->fallocate = refuse_fallocate;
    ops->setxattr = refuse_setxattr;
    ops->removexattr = refuse_remove;
    ops->flush = NULL;
    ops->fsync = NULL;
    ops->fsyncdir = NULL;
}
