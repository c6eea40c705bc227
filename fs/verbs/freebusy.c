/* easfs freebusy: when people are busy. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "fs/ask.h"
#include "fs/message.h"
#include "fs/oof_text.h"
#include "fs/verbs/verbs.h"

enum { SLOT_MINUTES = 30 };

struct freebusy_values {
    char *mount;
};

static const struct option_row freebusy_rows[] = {
    {"mount", 0, OPTION_TEXT, offsetof(struct freebusy_values, mount), "MOUNT", "the mount whose server is asked"},
    {0},
};

static const char *const words[] = {"free", "tentative", "busy", "out of office", "not known"};

static char *local(const char *wire, size_t slot)
{
    g_autoptr(GDateTime) start = g_date_time_new_from_iso8601(wire, NULL);
    g_autoptr(GDateTime) at = g_date_time_add_minutes(start, (int)slot * SLOT_MINUTES);
    g_autoptr(GDateTime) here = g_date_time_to_local(at);

    return g_date_time_format(here, "%Y-%m-%d %H:%M");
}

/* How many half hours there are between two instants, the last one begun. */
static size_t slots_between(const char *from, const char *until)
{
    g_autoptr(GDateTime) start = g_date_time_new_from_iso8601(from, NULL);
    g_autoptr(GDateTime) end = g_date_time_new_from_iso8601(until, NULL);
    GTimeSpan slot = SLOT_MINUTES * G_TIME_SPAN_MINUTE;

    return (size_t)((g_date_time_difference(end, start) + slot - 1) / slot);
}

/* A line for each stretch of one kind (MS-ASCMD 2.2.3.101: a digit each 30 minutes). Some servers say more than was
 * asked. */
static void print_slots(const char *who, const char *from, const char *until, const char *all)
{
    g_autofree char *slots = g_strndup(all, slots_between(from, until));

    for (size_t at = 0; slots[at];) {
        size_t length = strspn(slots + at, (const char[]){slots[at], '\0'});
        g_autofree char *start = local(from, at), *end = local(from, at + length);

        printf("%s\t%s\t%s\t%s\n", who, start, end, words[CLAMP(slots[at] - '0', 0, 4)]);
        at += length;
    }
}

static void print_person(const json_t *person, const char *from, const char *until)
{
    const char *asked = json_string_value(json_object_get(person, "asked"));
    const char *slots = json_string_value(json_object_get(person, "slots"));

    if (slots)
        print_slots(asked, from, until, slots);
    else
        printf("%s\t\t\t%s\n", asked,
               json_string_value(json_object_get(person, "email")) ? "not known" : "nobody of this address");
}

static int freebusy_run(void *data, int argc, char **argv)
{
    static const char what[] = "ask who is busy";
    const struct freebusy_values *values = data;
    g_autofree char *mountpoint = NULL, *state_dir = NULL, *from = instant_parse(argv[argc - 2]),
                    *until = instant_parse(argv[argc - 1]);
    json_t *answer = NULL, *addresses;
    int code;

    if (!from || !until || strcmp(from, until) >= 0)
        return unable_to(EXIT_USAGE, what, "write them as 2026-12-24T08:00",
                         "the last two words are not a beginning and an end");
    if ((code = ask_find(values->mount, what, &mountpoint, &state_dir)))
        return code;
    addresses = json_array();
    for (int i = 0; i < argc - 2; i++)
        json_array_append_new(addresses, json_string(argv[i]));
    code = ask_daemon(
        state_dir, what,
        json_pack("{s:s, s:o, s:s, s:s}", "verb", "freebusy", "addresses", addresses, "from", from, "until", until),
        NULL, false, &answer);
    if (code)
        return code;
    const json_t *people = json_object_get(answer, "people");

    for (size_t i = 0; i < json_array_size(people); i++)
        print_person(json_array_get(people, i), from, until);
    json_decref(answer);
    return 0;
}

const struct verb verb_freebusy = {
    .name = "freebusy",
    .operands = "ADDRESS... FROM TO",
    .help = "Says when people are busy: address, beginning, end, how, by tabs.",
    .options = freebusy_rows,
    .values_size = sizeof(struct freebusy_values),
    .least = 3,
    .most = 102,
    .run = freebusy_run,
};
