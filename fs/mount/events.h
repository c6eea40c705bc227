/* .easfs/events (CONTRACT 6): what changed since the mount, a JSON object a line, in a file of the state directory.
 * Written by the notifier's thread, read by the dispatcher. */
#ifndef FS_MOUNT_EVENTS_H
#define FS_MOUNT_EVENTS_H

#include <stdint.h>

#include "fs/mount/lines.h"

struct events;

/* Begins anew, in a file of the directory, or, NULL, in memory. NULL when it cannot be made (errno). */
struct events *events_new(const char *state_dir);
void events_free(struct events *events);

/* One line. kind: the contract's word; detail: for "state" the state and its reason; all but kind may be NULL. */
struct event_line {
    int64_t time_ns;
    const char *kind, *path, *from, *item;
    const char *state, *reason;
};
void events_append(struct events *events, const struct event_line *line);

/* What was written is gone, and from now on nothing but states is: no name outlives a wipe. */
void events_forget(struct events *events);

const struct lines *events_lines(const struct events *events);

#endif
