#include "fs/mount/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/limits.h"
#include "fs/report.h"

struct lines {
    int fd;
    GMutex lock; /* over what follows, and the order of lines */
    off_t size;
};

struct lines *lines_new(const char *path)
{
    int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600)
                  : memfd_create("easfs-lines", MFD_CLOEXEC);
    struct lines *lines;

    if (fd >= 0 && !path && fcntl(fd, F_SETFL, O_APPEND) != 0) {
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        return NULL;
    lines = g_new0(struct lines, 1);
    lines->fd = fd;
    g_mutex_init(&lines->lock);
    return lines;
}

void lines_free(struct lines *lines)
{
    close(lines->fd);
    g_mutex_clear(&lines->lock);
    g_free(lines);
}

void lines_set_text(json_t *object, const char *key, const char *text)
{
    json_t *value = text ? json_string(text) : NULL;

    json_object_set_new(object, key, value ? value : json_null());
}

/* A line is written whole or not at all: a disk that is full loses lines, never the shape of the file. */
static void write_line(struct lines *lines, const json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    g_autofree char *whole = text ? g_strconcat(text, "\n", NULL) : NULL;
    size_t length = whole ? strlen(whole) : 0;

    free(text);
    if (!length)
        return;
    if (write(lines->fd, whole, length) == (ssize_t)length)
        lines->size += (off_t)length;
    else if (ftruncate(lines->fd, lines->size) != 0)
        lines->size = LIMIT_EVENTS_BYTES;
}

static void write_rotated(struct lines *lines)
{
    static const char *const members[] = {"path", "from", "item"};
    json_t *object = json_object();
    g_autofree char *time = report_time(g_get_real_time() * 1000);

    lines_set_text(object, "time", time);
    lines_set_text(object, "kind", "rotated");
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        lines_set_text(object, members[i], NULL);
    write_line(lines, object);
    json_decref(object);
}

void lines_append(struct lines *lines, json_t *object)
{
    g_mutex_lock(&lines->lock);
    if (lines->size >= LIMIT_EVENTS_BYTES && ftruncate(lines->fd, 0) == 0) {
        lines->size = 0;
        write_rotated(lines);
    }
    write_line(lines, object);
    g_mutex_unlock(&lines->lock);
    json_decref(object);
}

void lines_clear(struct lines *lines)
{
    g_mutex_lock(&lines->lock);
    if (ftruncate(lines->fd, 0) == 0)
        lines->size = 0;
    g_mutex_unlock(&lines->lock);
}

int lines_stat(const struct lines *lines, struct stat *st)
{
    return fstat(lines->fd, st) == 0 ? 0 : -errno;
}

ssize_t lines_read(const struct lines *lines, void *buffer, size_t size, off_t offset)
{
    ssize_t got = pread(lines->fd, buffer, size, offset);

    return got < 0 ? -errno : got;
}
