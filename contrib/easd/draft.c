#include "contrib/easd/draft.h"

#include <gmime/gmime.h>
#include <string.h>

#include "contrib/easd/attachment.h"
#include "contrib/easd/draft_parts.h"
#include "contrib/easd/edit.h"

static bool refuse(struct draft *draft, const char *reason)
{
    if (!draft->refusal)
        draft->refusal = g_strdup(reason);
    return false;
}

void draft_clear(struct draft *draft)
{
    if (draft->message)
        g_string_free(draft->message, TRUE);
    g_clear_pointer(&draft->attached, g_ptr_array_unref);
    g_free(draft->refusal);
}

/* ---- headers ---- */

static const struct {
    eas_tag tag;
    GMimeAddressType type;
    const char *header;
} addresses[] = {
    {TAG_Email_To, GMIME_ADDRESS_TYPE_TO, "To"},
    {TAG_Email_Cc, GMIME_ADDRESS_TYPE_CC, "Cc"},
    {TAG_Email2_Bcc, GMIME_ADDRESS_TYPE_BCC, "Bcc"},
    {TAG_Email_ReplyTo, GMIME_ADDRESS_TYPE_REPLY_TO, "Reply-To"},
};

static void set_addresses(GMimeMessage *message, GMimeAddressType type, const char *header, const char *text)
{
    InternetAddressList *list = g_mime_message_get_addresses(message, type);
    InternetAddressList *new = *text ? internet_address_list_parse(NULL, text) : NULL;

    internet_address_list_clear(list);
    if (new)
        internet_address_list_append(list, new);
    else
        g_mime_object_remove_header(GMIME_OBJECT(message), header);
    g_clear_object(&new);
}

static void set_headers(GMimeMessage *message, const struct eas_node *data)
{
    static const char *const importance[] = {"low", NULL, "high"};
    const struct eas_node *subject = eas_node_child(data, TAG_Email_Subject);
    const struct eas_node *weight = eas_node_child(data, TAG_Email_Importance);
    gint64 number;

    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        const struct eas_node *node = eas_node_child(data, addresses[i].tag);

        if (node)
            set_addresses(message, addresses[i].type, addresses[i].header, node->text);
    }
    if (subject)
        g_mime_message_set_subject(message, subject->text, "utf-8");
    if (weight && edit_number(data, TAG_Email_Importance, 0, 2, 1, &number)) {
        g_mime_object_remove_header(GMIME_OBJECT(message), "Importance");
        if (importance[number])
            g_mime_object_set_header(GMIME_OBJECT(message), "Importance", importance[number], NULL);
    }
}

static void set_identity(GMimeMessage *message, const struct draft *draft)
{
    GDateTime *date = g_date_time_new_from_unix_utc(draft->now);

    if (internet_address_list_length(g_mime_message_get_from(message)) == 0)
        g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, NULL, draft->address);
    g_mime_message_set_date(message, date);
    if (!g_mime_message_get_message_id(message)) {
        g_autofree char *id = g_mime_utils_generate_message_id("easd.invalid");

        g_mime_message_set_message_id(message, id);
    }
    g_date_time_unref(date);
}

/* ---- the body ---- */

static GMimeObject *attached_part(const struct eas_node *add, GBytes *content)
{
    const char *type = edit_text(add, TAG_AirSyncBase_ContentType), *slash = type ? strchr(type, '/') : NULL;
    g_autofree char *major = slash ? g_strndup(type, (gsize)(slash - type)) : g_strdup("application");
    GMimePart *part = g_mime_part_new_with_type(major, slash ? slash + 1 : "octet-stream");
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    GMimeDataWrapper *wrapper = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);
    const char *ident = edit_text(add, TAG_AirSyncBase_ContentId);

    g_mime_part_set_content(part, wrapper);
    g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
    g_mime_object_set_disposition(GMIME_OBJECT(part), eas_node_number(add, TAG_AirSyncBase_IsInline, 0) == 1
                                                          ? GMIME_DISPOSITION_INLINE
                                                          : GMIME_DISPOSITION_ATTACHMENT);
    g_mime_part_set_filename(part, edit_text(add, TAG_AirSyncBase_DisplayName));
    if (ident)
        g_mime_object_set_content_id(GMIME_OBJECT(part), ident);
    g_object_unref(wrapper);
    g_object_unref(stream);
    return GMIME_OBJECT(part);
}

static bool drop_attachment(struct draft *draft, GPtrArray *attachments, const char *reference)
{
    const char *end = reference ? strrchr(reference, ':') : NULL;
    guint place = end ? (guint)g_ascii_strtoull(end + 1, NULL, 10) : G_MAXUINT;

    if (place >= attachments->len || !attachments->pdata[place])
        return refuse(draft, "it has no such attachment");
    g_clear_object((GMimeObject **)&attachments->pdata[place]);
    return true;
}

static bool edit_attachments(struct draft *draft, GPtrArray *attachments)
{
    const struct eas_node *asked = eas_node_child(draft->data, TAG_AirSyncBase_Attachments);

    g_ptr_array_set_free_func(attachments, NULL);
    for (const struct eas_node *one = asked ? asked->first : NULL; one; one = one->next)
        if (one->tag == TAG_AirSyncBase_Delete &&
            !drop_attachment(draft, attachments, edit_text(one, TAG_AirSyncBase_FileReference)))
            return false;
    while (g_ptr_array_remove(attachments, NULL))
        ;
    for (guint i = 0; i < attachments->len; i++)
        g_ptr_array_add(draft->attached, NULL);
    for (const struct eas_node *one = asked ? asked->first : NULL; one; one = one->next) {
        g_autoptr(GBytes) content = one->tag == TAG_AirSyncBase_Add ? attachment_content(one) : NULL;

        if (one->tag != TAG_AirSyncBase_Add)
            continue;
        if (!content || !edit_text(one, TAG_AirSyncBase_ClientId) || !edit_text(one, TAG_AirSyncBase_DisplayName))
            return refuse(draft, "an attachment of it is not whole");
        g_ptr_array_add(attachments, attached_part(one, content));
        g_ptr_array_add(draft->attached, g_strdup(edit_text(one, TAG_AirSyncBase_ClientId)));
    }
    return true;
}

/* The text as it is to be: what the data says, else the old one in one or both of its forms. The caller's. */
static GMimeObject *make_text(struct draft *draft, const struct draft_parts *parts)
{
    const struct eas_node *body = eas_node_child(draft->data, TAG_AirSyncBase_Body);
    const char *text = eas_node_text(body, TAG_AirSyncBase_Data);
    gint64 type;

    if (body) {
        if (!edit_number(body, TAG_AirSyncBase_Type, BODY_PLAIN, BODY_HTML, BODY_PLAIN, &type)) {
            refuse(draft, "its body is of no type that is kept");
            return NULL;
        }
        return draft_text_part(type == BODY_HTML ? "html" : "plain", text ? text : "",
                               GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    }
    if (parts->plain && parts->html) {
        GMimeMultipart *both = g_mime_multipart_new_with_subtype("alternative");

        g_mime_multipart_add(both, parts->plain);
        g_mime_multipart_add(both, parts->html);
        return GMIME_OBJECT(both);
    }
    if (parts->plain || parts->html)
        return g_object_ref(parts->plain ? parts->plain : parts->html);
    return draft_text_part("plain", "", GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
}

static bool set_content(GMimeMessage *message, struct draft *draft)
{
    struct draft_parts parts;
    bool right;

    draft_open_parts(&parts, message);
    right = edit_attachments(draft, parts.attachments);

    GMimeObject *text = right ? make_text(draft, &parts) : NULL, *whole = text;

    if (text && parts.attachments->len) {
        GMimeMultipart *mixed = g_mime_multipart_new_with_subtype("mixed");

        g_mime_multipart_add(mixed, text);
        for (guint i = 0; i < parts.attachments->len; i++)
            g_mime_multipart_add(mixed, parts.attachments->pdata[i]);
        whole = GMIME_OBJECT(mixed);
        g_object_unref(text);
    }
    if (whole) {
        g_mime_message_set_mime_part(message, whole);
        g_object_unref(whole);
    }
    for (guint i = 0; i < parts.attachments->len; i++)
        g_clear_object((GMimeObject **)&parts.attachments->pdata[i]);
    g_ptr_array_unref(parts.attachments);
    return whole != NULL;
}

static void print_message(GMimeMessage *message, struct draft *draft)
{
    GMimeFormatOptions *format = g_mime_format_options_clone(NULL);
    GMimeStream *stream = g_mime_stream_mem_new();
    GByteArray *bytes;

    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_object_write_to_stream(GMIME_OBJECT(message), format, stream);
    bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    draft->message = g_string_new_len((const char *)bytes->data, bytes->len);
    g_object_unref(stream);
    g_mime_format_options_free(format);
}

bool draft_build(struct draft *draft)
{
    GMimeMessage *message = draft->path ? draft_open(draft->path) : g_mime_message_new(TRUE);
    bool made;

    draft->attached = g_ptr_array_new_with_free_func(g_free);
    if (!message)
        return refuse(draft, "it is no message");
    if (!edit_allowed(draft->data, CLASS_MAIL, 160, false, &draft->refusal)) {
        g_object_unref(message);
        return false;
    }
    made = set_content(message, draft);
    if (made) {
        set_headers(message, draft->data);
        set_identity(message, draft);
        print_message(message, draft);
    }
    g_object_unref(message);
    return made;
}

struct eas_node *draft_attached(const struct draft *draft, const char *server_id)
{
    struct eas_node *data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    struct eas_node *list = eas_node_add(data, TAG_AirSyncBase_Attachments, NULL);

    for (guint i = 0; i < draft->attached->len; i++) {
        g_autofree char *reference = g_strdup_printf("%s:%u", server_id, i);
        struct eas_node *one;

        if (!draft->attached->pdata[i])
            continue;
        one = eas_node_add(list, TAG_AirSyncBase_Attachment, NULL);
        eas_node_add(one, TAG_AirSyncBase_ClientId, draft->attached->pdata[i]);
        eas_node_add(one, TAG_AirSyncBase_FileReference, reference);
    }
    if (list->first)
        return data;
    eas_node_free(data);
    return NULL;
}
