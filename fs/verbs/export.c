/* easfs export: writes the tree of a mount into a directory, without FUSE. */
#include <stdio.h>

#include "codec/limits.h"
#include "fs/account.h"
#include "fs/export.h"
#include "fs/message.h"
#include "fs/progress.h"
#include "fs/verbs/verbs.h"

static const char what[] = "export";

enum { EXPORT_TIMEOUT_S = 86400 };

struct export_values {
    struct account_options account;
    char *layout;
    long timeout;
};

static const struct option_row export_rows[] = {
    ACCOUNT_ROWS(struct export_values, account),
    {"layout", 0, OPTION_TEXT, offsetof(struct export_values, layout), "mount", "how the tree looks: as in a mount"},
    {"timeout", 0, OPTION_SECONDS, offsetof(struct export_values, timeout), "S", "ask the server no longer than this"},
    {0},
};

/* Brings the replica up to the server; offline it is taken as it is. */
static int export_sync(struct replica *replica, const struct export_values *values)
{
    long seconds = values->timeout ? values->timeout : EXPORT_TIMEOUT_S;
    struct eas_result result = eas_served();
    struct progress *progress;

    if (values->account.offline)
        return 0;
    replica_start(replica);
    progress = progress_start(replica);
    result = replica_wait_tree(replica, LIMIT_FIRST_TREE_MS);
    if (eas_is_served(&result))
        result = replica_sync(replica, 0, seconds * 1000);
    progress_stop(progress);
    replica_stop(replica);
    return eas_is_served(&result)
               ? 0
               : unable_to(result.exit_code, what, "--offline writes what is here", "%s", result.text);
}

static int export_write(struct replica *replica, const char *directory)
{
    struct view *view = replica_view(replica);
    struct export_count count = {0};
    g_autofree char *why = NULL;
    int error = view ? export_tree(view, directory, &count, &why) : -1;

    if (view)
        view_free(view);
    if (error)
        return unable_to(EXIT_STORE, what, NULL, "%s", why ? why : "the store cannot be read");
    printf("%ld written, %ld there already\n", count.written, count.kept);
    if (count.missing) {
        return unable_to(EXIT_UNREACHABLE, what, "run it again without --offline",
                         "%ld items are not here, all else is written", count.missing);
    }
    return 0;
}

static int export_run(void *data, int argc, char **argv)
{
    struct export_values *values = data;
    struct replica_config *config = NULL;
    struct eas_result result = eas_served();
    struct replica *replica;
    int code;

    (void)argc;
    if (values->layout && g_strcmp0(values->layout, "mount") != 0)
        return unable_to(EXIT_USAGE, what, "use mount", "--layout %s is not there yet", values->layout);
    code = account_settle(&values->account, what);
    if (!code)
        code = account_config(&values->account, what, &config);
    account_options_clear(&values->account);
    if (code)
        return code;
    replica = replica_open(config, &result);
    if (!replica) {
        return unable_to(result.exit_code, what,
                         result.exit_code == EXIT_UNREACHABLE ? "a mount of it can be copied with cp -r"
                                                              : exit_advice(result.exit_code, result.text),
                         "%s", result.text);
    }
    code = export_sync(replica, values);
    if (!code)
        code = export_write(replica, argv[0]);
    replica_close(replica);
    return code;
}

const struct verb verb_export = {
    .name = "export",
    .operands = "DIR",
    .help = "Writes the tree of a mount into a directory; goes on where it was interrupted.",
    .options = export_rows,
    .values_size = sizeof(struct export_values),
    .least = 1,
    .most = 1,
    .run = export_run,
};
