#include "cache/sync/properties.h"

#include <string.h>

#include "codec/files/files.h"

enum { STAMP_TAGS = 6 };

static const struct {
    eas_tag categories, category, importance;
    eas_tag stamp[STAMP_TAGS];
} rows[EAS_CLASSES] = {
    [EAS_MAIL] = {TAG_Email_Categories,
                  TAG_Email_Category,
                  TAG_Email_Importance,
                  {TAG_Email_From, TAG_Email_To, TAG_Email_Subject, TAG_Email_DateReceived}},
    [EAS_CALENDAR] = {TAG_Calendar_Categories,
                      TAG_Calendar_Category,
                      EAS_TAG_NONE,
                      {TAG_Calendar_Subject, TAG_Calendar_StartTime, TAG_Calendar_EndTime}},
    [EAS_CONTACTS] = {TAG_Contacts_Categories,
                      TAG_Contacts_Category,
                      EAS_TAG_NONE,
                      {TAG_Contacts_FileAs, TAG_Contacts_FirstName, TAG_Contacts_LastName, TAG_Contacts_CompanyName,
                       TAG_Contacts_Email1Address}},
    [EAS_TASKS] = {TAG_Tasks_Categories,
                   TAG_Tasks_Category,
                   TAG_Tasks_Importance,
                   {TAG_Tasks_Subject, TAG_Tasks_UtcStartDate, TAG_Tasks_UtcDueDate}},
    [EAS_NOTES] = {TAG_Notes_Categories, TAG_Notes_Category, EAS_TAG_NONE, {TAG_Notes_Subject}},
};

static void read_categories(const struct eas_node *list, eas_tag tag, struct item_flags *flags)
{
    GString *lines = g_string_new(NULL);

    for (const struct eas_node *node = eas_node_child(list, tag); node; node = eas_node_next(node)) {
        if (!*node->text)
            continue;
        if (lines->len)
            g_string_append_c(lines, '\n');
        g_string_append(lines, node->text);
    }
    g_free(flags->categories);
    flags->categories = g_string_free(lines, FALSE);
}

static void read_mail_flags(const struct eas_node *data, struct item_flags *flags)
{
    const struct eas_node *flag = eas_node_child(data, TAG_Email_Flag);

    flags->read = (int8_t)CLAMP(eas_node_number(data, TAG_Email_Read, flags->read), 0, 1);
    flags->answered = (int8_t)CLAMP(eas_node_number(data, TAG_Email2_LastVerbExecuted, flags->answered), 0, 3);
    if (flag)
        flags->flag = (int8_t)CLAMP(eas_node_number(flag, TAG_Email_Status, 0), 0, 2);
}

void properties_flags(enum eas_class class, const struct eas_node *data, struct item_flags *flags)
{
    const struct eas_node *list = eas_node_child(data, rows[class].categories);

    if (class == EAS_MAIL)
        read_mail_flags(data, flags);
    if (rows[class].importance)
        flags->importance = (int8_t)CLAMP(eas_node_number(data, rows[class].importance, flags->importance), 0, 2);
    if (list)
        read_categories(list, rows[class].category, flags);
}

int64_t properties_date(const struct eas_node *data, int64_t fallback)
{
    const char *text = eas_node_text(data, TAG_Email_DateReceived);
    gint64 ns;

    return text && eas_date_parse(text, &ns) ? ns : fallback;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        hash = (hash ^ *at) * 1099511628211ULL;
    return (hash ^ 0xff) * 1099511628211ULL;
}

/* FNV-1a over the fields with their ends marked. */
uint64_t properties_stamp(enum eas_class class, const struct eas_node *data)
{
    uint64_t hash = 14695981039346656037ULL;
    bool some = false;

    for (int i = 0; i < STAMP_TAGS && rows[class].stamp[i]; i++) {
        const char *text = eas_node_text(data, rows[class].stamp[i]);

        some |= text && *text;
        hash = hash_text(hash, text ? text : "");
    }
    return some ? hash | STAMP_TOLD : 0;
}

/* The namespace is RFC 9562's for URLs: the name is one. */
char *properties_uid(const char *account, const char *folder_path, const char *server_id)
{
    static const guchar urls[] = {0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,
                                  0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    g_autofree char *name = g_strdup_printf("eas://%s/%s/%s", account, folder_path, server_id);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    guchar d[20];
    gsize length = sizeof d;

    g_checksum_update(sum, urls, sizeof urls);
    g_checksum_update(sum, (const guchar *)name, (gssize)strlen(name));
    g_checksum_get_digest(sum, d, &length);
    d[6] = (d[6] & 0x0f) | 0x50;
    d[8] = (d[8] & 0x3f) | 0x80;
    return g_strdup_printf("urn:uuid:%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0], d[1],
                           d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14], d[15]);
}
