#include "codec/wire/wbxml_xml.h"

#include <string.h>

enum { INDENT = 2, NO_PAGE = 0xff };

bool wbxml_is_secret(eas_tag tag)
{
    static const eas_tag secrets[] = {
        TAG_AirSyncBase_Data,
        TAG_AirSyncBase_Content,
        TAG_AirSyncBase_Preview,
        TAG_Email_Body,
        TAG_Email_MIMEData,
        TAG_Contacts_Body,
        TAG_Contacts_Picture,
        TAG_Calendar_Body,
        TAG_Tasks_Body,
        TAG_ComposeMail_Mime,
        TAG_ItemOperations_Data,
        TAG_ItemOperations_UserName,
        TAG_Search_UserName,
        TAG_Search_Password,
        TAG_ItemOperations_Password,
        TAG_Settings_Password,
        TAG_Settings_ReplyMessage,
        TAG_GAL_Data,
        TAG_ResolveRecipients_Data,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++)
        if (secrets[i] == tag)
            return true;
    return false;
}

void wbxml_xml_init(struct wbxml_xml *xml, GString *out, wbxml_secret *is_secret)
{
    memset(xml, 0, sizeof *xml);
    xml->out = out;
    xml->is_secret = is_secret ? is_secret : wbxml_is_secret;
    xml->value = g_string_new(NULL);
}

void wbxml_xml_clear(struct wbxml_xml *xml)
{
    if (xml->value)
        g_string_free(xml->value, TRUE);
    memset(xml, 0, sizeof *xml);
}

static void indent(struct wbxml_xml *xml, unsigned depth)
{
    g_string_append_printf(xml->out, "%*s", INDENT * (int)depth, "");
}

/* XML 1.0 has no way to write most control characters, nor U+FFFE and U+FFFF. */
static bool is_legal(gunichar c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0xfffe && c != 0xffff);
}

static void append_character(GString *out, gunichar c)
{
    switch (c) {
    case '&':
        g_string_append(out, "&amp;");
        break;
    case '<':
        g_string_append(out, "&lt;");
        break;
    case '>':
        g_string_append(out, "&gt;");
        break;
    case '\r':
        g_string_append(out, "&#13;");
        break;
    default:
        g_string_append_unichar(out, is_legal(c) ? c : 0xfffd);
    }
}

static void append_text(GString *out, const GString *value)
{
    g_autofree char *mended = g_utf8_make_valid(value->str, (gssize)value->len);

    for (const char *at = mended; *at; at = g_utf8_next_char(at))
        append_character(out, g_utf8_get_char(at));
}

static void append_value(struct wbxml_xml *xml, eas_tag tag)
{
    const GString *value = xml->value;

    if (xml->is_secret(tag)) {
        g_string_append_printf(xml->out, "[%zu bytes]", xml->value_bytes);
        return;
    }
    if (xml->opaque && !g_utf8_validate_len(value->str, value->len, NULL)) {
        g_autofree char *base64 = g_base64_encode((const guchar *)value->str, value->len);

        g_string_append(xml->out, base64);
    } else {
        append_text(xml->out, value);
    }
    if (xml->value_bytes > value->len)
        g_string_append_printf(xml->out, "[%zu bytes more]", xml->value_bytes - value->len);
}

static bool start(void *ctx, eas_tag tag)
{
    struct wbxml_xml *xml = ctx;
    unsigned page = eas_tag_page(tag), outer = xml->depth ? xml->pages[xml->depth - 1] : NO_PAGE;

    if (xml->depth == LIMIT_DOCUMENT_DEPTH)
        return false;
    if (xml->start_is_open)
        g_string_append(xml->out, ">\n");
    indent(xml, xml->depth);
    g_string_append_printf(xml->out, "<%s", eas_tag_name(tag));
    if (page != outer)
        g_string_append_printf(xml->out, " xmlns=\"%s\"", eas_page_name(page));
    xml->start_is_open = true;
    xml->pages[xml->depth++] = (unsigned char)page;
    g_string_truncate(xml->value, 0);
    xml->value_bytes = 0;
    xml->opaque = false;
    return true;
}

static bool text(void *ctx, const char *bytes, size_t length, bool opaque)
{
    struct wbxml_xml *xml = ctx;
    size_t room = LIMIT_TRACE_VALUE_BYTES - xml->value->len;

    g_string_append_len(xml->value, bytes, (gssize)MIN(length, room));
    xml->value_bytes += length;
    xml->opaque |= opaque;
    return true;
}

/* A value beside child elements means nothing in ActiveSync and is not shown. */
static bool end(void *ctx, eas_tag tag)
{
    struct wbxml_xml *xml = ctx;

    xml->depth--;
    if (!xml->start_is_open) {
        indent(xml, xml->depth);
        g_string_append_printf(xml->out, "</%s>\n", eas_tag_name(tag));
    } else if (xml->value_bytes == 0) {
        g_string_append(xml->out, "/>\n");
    } else {
        g_string_append_c(xml->out, '>');
        append_value(xml, tag);
        g_string_append_printf(xml->out, "</%s>\n", eas_tag_name(tag));
    }
    xml->start_is_open = false;
    g_string_truncate(xml->value, 0);
    xml->value_bytes = 0;
    xml->opaque = false;
    return true;
}

const struct wbxml_handler wbxml_xml_handler = {.start = start, .text = text, .end = end};

enum wbxml_error wbxml_xml_print(GString *out, const void *bytes, size_t length, wbxml_secret *is_secret)
{
    struct wbxml_xml xml;

    wbxml_xml_init(&xml, out, is_secret);
    struct wbxml_reader *reader = wbxml_reader_new(&wbxml_xml_handler, &xml);
    enum wbxml_error error = wbxml_reader_feed(reader, bytes, length);

    if (!error)
        error = wbxml_reader_finish(reader);
    if (error)
        g_string_append_printf(out, "%s\n<!-- %s -->\n", xml.start_is_open ? ">" : "", wbxml_error_text(error));
    wbxml_reader_free(reader);
    wbxml_xml_clear(&xml);
    return error;
}
