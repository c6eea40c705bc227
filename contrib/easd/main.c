/* easd serves directories as Exchange mailboxes over ActiveSync. */
#include <getopt.h>
#include <gmime/gmime.h>
#include <libical/ical.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/easd/http.h"
#include "contrib/easd/limits.h"

enum { EXIT_USAGE = 64, EXIT_UNUSABLE = 73, EXIT_CONFIG = 78 };

static const char usage[] =
    "usage: easd --mailbox NAME=DIR... --listen ADDRESS:PORT --password-file FILE [options]\n"
    "\n"
    "Serves directories as Exchange mailboxes over ActiveSync.\n"
    "\n"
    "  --mailbox NAME=DIR     the directory DIR as the mailbox of user NAME; may be repeated. DIR holds\n"
    "                         Mail/Inbox/*.eml, Calendar/*.ics, Contacts/*.vcf, Tasks/*.ics, Notes/*.ics\n"
    "                         and sub-folders, and may change while it is served\n"
    "  --listen ADDRESS:PORT  where to listen; port 0 takes a free one\n"
    "  --password-file FILE   its first line is everyone's password\n"
    "  --token-file FILE      log in by Bearer tokens, not by the password: those that stand in FILE, which is\n"
    "                         read at each request, as lines \"NAME TOKEN\"\n"
    "  --protocol LIST        the versions spoken, of 12.1,14.0,14.1,16.0,16.1 (all)\n"
    "  --tls-cert FILE        serve https with this certificate (PEM, the chain included)\n"
    "  --tls-key FILE         and its key\n"
    "  --policy               demand provisioning before anything else\n"
    "  --policy-file FILE     the same, with a policy of FILE's lines, as DevicePasswordEnabled=1\n"
    "  --policy-whole         the same, and refuse a device that applies the policy only in part\n"
    "  --mail-log FILE        append a line of JSON to FILE for every mail sent\n"
    "  --fault SPEC           go wrong as SPEC says; may be repeated, and set while the server runs (README)\n"
    "  --no-gzip              never compress an answer: for measuring\n"
    "  --help                 this text\n"
    "\n";

static const int known_versions[] = {121, 140, 141, 160, 161};

struct settings {
    GPtrArray *mailboxes; /* of char *, NAME=DIR */
    const char *listen, *password_file, *token_file, *protocol, *certificate_file, *key_file, *mail_log, *policy_file;
    struct faults *faults;
    bool policy, policy_whole, no_gzip;
};

static void fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

static void fail(int code, const char *format, ...)
{
    va_list arguments;

    fputs("easd: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(code);
}

static void check_arguments(const struct settings *settings)
{
    if (settings->mailboxes->len == 0 || !settings->listen || !settings->password_file)
        fail(EXIT_USAGE, "--mailbox, --listen and --password-file are needed; see easd --help");
    if (!settings->certificate_file != !settings->key_file)
        fail(EXIT_USAGE, "--tls-cert and --tls-key go together");
}

static void add_fault(struct faults *faults, const char *spec)
{
    char *error = NULL;

    if (!faults_add(faults, spec, &error))
        fail(EXIT_USAGE, "%s", error);
}

static void read_arguments(struct settings *settings, int argc, char **argv)
{
    enum {
        MAILBOX,
        LISTEN,
        PASSWORD,
        TOKEN,
        PROTOCOL,
        CERTIFICATE,
        KEY,
        MAIL_LOG,
        POLICY_FILE,
        POLICY,
        POLICY_WHOLE,
        FAULT,
        NO_GZIP,
        HELP
    };
    static const struct option options[] = {
        {"mailbox", required_argument, NULL, MAILBOX},
        {"listen", required_argument, NULL, LISTEN},
        {"password-file", required_argument, NULL, PASSWORD},
        {"token-file", required_argument, NULL, TOKEN},
        {"protocol", required_argument, NULL, PROTOCOL},
        {"tls-cert", required_argument, NULL, CERTIFICATE},
        {"tls-key", required_argument, NULL, KEY},
        {"mail-log", required_argument, NULL, MAIL_LOG},
        {"policy-file", required_argument, NULL, POLICY_FILE},
        {"policy", no_argument, NULL, POLICY},
        {"policy-whole", no_argument, NULL, POLICY_WHOLE},
        {"fault", required_argument, NULL, FAULT},
        {"no-gzip", no_argument, NULL, NO_GZIP},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    const char **texts[] = {
        [LISTEN] = &settings->listen,     [PASSWORD] = &settings->password_file,       [TOKEN] = &settings->token_file,
        [PROTOCOL] = &settings->protocol, [CERTIFICATE] = &settings->certificate_file, [KEY] = &settings->key_file,
        [MAIL_LOG] = &settings->mail_log, [POLICY_FILE] = &settings->policy_file};

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == MAILBOX) {
            g_ptr_array_add(settings->mailboxes, optarg);
        } else if (option == POLICY) {
            settings->policy = true;
        } else if (option == POLICY_WHOLE) {
            settings->policy = settings->policy_whole = true;
        } else if (option == FAULT) {
            add_fault(settings->faults, optarg);
        } else if (option == NO_GZIP) {
            settings->no_gzip = true;
        } else if (option == HELP) {
            fputs(usage, stdout);
            fputs(fault_help, stdout);
            exit(0);
        } else if (option == '?') {
            fail(EXIT_USAGE, "see easd --help");
        } else {
            *texts[option] = optarg;
        }
    }
    if (optind < argc)
        fail(EXIT_USAGE, "unable to use \"%s\": see easd --help", argv[optind]);
    check_arguments(settings);
}

static char *read_file(const char *path)
{
    GError *error = NULL;
    char *text;

    if (!g_file_get_contents(path, &text, NULL, &error))
        fail(EXIT_CONFIG, "unable to read %s: %s", path, error->message);
    return text;
}

static char *read_password(const char *path)
{
    char *text = read_file(path);

    text[strcspn(text, "\r\n")] = '\0';
    if (!*text)
        fail(EXIT_CONFIG, "unable to use %s: its first line is empty", path);
    return text;
}

/* A setting a line (MS-ASPROV 2.2.2), blank ones and comments apart. */
static GHashTable *read_policy(const char *path)
{
    GHashTable *settings = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    g_autofree char *text = read_file(path);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        char *equals = strchr(g_strstrip(*line), '=');

        if (!**line || **line == '#')
            continue;
        if (!equals)
            fail(EXIT_CONFIG, "unable to use %s: \"%s\" is no NAME=VALUE", path, *line);
        *equals = '\0';
        eas_tag tag = eas_tag_find(TAG_Provision_Policy >> 8, *line);

        if (tag == EAS_TAG_NONE)
            fail(EXIT_CONFIG, "unable to use %s: %s is no setting", path, *line);
        g_hash_table_replace(settings, GUINT_TO_POINTER(tag), g_strdup(equals + 1));
    }
    return settings;
}

static GArray *read_versions(const char *list)
{
    GArray *versions = g_array_new(FALSE, FALSE, sizeof(int));
    g_auto(GStrv) asked = list ? g_strsplit(list, ",", -1) : NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(known_versions); i++) {
        char name[24];

        snprintf(name, sizeof name, "%d.%d", known_versions[i] / 10, known_versions[i] % 10);
        if (!asked || g_strv_contains((const char *const *)asked, name))
            g_array_append_val(versions, known_versions[i]);
    }
    if (versions->len == 0 || (asked && versions->len != g_strv_length(asked)))
        fail(EXIT_USAGE, "unable to speak %s: --protocol takes some of 12.1,14.0,14.1,16.0,16.1", list);
    return versions;
}

static void free_mailbox(void *mailbox)
{
    mailbox_close(mailbox);
}

static GPtrArray *open_mailboxes(const GPtrArray *pairs)
{
    GPtrArray *mailboxes = g_ptr_array_new_with_free_func(free_mailbox);

    if (pairs->len > EASD_MAILBOXES)
        fail(EXIT_USAGE, "unable to serve more than %d mailboxes", EASD_MAILBOXES);
    for (guint i = 0; i < pairs->len; i++) {
        const char *pair = pairs->pdata[i], *equals = strchr(pair, '=');
        g_autofree char *name = g_strndup(pair, equals ? (gsize)(equals - pair) : 0);
        char *error = NULL;
        struct mailbox *mailbox;

        if (!*name)
            fail(EXIT_USAGE, "unable to use --mailbox %s: it is not NAME=DIR", pair);
        if (!(mailbox = mailbox_open(name, equals + 1, &error)))
            fail(EXIT_UNUSABLE, "%s", error);
        g_ptr_array_add(mailboxes, mailbox);
    }
    return mailboxes;
}

/* Signals reach no thread but the one that waits for them. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void serve(struct server *server, const struct http_options *options, const sigset_t *signals)
{
    char *error = NULL;
    struct http *http = http_start(server, options, &error);
    int caught;

    if (!http)
        fail(EXIT_UNUSABLE, "%s", error);
    for (guint i = 0; i < server->mailboxes->len; i++)
        mailbox_watch(server->mailboxes->pdata[i]);
    printf("easd: listening on %s\n", http_url(http));
    fflush(stdout);
    sigwait(signals, &caught);
    for (guint i = 0; i < server->mailboxes->len; i++)
        mailbox_stop(server->mailboxes->pdata[i]);
    http_stop(http);
}

int main(int argc, char **argv)
{
    struct settings settings = {.mailboxes = g_ptr_array_new(), .faults = faults_new()};
    struct server server = {0};
    struct http_options options = {0};
    sigset_t signals;

    read_arguments(&settings, argc, argv);
    block_signals(&signals);
    g_mime_init();
    icalerror_set_errors_are_fatal(0);
    server.password = read_password(settings.password_file);
    server.token_file = settings.token_file;
    server.versions = read_versions(settings.protocol);
    server.policy = settings.policy || settings.policy_file;
    server.policy_whole = settings.policy_whole;
    server.policy_settings = settings.policy_file ? read_policy(settings.policy_file) : NULL;
    server.faults = settings.faults;
    server.mail_log = settings.mail_log;
    server.gzip = !settings.no_gzip;
    server.mailboxes = open_mailboxes(settings.mailboxes);
    options.listen = settings.listen;
    g_autofree char *certificate = settings.certificate_file ? read_file(settings.certificate_file) : NULL;
    g_autofree char *key = settings.key_file ? read_file(settings.key_file) : NULL;

    options.certificate = certificate;
    options.key = key;
    serve(&server, &options, &signals);
    g_ptr_array_unref(server.mailboxes);
    g_array_unref(server.versions);
    g_free(server.password);
    g_ptr_array_unref(settings.mailboxes);
    g_clear_pointer(&server.policy_settings, g_hash_table_unref);
    faults_free(settings.faults);
    g_mime_shutdown();
    return 0;
}
