#include "contrib/easd/people.h"

#include <string.h>

#include "contrib/easd/vcard.h"

enum { PICTURE_OK = 1, PICTURE_NONE = 173, PICTURE_TOO_LARGE = 174, PICTURE_LIMIT = 175 };

static void free_person(void *data)
{
    struct person *person = data;

    for (int i = 0; i < PERSON_TEXTS; i++)
        g_free(person->texts[i]);
    g_clear_pointer(&person->picture, g_bytes_unref);
    g_free(person);
}

/* ---- contacts ---- */

static char *text_of(const struct vcard *card, const char *name, guint part)
{
    const struct vcard_property *property = vcard_find(card, name);
    g_auto(GStrv) parts = property ? vcard_split(property, ';') : NULL;

    return parts && part < g_strv_length(parts) && *parts[part] ? g_strdup(parts[part]) : NULL;
}

static char *phone_of(const struct vcard *card, const char *type)
{
    for (guint i = 0; i < card->properties->len; i++) {
        const struct vcard_property *property = card->properties->pdata[i];

        if (strcmp(property->name, "TEL") == 0 && vcard_has_type(property, type))
            return vcard_text(property);
    }
    return NULL;
}

static struct person *person_of(const struct vcard *card)
{
    const struct vcard_property *photo = vcard_find(card, "PHOTO");
    struct person *person = g_new0(struct person, 1);

    person->texts[PERSON_DISPLAY_NAME] = text_of(card, "FN", 0);
    person->texts[PERSON_PHONE] = phone_of(card, "work");
    person->texts[PERSON_OFFICE] = text_of(card, "X-EAS-OFFICE-LOCATION", 0);
    person->texts[PERSON_TITLE] = text_of(card, "TITLE", 0);
    person->texts[PERSON_COMPANY] = text_of(card, "ORG", 0);
    person->texts[PERSON_ALIAS] = text_of(card, "X-EAS-ALIAS", 0);
    person->texts[PERSON_FIRST_NAME] = text_of(card, "N", 1);
    person->texts[PERSON_LAST_NAME] = text_of(card, "N", 0);
    person->texts[PERSON_HOME_PHONE] = phone_of(card, "home");
    person->texts[PERSON_MOBILE_PHONE] = phone_of(card, "cell");
    person->texts[PERSON_EMAIL] = text_of(card, "EMAIL", 0);
    if (photo && photo->binary && photo->length)
        person->picture = g_bytes_new(photo->value, photo->length);
    return person;
}

static void take_card(GPtrArray *people, const char *path)
{
    g_autofree char *bytes = NULL, *refusal = NULL;
    struct vcard card;
    gsize length;

    if (!g_file_get_contents(path, &bytes, &length, NULL))
        return;
    if (vcard_read(&card, bytes, length, &refusal))
        g_ptr_array_add(people, person_of(&card));
    vcard_clear(&card);
}

static void take_cards(GPtrArray *people, const char *path)
{
    GDir *directory = g_dir_open(path, 0, NULL);

    for (const char *name; directory && (name = g_dir_read_name(directory));) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        if (name[0] == '.')
            continue;
        if (g_str_has_suffix(name, ".vcf"))
            take_card(people, child);
        else if (g_file_test(child, G_FILE_TEST_IS_DIR))
            take_cards(people, child);
    }
    if (directory)
        g_dir_close(directory);
}

/* ---- the list ---- */

static struct person *user_person(const struct mailbox *mailbox)
{
    struct person *person = g_new0(struct person, 1);

    person->texts[PERSON_DISPLAY_NAME] = g_strdup(mailbox->user);
    person->texts[PERSON_ALIAS] = g_strdup(mailbox->user);
    person->texts[PERSON_EMAIL] = g_strdup(mailbox->address);
    person->mailbox = mailbox;
    return person;
}

/* The first with an address stands for all. A card is a user's where it bears the user's address. */
static bool is_known(const GPtrArray *people, const struct person *person)
{
    const char *address = person->texts[PERSON_EMAIL];

    for (guint i = 0; address && i < people->len; i++) {
        const struct person *other = people->pdata[i];

        if (other->texts[PERSON_EMAIL] && g_ascii_strcasecmp(other->texts[PERSON_EMAIL], address) == 0)
            return true;
    }
    return false;
}

static bool begins_a_word(const char *text, const char *word)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);

    for (const char *at = folded; (at = strstr(at, word)); at++)
        if (at == folded || !g_unichar_isalnum(g_utf8_get_char(g_utf8_find_prev_char(folded, at))))
            return true;
    return false;
}

static bool matches(const struct person *person, const char *query)
{
    static const enum person_text searched[] = {PERSON_DISPLAY_NAME, PERSON_FIRST_NAME, PERSON_LAST_NAME,
                                                PERSON_ALIAS,        PERSON_EMAIL,      PERSON_COMPANY};
    g_autofree char *folded = g_utf8_casefold(query, -1);
    g_auto(GStrv) words = g_strsplit_set(folded, " \t,", -1);

    for (char **word = words; *word; word++) {
        bool found = !**word;

        for (size_t i = 0; i < G_N_ELEMENTS(searched) && !found; i++)
            found = person->texts[searched[i]] && begins_a_word(person->texts[searched[i]], *word);
        if (!found)
            return false;
    }
    return true;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const struct person *const *one = a, *const *other = b;

    return g_strcmp0((*one)->texts[PERSON_DISPLAY_NAME], (*other)->texts[PERSON_DISPLAY_NAME]);
}

GPtrArray *people_find(const struct server *server, const char *query)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(free_person);
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (guint i = 0; i < server->mailboxes->len; i++)
        g_ptr_array_add(all, user_person(server->mailboxes->pdata[i]));
    for (guint i = 0; i < server->mailboxes->len; i++) {
        const struct mailbox *mailbox = server->mailboxes->pdata[i];
        g_autofree char *path = g_build_filename(mailbox->root, "Contacts", NULL);

        take_cards(all, path);
    }
    for (guint i = 0; i < all->len; i++)
        if (matches(all->pdata[i], query) && !is_known(found, all->pdata[i]))
            g_ptr_array_add(found, all->pdata[i]);
        else
            free_person(all->pdata[i]);
    g_ptr_array_sort(found, by_name);
    return found;
}

/* ---- what is told ---- */

static const eas_tag text_tags[PERSON_TEXTS] = {
    [PERSON_DISPLAY_NAME] = TAG_GAL_DisplayName,
    [PERSON_PHONE] = TAG_GAL_Phone,
    [PERSON_OFFICE] = TAG_GAL_Office,
    [PERSON_TITLE] = TAG_GAL_Title,
    [PERSON_COMPANY] = TAG_GAL_Company,
    [PERSON_ALIAS] = TAG_GAL_Alias,
    [PERSON_FIRST_NAME] = TAG_GAL_FirstName,
    [PERSON_LAST_NAME] = TAG_GAL_LastName,
    [PERSON_HOME_PHONE] = TAG_GAL_HomePhone,
    [PERSON_MOBILE_PHONE] = TAG_GAL_MobilePhone,
    [PERSON_EMAIL] = TAG_GAL_EmailAddress,
};

void person_write_picture(struct wbxml_writer *wbxml, const struct person *person, struct pictures *pictures,
                          eas_tag picture, eas_tag status, eas_tag data)
{
    gint64 size = person->picture ? (gint64)g_bytes_get_size(person->picture) : 0;
    int code = !person->picture                                                     ? PICTURE_NONE
               : pictures->max_size >= 0 && size > pictures->max_size               ? PICTURE_TOO_LARGE
               : pictures->max_count >= 0 && pictures->given >= pictures->max_count ? PICTURE_LIMIT
                                                                                    : PICTURE_OK;

    if (!pictures->wanted)
        return;
    wbxml_open(wbxml, picture);
    wbxml_number(wbxml, status, code);
    if (code == PICTURE_OK) {
        pictures->given++;
        wbxml_opaque(wbxml, data, g_bytes_get_data(person->picture, NULL), (size_t)size);
    }
    wbxml_close(wbxml);
}

void person_write(struct wbxml_writer *wbxml, const struct person *person, struct pictures *pictures)
{
    for (int i = 0; i < PERSON_TEXTS; i++)
        if (person->texts[i] && *person->texts[i])
            wbxml_text(wbxml, text_tags[i], person->texts[i]);
    person_write_picture(wbxml, person, pictures, TAG_GAL_Picture, TAG_GAL_Status, TAG_GAL_Data);
}
