#include "fs/mount/events.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/limits.h"
#include "fs/report.h"

#define EVENTS_FILE "events"

struct events {
    int fd;
    off_t size; /* the writer's */
    bool states_only;
};

struct events *events_new(const char *state_dir)
{
    g_autofree char *path = state_dir ? g_build_filename(state_dir, EVENTS_FILE, NULL) : NULL;
    int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600)
                  : memfd_create("easfs-events", MFD_CLOEXEC);
    struct events *events;

    if (fd >= 0 && !path && fcntl(fd, F_SETFL, O_APPEND) != 0) {
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        return NULL;
    events = g_new0(struct events, 1);
    events->fd = fd;
    return events;
}

void events_free(struct events *events)
{
    close(events->fd);
    g_free(events);
}

static void set_text(json_t *object, const char *key, const char *text)
{
    json_t *value = text ? json_string(text) : NULL;

    json_object_set_new(object, key, value ? value : json_null());
}

static char *line_text(const struct event_line *line)
{
    json_t *object = json_object();
    g_autofree char *time = report_time(line->time_ns);
    char *text;

    set_text(object, "time", time);
    set_text(object, "kind", line->kind);
    set_text(object, "path", line->path);
    set_text(object, "from", line->from);
    set_text(object, "item", line->item);
    if (line->state) {
        set_text(object, "state", line->state);
        set_text(object, "reason", line->reason);
    }
    text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

/* A line is written whole or not at all: a disk that is full loses events, never the shape of the file. */
static void write_line(struct events *events, const struct event_line *line)
{
    char *text = line_text(line);
    g_autofree char *whole = text ? g_strconcat(text, "\n", NULL) : NULL;
    size_t length = whole ? strlen(whole) : 0;

    free(text);
    if (!length)
        return;
    if (write(events->fd, whole, length) == (ssize_t)length)
        events->size += (off_t)length;
    else if (ftruncate(events->fd, events->size) != 0)
        events->size = LIMIT_EVENTS_BYTES;
}

void events_forget(struct events *events)
{
    events->states_only = true;
    if (ftruncate(events->fd, 0) == 0)
        events->size = 0;
}

void events_append(struct events *events, const struct event_line *line)
{
    if (events->states_only && strcmp(line->kind, "state") != 0)
        return;
    if (events->size >= LIMIT_EVENTS_BYTES && ftruncate(events->fd, 0) == 0) {
        events->size = 0;
        write_line(events, &(struct event_line){.time_ns = line->time_ns, .kind = "rotated"});
    }
    write_line(events, line);
}

int events_stat(const struct events *events, struct stat *st)
{
    return fstat(events->fd, st) == 0 ? 0 : -errno;
}

ssize_t events_read(const struct events *events, void *buffer, size_t size, off_t offset)
{
    ssize_t got = pread(events->fd, buffer, size, offset);

    return got < 0 ? -errno : got;
}
