#include "contrib/easd/query.h"

#include <string.h>

/* The numbers of commands (MS-ASHTTP 2.2.1.1.1.1.2). */
static const char *const command_names[] = {
    [0] = "Sync",
    [1] = "SendMail",
    [2] = "SmartForward",
    [3] = "SmartReply",
    [4] = "GetAttachment",
    [9] = "FolderSync",
    [10] = "FolderCreate",
    [11] = "FolderDelete",
    [12] = "FolderUpdate",
    [13] = "MoveItems",
    [14] = "GetItemEstimate",
    [15] = "MeetingResponse",
    [16] = "Search",
    [17] = "Settings",
    [18] = "Ping",
    [19] = "ItemOperations",
    [20] = "Provision",
    [21] = "ResolveRecipients",
    [22] = "ValidateCert",
    [23] = "Find",
};

enum {
    PARAMETER_COLLECTION = 1,
    PARAMETER_ITEM = 3,
    PARAMETER_LONG_ID = 4,
    PARAMETER_OPTIONS = 7,
    PARAMETER_USER = 8,
    OPTION_SAVE = 0x01,
    OPTION_MULTIPART = 0x02
};

void query_clear(struct query *query)
{
    g_free(query->command);
    g_free(query->user);
    g_free(query->device_id);
    g_free(query->device_type);
    g_free(query->collection_id);
    g_free(query->item_id);
    g_free(query->long_id);
    *query = (struct query){0};
}

static void set_text(char **to, const char *value)
{
    g_free(*to);
    *to = g_strdup(value);
}

static void take_pair(struct query *query, const char *name, const char *value)
{
    const struct {
        const char *name;
        char **to;
    } texts[] = {{"Cmd", &query->command},
                 {"User", &query->user},
                 {"DeviceId", &query->device_id},
                 {"DeviceType", &query->device_type},
                 {"CollectionId", &query->collection_id},
                 {"ItemId", &query->item_id},
                 {"LongId", &query->long_id}};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (g_ascii_strcasecmp(name, texts[i].name) == 0)
            set_text(texts[i].to, value);
    if (g_ascii_strcasecmp(name, "SaveInSent") == 0)
        query->save_in_sent = g_ascii_strcasecmp(value, "T") == 0;
}

static bool read_plain(struct query *query, const char *text)
{
    g_auto(GStrv) pairs = g_strsplit(text, "&", -1);

    for (char **pair = pairs; *pair; pair++) {
        char *value = strchr(*pair, '=');

        if (!value)
            continue;
        *value++ = '\0';
        g_autofree char *decoded = g_uri_unescape_string(value, NULL);

        if (!decoded)
            return false;
        take_pair(query, *pair, decoded);
    }
    return query->command != NULL;
}

struct cursor {
    const guchar *at, *end;
};

/* A length byte and that many bytes. */
static bool take_field(struct cursor *cursor, const guchar **field, size_t *length)
{
    if (cursor->at >= cursor->end || cursor->end - cursor->at - 1 < cursor->at[0])
        return false;
    *length = *cursor->at++;
    *field = cursor->at;
    cursor->at += *length;
    return true;
}

/* Sixteen bytes that are no text are a packed hexadecimal id. */
static char *device_id(const guchar *field, size_t length)
{
    bool text = true;
    GString *hex;

    for (size_t i = 0; i < length; i++)
        text &= g_ascii_isalnum(field[i]) != 0;
    if (text)
        return g_strndup((const char *)field, length);
    hex = g_string_new(NULL);
    for (size_t i = 0; i < length; i++)
        g_string_append_printf(hex, "%02x", field[i]);
    return g_string_free(hex, FALSE);
}

static bool read_parameters(struct query *query, struct cursor *cursor)
{
    const guchar *field;
    size_t length;

    while (cursor->at < cursor->end) {
        guchar tag = *cursor->at++;

        if (!take_field(cursor, &field, &length))
            return false;
        g_autofree char *text = g_strndup((const char *)field, length);

        if (tag == PARAMETER_OPTIONS && length == 1) {
            query->multipart = field[0] & OPTION_MULTIPART;
            query->save_in_sent = field[0] & OPTION_SAVE;
        } else if (tag == PARAMETER_USER) {
            set_text(&query->user, text);
        } else if (tag == PARAMETER_COLLECTION) {
            set_text(&query->collection_id, text);
        } else if (tag == PARAMETER_ITEM) {
            set_text(&query->item_id, text);
        } else if (tag == PARAMETER_LONG_ID) {
            set_text(&query->long_id, text);
        }
    }
    return true;
}

static bool read_base64(struct query *query, const char *text)
{
    gsize size;
    g_autofree char *unescaped = g_uri_unescape_string(text, NULL);
    g_autofree guchar *bytes = unescaped ? g_base64_decode(unescaped, &size) : NULL;
    struct cursor cursor = {bytes, bytes ? bytes + size : NULL};
    const guchar *field;
    size_t length;

    if (!bytes || size < 7)
        return false;
    query->version = bytes[0];
    if (bytes[1] < G_N_ELEMENTS(command_names))
        query->command = g_strdup(command_names[bytes[1]]);
    cursor.at += 4; /* the locale stays unread: nothing is in any language */
    if (!take_field(&cursor, &field, &length))
        return false;
    query->device_id = device_id(field, length);
    if (!take_field(&cursor, &field, &length) || (length != 0 && length != 4))
        return false;
    query->has_policy_key = length == 4;
    if (length == 4)
        query->policy_key = field[0] | (guint32)field[1] << 8 | (guint32)field[2] << 16 | (guint32)field[3] << 24;
    if (!take_field(&cursor, &field, &length))
        return false;
    query->device_type = g_strndup((const char *)field, length);
    return read_parameters(query, &cursor);
}

bool query_read(struct query *query, const char *text)
{
    *query = (struct query){0};
    return g_ascii_strncasecmp(text, "Cmd=", 4) == 0 || strstr(text, "&Cmd=") ? read_plain(query, text)
                                                                              : read_base64(query, text);
}
