/* What events, tasks and notes share as iCalendar objects (RFC 5545). Everything appends content
 * lines to a GString; nothing fails. */
#ifndef CODEC_FILES_ICAL_COMMON_H
#define CODEC_FILES_ICAL_COMMON_H

#include "codec/files/content_line.h"
#include "codec/files/date.h"
#include "codec/wire/wbxml_tree.h"

/* A VCALENDAR begun, with VERSION and PRODID; and ended, its text turned into the file's bytes. */
GString *ical_calendar_begin(void);
GBytes *ical_calendar_end(GString *out);

void ical_begin(GString *out, const char *component);
void ical_end(GString *out, const char *component);

/* How a point in time is written: a day, an instant in UTC, a wall clock time (with or without TZID). */
enum ical_time_form { ICAL_DAY, ICAL_UTC, ICAL_WALL };

/* "20260131", "20260131T134500Z", "20260131T134500". The caller frees it. */
char *ical_time(const struct eas_date *date, enum ical_time_form form);

/* "name;VALUE=DATE:20260131", "name:20260131T134500Z", "name;TZID=zone:20260131T134500". zone counts
 * for ICAL_WALL only; NULL floats. */
void ical_add_time(GString *out, const char *name, const struct eas_date *date, enum ical_time_form form,
                   const char *zone);

/* CATEGORIES from the children "category" of data's child "categories"; one line, none without any. */
void ical_add_categories(GString *out, const struct eas_node *data, eas_tag categories, eas_tag category);

/* DESCRIPTION from AirSyncBase Body (MS-ASAIRS 2.2.2.9), or from the older element "legacy" where
 * there is none. HTML becomes plain text, and is kept beside it as X-ALT-DESC. Of RTF and MIME, for
 * which no text stands, X-EAS-BODY-OMITTED says that they are there. */
void ical_add_body(GString *out, const struct eas_node *data, eas_tag legacy);

/* CLASS from Sensitivity (0 normal, 1 personal, 2 private, 3 confidential); nothing for normal, for
 * that is CLASS's default, nor for what is unknown. */
void ical_add_class(GString *out, long long sensitivity);

/* A VALARM with ACTION:DISPLAY. trigger is the whole property's name and value apart, e.g.
 * "TRIGGER;VALUE=DATE-TIME", "20260131T134500Z"; description what it shows. */
void ical_add_alarm(GString *out, const char *trigger, const char *value, const char *description);

/* The DTSTAMP of what has no date of its own: it must be there, and must not depend on a clock. */
#define ICAL_NO_STAMP "19700101T000000Z"

/* What a series is that no RRULE can tell: the item is kept as a single one, and this says why. */
#define ICAL_X_UNSUPPORTED "X-EAS-RECURRENCE-UNSUPPORTED"

#endif
