#include "codec/files/ical_refresh.h"

#include <string.h>

#include "codec/files/content_line.h"
#include "codec/files/ical_lines.h"
#include "codec/files/ical_read.h"
#include "codec/limits.h"

/* What the translations write themselves. */
static const char *const owned[] = {"BEGIN",
                                    "END",
                                    "VERSION",
                                    "PRODID",
                                    "METHOD",
                                    "UID",
                                    "DTSTAMP",
                                    "DTSTART",
                                    "DTEND",
                                    "DUE",
                                    "DURATION",
                                    "RRULE",
                                    "RDATE",
                                    "EXDATE",
                                    "EXRULE",
                                    "RECURRENCE-ID",
                                    "SUMMARY",
                                    "LOCATION",
                                    "DESCRIPTION",
                                    "CLASS",
                                    "TRANSP",
                                    "STATUS",
                                    "CATEGORIES",
                                    "ORGANIZER",
                                    "ATTENDEE",
                                    "COMPLETED",
                                    "X-ALT-DESC",
                                    "X-MICROSOFT-CDO-BUSYSTATUS",
                                    "X-MICROSOFT-CDO-REPLYTIME",
                                    "X-MICROSOFT-DISALLOW-COUNTER",
                                    NULL};

/* A component as lines: its own, and each one inside it as a whole. */
struct part {
    char *kind;          /* "VEVENT" */
    char *key;           /* the value of RECURRENCE-ID, "" without */
    GPtrArray *lines;    /* of char *, unfolded */
    GPtrArray *children; /* of struct part * */
};

static void part_free(void *given)
{
    struct part *part = given;

    g_free(part->kind);
    g_free(part->key);
    g_ptr_array_unref(part->lines);
    g_ptr_array_unref(part->children);
    g_free(part);
}

static struct part *part_new(const char *kind)
{
    struct part *part = g_new0(struct part, 1);

    part->kind = g_strstrip(g_ascii_strup(kind, -1));
    part->key = g_strdup("");
    part->lines = g_ptr_array_new_with_free_func(g_free);
    part->children = g_ptr_array_new_with_free_func(part_free);
    return part;
}

/* The VCALENDAR of a file that file_read takes, or file_from_item gives; of any other, what there is of it up to where
 * it goes too deep. */
static struct part *part_read(GBytes *bytes)
{
    gsize size;
    const char *start = g_bytes_get_data(bytes, &size), *at = ical_lines_begin(start, size), *end = start + size;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) open = g_ptr_array_new();
    struct ical_line line = {.text = text};
    struct part *root = part_new("");

    g_ptr_array_add(open, root);
    while (ical_line_next(&at, end, &line)) {
        struct part *innermost = open->pdata[open->len - 1];
        const char *value;
        if (ical_line_is(&line, "BEGIN", &value) && value) {
            if (open->len > LIMIT_WRITTEN_DEPTH)
                break;
            struct part *inner = part_new(value);
            g_ptr_array_add(innermost->children, inner);
            g_ptr_array_add(open, inner);
        } else if (ical_line_is(&line, "END", NULL)) {
            if (open->len > 1)
                g_ptr_array_set_size(open, (int)open->len - 1);
        } else if (ical_line_value(&line)) {
            if (ical_line_is(&line, "RECURRENCE-ID", &value)) {
                g_free(innermost->key);
                innermost->key = g_strdup(value);
            }
            g_ptr_array_add(innermost->lines, g_strdup(text->str));
        }
    }
    return root;
}

static size_t name_length(const char *line)
{
    return strcspn(line, ";:");
}

static bool same_name(const char *line, const char *other)
{
    size_t length = name_length(line);
    return length == name_length(other) && !g_ascii_strncasecmp(line, other, length);
}

static const char *find_line(const struct part *part, const char *name)
{
    for (guint i = 0; i < part->lines->len; i++)
        if (same_name(part->lines->pdata[i], name))
            return part->lines->pdata[i];
    return NULL;
}

/* Progress short of done is the file's alone; of done the server knows. */
static bool is_old_progress(const char *line)
{
    return same_name(line, "PERCENT-COMPLETE") && g_str_has_suffix(line, ":100");
}

static bool is_carried(const struct part *fresh, const char *line)
{
    for (size_t i = 0; owned[i]; i++)
        if (same_name(line, owned[i]))
            return false;
    return g_ascii_strncasecmp(line, "X-EAS-", 6) != 0 && !find_line(fresh, line) && !is_old_progress(line);
}

static void write_line(GString *out, const char *line)
{
    g_autoptr(GString) text = g_string_new(line);
    struct ical_line whole = {.text = text};
    const char *value = ical_line_value(&whole);
    g_autofree char *head = g_strndup(line, (gsize)(value - text->str) - 1);

    content_line(out, head, value);
}

static const struct part *find_child(const struct part *previous, const struct part *like)
{
    for (guint i = 0; previous && i < previous->children->len; i++) {
        const struct part *child = previous->children->pdata[i];
        if (g_str_equal(child->kind, like->kind) && g_str_equal(child->key, like->key))
            return child;
    }
    return NULL;
}

static void write_whole(GString *out, const struct part *part)
{
    content_line(out, "BEGIN", part->kind);
    for (guint i = 0; i < part->lines->len; i++)
        write_line(out, part->lines->pdata[i]);
    for (guint i = 0; i < part->children->len; i++)
        write_whole(out, part->children->pdata[i]);
    content_line(out, "END", part->kind);
}

/* ---- alarms ---- */

bool ical_is_reminder(icalcomponent *alarm, icalcomponent_kind kind, gint64 *minutes)
{
    static const char *const actions[] = {"DISPLAY", "AUDIO"};
    icalproperty *trigger = icalcomponent_get_first_property(alarm, ICAL_TRIGGER_PROPERTY);
    icalproperty *action = icalcomponent_get_first_property(alarm, ICAL_ACTION_PROPERTY);
    g_autofree char *word = action ? icalproperty_get_value_as_string_r(action) : NULL;

    if (minutes)
        *minutes = 0;
    if (!trigger || (word && ical_word(word, actions, G_N_ELEMENTS(actions)) < 0))
        return false;
    if (kind != ICAL_VEVENT_COMPONENT)
        return true;
    struct icaltriggertype when = icalproperty_get_trigger(trigger);
    g_autofree char *related = ical_parameter(trigger, "RELATED");
    gint64 seconds = -ical_duration(when.duration);
    if (!icaltime_is_null_time(when.time) || (related && g_ascii_strcasecmp(related, "START") != 0) || seconds < 0 ||
        seconds % 60)
        return false;
    if (minutes)
        *minutes = seconds / 60;
    return true;
}

/* -1 for no reminder. */
static gint64 reminder_minutes(const struct part *alarm, icalcomponent_kind kind)
{
    g_autoptr(GString) text = g_string_new(NULL);
    gint64 minutes = -1;

    write_whole(text, alarm);
    icalcomponent *component = icalparser_parse_string(text->str);
    if (!component)
        return -1;
    if (icalcomponent_isa(component) != ICAL_VALARM_COMPONENT || !ical_is_reminder(component, kind, &minutes))
        minutes = -1;
    icalcomponent_free(component);
    return minutes;
}

static const struct part *next_alarm(const struct part *part, guint *at)
{
    while (part && *at < part->children->len) {
        const struct part *child = part->children->pdata[(*at)++];
        if (g_str_equal(child->kind, "VALARM"))
            return child;
    }
    return NULL;
}

/* The one that the server knows stands for the user's first that could be it, in the user's words if it says the same.
 */
static void write_alarms(GString *out, const struct part *fresh, const struct part *previous)
{
    icalcomponent_kind kind = icalcomponent_string_to_kind(fresh->kind);
    guint at = 0;
    const struct part *told = next_alarm(fresh, &at);
    bool replaced = false;

    at = 0;
    for (const struct part *alarm; (alarm = next_alarm(previous, &at));) {
        gint64 minutes = replaced ? -1 : reminder_minutes(alarm, kind);
        if (minutes < 0) {
            write_whole(out, alarm);
            continue;
        }
        replaced = true;
        bool same = told && kind == ICAL_VEVENT_COMPONENT && reminder_minutes(told, kind) == minutes;
        if (told)
            write_whole(out, same ? alarm : told);
    }
    if (told && !replaced)
        write_whole(out, told);
}

/* ---- the whole ---- */

/* uid: the line of the user's, or NULL. */
static void write_merged(GString *out, const struct part *fresh, const struct part *previous, const char *uid)
{
    content_line(out, "BEGIN", fresh->kind);
    for (guint i = 0; i < fresh->lines->len; i++) {
        const char *line = fresh->lines->pdata[i];
        write_line(out, uid && same_name(line, "UID") ? uid : line);
    }
    for (guint i = 0; previous && i < previous->lines->len; i++)
        if (is_carried(fresh, previous->lines->pdata[i]))
            write_line(out, previous->lines->pdata[i]);
    write_alarms(out, fresh, previous);
    for (guint i = 0; i < fresh->children->len; i++) {
        const struct part *child = fresh->children->pdata[i];
        if (!g_str_equal(child->kind, "VALARM"))
            write_merged(out, child, g_str_equal(child->kind, "VTIMEZONE") ? NULL : find_child(previous, child), uid);
    }
    content_line(out, "END", fresh->kind);
}

static const char *find_uid(const struct part *calendar)
{
    const char *uid = NULL;

    for (guint i = 0; calendar && i < calendar->children->len && !uid; i++)
        uid = find_line(calendar->children->pdata[i], "UID");
    return uid;
}

GBytes *ical_refresh(GBytes *fresh, GBytes *previous)
{
    struct part *now = part_read(fresh), *before = part_read(previous);
    GString *out = g_string_sized_new(g_bytes_get_size(fresh) + 1024);

    for (guint i = 0; i < now->children->len; i++) {
        const struct part *calendar = find_child(before, now->children->pdata[i]);
        write_merged(out, now->children->pdata[i], calendar, find_uid(calendar));
    }
    part_free(now);
    part_free(before);
    return g_string_free_to_bytes(out);
}
