/* VEVENT as an item of the Calendar class (MS-ASCAL): the series, its rule and its exceptions. */
#include "codec/wire/wbxml_tree.h"
#include "contrib/easd/attachment.h"
#include "contrib/easd/event.h"
#include "contrib/easd/recurrence.h"
#include "contrib/easd/times.h"
#include "contrib/easd/timezone.h"

struct series {
    struct translation *translation;
    struct ical_file *file;
    icaltimezone *zone; /* of the series; for whole days the file's only one, or NULL */
    struct event master;
    struct recurrence recurrence;
    bool recurs;
    GArray *times; /* of icaltimetype, in the zone: the occurrences that have changed or are gone */
    guint changed; /* so many are of overrides, in their order; the rest are of EXDATE */
};

/* A wall clock time of the series. A date stands for the occurrence of that day. */
static bool add_time(struct series *series, icalproperty *property, icaltimetype value)
{
    struct ical_moment moment;
    const struct ical_moment *start = &series->master.start;

    if (!ical_moment_of(&moment, property, value, &series->translation->refusal))
        return false;
    if (moment.date && !start->date) {
        moment.time.is_date = 0;
        moment.time.hour = start->time.hour;
        moment.time.minute = start->time.minute;
        moment.time.second = start->time.second;
    } else if (!moment.date && start->date) {
        moment.time.is_date = 1;
        moment.time.hour = moment.time.minute = moment.time.second = 0;
    } else if (moment.zone && start->zone && moment.zone != start->zone) {
        moment.time = icaltime_convert_to_zone(moment.time, start->zone);
    }
    moment.time.zone = start->zone;
    g_array_append_val(series->times, moment.time);
    return true;
}

static bool read_occurrences(struct series *series)
{
    icalcomponent *master = series->file->master;

    for (guint i = 0; i < series->file->overrides->len; i++) {
        icalproperty *property =
            icalcomponent_get_first_property(series->file->overrides->pdata[i], ICAL_RECURRENCEID_PROPERTY);

        if (icalproperty_get_first_parameter(property, ICAL_RANGE_PARAMETER))
            return translation_refuse(series->translation,
                                      "a change of this and all later occurrences has no counterpart");
        if (!add_time(series, property, icalproperty_get_recurrenceid(property)))
            return false;
    }
    series->changed = series->times->len;
    for (icalproperty *property = icalcomponent_get_first_property(master, ICAL_EXDATE_PROPERTY); property;
         property = icalcomponent_get_next_property(master, ICAL_EXDATE_PROPERTY))
        if (!add_time(series, property, icalproperty_get_exdate(property)))
            return false;
    return true;
}

/* The moment that names an occurrence: its start in UTC; from 16.0 on of a whole day, the date. */
static gint64 occurrence_start(const struct series *series, icaltimetype time)
{
    bool date = time.is_date;
    icaltimezone *zone = date && series->translation->version >= 160 ? NULL : series->zone;

    time.is_date = 0;
    return icaltime_as_timet_with_zone(time, zone ? zone : icaltimezone_get_utc_timezone());
}

static struct eas_node *add_exception(const struct series *series, struct eas_node *exceptions, icaltimetype time)
{
    struct eas_node *exception = eas_node_add(exceptions, TAG_Calendar_Exception, NULL);
    char when[TIMES_TEXT];

    eas_node_add(exception,
                 series->translation->version >= 160 ? TAG_AirSyncBase_InstanceId : TAG_Calendar_ExceptionStartTime,
                 times_compact(occurrence_start(series, time), when));
    return exception;
}

static bool same_node(const struct eas_node *a, const struct eas_node *b)
{
    g_autoptr(GBytes) one = eas_node_bytes(a);
    g_autoptr(GBytes) other = eas_node_bytes(b);

    return g_bytes_equal(one, other);
}

/* What an exception may not have, or not before some version (MS-ASCAL 2.2.2.21). */
static bool exception_may_have(eas_tag tag, int version)
{
    switch (tag) {
    case TAG_Calendar_Attendees:
    case TAG_Calendar_ResponseType:
        return version >= 140;
    case TAG_Calendar_ResponseRequested:
    case TAG_Calendar_DisallowNewTimeProposal:
        return false;
    default:
        return true;
    }
}

/* What differs from the series; what the series has and the occurrence lacks stands empty. */
static void write_changed(const struct series *series, const struct event *event, struct eas_node *exception)
{
    const struct eas_node *before = series->master.properties;
    int version = series->translation->version;
    struct eas_node *body;

    for (const struct eas_node *own = event->properties->first; own; own = own->next) {
        const struct eas_node *old = eas_node_child(before, own->tag);
        bool time = own->tag == TAG_Calendar_StartTime || own->tag == TAG_Calendar_EndTime;

        if (exception_may_have(own->tag, version) && (time || !old || !same_node(own, old)))
            eas_node_append(exception, eas_node_copy(own));
    }
    for (const struct eas_node *old = before->first; old; old = old->next)
        if (exception_may_have(old->tag, version) && !eas_node_child(event->properties, old->tag))
            eas_node_add(exception, old->tag, NULL);
    if (g_strcmp0(event->text, series->master.text) != 0 &&
        (body = translation_body(series->translation->options, event->text ? event->text : "")))
        eas_node_append(exception, body);
}

static bool write_exceptions(struct series *series, const bool *found)
{
    struct eas_node *exceptions = eas_node_new(TAG_Calendar_Exceptions, NULL);
    bool served = true;

    for (guint i = 0; i < series->times->len && served; i++) {
        icaltimetype time = g_array_index(series->times, icaltimetype, i);
        struct event event;

        if (i >= series->changed) {
            if (found[i]) /* an EXDATE of no occurrence takes nothing away */
                translation_number(add_exception(series, exceptions, time), TAG_Calendar_Deleted, 1);
            continue;
        }
        served = found[i] || translation_refuse(series->translation, "it changes an occurrence its rule does not have");
        if (!served)
            break;
        served = event_read(&event, series->file->overrides->pdata[i], series->zone, series->translation);
        if (served)
            write_changed(series, &event, add_exception(series, exceptions, time));
        event_clear(&event);
    }
    if (exceptions->first && served)
        eas_node_append(series->translation->properties, exceptions);
    else
        eas_node_free(exceptions);
    return served;
}

/* The first occurrence is the start: a rule that begins elsewhere means another series there. */
static bool write_series(struct series *series)
{
    struct translation *translation = series->translation;
    guint count = series->times->len;
    g_autofree bool *found = NULL;
    gint64 last;

    g_array_append_val(series->times, series->master.start.time);
    found = g_new0(bool, series->times->len);
    last = recurrence_find(series->file->master, &series->master.start, (icaltimetype *)(void *)series->times->data,
                           found, series->times->len);
    if (!found[count])
        return translation_refuse(translation, "it does not begin with an occurrence of its rule");
    g_array_set_size(series->times, count);
    translation->last = last == INT64_MAX ? last : last + (series->master.end_utc - series->master.start_utc);
    recurrence_write(&series->recurrence, translation->properties, translation->version, false,
                     series->master.start_utc);
    return write_exceptions(series, found);
}

/* Whose midnights, whose wall clock: UTC where the file says nothing else. */
static icaltimezone *series_zone(struct ical_file *file, struct translation *translation)
{
    struct ical_moment start;

    ical_moment_read(&start, file->master, ICAL_DTSTART_PROPERTY, &translation->refusal);
    return start.present && start.date ? ical_file_only_zone(file) : start.zone;
}

static void write_master(struct series *series)
{
    struct translation *translation = series->translation;
    struct event *master = &series->master;
    g_autofree char *uid = ical_text(master->component, ICAL_UID_PROPERTY);
    g_autofree char *zone = timezone_blob(series->zone, master->start_utc, series->recurs);

    if (translation->version < 160 || !master->start.date)
        eas_node_add(translation->properties, TAG_Calendar_Timezone, zone);
    eas_node_add(translation->properties, TAG_Calendar_UID, uid ? uid : translation->fallback_uid);
    meeting_write_organizer(master->component, translation->properties);
    for (const struct eas_node *node = master->properties->first; node; node = node->next)
        eas_node_append(translation->properties, eas_node_copy(node));
    if (translation->version >= 160)
        attachments_write(master->component, translation);
    translation->text = g_strdup(master->text);
    translation->last = master->end_utc;
}

static bool translate_series(struct series *series)
{
    struct translation *translation = series->translation;

    series->zone = series_zone(series->file, translation);
    if (translation->refusal || !event_read(&series->master, series->file->master, series->zone, translation) ||
        !recurrence_read(&series->recurrence, &series->recurs, series->file->master, &series->master.start,
                         &translation->refusal))
        return false;
    if (!series->recurs && series->file->overrides->len)
        return translation_refuse(translation, "it changes an occurrence of something that does not recur");
    write_master(series);
    return !series->recurs || (translation_needs(translation, recurrence_needs(&series->recurrence)) &&
                               read_occurrences(series) && write_series(series));
}

void calendar_translate(struct translation *translation)
{
    struct ical_file file;
    struct series series = {.translation = translation, .file = &file};

    series.times = g_array_new(FALSE, FALSE, sizeof(icaltimetype));
    if (ical_file_open(&file, translation->bytes, translation->length, ICAL_VEVENT_COMPONENT, &translation->refusal)) {
        translate_series(&series);
        event_clear(&series.master);
    }
    g_array_unref(series.times);
    ical_file_close(&file);
}
