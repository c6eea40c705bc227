/* The fetch workers: bodies that did not come inline. One connection serves parked opens alone,
 * the others parked opens first, then what is missing, newest mail first. */
#ifndef CACHE_SYNC_FETCH_H
#define CACHE_SYNC_FETCH_H

#include "cache/replica.h"
#include "cache/sync/trust.h"

struct fetcher;

/* fetched is called after each commit, from a worker's thread. Everything is borrowed; session may be
 * NULL (offline): then every fetch fails. */
struct fetcher *fetcher_new(struct store *store, struct session *session, const struct replica_config *config,
                            struct body_trust *trust, void (*fetched)(void *ctx), void *ctx);
void fetcher_start(struct fetcher *fetcher);
/* Interrupts and joins the workers; what is parked, and what will be, ends with -EINTR. */
void fetcher_stop(struct fetcher *fetcher);
void fetcher_free(struct fetcher *fetcher);

/* There may be bodies to fetch. */
void fetcher_wake(struct fetcher *fetcher);
/* The folders' ServerIds may be others now. */
void fetcher_forget_folders(struct fetcher *fetcher);
/* As replica_fetch and replica_cancel. */
uint64_t fetcher_park(struct fetcher *fetcher, uint64_t ino, long deadline_ms, replica_fetched done, void *ctx);
void fetcher_cancel(struct fetcher *fetcher, uint64_t ticket);

#endif
