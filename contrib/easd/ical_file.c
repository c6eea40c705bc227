#include "contrib/easd/ical_file.h"

#include <string.h>

static bool refuse(char **refusal, const char *reason)
{
    if (!*refusal)
        *refusal = g_strdup(reason);
    return false;
}

/* Components of a kind anywhere below a root, without descending into them. */
static void collect(icalcomponent *root, icalcomponent_kind kind, GPtrArray *found)
{
    if (icalcomponent_isa(root) == kind) {
        g_ptr_array_add(found, root);
        return;
    }
    for (icalcomponent *child = icalcomponent_get_first_component(root, ICAL_ANY_COMPONENT); child;
         child = icalcomponent_get_next_component(root, ICAL_ANY_COMPONENT))
        if (icalcomponent_isa(child) == kind || icalcomponent_isa(child) == ICAL_VCALENDAR_COMPONENT)
            g_ptr_array_add(found, child);
    for (guint i = 0; i < found->len;) {
        icalcomponent *calendar = found->pdata[i];

        if (icalcomponent_isa(calendar) == kind) {
            i++;
            continue;
        }
        g_ptr_array_remove_index(found, i);
        for (icalcomponent *child = icalcomponent_get_first_component(calendar, kind); child;
             child = icalcomponent_get_next_component(calendar, kind))
            g_ptr_array_add(found, child);
    }
}

static bool one_uid(const GPtrArray *found)
{
    const char *uid = NULL;

    for (guint i = 0; i < found->len; i++) {
        const char *own = icalcomponent_get_uid(found->pdata[i]);

        if (i > 0 && g_strcmp0(uid, own) != 0)
            return false;
        uid = own;
    }
    return true;
}

static bool pick(struct ical_file *file, const GPtrArray *found, char **refusal)
{
    if (found->len == 0)
        return refuse(refusal, "it holds nothing of this folder's class");
    if (!one_uid(found))
        return refuse(refusal, "it holds more than one UID");
    for (guint i = 0; i < found->len; i++) {
        icalcomponent *component = found->pdata[i];

        if (icalcomponent_get_first_property(component, ICAL_RECURRENCEID_PROPERTY))
            g_ptr_array_add(file->overrides, component);
        else if (file->master)
            return refuse(refusal, "it holds one UID twice");
        else
            file->master = component;
    }
    return file->master || refuse(refusal, "it holds an occurrence without its series");
}

/* What a property's value could not be parsed as shows as an X-LIC-ERROR; where it was one that
 * says when something is, nothing can be served. */
static bool times_parsed(icalcomponent *component)
{
    static const char *const names[] = {"DTSTART", "DTEND", "DUE", "RRULE", "DURATION", "RECURRENCE-ID"};

    for (icalproperty *error = icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY); error;
         error = icalcomponent_get_next_property(component, ICAL_XLICERROR_PROPERTY)) {
        const char *text = icalproperty_get_xlicerror(error);

        for (size_t i = 0; text && i < G_N_ELEMENTS(names); i++)
            if (strstr(text, names[i]))
                return false;
    }
    return true;
}

static GMutex libical;

bool ical_file_open(struct ical_file *file, const char *bytes, size_t length, icalcomponent_kind kind, char **refusal)
{
    g_autofree char *text = g_strndup(bytes, length);
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    g_mutex_lock(&libical);
    memset(file, 0, sizeof *file);
    file->overrides = g_ptr_array_new();
    if (strlen(text) != length || !g_utf8_validate_len(text, length, NULL))
        return refuse(refusal, "it is not UTF-8");
    file->root = icalparser_parse_string(text);
    if (!file->root)
        return refuse(refusal, "it is no iCalendar");
    collect(file->root, kind, found);
    if (!pick(file, found, refusal))
        return false;
    for (guint i = 0; i < found->len; i++)
        if (!times_parsed(found->pdata[i]))
            return refuse(refusal, "a date or rule in it is malformed");
    return true;
}

void ical_file_close(struct ical_file *file)
{
    if (file->root)
        icalcomponent_free(file->root);
    g_ptr_array_unref(file->overrides);
    g_mutex_unlock(&libical);
}

static icaltimezone *find_zone(icalcomponent *component, const char *tzid)
{
    icaltimezone *zone = NULL;

    for (icalcomponent *above = component; above && !zone; above = icalcomponent_get_parent(above))
        zone = icalcomponent_get_timezone(above, tzid);
    if (!zone)
        zone = icaltimezone_get_builtin_timezone_from_tzid(tzid);
    if (!zone)
        zone = icaltimezone_get_builtin_timezone(tzid);
    return zone;
}

bool ical_moment_of(struct ical_moment *moment, icalproperty *property, icaltimetype time, char **refusal)
{
    icalparameter *tzid = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);

    memset(moment, 0, sizeof *moment);
    if (icaltime_is_null_time(time) || !icaltime_is_valid_time(time))
        return refuse(refusal, "a date in it is malformed");
    moment->present = true;
    moment->time = time;
    moment->date = time.is_date;
    if (icaltime_is_utc(time)) {
        moment->zone = icaltimezone_get_utc_timezone();
    } else if (tzid && !time.is_date) {
        moment->zone = find_zone(icalproperty_get_parent(property), icalparameter_get_tzid(tzid));
        if (!moment->zone)
            return refuse(refusal, "its time zone is unknown");
    }
    moment->floating = !moment->zone && !time.is_date;
    moment->time.zone = moment->zone;
    moment->utc =
        icaltime_as_timet_with_zone(moment->time, moment->zone ? moment->zone : icaltimezone_get_utc_timezone());
    return true;
}

bool ical_moment_read(struct ical_moment *moment, icalcomponent *component, icalproperty_kind kind, char **refusal)
{
    icalproperty *property = icalcomponent_get_first_property(component, kind);

    memset(moment, 0, sizeof *moment);
    if (!property)
        return true;
    return ical_moment_of(moment, property, icalvalue_get_datetime(icalproperty_get_value(property)), refusal);
}

icaltimezone *ical_file_only_zone(const struct ical_file *file)
{
    icalcomponent *calendar = icalcomponent_get_parent(file->master), *zone;

    if (!calendar || icalcomponent_count_components(calendar, ICAL_VTIMEZONE_COMPONENT) != 1)
        return NULL;
    zone = icalcomponent_get_first_component(calendar, ICAL_VTIMEZONE_COMPONENT);

    icalproperty *tzid = icalcomponent_get_first_property(zone, ICAL_TZID_PROPERTY);

    return tzid ? icalcomponent_get_timezone(calendar, icalproperty_get_tzid(tzid)) : NULL;
}

/* A text without what no property can hold: control characters but line feeds. */
static char *clean(const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;
    char *to = valid;

    for (const char *from = valid; from && *from; from++)
        if ((unsigned char)*from >= ' ' || *from == '\n' || *from == '\t')
            *to++ = *from;
    if (!to || to == valid)
        return NULL;
    *to = '\0';
    return g_steal_pointer(&valid);
}

char *ical_text(icalcomponent *component, icalproperty_kind kind)
{
    icalproperty *property = icalcomponent_get_first_property(component, kind);
    icalvalue *value = property ? icalproperty_get_value(property) : NULL;

    return value ? clean(icalvalue_get_text(value)) : NULL;
}

char *ical_x_text(icalcomponent *component, const char *name)
{
    for (icalproperty *property = icalcomponent_get_first_property(component, ICAL_X_PROPERTY); property;
         property = icalcomponent_get_next_property(component, ICAL_X_PROPERTY))
        if (g_ascii_strcasecmp(icalproperty_get_x_name(property), name) == 0)
            return clean(icalproperty_get_x(property));
    return NULL;
}

int ical_alarm_minutes(icalcomponent *component, gint64 start, gint64 end)
{
    for (icalcomponent *alarm = icalcomponent_get_first_component(component, ICAL_VALARM_COMPONENT); alarm;
         alarm = icalcomponent_get_next_component(component, ICAL_VALARM_COMPONENT)) {
        icalproperty *property = icalcomponent_get_first_property(alarm, ICAL_TRIGGER_PROPERTY);
        icalparameter *related = property ? icalproperty_get_first_parameter(property, ICAL_RELATED_PARAMETER) : NULL;
        struct icaltriggertype trigger;
        gint64 before;

        if (!property)
            continue;
        trigger = icalproperty_get_trigger(property);
        if (!icaltime_is_null_time(trigger.time))
            before = start - icaltime_as_timet(trigger.time);
        else
            before = -icaldurationtype_as_int(trigger.duration) +
                     (related && icalparameter_get_related(related) == ICAL_RELATED_END ? start - end : 0);
        if (before >= 0 && before / 60 <= INT_MAX)
            return (int)(before / 60);
    }
    return -1;
}

GPtrArray *ical_categories(icalcomponent *component)
{
    GPtrArray *categories = g_ptr_array_new_with_free_func(g_free);

    for (icalproperty *property = icalcomponent_get_first_property(component, ICAL_CATEGORIES_PROPERTY); property;
         property = icalcomponent_get_next_property(component, ICAL_CATEGORIES_PROPERTY)) {
        g_autofree char *text = clean(icalproperty_get_categories(property));

        if (text && !g_ptr_array_find_with_equal_func(categories, text, g_str_equal, NULL))
            g_ptr_array_add(categories, g_steal_pointer(&text));
    }
    return categories;
}

int ical_sensitivity(icalcomponent *component)
{
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_CLASS_PROPERTY);

    switch (property ? icalproperty_get_class(property) : ICAL_CLASS_PUBLIC) {
    case ICAL_CLASS_PRIVATE:
        return 2;
    case ICAL_CLASS_CONFIDENTIAL:
        return 3;
    case ICAL_CLASS_X:
        return g_strcmp0(icalproperty_get_value_as_string(property), "X-PERSONAL") == 0 ? 1 : 2;
    default:
        return 0;
    }
}
