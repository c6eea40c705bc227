/* easfs login: logs an account in anew, whether or not it is mounted; a mount goes on with it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs/ask.h"
#include "fs/keyring.h"
#include "fs/login.h"
#include "fs/message.h"
#include "fs/port.h"
#include "fs/secret_file.h"
#include "fs/verbs/verbs.h"

static const char what[] = "log in";

struct login_values {
    struct account_options account;
};

static const struct option_row login_rows[] = {
    ACCOUNT_ROWS(struct login_values, account),
    {0},
};

/* A mount tells which account it is of. */
static int account_of_mount(const char *mount, struct account_options *options, char **state_dir)
{
    g_autofree char *mountpoint = NULL;
    json_t *answer = NULL;
    int code = ask_find(mount, what, &mountpoint, state_dir);

    if (!code)
        code = ask_daemon(*state_dir, what, json_pack("{s:s}", "verb", "account"), NULL, false, &answer);
    if (!code)
        account_from_json(json_object_get(answer, "account"), options);
    json_decref(answer);
    return code;
}

/* The account by name or options; *state_dir where its daemon listens, else NULL. */
static int account_of_options(struct account_options *options, char **state_dir)
{
    int code = account_settle(options, what);

    if (!code)
        code = account_state(options, what, state_dir);
    if (!code && !ask_listens(*state_dir))
        g_clear_pointer(state_dir, g_free);
    return code;
}

/* Of a mount, of a named account, of the only mount, of the only account. */
static int find(struct account_options *options, const char *mount, char **state_dir)
{
    bool named = options->account || options->server || options->user || options->state;
    g_autoptr(GPtrArray) mounts = named || mount ? NULL : port_mounts();
    struct account_options found = {0};
    int code;

    if (!mount && (named || mounts->len == 0))
        return account_of_options(options, state_dir);
    code = account_of_mount(mount, &found, state_dir);
    options_fill(account_keys, options, &found);
    options->account = g_steal_pointer(&found.account);
    account_options_clear(&found);
    return code;
}

/* With a daemon it is the daemon that tries; without one the server is asked once. */
static int try(const struct account_options *options, const char *state_dir, const char *password)
{
    json_t *answer = NULL, *request;
    int code;

    if (!state_dir) {
        struct eas_result result = login_try(options, password, what);

        return login_say(&result, what);
    }
    request =
        password ? json_pack("{s:s, s:s}", "verb", "login", "password", password) : json_pack("{s:s}", "verb", "login");
    if (!request)
        return unable_to(EXIT_DATA, what, "enter it again", "the password is no UTF-8");
    code = ask_daemon(state_dir, what, request, NULL, false, &answer);
    json_decref(answer);
    return code;
}

/* Kept only once the server has taken it. A keyring that does not help is no fault of the log-in. */
static void keep(const char *name, const char *password)
{
    g_autofree char *why = NULL;

    if (keyring_store(name, PASSWORD_KIND, password, &why) != KEYRING_DONE)
        fprintf(stderr, "easfs: logged in, but the password is not kept for the next mount: %s\n", why);
}

static int log_in(const struct account_options *options, const struct password_source *given, const char *state_dir)
{
    g_autofree char *name = account_title(options);
    char *password = NULL;
    int code = 0;

    if (account_auth(options) == SESSION_AUTH_OAUTH)
        code = login_oauth(options, name, what);
    else if (account_takes_password(options))
        code = login_password(options, given, what, &password);
    if (!code)
        code = try(options, state_dir, password);
    if (!code && password && login_is_kept_by_keyring(options))
        keep(name, password);
    secret_free(password);
    return code;
}

static int login_run(void *data, int argc, char **argv)
{
    struct login_values *values = data;
    struct account_options *options = &values->account;
    g_autofree char *state_dir = NULL, *file = g_steal_pointer(&options->password_file),
                    *command = g_steal_pointer(&options->password_command);
    const struct password_source given = {.file = file, .command = command};
    int code = find(options, argc ? argv[0] : NULL, &state_dir);

    if (!code)
        code = log_in(options, &given, state_dir);
    account_options_clear(options);
    return code;
}

const struct verb verb_login = {
    .name = "login",
    .operands = "[MOUNT]",
    .help = "Logs in anew; a mount that waits for it goes on.",
    .options = login_rows,
    .values_size = sizeof(struct login_values),
    .most = 1,
    .run = login_run,
};
