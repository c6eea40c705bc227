/* The order of the ways, and what becomes of what they find. */
#include <string.h>

#include "cache/server/address.h"
#include "cache/server/discover_state.h"
#include "cache/server/http.h"
#include "cache/server/look.h"
#include "cache/server/proxy.h"
#include "codec/limits.h"

#define POX_PATH "/autodiscover/autodiscover.xml"

/* ---- what every way uses ---- */

void hunt_note(struct hunt *hunt, struct finding *finding, enum hunt_weight weight)
{
    g_ptr_array_add(hunt->found->findings, finding);
    if (hunt->config->step)
        hunt->config->step(hunt->config->ctx, finding);
    if (finding->end == FINDING_OK || (int)weight <= hunt->weight || finding->cause == EAS_NO_CAUSE)
        return;
    hunt->weight = (int)weight;
    hunt->cause = finding->cause;
    g_free(hunt->fault);
    hunt->fault = g_strdup(finding->text);
}

long hunt_time(const struct hunt *hunt, long most_ms)
{
    gint64 left = (hunt->until - g_get_monotonic_time()) / 1000;

    return (long)CLAMP(left, 0, most_ms);
}

void hunt_allow(struct hunt *hunt, const char *host)
{
    g_hash_table_add(hunt->allowed, g_ascii_strdown(host, -1));
}

bool hunt_is_exchange_online(const char *host)
{
    return address_is_within(host, "outlook.com") || address_is_within(host, "office365.com");
}

bool hunt_may_use(struct hunt *hunt, const char *from, const char *host)
{
    g_autofree char *key = g_ascii_strdown(host, -1);

    if (address_is_within(host, hunt->domain) || g_hash_table_contains(hunt->allowed, key))
        return true;
    if (g_hash_table_contains(hunt->refused, key) || !hunt->config->may_follow)
        return false;
    bool wanted = hunt->config->may_follow(hunt->config->ctx, from, host);

    g_hash_table_add(wanted ? hunt->allowed : hunt->refused, g_steal_pointer(&key));
    return wanted;
}

/* The password, asked for when it is first wanted; NULL: there is none. */
static const char *the_password(struct hunt *hunt)
{
    if (hunt->config->session->password)
        return hunt->config->session->password;
    if (!hunt->asked_password && hunt->config->password)
        hunt->password = hunt->config->password(hunt->config->ctx);
    hunt->asked_password = true;
    return hunt->password;
}

static char *the_user(const struct hunt *hunt)
{
    const struct session_config *session = hunt->config->session;

    if (!session->user)
        return g_strdup(hunt->email);
    return session->domain && *session->domain ? g_strdup_printf("%s\\%s", session->domain, session->user)
                                               : g_strdup(session->user);
}

void hunt_probe(struct hunt *hunt, enum probe_method method, const char *url, const char *document, bool login,
                unsigned auths, struct probe_answer *answer)
{
    const char *password = login ? the_password(hunt) : NULL;
    g_autofree char *user = password ? the_user(hunt) : NULL;
    struct probe_question question = {.trust = hunt->trust,
                                      .proxy = hunt->config->session->proxy,
                                      .resolver = hunt->config->session->resolver,
                                      .method = method,
                                      .url = url,
                                      .user = user,
                                      .password = password,
                                      .auths = auths,
                                      .document = document,
                                      .timeout_ms = MAX(hunt_time(hunt, LIMIT_PROBE_MS), 1)};

    probe_ask(&question, answer);
}

/* ---- the server itself ---- */

static void take_server(struct hunt *hunt, const char *step, const char *url, const struct probe_answer *answer,
                        enum hunt_weight weight)
{
    struct discovery *found = hunt->found;
    g_autofree char *host = address_host(url), *auths = probe_auths_text(answer->auths);

    g_free(found->url);
    found->url = g_strdup(url);
    found->auths = answer->auths;
    found->versions = g_strdup(answer->versions);
    found->exchange_online = hunt_is_exchange_online(host);
    hunt_note(hunt,
              finding_new(step, FINDING_OK, EAS_NO_CAUSE, "%s%s%s", url, answer->auths ? "; log-in: " : "",
                          answer->auths ? auths : ""),
              weight);
}

bool hunt_server(struct hunt *hunt, const char *step, const char *url, enum hunt_weight weight)
{
    const struct session_config *session = hunt->config->session;
    struct probe_question how = {
        .trust = hunt->trust, .proxy = session->proxy, .resolver = session->resolver, .timeout_ms = LIMIT_PROBE_MS};
    struct look look;
    bool good;

    look_at(&how, url, hunt->until, &look);
    good = eas_is_served(&look.result);
    if (good) {
        take_server(hunt, step, look.url, &look.answer, weight);
    } else {
        if (!hunt->found->url)
            hunt->found->url = g_strdup(url);
        hunt_note(hunt, finding_of(step, &look.result, EAS_CAUSE_HTTP_HTML), weight);
    }
    look_clear(&look);
    return good;
}

/* ---- the ways ---- */

static bool way_given(struct hunt *hunt, const char *step)
{
    const struct session_config *session = hunt->config->session;
    const char *why = NULL;
    g_autofree char *url = address_url(session->server, session->insecure_http, &why);

    if (url)
        return hunt_server(hunt, step, url, WEIGHT_NAMED);
    g_autofree char *shown = address_shown(session->server);

    hunt_note(hunt, finding_new(step, FINDING_FAULT, EAS_CAUSE_CONFIG, "%s: %s", shown, why), WEIGHT_LOGIN);
    return false;
}

static bool way_v2(struct hunt *hunt, const char *step)
{
    if (hunt->relay == RELAY_EXCHANGE_ONLINE || hunt->relay == RELAY_CONSUMER)
        return hunt_v2(hunt, step);
    hunt_note(hunt, finding_new(step, FINDING_SKIPPED, EAS_NO_CAUSE, "%s is not Exchange Online's", hunt->domain),
              WEIGHT_NONE);
    return false;
}

static bool way_domain(struct hunt *hunt, const char *step)
{
    g_autofree char *url = g_strdup_printf("https://%s" POX_PATH, hunt->domain);

    return hunt_pox(hunt, step, url, WEIGHT_DOMAIN);
}

static bool way_host(struct hunt *hunt, const char *step)
{
    g_autofree char *url = g_strdup_printf("https://autodiscover.%s" POX_PATH, hunt->domain);

    return hunt_pox(hunt, step, url, WEIGHT_HOST);
}

/* A plain GET, without the address and without the password: all that counts is where it points. */
static bool way_redirect(struct hunt *hunt, const char *step)
{
    g_autofree char *url = g_strdup_printf("http://autodiscover.%s" POX_PATH, hunt->domain);
    struct probe_answer answer;
    bool found = false;

    hunt_probe(hunt, PROBE_GET, url, NULL, false, 0, &answer);
    bool points = eas_is_served(&answer.result) && answer.location && answer.status >= 300 && answer.status < 400;

    if (!points) {
        const char *seen = eas_is_served(&answer.result) ? "it does not redirect" : answer.result.text;

        hunt_note(hunt, finding_new(step, FINDING_SKIPPED, EAS_NO_CAUSE, "%s: %s", url, seen), WEIGHT_NONE);
    } else if (!g_str_has_prefix(answer.location, "https://")) {
        hunt_note(hunt,
                  finding_new(step, FINDING_FAULT, EAS_CAUSE_HTTP_REDIRECT_FOREIGN,
                              "%s redirects to where nothing is encrypted: %.200s", url, answer.location),
                  WEIGHT_REDIRECT);
    } else {
        g_autofree char *from = address_host(url), *to = address_host(answer.location);

        if (hunt_is_exchange_online(to))
            found = hunt_v2(hunt, step);
        else if (hunt_may_use(hunt, from, to))
            found = hunt_pox(hunt, step, answer.location, WEIGHT_REDIRECT);
        else
            hunt_note(hunt,
                      finding_new(step, FINDING_FAULT, EAS_CAUSE_HTTP_REDIRECT_FOREIGN,
                                  "%s redirects to another domain: %.200s", url, to),
                      WEIGHT_REDIRECT);
    }
    probe_clear(&answer);
    return found;
}

/* What a name server says is not signed: a host of another domain is asked about first. */
static bool way_srv(struct hunt *hunt, const char *step)
{
    const struct dns_record *record = hunt->srv ? hunt->srv->pdata[0] : NULL;

    if (!record || !*record->name) {
        hunt_note(hunt,
                  finding_new(step, FINDING_SKIPPED, EAS_NO_CAUSE, "_autodiscover._tcp.%s: %s", hunt->domain,
                              dns_end_text(hunt->srv_end)),
                  WEIGHT_NONE);
        return false;
    }
    if (!hunt_may_use(hunt, hunt->domain, record->name)) {
        hunt_note(hunt,
                  finding_new(step, FINDING_FAULT, EAS_CAUSE_HTTP_REDIRECT_FOREIGN,
                              "the SRV record points to another domain: %.200s", record->name),
                  WEIGHT_REDIRECT);
        return false;
    }
    g_autofree char *url = record->port == 443 ? g_strdup_printf("https://%s" POX_PATH, record->name)
                                               : g_strdup_printf("https://%s:%u" POX_PATH, record->name, record->port);

    return hunt_pox(hunt, step, url, WEIGHT_HOST);
}

static const struct {
    const char *step;
    bool (*go)(struct hunt *hunt, const char *step);
} ways[] = {
    {"autodiscover-v2", way_v2},     {"autodiscover-domain", way_domain},
    {"autodiscover-host", way_host}, {"autodiscover-redirect", way_redirect},
    {"autodiscover-srv", way_srv},   {"autodiscover-mx", hunt_mx},
};

/* ---- the whole ---- */

/* Asks for all that the ways may want to know of the domain. False: nobody can be asked, or there is no such domain. */
static bool ask_names(struct hunt *hunt)
{
    g_autofree char *service = g_strdup_printf("_autodiscover._tcp.%s", hunt->domain);
    struct dns_question asked[] = {{.kind = DNS_MX, .name = hunt->domain},
                                   {.kind = DNS_SRV, .name = service},
                                   {.kind = DNS_ADDRESS, .name = hunt->domain}};

    dns_ask(hunt->config->session->resolver, asked, G_N_ELEMENTS(asked), hunt_time(hunt, LIMIT_DNS_MS), NULL, NULL);
    hunt->mx_end = asked[0].end;
    hunt->srv_end = asked[1].end;
    g_clear_pointer(&hunt->mx_hosts, g_ptr_array_unref);
    g_clear_pointer(&hunt->srv, g_ptr_array_unref);
    hunt->mx_hosts = g_steal_pointer(&asked[0].records);
    hunt->srv = g_steal_pointer(&asked[1].records);
    hunt->mx = hunt->mx_hosts ? ((struct dns_record *)hunt->mx_hosts->pdata[0])->name : NULL;
    hunt->relay = hunt->mx ? relay_of(hunt->mx, &hunt->relay_name) : RELAY_NONE;
    dns_clear(asked, G_N_ELEMENTS(asked));
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++)
        if (asked[i].end != asked[0].end)
            return true;
    if (hunt->proxied || (asked[0].end != DNS_TIMEOUT && asked[0].end != DNS_NO_NAME))
        return true;
    hunt_note(hunt,
              finding_new("domain", FINDING_FAULT,
                          asked[0].end == DNS_TIMEOUT ? EAS_CAUSE_DNS_TIMEOUT : EAS_CAUSE_DNS_NXDOMAIN, "%s: %s",
                          hunt->domain, dns_end_text(asked[0].end)),
              WEIGHT_LOGIN);
    return false;
}

/* The part behind the @, in the form name servers know; NULL for what is no address. */
static char *domain_of(const char *email)
{
    const char *at = strrchr(email, '@');

    return at && at != email && at[1] && !strpbrk(at + 1, " /:%?#\\") ? g_hostname_to_ascii(at + 1) : NULL;
}

static bool go_ways(struct hunt *hunt)
{
    for (;;) {
        g_autofree char *email = g_strdup(hunt->email), *there = g_strconcat("https://", hunt->domain, NULL);
        g_autofree char *proxy = proxy_for(hunt->config->session->proxy, there);
        bool found = false;

        hunt->proxied = proxy != NULL;

        if (!ask_names(hunt))
            return false;
        for (size_t i = 0; i < G_N_ELEMENTS(ways) && !found && strcmp(email, hunt->email) == 0; i++) {
            if (hunt_time(hunt, 1) == 0) {
                hunt_note(hunt, finding_new(ways[i].step, FINDING_SKIPPED, EAS_CAUSE_TCP_TIMEOUT, "no time was left"),
                          WEIGHT_ABSENT);
                return false;
            }
            found = ways[i].go(hunt, ways[i].step);
        }
        /* An answer may name another address: everything begins again with it. */
        if (found || strcmp(email, hunt->email) == 0)
            return found;
    }
}

static struct eas_result nothing_found(const struct hunt *hunt)
{
    const struct eas_cause_row *row = eas_cause_row(hunt->cause);

    if (!row)
        return eas_caused(eas_unreachable(76, "no ActiveSync server could be found for %.120s; name it with --server",
                                          hunt->email ? hunt->email : ""),
                          EAS_CAUSE_HTTP_404);
    return eas_caused(eas_unreachable(row->exit_code, "%.140s; %.100s", hunt->fault, row->advice), hunt->cause);
}

static void hunt_go(struct hunt *hunt)
{
    const struct discover_config *config = hunt->config;
    bool found = false;

    if (config->session->server) {
        found = way_given(hunt, "given");
    } else if (!config->email || !(hunt->domain = domain_of(config->email))) {
        hunt_note(hunt,
                  finding_new("given", FINDING_FAULT, EAS_CAUSE_CONFIG, "\"%.200s\" is no e-mail address",
                              config->email ? config->email : ""),
                  WEIGHT_LOGIN);
    } else {
        found = go_ways(hunt);
    }
    hunt->found->email = g_strdup(hunt->email);
    hunt->found->result = found ? eas_served() : nothing_found(hunt);
}

void discover(const struct discover_config *config, struct discovery *discovery)
{
    const struct session_config *session = config->session;
    struct hunt hunt = {.config = config,
                        .found = discovery,
                        .until = config->until ? config->until : g_get_monotonic_time() + LIMIT_DISCOVER_MS * 1000LL,
                        .email = g_strdup(config->email),
                        .allowed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                        .refused = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};

    http_start();
    *discovery = (struct discovery){.result = eas_served(), .findings = g_ptr_array_new_with_free_func(finding_free)};
    hunt.trust =
        tls_trust_new(session->ca_file, session->pins, session->client_cert, session->client_key, &discovery->result);
    if (hunt.trust && session->resolver && !dns_is_resolver(session->resolver)) {
        discovery->result =
            eas_caused(eas_refused(EAS_SCOPE_FATAL, 78, "\"%.80s\" is no address of a name server", session->resolver),
                       EAS_CAUSE_CONFIG);
    } else if (hunt.trust) {
        hunt_go(&hunt);
    }
    tls_trust_free(hunt.trust);
    g_hash_table_unref(hunt.allowed);
    g_hash_table_unref(hunt.refused);
    g_clear_pointer(&hunt.mx_hosts, g_ptr_array_unref);
    g_clear_pointer(&hunt.srv, g_ptr_array_unref);
    g_free(hunt.email);
    g_free(hunt.domain);
    g_free(hunt.fault);
}

void discover_clear(struct discovery *discovery)
{
    g_free(discovery->url);
    g_free(discovery->email);
    g_free(discovery->versions);
    if (discovery->findings)
        g_ptr_array_unref(discovery->findings);
    *discovery = (struct discovery){0};
}
