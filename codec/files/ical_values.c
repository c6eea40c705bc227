/* Values of properties and parameters, and how they get into ApplicationData. */
#include <string.h>

#include "codec/files/body.h"
#include "codec/files/ical_common.h"
#include "codec/files/ical_read.h"
#include "codec/limits.h"

icalproperty *ical_property(icalcomponent *component, icalproperty_kind kind)
{
    return icalcomponent_get_first_property(component, kind);
}

icalproperty *ical_x_property(icalcomponent *component, const char *name)
{
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_X_PROPERTY);

    for (; property; property = icalcomponent_get_next_property(component, ICAL_X_PROPERTY))
        if (!g_ascii_strcasecmp(icalproperty_get_x_name(property), name))
            return property;
    return NULL;
}

static char *value_text(icalproperty *property)
{
    icalvalue *value = property ? icalproperty_get_value(property) : NULL;
    const char *text = NULL;

    if (!value)
        return NULL;
    switch (icalvalue_isa(value)) {
    case ICAL_TEXT_VALUE:
        text = icalvalue_get_text(value);
        break;
    case ICAL_X_VALUE:
        text = icalvalue_get_x(value);
        break;
    default: {
        g_autofree char *written = icalvalue_as_ical_string_r(value);
        return g_strdup(written);
    }
    }
    return g_strdup(text);
}

char *ical_text(icalcomponent *component, icalproperty_kind kind)
{
    return value_text(ical_property(component, kind));
}

char *ical_x_text(icalcomponent *component, const char *name)
{
    return value_text(ical_x_property(component, name));
}

/* RFC 6868: ^n is a line end, ^' a quote, ^^ a circumflex. */
static char *undo_carets(const char *text)
{
    GString *plain = g_string_sized_new(strlen(text));

    for (; *text; text++) {
        char next = *text == '^' ? text[1] : '\0';
        if (next == 'n' || next == '\'' || next == '^') {
            g_string_append_c(plain, next == 'n' ? '\n' : next == '\'' ? '"' : '^');
            text++;
        } else {
            g_string_append_c(plain, *text);
        }
    }
    return g_string_free(plain, FALSE);
}

char *ical_parameter(icalproperty *property, const char *name)
{
    g_autofree char *value = icalproperty_get_parameter_as_string_r(property, name);
    if (!value)
        return NULL;
    size_t length = strlen(value);
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        memmove(value, value + 1, length - 2);
        value[length - 2] = '\0';
    }
    return undo_carets(value);
}

int ical_word(const char *value, const char *const *words, size_t count)
{
    for (size_t i = 0; value && i < count; i++)
        if (words[i] && !g_ascii_strcasecmp(value, words[i]))
            return (int)i;
    return -1;
}

/* ---- into ApplicationData ---- */

void ical_put_compact(struct eas_node *data, eas_tag tag, gint64 instant)
{
    struct eas_date date = eas_date_from_seconds(instant);
    g_autofree char *text = ical_time(&date, ICAL_UTC);

    eas_node_add(data, tag, text);
}

void ical_put_dashed(struct eas_node *data, eas_tag tag, gint64 instant)
{
    struct eas_date date = eas_date_from_seconds(instant);
    g_autofree char *text = g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02d.000Z", date.year, date.month, date.day,
                                            date.hour, date.minute, date.second);

    eas_node_add(data, tag, text);
}

void ical_put_number(struct eas_node *data, eas_tag tag, long long number)
{
    g_autofree char *text = g_strdup_printf("%lld", number);

    eas_node_add(data, tag, text);
}

void ical_put_text(struct eas_node *data, eas_tag tag, const char *text)
{
    if (text)
        eas_node_add(data, tag, text);
}

/* Plain text of the wire ends its lines as mail does. */
static char *wire_lines(const char *text)
{
    g_autoptr(GString) lines = g_string_sized_new(strlen(text) + 64);

    for (; *text; text++) {
        if (*text == '\r' && text[1] == '\n')
            continue;
        if (*text == '\n' || *text == '\r')
            g_string_append(lines, "\r\n");
        else
            g_string_append_c(lines, *text);
    }
    return g_string_free(g_steal_pointer(&lines), FALSE);
}

static void add_body(struct eas_node *data, int type, const char *text)
{
    struct eas_node *body = eas_node_append(data, eas_node_new(TAG_AirSyncBase_Body, NULL));

    ical_put_number(body, TAG_AirSyncBase_Type, type);
    ical_put_text(body, TAG_AirSyncBase_Data, text);
}

void ical_put_body(struct eas_node *data, icalcomponent *component)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autofree char *omitted = ical_x_text(component, "X-EAS-BODY-OMITTED");
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_DESCRIPTION_PROPERTY);

    for (; property; property = icalcomponent_get_next_property(component, ICAL_DESCRIPTION_PROPERTY)) {
        const char *text = icalproperty_get_description(property);
        if (text)
            g_string_append_printf(all, "%s%s", all->len ? "\n\n" : "", text);
    }
    if (all->len) {
        g_autofree char *lines = wire_lines(all->str);
        add_body(data, BODY_PLAIN, lines);
    } else if (omitted) {
        add_body(data, g_str_equal(omitted, "RTF") ? BODY_RTF : BODY_MIME, NULL);
    }
}

bool ical_put_categories(struct eas_node *data, icalcomponent *component, eas_tag categories, eas_tag category,
                         char **reason)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    struct eas_node *list = NULL;
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_CATEGORIES_PROPERTY);

    for (; property; property = icalcomponent_get_next_property(component, ICAL_CATEGORIES_PROPERTY)) {
        g_autofree char *text = value_text(property);
        if (!text || !*g_strstrip(text) || g_hash_table_contains(seen, text))
            continue;
        if (!list)
            list = eas_node_append(data, eas_node_new(categories, NULL));
        g_hash_table_add(seen, eas_node_add(list, category, text)->text);
    }
    if (g_hash_table_size(seen) <= LIMIT_CATEGORIES)
        return true;
    *reason = g_strdup_printf("%u categories; an item takes %d", g_hash_table_size(seen), LIMIT_CATEGORIES);
    return false;
}

void ical_put_class(struct eas_node *data, icalcomponent *component, eas_tag tag)
{
    static const char *const words[] = {"PUBLIC", "X-PERSONAL", "PRIVATE", "CONFIDENTIAL"};
    enum { PRIVATE = 2 };
    icalproperty *property = ical_property(component, ICAL_CLASS_PROPERTY);
    g_autofree char *value = property ? icalproperty_get_value_as_string_r(property) : NULL;
    int word = ical_word(value, words, G_N_ELEMENTS(words));

    ical_put_number(data, tag, !value ? 0 : word < 0 ? PRIVATE : word);
}
