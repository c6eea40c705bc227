#include "codec/files/ical_read.h"

#include <string.h>

#include "codec/files/ical_lines.h"
#include "codec/files/zone_read.h"
#include "codec/limits.h"

/* A text of the user's as it can stand in a sentence. */
static char *quote(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, LIMIT_REASON_BYTES));
    return g_strdelimit(g_strdup(valid), "\r\n\t", ' ');
}

/* ---- structure: the lines, before libical sees them ---- */

/* libical does not tell a comma inside a category from one between two: each gets a line of its own. */
static void add_categories(GString *out, const char *head, const char *values)
{
    const char *start = values;

    for (const char *at = values;; at++) {
        if (*at == '\\' && at[1]) {
            at++;
        } else if (*at == ',' || !*at) {
            g_string_append_len(out, head, values - head);
            g_string_append_len(out, start, at - start);
            g_string_append(out, "\r\n");
            start = at + 1;
        }
        if (!*at)
            return;
    }
}

/* libical takes the time for good and forgets that the line said DATE. */
static bool is_day_with_time(const struct ical_line *line, const char *value)
{
    g_autofree char *head = g_ascii_strup(line->text->str, value - line->text->str);
    const char *says = strstr(head, ";VALUE=DATE");

    return says && strchr(";:", says[strlen(";VALUE=DATE")]) && strchr(value, 'T');
}

/* Appends the line to out for libical, and keeps count of the components that are open. */
static bool take_line(const struct ical_line *line, GString *out, GPtrArray *open, bool *seen, char **reason)
{
    const char *value = ical_line_value(line);

    if (!value) {
        g_autofree char *shown = quote(line->text->str);
        *reason = g_strdup_printf("\"%s\" is no line of a calendar", shown);
        return false;
    }
    if (ical_line_is(line, "BEGIN", NULL)) {
        if (!open->len && *seen) {
            *reason = g_strdup("the file holds more than one VCALENDAR; one file is one item");
            return false;
        }
        *seen = true;
        g_ptr_array_add(open, g_strstrip(g_ascii_strup(value, -1)));
        if (!g_str_equal(open->pdata[0], "VCALENDAR")) {
            *reason = g_strdup("the file does not begin with BEGIN:VCALENDAR");
            return false;
        }
        if (open->len > LIMIT_WRITTEN_DEPTH) {
            *reason = g_strdup_printf("components stand more than %d deep inside each other", LIMIT_WRITTEN_DEPTH);
            return false;
        }
    } else if (!open->len) {
        *reason = g_strdup(*seen ? "something follows END:VCALENDAR" : "the file does not begin with BEGIN:VCALENDAR");
        return false;
    } else if (ical_line_is(line, "END", NULL)) {
        const char *innermost = open->pdata[open->len - 1];
        g_autofree char *ends = g_strstrip(g_ascii_strup(value, -1));
        if (!g_str_equal(innermost, ends)) {
            g_autofree char *shown = quote(ends);
            *reason = g_strdup_printf("END:%s stands where END:%s should", shown, innermost);
            return false;
        }
        g_ptr_array_set_size(open, (int)open->len - 1);
    } else if (is_day_with_time(line, value)) {
        g_autofree char *name = ical_line_name(line);
        g_autofree char *shown = quote(value);
        *reason = g_strdup_printf("%s says VALUE=DATE and holds a time: %s", name, shown);
        return false;
    }
    if (ical_line_is(line, "CATEGORIES", NULL)) {
        add_categories(out, line->text->str, value);
    } else {
        g_string_append_len(out, line->text->str, (gssize)line->text->len);
        g_string_append(out, "\r\n");
    }
    return true;
}

/* The file's lines, unfolded, where each component that begins also ends. */
static GString *prepare(const char *bytes, size_t length, char **reason)
{
    g_autoptr(GString) out = g_string_sized_new(length + 64);
    g_autoptr(GPtrArray) open = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) text = g_string_new(NULL);
    struct ical_line line = {.text = text};
    bool seen = false;

    if (length > LIMIT_WRITTEN_BYTES)
        *reason = g_strdup_printf("the file is larger than %d MiB", LIMIT_WRITTEN_BYTES >> 20);
    else if (memchr(bytes, '\0', length))
        *reason = g_strdup("the file holds a NUL byte");
    else if (!g_utf8_validate_len(bytes, length, NULL))
        *reason = g_strdup("the file is not in UTF-8");
    if (*reason)
        return NULL;
    const char *at = ical_lines_begin(bytes, length), *end = bytes + length;
    while (ical_line_next(&at, end, &line))
        if (!take_line(&line, out, open, &seen, reason))
            return NULL;
    if (!seen) {
        *reason = g_strdup("the file holds no calendar");
        return NULL;
    }
    if (open->len) {
        *reason = g_strdup_printf("the file ends inside %s", (const char *)open->pdata[open->len - 1]);
        return NULL;
    }
    return g_steal_pointer(&out);
}

/* ---- libical's complaints ---- */

/* Properties without which an item is another one; an error elsewhere costs only decoration. */
static const char *const vital[] = {"DTSTART",         "DTEND",  "DUE",           "DURATION",  "RRULE",   "RDATE",
                                    "EXDATE",          "EXRULE", "RECURRENCE-ID", "COMPLETED", "TRIGGER", "PRIORITY",
                                    "PERCENT-COMPLETE"};

static bool is_vital(const char *complaint)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vital); i++) {
        g_autofree char *where = g_strdup_printf(" in %s property", vital[i]);
        g_autofree char *what = g_strdup_printf(" for property %s:", vital[i]);
        if (strstr(complaint, where) || strstr(complaint, what))
            return true;
    }
    return false;
}

static bool check_complaint(icalproperty *error, char **reason)
{
    const char *complaint = icalproperty_get_xlicerror(error);
    icalparameter *type = icalproperty_get_first_parameter(error, ICAL_XLICERRORTYPE_PARAMETER);
    bool fatal = true;

    if (strstr(complaint, " for property "))
        fatal = is_vital(complaint);
    else if (type && icalparameter_get_xlicerrortype(type) == ICAL_XLICERRORTYPE_VALUEPARSEERROR)
        fatal = is_vital(complaint) && !g_str_has_prefix(complaint, "No value for ");
    else if (type && icalparameter_get_xlicerrortype(type) == ICAL_XLICERRORTYPE_PROPERTYPARSEERROR)
        fatal = false; /* a name that libical does not know */
    if (fatal) {
        g_autofree char *shown = quote(complaint);
        *reason = g_strdup_printf("not valid iCalendar: %s", shown);
    }
    return !fatal;
}

static bool check_component(icalcomponent *component, char **reason)
{
    icalproperty *error = icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY);
    for (; error; error = icalcomponent_get_next_property(component, ICAL_XLICERROR_PROPERTY))
        if (!check_complaint(error, reason))
            return false;
    icalcomponent *inner = icalcomponent_get_first_component(component, ICAL_ANY_COMPONENT);
    for (; inner; inner = icalcomponent_get_next_component(component, ICAL_ANY_COMPONENT))
        if (!check_component(inner, reason))
            return false;
    return true;
}

icalcomponent *ical_parse(const char *bytes, size_t length, char **reason)
{
    g_autoptr(GString) lines = prepare(bytes, length, reason);
    if (!lines)
        return NULL;
    icalcomponent *calendar = icalparser_parse_string(lines->str);
    if (calendar && icalcomponent_isa(calendar) == ICAL_VCALENDAR_COMPONENT)
        return calendar;
    if (calendar)
        icalcomponent_free(calendar);
    *reason = g_strdup("the file holds no VCALENDAR");
    return NULL;
}

/* ---- one item ---- */

static bool check_kinds(icalcomponent *calendar, icalcomponent_kind kind, char **reason)
{
    static const icalcomponent_kind others[] = {ICAL_VEVENT_COMPONENT, ICAL_VTODO_COMPONENT, ICAL_VJOURNAL_COMPONENT};
    const char *wanted = icalcomponent_kind_to_string(kind);

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (others[i] == kind || !icalcomponent_get_first_component(calendar, others[i]))
            continue;
        *reason = g_strdup_printf("the file holds a %s, and only %s belongs here",
                                  icalcomponent_kind_to_string(others[i]), wanted);
        return false;
    }
    if (icalcomponent_get_first_component(calendar, kind))
        return true;
    *reason = g_strdup_printf("the file holds no %s", wanted);
    return false;
}

static bool check_uids(icalcomponent *calendar, icalcomponent_kind kind, char **reason)
{
    icalcomponent *first = icalcomponent_get_first_component(calendar, kind);
    const char *uid = icalcomponent_get_uid(first);

    for (icalcomponent *next = first; (next = icalcomponent_get_next_component(calendar, kind));) {
        const char *other = icalcomponent_get_uid(next);
        if (g_strcmp0(uid, other) == 0)
            continue;
        g_autofree char *one = quote(uid ? uid : "none");
        g_autofree char *two = quote(other ? other : "none");
        *reason = g_strdup_printf("the file holds items of two UIDs, %s and %s; one file is one item", one, two);
        return false;
    }
    return true;
}

/* vCalendar 1.0 has the same frame around other rules. */
static bool check_version(icalcomponent *calendar, char **reason)
{
    g_autofree char *version = ical_text(calendar, ICAL_VERSION_PROPERTY);

    if (!version || !g_str_equal(version, "1.0"))
        return true;
    *reason = g_strdup("the file is vCalendar 1.0, not iCalendar 2.0");
    return false;
}

bool ical_file_read(const char *bytes, size_t length, icalcomponent_kind kind, const struct file_context *context,
                    struct ical_file *file, char **reason)
{
    file->context = context;
    file->calendar = ical_parse(bytes, length, reason);
    return file->calendar && check_version(file->calendar, reason) && check_component(file->calendar, reason) &&
           check_kinds(file->calendar, kind, reason) && check_uids(file->calendar, kind, reason);
}

void ical_file_clear(struct ical_file *file)
{
    if (file->calendar)
        icalcomponent_free(file->calendar);
    file->calendar = NULL;
}

char *ical_uid(const struct ical_file *file, icalcomponent_kind kind)
{
    return ical_text(icalcomponent_get_first_component(file->calendar, kind), ICAL_UID_PROPERTY);
}

/* ---- moments ---- */

static bool read_wall(icalproperty *property, struct ical_moment *moment, bool *utc)
{
    icalvalue *value = icalproperty_get_value(property);
    icalvalue_kind kind = value ? icalvalue_isa(value) : ICAL_NO_VALUE;
    struct icaltimetype time;

    if (kind == ICAL_DATE_VALUE)
        time = icalvalue_get_date(value);
    else if (kind == ICAL_DATETIME_VALUE || kind == ICAL_DATETIMEDATE_VALUE)
        time = icalvalue_get_datetime(value);
    else if (kind == ICAL_DATETIMEPERIOD_VALUE)
        time = icalvalue_get_datetimeperiod(value).time;
    else
        return false;
    moment->is_day = time.is_date;
    *utc = icaltime_is_utc(time);
    moment->wall = (struct eas_date){time.year, time.month, time.day, 0, 0, 0, 0};
    if (!time.is_date) {
        moment->wall.hour = time.hour;
        moment->wall.minute = time.minute;
        moment->wall.second = MIN(time.second, 59);
    }
    /* What the wire can say (MS-ASDTYPE 2.7), and what eas_date reckons with. */
    return time.year >= 1601 && time.year < 4501 && time.month >= 1 && time.month <= 12 && time.day >= 1 &&
           g_date_valid_dmy((GDateDay)time.day, (GDateMonth)time.month, (GDateYear)time.year) &&
           moment->wall.hour >= 0 && moment->wall.hour < 24 && moment->wall.minute >= 0 && moment->wall.minute < 60 &&
           moment->wall.second >= 0;
}

bool ical_moment_read(const struct ical_file *file, icalproperty *property, struct ical_moment *moment, char **reason)
{
    bool utc = false;

    *moment = (struct ical_moment){.zone = zone_utc()};
    if (!read_wall(property, moment, &utc)) {
        g_autofree char *value = icalproperty_get_value_as_string_r(property);
        g_autofree char *shown = quote(value ? value : "");
        *reason = g_strdup_printf("%s is no date that can be: %s", icalproperty_get_property_name(property), shown);
        return false;
    }
    g_autofree char *tzid = ical_parameter(property, "TZID");
    if (!moment->is_day && !utc && tzid && *tzid) {
        if (!zone_read(file->calendar, tzid, &moment->wall, file->context->home_zone, &moment->zone)) {
            g_autofree char *shown = quote(tzid);
            *reason = g_strdup_printf("the time zone %s is unknown, and the file has no VTIMEZONE for it", shown);
            return false;
        }
    } else if (!moment->is_day && !utc) {
        moment->is_floating = true;
        if (!file->context->home_zone || !zone_by_name(file->context->home_zone, &moment->zone))
            moment->zone = zone_utc();
    }
    moment->instant = zone_instant(&moment->zone, &moment->wall);
    return true;
}

gint64 ical_duration(struct icaldurationtype duration)
{
    gint64 days = (gint64)duration.weeks * 7 + duration.days;
    gint64 seconds = ((days * 24 + duration.hours) * 60 + duration.minutes) * 60 + duration.seconds;

    return duration.is_neg ? -seconds : seconds;
}
