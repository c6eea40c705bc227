/* easfs retry: what is held is sent again. */
#include <jansson.h>

#include "fs/ask.h"
#include "fs/verbs/verbs.h"

static const struct option_row retry_rows[] = {{0}};

static int retry_run(void *values, int argc, char **argv)
{
    int code = 0;

    (void)values;
    if (argc == 0)
        return ask_item("retry", NULL, "send again what is held");
    for (int i = 0; i < argc && !code; i++)
        code = ask_item("retry", argv[i], "send it again");
    return code;
}

const struct verb verb_retry = {
    .name = "retry",
    .operands = "[ITEM]...",
    .help = "Sends again what the server refused, or all that is held.",
    .options = retry_rows,
    .most = 1 << 20,
    .run = retry_run,
};
