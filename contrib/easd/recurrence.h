/* RRULE as Recurrence (MS-ASCAL 2.2.2.37, MS-ASTASK 2.2.2.18): what the protocol's six patterns can
 * say, and a reason for everything else. */
#ifndef EASD_RECURRENCE_H
#define EASD_RECURRENCE_H

#include "contrib/easd/ical_file.h"
#include "contrib/easd/translation.h"

struct recurrence {
    int type, interval, day_of_week, day_of_month, week_of_month, month; /* 0: not given */
    int first_day;                                                       /* 0 Sunday; -1: not given */
    int occurrences;                                                     /* 0: no such end */
    bool has_until;
    gint64 until; /* seconds since 1970 */
};

/* Reads the rule of a component that starts at start. False with a reason in *refusal where it has
 * one that cannot be said; *present tells whether it has one at all. */
bool recurrence_read(struct recurrence *recurrence, bool *present, icalcomponent *component,
                     const struct ical_moment *start, char **refusal);

/* The version that can say it: 0 for any, 141 where weeks that do not begin on Sunday matter. */
int recurrence_needs(const struct recurrence *recurrence);

/* Marks in found which of count local times are occurrences, and returns when the last occurrence
 * of the rule begins (UTC, or as if it were); INT64_MAX for a rule without end. */
gint64 recurrence_find(icalcomponent *component, const struct ical_moment *start, const icaltimetype *times,
                       bool *found, guint count);

/* Writes the Recurrence element of the calendar; of tasks, whose names differ, with task set. */
void recurrence_write(const struct recurrence *recurrence, struct eas_node *parent, int version, bool task,
                      gint64 start);

#endif
