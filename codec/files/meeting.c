/* Meetings: what an edit means to others, and the mail that tells them where the protocol leaves it to the client. */
#include <gmime/gmime.h>
#include <string.h>

#include "codec/files/content_line.h"
#include "codec/files/edit_class.h"
#include "codec/files/event_people.h"
#include "codec/files/ical_lines.h"
#include "codec/files/ical_read.h"
#include "codec/files/mime.h"

/* ---- whose meeting ---- */

static long long status_of(const struct eas_node *data)
{
    return eas_node_number(data, TAG_Calendar_MeetingStatus, 0);
}

/* Whether the user is who may change it: it is nobody else's. */
static bool is_organizer(const struct eas_node *data, const char *user)
{
    g_autofree char *organizer = event_address(eas_node_text(data, TAG_Calendar_OrganizerEmail));

    if (status_of(data) & MEETING_RECEIVED)
        return false;
    return !*organizer || (user && !g_ascii_strcasecmp(organizer, user));
}

/* Somebody beside the user. */
static bool has_others(const struct eas_node *data, const char *user)
{
    const struct eas_node *attendee =
        eas_node_child(eas_node_child(data, TAG_Calendar_Attendees), TAG_Calendar_Attendee);

    for (; attendee; attendee = eas_node_next(attendee)) {
        g_autofree char *address = event_address(eas_node_text(attendee, TAG_Calendar_Email));
        if (*address && (!user || g_ascii_strcasecmp(address, user) != 0))
            return true;
    }
    return false;
}

/* What everybody has of a meeting for themselves. */
static bool is_private(const char *name)
{
    static const char *const names[] = {"ResponseType", "Reminder", "Categories", "BusyStatus", "Sensitivity", NULL};

    return g_strv_contains(names, name);
}

static bool changes_meeting(const struct eas_node *base, const struct eas_node *mine)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    item_same(EAS_CALENDAR, base, mine, names);
    for (guint i = 0; i < names->len; i++)
        if (!is_private(names->pdata[i]))
            return true;
    return false;
}

static const int user_responses[] = {[2] = 2, [3] = 1, [4] = 3}; /* by ResponseType */

int meeting_response_told(const struct eas_node *data)
{
    return user_responses[event_answer(data, NULL)];
}

/* The answer alone, whatever else differs. */
static enum meeting_act own_part(const struct eas_node *base, const struct eas_node *mine, int *response)
{
    int was = event_answer(base, mine), is = event_answer(mine, base);

    if (was == is)
        return MEETING_NONE;
    if (!is)
        return MEETING_FOREIGN; /* no answer takes an answer back */
    *response = user_responses[is];
    return MEETING_RESPOND;
}

enum meeting_act meeting_invited(const struct eas_node *base, const struct eas_node *mine, const char *user,
                                 int *response)
{
    *response = 0;
    if (is_organizer(base, user) || own_part(base, mine, response) != MEETING_RESPOND)
        return MEETING_NONE;
    return MEETING_RESPOND;
}

enum meeting_act meeting_act(const struct eas_node *base, const struct eas_node *mine, const char *user, int *response)
{
    const struct eas_node *known = base ? base : mine;

    *response = 0;
    if (!known)
        return MEETING_NONE;
    if (is_organizer(known, user)) {
        bool others = (base && has_others(base, user)) || (mine && has_others(mine, user));
        bool changed = !base || !mine || changes_meeting(base, mine);
        if (mine && !is_organizer(mine, user) && has_others(base ? base : mine, user))
            return base ? MEETING_FOREIGN : MEETING_NONE;
        return others && changed ? MEETING_ORGANISE : MEETING_NONE;
    }
    if (!base)
        return MEETING_FOREIGN;
    if (!mine)
        return MEETING_NONE;
    if (changes_meeting(base, mine))
        return MEETING_FOREIGN;
    return own_part(base, mine, response);
}

void meeting_answered(struct eas_node *data, int response)
{
    static const char *const types[] = {[1] = "3", [2] = "2", [3] = "4"}; /* ResponseType (MS-ASCAL 2.2.2.40) */

    eas_node_free(eas_node_take(data, TAG_Calendar_ResponseType));
    eas_node_add(data, TAG_Calendar_ResponseType, types[response]);
}

char *file_method(const char *bytes, size_t length)
{
    g_autofree char *reason = NULL;
    icalcomponent *calendar = ical_parse(bytes, length, &reason);

    if (!calendar)
        return NULL;
    g_autofree char *method = ical_text(calendar, ICAL_METHOD_PROPERTY);
    icalcomponent_free(calendar);
    return method && *method ? g_ascii_strup(method, -1) : NULL;
}

/* ---- the mail (RFC 6047) ---- */

enum { ACCEPT = 1, TENTATIVE = 2, DECLINE = 3 };

static const struct {
    const char *method, *subject, *text;
    int response;
    int answer; /* ResponseType */
    bool to_organizer;
} kinds[] = {
    {"REQUEST", "", "You are invited to: ", 0, 0, false},
    {"CANCEL", "Canceled: ", "This meeting is canceled: ", 0, 0, false},
    {"REPLY", "Accepted: ", "Accepted: ", ACCEPT, 3, true},
    {"REPLY", "Tentative: ", "Tentatively accepted: ", TENTATIVE, 2, true},
    {"REPLY", "Declined: ", "Declined: ", DECLINE, 4, true},
};

static int kind_of(const char *method, int response)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_equal(kinds[i].method, method) && kinds[i].response == (kinds[i].to_organizer ? response : 0))
            return (int)i;
    return -1;
}

/* What a reply says of the event, and what no other method says. */
static const char *const in_reply[] = {"UID",     "DTSTAMP",   "DTSTART",  "DTEND", "RRULE",
                                       "SUMMARY", "ORGANIZER", "ATTENDEE", NULL};
static const char *const own_affairs[] = {"CATEGORIES", "X-ALT-DESC", NULL};

static bool is_told(const char *name, bool reply)
{
    if (g_str_has_prefix(name, "X-EAS-") || g_str_has_prefix(name, "X-MICROSOFT-CDO-REPLYTIME"))
        return false;
    return reply ? g_strv_contains(in_reply, name) : !g_strv_contains(own_affairs, name);
}

/* file_from_event's calendar as the method has it: stamped anew, without alarms and what is the user's own; a reply is
 * of the series alone. Lines are unfolded there and folded here again. */
static char *method_calendar(GBytes *file, const char *method, const char *stamp)
{
    gsize size;
    const char *at = g_bytes_get_data(file, &size), *end = at + size, *value;
    g_autoptr(GString) text = g_string_new(NULL);
    struct ical_line line = {.text = text};
    GString *out = g_string_sized_new(size);
    bool reply = g_str_equal(method, "REPLY");
    int events = 0, hidden = 0;

    while (ical_line_next(&at, end, &line)) {
        bool begins = ical_line_is(&line, "BEGIN", &value), ends = !begins && ical_line_is(&line, "END", &value);
        if (!begins && !ends)
            value = ical_line_value(&line);
        bool event = g_str_equal(value, "VEVENT");
        if (begins && event)
            events++;
        bool dropped = g_str_equal(value, "VALARM") || (event && reply && events > 1);
        if (begins && dropped)
            hidden++;
        g_autofree char *name = ical_line_name(&line);
        g_autofree char *head = g_strndup(text->str, (gsize)(value - text->str) - 1);
        bool shown = begins || ends || !events || is_told(name, reply);
        if (!hidden && shown)
            content_line(out, head, g_str_equal(name, "DTSTAMP") ? stamp : value);
        if (ends && dropped)
            hidden--;
        if (!begins && g_str_equal(name, "PRODID"))
            content_line(out, "METHOD", method);
    }
    return g_string_free(out, FALSE);
}

/* GMime gives line ends their CR. */
static GMimePart *text_part(const char *subtype, const char *method, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    g_autofree char *plain = g_strjoinv("\n", lines);
    GMimeTextPart *part = g_mime_text_part_new_with_subtype(subtype);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(plain, strlen(plain));
    GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

    g_mime_text_part_set_charset(part, "utf-8");
    if (method)
        g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "method", method);
    g_mime_part_set_content(GMIME_PART(part), content);
    g_mime_part_set_content_encoding(GMIME_PART(part), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    g_object_unref(content);
    g_object_unref(stream);
    return GMIME_PART(part);
}

static void add_recipients(GMimeMessage *message, const struct eas_node *data, const char *user, bool to_organizer)
{
    const struct eas_node *attendee =
        eas_node_child(eas_node_child(data, TAG_Calendar_Attendees), TAG_Calendar_Attendee);
    g_autofree char *organizer = event_address(eas_node_text(data, TAG_Calendar_OrganizerEmail));

    if (to_organizer) {
        if (*organizer && g_ascii_strcasecmp(organizer, user) != 0)
            g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, eas_node_text(data, TAG_Calendar_OrganizerName),
                                       organizer);
        return;
    }
    for (; attendee; attendee = eas_node_next(attendee)) {
        g_autofree char *address = event_address(eas_node_text(attendee, TAG_Calendar_Email));
        if (*address && g_ascii_strcasecmp(address, user) != 0)
            g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, eas_node_text(attendee, TAG_Calendar_Name),
                                       address);
    }
}

/* The event as the mail tells it: open answers asked for, or the one that is given. */
static struct eas_node *told_event(const struct eas_node *data, int kind)
{
    struct eas_node *told = eas_node_copy(data);
    long long status = status_of(data) | MEETING;

    edit_take_all(told, TAG_Calendar_Reminder);
    edit_take_all(told, TAG_Calendar_MeetingStatus);
    ical_put_number(told, TAG_Calendar_MeetingStatus,
                    g_str_equal(kinds[kind].method, "CANCEL") ? status | MEETING_CANCELLED : status);
    edit_take_all(told, TAG_Calendar_ResponseRequested);
    ical_put_number(told, TAG_Calendar_ResponseRequested, g_str_equal(kinds[kind].method, "REQUEST"));
    if (!kinds[kind].to_organizer)
        return told;
    edit_take_all(told, TAG_Calendar_Attendees);
    edit_take_all(told, TAG_Calendar_ResponseType);
    ical_put_number(told, TAG_Calendar_ResponseType, kinds[kind].answer);
    return told;
}

static GBytes *message_bytes(GMimeMessage *message)
{
    GMimeFormatOptions *options = g_mime_format_options_new();

    g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
    char *text = g_mime_object_to_string(GMIME_OBJECT(message), options);
    g_mime_format_options_free(options);
    return g_bytes_new_take(text, strlen(text));
}

static GMimeMultipart *alternative(const char *message_id, GMimePart *plain, GMimePart *calendar)
{
    GMimeMultipart *multipart = g_mime_multipart_new_with_subtype("alternative");
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, message_id, -1);
    g_autofree char *boundary = g_strdup_printf("=_%.32s", digest);

    /* GMime would make one up by chance. */
    g_mime_multipart_set_boundary(multipart, boundary);
    g_mime_multipart_add(multipart, GMIME_OBJECT(plain));
    g_mime_multipart_add(multipart, GMIME_OBJECT(calendar));
    g_object_unref(plain);
    g_object_unref(calendar);
    return multipart;
}

GBytes *meeting_mail(const char *method, const struct eas_node *data, const struct file_context *context, int response,
                     const char *date, const char *message_id)
{
    int kind = kind_of(method, response);
    g_autofree char *reason = NULL;
    const char *subject = eas_node_text(data, TAG_Calendar_Subject);

    if (kind < 0 || !context->user)
        return NULL;
    mime_begin();
    g_autoptr(eas_node) told = told_event(data, kind);
    g_autoptr(GBytes) file = file_from_event(told, context, &reason);
    GDateTime *sent = g_mime_utils_header_decode_date(date);
    if (!file || !sent) {
        g_clear_pointer(&sent, g_date_time_unref);
        return NULL;
    }
    struct eas_date stamp_date = eas_date_from_seconds(g_date_time_to_unix(sent));
    g_date_time_unref(sent);
    g_autofree char *stamp = ical_time(&stamp_date, ICAL_UTC);
    g_autofree char *calendar = method_calendar(file, method, stamp);
    g_autofree char *title = g_strconcat(kinds[kind].subject, subject && *subject ? subject : "Meeting", NULL);
    g_autofree char *words = g_strconcat(kinds[kind].text, subject && *subject ? subject : "Meeting", "\r\n", NULL);

    GMimeMessage *message = g_mime_message_new(FALSE);
    g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, NULL, context->user);
    add_recipients(message, data, context->user, kinds[kind].to_organizer);
    bool anybody = internet_address_list_length(g_mime_message_get_addresses(message, GMIME_ADDRESS_TYPE_TO)) > 0;
    g_mime_message_set_subject(message, title, "utf-8");
    g_mime_object_set_header(GMIME_OBJECT(message), "Date", date, NULL);
    g_mime_message_set_message_id(message, message_id);
    GMimeMultipart *body =
        alternative(message_id, text_part("plain", NULL, words), text_part("calendar", method, calendar));
    g_mime_message_set_mime_part(message, GMIME_OBJECT(body));
    g_object_unref(body);
    GBytes *bytes = anybody ? message_bytes(message) : NULL;
    g_object_unref(message);
    return bytes;
}
