#include "contrib/easd/recurrence.h"

#include "contrib/easd/times.h"

enum { DAILY = 0, WEEKLY = 1, MONTHLY = 2, MONTHLY_NTH = 3, YEARLY = 5, YEARLY_NTH = 6 };
enum { EVERY_DAY = 127, WEEKDAYS = 62, WEEKEND = 65, LAST_WEEK = 5, OCCURRENCES_TOP = 999, INTERVAL_TOP = 999 };
enum { STEPS = 50000 }; /* how far a rule is followed */

static bool refuse(char **refusal, const char *reason)
{
    if (!*refusal)
        *refusal = g_strdup(reason);
    return false;
}

static guint count_short(const short *list, guint top)
{
    guint count = 0;

    while (count < top && list[count] != ICAL_RECURRENCE_ARRAY_MAX)
        count++;
    return count;
}

#define COUNT(rule, part) count_short((rule)->part, G_N_ELEMENTS((rule)->part))

static int weekday_bit(int weekday)
{
    return 1 << (weekday - 1); /* libical and the mask both begin with Sunday */
}

/* The days of BYDAY as a mask, and their one ordinal. False where ordinals differ. */
static bool day_mask(const struct icalrecurrencetype *rule, int *mask, int *ordinal)
{
    guint count = COUNT(rule, by_day);

    *mask = *ordinal = 0;
    for (guint i = 0; i < count; i++) {
        int own = icalrecurrencetype_day_position(rule->by_day[i]);

        if (i > 0 && own != *ordinal)
            return false;
        *ordinal = own;
        *mask |= weekday_bit(icalrecurrencetype_day_day_of_week(rule->by_day[i]));
    }
    return count < 2 || *ordinal == 0;
}

/* "The nth of these days": an ordinal at one day, or BYSETPOS over a set the protocol knows. */
static bool read_nth(struct recurrence *recurrence, const struct icalrecurrencetype *rule, char **refusal)
{
    int mask, ordinal, position = COUNT(rule, by_set_pos) ? rule->by_set_pos[0] : 0;

    if (!day_mask(rule, &mask, &ordinal) || COUNT(rule, by_set_pos) > 1 || (ordinal && position))
        return refuse(refusal, "BYDAY with several ordinals has no counterpart");
    if (!ordinal && !position)
        return refuse(refusal, "several days of a month have no counterpart");
    if (position && mask != EVERY_DAY && mask != WEEKDAYS && mask != WEEKEND && (mask & (mask - 1)))
        return refuse(refusal, "BYSETPOS over this set of days has no counterpart");
    position = position ? position : ordinal;
    if (position != -1 && (position < 1 || position > 4))
        return refuse(refusal, "only the first to fourth and the last weekday have a counterpart");
    recurrence->day_of_week = mask;
    recurrence->week_of_month = position == -1 ? LAST_WEEK : position;
    return true;
}

/* "The 30th, or the last day where there is none": the days from the 28th on, the last of them; 0 for
 * anything else. That is what the protocol means by such a day. */
static int clipped_month_day(const struct icalrecurrencetype *rule)
{
    guint count = COUNT(rule, by_month_day);

    if (count < 2 || COUNT(rule, by_day) || COUNT(rule, by_set_pos) != 1 || rule->by_set_pos[0] != -1)
        return 0;
    for (guint i = 0; i < count; i++)
        if (rule->by_month_day[i] != 28 + (int)i)
            return 0;
    return rule->by_month_day[count - 1];
}

/* A day of the month that every month has: on a later one, the protocol means the last day where
 * iCalendar skips the month. */
static bool read_month_day(struct recurrence *recurrence, const struct icalrecurrencetype *rule,
                           const struct ical_moment *start, char **refusal)
{
    int day = COUNT(rule, by_month_day) ? rule->by_month_day[0] : start->time.day;

    if (COUNT(rule, by_month_day) > 1 || day < -1)
        return refuse(refusal, "these days of a month have no counterpart");
    if (day == -1) {
        recurrence->type = recurrence->type == MONTHLY ? MONTHLY_NTH : YEARLY_NTH;
        recurrence->day_of_week = EVERY_DAY;
        recurrence->week_of_month = LAST_WEEK;
        return true;
    }
    recurrence->day_of_month = day;
    return true;
}

static bool read_daily(struct recurrence *recurrence, const struct icalrecurrencetype *rule,
                       const struct ical_moment *start, char **refusal)
{
    int ordinal;

    (void)start;
    if (COUNT(rule, by_month_day) || COUNT(rule, by_month) || COUNT(rule, by_set_pos))
        return refuse(refusal, "a daily rule with such a filter has no counterpart");
    recurrence->type = DAILY;
    if (COUNT(rule, by_day) == 0)
        return true;
    recurrence->type = WEEKLY;
    if (!day_mask(rule, &recurrence->day_of_week, &ordinal) || ordinal || rule->interval > 1)
        return refuse(refusal, "every nth day on some weekdays has no counterpart");
    return true;
}

static bool read_weekly(struct recurrence *recurrence, const struct icalrecurrencetype *rule,
                        const struct ical_moment *start, char **refusal)
{
    int ordinal, mask;

    if (COUNT(rule, by_month_day) || COUNT(rule, by_month) || COUNT(rule, by_set_pos))
        return refuse(refusal, "a weekly rule with such a filter has no counterpart");
    if (!day_mask(rule, &mask, &ordinal) || ordinal)
        return refuse(refusal, "ordinals in a weekly rule have no meaning");
    recurrence->type = WEEKLY;
    recurrence->day_of_week = mask ? mask : weekday_bit(icaltime_day_of_week(start->time));
    if (rule->interval > 1)
        recurrence->first_day = rule->week_start == ICAL_NO_WEEKDAY ? 1 : rule->week_start - 1;
    return true;
}

static bool read_monthly(struct recurrence *recurrence, const struct icalrecurrencetype *rule,
                         const struct ical_moment *start, char **refusal)
{
    if (COUNT(rule, by_month))
        return refuse(refusal, "some months only have no counterpart");
    recurrence->type = COUNT(rule, by_day) ? MONTHLY_NTH : MONTHLY;
    if (COUNT(rule, by_day) && COUNT(rule, by_month_day))
        return refuse(refusal, "weekdays on days of the month have no counterpart");
    if (COUNT(rule, by_day))
        return read_nth(recurrence, rule, refusal);
    if ((recurrence->day_of_month = clipped_month_day(rule)))
        return true;
    if (COUNT(rule, by_set_pos))
        return refuse(refusal, "BYSETPOS over this set of days has no counterpart");
    return read_month_day(recurrence, rule, start, refusal) &&
           (recurrence->day_of_month <= 28 ||
            refuse(refusal, "a day that some months lack means their last day on the server"));
}

static bool read_yearly(struct recurrence *recurrence, const struct icalrecurrencetype *rule,
                        const struct ical_moment *start, char **refusal)
{
    if (COUNT(rule, by_month) > 1)
        return refuse(refusal, "several months have no counterpart");
    if (COUNT(rule, by_day) && COUNT(rule, by_month_day))
        return refuse(refusal, "weekdays on days of the month have no counterpart");
    if (!COUNT(rule, by_month) && (COUNT(rule, by_day) || COUNT(rule, by_month_day)))
        return refuse(refusal, "a day without its month has no counterpart");
    recurrence->type = COUNT(rule, by_day) ? YEARLY_NTH : YEARLY;
    recurrence->month = COUNT(rule, by_month) ? rule->by_month[0] : start->time.month;
    if (recurrence->month < 1 || recurrence->month > 12)
        return refuse(refusal, "a month of another calendar has no counterpart");
    if (COUNT(rule, by_day))
        return read_nth(recurrence, rule, refusal);
    if ((recurrence->day_of_month = clipped_month_day(rule)))
        return true;
    if (COUNT(rule, by_set_pos))
        return refuse(refusal, "BYSETPOS over this set of days has no counterpart");
    return read_month_day(recurrence, rule, start, refusal) &&
           (recurrence->month != 2 || recurrence->day_of_month <= 28 ||
            refuse(refusal, "29 February means the 28th in other years on the server"));
}

static bool read_end(struct recurrence *recurrence, const struct icalrecurrencetype *rule,
                     const struct ical_moment *start, char **refusal)
{
    recurrence->occurrences = rule->count;
    if (rule->count > OCCURRENCES_TOP)
        return refuse(refusal, "more than 999 occurrences have no counterpart");
    if (rule->count > 0 || icaltime_is_null_time(rule->until))
        return true;

    icaltimetype until = rule->until;

    if (until.is_date && !start->date) { /* the whole of that day, wherever the series is */
        until.is_date = 0;
        until.hour = 23;
        until.minute = until.second = 59;
    }
    recurrence->has_until = true;
    recurrence->until = icaltime_as_timet_with_zone(
        until, icaltime_is_utc(until) || !start->zone ? icaltimezone_get_utc_timezone() : start->zone);
    return true;
}

bool recurrence_read(struct recurrence *recurrence, bool *present, icalcomponent *component,
                     const struct ical_moment *start, char **refusal)
{
    static bool (*const readers[])(struct recurrence *, const struct icalrecurrencetype *, const struct ical_moment *,
                                   char **) = {
        [ICAL_DAILY_RECURRENCE] = read_daily,
        [ICAL_WEEKLY_RECURRENCE] = read_weekly,
        [ICAL_MONTHLY_RECURRENCE] = read_monthly,
        [ICAL_YEARLY_RECURRENCE] = read_yearly,
    };
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY);
    struct icalrecurrencetype rule;

    *recurrence = (struct recurrence){.first_day = -1};
    *present = property != NULL;
    if (icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY) ||
        icalcomponent_get_first_property(component, ICAL_EXRULE_PROPERTY))
        return refuse(refusal, "RDATE and EXRULE have no counterpart");
    if (!property)
        return true;
    rule = icalproperty_get_rrule(property);
    if (icalcomponent_count_properties(component, ICAL_RRULE_PROPERTY) > 1)
        return refuse(refusal, "several rules have no counterpart");
    if ((guint)rule.freq >= G_N_ELEMENTS(readers) || !readers[rule.freq])
        return refuse(refusal, "a rule more often than daily has no counterpart");
    if (COUNT(&rule, by_hour) || COUNT(&rule, by_minute) || COUNT(&rule, by_second) || COUNT(&rule, by_week_no) ||
        COUNT(&rule, by_year_day) || rule.rscale || rule.interval > INTERVAL_TOP)
        return refuse(refusal, "the rule has a part without counterpart");
    recurrence->interval = MAX(rule.interval, 1);
    return readers[rule.freq](recurrence, &rule, start, refusal) && read_end(recurrence, &rule, start, refusal);
}

int recurrence_needs(const struct recurrence *recurrence)
{
    int mask = recurrence->day_of_week, before = (1 << MAX(recurrence->first_day, 0)) - 1;

    return recurrence->interval > 1 && (mask & (mask - 1)) && (mask & before) ? 141 : 0;
}

gint64 recurrence_find(icalcomponent *component, const struct ical_moment *start, const icaltimetype *times,
                       bool *found, guint count)
{
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY);
    struct icalrecurrencetype rule = icalproperty_get_rrule(property);
    bool endless = rule.count == 0 && icaltime_is_null_time(rule.until);
    icaltimetype local = start->time, next, latest = icaltime_null_time(), last = start->time;
    icalrecur_iterator *iterator;

    local.zone = start->zone;
    for (guint i = 0; i < count; i++)
        if (icaltime_is_null_time(latest) || icaltime_compare(times[i], latest) > 0)
            latest = times[i];
    iterator = icalrecur_iterator_new(rule, local);
    for (int step = 0; iterator && step < STEPS; step++) {
        next = icalrecur_iterator_next(iterator);
        if (icaltime_is_null_time(next) ||
            (endless && (icaltime_is_null_time(latest) || icaltime_compare(next, latest) > 0)))
            break;
        last = next;
        for (guint i = 0; i < count; i++)
            found[i] |= icaltime_compare(next, times[i]) == 0;
    }
    if (iterator)
        icalrecur_iterator_free(iterator);
    return endless ? INT64_MAX
                   : icaltime_as_timet_with_zone(last, start->zone ? start->zone : icaltimezone_get_utc_timezone());
}

/* A Recurrence's elements in the two classes: the names are alike, the pages are not. */
static const struct {
    eas_tag recurrence, type, interval, day_of_week, day_of_month, week_of_month, month, occurrences, until, first_day;
} names[] = {
    {TAG_Calendar_Recurrence, TAG_Calendar_Type, TAG_Calendar_Interval, TAG_Calendar_DayOfWeek, TAG_Calendar_DayOfMonth,
     TAG_Calendar_WeekOfMonth, TAG_Calendar_MonthOfYear, TAG_Calendar_Occurrences, TAG_Calendar_Until,
     TAG_Calendar_FirstDayOfWeek},
    {TAG_Tasks_Recurrence, TAG_Tasks_Type, TAG_Tasks_Interval, TAG_Tasks_DayOfWeek, TAG_Tasks_DayOfMonth,
     TAG_Tasks_WeekOfMonth, TAG_Tasks_MonthOfYear, TAG_Tasks_Occurrences, TAG_Tasks_Until, TAG_Tasks_FirstDayOfWeek},
};

static void write_if(struct eas_node *node, eas_tag tag, int number)
{
    if (number > 0)
        translation_number(node, tag, number);
}

void recurrence_write(const struct recurrence *recurrence, struct eas_node *parent, int version, bool task,
                      gint64 start)
{
    struct eas_node *node = eas_node_add(parent, names[task].recurrence, NULL);
    char when[TIMES_TEXT];

    translation_number(node, names[task].type, recurrence->type);
    if (task)
        eas_node_add(node, TAG_Tasks_Start, times_dashed(start, when));
    translation_number(node, names[task].interval, recurrence->interval);
    write_if(node, names[task].day_of_week, recurrence->day_of_week);
    write_if(node, names[task].day_of_month, recurrence->day_of_month);
    write_if(node, names[task].week_of_month, recurrence->week_of_month);
    write_if(node, names[task].month, recurrence->month);
    write_if(node, names[task].occurrences, recurrence->occurrences);
    if (recurrence->has_until)
        eas_node_add(node, names[task].until,
                     task ? times_dashed(recurrence->until, when) : times_compact(recurrence->until, when));
    if (recurrence->first_day >= 0 && version >= 141)
        translation_number(node, names[task].first_day, recurrence->first_day);
}
