#include "codec/files/own_answer.h"

#include <string.h>

#include "codec/files/content_line.h"
#include "codec/files/ical_lines.h"
#include "codec/files/ical_read.h"

static const char SCHEME[] = "mailto:";

static bool is_own(const struct ical_line *line, const char *user)
{
    const char *value;

    return ical_line_is(line, "ATTENDEE", &value) && value &&
           g_ascii_strncasecmp(value, SCHEME, sizeof SCHEME - 1) == 0 &&
           g_ascii_strcasecmp(value + sizeof SCHEME - 1, user) == 0;
}

/* The end of a parameter: the next semicolon outside quotes, or end. */
static const char *parameter_end(const char *at, const char *end)
{
    bool quoted = false;

    for (; at < end && (quoted || *at != ';'); at++)
        quoted = quoted != (*at == '"');
    return at;
}

static void line_answered(GString *out, const struct ical_line *line, const char *partstat)
{
    static const char PARAMETER[] = "PARTSTAT=";
    g_autoptr(GString) name = g_string_new(NULL);
    const char *value = ical_line_value(line), *end = value - 1; /* its colon */

    for (const char *at = line->text->str; at < end;) {
        const char *next = parameter_end(at, end);

        if (g_ascii_strncasecmp(at, PARAMETER, sizeof PARAMETER - 1) != 0) {
            if (name->len)
                g_string_append_c(name, ';');
            g_string_append_len(name, at, next - at);
        }
        at = next < end ? next + 1 : end;
    }
    g_string_append_printf(name, ";%s%s", PARAMETER, partstat);
    content_line(out, name->str, value);
}

GBytes *own_answer(const char *bytes, gsize length, const char *user, const char *partstat, char **reason)
{
    const char *end = bytes + length, *at = ical_lines_begin(bytes, length);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) out = g_string_new_len(bytes, at - bytes);
    struct ical_line line = {.text = text};
    bool found = false;
    icalcomponent *whole = ical_parse(bytes, length, reason);

    if (!whole)
        return NULL; /* nobody is missing from half a file */
    icalcomponent_free(whole);
    while (ical_line_next(&at, end, &line)) {
        if (is_own(&line, user)) {
            line_answered(out, &line, partstat);
            found = true;
        } else {
            g_string_append_len(out, line.raw, (gssize)line.raw_length);
        }
    }
    if (!found) {
        *reason = g_strdup_printf("%s is not among its attendees", user);
        return NULL;
    }
    return g_string_free_to_bytes(g_steal_pointer(&out));
}
