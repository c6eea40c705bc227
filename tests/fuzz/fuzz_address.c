/* Addresses that people type and redirects that servers send: any bytes, up to the first line feed the
 * one, after it the other. Aborts where a URL comes out that names no scheme of HTTP, holds what would split a
 * request line, is not the same when given again, or leads away from the owner of the host. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cache/server/address.h"
#include "tests/fuzz/fuzz.h"

#define HOME "https://mail.example.org/Microsoft-Server-ActiveSync"

static void demand(bool good)
{
    if (!good)
        abort();
}

static void check_url(const char *url)
{
    demand(g_str_has_prefix(url, "https://") || g_str_has_prefix(url, "http://"));
    for (const char *at = url; *at; at++)
        demand(g_ascii_isgraph(*at));
    demand(!strpbrk(url, "?#"));
}

static void check_address(const char *server)
{
    const char *why = NULL;
    g_autofree char *url = address_url(server, true, &why);
    g_autofree char *secure = address_url(server, false, &why);

    demand(!secure || g_str_has_prefix(secure, "https://"));
    if (!url)
        return;
    check_url(url);
    g_autofree char *again = address_url(url, true, &why);

    demand(again && strcmp(again, url) == 0);
}

static void check_redirect(const char *location)
{
    g_autofree char *why = NULL, *why_again = NULL;
    g_autofree char *url = address_follow(HOME, location, &why);

    demand(!url == !!why);
    if (!url)
        return;
    check_url(url);
    g_autofree char *host = address_host(url);
    g_autofree char *lower = g_ascii_strdown(host, -1);
    g_autofree char *again = address_follow(HOME, url, &why_again);

    demand(g_str_has_prefix(url, "https://"));
    demand(strcmp(lower, "example.org") == 0 || g_str_has_suffix(lower, ".example.org"));
    demand(again && strcmp(again, url) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    g_autofree char *text = g_strndup((const char *)bytes, length);
    char *location = strchr(text, '\n');

    if (location)
        *location++ = '\0';
    check_address(text);
    check_redirect(location ? location : text);
    return 0;
}
