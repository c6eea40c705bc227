#include "codec/files/contact.h"

#include <string.h>

#include "codec/files/body.h"
#include "codec/files/contact_value.h"
#include "codec/files/file_as.h"
#include "codec/files/files.h"
#include "codec/files/ical_common.h"
#include "codec/files/mailbox.h"
#include "codec/files/picture.h"

struct sheet {
    GString *out;
    const struct eas_node *data;
    int version;
};

static const char *text_of(const struct sheet *card, eas_tag tag)
{
    const char *text = eas_node_text(card->data, tag);

    return text ? text : "";
}

static void write_text(struct sheet *card, const char *head, const char *text)
{
    g_autofree char *value = content_text(text);

    if (*value)
        content_line(card->out, head, value);
}

static void write_parts(struct sheet *card, const char *head, const struct contact_property *row)
{
    g_autoptr(GString) value = g_string_new(row->form == CONTACT_ADDRESS ? ";;" : NULL);
    size_t written = 0;

    for (int i = 0; i < row->count; i++) {
        g_autofree char *text = content_text(text_of(card, row->elements[i]));

        g_string_append_printf(value, "%s%s", i > 0 ? ";" : "", text);
        if (*text)
            written = value->len;
    }
    if (row->form == CONTACT_ORG)
        g_string_truncate(value, written);
    if (written > 0 || row->form == CONTACT_NAME)
        content_line(card->out, head, value->str);
}

/* '"Jane Doe" <jane@example.org>' keeps its name in a parameter; what is no address at all, such as
 * "EX:/o=..." of a directory, stands as it is. */
static void write_email(struct sheet *card, const char *head, const char *text)
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
static void write_uri(struct sheet *card, const char *head, const char *text)
{
    g_autofree char *uri = g_strstrip(g_strdup(text));

    if (*uri)
        content_line(card->out, head, uri);
}

static void write_im(struct sheet *card, const char *head, const char *text)
{
    g_autofree char *uri = contact_im_uri(text);

    if (uri)
        content_line(card->out, head, uri);
}

static void write_date(struct sheet *card, const char *head, const char *text)
{
    struct eas_date date;
    char value[32];

    if (!contact_day(text, &date))
        return;

    bool yearless = date.year == CONTACT_NO_YEAR;
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

static void write_each(struct sheet *card, const char *head, const struct contact_property *row)
{
    const struct eas_node *child = eas_node_child(eas_node_child(card->data, row->elements[0]), row->elements[1]);

    for (; child; child = eas_node_next(child))
        write_text(card, head, child->text);
}

static void write_photo(struct sheet *card, const char *head, eas_tag tag)
{
    struct picture picture;

    if (!picture_read(eas_node_child(card->data, tag), &picture))
        return;

    g_autofree char *value = card->version >= 4 ? g_strconcat("data:", picture.media, ";base64,", picture.base64, NULL)
                                                : g_strdup(picture.base64);
    g_autoptr(GString) full = g_string_new(head);

    if (card->version < 4)
        g_string_append_printf(full, ";ENCODING=b%s%s", *picture.type ? ";TYPE=" : "", picture.type);
    content_line(card->out, full->str, value);
    picture_clear(&picture);
}

static void write_body(struct sheet *card, const char *head, eas_tag legacy)
{
    g_autofree char *note = body_text(card->data, legacy);

    if (note)
        write_text(card, head, note);
}

static void write_piece(struct sheet *card, const char *head, enum contact_form form, eas_tag tag)
{
    const char *text = text_of(card, tag);

    switch (form) {
    case CONTACT_EMAIL:
        return write_email(card, head, text);
    case CONTACT_IM:
        return write_im(card, head, text);
    case CONTACT_URI:
        return write_uri(card, head, text);
    case CONTACT_DATE:
        return write_date(card, head, text);
    case CONTACT_PHOTO:
        return write_photo(card, head, tag);
    default:
        return write_text(card, head, text);
    }
}

static void write_property(struct sheet *card, const struct contact_property *row)
{
    const char *head = card->version >= 4 ? row->v4 : row->v3;

    switch (row->form) {
    case CONTACT_NAME:
    case CONTACT_ADDRESS:
    case CONTACT_ORG:
        return write_parts(card, head, row);
    case CONTACT_EACH:
        return write_each(card, head, row);
    case CONTACT_LIST:
        return ical_add_categories(card->out, card->data, row->elements[0], row->elements[1]);
    case CONTACT_BODY:
        return write_body(card, head, row->elements[1]);
    default:
        for (int i = 0; i < row->count; i++)
            write_piece(card, head, row->form, row->elements[i]);
    }
}

GBytes *file_from_contact(const struct eas_node *data, const struct file_context *context, char **reason)
{
    struct sheet card = {g_string_new(NULL), data, context->vcard_version};
    g_autofree char *name = contact_full_name(data);

    *reason = NULL;
    content_line(card.out, "BEGIN", "VCARD");
    content_line(card.out, "VERSION", card.version >= 4 ? "4.0" : "3.0");
    content_line(card.out, "PRODID", "-//easfs//EN");
    if (context->uid)
        write_text(&card, "UID", context->uid);
    /* Both versions require it of every card. */
    write_text(&card, "FN", *name ? name : CONTACT_UNTITLED);
    for (size_t i = 0; i < CONTACT_PROPERTIES; i++)
        write_property(&card, &contact_properties[i]);
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
    static const eas_tag stand_ins[] = {TAG_Contacts2_NickName,           TAG_Contacts_CompanyName,
                                        TAG_Contacts_Email1Address,       TAG_Contacts_Email2Address,
                                        TAG_Contacts_Email3Address,       TAG_Contacts_MobilePhoneNumber,
                                        TAG_Contacts_BusinessPhoneNumber, TAG_Contacts_HomePhoneNumber};
    g_autoptr(GString) full = g_string_new(NULL);
    const char *own = file_as_own(data);

    if (own)
        return contact_plain(CONTACT_TEXT, own);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        append_word(full, eas_node_text(data, words[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(stand_ins) && full->len == 0; i++) {
        g_autofree char *word = contact_element(data, stand_ins[i]);

        append_word(full, word);
    }
    return g_strdup(full->str);
}
