/* An iCalendar file as one item: its components, its zones, its texts. libical parses; what it
 * means for ActiveSync is said in calendar.c, tasks.c and notes.c. */
#ifndef EASD_ICAL_FILE_H
#define EASD_ICAL_FILE_H

#include <glib.h>
#include <libical/ical.h>
#include <stdbool.h>

struct ical_file {
    icalcomponent *root;
    icalcomponent *master; /* the component without RECURRENCE-ID */
    GPtrArray *overrides;  /* of icalcomponent, those with one */
};

/* Parses bytes and picks the components of a kind, which must be one item: one UID, one master.
 * False with a reason in *refusal. Close the file in any case: it is the only one open until then,
 * because libical and the zones it loads are one for all threads. */
bool ical_file_open(struct ical_file *file, const char *bytes, size_t length, icalcomponent_kind kind, char **refusal);
void ical_file_close(struct ical_file *file);

/* A moment as a file gives it. */
struct ical_moment {
    icaltimetype time;  /* its own wall clock */
    icaltimezone *zone; /* NULL: floating, or a date */
    bool present, date, floating;
    gint64 utc; /* seconds since 1970; a date or floating time as if it were UTC */
};

/* Reads a date or time property of a component. False with *refusal set where its zone is unknown
 * or it is no time at all; true with present unset where there is none. */
bool ical_moment_read(struct ical_moment *moment, icalcomponent *component, icalproperty_kind kind, char **refusal);
bool ical_moment_of(struct ical_moment *moment, icalproperty *property, icaltimetype time, char **refusal);

/* The one zone a file defines, or NULL. */
icaltimezone *ical_file_only_zone(const struct ical_file *file);

/* The value of the first property of a kind, as valid UTF-8; NULL where it is missing or empty. */
char *ical_text(icalcomponent *component, icalproperty_kind kind);

/* The same of an X- property. */
char *ical_x_text(icalcomponent *component, const char *name);

/* The first alarm's lead in minutes before start (a trigger by end counts from end); -1: none. */
int ical_alarm_minutes(icalcomponent *component, gint64 start, gint64 end);

/* All CATEGORIES, each once; free with g_ptr_array_unref. */
GPtrArray *ical_categories(icalcomponent *component);

/* CLASS as Sensitivity: 0 normal, 1 personal, 2 private, 3 confidential. */
int ical_sensitivity(icalcomponent *component);

#endif
