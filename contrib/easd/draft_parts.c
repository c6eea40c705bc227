#include "contrib/easd/draft_parts.h"

#include <fcntl.h>

#include "contrib/easd/draft.h"

GMimeMessage *draft_open(const char *path)
{
    GMimeStream *stream = g_mime_stream_fs_open(path, O_RDONLY | O_CLOEXEC, 0, NULL);
    GMimeParser *parser = stream ? g_mime_parser_new_with_stream(stream) : NULL;
    GMimeMessage *message = NULL;

    if (parser) { /* not by reference into the file: it is about to be replaced */
        g_mime_parser_set_persist_stream(parser, FALSE);
        message = g_mime_parser_construct_message(parser, NULL);
    }
    g_clear_object(&parser);
    g_clear_object(&stream);
    return message;
}

static void take_part(struct draft_parts *parts, GMimeObject *part)
{
    GMimeContentType *type = g_mime_object_get_content_type(part);
    bool attached = !GMIME_IS_PART(part) || g_mime_part_is_attachment(GMIME_PART(part));

    if (!attached && !parts->plain && g_mime_content_type_is_type(type, "text", "plain"))
        parts->plain = part;
    else if (!attached && !parts->html && g_mime_content_type_is_type(type, "text", "html"))
        parts->html = part;
    else
        g_ptr_array_add(parts->attachments, g_object_ref(part));
}

static void take_parts(struct draft_parts *parts, GMimeObject *object)
{
    if (!object)
        return;
    if (!GMIME_IS_MULTIPART(object)) {
        take_part(parts, object);
        return;
    }
    for (int i = 0; i < g_mime_multipart_get_count(GMIME_MULTIPART(object)); i++)
        take_parts(parts, g_mime_multipart_get_part(GMIME_MULTIPART(object), i));
}

static void unref_part(void *part)
{
    g_object_unref(part);
}

void draft_open_parts(struct draft_parts *parts, GMimeMessage *message)
{
    *parts = (struct draft_parts){.attachments = g_ptr_array_new_with_free_func(unref_part)};
    take_parts(parts, g_mime_message_get_mime_part(message));
}

static GBytes *part_bytes(GMimeObject *part)
{
    GMimeStream *stream = g_mime_stream_mem_new();
    GByteArray *bytes;
    GBytes *copy;

    if (GMIME_IS_PART(part) && g_mime_part_get_content(GMIME_PART(part)))
        g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(part)), stream);
    else if (GMIME_IS_MESSAGE_PART(part))
        g_mime_object_write_to_stream(GMIME_OBJECT(g_mime_message_part_get_message(GMIME_MESSAGE_PART(part))), NULL,
                                      stream);
    bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    copy = g_bytes_new(bytes->data, bytes->len);
    g_object_unref(stream);
    return copy;
}

static void write_attachment(struct wbxml_writer *wbxml, GMimeObject *part, const char *server_id, guint place)
{
    const char *name = GMIME_IS_PART(part) ? g_mime_part_get_filename(GMIME_PART(part)) : NULL;
    g_autofree char *reference = g_strdup_printf("%s:%u", server_id, place);
    g_autoptr(GBytes) bytes = part_bytes(part);

    wbxml_open(wbxml, TAG_AirSyncBase_Attachment);
    wbxml_text(wbxml, TAG_AirSyncBase_DisplayName, name ? name : "attachment");
    wbxml_text(wbxml, TAG_AirSyncBase_FileReference, reference);
    wbxml_number(wbxml, TAG_AirSyncBase_Method, GMIME_IS_MESSAGE_PART(part) ? 5 : 1);
    wbxml_number(wbxml, TAG_AirSyncBase_EstimatedDataSize, (long long)g_bytes_get_size(bytes));
    wbxml_close(wbxml);
}

void draft_write_properties(struct item_writer *writer, const char *path, const char *server_id)
{
    GMimeMessage *message = draft_open(path);
    struct draft_parts parts;

    if (!message)
        return;
    g_autofree char *bcc = internet_address_list_to_string(g_mime_message_get_bcc(message), NULL, FALSE);

    draft_open_parts(&parts, message);
    if (bcc && *bcc)
        wbxml_text(&writer->wbxml, TAG_Email2_Bcc, bcc);
    if (parts.attachments->len) {
        wbxml_open(&writer->wbxml, TAG_AirSyncBase_Attachments);
        for (guint i = 0; i < parts.attachments->len; i++)
            write_attachment(&writer->wbxml, parts.attachments->pdata[i], server_id, i);
        wbxml_close(&writer->wbxml);
    }
    g_ptr_array_unref(parts.attachments);
    g_object_unref(message);
}

GBytes *draft_attachment(const char *path, guint place, char **type)
{
    GMimeMessage *message = draft_open(path);
    GBytes *bytes = NULL;
    struct draft_parts parts;

    if (!message)
        return NULL;
    draft_open_parts(&parts, message);
    if (place < parts.attachments->len) {
        GMimeObject *part = parts.attachments->pdata[place];

        bytes = part_bytes(part);
        *type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(part));
    }
    g_ptr_array_unref(parts.attachments);
    g_object_unref(message);
    return bytes;
}

GMimeObject *draft_text_part(const char *subtype, const char *text, GMimeContentEncoding encoding)
{
    GMimeTextPart *part = g_mime_text_part_new_with_subtype(subtype);

    g_mime_text_part_set_charset(part, "utf-8");
    g_mime_text_part_set_text(part, text);
    g_mime_part_set_content_encoding(GMIME_PART(part), encoding);
    return GMIME_OBJECT(part);
}
