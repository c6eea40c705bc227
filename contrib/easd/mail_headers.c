#include "contrib/easd/mail_headers.h"

#include <gmime/gmime.h>
#include <string.h>

#include "contrib/easd/limits.h"

static const struct {
    const char *name;
    size_t length;
} field_names[FIELD_COUNT] = {
#define NAME(field, text) [field] = {text, sizeof text - 1}
    NAME(FIELD_FROM, "from"),
    NAME(FIELD_TO, "to"),
    NAME(FIELD_CC, "cc"),
    NAME(FIELD_REPLY_TO, "reply-to"),
    NAME(FIELD_SENDER, "sender"),
    NAME(FIELD_SUBJECT, "subject"),
    NAME(FIELD_DATE, "date"),
    NAME(FIELD_IMPORTANCE, "importance"),
    NAME(FIELD_X_PRIORITY, "x-priority"),
    NAME(FIELD_CONTENT_TYPE, "content-type"),
    NAME(FIELD_CONTENT_CLASS, "content-class"),
    NAME(FIELD_MESSAGE_ID, "message-id"),
    NAME(FIELD_REFERENCES, "references"),
    NAME(FIELD_THREAD_TOPIC, "thread-topic"),
#undef NAME
};

static void note_field(struct mail_headers *headers, const char *name, size_t length, const char *value,
                       const char *end)
{
    for (int field = 0; field < FIELD_COUNT; field++) {
        if (field_names[field].length != length || headers->fields[field].at ||
            g_ascii_strncasecmp(field_names[field].name, name, length) != 0)
            continue;
        headers->fields[field].at = value;
        headers->fields[field].length = (size_t)(end - value);
        return;
    }
}

/* The end of the line at "at", its line feed included. */
static const char *line_end(const char *at, const char *end)
{
    const char *feed = memchr(at, '\n', (size_t)(end - at));

    return feed ? feed + 1 : end;
}

void mail_headers_scan(struct mail_headers *headers, const char *bytes, size_t length)
{
    const char *end = bytes + length, *at = bytes;

    memset(headers, 0, sizeof *headers);
    while (at < end) {
        const char *line = at, *colon;

        at = line_end(at, end);
        if (line[0] == '\n' || (line[0] == '\r' && at - line == 2)) {
            headers->whole = true;
            return;
        }
        while (at < end && (*at == ' ' || *at == '\t'))
            at = line_end(at, end);
        colon = memchr(line, ':', (size_t)(at - line));
        if (!colon)
            continue;
        size_t name = (size_t)(colon - line);

        while (name > 0 && (line[name - 1] == ' ' || line[name - 1] == '\t'))
            name--;
        note_field(headers, line, name, colon + 1, at);
    }
}

/* Line ends and control characters become nothing, tabs a space; cut at a character's border. */
static char *clean_text(const char *text, size_t length)
{
    GString *clean = g_string_sized_new(length);
    bool space = true; /* leading blanks go */

    for (size_t i = 0; i < length && clean->len < EASD_HEADER_VALUE; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\t')
            c = ' ';
        if (c < ' ' || c == 0x7f || (c == ' ' && space && clean->len == 0))
            continue;
        space = c == ' ';
        g_string_append_c(clean, (char)c);
    }
    while (clean->len && clean->str[clean->len - 1] == ' ')
        g_string_truncate(clean, clean->len - 1);
    if (!g_utf8_validate_len(clean->str, clean->len, NULL)) {
        char *valid = g_utf8_make_valid(clean->str, (gssize)clean->len);

        g_string_free(clean, TRUE);
        return valid;
    }
    return g_string_free(clean, FALSE);
}

static bool needs_decoding(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80 || (text[0] == '=' && text[1] == '?'))
            return true;
    return false;
}

char *mail_headers_text(const struct mail_headers *headers, enum mail_field field)
{
    static GMutex lock; /* GMime keeps its character set converters in one place */

    if (headers->fields[field].length == 0)
        return NULL;
    g_autofree char *plain = clean_text(headers->fields[field].at, headers->fields[field].length);

    if (!needs_decoding(plain))
        return g_steal_pointer(&plain);
    g_autofree char *raw = g_strndup(headers->fields[field].at, MIN(headers->fields[field].length, EASD_HEADER_VALUE));

    g_mutex_lock(&lock);
    g_autofree char *decoded = g_mime_utils_header_decode_text(NULL, raw);
    g_mutex_unlock(&lock);
    return clean_text(decoded, strlen(decoded));
}

gint64 mail_headers_date(const struct mail_headers *headers)
{
    if (headers->fields[FIELD_DATE].length == 0)
        return INT64_MIN;
    g_autofree char *text = clean_text(headers->fields[FIELD_DATE].at, headers->fields[FIELD_DATE].length);
    GDateTime *date = g_mime_utils_header_decode_date(text);
    gint64 seconds;

    if (!date)
        return INT64_MIN;
    seconds = g_date_time_to_unix(date);
    g_date_time_unref(date);
    return seconds;
}

int mail_headers_importance(const struct mail_headers *headers)
{
    g_autofree char *importance = mail_headers_text(headers, FIELD_IMPORTANCE);
    g_autofree char *priority = mail_headers_text(headers, FIELD_X_PRIORITY);

    if (importance)
        return g_ascii_strcasecmp(importance, "high") == 0 ? 2 : g_ascii_strcasecmp(importance, "low") == 0 ? 0 : 1;
    if (priority && g_ascii_isdigit(*priority))
        return *priority < '3' ? 2 : *priority > '3' ? 0 : 1;
    return 1;
}

/* The first that fits decides: what a Content-Type must begin with, and hold. */
static const struct {
    const char *type, *holds, *class;
} message_classes[] = {
    {"multipart/signed", "pkcs7", "IPM.Note.SMIME.MultipartSigned"},
    {"application/pkcs7-mime", "signed-data", "IPM.Note.SMIME"},
    {"application/pkcs7-mime", "", "IPM.Note.SMIME"},
    {"application/x-pkcs7-mime", "", "IPM.Note.SMIME"},
    {"text/calendar", "request", "IPM.Schedule.Meeting.Request"},
    {"text/calendar", "cancel", "IPM.Schedule.Meeting.Canceled"},
    {"multipart/report", "delivery-status", "REPORT.IPM.Note.NDR"},
    {"multipart/report", "disposition-notification", "REPORT.IPM.Note.IPNRN"},
};

const char *mail_headers_class(const struct mail_headers *headers)
{
    g_autofree char *text = mail_headers_text(headers, FIELD_CONTENT_TYPE);
    g_autofree char *type = text ? g_ascii_strdown(text, -1) : NULL;

    for (size_t i = 0; type && i < G_N_ELEMENTS(message_classes); i++)
        if (g_str_has_prefix(type, message_classes[i].type) && strstr(type, message_classes[i].holds))
            return message_classes[i].class;
    return "IPM.Note";
}

bool mail_headers_smime(const struct mail_headers *headers)
{
    return strstr(mail_headers_class(headers), ".SMIME") != NULL;
}
