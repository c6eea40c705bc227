/* An item of the Calendar class as VEVENTs (MS-ASCAL): the series, and an override for each occurrence
 * that differs. Up to 14.1 a client names them in Exceptions, from 16.0 on one by one by InstanceId;
 * either way they stand in Exceptions here, and each override is laid over the series anew. */
#include <string.h>

#include "contrib/easd/attachment.h"
#include "contrib/easd/edit_event.h"
#include "contrib/easd/edit_recurrence.h"
#include "contrib/easd/edit_zone.h"
#include "contrib/easd/recurrence.h"
#include "contrib/easd/times.h"

struct series {
    struct edit *edit;
    struct ical_edit ical;
    struct series_zone zone;
    char *tzid;           /* owned; zone.tzid */
    bool pattern;         /* when it happens is another time than before */
    GPtrArray *overrides; /* of icalcomponent: those of the file, until they are used again */
};

/* ---- the zone ---- */

static void keep_zone(struct series *series)
{
    icalproperty *start = icalcomponent_get_first_property(series->ical.master, ICAL_DTSTART_PROPERTY);
    icalparameter *tzid = start ? icalproperty_get_first_parameter(start, ICAL_TZID_PARAMETER) : NULL;
    struct ical_moment moment;

    ical_moment_read(&moment, series->ical.master, ICAL_DTSTART_PROPERTY, &series->edit->refusal);
    series->zone.zone = moment.date ? ical_file_only_zone(&series->ical.file) : moment.zone;
    if (tzid)
        series->tzid = g_strdup(icalparameter_get_tzid(tzid));
    else if (moment.date && series->zone.zone)
        series->tzid = g_strdup(icaltimezone_get_tzid(series->zone.zone));
}

static bool choose_zone(struct series *series)
{
    const char *blob = edit_text(series->edit->after, TAG_Calendar_Timezone);

    if (series->edit->before && !edit_differs(series->edit, TAG_Calendar_Timezone)) {
        keep_zone(series);
    } else if (blob) {
        series->zone.zone = zone_from_blob(series->ical.calendar, blob);
        if (!series->zone.zone)
            return edit_refuse(series->edit, "its Timezone is none");
        series->tzid = g_strdup(icaltimezone_get_tzid(series->zone.zone));
    }
    if (series->zone.zone == icaltimezone_get_utc_timezone())
        series->zone.zone = NULL;
    if (!series->zone.zone)
        g_clear_pointer(&series->tzid, g_free);
    series->zone.tzid = series->tzid;
    return true;
}

/* ---- occurrences ---- */

/* What an occurrence has of its own and not from the series. */
static bool of_series_only(eas_tag tag)
{
    static const eas_tag tags[] = {TAG_Calendar_Recurrence, TAG_Calendar_Exceptions,     TAG_Calendar_UID,
                                   TAG_Calendar_Timezone,   TAG_AirSyncBase_Attachments, TAG_Calendar_StartTime,
                                   TAG_Calendar_EndTime};

    for (size_t i = 0; i < G_N_ELEMENTS(tags); i++)
        if (tags[i] == tag)
            return true;
    return false;
}

static gint64 length_of(const struct eas_node *properties)
{
    gint64 from, to;

    return times_read(eas_node_text(properties, TAG_Calendar_StartTime), &from) &&
                   times_read(eas_node_text(properties, TAG_Calendar_EndTime), &to)
               ? to - from
               : 0;
}

/* All an occurrence says: the series with the exception laid over it. */
static struct eas_node *whole_occurrence(const struct eas_node *master, const struct eas_node *exception,
                                         gint64 original)
{
    struct eas_node *whole = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    gint64 from = original;
    char when[TIMES_TEXT];

    for (const struct eas_node *child = master->first; child; child = child->next)
        if (!of_series_only(child->tag))
            eas_node_append(whole, eas_node_copy(child));
    if (exception)
        eas_node_merge(whole, exception);
    if (!edit_text(whole, TAG_Calendar_StartTime))
        eas_node_add(whole, TAG_Calendar_StartTime, times_compact(original, when));
    times_read(eas_node_text(whole, TAG_Calendar_StartTime), &from);
    if (!edit_text(whole, TAG_Calendar_EndTime))
        eas_node_add(whole, TAG_Calendar_EndTime, times_compact(from + length_of(master), when));
    return whole;
}

static const char *original_text(const struct eas_node *exception)
{
    const char *text = edit_text(exception, TAG_AirSyncBase_InstanceId);

    return text ? text : edit_text(exception, TAG_Calendar_ExceptionStartTime);
}

/* The override that stood for an occurrence; the caller's from then on. NULL for none. */
static icalcomponent *take_override(struct series *series, gint64 original)
{
    for (guint i = 0; i < series->overrides->len; i++) {
        icalcomponent *override = series->overrides->pdata[i];
        struct ical_moment moment;
        g_autofree char *ignored = NULL;

        if (ical_moment_read(&moment, override, ICAL_RECURRENCEID_PROPERTY, &ignored) && moment.present &&
            (moment.utc == original || moment.date)) {
            icaltimetype time;

            if (moment.date && (!event_wall_clock(&time, original, true, &series->zone, series->edit->version) ||
                                icaltime_compare_date_only(time, moment.time) != 0))
                continue;
            g_ptr_array_remove_index(series->overrides, i);
            return override;
        }
    }
    return NULL;
}

static const struct eas_node *find_exception(const struct eas_node *properties, gint64 original)
{
    const struct eas_node *exceptions = eas_node_child(properties, TAG_Calendar_Exceptions);
    gint64 other;

    for (const struct eas_node *one = exceptions ? exceptions->first : NULL; one; one = one->next)
        if (times_read(original_text(one), &other) && other == original)
            return one;
    return NULL;
}

static icalcomponent *new_override(struct series *series)
{
    static const icalproperty_kind of_series[] = {ICAL_RRULE_PROPERTY, ICAL_EXDATE_PROPERTY, ICAL_RDATE_PROPERTY,
                                                  ICAL_EXRULE_PROPERTY, ICAL_ATTACH_PROPERTY};
    icalcomponent *override = icalcomponent_new_clone(series->ical.master);

    for (size_t i = 0; i < G_N_ELEMENTS(of_series); i++)
        ical_drop(override, of_series[i]);
    icalcomponent_add_component(series->ical.calendar, override);
    return override;
}

static bool is_occurrence(struct series *series, icaltimetype time)
{
    struct ical_moment start;
    bool found = false;

    return ical_moment_read(&start, series->ical.master, ICAL_DTSTART_PROPERTY, &series->edit->refusal) &&
           (recurrence_find(series->ical.master, &start, &time, &found, 1), found);
}

static bool edit_exception(struct series *series, const struct eas_node *exception, bool whole_days)
{
    struct edit *edit = series->edit;
    const struct eas_node *was;
    g_autoptr(eas_node) before = NULL;
    g_autoptr(eas_node) after = NULL;
    icalcomponent *override;
    icaltimetype time;
    gint64 original;

    if (!times_read(original_text(exception), &original) ||
        !event_wall_clock(&time, original, whole_days, &series->zone, edit->version) || !is_occurrence(series, time))
        return edit_refuse(edit, "it changes an occurrence that there is none of");
    if (eas_node_number(exception, TAG_Calendar_Deleted, 0) == 1) {
        event_add_moment(series->ical.master, ICAL_EXDATE_PROPERTY, time, &series->zone);
        return true;
    }
    override = take_override(series, original);
    was = override && edit->before ? find_exception(edit->before, original) : NULL;
    after = whole_occurrence(edit->after, exception, original);
    if (was && eas_node_number(was, TAG_Calendar_Deleted, 0) != 1) {
        before = whole_occurrence(edit->before, was, original);
    } else {
        if (override)
            g_ptr_array_add(series->overrides, override);
        override = new_override(series);
        before = whole_occurrence(edit->after, NULL, original);
    }
    event_set_moment(override, ICAL_RECURRENCEID_PROPERTY, time, &series->zone);
    return event_edit(override, edit, before, after, &series->zone, true);
}

static bool edit_exceptions(struct series *series)
{
    struct edit *edit = series->edit;
    const struct eas_node *exceptions = eas_node_child(edit->after, TAG_Calendar_Exceptions);
    bool right = true, recurs = icalcomponent_get_first_property(series->ical.master, ICAL_RRULE_PROPERTY) != NULL;
    bool whole_days = eas_node_number(edit->after, TAG_Calendar_AllDayEvent, 0) == 1;

    if (!recurs || (series->pattern && edit->version >= 160)) /* another series has other occurrences */
        exceptions = NULL;
    ical_drop(series->ical.master, ICAL_EXDATE_PROPERTY);
    series->overrides = series->ical.file.overrides;
    series->ical.file.overrides = g_ptr_array_new();
    for (const struct eas_node *one = exceptions ? exceptions->first : NULL; one && right; one = one->next)
        right = edit_exception(series, one, whole_days);
    for (guint i = 0; i < series->overrides->len; i++) {
        icalcomponent_remove_component(series->ical.calendar, series->overrides->pdata[i]);
        icalcomponent_free(series->overrides->pdata[i]);
    }
    g_ptr_array_unref(series->overrides);
    return right;
}

/* ---- the series ---- */

static bool pattern_differs(const struct edit *edit)
{
    static const eas_tag tags[] = {TAG_Calendar_StartTime, TAG_Calendar_EndTime, TAG_Calendar_AllDayEvent,
                                   TAG_Calendar_Recurrence};

    for (size_t i = 0; edit->before && i < G_N_ELEMENTS(tags); i++)
        if (edit_differs(edit, tags[i]))
            return true;
    return false;
}

static bool edit_rule(struct series *series)
{
    const struct eas_node *recurrence = eas_node_child(series->edit->after, TAG_Calendar_Recurrence);
    struct ical_moment start;

    if (!edit_differs(series->edit, TAG_Calendar_Recurrence))
        return true;
    return ical_moment_read(&start, series->ical.master, ICAL_DTSTART_PROPERTY, &series->edit->refusal) &&
           recurrence_edit(series->ical.master, series->edit, recurrence, false, start.time, series->zone.zone);
}

static void edit_identity(struct series *series)
{
    struct edit *edit = series->edit;
    const char *uid = edit_text(edit->after, TAG_Calendar_UID);
    gint64 stamp;

    if (uid)
        icalcomponent_set_uid(series->ical.master, uid);
    for (guint i = 0; uid && i < series->ical.file.overrides->len; i++)
        icalcomponent_set_uid(series->ical.file.overrides->pdata[i], uid);
    if (!edit->before || edit_differs(edit, TAG_Calendar_DtStamp))
        if (times_read(edit_text(edit->after, TAG_Calendar_DtStamp), &stamp))
            ical_set_time(series->ical.master, ICAL_DTSTAMP_PROPERTY, stamp);
    if (edit_text(edit->after, TAG_Calendar_ClientUid))
        ical_set_x(series->ical.master, "X-EASD-CLIENT-UID", edit_text(edit->after, TAG_Calendar_ClientUid));
    ical_set_time(series->ical.master, ICAL_LASTMODIFIED_PROPERTY, edit->now);
}

static bool edit_whole(struct series *series)
{
    struct edit *edit = series->edit;

    series->pattern = pattern_differs(edit);
    if (!choose_zone(series))
        return false;
    edit_identity(series);
    if (!event_edit(series->ical.master, edit, edit->before, edit->after, &series->zone, !edit->before) ||
        !edit_rule(series) || !attachments_edit(series->ical.master, edit) || !edit_exceptions(series))
        return false;
    zones_prune(series->ical.calendar, series->zone.tzid);
    return true;
}

bool edit_event(struct edit *edit)
{
    struct series series = {.edit = edit};
    bool made = ical_edit_open(&series.ical, edit, ICAL_VEVENT_COMPONENT) && edit_whole(&series) &&
                ical_edit_print(&series.ical, edit);

    edit->wish = g_strdup(edit_text(edit->after, TAG_Calendar_Subject));
    g_free(series.tzid);
    ical_edit_close(&series.ical);
    return made;
}

bool edit_instance(struct eas_node *after, const char *instance, const struct eas_node *data)
{
    struct eas_node *exceptions = eas_node_child(after, TAG_Calendar_Exceptions), *exception;
    char when[TIMES_TEXT];
    gint64 original;

    if (!times_read(instance, &original))
        return false;
    if (!exceptions)
        exceptions = eas_node_add(after, TAG_Calendar_Exceptions, NULL);
    exception = (struct eas_node *)find_exception(after, original);
    if (!exception) {
        exception = eas_node_add(exceptions, TAG_Calendar_Exception, NULL);
        eas_node_add(exception, TAG_AirSyncBase_InstanceId, times_compact(original, when));
    }
    if (data) {
        eas_node_free(eas_node_take(exception, TAG_Calendar_Deleted));
        eas_node_merge(exception, data);
    } else {
        eas_node_free(eas_node_take(exception, TAG_Calendar_Deleted));
        eas_node_add(exception, TAG_Calendar_Deleted, "1");
    }
    return true;
}
