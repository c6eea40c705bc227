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

/* The same the other way: OrganizerEmail, OrganizerName, Attendees, MeetingStatus, ResponseRequested, and the
 * user's own answer as ResponseType; the user's own entry then has no AttendeeStatus. The organizer is not counted
 * among the attendees. cancelled: what STATUS says. */
bool event_read_people(const struct event_reader *reader, bool cancelled);

/* Attendees that mean the same: the same people in the same roles with the same answers, in any order. An answer that
 * one side does not tell is the other's; the organizer, and the user's own entry where a server has it only as an
 * answer, do not count. */
bool event_same_attendees(const struct eas_node *one, const struct eas_node *other);
bool event_same_organizer(const struct eas_node *one, const struct eas_node *other);
/* The own answer: 2 tentative, 3 accepted, 4 declined, 0 none yet; where data only has it in its list, other is asked
 * which entry is the user's. */
int event_answer(const struct eas_node *data, const struct eas_node *other);

/* The address of an organizer or attendee (its Email element), in small letters; "" for none. The caller frees it. */
char *event_address(const char *email);

#endif
