#include "contrib/easd/edit_zone.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    BLOB_BYTES = 172,
    NAME_UNITS = 32,
    STANDARD_NAME = 4,
    STANDARD_DATE = 68,
    STANDARD_BIAS = 84,
    DAYLIGHT_NAME = 88,
    DAYLIGHT_DATE = 152,
    DAYLIGHT_BIAS = 168,
    BIAS_TOP = 15 * 60,
    FIRST_YEAR = 1900,
};

/* year 0: the nth weekday of the month, 5 the last; else that day, and it comes every year again. */
struct change {
    int year, month, weekday, day, hour, minute, second;
};

static int get16(const guchar *blob)
{
    return blob[0] | blob[1] << 8;
}

static int get32(const guchar *blob)
{
    return (int)((guint32)get16(blob) | (guint32)get16(blob + 2) << 16);
}

/* A name ends at its first NUL, whatever follows. */
static char *get_name(const guchar *blob)
{
    gunichar2 units[NAME_UNITS + 1] = {0};
    g_autofree char *name = NULL;

    for (int i = 0; i < NAME_UNITS && get16(blob + 2 * i); i++)
        units[i] = (gunichar2)get16(blob + 2 * i);
    name = g_utf16_to_utf8(units, -1, NULL, NULL, NULL);
    for (char *at = name; at && *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    return name && *name ? g_steal_pointer(&name) : g_strdup("LMT");
}

/* False for a date that is none; month 0: no change. */
static bool get_change(struct change *change, const guchar *blob)
{
    *change = (struct change){get16(blob),     get16(blob + 2),  get16(blob + 4), get16(blob + 6),
                              get16(blob + 8), get16(blob + 10), get16(blob + 12)};
    if (change->month == 0)
        return true;
    return change->month <= 12 && change->weekday <= 6 && change->day >= 1 && change->day <= (change->year ? 31 : 5) &&
           change->hour <= 23 && change->minute <= 59 && change->second <= 59;
}

/* The day of its month on which a change falls in a year. */
static int change_day(const struct change *change, int year)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int length =
        lengths[change->month - 1] + (change->month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0));
    GDate date;
    int first, day;

    if (change->year)
        return MIN(change->day, length);
    g_date_clear(&date, 1);
    g_date_set_dmy(&date, 1, (GDateMonth)change->month, (GDateYear)year);
    first = (int)g_date_get_weekday(&date) % 7;
    day = 1 + (change->weekday - first + 7) % 7 + 7 * (change->day - 1);
    while (day > length)
        day -= 7;
    return day;
}

static void put_offset(GString *text, const char *name, int minutes)
{
    g_string_append_printf(text, "%s:%c%02d%02d\r\n", name, minutes < 0 ? '-' : '+', ABS(minutes) / 60,
                           ABS(minutes) % 60);
}

static void put_part(GString *text, const char *kind, const char *name, const struct change *change, int from, int to)
{
    static const char *const days[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

    g_string_append_printf(text, "BEGIN:%s\r\nTZNAME:%s\r\n", kind, name);
    put_offset(text, "TZOFFSETFROM", from);
    put_offset(text, "TZOFFSETTO", to);
    if (!change) {
        g_string_append(text, "DTSTART:19000101T000000\r\n");
    } else {
        g_string_append_printf(text, "DTSTART:%04d%02d%02dT%02d%02d%02d\r\n", FIRST_YEAR, change->month,
                               change_day(change, FIRST_YEAR), change->hour, change->minute, change->second);
        if (change->year)
            g_string_append_printf(text, "RRULE:FREQ=YEARLY;BYMONTH=%d;BYMONTHDAY=%d\r\n", change->month, change->day);
        else
            g_string_append_printf(text, "RRULE:FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s\r\n", change->month,
                                   change->day == 5 ? -1 : change->day, days[change->weekday]);
    }
    g_string_append_printf(text, "END:%s\r\n", kind);
}

/* The calendar's zone of a name, with a VTIMEZONE of these parts where it has none. */
static icaltimezone *add_zone(icalcomponent *calendar, const char *tzid, const char *parts)
{
    icaltimezone *zone = icalcomponent_get_timezone(calendar, tzid);
    g_autofree char *text = g_strdup_printf("BEGIN:VTIMEZONE\r\nTZID:%s\r\n%sEND:VTIMEZONE\r\n", tzid, parts);
    icalcomponent *component = zone ? NULL : icalparser_parse_string(text);

    if (component) {
        icalcomponent_add_component(calendar, component);
        zone = icalcomponent_get_timezone(calendar, tzid);
    }
    return zone;
}

static void name_offset(char *out, size_t room, int minutes)
{
    snprintf(out, room, "UTC%c%02d:%02d", minutes < 0 ? '-' : '+', ABS(minutes) / 60 % 100, ABS(minutes) % 60);
}

/* A zone is named by its offset; one with two offsets, by its rules as well. */
static icaltimezone *make_zone(icalcomponent *calendar, const guchar *blob)
{
    int standard = -(get32(blob) + get32(blob + STANDARD_BIAS));
    int daylight = -(get32(blob) + get32(blob + DAYLIGHT_BIAS));
    g_autofree char *name = get_name(blob + STANDARD_NAME), *other = get_name(blob + DAYLIGHT_NAME);
    g_autofree char *tzid = NULL;
    struct change to_standard, to_daylight;
    char offset[16];

    if (ABS(standard) > BIAS_TOP || ABS(daylight) > BIAS_TOP || !get_change(&to_standard, blob + STANDARD_DATE) ||
        !get_change(&to_daylight, blob + DAYLIGHT_DATE))
        return NULL;
    if (to_standard.month == 0 || to_daylight.month == 0)
        return zone_from_offset(calendar, -get32(blob) * 60);
    g_autoptr(GString) parts = g_string_new(NULL);

    name_offset(offset, sizeof offset, standard);
    put_part(parts, "STANDARD", name, &to_standard, daylight, standard);
    put_part(parts, "DAYLIGHT", other, &to_daylight, standard, daylight);
    tzid = g_strdup_printf("%s/%+d %08x", offset, daylight - standard, g_str_hash(parts->str));
    return add_zone(calendar, tzid, parts->str);
}

icaltimezone *zone_from_offset(icalcomponent *calendar, int offset)
{
    g_autoptr(GString) parts = g_string_new(NULL);
    char tzid[16];

    if (offset == 0)
        return icaltimezone_get_utc_timezone();
    name_offset(tzid, sizeof tzid, offset / 60);
    put_part(parts, "STANDARD", tzid, NULL, offset / 60, offset / 60);
    return add_zone(calendar, tzid, parts->str);
}

icaltimezone *zone_from_blob(icalcomponent *calendar, const char *blob)
{
    gsize length = 0;
    g_autofree guchar *bytes = g_base64_decode(blob, &length);

    return length == BLOB_BYTES ? make_zone(calendar, bytes) : NULL;
}

/* ---- what nothing names ---- */

static bool component_names(icalcomponent *component, const char *tzid)
{
    for (icalproperty *property = icalcomponent_get_first_property(component, ICAL_ANY_PROPERTY); property;
         property = icalcomponent_get_next_property(component, ICAL_ANY_PROPERTY)) {
        icalparameter *parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);

        if (parameter && g_strcmp0(icalparameter_get_tzid(parameter), tzid) == 0)
            return true;
    }
    return false;
}

static bool calendar_names(icalcomponent *calendar, const char *tzid)
{
    icalcompiter iter = icalcomponent_begin_component(calendar, ICAL_ANY_COMPONENT);

    for (icalcomponent *component; (component = icalcompiter_deref(&iter)); icalcompiter_next(&iter))
        if (icalcomponent_isa(component) != ICAL_VTIMEZONE_COMPONENT && component_names(component, tzid))
            return true;
    return false;
}

void zones_prune(icalcomponent *calendar, const char *keep)
{
    g_autoptr(GPtrArray) unused = g_ptr_array_new();

    for (icalcomponent *zone = icalcomponent_get_first_component(calendar, ICAL_VTIMEZONE_COMPONENT); zone;
         zone = icalcomponent_get_next_component(calendar, ICAL_VTIMEZONE_COMPONENT)) {
        icalproperty *name = icalcomponent_get_first_property(zone, ICAL_TZID_PROPERTY);
        const char *tzid = name ? icalproperty_get_tzid(name) : "";

        if (g_strcmp0(tzid, keep) != 0 && !calendar_names(calendar, tzid))
            g_ptr_array_add(unused, zone);
    }
    for (guint i = 0; i < unused->len; i++) {
        icalcomponent_remove_component(calendar, unused->pdata[i]);
        icalcomponent_free(unused->pdata[i]);
    }
}
