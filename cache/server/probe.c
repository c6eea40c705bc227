#include "cache/server/probe.h"

#include <string.h>

#include "cache/server/address.h"
#include "cache/server/fault.h"
#include "cache/server/state.h"
#include "codec/limits.h"

static const struct {
    const char *word;
    enum probe_auth auth;
} auth_words[] = {
    {"Basic", PROBE_BASIC},
    {"NTLM", PROBE_NTLM},
    {"Negotiate", PROBE_NEGOTIATE},
    {"Bearer", PROBE_BEARER},
};

static unsigned read_auths(struct http *http)
{
    struct curl_header *header;
    unsigned auths = 0;

    for (size_t i = 0;
         curl_easy_header(http_handle(http), "WWW-Authenticate", i, CURLH_HEADER, -1, &header) == CURLHE_OK; i++) {
        unsigned known = 0;

        for (size_t k = 0; k < G_N_ELEMENTS(auth_words); k++)
            if (g_ascii_strncasecmp(header->value, auth_words[k].word, strlen(auth_words[k].word)) == 0)
                known |= auth_words[k].auth;
        auths |= known ? known : PROBE_OTHER;
    }
    return auths;
}

static gint64 read_date(struct http *http)
{
    const char *date = http_header(http, "Date");

    return date ? MAX(curl_getdate(date, NULL), 0) : 0;
}

/* The first header that says why a request was refused. */
static char *read_reason(struct http *http)
{
    static const char *const names[] = {"X-MS-ASThrottle", "X-MS-Credential-Service-Url", "X-MS-Diagnostics"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (http_header(http, names[i]))
            return g_strcanon(g_strndup(http_header(http, names[i]), 120),
                              G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS " ,.-_:/?=;", '?');
    return NULL;
}

static void read_headers(struct http *http, struct probe_answer *answer)
{
    answer->auths = answer->status == 401 ? read_auths(http) : 0;
    answer->versions = g_strdup(http_header(http, "MS-ASProtocolVersions"));
    answer->active_sync = answer->versions || http_header(http, "MS-Server-ActiveSync");
    answer->location = g_strdup(http_header(http, answer->status == 451 ? "X-MS-Location" : "Location"));
    answer->reason = read_reason(http);
    answer->retry_after_s = http_retry_after(http);
    answer->date = read_date(http);
}

static void read_way(struct http *http, struct probe_answer *answer)
{
    double encrypt = 0;
    char *address = NULL;

    curl_easy_getinfo(http_handle(http), CURLINFO_APPCONNECT_TIME, &encrypt);
    curl_easy_getinfo(http_handle(http), CURLINFO_PRIMARY_IP, &address);
    answer->connected = http_is_connected(http);
    answer->encrypted = encrypt > 0;
    answer->address = address && *address ? g_strdup(address) : NULL;
}

/* The kinds curl may try: Basic where it is offered, since it is the plainest, else what there is. */
static long curl_auths(unsigned auths)
{
    if (auths == 0 || auths & PROBE_BASIC)
        return CURLAUTH_BASIC;
    return (auths & PROBE_NTLM ? CURLAUTH_NTLM : 0L) | (auths & PROBE_NEGOTIATE ? CURLAUTH_NEGOTIATE : 0L);
}

static struct http_request request_of(const struct probe_question *question, const struct http_login *login,
                                      const struct curl_slist *headers, GString *body)
{
    return (struct http_request){.options = question->method == PROBE_OPTIONS,
                                 .get = question->method == PROBE_GET,
                                 .any = true,
                                 .once = true,
                                 .url = question->url,
                                 .login = question->password ? login : NULL,
                                 .headers = headers,
                                 .body = question->document,
                                 .length = question->document ? strlen(question->document) : 0,
                                 .until = g_get_monotonic_time() + question->timeout_ms * 1000,
                                 .timeout_ms = question->timeout_ms,
                                 .limit = LIMIT_PROBE_BYTES,
                                 .sink = &answer_text_sink,
                                 .ctx = body};
}

/* With TLS 1.3 a server that misses a certificate may hang up at the first request, as if the network broke. */
static struct eas_result explain(struct http *http, const struct http_answer *raw, const char *host)
{
    struct eas_result result = fault_result(http, raw, EAS_FOLDER_SYNC, host);

    if (http_tls(http)->wants_certificate && result.cause == EAS_CAUSE_TCP_REFUSED)
        result = eas_caused(eas_refused(EAS_SCOPE_FATAL, 77, "%.80s hangs up on who has no client certificate", host),
                            EAS_CAUSE_TLS_CLIENT_CERT);
    return result;
}

void probe_ask(const struct probe_question *question, struct probe_answer *answer)
{
    struct http_settings settings = {.trust = question->trust,
                                     .proxy = question->proxy,
                                     .resolver = question->resolver,
                                     .user_agent = SESSION_USER_AGENT};
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    GString *body = g_string_new(NULL);
    g_autofree char *host = address_host(question->url);
    struct http *http = http_new(&settings);
    struct http_answer raw;

    if (question->method == PROBE_POST)
        headers = curl_slist_append(headers, "Content-Type: text/xml; charset=utf-8");
    struct http_login login = {
        .methods = curl_auths(question->auths), .user = question->user, .password = question->password};
    struct http_request request = request_of(question, &login, headers, body);

    http_exchange(http, &request, &raw);
    *answer = (struct probe_answer){.result = eas_served(), .status = raw.status, .body = body};
    read_way(http, answer);
    answer->content_type = g_strdup(raw.content_type);
    /* A body too long to be anything we look for is cut; its headers still count. */
    if (raw.end == HTTP_TOO_LARGE && raw.status) {
        g_string_free(g_steal_pointer(&answer->body), TRUE);
        raw.end = HTTP_ANSWERED;
    }
    if (raw.end == HTTP_ANSWERED)
        read_headers(http, answer);
    else
        answer->result = explain(http, &raw, host);
    curl_slist_free_all(headers);
    http_free(http);
}

void probe_clear(struct probe_answer *answer)
{
    g_free(answer->address);
    g_free(answer->location);
    g_free(answer->content_type);
    g_free(answer->versions);
    g_free(answer->reason);
    if (answer->body)
        g_string_free(answer->body, TRUE);
    *answer = (struct probe_answer){0};
}

char *probe_auths_text(unsigned auths)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(auth_words); i++)
        if (auths & auth_words[i].auth)
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", auth_words[i].word);
    return g_strdup(text->len ? text->str : "nothing known");
}
