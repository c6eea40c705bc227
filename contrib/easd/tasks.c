/* VTODO as an item of the Tasks class (MS-ASTASK). */
#include "contrib/easd/ical_file.h"
#include "contrib/easd/recurrence.h"
#include "contrib/easd/times.h"

/* A date as the pair of its moment and its wall clock written as if it were UTC (MS-ASTASK 2.2.2.8,
 * 2.2.2.27); dates and floating times are their own wall clock. */
static void write_pair(struct eas_node *properties, eas_tag utc, eas_tag local, const struct ical_moment *moment)
{
    char when[TIMES_TEXT];
    icaltimetype wall = moment->time;

    if (!moment->present)
        return;
    wall.is_date = 0;
    eas_node_add(properties, utc, times_dashed(moment->utc, when));
    eas_node_add(properties, local,
                 times_dashed(icaltime_as_timet_with_zone(wall, icaltimezone_get_utc_timezone()), when));
}

/* PRIORITY 1 to 4 is high, 6 to 9 low (RFC 5545 3.8.1.9). */
static int importance(icalcomponent *task)
{
    icalproperty *property = icalcomponent_get_first_property(task, ICAL_PRIORITY_PROPERTY);
    int priority = property ? icalproperty_get_priority(property) : 0;

    return priority >= 1 && priority <= 4 ? 2 : priority >= 6 ? 0 : 1;
}

static bool is_complete(icalcomponent *task, const struct ical_moment *completed)
{
    icalproperty *percent = icalcomponent_get_first_property(task, ICAL_PERCENTCOMPLETE_PROPERTY);
    icalproperty *status = icalcomponent_get_first_property(task, ICAL_STATUS_PROPERTY);

    if (status)
        return icalproperty_get_status(status) == ICAL_STATUS_COMPLETED;
    return completed->present || (percent && icalproperty_get_percentcomplete(percent) == 100);
}

static bool read_due(struct ical_moment *due, const struct ical_moment *start, icalcomponent *task,
                     struct translation *translation)
{
    icalproperty *duration = icalcomponent_get_first_property(task, ICAL_DURATION_PROPERTY);

    if (!ical_moment_read(due, task, ICAL_DUE_PROPERTY, &translation->refusal))
        return false;
    if (!due->present && duration && start->present) {
        *due = *start;
        due->time = icaltime_add(start->time, icalproperty_get_duration(duration));
        due->utc += icaldurationtype_as_int(icalproperty_get_duration(duration));
    }
    return true;
}

static bool write_recurrence(icalcomponent *task, const struct ical_moment *start, const struct ical_moment *due,
                             struct translation *translation)
{
    const struct ical_moment *first = start->present ? start : due;
    struct recurrence recurrence;
    bool recurs;

    if (!first->present && icalcomponent_get_first_property(task, ICAL_RRULE_PROPERTY))
        return translation_refuse(translation, "it recurs without a start");
    if (icalcomponent_get_first_property(task, ICAL_EXDATE_PROPERTY))
        return translation_refuse(translation, "exceptions of a task have no counterpart");
    if (!recurrence_read(&recurrence, &recurs, task, first, &translation->refusal))
        return false;
    if (recurs && translation_needs(translation, recurrence_needs(&recurrence))) {
        g_autofree char *again = ical_x_text(task, "X-EAS-REGENERATE");

        recurrence_write(&recurrence, translation->properties, translation->version, true, first->utc);
        translation_text(eas_node_child(translation->properties, TAG_Tasks_Recurrence), TAG_Tasks_Regenerate, again);
    }
    return true;
}

/* When to remind: a moment of its own, or so long before the task; INT64_MIN: never. */
static gint64 reminder_time(icalcomponent *task, const struct ical_moment *base, const struct ical_moment *due)
{
    icalcomponent *alarm = icalcomponent_get_first_component(task, ICAL_VALARM_COMPONENT);
    icalproperty *property = alarm ? icalcomponent_get_first_property(alarm, ICAL_TRIGGER_PROPERTY) : NULL;
    struct icaltriggertype trigger = property ? icalproperty_get_trigger(property) : (struct icaltriggertype){0};
    int minutes = base->present ? ical_alarm_minutes(task, base->utc, due->present ? due->utc : base->utc) : -1;

    if (property && !icaltime_is_null_time(trigger.time) && icaltime_is_utc(trigger.time))
        return icaltime_as_timet(trigger.time);
    return minutes >= 0 ? base->utc - (gint64)minutes * 60 : INT64_MIN;
}

static void write_state(icalcomponent *task, const struct ical_moment *completed, const struct ical_moment *start,
                        const struct ical_moment *due, struct translation *translation)
{
    const struct ical_moment *base = start->present ? start : due;
    gint64 reminder;
    char when[TIMES_TEXT];

    translation->done = is_complete(task, completed);
    translation_number(translation->properties, TAG_Tasks_Complete, translation->done);
    if (translation->done)
        eas_node_add(translation->properties, TAG_Tasks_DateCompleted,
                     times_dashed(completed->present ? completed->utc : translation->mtime, when));
    reminder = reminder_time(task, base, due);
    translation_number(translation->properties, TAG_Tasks_ReminderSet, reminder != INT64_MIN);
    if (reminder != INT64_MIN)
        eas_node_add(translation->properties, TAG_Tasks_ReminderTime, times_dashed(reminder, when));
}

/* Where it stands in a list that its owner sorted (MS-ASTASK 2.2.2.16, 2.2.2.24). */
static void write_order(icalcomponent *task, struct eas_node *properties)
{
    g_autofree char *date = ical_x_text(task, "X-EAS-ORDINAL-DATE");
    g_autofree char *place = ical_x_text(task, "X-EAS-SUB-ORDINAL-DATE");

    translation_text(properties, TAG_Tasks_OrdinalDate, date);
    translation_text(properties, TAG_Tasks_SubOrdinalDate, place);
}

static bool translate_task(icalcomponent *task, struct translation *translation)
{
    struct eas_node *properties = translation->properties;
    g_autofree char *subject = ical_text(task, ICAL_SUMMARY_PROPERTY);
    g_autoptr(GPtrArray) categories = ical_categories(task);
    struct ical_moment start, due, completed;

    if (!ical_moment_read(&start, task, ICAL_DTSTART_PROPERTY, &translation->refusal) ||
        !read_due(&due, &start, task, translation) ||
        !ical_moment_read(&completed, task, ICAL_COMPLETED_PROPERTY, &translation->refusal))
        return false;
    translation_text(properties, TAG_Tasks_Subject, subject);
    translation_number(properties, TAG_Tasks_Importance, importance(task));
    translation_number(properties, TAG_Tasks_Sensitivity, ical_sensitivity(task));
    write_pair(properties, TAG_Tasks_UtcStartDate, TAG_Tasks_StartDate, &start);
    write_pair(properties, TAG_Tasks_UtcDueDate, TAG_Tasks_DueDate, &due);
    write_state(task, &completed, &start, &due, translation);
    write_order(task, properties);
    translation_list(properties, TAG_Tasks_Categories, TAG_Tasks_Category, categories);
    translation->text = ical_text(task, ICAL_DESCRIPTION_PROPERTY);
    return write_recurrence(task, &start, &due, translation);
}

void tasks_translate(struct translation *translation)
{
    struct ical_file file;

    if (ical_file_open(&file, translation->bytes, translation->length, ICAL_VTODO_COMPONENT, &translation->refusal)) {
        if (file.overrides->len)
            translation_refuse(translation, "exceptions of a task have no counterpart");
        else
            translate_task(file.master, translation);
    }
    ical_file_close(&file);
}
