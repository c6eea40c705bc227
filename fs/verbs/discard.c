/* easfs discard: what was changed here is given up; the server's item comes back. */
#include <jansson.h>

#include "fs/ask.h"
#include "fs/verbs/verbs.h"

static const struct option_row discard_rows[] = {{0}};

static int discard_run(void *values, int argc, char **argv)
{
    int code = 0;

    (void)values;
    for (int i = 0; i < argc && !code; i++)
        code = ask_item("discard", argv[i], "discard the change");
    return code;
}

const struct verb verb_discard = {
    .name = "discard",
    .operands = "ITEM...",
    .help = "Gives up a change made here; the server's version comes back.",
    .options = discard_rows,
    .least = 1,
    .most = 1 << 20,
    .run = discard_run,
};
