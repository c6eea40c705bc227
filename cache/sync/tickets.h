/* Parked opens: who waits for which file, until when, and which fetch failed a moment ago. Answers
 * go out from a clerk's thread, so that a deadline is kept whatever the workers do. */
#ifndef CACHE_SYNC_TICKETS_H
#define CACHE_SYNC_TICKETS_H

#include "cache/replica.h"

struct tickets;

/* wanted is called when there is a file to fetch, hurry when nobody waits any more for the one being
 * fetched; both under no lock. */
struct tickets *tickets_new(void (*wanted)(void *ctx), void (*hurry)(void *ctx, uint64_t ino), void *ctx);
/* The clerk's thread: nothing is answered before. */
void tickets_start(struct tickets *tickets);
/* Ends the clerk: all that wait, and all that come later, are answered with -EINTR. */
void tickets_stop(struct tickets *tickets);
void tickets_free(struct tickets *tickets);

uint64_t tickets_add(struct tickets *tickets, uint64_t ino, long deadline_ms, replica_fetched done, void *ctx);
void tickets_cancel(struct tickets *tickets, uint64_t ticket);

/* The next file to be fetched, oldest first, the caller's to answer; 0: none. */
uint64_t tickets_take(struct tickets *tickets);
bool tickets_any(struct tickets *tickets);
/* Answers all that wait for the file: 0 or a negative errno, which is remembered for a while. */
void tickets_answer(struct tickets *tickets, uint64_t ino, int error);

#endif
