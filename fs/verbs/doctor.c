/* easfs doctor: what stands between a person and a mailbox, step by step. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/server/diagnose.h"
#include "fs/account.h"
#include "fs/keyring.h"
#include "fs/message.h"
#include "fs/password.h"
#include "fs/verbs/verbs.h"

static const char what[] = "find what is wrong";

struct doctor_values {
    struct account_options account;
    bool json;
};

static const struct option_row doctor_rows[] = {
    {"json", 0, OPTION_FLAG, offsetof(struct doctor_values, json), NULL, "a JSON object a line, for programs"},
    ACCOUNT_ROWS(struct doctor_values, account),
    {0},
};

struct doctor {
    const char *name; /* of the account, for the keyring and the prompt */
    bool json;
};

/* ---- saying ---- */

static json_t *words_or_null(const char *words)
{
    return words && *words ? json_string(words) : json_null();
}

static void say_json(const struct finding *finding)
{
    bool fault = finding->end == FINDING_FAULT;
    const struct eas_cause_row *row = fault ? eas_cause_row(finding->cause) : NULL;
    g_autofree char *text = g_utf8_make_valid(finding->text, -1);
    g_autofree char *advice = g_utf8_make_valid(finding_advice(finding), -1);
    json_t *line = json_object();

    json_object_set_new(line, "step", json_string(finding->step));
    json_object_set_new(line, "result", json_string(finding_end_word(finding->end)));
    json_object_set_new(line, "cause", words_or_null(row ? row->word : NULL));
    json_object_set_new(line, "side", words_or_null(row ? eas_side_word(row->side) : NULL));
    json_object_set_new(line, "advice", words_or_null(fault ? advice : NULL));
    json_object_set_new(line, "text", json_string(text));
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static void say_text(const struct finding *finding)
{
    const struct eas_cause_row *row = eas_cause_row(finding->cause);
    /* What a server says may hold what a terminal obeys. */
    g_autofree char *text = g_strdelimit(g_utf8_make_valid(finding->text, -1), "\033\r\n\t\b", '?');

    printf("%-8s %-22s %s\n", finding_end_word(finding->end), finding->step, text);
    if (finding->end == FINDING_FAULT && row)
        printf("%-8s %-22s cause: %s, on the side of: %s\n%-8s %-22s do: %s\n", "", "", row->word,
               eas_side_word(row->side), "", "", finding_advice(finding));
}

static void say(void *ctx, const struct finding *finding)
{
    struct doctor *doctor = ctx;

    if (doctor->json)
        say_json(finding);
    else
        say_text(finding);
    fflush(stdout);
}

/* ---- the password ---- */

static bool is_given(const struct account_options *options)
{
    return options->password || options->password_file || options->password_command;
}

/* Where nothing gives one: the keyring, then the terminal if somebody sits there. */
static char *ask_password(void *ctx)
{
    struct doctor *doctor = ctx;
    g_autofree char *why = NULL;
    char *password = NULL;

    if (keyring_find(doctor->name, PASSWORD_KIND, &password, &why) != KEYRING_DONE && isatty(STDIN_FILENO))
        password_ask(doctor->name, NULL, what, &password);
    return password;
}

/* ---- the whole ---- */

static int exit_of(const GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        const struct eas_cause_row *row = eas_cause_row(finding->cause);

        if (finding->end == FINDING_FAULT)
            return row ? row->exit_code : EXIT_UNREACHABLE;
    }
    return 0;
}

static int examine(struct doctor *doctor, const char *email, struct session_config *session)
{
    struct diagnose_config config = {
        .email = email, .session = session, .password = ask_password, .step = say, .ctx = doctor};
    g_autoptr(GPtrArray) findings = diagnose(&config);
    int code = exit_of(findings);

    if (!doctor->json && code == 0)
        puts("no fault was found");
    return code;
}

static int doctor_run(void *data, int argc, char **argv)
{
    struct doctor_values *values = data;
    struct account_options *options = &values->account;
    struct session_config *session = NULL;
    const char *email = argc ? argv[0] : NULL;
    int code = 0;

    if (!email || options->account)
        code = account_settle(options, what);
    if (!code)
        code = account_session(options, what, &session);
    if (!email && options->user && strchr(options->user, '@'))
        email = options->user;
    g_autofree char *name = email && !options->server ? g_strdup(email) : account_title(options);
    struct doctor doctor = {.name = name, .json = values->json};

    if (!code && is_given(options)) {
        const struct password_source source = account_password(options, name);

        code = password_get(&source, what, &session->password);
    }
    if (code)
        session_config_free(session);
    else
        code = examine(&doctor, email, session);
    account_options_clear(options);
    return code;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .operands = "[EMAIL]",
    .help = "Says what stands between you and your mailbox: names, network, certificate, log-in, server.",
    .options = doctor_rows,
    .values_size = sizeof(struct doctor_values),
    .most = 1,
    .run = doctor_run,
};
