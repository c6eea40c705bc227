#include "codec/files/zone_read.h"

#include "codec/files/ical_read.h"

/* One STANDARD or DAYLIGHT of a VTIMEZONE (RFC 5545 3.6.5). */
struct observance {
    struct eas_date onset; /* the latest that is known to be no later than the time of interest, else the first */
    int from, to;          /* minutes east of UTC */
    bool recurs;           /* in the year of interest, by turn */
    bool begun;            /* by the time of interest */
    struct zone_turn turn;
};

static struct eas_date date_of(struct icaltimetype time)
{
    return (struct eas_date){time.year, time.month, time.day, time.hour, time.minute, MIN(time.second, 59), 0};
}

static int minute_of(const struct eas_date *wall)
{
    int minute = wall->hour * 60 + wall->minute;
    return minute == 1439 && wall->second == 59 ? 1440 : minute;
}

/* The turn that happens on such a date every year: in its week of the month, the fifth being the last. */
static struct zone_turn turn_on(const struct eas_date *wall)
{
    int weekday = (int)(((eas_date_seconds(wall) / 86400 + 4) % 7 + 7) % 7);
    int week = (wall->day - 1) / 7;

    return (struct zone_turn){wall->month, weekday, week == 4 ? ZONE_LAST : week * 7 + 1, minute_of(wall)};
}

/* Yearly in one month, on the nth or last weekday, or on the first such weekday from a day on. */
static void read_rule(struct observance *observance, struct icalrecurrencetype *rule, const struct eas_date *start)
{
    bool one_month = rule->by_month[0] != ICAL_RECURRENCE_ARRAY_MAX && rule->by_month[1] == ICAL_RECURRENCE_ARRAY_MAX;
    bool one_day = rule->by_day[0] != ICAL_RECURRENCE_ARRAY_MAX && rule->by_day[1] == ICAL_RECURRENCE_ARRAY_MAX;

    observance->turn = turn_on(start);
    if (!one_month || !one_day)
        return;
    int position = icalrecurrencetype_day_position(rule->by_day[0]);
    observance->turn.month = rule->by_month[0];
    observance->turn.weekday = icalrecurrencetype_day_day_of_week(rule->by_day[0]) - ICAL_SUNDAY_WEEKDAY;
    if (position >= 1 && position <= 4) {
        observance->turn.day = (position - 1) * 7 + 1;
    } else if (position == -1) {
        observance->turn.day = ZONE_LAST;
    } else if (position == 0 && rule->by_month_day[0] != ICAL_RECURRENCE_ARRAY_MAX) {
        int first = rule->by_month_day[0];
        for (int i = 1; i < ICAL_BY_MONTHDAY_SIZE && rule->by_month_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
            first = MIN(first, rule->by_month_day[i]);
        if (first >= 1 && first <= 28)
            observance->turn.day = first;
    }
}

static void see_onset(struct observance *observance, const struct eas_date *onset, const struct eas_date *wall)
{
    gint64 seconds = eas_date_seconds(onset);

    if (seconds > eas_date_seconds(wall) || (observance->begun && seconds <= eas_date_seconds(&observance->onset)))
        return;
    observance->onset = *onset;
    observance->begun = true;
}

static bool read_observance(icalcomponent *component, const struct eas_date *wall, struct observance *observance)
{
    icalproperty *from = icalcomponent_get_first_property(component, ICAL_TZOFFSETFROM_PROPERTY);
    icalproperty *to = icalcomponent_get_first_property(component, ICAL_TZOFFSETTO_PROPERTY);
    icalproperty *start = icalcomponent_get_first_property(component, ICAL_DTSTART_PROPERTY);
    icalproperty *rrule = icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY);

    *observance = (struct observance){0};
    if (!to || !start)
        return false;
    struct eas_date first = date_of(icalproperty_get_dtstart(start));
    if (first.year < 1 || first.month < 1 || first.month > 12 || first.day < 1)
        return false;
    observance->to = icalproperty_get_tzoffsetto(to) / 60;
    observance->from = from ? icalproperty_get_tzoffsetfrom(from) / 60 : observance->to;
    if (ABS(observance->to) >= 1440 || ABS(observance->from) >= 1440)
        return false;
    observance->onset = first;
    see_onset(observance, &first, wall);
    icalproperty *more = icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY);
    for (; more; more = icalcomponent_get_next_property(component, ICAL_RDATE_PROPERTY)) {
        struct eas_date onset = date_of(icalproperty_get_rdate(more).time);
        if (onset.year >= 1 && onset.month >= 1 && onset.month <= 12 && onset.day >= 1)
            see_onset(observance, &onset, wall);
    }
    if (rrule) {
        struct icalrecurrencetype rule = icalproperty_get_rrule(rrule);
        read_rule(observance, &rule, &first);
        int last = icaltime_is_null_time(rule.until) ? 9999 : rule.until.year;
        observance->recurs = rule.freq == ICAL_YEARLY_RECURRENCE && first.year <= wall->year && last >= wall->year;
        /* Its last onset, where the rule has ended. */
        if (first.year <= wall->year && last < wall->year) {
            struct eas_date end = first;
            end.year = MAX(last, first.year);
            end.day = MIN(end.day, 28);
            see_onset(observance, &end, wall);
        }
    } else if (observance->begun && observance->onset.year == wall->year) {
        observance->turn = turn_on(&observance->onset);
    }
    return true;
}

/* What holds at a time: the rule of that year, else the offset that was begun last. */
struct truth {
    struct observance standard, daylight, last;
    bool has_standard, has_daylight, has_last;
};

static void weigh(struct truth *truth, const struct observance *observance, bool daylight)
{
    struct observance *best = daylight ? &truth->daylight : &truth->standard;
    bool *has = daylight ? &truth->has_daylight : &truth->has_standard;

    if (observance->recurs && (!*has || eas_date_seconds(&observance->onset) > eas_date_seconds(&best->onset))) {
        *best = *observance;
        *has = true;
    }
    gint64 onset = eas_date_seconds(&observance->onset), last = eas_date_seconds(&truth->last.onset);
    bool later = observance->begun ? !truth->last.begun || onset > last : !truth->last.begun && onset < last;
    if (!truth->has_last || later)
        truth->last = *observance;
    truth->has_last = true;
}

static bool rules_of(icalcomponent *vtimezone, const struct eas_date *wall, struct zone *zone)
{
    struct truth truth = {0};
    icalcomponent *part = icalcomponent_get_first_component(vtimezone, ICAL_ANY_COMPONENT);

    for (; part; part = icalcomponent_get_next_component(vtimezone, ICAL_ANY_COMPONENT)) {
        struct observance observance;
        icalcomponent_kind kind = icalcomponent_isa(part);
        if ((kind == ICAL_XSTANDARD_COMPONENT || kind == ICAL_XDAYLIGHT_COMPONENT) &&
            read_observance(part, wall, &observance))
            weigh(&truth, &observance, kind == ICAL_XDAYLIGHT_COMPONENT);
    }
    if (!truth.has_last)
        return false;
    if (!truth.has_standard || !truth.has_daylight || truth.standard.to == truth.daylight.to) {
        *zone = zone_fixed(truth.last.begun ? truth.last.to : truth.last.from);
        return true;
    }
    bool ahead = truth.daylight.to > truth.standard.to;
    const struct observance *saving = ahead ? &truth.daylight : &truth.standard;
    const struct observance *plain = ahead ? &truth.standard : &truth.daylight;
    *zone = (struct zone){.offset = plain->to, .era_count = 1};
    zone->own.saving = saving->to - plain->to;
    zone->own.start = saving->turn;
    zone->own.end = plain->turn;
    zone_name_by_rules(zone);
    return true;
}

/* By an iterator of its own: the calendar's stands in the caller's loop over events. */
static icalcomponent *find_vtimezone(icalcomponent *calendar, const char *tzid)
{
    icalcompiter at = icalcomponent_begin_component(calendar, ICAL_VTIMEZONE_COMPONENT);

    for (icalcomponent *zone; (zone = icalcompiter_deref(&at)); icalcompiter_next(&at)) {
        g_autofree char *name = ical_text(zone, ICAL_TZID_PROPERTY);
        if (name && g_str_equal(name, tzid))
            return zone;
    }
    return NULL;
}

/* A zone that is called so, and was what it is in that year already. */
static bool known(const char *name, int year, struct zone *zone)
{
    return name && zone_by_name(name, zone) && zone_known_since(zone) <= year;
}

bool zone_read(icalcomponent *calendar, const char *tzid, const struct eas_date *wall, const char *home,
               struct zone *zone)
{
    icalcomponent *vtimezone = find_vtimezone(calendar, tzid);
    if (!vtimezone)
        return zone_by_name(tzid, zone);
    g_autofree char *location = ical_x_text(vtimezone, "X-LIC-LOCATION");
    if (known(tzid, wall->year, zone) || known(location, wall->year, zone))
        return true;
    struct zone rules;
    if (!rules_of(vtimezone, wall, &rules))
        return zone_by_name(tzid, zone);
    *zone = zone_match(&rules, home, wall->year);
    return true;
}
