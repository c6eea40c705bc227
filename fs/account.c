#include "fs/account.h"

#include <string.h>

#include "cache/store/store.h"
#include "codec/files/timezone.h"
#include "fs/config.h"
#include "fs/message.h"
#include "fs/replica_key.h"
#include "fs/tokens.h"

enum { SEND_DELAY_S = 10, SEND_DELAY_MOST_S = 86400, MAX_DELETES = 500, MAX_DELETES_MOST = 1000000 };

static const char *const ages[] = {"all", "1d", "3d", "1w", "2w", "1m", "3m", "6m"};

struct account_holder {
    struct account_options account;
};

const struct option_row account_keys[] = {
    ACCOUNT_KEY_ROWS(struct account_holder, account),
    MOUNT_ROWS(struct account_holder, account),
    ACCOUNT_ROW(struct account_holder, account, "password", OPTION_TEXT, password, "PASSWORD",
                "the password itself; the file must be yours alone"),
    {0},
};

/* auth's words; the session knows how each is done. */
static const struct {
    const char *word;
    enum session_auth auth;
    bool password; /* it takes one */
} kinds[] = {
    {"any", SESSION_AUTH_ANY, true},      {"basic", SESSION_AUTH_BASIC, true},
    {"ntlm", SESSION_AUTH_NTLM, true},    {"negotiate", SESSION_AUTH_NEGOTIATE, false},
    {"oauth", SESSION_AUTH_OAUTH, false}, {"certificate", SESSION_AUTH_CERTIFICATE, false},
};

enum { KIND_OAUTH = 4 };

static size_t kind_of(const struct account_options *options)
{
    if (!options->auth && (options->token_command || options->oauth_client_id))
        return KIND_OAUTH;
    for (size_t i = 0; options->auth && i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(kinds[i].word, options->auth) == 0)
            return i;
    return 0;
}

enum session_auth account_auth(const struct account_options *options)
{
    return kinds[kind_of(options)].auth;
}

bool account_takes_password(const struct account_options *options)
{
    return kinds[kind_of(options)].password;
}

void account_options_clear(struct account_options *options)
{
    if (options->password)
        explicit_bzero(options->password, strlen(options->password));
    g_clear_pointer(&options->account, g_free);
    options_clear(account_keys, options);
}

int account_settle(struct account_options *options, const char *what)
{
    if (!options->account && (options->server || options->user || options->state))
        return 0;
    return config_fill(options, what);
}

char *account_title(const struct account_options *options)
{
    if (options->account)
        return g_strdup(options->account);
    if (options->server && options->user)
        return account_name(options->user, options->server);
    return options->state ? g_path_get_basename(options->state) : g_strdup("the account");
}

struct password_source account_password(const struct account_options *options, const char *name)
{
    return (struct password_source){.text = options->password,
                                    .file = options->password_file,
                                    .command = options->password_command,
                                    .account = name};
}

char *account_name(const char *user, const char *server)
{
    const char *host = strstr(server, "://");
    g_autofree char *whole = NULL, *lower = NULL;
    char *end;

    whole = g_strdup(host ? host + 3 : server);
    whole[strcspn(whole, "/?#")] = '\0';
    host = strrchr(whole, '@') ? strrchr(whole, '@') + 1 : whole;
    lower = g_ascii_strdown(host, -1);
    /* The port goes; the colons of a bracketed IPv6 address stay. */
    end = strchr(lower, ']') ? strchr(lower, ']') + 1 : lower + strcspn(lower, ":");
    *end = '\0';
    return g_strdup_printf("%s@%s", user, lower);
}

unsigned account_classes(const char *list)
{
    g_auto(GStrv) words = g_strsplit(list, ",", -1);
    unsigned classes = 0;

    for (char **word = words; *word; word++) {
        unsigned bit = 0;

        for (int i = 0; i < EAS_CLASSES; i++)
            bit |= strcmp(*word, eas_classes[i].option) == 0 ? 1u << i : 0;
        if (!bit)
            return 0;
        classes |= bit;
    }
    return classes;
}

static char *absolute(const char *path)
{
    return path ? g_canonicalize_filename(path, NULL) : NULL;
}

static GPtrArray *strings_copy(const GPtrArray *strings)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; strings && i < strings->len; i++)
        g_ptr_array_add(copy, g_strdup(strings->pdata[i]));
    return copy;
}

int account_state(const struct account_options *options, const char *what, char **state)
{
    g_autofree char *name = NULL;

    if (options->state) {
        *state = absolute(options->state);
        return 0;
    }
    if (!options->account && (!options->server || !options->user))
        return unable_to(EXIT_USAGE, what, "give --server and --user, --account or --state",
                         "it is not said which account");
    name = account_title(options);
    *state = g_build_filename(g_get_user_state_dir(), "easfs", g_strdelimit(name, "/", '_'), NULL);
    return 0;
}

/* A number from 0 to most; otherwise for none. */
static bool number_read(const char *text, long otherwise, long most, long *number)
{
    guint64 value = (guint64)otherwise;
    bool is = !text || g_ascii_string_to_unsigned(text, 10, 0, (guint64)most, &value, NULL);

    *number = (long)value;
    return is;
}

static int check_numbers(const struct account_options *options, const char *what)
{
    long number;

    if (!number_read(options->send_delay, SEND_DELAY_S, SEND_DELAY_MOST_S, &number))
        return unable_to(EXIT_USAGE, what, "use 0 to 86400 seconds", "--send-delay %s is no such number",
                         options->send_delay);
    if (!number_read(options->max_deletes, MAX_DELETES, MAX_DELETES_MOST, &number))
        return unable_to(EXIT_USAGE, what, "use 0 for no limit", "--max-deletes %s is no number", options->max_deletes);
    return 0;
}

/* What an option must look like, before anything is opened. */
static int check_words(const struct account_options *options, const char *what)
{
    bool known = !options->since;

    for (size_t i = 0; options->since && i < G_N_ELEMENTS(ages); i++)
        known = known || strcmp(options->since, ages[i]) == 0;
    if (!known) {
        return unable_to(EXIT_USAGE, what, "use all, 1d, 3d, 1w, 2w, 1m, 3m or 6m", "--since %s is no such age",
                         options->since);
    }
    if (options->classes && !account_classes(options->classes)) {
        return unable_to(EXIT_USAGE, what, "use mail, calendar, contacts, tasks, notes, with commas between",
                         "--classes %s is no list of them", options->classes);
    }
    if (options->vcard && strcmp(options->vcard, "3") != 0 && strcmp(options->vcard, "4") != 0)
        return unable_to(EXIT_USAGE, what, "use 3 or 4", "--vcard %s is no version", options->vcard);
    if (options->protocol && eas_version_parse(options->protocol) < EAS_12_1) {
        return unable_to(EXIT_USAGE, what, "use 12.1, 14.0, 14.1, 16.0 or 16.1", "--protocol %s is not spoken",
                         options->protocol);
    }
    if (options->auth && strcmp(kinds[kind_of(options)].word, options->auth) != 0) {
        return unable_to(EXIT_USAGE, what, "use any, basic, ntlm, negotiate, oauth or certificate",
                         "--auth %s is no kind of log-in", options->auth);
    }
    if (options->auth && strcmp(options->auth, "certificate") == 0 && !options->client_cert)
        return unable_to(EXIT_USAGE, what, "give --client-cert and --client-key", "--auth certificate lacks one");
    if (options->password_file && options->password_command)
        return unable_to(EXIT_USAGE, what, "give one of them", "--password-file and --password-command are both given");
    if (!options->client_cert != !options->client_key)
        return unable_to(EXIT_USAGE, what, "give both", "--client-cert and --client-key belong together");
    return check_numbers(options, what);
}

static struct session_config *server_config(const struct account_options *options)
{
    struct session_config *server = g_new0(struct session_config, 1);

    server->server = g_strdup(options->server);
    server->user = g_strdup(options->user);
    server->auth = account_auth(options);
    if (server->auth == SESSION_AUTH_OAUTH) {
        g_autofree char *name = account_title(options);

        server->oauth = tokens_config(options, name);
    }
    server->domain = g_strdup(options->domain);
    server->ca_file = absolute(options->ca_file);
    server->pins = strings_copy(options->pins);
    server->client_cert = absolute(options->client_cert);
    server->client_key = absolute(options->client_key);
    server->proxy = g_strdup(options->proxy);
    server->resolver = g_strdup(options->resolver);
    server->insecure_http = options->insecure_http;
    server->version = options->protocol ? eas_version_parse(options->protocol) : EAS_NO_VERSION;
    server->trace_dir = absolute(options->trace);
    return server;
}

int account_session(const struct account_options *options, const char *what, struct session_config **config)
{
    int code = check_words(options, what);

    *config = code ? NULL : server_config(options);
    if (*config)
        (*config)->sealed = true; /* nothing that comes is kept at all */
    return code;
}

static int server_login(const struct account_options *options, const char *what, struct replica_config *config)
{
    const struct password_source source = account_password(options, config->account);

    return account_takes_password(options) ? password_get(&source, what, &config->server->password) : 0;
}

/* Offline, a directory without a replica is a mistake: opening it would make an empty one. */
static int check_replica(const struct account_options *options, const char *state, const char *what)
{
    g_autofree char *database = g_build_filename(state, STORE_DATABASE, NULL);

    return !options->offline || g_file_test(database, G_FILE_TEST_EXISTS)
               ? 0
               : unable_to(EXIT_STORE, what, "check --state, or mount it once with --server and --user",
                           "there is no replica at %s", state);
}

/* As TZ or the machine's own setting names it; one that is set to UTC does not say where its user lives. */
static char *home_zone(void)
{
    g_autoptr(GTimeZone) local = g_time_zone_new_local();
    const char *name = g_time_zone_get_identifier(local);
    struct zone zone;

    return zone_by_name(name, &zone) && !zone_is_utc(&zone) ? g_strdup(name) : NULL;
}

int account_config(const struct account_options *options, const char *what, struct replica_config **made)
{
    struct replica_config *config;
    g_autofree char *state = NULL, *parent = NULL;
    int code = check_words(options, what);

    if (!code && !options->offline && (!options->server || !options->user))
        code = unable_to(EXIT_USAGE, what, "or --offline to see what is here", "--server and --user are needed");
    if (code || (code = account_state(options, what, &state)) || (code = check_replica(options, state, what)))
        return code;
    parent = g_path_get_dirname(state);
    g_mkdir_with_parents(parent, 0700);
    config = g_new0(struct replica_config, 1);
    config->state_dir = g_steal_pointer(&state);
    config->account = account_title(options);
    config->classes = options->classes ? account_classes(options->classes) : 0;
    config->folders = strings_copy(options->folders);
    config->since = g_strdup(options->since);
    config->home_zone = home_zone();
    config->vcard_version = options->vcard ? *options->vcard - '0' : 3;
    config->send_invitations = options->send_invitations;
    number_read(options->send_delay, SEND_DELAY_S, SEND_DELAY_MOST_S, &config->send_delay_ms);
    config->send_delay_ms *= 1000;
    number_read(options->max_deletes, MAX_DELETES, MAX_DELETES_MOST, &config->max_deletes);
    code = replica_key_get(config->state_dir, options->encrypt, options->key_command, what, &config->key);
    if (!code && !options->offline) {
        config->server = server_config(options);
        config->server->sealed = config->key != NULL;
        code = server_login(options, what, config);
    }
    if (code)
        replica_config_free(config);
    else
        *made = config;
    return code;
}
