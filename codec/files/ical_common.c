#include "codec/files/ical_common.h"

#include <string.h>

#include "codec/files/body.h"
#include "codec/files/html_text.h"

GString *ical_calendar_begin(void)
{
    GString *out = g_string_sized_new(2048);
    ical_begin(out, "VCALENDAR");
    content_line(out, "VERSION", "2.0");
    content_line(out, "PRODID", "-//easfs//EN");
    return out;
}

GBytes *ical_calendar_end(GString *out)
{
    ical_end(out, "VCALENDAR");
    return g_string_free_to_bytes(out);
}

void ical_begin(GString *out, const char *component)
{
    content_line(out, "BEGIN", component);
}

void ical_end(GString *out, const char *component)
{
    content_line(out, "END", component);
}

char *ical_time(const struct eas_date *date, enum ical_time_form form)
{
    if (form == ICAL_DAY)
        return g_strdup_printf("%04d%02d%02d", date->year, date->month, date->day);
    return g_strdup_printf("%04d%02d%02dT%02d%02d%02d%s", date->year, date->month, date->day, date->hour, date->minute,
                           date->second, form == ICAL_UTC ? "Z" : "");
}

void ical_add_time(GString *out, const char *name, const struct eas_date *date, enum ical_time_form form,
                   const char *zone)
{
    g_autofree char *value = ical_time(date, form);
    g_autofree char *full = NULL;
    if (form == ICAL_DAY)
        full = g_strconcat(name, ";VALUE=DATE", NULL);
    else if (form == ICAL_WALL && zone)
        full = g_strconcat(name, ";TZID=", zone, NULL);
    content_line(out, full ? full : name, value);
}

void ical_add_categories(GString *out, const struct eas_node *data, eas_tag categories, eas_tag category)
{
    g_autoptr(GString) list = g_string_new(NULL);
    const struct eas_node *child = eas_node_child(eas_node_child(data, categories), category);
    for (; child; child = eas_node_next(child)) {
        g_autofree char *text = content_text(child->text);
        if (!text[strspn(text, " \t")])
            continue;
        g_string_append_printf(list, "%s%s", list->len ? "," : "", text);
    }
    if (list->len)
        content_line(out, "CATEGORIES", list->str);
}

void ical_add_body(GString *out, const struct eas_node *data, eas_tag legacy)
{
    int type;
    const char *text = body_data(data, legacy, &type);
    if (type == BODY_PLAIN) {
        content_line_text(out, "DESCRIPTION", text);
    } else if (type == BODY_HTML) {
        g_autofree char *plain = html_text(text);
        content_line_text(out, "DESCRIPTION", plain);
        content_line_text(out, "X-ALT-DESC;FMTTYPE=text/html", text);
    } else if (type != BODY_NONE) {
        content_line(out, "X-EAS-BODY-OMITTED", type == BODY_RTF ? "RTF" : "MIME");
    }
}

void ical_add_class(GString *out, long long sensitivity)
{
    static const char *const words[] = {NULL, "X-PERSONAL", "PRIVATE", "CONFIDENTIAL"};
    if (sensitivity > 0 && sensitivity < (long long)G_N_ELEMENTS(words))
        content_line(out, "CLASS", words[sensitivity]);
}

void ical_add_alarm(GString *out, const char *trigger, const char *value, const char *description)
{
    ical_begin(out, "VALARM");
    content_line(out, "ACTION", "DISPLAY");
    content_line_text(out, "DESCRIPTION", description && *description ? description : "Reminder");
    content_line(out, trigger, value);
    ical_end(out, "VALARM");
}
