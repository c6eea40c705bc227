/* Recurrence elements to RRULE. Catches: a type, mask or week that comes out as another pattern, a
 * month without its last day, a number out of range that is passed on, a rule that recurs on other
 * days than the element says (its occurrences are counted out by hand, day for day). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <libical/ical.h>

#include "codec/files/recurrence.h"

struct row {
    const char *what;
    /* Type Interval Occurrences DayOfWeek DayOfMonth WeekOfMonth MonthOfYear FirstDayOfWeek CalendarType; "" unsaid */
    const char *values[9];
    const char *until, *rule; /* rule NULL: refused */
};

static const eas_tag calendar_tags[9] = {
    TAG_Calendar_Type,        TAG_Calendar_Interval,       TAG_Calendar_Occurrences,
    TAG_Calendar_DayOfWeek,   TAG_Calendar_DayOfMonth,     TAG_Calendar_WeekOfMonth,
    TAG_Calendar_MonthOfYear, TAG_Calendar_FirstDayOfWeek, TAG_Calendar_CalendarType};
static const eas_tag task_tags[9] = {TAG_Tasks_Type,        TAG_Tasks_Interval,       TAG_Tasks_Occurrences,
                                     TAG_Tasks_DayOfWeek,   TAG_Tasks_DayOfMonth,     TAG_Tasks_WeekOfMonth,
                                     TAG_Tasks_MonthOfYear, TAG_Tasks_FirstDayOfWeek, TAG_Tasks_CalendarType};

static const struct row rows[] = {
    {"daily", {"0", "1"}, NULL, "FREQ=DAILY"},
    {"every third day, ten times", {"0", "3", "10"}, NULL, "FREQ=DAILY;COUNT=10;INTERVAL=3"},
    {"interval 0 is 1", {"0", "0"}, NULL, "FREQ=DAILY"},
    {"no interval is 1", {"0"}, NULL, "FREQ=DAILY"},
    {"the largest interval", {"0", "999"}, NULL, "FREQ=DAILY;INTERVAL=999"},
    {"daily on weekdays", {"0", "1", "", "62"}, NULL, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
    {"weekly on Tuesday", {"1", "1", "", "4"}, NULL, "FREQ=WEEKLY;BYDAY=TU"},
    {"weekly until", {"1", "1", "", "2"}, "20261231T090000Z", "FREQ=WEEKLY;UNTIL=20261231T090000Z;BYDAY=MO"},
    {"weekly until a date", {"1", "1", "", "2"}, "20261231", "FREQ=WEEKLY;UNTIL=20261231;BYDAY=MO"},
    {"weekly on weekdays", {"1", "1", "", "62"}, NULL, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
    {"weekly at weekends", {"1", "1", "", "65"}, NULL, "FREQ=WEEKLY;BYDAY=SU,SA"},
    {"weekly on every day", {"1", "1", "", "127"}, NULL, "FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH,FR,SA"},
    {"weekly on the start's day", {"1", "1"}, NULL, "FREQ=WEEKLY"},
    {"fortnightly, no first day", {"1", "2", "", "65"}, NULL, "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,SA;WKST=SU"},
    {"fortnightly, Monday first",
     {"1", "2", "", "65", "", "", "", "1"},
     NULL,
     "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,SA;WKST=MO"},
    {"weekly, Saturday first", {"1", "1", "", "2", "", "", "", "6"}, NULL, "FREQ=WEEKLY;BYDAY=MO;WKST=SA"},
    {"monthly on the 15th", {"2", "1", "", "", "15"}, NULL, "FREQ=MONTHLY;BYMONTHDAY=15"},
    {"monthly on the 30th", {"2", "1", "", "", "30"}, NULL, "FREQ=MONTHLY;BYMONTHDAY=30"},
    {"monthly on the last day", {"2", "1", "", "", "31"}, NULL, "FREQ=MONTHLY;BYMONTHDAY=-1"},
    {"quarterly on the 1st", {"2", "3", "4", "", "1"}, NULL, "FREQ=MONTHLY;COUNT=4;INTERVAL=3;BYMONTHDAY=1"},
    {"second Tuesday", {"3", "1", "", "4", "", "2"}, NULL, "FREQ=MONTHLY;BYDAY=2TU"},
    {"last Friday", {"3", "1", "", "32", "", "5"}, NULL, "FREQ=MONTHLY;BYDAY=-1FR"},
    {"first Sunday", {"3", "1", "", "1", "", "1"}, NULL, "FREQ=MONTHLY;BYDAY=1SU"},
    {"first weekday", {"3", "1", "", "62", "", "1"}, NULL, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1"},
    {"last weekend day", {"3", "1", "", "65", "", "5"}, NULL, "FREQ=MONTHLY;BYDAY=SU,SA;BYSETPOS=-1"},
    {"third day", {"3", "1", "", "127", "", "3"}, NULL, "FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS=3"},
    {"last day, no week", {"3", "1", "", "127"}, NULL, "FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS=-1"},
    {"yearly", {"5", "1", "", "", "24", "", "12"}, NULL, "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24"},
    {"yearly on 31 December", {"5", "1", "", "", "31", "", "12"}, NULL, "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31"},
    {"yearly on 31 April", {"5", "1", "", "", "31", "", "4"}, NULL, "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=-1"},
    {"yearly on 29 February", {"5", "1", "", "", "29", "", "2"}, NULL, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"},
    {"yearly on the start's date", {"5", "1"}, NULL, "FREQ=YEARLY"},
    {"fourth Thursday of November", {"6", "1", "", "16", "", "4", "11"}, NULL, "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"},
    {"last weekday of March",
     {"6", "", "", "62", "", "5", "3"},
     NULL,
     "FREQ=YEARLY;BYMONTH=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
    {"Occurrences beats Until", {"0", "1", "5"}, "20261231T090000Z", "FREQ=DAILY;COUNT=5"},
    {"a Gregorian calendar by name", {"2", "1", "", "", "1", "", "", "", "1"}, NULL, "FREQ=MONTHLY;BYMONTHDAY=1"},
    {"weeks are the same in every calendar", {"1", "1", "", "2", "", "", "", "", "6"}, NULL, "FREQ=WEEKLY;BYDAY=MO"},
    {"no type", {"", "1"}, NULL, NULL},
    {"type 4 is unused", {"4", "1"}, NULL, NULL},
    {"type 7", {"7", "1"}, NULL, NULL},
    {"a negative type", {"-3", "1"}, NULL, NULL},
    {"a huge type", {"4294967296", "1"}, NULL, NULL},
    {"interval 1000", {"0", "1000"}, NULL, NULL},
    {"a negative interval", {"0", "-2"}, NULL, NULL},
    {"occurrences 0", {"0", "1", "0"}, NULL, NULL},
    {"occurrences past the top", {"0", "1", "1000"}, NULL, NULL},
    {"an empty mask", {"1", "1", "", "0"}, NULL, NULL},
    {"a mask past Saturday", {"1", "1", "", "128"}, NULL, NULL},
    {"no such day", {"2", "1", "", "", "32"}, NULL, NULL},
    {"a week too many", {"3", "1", "", "4", "", "6"}, NULL, NULL},
    {"no week", {"3", "1", "", "4"}, NULL, NULL},
    {"no weekday", {"3", "1", "", "", "", "2"}, NULL, NULL},
    {"no such month", {"5", "1", "", "", "1", "", "13"}, NULL, NULL},
    {"a day without its month", {"5", "1", "", "", "1"}, NULL, NULL},
    {"no such first day", {"1", "2", "", "2", "", "", "", "7"}, NULL, NULL},
    {"months of the Hebrew calendar", {"2", "1", "", "", "1", "", "", "", "8"}, NULL, NULL},
};

static char *translate(const struct row *row, eas_tag parent, const eas_tag *tags, char **reason)
{
    g_autoptr(eas_node) node = eas_node_new(parent, NULL);
    for (size_t i = 0; i < 9; i++)
        if (row->values[i] && *row->values[i])
            eas_node_add(node, tags[i], row->values[i]);
    struct eas_recurrence recurrence;
    recurrence_read(node, &recurrence);
    return recurrence_rrule(&recurrence, row->until, reason);
}

static void check_rows(eas_tag parent, const eas_tag *tags)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *reason = NULL;
        g_autofree char *rule = translate(&rows[i], parent, tags, &reason);
        if (g_strcmp0(rule, rows[i].rule))
            fail_msg("%s: %s", rows[i].what, rule ? rule : reason);
        assert_true((rule == NULL) == (reason != NULL));
    }
}

static void every_type_of_the_calendar(void **state)
{
    (void)state;
    check_rows(TAG_Calendar_Recurrence, calendar_tags);
}

static void every_type_of_tasks(void **state)
{
    (void)state;
    check_rows(TAG_Tasks_Recurrence, task_tags);
}

static void what_only_tasks_say(void **state)
{
    (void)state;
    g_autoptr(eas_node) node = eas_node_new(TAG_Tasks_Recurrence, NULL);
    eas_node_add(node, TAG_Tasks_Start, "2026-03-01T00:00:00.000Z");
    eas_node_add(node, TAG_Tasks_Until, "2026-05-01T00:00:00.000Z");
    eas_node_add(node, TAG_Tasks_Regenerate, "1");
    eas_node_add(node, TAG_Tasks_DeadOccur, "0");
    struct eas_recurrence recurrence;
    recurrence_read(node, &recurrence);
    assert_string_equal(recurrence.start, "2026-03-01T00:00:00.000Z");
    assert_string_equal(recurrence.until, "2026-05-01T00:00:00.000Z");
    assert_true(recurrence.regenerate);
    assert_false(recurrence.dead_occur);
}

/* The meaning of an element, told day by day without RRULE: whether the series that starts on
 * "start" falls on "day". Days are GLib's Julian ones. */
struct pattern {
    int type, interval, mask, month_day, week, month, first_day;
};

static int sunday_first(const GDate *day)
{
    return g_date_get_weekday(day) % 7;
}

static bool nth_of_mask(const struct pattern *pattern, const GDate *day)
{
    int length = g_date_get_days_in_month(g_date_get_month(day), g_date_get_year(day));
    int wanted = 0, seen = 0;
    for (int number = 1; number <= length; number++) {
        GDate other;
        g_date_clear(&other, 1);
        g_date_set_dmy(&other, number, g_date_get_month(day), g_date_get_year(day));
        if (!(pattern->mask & 1 << sunday_first(&other)))
            continue;
        seen++;
        if (pattern->week == 5 || seen == pattern->week)
            wanted = number;
    }
    return wanted == g_date_get_day(day);
}

static bool falls_on(const struct pattern *pattern, const GDate *start, const GDate *day)
{
    int days = g_date_get_julian(day) - g_date_get_julian(start);
    int months = (g_date_get_year(day) - g_date_get_year(start)) * 12 + g_date_get_month(day) - g_date_get_month(start);
    int back = (sunday_first(start) - pattern->first_day + 7) % 7; /* into the start's own week */
    int length = g_date_get_days_in_month(g_date_get_month(day), g_date_get_year(day));
    bool in_month = g_date_get_month(day) == (GDateMonth)pattern->month;
    int month_day = pattern->month_day == 31 && pattern->month_day > length ? length : pattern->month_day;
    switch (pattern->type) {
    case 0:
        return days % pattern->interval == 0;
    case 1:
        return (days + back) / 7 % pattern->interval == 0 && pattern->mask & 1 << sunday_first(day);
    case 2:
        return months % pattern->interval == 0 && g_date_get_day(day) == month_day;
    case 3:
        return months % pattern->interval == 0 && nth_of_mask(pattern, day);
    case 5:
        return months / 12 % pattern->interval == 0 && in_month && g_date_get_day(day) == month_day;
    default:
        return months / 12 % pattern->interval == 0 && in_month && nth_of_mask(pattern, day);
    }
}

/* Both run from the first day on which the pattern itself falls, as a server starts a series. */
static void compare(const struct pattern *pattern)
{
    g_autofree char *text[9] = {0};
    const int numbers[9] = {pattern->type,  pattern->interval,  0, pattern->mask, pattern->month_day, pattern->week,
                            pattern->month, pattern->first_day, 0};
    struct row row = {0};
    for (int i = 0; i < 9; i++)
        row.values[i] = numbers[i] || (i == 0) ? (text[i] = g_strdup_printf("%d", numbers[i])) : "";
    g_autofree char *reason = NULL;
    g_autofree char *rule = translate(&row, TAG_Calendar_Recurrence, calendar_tags, &reason);
    for (int i = 0; i < 9; i++)
        g_clear_pointer(&text[i], g_free);
    assert_non_null(rule);

    GDate start, day;
    g_date_clear(&start, 1);
    g_date_clear(&day, 1);
    g_date_set_dmy(&start, 1, 1, 2024);
    while (!falls_on(pattern, &start, &start))
        g_date_add_days(&start, 1);
    day = start;
    struct icaltimetype from = {.is_date = 1};
    from.year = g_date_get_year(&start), from.month = g_date_get_month(&start), from.day = g_date_get_day(&start);
    icalrecur_iterator *walk = icalrecur_iterator_new(icalrecurrencetype_from_string(rule), from);
    assert_non_null(walk);
    for (int count = 0; count < 40 && g_date_get_year(&day) < 2040; g_date_add_days(&day, 1)) {
        if (!falls_on(pattern, &start, &day))
            continue;
        struct icaltimetype next = icalrecur_iterator_next(walk);
        if (next.year != g_date_get_year(&day) || next.month != (int)g_date_get_month(&day) ||
            next.day != g_date_get_day(&day))
            fail_msg("%s from %s: %d of them, then %s, not %d-%d-%d", rule, icaltime_as_ical_string(from), count,
                     icaltime_as_ical_string(next), g_date_get_year(&day), g_date_get_month(&day),
                     g_date_get_day(&day));
        count++;
    }
    icalrecur_iterator_free(walk);
}

static void recurs_on_the_days_the_element_means(void **state)
{
    (void)state;
    static const int masks[] = {1, 2, 4, 8, 16, 32, 64, 62, 65, 127, 42, 20};
    for (int interval = 1; interval <= 5; interval++) {
        compare(&(struct pattern){.type = 0, .interval = interval});
        for (int mask = 1; mask <= 127; mask++)
            for (int first = 0; first <= 1; first++) /* libical 3.0 starts wrongly in weeks from another day */
                compare(&(struct pattern){.type = 1, .interval = interval, .mask = mask, .first_day = first});
        for (int day = 1; day <= 31; day++)
            compare(&(struct pattern){.type = 2, .interval = interval, .month_day = day});
        for (size_t i = 0; i < G_N_ELEMENTS(masks); i++)
            for (int week = 1; week <= 5; week++)
                compare(&(struct pattern){.type = 3, .interval = interval, .mask = masks[i], .week = week});
    }
    for (int month = 1; month <= 12; month++) {
        for (int day = 1; day <= 31; day += 5)
            compare(&(struct pattern){.type = 5, .interval = 1, .month_day = day, .month = month});
        for (size_t i = 0; i < G_N_ELEMENTS(masks); i++)
            for (int week = 1; week <= 5; week++)
                compare(&(struct pattern){.type = 6, .interval = 1, .mask = masks[i], .week = week, .month = month});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_the_calendar),
        cmocka_unit_test(every_type_of_tasks),
        cmocka_unit_test(what_only_tasks_say),
        cmocka_unit_test(recurs_on_the_days_the_element_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
