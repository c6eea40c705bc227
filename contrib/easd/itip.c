#include "contrib/easd/itip.h"

#include <gmime/gmime.h>
#include <string.h>

#include "contrib/easd/draft_parts.h"
#include "contrib/easd/event.h"
#include "contrib/easd/ical_edit.h"
#include "contrib/easd/submit.h"

static const char *bare_address(const char *uri)
{
    return uri && g_ascii_strncasecmp(uri, "mailto:", 7) == 0 ? uri + 7 : uri ? uri : "";
}

static void read_people(struct participants *participants, icalcomponent *event, const char *owner)
{
    icalproperty *organizer = icalcomponent_get_first_property(event, ICAL_ORGANIZER_PROPERTY);

    if (organizer)
        participants->organizer = g_strdup(bare_address(icalproperty_get_organizer(organizer)));
    participants->owner_organizes = organizer && meeting_is_owner(participants->organizer, owner);
    for (icalproperty *one = icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY); one;
         one = icalcomponent_get_next_property(event, ICAL_ATTENDEE_PROPERTY)) {
        const char *address = bare_address(icalproperty_get_attendee(one));

        if (meeting_is_owner(address, owner))
            participants->owner_attends = true;
        else if (*address)
            g_ptr_array_add(participants->attendees, g_strdup(address));
    }
    participants->subject = g_strdup(icalcomponent_get_summary(event));
    participants->uid = g_strdup(icalcomponent_get_uid(event));
    participants->cancelled = icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED;
}

void participants_read(struct participants *participants, const char *bytes, gsize length, const char *owner)
{
    g_autofree char *refusal = NULL;
    struct ical_file file;

    *participants = (struct participants){.attendees = g_ptr_array_new_with_free_func(g_free)};
    if (ical_file_open(&file, bytes, length, ICAL_VEVENT_COMPONENT, &refusal))
        read_people(participants, file.master, owner);
    ical_file_close(&file);
}

void participants_clear(struct participants *participants)
{
    g_free(participants->organizer);
    g_free(participants->subject);
    g_free(participants->uid);
    g_ptr_array_unref(participants->attendees);
}

/* ---- the calendar part ---- */

/* A reply names who replies and nobody else (RFC 5546 3.2.3). */
static void keep_own_attendee(icalcomponent *event, const char *owner)
{
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    for (icalproperty *one = icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY); one;
         one = icalcomponent_get_next_property(event, ICAL_ATTENDEE_PROPERTY))
        if (!meeting_is_owner(bare_address(icalproperty_get_attendee(one)), owner))
            g_ptr_array_add(others, one);
    for (guint i = 0; i < others->len; i++) {
        icalcomponent_remove_property(event, others->pdata[i]);
        icalproperty_free(others->pdata[i]);
    }
}

static char *calendar_text(const struct itip *itip, const char *owner)
{
    struct edit edit = {.bytes = itip->bytes, .length = itip->length};
    struct ical_edit ical;
    char *text = NULL;

    if (ical_edit_open(&ical, &edit, ICAL_VEVENT_COMPONENT)) {
        icalcomponent_set_method(ical.calendar, icalenum_string_to_method(itip->method));
        ical_drop_x(ical.master, "X-EASD-CLIENT-UID");
        if (strcmp(itip->method, "REPLY") == 0)
            keep_own_attendee(ical.master, owner);
        if (strcmp(itip->method, "CANCEL") == 0)
            icalcomponent_set_status(ical.master, ICAL_STATUS_CANCELLED);
        ical_edit_print(&ical, &edit);
        text = g_strdup(edit.file->str);
    }
    ical_edit_close(&ical);
    edit_clear(&edit);
    return text;
}

/* ---- the message ---- */

static GMimeMessage *make_message(const struct itip *itip, const struct mailbox *mailbox, const char *calendar)
{
    GMimeMessage *message = g_mime_message_new(TRUE);
    GMimeMultipart *both = g_mime_multipart_new_with_subtype("alternative");
    GMimeObject *text = draft_text_part("plain", itip->text ? itip->text : "", GMIME_CONTENT_ENCODING_BASE64),
                *event = draft_text_part("calendar", calendar, GMIME_CONTENT_ENCODING_BASE64);

    g_mime_object_set_content_type_parameter(event, "method", itip->method);
    g_mime_multipart_add(both, text);
    g_mime_multipart_add(both, event);
    g_mime_message_set_mime_part(message, GMIME_OBJECT(both));
    g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, NULL, mailbox->address);
    for (guint i = 0; i < itip->to->len; i++)
        g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, NULL, itip->to->pdata[i]);
    g_mime_message_set_subject(message, itip->subject ? itip->subject : "", "utf-8");
    g_object_unref(text);
    g_object_unref(event);
    g_object_unref(both);
    return message;
}

void itip_send(const struct request *request, const struct itip *itip)
{
    g_autofree char *calendar = itip->to->len ? calendar_text(itip, request->mailbox->user) : NULL;
    GMimeFormatOptions *format;
    GMimeMessage *message;
    GMimeStream *stream;
    GByteArray *bytes;

    if (!calendar)
        return;
    message = make_message(itip, request->mailbox, calendar);
    format = g_mime_format_options_clone(NULL);
    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    stream = g_mime_stream_mem_new();
    g_mime_object_write_to_stream(GMIME_OBJECT(message), format, stream);
    bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));

    const struct submission submission = {.server = request->server,
                                          .mailbox = request->mailbox,
                                          .bytes = (const char *)bytes->data,
                                          .length = bytes->len,
                                          .save = true,
                                          .why = itip->why};

    submit(&submission);
    g_object_unref(stream);
    g_object_unref(message);
    g_mime_format_options_free(format);
}

/* ---- what a change means ---- */

static GPtrArray *those_gone(const struct participants *before, const struct participants *after)
{
    GPtrArray *gone = g_ptr_array_new();

    for (guint i = 0; i < before->attendees->len; i++)
        if (!g_ptr_array_find_with_equal_func(after->attendees, before->attendees->pdata[i], g_str_equal, NULL))
            g_ptr_array_add(gone, before->attendees->pdata[i]);
    return gone;
}

void itip_tell(const struct request *request, const GByteArray *old, const GString *new, bool shown)
{
    const char *owner = request->mailbox->user;
    struct participants before, after;
    g_autoptr(GPtrArray) gone = NULL;

    participants_read(&before, old ? (const char *)old->data : "", old ? old->len : 0, owner);
    participants_read(&after, new ? new->str : "", new ? new->len : 0, owner);
    gone = those_gone(&before, &after);
    if (request->version >= 160 && (before.owner_organizes || after.owner_organizes)) {
        g_autofree char *cancelled = g_strconcat("Canceled: ", before.subject, NULL);
        const struct itip cancel = {.method = "CANCEL",
                                    .bytes = old ? (const char *)old->data : NULL,
                                    .length = old ? old->len : 0,
                                    .to = after.cancelled ? before.attendees : gone,
                                    .subject = cancelled,
                                    .why = "cancel"};
        const struct itip invite = {.method = "REQUEST",
                                    .bytes = new ? new->str : NULL,
                                    .length = new ? new->len : 0,
                                    .to = after.attendees,
                                    .subject = after.subject,
                                    .why = "invitation"};

        if (old)
            itip_send(request, &cancel);
        if (new &&shown && !after.cancelled)
            itip_send(request, &invite);
    }
    participants_clear(&before);
    participants_clear(&after);
}
