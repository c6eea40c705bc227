/* The calendar's properties: what two items have to say alike to mean the same. */
#include "codec/files/event_edit.h"

#include <string.h>

#include "codec/files/event_exceptions.h"
#include "codec/files/event_fields.h"
#include "codec/files/event_people.h"
#include "codec/files/event_series.h"
#include "codec/files/ical_refresh.h"

/* Instants, or days. The zone counts only where it moves later occurrences: of a single event it is how the time is
 * shown, which many servers replace by the user's own. */
static char *time_value(const struct edit_property *property, const struct eas_node *data)
{
    const struct eas_node *recurrence = eas_node_child(data, TAG_Calendar_Recurrence);
    struct event_times times;

    (void)property;
    if (!event_times_read(data, &times))
        return NULL;
    struct zone rules = zone_from_blob(eas_node_text(data, TAG_Calendar_Timezone));
    return g_strdup_printf("%d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s", times.all_day, times.start, times.end,
                           recurrence && recurrence->first && !times.all_day ? rules.name : "");
}

static char *recurrence_value(const struct edit_property *property, const struct eas_node *data)
{
    struct eas_recurrence recurrence;
    struct eas_date start, until;

    (void)property;
    if (!event_recurrence_read(data, &recurrence, &start))
        return NULL;
    g_autofree char *meaning = recurrence_meaning(&recurrence, &start);
    if (recurrence.occurrences != RECURRENCE_UNSAID || !eas_date_read(recurrence.until, &until))
        return g_steal_pointer(&meaning);
    struct eas_date last = event_until_wall(data, eas_date_seconds(&until));
    return g_strdup_printf("%s;UNTIL=%" G_GINT64_FORMAT, meaning, recurrence_last_day(&last, &start));
}

static char *location_value(const struct edit_property *property, const struct eas_node *data)
{
    g_autofree char *text = event_location(data);

    (void)property;
    return edit_text_of(text);
}

/* A number of one of the protocol's few; others count as the default. */
static char *choice_value(const struct edit_property *property, const struct eas_node *data)
{
    enum { MOST = 4 };
    long long number = eas_node_number(data, property->tags[0], property->fallback);

    return number < 0 || number > MOST || number == property->fallback ? NULL : g_strdup_printf("%lld", number);
}

static char *status_value(const struct edit_property *property, const struct eas_node *data)
{
    return eas_node_number(data, property->tags[0], 0) & MEETING_CANCELLED ? g_strdup("cancelled") : NULL;
}

static char *reminder_value(const struct edit_property *property, const struct eas_node *data)
{
    long long minutes = eas_node_number(data, property->tags[0], -1);

    return minutes < 0 || minutes > MAX_REMINDER_MINUTES ? NULL : g_strdup_printf("%lld", minutes);
}

static bool same_attendees(const struct edit_property *property, const struct eas_node *one,
                           const struct eas_node *other)
{
    (void)property;
    return event_same_attendees(one, other);
}

static bool same_organizer(const struct edit_property *property, const struct eas_node *one,
                           const struct eas_node *other)
{
    (void)property;
    return event_same_organizer(one, other);
}

static bool same_answer(const struct edit_property *property, const struct eas_node *one, const struct eas_node *other)
{
    (void)property;
    return event_answer(one, other) == event_answer(other, one);
}

/* Those of an event and of one occurrence alike. */
#define SHARED                                                                                                         \
    {"Subject", {TAG_Calendar_Subject}, edit_text, .by_empty = true},                                                  \
        {"Location", {TAG_Calendar_Location, TAG_AirSyncBase_Location}, location_value, .by_empty = true},             \
        {"Body", {TAG_AirSyncBase_Body, TAG_Calendar_Body}, edit_body, .by_empty = true},                              \
        {"Sensitivity", {TAG_Calendar_Sensitivity}, choice_value},                                                     \
        {"BusyStatus", {TAG_Calendar_BusyStatus}, choice_value, .fallback = 2},                                        \
        {"Status", {TAG_Calendar_MeetingStatus}, status_value},                                                        \
        {"Categories", {TAG_Calendar_Categories}, edit_list, .child = TAG_Calendar_Category, .by_empty = true},        \
        {"Reminder", {TAG_Calendar_Reminder}, reminder_value, .by_empty = true},                                       \
    {                                                                                                                  \
        "Attendees", {TAG_Calendar_Attendees, TAG_Calendar_MeetingStatus}, .same = same_attendees, .by_empty = true    \
    }

const struct edit_property event_properties[] = {
    {"Time",
     {TAG_Calendar_StartTime, TAG_Calendar_EndTime, TAG_Calendar_AllDayEvent, TAG_Calendar_Timezone},
     time_value},
    {"Recurrence", {TAG_Calendar_Recurrence}, recurrence_value},
    SHARED,
    {"Organizer", {TAG_Calendar_OrganizerEmail, TAG_Calendar_OrganizerName}, .same = same_organizer},
    {"ResponseType", {TAG_Calendar_ResponseType}, .same = same_answer},
    {"DisallowNewTimeProposal", {TAG_Calendar_DisallowNewTimeProposal}, edit_number},
    /* The last: its rows say in what they differ from what the others are then. */
    {"Exceptions", {TAG_Calendar_Exceptions}, .same = event_same_exceptions, .merge = event_merge_exceptions},
};
const size_t event_property_count = G_N_ELEMENTS(event_properties);

const struct edit_property occurrence_properties[] = {
    {"Time", {TAG_Calendar_StartTime, TAG_Calendar_EndTime, TAG_Calendar_AllDayEvent}, time_value},
    SHARED,
};
const size_t occurrence_property_count = G_N_ELEMENTS(occurrence_properties);

void event_put_differences(struct eas_node *exception, const struct eas_node *plain, const struct eas_node *full)
{
    for (size_t i = 0; i < occurrence_property_count; i++) {
        const struct edit_property *property = &occurrence_properties[i];
        if (edit_same(property, plain, full))
            continue;
        edit_put(property, exception, full);
        if (!eas_node_child(full, property->tags[0]) && !eas_node_child(exception, property->tags[0]))
            edit_clear(property, exception);
    }
}

bool event_same_property(const char *name, const struct eas_node *one, const struct eas_node *other)
{
    for (size_t i = 0; i < event_property_count; i++)
        if (g_str_equal(event_properties[i].name, name))
            return edit_same(&event_properties[i], one, other);
    return true;
}

bool event_same_pattern(const struct eas_node *one, const struct eas_node *other)
{
    return event_same_property("Time", one, other) && event_same_property("Recurrence", one, other);
}

bool event_is_unsupported(const struct eas_node *data)
{
    struct eas_recurrence recurrence;
    struct eas_date start;
    g_autofree char *reason = NULL;

    if (!event_recurrence_read(data, &recurrence, &start))
        return false;
    g_autofree char *rule = recurrence_rrule(&recurrence, NULL, &reason);
    return !rule;
}

/* Links and replies are the server's, the own answer goes by MeetingResponse, attachments by commands of their own. */
static const eas_tag server_only[] = {
    TAG_Calendar_ResponseType,
    TAG_Calendar_AppointmentReplyTime,
    TAG_Calendar_OnlineMeetingConfLink,
    TAG_Calendar_OnlineMeetingExternalLink,
    TAG_AirSyncBase_NativeBodyType,
    TAG_AirSyncBase_Attachments,
    TAG_Calendar_BodyTruncated,
    TAG_Calendar_CompressedRTF,
    EAS_TAG_NONE,
};

const struct edit_class edit_calendar = {
    .read = event_read,
    .properties = event_properties,
    .property_count = G_N_ELEMENTS(event_properties),
    .server_only = server_only,
    .commands = event_commands,
    .refresh = ical_refresh,
};
