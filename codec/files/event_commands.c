/* What travels for an event: the whole of it up to 14.1, what changed from 16.0 on. */
#include "codec/files/event_edit.h"
#include "codec/files/event_exceptions.h"
#include "codec/files/event_fields.h"
#include "codec/files/event_series.h"
#include "codec/limits.h"

/* ---- the version's form ---- */

/* Elsewhere (4) can only be read (MS-ASCAL 2.2.2.9). */
static void mend_busy(struct eas_node *data)
{
    long long busy = eas_node_number(data, TAG_Calendar_BusyStatus, 0);

    if (busy >= 0 && busy <= 3)
        return;
    edit_take_all(data, TAG_Calendar_BusyStatus);
    eas_node_add(data, TAG_Calendar_BusyStatus, "2");
}

/* An Exception without times is where its series has it (MS-ASCAL 2.2.2.42), but some servers take it to the series'
 * first day: so it says them. */
static void put_exception_times(struct eas_node *exception, const struct eas_node *data)
{
    static const eas_tag times[] = {TAG_Calendar_StartTime, TAG_Calendar_EndTime};
    gint64 original;

    if (eas_node_number(exception, TAG_Calendar_Deleted, 0) == 1 || !event_original(exception, &original))
        return;
    g_autoptr(eas_node) occurrence = event_occurrence_at(data, event_original_key(data, original));
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        if (!eas_node_child(exception, times[i]))
            eas_node_add(exception, times[i], eas_node_text(occurrence, times[i]));
}

/* An Exception goes with what an event goes with, but its Attendees came with 14.0 (MS-ASCAL 2.2.2.4). */
static void mend_exceptions(struct eas_node *data, enum eas_version version)
{
    struct eas_node *list = eas_node_child(data, TAG_Calendar_Exceptions);

    for (struct eas_node *node = list ? list->first : NULL; node; node = node->next) {
        put_exception_times(node, data);
        edit_trim_body(node);
        mend_busy(node);
        if (version < EAS_14_0)
            edit_take_all(node, TAG_Calendar_Attendees);
    }
}

/* The text of up to 14.1 from the container, which an item may have from a newer version. */
static void mend_location(struct eas_node *data)
{
    if (!eas_node_child(data, TAG_AirSyncBase_Location))
        return;
    g_autofree char *text = event_location(data);
    edit_take_all(data, TAG_AirSyncBase_Location);
    edit_take_all(data, TAG_Calendar_Location);
    eas_node_add(data, TAG_Calendar_Location, text);
}

static void drop_answers(struct eas_node *data)
{
    struct eas_node *list = eas_node_child(data, TAG_Calendar_Attendees);

    for (struct eas_node *node = list ? list->first : NULL; node; node = node->next)
        edit_take_all(node, TAG_Calendar_AttendeeStatus);
}

/* The last day of a series of days, as put_days has days. */
static void put_last_day(struct eas_node *data, const struct eas_node *source)
{
    struct eas_node *recurrence = eas_node_child(data, TAG_Calendar_Recurrence);
    struct eas_date until;

    if (eas_node_number(source, TAG_Calendar_AllDayEvent, 0) != 1 || !recurrence ||
        !eas_date_read(eas_node_text(recurrence, TAG_Calendar_Until), &until))
        return;
    struct eas_date day = event_until_wall(source, eas_date_seconds(&until));
    edit_take_all(recurrence, TAG_Calendar_Until);
    ical_put_compact(recurrence, TAG_Calendar_Until, eas_date_seconds(&day));
}

/* Days are told as days, not as midnights of a zone (MS-ASCAL 2.2.2.1). */
static void put_days(struct eas_node *data, const struct eas_node *source)
{
    struct event_times times;

    if (!eas_node_child(data, TAG_Calendar_StartTime) || !event_times_read(source, &times) || !times.all_day)
        return;
    edit_take_all(data, TAG_Calendar_Timezone);
    edit_take_all(data, TAG_Calendar_StartTime);
    edit_take_all(data, TAG_Calendar_EndTime);
    ical_put_compact(data, TAG_Calendar_StartTime, times.start);
    ical_put_compact(data, TAG_Calendar_EndTime, times.end);
}

/* From 16.0 on (MS-ASCAL 2.2.2) of what source means: the server gives UIDs and organizers and knows who answered what,
 * places are containers, days have no zone. */
static void to_16(struct eas_node *data, const struct eas_node *source)
{
    static const eas_tag servers[] = {TAG_Calendar_UID,           TAG_Calendar_DtStamp,
                                      TAG_Calendar_OrganizerName, TAG_Calendar_OrganizerEmail,
                                      TAG_Calendar_Exceptions,    TAG_Calendar_ResponseType};
    struct eas_node *location = eas_node_take(data, TAG_Calendar_Location);

    for (size_t i = 0; i < G_N_ELEMENTS(servers); i++)
        edit_take_all(data, servers[i]);
    if (location) {
        edit_take_all(data, TAG_AirSyncBase_Location);
        struct eas_node *place = eas_node_append(data, eas_node_new(TAG_AirSyncBase_Location, NULL));
        eas_node_add(place, TAG_AirSyncBase_DisplayName, location->text);
        eas_node_free(location);
    }
    put_last_day(data, source);
    put_days(data, source);
    drop_answers(data);
    if (eas_node_child(data, TAG_Calendar_BusyStatus))
        mend_busy(data);
    edit_trim_body(data);
}

/* ---- up to 14.1 ---- */

static void write_exceptions(struct eas_node *whole, const struct eas_node *base, const struct eas_node *mine)
{
    bool unsupported = event_is_unsupported(mine);
    /* Of a rule that no file can tell, the server alone knows what is removed. */
    g_autoptr(GArray) keys = event_exception_keys(mine, unsupported ? base : NULL, NULL);

    edit_take_all(whole, TAG_Calendar_Exceptions);
    for (guint i = 0; i < keys->len; i++) {
        gint64 key = g_array_index(keys, gint64, i);
        const struct eas_node *kept = event_exception(base, key);
        if (event_exception(mine, key))
            event_add_exception(whole, mine, key, kept);
        else if (eas_node_number(kept, TAG_Calendar_Deleted, 0) == 1)
            event_add_exception(whole, base, key, kept);
    }
}

static void add_whole(GPtrArray *commands, enum eas_version version, const struct eas_node *base,
                      const struct eas_node *mine, const char *client_uid)
{
    struct eas_node *whole = edit_whole(&edit_calendar, base, mine);

    if (!whole)
        return;
    if (base)
        write_exceptions(whole, base, mine);
    if (!base && client_uid) {
        edit_take_all(whole, TAG_Calendar_UID);
        eas_node_add(whole, TAG_Calendar_UID, client_uid);
    }
    mend_location(whole);
    mend_busy(whole);
    mend_exceptions(whole, version);
    edit_drop_newer(whole, version);
    edit_add_command(commands, base ? ITEM_CHANGE : ITEM_ADD, NULL, whole);
    /* One family of servers takes an Add with its exceptions and forgets them. */
    if (!base && eas_node_child(whole, TAG_Calendar_Exceptions))
        edit_add_command(commands, ITEM_CHANGE, NULL, eas_node_copy(whole));
}

/* ---- from 16.0 on ---- */

/* An occurrence that is back again: no command undoes the removal of one, but a series that is told its
 * pattern anew has all of them (MS-ASCAL 3.1.5.1). */
static bool has_returned(const struct eas_node *base, const struct eas_node *mine)
{
    g_autoptr(GArray) keys = event_exception_keys(base, NULL, NULL);

    for (guint i = 0; i < keys->len; i++) {
        gint64 key = g_array_index(keys, gint64, i);
        const struct eas_node *mine_then = event_exception(mine, key);
        if (eas_node_number(event_exception(base, key), TAG_Calendar_Deleted, 0) == 1 &&
            eas_node_number(mine_then, TAG_Calendar_Deleted, 0) != 1 && !event_same_occurrence(base, mine, key))
            return true;
    }
    return false;
}

static bool is_pattern(const struct edit_property *property)
{
    return property->tags[0] == TAG_Calendar_StartTime || property->tags[0] == TAG_Calendar_Recurrence;
}

/* The series' own properties that differ, exceptions apart; all of them for an Add. */
static struct eas_node *series_change(const struct eas_node *base, const struct eas_node *mine, bool anew)
{
    struct eas_node *data =
        base ? eas_node_new(TAG_AirSync_ApplicationData, NULL) : edit_whole(&edit_calendar, NULL, mine);

    for (size_t i = 0; base && i < event_property_count; i++) {
        const struct edit_property *property = &event_properties[i];
        if (property->tags[0] == TAG_Calendar_Exceptions || !edit_is_sent(&edit_calendar, property) ||
            (edit_same(property, base, mine) && !(anew && is_pattern(property))))
            continue;
        edit_put(property, data, mine);
        if (eas_node_child(mine, property->tags[0]))
            continue;
        /* An empty Recurrence makes a single event of a series. */
        if (property->tags[0] == TAG_Calendar_Recurrence)
            eas_node_add(data, TAG_Calendar_Recurrence, NULL);
        else
            edit_clear(property, data);
    }
    return data;
}

static void add_occurrence(GPtrArray *commands, const struct eas_node *base, const struct eas_node *mine, gint64 key)
{
    /* What the server has after the series' own change: its exception, where the pattern left it one. */
    const struct eas_node *held = base ? event_exception(base, key) : NULL;
    bool gone = eas_node_number(held, TAG_Calendar_Deleted, 0) == 1;
    g_autoptr(eas_node) wanted = event_occurrence_at(mine, key);
    struct eas_date date = eas_date_from_seconds(key);
    g_autofree char *instance = ical_time(&date, ICAL_UTC);

    if (!wanted) {
        if (!gone)
            edit_add_command(commands, ITEM_DELETE, instance, NULL);
        return;
    }
    if (gone)
        return;
    g_autoptr(eas_node) there = event_occurrence(mine, event_original_of(mine, key), held);
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    event_put_differences(data, there, wanted);
    to_16(data, wanted);
    if (data->first)
        edit_add_command(commands, ITEM_CHANGE, instance, data);
    else
        eas_node_free(data);
}

/* At most 300 characters (MS-ASCAL 2.2.2.11); the server has a UID of its own anyway, and the file keeps the user's. */
static void add_client_uid(struct eas_node *series, const char *uid)
{
    g_autofree char *short_uid =
        strlen(uid) > LIMIT_UID_BYTES ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, uid, -1) : NULL;

    eas_node_add(series, TAG_Calendar_ClientUid, short_uid ? short_uid : uid);
}

static void add_parts(GPtrArray *commands, enum eas_version version, const struct eas_node *base,
                      const struct eas_node *mine, const char *client_uid)
{
    bool anew = base && (!event_same_pattern(base, mine) || has_returned(base, mine));
    struct eas_node *series = series_change(base, mine, anew);

    to_16(series, mine);
    edit_drop_newer(series, version);
    if (!base) {
        if (client_uid)
            add_client_uid(series, client_uid);
        /* Left out, it would be the mailbox's default (MS-ASCAL 2.2.2.38). */
        if (!eas_node_child(series, TAG_Calendar_Reminder))
            eas_node_add(series, TAG_Calendar_Reminder, NULL);
    }
    if (series->first)
        edit_add_command(commands, base ? ITEM_CHANGE : ITEM_ADD, NULL, series);
    else
        eas_node_free(series);
    if (!eas_node_child(mine, TAG_Calendar_Recurrence))
        return;
    const struct eas_node *held = anew ? NULL : base;
    g_autoptr(GArray) keys = event_exception_keys(mine, held, NULL);
    for (guint i = 0; i < keys->len; i++)
        add_occurrence(commands, held, mine, g_array_index(keys, gint64, i));
}

GPtrArray *event_commands(enum eas_version version, const struct eas_node *base, const struct eas_node *mine,
                          const char *client_uid)
{
    GPtrArray *commands = edit_no_commands();

    /* What only a server can tell, only that server has. */
    if (!base && event_is_unsupported(mine))
        return commands;
    if (version < EAS_16_0)
        add_whole(commands, version, base, mine, client_uid);
    else
        add_parts(commands, version, base, mine, client_uid);
    return commands;
}
