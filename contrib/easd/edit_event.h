/* What a client says of one VEVENT, the series or an occurrence that differs from it, laid over its component. */
#ifndef EASD_EDIT_EVENT_H
#define EASD_EDIT_EVENT_H

#include "contrib/easd/ical_edit.h"

/* The zone of a series: UTC, one of the calendar's, or one that libical knows. */
struct series_zone {
    icaltimezone *zone; /* NULL: UTC */
    const char *tzid;   /* as the file names it; NULL: none is named */
};

/* Sets what differs between before and after; times, too, where they or with_times say so. False with refusal. */
bool event_edit(icalcomponent *component, struct edit *edit, const struct eas_node *before,
                const struct eas_node *after, const struct series_zone *zone, bool with_times);

/* The wall clock of a moment in a zone; date: its day, which must begin then (MS-ASCAL 2.2.2.1). False for no such
 * moment. */
bool event_wall_clock(icaltimetype *time, gint64 seconds, bool date, const struct series_zone *zone, int version);

/* A date or time as the one property of a kind; or as one more of it. */
void event_set_moment(icalcomponent *component, icalproperty_kind kind, icaltimetype time,
                      const struct series_zone *zone);
void event_add_moment(icalcomponent *component, icalproperty_kind kind, icaltimetype time,
                      const struct series_zone *zone);

/* Attendees, who organizes, MeetingStatus and what else makes a meeting of it. False with refusal. */
bool people_edit(icalcomponent *component, struct edit *edit, const struct eas_node *before,
                 const struct eas_node *after);

#endif
