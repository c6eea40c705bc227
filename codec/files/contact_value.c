#include "codec/files/contact_value.h"

#include <string.h>

#include "codec/files/body.h"
#include "codec/files/card_text.h"
#include "codec/files/mailbox.h"
#include "codec/files/picture.h"

#define PART "\x1f"
#define PLACE "\x1e"

static const char *after(const char *text, const char *scheme)
{
    size_t length = strlen(scheme);

    return g_ascii_strncasecmp(text, scheme, length) == 0 ? text + length : text;
}

char *contact_plain(enum contact_form form, const char *text)
{
    GString *plain = g_string_new(NULL);

    for (; *text; text++)
        if (*text == '\r' && text[1] == '\n')
            continue;
        else if ((*text == '\n' || *text == '\r') && form != CONTACT_URI)
            g_string_append_c(plain, '\n');
        else if (((unsigned char)*text >= ' ' && *text != 0x7f) || *text == '\t')
            g_string_append_c(plain, *text);
    g_strstrip(plain->str);

    g_autofree char *whole = g_string_free(plain, FALSE);
    switch (form) {
    case CONTACT_PHONE:
        return g_strstrip(g_strdup(after(whole, "tel:")));
    case CONTACT_EMAIL:
        return g_strstrip(g_strdup(after(whole, "mailto:")));
    case CONTACT_URI: /* some escape a URI as if it were a text */
        return card_text(whole);
    default:
        return g_steal_pointer(&whole);
    }
}

bool contact_day(const char *text, struct eas_date *date)
{
    if (!eas_date_read(text, date) || eas_date_is_none(date))
        return false;
    *date = eas_date_from_seconds(eas_date_seconds(date) + 12 * 3600);
    return true;
}

char *contact_im_text(const char *text)
{
    g_autofree char *plain = contact_plain(CONTACT_IM, text);
    g_autofree char *bare = g_str_has_prefix(plain, "im:") ? g_uri_unescape_string(plain + 3, NULL) : NULL;

    return bare && g_utf8_validate(bare, -1, NULL) ? contact_plain(CONTACT_IM, bare) : g_steal_pointer(&plain);
}

char *contact_im_uri(const char *text)
{
    g_autofree char *plain = contact_im_text(text);
    g_autofree char *scheme = g_uri_parse_scheme(plain);
    g_autofree char *escaped = g_uri_escape_string(plain, "@!$&'()*+,;=:/", FALSE);

    if (!*plain)
        return NULL;
    return scheme && !strpbrk(plain, " \n\t") ? g_strdup(plain) : g_strconcat("im:", escaped, NULL);
}

/* The address alone: the name beside it is something that servers add, and editors drop. */
static char *address_of(const char *text)
{
    g_autofree char *plain = contact_plain(CONTACT_EMAIL, text);
    g_autofree char *name = NULL;
    g_autofree char *address = NULL;

    mailbox_split(plain, &name, &address);
    return contact_plain(CONTACT_EMAIL, *address ? address : plain);
}

static char *day_of(const char *text)
{
    struct eas_date date;

    if (!contact_day(text, &date))
        return NULL;
    return g_strdup_printf("%04d-%02d-%02d", date.year, date.month, date.day);
}

static char *parts_of(const struct eas_node *data, const struct contact_property *row)
{
    g_autoptr(GString) parts = g_string_new(NULL);
    bool some = false;

    for (int i = 0; i < row->count; i++) {
        const char *text = eas_node_text(data, row->elements[i]);
        g_autofree char *plain = contact_plain(row->form, text ? text : "");

        some |= *plain != 0;
        g_string_append_printf(parts, "%s" PART, plain);
    }
    return some ? g_string_free(g_steal_pointer(&parts), FALSE) : NULL;
}

static int by_text(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

static char *children_of(const struct eas_node *data, const struct contact_property *row)
{
    const struct eas_node *child = eas_node_child(eas_node_child(data, row->elements[0]), row->elements[1]);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    GString *all = g_string_new(NULL);

    for (; child; child = eas_node_next(child))
        g_ptr_array_add(texts, contact_plain(row->form, child->text));
    if (row->form == CONTACT_LIST)
        g_ptr_array_sort(texts, by_text);
    for (guint i = 0; i < texts->len; i++) {
        const char *text = texts->pdata[i];
        bool twice = row->form == CONTACT_LIST && i > 0 && !strcmp(text, texts->pdata[i - 1]);

        if (*text && !twice)
            g_string_append_printf(all, "%s" PART, text);
    }
    return g_string_free(all, FALSE);
}

static char *note_of(const struct eas_node *data, eas_tag legacy)
{
    g_autofree char *text = body_text(data, legacy);

    return contact_plain(CONTACT_BODY, text ? text : "");
}

static char *picture_of(const struct eas_node *node)
{
    struct picture picture;

    return picture_read(node, &picture) ? picture.base64 : NULL;
}

char *contact_piece(enum contact_form form, const char *text)
{
    switch (form) {
    case CONTACT_EMAIL:
        return address_of(text);
    case CONTACT_IM:
        return contact_im_uri(text);
    case CONTACT_DATE:
        return day_of(text);
    default:
        return contact_plain(form, text);
    }
}

char *contact_element(const struct eas_node *data, eas_tag tag)
{
    const char *text = eas_node_text(data, tag);
    enum contact_form form = CONTACT_TEXT;

    for (size_t i = 0; i < CONTACT_PROPERTIES; i++)
        for (int n = 0; n < contact_properties[i].count; n++)
            if (contact_properties[i].elements[n] == tag)
                form = contact_properties[i].form;
    return contact_piece(form, text ? text : "");
}

/* One place's value; NULL or "" where it has none. */
static char *place_of(const struct eas_node *data, enum contact_form form, eas_tag tag)
{
    const char *text = eas_node_text(data, tag);

    return form == CONTACT_PHOTO ? picture_of(eas_node_child(data, tag)) : contact_piece(form, text ? text : "");
}

/* The same in two places is said once: a card could not tell it apart. */
static char *pieces_of(const struct eas_node *data, const struct contact_property *row)
{
    GString *all = g_string_new(PLACE);

    for (int i = 0; i < row->count; i++) {
        g_autofree char *value = place_of(data, row->form, row->elements[i]);
        g_autofree char *place = g_strconcat(PLACE, value, PLACE, NULL);

        if (value && *value && !strstr(all->str, place))
            g_string_append_printf(all, "%s" PLACE, value);
    }
    return g_string_free(all, FALSE);
}

static char *whole_of(const struct eas_node *data, const struct contact_property *row)
{
    switch (row->form) {
    case CONTACT_NAME:
    case CONTACT_ADDRESS:
    case CONTACT_ORG:
        return parts_of(data, row);
    case CONTACT_EACH:
    case CONTACT_LIST:
        return children_of(data, row);
    case CONTACT_BODY:
        return note_of(data, row->elements[1]);
    default:
        return pieces_of(data, row);
    }
}

char *contact_value(const struct eas_node *data, const struct contact_property *row)
{
    g_autofree char *value = whole_of(data, row);

    return value && *value && strcmp(value, PLACE) != 0 ? g_steal_pointer(&value) : NULL;
}
