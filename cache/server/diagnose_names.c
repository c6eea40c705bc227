/* The steps before a connection: the configuration, what the name servers say, and where the server is. */
#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/rand.h>
#include <string.h>

#include "cache/server/address.h"
#include "cache/server/diagnose_state.h"
#include "cache/server/discover.h"
#include "cache/server/discover_state.h"
#include "cache/server/dns.h"
#include "cache/server/proxy.h"
#include "codec/limits.h"

/* ---- config ---- */

void exam_config(struct exam *exam)
{
    const struct session_config *wanted = exam->wanted;
    struct eas_result result = eas_served();
    const char *why = NULL;

    exam->trust = tls_trust_new(wanted->ca_file, wanted->pins, wanted->client_cert, wanted->client_key, &result);
    if (!exam->trust) {
        exam_result(exam, &result, EAS_CAUSE_CONFIG);
        return;
    }
    g_autofree char *shown = address_shown(wanted->server ? wanted->server : "");

    if (wanted->server && !(exam->url = address_url(wanted->server, wanted->insecure_http, &why)))
        exam_fault(exam, EAS_CAUSE_CONFIG, "the server \"%s\" cannot be used: %s", shown, why);
    else if (wanted->resolver && !dns_is_resolver(wanted->resolver))
        exam_fault(exam, EAS_CAUSE_CONFIG, "\"%.80s\" is no address of a name server", wanted->resolver);
    else if (!exam->url && !exam->config->email)
        exam_fault(exam, EAS_CAUSE_CONFIG, "neither an e-mail address nor a server is named");
    else
        exam_ok(exam, "%s", exam->url ? exam->url : exam->config->email);
}

/* ---- dns, mx, srv ---- */

enum { ASK_NAME, ASK_LIE, ASK_MX, ASK_SRV, ASKED };

/* A name that cannot exist (RFC 6761 6.4), new every time. */
static char *impossible_name(void)
{
    unsigned char random[8] = {0};
    GString *name = g_string_new("easfs-");

    RAND_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        g_string_append_printf(name, "%02x", random[i]);
    g_string_append(name, ".invalid");
    return g_string_free(name, FALSE);
}

static bool lists(const struct dns_question *question, const char *address)
{
    for (guint i = 0; question->records && i < question->records->len; i++)
        if (strcmp(((struct dns_record *)question->records->pdata[i])->name, address) == 0)
            return true;
    return false;
}

/* Whether all addresses of a name are those that any name gets, or nobody's. */
static bool is_lie(const struct dns_question *name, const struct dns_question *lie)
{
    for (guint i = 0; name->records && i < name->records->len; i++) {
        const char *address = ((struct dns_record *)name->records->pdata[i])->name;

        if (!lists(lie, address) && strcmp(address, "0.0.0.0") != 0 && strcmp(address, "::") != 0)
            return false;
    }
    return name->records != NULL;
}

static char *addresses(const struct dns_question *question)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; question->records && i < MIN(question->records->len, 4U); i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", ((struct dns_record *)question->records->pdata[i])->name);
    return g_string_free(text, FALSE);
}

/* What the system knows besides its name servers (mDNS, a directory): only that it knows the name. */
static bool system_knows(const struct exam *exam, const char *name)
{
    struct addrinfo *found = NULL;
    bool known = !exam->wanted->resolver && getaddrinfo(name, NULL, NULL, &found) == 0;

    if (found)
        freeaddrinfo(found);
    return known;
}

static void judge_name(struct exam *exam, const char *name, const struct dns_question *asked)
{
    const struct dns_question *question = &asked[ASK_NAME];
    g_autofree char *list = addresses(question);
    bool mail = asked[ASK_MX].end == DNS_FOUND || asked[ASK_SRV].end == DNS_FOUND;

    if (is_lie(question, &asked[ASK_LIE]))
        exam_fault(exam, EAS_CAUSE_DNS_LIES, "the name server gives %s for %.100s, as for any name", list, name);
    else if (question->end == DNS_FOUND)
        exam_ok(exam, "%s: %s%s", name, list,
                asked[ASK_LIE].end == DNS_FOUND ? " (the name server makes up answers for other names)" : "");
    else if (mail || (!exam->url && question->end == DNS_NO_DATA))
        exam_ok(exam, "%s has no address, but exists", name);
    else if (question->end == DNS_TIMEOUT)
        exam_fault(exam, EAS_CAUSE_DNS_TIMEOUT, "%s: %s", name, dns_end_text(question->end));
    else if (system_knows(exam, name))
        exam_ok(exam, "%s is known to this computer", name);
    else if (question->end == DNS_FAILED)
        exam_fault(exam, EAS_CAUSE_DNS_TIMEOUT, "%s: %s", name, dns_end_text(question->end));
    else
        exam_fault(exam, EAS_CAUSE_DNS_NXDOMAIN, "%s: %s", name, dns_end_text(question->end));
}

static void judge_mx(struct exam *exam, const struct dns_question *question)
{
    const struct dns_record *first = question->records ? question->records->pdata[0] : NULL;
    const char *service = NULL;
    enum relay_kind kind = first ? relay_of(first->name, &service) : RELAY_NONE;

    if (!first)
        exam_skip(exam, "%s", dns_end_text(question->end));
    else
        exam_ok(exam, "%s%s%s%s", first->name, service ? ": " : "", service ? service : "",
                kind == RELAY_RELAY ? ", which passes mail on" : "");
}

static void judge_srv(struct exam *exam, const struct dns_question *question)
{
    const struct dns_record *first = question->records ? question->records->pdata[0] : NULL;

    if (first)
        exam_ok(exam, "%s:%u", first->name, first->port);
    else
        exam_skip(exam, "%s", dns_end_text(question->end));
}

static char *email_domain(const struct exam *exam)
{
    const char *at = exam->config->email ? strrchr(exam->config->email, '@') : NULL;

    return at && at[1] ? g_hostname_to_ascii(at + 1) : NULL;
}

/* All at once: what is asked of a server that hangs costs its time-out only once. */
void exam_names(struct exam *exam)
{
    g_autofree char *domain = email_domain(exam), *host = NULL, *impossible = impossible_name();
    g_autofree char *there = domain ? g_strconcat("https://", domain, NULL) : g_strdup("https://invalid");
    g_autofree char *proxy = proxy_for(exam->wanted->proxy, exam->url ? exam->url : there);
    g_autofree char *service = g_strdup_printf("_autodiscover._tcp.%s", domain ? domain : "invalid");
    unsigned port;

    if (exam->url)
        address_place(exam->url, &host, &port);
    const char *name = exam->url ? host : domain;

    if (!name) {
        exam_fault(exam, EAS_CAUSE_CONFIG, "\"%.100s\" is no e-mail address", exam->config->email);
        return;
    }
    struct dns_question asked[ASKED] = {[ASK_NAME] = {.kind = DNS_ADDRESS, .name = name},
                                        [ASK_LIE] = {.kind = DNS_ADDRESS, .name = impossible},
                                        [ASK_MX] = {.kind = DNS_MX, .name = domain ? domain : ""},
                                        [ASK_SRV] = {.kind = DNS_SRV, .name = service}};

    dns_ask(exam->wanted->resolver, asked, domain ? ASKED : ASK_MX, exam_time(exam, LIMIT_DNS_MS), NULL, NULL);
    if (!domain)
        asked[ASK_MX].end = asked[ASK_SRV].end = DNS_NO_NAME;
    if (g_hostname_is_ip_address(name))
        exam_skip(exam, "%s is an address already", name);
    else if (proxy)
        exam_skip(exam, "the proxy looks names up");
    else
        judge_name(exam, name, asked);
    if (domain) {
        exam->step = "mx";
        judge_mx(exam, &asked[ASK_MX]);
        exam->step = "srv";
        judge_srv(exam, &asked[ASK_SRV]);
    }
    dns_clear(asked, domain ? ASKED : ASK_MX);
}

/* ---- discover ---- */

static const char *give_password(void *ctx)
{
    return exam_password(ctx);
}

/* Of several faults on the way the most telling one counts; where the server was found in the end, none does. */
static void retell(struct exam *exam, const struct discovery *found)
{
    bool told = eas_is_served(&found->result);

    for (guint i = 0; i < found->findings->len; i++) {
        const struct finding *seen = found->findings->pdata[i];
        bool fault = !told && seen->end == FINDING_FAULT && seen->cause == found->result.cause;

        told = told || fault;
        exam_note(exam, finding_new(seen->step,
                                    seen->end == FINDING_OK ? FINDING_OK
                                    : fault                 ? FINDING_FAULT
                                                            : FINDING_SKIPPED,
                                    seen->cause, "%s", seen->text));
    }
    if (!told)
        exam_result(exam, &found->result, EAS_CAUSE_HTTP_404);
}

void exam_discover(struct exam *exam)
{
    struct discovery found;
    struct discover_config config = {.email = exam->config->email,
                                     .session = exam->wanted,
                                     .password = give_password,
                                     .ctx = exam,
                                     .until = g_get_monotonic_time() + exam_time(exam, LIMIT_DISCOVER_MS) * 1000LL};

    if (exam->url) {
        exam_skip(exam, "the server is named");
        return;
    }
    discover(&config, &found);
    retell(exam, &found);
    if (eas_is_served(&found.result)) {
        exam->url = g_strdup(found.url);
        exam_ok(exam, "%s", found.url);
        if (!exam->wanted->user)
            exam->wanted->user = g_strdup(found.email);
    }
    discover_clear(&found);
}
