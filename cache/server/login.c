#include "cache/server/login.h"

#include <string.h>

/* Every kind: how curl does it, what it needs, and what its refusal means. NULL: the server's own sentence. */
static const struct {
    const char *word;
    long methods;
    bool password;
    const char *refusal;
} kinds[] = {
    [SESSION_AUTH_ANY] = {"any", CURLAUTH_BASIC, true, NULL},
    [SESSION_AUTH_BASIC] = {"basic", CURLAUTH_BASIC, true, NULL},
    [SESSION_AUTH_NTLM] = {"ntlm", CURLAUTH_NTLM, true, NULL},
    [SESSION_AUTH_NEGOTIATE] = {"negotiate", CURLAUTH_NEGOTIATE, false,
                                "the server does not take the Kerberos ticket, or there is none; kinit gets one"},
    [SESSION_AUTH_OAUTH] = {"oauth", CURLAUTH_BEARER, false,
                            "the server refuses the access token, a new one too; the account or its administrator may "
                            "not allow ActiveSync, or log in again with easfs login"},
    [SESSION_AUTH_CERTIFICATE] = {"certificate", CURLAUTH_NONE, false,
                                  "the server does not take the client certificate as a log-in"},
};

static enum session_auth kind_of(struct session *session)
{
    g_mutex_lock(&session->lock);
    enum session_auth kind = session->auth;
    g_mutex_unlock(&session->lock);
    return kind;
}

enum session_auth login_recall(struct session *session)
{
    g_autofree char *word = session_recall(session, "login");

    for (size_t i = 0; word && i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(kinds[i].word, word) == 0)
            return (enum session_auth)i;
    return SESSION_AUTH_ANY;
}

static char *copy_password(struct session *session)
{
    g_mutex_lock(&session->lock);
    char *password = g_strdup(session->config->password ? session->config->password : "");
    g_mutex_unlock(&session->lock);
    return password;
}

/* Points curl to what a kind needs. */
static void fill(struct session *session, struct login *login, enum session_auth kind)
{
    bool named = kinds[kind].password || kind == SESSION_AUTH_OAUTH;

    if (kinds[kind].password && !login->password)
        login->password = copy_password(session);
    login->http = (struct http_login){.methods = kinds[kind].methods,
                                      .user = named                            ? session->user
                                              : kind == SESSION_AUTH_NEGOTIATE ? ""
                                                                               : NULL,
                                      .password = kinds[kind].password             ? login->password
                                                  : kind == SESSION_AUTH_NEGOTIATE ? ""
                                                                                   : NULL,
                                      .bearer = login->bearer};
}

struct eas_result login_begin(struct link *link, struct login *login)
{
    struct session *session = link->session;
    enum session_auth kind = kind_of(session);
    struct eas_result result = eas_served();

    *login = (struct login){0};
    if (kind == SESSION_AUTH_OAUTH)
        result = oauth_access(session->oauth, link->http, NULL, &login->bearer);
    fill(session, login, kind);
    return result;
}

/* What the server offers instead of Basic, where the user left the choice: a password is good for NTLM. */
static enum session_auth offered(struct session *session, long offers)
{
    bool password = session->config->password && *session->config->password;

    if (offers & CURLAUTH_BASIC)
        return SESSION_AUTH_ANY;
    if (offers & CURLAUTH_NTLM && password)
        return SESSION_AUTH_NTLM;
    return offers & CURLAUTH_NEGOTIATE ? SESSION_AUTH_NEGOTIATE : SESSION_AUTH_ANY;
}

static bool another_kind(struct link *link, struct login *login)
{
    struct session *session = link->session;
    long offers = 0;

    curl_easy_getinfo(http_handle(link->http), CURLINFO_HTTPAUTH_AVAIL, &offers);
    enum session_auth kind = offered(session, offers);

    if (kind == SESSION_AUTH_ANY)
        return false;
    g_mutex_lock(&session->lock);
    session->auth = kind;
    g_mutex_unlock(&session->lock);
    session_remember(session, "login", kinds[kind].word);
    fill(session, login, kind);
    return true;
}

static bool another_token(struct link *link, struct login *login, struct eas_result *result)
{
    char *old = g_steal_pointer(&login->bearer);
    struct eas_result refreshed = oauth_access(link->session->oauth, link->http, old, &login->bearer);
    bool another = eas_is_served(&refreshed) && strcmp(old, login->bearer) != 0;

    oauth_wipe(old);
    if (!eas_is_served(&refreshed))
        *result = refreshed;
    fill(link->session, login, SESSION_AUTH_OAUTH);
    return another;
}

bool login_again(struct link *link, struct login *login, struct eas_result *result)
{
    enum session_auth kind = kind_of(link->session);

    if (kind == SESSION_AUTH_ANY && another_kind(link, login))
        return true;
    if (kinds[kind].refusal)
        g_strlcpy(result->text, kinds[kind].refusal, sizeof result->text);
    return kind == SESSION_AUTH_OAUTH && another_token(link, login, result);
}

void login_end(struct login *login)
{
    oauth_wipe(login->password);
    oauth_wipe(login->bearer);
}
