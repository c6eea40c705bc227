#include "fs/mount/handle.h"

#include <errno.h>
#include <glib.h>

#include "fs/mount/opened.h"

struct handle {
    struct view_bytes bytes;
    int as_of; /* mount->replaced when they were looked up */
};

static struct handle *handle_of(const struct fuse_file_info *file)
{
    return (struct handle *)(uintptr_t)file->fh;
}

void handles_changed(struct mount *mount)
{
    g_atomic_int_inc(&mount->replaced);
}

static void handle_free(struct mount *mount, fuse_ino_t ino, struct view *view, struct handle *handle)
{
    opened_remove(mount->opened, ino);
    view_release(view, &handle->bytes);
    g_free(handle);
}

int handle_open(fuse_req_t req, fuse_ino_t ino, struct view *view, struct fuse_file_info *file)
{
    struct mount *mount = fuse_req_userdata(req);
    struct handle found = {.as_of = g_atomic_int_get(&mount->replaced)}, *handle;
    int error = view_open(view, ino, &found.bytes);

    if (error)
        return error;
    handle = g_memdup2(&found, sizeof found);
    file->fh = (uintptr_t)handle;
    file->keep_cache = 1;
    file->noflush = 1;
    opened_add(mount->opened, ino, found.bytes.size);
    /* The opener may be gone already (interrupted): then no RELEASE will come. */
    if (fuse_reply_open(req, file) == -ENOENT)
        handle_free(mount, ino, view, handle);
    return 0;
}

void handle_reply_none(fuse_req_t req, struct fuse_file_info *file)
{
    file->fh = 0;
    file->keep_cache = 1;
    file->noflush = 1;
    fuse_reply_open(req, file);
}

int handle_bytes(struct mount *mount, fuse_ino_t ino, const struct fuse_file_info *file,
                 const struct view_bytes **bytes)
{
    struct handle *handle = handle_of(file);
    struct view_bytes now;
    int replaced = g_atomic_int_get(&mount->replaced), error = 0;

    *bytes = &handle->bytes;
    if (handle->as_of == replaced)
        return 0;
    error = view_open(mount->view, ino, &now);
    if (!error) {
        view_release(mount->view, &handle->bytes);
        handle->bytes = now;
    }
    if (error != -EAGAIN)
        handle->as_of = replaced;
    return error == -EAGAIN ? error : 0;
}

void handle_release(struct mount *mount, fuse_ino_t ino, const struct fuse_file_info *file)
{
    if (file->fh)
        handle_free(mount, ino, mount->view, handle_of(file));
}
