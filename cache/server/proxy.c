#include "cache/server/proxy.h"

#include <curl/curl.h>
#include <glib.h>
#include <string.h>

#include "cache/server/address.h"

enum { PROXY_USUAL_PORT = 1080 };

static const char *first_set(const char *const *names)
{
    for (; *names; names++) {
        const char *value = g_getenv(*names);

        if (value && *value)
            return value;
    }
    return NULL;
}

/* no_proxy lists names, each with all below it; "*" is every host. */
static bool is_excepted(const char *host)
{
    static const char *const names[] = {"no_proxy", "NO_PROXY", NULL};
    const char *list = first_set(names);
    g_auto(GStrv) words = g_strsplit_set(list ? list : "", ", ", -1);
    size_t length = strlen(host);

    for (char **word = words; *word; word++) {
        const char *name = **word == '.' ? *word + 1 : *word;
        size_t tail = strlen(name);

        if (strcmp(name, "*") == 0)
            return true;
        if (tail > 0 && tail <= length && g_ascii_strcasecmp(host + length - tail, name) == 0 &&
            (tail == length || host[length - tail - 1] == '.'))
            return true;
    }
    return false;
}

char *proxy_for(const char *configured, const char *url)
{
    /* HTTP_PROXY in capitals is left out: a CGI's caller can set it. */
    static const char *const secure[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    g_autofree char *host = address_host(url);
    const char *proxy = configured ? configured : first_set(g_str_has_prefix(url, "http://") ? plain : secure);

    return proxy && *proxy && !is_excepted(host) ? g_strdup(proxy) : NULL;
}

static CURLU *parsed(const char *proxy)
{
    g_autofree char *full = strstr(proxy, "://") ? g_strdup(proxy) : g_strconcat("http://", proxy, NULL);
    CURLU *url = curl_url();

    if (curl_url_set(url, CURLUPART_URL, full, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
        return url;
    curl_url_cleanup(url);
    return NULL;
}

bool proxy_place(const char *proxy, char **host, unsigned *port)
{
    CURLU *url = parsed(proxy);
    char *name = NULL, *number = NULL;
    bool known = url && curl_url_get(url, CURLUPART_HOST, &name, 0) == CURLUE_OK;

    /* Curl's own usual port of a proxy is 1080, whatever the scheme says of servers; of https it is 443. */
    *port = url && curl_url_get(url, CURLUPART_PORT, &number, 0) == CURLUE_OK
                ? (unsigned)g_ascii_strtoull(number, NULL, 10)
                : (g_str_has_prefix(proxy, "https://") ? 443 : PROXY_USUAL_PORT);
    *host = known ? g_strdup(name) : NULL;
    curl_free(name);
    curl_free(number);
    curl_url_cleanup(url);
    return known;
}

char *proxy_shown(const char *proxy)
{
    char *host = NULL;
    unsigned port = 0;
    char *shown = proxy_place(proxy, &host, &port) ? g_strdup_printf("%.200s:%u", host, port) : g_strdup("");

    g_free(host);
    return shown;
}
