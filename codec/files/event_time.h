/* How the times of one calendar item are written: in which zone, or as days. */
#ifndef CODEC_FILES_EVENT_TIME_H
#define CODEC_FILES_EVENT_TIME_H

#include "codec/files/files.h"
#include "codec/files/ical_common.h"
#include "codec/files/timezone.h"

struct event_clock {
    struct zone rules; /* as the server told them: it computes days by these */
    struct zone zone;  /* what times are written in */
    bool floating;     /* days come as they are, at midnight UTC (16.0 and up, MS-ASCAL 2.2.2.1) */
    int oldest_year;   /* of the wall clock times written so far; 0: none, no VTIMEZONE is needed */
};

/* A date element as seconds since 1970; false, and *instant untouched, for none. */
bool event_instant(const struct eas_node *node, eas_tag tag, gint64 *instant);

/* Which occurrence an Exception is of: ExceptionStartTime up to 14.1 (MS-ASCAL 2.2.2.23), InstanceId from 16.0 on
 * (MS-ASAIRS 2.2.2.25). */
bool event_original(const struct eas_node *exception, gint64 *start);

/* The clock of an item that starts at an instant (seconds since 1970), from its Timezone element. */
struct event_clock event_clock_of(const struct eas_node *data, const struct file_context *context, gint64 start);

/* The day (at midnight) that an instant given for an all-day event means: the nearest midnight, which
 * forgives servers whose zone is not the one they reckon with. */
struct eas_date event_day(const struct event_clock *clock, gint64 instant);

/* The same for the last day of a series: a second before midnight is still that day. */
struct eas_date event_last_day(const struct event_clock *clock, gint64 instant);

/* Appends a property of type DATE for all_day, else DATE-TIME in the clock's zone. series says that
 * the time has to stay a wall clock time, for it recurs; a single time in the hour that clocks go
 * through twice is written in UTC the second time, for iCalendar can name only the first. */
void event_add_time(GString *out, struct event_clock *clock, const char *name, gint64 instant, bool all_day,
                    bool series);

#endif
