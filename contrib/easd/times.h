/* The two forms of a date in ActiveSync (MS-ASDTYPE 2.3, 2.7.2). */
#ifndef EASD_TIMES_H
#define EASD_TIMES_H

#include <glib.h>
#include <stdbool.h>

enum { TIMES_TEXT = 32 };

/* 2026-01-31T13:45:00.000Z, and 20260131T134500Z; into out, which is returned. Seconds since 1970. */
const char *times_dashed(gint64 seconds, char out[TIMES_TEXT]);
const char *times_compact(gint64 seconds, char out[TIMES_TEXT]);

/* Reads either form; false for anything else. */
bool times_read(const char *text, gint64 *seconds);

/* Whether Exchange could hold it: the years 1601 to 4500. */
bool times_in_range(gint64 seconds);

#endif
