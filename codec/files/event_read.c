/* Events from VEVENT: event.c's mapping, the other way: identity, times and recurrence. */
#include <libical/ical.h>

#include "codec/files/event_edit.h"
#include "codec/files/event_fields.h"
#include "codec/files/event_series.h"
#include "codec/limits.h"

enum { DAY = 86400 };

/* A file being read: the series or single event, and its changed occurrences. */
struct reading {
    const struct ical_file *file;
    icalcomponent *master;
    struct eas_node *data;
    struct ical_moment start; /* the master's */
    struct zone zone;         /* in which its occurrences are reckoned; of days: UTC */
    struct zone midnights;    /* whose midnights stand for days */
    gint64 end;
    bool recurs, unsupported;
    struct icalrecurrencetype rule;
    gint64 until;
    char **reason;
};

static bool refuse(const struct reading *reading, const char *sentence)
{
    *reading->reason = g_strdup(sentence);
    return false;
}

/* ---- times ---- */

/* DTEND, else DURATION, else a day, or no time at all (RFC 5545 3.6.1). Days end with the day after the last one. A
 * time without a zone is meant in the start's. */
static bool read_end(const struct reading *reading, icalcomponent *component, const struct ical_moment *start,
                     gint64 *end)
{
    icalproperty *dtend = ical_property(component, ICAL_DTEND_PROPERTY);
    icalproperty *duration = ical_property(component, ICAL_DURATION_PROPERTY);
    struct ical_moment moment;

    *end = start->instant;
    if (dtend) {
        if (!ical_moment_read(reading->file, dtend, &moment, reading->reason))
            return false;
        if (moment.is_day != start->is_day)
            return refuse(reading, start->is_day ? "the event begins on a day (DTSTART) and ends at a time (DTEND)"
                                                 : "the event begins at a time (DTSTART) and ends on a day (DTEND)");
        *end = moment.is_floating ? zone_instant(&start->zone, &moment.wall) : moment.instant;
    } else if (duration) {
        gint64 seconds = ical_duration(icalproperty_get_duration(duration));
        if (start->is_day && seconds % DAY)
            return refuse(reading, "an all-day event lasts whole days, and its DURATION says otherwise");
        *end = start->instant + seconds;
    }
    if (*end < start->instant)
        return refuse(reading, "the event ends before it starts");
    if (start->is_day && *end == start->instant)
        *end += DAY;
    return true;
}

/* clock: where days of the item have their midnights. */
static void put_times(struct eas_node *data, const struct ical_moment *start, gint64 end, const struct zone *clock)
{
    struct eas_date past = eas_date_from_seconds(end);

    ical_put_number(data, TAG_Calendar_AllDayEvent, start->is_day);
    ical_put_compact(data, TAG_Calendar_StartTime, start->is_day ? zone_instant(clock, &start->wall) : start->instant);
    ical_put_compact(data, TAG_Calendar_EndTime, start->is_day ? zone_instant(clock, &past) : end);
}

static bool read_start(const struct reading *reading, icalcomponent *component, struct ical_moment *start)
{
    icalproperty *property = ical_property(component, ICAL_DTSTART_PROPERTY);

    return property ? ical_moment_read(reading->file, property, start, reading->reason)
                    : refuse(reading, "the event has no start (DTSTART)");
}

/* Days are midnights of a zone (MS-ASCAL 2.2.2.1): of the home zone where that is west of Greenwich, else of UTC. So
 * the instant is on that day both there and in UTC, for servers that go by their user's zone whatever Timezone says. */
static struct zone day_zone(const struct file_context *context)
{
    struct zone home;

    return context->home_zone && zone_by_name(context->home_zone, &home) && home.offset < 0 ? home : zone_utc();
}

/* A time of a series of days, reckoned in UTC, as the midnight that is told. */
static gint64 told(const struct reading *reading, gint64 instant)
{
    struct eas_date day = eas_date_from_seconds(instant);

    return reading->start.is_day ? zone_instant(&reading->midnights, &day) : instant;
}

static bool read_master_times(struct reading *reading)
{
    if (!read_start(reading, reading->master, &reading->start) ||
        !read_end(reading, reading->master, &reading->start, &reading->end))
        return false;
    reading->zone = reading->start.is_day ? zone_utc() : reading->start.zone;
    reading->midnights = reading->start.is_day ? day_zone(reading->file->context) : reading->zone;
    g_autofree char *blob = zone_blob(&reading->midnights, reading->start.wall.year);
    eas_node_add(reading->data, TAG_Calendar_Timezone, blob);
    if (reading->start.is_day)
        reading->midnights = zone_from_blob(blob); /* as whoever gets it reckons */
    put_times(reading->data, &reading->start, reading->end, &reading->midnights);
    return true;
}

/* ---- recurrence ---- */

static bool check_recurrence(const struct reading *reading)
{
    static const struct {
        icalproperty_kind kind;
        const char *sentence;
    } foreign[] = {
        {ICAL_RDATE_PROPERTY, "ActiveSync has no place for single dates of a series (RDATE)"},
        {ICAL_EXRULE_PROPERTY, "ActiveSync has no place for rules of what is left out (EXRULE)"},
    };
    icalcomponent *master = reading->master;

    for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++)
        if (ical_property(master, foreign[i].kind))
            return refuse(reading, foreign[i].sentence);
    if (icalcomponent_count_properties(master, ICAL_RRULE_PROPERTY) > 1)
        return refuse(reading, "ActiveSync has no place for several rules of one series (RRULE)");
    return true;
}

/* UNTIL as an instant; of a series of days as a day. A day that ends a series of times is there to its end. */
static gint64 read_until(const struct reading *reading)
{
    struct icaltimetype until = reading->rule.until;
    struct eas_date wall = {until.year, until.month, until.day, until.hour, until.minute, until.second, 0};

    if (icaltime_is_null_time(until) || reading->rule.count > 0 ||
        !g_date_valid_dmy((GDateDay)until.day, (GDateMonth)until.month, (GDateYear)until.year))
        return G_MAXINT64;
    if (reading->start.is_day) {
        wall.hour = wall.minute = wall.second = 0;
        return eas_date_seconds(&wall);
    }
    if (icaltime_is_utc(until))
        return eas_date_seconds(&wall);
    if (until.is_date) {
        wall.hour = 23;
        wall.minute = wall.second = 59;
    }
    return zone_instant(&reading->zone, &wall);
}

static bool read_recurrence(struct reading *reading)
{
    icalproperty *property = ical_property(reading->master, ICAL_RRULE_PROPERTY);
    g_autofree char *unsupported = ical_x_text(reading->master, ICAL_X_UNSUPPORTED);
    struct eas_recurrence recurrence;

    if (!check_recurrence(reading))
        return false;
    if (!property) {
        /* What no RRULE could say is as the server has it: a Recurrence of no Type (recurrence_meaning). */
        reading->unsupported = unsupported != NULL;
        if (unsupported)
            eas_node_add(eas_node_append(reading->data, eas_node_new(TAG_Calendar_Recurrence, NULL)), TAG_Calendar_Type,
                         NULL);
        return true;
    }
    reading->recurs = true;
    reading->rule = icalproperty_get_rrule(property);
    struct eas_date wall = zone_wall(&reading->zone, reading->start.instant);
    if (!recurrence_from_rrule(&reading->rule, &wall, reading->file->context->version, &recurrence, reading->reason))
        return false;
    reading->until = read_until(reading);
    if (reading->until < reading->start.instant)
        return refuse(reading, "the series ends (UNTIL) before it starts");
    g_autoptr(eas_node) holder = eas_node_new(TAG_Calendar_Recurrence, NULL);
    if (reading->until != G_MAXINT64)
        ical_put_compact(holder, TAG_Calendar_Until, told(reading, reading->until));
    recurrence.until = eas_node_text(holder, TAG_Calendar_Until);
    recurrence_write(reading->data, TAG_Calendar_Recurrence, &recurrence);
    return true;
}

/* ---- occurrences ---- */

/* An EXDATE or RECURRENCE-ID as the start of an occurrence: a day of a series of times is its occurrence on that day, a
 * time in a series of days the day it falls on. */
static bool read_original(const struct reading *reading, icalproperty *property, gint64 *original)
{
    struct ical_moment moment;

    if (!ical_moment_read(reading->file, property, &moment, reading->reason))
        return false;
    if (reading->start.is_day) {
        moment.wall.hour = moment.wall.minute = moment.wall.second = 0;
        *original = eas_date_seconds(&moment.wall);
    } else if (moment.is_day) {
        struct eas_date wall = zone_wall(&reading->zone, reading->start.instant);
        moment.wall.hour = wall.hour;
        moment.wall.minute = wall.minute;
        moment.wall.second = wall.second;
        *original = zone_instant(&reading->zone, &moment.wall);
    } else {
        *original = moment.is_floating ? zone_instant(&reading->zone, &moment.wall) : moment.instant;
    }
    return true;
}

static struct eas_node *add_exception(struct eas_node *list, gint64 original)
{
    struct eas_node *exception = eas_node_append(list, eas_node_new(TAG_Calendar_Exception, NULL));

    ical_put_compact(exception, TAG_Calendar_ExceptionStartTime, original);
    return exception;
}

static bool read_deleted(const struct reading *reading, GArray *originals)
{
    icalproperty *property = ical_property(reading->master, ICAL_EXDATE_PROPERTY);
    gint64 original;

    for (; property; property = icalcomponent_get_next_property(reading->master, ICAL_EXDATE_PROPERTY)) {
        if (!read_original(reading, property, &original))
            return false;
        g_array_append_val(originals, original);
    }
    return true;
}

/* The VEVENT as a whole event of its own, then what of it differs from the series. */
static bool read_override(const struct reading *reading, icalcomponent *component, gint64 original,
                          struct eas_node *list)
{
    g_autoptr(eas_node) full = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    struct event_reader fields = {reading->file, component, full, reading->reason};
    struct ical_moment start;
    gint64 end;

    if (!read_start(reading, component, &start) || !read_end(reading, component, &start, &end))
        return false;
    eas_node_append(full, eas_node_copy(eas_node_child(reading->data, TAG_Calendar_Timezone)));
    put_times(full, &start, end, &reading->midnights);
    if (!event_read_fields(&fields))
        return false;
    g_autoptr(eas_node) plain = event_occurrence(reading->data, told(reading, original), NULL);
    event_put_differences(add_exception(list, told(reading, original)), plain, full);
    return true;
}

static bool check_attendees(const struct reading *reading, const struct eas_node *list)
{
    enum eas_version version = reading->file->context->version;

    if (version >= EAS_14_0 || version == EAS_NO_VERSION)
        return true;
    for (const struct eas_node *node = list->first; node; node = node->next)
        if (eas_node_child(node, TAG_Calendar_Attendees))
            return refuse(reading, "one occurrence has other attendees than its series, which needs version 14.0");
    return true;
}

static bool read_overrides(const struct reading *reading, struct eas_node *list, GArray *originals)
{
    icalcomponent *component = icalcomponent_get_first_component(reading->file->calendar, ICAL_VEVENT_COMPONENT);

    for (; component; component = icalcomponent_get_next_component(reading->file->calendar, ICAL_VEVENT_COMPONENT)) {
        icalproperty *id = ical_property(component, ICAL_RECURRENCEID_PROPERTY);
        gint64 original;
        if (!id)
            continue;
        g_autofree char *range = ical_parameter(id, "RANGE");
        if (range)
            return refuse(reading,
                          "ActiveSync has no place for changes of all occurrences from one on (RANGE=THISANDFUTURE)");
        if (!reading->recurs && !reading->unsupported)
            return refuse(reading, "an occurrence is changed (RECURRENCE-ID) of an event that does not recur");
        if (!read_original(reading, id, &original))
            return false;
        for (guint i = 0; i < originals->len; i++)
            if (g_array_index(originals, gint64, i) == original)
                return refuse(reading, "one occurrence is changed twice (RECURRENCE-ID)");
        g_array_append_val(originals, original);
        if (!read_override(reading, component, original, list))
            return false;
    }
    return check_attendees(reading, list);
}

/* Whether every occurrence that is spoken of is one: a change of another would be an event more. To leave out what is
 * none changes nothing (RFC 5545 3.8.5.1: a set less what is not in it), and rules that were changed leave such EXDATEs
 * behind in many a calendar: they are kept in the file, and not sent. */
static bool check_occurrences(const struct reading *reading, const GArray *changed, const GArray *deleted,
                              struct eas_node *list)
{
    guint count = changed->len + deleted->len;
    g_autofree gint64 *instants = g_new(gint64, count + 1);
    g_autofree bool *found = g_new0(bool, count + 1);
    struct eas_date wall = zone_wall(&reading->zone, reading->start.instant);

    for (guint i = 0; i < count; i++)
        instants[i] =
            i < changed->len ? g_array_index(changed, gint64, i) : g_array_index(deleted, gint64, i - changed->len);
    if (!event_occurrences(reading->rule, &reading->zone, &wall, reading->start.is_day, reading->until, instants, found,
                           count))
        return refuse(reading, "the series starts on a date that its rule does not have, which ActiveSync would move");
    for (guint i = 0; i < changed->len; i++)
        if (!found[i])
            return refuse(reading, "an occurrence is changed (RECURRENCE-ID) that the rule does not have");
    for (guint i = changed->len; i < count; i++)
        if (found[i] && !event_exception(reading->data, instants[i])) {
            struct eas_node *exception = add_exception(list, told(reading, instants[i]));
            eas_node_add(exception, TAG_Calendar_Deleted, "1");
        }
    return true;
}

static bool read_occurrences(const struct reading *reading)
{
    g_autoptr(GArray) changed = g_array_new(false, false, sizeof(gint64));
    g_autoptr(GArray) deleted = g_array_new(false, false, sizeof(gint64));
    struct eas_node *list = eas_node_new(TAG_Calendar_Exceptions, NULL);
    bool good = read_overrides(reading, list, changed) && (!reading->recurs || read_deleted(reading, deleted));

    if (good && changed->len + deleted->len > LIMIT_EXCEPTIONS) {
        *reading->reason = g_strdup_printf("more than %d occurrences are changed or left out", LIMIT_EXCEPTIONS);
        good = false;
    }
    eas_node_append(reading->data, list);
    good = good && (!reading->recurs || check_occurrences(reading, changed, deleted, list));
    if (!list->first)
        edit_take_all(reading->data, TAG_Calendar_Exceptions);
    return good;
}

/* ---- the whole ---- */

static bool find_master(struct reading *reading)
{
    icalcomponent *component = icalcomponent_get_first_component(reading->file->calendar, ICAL_VEVENT_COMPONENT);

    for (; component; component = icalcomponent_get_next_component(reading->file->calendar, ICAL_VEVENT_COMPONENT)) {
        if (ical_property(component, ICAL_RECURRENCEID_PROPERTY))
            continue;
        if (reading->master)
            return refuse(reading, "the file holds two events of one UID; one file is one item");
        reading->master = component;
    }
    return reading->master || refuse(reading, "the file holds a changed occurrence (RECURRENCE-ID) without its series");
}

/* What was pasted from a mail and is no event to keep (RFC 5546). */
static bool check_method(const struct reading *reading)
{
    static const char *const kept[] = {"PUBLISH", "REQUEST"};
    g_autofree char *method = ical_text(reading->file->calendar, ICAL_METHOD_PROPERTY);

    if (!method || ical_word(method, kept, G_N_ELEMENTS(kept)) >= 0)
        return true;
    g_autofree char *shown = g_ascii_strup(method, (gssize)MIN(strlen(method), LIMIT_REASON_BYTES));
    *reading->reason = g_strdup_printf("the file is a mail's METHOD:%s and no event of its own", shown);
    return false;
}

static void put_identity(const struct reading *reading, const char *uid)
{
    icalproperty *stamp = ical_property(reading->master, ICAL_DTSTAMP_PROPERTY);
    g_autofree char *unread = NULL;
    struct ical_moment moment;

    ical_put_text(reading->data, TAG_Calendar_UID, uid);
    if (stamp && ical_moment_read(reading->file, stamp, &moment, &unread))
        ical_put_compact(reading->data, TAG_Calendar_DtStamp, moment.instant);
    else if (reading->file->context->now)
        ical_put_compact(reading->data, TAG_Calendar_DtStamp, reading->file->context->now);
}

/* Up to 14.1 the server keeps the UID itself. */
static bool check_uid(const struct reading *reading, const char *uid)
{
    enum eas_version version = reading->file->context->version;

    if (version >= EAS_16_0 || !uid || strlen(uid) <= LIMIT_UID_BYTES)
        return true;
    return refuse(reading, "its UID is longer than the 300 characters that the server keeps");
}

bool event_read(const char *bytes, size_t length, const struct file_context *context, struct written *written,
                char **reason)
{
    g_auto(ical_file) file = {0};
    struct reading reading = {.file = &file, .reason = reason, .until = G_MAXINT64};

    if (!ical_file_read(bytes, length, ICAL_VEVENT_COMPONENT, context, &file, reason) || !check_method(&reading) ||
        !find_master(&reading))
        return false;
    written->data = reading.data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    written->uid = ical_uid(&file, ICAL_VEVENT_COMPONENT);
    struct event_reader fields = {&file, reading.master, reading.data, reason};

    if (!check_uid(&reading, written->uid))
        return false;
    put_identity(&reading, written->uid);
    return read_master_times(&reading) && event_read_fields(&fields) && read_recurrence(&reading) &&
           read_occurrences(&reading);
}
