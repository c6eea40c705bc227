#include "codec/wire/wbxml_writer.h"

#include <stdio.h>
#include <string.h>

enum { SWITCH_PAGE = 0x00, END = 0x01, STR_I = 0x03, OPAQUE = 0xc3, HAS_CONTENT = 0x40 };

static void put(struct wbxml_writer *writer, uint8_t byte)
{
    g_byte_array_append(writer->out, &byte, 1);
}

static void put_tag(struct wbxml_writer *writer, eas_tag tag, uint8_t flags)
{
    if (eas_tag_page(tag) != writer->page) {
        writer->page = eas_tag_page(tag);
        put(writer, SWITCH_PAGE);
        put(writer, (uint8_t)writer->page);
    }
    put(writer, (uint8_t)(eas_tag_token(tag) | flags));
}

static void put_number(struct wbxml_writer *writer, size_t number)
{
    uint8_t bytes[10];
    int at = sizeof bytes;

    bytes[--at] = number & 0x7f;
    while (number >>= 7)
        bytes[--at] = (uint8_t)(0x80 | (number & 0x7f));
    g_byte_array_append(writer->out, bytes + at, (guint)(sizeof bytes - at));
}

void wbxml_writer_init(struct wbxml_writer *writer, GByteArray *out)
{
    static const uint8_t header[] = {0x03, 0x01, 0x6a, 0x00};

    writer->out = out;
    writer->page = 0;
    g_byte_array_append(out, header, sizeof header);
}

void wbxml_open(struct wbxml_writer *writer, eas_tag tag)
{
    put_tag(writer, tag, HAS_CONTENT);
}

void wbxml_close(struct wbxml_writer *writer)
{
    put(writer, END);
}

void wbxml_empty(struct wbxml_writer *writer, eas_tag tag)
{
    put_tag(writer, tag, 0);
}

void wbxml_text(struct wbxml_writer *writer, eas_tag tag, const char *text)
{
    if (!text || !*text) {
        wbxml_empty(writer, tag);
        return;
    }
    wbxml_open(writer, tag);
    put(writer, STR_I);
    g_byte_array_append(writer->out, (const uint8_t *)text, (guint)strlen(text) + 1);
    wbxml_close(writer);
}

void wbxml_number(struct wbxml_writer *writer, eas_tag tag, long long number)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", number);
    wbxml_text(writer, tag, text);
}

void wbxml_opaque_head(struct wbxml_writer *writer, eas_tag tag, size_t length)
{
    wbxml_open(writer, tag);
    put(writer, OPAQUE);
    put_number(writer, length);
}

void wbxml_opaque(struct wbxml_writer *writer, eas_tag tag, const void *bytes, size_t length)
{
    wbxml_opaque_head(writer, tag, length);
    g_byte_array_append(writer->out, bytes, (guint)length);
    wbxml_close(writer);
}
