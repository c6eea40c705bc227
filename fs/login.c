#include "fs/login.h"

#include <stdio.h>

#include "cache/server/address.h"
#include "cache/server/oauth.h"
#include "cache/server/probe.h"
#include "codec/limits.h"
#include "fs/message.h"
#include "fs/tokens.h"

int login_say(const struct eas_result *result, const char *what)
{
    if (eas_is_served(result) || !*result->text)
        return result->exit_code;
    return unable_to(result->exit_code, what, exit_advice(result->exit_code, result->text), "%s", result->text);
}

static void show_code(void *ctx, const char *url, const char *code)
{
    (void)ctx;
    fprintf(stderr, "To log in, open %s in any browser, here or elsewhere, and enter the code %s\n", url, code);
    fflush(stderr);
}

static struct tls_trust *trust_of(const struct session_config *server, struct eas_result *result)
{
    return tls_trust_new(server->ca_file, server->pins, server->client_cert, server->client_key, result);
}

int login_oauth(const struct account_options *options, const char *name, const char *what)
{
    struct session_config *server = NULL;
    struct eas_result result = eas_served();
    int code = account_session(options, what, &server);

    if (code)
        return code;
    struct oauth_config *config = tokens_config(options, name);
    struct tls_trust *trust = trust_of(server, &result);

    if (trust && !config->token_command) {
        struct http_settings settings = {
            .trust = trust, .proxy = server->proxy, .resolver = server->resolver, .user_agent = "easfs"};
        struct http *http = http_new(&settings);

        result = oauth_device_login(config, http, show_code, NULL);
        http_free(http);
    }
    tls_trust_free(trust);
    oauth_config_free(config);
    session_config_free(server);
    return login_say(&result, what);
}

bool login_is_kept_by_keyring(const struct account_options *options)
{
    return !options->password && !options->password_file && !options->password_command;
}

int login_password(const struct account_options *options, const struct password_source *given, const char *what,
                   char **password)
{
    g_autofree char *name = account_title(options);
    const struct password_source source = account_password(options, name);

    if (given && (given->file || given->command))
        return password_get(given, what, password);
    if (!login_is_kept_by_keyring(options) || !password_can_ask())
        return password_get(&source, what, password);
    return password_ask(name, NULL, what, password);
}

/* The plainest of what the kind allows; ANY asks by Basic, as a session does. */
static unsigned auths_of(enum session_auth auth)
{
    return auth == SESSION_AUTH_NTLM ? PROBE_NTLM : auth == SESSION_AUTH_NEGOTIATE ? PROBE_NEGOTIATE : PROBE_BASIC;
}

static struct eas_result try_once(const struct probe_question *question, unsigned *offered)
{
    struct probe_answer answer = {0};
    struct eas_result result;

    probe_ask(question, &answer);
    result = answer.result;
    *offered = answer.auths;
    if (eas_is_served(&result) && answer.status == 401)
        result = eas_refused(EAS_SCOPE_ACCOUNT, EXIT_CREDENTIALS, "the server refuses the user name or password");
    probe_clear(&answer);
    return result;
}

static struct eas_result try_session(const struct session_config *server, const char *password)
{
    struct eas_result result = eas_served();
    struct tls_trust *trust = trust_of(server, &result);
    const char *why = NULL;
    unsigned offered = 0;
    g_autofree char *url = address_url(server->server, server->insecure_http, &why);
    g_autofree char *user =
        server->domain ? g_strdup_printf("%s\\%s", server->domain, server->user) : g_strdup(server->user);
    struct probe_question question = {.trust = trust,
                                      .proxy = server->proxy,
                                      .resolver = server->resolver,
                                      .url = url,
                                      .user = user,
                                      .password = password,
                                      .auths = auths_of(server->auth),
                                      .timeout_ms = LIMIT_PROBE_MS};

    if (why)
        result = eas_refused(EAS_SCOPE_FATAL, EXIT_CONFIG, "%s", why);
    if (eas_is_served(&result))
        result = try_once(&question, &offered);
    if (result.exit_code == EXIT_CREDENTIALS && server->auth == SESSION_AUTH_ANY && offered & PROBE_NTLM &&
        !(offered & PROBE_BASIC)) {
        question.auths = PROBE_NTLM;
        result = try_once(&question, &offered);
    }
    tls_trust_free(trust);
    return result;
}

struct eas_result login_try(const struct account_options *options, const char *password, const char *what)
{
    struct session_config *server = NULL;
    struct eas_result result = eas_served();
    int code = account_session(options, what, &server);

    if (code)
        result = eas_refused(EAS_SCOPE_FATAL, code, "%s", "");
    else if (password)
        result = try_session(server, password);
    session_config_free(server);
    return result;
}
