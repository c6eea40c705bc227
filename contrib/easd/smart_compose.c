#include <fcntl.h>
#include <gmime/gmime.h>
#include <string.h>

#include "contrib/easd/draft_parts.h"
#include "contrib/easd/send_mail.h"

static GMimeMessage *parse(const char *bytes, gsize length)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, length);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

/* ---- under it: the text that is answered ---- */

static char *text_of(GMimeObject *part)
{
    g_autofree char *text = part ? g_mime_text_part_get_text(GMIME_TEXT_PART(part)) : NULL;

    return text ? g_utf8_make_valid(text, -1) : g_strdup("");
}

static void set_text(GMimeObject *part, const char *text)
{
    g_mime_text_part_set_charset(GMIME_TEXT_PART(part), "utf-8");
    g_mime_text_part_set_text(GMIME_TEXT_PART(part), text);
    g_mime_part_set_content_encoding(GMIME_PART(part), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
}

static void quote_plain(GMimeObject *own, const char *original)
{
    g_autofree char *text = text_of(own);
    g_auto(GStrv) lines = g_strsplit(original, "\n", -1);
    g_autofree char *quoted = g_strjoinv("\n> ", lines);
    g_autofree char *whole = g_strconcat(text, "\n\n> ", quoted, "\n", NULL);

    set_text(own, whole);
}

static void quote_html(GMimeObject *own, const char *original)
{
    g_autofree char *text = text_of(own);
    g_autofree char *escaped = g_markup_escape_text(original, -1);
    g_autofree char *whole = g_strconcat(text, "<blockquote><pre>", escaped, "</pre></blockquote>", NULL);

    set_text(own, whole);
}

static void quote(GMimeMessage *message, GMimeMessage *original)
{
    struct draft_parts own, other;

    draft_open_parts(&own, message);
    draft_open_parts(&other, original);

    g_autofree char *text = text_of(other.plain ? other.plain : other.html);

    if (own.plain)
        quote_plain(own.plain, text);
    if (own.html)
        quote_html(own.html, text);
    g_ptr_array_unref(own.attachments);
    g_ptr_array_unref(other.attachments);
}

/* ---- behind it: what is forwarded, as it is ---- */

static GMimeObject *event_part(const char *path)
{
    g_autofree char *text = NULL;
    GMimeTextPart *part;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    part = g_mime_text_part_new_with_subtype("calendar");
    set_text(GMIME_OBJECT(part), text);
    return GMIME_OBJECT(part);
}

static void append(GMimeMessage *message, GMimeObject *part)
{
    GMimeObject *own = g_mime_message_get_mime_part(message);
    GMimeMultipart *mixed = g_mime_multipart_new_with_subtype("mixed");

    if (own)
        g_mime_multipart_add(mixed, own);
    g_mime_multipart_add(mixed, part);
    g_mime_message_set_mime_part(message, GMIME_OBJECT(mixed));
    g_object_unref(mixed);
}

static GString *print(GMimeMessage *message)
{
    GMimeFormatOptions *format = g_mime_format_options_clone(NULL);
    GMimeStream *stream = g_mime_stream_mem_new();
    GByteArray *bytes;
    GString *text;

    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_object_write_to_stream(GMIME_OBJECT(message), format, stream);
    bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    text = g_string_new_len((const char *)bytes->data, bytes->len);
    g_object_unref(stream);
    g_mime_format_options_free(format);
    return text;
}

GString *smart_compose(const char *bytes, gsize length, const char *original_path, bool event, bool forward)
{
    GMimeMessage *message = length ? parse(bytes, length) : NULL;
    GMimeMessage *original = event ? NULL : draft_open(original_path);
    GMimeObject *part = event ? event_part(original_path) : NULL;
    GString *whole = NULL;

    if (message && original && !forward)
        quote(message, original);
    else if (message && original)
        part = GMIME_OBJECT(g_mime_message_part_new_with_message("rfc822", original));
    if (message && part)
        append(message, part);
    if (message)
        whole = print(message);
    g_clear_object(&part);
    g_clear_object(&original);
    g_clear_object(&message);
    return whole;
}
