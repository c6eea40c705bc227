/* easfs gal: looks somebody up in the address list. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "fs/ask.h"
#include "fs/verbs/verbs.h"

struct gal_values {
    bool vcard, mutt;
    char *mount;
};

static const struct option_row gal_rows[] = {
    {"vcard", 0, OPTION_FLAG, offsetof(struct gal_values, vcard), NULL, "whole vCards, instead of a line each"},
    {"mutt", 0, OPTION_FLAG, offsetof(struct gal_values, mutt), NULL, "a heading first, as mutt's query_command wants"},
    {"mount", 0, OPTION_TEXT, offsetof(struct gal_values, mount), "MOUNT", "the mount whose server is asked"},
    {0},
};

/* The value of a card's property, unfolded and unescaped; the caller frees it. */
static char *property(const char *card, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(card, "\r\n", -1);
    GString *value = NULL;

    for (size_t i = 0; lines[i]; i++) {
        const char *colon = strchr(lines[i], ':');
        size_t length = strcspn(lines[i], ":;");

        if (value && *lines[i] == ' ')
            g_string_append(value, lines[i] + 1);
        else if (value)
            break;
        else if (colon && length == strlen(name) && !strncmp(lines[i], name, length))
            value = g_string_new(colon + 1);
    }
    if (!value)
        return g_strdup("");
    g_autofree char *escaped = g_string_free(value, FALSE);

    return g_strdelimit(g_strcompress(escaped), "\t\n", ' ');
}

static void print_line(const char *card)
{
    g_autofree char *email = property(card, "EMAIL"), *name = property(card, "FN"), *title = property(card, "TITLE"),
                    *company = property(card, "ORG"), *phone = property(card, "TEL");

    printf("%s\t%s\t%s%s%s%s%s\n", email, name, title, *title && *company ? ", " : "", company,
           *phone && (*title || *company) ? ", " : "", phone);
}

static int gal_run(void *data, int argc, char **argv)
{
    static const char what[] = "look people up";
    const struct gal_values *values = data;
    g_autofree char *mountpoint = NULL, *state_dir = NULL, *query = g_strjoinv(" ", argv);
    json_t *answer = NULL;
    int code = ask_find(values->mount, what, &mountpoint, &state_dir);

    (void)argc;
    if (!code)
        code =
            ask_daemon(state_dir, what, json_pack("{s:s, s:s}", "verb", "gal", "query", query), NULL, false, &answer);
    if (code)
        return code;
    const json_t *cards = json_object_get(answer, "cards");

    if (values->mutt)
        printf("%zu found\n", json_array_size(cards));
    for (size_t i = 0; i < json_array_size(cards); i++) {
        const char *card = json_string_value(json_array_get(cards, i));

        if (values->vcard)
            fputs(card, stdout);
        else
            print_line(card);
    }
    json_decref(answer);
    return 0;
}

const struct verb verb_gal = {
    .name = "gal",
    .operands = "QUERY",
    .help = "Looks people up in the server's address list: address, name, what else is known, by tabs.",
    .options = gal_rows,
    .values_size = sizeof(struct gal_values),
    .least = 1,
    .most = 16,
    .run = gal_run,
};
