#include "contrib/easd/edit_recurrence.h"

#include <stdio.h>

#include "contrib/easd/times.h"

enum { DAILY = 0, WEEKLY = 1, MONTHLY = 2, MONTHLY_NTH = 3, YEARLY = 5, YEARLY_NTH = 6 };
enum { EVERY_DAY = 127, LAST_WEEK = 5 };

/* What a Recurrence says; -1: not given. */
struct rule {
    gint64 type, interval, day_of_week, day_of_month, week_of_month, month, occurrences, first_day, calendar;
};

/* The elements by their place in struct rule, in the two classes, with what they may be. */
static const struct {
    eas_tag tags[2];
    size_t at;
    gint64 low, high, fallback;
} numbers[] = {
    {{TAG_Calendar_Type, TAG_Tasks_Type}, offsetof(struct rule, type), 0, 6, -1},
    {{TAG_Calendar_Interval, TAG_Tasks_Interval}, offsetof(struct rule, interval), 0, 999, 1},
    {{TAG_Calendar_DayOfWeek, TAG_Tasks_DayOfWeek}, offsetof(struct rule, day_of_week), 1, EVERY_DAY, -1},
    {{TAG_Calendar_DayOfMonth, TAG_Tasks_DayOfMonth}, offsetof(struct rule, day_of_month), 1, 31, -1},
    {{TAG_Calendar_WeekOfMonth, TAG_Tasks_WeekOfMonth}, offsetof(struct rule, week_of_month), 1, LAST_WEEK, -1},
    {{TAG_Calendar_MonthOfYear, TAG_Tasks_MonthOfYear}, offsetof(struct rule, month), 1, 12, -1},
    {{TAG_Calendar_Occurrences, TAG_Tasks_Occurrences}, offsetof(struct rule, occurrences), 1, 999, -1},
    {{TAG_Calendar_FirstDayOfWeek, TAG_Tasks_FirstDayOfWeek}, offsetof(struct rule, first_day), 0, 6, -1},
    {{TAG_Calendar_CalendarType, TAG_Tasks_CalendarType}, offsetof(struct rule, calendar), 0, 1, 0},
};

static const char *const days[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

/* Which of day of week, day of month, week and month a type needs, and which it may not have (MS-ASCAL 2.2.2.45). */
static const struct {
    const char *frequency;
    bool weekday, weekday_may, day, week, month;
} types[] = {
    [DAILY] = {"DAILY", .weekday_may = true},
    [WEEKLY] = {"WEEKLY", .weekday = true},
    [MONTHLY] = {"MONTHLY", .day = true},
    [MONTHLY_NTH] = {"MONTHLY", .weekday = true, .week = true},
    [YEARLY] = {"YEARLY", .day = true, .month = true},
    [YEARLY_NTH] = {"YEARLY", .weekday = true, .week = true, .month = true},
};

static bool has(gint64 number, bool needed, bool allowed)
{
    return number < 0 ? !needed : needed || allowed;
}

static bool read_rule(struct rule *rule, const struct eas_node *node, bool task)
{
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (!edit_number(node, numbers[i].tags[task], numbers[i].low, numbers[i].high, numbers[i].fallback,
                         (gint64 *)(void *)((char *)rule + numbers[i].at)))
            return false;
    if (rule->type < 0 || !types[rule->type].frequency)
        return false;
    rule->interval = MAX(rule->interval, 1);
    return has(rule->day_of_week, types[rule->type].weekday, types[rule->type].weekday_may) &&
           has(rule->day_of_month, types[rule->type].day, false) &&
           has(rule->week_of_month, types[rule->type].week, false) && has(rule->month, types[rule->type].month, false);
}

static void put_days(GString *text, gint64 mask, int ordinal)
{
    const char *comma = "";

    g_string_append(text, ";BYDAY=");
    for (int i = 0; i < 7; i++)
        if (mask & 1 << i) {
            if (ordinal)
                g_string_append_printf(text, "%s%d%s", comma, ordinal, days[i]);
            else
                g_string_append_printf(text, "%s%s", comma, days[i]);
            comma = ",";
        }
}

/* The nth of some days: at one day by its ordinal, of several by their place in the month. */
static void put_nth(GString *text, const struct rule *rule)
{
    int ordinal = rule->week_of_month == LAST_WEEK ? -1 : (int)rule->week_of_month;

    if (rule->day_of_week == EVERY_DAY) {
        g_string_append_printf(text, ";BYMONTHDAY=%d", ordinal);
    } else if (rule->day_of_week & (rule->day_of_week - 1)) {
        put_days(text, rule->day_of_week, 0);
        g_string_append_printf(text, ";BYSETPOS=%d", ordinal);
    } else {
        put_days(text, rule->day_of_week, ordinal);
    }
}

/* A day that some months lack is the last one there (MS-ASCAL 2.2.2.12): the last of the days up to it. */
static void put_month_day(GString *text, const struct rule *rule)
{
    static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int top = rule->month > 0 ? longest[rule->month - 1] : 31, day = (int)MIN(rule->day_of_month, top);
    bool everywhere = day <= 28 || (rule->month > 0 && rule->month != 2);

    if (everywhere) {
        g_string_append_printf(text, ";BYMONTHDAY=%d", day);
        return;
    }
    g_string_append(text, ";BYMONTHDAY=28");
    for (int other = 29; other <= day; other++)
        g_string_append_printf(text, ",%d", other);
    g_string_append(text, ";BYSETPOS=-1");
}

static bool put_end(GString *text, const struct rule *rule, const char *until, icaltimetype start, icaltimezone *zone)
{
    gint64 seconds;
    icaltimetype time;

    if (until && (rule->occurrences > 0 || !times_read(until, &seconds)))
        return false;
    if (rule->occurrences > 0)
        g_string_append_printf(text, ";COUNT=%d", (int)rule->occurrences);
    if (!until)
        return true;
    time = icaltime_from_timet_with_zone((time_t)seconds, 0, start.is_date ? zone : icaltimezone_get_utc_timezone());
    g_string_append_printf(text, ";UNTIL=%04d%02d%02d", time.year, time.month, time.day);
    if (!start.is_date)
        g_string_append_printf(text, "T%02d%02d%02dZ", time.hour, time.minute, time.second);
    return true;
}

bool recurrence_edit(icalcomponent *component, struct edit *edit, const struct eas_node *recurrence, bool task,
                     icaltimetype start, icaltimezone *zone)
{
    const char *until = edit_text(recurrence, task ? TAG_Tasks_Until : TAG_Calendar_Until);
    g_autoptr(GString) text = g_string_new("FREQ=");
    struct rule rule;
    bool daily_on_days;

    if (!recurrence || !recurrence->first) {
        for (icalproperty *old; (old = icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY));) {
            icalcomponent_remove_property(component, old);
            icalproperty_free(old);
        }
        return true;
    }
    if (!read_rule(&rule, recurrence, task) || (edit->version < 141 && rule.first_day >= 0))
        return edit_refuse(edit, "its Recurrence is none");
    daily_on_days = rule.type == DAILY && rule.day_of_week > 0;
    g_string_append(text, daily_on_days ? "WEEKLY" : types[rule.type].frequency);
    if (rule.interval > 1)
        g_string_append_printf(text, ";INTERVAL=%d", (int)rule.interval);
    if (rule.month > 0)
        g_string_append_printf(text, ";BYMONTH=%d", (int)rule.month);
    if (rule.type == WEEKLY || daily_on_days)
        put_days(text, rule.day_of_week, 0);
    else if (types[rule.type].week)
        put_nth(text, &rule);
    else if (types[rule.type].day)
        put_month_day(text, &rule);
    if (rule.type == WEEKLY && rule.interval > 1) /* Sunday is what counts where nothing is said */
        g_string_append_printf(text, ";WKST=%s", days[MAX(rule.first_day, 0)]);
    if (!put_end(text, &rule, until, start, zone))
        return edit_refuse(edit, "its Recurrence ends in no way that there is");
    recurrence_edit(component, edit, NULL, task, start, zone);
    icalcomponent_add_property(component, icalproperty_new_rrule(icalrecurrencetype_from_string(text->str)));
    return true;
}
