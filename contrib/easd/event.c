#include "contrib/easd/event.h"

#include <string.h>

#include "contrib/easd/times.h"

/* A whole day's beginning: the date itself from 16.0 on, before that its midnight in the zone. */
static gint64 day_start(icaltimetype date, icaltimezone *zone, int version)
{
    date.is_date = 0;
    date.hour = date.minute = date.second = 0;
    return icaltime_as_timet_with_zone(date, zone && version < 160 ? zone : icaltimezone_get_utc_timezone());
}

/* The end: DTEND, or DURATION, or what RFC 5545 3.6.1 says where both are missing. */
static bool read_end(struct event *event, icaltimezone *zone, struct translation *translation)
{
    icalproperty *duration = icalcomponent_get_first_property(event->component, ICAL_DURATION_PROPERTY);
    icaltimetype end = event->start.time;

    if (!ical_moment_read(&event->end, event->component, ICAL_DTEND_PROPERTY, &translation->refusal))
        return false;
    if (event->end.present && (event->end.date != event->start.date || event->end.floating != event->start.floating))
        return translation_refuse(translation, "its start and end are of different kinds");
    if (event->end.present) {
        event->end_utc = event->start.date ? day_start(event->end.time, zone, translation->version) : event->end.utc;
    } else if (event->start.date) {
        int days = duration ? icaldurationtype_as_int(icalproperty_get_duration(duration)) / 86400 : 1;

        icaltime_adjust(&end, MAX(days, 1), 0, 0, 0);
        event->end_utc = day_start(end, zone, translation->version);
    } else {
        event->end_utc =
            event->start_utc + (duration ? icaldurationtype_as_int(icalproperty_get_duration(duration)) : 0);
    }
    return event->end_utc >= event->start_utc || translation_refuse(translation, "it ends before it starts");
}

static bool read_times(struct event *event, icaltimezone *zone, struct translation *translation)
{
    if (!ical_moment_read(&event->start, event->component, ICAL_DTSTART_PROPERTY, &translation->refusal))
        return false;
    if (!event->start.present)
        return translation_refuse(translation, "it has no start");
    if (event->start.floating)
        return translation_refuse(translation, "a time without a zone has no counterpart");
    event->start_utc = event->start.date ? day_start(event->start.time, zone, translation->version) : event->start.utc;
    if (!read_end(event, zone, translation))
        return false;
    return (times_in_range(event->start_utc) && times_in_range(event->end_utc)) ||
           translation_refuse(translation, "its time is out of the protocol's range");
}

/* X-MICROSOFT-CDO-BUSYSTATUS in so many words; 4 came with 16.0 (MS-ASCAL 2.2.2.9). */
static int busy_status(icalcomponent *component, int version)
{
    static const char *const names[] = {"FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE"};
    g_autofree char *named = ical_x_text(component, "X-MICROSOFT-CDO-BUSYSTATUS");
    icalproperty *transparency = icalcomponent_get_first_property(component, ICAL_TRANSP_PROPERTY);

    for (int i = 0; named && i < (int)G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(named, names[i]) == 0)
            return i == 4 && version < 160 ? 2 : i;
    if (transparency && icalproperty_get_transp(transparency) == ICAL_TRANSP_TRANSPARENT)
        return 0;
    return icalcomponent_get_status(component) == ICAL_STATUS_TENTATIVE ? 1 : 2;
}

/* What else a place can have (MS-ASAIRS 2.2.2.28) and iCalendar has no name for. */
const struct location_row location_rows[LOCATION_ROWS] = {
    {TAG_AirSyncBase_Annotation, "X-EAS-LOCATION-ANNOTATION"},
    {TAG_AirSyncBase_Street, "X-EAS-LOCATION-STREET"},
    {TAG_AirSyncBase_City, "X-EAS-LOCATION-CITY"},
    {TAG_AirSyncBase_State, "X-EAS-LOCATION-STATE"},
    {TAG_AirSyncBase_Country, "X-EAS-LOCATION-COUNTRY"},
    {TAG_AirSyncBase_PostalCode, "X-EAS-LOCATION-POSTAL-CODE"},
    {TAG_AirSyncBase_Accuracy, "X-EAS-LOCATION-ACCURACY"},
    {TAG_AirSyncBase_Altitude, "X-EAS-LOCATION-ALTITUDE"},
    {TAG_AirSyncBase_AltitudeAccuracy, "X-EAS-LOCATION-ALTITUDE-ACCURACY"},
    {TAG_AirSyncBase_LocationUri, "X-EAS-LOCATION-URI"},
};

/* A text, or from 16.0 on a container that can hold coordinates, too (MS-ASAIRS 2.2.2.28). */
static void write_location(icalcomponent *component, struct eas_node *properties, int version)
{
    g_autofree char *text = ical_text(component, ICAL_LOCATION_PROPERTY);
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_GEO_PROPERTY);
    struct eas_node *location;

    if (version < 160) {
        translation_text(properties, TAG_Calendar_Location, text);
        return;
    }
    location = eas_node_new(TAG_AirSyncBase_Location, NULL);
    translation_text(location, TAG_AirSyncBase_DisplayName, text);
    for (size_t i = 0; i < LOCATION_ROWS; i++) {
        g_autofree char *value = ical_x_text(component, location_rows[i].name);

        translation_text(location, location_rows[i].tag, value);
    }
    if (property) {
        struct icalgeotype geo = icalproperty_get_geo(property);
        char number[G_ASCII_DTOSTR_BUF_SIZE];

        eas_node_add(location, TAG_AirSyncBase_Latitude, g_ascii_formatd(number, sizeof number, "%.6f", geo.lat));
        eas_node_add(location, TAG_AirSyncBase_Longitude, g_ascii_formatd(number, sizeof number, "%.6f", geo.lon));
    }
    if (location->first)
        eas_node_append(properties, location);
    else
        eas_node_free(location);
}

static void write_stamp(icalcomponent *component, struct eas_node *properties, const struct translation *translation)
{
    static const icalproperty_kind kinds[] = {ICAL_DTSTAMP_PROPERTY, ICAL_LASTMODIFIED_PROPERTY, ICAL_CREATED_PROPERTY};
    gint64 stamp = translation->mtime;
    char when[TIMES_TEXT];

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *ignored = NULL;
        struct ical_moment moment;

        if (!ical_moment_read(&moment, component, kinds[i], &ignored) || !moment.present)
            continue;
        stamp = moment.utc;
        break;
    }
    eas_node_add(properties, TAG_Calendar_DtStamp, times_compact(stamp, when));
}

static void write_properties(struct event *event, struct translation *translation)
{
    struct eas_node *properties = event->properties;
    icalcomponent *component = event->component;
    g_autofree char *subject = ical_text(component, ICAL_SUMMARY_PROPERTY);
    g_autoptr(GPtrArray) categories = ical_categories(component);
    int reminder = ical_alarm_minutes(component, event->start_utc, event->end_utc);
    char when[TIMES_TEXT];

    write_stamp(component, properties, translation);
    eas_node_add(properties, TAG_Calendar_StartTime, times_compact(event->start_utc, when));
    translation_text(properties, TAG_Calendar_Subject, subject);
    meeting_write(component, properties, translation);
    write_location(component, properties, translation->version);
    eas_node_add(properties, TAG_Calendar_EndTime, times_compact(event->end_utc, when));
    translation_number(properties, TAG_Calendar_Sensitivity, ical_sensitivity(component));
    translation_number(properties, TAG_Calendar_BusyStatus, busy_status(component, translation->version));
    translation_number(properties, TAG_Calendar_AllDayEvent, event->start.date);
    if (reminder >= 0)
        translation_number(properties, TAG_Calendar_Reminder, reminder);
    translation_list(properties, TAG_Calendar_Categories, TAG_Calendar_Category, categories);
}

bool event_read(struct event *event, icalcomponent *component, icaltimezone *zone, struct translation *translation)
{
    memset(event, 0, sizeof *event);
    event->component = component;
    event->properties = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    if (!read_times(event, zone, translation))
        return false;
    event->text = ical_text(component, ICAL_DESCRIPTION_PROPERTY);
    write_properties(event, translation);
    return true;
}

void event_clear(struct event *event)
{
    eas_node_free(event->properties);
    g_free(event->text);
}
