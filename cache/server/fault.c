#include "cache/server/fault.h"

#include <errno.h>
#include <string.h>

#include "codec/wire/status.h"

static const struct {
    CURLcode code;
    int exit_code;
    enum eas_cause cause;
    const char *format; /* of the host */
} breaks[] = {
    {CURLE_COULDNT_RESOLVE_HOST, 68, EAS_CAUSE_DNS_NXDOMAIN,
     "the name %.80s is not known; check its spelling and the network"},
    {CURLE_COULDNT_RESOLVE_PROXY, 68, EAS_CAUSE_PROXY_REFUSED,
     "the name of the proxy on the way to %.80s is not known; check --proxy"},
    {CURLE_COULDNT_CONNECT, 75, EAS_CAUSE_TCP_REFUSED, "%.80s does not take connections"},
    {CURLE_OPERATION_TIMEDOUT, 75, EAS_CAUSE_TCP_TIMEOUT,
     "no connection with %.80s was made in time; check the network and any firewall"},
    {CURLE_GOT_NOTHING, 75, EAS_CAUSE_TCP_REFUSED, "%.80s closed the connection without an answer"},
    {CURLE_SEND_ERROR, 75, EAS_CAUSE_TCP_REFUSED, "the connection with %.80s broke while the request was sent"},
    {CURLE_RECV_ERROR, 75, EAS_CAUSE_TCP_REFUSED, "the connection with %.80s broke before the answer was whole"},
    {CURLE_PARTIAL_FILE, 75, EAS_CAUSE_TCP_REFUSED, "the connection with %.80s broke before the answer was whole"},
    {CURLE_BAD_CONTENT_ENCODING, 76, EAS_CAUSE_HTTP_HTML,
     "the answer of %.80s is packed in a way that cannot be unpacked; a proxy may have damaged it"},
    {CURLE_WEIRD_SERVER_REPLY, 76, EAS_CAUSE_HTTP_HTML,
     "%.80s does not answer in HTTP; check the address and the port"},
    {CURLE_UNSUPPORTED_PROTOCOL, 76, EAS_CAUSE_HTTP_HTML,
     "%.80s does not answer in HTTP; check the address and the port"},
    {CURLE_PROXY, 75, EAS_CAUSE_PROXY_REFUSED, "the proxy on the way to %.80s gives no connection; check --proxy"},
};

static bool is_no_connection(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_OPERATION_TIMEDOUT;
}

static struct eas_result broken(struct http *http, CURLcode code, const char *host)
{
    struct eas_result result;
    long error = 0, proxy_status = 0;

    if (tls_explain(http_tls(http), http_handle(http), code, http_words(http), host, &result))
        return result;
    curl_easy_getinfo(http_handle(http), CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (proxy_status == 407)
        return eas_caused(eas_unreachable(77, "the proxy wants a name and a password; give them in --proxy"),
                          EAS_CAUSE_PROXY_AUTH);
    if (proxy_status >= 300)
        return eas_caused(
            eas_unreachable(75, "the proxy gives no connection with %.80s (HTTP %ld)", host, proxy_status),
            EAS_CAUSE_PROXY_REFUSED);
    if (proxy_status == 0 && is_no_connection(code) && http_is_proxied(http))
        return eas_caused(eas_unreachable(75, "the proxy on the way to %.80s does not answer; check --proxy", host),
                          EAS_CAUSE_PROXY_REFUSED);
    curl_easy_getinfo(http_handle(http), CURLINFO_OS_ERRNO, &error);
    if (code == CURLE_COULDNT_CONNECT && error == ECONNREFUSED)
        return eas_caused(eas_unreachable(75, "%.80s refuses connections; check the port, or the server is down", host),
                          EAS_CAUSE_TCP_REFUSED);
    if (code == CURLE_COULDNT_CONNECT && error != 0)
        return eas_caused(eas_unreachable(75, "no connection with %.80s can be made: %s", host, g_strerror((int)error)),
                          error == ETIMEDOUT ? EAS_CAUSE_TCP_TIMEOUT : EAS_CAUSE_TCP_REFUSED);
    for (size_t i = 0; i < G_N_ELEMENTS(breaks); i++)
        if (breaks[i].code == code) {
            const char *format = breaks[i].format;
            g_autofree char *text = g_strdup_printf(format, host);

            return eas_caused(eas_unreachable(breaks[i].exit_code, "%s", text), breaks[i].cause);
        }
    return eas_caused(eas_unreachable(75, "the exchange with %.80s failed: %s", host, curl_easy_strerror(code)),
                      EAS_CAUSE_TCP_REFUSED);
}

/* A document that cannot be read is the fault of one folder or item where the command is about
 * those: the rest of the account goes on. */
static struct eas_result unreadable(enum wbxml_error error, enum eas_command command, const char *host)
{
    struct eas_result result;

    switch (error) {
    case WBXML_STOPPED:
        result = eas_unreachable(70, "the answer was given up in the middle");
        result.action = EAS_ACTION_NONE;
        break;
    case WBXML_TRUNCATED:
        result = eas_unreachable(75, "the answer of %.80s ended in the middle", host);
        break;
    case WBXML_NOT_WBXML:
        return eas_caused(
            eas_unreachable(76, "%.80s does not answer in ActiveSync; check the address, or a proxy answers for it",
                            host),
            EAS_CAUSE_HTTP_HTML);
    default:
        result = eas_unreachable(76, "the answer of %.80s cannot be read: %s", host, wbxml_error_text(error));
    }
    if (command == EAS_SYNC || command == EAS_ITEM_OPERATIONS || command == EAS_GET_ITEM_ESTIMATE)
        result.scope = EAS_SCOPE_FOLDER;
    return result;
}

/* What a header says, fit for a sentence. */
static char *shown(const char *value)
{
    return g_strcanon(g_strndup(value, 60), G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS " ,.-_:/?=", '?');
}

static bool offers_password(struct http *http)
{
    struct curl_header *header;
    bool any = false;

    for (size_t i = 0;
         curl_easy_header(http_handle(http), "WWW-Authenticate", i, CURLH_HEADER, -1, &header) == CURLHE_OK; i++) {
        if (g_ascii_strncasecmp(header->value, "Basic", 5) == 0 || g_ascii_strncasecmp(header->value, "NTLM", 4) == 0)
            return true;
        any = true;
    }
    return !any;
}

static void append_text(struct eas_result *result, const char *words, const char *value)
{
    g_autofree char *visible = shown(value);

    g_strlcat(result->text, words, sizeof result->text);
    g_strlcat(result->text, visible, sizeof result->text);
}

/* What the headers of a refusal add to its sentence. */
static void add_details(struct http *http, struct eas_result *result)
{
    static const struct {
        const char *header, *words;
    } rows[] = {
        {"X-MS-ASThrottle", "; its reason: "},
        {"X-MS-Credential-Service-Url", "; see "},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (http_header(http, rows[i].header))
            append_text(result, rows[i].words, http_header(http, rows[i].header));
    if (result->http == 401 && !offers_password(http))
        append_text(result, "; it takes no password but wants: ", http_header(http, "WWW-Authenticate"));
    if (result->retry_after_s > 0) {
        g_autofree char *seconds = g_strdup_printf("%d s", result->retry_after_s);

        append_text(result, "; it asks to wait ", seconds);
    }
}

/* nginx lets everybody in and then says 400 to who has shown no certificate, or not the right one. */
static bool misses_certificate(struct http *http, const struct http_answer *answer)
{
    const struct tls_watch *tls = http_tls(http);

    return answer->status == 400 && strcmp(answer->content_type, "text/html") == 0 &&
           (tls->wants_certificate || tls_trust_shows_certificate(tls->trust));
}

static struct eas_result no_certificate(const char *host)
{
    struct eas_result result = eas_refused(
        EAS_SCOPE_FATAL, 77,
        "%.80s wants a client certificate and got none, or not the right one; check --client-cert and --client-key",
        host);

    result.action = EAS_ACTION_STOP;
    return eas_caused(result, EAS_CAUSE_TLS_CLIENT_CERT);
}

static struct eas_result answered(struct http *http, const struct http_answer *answer, const char *host)
{
    struct eas_result result = eas_http_result(answer->status);

    if (answer->page)
        result = eas_unreachable(
            76,
            "%.60s answers with a page (%.40s) instead of ActiveSync; a proxy or a network's log-in page "
            "may stand in between, or the address is wrong",
            host, answer->content_type);
    if (answer->page)
        result.cause = EAS_CAUSE_HTTP_HTML;
    if (misses_certificate(http, answer))
        result = no_certificate(host);
    if (result.http == 401 && !offers_password(http))
        result.cause = EAS_CAUSE_AUTH_KIND;
    result.http = answer->status;
    if (eas_is_served(&result))
        return result;
    result.retry_after_s = (int)http_retry_after(http);
    add_details(http, &result);
    return result;
}

struct eas_result fault_result(struct http *http, const struct http_answer *answer, enum eas_command command,
                               const char *host)
{
    struct eas_result result;

    switch (answer->end) {
    case HTTP_ANSWERED:
        return answered(http, answer, host);
    case HTTP_INTERRUPTED:
        result = eas_unreachable(75, "interrupted");
        result.action = EAS_ACTION_NONE;
        return result;
    case HTTP_OUTDATED:
        return eas_unreachable(75, "the network changed while %.80s was to answer", host);
    case HTTP_SILENT:
        return eas_caused(eas_unreachable(75, "%.80s did not answer in time", host), EAS_CAUSE_TCP_TIMEOUT);
    case HTTP_STALLED:
        return eas_caused(eas_unreachable(75, "%.80s stopped in the middle of its answer", host),
                          EAS_CAUSE_TCP_TIMEOUT);
    case HTTP_TOO_LARGE:
        return unreadable(WBXML_TOO_LARGE, command, host);
    case HTTP_DOCUMENT:
        return unreadable(answer->document, command, host);
    default:
        return broken(http, answer->code, host);
    }
}

bool fault_is_lost(struct http *http, const struct http_answer *answer)
{
    struct eas_result ignored;

    if (answer->end == HTTP_OUTDATED)
        return true;
    return answer->end == HTTP_FAILED && !answer->began &&
           (answer->code == CURLE_GOT_NOTHING || answer->code == CURLE_SEND_ERROR ||
            answer->code == CURLE_RECV_ERROR) &&
           !tls_explain(http_tls(http), http_handle(http), answer->code, http_words(http), "", &ignored);
}
