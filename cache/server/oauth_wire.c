#include "cache/server/oauth_wire.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#include "cache/server/address.h"
#include "cache/server/fault.h"
#include "cache/server/oauth.h"
#include "codec/limits.h"

void oauth_wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

void oauth_answer_clear(struct oauth_answer *answer)
{
    oauth_wipe(answer->access);
    oauth_wipe(answer->refresh);
    oauth_wipe(answer->device_code);
    g_free(answer->user_code);
    g_free(answer->url);
    g_free(answer->error);
    g_free(answer->description);
    *answer = (struct oauth_answer){0};
}

/* ---- the form ---- */

static GString *form_of(va_list pairs)
{
    GString *form = g_string_sized_new(LIMIT_TOKEN_BYTES);
    const char *name;

    while ((name = va_arg(pairs, const char *))) {
        const char *value = va_arg(pairs, const char *);

        if (!value)
            continue;
        g_string_append_printf(form, "%s%s=", form->len ? "&" : "", name);
        g_string_append_uri_escaped(form, value, NULL, FALSE);
    }
    return form;
}

static void form_free(GString *form)
{
    explicit_bzero(form->str, form->allocated_len);
    g_string_free(form, TRUE);
}

/* ---- the answer ---- */

/* A secret as it stands, if it can stand in a header. */
static char *token_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    for (const char *at = text; at && *at; at++)
        if (!g_ascii_isgraph(*at))
            return NULL;
    return text && *text && strlen(text) <= LIMIT_TOKEN_BYTES ? g_strdup(text) : NULL;
}

/* Words of the issuer's for a person: one line, no surprises. */
static char *words_of(const json_t *object, const char *key, size_t most)
{
    const char *text = json_string_value(json_object_get(object, key));
    g_autofree char *cut = text ? g_strndup(text, most) : NULL;

    for (char *at = cut; at && *at; at++)
        if (!g_ascii_isprint(*at))
            *at = *at == '\r' || *at == '\n' ? ' ' : '?';
    return cut ? g_strdup(g_strstrip(cut)) : NULL;
}

/* Some issuers write numbers as strings. */
static long seconds_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    double seconds = json_is_string(value) ? g_ascii_strtod(json_string_value(value), NULL) : json_number_value(value);

    /* Not a number is less than nothing, too. */
    return seconds > 0 ? (long)MIN(seconds, (double)LIMIT_TOKEN_LIFE_S) : 0;
}

bool oauth_answer_read(const char *text, size_t length, struct oauth_answer *answer)
{
    json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    bool known = json_is_object(object);

    if (known) {
        answer->access = token_of(object, "access_token");
        answer->refresh = token_of(object, "refresh_token");
        answer->device_code = token_of(object, "device_code");
        answer->user_code = words_of(object, "user_code", 64);
        answer->url = words_of(object, "verification_uri", 200);
        if (!answer->url)
            answer->url = words_of(object, "verification_url", 200);
        answer->expires_s = seconds_of(object, "expires_in");
        answer->interval_s = seconds_of(object, "interval");
        answer->error = words_of(object, "error", 60);
        answer->description = words_of(object, "error_description", 120);
    }
    json_decref(object);
    return known && (answer->error || answer->access || answer->device_code);
}

static struct eas_result not_answered(struct http *http, const struct http_answer *answer, const char *host)
{
    struct eas_result result;

    if (answer->end == HTTP_ANSWERED)
        result = eas_unreachable(answer->status >= 500 || answer->status == 429 ? 75 : 76,
                                 "%.80s, which gives access tokens, answers with HTTP %d instead of one", host,
                                 answer->status);
    else
        result = fault_result(http, answer, EAS_FOLDER_SYNC, host);
    result.retry_after_s = answer->end == HTTP_ANSWERED ? (int)http_retry_after(http) : 0;
    return result;
}

struct eas_result oauth_post(struct http *http, const char *url, struct oauth_answer *answer, ...)
{
    g_autofree char *host = address_host(url);
    GString *text = g_string_sized_new(LIMIT_TOKEN_ANSWER_BYTES + 1);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/x-www-form-urlencoded");
    struct http_answer end;
    struct eas_result result = eas_served();
    va_list pairs;

    va_start(pairs, answer);
    GString *form = form_of(pairs);

    va_end(pairs);
    headers = curl_slist_append(headers, "Accept: application/json");
    struct http_request request = {.any = true,
                                   .once = true,
                                   .grace_ms = LIMIT_TOKEN_GRACE_MS,
                                   .url = url,
                                   .headers = headers,
                                   .body = form->str,
                                   .length = form->len,
                                   .timeout_ms = LIMIT_TOKEN_MS,
                                   .stall_ms = LIMIT_TOKEN_MS,
                                   .limit = LIMIT_TOKEN_ANSWER_BYTES,
                                   .sink = &answer_text_sink,
                                   .ctx = text};

    http_exchange(http, &request, &end);
    if (end.end != HTTP_ANSWERED || end.status >= 500 || end.status == 429 ||
        !oauth_answer_read(text->str, text->len, answer))
        result = not_answered(http, &end, host);
    curl_slist_free_all(headers);
    form_free(form);
    form_free(text);
    return result;
}
