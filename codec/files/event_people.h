/* Who takes part in an event. */
#ifndef CODEC_FILES_EVENT_PEOPLE_H
#define CODEC_FILES_EVENT_PEOPLE_H

#include "codec/files/event_fields.h"

/* MeetingStatus is a set of bits (MS-ASCAL 2.2.2.28). */
enum { MEETING = 1, MEETING_RECEIVED = 2, MEETING_CANCELLED = 4 };

/* ORGANIZER, where the event is a meeting (RFC 5545 3.8.4.3): plain appointments carry their owner
 * as organizer, too. Without an address it is the user, where the meeting was not received. */
void event_add_organizer(GString *out, const struct event *event);

/* One ATTENDEE each, the user's own answer from ResponseType, which is newer than the list; the user
 * is added where a meeting was received without being on its list (by way of a group). */
void event_add_attendees(GString *out, const struct event *event);

#endif
