/* An item of the Tasks class as VTODO (MS-ASTASK). */
#include <string.h>

#include "contrib/easd/edit_event.h"
#include "contrib/easd/edit_recurrence.h"
#include "contrib/easd/edit_zone.h"
#include "contrib/easd/times.h"

enum { LOW = 0, NORMAL = 1, HIGH = 2, DAY = 24 * 3600 };

/* A moment is told twice, in UTC and as the wall clock (MS-ASTASK 2.2.2.8): the difference is the zone.
 * Midnight of one that is UTC is a day. */
static bool edit_pair(struct ical_edit *ical, struct edit *edit, eas_tag utc, eas_tag local, icalproperty_kind kind)
{
    const char *one = edit_text(edit->after, utc), *other = edit_text(edit->after, local);
    struct series_zone zone = {0};
    gint64 moment, wall;
    icaltimetype time;

    if (!edit_differs(edit, utc) && !edit_differs(edit, local))
        return true;
    if (!one && !other) {
        ical_drop(ical->master, kind);
        return true;
    }
    if (!one || !other || !times_read(one, &moment) || !times_read(other, &wall) || ABS(wall - moment) > DAY ||
        (wall - moment) % 60 != 0)
        return edit_refuse(edit, "a date of it is told by halves, or is none");
    zone.zone = zone_from_offset(ical->calendar, (int)(wall - moment));
    zone.tzid = wall == moment ? NULL : icaltimezone_get_tzid(zone.zone);
    event_wall_clock(&time, moment, wall == moment && wall % DAY == 0, &zone, 160);
    event_set_moment(ical->master, kind, time, &zone);
    ical_drop(ical->master, ICAL_DURATION_PROPERTY);
    return true;
}

static bool edit_importance(icalcomponent *task, struct edit *edit)
{
    static const int priorities[] = {[LOW] = 9, [NORMAL] = 5, [HIGH] = 1};
    gint64 importance;

    if (!edit_number(edit->after, TAG_Tasks_Importance, LOW, HIGH, NORMAL, &importance))
        return edit_refuse(edit, "its Importance is none");
    ical_drop(task, ICAL_PRIORITY_PROPERTY);
    if (importance != NORMAL)
        icalcomponent_add_property(task, icalproperty_new_priority(priorities[importance]));
    return true;
}

static bool edit_complete(icalcomponent *task, struct edit *edit)
{
    gint64 complete, when = edit->now;
    const char *date = edit_text(edit->after, TAG_Tasks_DateCompleted);

    if (!edit_text(edit->after, TAG_Tasks_Complete) ||
        !edit_number(edit->after, TAG_Tasks_Complete, 0, 1, 0, &complete) || (date && !times_read(date, &when)) ||
        (complete && !date))
        return edit_refuse(edit, "whether and when it was completed is not said");
    if (!edit_differs(edit, TAG_Tasks_Complete) && !edit_differs(edit, TAG_Tasks_DateCompleted))
        return true;
    ical_drop(task, ICAL_STATUS_PROPERTY);
    ical_drop(task, ICAL_COMPLETED_PROPERTY);
    ical_drop(task, ICAL_PERCENTCOMPLETE_PROPERTY);
    if (complete) {
        icalcomponent_add_property(task, icalproperty_new_status(ICAL_STATUS_COMPLETED));
        icalcomponent_add_property(task, icalproperty_new_percentcomplete(100));
        ical_set_time(task, ICAL_COMPLETED_PROPERTY, when);
    }
    return true;
}

static bool edit_reminder(icalcomponent *task, struct edit *edit)
{
    const char *when = edit_text(edit->after, TAG_Tasks_ReminderTime);
    gint64 set, at;

    if (!edit_differs(edit, TAG_Tasks_ReminderSet) && !edit_differs(edit, TAG_Tasks_ReminderTime))
        return true;
    if (!edit_number(edit->after, TAG_Tasks_ReminderSet, 0, 1, 0, &set) || (set && !times_read(when, &at)))
        return edit_refuse(edit, "its reminder has no time");
    if (set)
        ical_set_alarm_at(task, at);
    else
        ical_set_alarm(task, -1);
    return true;
}

/* The rule begins at its Start; the dates of the task are of its first occurrence. */
static bool edit_rule(struct ical_edit *ical, struct edit *edit)
{
    const struct eas_node *recurrence = eas_node_child(edit->after, TAG_Tasks_Recurrence);
    struct ical_moment first;
    bool recurs = recurrence && recurrence->first;
    gint64 start;

    if (!edit_differs(edit, TAG_Tasks_Recurrence))
        return true;
    if (recurs && !times_read(edit_text(recurrence, TAG_Tasks_Start), &start))
        return edit_refuse(edit, "its Recurrence has no Start");
    if (!ical_moment_read(&first, ical->master, ICAL_DTSTART_PROPERTY, &edit->refusal) ||
        (!first.present && !ical_moment_read(&first, ical->master, ICAL_DUE_PROPERTY, &edit->refusal)))
        return false;
    if (recurs && !first.present)
        return edit_refuse(edit, "it recurs without a date");
    ical_set_x(ical->master, "X-EAS-REGENERATE",
               recurs && eas_node_number(recurrence, TAG_Tasks_Regenerate, 0) == 1 ? "1" : NULL);
    return recurrence_edit(ical->master, edit, recurrence, true, first.time, first.zone);
}

/* Where a task stands in a list that its owner sorted. */
static void edit_order(icalcomponent *task, const struct edit *edit)
{
    ical_set_x(task, "X-EAS-ORDINAL-DATE", edit_text(edit->after, TAG_Tasks_OrdinalDate));
    ical_set_x(task, "X-EAS-SUB-ORDINAL-DATE", edit_text(edit->after, TAG_Tasks_SubOrdinalDate));
}

static bool edit_whole(struct ical_edit *ical, struct edit *edit)
{
    icalcomponent *task = ical->master;

    if (edit_differs(edit, TAG_Tasks_Subject))
        ical_set_text(task, ICAL_SUMMARY_PROPERTY, edit_text(edit->after, TAG_Tasks_Subject));
    if (edit_differs(edit, TAG_Tasks_Categories))
        ical_set_categories(task, eas_node_child(edit->after, TAG_Tasks_Categories));
    if ((edit_differs(edit, TAG_Tasks_Importance) && !edit_importance(task, edit)) ||
        (edit_differs(edit, TAG_Tasks_Sensitivity) &&
         !ical_set_sensitivity(task, edit, edit->after, TAG_Tasks_Sensitivity)))
        return false;
    edit_order(task, edit);
    ical_set_time(task, ICAL_LASTMODIFIED_PROPERTY, edit->now);
    return edit_pair(ical, edit, TAG_Tasks_UtcStartDate, TAG_Tasks_StartDate, ICAL_DTSTART_PROPERTY) &&
           edit_pair(ical, edit, TAG_Tasks_UtcDueDate, TAG_Tasks_DueDate, ICAL_DUE_PROPERTY) &&
           edit_complete(task, edit) && edit_reminder(task, edit) && edit_rule(ical, edit) &&
           ical_set_body(task, edit, edit->before, edit->after);
}

bool edit_task(struct edit *edit)
{
    struct ical_edit ical;
    bool made = ical_edit_open(&ical, edit, ICAL_VTODO_COMPONENT) && edit_whole(&ical, edit);

    if (made) {
        zones_prune(ical.calendar, NULL);
        ical_edit_print(&ical, edit);
    }
    edit->wish = g_strdup(edit_text(edit->after, TAG_Tasks_Subject));
    ical_edit_close(&ical);
    return made;
}
