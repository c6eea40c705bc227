#include "codec/files/event_people.h"

#include <string.h>

#include "codec/files/mailbox.h"

/* AttendeeStatus (MS-ASCAL 2.2.2.6) and ResponseType (2.2.2.40) have one numbering. */
enum { RESPONSE_TENTATIVE = 2 };
static const char *const answers[] = {
    [0] = "NEEDS-ACTION", [2] = "TENTATIVE", [3] = "ACCEPTED", [4] = "DECLINED", [5] = "NEEDS-ACTION",
};

/* AttendeeType (MS-ASCAL 2.2.2.7), as MS-OXCICAL 2.1.3.1.1.20.2 writes it. */
static const char *const roles[] = {
    [1] = "ROLE=REQ-PARTICIPANT",
    [2] = "ROLE=OPT-PARTICIPANT",
    [3] = "CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT",
};

static const char *word(const char *const *words, size_t count, long long number)
{
    return number >= 0 && number < (long long)count ? words[number] : NULL;
}

/* A calendar address; those without a mail address (X.500 names) keep only their name, and servers
 * that store iCalendar may hand on the whole of one. */
static char *calendar_address(const char *address)
{
    static const char scheme[] = "mailto:";
    if (!g_ascii_strncasecmp(address, scheme, strlen(scheme)))
        address += strlen(scheme);
    if (!strchr(address, '@'))
        return g_strdup("invalid:nomail");
    g_autofree char *escaped = g_uri_escape_string(address, "@!$'*+/=", true);
    return g_strconcat(scheme, escaped, NULL);
}

static void add_person(GString *out, const char *property, const char *name, const char *address)
{
    g_autoptr(GString) full = g_string_new(property);
    if (name && *name) {
        g_autofree char *value = content_parameter(name);
        g_string_append_printf(full, ";CN=%s", value);
    }
    g_autofree char *value = calendar_address(address);
    content_line(out, full->str, value);
}

static bool is_user(const struct event *event, const char *address)
{
    return event->context->user && !g_ascii_strcasecmp(event->context->user, address);
}

static const struct eas_node *first_attendee(const struct event *event)
{
    const struct eas_node *holder = event_holder(event, TAG_Calendar_Attendees);
    return eas_node_child(eas_node_child(holder, TAG_Calendar_Attendees), TAG_Calendar_Attendee);
}

void event_add_organizer(GString *out, const struct event *event)
{
    long long status = event_number(event, TAG_Calendar_MeetingStatus, 0);
    g_autofree char *name = NULL;
    g_autofree char *address = NULL;
    if (!(status & MEETING) && !first_attendee(event))
        return;
    mailbox_split(event_text(event, TAG_Calendar_OrganizerEmail), &name, &address);
    const char *told = event_text(event, TAG_Calendar_OrganizerName);
    const char *who = *address ? address : status & MEETING_RECEIVED ? NULL : event->context->user;
    if (who)
        add_person(out, "ORGANIZER", told && *told ? told : name, who);
    else if (told && *told)
        add_person(out, "ORGANIZER", told, "");
}

/* Returns whether it is the user. own is what ResponseType says. */
static bool add_attendee(GString *out, const struct event *event, const struct eas_node *attendee, long long own)
{
    g_autofree char *name = NULL;
    g_autofree char *address = NULL;
    mailbox_split(eas_node_text(attendee, TAG_Calendar_Email), &name, &address);
    const char *told = eas_node_text(attendee, TAG_Calendar_Name);
    const char *shown = told && *told ? told : name;
    if (!*address && !*shown)
        return false;

    bool user = is_user(event, address);
    long long status = eas_node_number(attendee, TAG_Calendar_AttendeeStatus, 0);
    if (user && own >= RESPONSE_TENTATIVE)
        status = own;
    const char *answer = word(answers, G_N_ELEMENTS(answers), status);
    const char *role = word(roles, G_N_ELEMENTS(roles), eas_node_number(attendee, TAG_Calendar_AttendeeType, 0));
    bool open = !answer || g_str_equal(answer, answers[0]);
    g_autoptr(GString) property = g_string_new("ATTENDEE");
    if (role)
        g_string_append_printf(property, ";%s", role);
    g_string_append_printf(property, ";PARTSTAT=%s", answer ? answer : answers[0]);
    if (open && event_number(event, TAG_Calendar_ResponseRequested, 0) == 1)
        g_string_append(property, ";RSVP=TRUE");
    add_person(out, property->str, shown, address);
    return user;
}

void event_add_attendees(GString *out, const struct event *event)
{
    long long own = event_number(event, TAG_Calendar_ResponseType, 0);
    bool listed = false;
    for (const struct eas_node *attendee = first_attendee(event); attendee; attendee = eas_node_next(attendee))
        if (add_attendee(out, event, attendee, own))
            listed = true;
    const char *answer = own >= RESPONSE_TENTATIVE ? word(answers, G_N_ELEMENTS(answers), own) : NULL;
    if (listed || !answer || !event->context->user)
        return;
    g_autofree char *property = g_strconcat("ATTENDEE;PARTSTAT=", answer, NULL);
    add_person(out, property, NULL, event->context->user);
}
