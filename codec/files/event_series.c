#include "codec/files/event_series.h"

#include <libical/ical.h>

#include "codec/limits.h"

enum { DAY = 86400 };

/* Servers' days come at midnights of their own; floating ones need no other reckoning than the nearest midnight. */
static struct event_clock clock_of(const struct eas_node *data)
{
    return (struct event_clock){.rules = zone_from_blob(eas_node_text(data, TAG_Calendar_Timezone))};
}

bool event_times_read(const struct eas_node *data, struct event_times *times)
{
    *times = (struct event_times){.all_day = eas_node_number(data, TAG_Calendar_AllDayEvent, 0) == 1};
    if (!event_instant(data, TAG_Calendar_StartTime, &times->start))
        return false;
    times->end = times->start;
    event_instant(data, TAG_Calendar_EndTime, &times->end);
    if (times->all_day) {
        struct event_clock clock = clock_of(data);
        struct eas_date first = event_day(&clock, times->start), past = event_day(&clock, times->end);
        times->start = eas_date_seconds(&first);
        times->end = MAX(eas_date_seconds(&past), times->start + DAY);
    }
    times->end = MAX(times->end, times->start);
    return true;
}

bool event_recurrence_read(const struct eas_node *data, struct eas_recurrence *recurrence, struct eas_date *start)
{
    const struct eas_node *node = eas_node_child(data, TAG_Calendar_Recurrence);
    struct event_times times;

    if (!node || !node->first || !event_times_read(data, &times))
        return false;
    recurrence_read(node, recurrence);
    struct event_clock clock = clock_of(data);
    *start = times.all_day ? eas_date_from_seconds(times.start) : zone_wall(&clock.rules, times.start);
    return true;
}

static struct icaltimetype ical_of(const struct eas_date *date, bool all_day)
{
    struct icaltimetype time = icaltime_null_time();

    time.year = date->year;
    time.month = date->month;
    time.day = date->day;
    time.hour = date->hour;
    time.minute = date->minute;
    time.second = date->second;
    time.is_date = all_day;
    return time;
}

bool event_occurrences(struct icalrecurrencetype rule, const struct zone *zone, const struct eas_date *start,
                       bool all_day, gint64 until, const gint64 *instants, bool *found, size_t count)
{
    gint64 last = G_MININT64, first = zone_instant(zone, start);
    bool starts = false;

    for (size_t i = 0; i < count; i++)
        last = MAX(last, instants[i]);
    rule.until = icaltime_null_time();
    icalrecur_iterator *iterator = icalrecur_iterator_new(rule, ical_of(start, all_day));
    for (int n = 0; iterator && n < LIMIT_OCCURRENCES; n++) {
        struct icaltimetype time = icalrecur_iterator_next(iterator);
        if (icaltime_is_null_time(time) || time.year > 4500)
            break;
        struct eas_date wall = {time.year, time.month, time.day, time.hour, time.minute, time.second, 0};
        if (all_day)
            wall.hour = wall.minute = wall.second = 0;
        gint64 instant = zone_instant(zone, &wall);
        starts = starts || (n == 0 && instant == first);
        for (size_t i = 0; i < count && instant <= until; i++)
            found[i] = found[i] || instants[i] == instant;
        if (instant > last || instant > until)
            break;
    }
    if (iterator)
        icalrecur_iterator_free(iterator);
    return starts;
}

struct eas_date event_until_wall(const struct eas_node *data, gint64 until)
{
    struct event_clock clock = clock_of(data);

    if (eas_node_number(data, TAG_Calendar_AllDayEvent, 0) != 1)
        return zone_wall(&clock.rules, until);
    /* Days without a zone float, to whatever hour they are told (16.0 and up). */
    clock.floating = !eas_node_child(data, TAG_Calendar_Timezone);
    return event_last_day(&clock, until);
}

bool event_has_occurrence(const struct eas_node *data, gint64 instant)
{
    struct eas_recurrence recurrence;
    struct eas_date start, until;
    g_autofree char *reason = NULL;
    bool all_day = eas_node_number(data, TAG_Calendar_AllDayEvent, 0) == 1, found = false;

    if (!event_recurrence_read(data, &recurrence, &start))
        return false;
    g_autofree char *text = recurrence_rrule(&recurrence, NULL, &reason);
    if (!text)
        return false;
    struct event_clock clock = clock_of(data);
    struct zone zone = all_day ? zone_utc() : clock.rules;
    gint64 end = G_MAXINT64;
    if (eas_date_read(recurrence.until, &until)) {
        struct eas_date day = event_until_wall(data, eas_date_seconds(&until));
        end = eas_date_seconds(all_day ? &day : &until);
    }
    event_occurrences(icalrecurrencetype_from_string(text), &zone, &start, all_day, end, &instant, &found, 1);
    return found;
}

gint64 event_original_key(const struct eas_node *data, gint64 original)
{
    if (eas_node_number(data, TAG_Calendar_AllDayEvent, 0) != 1)
        return original;
    struct event_clock clock = clock_of(data);
    struct eas_date day = event_day(&clock, original);
    return eas_date_seconds(&day);
}

gint64 event_original_of(const struct eas_node *data, gint64 key)
{
    if (eas_node_number(data, TAG_Calendar_AllDayEvent, 0) != 1)
        return key;
    struct event_clock clock = clock_of(data);
    struct eas_date day = eas_date_from_seconds(key);
    return zone_instant(&clock.rules, &day);
}

const struct eas_node *event_exception(const struct eas_node *data, gint64 key)
{
    const struct eas_node *node = eas_node_child(eas_node_child(data, TAG_Calendar_Exceptions), TAG_Calendar_Exception);
    gint64 original;

    for (; node; node = eas_node_next(node))
        if (event_original(node, &original) && event_original_key(data, original) == key)
            return node;
    return NULL;
}

static void put_instant(struct eas_node *data, eas_tag tag, gint64 instant)
{
    struct eas_date date = eas_date_from_seconds(instant);
    g_autofree char *text = ical_time(&date, ICAL_UTC);

    eas_node_free(eas_node_take(data, tag));
    eas_node_add(data, tag, text);
}

struct eas_node *event_occurrence(const struct eas_node *data, gint64 original, const struct eas_node *exception)
{
    struct eas_node *occurrence = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    gint64 start = original, end = original, series_start, series_end;

    for (const struct eas_node *child = data->first; child; child = child->next)
        if (child->tag != TAG_Calendar_Recurrence && child->tag != TAG_Calendar_Exceptions)
            eas_node_append(occurrence, eas_node_copy(child));
    if (exception)
        eas_node_merge(occurrence, exception);
    if (exception)
        event_instant(exception, TAG_Calendar_StartTime, &start);
    end = start;
    if (event_instant(data, TAG_Calendar_StartTime, &series_start) &&
        event_instant(data, TAG_Calendar_EndTime, &series_end))
        end += series_end - series_start;
    if (exception)
        event_instant(exception, TAG_Calendar_EndTime, &end);
    put_instant(occurrence, TAG_Calendar_StartTime, start);
    put_instant(occurrence, TAG_Calendar_EndTime, end);
    return occurrence;
}
