/* What an issuer is asked for, where, and what its noes mean. */
#include <string.h>

#include "cache/server/oauth.h"
#include "cache/server/oauth_wire.h"

#define AUTHORITY "https://login.microsoftonline.com/%s/oauth2/v2.0/%s"
#define USUAL_SCOPE "https://outlook.office.com/EAS.AccessAsUser.All offline_access"

char *oauth_endpoint(const struct oauth_config *config, const char *given, const char *last)
{
    g_autofree char *tenant = g_uri_escape_string(config->tenant ? config->tenant : "common", NULL, FALSE);

    return given ? g_strdup(given) : g_strdup_printf(AUTHORITY, tenant, last);
}

const char *oauth_scope(const struct oauth_config *config)
{
    return config->scope ? config->scope : USUAL_SCOPE;
}

/* Tokens are passwords: they go where nobody listens. */
bool oauth_check(const struct oauth_config *config, struct eas_result *result)
{
    const char *const endpoints[] = {config->token_endpoint, config->device_endpoint};

    *result = eas_served();
    if (config->token_command)
        return true;
    if (!config->client_id || !*config->client_id)
        *result = eas_refused(EAS_SCOPE_FATAL, 78,
                              "no client id is given; use --oauth-client-id, with the id of an application that your "
                              "organisation allows, or --token-command");
    for (size_t i = 0; i < G_N_ELEMENTS(endpoints); i++) {
        if (endpoints[i] && g_ascii_strncasecmp(endpoints[i], "https://", 8) != 0 &&
            !(config->insecure_http && g_ascii_strncasecmp(endpoints[i], "http://", 7) == 0))
            *result =
                eas_refused(EAS_SCOPE_FATAL, 78, "%.120s is no https:// address to get tokens from", endpoints[i]);
    }
    return eas_is_served(result);
}

struct eas_result oauth_log_in_again(const char *words, const char *reason)
{
    struct eas_result result = eas_refused(EAS_SCOPE_ACCOUNT, 77, "%s (%.80s); log in with easfs login", words, reason);

    result.action = EAS_ACTION_LOGIN;
    result.cause = EAS_CAUSE_OAUTH_EXPIRED;
    return result;
}

/* RFC 6749 5.2, RFC 8628 3.5, and what Microsoft adds. */
struct eas_result oauth_refusal(const struct oauth_answer *answer)
{
    static const struct {
        const char *error;
        int exit_code;
        enum eas_cause cause;
        const char *words;
    } rows[] = {
        {"invalid_grant", 77, EAS_CAUSE_OAUTH_EXPIRED, "the log-in has run out or was withdrawn"},
        {"expired_token", 77, EAS_CAUSE_OAUTH_EXPIRED, "the code has run out before anybody used it"},
        {"access_denied", 77, EAS_CAUSE_AUTH_WRONG, "the log-in was declined"},
        {"authorization_declined", 77, EAS_CAUSE_AUTH_WRONG, "the log-in was declined"},
        {"interaction_required", 77, EAS_CAUSE_OAUTH_EXPIRED, "the organisation wants a new log-in"},
        {"login_required", 77, EAS_CAUSE_OAUTH_EXPIRED, "the organisation wants a new log-in"},
        {"consent_required", 77, EAS_CAUSE_OAUTH_CONSENT,
         "the organisation has not allowed this program; its administrator can"},
        {"unauthorized_client", 78, EAS_CAUSE_OAUTH_CONSENT,
         "the issuer does not allow this client id; check --oauth-client-id"},
        {"invalid_client", 78, EAS_CAUSE_CONFIG, "the issuer does not know this client id; check --oauth-client-id"},
        {"invalid_scope", 78, EAS_CAUSE_CONFIG, "the issuer does not know what is asked for; check --oauth-scope"},
    };
    const char *more = answer->description ? answer->description : answer->error;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].error, answer->error) == 0) {
            struct eas_result result = oauth_log_in_again(rows[i].words, more);

            result.exit_code = rows[i].exit_code;
            result.cause = rows[i].cause;
            return result;
        }
    if (strcmp(answer->error, "temporarily_unavailable") == 0 || strcmp(answer->error, "server_error") == 0)
        return eas_unreachable(75, "the issuer of access tokens is not available now (%.80s)", more);
    return oauth_log_in_again("the issuer of access tokens refuses", more);
}
