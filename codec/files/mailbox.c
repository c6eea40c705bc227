#include "codec/files/mailbox.h"

#include <gmime/gmime.h>
#include <stdbool.h>
#include <string.h>

#include "codec/files/mime.h"
#include "codec/limits.h"

char *mailbox_decode(const char *text)
{
    /* GMime's decoder takes time by the square of the length. */
    if (!strstr(text, "=?") || strlen(text) > LIMIT_ENCODED_BYTES)
        return g_utf8_make_valid(text, -1);
    mime_begin();

    g_autofree char *decoded = g_mime_utils_header_decode_text(NULL, text);
    return g_utf8_make_valid(decoded, -1);
}

/* Where the first address ends: at a comma or semicolon outside quotes and angle brackets. */
static const char *first_end(const char *text, const char **angle)
{
    bool quoted = false;
    const char *p;

    *angle = NULL;
    for (p = text; *p; p++)
        if (*p == '\\' && quoted && p[1])
            p++;
        else if (*p == '"' && !*angle)
            quoted = !quoted;
        else if (*p == '<' && !quoted && !*angle)
            *angle = p;
        else if (*p == '>' && *angle)
            return p;
        else if ((*p == ',' || *p == ';') && !quoted && !*angle)
            return p;
    return p;
}

/* The name without its quotes; inside them a backslash hides the character behind it. */
static char *unquote(const char *text, size_t length)
{
    g_autoptr(GString) name = g_string_new(NULL);
    bool quoted = false;

    for (size_t i = 0; i < length; i++)
        if (text[i] == '"')
            quoted = !quoted;
        else if (text[i] == '\\' && quoted && i + 1 < length)
            g_string_append_c(name, text[++i]);
        else
            g_string_append_c(name, text[i]);
    g_strstrip(name->str);
    return mailbox_decode(name->str);
}

/* "jane@example.org", or the older "jane@example.org (Jane Doe)". */
static void split_bare(const char *text, size_t length, char **name, char **address)
{
    const char *comment = memchr(text, '(', length);
    size_t end = comment ? (size_t)(comment - text) : length;
    size_t inner = comment ? strcspn(comment + 1, ")") : 0;

    *address = unquote(text, end);
    *name = comment ? unquote(comment + 1, MIN(inner, length - end - 1)) : g_strdup("");
}

const char *mailbox_next(const char *text, char **name, char **address)
{
    const char *angle, *end;

    text = text ? text : "";
    text += strspn(text, " \t\r\n,;");
    if (!*text)
        return NULL;
    end = first_end(text, &angle);
    if (angle) {
        *name = unquote(text, angle - text);
        *address = g_strstrip(g_strndup(angle + 1, end - angle - 1));
    } else if (memchr(text, '@', end - text)) {
        split_bare(text, end - text, name, address);
    } else {
        *name = unquote(text, end - text);
        *address = g_strdup("");
    }
    return *end ? end + 1 : end;
}

char *mailbox_rewrite(const char *text, const char *between, char *(*write)(const char *name, const char *address))
{
    GString *list = g_string_new(NULL);
    char *name, *address;

    while ((text = mailbox_next(text, &name, &address))) {
        g_autofree char *written = write(name, address);

        g_string_append_printf(list, "%s%s", list->len > 0 ? between : "", written);
        g_free(name);
        g_free(address);
    }
    return g_string_free(list, FALSE);
}

void mailbox_split(const char *text, char **name, char **address)
{
    if (mailbox_next(text, name, address))
        return;
    *name = g_strdup("");
    *address = g_strdup("");
}
