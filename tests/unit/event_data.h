/* Events for tests: application data by depth, and what file_from_event makes of it, checked. */
#ifndef TESTS_UNIT_EVENT_DATA_H
#define TESTS_UNIT_EVENT_DATA_H

#include <string.h>
#include <libical/ical.h>

#include "codec/files/files.h"

/* Timezone elements: (UTC+01:00) and (UTC-05:00), (UTC+10:00) with saving, +05:20, which is no zone's. */
#define BERLIN                                                                                                         \
    "xP///wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAF"             \
    "AAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"             \
    "AAAAAAMAAAAFAAIAAAAAAAAAxP///w=="
#define EASTERN                                                                                                        \
    "LAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAsAAAAB"             \
    "AAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"             \
    "AAAAAAMAAAACAAIAAAAAAAAAxP///w=="
#define SYDNEY                                                                                                         \
    "qP3//wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAB"             \
    "AAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"             \
    "AAAAAAoAAAABAAIAAAAAAAAAxP///w=="
#define NOWHERE                                                                                                        \
    "wP7//wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"             \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"             \
    "AAAAAAAAAAAAAAAAAAAAAAAAxP///w=="
#define ZEROS                                                                                                          \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"             \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"             \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="

/* One element: its depth under ApplicationData, from 1. */
struct element {
    int depth;
    eas_tag tag;
    const char *text;
};
enum { ELEMENTS = 24 };

static inline struct eas_node *build(const struct element *elements)
{
    struct eas_node *path[8] = {eas_node_new(TAG_AirSync_ApplicationData, NULL)};
    for (size_t i = 0; i < ELEMENTS && elements[i].depth; i++)
        path[elements[i].depth] = eas_node_add(path[elements[i].depth - 1], elements[i].tag, elements[i].text);
    return path[0];
}

static const struct file_context plain = {
    .uid = "urn:uuid:00000000-0000-5000-8000-000000000000",
    .user = "jane@example.org",
    .version = EAS_14_1,
};

/* The calendar of data, unfolded, after libical has read it without a complaint. */
static inline char *translate(const struct eas_node *data, const struct file_context *context)
{
    g_autofree char *reason = NULL;
    g_autoptr(GBytes) bytes = file_from_event(data, context, &reason);
    if (!bytes)
        fail_msg("refused: %s", reason);
    gsize size;
    const char *start = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_strndup(start, size);
    assert_int_equal(strlen(text), size);
    for (const char *line = text; *line; line = strstr(line, "\r\n") + 2)
        assert_true(strcspn(line, "\r\n") <= 75 && g_str_has_prefix(line + strcspn(line, "\r\n"), "\r\n"));

    icalcomponent *calendar = icalparser_parse_string(text);
    assert_non_null(calendar);
    if (icalcomponent_count_errors(calendar) || !icalrestriction_check(calendar))
        fail_msg("%s", icalcomponent_as_ical_string(calendar));
    icalcomponent_free(calendar);
    g_auto(GStrv) parts = g_strsplit(text, "\r\n ", -1);
    return g_strjoinv("", parts);
}

static inline bool has_line(const char *text, const char *line)
{
    g_autofree char *whole = g_strdup_printf("\r\n%s\r\n", line);
    return strstr(text, whole) != NULL;
}

#define START                                                                                                          \
    {                                                                                                                  \
        1, TAG_Calendar_StartTime, "20261102T090000Z"                                                                  \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        1, TAG_Calendar_EndTime, "20261102T100000Z"                                                                    \
    }

#endif
