/* easfs folders: what folders the server has, and which of them are kept. Of a mount, or of an account
 * given by options. */
#include <jansson.h>
#include <stdio.h>

#include "codec/limits.h"
#include "fs/account.h"
#include "fs/ask.h"
#include "fs/config.h"
#include "fs/control_verbs.h"
#include "fs/message.h"
#include "fs/verbs/verbs.h"

static const char what[] = "list the folders";

struct folders_values {
    struct account_options account;
    GPtrArray *select, *drop;
    bool json;
};

static const struct option_row folders_rows[] = {
    {"json", 0, OPTION_FLAG, offsetof(struct folders_values, json), NULL, "as JSON, for programs"},
    {"select", 0, OPTION_LIST, offsetof(struct folders_values, select), "GLOB",
     "of a mount: keep folders like this, too (may be repeated)"},
    {"drop", 0, OPTION_LIST, offsetof(struct folders_values, drop), "GLOB",
     "of a mount: keep none like this any more (may be repeated)"},
    ACCOUNT_ROWS(struct folders_values, account),
    {0},
};

static json_t *array_of(const GPtrArray *strings)
{
    json_t *array = json_array();

    for (guint i = 0; strings && i < strings->len; i++)
        json_array_append_new(array, json_string(strings->pdata[i]));
    return array;
}

/* The next mount of a configured account finds it in easfs.conf, where people look. */
static int keep_choice(const char *state_dir, const json_t *answer)
{
    g_autoptr(GPtrArray) globs = g_ptr_array_new();
    const json_t *each;
    json_t *account = NULL;
    const char *name;
    size_t i;
    int code = ask_daemon(state_dir, what, json_pack("{s:s}", "verb", "account"), NULL, false, &account);

    if (code)
        return code;
    name = json_string_value(json_object_get(json_object_get(account, "account"), "account"));
    json_array_foreach(json_object_get(answer, "globs"), i, each)
    {
        g_ptr_array_add(globs, (char *)json_string_value(each));
    }
    code = name ? config_write_list(name, "folder", globs, what) : 0;
    json_decref(account);
    return code;
}

static int folders_of_mount(const char *mount, const struct folders_values *values, json_t **folders)
{
    g_autofree char *mountpoint = NULL, *state_dir = NULL;
    json_t *answer = NULL;
    int code = ask_find(mount, what, &mountpoint, &state_dir);

    if (!code)
        code = ask_daemon(state_dir, what,
                          json_pack("{s:s, s:o, s:o}", "verb", "folders", "select", array_of(values->select), "drop",
                                    array_of(values->drop)),
                          NULL, false, &answer);
    if (!code && (values->select || values->drop))
        code = keep_choice(state_dir, answer);
    if (!code) {
        *folders = json_incref(json_object_get(answer, "folders"));
        json_decref(answer);
    }
    return code;
}

static int folders_of_account(struct account_options *options, json_t **folders)
{
    struct replica_config *config = NULL;
    struct eas_result result = eas_served();
    struct replica *replica;
    int code = account_settle(options, what);

    if (!code)
        code = account_config(options, what, &config);
    account_options_clear(options);
    if (code)
        return code;
    replica = replica_open(config, &result);
    if (replica) {
        replica_start(replica);
        result = replica_wait_tree(replica, LIMIT_FIRST_TREE_MS);
        replica_stop(replica);
        *folders = eas_is_served(&result) ? control_folders(replica) : NULL;
        replica_close(replica);
    }
    return *folders ? 0
                    : unable_to(result.exit_code, what, exit_advice(result.exit_code, result.text), "%s", result.text);
}

static void folders_print(const json_t *folders)
{
    const json_t *folder;
    size_t i;

    printf("%-4s  %-8s  %8s  %s\n", "kept", "class", "items", "folder");
    json_array_foreach(folders, i, folder)
    {
        printf("%-4s  %-8s  %8" JSON_INTEGER_FORMAT "  %s\n",
               json_is_true(json_object_get(folder, "selected")) ? "yes" : "no",
               json_string_value(json_object_get(folder, "class")),
               json_integer_value(json_object_get(folder, "items")),
               json_string_value(json_object_get(folder, "path")));
    }
}

static int folders_run(void *data, int argc, char **argv)
{
    struct folders_values *values = data;
    bool account = !argc && (values->account.server || values->account.state || values->account.account);
    json_t *folders = NULL;
    int code;

    if (account && (values->select || values->drop))
        return unable_to(EXIT_USAGE, what, "mount it, or set folder in easfs.conf",
                         "--select and --drop are of a mount");
    code = account ? folders_of_account(&values->account, &folders)
                   : folders_of_mount(argc ? argv[0] : NULL, values, &folders);
    if (code)
        return code;
    if (values->json) {
        json_dumpf(folders, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        folders_print(folders);
    }
    json_decref(folders);
    return 0;
}

const struct verb verb_folders = {
    .name = "folders",
    .operands = "[MOUNT]",
    .help = "Lists the server's folders and which of them are kept, or changes that.",
    .options = folders_rows,
    .values_size = sizeof(struct folders_values),
    .most = 1,
    .run = folders_run,
};
