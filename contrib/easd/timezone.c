#include "contrib/easd/timezone.h"

#include <string.h>
#include <time.h>

enum {
    BLOB_BYTES = 172,
    NAME_UNITS = 32,
    STANDARD_NAME = 4,
    STANDARD_DATE = 68,
    DAYLIGHT_NAME = 88,
    DAYLIGHT_DATE = 152,
    DAYLIGHT_BIAS = 168,
    YEARS_ALIKE = 8,
    DAY = 86400,
    STEP = 7 * DAY
};

/* The change to one of the two offsets: the nth weekday of a month, 5 the last, in the local time
 * before the change. */
struct change_rule {
    int month, weekday, week, hour, minute, second;
};

struct zone_rule {
    int standard, daylight; /* seconds east of UTC */
    bool changes;
    struct change_rule to_standard, to_daylight;
};

struct transition {
    gint64 at; /* UTC */
    int before, after;
};

static int offset_at(icaltimezone *zone, gint64 utc)
{
    icaltimetype time = icaltime_from_timet_with_zone((time_t)utc, 0, icaltimezone_get_utc_timezone());
    int saving;

    return zone ? icaltimezone_get_utc_offset_of_utc_time(zone, &time, &saving) : 0;
}

static struct tm broken_down(gint64 seconds)
{
    time_t time = (time_t)seconds;
    struct tm parts;

    gmtime_r(&time, &parts);
    return parts;
}

static gint64 year_start(int year)
{
    struct tm parts = {.tm_year = year - 1900, .tm_mday = 1};

    return timegm(&parts);
}

static int year_of(gint64 seconds)
{
    return broken_down(seconds).tm_year + 1900;
}

/* The first second with the offset of high. */
static gint64 find_change(icaltimezone *zone, gint64 low, gint64 high)
{
    int before = offset_at(zone, low);

    while (high - low > 1) {
        gint64 middle = low + (high - low) / 2;

        if (offset_at(zone, middle) == before)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* The changes of a year; at most two are kept, all are counted. No zone changes twice in a week. */
static int year_transitions(icaltimezone *zone, int year, struct transition found[2])
{
    gint64 end = year_start(year + 1);
    int count = 0, before = offset_at(zone, year_start(year));

    for (gint64 from = year_start(year), to; from < end; from = to) {
        to = MIN(from + STEP, end);

        int after = offset_at(zone, to);

        if (before != after && count++ < 2)
            found[count - 1] = (struct transition){find_change(zone, from, to), before, after};
        before = after;
    }
    return count;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static struct change_rule read_rule(const struct transition *transition, bool *last)
{
    struct tm local = broken_down(transition->at + transition->before);

    *last = local.tm_mday + 7 > month_days(local.tm_year + 1900, local.tm_mon + 1);
    return (struct change_rule){local.tm_mon + 1, local.tm_wday, (local.tm_mday - 1) / 7 + 1,
                                local.tm_hour,    local.tm_min,  local.tm_sec};
}

/* "The last Sunday" and "the fourth" look alike in one year: those that follow tell. */
static struct change_rule settle_rule(icaltimezone *zone, int year, int which)
{
    struct transition found[2];
    bool last, always_last = true, same = true;
    struct change_rule rule = {0};

    for (int i = 0; i < YEARS_ALIKE; i++) {
        struct change_rule other;

        if (year_transitions(zone, year + i, found) != 2)
            break;
        other = read_rule(&found[which], &last);
        if (i == 0)
            rule = other;
        if (other.month != rule.month || other.weekday != rule.weekday || other.hour != rule.hour)
            break;
        always_last &= last;
        same &= other.week == rule.week;
    }
    if (always_last && (!same || rule.week >= 4))
        rule.week = 5;
    return rule;
}

/* The rules in force in a year; without daylight saving unless it changes exactly twice. */
static struct zone_rule rules_of(icaltimezone *zone, int year, gint64 start)
{
    struct transition found[2];
    struct zone_rule rules = {0};
    int up;

    if (year_transitions(zone, year, found) != 2 || found[0].after != found[1].before ||
        found[0].before != found[1].after) {
        rules.standard = rules.daylight = offset_at(zone, start);
        return rules;
    }
    up = found[0].after > found[0].before ? 0 : 1;
    rules.changes = true;
    rules.daylight = found[up].after;
    rules.standard = found[up].before;
    rules.to_daylight = settle_rule(zone, year, up);
    rules.to_standard = settle_rule(zone, year, 1 - up);
    return rules;
}

/* The moment of a change, in the local time before it. */
static gint64 change_moment(const struct change_rule *rule, int year)
{
    struct tm first = {.tm_year = year - 1900, .tm_mon = rule->month - 1, .tm_mday = 1};
    gint64 at = timegm(&first);
    int day = 1 + (rule->weekday - broken_down(at).tm_wday + 7) % 7 + 7 * (rule->week - 1);

    while (day > month_days(year, rule->month))
        day -= 7;
    return at + (gint64)(day - 1) * DAY + rule->hour * 3600 + rule->minute * 60 + rule->second;
}

/* The offset that the rules say for a moment. */
static int ruled_offset(const struct zone_rule *rules, gint64 utc)
{
    int year = year_of(utc + rules->standard);
    gint64 to_daylight, to_standard;

    if (!rules->changes)
        return rules->standard;
    to_daylight = change_moment(&rules->to_daylight, year) - rules->standard;
    to_standard = change_moment(&rules->to_standard, year) - rules->daylight;
    if (to_daylight < to_standard)
        return utc >= to_daylight && utc < to_standard ? rules->daylight : rules->standard;
    return utc >= to_standard && utc < to_daylight ? rules->standard : rules->daylight;
}

static struct zone_rule choose_rules(icaltimezone *zone, gint64 start, bool goes_on)
{
    int first = year_of(start + offset_at(zone, start)), now = year_of(time(NULL));

    if (goes_on && first < now) {
        struct zone_rule rules = rules_of(zone, now, time(NULL));

        if (ruled_offset(&rules, start) == offset_at(zone, start))
            return rules;
    }
    return rules_of(zone, first, start);
}

static void put16(guint8 *blob, int number)
{
    blob[0] = (guint8)(number & 0xff);
    blob[1] = (guint8)(number >> 8 & 0xff);
}

static void put32(guint8 *blob, int number)
{
    put16(blob, number & 0xffff);
    put16(blob + 2, (int)((guint32)number >> 16));
}

static void put_date(guint8 *blob, const struct change_rule *rule)
{
    const int fields[] = {0, rule->month, rule->weekday, rule->week, rule->hour, rule->minute, rule->second, 0};

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        put16(blob + 2 * i, fields[i]);
}

/* The abbreviation alone: display text, as servers fill it. */
static void put_name(guint8 *blob, const char *name)
{
    for (int i = 0; name && i < NAME_UNITS - 1 && name[i] > ' ' && name[i] < 0x7f && name[i] != '/'; i++)
        blob[2 * i] = (guint8)name[i];
}

char *timezone_blob(icaltimezone *zone, gint64 start, bool goes_on)
{
    struct zone_rule rules = choose_rules(zone, start, goes_on);
    const char *names = zone ? icaltimezone_get_tznames(zone) : NULL;
    const char *second = names ? strchr(names, '/') : NULL;
    guint8 blob[BLOB_BYTES] = {0};

    put32(blob, -rules.standard / 60);
    put_name(blob + STANDARD_NAME, names);
    if (rules.changes) {
        put_date(blob + STANDARD_DATE, &rules.to_standard);
        put_name(blob + DAYLIGHT_NAME, second ? second + 1 : names);
        put_date(blob + DAYLIGHT_DATE, &rules.to_daylight);
        put32(blob + DAYLIGHT_BIAS, -(rules.daylight - rules.standard) / 60);
    }
    return g_base64_encode(blob, sizeof blob);
}
