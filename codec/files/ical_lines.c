#include "codec/files/ical_lines.h"

#include <string.h>

const char *ical_lines_begin(const char *bytes, size_t length)
{
    static const char mark[] = "\xef\xbb\xbf";

    return length >= strlen(mark) && !memcmp(bytes, mark, strlen(mark)) ? bytes + strlen(mark) : bytes;
}

static size_t line_end(const char *at, const char *end)
{
    if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
        return 2;
    return 1;
}

/* One physical line into the text. Returns what follows it. */
static const char *take_physical(const char *at, const char *end, GString *text)
{
    const char *stop = at;
    while (stop < end && *stop != '\r' && *stop != '\n')
        stop++;
    g_string_append_len(text, at, stop - at);
    return stop < end ? stop + line_end(stop, end) : stop;
}

bool ical_line_next(const char **at, const char *end, struct ical_line *line)
{
    do {
        if (*at >= end)
            return false;
        line->raw = *at;
        g_string_truncate(line->text, 0);
        *at = take_physical(*at, end, line->text);
        while (*at < end && (**at == ' ' || **at == '\t'))
            *at = take_physical(*at + 1, end, line->text);
        line->raw_length = (size_t)(*at - line->raw);
    } while (!line->text->str[strspn(line->text->str, " \t")]);
    return true;
}

static size_t name_length(const struct ical_line *line)
{
    return strcspn(line->text->str, ";:");
}

char *ical_line_name(const struct ical_line *line)
{
    return g_ascii_strup(line->text->str, (gssize)name_length(line));
}

const char *ical_line_value(const struct ical_line *line)
{
    bool quoted = false;

    for (const char *at = line->text->str; *at; at++)
        if (*at == '"')
            quoted = !quoted;
        else if (*at == ':' && !quoted)
            return at + 1;
    return NULL;
}

bool ical_line_is(const struct ical_line *line, const char *name, const char **value)
{
    if (strlen(name) != name_length(line) || g_ascii_strncasecmp(line->text->str, name, strlen(name)) != 0)
        return false;
    if (value)
        *value = ical_line_value(line);
    return true;
}
