#include "cache/server/state.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "cache/server/address.h"
#include "cache/server/dns.h"

void session_config_free(struct session_config *config)
{
    if (!config)
        return;
    if (config->password)
        OPENSSL_cleanse(config->password, strlen(config->password));
    g_free(config->server);
    g_free(config->user);
    g_free(config->domain);
    g_free(config->password);
    g_free(config->ca_file);
    g_free(config->client_cert);
    g_free(config->client_key);
    g_free(config->proxy);
    g_free(config->trace_dir);
    g_free(config->resolver);
    oauth_config_free(config->oauth);
    if (config->pins)
        g_ptr_array_unref(config->pins);
    g_free(config);
}

void session_set_text(struct session *session, const char **place, const char *text)
{
    g_mutex_lock(&session->lock);
    *place = g_string_chunk_insert_const(session->texts, text);
    g_mutex_unlock(&session->lock);
}

const char *session_get_text(struct session *session, const char *const *place)
{
    g_mutex_lock(&session->lock);
    const char *text = *place;
    g_mutex_unlock(&session->lock);
    return text;
}

char *session_recall(struct session *session, const char *key)
{
    return session->memory.get ? session->memory.get(session->memory.ctx, key) : NULL;
}

void session_remember(struct session *session, const char *key, const char *value)
{
    if (session->memory.set)
        session->memory.set(session->memory.ctx, key, value);
}

/* 32 hexadecimal digits, made once for this replica and kept for ever: to the server a new one is a
 * new device, of which it allows few. */
static void settle_device_id(struct session *session)
{
    g_autofree char *known = session_recall(session, "device-id");
    unsigned char random[16];
    char made[2 * sizeof random + 1];

    if (known && *known && strspn(known, "0123456789abcdef") == strlen(known) && strlen(known) <= 32) {
        session_set_text(session, &session->device_id, known);
        return;
    }
    if (RAND_bytes(random, sizeof random) != 1)
        g_error("no random bytes");
    for (size_t i = 0; i < sizeof random; i++)
        g_snprintf(made + 2 * i, 3, "%02x", random[i]);
    session_set_text(session, &session->device_id, made);
    session_remember(session, "device-id", made);
}

/* Takes the remembered address, unless all that is remembered belongs to another server. */
static void settle_url(struct session *session)
{
    static const char *const learnt[] = {
        "url", "version", "versions", "commands", "policy-key", "policy", "device-information", "server-name", "login"};
    g_autofree char *origin = session_recall(session, "origin");
    g_autofree char *why = NULL, *url = NULL, *allowed = NULL;

    if (g_strcmp0(origin, session->origin) != 0) {
        for (size_t i = 0; origin && i < G_N_ELEMENTS(learnt); i++)
            session_remember(session, learnt[i], NULL);
        session_remember(session, "origin", session->origin);
    }
    url = session_recall(session, "url");
    allowed = url ? address_follow(session->origin, url, &why) : NULL;
    session_set_text(session, &session->url, allowed ? allowed : session->origin);
    if (!allowed)
        session_remember(session, "url", session->origin);
}

static void read_commands(struct session *session)
{
    g_autofree char *known = session_recall(session, "commands");

    session_learn_commands(session, known);
}

static void settle_rest(struct session *session)
{
    g_autofree char *version = session_recall(session, "version");
    g_autofree char *key = session_recall(session, "policy-key");
    g_autofree char *name = session_recall(session, "server-name");
    g_autofree char *introduced = session_recall(session, "device-information");
    const struct session_config *config = session->config;
    g_autofree char *user = config->domain && *config->domain ? g_strdup_printf("%s\\%s", config->domain, config->user)
                                                              : g_strdup(config->user);

    session->version = config->version ? config->version : eas_version_parse(version);
    session->introduced = introduced != NULL;
    session->auth = config->auth ? config->auth : login_recall(session);
    session->expires_days = -1;
    session_set_text(session, &session->user, user);
    session_set_text(session, &session->policy_key, policy_is_key(key) ? key : "0");
    session_set_text(session, &session->server_name, name ? name : "");
    read_commands(session);
}

static void lock_cookies(CURL *easy, curl_lock_data data, curl_lock_access access, void *ctx)
{
    (void)easy, (void)data, (void)access;
    g_mutex_lock(&((struct session *)ctx)->cookie_lock);
}

static void unlock_cookies(CURL *easy, curl_lock_data data, void *ctx)
{
    (void)easy, (void)data;
    g_mutex_unlock(&((struct session *)ctx)->cookie_lock);
}

static void share_cookies(struct session *session)
{
    session->cookies = curl_share_init();
    curl_share_setopt(session->cookies, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
    curl_share_setopt(session->cookies, CURLSHOPT_LOCKFUNC, lock_cookies);
    curl_share_setopt(session->cookies, CURLSHOPT_UNLOCKFUNC, unlock_cookies);
    curl_share_setopt(session->cookies, CURLSHOPT_USERDATA, session);
}

/* Reads the address and the certificates of the configuration. */
static bool settle_config(struct session *session, struct eas_result *result)
{
    const struct session_config *config = session->config;
    const char *why = NULL;
    g_autofree char *origin = address_url(config->server, config->insecure_http, &why);

    if (!origin) {
        g_autofree char *shown = address_shown(config->server ? config->server : "");

        *result = eas_refused(EAS_SCOPE_FATAL, 78, "the server \"%s\" cannot be used: %s", shown, why);
        return false;
    }
    if (!config->user || !*config->user) {
        *result = eas_refused(EAS_SCOPE_FATAL, 78, "no user is named");
        return false;
    }
    if (config->resolver && !dns_is_resolver(config->resolver)) {
        *result = eas_refused(EAS_SCOPE_FATAL, 78, "\"%.80s\" is no address of a name server", config->resolver);
        return false;
    }
    if (config->trace_dir && !(session->trace = trace_dir_new(config->trace_dir))) {
        *result = eas_refused(EAS_SCOPE_FATAL, 78, "nothing can be written to the trace directory %.120s: %s",
                              config->trace_dir, g_strerror(errno));
        return false;
    }
    if (config->auth == SESSION_AUTH_OAUTH && !(session->oauth = oauth_new(config->oauth, result)))
        return false;
    session->trust = tls_trust_new(config->ca_file, config->pins, config->client_cert, config->client_key, result);
    session_set_text(session, &session->origin, origin);
    return session->trust != NULL;
}

struct session *session_new(struct session_config *config, const struct session_memory *memory,
                            struct eas_result *result)
{
    struct session *session = g_new0(struct session, 1);

    http_start();
    *result = eas_served();
    session->paths = paths_new();
    session->config = config;
    session->texts = g_string_chunk_new(256);
    g_mutex_init(&session->lock);
    g_mutex_init(&session->cookie_lock);
    g_cond_init(&session->changed);
    if (memory)
        session->memory = *memory;
    if (!settle_config(session, result)) {
        session_free(session);
        return NULL;
    }
    share_cookies(session);
    settle_device_id(session);
    settle_url(session);
    settle_rest(session);
    return session;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    curl_share_cleanup(session->cookies);
    paths_free(session->paths);
    oauth_free(session->oauth);
    tls_trust_free(session->trust);
    trace_dir_free(session->trace);
    session_config_free(session->config);
    g_string_chunk_free(session->texts);
    g_mutex_clear(&session->lock);
    g_mutex_clear(&session->cookie_lock);
    g_cond_clear(&session->changed);
    g_free(session);
}

struct link *link_new(struct session *session)
{
    struct link *link = g_new0(struct link, 1);
    struct http_settings settings = {.trust = session->trust,
                                     .cookies = session->cookies,
                                     .proxy = session->config->proxy,
                                     .resolver = session->config->resolver,
                                     .user_agent = SESSION_USER_AGENT};

    link->session = session;
    link->http = http_new(&settings);
    return link;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    http_free(link->http);
    g_free(link->announced);
    g_free(link);
}

void link_interrupt(struct link *link)
{
    http_interrupt(link->http);
    g_mutex_lock(&link->session->lock);
    g_cond_broadcast(&link->session->changed);
    g_mutex_unlock(&link->session->lock);
}

void link_reset(struct link *link)
{
    http_reset(link->http);
}

bool session_take_turn(struct link *link)
{
    struct session *session = link->session;
    bool taken = true;

    g_mutex_lock(&session->lock);
    while (link->turns == 0 && session->turn_taken && !http_is_interrupted(link->http))
        g_cond_wait(&session->changed, &session->lock);
    if (link->turns == 0 && session->turn_taken)
        taken = false;
    else {
        session->turn_taken = true;
        link->turns++;
    }
    g_mutex_unlock(&session->lock);
    return taken;
}

void session_give_turn(struct link *link)
{
    struct session *session = link->session;

    g_mutex_lock(&session->lock);
    if (--link->turns == 0) {
        session->turn_taken = false;
        g_cond_broadcast(&session->changed);
    }
    g_mutex_unlock(&session->lock);
}

void session_renew(struct session *session, const char *const *gone)
{
    paths_changed(session->paths, gone);
}

void session_forgive(struct session *session)
{
    g_mutex_lock(&session->lock);
    if (!eas_is_served(&session->credentials)) {
        session->credentials = eas_served();
        session->proven = false;
    }
    g_mutex_unlock(&session->lock);
}

void session_log_in(struct session *session, const char *password)
{
    if (session->oauth)
        oauth_forget(session->oauth);
    g_mutex_lock(&session->lock);
    if (password) {
        char *old = session->config->password;

        session->config->password = g_strdup(password);
        if (old)
            OPENSSL_cleanse(old, strlen(old));
        g_free(old);
    }
    session->expires_days = -1;
    session->credentials = eas_served();
    session->proven = false;
    g_mutex_unlock(&session->lock);
}

char *session_notice(struct session *session)
{
    char *warning = session->oauth ? oauth_warning(session->oauth) : NULL;

    g_mutex_lock(&session->lock);
    int days = session->expires_days;
    g_mutex_unlock(&session->lock);
    if (warning || days < 0)
        return warning;
    return g_strdup_printf("the password runs out %s%.0d%s; change it, then easfs login", days ? "in " : "today", days,
                           days == 1  ? " day"
                           : days > 1 ? " days"
                                      : "");
}

/* The lock is no part of what a const session promises. */
static struct session *lockable(const struct session *session)
{
    return (struct session *)session;
}

enum eas_version session_version(const struct session *session)
{
    g_mutex_lock(&lockable(session)->lock);
    enum eas_version version = session->version;
    g_mutex_unlock(&lockable(session)->lock);
    return version;
}

const char *session_url(const struct session *session)
{
    return session_get_text(lockable(session), &session->url);
}

const char *session_server_name(const struct session *session)
{
    return session_get_text(lockable(session), &session->server_name);
}

const char *session_policy_key(const struct session *session)
{
    return session_get_text(lockable(session), &session->policy_key);
}

bool session_offers(const struct session *session, enum eas_command command)
{
    g_mutex_lock(&lockable(session)->lock);
    bool offers = !session->knows_commands || (session->commands & UINT32_C(1) << command);
    g_mutex_unlock(&lockable(session)->lock);
    return offers;
}

struct session_counts session_counts(const struct session *session)
{
    g_mutex_lock(&lockable(session)->lock);
    struct session_counts counts = session->counts;
    g_mutex_unlock(&lockable(session)->lock);
    return counts;
}
