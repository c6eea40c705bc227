#include "contrib/easd/edit_event.h"

#include <stdlib.h>

#include "contrib/easd/event.h"
#include "contrib/easd/times.h"

enum { HALF_HOUR = 1800, REMINDER_TOP = 20160 * 60 };

bool event_wall_clock(icaltimetype *time, gint64 seconds, bool date, const struct series_zone *zone, int version)
{
    icaltimezone *utc = icaltimezone_get_utc_timezone();
    icaltimezone *here = zone->zone && (!date || version < 160) ? zone->zone : utc;

    *time = icaltime_from_timet_with_zone((time_t)seconds, 0, here);
    time->zone = here;
    if (!date)
        return true;
    if (time->hour || time->minute || time->second) /* the date as its own midnight is understood as well */
        *time = icaltime_from_timet_with_zone((time_t)seconds, 0, utc);
    if (time->hour || time->minute || time->second)
        return false;
    time->is_date = 1;
    time->zone = NULL;
    return true;
}

void event_add_moment(icalcomponent *component, icalproperty_kind kind, icaltimetype time,
                      const struct series_zone *zone)
{
    icalproperty *property = icalproperty_new(kind);

    icalproperty_set_value(property, time.is_date ? icalvalue_new_date(time) : icalvalue_new_datetime(time));
    if (time.is_date)
        icalproperty_set_parameter(property, icalparameter_new_value(ICAL_VALUE_DATE));
    else if (zone->tzid && !icaltime_is_utc(time))
        icalproperty_set_parameter(property, icalparameter_new_tzid(zone->tzid));
    icalcomponent_add_property(component, property);
}

void event_set_moment(icalcomponent *component, icalproperty_kind kind, icaltimetype time,
                      const struct series_zone *zone)
{
    ical_drop(component, kind);
    event_add_moment(component, kind, time, zone);
}

static bool edit_times(icalcomponent *component, struct edit *edit, const struct eas_node *after,
                       const struct series_zone *zone)
{
    const char *until = edit_text(after, TAG_Calendar_EndTime);
    icaltimetype from_time, to_time;
    gint64 all_day, from, to;

    if (!edit_number(after, TAG_Calendar_AllDayEvent, 0, 1, 0, &all_day) ||
        !times_read(edit_text(after, TAG_Calendar_StartTime), &from) || (until && !times_read(until, &to)))
        return edit_refuse(edit, "it has no start, or a time of it is none");
    if (!until)
        to = from + (all_day ? 24 * 3600 : HALF_HOUR);
    if (to < from)
        return edit_refuse(edit, "it ends before it starts");
    if (!event_wall_clock(&from_time, from, all_day, zone, edit->version) ||
        !event_wall_clock(&to_time, to, all_day, zone, edit->version))
        return edit_refuse(edit, "a whole day of it does not begin at midnight");
    event_set_moment(component, ICAL_DTSTART_PROPERTY, from_time, zone);
    event_set_moment(component, ICAL_DTEND_PROPERTY, to_time, zone);
    ical_drop(component, ICAL_DURATION_PROPERTY);
    return true;
}

/* 4, "elsewhere", is the server's to say (MS-ASCAL 2.2.2.9). */
static bool edit_busy(icalcomponent *component, struct edit *edit, const struct eas_node *after)
{
    static const char *const names[] = {"FREE", "TENTATIVE", "BUSY", "OOF"};
    gint64 busy;

    if (!edit_number(after, TAG_Calendar_BusyStatus, 0, 3, 2, &busy))
        return edit_refuse(edit, "its BusyStatus is none");
    ical_drop(component, ICAL_TRANSP_PROPERTY);
    if (busy == 0)
        icalcomponent_add_property(component, icalproperty_new_transp(ICAL_TRANSP_TRANSPARENT));
    ical_set_x(component, "X-MICROSOFT-CDO-BUSYSTATUS", busy == 2 ? NULL : names[busy]);
    if (busy != 1 && icalcomponent_get_status(component) == ICAL_STATUS_TENTATIVE)
        ical_drop(component, ICAL_STATUS_PROPERTY);
    return true;
}

static bool edit_reminder(icalcomponent *component, struct edit *edit, const struct eas_node *after)
{
    gint64 minutes;

    if (!edit_number(after, TAG_Calendar_Reminder, 0, REMINDER_TOP, -1, &minutes))
        return edit_refuse(edit, "its Reminder is none");
    ical_set_alarm(component, minutes);
    return true;
}

static bool edit_geo(icalcomponent *component, const struct eas_node *location)
{
    const char *latitude = edit_text(location, TAG_AirSyncBase_Latitude);
    const char *longitude = edit_text(location, TAG_AirSyncBase_Longitude);
    struct icalgeotype geo;

    ical_drop(component, ICAL_GEO_PROPERTY);
    if (!latitude && !longitude)
        return true;
    if (!latitude || !longitude)
        return false;
    geo.lat = g_ascii_strtod(latitude, NULL);
    geo.lon = g_ascii_strtod(longitude, NULL);
    if (ABS(geo.lat) > 90 || ABS(geo.lon) > 180)
        return false;
    icalcomponent_add_property(component, icalproperty_new_geo(geo));
    return true;
}

static bool edit_location(icalcomponent *component, struct edit *edit, const struct eas_node *after)
{
    const struct eas_node *location = eas_node_child(after, TAG_AirSyncBase_Location);

    if (edit->version < 160) {
        ical_set_text(component, ICAL_LOCATION_PROPERTY, edit_text(after, TAG_Calendar_Location));
        return true;
    }
    ical_set_text(component, ICAL_LOCATION_PROPERTY, edit_text(location, TAG_AirSyncBase_DisplayName));
    for (size_t i = 0; i < LOCATION_ROWS; i++)
        ical_set_x(component, location_rows[i].name, edit_text(location, location_rows[i].tag));
    return edit_geo(component, location) || edit_refuse(edit, "its place is nowhere");
}

static bool edit_subject(icalcomponent *component, struct edit *edit, const struct eas_node *after)
{
    (void)edit;
    ical_set_text(component, ICAL_SUMMARY_PROPERTY, edit_text(after, TAG_Calendar_Subject));
    return true;
}

static bool edit_sensitivity(icalcomponent *component, struct edit *edit, const struct eas_node *after)
{
    return ical_set_sensitivity(component, edit, after, TAG_Calendar_Sensitivity);
}

static bool edit_categories(icalcomponent *component, struct edit *edit, const struct eas_node *after)
{
    (void)edit;
    ical_set_categories(component, eas_node_child(after, TAG_Calendar_Categories));
    return true;
}

/* Each property and what sets it where it differs. */
static const struct {
    eas_tag tag;
    bool (*set)(icalcomponent *component, struct edit *edit, const struct eas_node *after);
} rows[] = {
    {TAG_Calendar_Subject, edit_subject},       {TAG_Calendar_Location, edit_location},
    {TAG_AirSyncBase_Location, edit_location},  {TAG_Calendar_Sensitivity, edit_sensitivity},
    {TAG_Calendar_BusyStatus, edit_busy},       {TAG_Calendar_Reminder, edit_reminder},
    {TAG_Calendar_Categories, edit_categories},
};

static bool times_differ(const struct eas_node *before, const struct eas_node *after)
{
    static const eas_tag tags[] = {TAG_Calendar_StartTime, TAG_Calendar_EndTime, TAG_Calendar_AllDayEvent,
                                   TAG_Calendar_Timezone};

    for (size_t i = 0; i < G_N_ELEMENTS(tags); i++)
        if (edit_node_differs(before, after, tags[i]))
            return true;
    return false;
}

bool event_edit(icalcomponent *component, struct edit *edit, const struct eas_node *before,
                const struct eas_node *after, const struct series_zone *zone, bool with_times)
{
    if ((with_times || times_differ(before, after)) && !edit_times(component, edit, after, zone))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (edit_node_differs(before, after, rows[i].tag) && !rows[i].set(component, edit, after))
            return false;
    return people_edit(component, edit, before, after) && ical_set_body(component, edit, before, after);
}
