/* What makes, moves and removes names: asked of the editor, answered when it is in the store. What the daemon itself
 * does there is in the store already. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fs/mount/saving.h"
#include "fs/mount/control.h"
#include "fs/mount/edits.h"
#include "fs/mount/expected.h"
#include "fs/mount/maildir.h"
#include "fs/mount/nodes.h"
#include "fs/mount/opens.h"
#include "fs/mount/ops.h"
#include "fs/port.h"

static pid_t asker(fuse_req_t req)
{
    return fuse_req_ctx(req)->pid;
}

/* Nothing is made or removed in .easfs. */
static bool is_control(fuse_req_t req, fuse_ino_t parent)
{
    if (!control_is(parent))
        return false;
    fuse_reply_err(req, EPERM);
    return true;
}

/* ---- what is made ---- */

static void reply_create(struct asked *asked)
{
    struct mount *mount = asked->mount;
    struct fuse_entry_param entry;
    struct handle *handle;

    if (asked->edit.error) {
        /* Made by somebody else meanwhile: the kernel looks again and opens that. */
        bool again = asked->edit.error == -EEXIST && !(asked->file.flags & O_EXCL);

        fuse_reply_err(asked->req, again ? ESTALE : -asked->edit.error);
        return;
    }
    node_entry(mount, &asked->edit.attr, &entry);
    if (mount->config->maildir)
        entry.entry_timeout = 0;
    handle = handle_open(mount->handles, asked->edit.attr.ino, NULL, 0, asked->opener);
    handles_lock(mount->handles);
    handle->appending = (asked->file.flags & O_APPEND) != 0;
    handle->file->incomplete = true;
    handles_unlock(mount->handles);
    asked->file.fh = (uintptr_t)handle;
    asked->file.keep_cache = 1;
    if (fuse_reply_create(asked->req, &entry, &asked->file) == -ENOENT)
        open_end(mount, NULL, handle);
}

static bool create_expected(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name,
                            struct fuse_file_info *file)
{
    struct fuse_entry_param entry;
    uint64_t ino;

    if (!mount->expected || (file->flags & O_ACCMODE) != O_WRONLY ||
        !expected_create(mount->expected, asker(req), parent, name, false, &ino))
        return false;
    node_expected(mount, parent, name, ino, false, &entry);
    file->fh = 0; /* nothing is read through it */
    file->keep_cache = 1;
    file->noflush = 1;
    fuse_reply_create(req, &entry, file);
    return true;
}

void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct asked *asked;

    count(&mount->counters.upcalls[UPCALL_create]);
    (void)mode;
    if (is_control(req, parent) || create_expected(mount, req, parent, name, file))
        return;
    asked = asked_new(mount, req, EDIT_CREATE, parent, name, 0, NULL);
    asked->file = *file;
    asked->opener = port_process_of(asker(req));
    edits_ask(asked, reply_create);
}

void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
    struct mount *mount = fuse_req_userdata(req);

    count(&mount->counters.upcalls[UPCALL_create]);
    (void)device;
    if (is_control(req, parent))
        return;
    if (S_ISREG(mode))
        edits_ask(asked_new(mount, req, EDIT_CREATE, parent, name, 0, NULL), reply_entry);
    else
        fuse_reply_err(req, EPERM);
}

void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    struct mount *mount = fuse_req_userdata(req);
    struct fuse_entry_param entry;
    uint64_t ino;

    count(&mount->counters.upcalls[UPCALL_create]);
    (void)mode;
    if (is_control(req, parent))
        return;
    if (maildir_is(parent)) {
        fuse_reply_err(req, EPERM);
        return;
    }
    if (mount->expected && expected_create(mount->expected, asker(req), parent, name, true, &ino)) {
        node_expected(mount, parent, name, ino, true, &entry);
        fuse_reply_entry(req, &entry);
        return;
    }
    edits_ask(asked_new(mount, req, EDIT_MKDIR, parent, name, 0, NULL), reply_entry);
}

void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
    (void)target, (void)parent, (void)name;
    fuse_reply_err(req, EPERM);
}

void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
    struct mount *mount = fuse_req_userdata(req);
    struct asked *asked;

    count(&mount->counters.upcalls[UPCALL_rename]);
    if (control_is(ino) || is_control(req, parent)) {
        if (control_is(ino))
            fuse_reply_err(req, EPERM);
        return;
    }
    save_early(mount, ino);
    asked = asked_new(mount, req, EDIT_LINK, 0, NULL, parent, name);
    asked->edit.ino = ino;
    edits_ask(asked, reply_entry);
}

/* ---- what goes ---- */

static void remove_name(fuse_req_t req, fuse_ino_t parent, const char *name, bool directory)
{
    struct mount *mount = fuse_req_userdata(req);

    count(&mount->counters.upcalls[UPCALL_remove]);
    if (is_control(req, parent))
        return;
    if (mount->expected && expected_remove(mount->expected, asker(req), parent, name, directory))
        fuse_reply_err(req, 0);
    else
        edits_ask(asked_new(mount, req, directory ? EDIT_RMDIR : EDIT_UNLINK, parent, name, 0, NULL), reply_error);
}

void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    remove_name(req, parent, name, false);
}

void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    remove_name(req, parent, name, true);
}

/* ---- what moves ---- */

/* What was written under the old name and is not closed yet belongs to the new one. */
static void save_named(struct mount *mount, fuse_ino_t parent, const char *name)
{
    struct view_attr attr;

    if (handles_busy(mount->handles) && view_lookup(mount->view, parent, name, &attr) == 0)
        save_early(mount, attr.ino);
}

void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent, const char *new_name,
               unsigned flags)
{
    struct mount *mount = fuse_req_userdata(req);
    struct asked *asked;

    count(&mount->counters.upcalls[UPCALL_rename]);
    if (is_control(req, parent) || is_control(req, new_parent))
        return;
    if (mount->expected && flags == RENAME_NOREPLACE &&
        expected_rename(mount->expected, asker(req), parent, name, new_parent, new_name)) {
        fuse_reply_err(req, 0);
        return;
    }
    if (maildir_rename(mount, req, parent, name, new_parent, new_name))
        return;
    asked = asked_new(mount, req, EDIT_RENAME, parent, name, new_parent, new_name);
    asked->edit.flags = flags;
    save_named(mount, asked->edit.parent, asked->edit.name);
    edits_ask(asked, reply_error);
}
