/* A deadline for whatever a link does: when it comes, the call under way is interrupted. */
#ifndef CACHE_SERVER_ALARM_H
#define CACHE_SERVER_ALARM_H

#include <glib.h>
#include <stdbool.h>

#include "cache/server/session.h"

struct alarm {
    struct link *link;
    GMutex lock;
    GCond changed;
    GThread *thread;
    gint64 at; /* monotonic */
    bool over, rang;
};

/* Rings in so many milliseconds, unless it is ended before. */
void alarm_set(struct alarm *alarm, struct link *link, long ms);
/* Whether it rang; the link can be used again. */
bool alarm_end(struct alarm *alarm);

#endif
