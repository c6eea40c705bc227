/* easfs search: the server's own search of the mailbox. */
#include <glib.h>
#include <stdio.h>

#include "fs/ask.h"
#include "fs/verbs/verbs.h"

struct search_values {
    char *mount;
};

static const struct option_row search_rows[] = {
    {"mount", 0, OPTION_TEXT, offsetof(struct search_values, mount), "MOUNT", "the mount whose server is asked"},
    {0},
};

static int search_run(void *data, int argc, char **argv)
{
    static const char what[] = "search";
    const struct search_values *values = data;
    g_autofree char *mountpoint = NULL, *state_dir = NULL, *query = g_strjoinv(" ", argv);
    json_t *answer = NULL;
    int code = ask_find(values->mount, what, &mountpoint, &state_dir);

    (void)argc;
    if (!code)
        code = ask_daemon(state_dir, what, json_pack("{s:s, s:s}", "verb", "search", "query", query), NULL, false,
                          &answer);
    if (code)
        return code;
    const json_t *paths = json_object_get(answer, "paths");

    for (size_t i = 0; i < json_array_size(paths); i++)
        printf("%s/%s\n", mountpoint, json_string_value(json_array_get(paths, i)));
    json_decref(answer);
    return 0;
}

const struct verb verb_search = {
    .name = "search",
    .operands = "QUERY",
    .help = "Lets the server search the mailbox; prints the paths of what it finds.",
    .options = search_rows,
    .values_size = sizeof(struct search_values),
    .least = 1,
    .most = 16,
    .run = search_run,
};
