/* One request to its answer: where it goes, what travels with it, and what becomes of it. */
#include <string.h>

#include "cache/server/address.h"
#include "cache/server/fault.h"
#include "cache/server/login.h"
#include "cache/server/query.h"
#include "cache/server/state.h"
#include "codec/limits.h"

enum { EXPIRY_MOST_DAYS = 10000 };

static bool is_sending(enum eas_command command)
{
    return command == EAS_SEND_MAIL || command == EAS_SMART_REPLY || command == EAS_SMART_FORWARD;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    g_autofree char *line = g_strdup_printf("%s: %s", name, value);

    return curl_slist_append(list, line);
}

/* Before 14.0 a message goes as it is, from then on in a document (MS-ASCMD 2.2.1.17). */
static const char *request_type(const struct call *call, enum eas_version version)
{
    return is_sending(call->command) && version < EAS_14_0 ? "message/rfc822" : "application/vnd.ms-sync.wbxml";
}

static struct curl_slist *call_headers(struct link *link, const struct call *call, const char *policy_key)
{
    enum eas_version version = session_version(link->session);
    struct curl_slist *list = NULL;

    list = curl_slist_append(list, "Expect:");
    list = curl_slist_append(list, "Accept-Language: en");
    if (!call)
        return list;
    list = add_header(list, "MS-ASProtocolVersion", eas_version_text(version));
    if (call->command != EAS_PING)
        list = add_header(list, "X-MS-PolicyKey", policy_key);
    if (call->multipart)
        list = curl_slist_append(list, "MS-ASAcceptMultiPart: T");
    if (call->request && call->request->len)
        return add_header(list, "Content-Type", request_type(call, version));
    return curl_slist_append(list, "Content-Type:");
}

static void note_counts(struct session *session, const struct http_answer *answer)
{
    g_mutex_lock(&session->lock);
    session->counts.requests++;
    session->counts.bytes_in += answer->bytes_in;
    session->counts.bytes_out += answer->bytes_out;
    g_mutex_unlock(&session->lock);
}

/* The first name a server gives itself is kept: it tells kinds of servers apart. */
static void note_server(struct link *link)
{
    const char *version = http_header(link->http, "MS-Server-ActiveSync");
    const char *software = http_header(link->http, "Server");
    g_autofree char *name = NULL;

    if (*session_server_name(link->session) || !version)
        return;
    name = g_strdup_printf("ActiveSync %.40s%s%.60s", version, software ? ", " : "", software ? software : "");
    session_set_text(link->session, &link->session->server_name, name);
    session_remember(link->session, "server-name", name);
}

/* Waits before the nth resend, a little longer each time; an interruption ends it. */
static void pause_before(struct link *link, unsigned resend)
{
    gint64 until = g_get_monotonic_time() + (gint64)(resend - 1) * LIMIT_RESEND_MS * 1000;

    g_mutex_lock(&link->session->lock);
    while (!http_is_interrupted(link->http) && g_cond_wait_until(&link->session->changed, &link->session->lock, until))
        continue;
    g_mutex_unlock(&link->session->lock);
}

static struct http_request request_of(const struct call *call, const char *url, const struct curl_slist *headers)
{
    struct http_request request = {.options = !call, .url = url, .headers = headers, .timeout_ms = LIMIT_ANSWER_MS};

    if (!call)
        return request;
    /* A Ping that was cut tells how long the path holds: nobody may repeat it unseen. */
    request.once = call->once || is_sending(call->command) || call->command == EAS_PING;
    request.body = call->request ? call->request->data : NULL;
    request.length = call->request ? call->request->len : 0;
    request.sink = call->sink;
    request.ctx = call->ctx;
    if (call->timeout_ms)
        request.timeout_ms = call->timeout_ms;
    return request;
}

/* One URL, asked until an answer comes or it may not be asked again. */
static void ask_url(struct link *link, const char *base, const struct call *call, const char *policy_key,
                    const struct login *login, struct http_answer *answer)
{
    struct session *session = link->session;
    g_autofree char *url =
        call ? query_url(base, call->command, session->user, session->device_id, call->query) : g_strdup(base);
    struct curl_slist *headers = call_headers(link, call, policy_key);
    for (unsigned resend = 1;; resend++) {
        struct http_request request = request_of(call, url, headers);

        request.paths = session->paths;
        request.login = &login->http;
        struct trace *trace =
            trace_begin(session->trace, call ? eas_command_name(call->command) : "OPTIONS", link->http, &request);

        http_exchange(link->http, &request, answer);
        trace_end(trace, answer);
        note_counts(session, answer);
        if (request.once || !fault_is_lost(link->http, answer) || resend > LIMIT_HTTP_RETRIES)
            break;
        pause_before(link, resend);
    }
    curl_slist_free_all(headers);
}

/* The header that says where to ask instead, or NULL. */
static const char *redirect_of(struct link *link, int status)
{
    if (status == 451)
        return http_header(link->http, "X-MS-Location");
    if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308)
        return http_header(link->http, "Location");
    return NULL;
}

static void keep_url(struct session *session, const char *url)
{
    session_set_text(session, &session->url, url);
    session_remember(session, "url", url);
}

/* Asks, and follows where the server sends it; 451 and the permanent redirects are kept. */
static struct eas_result ask(struct link *link, struct call *call, const char *policy_key, const struct login *login,
                             struct http_answer *answer)
{
    struct session *session = link->session;
    g_autofree char *url = g_strdup(session_url(session));

    for (unsigned hops = 0;; hops++) {
        ask_url(link, url, call, policy_key, login, answer);
        const char *location = answer->end == HTTP_ANSWERED ? redirect_of(link, answer->status) : NULL;

        if (!location) {
            g_autofree char *host = address_host(url);

            return fault_result(link->http, answer, call ? call->command : EAS_FOLDER_SYNC, host);
        }
        g_autofree char *why = NULL;
        g_autofree char *next = address_follow(url, location, &why);
        struct eas_result refusal = eas_refused(
            EAS_SCOPE_FATAL, 69, "%s", why ? why : "the server sends every request on to another address, without end");

        refusal.http = answer->status;
        refusal.cause = why ? EAS_CAUSE_HTTP_REDIRECT_FOREIGN : EAS_CAUSE_HTTP_REDIRECT_LOOP;
        if (!next || hops >= LIMIT_REDIRECTS || strcmp(next, url) == 0)
            return refusal;
        if (answer->status == 451 || answer->status == 301 || answer->status == 308)
            keep_url(session, next);
        g_free(url);
        url = g_steal_pointer(&next);
    }
}

/* A wrong password is tried once: repeating it locks the account. Everything later is answered from
 * here, until a session with other credentials is made. */
static bool credentials_refused(struct session *session, struct eas_result *result)
{
    g_mutex_lock(&session->lock);
    bool refused = !eas_is_served(&session->credentials);

    if (refused)
        *result = session->credentials;
    g_mutex_unlock(&session->lock);
    return refused;
}

static void note_credentials(struct session *session, const struct http_answer *answer, const struct eas_result *result)
{
    bool refused = result->action == EAS_ACTION_LOGIN;

    if (answer->end != HTTP_ANSWERED && !refused)
        return;
    g_mutex_lock(&session->lock);
    if (refused)
        session->credentials = *result;
    else if (answer->status != 401)
        session->proven = true;
    g_mutex_unlock(&session->lock);
}

/* Days until the password runs out, where the server counts them (X-MS-Credentials-Expire, MS-ASHTTP). */
static void note_expiry(struct link *link)
{
    const char *days = http_header(link->http, "X-MS-Credentials-Expire");

    if (!days || !g_ascii_isdigit(*days))
        return;
    g_mutex_lock(&link->session->lock);
    link->session->expires_days = (int)MIN(g_ascii_strtoull(days, NULL, 10), EXPIRY_MOST_DAYS);
    g_mutex_unlock(&link->session->lock);
}

/* With who asks; a 401 that a new token or another kind of log-in may turn is answered by that, once. */
static struct eas_result ask_as(struct link *link, struct call *call, const char *policy_key,
                                struct http_answer *answer)
{
    struct login login;
    struct eas_result result = login_begin(link, &login);

    if (eas_is_served(&result)) {
        result = ask(link, call, policy_key, &login, answer);
        if (answer->status == 401 && login_again(link, &login, &result))
            result = ask(link, call, policy_key, &login, answer);
        note_server(link);
        note_expiry(link);
    }
    login_end(&login);
    return result;
}

static bool is_proven(struct session *session)
{
    g_mutex_lock(&session->lock);
    bool proven = session->proven;
    g_mutex_unlock(&session->lock);
    return proven;
}

static struct eas_result exchange(struct link *link, struct call *call, const char *policy_key)
{
    struct session *session = link->session;
    struct http_answer answer = {.end = HTTP_FAILED};
    struct eas_result result;
    bool first = !is_proven(session);

    /* Until they are known to be good, only one link tries the credentials at a time. */
    if (http_is_interrupted(link->http) || (first && !session_take_turn(link))) {
        result = eas_unreachable(75, "interrupted");
        result.action = EAS_ACTION_NONE;
        return result;
    }
    if (!credentials_refused(session, &result)) {
        result = ask_as(link, call, policy_key, &answer);
        note_credentials(session, &answer, &result);
        throttle_note(link, &answer);
        if (call) {
            call->empty = answer.empty;
            call->status = answer.document_status;
            call->unsent = answer.unsent;
        }
    }
    if (first)
        session_give_turn(link);
    return result;
}

struct eas_result session_exchange(struct link *link, struct call *call, const char *policy_key)
{
    call->empty = false;
    call->status = 0;
    call->unsent = true; /* until it goes out */
    return exchange(link, call, policy_key);
}

struct eas_result session_options(struct link *link)
{
    return exchange(link, NULL, NULL);
}

struct eas_result session_ask(struct link *link, enum eas_command command, const GByteArray *request,
                              const char *policy_key, struct answer_tree *answer, int *status)
{
    struct call call = {.command = command, .request = request, .sink = &answer_tree_sink, .ctx = answer};
    struct eas_result result = session_exchange(link, &call, policy_key);

    *status = call.status;
    return result;
}
