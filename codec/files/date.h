/* Dates as the wire writes them (MS-ASDTYPE 2.7): civil fields, no zone of their own. They reach
 * from 1601 to 4501, farther than nanoseconds in 64 bits do, so translations work on these. */
#ifndef CODEC_FILES_DATE_H
#define CODEC_FILES_DATE_H

#include <glib.h>
#include <stdbool.h>

struct eas_date {
    int year, month, day, hour, minute, second;
    int nanosecond;
};

/* Reads "2026-01-31T13:45:00.000Z", "20260131T134500Z", either without zone, fraction or time.
 * false, and *date untouched, for what is no date of the calendar. text may be NULL (false). */
bool eas_date_read(const char *text, struct eas_date *date);

/* Seconds since 1970, and back. Years from 1 to 9999. */
gint64 eas_date_seconds(const struct eas_date *date);
struct eas_date eas_date_from_seconds(gint64 seconds);

/* Whether a date stands for "none": 4501-01-01 and later, or 1601-01-01 (MS-OXOTASK 2.2, MS-OXOCNTC). */
bool eas_date_is_none(const struct eas_date *date);

#endif
