#include "cache/server/resolve.h"

#include <glib.h>
#include <string.h>

#include "cache/server/address.h"
#include "cache/server/dns.h"
#include "cache/server/proxy.h"
#include "codec/limits.h"

struct resolve {
    char *server, *proxy;
    struct curl_slist *known; /* "HOST:PORT:ADDRESS,ADDRESS" */
    char *place;              /* "HOST:PORT" */
    gint64 at;                /* monotonic: when it was asked */
};

struct resolve *resolve_new(const char *server, const char *proxy)
{
    struct resolve *resolve = g_new0(struct resolve, 1);

    resolve->server = g_strdup(server);
    resolve->proxy = g_strdup(proxy);
    return resolve;
}

void resolve_free(struct resolve *resolve)
{
    if (!resolve)
        return;
    curl_slist_free_all(resolve->known);
    g_free(resolve->place);
    g_free(resolve->proxy);
    g_free(resolve->server);
    g_free(resolve);
}

/* The host that is connected to, and its port: the proxy's where there is one. */
static bool place_of(const struct resolve *resolve, const char *url, char **host, unsigned *port)
{
    g_autofree char *proxy = proxy_for(resolve->proxy, url);

    return proxy ? proxy_place(proxy, host, port) : address_place(url, host, port);
}

/* A row as CURLOPT_RESOLVE wants it; the caller frees it. */
static char *row_of(const char *place, const GPtrArray *records)
{
    GString *row = g_string_new(place);

    for (guint i = 0; i < records->len; i++) {
        const char *address = ((const struct dns_record *)records->pdata[i])->name;
        bool long_one = strchr(address, ':') != NULL;

        g_string_append_printf(row, "%s%s%s%s", i ? "," : ":", long_one ? "[" : "", address, long_one ? "]" : "");
    }
    return g_string_free(row, FALSE);
}

static CURLcode ask(struct resolve *resolve, const char *host, char *place, bool (*stopped)(void *ctx), void *ctx)
{
    struct dns_question question = {.kind = DNS_ADDRESS, .name = host};
    g_autofree char *row = NULL;

    dns_ask(resolve->server, &question, 1, LIMIT_DNS_MS, stopped, ctx);
    row = question.end == DNS_FOUND ? row_of(place, question.records) : NULL;
    dns_clear(&question, 1);
    g_free(resolve->place);
    resolve->place = row ? place : (g_free(place), NULL);
    if (!row)
        return question.end == DNS_TIMEOUT ? CURLE_OPERATION_TIMEDOUT : CURLE_COULDNT_RESOLVE_HOST;
    curl_slist_free_all(resolve->known);
    resolve->known = curl_slist_append(NULL, row);
    resolve->at = g_get_monotonic_time();
    return CURLE_OK;
}

CURLcode resolve_apply(struct resolve *resolve, CURL *easy, const char *url, bool (*stopped)(void *ctx), void *ctx)
{
    g_autofree char *host = NULL, *place = NULL;
    CURLcode code = CURLE_OK;
    unsigned port = 0;

    if (!resolve->server || !place_of(resolve, url, &host, &port) || g_hostname_is_ip_address(host))
        return CURLE_OK;
    place = g_strdup_printf("%s:%u", host, port);
    if (g_strcmp0(place, resolve->place) != 0 || g_get_monotonic_time() - resolve->at >= LIMIT_DNS_KEEP_MS * 1000LL)
        code = ask(resolve, host, g_steal_pointer(&place), stopped, ctx);
    /* Every time: the connections, and what curl knows with them, may be new ones. */
    if (code == CURLE_OK)
        curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve->known);
    return code;
}
