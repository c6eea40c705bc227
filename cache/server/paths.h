/* Which connections are of a network that is no more: when the network changed last, and when a local address went
 * away. All times are monotonic, in microseconds. Any thread. */
#ifndef CACHE_SERVER_PATHS_H
#define CACHE_SERVER_PATHS_H

#include <glib.h>
#include <stdbool.h>

struct paths;
struct paths *paths_new(void);
void paths_free(struct paths *paths); /* takes NULL */

/* The network has changed, now. gone: the local addresses that went away meanwhile, also those that are there again, in
 * inet_ntop's words and NULL at the end; gone NULL: nothing that was open is good any more (a sleep, say). */
void paths_changed(struct paths *paths, const char *const *gone);

/* Whether it has changed since: a connection made before may go nowhere, and is not worth trying. */
bool paths_are_old(struct paths *paths, gint64 since);

/* Whether what is sent to this local address goes nowhere, on a connection made since: nothing is to be waited for. */
bool paths_end_nowhere(struct paths *paths, const char *local, gint64 since);

#endif
