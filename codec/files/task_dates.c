#include "codec/files/task_dates.h"

bool task_date_read(const struct eas_node *data, eas_tag tag, struct eas_date *date)
{
    return eas_date_read(eas_node_text(data, tag), date) && !eas_date_is_none(date);
}

static bool is_midnight(const struct eas_date *date)
{
    return date->hour == 0 && date->minute == 0 && date->second == 0;
}

/* StartDate and DueDate are wall clock time written as if it were UTC. Outlook's tasks have days
 * only, and a user expects "due on the 1st", not "due at midnight", which tools show as a time of
 * day and count as overdue all day long: midnights become DATEs. Another time of day floats, for no
 * zone comes with it. Only where a server gives UTC alone is an instant all that is known. */
struct task_dates task_dates_read(const struct eas_node *data)
{
    struct task_dates dates = {0};

    dates.form = ICAL_WALL;
    dates.has_start = task_date_read(data, TAG_Tasks_StartDate, &dates.start);
    dates.has_due = task_date_read(data, TAG_Tasks_DueDate, &dates.due);
    if (!dates.has_start && !dates.has_due) {
        dates.form = ICAL_UTC;
        dates.has_start = task_date_read(data, TAG_Tasks_UtcStartDate, &dates.start);
        dates.has_due = task_date_read(data, TAG_Tasks_UtcDueDate, &dates.due);
    }
    /* A series needs a start to count from. */
    if (!dates.has_start && !dates.has_due)
        dates.form = ICAL_WALL;
    if (!dates.has_start)
        dates.has_start = task_date_read(eas_node_child(data, TAG_Tasks_Recurrence), TAG_Tasks_Start, &dates.start);
    if (dates.form == ICAL_WALL && (!dates.has_start || is_midnight(&dates.start)) &&
        (!dates.has_due || is_midnight(&dates.due)))
        dates.form = ICAL_DAY;
    return dates;
}
