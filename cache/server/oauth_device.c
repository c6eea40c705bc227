/* The first log-in, in a browser elsewhere (RFC 8628). */
#include <string.h>

#include "cache/server/oauth.h"
#include "cache/server/oauth_wire.h"
#include "codec/limits.h"

static struct eas_result poll_once(const struct oauth_config *config, struct http *http, const char *device_code,
                                   struct oauth_answer *answer)
{
    g_autofree char *url = oauth_endpoint(config, config->token_endpoint, "token");

    return oauth_post(http, url, answer, "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "client_id",
                      config->client_id, "device_code", device_code, NULL);
}

static struct eas_result granted(const struct oauth_config *config, const struct oauth_answer *answer)
{
    g_autofree char *why = NULL;

    if (!answer->refresh)
        return eas_refused(EAS_SCOPE_FATAL, 78,
                           "the issuer gives no refresh token; add offline_access to --oauth-scope, or ask its "
                           "administrator");
    if (!config->save(config->ctx, answer->refresh, &why))
        return eas_refused(EAS_SCOPE_FATAL, 78, "the log-in cannot be kept: %.200s", why ? why : "no reason given");
    return eas_served();
}

/* Asks until there is an answer. A moment without one is none (RFC 8628 3.5). */
static struct eas_result poll_on(const struct oauth_config *config, struct http *http,
                                 const struct oauth_answer *device)
{
    long pause = device->interval_s ? MIN(device->interval_s, LIMIT_DEVICE_PAUSE_S) : LIMIT_DEVICE_USUAL_S;
    long life = device->expires_s ? MIN(device->expires_s, LIMIT_DEVICE_S) : LIMIT_DEVICE_S;
    gint64 until = g_get_monotonic_time() + life * (gint64)G_USEC_PER_SEC;
    struct oauth_answer late = {.error = (char *)"expired_token", .description = (char *)"nobody answered in time"};

    for (;;) {
        struct oauth_answer answer = {0};

        g_usleep((gulong)pause * G_USEC_PER_SEC);
        if (g_get_monotonic_time() > until)
            return oauth_refusal(&late);
        struct eas_result result = poll_once(config, http, device->device_code, &answer);
        bool slower = eas_is_served(&result) && g_strcmp0(answer.error, "slow_down") == 0;
        bool pending = slower || (eas_is_served(&result) && g_strcmp0(answer.error, "authorization_pending") == 0) ||
                       (!eas_is_served(&result) && result.exit_code == 75);

        if (slower)
            pause += LIMIT_DEVICE_SLOWER_S;
        if (eas_is_served(&result) && !pending)
            result = answer.error ? oauth_refusal(&answer) : granted(config, &answer);
        oauth_answer_clear(&answer);
        if (!pending)
            return result;
    }
}

struct eas_result oauth_device_login(const struct oauth_config *config, struct http *http,
                                     void (*show)(void *ctx, const char *url, const char *code), void *ctx)
{
    g_autofree char *url = oauth_endpoint(config, config->device_endpoint, "devicecode");
    struct oauth_answer device = {0};
    struct eas_result result;

    if (!oauth_check(config, &result))
        return result;
    result = oauth_post(http, url, &device, "client_id", config->client_id, "scope", oauth_scope(config), NULL);
    if (eas_is_served(&result) && device.error)
        result = oauth_refusal(&device);
    else if (eas_is_served(&result) && (!device.device_code || !device.user_code || !device.url))
        result = eas_unreachable(76, "the issuer gives no code to log in with");
    if (eas_is_served(&result)) {
        show(ctx, device.url, device.user_code);
        result = poll_on(config, http, &device);
    }
    oauth_answer_clear(&device);
    return result;
}
