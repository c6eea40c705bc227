/* Who is invited (MS-ASCAL 2.2.2.3, 2.2.2.30): ATTENDEE and ORGANIZER as the protocol counts them. */
#include <string.h>

#include "contrib/easd/event.h"

enum { MEETING = 1, RECEIVED = 2, CANCELLED = 4 };
enum { RESPONSE_NONE = 0, RESPONSE_ORGANIZER = 1 };

static const struct {
    icalparameter_partstat partstat;
    int status; /* MS-ASCAL 2.2.2.5; as a ResponseType the same (2.2.2.39) */
} answers[] = {
    {ICAL_PARTSTAT_TENTATIVE, 2},
    {ICAL_PARTSTAT_ACCEPTED, 3},
    {ICAL_PARTSTAT_DECLINED, 4},
    {ICAL_PARTSTAT_NEEDSACTION, 5},
};

static const char *address_of(const char *uri)
{
    return uri && g_ascii_strncasecmp(uri, "mailto:", 7) == 0 ? uri + 7 : uri ? uri : "";
}

static int answer_of(icalproperty *attendee)
{
    icalparameter *parameter = icalproperty_get_first_parameter(attendee, ICAL_PARTSTAT_PARAMETER);
    icalparameter_partstat partstat = parameter ? icalparameter_get_partstat(parameter) : ICAL_PARTSTAT_NEEDSACTION;

    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
        if (answers[i].partstat == partstat)
            return answers[i].status;
    return 0;
}

/* 1 required, 2 optional, 3 a resource (MS-ASCAL 2.2.2.6). */
static int attendee_type(icalproperty *attendee)
{
    icalparameter *kind = icalproperty_get_first_parameter(attendee, ICAL_CUTYPE_PARAMETER);
    icalparameter *role = icalproperty_get_first_parameter(attendee, ICAL_ROLE_PARAMETER);
    icalparameter_cutype cutype = kind ? icalparameter_get_cutype(kind) : ICAL_CUTYPE_INDIVIDUAL;
    icalparameter_role duty = role ? icalparameter_get_role(role) : ICAL_ROLE_REQPARTICIPANT;

    if (cutype == ICAL_CUTYPE_RESOURCE || cutype == ICAL_CUTYPE_ROOM)
        return 3;
    return duty == ICAL_ROLE_OPTPARTICIPANT || duty == ICAL_ROLE_NONPARTICIPANT ? 2 : 1;
}

static char *common_name(icalproperty *person, const char *fallback)
{
    icalparameter *name = icalproperty_get_first_parameter(person, ICAL_CN_PARAMETER);
    const char *text = name ? icalparameter_get_cn(name) : NULL;
    g_autofree char *valid = g_utf8_make_valid(text && *text ? text : fallback, -1);

    return g_strdelimit(g_steal_pointer(&valid), "\r\n\"", ' ');
}

/* The owner of "alice" is alice@anywhere; of "alice@there", only that. */
bool meeting_is_owner(const char *address, const char *user)
{
    size_t length = strlen(user);

    return g_ascii_strncasecmp(address, user, length) == 0 &&
           (address[length] == '\0' || (address[length] == '@' && !strchr(user, '@')));
}

static void write_attendee(struct eas_node *attendees, icalproperty *property)
{
    g_autofree char *address = g_utf8_make_valid(address_of(icalproperty_get_attendee(property)), -1);
    g_autofree char *name = common_name(property, address);
    struct eas_node *attendee = eas_node_add(attendees, TAG_Calendar_Attendee, NULL);

    eas_node_add(attendee, TAG_Calendar_Email, address);
    eas_node_add(attendee, TAG_Calendar_Name, name);
    translation_number(attendee, TAG_Calendar_AttendeeStatus, answer_of(property));
    translation_number(attendee, TAG_Calendar_AttendeeType, attendee_type(property));
}

static bool wants_answer(icalproperty *attendee)
{
    icalparameter *rsvp = icalproperty_get_first_parameter(attendee, ICAL_RSVP_PARAMETER);

    return rsvp && icalparameter_get_rsvp(rsvp) == ICAL_RSVP_TRUE;
}

struct meeting {
    icalproperty *organizer, *own; /* own: the owner as an attendee */
    guint attendees;
    bool answer_wanted, owner_organizes, cancelled;
};

static struct meeting read_meeting(icalcomponent *component, const char *user)
{
    struct meeting meeting = {.organizer = icalcomponent_get_first_property(component, ICAL_ORGANIZER_PROPERTY)};

    for (icalproperty *attendee = icalcomponent_get_first_property(component, ICAL_ATTENDEE_PROPERTY); attendee;
         attendee = icalcomponent_get_next_property(component, ICAL_ATTENDEE_PROPERTY)) {
        meeting.attendees++;
        meeting.answer_wanted |= wants_answer(attendee);
        if (meeting_is_owner(address_of(icalproperty_get_attendee(attendee)), user))
            meeting.own = attendee;
    }
    meeting.owner_organizes =
        !meeting.organizer || meeting_is_owner(address_of(icalproperty_get_organizer(meeting.organizer)), user);
    meeting.cancelled = icalcomponent_get_status(component) == ICAL_STATUS_CANCELLED;
    return meeting;
}

/* 0 no meeting; else its bits (MS-ASCAL 2.2.2.30). */
static int meeting_status(const struct meeting *meeting)
{
    if (meeting->attendees == 0 && !meeting->cancelled && (!meeting->organizer || meeting->owner_organizes))
        return 0;
    return MEETING | (meeting->owner_organizes ? 0 : RECEIVED) | (meeting->cancelled ? CANCELLED : 0);
}

static int response_type(const struct meeting *meeting)
{
    if (meeting_status(meeting) == 0)
        return RESPONSE_NONE;
    if (meeting->owner_organizes)
        return RESPONSE_ORGANIZER;
    return meeting->own ? answer_of(meeting->own) : RESPONSE_NONE;
}

/* The way into a meeting that is held elsewhere (14.0, MS-ASCAL 2.2.2.34). */
static void write_link(icalcomponent *component, struct eas_node *properties)
{
    static const char *const names[] = {"X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
                                        "X-GOOGLE-CONFERENCE"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *link = ical_x_text(component, names[i]);

        if (link) {
            eas_node_add(properties, TAG_Calendar_OnlineMeetingExternalLink, link);
            return;
        }
    }
}

void meeting_write(icalcomponent *component, struct eas_node *properties, const struct translation *translation)
{
    struct meeting meeting = read_meeting(component, translation->user);
    g_autofree char *fixed = ical_x_text(component, "X-MICROSOFT-DISALLOW-COUNTER");

    if (meeting.attendees) {
        struct eas_node *attendees = eas_node_add(properties, TAG_Calendar_Attendees, NULL);

        for (icalproperty *attendee = icalcomponent_get_first_property(component, ICAL_ATTENDEE_PROPERTY); attendee;
             attendee = icalcomponent_get_next_property(component, ICAL_ATTENDEE_PROPERTY))
            write_attendee(attendees, attendee);
    }
    translation_number(properties, TAG_Calendar_MeetingStatus, meeting_status(&meeting));
    if (translation->version < 140)
        return;
    translation_number(properties, TAG_Calendar_ResponseRequested, meeting.answer_wanted);
    translation_number(properties, TAG_Calendar_ResponseType, response_type(&meeting));
    if (fixed && g_ascii_strcasecmp(fixed, "TRUE") == 0)
        translation_number(properties, TAG_Calendar_DisallowNewTimeProposal, 1);
    write_link(component, properties);
}

void meeting_write_organizer(icalcomponent *component, struct eas_node *properties)
{
    icalproperty *organizer = icalcomponent_get_first_property(component, ICAL_ORGANIZER_PROPERTY);

    if (!organizer)
        return;
    g_autofree char *address = g_utf8_make_valid(address_of(icalproperty_get_organizer(organizer)), -1);
    g_autofree char *name = common_name(organizer, address);

    eas_node_add(properties, TAG_Calendar_OrganizerName, name);
    eas_node_add(properties, TAG_Calendar_OrganizerEmail, address);
}
