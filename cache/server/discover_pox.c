/* Autodiscover itself: the document that is posted, redirects and log-ins on the way, and version 2. */
#include <string.h>

#include "cache/server/address.h"
#include "cache/server/discover_state.h"
#include "codec/limits.h"
#include "codec/wire/autodiscover.h"
#include "codec/wire/status.h"

#define V2_HOST "outlook.office365.com"
#define ONLINE_PATH "/Microsoft-Server-ActiveSync"
#define CONSUMER_URL "https://eas.outlook.com" ONLINE_PATH

/* One way's asking: where it is, and where it has been. */
struct walk {
    struct hunt *hunt;
    const char *step;
    enum hunt_weight weight;
    char *url;
    GHashTable *seen; /* URLs */
    bool logged_in;   /* the answer in hand was given to the password */
};

enum walk_end { WALK_ON, WALK_FOUND, WALK_OVER };

static enum walk_end over(struct walk *walk, struct finding *finding, enum hunt_weight weight)
{
    hunt_note(walk->hunt, finding, weight);
    return WALK_OVER;
}

static enum walk_end fault(struct walk *walk, enum eas_cause cause, const char *text)
{
    return over(walk, finding_new(walk->step, FINDING_FAULT, cause, "%s: %s", walk->url, text), walk->weight);
}

static enum walk_end nothing(struct walk *walk, const char *text)
{
    return over(walk, finding_new(walk->step, FINDING_SKIPPED, EAS_NO_CAUSE, "%s: %s", walk->url, text), WEIGHT_NONE);
}

/* Goes on at a URL, which came from outside: only https, only to where the password may go. */
static enum walk_end go_to(struct walk *walk, const char *location)
{
    g_autofree char *from = address_host(walk->url);
    CURLU *parsed = curl_url();
    char *text = NULL;
    bool good = curl_url_set(parsed, CURLUPART_URL, walk->url, 0) == CURLUE_OK &&
                curl_url_set(parsed, CURLUPART_URL, location, 0) == CURLUE_OK &&
                curl_url_get(parsed, CURLUPART_URL, &text, 0) == CURLUE_OK;
    g_autofree char *next = good ? g_strdup(text) : NULL;
    g_autofree char *to = good ? address_host(next) : NULL;

    curl_free(text);
    curl_url_cleanup(parsed);
    if (!next || !g_str_has_prefix(next, "https://") || strchr(next, '@'))
        return fault(walk, EAS_CAUSE_HTTP_REDIRECT_FOREIGN,
                     next ? "it redirects to where nothing is encrypted" : "it redirects to what is no address");
    if (walk->hunt->hops++ >= LIMIT_DISCOVER_HOPS || g_hash_table_contains(walk->seen, next))
        return fault(walk, EAS_CAUSE_HTTP_REDIRECT_LOOP, "it redirects in a circle");
    if (!hunt_may_use(walk->hunt, from, to)) {
        if (hunt_is_exchange_online(to))
            return hunt_v2(walk->hunt, walk->step) ? WALK_FOUND : WALK_OVER;
        g_autofree char *words = g_strdup_printf("it redirects to another domain, %.200s", to);

        return fault(walk, EAS_CAUSE_HTTP_REDIRECT_FOREIGN, words);
    }
    g_hash_table_add(walk->seen, g_strdup(next));
    g_free(walk->url);
    walk->url = g_steal_pointer(&next);
    return WALK_ON;
}

/* A server that an answer names. What was said to the password, or by the domain's own host, is believed. */
static enum walk_end take_server(struct walk *walk, const char *named)
{
    const char *why = NULL;
    g_autofree char *url = address_url(named, false, &why);
    g_autofree char *from = address_host(walk->url), *to = url ? address_host(url) : NULL;

    if (!url)
        return fault(walk, EAS_CAUSE_HTTP_REDIRECT_FOREIGN, why);
    if (walk->logged_in)
        hunt_allow(walk->hunt, to);
    if (!hunt_is_exchange_online(to) && !hunt_may_use(walk->hunt, from, to)) {
        g_autofree char *words = g_strdup_printf("it names a server of another domain, %.200s", to);

        return fault(walk, EAS_CAUSE_HTTP_REDIRECT_FOREIGN, words);
    }
    return hunt_server(walk->hunt, walk->step, url, walk->weight) ? WALK_FOUND : WALK_OVER;
}

/* Another address: everything begins again with it. Its domain is as good as the answer that named it. */
static enum walk_end take_address(struct walk *walk, const char *address)
{
    struct hunt *hunt = walk->hunt;
    const char *at = strrchr(address, '@');
    g_autofree char *domain = at && at[1] && !strpbrk(at + 1, " /:%?#\\@") ? g_hostname_to_ascii(at + 1) : NULL;
    g_autofree char *from = address_host(walk->url);

    if (!domain || at == address)
        return fault(walk, EAS_CAUSE_HTTP_HTML, "it names what is no address");
    if (hunt->hops++ >= LIMIT_DISCOVER_HOPS || g_ascii_strcasecmp(address, hunt->email) == 0)
        return fault(walk, EAS_CAUSE_HTTP_REDIRECT_LOOP, "it sends from address to address in a circle");
    if (!walk->logged_in && !hunt_may_use(hunt, from, domain))
        return fault(walk, EAS_CAUSE_HTTP_REDIRECT_FOREIGN, "it names an address of another domain");
    hunt_note(hunt, finding_new(walk->step, FINDING_OK, EAS_NO_CAUSE, "%s: go on with %.200s", walk->url, address),
              WEIGHT_NONE);
    g_free(hunt->email);
    hunt->email = g_strdup(address);
    g_free(hunt->domain);
    hunt->domain = g_steal_pointer(&domain);
    return WALK_OVER;
}

static enum walk_end take_document(struct walk *walk, const struct autodiscover *said)
{
    g_autofree char *words = NULL;

    switch (said->kind) {
    case AUTODISCOVER_SERVER:
        return take_server(walk, said->url);
    case AUTODISCOVER_ADDRESS:
        return take_address(walk, said->address);
    case AUTODISCOVER_URL:
        return go_to(walk, said->url);
    case AUTODISCOVER_ERROR:
        words = g_strdup_printf("it says no%s%s", said->why ? ": " : "", said->why ? said->why : "");
        return fault(walk, EAS_CAUSE_HTTP_404, words);
    case AUTODISCOVER_OTHER:
        return fault(walk, EAS_CAUSE_HTTP_404, "its document names no ActiveSync server");
    default:
        words = g_strdup_printf("its document cannot be read: %s", said->why);
        return fault(walk, EAS_CAUSE_HTTP_HTML, words);
    }
}

static enum walk_end take_200(struct walk *walk, const struct probe_answer *answer)
{
    struct autodiscover said = {0};
    enum walk_end end;

    if (!answer->body)
        return fault(walk, EAS_CAUSE_HTTP_HTML, "its document is too long");
    if (g_str_has_prefix(answer->content_type, "text/html"))
        return over(walk,
                    finding_new(walk->step, FINDING_SKIPPED, EAS_CAUSE_HTTP_HTML, "%s: a web page answers", walk->url),
                    WEIGHT_ABSENT);
    autodiscover_read(answer->body->str, answer->body->len, &said);
    end = take_document(walk, &said);
    autodiscover_clear(&said);
    return end;
}

static enum walk_end take_answer(struct walk *walk, const struct probe_answer *answer);
static enum walk_end unreached(struct walk *walk, const struct eas_result *result);

/* The server wants a log-in. */
static enum walk_end log_in(struct walk *walk, unsigned auths)
{
    struct hunt *hunt = walk->hunt;
    g_autofree char *document = autodiscover_request(hunt->email);
    struct probe_answer answer;
    enum walk_end end;

    if (auths && !(auths & (PROBE_BASIC | PROBE_NTLM | PROBE_NEGOTIATE)))
        return over(
            walk, finding_new(walk->step, FINDING_SKIPPED, EAS_CAUSE_AUTH_KIND, "%s: it takes no password", walk->url),
            walk->weight);
    if (hunt->logins >= LIMIT_DISCOVER_LOGINS)
        return nothing(walk, "the password was refused elsewhere and is not tried again");
    hunt_probe(hunt, PROBE_POST, walk->url, document, true, auths, &answer);
    if (!eas_is_served(&answer.result)) {
        end = unreached(walk, &answer.result);
    } else if (answer.status == 401) {
        bool tried = hunt->config->session->password || hunt->password;

        if (tried)
            hunt->logins++;
        end = tried ? over(walk,
                           finding_new(walk->step, FINDING_FAULT, EAS_CAUSE_AUTH_WRONG, "%s: the password is refused",
                                       walk->url),
                           WEIGHT_LOGIN)
                    : nothing(walk, "it wants a log-in, and no password was given");
    } else {
        walk->logged_in = true;
        end = take_answer(walk, &answer);
        walk->logged_in = false;
    }
    probe_clear(&answer);
    return end;
}

static enum walk_end take_answer(struct walk *walk, const struct probe_answer *answer)
{
    g_autofree char *words = NULL;

    if (answer->status == 200)
        return take_200(walk, answer);
    if (answer->location && answer->status >= 300 && (answer->status < 400 || answer->status == 451))
        return go_to(walk, answer->location);
    words = g_strdup_printf("HTTP %d%s%s", answer->status, answer->reason ? ", " : "",
                            answer->reason ? answer->reason : "");
    struct eas_result result = eas_http_result(answer->status);

    return result.cause == EAS_CAUSE_HTTP_404 || answer->status == 403 ? nothing(walk, words)
                                                                       : fault(walk, result.cause, words);
}

/* Where a host has no such name, or takes no connection, this way does not exist; anything else is a fault of it. */
static enum walk_end unreached(struct walk *walk, const struct eas_result *result)
{
    if (result->cause == EAS_CAUSE_DNS_NXDOMAIN || result->cause == EAS_CAUSE_TCP_REFUSED)
        return over(walk, finding_new(walk->step, FINDING_SKIPPED, result->cause, "%s: %s", walk->url, result->text),
                    result->cause == EAS_CAUSE_TCP_REFUSED ? WEIGHT_ABSENT : WEIGHT_NONE);
    return over(walk, finding_of(walk->step, result, EAS_CAUSE_TCP_TIMEOUT), walk->weight);
}

bool hunt_pox(struct hunt *hunt, const char *step, const char *url, enum hunt_weight weight)
{
    struct walk walk = {.hunt = hunt,
                        .step = step,
                        .weight = weight,
                        .url = g_strdup(url),
                        .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    enum walk_end end = WALK_ON;

    g_hash_table_add(walk.seen, g_strdup(url));
    while (end == WALK_ON) {
        g_autofree char *document = autodiscover_request(hunt->email);
        struct probe_answer answer;

        hunt_probe(hunt, PROBE_POST, walk.url, document, false, 0, &answer);
        if (!eas_is_served(&answer.result))
            end = unreached(&walk, &answer.result);
        else if (answer.status == 401)
            end = log_in(&walk, answer.auths);
        else
            end = take_answer(&walk, &answer);
        probe_clear(&answer);
    }
    g_hash_table_unref(walk.seen);
    g_free(walk.url);
    return end == WALK_FOUND;
}

/* Asks version 2, and where Microsoft's service sends on within itself. */
static void ask_v2(struct hunt *hunt, struct probe_answer *answer)
{
    g_autofree char *escaped = g_uri_escape_string(hunt->email, "@", FALSE);
    g_autofree char *url =
        g_strdup_printf("https://" V2_HOST "/autodiscover/autodiscover.json/v1.0/%s?Protocol=ActiveSync", escaped);

    for (unsigned hop = 0;; hop++) {
        hunt_probe(hunt, PROBE_GET, url, NULL, false, 0, answer);
        g_autofree char *host = answer->location ? address_host(answer->location) : NULL;

        if (!eas_is_served(&answer->result) || answer->status < 300 || answer->status >= 400 ||
            hop >= LIMIT_REDIRECTS || !host || !g_str_has_prefix(answer->location, "https://") ||
            !hunt_is_exchange_online(host))
            return;
        g_free(url);
        url = g_strdup(answer->location);
        probe_clear(answer);
    }
}

/* Version 2 needs no log-in. Only Microsoft's own service is asked, and only for addresses whose mail it takes, or
 * whose domain points there. */
bool hunt_v2(struct hunt *hunt, const char *step)
{
    struct autodiscover said = {0};
    struct probe_answer answer;
    bool found = false;

    if (hunt->relay == RELAY_CONSUMER)
        return hunt_server(hunt, step, CONSUMER_URL, WEIGHT_HOST);
    ask_v2(hunt, &answer);
    if (eas_is_served(&answer.result) && answer.status == 200 && answer.body)
        autodiscover_read_json(answer.body->str, answer.body->len, &said);
    const char *why = NULL;
    g_autofree char *server = said.url ? address_url(said.url, false, &why) : NULL;
    g_autofree char *host = server ? address_host(server) : NULL;

    if (!eas_is_served(&answer.result))
        hunt_note(hunt, finding_of(step, &answer.result, EAS_CAUSE_TCP_TIMEOUT), WEIGHT_HOST);
    else if (host && (hunt_is_exchange_online(host) || hunt_may_use(hunt, V2_HOST, host)))
        found = hunt_server(hunt, step, server, WEIGHT_HOST);
    else if (host)
        hunt_note(hunt,
                  finding_new(step, FINDING_FAULT, EAS_CAUSE_HTTP_REDIRECT_FOREIGN,
                              V2_HOST " names a server of another domain, %.200s", host),
                  WEIGHT_HOST);
    else
        hunt_note(hunt,
                  finding_new(step, FINDING_FAULT, EAS_CAUSE_HTTP_404, V2_HOST " does not know %.200s%s%s", hunt->email,
                              said.why ? ": " : "", said.why ? said.why : ""),
                  WEIGHT_HOST);
    autodiscover_clear(&said);
    probe_clear(&answer);
    return found;
}
