#include "cache/server/dns.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>

#include "codec/limits.h"

enum { DNS_TRIES = 3, DNS_SLICE_MS = 100 };

struct asking {
    struct dns_question *question;
    unsigned *open; /* questions without an end */
};

static const struct {
    int status;
    enum dns_end end;
} ends[] = {
    {ARES_SUCCESS, DNS_FOUND},        {ARES_ENOTFOUND, DNS_NO_NAME},    {ARES_ENODATA, DNS_NO_DATA},
    {ARES_ETIMEOUT, DNS_TIMEOUT},     {ARES_ECONNREFUSED, DNS_TIMEOUT}, {ARES_ECANCELLED, DNS_TIMEOUT},
    {ARES_EDESTRUCTION, DNS_TIMEOUT},
};

static enum dns_end end_of(int status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
        if (ends[i].status == status)
            return ends[i].end;
    return DNS_FAILED;
}

static void record_free(void *data)
{
    struct dns_record *record = data;

    g_free(record->name);
    g_free(record);
}

static struct dns_record *record_add(struct dns_question *question, const char *name)
{
    struct dns_record *record = g_new0(struct dns_record, 1);
    size_t length = strlen(name);

    record->name = g_strndup(name, length > 0 && name[length - 1] == '.' ? length - 1 : length);
    if (!question->records)
        question->records = g_ptr_array_new_with_free_func(record_free);
    if (question->records->len < LIMIT_DNS_RECORDS)
        g_ptr_array_add(question->records, record);
    else
        g_clear_pointer(&record, record_free);
    return record;
}

static void end_with(struct asking *asking, int status)
{
    struct dns_question *question = asking->question;

    question->end = end_of(status);
    if (question->end == DNS_FOUND && !question->records)
        question->end = DNS_NO_DATA;
    --*asking->open;
}

static void on_address(void *ctx, int status, int timeouts, struct ares_addrinfo *found)
{
    struct asking *asking = ctx;
    char text[INET6_ADDRSTRLEN];

    (void)timeouts;
    for (struct ares_addrinfo_node *node = found ? found->nodes : NULL; node; node = node->ai_next) {
        const void *address = node->ai_family == AF_INET
                                  ? (const void *)&((const struct sockaddr_in *)node->ai_addr)->sin_addr
                                  : (const void *)&((const struct sockaddr_in6 *)node->ai_addr)->sin6_addr;

        if (inet_ntop(node->ai_family, address, text, sizeof text))
            record_add(asking->question, text);
    }
    if (found)
        ares_freeaddrinfo(found);
    end_with(asking, status);
}

static int read_mx(struct dns_question *question, const unsigned char *bytes, int length)
{
    struct ares_mx_reply *list = NULL;
    int status = ares_parse_mx_reply(bytes, length, &list);

    for (struct ares_mx_reply *row = list; row; row = row->next) {
        struct dns_record *record = record_add(question, row->host);

        if (record)
            record->priority = row->priority;
    }
    ares_free_data(list);
    return status;
}

static int read_srv(struct dns_question *question, const unsigned char *bytes, int length)
{
    struct ares_srv_reply *list = NULL;
    int status = ares_parse_srv_reply(bytes, length, &list);

    for (struct ares_srv_reply *row = list; row; row = row->next) {
        struct dns_record *record = record_add(question, row->host);

        if (record) {
            record->priority = row->priority;
            record->weight = row->weight;
            record->port = row->port;
        }
    }
    ares_free_data(list);
    return status;
}

static int by_priority(const void *left, const void *right)
{
    const struct dns_record *a = *(struct dns_record *const *)left, *b = *(struct dns_record *const *)right;

    if (a->priority != b->priority)
        return a->priority < b->priority ? -1 : 1;
    return a->weight > b->weight ? -1 : a->weight < b->weight;
}

static void on_records(void *ctx, int status, int timeouts, unsigned char *bytes, int length)
{
    struct asking *asking = ctx;
    struct dns_question *question = asking->question;

    (void)timeouts;
    if (status == ARES_SUCCESS)
        status = question->kind == DNS_MX ? read_mx(question, bytes, length) : read_srv(question, bytes, length);
    if (question->records)
        g_ptr_array_sort(question->records, by_priority);
    end_with(asking, status);
}

static ares_channel channel_new(const char *resolver, long timeout_ms, bool search)
{
    struct ares_options options = {.flags = search ? 0 : ARES_FLAG_NOSEARCH,
                                   .timeout = (int)MAX(timeout_ms / DNS_TRIES, DNS_SLICE_MS),
                                   .tries = DNS_TRIES};
    ares_channel channel = NULL;

    if (ares_init_options(&channel, &options, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS)
        return NULL;
    if (resolver && ares_set_servers_ports_csv(channel, resolver) != ARES_SUCCESS)
        g_clear_pointer(&channel, ares_destroy);
    return channel;
}

/* One round of waiting and reading, DNS_SLICE_MS at most. */
static void drive(ares_channel channel)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct pollfd polled[ARES_GETSOCK_MAXNUM];
    /* Its own macros shift into the sign. */
    unsigned mask = (unsigned)ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
    nfds_t count = 0;

    for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
        short events = (short)((mask >> i & 1 ? POLLIN : 0) | (mask >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));

        if (events)
            polled[count++] = (struct pollfd){.fd = sockets[i], .events = events};
    }
    poll(polled, count, DNS_SLICE_MS);
    if (count == 0)
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (nfds_t i = 0; i < count; i++)
        ares_process_fd(channel, polled[i].revents & ~POLLOUT ? polled[i].fd : ARES_SOCKET_BAD,
                        polled[i].revents & POLLOUT ? polled[i].fd : ARES_SOCKET_BAD);
}

static void ask_one(ares_channel channel, struct asking *asking)
{
    static const struct ares_addrinfo_hints any = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    const struct dns_question *question = asking->question;

    if (question->kind == DNS_ADDRESS)
        ares_getaddrinfo(channel, question->name, NULL, &any, on_address, asking);
    else
        ares_query(channel, question->name, C_IN, question->kind == DNS_MX ? T_MX : T_SRV, on_records, asking);
}

/* The domains that the system adds are for names without a dot; else one of them may own a wildcard. */
static bool has_short_name(const struct dns_question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strchr(questions[i].name, '.'))
            return true;
    return false;
}

void dns_ask(const char *resolver, struct dns_question *questions, size_t count, long timeout_ms,
             bool (*stopped)(void *ctx), void *ctx)
{
    gint64 until = g_get_monotonic_time() + timeout_ms * 1000;
    g_autofree struct asking *askings = g_new0(struct asking, count);
    unsigned open = 0;
    ares_channel channel = channel_new(resolver, timeout_ms, has_short_name(questions, count));

    for (size_t i = 0; i < count; i++) {
        askings[i] = (struct asking){&questions[i], &open};
        questions[i].end = DNS_FAILED;
        questions[i].records = NULL;
        if (questions[i].kind == DNS_ADDRESS && g_hostname_is_ip_address(questions[i].name)) {
            record_add(&questions[i], questions[i].name);
            questions[i].end = DNS_FOUND;
        } else if (channel) {
            open++;
            ask_one(channel, &askings[i]);
        }
    }
    while (open > 0 && g_get_monotonic_time() < until && !(stopped && stopped(ctx)))
        drive(channel);
    /* What is open ends here, as timed out. */
    if (channel)
        ares_destroy(channel);
}

void dns_clear(struct dns_question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        g_clear_pointer(&questions[i].records, g_ptr_array_unref);
}

bool dns_is_resolver(const char *resolver)
{
    ares_channel channel = channel_new(resolver, 1000, false);

    if (channel)
        ares_destroy(channel);
    return channel && *resolver;
}

const char *dns_end_text(enum dns_end end)
{
    static const char *const texts[] = {
        [DNS_FOUND] = "found",
        [DNS_NO_NAME] = "there is no such name",
        [DNS_NO_DATA] = "there is no such record",
        [DNS_TIMEOUT] = "no name server answers",
        [DNS_FAILED] = "the name server fails",
    };

    return texts[end];
}
