/* An RRULE as a Recurrence element: what recurrence.c writes, read back, and of the rest the sentence that says why
 * not. */
#include <libical/ical.h>

#include "codec/files/recurrence.h"

enum { END = ICAL_RECURRENCE_ARRAY_MAX, MAX_INTERVAL = 999, MAX_OCCURRENCES = 999, LAST_WEEK = 5, MOST_DAYS = 31 };
enum { EVERY_DAY = 127 };

static bool refuse(char **reason, const char *sentence)
{
    *reason = g_strdup_printf("ActiveSync has no place for %s", sentence);
    return false;
}

static int weekday_of(const struct eas_date *date)
{
    return (int)(((eas_date_seconds(date) / 86400 + 4) % 7 + 7) % 7);
}

static int count(const short *list, int size)
{
    int found = 0;
    while (found < size && list[found] != END)
        found++;
    return found;
}

/* A time of day of the rule's own is nothing new where it is the start's. */
static bool is_only(const short *list, int size, int value)
{
    int found = count(list, size);
    return found == 0 || (found == 1 && list[0] == value);
}

/* What no frequency can have. */
static bool check_common(const struct icalrecurrencetype *rule, const struct eas_date *start, char **reason)
{
    if (rule->freq == ICAL_SECONDLY_RECURRENCE || rule->freq == ICAL_MINUTELY_RECURRENCE ||
        rule->freq == ICAL_HOURLY_RECURRENCE)
        return refuse(reason, "a rule that repeats several times a day (FREQ=HOURLY, MINUTELY or SECONDLY)");
    if (rule->rscale)
        return refuse(reason, "a rule of another calendar (RSCALE)");
    if (count(rule->by_week_no, ICAL_BY_WEEKNO_SIZE))
        return refuse(reason, "numbers of weeks (BYWEEKNO)");
    if (count(rule->by_year_day, ICAL_BY_YEARDAY_SIZE))
        return refuse(reason, "days of the year (BYYEARDAY)");
    if (!is_only(rule->by_hour, ICAL_BY_HOUR_SIZE, start->hour) ||
        !is_only(rule->by_minute, ICAL_BY_MINUTE_SIZE, start->minute) ||
        !is_only(rule->by_second, ICAL_BY_SECOND_SIZE, start->second))
        return refuse(reason, "several times a day (BYHOUR, BYMINUTE, BYSECOND)");
    if (rule->interval > MAX_INTERVAL || rule->interval < 1)
        return refuse(reason, "an INTERVAL above 999");
    if (rule->count > MAX_OCCURRENCES)
        return refuse(reason, "a COUNT above 999");
    return true;
}

/* BYDAY as a mask; *position is the number that all of them have, 0 for none. */
static bool read_days(const struct icalrecurrencetype *rule, long long *mask, int *position, char **reason)
{
    int days = count(rule->by_day, ICAL_BY_DAY_SIZE);

    *mask = 0;
    *position = 0;
    for (int i = 0; i < days; i++) {
        int nth = icalrecurrencetype_day_position(rule->by_day[i]);
        int weekday = icalrecurrencetype_day_day_of_week(rule->by_day[i]) - ICAL_SUNDAY_WEEKDAY;
        if (weekday < 0 || weekday > 6)
            return refuse(reason, "such a BYDAY");
        if (i > 0 && (nth || *position))
            return refuse(reason, "several weekdays with numbers (BYDAY=1MO,3MO)");
        *mask |= 1 << weekday;
        *position = nth;
    }
    return true;
}

/* Where a week begins matters to every second week and sparser, and only if the days of one week are parted
 * otherwise than they are by Sundays, seen from the first day. */
static bool week_start_matters(long long mask, int first, int start)
{
    for (int day = 0; day < 7; day++) {
        if (!(mask & 1 << day))
            continue;
        bool same_week = (day - first + 7) % 7 >= (start - first + 7) % 7;
        if (same_week != (day >= start))
            return true;
    }
    return false;
}

static bool read_weekly(const struct icalrecurrencetype *rule, const struct eas_date *start, enum eas_version version,
                        struct eas_recurrence *recurrence, char **reason)
{
    int position;

    if (count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE) || count(rule->by_month, ICAL_BY_MONTH_SIZE) ||
        count(rule->by_set_pos, ICAL_BY_SETPOS_SIZE))
        return refuse(reason, "months, days of the month or BYSETPOS in a daily or weekly rule");
    if (!read_days(rule, &recurrence->day_of_week, &position, reason))
        return false;
    if (position)
        return refuse(reason, "numbered weekdays in a daily or weekly rule");
    if (rule->freq == ICAL_DAILY_RECURRENCE) {
        if (!recurrence->day_of_week) {
            recurrence->type = RECURRENCE_DAILY;
            recurrence->day_of_week = RECURRENCE_UNSAID;
            return true;
        }
        if (rule->interval > 1)
            return refuse(reason, "every so many days but only on some weekdays (FREQ=DAILY with INTERVAL and BYDAY)");
    }
    recurrence->type = RECURRENCE_WEEKLY;
    if (!recurrence->day_of_week)
        recurrence->day_of_week = 1 << weekday_of(start);
    if (rule->interval < 2)
        return true;
    int first = rule->week_start == ICAL_NO_WEEKDAY ? 1 : (int)rule->week_start - ICAL_SUNDAY_WEEKDAY;
    if (version >= EAS_14_1 || version == EAS_NO_VERSION)
        recurrence->first_day_of_week = first;
    else if (week_start_matters(recurrence->day_of_week, first, weekday_of(start)))
        return refuse(reason, "a week that does not begin on Sunday, before version 14.1 (WKST)");
    return true;
}

/* 31 is the last day of every month there (MS-ASCAL 2.2.2.14), while RFC 5545 leaves the shorter months out. */
static bool put_month_day(int day, int month, struct eas_recurrence *recurrence, char **reason)
{
    static const int lengths[13] = {30, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (day == -1) {
        recurrence->day_of_month = MOST_DAYS;
        return true;
    }
    if (day < -1)
        return refuse(reason, "days counted from the end of the month, the last one apart (BYMONTHDAY=-2)");
    if (day > lengths[month])
        return refuse(reason,
                      month ? "a day that its month never has" : "the 31st without the shorter months' last days");
    recurrence->day_of_month = day;
    return true;
}

/* The nth of a set of weekdays: BYDAY=2TU, or BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1. */
static bool read_nth(const struct icalrecurrencetype *rule, struct eas_recurrence *recurrence, char **reason)
{
    int position, places = count(rule->by_set_pos, ICAL_BY_SETPOS_SIZE);

    if (!read_days(rule, &recurrence->day_of_week, &position, reason))
        return false;
    if (count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE))
        return refuse(reason, "weekdays that fall on certain days of the month (BYDAY with BYMONTHDAY)");
    if (position && places)
        return refuse(reason, "BYSETPOS with numbered weekdays");
    if (places > 1)
        return refuse(reason, "several BYSETPOS");
    if (!position && !places)
        return refuse(reason, "every such weekday of a month (BYDAY without a number)");
    int nth = position ? position : rule->by_set_pos[0];
    if (nth < -1 || nth == 0 || nth > 4)
        return refuse(reason, "other places in a month than first to fourth and last");
    recurrence->week_of_month = nth == -1 ? LAST_WEEK : nth;
    return true;
}

static bool read_monthly(const struct icalrecurrencetype *rule, const struct eas_date *start,
                         struct eas_recurrence *recurrence, char **reason)
{
    int days = count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE);

    if (count(rule->by_month, ICAL_BY_MONTH_SIZE))
        return refuse(reason, "certain months in a monthly rule (BYMONTH)");
    if (count(rule->by_day, ICAL_BY_DAY_SIZE)) {
        recurrence->type = RECURRENCE_MONTHLY_NTH;
        return read_nth(rule, recurrence, reason);
    }
    if (count(rule->by_set_pos, ICAL_BY_SETPOS_SIZE))
        return refuse(reason, "BYSETPOS without weekdays");
    if (days > 1)
        return refuse(reason, "several days of a month (BYMONTHDAY)");
    recurrence->type = RECURRENCE_MONTHLY;
    return put_month_day(days ? rule->by_month_day[0] : start->day, 0, recurrence, reason);
}

static bool read_yearly(const struct icalrecurrencetype *rule, const struct eas_date *start,
                        struct eas_recurrence *recurrence, char **reason)
{
    int months = count(rule->by_month, ICAL_BY_MONTH_SIZE), days = count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE);
    int weekdays = count(rule->by_day, ICAL_BY_DAY_SIZE);

    if (months > 1)
        return refuse(reason, "several months of a year (BYMONTH)");
    if (months && icalrecurrencetype_month_is_leap(rule->by_month[0]))
        return refuse(reason, "a leap month (BYMONTH=5L)");
    if (!months && (days || weekdays))
        return refuse(reason, "a yearly rule over days of every month or of the whole year (BYMONTH is missing)");
    recurrence->month_of_year = months ? icalrecurrencetype_month_month(rule->by_month[0]) : start->month;
    if (recurrence->month_of_year < 1 || recurrence->month_of_year > 12)
        return refuse(reason, "such a BYMONTH");
    if (weekdays) {
        recurrence->type = RECURRENCE_YEARLY_NTH;
        return read_nth(rule, recurrence, reason);
    }
    if (count(rule->by_set_pos, ICAL_BY_SETPOS_SIZE))
        return refuse(reason, "BYSETPOS without weekdays");
    if (days > 1)
        return refuse(reason, "several days of a month (BYMONTHDAY)");
    recurrence->type = RECURRENCE_YEARLY;
    return put_month_day(days ? rule->by_month_day[0] : start->day, (int)recurrence->month_of_year, recurrence, reason);
}

static const struct eas_recurrence nothing = {
    .type = RECURRENCE_UNSAID,
    .interval = RECURRENCE_UNSAID,
    .occurrences = RECURRENCE_UNSAID,
    .day_of_week = RECURRENCE_UNSAID,
    .day_of_month = RECURRENCE_UNSAID,
    .week_of_month = RECURRENCE_UNSAID,
    .month_of_year = RECURRENCE_UNSAID,
    .first_day_of_week = RECURRENCE_UNSAID,
    .calendar_type = RECURRENCE_UNSAID,
};

bool recurrence_from_rrule(const struct icalrecurrencetype *rule, const struct eas_date *start,
                           enum eas_version version, struct eas_recurrence *recurrence, char **reason)
{
    *recurrence = nothing;
    if (!check_common(rule, start, reason))
        return false;
    recurrence->interval = rule->interval;
    if (rule->count > 0)
        recurrence->occurrences = rule->count;
    switch (rule->freq) {
    case ICAL_DAILY_RECURRENCE:
    case ICAL_WEEKLY_RECURRENCE:
        return read_weekly(rule, start, version, recurrence, reason);
    case ICAL_MONTHLY_RECURRENCE:
        return read_monthly(rule, start, recurrence, reason);
    case ICAL_YEARLY_RECURRENCE:
        return read_yearly(rule, start, recurrence, reason);
    default:
        return refuse(reason, "a rule without FREQ");
    }
}

/* ---- one spelling ---- */

static void fill_in(struct eas_recurrence *recurrence, const struct eas_date *start)
{
    long long *mask = &recurrence->day_of_week;

    switch (recurrence->type) {
    case RECURRENCE_DAILY:
        if (*mask == RECURRENCE_UNSAID)
            break;
        recurrence->type = RECURRENCE_WEEKLY;
        /* fall through */
    case RECURRENCE_WEEKLY:
        if (*mask == RECURRENCE_UNSAID)
            *mask = 1 << weekday_of(start);
        break;
    case RECURRENCE_MONTHLY:
        if (recurrence->day_of_month == RECURRENCE_UNSAID)
            recurrence->day_of_month = start->day;
        break;
    case RECURRENCE_YEARLY:
        if (recurrence->month_of_year == RECURRENCE_UNSAID && recurrence->day_of_month == RECURRENCE_UNSAID)
            recurrence->month_of_year = start->month;
        if (recurrence->day_of_month == RECURRENCE_UNSAID)
            recurrence->day_of_month = start->day;
        break;
    default:
        break;
    }
    long long *first = &recurrence->first_day_of_week;
    bool sparse = recurrence->type == RECURRENCE_WEEKLY && recurrence->interval > 1;
    if (!sparse || *first < 0 || *first > 6 || !week_start_matters(*mask, (int)*first, weekday_of(start)))
        *first = RECURRENCE_UNSAID;
}

gint64 recurrence_last_day(const struct eas_date *until, const struct eas_date *start)
{
    gint64 ends = eas_date_seconds(until), day = ends - (until->hour * 60 + until->minute) * 60 - until->second;
    gint64 time = (start->hour * 60 + start->minute) * 60 + start->second;

    return ends - day < time ? day - 86400 : day;
}

char *recurrence_meaning(const struct eas_recurrence *recurrence, const struct eas_date *start)
{
    struct eas_recurrence full = *recurrence;
    g_autofree char *reason = NULL;

    fill_in(&full, start);
    g_autofree char *rule = recurrence_rrule(&full, NULL, &reason);
    if (!rule)
        return g_strdup("no RRULE");
    return g_strconcat(rule, recurrence->regenerate ? ";REGENERATE" : "", recurrence->dead_occur ? ";DEAD" : "", NULL);
}
