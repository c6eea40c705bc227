#include "codec/files/event_exceptions.h"

#include "codec/files/event_edit.h"
#include "codec/files/event_series.h"
#include "codec/files/ical_read.h"

static const struct eas_node *first_exception(const struct eas_node *data)
{
    return eas_node_child(eas_node_child(data, TAG_Calendar_Exceptions), TAG_Calendar_Exception);
}

static bool is_deleted(const struct eas_node *exception)
{
    return eas_node_number(exception, TAG_Calendar_Deleted, 0) == 1;
}

static int compare_keys(const void *one, const void *other)
{
    gint64 first = *(const gint64 *)one, second = *(const gint64 *)other;

    return (first > second) - (first < second);
}

static void add_keys(GArray *keys, const struct eas_node *data)
{
    gint64 original;

    for (const struct eas_node *node = first_exception(data); node; node = eas_node_next(node)) {
        if (!event_original(node, &original))
            continue;
        gint64 key = event_original_key(data, original);
        g_array_append_val(keys, key);
    }
}

GArray *event_exception_keys(const struct eas_node *one, const struct eas_node *other, const struct eas_node *third)
{
    GArray *keys = g_array_new(false, false, sizeof(gint64));
    guint kept = 0;

    add_keys(keys, one);
    add_keys(keys, other);
    add_keys(keys, third);
    g_array_sort(keys, compare_keys);
    for (guint i = 0; i < keys->len; i++)
        if (!kept || g_array_index(keys, gint64, i) != g_array_index(keys, gint64, kept - 1))
            g_array_index(keys, gint64, kept++) = g_array_index(keys, gint64, i);
    g_array_set_size(keys, kept);
    return keys;
}

struct eas_node *event_occurrence_at(const struct eas_node *data, gint64 key)
{
    const struct eas_node *exception = event_exception(data, key);

    return is_deleted(exception) ? NULL : event_occurrence(data, event_original_of(data, key), exception);
}

static bool same_as_whole(const struct eas_node *one, const struct eas_node *other)
{
    for (size_t i = 0; i < occurrence_property_count; i++)
        if (!edit_same(&occurrence_properties[i], one, other))
            return false;
    return true;
}

bool event_same_occurrence(const struct eas_node *one, const struct eas_node *other, gint64 key)
{
    const struct eas_node *first = event_exception(one, key), *second = event_exception(other, key);

    if (!first && !second)
        return true;
    if (is_deleted(first) || is_deleted(second)) {
        if (is_deleted(first) && is_deleted(second))
            return true;
        /* To remove an occurrence that the series has not changes nothing; of a rule that no file can tell, no file
         * tells what is removed. */
        if ((!first || !second) && (event_is_unsupported(one) || event_is_unsupported(other)))
            return true;
        return (!first && !event_has_occurrence(other, key)) || (!second && !event_has_occurrence(one, key));
    }
    g_autoptr(eas_node) here = event_occurrence_at(one, key);
    g_autoptr(eas_node) there = event_occurrence_at(other, key);
    return same_as_whole(here, there);
}

bool event_same_exceptions(const struct edit_property *property, const struct eas_node *one,
                           const struct eas_node *other)
{
    g_autoptr(GArray) keys = event_exception_keys(one, other, NULL);

    (void)property;
    for (guint i = 0; i < keys->len; i++)
        if (!event_same_occurrence(one, other, g_array_index(keys, gint64, i)))
            return false;
    return true;
}

/* Days are told by midnights of the series they stand in. */
static void put_clock(struct eas_node *exception, const struct eas_node *series, const struct eas_node *occurrence)
{
    struct event_times times;

    if (!eas_node_child(exception, TAG_Calendar_StartTime) || !event_times_read(occurrence, &times) || !times.all_day)
        return;
    struct zone rules = zone_from_blob(eas_node_text(series, TAG_Calendar_Timezone));
    struct eas_date first = eas_date_from_seconds(times.start), past = eas_date_from_seconds(times.end);
    edit_take_all(exception, TAG_Calendar_StartTime);
    edit_take_all(exception, TAG_Calendar_EndTime);
    ical_put_compact(exception, TAG_Calendar_StartTime, zone_instant(&rules, &first));
    ical_put_compact(exception, TAG_Calendar_EndTime, zone_instant(&rules, &past));
}

static void keep_elements(struct eas_node *exception, const struct eas_node *kept, const struct eas_node *series,
                          gint64 key, const struct eas_node *occurrence)
{
    g_autoptr(eas_node) was = event_occurrence(series, event_original_of(series, key), kept);

    for (size_t i = 0; i < occurrence_property_count; i++) {
        const struct edit_property *property = &occurrence_properties[i];
        bool said = false;
        for (size_t t = 0; property->tags[t]; t++)
            said = said || eas_node_child(kept, property->tags[t]);
        if (said && edit_same(property, was, occurrence))
            edit_put(property, exception, kept);
    }
}

void event_add_exception(struct eas_node *series, const struct eas_node *source, gint64 key,
                         const struct eas_node *kept)
{
    g_autoptr(eas_node) occurrence = event_occurrence_at(source, key);
    struct eas_node *list = eas_node_child(series, TAG_Calendar_Exceptions);
    struct eas_node *exception = eas_node_new(TAG_Calendar_Exception, NULL);

    ical_put_compact(exception, TAG_Calendar_ExceptionStartTime, event_original_of(series, key));
    if (!occurrence) {
        eas_node_add(exception, TAG_Calendar_Deleted, "1");
    } else {
        g_autoptr(eas_node) plain = event_occurrence(series, event_original_of(series, key), NULL);
        event_put_differences(exception, plain, occurrence);
        put_clock(exception, series, occurrence);
        if (kept && !is_deleted(kept))
            keep_elements(exception, kept, series, key, occurrence);
        if (exception->first == exception->last) {
            eas_node_free(exception);
            return;
        }
    }
    if (!list)
        list = eas_node_append(series, eas_node_new(TAG_Calendar_Exceptions, NULL));
    eas_node_append(list, exception);
}

bool event_merge_exceptions(const struct edit_property *property, const struct eas_node *base,
                            const struct eas_node *mine, const struct eas_node *theirs, struct eas_node *merged)
{
    g_autoptr(GArray) keys = event_exception_keys(base, mine, theirs);
    bool moved = !event_same_pattern(base, mine), they_moved = !event_same_pattern(base, theirs);

    /* Occurrences are counted from a pattern: a change of it takes their changes along, the other side's too. */
    if (moved && !event_same_exceptions(property, base, theirs) && !event_same_exceptions(property, mine, theirs))
        return false;
    if (they_moved && !event_same_exceptions(property, base, mine) && !event_same_exceptions(property, mine, theirs))
        return false;
    edit_take_all(merged, TAG_Calendar_Exceptions);
    for (guint i = 0; i < keys->len; i++) {
        gint64 key = g_array_index(keys, gint64, i);
        const struct eas_node *source = theirs;
        if (moved)
            source = mine;
        else if (!they_moved && !event_same_occurrence(base, mine, key)) {
            if (!event_same_occurrence(base, theirs, key) && !event_same_occurrence(mine, theirs, key))
                return false;
            source = mine;
        }
        if (event_exception(source, key))
            event_add_exception(merged, source, key, event_exception(source, key));
    }
    return true;
}
