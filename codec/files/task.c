/* Tasks as VTODO. */
#include "codec/files/files.h"
#include "codec/files/ical_common.h"
#include "codec/files/recurrence.h"
#include "codec/files/task_dates.h"

/* A VTODO being written. */
struct todo {
    GString *out;
    const struct eas_node *data;
    struct task_dates dates;
    bool done;
};

static void write_text(struct todo *todo, const char *name, eas_tag tag)
{
    content_line_text(todo->out, name, eas_node_text(todo->data, tag));
}

static void write_body(struct todo *todo, const char *name, eas_tag tag)
{
    (void)name;
    ical_add_body(todo->out, todo->data, tag);
}

static void write_categories(struct todo *todo, const char *name, eas_tag tag)
{
    (void)name;
    ical_add_categories(todo->out, todo->data, tag, TAG_Tasks_Category);
}

static void write_class(struct todo *todo, const char *name, eas_tag tag)
{
    (void)name;
    ical_add_class(todo->out, eas_node_number(todo->data, tag, 0));
}

static void write_start(struct todo *todo, const char *name, eas_tag tag)
{
    (void)tag;
    if (todo->dates.has_start)
        ical_add_time(todo->out, name, &todo->dates.start, todo->dates.form, NULL);
}

static void write_due(struct todo *todo, const char *name, eas_tag tag)
{
    (void)tag;
    if (todo->dates.has_due)
        ical_add_time(todo->out, name, &todo->dates.due, todo->dates.form, NULL);
}

static void write_status(struct todo *todo, const char *name, eas_tag tag)
{
    (void)tag;
    content_line(todo->out, name, todo->done ? "COMPLETED" : "NEEDS-ACTION");
    if (todo->done)
        content_line(todo->out, "PERCENT-COMPLETE", "100");
}

static void write_completed(struct todo *todo, const char *name, eas_tag tag)
{
    struct eas_date date;

    if (todo->done && task_date_read(todo->data, tag, &date))
        ical_add_time(todo->out, name, &date, ICAL_UTC, NULL);
}

static void write_priority(struct todo *todo, const char *name, eas_tag tag)
{
    static const char *const priorities[] = {"9", "5", "1"}; /* low, normal, high */
    long long importance = eas_node_number(todo->data, tag, -1);

    if (importance >= 0 && importance < (long long)G_N_ELEMENTS(priorities))
        content_line(todo->out, name, priorities[importance]);
}

/* A task that regenerates, and one completed occurrence of a series, repeat by no RRULE: the server
 * makes the next one. Their rule stands in a property that no calendar repeats by. */
static void write_recurrence(struct todo *todo, const char *name, eas_tag tag)
{
    const struct eas_node *node = eas_node_child(todo->data, tag);
    struct eas_recurrence recurrence;
    struct eas_date last;
    g_autofree char *until = NULL;
    g_autofree char *reason = NULL;

    if (!node || !node->first)
        return;
    recurrence_read(node, &recurrence);
    if (eas_date_read(recurrence.until, &last))
        until = ical_time(&last, todo->dates.form);

    g_autofree char *rule = recurrence_rrule(&recurrence, until, &reason);
    if (!rule)
        content_line_text(todo->out, ICAL_X_UNSUPPORTED, reason);
    else if (recurrence.dead_occur)
        content_line(todo->out, "X-EAS-DEAD-OCCUR", rule);
    else if (recurrence.regenerate)
        content_line(todo->out, "X-EAS-REGENERATE", rule);
    else if (!todo->dates.has_start)
        content_line_text(todo->out, ICAL_X_UNSUPPORTED, "the recurrence has no start");
    else
        content_line(todo->out, name, rule);
}

static void write_alarm(struct todo *todo, const char *name, eas_tag tag)
{
    struct eas_date date;

    if (eas_node_number(todo->data, tag, 0) != 1 || !task_date_read(todo->data, TAG_Tasks_ReminderTime, &date))
        return;

    g_autofree char *time = ical_time(&date, ICAL_UTC);
    ical_add_alarm(todo->out, name, time, eas_node_text(todo->data, TAG_Tasks_Subject));
}

/* The mapping, in the order of the file. Sections of MS-ASTASK, 2.2.2.n in the revision where
 * Recurrence is 2.2.2.20. */
static const struct {
    const char *name;
    eas_tag tag;
    void (*write)(struct todo *todo, const char *name, eas_tag tag);
} properties[] = {
    {"SUMMARY", TAG_Tasks_Subject, write_text},                       /* 27 */
    {"DESCRIPTION", TAG_Tasks_Body, write_body},                      /* 1, and the Body of 2.5 */
    {"DTSTART", TAG_Tasks_StartDate, write_start},                    /* 26, UtcStartDate 32, Start 25 */
    {"DUE", TAG_Tasks_DueDate, write_due},                            /* 12, UtcDueDate 31 */
    {"RRULE", TAG_Tasks_Recurrence, write_recurrence},                /* 20, Regenerate 21, DeadOccur 11 */
    {"STATUS", TAG_Tasks_Complete, write_status},                     /* 7 */
    {"COMPLETED", TAG_Tasks_DateCompleted, write_completed},          /* 8 */
    {"PRIORITY", TAG_Tasks_Importance, write_priority},               /* 14 */
    {"CLASS", TAG_Tasks_Sensitivity, write_class},                    /* 24 */
    {"CATEGORIES", TAG_Tasks_Categories, write_categories},           /* 5, Category 6 */
    {"X-EAS-ORDINAL-DATE", TAG_Tasks_OrdinalDate, write_text},        /* 19 */
    {"X-EAS-SUB-ORDINAL-DATE", TAG_Tasks_SubOrdinalDate, write_text}, /* 28 */
    {"TRIGGER;VALUE=DATE-TIME", TAG_Tasks_ReminderSet, write_alarm},  /* 22, ReminderTime 23 */
};

GBytes *file_from_task(const struct eas_node *data, const struct file_context *context, char **reason)
{
    struct todo todo = {ical_calendar_begin(), data};

    *reason = NULL;
    todo.done = eas_node_number(data, TAG_Tasks_Complete, 0) == 1;
    todo.dates = task_dates_read(data);
    ical_begin(todo.out, "VTODO");
    content_line_text(todo.out, "UID", context->uid);
    /* Required, but the protocol has no such date, and a clock would make the same task two files. */
    content_line(todo.out, "DTSTAMP", ICAL_NO_STAMP);
    for (size_t i = 0; i < G_N_ELEMENTS(properties); i++)
        properties[i].write(&todo, properties[i].name, properties[i].tag);
    ical_end(todo.out, "VTODO");
    return ical_calendar_end(todo.out);
}
