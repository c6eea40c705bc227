#include "codec/files/event_fields.h"

#include <math.h>

#include "codec/files/event_people.h"

enum { MAX_REMINDER_MINUTES = 10 * 366 * 1440 };

/* Writes what the element "tag" says as "property". Called only where event or its series has it. */
typedef void write_field(GString *out, const struct event *event, eas_tag tag, const char *property);

const struct eas_node *event_holder(const struct event *event, eas_tag tag)
{
    if (eas_node_child(event->own, tag))
        return event->own;
    return eas_node_child(event->series, tag) ? event->series : NULL;
}

const char *event_text(const struct event *event, eas_tag tag)
{
    return eas_node_text(event_holder(event, tag), tag);
}

long long event_number(const struct event *event, eas_tag tag, long long fallback)
{
    return eas_node_number(event_holder(event, tag), tag, fallback);
}

static void write_text(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    content_line_text(out, property, event_text(event, tag));
}

static void write_uri(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    const char *uri = event_text(event, tag);
    if (*uri)
        content_line(out, property, uri);
}

static void write_instant(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    struct eas_date date;
    if (eas_date_read(event_text(event, tag), &date))
        ical_add_time(out, property, &date, ICAL_UTC, NULL);
}

static void write_true(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    if (event_number(event, tag, 0) == 1)
        content_line(out, property, "TRUE");
}

static void write_body(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    (void)property;
    if (tag == TAG_AirSyncBase_Body || !event_holder(event, TAG_AirSyncBase_Body))
        ical_add_body(out, event_holder(event, tag), TAG_Calendar_Body);
}

static void write_class(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    (void)property;
    ical_add_class(out, event_number(event, tag, 0));
}

static void write_categories(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    (void)property;
    ical_add_categories(out, event_holder(event, tag), tag, TAG_Calendar_Category);
}

static void write_organizer(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    (void)tag, (void)property;
    event_add_organizer(out, event);
}

static void write_attendees(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    (void)tag, (void)property;
    event_add_attendees(out, event);
}

/* Microsoft's own property tells apart what TRANSP cannot (MS-OXCICAL 2.1.3.1.1.20.31). */
static void write_busy(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    static const char *const words[] = {"FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE"};
    long long busy = event_number(event, tag, -1);
    if (busy < 0 || busy >= (long long)G_N_ELEMENTS(words))
        return;
    content_line(out, property, busy == 0 ? "TRANSPARENT" : "OPAQUE");
    content_line(out, "X-MICROSOFT-CDO-BUSYSTATUS", words[busy]);
}

static void write_status(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    long long status = event_number(event, tag, 0);
    if (status & MEETING_CANCELLED)
        content_line(out, property, "CANCELLED");
    else if (event_number(event, TAG_Calendar_BusyStatus, -1) == 1)
        content_line(out, property, "TENTATIVE");
    else if (status & MEETING)
        content_line(out, property, "CONFIRMED");
}

static bool read_degrees(const struct eas_node *place, eas_tag tag, double most, char *text, int size)
{
    const char *given = eas_node_text(place, tag);
    char *end;
    double degrees = given ? g_ascii_strtod(given, &end) : NAN;
    if (!(degrees >= -most && degrees <= most) || end == given || *end)
        return false;
    g_ascii_formatd(text, size, "%.6f", degrees);
    return true;
}

/* The container of 16.0 and up. Its address stands in for a missing name, and is kept beside one. */
static void write_place(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    static const eas_tag parts[] = {TAG_AirSyncBase_Street, TAG_AirSyncBase_City, TAG_AirSyncBase_State,
                                    TAG_AirSyncBase_PostalCode, TAG_AirSyncBase_Country};
    const struct eas_node *place = eas_node_child(event_holder(event, tag), tag);
    const char *name = eas_node_text(place, TAG_AirSyncBase_DisplayName);
    g_autoptr(GString) address = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        const char *part = eas_node_text(place, parts[i]);
        if (part && *part)
            g_string_append_printf(address, "%s%s", address->len ? ", " : "", part);
    }
    bool named = name && *name;
    content_line_text(out, property, named ? name : address->str);
    content_line_text(out, "X-EAS-LOCATION-ADDRESS", named ? address->str : NULL);
    content_line_text(out, "X-EAS-LOCATION-ANNOTATION", eas_node_text(place, TAG_AirSyncBase_Annotation));
    content_line_text(out, "X-EAS-LOCATION-URI", eas_node_text(place, TAG_AirSyncBase_LocationUri));
    char latitude[G_ASCII_DTOSTR_BUF_SIZE], longitude[G_ASCII_DTOSTR_BUF_SIZE];
    if (read_degrees(place, TAG_AirSyncBase_Latitude, 90, latitude, sizeof latitude) &&
        read_degrees(place, TAG_AirSyncBase_Longitude, 180, longitude, sizeof longitude))
        content_line_printf(out, "GEO", "%s;%s", latitude, longitude);
}

static void write_old_place(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    if (!event_holder(event, TAG_AirSyncBase_Location))
        write_text(out, event, tag, property);
}

/* By name and size: their bytes stay on the server, and no URI that others could open leads there. */
static void write_attachments(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    const struct eas_node *list = eas_node_child(event_holder(event, tag), tag);
    for (const struct eas_node *file = eas_node_child(list, TAG_AirSyncBase_Attachment); file;
         file = eas_node_next(file)) {
        const char *type = eas_node_text(file, TAG_AirSyncBase_ContentType);
        long long size = eas_node_number(file, TAG_AirSyncBase_EstimatedDataSize, 0);
        g_autoptr(GString) full = g_string_new(property);
        if (type && *type) {
            g_autofree char *value = content_parameter(type);
            g_string_append_printf(full, ";FMTTYPE=%s", value);
        }
        if (size > 0)
            g_string_append_printf(full, ";SIZE=%lld", size);
        content_line_text(out, full->str, eas_node_text(file, TAG_AirSyncBase_DisplayName));
    }
}

/* Minutes before the start; an empty element is none. */
static void write_alarm(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    long long minutes = event_number(event, tag, -1);
    if (minutes < 0 || minutes > MAX_REMINDER_MINUTES)
        return;
    g_autofree char *before = minutes ? g_strdup_printf("-PT%lldM", minutes) : g_strdup("PT0S");
    ical_add_alarm(out, property, before, event_text(event, TAG_Calendar_Subject));
}

/* Sections are MS-ASCAL's, for AirSyncBase elements MS-ASAIRS's. Subcomponents come last. */
static const struct {
    eas_tag tag;
    const char *property;
    write_field *write;
} fields[] = {
    {TAG_Calendar_Subject, "SUMMARY", write_text},                                      /* 2.2.2.43 */
    {TAG_AirSyncBase_Location, "LOCATION", write_place},                                /* AIRS 2.2.2.28 */
    {TAG_Calendar_Location, "LOCATION", write_old_place},                               /* 2.2.2.27 */
    {TAG_AirSyncBase_Body, "DESCRIPTION", write_body},                                  /* 2.2.2.8 */
    {TAG_Calendar_Body, "DESCRIPTION", write_body},                                     /* below 12.0 */
    {TAG_Calendar_Sensitivity, "CLASS", write_class},                                   /* 2.2.2.41 */
    {TAG_Calendar_BusyStatus, "TRANSP", write_busy},                                    /* 2.2.2.9 */
    {TAG_Calendar_MeetingStatus, "STATUS", write_status},                               /* 2.2.2.28 */
    {TAG_Calendar_Categories, "CATEGORIES", write_categories},                          /* 2.2.2.11 */
    {TAG_Calendar_AppointmentReplyTime, "X-MICROSOFT-CDO-REPLYTIME", write_instant},    /* 2.2.2.2 */
    {TAG_Calendar_DisallowNewTimeProposal, "X-MICROSOFT-DISALLOW-COUNTER", write_true}, /* 2.2.2.17 */
    {TAG_Calendar_OnlineMeetingConfLink, "CONFERENCE;VALUE=URI", write_uri},            /* 2.2.2.33 */
    {TAG_Calendar_OnlineMeetingExternalLink, "URL", write_uri},                         /* 2.2.2.34 */
    {TAG_AirSyncBase_Attachments, "X-EAS-ATTACHMENT", write_attachments},               /* 2.2.2.3 */
    {EAS_TAG_NONE, "ORGANIZER", write_organizer},                                       /* 2.2.2.35, 2.2.2.36 */
    {EAS_TAG_NONE, "ATTENDEE", write_attendees},                                        /* 2.2.2.4 to 7, 2.2.2.40 */
    {TAG_Calendar_Reminder, "TRIGGER", write_alarm},                                    /* 2.2.2.38 */
};

void event_add_fields(GString *out, const struct event *event)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].tag == EAS_TAG_NONE || event_holder(event, fields[i].tag))
            fields[i].write(out, event, fields[i].tag, fields[i].property);
}
