/* From one file of an item into its next: what a user wrote and ActiveSync lacks. */
#ifndef CODEC_FILES_ICAL_REFRESH_H
#define CODEC_FILES_ICAL_REFRESH_H

#include <glib.h>
#include <libical/ical.h>
#include <stdbool.h>

/* fresh with the UID of previous and what previous says beside it: properties that the translations do not write, in
 * the component of the same kind and RECURRENCE-ID, and alarms beyond the one that the server knows. Returns bytes that
 * the caller unrefs. */
GBytes *ical_refresh(GBytes *fresh, GBytes *previous);

/* Whether a VALARM is one that a component of kind can have as its one reminder: shown or sounded; of an event, whole
 * minutes before its start or at it. *minutes (may be NULL) gets them, of a task's 0. */
bool ical_is_reminder(icalcomponent *alarm, icalcomponent_kind kind, gint64 *minutes);

#endif
