/* Questions to the name servers, over c-ares, with a deadline of their own: addresses, MX and SRV. The system's name
 * servers and hosts file, or one name server given by address. */
#ifndef CACHE_SERVER_DNS_H
#define CACHE_SERVER_DNS_H

#include <glib.h>
#include <stdbool.h>

enum dns_kind { DNS_ADDRESS, DNS_MX, DNS_SRV };

enum dns_end {
    DNS_FOUND,
    DNS_NO_NAME, /* the name does not exist (NXDOMAIN) */
    DNS_NO_DATA, /* it exists, without records of the kind */
    DNS_TIMEOUT, /* nobody answered in time */
    DNS_FAILED,  /* an answer that is none: the server fails, refuses, or cannot be read */
};

struct dns_record {
    char *name;        /* a host, without the final dot; of DNS_ADDRESS a numerical address */
    unsigned priority; /* of MX and SRV, the lowest first */
    unsigned weight;   /* of SRV */
    unsigned port;     /* of SRV */
};

struct dns_question {
    enum dns_kind kind;
    const char *name;
    /* the answer */
    enum dns_end end;
    GPtrArray *records; /* of struct dns_record, by priority, at most LIMIT_DNS_RECORDS; NULL unless DNS_FOUND */
};

/* Whether a resolver is "ADDRESS" or "ADDRESS:PORT" ([ADDRESS]:PORT for IPv6), several with commas between. */
bool dns_is_resolver(const char *resolver);

/* Asks all at once; every question has its end when it returns, after timeout_ms at the latest. resolver NULL: the
 * system's. stopped(ctx), where given, is asked ten times a second: true ends it early (DNS_TIMEOUT). A name that is an
 * address is its own answer. Clear the questions after use. */
void dns_ask(const char *resolver, struct dns_question *questions, size_t count, long timeout_ms,
             bool (*stopped)(void *ctx), void *ctx);
void dns_clear(struct dns_question *questions, size_t count);

/* "no such name", for sentences; static. */
const char *dns_end_text(enum dns_end end);

#endif
