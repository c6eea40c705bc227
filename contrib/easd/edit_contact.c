/* An item of the Contacts class as a vCard (MS-ASCNTC). A card's lines fall into groups; a group of which
 * a property differs is written anew, the lines of all others stay as they are. */
#include <stdio.h>
#include <string.h>

#include "contrib/easd/edit.h"
#include "contrib/easd/times.h"
#include "contrib/easd/vcard_edit.h"

enum { PICTURE_TEXT = 48 * 1024, CHILDREN = 300, GROUP_NAMES = 14, GROUP_TAGS = 24 };

struct group {
    const char *names[GROUP_NAMES]; /* of vCard properties; NULL ends them */
    eas_tag tags[GROUP_TAGS];       /* EAS_TAG_NONE ends them */
    bool (*write)(struct edit *edit, GString *card);
};

static const char *get(const struct edit *edit, eas_tag tag)
{
    return edit_text(edit->after, tag);
}

/* ---- names ---- */

/* What stands for the whole name: its parts, else the company, the first address, or something. */
static char *full_name(const struct edit *edit)
{
    static const eas_tag parts[] = {TAG_Contacts_Title, TAG_Contacts_FirstName, TAG_Contacts_MiddleName,
                                    TAG_Contacts_LastName, TAG_Contacts_Suffix};
    static const eas_tag others[] = {TAG_Contacts_FileAs, TAG_Contacts_CompanyName, TAG_Contacts_Email1Address};
    g_autoptr(GString) name = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (get(edit, parts[i]))
            g_string_append_printf(name, "%s%s", name->len ? " " : "", get(edit, parts[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(others) && name->len == 0; i++)
        if (get(edit, others[i]))
            g_string_assign(name, get(edit, others[i]));
    return g_strdup(name->len ? name->str : "Unnamed");
}

static bool write_names(struct edit *edit, GString *card)
{
    const char *parts[] = {get(edit, TAG_Contacts_LastName), get(edit, TAG_Contacts_FirstName),
                           get(edit, TAG_Contacts_MiddleName), get(edit, TAG_Contacts_Title),
                           get(edit, TAG_Contacts_Suffix)};
    const char *file_as = get(edit, TAG_Contacts_FileAs);
    g_autofree char *full = full_name(edit);

    vcard_put(card, "FN", full);
    if (parts[0] || parts[1] || parts[2] || parts[3] || parts[4])
        vcard_put_parts(card, "N", parts, G_N_ELEMENTS(parts));
    else
        g_string_append(card, "N:;;;;\r\n"); /* it must stand there */
    if (file_as && strcmp(file_as, full) != 0)
        vcard_put(card, "X-EAS-FILE-AS", file_as);
    return true;
}

static bool write_organization(struct edit *edit, GString *card)
{
    const char *parts[] = {get(edit, TAG_Contacts_CompanyName), get(edit, TAG_Contacts_Department)};

    vcard_put_parts(card, "ORG", parts, parts[1] ? 2 : 1);
    return true;
}

/* ---- one property, one line ---- */

static const struct {
    const char *name;
    eas_tag tag;
} simple_lines[] = {
#define SIMPLE(name, tag) {name, tag},
#define PHONE(tag, one, other)
#include "contrib/easd/contacts.def"
#undef SIMPLE
#undef PHONE
};

static bool is_relation(eas_tag tag)
{
    return tag == TAG_Contacts_Spouse || tag == TAG_Contacts_AssistantName || tag == TAG_Contacts2_ManagerName;
}

/* ---- several of a kind ---- */

static const char *const places[] = {NULL, "x-second", "x-third"};

/* A value's place is said where it would not be the next. */
static void write_numbered(const struct edit *edit, GString *card, const char *name, const eas_tag *tags, guint count)
{
    for (guint place = 0, next = 0; place < count; place++) {
        const char *text = get(edit, tags[place]);
        g_autofree char *head =
            g_strdup_printf("%s;TYPE=%s", name, place < G_N_ELEMENTS(places) && places[place] ? places[place] : "");

        if (!text)
            continue;
        vcard_put(card, place == next ? name : head, text);
        next++;
    }
}

static bool write_emails(struct edit *edit, GString *card)
{
    static const eas_tag tags[] = {TAG_Contacts_Email1Address, TAG_Contacts_Email2Address, TAG_Contacts_Email3Address};

    write_numbered(edit, card, "EMAIL", tags, G_N_ELEMENTS(tags));
    return true;
}

static bool write_messengers(struct edit *edit, GString *card)
{
    static const eas_tag tags[] = {TAG_Contacts2_IMAddress, TAG_Contacts2_IMAddress2, TAG_Contacts2_IMAddress3};

    write_numbered(edit, card, "IMPP", tags, G_N_ELEMENTS(tags));
    return true;
}

static const struct {
    eas_tag tag;
    const char *types;
    eas_tag first; /* without which it is marked as the second */
} phones[] = {
    {TAG_Contacts2_CompanyMainPhone, "x-company", EAS_TAG_NONE},
    {TAG_Contacts_AssistantPhoneNumber, "x-assistant", EAS_TAG_NONE},
    {TAG_Contacts_RadioPhoneNumber, "x-radio", EAS_TAG_NONE},
    {TAG_Contacts2_MMS, "x-mms", EAS_TAG_NONE},
    {TAG_Contacts_CarPhoneNumber, "car", EAS_TAG_NONE},
    {TAG_Contacts_PagerNumber, "pager", EAS_TAG_NONE},
    {TAG_Contacts_HomeFaxNumber, "fax,home", EAS_TAG_NONE},
    {TAG_Contacts_BusinessFaxNumber, "fax,work", EAS_TAG_NONE},
    {TAG_Contacts_MobilePhoneNumber, "cell", EAS_TAG_NONE},
    {TAG_Contacts_HomePhoneNumber, "home", EAS_TAG_NONE},
    {TAG_Contacts_Home2PhoneNumber, "home", TAG_Contacts_HomePhoneNumber},
    {TAG_Contacts_BusinessPhoneNumber, "work", EAS_TAG_NONE},
    {TAG_Contacts_Business2PhoneNumber, "work", TAG_Contacts_BusinessPhoneNumber},
};

static bool write_phones(struct edit *edit, GString *card)
{
    for (size_t i = 0; i < G_N_ELEMENTS(phones); i++) {
        bool second = phones[i].first && !get(edit, phones[i].first);
        g_autofree char *head = g_strdup_printf("TEL;TYPE=%s%s", phones[i].types, second ? ",x-second" : "");

        vcard_put(card, head, get(edit, phones[i].tag));
    }
    return true;
}

static const struct {
    const char *name;
    eas_tag street, city, state, postal_code, country;
} addresses[] = {
    {"ADR;TYPE=work", TAG_Contacts_BusinessAddressStreet, TAG_Contacts_BusinessAddressCity,
     TAG_Contacts_BusinessAddressState, TAG_Contacts_BusinessAddressPostalCode, TAG_Contacts_BusinessAddressCountry},
    {"ADR;TYPE=home", TAG_Contacts_HomeAddressStreet, TAG_Contacts_HomeAddressCity, TAG_Contacts_HomeAddressState,
     TAG_Contacts_HomeAddressPostalCode, TAG_Contacts_HomeAddressCountry},
    {"ADR", TAG_Contacts_OtherAddressStreet, TAG_Contacts_OtherAddressCity, TAG_Contacts_OtherAddressState,
     TAG_Contacts_OtherAddressPostalCode, TAG_Contacts_OtherAddressCountry},
};

static bool write_addresses(struct edit *edit, GString *card)
{
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        const char *parts[] = {NULL,
                               NULL,
                               get(edit, addresses[i].street),
                               get(edit, addresses[i].city),
                               get(edit, addresses[i].state),
                               get(edit, addresses[i].postal_code),
                               get(edit, addresses[i].country)};

        vcard_put_parts(card, addresses[i].name, parts, G_N_ELEMENTS(parts));
    }
    return true;
}

/* ---- days, relations, lists, the picture, the note ---- */

/* The day alone counts: late hours are the next day's midnight somewhere east (MS-ASCNTC 2.2.2.6). */
static bool write_day(struct edit *edit, GString *card, const char *name, eas_tag tag)
{
    enum { HALF_DAY = 12 * 3600 };
    gint64 moment;
    char when[TIMES_TEXT];

    if (!get(edit, tag))
        return true;
    if (!times_read(get(edit, tag), &moment))
        return edit_refuse(edit, "a day in it is none");
    if ((moment % 86400 + 86400) % 86400 >= HALF_DAY)
        moment += HALF_DAY;
    times_dashed(moment, when);
    when[10] = '\0';
    vcard_put(card, name, when);
    return true;
}

static bool write_birthday(struct edit *edit, GString *card)
{
    return write_day(edit, card, "BDAY", TAG_Contacts_Birthday);
}

static bool write_anniversary(struct edit *edit, GString *card)
{
    return write_day(edit, card, "X-ANNIVERSARY", TAG_Contacts_Anniversary);
}

static bool write_relations(struct edit *edit, GString *card)
{
    const struct eas_node *children = eas_node_child(edit->after, TAG_Contacts_Children);
    guint count = 0;

    vcard_put(card, "X-SPOUSE", get(edit, TAG_Contacts_Spouse));
    vcard_put(card, "X-ASSISTANT", get(edit, TAG_Contacts_AssistantName));
    vcard_put(card, "X-MANAGER", get(edit, TAG_Contacts2_ManagerName));
    for (const struct eas_node *child = children ? children->first : NULL; child; child = child->next, count++)
        vcard_put(card, "X-CHILD", child->text);
    return count <= CHILDREN || edit_refuse(edit, "it has more than 300 children");
}

static bool write_categories(struct edit *edit, GString *card)
{
    const struct eas_node *categories = eas_node_child(edit->after, TAG_Contacts_Categories);
    g_autoptr(GPtrArray) texts = g_ptr_array_new();

    for (const struct eas_node *one = categories ? categories->first : NULL; one; one = one->next)
        if (one->length)
            g_ptr_array_add(texts, one->text);
    vcard_put_list(card, "CATEGORIES", texts);
    return true;
}

static bool write_picture(struct edit *edit, GString *card)
{
    const struct eas_node *picture = eas_node_child(edit->after, TAG_Contacts_Picture);
    g_autofree guchar *bytes = NULL;
    gsize length = 0;

    if (!picture || picture->length == 0)
        return true;
    if (picture->length > PICTURE_TEXT)
        return edit_refuse(edit, "its Picture is above 48 KB");
    bytes = g_base64_decode(picture->text, &length);
    if (length == 0)
        return edit_refuse(edit, "its Picture is none");
    vcard_put_bytes(card, "PHOTO", bytes, length);
    return true;
}

static bool write_note(struct edit *edit, GString *card)
{
    g_autofree char *text = edit_body(edit, edit->after);

    if (!text)
        return false;
    vcard_put(card, "NOTE", text);
    return true;
}

static const struct group groups[] = {
    {{"FN", "N", "X-EAS-FILE-AS", "X-FILE-AS", "X-EVOLUTION-FILE-AS"},
     {TAG_Contacts_LastName, TAG_Contacts_FirstName, TAG_Contacts_MiddleName, TAG_Contacts_Title, TAG_Contacts_Suffix,
      TAG_Contacts_FileAs},
     write_names},
    {{"ORG"}, {TAG_Contacts_CompanyName, TAG_Contacts_Department}, write_organization},
    {{"EMAIL"}, {TAG_Contacts_Email1Address, TAG_Contacts_Email2Address, TAG_Contacts_Email3Address}, write_emails},
    {{"TEL"},
     {TAG_Contacts2_CompanyMainPhone, TAG_Contacts_AssistantPhoneNumber, TAG_Contacts_RadioPhoneNumber,
      TAG_Contacts2_MMS, TAG_Contacts_CarPhoneNumber, TAG_Contacts_PagerNumber, TAG_Contacts_HomeFaxNumber,
      TAG_Contacts_BusinessFaxNumber, TAG_Contacts_MobilePhoneNumber, TAG_Contacts_HomePhoneNumber,
      TAG_Contacts_Home2PhoneNumber, TAG_Contacts_BusinessPhoneNumber, TAG_Contacts_Business2PhoneNumber},
     write_phones},
    {{"IMPP", "X-JABBER", "X-AIM", "X-ICQ", "X-MSN", "X-YAHOO", "X-SKYPE"},
     {TAG_Contacts2_IMAddress, TAG_Contacts2_IMAddress2, TAG_Contacts2_IMAddress3},
     write_messengers},
    {{"ADR"},
     {TAG_Contacts_BusinessAddressStreet, TAG_Contacts_BusinessAddressCity, TAG_Contacts_BusinessAddressState,
      TAG_Contacts_BusinessAddressPostalCode, TAG_Contacts_BusinessAddressCountry, TAG_Contacts_HomeAddressStreet,
      TAG_Contacts_HomeAddressCity, TAG_Contacts_HomeAddressState, TAG_Contacts_HomeAddressPostalCode,
      TAG_Contacts_HomeAddressCountry, TAG_Contacts_OtherAddressStreet, TAG_Contacts_OtherAddressCity,
      TAG_Contacts_OtherAddressState, TAG_Contacts_OtherAddressPostalCode, TAG_Contacts_OtherAddressCountry},
     write_addresses},
    {{"BDAY"}, {TAG_Contacts_Birthday}, write_birthday},
    {{"ANNIVERSARY", "X-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY"}, {TAG_Contacts_Anniversary}, write_anniversary},
    {{"RELATED", "X-SPOUSE", "X-EVOLUTION-SPOUSE", "X-ASSISTANT", "X-EVOLUTION-ASSISTANT", "X-MANAGER",
      "X-EVOLUTION-MANAGER", "X-CHILD"},
     {TAG_Contacts_Spouse, TAG_Contacts_AssistantName, TAG_Contacts2_ManagerName, TAG_Contacts_Children},
     write_relations},
    {{"CATEGORIES"}, {TAG_Contacts_Categories}, write_categories},
    {{"PHOTO"}, {TAG_Contacts_Picture}, write_picture},
    {{"NOTE"}, {TAG_AirSyncBase_Body}, write_note},
};

static bool group_differs(const struct edit *edit, const struct group *group)
{
    for (size_t i = 0; i < GROUP_TAGS && group->tags[i]; i++)
        if (edit_differs(edit, group->tags[i]))
            return true;
    return false;
}

static void drop_group(struct vcard_lines *lines, const struct group *group)
{
    for (size_t i = 0; i < GROUP_NAMES && group->names[i]; i++)
        vcard_lines_drop(lines, group->names[i]);
}

static bool edit_lines(struct edit *edit, struct vcard_lines *lines, GString *added)
{
    bool names = !edit->before;

    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (!group_differs(edit, &groups[i]) && !(names && groups[i].write == write_names) && !lines->all)
            continue;
        drop_group(lines, &groups[i]);
        if (!groups[i].write(edit, added))
            return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(simple_lines); i++) {
        if (is_relation(simple_lines[i].tag) || (!edit_differs(edit, simple_lines[i].tag) && !lines->all))
            continue;
        vcard_lines_drop(lines, simple_lines[i].name);
        vcard_put(added, simple_lines[i].name, get(edit, simple_lines[i].tag));
    }
    return true;
}

bool edit_contact(struct edit *edit)
{
    struct vcard_lines lines;
    g_autoptr(GString) added = g_string_new(NULL);
    bool made;

    vcard_lines_open(&lines, edit->bytes, edit->length);
    made = edit_lines(edit, &lines, added);
    if (made)
        edit->file = vcard_lines_print(&lines, added->str);
    edit->wish = full_name(edit);
    vcard_lines_clear(&lines);
    return made;
}
