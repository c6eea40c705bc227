/* Word of the machine's network and of its sleep: an address that came or went, a link that lost its carrier, a
 * resume. Costs nothing while nothing happens. */
#ifndef CACHE_SERVER_NETWORK_H
#define CACHE_SERVER_NETWORK_H

struct network_watch;

/* changed is called from a thread of its own, after things have settled, with what paths_changed wants to know. NULL
 * where the system does not tell. */
struct network_watch *network_watch_new(void (*changed)(void *ctx, const char *const *gone), void *ctx);
void network_watch_free(struct network_watch *watch);

/* The addresses in use, one a line in a fixed order, loopback and link-local ones left out: what tells a change from
 * mere noise. The caller frees it. */
char *network_addresses(void);

#endif
