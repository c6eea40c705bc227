#include "cache/sync/mail_head.h"

#include <glib.h>
#include <string.h>

#include "codec/limits.h"

static const char field[] = "message-id:";

/* The text between '<' and '>' from at on, within the field's own lines. */
static char *bracketed(const char *at, const char *end)
{
    const char *open = NULL;

    for (; at < end; at++) {
        if (*at == '\n' && (at + 1 >= end || (at[1] != ' ' && at[1] != '\t')))
            return NULL;
        if (*at == '<')
            open = at;
        if (*at == '>' && open)
            return at - open < LIMIT_KEY_BYTES ? g_strndup(open, (gsize)(at + 1 - open)) : NULL;
    }
    return NULL;
}

char *mail_head_message_id(const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *line = bytes;

    while (line < end && *line != '\r' && *line != '\n') {
        const char *next = memchr(line, '\n', (size_t)(end - line));

        if (end - line > (ptrdiff_t)strlen(field) && !g_ascii_strncasecmp(line, field, strlen(field)))
            return bracketed(line + strlen(field), end);
        line = next ? next + 1 : end;
    }
    return NULL;
}
