#include "fs/mount/working.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/limits.h"

enum { COPY_BLOCK = 1 << 17 };

/* Where the file system has no files without a name, one that loses its name at once. Without a directory it is no file
 * at all, but memory: beside an encrypted replica nothing is written that is not. */
static int nameless_open(const char *state_dir)
{
    int fd = state_dir ? open(state_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : memfd_create("easfs", MFD_CLOEXEC);

    if (!state_dir)
        return fd < 0 ? -errno : fd;

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        g_autofree char *path = g_build_filename(state_dir, "writing-XXXXXX", NULL);

        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    return fd < 0 ? -errno : fd;
}

static struct copy *copy_new(const char *state_dir, int *error)
{
    int fd = nameless_open(state_dir);
    struct copy *copy;

    if (fd < 0) {
        *error = fd;
        return NULL;
    }
    copy = g_new0(struct copy, 1);
    copy->fd = fd;
    copy->references = 1;
    return copy;
}

struct copy *copy_ref(struct copy *copy)
{
    g_atomic_int_inc(&copy->references);
    return copy;
}

void copy_unref(struct copy *copy)
{
    if (copy && g_atomic_int_dec_and_test(&copy->references)) {
        close(copy->fd);
        g_free(copy);
    }
}

static int write_all(int fd, const char *bytes, size_t size, int64_t offset)
{
    while (size > 0) {
        ssize_t wrote = pwrite(fd, bytes, size, offset);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? -errno : -EIO;
        bytes += wrote;
        size -= (size_t)wrote;
        offset += wrote;
    }
    return 0;
}

static int copy_bytes(int from, int64_t offset, int64_t size, int to)
{
    g_autofree char *block = g_malloc(COPY_BLOCK);
    int64_t done = 0;

    while (done < size) {
        ssize_t got = pread(from, block, (size_t)MIN((int64_t)COPY_BLOCK, size - done), offset + done);
        int error;

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        error = write_all(to, block, (size_t)got, done);
        if (error)
            return error;
        done += got;
    }
    return 0;
}

/* The same of what the store holds, which may lie there sealed. */
static int copy_stored(const struct view *view, const struct view_bytes *bytes, int to)
{
    g_autofree char *block = g_malloc(COPY_BLOCK);
    int64_t done = 0;

    while (done < bytes->size) {
        ssize_t got = view_bytes_read(view, bytes, block, COPY_BLOCK, done);
        int error;

        if (got == -EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? (int)got : -EIO;
        error = write_all(to, block, (size_t)got, done);
        if (error)
            return error;
        done += got;
    }
    return 0;
}

struct working *working_new(const char *state_dir, int *error)
{
    struct copy *copy = copy_new(state_dir, error);
    struct working *working;

    if (!copy)
        return NULL;
    working = g_new0(struct working, 1);
    working->copy = copy;
    return working;
}

void working_free(struct working *working)
{
    copy_unref(working->copy);
    g_clear_pointer(&working->base, g_bytes_unref);
    g_free(working);
}

int working_fill(struct working *working, int fd, int64_t offset, int64_t size)
{
    int error = copy_bytes(fd, offset, size, working->copy->fd);

    if (!error)
        working->size = size;
    return error;
}

int working_fill_stored(struct working *working, const struct view *view, const struct view_bytes *bytes)
{
    int error = copy_stored(view, bytes, working->copy->fd);

    if (!error)
        working->size = bytes->size;
    return error;
}

ssize_t working_read(const struct working *working, void *buffer, size_t size, int64_t offset)
{
    ssize_t got = offset < working->size
                      ? pread(working->copy->fd, buffer, (size_t)MIN((int64_t)size, working->size - offset), offset)
                      : 0;

    return got < 0 ? -errno : got;
}

/* Nobody but us may be reading what is about to be written. */
static int copy_own(struct working *working, const char *state_dir)
{
    struct copy *mine;
    int error = 0;

    if (g_atomic_int_get(&working->copy->references) == 1)
        return 0;
    mine = copy_new(state_dir, &error);
    if (!mine)
        return error;
    error = copy_bytes(working->copy->fd, 0, working->size, mine->fd);
    if (error) {
        copy_unref(mine);
        return error;
    }
    copy_unref(working->copy);
    working->copy = mine;
    return 0;
}

static void written(struct working *working, int64_t now_ns)
{
    working->mtime_ns = MAX(now_ns, working->mtime_ns + 1); /* utimens may have set it into the future */
    working->changed_ns = now_ns;
    working->dirty = true;
}

int working_write(struct working *working, const char *state_dir, const char *bytes, size_t size, int64_t offset,
                  int64_t now_ns)
{
    int error = offset > LIMIT_EDIT_BYTES - (int64_t)size ? -EFBIG : copy_own(working, state_dir);

    if (!error)
        error = write_all(working->copy->fd, bytes, size, offset);
    if (!error) {
        working->size = MAX(working->size, offset + (int64_t)size);
        written(working, now_ns);
    } else if (ftruncate(working->copy->fd, working->size) != 0) {
        error = -EIO; /* what was written before the disk was full must not come to light later */
    }
    return error;
}

int working_truncate(struct working *working, const char *state_dir, int64_t size, int64_t now_ns)
{
    int error = size > LIMIT_EDIT_BYTES ? -EFBIG : copy_own(working, state_dir);

    if (!error && ftruncate(working->copy->fd, size) != 0)
        error = -errno;
    if (!error) {
        working->size = size;
        written(working, now_ns);
    }
    return error;
}
