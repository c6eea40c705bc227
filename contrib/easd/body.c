#include "contrib/easd/body.h"

#include <string.h>

static void write_data(struct item_writer *writer, const struct body *body)
{
    struct wbxml_writer *wbxml = &writer->wbxml;

    if (body->bytes && !body->opaque) {
        g_autofree char *text = g_strndup(body->bytes, body->length);

        wbxml_text(wbxml, TAG_AirSyncBase_Data, text);
        return;
    }
    if (body->bytes) {
        wbxml_opaque(wbxml, TAG_AirSyncBase_Data, body->bytes, body->length);
        return;
    }
    wbxml_opaque_head(wbxml, TAG_AirSyncBase_Data, body->length);
    answer_splice(writer->answer, body->file, 0, body->length);
    wbxml_close(wbxml);
}

static void write_part(struct item_writer *writer, const struct body *body)
{
    struct answer *part = answer_new();

    if (body->bytes)
        g_byte_array_append(part->bytes, body->bytes, (guint)body->length);
    else
        answer_splice(part, body->file, 0, body->length);
    g_ptr_array_add(writer->parts->parts, part);
    wbxml_number(&writer->wbxml, TAG_ItemOperations_Part, writer->parts->parts->len);
}

void body_write(struct item_writer *writer, const struct body *body)
{
    struct wbxml_writer *wbxml = &writer->wbxml;

    wbxml_open(wbxml, TAG_AirSyncBase_Body);
    wbxml_number(wbxml, TAG_AirSyncBase_Type, body->type);
    wbxml_number(wbxml, TAG_AirSyncBase_EstimatedDataSize, (long long)body->size);
    if (body->length < body->size)
        wbxml_text(wbxml, TAG_AirSyncBase_Truncated, "1");
    if (body->length > 0 || body->size == 0) {
        if (writer->parts)
            write_part(writer, body);
        else
            write_data(writer, body);
    }
    if (body->preview)
        wbxml_text(wbxml, TAG_AirSyncBase_Preview, body->preview);
    wbxml_close(wbxml);
}

void body_write_text(struct item_writer *writer, const struct options *options, const char *text, const char *html)
{
    bool as_html = options->bodies[BODY_HTML].wanted && (html || !options->bodies[BODY_PLAIN].wanted);
    const struct body_preference *wanted = &options->bodies[as_html ? BODY_HTML : BODY_PLAIN];
    g_autofree char *escaped = as_html && !html ? g_markup_escape_text(text, -1) : NULL;
    g_autofree char *page = escaped ? g_strconcat("<html><body><pre>", escaped, "</pre></body></html>", NULL) : NULL;
    const char *bytes = page ? page : as_html ? html : text;
    struct body body = {.type = as_html ? BODY_HTML : BODY_PLAIN, .bytes = bytes, .size = strlen(bytes)};
    g_autofree char *preview = NULL;

    if (!wanted->wanted)
        return;
    body.length = body.size;
    if (wanted->truncation >= 0 && (uint64_t)wanted->truncation < body.size) {
        body.length = wanted->all_or_none ? 0 : (uint64_t)wanted->truncation;
        while (body.length > 0 && ((unsigned char)bytes[body.length] & 0xc0) == 0x80)
            body.length--;
    }
    if (wanted->preview > 0 && writer->version >= 140)
        body.preview = preview = g_utf8_substring(text, 0, MIN((glong)wanted->preview, g_utf8_strlen(text, -1)));
    body_write(writer, &body);
}
