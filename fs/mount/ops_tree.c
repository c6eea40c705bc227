/* Names and attributes: answered from the view, at once. */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "cache/store/store.h"
#include "fs/mount/answers.h"
#include "fs/mount/control.h"
#include "fs/mount/expected.h"
#include "fs/mount/handles.h"
#include "fs/mount/maildir.h"
#include "fs/mount/nodes.h"
#include "fs/mount/ops.h"

enum {
    LIST_SELF = 1,   /* the offset after "." */
    LIST_PARENT = 2, /* after ".."; a view's cookies stand above it */
    LIST_NAME_MAX = 255,
};

/* A look-up that belongs to an operation of our own and must not find what the store says by now. */
static bool lookup_expected(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry;
    bool directory = false;
    uint64_t ino = 0;
    enum expected_look look;

    if (!mount->expected)
        return false;
    look = expected_lookup(mount->expected, fuse_req_ctx(req)->pid, parent, name, &ino, &directory);
    if (look == LOOK_ABSENT) {
        fuse_reply_err(req, ENOENT);
    } else if (look == LOOK_PRESENT) {
        node_expected(mount, parent, name, ino, directory, &entry);
        fuse_reply_entry(req, &entry);
    }
    return look != LOOK_STORE;
}

void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct mount *mount = fuse_req_userdata(req);
    struct fuse_entry_param entry;
    struct view_attr attr;
    int error;

    count(&mount->counters.upcalls[UPCALL_lookup]);
    if (control_lookup(mount->control, req, parent, name) || answers_lookup(mount->answers, req, parent, name) ||
        maildir_lookup(mount, req, parent, name) || lookup_expected(mount, req, parent, name))
        return;
    error = strlen(name) > LIST_NAME_MAX ? -ENAMETOOLONG : view_lookup(mount->view, parent, name, &attr);
    if (error == 0 && !node_visible(mount, &attr))
        error = -ENOENT;
    if (error) {
        fuse_reply_err(req, -error);
        return;
    }
    handles_attr(mount->handles, &attr);
    node_entry(mount, &attr, &entry);
    fuse_reply_entry(req, &entry);
}

/* Removed in the store, but an operation of our own is about to say so, or somebody has it open. */
static bool getattr_removed(struct mount *mount, fuse_req_t req, fuse_ino_t ino)
{
    bool directory = false;
    struct view_attr attr;
    struct stat st;
    int64_t size;

    if (!(mount->expected && expected_getattr(mount->expected, fuse_req_ctx(req)->pid, ino, &directory)) &&
        !handles_size(mount->handles, ino, &size))
        return false;
    attr = node_removed(mount, ino, directory);
    node_stat(mount, &attr, &st);
    fuse_reply_attr(req, &st, 0);
    return true;
}

void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct view_attr attr;
    struct stat st;
    int error;

    count(&mount->counters.upcalls[UPCALL_getattr]);
    (void)file;
    if (control_getattr(mount->control, req, ino) || answers_getattr(mount->answers, req, ino) ||
        maildir_getattr(mount, req, ino))
        return;
    error = view_getattr(mount->view, ino, &attr);
    if (error == -ENOENT && getattr_removed(mount, req, ino))
        return;
    if (error) {
        fuse_reply_err(req, -error);
        return;
    }
    handles_attr(mount->handles, &attr);
    node_stat(mount, &attr, &st);
    fuse_reply_attr(req, &st, node_attr_timeout(&attr));
}

void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);

    count(&mount->counters.upcalls[UPCALL_opendir]);
    (void)ino;
    if (mount->without_opens) {
        fuse_reply_err(req, ENOSYS);
        return;
    }
    if (answers_opendir(req, ino, file))
        return;
    file->cache_readdir = !maildir_is(ino);
    file->keep_cache = !maildir_is(ino);
    fuse_reply_open(req, file);
}

/* One READDIR or READDIRPLUS being filled. */
struct listing {
    fuse_req_t req;
    struct mount *mount;
    bool plus;
    size_t size, used;
};

static bool listing_add(struct listing *listing, const char *name, const struct view_attr *attr, off_t next)
{
    char *at = listing->mount->buffer + listing->used;
    size_t room = listing->size - listing->used;
    struct fuse_entry_param entry;
    size_t need;

    node_entry(listing->mount, attr, &entry);
    need = listing->plus ? fuse_add_direntry_plus(listing->req, at, room, name, &entry, next)
                         : fuse_add_direntry(listing->req, at, room, name, &entry.attr, next);
    if (need > room)
        return false;
    listing->used += need;
    return true;
}

static bool listing_entry(void *ctx, const char *name, const struct view_attr *attr, uint64_t next)
{
    struct listing *listing = ctx;
    struct view_attr now = *attr;

    if (!node_visible(listing->mount, attr) || strlen(name) > LIST_NAME_MAX)
        return true;
    handles_attr(listing->mount->handles, &now);
    return listing_add(listing, name, &now, (off_t)(next + LIST_PARENT));
}

/* "." and "..": the kernel makes no look-up of them, so in a READDIRPLUS they count for nothing but their number. */
static bool listing_dots(struct listing *listing, fuse_ino_t ino, off_t offset, int *error)
{
    struct view_attr self, parent;

    *error = view_getattr(listing->mount->view, ino, &self);
    if (*error == 0 && !self.directory)
        *error = -ENOTDIR;
    if (*error)
        return false;
    parent = self;
    parent.ino = ino == VIEW_ROOT ? VIEW_ROOT : self.parent;
    if (offset < LIST_SELF && !listing_add(listing, ".", &self, LIST_SELF))
        return false;
    return listing_add(listing, "..", &parent, LIST_PARENT);
}

static void list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, bool plus)
{
    struct mount *mount = fuse_req_userdata(req);
    struct listing listing = {.req = req, .mount = mount, .plus = plus, .size = MIN(size, mount->buffer_size)};
    int error = 0;

    count(&mount->counters.upcalls[plus ? UPCALL_readdirplus : UPCALL_readdir]);
    if (control_readdir(mount->control, req, ino, size, offset, plus) ||
        answers_readdir(mount->answers, req, ino, size, offset, plus) ||
        maildir_readdir(mount, req, ino, size, offset, plus))
        return;
    if (offset >= LIST_PARENT || listing_dots(&listing, ino, offset, &error)) {
        uint64_t cookie = offset > LIST_PARENT ? (uint64_t)(offset - LIST_PARENT) : 0;

        error = view_list(mount->view, ino, cookie, listing_entry, &listing);
    }
    if (error)
        fuse_reply_err(req, -error);
    else
        fuse_reply_buf(req, mount->buffer, listing.used);
}

void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
    (void)file;
    list(req, ino, size, offset, false);
}

void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
    (void)file;
    list(req, ino, size, offset, true);
}

void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
    struct mount *mount = fuse_req_userdata(req);
    struct statvfs room;

    count(&mount->counters.upcalls[UPCALL_statfs]);
    (void)ino;
    if (statvfs(store_dir(replica_store(mount->replica)), &room) != 0) {
        fuse_reply_err(req, errno);
        return;
    }
    room.f_namemax = LIST_NAME_MAX;
    fuse_reply_statfs(req, &room);
}
