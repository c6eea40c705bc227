/* A card as a contact: the values of its lines. Which line is which property: contact_match.h. */
#include <stdlib.h>
#include <string.h>

#include "codec/files/body.h"
#include "codec/files/card_lines.h"
#include "codec/files/card_text.h"
#include "codec/files/contact.h"
#include "codec/files/contact_read.h"
#include "codec/files/contact_match.h"
#include "codec/files/contact_value.h"
#include "codec/files/file_as.h"
#include "codec/files/picture.h"
#include "codec/limits.h"

struct reading {
    const struct card *card;
    const struct contact_match *matches;
    struct eas_node *data;
    char **reason;
};

static bool refuse(struct reading *reading, const char *why)
{
    *reading->reason = g_strdup(why);
    return false;
}

static void add_text(struct reading *reading, eas_tag tag, const char *text)
{
    if (*text)
        eas_node_add(reading->data, tag, text);
}

/* The component, with what of others has to go along in front or behind. */
static char *component(enum contact_form form, char **parts, size_t from, size_t to, const char *between)
{
    g_autoptr(GString) all = g_string_new(NULL);

    for (size_t i = from; i < to; i++) {
        g_autofree char *plain = contact_plain(form, parts[i]);

        g_string_append_printf(all, "%s%s", all->len > 0 && *plain ? between : "", plain);
    }
    return g_string_free(g_steal_pointer(&all), FALSE);
}

/* A post office box and a suite, which EAS lacks, become lines of the street; units below a department go along with
 * it. What later standards put behind an address repeats its street. */
static void read_parts(struct reading *reading, const struct contact_property *row, const char *value)
{
    enum { BEFORE = 2 };
    g_auto(GStrv) parts = card_split(value, ';');
    size_t count = g_strv_length(parts), skip = row->form == CONTACT_ADDRESS ? BEFORE : 0;

    for (size_t i = 0; i < (size_t)row->count && (i == 0 || i + skip < count); i++) {
        bool last = row->form == CONTACT_ORG && i + 1 == (size_t)row->count;
        size_t from = i == 0 ? 0 : i + skip, to = last ? count : MIN(i + skip + 1, count);
        g_autofree char *text = component(row->form, parts, from, to, last ? "; " : "\n");

        add_text(reading, row->elements[i], text);
    }
}

static bool read_email(struct reading *reading, eas_tag tag, const struct card_line *line)
{
    g_autofree char *address = contact_line_text(line, CONTACT_EMAIL);
    g_autofree char *given = card_parameter(line, "X-EAS-NAME");
    g_autofree char *name = contact_plain(CONTACT_TEXT, given ? given : "");
    g_autoptr(GString) text = g_string_new(NULL);

    if (!*name) {
        add_text(reading, tag, address);
        return true;
    }
    g_string_append_c(text, '"');
    for (const char *p = name; *p; p++)
        g_string_append_printf(text, "%s%c", strchr("\"\\", *p) ? "\\" : "", *p);
    g_string_append_printf(text, "\" <%s>", address);
    add_text(reading, tag, text->str);
    return true;
}

/* "1980-05-06", "19800506", either with a time, which says nothing; "--0506" in any year. */
static bool read_date(struct reading *reading, eas_tag tag, const struct card_line *line)
{
    g_autofree char *plain = contact_line_text(line, CONTACT_TEXT);
    g_autofree char *omitted = card_parameter(line, "X-APPLE-OMIT-YEAR");
    const char *rest = plain;
    g_autoptr(GString) text = g_string_new(NULL);
    struct eas_date date;

    if (g_str_has_prefix(plain, "--")) {
        g_string_append_printf(text, "%d", CONTACT_NO_YEAR);
        rest += 2;
    }
    g_string_append_len(text, rest, (gssize)strcspn(rest, "Tt "));
    if (!eas_date_read(text->str, &date))
        return refuse(reading, "a birthday or anniversary is no whole date (2026-01-31); the server keeps no other");
    if (omitted && atoi(omitted) == date.year)
        date.year = CONTACT_NO_YEAR;
    if (date.year < 1601 || eas_date_is_none(&date))
        return refuse(reading, "a birthday or anniversary lies outside the years 1601 to 4500, which the server keeps");

    g_autofree char *written = g_strdup_printf("%04d-%02d-%02dT11:59:00.000Z", date.year, date.month, date.day);
    add_text(reading, tag, written);
    return true;
}

static struct eas_node *child_of(struct eas_node *parent, eas_tag tag)
{
    struct eas_node *child = eas_node_child(parent, tag);

    return child ? child : eas_node_add(parent, tag, NULL);
}

static bool read_children(struct reading *reading, const struct contact_property *row, const struct card_line *line)
{
    /* A child is a whole value: no separator splits it. */
    g_auto(GStrv) values = card_split(line->value, row->form == CONTACT_LIST ? ',' : '\0');

    for (char **value = values; *value; value++) {
        g_autofree char *plain = contact_plain(row->form, *value);

        if (*plain)
            eas_node_add(child_of(reading->data, row->elements[0]), row->elements[1], plain);
    }
    return true;
}

/* Several notes are one text. */
static bool read_note(struct reading *reading, const struct card_line *line)
{
    g_autofree char *text = card_text(line->value);
    g_autofree char *plain = contact_plain(CONTACT_BODY, text);
    struct eas_node *body = eas_node_child(reading->data, TAG_AirSyncBase_Body);
    const char *before = eas_node_text(body, TAG_AirSyncBase_Data);
    g_autofree char *all = before ? g_strconcat(before, "\n\n", plain, NULL) : g_strdup(plain);

    if (!*plain)
        return true;
    eas_node_free(eas_node_take(reading->data, TAG_AirSyncBase_Body));
    body = eas_node_add(reading->data, TAG_AirSyncBase_Body, NULL);
    eas_node_add(body, TAG_AirSyncBase_Type, "1");
    eas_node_add(body, TAG_AirSyncBase_Data, all);
    return true;
}

/* A picture is taken as it is: there is nothing here that could make it smaller. What servers themselves hold comes
 * back too, be it of no known kind. */
static bool read_picture(struct reading *reading, eas_tag tag, const struct card_line *line)
{
    const char *comma = line->base64 ? NULL : strchr(line->value, ',');
    g_autoptr(eas_node) node = eas_node_new(tag, comma ? comma + 1 : line->value);
    g_autofree char *declared = g_ascii_strdown(line->base64 ? line->head : line->value, 60);
    struct picture picture;

    if (!line->base64 && (!comma || !g_strstr_len(line->value, comma - line->value, ";base64")))
        return refuse(reading, "the photo is not written in base64; save it so");
    if (!picture_read(node, &picture))
        return refuse(reading, "the photo is no picture in base64; take it out or put another in");

    bool good = strlen(picture.base64) <= LIMIT_PICTURE_TEXT, known = *picture.type != 0;
    if (good)
        add_text(reading, tag, picture.base64);
    picture_clear(&picture);
    if (!good)
        return refuse(reading, "the photo is larger than the 36 kB that a server takes; make it smaller");
    return known || !(strstr(declared, "type=") || strstr(declared, "image/")) ||
           refuse(reading, "the photo is neither JPEG nor PNG; save it as one of them");
}

static bool read_piece(struct reading *reading, enum contact_form form, eas_tag tag, const struct card_line *line)
{
    g_autofree char *text = contact_line_text(line, form);

    switch (form) {
    case CONTACT_EMAIL:
        return read_email(reading, tag, line);
    case CONTACT_DATE:
        return read_date(reading, tag, line);
    case CONTACT_PHOTO:
        return read_picture(reading, tag, line);
    case CONTACT_TOLD:
        return true;
    default:
        add_text(reading, tag, text);
        return true;
    }
}

static bool read_line(struct reading *reading, const struct contact_property *row, int place,
                      const struct card_line *line)
{
    switch (row->form) {
    case CONTACT_NAME:
    case CONTACT_ADDRESS:
    case CONTACT_ORG:
        read_parts(reading, row, line->value);
        return true;
    case CONTACT_EACH:
    case CONTACT_LIST:
        return read_children(reading, row, line);
    case CONTACT_BODY:
        return read_note(reading, line);
    default:
        return read_piece(reading, row->form, row->elements[place], line);
    }
}

/* The value of the first line of a name, "" where there is none. The caller frees it. */
static char *first_text(const struct card *card, const char *name)
{
    for (guint i = 0; i < card->lines->len; i++) {
        const struct card_line *line = card->lines->pdata[i];

        if (strcmp(line->name, name) == 0)
            return contact_line_text(line, CONTACT_TEXT);
    }
    return g_strdup("");
}

/* FN is no element, but a name that nobody would make of the others has a place in FileAs; there it goes before an
 * X-EAS-FILE-AS, which stands beside it in every card that was written here. One that is made of them in another order
 * goes there where nothing else does: it would be lost. */
static void read_full_name(struct reading *reading)
{
    g_autofree char *name = first_text(reading->card, "FN");
    g_autofree char *full = contact_full_name(reading->data);

    if (!*name || strcmp(name, full) == 0 || strcmp(name, CONTACT_UNTITLED) == 0)
        return;
    if (file_as_is_made(reading->data, name) && eas_node_child(reading->data, TAG_Contacts_FileAs))
        return;
    eas_node_free(eas_node_take(reading->data, TAG_Contacts_FileAs));
    add_text(reading, TAG_Contacts_FileAs, name);
}

/* Row after row, so that the elements stand in the table's order, whatever the card's. */
static bool read_all(struct reading *reading)
{
    for (size_t row = 0; row < CONTACT_PROPERTIES; row++)
        for (guint i = 0; i < reading->card->lines->len; i++) {
            const struct contact_match *match = &reading->matches[i];

            if (match->row == &contact_properties[row] && match->place >= 0 &&
                !read_line(reading, match->row, match->place, reading->card->lines->pdata[i]))
                return false;
        }
    for (struct eas_node *child = reading->data->first; child; child = child->next) {
        int count = 0;

        for (const struct eas_node *item = child->first; item; item = item->next)
            count++;
        if (count > LIMIT_CATEGORIES)
            return refuse(reading, "the card has more than 300 categories or children; the server keeps no more");
    }
    read_full_name(reading);
    return reading->data->first ||
           refuse(reading, "the card says nothing that a contact on the server has a place for; give it a name");
}

/* A list of people is no person: EAS has no such item. */
static bool is_group(const struct card *card)
{
    g_autofree char *kind = first_text(card, "KIND");
    g_autofree char *older = first_text(card, "X-ADDRESSBOOKSERVER-KIND");

    return g_ascii_strcasecmp(kind, "group") == 0 || g_ascii_strcasecmp(older, "group") == 0;
}

bool contact_read(const char *bytes, size_t length, const struct file_context *context, struct written *written,
                  char **reason)
{
    struct card card;

    (void)context;
    *written = (struct written){0};
    if (!card_read(bytes, length, &card, reason))
        return false;

    g_autofree struct contact_match *matches = contact_match(&card, reason);
    g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    struct reading reading = {&card, matches, data, reason};
    bool good = matches && !is_group(&card) && read_all(&reading);

    if (good) {
        g_autofree char *uid = first_text(&card, "UID");

        written->uid = *uid ? g_steal_pointer(&uid) : NULL;
        written->title = contact_full_name(data);
        written->data = g_steal_pointer(&data);
    } else if (!*reason) {
        *reason = g_strdup("the card is a group of contacts, which the server has no place for; keep it elsewhere");
    }
    card_clear(&card);
    return good;
}
