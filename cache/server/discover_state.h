/* A discovery under way, for the files of it only. */
#ifndef CACHE_SERVER_DISCOVER_STATE_H
#define CACHE_SERVER_DISCOVER_STATE_H

#include "cache/server/discover.h"
#include "cache/server/dns.h"

enum relay_kind { RELAY_NONE, RELAY_EXCHANGE_ONLINE, RELAY_CONSUMER, RELAY_RELAY };

struct hunt {
    const struct discover_config *config;
    struct discovery *found;
    struct tls_trust *trust;
    gint64 until;
    char *email, *domain; /* under way: an answer may name another address */
    GHashTable *allowed;  /* hosts named by authenticated answers, or confirmed */
    GHashTable *refused;  /* hosts the user did not want */
    unsigned hops;        /* redirects and other addresses so far */
    unsigned logins;      /* log-ins refused so far */
    bool asked_password;  /* the callback was called */
    const char *password; /* its answer */
    bool proxied;         /* a proxy looks names up, too: ours may know none outside */
    /* what the name servers say */
    enum relay_kind relay;
    const char *relay_name;
    char *mx;                  /* the first MX; NULL: none */
    GPtrArray *mx_hosts, *srv; /* of struct dns_record; NULL: none */
    enum dns_end mx_end, srv_end;
    /* the fault that tells most, so far */
    int weight;
    enum eas_cause cause;
    char *fault;
    struct eas_result fault_result;
};

/* How much a way's fault tells: the most telling one becomes the result. */
enum hunt_weight {
    WEIGHT_NONE,
    WEIGHT_ABSENT,
    WEIGHT_DOMAIN,
    WEIGHT_MX,
    WEIGHT_REDIRECT,
    WEIGHT_HOST,
    WEIGHT_NAMED,
    WEIGHT_LOGIN
};

/* Keeps a finding, tells the listener, and remembers the most telling fault. */
void hunt_note(struct hunt *hunt, struct finding *finding, enum hunt_weight weight);
/* Milliseconds for the next question, 0 when time is up. */
long hunt_time(const struct hunt *hunt, long most_ms);
/* Whether the password may go to a host of a URL; asks the user where it is another's. */
bool hunt_may_use(struct hunt *hunt, const char *from, const char *host);
/* A host that an authenticated answer named. */
void hunt_allow(struct hunt *hunt, const char *host);

void hunt_probe(struct hunt *hunt, enum probe_method method, const char *url, const char *document, bool login,
                unsigned auths, struct probe_answer *answer);

/* Looks at a URL that something named: true when an ActiveSync server answers there, or an answer was given that only a
 * person can judge; it is the discovery's then. named: the way that named it. */
bool hunt_server(struct hunt *hunt, const char *step, const char *url, enum hunt_weight weight);

/* The ways. Each notes its finding, and returns true when the server was found. */
bool hunt_pox(struct hunt *hunt, const char *step, const char *url, enum hunt_weight weight);
bool hunt_v2(struct hunt *hunt, const char *step);
bool hunt_mx(struct hunt *hunt, const char *step);

/* Whose server an MX names (relays.def). */
enum relay_kind relay_of(const char *mx, const char **name);
/* Whether a host is Exchange Online's own. */
bool hunt_is_exchange_online(const char *host);

#endif
