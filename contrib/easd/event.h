/* One VEVENT as the properties of MS-ASCAL 2.2.2 that an exception of a series can have, too. */
#ifndef EASD_EVENT_H
#define EASD_EVENT_H

#include "contrib/easd/ical_file.h"
#include "contrib/easd/translation.h"

struct event {
    icalcomponent *component;
    struct ical_moment start, end;
    gint64 start_utc, end_utc;   /* seconds since 1970; of a whole-day event as its zone's midnight */
    struct eas_node *properties; /* in the order Exchange gives them */
    char *text;
};

/* Reads times and properties. zone is whose midnights whole days begin at (NULL: UTC). False where
 * it cannot be served. Clear it in any case. */
bool event_read(struct event *event, icalcomponent *component, icaltimezone *zone, struct translation *translation);
void event_clear(struct event *event);

/* The parts of a place that stand in X- properties. */
enum { LOCATION_ROWS = 10 };
extern const struct location_row {
    eas_tag tag;
    const char *name;
} location_rows[LOCATION_ROWS];

/* Adds Attendees, MeetingStatus and what else makes an event a meeting; an exception has less. */
void meeting_write(icalcomponent *component, struct eas_node *properties, const struct translation *translation);

/* Adds the organizer, which only a series has. */
void meeting_write_organizer(icalcomponent *component, struct eas_node *properties);

/* Whether an address is the mailbox owner's. */
bool meeting_is_owner(const char *address, const char *user);

#endif
