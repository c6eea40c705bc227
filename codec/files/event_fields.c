#include "codec/files/event_fields.h"

#include <math.h>

#include "codec/files/event_people.h"
#include "codec/files/ical_refresh.h"

/* BusyStatus (MS-ASCAL 2.2.2.9). */
#define X_BUSY "X-MICROSOFT-CDO-BUSYSTATUS"
enum { BUSY_FREE = 0, BUSY_TENTATIVE = 1, BUSY_BUSY = 2 };
static const char *const busy_words[] = {"FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE"};

/* Writes what the element "tag" says as "property". Called only where event or its series has it. */
typedef void write_field(GString *out, const struct event *event, eas_tag tag, const char *property);

/* Reads what "property" says into the element "tag"; false with the reader's reason. */
typedef bool read_field(const struct event_reader *reader, eas_tag tag, const char *property);

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
    long long busy = event_number(event, tag, -1);
    if (busy < 0 || busy >= (long long)G_N_ELEMENTS(busy_words))
        return;
    content_line(out, property, busy == BUSY_FREE ? "TRANSPARENT" : "OPAQUE");
    content_line(out, X_BUSY, busy_words[busy]);
}

static void write_status(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    long long status = event_number(event, tag, 0);
    if (status & MEETING_CANCELLED)
        content_line(out, property, "CANCELLED");
    else if (event_number(event, TAG_Calendar_BusyStatus, -1) == BUSY_TENTATIVE)
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

static GString *place_address(const struct eas_node *place)
{
    static const eas_tag parts[] = {TAG_AirSyncBase_Street, TAG_AirSyncBase_City, TAG_AirSyncBase_State,
                                    TAG_AirSyncBase_PostalCode, TAG_AirSyncBase_Country};
    GString *address = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        const char *part = eas_node_text(place, parts[i]);
        if (part && *part)
            g_string_append_printf(address, "%s%s", address->len ? ", " : "", part);
    }
    return address;
}

char *event_location(const struct eas_node *data)
{
    const struct eas_node *place = eas_node_child(data, TAG_AirSyncBase_Location);
    const char *name = eas_node_text(place, TAG_AirSyncBase_DisplayName);
    if (!place)
        return g_strdup(eas_node_text(data, TAG_Calendar_Location));
    return name && *name ? g_strdup(name) : g_string_free(place_address(place), FALSE);
}

/* The container of 16.0 and up. Its address stands in for a missing name, and is kept beside one. */
static void write_place(GString *out, const struct event *event, eas_tag tag, const char *property)
{
    const struct eas_node *place = eas_node_child(event_holder(event, tag), tag);
    const char *name = eas_node_text(place, TAG_AirSyncBase_DisplayName);
    g_autoptr(GString) address = place_address(place);
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

/* ---- the other way ---- */

static bool read_text(const struct event_reader *reader, eas_tag tag, const char *property)
{
    g_autofree char *text = ical_text(reader->component, icalproperty_string_to_kind(property));
    ical_put_text(reader->own, tag, text);
    return true;
}

/* Elements that came with 14.0; before, there is nothing to hold them. */
static bool read_true(const struct event_reader *reader, eas_tag tag, const char *property)
{
    g_autofree char *text = ical_x_text(reader->component, property);
    enum eas_version version = reader->file->context->version;
    if (text && !g_ascii_strcasecmp(text, "TRUE") && (version >= EAS_14_0 || version == EAS_NO_VERSION))
        ical_put_number(reader->own, tag, 1);
    return true;
}

static bool read_body(const struct event_reader *reader, eas_tag tag, const char *property)
{
    (void)tag, (void)property;
    ical_put_body(reader->own, reader->component);
    return true;
}

static bool read_class(const struct event_reader *reader, eas_tag tag, const char *property)
{
    (void)property;
    ical_put_class(reader->own, reader->component, tag);
    return true;
}

static bool read_categories(const struct event_reader *reader, eas_tag tag, const char *property)
{
    (void)property;
    return ical_put_categories(reader->own, reader->component, tag, TAG_Calendar_Category, reader->reason);
}

static bool says(const struct event_reader *reader, icalproperty_kind kind, const char *word)
{
    icalproperty *property = ical_property(reader->component, kind);
    g_autofree char *value = property ? icalproperty_get_value_as_string_r(property) : NULL;
    return value && !g_ascii_strcasecmp(value, word);
}

/* Microsoft's property is finer than TRANSP and STATUS, but where it contradicts them it is they that a user edits. */
static bool read_busy(const struct event_reader *reader, eas_tag tag, const char *property)
{
    (void)property;
    g_autofree char *word = ical_x_text(reader->component, X_BUSY);
    int busy = ical_word(word, busy_words, G_N_ELEMENTS(busy_words));
    bool opaque = says(reader, ICAL_TRANSP_PROPERTY, "OPAQUE");
    if (busy < 0 || (busy == BUSY_FREE && opaque))
        busy = BUSY_BUSY;
    if (busy == BUSY_BUSY && says(reader, ICAL_STATUS_PROPERTY, "TENTATIVE"))
        busy = BUSY_TENTATIVE;
    if (busy == BUSY_TENTATIVE && says(reader, ICAL_STATUS_PROPERTY, "CONFIRMED"))
        busy = BUSY_BUSY;
    if (says(reader, ICAL_TRANSP_PROPERTY, "TRANSPARENT"))
        busy = BUSY_FREE;
    ical_put_number(reader->own, tag, busy);
    return true;
}

static bool read_people(const struct event_reader *reader, eas_tag tag, const char *property)
{
    (void)tag, (void)property;
    return event_read_people(reader, says(reader, ICAL_STATUS_PROPERTY, "CANCELLED"));
}

/* An event has one reminder: the first that can be it; the others stay in the user's file. */
static bool read_alarm(const struct event_reader *reader, eas_tag tag, const char *property)
{
    (void)property;
    icalcomponent *alarm = icalcomponent_get_first_component(reader->component, ICAL_VALARM_COMPONENT);
    gint64 minutes;
    for (; alarm; alarm = icalcomponent_get_next_component(reader->component, ICAL_VALARM_COMPONENT)) {
        if (!ical_is_reminder(alarm, ICAL_VEVENT_COMPONENT, &minutes) || minutes > MAX_REMINDER_MINUTES)
            continue;
        ical_put_number(reader->own, tag, minutes);
        break;
    }
    return true;
}

/* Sections are MS-ASCAL's, for AirSyncBase elements MS-ASAIRS's. Subcomponents come last. Where nothing is read, only
 * the server writes, or another row reads it. */
static const struct {
    eas_tag tag;
    const char *property;
    write_field *write;
    read_field *read;
} fields[] = {
    {TAG_Calendar_Subject, "SUMMARY", write_text, read_text},                                      /* 2.2.2.43 */
    {TAG_AirSyncBase_Location, "LOCATION", write_place, NULL},                                     /* AIRS 2.2.2.28 */
    {TAG_Calendar_Location, "LOCATION", write_old_place, read_text},                               /* 2.2.2.27 */
    {TAG_AirSyncBase_Body, "DESCRIPTION", write_body, read_body},                                  /* 2.2.2.8 */
    {TAG_Calendar_Body, "DESCRIPTION", write_body, NULL},                                          /* below 12.0 */
    {TAG_Calendar_Sensitivity, "CLASS", write_class, read_class},                                  /* 2.2.2.41 */
    {TAG_Calendar_BusyStatus, "TRANSP", write_busy, read_busy},                                    /* 2.2.2.9 */
    {TAG_Calendar_MeetingStatus, "STATUS", write_status, NULL},                                    /* 2.2.2.28 */
    {TAG_Calendar_Categories, "CATEGORIES", write_categories, read_categories},                    /* 2.2.2.11 */
    {TAG_Calendar_AppointmentReplyTime, "X-MICROSOFT-CDO-REPLYTIME", write_instant, NULL},         /* 2.2.2.2 */
    {TAG_Calendar_DisallowNewTimeProposal, "X-MICROSOFT-DISALLOW-COUNTER", write_true, read_true}, /* 2.2.2.17 */
    {TAG_Calendar_OnlineMeetingConfLink, "CONFERENCE;VALUE=URI", write_uri, NULL},                 /* 2.2.2.33 */
    {TAG_Calendar_OnlineMeetingExternalLink, "URL", write_uri, NULL},                              /* 2.2.2.34 */
    {TAG_AirSyncBase_Attachments, "X-EAS-ATTACHMENT", write_attachments, NULL},                    /* 2.2.2.3 */
    {EAS_TAG_NONE, "ORGANIZER", write_organizer, NULL},          /* 2.2.2.35, 2.2.2.36 */
    {EAS_TAG_NONE, "ATTENDEE", write_attendees, read_people},    /* 2.2.2.4 to 7, 2.2.2.40 */
    {TAG_Calendar_Reminder, "TRIGGER", write_alarm, read_alarm}, /* 2.2.2.38 */
};

void event_add_fields(GString *out, const struct event *event)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].tag == EAS_TAG_NONE || event_holder(event, fields[i].tag))
            fields[i].write(out, event, fields[i].tag, fields[i].property);
}

bool event_read_fields(const struct event_reader *reader)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].read && !fields[i].read(reader, fields[i].tag, fields[i].property))
            return false;
    return true;
}
