#include "fs/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "fs/message.h"

enum { OPTION_MOST_SECONDS = 366 * 86400, OPTION_FIRST = 256, OPTION_HELP_COLUMN = 34 };

static size_t options_count(const struct option_row *rows)
{
    size_t count = 0;

    while (rows[count].name)
        count++;
    return count;
}

static const struct option_row *option_of(const struct option_row *rows, int value)
{
    if (value >= OPTION_FIRST)
        return &rows[value - OPTION_FIRST];
    for (const struct option_row *row = rows; row->name; row++)
        if (row->letter && row->letter == value)
            return row;
    return NULL;
}

static bool seconds_parse(const char *text, long *seconds)
{
    char *end;

    errno = 0;
    *seconds = strtol(text, &end, 10);
    return end != text && !*end && !errno && *seconds >= 0 && *seconds <= OPTION_MOST_SECONDS;
}

bool options_store(const struct option_row *row, void *values, const char *argument)
{
    char *place = (char *)values + row->offset;

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)place = true;
        return true;
    case OPTION_TEXT:
        g_free(*(char **)place);
        *(char **)place = g_strdup(argument);
        return true;
    case OPTION_PATH:
        g_free(*(char **)place);
        *(char **)place = g_canonicalize_filename(argument, NULL);
        return true;
    case OPTION_LIST:
        if (!*(GPtrArray **)place)
            *(GPtrArray **)place = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(*(GPtrArray **)place, g_strdup(argument));
        return true;
    case OPTION_SECONDS:
        return seconds_parse(argument, (long *)place);
    }
    return false;
}

/* The two tables that getopt_long wants, made from ours; --help is in every verb. */
static void getopt_tables(const struct option_row *rows, struct option *longs, GString *letters)
{
    size_t used = 0;

    g_string_assign(letters, ":h");
    for (size_t i = 0; rows[i].name; i++) {
        bool takes = rows[i].kind != OPTION_FLAG;

        if (*rows[i].name) {
            longs[used++] =
                (struct option){rows[i].name, takes ? required_argument : no_argument, NULL, OPTION_FIRST + (int)i};
        }
        if (rows[i].letter) {
            g_string_append_c(letters, rows[i].letter);
            g_string_append(letters, takes ? ":" : "");
        }
    }
    longs[used] = (struct option){"help", no_argument, NULL, 'h'};
}

int options_parse(const struct option_row *rows, void *values, const char *verb, int argc, char **argv, int *first)
{
    g_autofree struct option *longs = g_new0(struct option, options_count(rows) + 2);
    g_autoptr(GString) letters = g_string_new(NULL);
    g_autofree char *what = g_strdup_printf("understand the options of %s", verb);
    g_autofree char *advice = g_strdup_printf("see easfs %s --help", verb);
    int value;

    getopt_tables(rows, longs, letters);
    opterr = 0;
    optind = 0;
    while ((value = getopt_long(argc, argv, letters->str, longs, NULL)) != -1) {
        const struct option_row *row = option_of(rows, value);

        if (value == 'h')
            return -1;
        if (value == ':')
            return unable_to(EXIT_USAGE, what, advice, "%s needs a value", argv[optind - 1]);
        if (value == '?' || !row) {
            if (optopt && optopt < OPTION_FIRST)
                return unable_to(EXIT_USAGE, what, advice, "there is no option -%c", optopt);
            return unable_to(EXIT_USAGE, what, advice, "%s is not an option of it", argv[optind - 1]);
        }
        if (!options_store(row, values, optarg))
            return unable_to(EXIT_USAGE, what, advice, "\"%s\" is no number of seconds for --%s", optarg, row->name);
    }
    *first = optind;
    return 0;
}

void options_print(const struct option_row *rows, GString *out)
{
    for (const struct option_row *row = rows; row->name; row++) {
        g_autoptr(GString) left = g_string_new("  ");

        if (row->letter)
            g_string_append_printf(left, "-%c", row->letter);
        if (*row->name)
            g_string_append_printf(left, "%s--%s", row->letter ? ", " : "", row->name);
        if (row->argument)
            g_string_append_printf(left, " %s", row->argument);
        g_string_append_printf(out, "%-*s %s\n", OPTION_HELP_COLUMN, left->str, row->help);
    }
}

void options_fill(const struct option_row *rows, void *values, void *from)
{
    for (const struct option_row *row = rows; row->name; row++) {
        char *place = (char *)values + row->offset, *other = (char *)from + row->offset;

        switch (row->kind) {
        case OPTION_FLAG:
            *(bool *)place |= *(bool *)other;
            break;
        case OPTION_TEXT:
        case OPTION_PATH:
            if (!*(char **)place)
                *(char **)place = g_steal_pointer((char **)other);
            break;
        case OPTION_LIST:
            if (!*(GPtrArray **)place)
                *(GPtrArray **)place = g_steal_pointer((GPtrArray **)other);
            break;
        case OPTION_SECONDS:
            if (!*(long *)place)
                *(long *)place = *(long *)other;
            break;
        }
    }
}

void options_clear(const struct option_row *rows, void *values)
{
    for (const struct option_row *row = rows; row->name; row++) {
        char *place = (char *)values + row->offset;

        if (row->kind == OPTION_LIST)
            g_clear_pointer((GPtrArray **)place, g_ptr_array_unref);
        else if (row->kind == OPTION_TEXT || row->kind == OPTION_PATH)
            g_clear_pointer((char **)place, g_free);
    }
}
