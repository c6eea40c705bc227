/* Events as VEVENT: identity, times and recurrence. Their other properties are event_fields.c's. */
#include "codec/files/event_fields.h"
#include "codec/files/event_time.h"
#include "codec/files/recurrence.h"

/* A VCALENDAR being written: the series or single event, and its changed occurrences. */
struct calendar {
    GString *events; /* the VEVENTs; what VTIMEZONE they need is known when they are written */
    struct event_clock clock;
    const struct eas_node *data;
    const struct file_context *context;
    const char *uid;
    gint64 start, length; /* of the series, in seconds; no end told counts as none */
    bool all_day, recurs;
};

/* DtStamp is when the item was last sent (MS-ASCAL 2.2.2.18). DTSTAMP is required, and the same item
 * has to give the same bytes whenever it is asked for: without one the start has to do. */
static void add_identity(struct calendar *calendar, const struct event *event)
{
    gint64 stamp = calendar->start;
    event_instant(event_holder(event, TAG_Calendar_DtStamp), TAG_Calendar_DtStamp, &stamp);
    struct eas_date date = eas_date_from_seconds(stamp);
    content_line_text(calendar->events, "UID", calendar->uid);
    ical_add_time(calendar->events, "DTSTAMP", &date, ICAL_UTC, NULL);
}

/* An end that is no later than the start is left out, as RFC 5545 3.6.1 has it: the event then takes
 * the one day, or no time at all. */
static void add_times(struct calendar *calendar, gint64 start, gint64 end, bool all_day, bool series)
{
    event_add_time(calendar->events, &calendar->clock, "DTSTART", start, all_day, series);
    struct eas_date first = event_day(&calendar->clock, start), past = event_day(&calendar->clock, end);
    if (all_day ? eas_date_seconds(&past) > eas_date_seconds(&first) : end > start)
        event_add_time(calendar->events, &calendar->clock, "DTEND", end, all_day, series);
}

/* UNTIL has the type of DTSTART, a time always in UTC (RFC 5545 3.3.10). */
static char *until_value(const struct calendar *calendar, const char *until)
{
    struct eas_date date;
    if (!eas_date_read(until, &date))
        return NULL;
    if (!calendar->all_day)
        return ical_time(&date, ICAL_UTC);
    date = event_last_day(&calendar->clock, eas_date_seconds(&date));
    return ical_time(&date, ICAL_DAY);
}

static void add_recurrence(struct calendar *calendar)
{
    const struct eas_node *node = eas_node_child(calendar->data, TAG_Calendar_Recurrence);
    g_autofree char *reason = NULL;
    if (!node || !node->first)
        return;
    struct eas_recurrence recurrence;
    recurrence_read(node, &recurrence);
    g_autofree char *until = until_value(calendar, recurrence.until);
    g_autofree char *rule = recurrence_rrule(&recurrence, until, &reason);
    if (rule)
        content_line(calendar->events, "RRULE", rule);
    else
        content_line_text(calendar->events, ICAL_X_UNSUPPORTED, reason);
    calendar->recurs = rule != NULL;
}

static const struct eas_node *first_exception(const struct calendar *calendar)
{
    return eas_node_child(eas_node_child(calendar->data, TAG_Calendar_Exceptions), TAG_Calendar_Exception);
}

static void add_deleted_occurrences(struct calendar *calendar)
{
    gint64 original;
    for (const struct eas_node *node = first_exception(calendar); node && calendar->recurs; node = eas_node_next(node))
        if (eas_node_number(node, TAG_Calendar_Deleted, 0) == 1 && event_original(node, &original))
            event_add_time(calendar->events, &calendar->clock, "EXDATE", original, calendar->all_day, true);
}

/* What an exception does not say of its times is as in the series, seen from its own start. */
static void add_changed_occurrence(struct calendar *calendar, const struct eas_node *exception, gint64 original)
{
    struct event event = {exception, calendar->data, calendar->context};
    bool all_day = eas_node_number(exception, TAG_Calendar_AllDayEvent, calendar->all_day) == 1;
    gint64 start = original, end;
    event_instant(exception, TAG_Calendar_StartTime, &start);
    if (!event_instant(exception, TAG_Calendar_EndTime, &end))
        end = start + calendar->length;
    ical_begin(calendar->events, "VEVENT");
    add_identity(calendar, &event);
    event_add_time(calendar->events, &calendar->clock, "RECURRENCE-ID", original, calendar->all_day, true);
    add_times(calendar, start, end, all_day, false);
    event_add_fields(calendar->events, &event);
    ical_end(calendar->events, "VEVENT");
}

static void add_changed_occurrences(struct calendar *calendar)
{
    gint64 original;
    for (const struct eas_node *node = first_exception(calendar); node; node = eas_node_next(node))
        if (eas_node_number(node, TAG_Calendar_Deleted, 0) != 1 && event_original(node, &original))
            add_changed_occurrence(calendar, node, original);
}

static void add_master(struct calendar *calendar)
{
    struct event event = {calendar->data, NULL, calendar->context};
    const struct eas_node *recurrence = eas_node_child(calendar->data, TAG_Calendar_Recurrence);
    ical_begin(calendar->events, "VEVENT");
    add_identity(calendar, &event);
    add_times(calendar, calendar->start, calendar->start + calendar->length, calendar->all_day, recurrence != NULL);
    add_recurrence(calendar);
    add_deleted_occurrences(calendar);
    event_add_fields(calendar->events, &event);
    ical_end(calendar->events, "VEVENT");
}

GBytes *file_from_event(const struct eas_node *data, const struct file_context *context, char **reason)
{
    const char *uid = file_uid(EAS_CALENDAR, data);
    struct calendar calendar = {.data = data, .context = context, .uid = uid ? uid : context->uid};
    gint64 end;
    if (!event_instant(data, TAG_Calendar_StartTime, &calendar.start)) {
        *reason = g_strdup("the event has no start");
        return NULL;
    }
    if (event_instant(data, TAG_Calendar_EndTime, &end))
        calendar.length = end - calendar.start;
    calendar.all_day = eas_node_number(data, TAG_Calendar_AllDayEvent, 0) == 1;
    calendar.clock = event_clock_of(data, context, calendar.start);
    g_autoptr(GString) events = calendar.events = g_string_sized_new(2048);
    add_master(&calendar);
    add_changed_occurrences(&calendar);

    GString *out = ical_calendar_begin();
    if (calendar.clock.oldest_year)
        zone_add_vtimezone(out, &calendar.clock.zone, calendar.clock.oldest_year);
    g_string_append_len(out, events->str, (gssize)events->len);
    return ical_calendar_end(out);
}
