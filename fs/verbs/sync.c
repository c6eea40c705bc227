/* easfs sync: asks the daemon of a mount to look at the server now. */
#include <jansson.h>
#include <stdio.h>

#include "fs/ask.h"
#include "fs/message.h"
#include "fs/progress.h"
#include "fs/verbs/verbs.h"

enum { SYNC_TIMEOUT_S = 300 };

struct sync_values {
    bool wait, full, strict;
    long timeout;
};

static const struct option_row sync_rows[] = {
    {"wait", 0, OPTION_FLAG, offsetof(struct sync_values, wait), NULL,
     "wait until every folder is as the server has it, every body here and every edit sent"},
    {"full", 0, OPTION_FLAG, offsetof(struct sync_values, full), NULL,
     "read every folder anew; files keep their inodes"},
    {"strict", 0, OPTION_FLAG, offsetof(struct sync_values, strict), NULL,
     "exit 65 where something is held or in conflict"},
    {"timeout", 0, OPTION_SECONDS, offsetof(struct sync_values, timeout), "S", "wait no longer than this (300)"},
    {0},
};

/* What waits for a person stops nothing: a line each. How many. */
static size_t tell(const char *what, const json_t *lines, const char *advice)
{
    const json_t *line;
    size_t i;

    json_array_foreach(lines, i, line)
    {
        const char *text = json_string_value(line);

        fprintf(stderr, "easfs: %s: %s%s\n", what, text ? text : "a name that is no UTF-8", advice);
    }
    return json_array_size(lines);
}

static int sync_run(void *data, int argc, char **argv)
{
    static const char what[] = "sync";
    const struct sync_values *values = data;
    g_autofree char *mountpoint = NULL, *state_dir = NULL;
    json_t *answer = NULL, *request;
    int code = ask_find(argc ? argv[0] : NULL, what, &mountpoint, &state_dir);

    if (code)
        return code;
    request = json_pack("{s:s, s:b, s:b, s:I}", "verb", "sync", "wait", values->wait, "full", values->full, "timeout",
                        (json_int_t)(values->timeout ? values->timeout : SYNC_TIMEOUT_S));
    code = ask_daemon(state_dir, what, request, progress_show, false, &answer);
    progress_show(NULL);
    size_t waiting = tell("held", json_object_get(answer, "held"), "") +
                     tell("in conflict", json_object_get(answer, "conflicts"),
                          ": what the server has keeps the name; rename yours onto it, or remove it");

    if (waiting > 0 && values->strict)
        code = EXIT_DATA;
    json_decref(answer);
    return code;
}

const struct verb verb_sync = {
    .name = "sync",
    .operands = "[MOUNT]",
    .help = "Looks at the server now.",
    .options = sync_rows,
    .values_size = sizeof(struct sync_values),
    .most = 1,
    .run = sync_run,
};
