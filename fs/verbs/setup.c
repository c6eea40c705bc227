/* easfs setup: from an e-mail address to an account that can be mounted. */
#include <stdio.h>
#include <string.h>

#include "cache/server/discover.h"
#include "codec/limits.h"
#include "fs/config.h"
#include "fs/control_verbs.h"
#include "fs/keyring.h"
#include "fs/login.h"
#include "fs/message.h"
#include "fs/question.h"
#include "fs/secret_file.h"
#include "fs/tokens.h"
#include "fs/verbs/verbs.h"

static const char what[] = "set up the account";

struct setup_values {
    struct account_options account;
    bool yes, verbose;
};

static const struct option_row setup_rows[] = {
    {"yes", 'y', OPTION_FLAG, offsetof(struct setup_values, yes), NULL, "ask nothing; take the usual answers"},
    {"verbose", 'v', OPTION_FLAG, offsetof(struct setup_values, verbose), NULL, "say each step of the search"},
    ACCOUNT_ROWS(struct setup_values, account),
    MOUNT_ROWS(struct setup_values, account),
    {0},
};

struct setup {
    struct account_options *options;
    const char *email;
    char *name; /* of the account */
    bool yes, verbose;
    char *password;
    int password_code; /* of getting it, once tried */
    bool password_asked, file_given;
};

static void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void progress(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* ---- the server ---- */

/* What the options give, else the person; asked for once. */
static const char *the_password(void *ctx)
{
    struct setup *setup = ctx;
    const struct password_source source = account_password(setup->options, setup->email);

    if (!setup->password_asked) {
        setup->password_asked = true;
        setup->password_code = login_is_kept_by_keyring(setup->options)
                                   ? password_ask(setup->email, NULL, what, &setup->password)
                                   : password_get(&source, what, &setup->password);
    }
    return setup->password;
}

/* Another domain is never gone to unasked. */
static bool may_follow(void *ctx, const char *from, const char *to)
{
    const struct setup *setup = ctx;
    g_autofree char *text =
        g_strdup_printf("%s sends you on to %s, which is of another domain. Log in there?", from, to);

    if (setup->yes) {
        progress("%s sends on to %s, another domain: not followed; if you trust it, give --server %s", from, to, to);
        return false;
    }
    return question_yes(text, false);
}

static void say_step(void *ctx, const struct finding *finding)
{
    const struct setup *setup = ctx;
    g_autofree char *text = g_strdelimit(g_utf8_make_valid(finding->text, -1), "\033\r\n\t\b", '?');

    if (setup->verbose)
        progress("%-8s %-22s %s", finding_end_word(finding->end), finding->step, text);
}

/* Only tokens are taken, and nothing says how the person wants to log in. */
static bool wants_oauth(const struct setup *setup, const struct discovery *found)
{
    bool others = found->auths & (PROBE_BASIC | PROBE_NTLM | PROBE_NEGOTIATE);

    return !setup->options->auth && (found->exchange_online || (found->auths & PROBE_BEARER && !others));
}

static void take(struct setup *setup, const struct discovery *found)
{
    struct account_options *options = setup->options;
    bool ticket = found->auths & PROBE_NEGOTIATE && !(found->auths & (PROBE_BASIC | PROBE_NTLM));

    g_free(options->server);
    options->server = g_strdup(found->url);
    if (!options->user)
        options->user = g_strdup(found->email ? found->email : setup->email);
    if (wants_oauth(setup, found))
        options->auth = g_strdup("oauth");
    else if (!options->auth && ticket)
        options->auth = g_strdup("negotiate");
    progress("the server is %s", options->server);
}

static int find_server(struct setup *setup)
{
    struct session_config *session = NULL;
    struct discovery found = {0};
    int code = account_session(setup->options, what, &session);

    if (code)
        return code;
    const struct discover_config config = {.email = setup->email,
                                           .session = session,
                                           .password = the_password,
                                           .may_follow = may_follow,
                                           .step = say_step,
                                           .ctx = setup};

    discover(&config, &found);
    if (setup->password_code)
        code = setup->password_code;
    else if (eas_is_served(&found.result))
        take(setup, &found);
    else
        code = login_say(&found.result, what);
    discover_clear(&found);
    session_config_free(session);
    return code;
}

/* ---- the log-in ---- */

/* Where no keyring is, a file that nobody else can read: said, not hidden. */
static bool keyring_helps(const char *kind, const char *name)
{
    g_autofree char *why = NULL, *secret = NULL;
    enum keyring_end end = keyring_find(name, kind, &secret, &why);

    secret_free(g_steal_pointer(&secret));
    return end == KEYRING_DONE || end == KEYRING_NOTHING;
}

static int log_in_oauth(struct setup *setup)
{
    struct account_options *options = setup->options;

    if (!options->oauth_client_id && !options->token_command) {
        return unable_to(EXIT_CONFIG, what,
                         "give --oauth-client-id, an application's that your organisation allows, or --token-command",
                         "%s takes only OAuth", options->server);
    }
    if (!options->token_command && !options->token_file && !keyring_helps(TOKEN_KIND, setup->name)) {
        options->token_file = tokens_usual_file(setup->name);
        progress("no keyring can be used: the log-in is kept in %s, which only you can read", options->token_file);
    }
    return login_oauth(options, setup->name, what);
}

/* Servers differ in whether the whole address or what stands before the @ is the user: both are tried, no third. */
static int log_in_password(struct setup *setup, bool user_given)
{
    struct account_options *options = setup->options;
    const char *at = strchr(options->user, '@');
    struct eas_result result;

    if (!the_password(setup))
        return setup->password_code;
    result = login_try(options, setup->password, what);
    if (result.exit_code == EXIT_CREDENTIALS && !user_given && at) {
        char *whole = options->user;

        options->user = g_strndup(whole, (gsize)(at - whole));
        struct eas_result again = login_try(options, setup->password, what);

        if (eas_is_served(&again)) {
            result = again;
            g_free(whole);
        } else {
            g_free(options->user);
            options->user = whole;
        }
    }
    return login_say(&result, what);
}

static int log_in(struct setup *setup, bool user_given)
{
    if (account_auth(setup->options) == SESSION_AUTH_OAUTH)
        return log_in_oauth(setup);
    return account_takes_password(setup->options) ? log_in_password(setup, user_given) : 0;
}

/* ---- the folders ---- */

static void show_folders(const json_t *folders)
{
    const json_t *folder;
    size_t i;

    json_array_foreach(folders, i, folder)
    {
        if (strcmp(json_string_value(json_object_get(folder, "class")), "none") != 0)
            progress("  %-8s  %s", json_string_value(json_object_get(folder, "class")),
                     json_string_value(json_object_get(folder, "path")));
    }
}

static int choose_folders(struct setup *setup, const json_t *folders)
{
    struct account_options *options = setup->options;
    g_autofree char *answer = NULL;
    g_auto(GStrv) globs = NULL;

    show_folders(folders);
    if (setup->yes || options->folders || options->classes)
        return 0;
    answer = question_line("Keep which of them? Enter keeps all; else names or globs, with commas between: ");
    if (!answer)
        return unable_to(EXIT_USAGE, what, "give --yes, or --folder and --classes", "there is no terminal to ask at");
    globs = g_strsplit(answer, ",", -1);
    for (char **glob = globs; *glob; glob++) {
        if (!*g_strstrip(*glob))
            continue;
        if (!options->folders)
            options->folders = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(options->folders, g_strdup(*glob));
    }
    return 0;
}

/* The first contact: negotiates, provisions, reads the folders into the replica that the mount goes on with. */
static int meet(struct setup *setup)
{
    struct account_options *options = setup->options;
    struct replica_config *config = NULL;
    struct eas_result result = eas_served();
    json_t *folders = NULL;
    int code;

    if (setup->password && !setup->file_given)
        options->password = g_strdup(setup->password);
    code = account_config(options, what, &config);
    if (options->password)
        secret_free(g_steal_pointer(&options->password));
    if (code)
        return code;
    struct replica *replica = replica_open(config, &result);

    if (replica) {
        replica_start(replica);
        result = replica_wait_tree(replica, LIMIT_FIRST_TREE_MS);
        replica_stop(replica);
        if (eas_is_served(&result))
            folders = control_folders(replica);
        replica_close(replica);
    }
    code = folders ? choose_folders(setup, folders) : login_say(&result, what);
    json_decref(folders);
    return code;
}

/* ---- keeping it ---- */

static int keep_password(struct setup *setup)
{
    struct account_options *options = setup->options;
    g_autofree char *why = NULL, *name = g_strconcat(setup->name, ".password", NULL);

    if (!setup->password || setup->file_given)
        return 0;
    if (keyring_store(setup->name, PASSWORD_KIND, setup->password, &why) == KEYRING_DONE) {
        progress("the password is in the keyring");
        return 0;
    }
    options->password_file = g_build_filename(g_get_user_config_dir(), "easfs", name, NULL);
    progress("%s: the password is kept in %s, which only you can read", why, options->password_file);
    g_clear_pointer(&why, g_free);
    if (!secret_file_write(options->password_file, setup->password, &why))
        return unable_to(EXIT_CONFIG, what, "give --password-command", "%s", why);
    return 0;
}

static void say_how_to_mount(const struct setup *setup)
{
    g_autofree char *quoted = g_shell_quote(setup->name);
    bool plain = strspn(setup->name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "@._+-") == strlen(setup->name);

    printf("mkdir -p ~/%1$s && easfs mount ~/%1$s --account %1$s\n", plain ? setup->name : quoted);
}

static int may_replace(const struct setup *setup)
{
    g_auto(GStrv) names = NULL;
    g_autofree char *text = g_strdup_printf("There is an account %s already. Replace it?", setup->name);
    int code = config_names(what, &names);

    if (code || !g_strv_contains((const char *const *)names, setup->name) || setup->yes || question_yes(text, false))
        return code;
    return unable_to(EXIT_CONFIG, what, "give --account another name, or --yes", "there is an account %s already",
                     setup->name);
}

static int run_steps(struct setup *setup)
{
    bool user_given = setup->options->user != NULL;
    int code = may_replace(setup);

    if (!code)
        code = find_server(setup);
    if (!code)
        code = log_in(setup, user_given);
    if (!code)
        code = meet(setup);
    if (!code)
        code = keep_password(setup);
    if (!code)
        code = config_write(setup->name, setup->options, what);
    if (!code)
        say_how_to_mount(setup);
    return code;
}

static int setup_run(void *data, int argc, char **argv)
{
    struct setup_values *values = data;
    struct setup setup = {
        .options = &values->account, .email = argv[0], .yes = values->yes, .verbose = values->verbose};
    int code = 0;

    (void)argc;
    setup.name = g_strdup(values->account.account ? values->account.account : argv[0]);
    setup.file_given = !login_is_kept_by_keyring(&values->account);
    if (!strchr(argv[0], '@') && !values->account.server)
        code = unable_to(EXIT_USAGE, what, "give the whole address, or --server", "%s is no e-mail address", argv[0]);
    else if (!config_is_name(setup.name))
        code = unable_to(EXIT_USAGE, what, "give --account NAME", "\"%s\" cannot name an account", setup.name);
    if (!code) {
        g_free(values->account.account);
        values->account.account = g_strdup(setup.name);
        code = run_steps(&setup);
    }
    secret_free(setup.password);
    g_free(setup.name);
    account_options_clear(&values->account);
    return code;
}

const struct verb verb_setup = {
    .name = "setup",
    .operands = "EMAIL",
    .help = "Finds the server, logs in, and writes the account that can then be mounted.",
    .options = setup_rows,
    .values_size = sizeof(struct setup_values),
    .least = 1,
    .most = 1,
    .run = setup_run,
};
