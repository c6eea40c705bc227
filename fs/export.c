#include "fs/export.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXPORT_BATCH = 256, EXPORT_BLOCK = 1 << 18 };

#define EXPORT_TEMPORARY ".easfs-export"

struct place {
    char *path; /* on disk */
    struct view_attr attr;
    uint64_t next; /* the cookie after it */
};

struct export
{
    struct view *view;
    struct export_count *count;
    GArray *directories; /* of struct place: written or yet to be */
    char **why;
};

static void place_clear(void *data)
{
    g_free(((struct place *)data)->path);
}

static GArray *places_new(void)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(struct place));

    g_array_set_clear_func(places, place_clear);
    return places;
}

static int fail(struct export *export, const char *path)
{
    int error = errno;

    *export->why = g_strdup_printf("%s: %s", path, g_strerror(error));
    return -error;
}

static struct timespec time_of(int64_t ns)
{
    int64_t rest = ((ns % 1000000000) + 1000000000) % 1000000000;

    return (struct timespec){.tv_sec = (ns - rest) / 1000000000, .tv_nsec = rest};
}

static void times_set(const char *path, int64_t mtime_ns)
{
    struct timespec times[2] = {time_of(mtime_ns), time_of(mtime_ns)};

    utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

static bool is_there(const struct place *place)
{
    struct timespec mtime = time_of(place->attr.mtime_ns);
    struct stat st;

    return lstat(place->path, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == place->attr.size &&
           st.st_mtim.tv_sec == mtime.tv_sec && st.st_mtim.tv_nsec == mtime.tv_nsec;
}

static int bytes_copy(struct view *view, const struct view_bytes *bytes, int to)
{
    g_autofree char *block = g_malloc(EXPORT_BLOCK);
    int64_t done = 0;

    while (done < bytes->size) {
        size_t want = (size_t)MIN((int64_t)EXPORT_BLOCK, bytes->size - done);
        ssize_t got = view_bytes_read(view, bytes, block, want, done);

        if (got == -EINTR)
            continue;
        if (got <= 0) {
            errno = got ? (int)-got : EIO; /* the pack is shorter than it says */
            return -1;
        }
        for (ssize_t at = 0; at < got;) {
            ssize_t wrote = write(to, block + at, (size_t)(got - at));

            if (wrote < 0 && errno != EINTR)
                return -1;
            at += wrote > 0 ? wrote : 0;
        }
        done += got;
    }
    return 0;
}

static int file_write(struct export *export, const struct place *place, const struct view_bytes *bytes)
{
    g_autofree char *directory = g_path_get_dirname(place->path);
    g_autofree char *temporary = g_build_filename(directory, EXPORT_TEMPORARY, NULL);
    int to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error = 0;

    if (to < 0)
        return fail(export, temporary);
    if (bytes_copy(export->view, bytes, to) != 0)
        error = fail(export, temporary);
    if (close(to) != 0 && !error)
        error = fail(export, temporary);
    if (!error) {
        times_set(temporary, place->attr.mtime_ns);
        error = rename(temporary, place->path) == 0 ? 0 : fail(export, place->path);
    }
    if (error)
        unlink(temporary);
    return error;
}

static int export_file(struct export *export, const struct place *place)
{
    struct view_bytes bytes;
    int error;

    if (place->attr.local && is_there(place)) {
        export->count->kept++;
        return 0;
    }
    error = view_open(export->view, place->attr.ino, &bytes);
    if (error == -EAGAIN) {
        export->count->missing++;
        return 0;
    }
    if (error) {
        errno = -error;
        return fail(export, place->path);
    }
    error = file_write(export, place, &bytes);
    view_release(export->view, &bytes);
    export->count->written += error ? 0 : 1;
    return error;
}

struct batch {
    const char *directory;
    GArray *places;
};

static bool batch_entry(void *ctx, const char *name, const struct view_attr *attr, uint64_t next)
{
    struct batch *batch = ctx;

    /* What is in Outbox is on its way, and would be sent again from a copy (CONTRACT 5). */
    if (attr->directory && attr->parent == VIEW_ROOT && attr->class == EAS_NO_CLASS)
        return true;
    struct place place = {.path = g_build_filename(batch->directory, name, NULL), .attr = *attr, .next = next};

    g_array_append_val(batch->places, place);
    return batch->places->len < EXPORT_BATCH;
}

/* One directory: its files now, its directories at the end of the list. A batch at a time, for nothing may be asked of
 * the view while it lists. */
static int export_directory(struct export *export, const char *path, uint64_t ino)
{
    uint64_t cookie = 0;
    bool more = true;

    if (g_mkdir_with_parents(path, 0700) != 0)
        return fail(export, path);
    while (more) {
        g_autoptr(GArray) places = places_new();
        struct batch batch = {.directory = path, .places = places};
        int error = view_list(export->view, ino, cookie, batch_entry, &batch);

        for (guint i = 0; !error && i < places->len; i++) {
            struct place *place = &g_array_index(places, struct place, i);

            cookie = place->next;
            if (place->attr.directory) {
                struct place later = {.path = g_strdup(place->path), .attr = place->attr};

                g_array_append_val(export->directories, later);
            } else {
                error = export_file(export, place);
            }
        }
        if (error) {
            *export->why = *export->why ? *export->why : g_strdup_printf("%s: %s", path, g_strerror(-error));
            return error;
        }
        more = places->len >= EXPORT_BATCH;
    }
    return 0;
}

int export_tree(struct view *view, const char *directory, struct export_count *count, char **why)
{
    g_autoptr(GArray) directories = places_new();
    struct export export = {.view = view, .count = count, .directories = directories, .why = why};
    struct place root = {.path = g_strdup(directory)};
    int error = view_getattr(view, VIEW_ROOT, &root.attr);

    g_array_append_val(directories, root);
    for (guint i = 0; !error && i < directories->len; i++) {
        const struct place *place = &g_array_index(directories, struct place, i);
        g_autofree char *path = g_strdup(place->path); /* the array moves as it grows */

        error = export_directory(&export, path, place->attr.ino);
    }
    /* Innermost last in, first out: what is made in a directory moves its time. */
    for (guint i = directories->len; !error && i-- > 0;) {
        const struct place *place = &g_array_index(directories, struct place, i);

        times_set(place->path, place->attr.mtime_ns);
    }
    return error;
}
