/* Who is invited (MS-ASCAL 2.2.2.3), as ATTENDEE and ORGANIZER. */
#include <string.h>

#include "contrib/easd/edit_event.h"
#include "contrib/easd/event.h"

enum { REQUIRED = 1, OPTIONAL = 2, RESOURCE = 3, CANCELLED = 4, STATUS_TOP = 15 };

static const char *address_of(const char *uri)
{
    return uri && g_ascii_strncasecmp(uri, "mailto:", 7) == 0 ? uri + 7 : uri ? uri : "";
}

static void set_parameter(icalproperty *property, icalparameter_kind kind, icalparameter *parameter)
{
    icalproperty_remove_parameter_by_kind(property, kind);
    if (parameter)
        icalproperty_add_parameter(property, parameter);
}

/* The attendee of an address as the file has it, for what it says beyond the protocol; else a new one. */
static icalproperty *find_attendee(GPtrArray *old, const char *address)
{
    g_autofree char *uri = g_strconcat("mailto:", address, NULL);

    for (guint i = 0; i < old->len; i++) {
        icalproperty *property = old->pdata[i];

        if (g_ascii_strcasecmp(address_of(icalproperty_get_attendee(property)), address) == 0) {
            g_ptr_array_remove_index(old, i);
            return property;
        }
    }
    icalproperty *new = icalproperty_new_attendee(uri);

    icalproperty_add_parameter(new, icalparameter_new_rsvp(ICAL_RSVP_TRUE));
    return new;
}

static const icalparameter_partstat answers[] = {
    [0] = ICAL_PARTSTAT_NEEDSACTION, [2] = ICAL_PARTSTAT_TENTATIVE,   [3] = ICAL_PARTSTAT_ACCEPTED,
    [4] = ICAL_PARTSTAT_DECLINED,    [5] = ICAL_PARTSTAT_NEEDSACTION,
};

/* From 16.0 on who answered what is the server's to know (MS-ASCAL 2.2.2.5). */
static bool set_status(icalproperty *property, const struct eas_node *attendee)
{
    gint64 status;

    if (!edit_text(attendee, TAG_Calendar_AttendeeStatus)) {
        if (!icalproperty_get_first_parameter(property, ICAL_PARTSTAT_PARAMETER))
            set_parameter(property, ICAL_PARTSTAT_PARAMETER, icalparameter_new_partstat(ICAL_PARTSTAT_NEEDSACTION));
        return true;
    }
    if (!edit_number(attendee, TAG_Calendar_AttendeeStatus, 0, 5, 0, &status) || status == 1)
        return false;
    set_parameter(property, ICAL_PARTSTAT_PARAMETER, icalparameter_new_partstat(answers[status]));
    return true;
}

static bool set_type(icalproperty *property, const struct eas_node *attendee)
{
    gint64 type;

    if (!edit_number(attendee, TAG_Calendar_AttendeeType, REQUIRED, RESOURCE, REQUIRED, &type))
        return false;
    if (type == REQUIRED && !icalproperty_get_first_parameter(property, ICAL_ROLE_PARAMETER) &&
        !icalproperty_get_first_parameter(property, ICAL_CUTYPE_PARAMETER))
        return true; /* as it is where nothing is said */
    set_parameter(property, ICAL_CUTYPE_PARAMETER,
                  type == RESOURCE ? icalparameter_new_cutype(ICAL_CUTYPE_RESOURCE) : NULL);
    set_parameter(property, ICAL_ROLE_PARAMETER,
                  icalparameter_new_role(type == OPTIONAL ? ICAL_ROLE_OPTPARTICIPANT : ICAL_ROLE_REQPARTICIPANT));
    return true;
}

static void set_name(icalproperty *property, const char *name, const char *address)
{
    g_autofree char *clean = g_strdelimit(g_strdup(name ? name : ""), "\r\n\"", ' ');

    set_parameter(property, ICAL_CN_PARAMETER,
                  *clean && g_strcmp0(clean, address) != 0 ? icalparameter_new_cn(clean) : NULL);
}

static void free_property(void *property)
{
    icalproperty_free(property);
}

static GPtrArray *take_attendees(icalcomponent *component)
{
    GPtrArray *old = g_ptr_array_new();

    for (icalproperty *property; (property = icalcomponent_get_first_property(component, ICAL_ATTENDEE_PROPERTY));) {
        icalcomponent_remove_property(component, property);
        g_ptr_array_add(old, property);
    }
    return old;
}

static bool add_attendee(icalcomponent *component, struct edit *edit, GPtrArray *old, const struct eas_node *attendee)
{
    const char *address = edit_text(attendee, TAG_Calendar_Email), *name = edit_text(attendee, TAG_Calendar_Name);
    icalproperty *property;

    if (!address || strpbrk(address, "\r\n"))
        return edit_refuse(edit, "an attendee of it has no address");
    property = find_attendee(old, address);
    icalcomponent_add_property(component, property);
    set_name(property, name, address);
    return (set_type(property, attendee) && set_status(property, attendee)) ||
           edit_refuse(edit, "an attendee of it is of no such kind");
}

static bool edit_attendees(icalcomponent *component, struct edit *edit, const struct eas_node *after)
{
    const struct eas_node *attendees = eas_node_child(after, TAG_Calendar_Attendees);
    GPtrArray *old = take_attendees(component);
    bool right = true;

    for (const struct eas_node *one = attendees ? attendees->first : NULL; one && right; one = one->next)
        right = add_attendee(component, edit, old, one);
    g_ptr_array_set_free_func(old, free_property);
    g_ptr_array_unref(old);
    return right;
}

static void edit_answer_wanted(icalcomponent *component, const struct eas_node *after)
{
    bool wanted = eas_node_number(after, TAG_Calendar_ResponseRequested, 1) != 0;

    for (icalproperty *one = icalcomponent_get_first_property(component, ICAL_ATTENDEE_PROPERTY); one;
         one = icalcomponent_get_next_property(component, ICAL_ATTENDEE_PROPERTY))
        set_parameter(one, ICAL_RSVP_PARAMETER, wanted ? icalparameter_new_rsvp(ICAL_RSVP_TRUE) : NULL);
}

/* Who says nothing organizes a meeting of their own. */
static void edit_organizer(icalcomponent *component, const struct edit *edit, const struct eas_node *after)
{
    const char *address = edit_text(after, TAG_Calendar_OrganizerEmail);
    const char *name = edit_text(after, TAG_Calendar_OrganizerName);
    icalproperty *old = icalcomponent_get_first_property(component, ICAL_ORGANIZER_PROPERTY);
    g_autofree char *uri = NULL;
    bool meeting = icalcomponent_get_first_property(component, ICAL_ATTENDEE_PROPERTY);

    if (!address && (old || !meeting))
        return;
    address = address ? address : edit->address;
    uri = g_strconcat("mailto:", address, NULL);
    if (!old) {
        old = icalproperty_new_organizer(uri);
        icalcomponent_add_property(component, old);
    } else if (g_ascii_strcasecmp(address_of(icalproperty_get_organizer(old)), address) != 0) {
        icalproperty_set_organizer(old, uri);
    }
    set_name(old, name, address);
}

static bool edit_meeting_status(icalcomponent *component, struct edit *edit, const struct eas_node *after)
{
    gint64 status;

    if (!edit_number(after, TAG_Calendar_MeetingStatus, 0, STATUS_TOP, 0, &status))
        return edit_refuse(edit, "its MeetingStatus is none");
    if (status & CANCELLED)
        icalcomponent_set_status(component, ICAL_STATUS_CANCELLED);
    else if (icalcomponent_get_status(component) == ICAL_STATUS_CANCELLED)
        ical_drop(component, ICAL_STATUS_PROPERTY);
    return true;
}

bool people_edit(icalcomponent *component, struct edit *edit, const struct eas_node *before,
                 const struct eas_node *after)
{
    bool attendees = edit_node_differs(before, after, TAG_Calendar_Attendees);

    if (attendees && !edit_attendees(component, edit, after))
        return false;
    if ((attendees && !eas_node_child(before, TAG_Calendar_Attendees)) ||
        edit_node_differs(before, after, TAG_Calendar_ResponseRequested))
        edit_answer_wanted(component, after);
    if (attendees || edit_node_differs(before, after, TAG_Calendar_OrganizerEmail) ||
        edit_node_differs(before, after, TAG_Calendar_OrganizerName))
        edit_organizer(component, edit, after);
    if (edit_node_differs(before, after, TAG_Calendar_DisallowNewTimeProposal))
        ical_set_x(component, "X-MICROSOFT-DISALLOW-COUNTER",
                   eas_node_number(after, TAG_Calendar_DisallowNewTimeProposal, 0) == 1 ? "TRUE" : NULL);
    return !edit_node_differs(before, after, TAG_Calendar_MeetingStatus) || edit_meeting_status(component, edit, after);
}
