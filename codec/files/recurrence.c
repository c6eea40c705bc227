#include "codec/files/recurrence.h"

#include <string.h>

enum { EVERY_DAY = 127, LAST_WEEK = 5, MAX_INTERVAL = 999, MAX_OCCURRENCES = 999 };

/* One row a child, one column a page. */
enum part {
    PART_TYPE,
    PART_INTERVAL,
    PART_OCCURRENCES,
    PART_DAY_OF_WEEK,
    PART_DAY_OF_MONTH,
    PART_WEEK_OF_MONTH,
    PART_MONTH_OF_YEAR,
    PART_FIRST_DAY_OF_WEEK,
    PART_CALENDAR_TYPE,
    PART_UNTIL,
    PARTS
};
static const eas_tag part_tags[PARTS][2] = {
    [PART_TYPE] = {TAG_Calendar_Type, TAG_Tasks_Type},
    [PART_INTERVAL] = {TAG_Calendar_Interval, TAG_Tasks_Interval},
    [PART_OCCURRENCES] = {TAG_Calendar_Occurrences, TAG_Tasks_Occurrences},
    [PART_DAY_OF_WEEK] = {TAG_Calendar_DayOfWeek, TAG_Tasks_DayOfWeek},
    [PART_DAY_OF_MONTH] = {TAG_Calendar_DayOfMonth, TAG_Tasks_DayOfMonth},
    [PART_WEEK_OF_MONTH] = {TAG_Calendar_WeekOfMonth, TAG_Tasks_WeekOfMonth},
    [PART_MONTH_OF_YEAR] = {TAG_Calendar_MonthOfYear, TAG_Tasks_MonthOfYear},
    [PART_FIRST_DAY_OF_WEEK] = {TAG_Calendar_FirstDayOfWeek, TAG_Tasks_FirstDayOfWeek},
    [PART_CALENDAR_TYPE] = {TAG_Calendar_CalendarType, TAG_Tasks_CalendarType},
    [PART_UNTIL] = {TAG_Calendar_Until, TAG_Tasks_Until},
};

static const char *const weekdays[7] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

/* Calendars in which months are not the Gregorian ones (MS-ASCAL, CalendarType): RRULE would need
 * RSCALE (RFC 7529), which hardly any reader knows and which makes some reject the event. */
static const struct {
    int type;
    const char *name;
} foreign_calendars[] = {
    {6, "Hijri"},          {8, "Hebrew"},        {14, "Japanese lunar"},   {15, "Chinese lunar"}, {16, "Saka"},
    {17, "Chinese lunar"}, {18, "Korean lunar"}, {19, "Japanese rokuyou"}, {20, "Korean lunar"},  {23, "Umm al-Qura"},
};

static void number_parts(struct eas_recurrence *recurrence, long long *numbers[PARTS])
{
    long long *const all[PARTS] = {
        [PART_TYPE] = &recurrence->type,
        [PART_INTERVAL] = &recurrence->interval,
        [PART_OCCURRENCES] = &recurrence->occurrences,
        [PART_DAY_OF_WEEK] = &recurrence->day_of_week,
        [PART_DAY_OF_MONTH] = &recurrence->day_of_month,
        [PART_WEEK_OF_MONTH] = &recurrence->week_of_month,
        [PART_MONTH_OF_YEAR] = &recurrence->month_of_year,
        [PART_FIRST_DAY_OF_WEEK] = &recurrence->first_day_of_week,
        [PART_CALENDAR_TYPE] = &recurrence->calendar_type,
    };
    memcpy(numbers, all, sizeof all);
}

void recurrence_read(const struct eas_node *node, struct eas_recurrence *recurrence)
{
    int page = eas_tag_page(node->tag) == eas_tag_page(TAG_Tasks_Recurrence);
    long long *numbers[PARTS];

    number_parts(recurrence, numbers);
    for (int part = 0; part < PARTS; part++)
        if (numbers[part])
            *numbers[part] = eas_node_number(node, part_tags[part][page], RECURRENCE_UNSAID);
    recurrence->until = eas_node_text(node, part_tags[PART_UNTIL][page]);
    recurrence->start = eas_node_text(node, TAG_Tasks_Start);
    recurrence->regenerate = eas_node_number(node, TAG_Tasks_Regenerate, 0) == 1;
    recurrence->dead_occur = eas_node_number(node, TAG_Tasks_DeadOccur, 0) == 1;
}

void recurrence_write(struct eas_node *parent, eas_tag tag, const struct eas_recurrence *recurrence)
{
    int page = eas_tag_page(tag) == eas_tag_page(TAG_Tasks_Recurrence);
    struct eas_node *node = eas_node_append(parent, eas_node_new(tag, NULL));
    struct eas_recurrence copy = *recurrence;
    long long *numbers[PARTS];

    number_parts(&copy, numbers);
    for (int part = 0; part < PARTS; part++) {
        if (!numbers[part] || *numbers[part] == RECURRENCE_UNSAID)
            continue;
        g_autofree char *number = g_strdup_printf("%lld", *numbers[part]);
        eas_node_add(node, part_tags[part][page], number);
    }
    if (recurrence->until)
        eas_node_add(node, part_tags[PART_UNTIL][page], recurrence->until);
    if (recurrence->start)
        eas_node_add(node, TAG_Tasks_Start, recurrence->start);
    if (recurrence->regenerate)
        eas_node_add(node, TAG_Tasks_Regenerate, "1");
    if (recurrence->dead_occur)
        eas_node_add(node, TAG_Tasks_DeadOccur, "1");
}

static bool check_range(const char *what, long long value, int low, int high, char **reason)
{
    if (value >= low && value <= high)
        return true;
    if (value == RECURRENCE_UNSAID)
        *reason = g_strdup_printf("the recurrence has no %s", what);
    else
        *reason = g_strdup_printf("the recurrence's %s is %lld, not %d to %d", what, value, low, high);
    return false;
}

static bool check_calendar(const struct eas_recurrence *recurrence, char **reason)
{
    if (recurrence->type <= RECURRENCE_WEEKLY)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(foreign_calendars); i++) {
        if (recurrence->calendar_type != foreign_calendars[i].type)
            continue;
        *reason = g_strdup_printf("the recurrence counts months of the %s calendar", foreign_calendars[i].name);
        return false;
    }
    return true;
}

static void append_weekdays(GString *rule, long long mask)
{
    const char *lead = ";BYDAY=";
    for (int day = 0; day < 7; day++) {
        if (!(mask & 1 << day))
            continue;
        g_string_append_printf(rule, "%s%s", lead, weekdays[day]);
        lead = ",";
    }
}

static bool append_weekly(GString *rule, const struct eas_recurrence *recurrence, char **reason)
{
    if (recurrence->day_of_week == RECURRENCE_UNSAID)
        return true;
    if (!check_range("DayOfWeek", recurrence->day_of_week, 1, EVERY_DAY, reason))
        return false;
    append_weekdays(rule, recurrence->day_of_week);
    return true;
}

/* month is 0 for a rule over all of them. */
static bool append_month_day(GString *rule, long long day, long long month, char **reason)
{
    static const int lengths[13] = {30, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (day == RECURRENCE_UNSAID)
        return true;
    if (!check_range("DayOfMonth", day, 1, 31, reason))
        return false;
    g_string_append_printf(rule, ";BYMONTHDAY=%lld", day > lengths[month] ? -1 : day);
    return true;
}

static bool append_nth(GString *rule, const struct eas_recurrence *recurrence, char **reason)
{
    long long mask = recurrence->day_of_week, week = recurrence->week_of_month;
    /* 127 alone is the last day of the month (MS-ASCAL 2.2.2.15). */
    if (mask == EVERY_DAY && week == RECURRENCE_UNSAID)
        week = LAST_WEEK;
    if (!check_range("DayOfWeek", mask, 1, EVERY_DAY, reason) ||
        !check_range("WeekOfMonth", week, 1, LAST_WEEK, reason))
        return false;
    int nth = week == LAST_WEEK ? -1 : (int)week;
    if ((mask & (mask - 1)) == 0) {
        g_string_append_printf(rule, ";BYDAY=%d%s", nth, weekdays[g_bit_nth_lsf(mask, -1)]);
    } else {
        append_weekdays(rule, mask);
        g_string_append_printf(rule, ";BYSETPOS=%d", nth);
    }
    return true;
}

static bool append_month(GString *rule, const struct eas_recurrence *recurrence, char **reason)
{
    if (!check_range("MonthOfYear", recurrence->month_of_year, 1, 12, reason))
        return false;
    g_string_append_printf(rule, ";BYMONTH=%lld", recurrence->month_of_year);
    return true;
}

static bool append_yearly(GString *rule, const struct eas_recurrence *recurrence, char **reason)
{
    /* With neither month nor day the start's own date recurs. */
    if (recurrence->month_of_year == RECURRENCE_UNSAID && recurrence->day_of_month == RECURRENCE_UNSAID)
        return true;
    return append_month(rule, recurrence, reason) &&
           append_month_day(rule, recurrence->day_of_month, recurrence->month_of_year, reason);
}

static bool append_pattern(GString *rule, const struct eas_recurrence *recurrence, char **reason)
{
    switch (recurrence->type) {
    case RECURRENCE_DAILY:
    case RECURRENCE_WEEKLY:
        return append_weekly(rule, recurrence, reason);
    case RECURRENCE_MONTHLY:
        return append_month_day(rule, recurrence->day_of_month, 0, reason);
    case RECURRENCE_MONTHLY_NTH:
        return append_nth(rule, recurrence, reason);
    case RECURRENCE_YEARLY:
        return append_yearly(rule, recurrence, reason);
    default:
        return append_month(rule, recurrence, reason) && append_nth(rule, recurrence, reason);
    }
}

static const char *frequency(const struct eas_recurrence *recurrence)
{
    static const char *const words[] = {"DAILY", "WEEKLY", "MONTHLY", "MONTHLY", NULL, "YEARLY", "YEARLY"};
    if (recurrence->type < 0 || recurrence->type >= (long long)G_N_ELEMENTS(words))
        return NULL;
    /* Daily on certain days is how some servers write weekly (MS-ASCAL 2.2.2.15). */
    if (recurrence->type == RECURRENCE_DAILY && recurrence->day_of_week != RECURRENCE_UNSAID)
        return words[RECURRENCE_WEEKLY];
    return words[recurrence->type];
}

/* Where a week starts matters only to every second week and sparser; below 14.1 it is Sunday, while
 * RFC 5545 takes Monday for granted. */
static bool append_week_start(GString *rule, const struct eas_recurrence *recurrence, bool sparse, char **reason)
{
    long long first = recurrence->first_day_of_week;
    if (first == RECURRENCE_UNSAID && !sparse)
        return true;
    if (first == RECURRENCE_UNSAID)
        first = 0;
    if (!check_range("FirstDayOfWeek", first, 0, 6, reason))
        return false;
    g_string_append_printf(rule, ";WKST=%s", weekdays[first]);
    return true;
}

char *recurrence_rrule(const struct eas_recurrence *recurrence, const char *until, char **reason)
{
    const char *word = frequency(recurrence);
    if (!word) {
        *reason = g_strdup_printf("the recurrence's Type is %lld, which is unknown", recurrence->type);
        return NULL;
    }
    /* 0 and an absent Interval both mean 1. */
    long long interval = recurrence->interval == RECURRENCE_UNSAID ? 0 : recurrence->interval;
    if (!check_calendar(recurrence, reason) || !check_range("Interval", interval, 0, MAX_INTERVAL, reason))
        return NULL;

    GString *rule = g_string_new(NULL);
    g_string_append_printf(rule, "FREQ=%s", word);
    bool good = true;
    if (recurrence->occurrences != RECURRENCE_UNSAID) {
        good = check_range("Occurrences", recurrence->occurrences, 1, MAX_OCCURRENCES, reason);
        g_string_append_printf(rule, ";COUNT=%lld", recurrence->occurrences);
    } else if (until) {
        g_string_append_printf(rule, ";UNTIL=%s", until);
    }
    if (interval > 1)
        g_string_append_printf(rule, ";INTERVAL=%lld", interval);
    bool sparse = g_str_equal(word, "WEEKLY") && interval > 1;
    good = good && append_pattern(rule, recurrence, reason) && append_week_start(rule, recurrence, sparse, reason);
    return g_string_free(rule, !good);
}
