#include "cache/server/look.h"

#include <string.h>

#include "cache/server/address.h"
#include "codec/limits.h"
#include "codec/wire/status.h"

static void ask(const struct probe_question *how, enum probe_method method, const char *url, gint64 until,
                struct probe_answer *answer)
{
    struct probe_question question = *how;

    question.method = method;
    question.url = url;
    question.user = question.password = NULL;
    question.document = method == PROBE_POST ? "" : NULL;
    question.timeout_ms = CLAMP((until - g_get_monotonic_time()) / 1000, 1, how->timeout_ms);
    probe_ask(&question, answer);
}

/* OPTIONS may be answered by something in front, or not at all: a POST then tells whether ActiveSync is behind it. */
static void ask_server(const struct probe_question *how, const char *url, gint64 until, struct probe_answer *answer)
{
    static const int unsure[] = {400, 403, 404, 405, 500, 501};

    ask(how, PROBE_OPTIONS, url, until, answer);
    for (size_t i = 0; i < G_N_ELEMENTS(unsure); i++) {
        struct probe_answer second;

        if (answer->status != unsure[i])
            continue;
        ask(how, PROBE_POST, url, until, &second);
        bool better = second.status == 401 || second.status == 449;

        probe_clear(better ? answer : &second);
        if (better)
            *answer = second;
        return;
    }
}

static bool is_page(const struct probe_answer *answer)
{
    return g_str_has_prefix(answer->content_type, "text/html");
}

static bool is_server(const struct probe_answer *answer)
{
    if (!eas_is_served(&answer->result))
        return false;
    if (answer->status == 401 || answer->status == 449)
        return true;
    return answer->status == 200 && (answer->active_sync || (answer->body && answer->body->len == 0));
}

static bool is_moved(const struct probe_answer *answer)
{
    return eas_is_served(&answer->result) && answer->location &&
           ((answer->status >= 300 && answer->status < 400) || answer->status == 451);
}

/* What an answer that is no server's is worth. */
static struct eas_result judge(const struct probe_answer *answer, const char *url)
{
    struct eas_result result = eas_http_result(answer->status);

    if (!eas_is_served(&answer->result))
        return answer->result;
    if (answer->status == 200 || (is_page(answer) && answer->status < 400)) {
        result = eas_caused(eas_unreachable(76, "%.160s answers with a web page", url), EAS_CAUSE_HTTP_HTML);
    } else if (answer->reason || answer->retry_after_s > 0) {
        g_autofree char *more = answer->retry_after_s > 0
                                    ? g_strdup_printf("; it asks to wait %ld s", answer->retry_after_s)
                                    : g_strdup("");

        g_snprintf(result.text, sizeof result.text, "HTTP %d%s%s%s", answer->status, answer->reason ? ", " : "",
                   answer->reason ? answer->reason : "", more);
    }
    result.http = answer->status;
    return result;
}

static struct eas_result redirect_fault(enum eas_cause cause, const char *text)
{
    return eas_caused(eas_refused(EAS_SCOPE_FATAL, 69, "%s", text), cause);
}

void look_at(const struct probe_question *how, const char *url, gint64 until, struct look *look)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    *look = (struct look){.url = g_strdup(url)};
    for (;; look->hops++) {
        g_autofree char *why = NULL, *next = NULL;

        g_hash_table_add(seen, g_strdup(look->url));
        ask_server(how, look->url, until, &look->answer);
        if (!is_moved(&look->answer)) {
            look->result = is_server(&look->answer) ? eas_served() : judge(&look->answer, look->url);
            return;
        }
        next = address_follow(look->url, look->answer.location, &why);
        look->redirect_fault = !next || look->hops >= LIMIT_REDIRECTS || g_hash_table_contains(seen, next);
        if (look->redirect_fault) {
            look->result = next ? redirect_fault(EAS_CAUSE_HTTP_REDIRECT_LOOP, "the server redirects in a circle")
                                : redirect_fault(EAS_CAUSE_HTTP_REDIRECT_FOREIGN, why);
            return;
        }
        g_free(look->url);
        look->url = g_steal_pointer(&next);
        probe_clear(&look->answer);
    }
}

void look_clear(struct look *look)
{
    g_free(look->url);
    probe_clear(&look->answer);
    *look = (struct look){0};
}
