/* One Sync exchange, gathered: bodies go to the store as they stream, everything else waits in
 * memory, within LIMIT_WINDOW_MEMORY, until the whole answer was served. */
#ifndef CACHE_SYNC_GATHER_H
#define CACHE_SYNC_GATHER_H

#include <glib.h>

#include "cache/sync/engine.h"

/* One server command. */
struct incoming {
    enum sync_kind kind;
    char *server_id;
    bool instance;         /* it speaks of one occurrence */
    struct eas_node *data; /* NULL for deletes */
    struct sync_body body; /* as it was announced */
    int64_t stored;        /* id of the body that was kept, 0: none */
    char *message_id;      /* from the kept body; NULL */
};

/* The fate of one command of ours (struct sync_command). */
struct answered {
    enum sync_kind kind;
    char *server_id, *client_id, *instance_id; /* server_id "", the others NULL where the answer has none */
    int status;
};

/* What an answer says of one collection. */
struct harvest {
    char *collection_id;
    char *sync_key; /* NULL: none was given */
    int status;
    bool more;
    GPtrArray *items;   /* of struct incoming */
    GPtrArray *answers; /* of struct answered */
};

struct exchange {
    struct eas_result result; /* SERVED: a whole answer, or an empty one */
    bool empty;
    bool unsent;         /* not SERVED, and the server cannot have got all of the request */
    bool unkept;         /* not SERVED: it came, and the disk did not take what it brought */
    bool stumbled;       /* an HTTP code that speaks of this request, not of the server as a whole */
    int limit;           /* the Limit element, 0: none */
    GPtrArray *harvests; /* of struct harvest; empty unless SERVED */
    long long bytes;     /* of the answer */
};

/* What is asked of mail bodies: as much inline as is trusted, none, or, where even that fails, no MIME at all. */
enum body_asking { ASK_BODIES, ASK_NONE, ASK_PLAIN };

/* Asks once for count collections, at their keys. window 0: as measured for each class. A body that is held already is
 * read past. */
struct exchange exchange_sync(struct sync_engine *engine, struct collection *const *asked, size_t count, int window,
                              enum body_asking bodies);
/* What goes to one collection. */
struct outgoing {
    const struct sync_command *commands;
    size_t count;
    bool for_good; /* deletes do not go to Deleted Items */
};
/* Sends commands, once, and asks for nothing: what is new on the server comes with the next question, after the answer
 * to these is stored. outgoing[i] is for asked[i]. */
struct exchange exchange_send(struct sync_engine *engine, struct collection *const *asked,
                              const struct outgoing *outgoing, size_t count);
void exchange_clear(struct exchange *exchange);

/* What the answer says of a collection, or NULL. */
struct harvest *exchange_harvest(const struct exchange *exchange, const char *collection_id);

#endif
