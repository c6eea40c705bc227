#include "fs/mount/writing.h"

#include <errno.h>

#include "cache/edit/edit.h"
#include "cache/store/store.h"

/* Where working copies lie; NULL: in memory alone, beside an encrypted replica. */
static const char *state_dir(const struct mount *mount)
{
    struct store *store = replica_store(mount->replica);

    return store_is_sealed(store) ? NULL : store_dir(store);
}

/* The bytes as readers see them: the store's; of a file that it has removed, those that are still open. */
static int fill(struct view *view, struct working *working, const struct open_file *file, const struct handle *handle)
{
    struct view_bytes bytes;
    int error = view_open(view, file->ino, &bytes);

    if (!error) {
        error = working_fill_stored(working, view, &bytes);
        view_release(view, &bytes);
    } else if (error == -ENOENT && file->last) {
        error = working_fill(working, file->last->fd, 0, file->last_size);
    } else if (handle && handle->pinned) {
        error = working_fill_stored(working, view, &handle->bytes);
    }
    return error;
}

static int64_t time_of(struct view *view, uint64_t ino)
{
    struct view_attr attr;

    return view_getattr(view, ino, &attr) ? 0 : attr.mtime_ns;
}

/* The item as it is now is what the edit begins from, unless one has begun already. */
static int begin(struct mount *mount, struct view *view, struct open_file *file, const struct handle *handle, bool keep)
{
    struct working *working;
    int error = 0;

    if (!file->working) {
        working = working_new(state_dir(mount), &error);
        if (working && keep)
            error = fill(view, working, file, handle);
        if (error) {
            g_clear_pointer(&working, working_free);
            return error;
        }
        working->mtime_ns = time_of(view, file->ino);
        file_work(mount->handles, file, working);
    }
    if (!file->working->based) {
        file->working->base = edit_base(view, file->ino);
        file->working->based = true;
    }
    file->incomplete = true;
    return 0;
}

int writing_bytes(struct mount *mount, struct view *view, struct handle *handle, const char *bytes, size_t size,
                  int64_t offset, bool append)
{
    struct open_file *file = handle->file;
    int error = begin(mount, view, file, handle, true);

    if (!error) {
        error = working_write(file->working, state_dir(mount), bytes, size, append ? file->working->size : offset,
                              edit_now(mount->replica));
    }
    handle->wrote = handle->wrote || !error;
    return error;
}

int writing_size(struct mount *mount, struct view *view, struct open_file *file, struct handle *handle, int64_t size)
{
    int error = begin(mount, view, file, handle, size > 0);

    if (!error)
        error = working_truncate(file->working, state_dir(mount), size, edit_now(mount->replica));
    if (handle)
        handle->wrote = handle->wrote || !error;
    return error;
}
