/* The reader of command lines. Catches: an option that is stored in another's place, a value taken
 * for an operand or the other way round, a misspelt or unfinished option that passes in silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "fs/options.h"

struct values {
    bool wait, json;
    char *server;
    GPtrArray *folders;
    long timeout;
};

static const struct option_row rows[] = {
    {"wait", 'w', OPTION_FLAG, offsetof(struct values, wait), NULL, "wait"},
    {"json", 0, OPTION_FLAG, offsetof(struct values, json), NULL, "json"},
    {"server", 0, OPTION_TEXT, offsetof(struct values, server), "HOST", "server"},
    {"folder", 0, OPTION_LIST, offsetof(struct values, folders), "GLOB", "folder"},
    {"timeout", 't', OPTION_SECONDS, offsetof(struct values, timeout), "S", "timeout"},
    {"", 'o', OPTION_TEXT, offsetof(struct values, server), "OPT", "a letter alone"},
    {0},
};

/* One command line: its words after the verb, what comes of it, and what the values say in print_values. */
static const struct {
    const char *line;
    int code;
    const char *values;
} lines[] = {
    {"", 0, "- - (null) [] 0 |"},
    {"--wait one two", 0, "wait - (null) [] 0 |one two"},
    {"one --json two -w", 0, "wait json (null) [] 0 |one two"},
    {"--server a --server=b", 0, "- - b [] 0 |"},
    {"--server --wait", 0, "- - --wait [] 0 |"},
    {"--folder x --folder=y*", 0, "- - (null) [xy*] 0 |"},
    {"--timeout 30", 0, "- - (null) [] 30 |"},
    {"-t30 -wo ro", 0, "wait - ro [] 30 |"},
    {"-- --wait", 0, "- - (null) [] 0 |--wait"},
    {"--help", -1, NULL},
    {"-h", -1, NULL},
    {"--nonsense", 64, NULL},
    {"-x", 64, NULL},
    {"--server", 64, NULL},
    {"-t", 64, NULL},
    {"--wait=yes", 64, NULL},
    {"--timeout soon", 64, NULL},
    {"--timeout -1", 64, NULL},
    {"--timeout 99999999999999999999", 64, NULL},
    {"--timeout=", 64, NULL},
};

static char *values_text(const struct values *values, char **operands)
{
    g_autoptr(GString) folders = g_string_new(NULL);
    g_autofree char *rest = g_strjoinv(" ", operands);

    for (guint i = 0; values->folders && i < values->folders->len; i++) {
        g_string_append(folders, values->folders->pdata[i]);
    }
    return g_strdup_printf("%s %s %s [%s] %ld |%s", values->wait ? "wait" : "-", values->json ? "json" : "-",
                           values->server ? values->server : "(null)", folders->str, values->timeout, rest);
}

static void reads_each_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *whole = g_strdup_printf("verb%s%s", *lines[i].line ? " " : "", lines[i].line);
        g_auto(GStrv) words = g_strsplit(whole, " ", -1);
        /* getopt moves the words about: the vector is freed by the strings, so it gets a copy. */
        g_autofree char **argv = g_memdup2(words, (g_strv_length(words) + 1) * sizeof *words);
        struct values values = {0};
        int first = 0;
        int code = options_parse(rows, &values, "verb", (int)g_strv_length(words), argv, &first);

        print_message("%s\n", whole);
        assert_int_equal(code, lines[i].code);
        if (lines[i].values) {
            g_autofree char *text = values_text(&values, argv + first);

            assert_string_equal(text, lines[i].values);
        }
        options_clear(rows, &values);
    }
}

static void help_names_every_option(void **state)
{
    g_autoptr(GString) help = g_string_new(NULL);

    (void)state;
    options_print(rows, help);
    for (const struct option_row *row = rows; row->name; row++) {
        g_autofree char *name = *row->name ? g_strdup_printf("--%s", row->name) : g_strdup_printf("-%c", row->letter);

        assert_non_null(strstr(help->str, name));
        assert_non_null(strstr(help->str, row->help));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_line),
        cmocka_unit_test(help_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
