#include "contrib/easd/ical_edit.h"

#include <string.h>

static icalcomponent *make_calendar(icalcomponent_kind kind, gint64 now)
{
    g_autofree char *uid = g_uuid_string_random();
    icalcomponent *calendar = icalcomponent_new(ICAL_VCALENDAR_COMPONENT);
    icalcomponent *component = icalcomponent_new(kind);

    icalcomponent_add_property(calendar, icalproperty_new_prodid("-//easd//EN"));
    icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
    icalcomponent_add_component(calendar, component);
    icalcomponent_add_property(component, icalproperty_new_uid(uid));
    ical_set_time(component, ICAL_DTSTAMP_PROPERTY, now);
    ical_set_time(component, ICAL_CREATED_PROPERTY, now);
    return calendar;
}

bool ical_edit_open(struct ical_edit *ical, struct edit *edit, icalcomponent_kind kind)
{
    g_autofree char *text = NULL;

    memset(ical, 0, sizeof *ical);
    if (!edit->bytes) {
        icalcomponent *calendar = make_calendar(kind, edit->now);

        text = icalcomponent_as_ical_string_r(calendar);
        icalcomponent_free(calendar);
    }
    if (!ical_file_open(&ical->file, text ? text : edit->bytes, text ? strlen(text) : edit->length, kind,
                        &edit->refusal))
        return false;
    ical->master = ical->file.master;
    ical->calendar = icalcomponent_get_parent(ical->master);
    return ical->calendar || edit_refuse(edit, "its file holds no calendar");
}

void ical_edit_close(struct ical_edit *ical)
{
    ical_file_close(&ical->file);
}

/* libical writes a comma in CATEGORIES as it is, which makes two of one: another character stands in for
 * it until all is text. */
static const char comma[] = "\xef\xbf\xb9";

static void hide_commas(icalcomponent *component)
{
    for (icalproperty *property = icalcomponent_get_first_property(component, ICAL_CATEGORIES_PROPERTY); property;
         property = icalcomponent_get_next_property(component, ICAL_CATEGORIES_PROPERTY)) {
        g_auto(GStrv) parts = g_strsplit(icalproperty_get_categories(property), ",", -1);
        g_autofree char *hidden = g_strjoinv(comma, parts);

        icalproperty_set_categories(property, hidden);
    }
    for (icalcomponent *child = icalcomponent_get_first_component(component, ICAL_ANY_COMPONENT); child;
         child = icalcomponent_get_next_component(component, ICAL_ANY_COMPONENT))
        hide_commas(child);
}

bool ical_edit_print(const struct ical_edit *ical, struct edit *edit)
{
    char *text;

    hide_commas(ical->file.root);
    text = icalcomponent_as_ical_string_r(ical->file.root);
    edit->file = g_string_new(text);
    icalmemory_free_buffer(text);
    g_string_replace(edit->file, comma, "\\,", 0);
    return true;
}

void ical_drop(icalcomponent *component, icalproperty_kind kind)
{
    for (icalproperty *property; (property = icalcomponent_get_first_property(component, kind));) {
        icalcomponent_remove_property(component, property);
        icalproperty_free(property);
    }
}

static icalproperty *find_x(icalcomponent *component, const char *name)
{
    for (icalproperty *property = icalcomponent_get_first_property(component, ICAL_X_PROPERTY); property;
         property = icalcomponent_get_next_property(component, ICAL_X_PROPERTY))
        if (g_ascii_strcasecmp(icalproperty_get_x_name(property), name) == 0)
            return property;
    return NULL;
}

void ical_drop_x(icalcomponent *component, const char *name)
{
    for (icalproperty *property; (property = find_x(component, name));) {
        icalcomponent_remove_property(component, property);
        icalproperty_free(property);
    }
}

void ical_set_text(icalcomponent *component, icalproperty_kind kind, const char *text)
{
    icalproperty *property;

    ical_drop(component, kind);
    if (!text || !*text)
        return;
    property = icalproperty_new(kind);
    icalproperty_set_value(property, icalvalue_new_text(text));
    icalcomponent_add_property(component, property);
}

void ical_set_x(icalcomponent *component, const char *name, const char *text)
{
    icalproperty *property;

    ical_drop_x(component, name);
    if (!text || !*text)
        return;
    property = icalproperty_new_x(text);
    icalproperty_set_x_name(property, name);
    icalcomponent_add_property(component, property);
}

void ical_set_time(icalcomponent *component, icalproperty_kind kind, gint64 seconds)
{
    icalproperty *property = icalproperty_new(kind);
    icaltimetype time = icaltime_from_timet_with_zone((time_t)seconds, 0, icaltimezone_get_utc_timezone());

    ical_drop(component, kind);
    icalproperty_set_value(property, icalvalue_new_datetime(time));
    icalcomponent_add_property(component, property);
}

void ical_set_categories(icalcomponent *component, const struct eas_node *categories)
{
    ical_drop(component, ICAL_CATEGORIES_PROPERTY);
    for (const struct eas_node *category = categories ? categories->first : NULL; category; category = category->next)
        if (category->length)
            icalcomponent_add_property(component, icalproperty_new_categories(category->text));
}

bool ical_set_sensitivity(icalcomponent *component, struct edit *edit, const struct eas_node *after, eas_tag tag)
{
    static const char *const names[] = {NULL, "X-PERSONAL", "PRIVATE", "CONFIDENTIAL"};
    gint64 number;

    if (!edit_number(after, tag, 0, 3, 0, &number))
        return edit_refuse(edit, "its Sensitivity is none");
    ical_drop(component, ICAL_CLASS_PROPERTY);
    if (names[number]) {
        g_autofree char *line = g_strconcat("CLASS:", names[number], NULL);

        icalcomponent_add_property(component, icalproperty_new_from_string(line));
    }
    return true;
}

bool ical_set_body(icalcomponent *component, struct edit *edit, const struct eas_node *before,
                   const struct eas_node *after)
{
    g_autofree char *text = edit_body(edit, after), *old = NULL;

    if (!text)
        return false;
    old = g_strdup(eas_node_text(eas_node_child(before, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data));
    if (strcmp(text, old ? old : "") == 0)
        return true;
    ical_set_text(component, ICAL_DESCRIPTION_PROPERTY, text);
    ical_drop_x(component, "X-ALT-DESC");
    return true;
}

static void add_alarm(icalcomponent *component, icalproperty *trigger)
{
    icalcomponent *alarm = icalcomponent_new(ICAL_VALARM_COMPONENT);
    const char *summary = icalcomponent_get_summary(component);

    icalcomponent_add_property(alarm, icalproperty_new_action(ICAL_ACTION_DISPLAY));
    icalcomponent_add_property(alarm, trigger);
    icalcomponent_add_property(alarm, icalproperty_new_description(summary ? summary : "Reminder"));
    icalcomponent_add_component(component, alarm);
}

static void drop_alarms(icalcomponent *component)
{
    for (icalcomponent *alarm; (alarm = icalcomponent_get_first_component(component, ICAL_VALARM_COMPONENT));) {
        icalcomponent_remove_component(component, alarm);
        icalcomponent_free(alarm);
    }
}

void ical_set_alarm(icalcomponent *component, gint64 minutes)
{
    struct icaltriggertype trigger = {.time = icaltime_null_time()};

    drop_alarms(component);
    if (minutes < 0)
        return;
    trigger.duration = icaldurationtype_from_int((int)-minutes * 60);
    add_alarm(component, icalproperty_new_trigger(trigger));
}

void ical_set_alarm_at(icalcomponent *component, gint64 seconds)
{
    struct icaltriggertype trigger = {.duration = icaldurationtype_null_duration()};

    drop_alarms(component);
    trigger.time = icaltime_from_timet_with_zone((time_t)seconds, 0, icaltimezone_get_utc_timezone());

    icalproperty *property = icalproperty_new_trigger(trigger);

    icalproperty_add_parameter(property, icalparameter_new_value(ICAL_VALUE_DATETIME));
    add_alarm(component, property);
}
