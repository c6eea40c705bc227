/* A time zone as the blob of MS-ASDTYPE 2.7.6: one rule for standard time and one for daylight
 * saving, the same every year. */
#ifndef EASD_TIMEZONE_H
#define EASD_TIMEZONE_H

#include <glib.h>
#include <libical/ical.h>
#include <stdbool.h>

/* The zone as base64, right for start (UTC, seconds since 1970). A series that goes on is described
 * by today's rules where those are right for its start, too; else by those of its first year.
 * zone NULL is UTC. Free with g_free. */
char *timezone_blob(icaltimezone *zone, gint64 start, bool goes_on);

#endif
