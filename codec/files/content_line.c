#include "codec/files/content_line.h"

#include <stdbool.h>
#include <string.h>

enum { LINE_OCTETS = 75 };

static bool is_control(const char *character)
{
    unsigned char byte = (unsigned char)*character;
    return (byte < ' ' && byte != '\t') || byte == 0x7f;
}

static void append_folded(GString *out, const char *line)
{
    size_t used = 0;
    for (const char *next; *line; line = next) {
        next = g_utf8_next_char(line);
        if (is_control(line))
            continue;
        size_t length = (size_t)(next - line);
        if (used + length > LINE_OCTETS) {
            g_string_append(out, "\r\n ");
            used = 1;
        }
        g_string_append_len(out, line, (gssize)length);
        used += length;
    }
    g_string_append(out, "\r\n");
}

void content_line(GString *out, const char *name, const char *value)
{
    g_autofree char *line = g_strconcat(name, ":", value, NULL);
    g_autofree char *valid = g_utf8_make_valid(line, -1);
    append_folded(out, valid);
}

void content_line_printf(GString *out, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *value = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    content_line(out, name, value);
}

void content_line_text(GString *out, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    g_autofree char *value = content_text(text);
    if (value[strspn(value, " \t")])
        content_line(out, name, value);
}

char *content_text(const char *text)
{
    GString *value = g_string_sized_new(strlen(text) + 16);
    for (; *text; text++) {
        if (*text == '\r' && text[1] == '\n')
            continue;
        if (*text == '\n' || *text == '\r')
            g_string_append(value, "\\n");
        else if (strchr("\\;,", *text))
            g_string_append_printf(value, "\\%c", *text);
        else if (!is_control(text))
            g_string_append_c(value, *text);
    }
    return g_string_free(value, FALSE);
}

char *content_parameter(const char *text)
{
    bool quoted = strpbrk(text, ":;,") != NULL;
    GString *value = g_string_new(quoted ? "\"" : NULL);
    for (; *text; text++) {
        if (*text == '\r' && text[1] == '\n')
            continue;
        if (*text == '\n' || *text == '\r')
            g_string_append(value, "^n");
        else if (*text == '"')
            g_string_append(value, "^'");
        else if (*text == '^')
            g_string_append(value, "^^");
        else if (!is_control(text))
            g_string_append_c(value, *text);
    }
    if (quoted)
        g_string_append_c(value, '"');
    return g_string_free(value, FALSE);
}
