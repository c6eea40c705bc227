#include "codec/files/event_time.h"

enum { HALF_DAY = 43200 };

bool event_instant(const struct eas_node *node, eas_tag tag, gint64 *instant)
{
    struct eas_date date;
    if (!eas_date_read(eas_node_text(node, tag), &date))
        return false;
    *instant = eas_date_seconds(&date);
    return true;
}

bool event_original(const struct eas_node *exception, gint64 *start)
{
    return event_instant(exception, TAG_Calendar_ExceptionStartTime, start) ||
           event_instant(exception, TAG_AirSyncBase_InstanceId, start);
}

struct event_clock event_clock_of(const struct eas_node *data, const struct file_context *context, gint64 start)
{
    const char *blob = eas_node_text(data, TAG_Calendar_Timezone);
    struct event_clock clock = {.rules = zone_from_blob(blob)};
    int year = eas_date_from_seconds(start).year;
    clock.zone = zone_match(&clock.rules, context->home_zone, year);
    clock.floating = context->version >= EAS_16_0 && !blob;
    return clock;
}

struct eas_date event_day(const struct event_clock *clock, gint64 instant)
{
    gint64 wall = clock->floating ? instant : instant + zone_offset_at(&clock->rules, instant) + HALF_DAY;
    struct eas_date day = eas_date_from_seconds(wall);
    day.hour = day.minute = day.second = 0;
    return day;
}

struct eas_date event_last_day(const struct event_clock *clock, gint64 instant)
{
    bool last_second = eas_date_from_seconds(instant).second == 59;
    return event_day(clock, last_second && !clock->floating ? instant - HALF_DAY : instant);
}

void event_add_time(GString *out, struct event_clock *clock, const char *name, gint64 instant, bool all_day,
                    bool series)
{
    if (all_day) {
        struct eas_date day = event_day(clock, instant);
        ical_add_time(out, name, &day, ICAL_DAY, NULL);
    } else if (zone_is_utc(&clock->zone) || (!series && zone_is_second_pass(&clock->zone, instant))) {
        struct eas_date utc = eas_date_from_seconds(instant);
        ical_add_time(out, name, &utc, ICAL_UTC, NULL);
    } else {
        struct eas_date wall = zone_wall(&clock->zone, instant);
        clock->oldest_year = clock->oldest_year ? MIN(clock->oldest_year, wall.year) : wall.year;
        ical_add_time(out, name, &wall, ICAL_WALL, clock->zone.name);
    }
}
