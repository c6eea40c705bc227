#include "cache/server/address.h"

#include <curl/curl.h>
#include <glib.h>
#include <libpsl.h>
#include <string.h>

enum { ADDRESS_SHOWN = 80 };

#define USUAL_PATH "/Microsoft-Server-ActiveSync"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURLU, curl_url_cleanup)

/* A part as a string to be freed with g_free; "" where it is absent. */
static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    char *copy = g_strdup(curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : "");

    curl_free(text);
    return copy;
}

static bool url_is(CURLU *url, CURLUPart part, const char *text)
{
    g_autofree char *value = url_part(url, part);

    return g_ascii_strcasecmp(value, text) == 0;
}

/* An address without a scheme, as a URL. More than one colon outside brackets is an IPv6 address. */
static char *with_scheme(const char *server)
{
    const char *colon = strchr(server, ':');

    if (strstr(server, "://"))
        return g_strdup(server);
    if (colon && strchr(colon + 1, ':') && !strpbrk(server, "[/"))
        return g_strconcat("https://[", server, "]", NULL);
    return g_strconcat("https://", server, NULL);
}

static bool is_printable_ascii(const char *text)
{
    for (; *text; text++)
        if (!g_ascii_isgraph(*text))
            return false;
    return true;
}

/* Curl takes %-sequences in a host for the bytes they stand for. */
static bool has_plain_host(CURLU *url)
{
    g_autofree char *host = url_part(url, CURLUPART_HOST);

    return *host && strspn(host, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._:[]") == strlen(host);
}

/* Gives a URL without a path the usual one, and takes a final slash away. */
static void settle_path(CURLU *url)
{
    g_autofree char *path = url_part(url, CURLUPART_PATH);

    for (size_t length = strlen(path); length > 0 && path[length - 1] == '/'; length--)
        path[length - 1] = '\0';
    curl_url_set(url, CURLUPART_PATH, *path ? path : USUAL_PATH, 0);
}

char *address_url(const char *server, bool insecure_http, const char **why)
{
    g_autofree char *text = g_strstrip(g_strdup(server ? server : ""));
    g_autofree char *full = with_scheme(text);
    g_autoptr(CURLU) url = curl_url();

    *why = NULL;
    if (!*text)
        *why = "no server is named";
    else if (!is_printable_ascii(text))
        *why = "a server's address has only printable ASCII characters";
    else if (curl_url_set(url, CURLUPART_URL, full, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK || !has_plain_host(url))
        *why = "this is neither a host name nor a URL";
    else if (!url_is(url, CURLUPART_USER, "") || !url_is(url, CURLUPART_PASSWORD, ""))
        *why = "user and password do not belong into the address";
    else if (!url_is(url, CURLUPART_QUERY, "") || !url_is(url, CURLUPART_FRAGMENT, ""))
        *why = "the address must end before any \"?\" or \"#\"";
    else if (url_is(url, CURLUPART_SCHEME, "http") && !insecure_http)
        *why = "http:// would send the password in the clear; use https, or --insecure-http";
    else if (!url_is(url, CURLUPART_SCHEME, "http") && !url_is(url, CURLUPART_SCHEME, "https"))
        *why = "only https:// (and http:// with --insecure-http) can be used";
    if (*why)
        return NULL;
    settle_path(url);
    return url_part(url, CURLUPART_URL);
}

bool address_same_owner(const char *from, const char *to)
{
    const psl_ctx_t *list = psl_builtin();
    g_autofree char *old_host = g_ascii_strdown(from, -1);
    g_autofree char *new_host = g_ascii_strdown(to, -1);

    if (strcmp(old_host, new_host) == 0)
        return true;
    if (!list || g_hostname_is_ip_address(old_host) || g_hostname_is_ip_address(new_host))
        return false;
    const char *old_domain = psl_registrable_domain(list, old_host);
    const char *new_domain = psl_registrable_domain(list, new_host);

    return old_domain && new_domain && strcmp(old_domain, new_domain) == 0;
}

char *address_follow(const char *url, const char *location, char **why)
{
    g_autoptr(CURLU) target = curl_url();
    g_autofree char *old_host = address_host(url);

    *why = NULL;
    if (!is_printable_ascii(location) || curl_url_set(target, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_set(target, CURLUPART_URL, location, 0) != CURLUE_OK || !has_plain_host(target)) {
        *why = g_strdup("the server redirects to an address that cannot be read");
        return NULL;
    }
    g_autofree char *new_host = url_part(target, CURLUPART_HOST);
    bool plain_before = g_str_has_prefix(url, "http://");

    if (!url_is(target, CURLUPART_SCHEME, "https") && !(plain_before && url_is(target, CURLUPART_SCHEME, "http")))
        *why =
            g_strdup_printf("the server redirects to %.80s without https; the password was not sent there", new_host);
    else if (!url_is(target, CURLUPART_SCHEME, "https") && g_ascii_strcasecmp(old_host, new_host) != 0)
        *why = g_strdup_printf(
            "the server redirects to another host, %.80s, without https; the password was not sent there", new_host);
    else if (!url_is(target, CURLUPART_USER, "") || !address_same_owner(old_host, new_host))
        *why = g_strdup_printf("%.80s redirects to %.80s, which is not of its domain; the password was not sent there; "
                               "use --server %.80s if you trust it",
                               old_host, new_host, new_host);
    if (*why)
        return NULL;
    curl_url_set(target, CURLUPART_QUERY, NULL, 0);
    curl_url_set(target, CURLUPART_FRAGMENT, NULL, 0);
    settle_path(target);
    return url_part(target, CURLUPART_URL);
}

char *address_shown(const char *server)
{
    const char *at = strrchr(server, '@');
    size_t scheme = strspn(server, G_CSET_a_2_z G_CSET_A_2_Z);

    if (!at)
        return g_strndup(server, ADDRESS_SHOWN);
    scheme = g_str_has_prefix(server + scheme, "://") ? scheme + strlen("://") : 0;
    return g_strdup_printf("%.*s...%.*s", (int)scheme, server, ADDRESS_SHOWN, at);
}

char *address_host(const char *url)
{
    g_autoptr(CURLU) parsed = curl_url();

    if (curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK)
        return g_strdup("");
    return url_part(parsed, CURLUPART_HOST);
}

bool address_place(const char *url, char **host, unsigned *port)
{
    g_autoptr(CURLU) parsed = curl_url();
    char *number = NULL;

    *host = NULL;
    if (curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_PORT, &number, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return false;
    *host = url_part(parsed, CURLUPART_HOST);
    *port = (unsigned)g_ascii_strtoull(number, NULL, 10);
    curl_free(number);
    if (**host == '[') {
        memmove(*host, *host + 1, strlen(*host));
        (*host)[strcspn(*host, "]")] = '\0';
    }
    return **host != '\0';
}

bool address_is_within(const char *host, const char *domain)
{
    size_t length = strlen(host), tail = strlen(domain);

    return tail > 0 && tail <= length && g_ascii_strcasecmp(host + length - tail, domain) == 0 &&
           (tail == length || host[length - tail - 1] == '.');
}
