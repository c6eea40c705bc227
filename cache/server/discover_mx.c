/* The older way, as phones went before Autodiscover: who takes the domain's mail, and servers by their usual names near
 * it. Everybody is asked without a password. */
#include <string.h>

#include "cache/server/address.h"
#include "cache/server/discover_state.h"
#include "codec/limits.h"

static const char *const usual[] = {"", "mail.", "webmail.", "owa.", "exchange.", "activesync.", "eas.", "mobile."};

static const struct {
    const char *suffix;
    enum relay_kind kind;
    const char *name;
} relays[] = {
#define RELAY(suffix, kind, name) {suffix, RELAY_##kind, name},
#include "cache/server/relays.def"
#undef RELAY
};

/* The longest suffix decides: a part of a service may be another kind than the whole. */
enum relay_kind relay_of(const char *mx, const char **name)
{
    enum relay_kind kind = RELAY_NONE;
    size_t best = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(relays); i++)
        if (address_is_within(mx, relays[i].suffix) && strlen(relays[i].suffix) > best) {
            best = strlen(relays[i].suffix);
            kind = relays[i].kind;
            *name = relays[i].name;
        }
    return kind;
}

static void add_name(GPtrArray *names, char *name)
{
    if (g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_free(name);
    else
        g_ptr_array_add(names, name);
}

/* Hosts that may be the server, the likeliest first. */
static GPtrArray *candidates(const struct hunt *hunt)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *parent = hunt->mx ? strchr(hunt->mx, '.') : NULL;
    bool own = hunt->mx && hunt->relay == RELAY_NONE;

    if (own)
        add_name(names, g_ascii_strdown(hunt->mx, -1));
    for (size_t i = 0; i < G_N_ELEMENTS(usual); i++)
        add_name(names, g_strconcat(usual[i], hunt->domain, NULL));
    /* "mx1.hosting.example" of a provider: what is beside it, unless that is nobody's in particular. */
    if (own && parent && strchr(parent + 1, '.') && !address_is_within(hunt->domain, parent + 1))
        for (size_t i = 1; i < G_N_ELEMENTS(usual); i++)
            add_name(names, g_strconcat(usual[i], parent + 1, NULL));
    return names;
}

static bool is_hit(const struct probe_answer *answer)
{
    return eas_is_served(&answer->result) && ((answer->status == 401 && (answer->active_sync || answer->auths)) ||
                                              (answer->status == 200 && answer->active_sync));
}

static bool try_host(struct hunt *hunt, const char *step, const char *host)
{
    g_autofree char *url = g_strdup_printf("https://%s/Microsoft-Server-ActiveSync", host);
    struct probe_answer answer;
    bool hit;

    hunt_probe(hunt, PROBE_OPTIONS, url, NULL, false, 0, &answer);
    hit = is_hit(&answer);
    probe_clear(&answer);
    if (!hit)
        return false;
    if (hunt_may_use(hunt, hunt->domain, host))
        return hunt_server(hunt, step, url, WEIGHT_MX);
    hunt_note(hunt,
              finding_new(step, FINDING_FAULT, EAS_CAUSE_HTTP_REDIRECT_FOREIGN,
                          "%s looks like the server, but is of another domain", host),
              WEIGHT_MX);
    return false;
}

static void nothing_found(struct hunt *hunt, const char *step)
{
    if (hunt->relay == RELAY_RELAY)
        hunt_note(hunt,
                  finding_new(step, FINDING_FAULT, EAS_CAUSE_MX_RELAY,
                              "mail for %s is taken by %s (%s), which only passes it on", hunt->domain,
                              hunt->relay_name, hunt->mx),
                  WEIGHT_MX);
    else
        hunt_note(hunt,
                  finding_new(step, FINDING_FAULT, EAS_CAUSE_HTTP_404, "no ActiveSync server is near %s (%s)",
                              hunt->domain, hunt->mx ? hunt->mx : dns_end_text(hunt->mx_end)),
                  WEIGHT_ABSENT);
}

bool hunt_mx(struct hunt *hunt, const char *step)
{
    g_autoptr(GPtrArray) names = candidates(hunt);
    g_autofree struct dns_question *asked = g_new0(struct dns_question, names->len);
    guint before = hunt->found->findings->len;
    bool found = false;

    for (guint i = 0; i < names->len; i++)
        asked[i] = (struct dns_question){.kind = DNS_ADDRESS, .name = names->pdata[i]};
    dns_ask(hunt->config->session->resolver, asked, names->len, hunt_time(hunt, LIMIT_DNS_MS), NULL, NULL);
    for (guint i = 0; i < names->len && !found && hunt_time(hunt, 1) > 0; i++)
        if (asked[i].end == DNS_FOUND || hunt->proxied)
            found = try_host(hunt, step, asked[i].name);
    dns_clear(asked, names->len);
    if (!found && hunt->found->findings->len == before)
        nothing_found(hunt, step);
    return found;
}
