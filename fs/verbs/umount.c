/* easfs umount: the daemon unmounts, tidies up and ends. */
#include <jansson.h>
#include <stdio.h>

#include "fs/ask.h"
#include "fs/message.h"
#include "fs/port.h"
#include "fs/verbs/verbs.h"

static const char what[] = "unmount";

static const struct option_row umount_rows[] = {{0}};

static void tell_unsent(const json_t *waiting)
{
    const json_t *row;
    size_t i;

    json_array_foreach(waiting, i, row)
    {
        const char *why = json_string_value(json_object_get(row, "why"));

        fprintf(stderr, "easfs: not sent: %s (%s, %s)%s%s\n", json_string_value(json_object_get(row, "path")),
                json_string_value(json_object_get(row, "kind")), json_string_value(json_object_get(row, "state")),
                why ? ": " : "", why ? why : "");
    }
}

static int umount_run(void *values, int argc, char **argv)
{
    g_autofree char *path = g_canonicalize_filename(argv[0], NULL);
    g_autofree char *mountpoint = NULL, *state_dir = NULL;
    json_t *answer = NULL;
    int code;

    (void)values, (void)argc;
    if (port_mount_is_dead(path)) {
        return port_unmount(path, true) == 0
                   ? 0
                   : unable_to(EXIT_UNREACHABLE, what, "fusermount3 -uz may help", "%s does not go away", path);
    }
    code = ask_find(path, what, &mountpoint, &state_dir);
    if (!code) {
        code = ask_daemon(state_dir, what, json_pack("{s:s}", "verb", "umount"), NULL, true, &answer);
        tell_unsent(json_object_get(answer, "waiting"));
        json_decref(answer);
    }
    return code;
}

const struct verb verb_umount = {
    .name = "umount",
    .operands = "MOUNT",
    .help = "Unmounts a mailbox and ends its daemon; names what is not sent yet.",
    .options = umount_rows,
    .least = 1,
    .most = 1,
    .run = umount_run,
};
