#include "fs/mount/events.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "fs/report.h"

#define EVENTS_FILE "events"

struct events {
    struct lines *lines;
    bool states_only;
};

struct events *events_new(const char *state_dir)
{
    g_autofree char *path = state_dir ? g_build_filename(state_dir, EVENTS_FILE, NULL) : NULL;
    struct lines *lines = lines_new(path);
    struct events *events;

    if (!lines)
        return NULL;
    events = g_new0(struct events, 1);
    events->lines = lines;
    return events;
}

void events_free(struct events *events)
{
    lines_free(events->lines);
    g_free(events);
}

void events_forget(struct events *events)
{
    events->states_only = true;
    lines_clear(events->lines);
}

void events_append(struct events *events, const struct event_line *line)
{
    g_autofree char *time = report_time(line->time_ns);
    json_t *object;

    if (events->states_only && strcmp(line->kind, "state") != 0)
        return;
    object = json_object();
    lines_set_text(object, "time", time);
    lines_set_text(object, "kind", line->kind);
    lines_set_text(object, "path", line->path);
    lines_set_text(object, "from", line->from);
    lines_set_text(object, "item", line->item);
    if (line->state) {
        lines_set_text(object, "state", line->state);
        lines_set_text(object, "reason", line->reason);
    }
    lines_append(events->lines, object);
}

const struct lines *events_lines(const struct events *events)
{
    return events->lines;
}
