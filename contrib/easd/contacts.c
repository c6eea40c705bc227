/* A vCard as an item of the Contacts class (MS-ASCNTC). */
#include <stdio.h>
#include <string.h>

#include "contrib/easd/translation.h"
#include "contrib/easd/vcard.h"

enum { PICTURE_TEXT = 48 * 1024, CHILDREN = 300, EMAILS = 3, MESSENGERS = 3 };

static const struct {
    const char *name;
    eas_tag tag;
} simple_properties[] = {
#define SIMPLE(name, tag) {name, tag},
#define PHONE(tag, one, other)
#include "contrib/easd/contacts.def"
#undef SIMPLE
#undef PHONE
};

static const struct {
    eas_tag tag;
    const char *one, *other;
} phones[] = {
#define SIMPLE(name, tag)
#define PHONE(tag, one, other) {tag, one, other},
#include "contrib/easd/contacts.def"
#undef SIMPLE
#undef PHONE
};

static void add_once(struct eas_node *properties, eas_tag tag, const char *text)
{
    if (!eas_node_child(properties, tag))
        translation_text(properties, tag, text);
}

static void write_simple(const struct vcard *card, struct eas_node *properties)
{
    for (size_t i = 0; i < G_N_ELEMENTS(simple_properties); i++) {
        const struct vcard_property *property = vcard_find(card, simple_properties[i].name);
        g_autofree char *text = property ? vcard_text(property) : NULL;

        add_once(properties, simple_properties[i].tag, text);
    }
}

/* The components of a structured value, each a property of its own. */
static void write_parts(const struct vcard_property *property, struct eas_node *properties, const eas_tag *tags,
                        size_t count)
{
    g_auto(GStrv) parts = property ? vcard_split(property, ';') : NULL;

    for (size_t i = 0; i < count && parts && parts[i]; i++)
        if (tags[i])
            add_once(properties, tags[i], g_strstrip(parts[i]));
}

static void write_names(const struct vcard *card, struct eas_node *properties)
{
    static const eas_tag name[] = {TAG_Contacts_LastName, TAG_Contacts_FirstName, TAG_Contacts_MiddleName,
                                   TAG_Contacts_Title, TAG_Contacts_Suffix};
    static const eas_tag organization[] = {TAG_Contacts_CompanyName, TAG_Contacts_Department};
    static const char *const file_as[] = {"X-EAS-FILE-AS", "X-FILE-AS", "X-EVOLUTION-FILE-AS", "FN"};

    write_parts(vcard_find(card, "N"), properties, name, G_N_ELEMENTS(name));
    write_parts(vcard_find(card, "ORG"), properties, organization, G_N_ELEMENTS(organization));
    for (size_t i = 0; i < G_N_ELEMENTS(file_as); i++) {
        const struct vcard_property *property = vcard_find(card, file_as[i]);
        g_autofree char *text = property ? vcard_text(property) : NULL;

        add_once(properties, TAG_Contacts_FileAs, text);
    }
}

static gint by_preference(gconstpointer a, gconstpointer b)
{
    const struct vcard_property *const *one = a, *const *other = b;

    return (*one)->preference - (*other)->preference;
}

/* Properties of a name, the preferred first. */
static GPtrArray *all_of(const struct vcard *card, const char *name)
{
    GPtrArray *found = g_ptr_array_new();

    for (guint i = 0; i < card->properties->len; i++) {
        const struct vcard_property *property = card->properties->pdata[i];

        if (strcmp(property->name, name) == 0 && property->length)
            g_ptr_array_add(found, (void *)property);
    }
    g_ptr_array_sort(found, by_preference);
    return found;
}

/* The places of several values of a kind: a type says one where those before it are empty. */
static void write_numbered(const GPtrArray *found, struct eas_node *properties, const eas_tag *tags, guint count)
{
    static const char *const places[] = {NULL, "x-second", "x-third"};
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    guint next = 0;

    for (guint i = 0; i < found->len; i++) {
        g_autofree char *text = vcard_text(found->pdata[i]);
        guint place = 1;

        while (place < count && !vcard_has_type(found->pdata[i], places[place]))
            place++;
        if (place < count)
            add_once(properties, tags[place], text);
        else
            g_ptr_array_add(rest, found->pdata[i]);
    }
    for (guint i = 0; i < rest->len; i++) {
        g_autofree char *text = vcard_text(rest->pdata[i]);

        while (next < count && eas_node_child(properties, tags[next]))
            next++;
        if (next < count)
            translation_text(properties, tags[next], text);
    }
}

static void write_emails(const struct vcard *card, struct eas_node *properties)
{
    static const eas_tag tags[EMAILS] = {TAG_Contacts_Email1Address, TAG_Contacts_Email2Address,
                                         TAG_Contacts_Email3Address};
    g_autoptr(GPtrArray) emails = all_of(card, "EMAIL");

    write_numbered(emails, properties, tags, EMAILS);
}

/* Messengers are IMPP, or the X- properties from before there was one. */
static void write_messengers(const struct vcard *card, struct eas_node *properties)
{
    static const eas_tag tags[MESSENGERS] = {TAG_Contacts2_IMAddress, TAG_Contacts2_IMAddress2,
                                             TAG_Contacts2_IMAddress3};
    static const char *const names[] = {"IMPP", "X-JABBER", "X-AIM", "X-ICQ", "X-MSN", "X-YAHOO", "X-SKYPE"};
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) found = all_of(card, names[i]);

        for (guint j = 0; j < found->len; j++)
            g_ptr_array_add(all, found->pdata[j]);
    }
    write_numbered(all, properties, tags, MESSENGERS);
}

static bool phone_fits(const struct vcard_property *phone, const char *one, const char *other)
{
    return (!*one || vcard_has_type(phone, one)) && (!*other || vcard_has_type(phone, other));
}

/* A telephone number as its text: 4.0 writes a URI. */
static char *phone_text(const struct vcard_property *phone)
{
    g_autofree char *text = vcard_text(phone);

    return g_strdup(g_ascii_strncasecmp(text, "tel:", 4) == 0 ? text + 4 : text);
}

static void write_phones(const struct vcard *card, struct eas_node *properties)
{
    g_autoptr(GPtrArray) found = all_of(card, "TEL");

    for (size_t row = 0; row < G_N_ELEMENTS(phones); row++)
        for (guint i = 0; i < found->len && !eas_node_child(properties, phones[row].tag); i++) {
            if (!phone_fits(found->pdata[i], phones[row].one, phones[row].other))
                continue;
            g_autofree char *text = phone_text(found->pdata[i]);

            translation_text(properties, phones[row].tag, text);
            g_ptr_array_remove_index(found, i);
            break;
        }
}

enum { STREET, CITY, STATE, POSTAL_CODE, COUNTRY, ADDRESS_PARTS };

static const struct {
    const char *type;
    eas_tag tags[ADDRESS_PARTS];
} addresses[] = {
    {"work",
     {TAG_Contacts_BusinessAddressStreet, TAG_Contacts_BusinessAddressCity, TAG_Contacts_BusinessAddressState,
      TAG_Contacts_BusinessAddressPostalCode, TAG_Contacts_BusinessAddressCountry}},
    {"home",
     {TAG_Contacts_HomeAddressStreet, TAG_Contacts_HomeAddressCity, TAG_Contacts_HomeAddressState,
      TAG_Contacts_HomeAddressPostalCode, TAG_Contacts_HomeAddressCountry}},
    {"",
     {TAG_Contacts_OtherAddressStreet, TAG_Contacts_OtherAddressCity, TAG_Contacts_OtherAddressState,
      TAG_Contacts_OtherAddressPostalCode, TAG_Contacts_OtherAddressCountry}},
};

/* Post office box and extended address have no property of their own: they are lines of the street. */
static void write_address(const struct vcard_property *address, const eas_tag *tags, struct eas_node *properties)
{
    g_auto(GStrv) parts = vcard_split(address, ';');
    guint count = g_strv_length(parts);
    GString *street = g_string_new(NULL);

    for (guint i = 0; i < MIN(count, 3); i++)
        if (*g_strstrip(parts[i]))
            g_string_append_printf(street, "%s%s", street->len ? "\n" : "", parts[i]);
    translation_text(properties, tags[STREET], street->str);
    g_string_free(street, TRUE);
    for (guint i = 3; i < MIN(count, 7); i++)
        translation_text(properties, tags[i - 3 + CITY], g_strstrip(parts[i]));
}

static void write_addresses(const struct vcard *card, struct eas_node *properties)
{
    g_autoptr(GPtrArray) found = all_of(card, "ADR");

    for (size_t row = 0; row < G_N_ELEMENTS(addresses); row++)
        for (guint i = 0; i < found->len; i++)
            if (!*addresses[row].type || vcard_has_type(found->pdata[i], addresses[row].type)) {
                write_address(found->pdata[i], addresses[row].tags, properties);
                g_ptr_array_remove_index(found, i);
                break;
            }
}

/* The day alone counts; its time is 11:59 so that no zone moves it (MS-ASCNTC 2.2.2.6). */
static void write_day(const struct vcard *card, const char *name, eas_tag tag, struct eas_node *properties)
{
    const struct vcard_property *property = vcard_find(card, name);
    int year, month, day, used = 0;
    char text[32];

    if (!property || property->binary)
        return;
    if ((sscanf(property->value, "%4d-%2d-%2d%n", &year, &month, &day, &used) == 3 && used == 10) ||
        (sscanf(property->value, "%4d%2d%2d%n", &year, &month, &day, &used) == 3 && used == 8)) {
        if (!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
            return;
        snprintf(text, sizeof text, "%04d-%02d-%02dT11:59:00.000Z", year, month, day);
        add_once(properties, tag, text);
    }
}

/* RELATED of 4.0: who a person is to the contact. */
static const struct {
    const char *type;
    eas_tag tag;
} relations[] = {
    {"spouse", TAG_Contacts_Spouse},
    {"x-assistant", TAG_Contacts_AssistantName},
    {"x-manager", TAG_Contacts2_ManagerName},
};

static void write_relations(const struct vcard *card, struct eas_node *properties)
{
    g_autoptr(GPtrArray) children = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < card->properties->len; i++) {
        const struct vcard_property *property = card->properties->pdata[i];
        g_autofree char *text = vcard_text(property);
        bool related = strcmp(property->name, "RELATED") == 0;

        if (!*text)
            continue;
        if ((strcmp(property->name, "X-CHILD") == 0 || (related && vcard_has_type(property, "child"))) &&
            children->len < CHILDREN)
            g_ptr_array_add(children, g_strdup(text));
        for (size_t row = 0; row < G_N_ELEMENTS(relations); row++)
            if (related && vcard_has_type(property, relations[row].type))
                add_once(properties, relations[row].tag, text);
    }
    translation_list(properties, TAG_Contacts_Children, TAG_Contacts_Child, children);
}

static void write_categories(const struct vcard *card, struct eas_node *properties)
{
    const struct vcard_property *property = vcard_find(card, "CATEGORIES");
    g_autoptr(GPtrArray) categories = g_ptr_array_new();
    g_auto(GStrv) parts = property ? vcard_split(property, ',') : NULL;

    for (char **part = parts; part && *part; part++)
        if (*g_strstrip(*part))
            g_ptr_array_add(categories, *part);
    translation_list(properties, TAG_Contacts_Categories, TAG_Contacts_Category, categories);
}

/* Base64 of at most 48 KB (MS-ASCNTC 2.2.2.58); a larger picture stays where it is. */
static void write_picture(const struct vcard *card, struct eas_node *properties)
{
    const struct vcard_property *photo = vcard_find(card, "PHOTO");

    if (!photo || !photo->binary || photo->length == 0 || (photo->length + 2) / 3 * 4 > PICTURE_TEXT)
        return;
    g_autofree char *text = g_base64_encode((const guchar *)photo->value, photo->length);

    translation_text(properties, TAG_Contacts_Picture, text);
}

static void translate_card(const struct vcard *card, struct translation *translation)
{
    struct eas_node *properties = translation->properties;
    const struct vcard_property *note = vcard_find(card, "NOTE"), *kind = vcard_find(card, "KIND");

    kind = kind ? kind : vcard_find(card, "X-ADDRESSBOOKSERVER-KIND");
    if (kind && g_ascii_strcasecmp(kind->value, "group") == 0) {
        translation_refuse(translation, "a group of contacts has no counterpart");
        return;
    }
    write_names(card, properties);
    write_simple(card, properties);
    write_emails(card, properties);
    write_phones(card, properties);
    write_messengers(card, properties);
    write_addresses(card, properties);
    write_day(card, "BDAY", TAG_Contacts_Birthday, properties);
    write_day(card, "ANNIVERSARY", TAG_Contacts_Anniversary, properties);
    write_day(card, "X-ANNIVERSARY", TAG_Contacts_Anniversary, properties);
    write_day(card, "X-EVOLUTION-ANNIVERSARY", TAG_Contacts_Anniversary, properties);
    write_relations(card, properties);
    write_categories(card, properties);
    write_picture(card, properties);
    translation->text = note ? vcard_text(note) : NULL;
    if (!properties->first)
        translation_refuse(translation, "it says nothing that a contact can have");
}

void contacts_translate(struct translation *translation)
{
    struct vcard card;

    if (vcard_read(&card, translation->bytes, translation->length, &translation->refusal))
        translate_card(&card, translation);
    vcard_clear(&card);
}
