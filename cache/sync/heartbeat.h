/* How long a Ping may hang. It grows while it holds and shrinks when something on the path cuts it; the server's
 * limits come first. Pure: it knows no clock and no connection. All numbers are seconds. */
#ifndef CACHE_SYNC_HEARTBEAT_H
#define CACHE_SYNC_HEARTBEAT_H

#include <stdbool.h>

struct heartbeat {
    int ask;         /* of the next Ping */
    int least, most; /* what the server takes */
    int path;        /* what the path is known to hold */
    int held;        /* how often in a row it held at the path's limit */
};

void heartbeat_init(struct heartbeat *beat);
/* The Ping came to its end in peace (status 1). */
void heartbeat_held(struct heartbeat *beat);
/* The connection was cut after lasted seconds, and the server is there. False: it was too short to be a matter
 * of idle time, and nothing has changed. */
bool heartbeat_cut(struct heartbeat *beat, int lasted);
/* The server wants another interval (status 5). False: what it wants makes no sense, and nothing has changed. */
bool heartbeat_told(struct heartbeat *beat, int wanted);
/* Another network: what is known of the path is forgotten. */
void heartbeat_new_path(struct heartbeat *beat);

#endif
