#include "codec/files/contact.h"

#include <string.h>

#include "codec/files/body.h"
#include "codec/files/ical_common.h"
#include "codec/files/files.h"
#include "codec/files/mailbox.h"
#include "codec/files/picture.h"

enum form {
    TEXT,  /* the element's text */
    NAME,  /* components, written even when all are empty */
    PARTS, /* components, all of them, left out when all are empty */
    ORG,   /* components, empty ones at the end left out */
    EMAIL, /* the address; a display name in a parameter */
    IM,    /* a URI of an instant messenger */
    URI,   /* as it is */
    DATE,  /* a day */
    EACH,  /* a property for each child */
    LIST,  /* CATEGORIES, the children separated by commas */
    BODY,  /* the Body as text */
    PHOTO, /* a picture in base64 */
};

enum { MAX_ELEMENTS = 7 };

#define C(name) TAG_Contacts_##name
#define C2(name) TAG_Contacts2_##name
#define NONE EAS_TAG_NONE
static const struct property {
    enum form form;
    const char *v3, *v4;
    eas_tag elements[MAX_ELEMENTS];
    int count;
} properties[] = {
#define PROPERTY(sections, form, v3, v4, ...)                                                                          \
    {form, v3, v4, {__VA_ARGS__}, sizeof((eas_tag[]){__VA_ARGS__}) / sizeof(eas_tag)},
#include "codec/files/contact.def"
#undef PROPERTY
};
#undef C
#undef C2
#undef NONE

struct card {
    GString *out;
    const struct eas_node *data;
    int version;
};

static const char *text_of(const struct card *card, eas_tag tag)
{
    const char *text = tag == EAS_TAG_NONE ? NULL : eas_node_text(card->data, tag);

    return text ? text : "";
}

static void write_text(struct card *card, const char *head, const char *text)
{
    g_autofree char *value = content_text(text);

    if (*value)
        content_line(card->out, head, value);
}

static void write_parts(struct card *card, const char *head, const struct property *row)
{
    g_autoptr(GString) value = g_string_new(NULL);
    size_t written = 0;

    for (int i = 0; i < row->count; i++) {
        g_autofree char *text = content_text(text_of(card, row->elements[i]));

        g_string_append_printf(value, "%s%s", i > 0 ? ";" : "", text);
        if (*text)
            written = value->len;
    }
    if (row->form == ORG)
        g_string_truncate(value, written);
    if (written > 0 || row->form == NAME)
        content_line(card->out, head, value->str);
}

/* '"Jane Doe" <jane@example.org>' keeps its name in a parameter; what is no address at all, such as
 * "EX:/o=..." of a directory, stands as it is. */
static void write_email(struct card *card, const char *head, const char *text)
{
    g_autofree char *name = NULL;
    g_autofree char *address = NULL;
    g_autofree char *full = NULL;

    mailbox_split(text, &name, &address);
    if (*address && *name && strcmp(name, address) != 0) {
        g_autofree char *parameter = content_parameter(name);

        full = g_strconcat(head, ";X-EAS-NAME=", parameter, NULL);
    }
    write_text(card, full ? full : head, *address ? address : text);
}

/* Not escaped, and without the blanks around it. */
static void write_uri(struct card *card, const char *head, const char *text)
{
    g_autofree char *uri = g_strstrip(g_strdup(text));

    if (*uri)
        content_line(card->out, head, uri);
}

/* RFC 4770 wants a URI; what has no scheme gets the one of RFC 3860. */
static void write_im(struct card *card, const char *head, const char *text)
{
    g_autofree char *plain = g_strstrip(g_strdup(text));
    g_autofree char *scheme = g_uri_parse_scheme(plain);
    g_autofree char *escaped = g_uri_escape_string(plain, "@!$&'()*+,;=:/", FALSE);
    g_autofree char *uri = scheme && !strchr(plain, ' ') ? g_strdup(plain) : g_strconcat("im:", escaped, NULL);

    if (*plain)
        content_line(card->out, head, uri);
}

/* The time of a birthday is to be ignored, but servers that mean midnight of a zone east of
 * Greenwich write the evening before: twelve hours later the day is right for both (MS-ASCNTC
 * 2.2.2.6). The year 1604 is how address books say that they do not know it. */
static void write_date(struct card *card, const char *head, const char *text)
{
    enum { UNKNOWN_YEAR = 1604 };
    struct eas_date date;
    char value[32];

    if (!eas_date_read(text, &date) || eas_date_is_none(&date))
        return;
    date = eas_date_from_seconds(eas_date_seconds(&date) + 12 * 3600);

    bool yearless = date.year == UNKNOWN_YEAR;
    if (card->version >= 4 && yearless)
        g_snprintf(value, sizeof value, "--%02d%02d", date.month, date.day);
    else
        g_snprintf(value, sizeof value, card->version >= 4 ? "%04d%02d%02d" : "%04d-%02d-%02d", date.year, date.month,
                   date.day);

    g_autoptr(GString) full = g_string_new(head);
    if (yearless && card->version < 4)
        g_string_append(full, ";X-APPLE-OMIT-YEAR=1604");
    content_line(card->out, full->str, value);
}

static void write_each(struct card *card, const char *head, const struct property *row)
{
    const struct eas_node *child = eas_node_child(eas_node_child(card->data, row->elements[0]), row->elements[1]);

    for (; child; child = eas_node_next(child))
        write_text(card, head, child->text);
}

static void write_photo(struct card *card, const char *head, const struct property *row)
{
    struct picture picture;

    if (!picture_read(eas_node_child(card->data, row->elements[0]), &picture))
        return;

    g_autofree char *value = card->version >= 4 ? g_strconcat("data:", picture.media, ";base64,", picture.base64, NULL)
                                                : g_strdup(picture.base64);
    g_autoptr(GString) full = g_string_new(head);

    if (card->version < 4)
        g_string_append_printf(full, ";ENCODING=b%s%s", *picture.type ? ";TYPE=" : "", picture.type);
    content_line(card->out, full->str, value);
    picture_clear(&picture);
}

static void write_body(struct card *card, const char *head, eas_tag legacy)
{
    g_autofree char *note = body_text(card->data, legacy);

    if (note)
        write_text(card, head, note);
}

static void write_property(struct card *card, const struct property *row)
{
    const char *head = card->version >= 4 ? row->v4 : row->v3;
    const char *text = text_of(card, row->elements[0]);

    switch (row->form) {
    case TEXT:
        return write_text(card, head, text);
    case NAME:
    case PARTS:
    case ORG:
        return write_parts(card, head, row);
    case EMAIL:
        return write_email(card, head, text);
    case IM:
        return write_im(card, head, text);
    case URI:
        return write_uri(card, head, text);
    case DATE:
        return write_date(card, head, text);
    case EACH:
        return write_each(card, head, row);
    case LIST:
        return ical_add_categories(card->out, card->data, row->elements[0], row->elements[1]);
    case BODY:
        return write_body(card, head, row->elements[0]);
    case PHOTO:
        return write_photo(card, head, row);
    }
}

GBytes *file_from_contact(const struct eas_node *data, const struct file_context *context, char **reason)
{
    struct card card = {g_string_new(NULL), data, context->vcard_version};
    g_autofree char *name = contact_full_name(data);

    *reason = NULL;
    content_line(card.out, "BEGIN", "VCARD");
    content_line(card.out, "VERSION", card.version >= 4 ? "4.0" : "3.0");
    content_line(card.out, "PRODID", "-//easfs//EN");
    if (context->uid)
        write_text(&card, "UID", context->uid);
    /* Both versions require it of every card. */
    write_text(&card, "FN", *name ? name : "untitled");
    for (size_t i = 0; i < G_N_ELEMENTS(properties); i++)
        write_property(&card, &properties[i]);
    content_line(card.out, "END", "VCARD");
    return g_string_free_to_bytes(card.out);
}

static void append_word(GString *line, const char *word)
{
    if (!word || !*word)
        return;
    if (line->len > 0)
        g_string_append_c(line, ' ');
    g_string_append(line, word);
}

char *contact_full_name(const struct eas_node *data)
{
    static const eas_tag words[] = {TAG_Contacts_FirstName, TAG_Contacts_MiddleName, TAG_Contacts_LastName,
                                    TAG_Contacts_Suffix};
    static const eas_tag stand_ins[] = {TAG_Contacts_FileAs,
                                        TAG_Contacts2_NickName,
                                        TAG_Contacts_CompanyName,
                                        TAG_Contacts_Email1Address,
                                        TAG_Contacts_Email2Address,
                                        TAG_Contacts_Email3Address,
                                        TAG_Contacts_MobilePhoneNumber,
                                        TAG_Contacts_BusinessPhoneNumber,
                                        TAG_Contacts_HomePhoneNumber};
    g_autoptr(GString) full = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        append_word(full, eas_node_text(data, words[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(stand_ins) && full->len == 0; i++)
        append_word(full, eas_node_text(data, stand_ins[i]));
    return g_strdup(full->str);
}
