#include "cache/server/oauth.h"

#include <string.h>

#include "cache/server/oauth_wire.h"
#include "codec/limits.h"

struct oauth {
    const struct oauth_config *config;
    GMutex lock; /* of all below */
    GCond changed;
    bool refreshing; /* one thread does */
    unsigned tries;  /* refreshes that came to an end */
    struct eas_result last;
    char *access;
    gint64 good_until; /* real time, us; G_MAXINT64: not told */
    char *unsaved;     /* a rotated refresh token that could not be saved */
    char *warning;     /* ... and why not */
    unsigned epoch;    /* grows with every oauth_forget */
};

void oauth_config_free(struct oauth_config *config)
{
    if (!config)
        return;
    if (config->ctx_free)
        config->ctx_free(config->ctx);
    g_free(config->tenant);
    g_free(config->client_id);
    g_free(config->scope);
    g_free(config->device_endpoint);
    g_free(config->token_endpoint);
    g_free(config->token_command);
    g_free(config);
}

struct oauth *oauth_new(const struct oauth_config *config, struct eas_result *result)
{
    struct oauth *oauth;

    if (!oauth_check(config, result))
        return NULL;
    oauth = g_new0(struct oauth, 1);
    oauth->config = config;
    g_mutex_init(&oauth->lock);
    g_cond_init(&oauth->changed);
    return oauth;
}

void oauth_free(struct oauth *oauth)
{
    if (!oauth)
        return;
    oauth_wipe(oauth->access);
    oauth_wipe(oauth->unsaved);
    g_free(oauth->warning);
    g_mutex_clear(&oauth->lock);
    g_cond_clear(&oauth->changed);
    g_free(oauth);
}

void oauth_forget(struct oauth *oauth)
{
    g_mutex_lock(&oauth->lock);
    g_clear_pointer(&oauth->access, oauth_wipe);
    g_clear_pointer(&oauth->unsaved, oauth_wipe);
    g_clear_pointer(&oauth->warning, g_free);
    oauth->epoch++;
    g_mutex_unlock(&oauth->lock);
}

char *oauth_warning(struct oauth *oauth)
{
    g_mutex_lock(&oauth->lock);
    char *warning = g_strdup(oauth->warning);
    g_mutex_unlock(&oauth->lock);
    return warning;
}

/* ---- a new access token ---- */

/* Saved before anything else is done with what came along: whoever loses a rotated token is logged out. */
static void save(struct oauth *oauth, const char *refresh, const char *used)
{
    g_autofree char *why = NULL;

    if (!refresh || (strcmp(refresh, used) == 0 && !oauth->unsaved))
        return;
    bool saved = oauth->config->save(oauth->config->ctx, refresh, &why);

    g_mutex_lock(&oauth->lock);
    oauth_wipe(oauth->unsaved);
    oauth->unsaved = saved ? NULL : g_strdup(refresh);
    g_free(oauth->warning);
    oauth->warning = saved ? NULL : g_strdup_printf("the new log-in could not be kept: %s", why);
    g_mutex_unlock(&oauth->lock);
}

/* One question with a refresh token. */
static struct eas_result ask_with(struct oauth *oauth, struct http *http, const char *refresh,
                                  struct oauth_answer *answer)
{
    const struct oauth_config *config = oauth->config;
    g_autofree char *url = oauth_endpoint(config, config->token_endpoint, "token");
    struct eas_result result =
        oauth_post(http, url, answer, "grant_type", "refresh_token", "client_id", config->client_id, "refresh_token",
                   refresh, "scope", oauth_scope(config), NULL);

    if (eas_is_served(&result) && answer->error)
        result = oauth_refusal(answer);
    else if (eas_is_served(&result) && !answer->access)
        result = eas_unreachable(76, "the issuer of access tokens gives none");
    if (eas_is_served(&result))
        save(oauth, answer->refresh ? answer->refresh : refresh, refresh);
    return result;
}

/* A refusal of a token that another process has rotated meanwhile is none. */
static struct eas_result ask_issuer(struct oauth *oauth, struct http *http, struct oauth_answer *answer)
{
    const struct oauth_config *config = oauth->config;
    g_autofree char *why = NULL, *no_more = NULL;
    char *refresh = oauth->unsaved ? g_strdup(oauth->unsaved) : config->load(config->ctx, &why);
    struct eas_result result;

    if (!refresh)
        return oauth_log_in_again("the log-in cannot be had", why ? why : "there is no refresh token");
    result = ask_with(oauth, http, refresh, answer);
    if (result.action == EAS_ACTION_LOGIN) {
        char *newer = config->load(config->ctx, &no_more);

        if (newer && strcmp(newer, refresh) != 0) {
            oauth_answer_clear(answer);
            result = ask_with(oauth, http, newer, answer);
        }
        oauth_wipe(newer);
    }
    oauth_wipe(refresh);
    return result;
}

/* A little before the end, so that none runs out on its way. */
static gint64 end_of(long expires_s)
{
    long early = MIN(LIMIT_TOKEN_EARLY_S, expires_s / 10);

    return expires_s ? g_get_real_time() + (expires_s - early) * (gint64)G_USEC_PER_SEC : G_MAXINT64;
}

/* Under the lock, which is given up meanwhile. */
static struct eas_result refresh(struct oauth *oauth, struct http *http)
{
    const char *command = oauth->config->token_command;
    struct oauth_answer answer = {0};
    struct eas_result result;
    unsigned epoch = oauth->epoch;

    oauth->refreshing = true;
    g_mutex_unlock(&oauth->lock);
    result = command ? oauth_ask_command(command, &answer) : ask_issuer(oauth, http, &answer);
    g_mutex_lock(&oauth->lock);
    oauth_wipe(oauth->access);
    /* Somebody logged in anew meanwhile: what came is of the old log-in. */
    bool kept = eas_is_served(&result) && epoch == oauth->epoch;

    oauth->access = kept ? g_steal_pointer(&answer.access) : NULL;
    oauth->good_until = end_of(answer.expires_s);
    oauth->last = result;
    oauth->tries++;
    oauth->refreshing = false;
    g_cond_broadcast(&oauth->changed);
    oauth_answer_clear(&answer);
    return result;
}

/* Under the lock. */
static bool is_good(const struct oauth *oauth, const char *refused_one)
{
    return oauth->access && g_get_real_time() < oauth->good_until && g_strcmp0(oauth->access, refused_one) != 0;
}

struct eas_result oauth_access(struct oauth *oauth, struct http *http, const char *refused_one, char **access)
{
    struct eas_result result = eas_served();

    *access = NULL;
    g_mutex_lock(&oauth->lock);
    unsigned tries = oauth->tries;

    while (oauth->refreshing && !http_is_interrupted(http))
        g_cond_wait_until(&oauth->changed, &oauth->lock, g_get_monotonic_time() + LIMIT_INTERRUPT_MS * 1000LL);
    if (oauth->refreshing) {
        result = eas_unreachable(75, "interrupted");
        result.action = EAS_ACTION_NONE;
    } else if (!is_good(oauth, refused_one)) {
        /* Who waited for another's refresh takes its answer, also where that was a no. */
        result = oauth->tries != tries && !oauth->access ? oauth->last : refresh(oauth, http);
    }
    if (eas_is_served(&result) && oauth->access)
        *access = g_strdup(oauth->access);
    else if (eas_is_served(&result))
        result = eas_unreachable(75, "the log-in was made anew meanwhile");
    g_mutex_unlock(&oauth->lock);
    return result;
}
