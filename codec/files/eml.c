/* Mail of a server that gives no MIME, as the message its properties tell of. */
#include <gmime/gmime.h>
#include <string.h>

#include "codec/files/body.h"
#include "codec/files/date.h"
#include "codec/files/files.h"
#include "codec/files/mailbox.h"
#include "codec/files/mime.h"
#include "codec/limits.h"

static const char *const importances[] = {"low", "normal", "high"};

/* Header fields by property (MS-ASEMAIL 2.2.2), in the order of the file. */
static const struct {
    eas_tag tag;
    GMimeAddressType type;
} address_fields[] = {
    {TAG_Email_From, GMIME_ADDRESS_TYPE_FROM},
    {TAG_Email2_Sender, GMIME_ADDRESS_TYPE_SENDER},
    {TAG_Email_ReplyTo, GMIME_ADDRESS_TYPE_REPLY_TO},
    {TAG_Email_To, GMIME_ADDRESS_TYPE_TO},
    {TAG_Email_Cc, GMIME_ADDRESS_TYPE_CC},
    {TAG_Email2_Bcc, GMIME_ADDRESS_TYPE_BCC},
};
static const struct {
    eas_tag tag;
    const char *name;
} text_fields[] = {
    {TAG_Email_Subject, "Subject"},
    {TAG_Email_ThreadTopic, "Thread-Topic"},
};

/* One line, whatever a property holds: a line break would begin a field of the sender's choosing. */
static char *one_line(char *text)
{
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    return g_strstrip(text);
}

/* A property as a value, its encoded words still in it, cut where no header makes sense any more. */
static char *header_value(const char *text)
{
    g_autofree char *head = g_strndup(text, LIMIT_HEADER_VALUE_BYTES);

    return one_line(g_utf8_make_valid(head, -1));
}

static void set_header(GMimeMessage *message, const char *name, const char *value)
{
    g_mime_object_set_header(GMIME_OBJECT(message), name, value, "utf-8");
}

/* Valid UTF-8, shortened where a character begins. */
static void cut(char *text, size_t most)
{
    if (strlen(text) <= most)
        return;
    while (((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    text[most] = 0;
}

/* An address without "@", a bare name for one, becomes a group of that name without members: the one
 * form in which an address field may say it (RFC 5322 3.4, RFC 6854); so does what is too long for an
 * address. GMime writes a name on one line, which must stay short enough for mail. Without a character
 * set of its own it would choose one by the locale. */
static void add_address(InternetAddressList *list, char *name, char *address)
{
    InternetAddress *added;

    one_line(name);
    one_line(address);
    if (!*name && !*address)
        return;
    bool real = strchr(address, '@') && strlen(address) <= LIMIT_ADDRESS_BYTES;

    cut(name, LIMIT_ADDRESS_NAME_BYTES);
    if (!real)
        cut(address, LIMIT_ADDRESS_NAME_BYTES);
    if (real)
        added = internet_address_mailbox_new(*name ? name : NULL, address);
    else
        added = internet_address_group_new(*name ? name : address);
    internet_address_set_charset(added, "utf-8");
    internet_address_list_add(list, added);
    g_object_unref(added);
}

/* Not by GMime's own reader of addresses, which follows nested groups until the stack ends. */
static void add_addresses(GMimeMessage *message, GMimeAddressType type, const char *text)
{
    InternetAddressList *list = internet_address_list_new();
    g_autofree char *value = header_value(text);
    const char *rest = value;

    while (rest) {
        g_autofree char *name = NULL;
        g_autofree char *address = NULL;

        rest = mailbox_next(rest, &name, &address);
        if (rest)
            add_address(list, name, address);
    }
    /* All at once: the message writes the whole header anew whenever its list changes. */
    if (internet_address_list_length(list) > 0)
        internet_address_list_append(g_mime_message_get_addresses(message, type), list);
    g_object_unref(list);
}

static void set_fields(GMimeMessage *message, const struct eas_node *data)
{
    for (size_t i = 0; i < G_N_ELEMENTS(address_fields); i++) {
        const char *text = eas_node_text(data, address_fields[i].tag);

        if (text)
            add_addresses(message, address_fields[i].type, text);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(text_fields); i++) {
        const char *text = eas_node_text(data, text_fields[i].tag);
        g_autofree char *raw = header_value(text ? text : "");
        g_autofree char *value = one_line(mailbox_decode(raw));

        if (*value)
            set_header(message, text_fields[i].name, value);
    }
}

static void set_date(GMimeMessage *message, const struct eas_node *data)
{
    struct eas_date date;

    if (!eas_date_read(eas_node_text(data, TAG_Email_DateReceived), &date))
        return;

    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(eas_date_seconds(&date));
    if (time)
        g_mime_message_set_date(message, time);
}

static void set_importance(GMimeMessage *message, const struct eas_node *data)
{
    long long importance = eas_node_number(data, TAG_Email_Importance, 1);

    if (importance >= 0 && importance < (long long)G_N_ELEMENTS(importances) && importance != 1)
        set_header(message, "Importance", importances[importance]);
}

/* What stays the same as long as the message lives, digested: the ground of its Message-ID and its
 * boundary, which no clock and no chance may choose. */
static char *digest(const struct eas_node *data, const struct file_context *context)
{
    static const eas_tag tags[] = {TAG_Email_From, TAG_Email_To, TAG_Email_Cc, TAG_Email_Subject,
                                   TAG_Email_DateReceived};
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);

    g_checksum_update(sum, (const guchar *)(context->uid ? context->uid : ""), -1);
    for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
        const char *text = eas_node_text(data, tags[i]);

        g_checksum_update(sum, (const guchar *)"", 1);
        g_checksum_update(sum, (const guchar *)(text ? text : ""), -1);
    }
    return g_strdup(g_checksum_get_string(sum));
}

/* As it is wherever lines are short enough for mail (RFC 5322 2.1.1), so that a search finds its words. */
static GMimeContentEncoding choose_encoding(const char *text)
{
    enum { LONGEST = 998 };
    bool ascii = true;

    for (size_t line = 0; *text; text++) {
        line = *text == '\n' ? 0 : line + 1;
        ascii = ascii && (unsigned char)*text < 0x80;
        if (line > LONGEST)
            return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
    }
    return ascii ? GMIME_CONTENT_ENCODING_7BIT : GMIME_CONTENT_ENCODING_8BIT;
}

/* The text as valid UTF-8 in which every kind of line end is LF: mail knows no lone CR. */
static char *unix_text(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1), *to = valid;

    for (const char *p = valid; *p; p++)
        if (*p != '\r')
            *to++ = *p;
        else if (p[1] != '\n')
            *to++ = '\n';
    *to = 0;
    return valid;
}

/* In UTF-8 always: GMime's own choice for a text would be the narrowest character set. */
static GMimeObject *text_part(const char *subtype, const char *text)
{
    g_autofree char *valid = unix_text(text);
    GMimeTextPart *part = g_mime_text_part_new_with_subtype(subtype);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(valid, strlen(valid));
    GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

    g_mime_text_part_set_charset(part, "utf-8");
    g_mime_part_set_content(GMIME_PART(part), content);
    g_mime_part_set_content_encoding(GMIME_PART(part), choose_encoding(valid));
    g_object_unref(content);
    g_object_unref(stream);
    return GMIME_OBJECT(part);
}

/* A line an attachment: its name and what the server says of its size. */
static void list_attachments(GString *list, const struct eas_node *data)
{
    const struct eas_node *attachments = eas_node_child(data, TAG_AirSyncBase_Attachments);
    const struct eas_node *attachment = eas_node_child(attachments, TAG_AirSyncBase_Attachment);
    eas_tag name_tag = TAG_AirSyncBase_DisplayName, size_tag = TAG_AirSyncBase_EstimatedDataSize;

    if (!attachments) {
        attachment = eas_node_child(eas_node_child(data, TAG_Email_Attachments), TAG_Email_Attachment);
        name_tag = TAG_Email_DisplayName;
        size_tag = TAG_Email_AttSize;
    }
    for (; attachment; attachment = eas_node_next(attachment)) {
        const char *name = eas_node_text(attachment, name_tag);
        long long size = eas_node_number(attachment, size_tag, 0);
        g_autofree char *line = header_value(name ? name : "");

        g_string_append_printf(list, "* %s", *line ? line : "without a name");
        if (size > 0)
            g_string_append_printf(list, " (about %lld bytes)", size);
        g_string_append_c(list, '\n');
    }
}

static GMimeObject *message_content(GMimeMessage *message, const struct eas_node *data, const char *id)
{
    int type;
    const char *text = body_data(data, TAG_Email_Body, &type);
    g_autoptr(GString) list = g_string_new(NULL);

    if (type != BODY_PLAIN && type != BODY_HTML && type != BODY_NONE) {
        set_header(message, "X-EAS-Body-Omitted", "RTF");
        text = NULL;
    }

    GMimeObject *body = text_part(type == BODY_HTML ? "html" : "plain", text ? text : "");
    list_attachments(list, data);
    if (list->len == 0)
        return body;

    g_autofree char *boundary = g_strconcat("=_", id, NULL);
    GMimeMultipart *mixed = g_mime_multipart_new_with_subtype("mixed");
    g_string_prepend(list, "Attachments, kept by the server:\n");
    GMimeObject *note = text_part("plain", list->str);

    g_mime_multipart_set_boundary(mixed, boundary);
    g_mime_multipart_add(mixed, body);
    g_mime_multipart_add(mixed, note);
    g_object_unref(body);
    g_object_unref(note);
    return GMIME_OBJECT(mixed);
}

/* The message with CRLF ends. Its parts are text or encoded as such, so no other LF is in it. */
static GBytes *message_bytes(GMimeMessage *message)
{
    g_autofree char *text = g_mime_object_to_string(GMIME_OBJECT(message), NULL);
    GString *out = g_string_sized_new(strlen(text) + strlen(text) / 32);

    for (const char *p = text; *p; p++) {
        if (*p == '\n')
            g_string_append_c(out, '\r');
        g_string_append_c(out, *p);
    }
    return g_string_free_to_bytes(out);
}

/* MIME after all: as the body, or in the element of protocol 2.5. */
static const struct eas_node *find_mime(const struct eas_node *data)
{
    const struct eas_node *body = eas_node_child(data, TAG_AirSyncBase_Body);
    const struct eas_node *mime = eas_node_child(data, TAG_Email_MIMEData);

    if (eas_node_number(body, TAG_AirSyncBase_Type, BODY_NONE) == BODY_MIME)
        mime = eas_node_child(body, TAG_AirSyncBase_Data);
    return mime && mime->length > 0 ? mime : NULL;
}

GBytes *file_from_mail(const struct eas_node *data, const struct file_context *context, char **reason)
{
    const struct eas_node *mime = find_mime(data);

    *reason = NULL;
    if (mime)
        return g_bytes_new(mime->text, mime->length);
    mime_begin();

    g_autofree char *id = digest(data, context);
    g_autofree char *message_id = g_strconcat(id, "@easfs.invalid", NULL);
    GMimeMessage *message = g_mime_message_new(FALSE);

    set_fields(message, data);
    set_date(message, data);
    g_mime_message_set_message_id(message, message_id);
    set_importance(message, data);
    set_header(message, "X-EAS-Rebuilt", "the server gave no MIME");

    GMimeObject *content = message_content(message, data, id);
    g_mime_message_set_mime_part(message, content);
    g_object_unref(content);

    GBytes *bytes = message_bytes(message);
    g_object_unref(message);
    return bytes;
}
