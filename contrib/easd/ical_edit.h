/* An iCalendar file being changed: libical's components, opened as they are read or made anew, and
 * what the classes set in them alike. */
#ifndef EASD_ICAL_EDIT_H
#define EASD_ICAL_EDIT_H

#include "contrib/easd/edit.h"
#include "contrib/easd/ical_file.h"

struct ical_edit {
    struct ical_file file;
    icalcomponent *calendar, *master; /* calendar: the VCALENDAR that master is in */
};

/* Opens the edit's file, or a new one with one component of a kind, a UID and a stamp. False with
 * the edit's refusal set. Close it in any case: libical is locked until then. */
bool ical_edit_open(struct ical_edit *ical, struct edit *edit, icalcomponent_kind kind);
void ical_edit_close(struct ical_edit *ical);

/* The whole as text, in the edit's file. Always true. */
bool ical_edit_print(const struct ical_edit *ical, struct edit *edit);

/* Takes all properties of a kind away; the X- properties of a name. */
void ical_drop(icalcomponent *component, icalproperty_kind kind);
void ical_drop_x(icalcomponent *component, const char *name);

/* The one property of a kind or name; NULL or "": none. */
void ical_set_text(icalcomponent *component, icalproperty_kind kind, const char *text);
void ical_set_x(icalcomponent *component, const char *name, const char *text);

/* A moment in UTC, seconds since 1970. */
void ical_set_time(icalcomponent *component, icalproperty_kind kind, gint64 seconds);

/* A Categories element as CATEGORIES; NULL: none. */
void ical_set_categories(icalcomponent *component, const struct eas_node *categories);

/* Sensitivity as CLASS. False with refusal set for what is none. */
bool ical_set_sensitivity(icalcomponent *component, struct edit *edit, const struct eas_node *after, eas_tag tag);

/* The Body as DESCRIPTION, where it differs. False with refusal set. */
bool ical_set_body(icalcomponent *component, struct edit *edit, const struct eas_node *before,
                   const struct eas_node *after);

/* Instead of all alarms: one, so many minutes before the start, or at a moment in UTC. minutes -1: none. */
void ical_set_alarm(icalcomponent *component, gint64 minutes);
void ical_set_alarm_at(icalcomponent *component, gint64 seconds);

#endif
