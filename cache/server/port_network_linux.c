/* Linux: rtnetlink for addresses and links, a timer that is cancelled by a resume, CLOCK_BOOTTIME for its length. */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "cache/server/network.h"
#include "codec/limits.h"

struct network_watch {
    void (*changed)(void *ctx, const char *const *gone);
    void *ctx;
    int netlink, timer, end;
    GThread *thread;
    char *addresses;
    GHashTable *gone; /* a set: those that went since, though they or others may be there by now; with "": all */
    gint64 asleep_us; /* how long the machine has slept since it was started */
};

/* ---- what is looked at ---- */

static char *address_line(const struct ifaddrs *each)
{
    char text[INET6_ADDRSTRLEN];
    const struct sockaddr *address = each->ifa_addr;
    const void *bytes;

    if (!address || !(each->ifa_flags & IFF_RUNNING) || (each->ifa_flags & IFF_LOOPBACK))
        return NULL;
    if (address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)address)->sin_addr;
    else if (address->sa_family == AF_INET6 &&
             !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)address)->sin6_addr))
        bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
    else
        return NULL;
    if (!inet_ntop(address->sa_family, bytes, text, sizeof text))
        return NULL;
    return g_strdup_printf("%s %s", each->ifa_name, text);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *network_addresses(void)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) != 0)
        return g_strdup("");
    for (const struct ifaddrs *each = all; each; each = each->ifa_next) {
        char *line = address_line(each);

        if (line)
            g_ptr_array_add(lines, line);
    }
    freeifaddrs(all);
    g_ptr_array_sort(lines, by_text);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

/* Only a sleep moves these two clocks apart; a person who sets the clock moves neither. */
static gint64 slept_us(void)
{
    struct timespec boot, monotonic;

    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return (gint64)(boot.tv_sec - monotonic.tv_sec) * G_USEC_PER_SEC + (boot.tv_nsec - monotonic.tv_nsec) / 1000;
}

/* The addresses of before that are not there now; a link without its carrier has none. */
static void miss(struct network_watch *watch, const char *now)
{
    g_auto(GStrv) before = g_strsplit(watch->addresses, "\n", -1), present = g_strsplit(now, "\n", -1);

    for (size_t i = 0; before[i]; i++)
        if (*before[i] && !g_strv_contains((const char *const *)present, before[i]))
            g_hash_table_add(watch->gone, g_strdup(strchr(before[i], ' ') + 1));
}

/* Tells of what has changed since the last time. */
static void look(struct network_watch *watch)
{
    g_autofree char *addresses = network_addresses();
    gint64 asleep_us = slept_us();

    miss(watch, addresses);
    if (asleep_us - watch->asleep_us >= G_USEC_PER_SEC)
        g_hash_table_add(watch->gone, g_strdup(""));
    g_autofree const char **gone = (const char **)g_hash_table_get_keys_as_array(watch->gone, NULL);

    if (*gone || strcmp(addresses, watch->addresses) != 0)
        watch->changed(watch->ctx, g_hash_table_contains(watch->gone, "") ? NULL : gone);
    g_hash_table_remove_all(watch->gone);
    watch->asleep_us = asleep_us;
    g_free(watch->addresses);
    watch->addresses = g_steal_pointer(&addresses);
}

/* ---- what wakes ---- */

static int open_netlink(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                  .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Never due: it ends with ECANCELED when the clock is set, and so after every sleep (timerfd_create(2)). */
static void arm(int timer)
{
    struct itimerspec never = {.it_value.tv_sec = G_MAXINT32};

    timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static void address_went(struct network_watch *watch, struct nlmsghdr *message)
{
    struct ifaddrmsg *address = NLMSG_DATA(message);
    int left = (int)IFA_PAYLOAD(message);
    char text[INET6_ADDRSTRLEN];

    /* IPv4 tells its own address as IFA_LOCAL, of which IFA_ADDRESS may be the peer's; IPv6 has the latter alone. */
    for (struct rtattr *at = IFA_RTA(address); RTA_OK(at, left); at = RTA_NEXT(at, left))
        if (at->rta_type == (address->ifa_family == AF_INET ? IFA_LOCAL : IFA_ADDRESS) &&
            inet_ntop(address->ifa_family, RTA_DATA(at), text, sizeof text))
            g_hash_table_add(watch->gone, g_strdup(text));
}

/* What else is said matters not, for the addresses are looked at afterwards; but one that went and came back before
 * that is seen nowhere else. An overrun (ENOBUFS) may have swallowed it. */
static void hear(struct network_watch *watch)
{
    union {
        struct nlmsghdr message;
        char bytes[8192];
    } buffer;

    for (;;) {
        ssize_t length = recv(watch->netlink, &buffer, sizeof buffer, 0);

        if (length < 0 && errno != ENOBUFS)
            return;
        if (length < 0)
            g_hash_table_add(watch->gone, g_strdup(""));
        for (struct nlmsghdr *at = &buffer.message; length > 0 && NLMSG_OK(at, (size_t)length);
             at = NLMSG_NEXT(at, length))
            if (at->nlmsg_type == RTM_DELADDR)
                address_went(watch, at);
    }
}

static void *network_run(void *ctx)
{
    struct network_watch *watch = ctx;
    struct pollfd fds[] = {{watch->end, POLLIN, 0}, {watch->netlink, POLLIN, 0}, {watch->timer, POLLIN, 0}};
    int patience = -1;

    for (;;) {
        int ready = poll(fds, G_N_ELEMENTS(fds), patience);
        uint64_t ignored;

        if (fds[0].revents)
            return NULL;
        if (ready > 0) {
            patience = LIMIT_NETWORK_SETTLE_MS;
            if (fds[1].revents)
                hear(watch);
            if (fds[2].revents && read(watch->timer, &ignored, sizeof ignored) < 0)
                arm(watch->timer);
        } else if (ready == 0) {
            patience = -1;
            look(watch);
        }
    }
}

struct network_watch *network_watch_new(void (*changed)(void *ctx, const char *const *gone), void *ctx)
{
    struct network_watch *watch = g_new0(struct network_watch, 1);

    watch->changed = changed;
    watch->ctx = ctx;
    watch->netlink = open_netlink();
    watch->timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    watch->end = eventfd(0, EFD_CLOEXEC);
    if (watch->netlink < 0 || watch->timer < 0 || watch->end < 0) {
        network_watch_free(watch);
        return NULL;
    }
    arm(watch->timer);
    watch->addresses = network_addresses();
    watch->gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    watch->asleep_us = slept_us();
    watch->thread = g_thread_new("network", network_run, watch);
    return watch;
}

static void close_any(int fd)
{
    if (fd >= 0)
        close(fd);
}

void network_watch_free(struct network_watch *watch)
{
    uint64_t one = 1;

    if (!watch)
        return;
    if (watch->thread && write(watch->end, &one, sizeof one) == sizeof one)
        g_thread_join(watch->thread);
    close_any(watch->netlink);
    close_any(watch->timer);
    close_any(watch->end);
    g_free(watch->addresses);
    g_clear_pointer(&watch->gone, g_hash_table_unref);
    g_free(watch);
}
