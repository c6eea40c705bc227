/* Tasks from VTODO: task.c's mapping, the other way. */
#include <libical/ical.h>

#include "codec/files/edit_class.h"
#include "codec/files/ical_read.h"
#include "codec/files/ical_refresh.h"
#include "codec/files/recurrence.h"
#include "codec/files/task_dates.h"

enum { MOST_OCCURRENCES = 255 }; /* of a task (the schema of MS-ASTASK) */

struct reader {
    const struct ical_file *file;
    icalcomponent *todo;
    struct eas_node *data;
    struct ical_moment start, due;
    bool has_start, has_due;
    char **reason;
};

/* The wall clock of the user, for tasks know no zone: an instant as the home zone shows it, if that is known. */
static struct eas_date home_wall(const struct reader *reader, const struct ical_moment *moment)
{
    struct zone home;

    if (moment->is_day || moment->is_floating || !reader->file->context->home_zone ||
        !zone_by_name(reader->file->context->home_zone, &home))
        return moment->wall;
    return zone_wall(&home, moment->instant);
}

/* A day begins at the user's midnight. */
static gint64 home_instant(const struct reader *reader, const struct ical_moment *moment)
{
    struct zone home;

    if (!moment->is_day || !reader->file->context->home_zone || !zone_by_name(reader->file->context->home_zone, &home))
        return moment->instant;
    return zone_instant(&home, &moment->wall);
}

static void put_moment(const struct reader *reader, const struct ical_moment *moment, eas_tag utc, eas_tag local)
{
    struct eas_date wall = home_wall(reader, moment);

    ical_put_dashed(reader->data, utc, home_instant(reader, moment));
    ical_put_dashed(reader->data, local, eas_date_seconds(&wall));
}

static bool read_moment(struct reader *reader, icalproperty_kind kind, struct ical_moment *moment, bool *has)
{
    icalproperty *property = ical_property(reader->todo, kind);

    *has = property != NULL;
    return !property || ical_moment_read(reader->file, property, moment, reader->reason);
}

static bool read_dates(struct reader *reader)
{
    icalproperty *duration = ical_property(reader->todo, ICAL_DURATION_PROPERTY);

    if (!read_moment(reader, ICAL_DTSTART_PROPERTY, &reader->start, &reader->has_start) ||
        !read_moment(reader, ICAL_DUE_PROPERTY, &reader->due, &reader->has_due))
        return false;
    if (!reader->has_due && reader->has_start && duration) {
        gint64 seconds = ical_duration(icalproperty_get_duration(duration));
        reader->due = reader->start;
        reader->due.instant += seconds;
        reader->due.wall = eas_date_from_seconds(eas_date_seconds(&reader->start.wall) + seconds);
        reader->has_due = true;
    }
    if (reader->has_start && reader->has_due && reader->due.instant < reader->start.instant &&
        reader->due.is_day == reader->start.is_day) {
        *reader->reason = g_strdup("the task is due before it starts");
        return false;
    }
    if (reader->has_start)
        put_moment(reader, &reader->start, TAG_Tasks_UtcStartDate, TAG_Tasks_StartDate);
    if (reader->has_due)
        put_moment(reader, &reader->due, TAG_Tasks_UtcDueDate, TAG_Tasks_DueDate);
    return true;
}

/* COMPLETED, else now: the protocol wants a date of what is done (MS-ASTASK 2.2.2.8). */
static bool read_status(struct reader *reader)
{
    icalproperty *status = ical_property(reader->todo, ICAL_STATUS_PROPERTY);
    icalproperty *percent = ical_property(reader->todo, ICAL_PERCENTCOMPLETE_PROPERTY);
    icalproperty *completed = ical_property(reader->todo, ICAL_COMPLETED_PROPERTY);
    g_autofree char *word = status ? icalproperty_get_value_as_string_r(status) : NULL;
    bool done;

    if (word && !g_ascii_strcasecmp(word, "CANCELLED")) {
        *reader->reason = g_strdup("ActiveSync has no place for a cancelled task (STATUS:CANCELLED)");
        return false;
    }
    if (word)
        done = !g_ascii_strcasecmp(word, "COMPLETED");
    else
        done = completed || (percent && icalproperty_get_percentcomplete(percent) == 100);
    ical_put_number(reader->data, TAG_Tasks_Complete, done);
    if (!done)
        return true;
    struct ical_moment moment;
    if (completed && !ical_moment_read(reader->file, completed, &moment, reader->reason))
        return false;
    if (completed)
        ical_put_dashed(reader->data, TAG_Tasks_DateCompleted, moment.instant);
    else if (reader->file->context->now)
        ical_put_dashed(reader->data, TAG_Tasks_DateCompleted, reader->file->context->now);
    return true;
}

/* 1 to 4 are high, 5 and none normal, 6 to 9 low (RFC 5545 3.8.1.9). */
static void read_priority(struct reader *reader)
{
    icalproperty *property = ical_property(reader->todo, ICAL_PRIORITY_PROPERTY);
    int priority = property ? icalproperty_get_priority(property) : 0;

    ical_put_number(reader->data, TAG_Tasks_Importance, priority >= 1 && priority <= 4 ? 2 : priority >= 6 ? 0 : 1);
}

/* ---- recurrence ---- */

/* A rule is an RRULE, or stands in a property that no calendar repeats by (task.c). */
static bool parse_x_rule(struct reader *reader, const char *name, struct icalrecurrencetype *rule)
{
    g_autofree char *text = ical_x_text(reader->todo, name);

    if (!text)
        return false;
    *rule = icalrecurrencetype_from_string(text);
    return rule->freq != ICAL_NO_RECURRENCE;
}

static bool check_recurrence(struct reader *reader)
{
    static const struct {
        icalproperty_kind kind;
        const char *what;
    } foreign[] = {
        {ICAL_RDATE_PROPERTY, "single dates of a series (RDATE)"},
        {ICAL_EXRULE_PROPERTY, "rules of what is left out (EXRULE)"},
        {ICAL_EXDATE_PROPERTY, "occurrences of a task that are left out (EXDATE)"},
        {ICAL_RECURRENCEID_PROPERTY, "occurrences of a task that are changed (RECURRENCE-ID)"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
        if (!ical_property(reader->todo, foreign[i].kind))
            continue;
        *reader->reason = g_strdup_printf("ActiveSync has no place for %s", foreign[i].what);
        return false;
    }
    return true;
}

static char *read_until(const struct reader *reader, const struct icalrecurrencetype *rule)
{
    struct icaltimetype until = rule->until;

    if (icaltime_is_null_time(until) || rule->count > 0)
        return NULL;
    struct ical_moment moment = {.is_day = until.is_date, .is_floating = !icaltime_is_utc(until), .zone = zone_utc()};
    moment.wall = (struct eas_date){until.year, until.month, until.day, until.hour, until.minute, until.second, 0};
    if (until.is_date)
        moment.wall.hour = moment.wall.minute = moment.wall.second = 0;
    moment.instant = eas_date_seconds(&moment.wall);
    struct eas_date wall = home_wall(reader, &moment);
    g_autoptr(eas_node) holder = eas_node_new(TAG_Tasks_Recurrence, NULL);
    ical_put_dashed(holder, TAG_Tasks_Until, eas_date_seconds(&wall));
    return g_strdup(holder->first->text);
}

static bool read_recurrence(struct reader *reader)
{
    icalproperty *property = ical_property(reader->todo, ICAL_RRULE_PROPERTY);
    g_autofree char *unsupported = ical_x_text(reader->todo, ICAL_X_UNSUPPORTED);
    struct icalrecurrencetype rule;
    struct eas_recurrence recurrence;
    bool regenerates = false, dead = false;

    if (!check_recurrence(reader))
        return false;
    if (property)
        rule = icalproperty_get_rrule(property);
    else if (parse_x_rule(reader, "X-EAS-REGENERATE", &rule))
        regenerates = true;
    else if (parse_x_rule(reader, "X-EAS-DEAD-OCCUR", &rule))
        dead = true;
    else {
        /* What no RRULE could say is as the server has it: a Recurrence of no Type (recurrence_meaning). */
        if (unsupported)
            eas_node_add(eas_node_append(reader->data, eas_node_new(TAG_Tasks_Recurrence, NULL)), TAG_Tasks_Type, NULL);
        return true;
    }
    struct ical_moment first = reader->has_start ? reader->start : reader->due;
    if (!reader->has_start && !(reader->has_due && !property)) {
        if (!property)
            return true;
        *reader->reason = g_strdup("the task repeats and has no DTSTART to count from");
        return false;
    }
    struct eas_date wall = home_wall(reader, &first);
    if (!recurrence_from_rrule(&rule, &wall, reader->file->context->version, &recurrence, reader->reason))
        return false;
    if (recurrence.occurrences > MOST_OCCURRENCES) {
        *reader->reason = g_strdup_printf("a task repeats at most %d times in ActiveSync", MOST_OCCURRENCES);
        return false;
    }
    g_autofree char *until = read_until(reader, &rule);
    recurrence.until = until;
    recurrence.start = eas_node_text(reader->data, reader->has_start ? TAG_Tasks_StartDate : TAG_Tasks_DueDate);
    recurrence.regenerate = regenerates;
    recurrence.dead_occur = dead;
    recurrence_write(reader->data, TAG_Tasks_Recurrence, &recurrence);
    return true;
}

/* ---- the reminder ---- */

static bool alarm_instant(const struct reader *reader, icalcomponent *alarm, gint64 *instant)
{
    icalproperty *trigger = icalcomponent_get_first_property(alarm, ICAL_TRIGGER_PROPERTY);
    struct icaltriggertype when = icalproperty_get_trigger(trigger);
    g_autofree char *related = ical_parameter(trigger, "RELATED");

    if (!icaltime_is_null_time(when.time)) {
        struct eas_date date = {
            when.time.year, when.time.month, when.time.day, when.time.hour, when.time.minute, when.time.second, 0};
        if (date.year < 1601 || date.year > 4500)
            return false;
        *instant = eas_date_seconds(&date);
        return true;
    }
    bool by_end = related && !g_ascii_strcasecmp(related, "END");
    if (by_end ? !reader->has_due : !reader->has_start)
        return false;
    *instant = home_instant(reader, by_end ? &reader->due : &reader->start) + ical_duration(when.duration);
    return true;
}

static void read_reminder(struct reader *reader)
{
    icalcomponent *alarm = icalcomponent_get_first_component(reader->todo, ICAL_VALARM_COMPONENT);
    gint64 instant;

    for (; alarm; alarm = icalcomponent_get_next_component(reader->todo, ICAL_VALARM_COMPONENT)) {
        if (!ical_is_reminder(alarm, ICAL_VTODO_COMPONENT, NULL) || !alarm_instant(reader, alarm, &instant))
            continue;
        ical_put_number(reader->data, TAG_Tasks_ReminderSet, 1);
        ical_put_dashed(reader->data, TAG_Tasks_ReminderTime, instant);
        return;
    }
    ical_put_number(reader->data, TAG_Tasks_ReminderSet, 0);
}

static bool read_task(const char *bytes, size_t length, const struct file_context *context, struct written *written,
                      char **reason)
{
    g_auto(ical_file) file = {0};

    if (!ical_file_read(bytes, length, ICAL_VTODO_COMPONENT, context, &file, reason))
        return false;
    struct reader reader = {.file = &file, .reason = reason};
    reader.todo = icalcomponent_get_first_component(file.calendar, ICAL_VTODO_COMPONENT);
    if (icalcomponent_count_components(file.calendar, ICAL_VTODO_COMPONENT) > 1) {
        *reason = g_strdup("ActiveSync has no place for occurrences of a task that are changed (RECURRENCE-ID)");
        return false;
    }
    written->data = reader.data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    written->uid = ical_uid(&file, ICAL_VTODO_COMPONENT);
    g_autofree char *subject = ical_text(reader.todo, ICAL_SUMMARY_PROPERTY);
    ical_put_text(reader.data, TAG_Tasks_Subject, subject);
    ical_put_body(reader.data, reader.todo);
    ical_put_class(reader.data, reader.todo, TAG_Tasks_Sensitivity);
    read_priority(&reader);
    if (!read_dates(&reader) || !read_status(&reader) || !read_recurrence(&reader))
        return false;
    read_reminder(&reader);
    return ical_put_categories(reader.data, reader.todo, TAG_Tasks_Categories, TAG_Tasks_Category, reason);
}

/* ---- properties ---- */

/* The local date where both sides have one, else the instant. */
static bool same_date(const struct edit_property *property, const struct eas_node *one, const struct eas_node *other)
{
    struct task_dates dates[2] = {task_dates_read(one), task_dates_read(other)};
    const struct eas_node *data[2] = {one, other};
    struct eas_date seen[2];
    bool start = property->tags[0] == TAG_Tasks_StartDate, has[2], local = true;

    for (int i = 0; i < 2; i++) {
        has[i] = start ? dates[i].has_start : dates[i].has_due;
        seen[i] = start ? dates[i].start : dates[i].due;
        local = local && dates[i].form != ICAL_UTC;
    }
    if (!has[0] || !has[1])
        return has[0] == has[1];
    for (int i = 0; i < 2 && !local; i++)
        if (!task_date_read(data[i], property->tags[1], &seen[i]))
            return false;
    return eas_date_seconds(&seen[0]) == eas_date_seconds(&seen[1]);
}

static char *recurrence_value(const struct edit_property *property, const struct eas_node *data)
{
    const struct eas_node *node = eas_node_child(data, property->tags[0]);
    struct task_dates dates = task_dates_read(data);
    struct eas_date start = dates.has_start ? dates.start : dates.due, until;
    struct eas_recurrence recurrence;

    if (!node || !node->first)
        return NULL;
    recurrence_read(node, &recurrence);
    /* What is done of a series is one occurrence of it, also where a server does not say so. */
    recurrence.dead_occur |= eas_node_number(data, TAG_Tasks_Complete, 0) == 1;
    if (!dates.has_start && !dates.has_due)
        start = (struct eas_date){.year = 1970, .month = 1, .day = 1};
    g_autofree char *meaning = recurrence_meaning(&recurrence, &start);
    if (recurrence.occurrences != RECURRENCE_UNSAID || !eas_date_read(recurrence.until, &until))
        return g_steal_pointer(&meaning);
    return g_strdup_printf("%s;UNTIL=%" G_GINT64_FORMAT, meaning, recurrence_last_day(&until, &start));
}

/* A date that one side lacks is what the other says. */
static bool same_completion(const struct edit_property *property, const struct eas_node *one,
                            const struct eas_node *other)
{
    g_autofree char *first = edit_date(property, one);
    g_autofree char *second = edit_date(property, other);

    return !first || !second || g_str_equal(first, second);
}

static char *reminder_value(const struct edit_property *property, const struct eas_node *data)
{
    struct eas_date date;

    if (eas_node_number(data, property->tags[0], 0) != 1 || !task_date_read(data, property->tags[1], &date))
        return NULL;
    return g_strdup_printf("%" G_GINT64_FORMAT, eas_date_seconds(&date));
}

static const struct edit_property properties[] = {
    {"Subject", {TAG_Tasks_Subject}, edit_text, .by_empty = true},
    {"Body", {TAG_AirSyncBase_Body, TAG_Tasks_Body}, edit_body, .by_empty = true},
    {"StartDate", {TAG_Tasks_StartDate, TAG_Tasks_UtcStartDate}, .same = same_date},
    {"DueDate", {TAG_Tasks_DueDate, TAG_Tasks_UtcDueDate}, .same = same_date},
    {"Recurrence", {TAG_Tasks_Recurrence}, recurrence_value},
    {"Complete", {TAG_Tasks_Complete, TAG_Tasks_DateCompleted}, edit_number},
    {"DateCompleted", {TAG_Tasks_DateCompleted}, .same = same_completion},
    {"Importance", {TAG_Tasks_Importance}, edit_number, .fallback = 1},
    {"Sensitivity", {TAG_Tasks_Sensitivity}, edit_number},
    {"Categories", {TAG_Tasks_Categories}, edit_list, .child = TAG_Tasks_Category, .by_empty = true},
    {"Reminder", {TAG_Tasks_ReminderSet, TAG_Tasks_ReminderTime}, reminder_value},
};

static const eas_tag server_only[] = {TAG_AirSyncBase_NativeBodyType,
                                      TAG_Tasks_BodySize,
                                      TAG_Tasks_BodyTruncated,
                                      TAG_Tasks_CompressedRTF,
                                      TAG_Tasks_OrdinalDate,
                                      TAG_Tasks_SubOrdinalDate,
                                      EAS_TAG_NONE};

/* To complete an occurrence is to say so of the series: the server makes the next one (MS-ASTASK 3.1.5). */
static void outgoing(struct eas_node *data, enum eas_version version, const struct eas_node *base,
                     const char *client_uid)
{
    struct eas_node *recurrence = eas_node_child(data, TAG_Tasks_Recurrence);
    bool done = eas_node_number(data, TAG_Tasks_Complete, 0) == 1;

    (void)version, (void)client_uid;
    if (recurrence && base && done && !eas_node_number(base, TAG_Tasks_Complete, 0) &&
        !eas_node_child(recurrence, TAG_Tasks_DeadOccur))
        eas_node_add(recurrence, TAG_Tasks_DeadOccur, "1");
    if (!done)
        edit_take_all(data, TAG_Tasks_DateCompleted);
}

const struct edit_class edit_tasks = {
    .read = read_task,
    .properties = properties,
    .property_count = G_N_ELEMENTS(properties),
    .server_only = server_only,
    .outgoing = outgoing,
    .refresh = ical_refresh,
};
