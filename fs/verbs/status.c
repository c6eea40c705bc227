/* easfs status: how a mount is. */
#include <jansson.h>
#include <stdio.h>

#include "fs/ask.h"
#include "fs/verbs/verbs.h"

struct status_values {
    bool json;
};

static const struct option_row status_rows[] = {
    {"json", 0, OPTION_FLAG, offsetof(struct status_values, json), NULL, "as JSON, for programs"},
    {0},
};

static int status_run(void *data, int argc, char **argv)
{
    static const char what[] = "tell the status";
    const struct status_values *values = data;
    g_autofree char *mountpoint = NULL, *state_dir = NULL;
    json_t *answer = NULL;
    int code = ask_find(argc ? argv[0] : NULL, what, &mountpoint, &state_dir);

    if (!code)
        code = ask_daemon(state_dir, what, json_pack("{s:s}", "verb", "status"), NULL, false, &answer);
    if (code)
        return code;
    if (values->json) {
        json_dumpf(json_object_get(answer, "status"), stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        printf("%-10s%s\n%s", "mount", mountpoint, json_string_value(json_object_get(answer, "text")));
    }
    json_decref(answer);
    return 0;
}

const struct verb verb_status = {
    .name = "status",
    .operands = "[MOUNT]",
    .help = "Says how a mount is: its server, its folders, what is not here yet.",
    .options = status_rows,
    .values_size = sizeof(struct status_values),
    .most = 1,
    .run = status_run,
};
