/* The push side of a fake mailbox: Ping hangs until a test posts an answer. */
#ifndef TESTS_UNIT_LIB_FAKE_PING_H
#define TESTS_UNIT_LIB_FAKE_PING_H

#include "tests/unit/lib/script_server.h"

struct fake_mailbox;

enum { FAKE_PING_CUT = -1 }; /* the connection closes without a byte */

/* status: of the document; FAKE_PING_CUT; or an HTTP code, negated. */
struct fake_ping_answer {
    int status;
    const char *folder; /* CollectionId of status 2, or NULL; static */
    int value;          /* HeartbeatInterval of 5, MaxFolders of 6 */
};

struct fake_ping {
    bool offered;                    /* OPTIONS lists it */
    GArray *posted;                  /* of struct fake_ping_answer, each for one Ping */
    bool stuck;                      /* every Ping beyond those is answered so, at once */
    struct fake_ping_answer forever; /* ... */
    GPtrArray *asked;                /* of char *: "HEARTBEAT: ID ID ...", one a Ping that came */
};

void fake_ping_init(struct fake_ping *ping);
void fake_ping_clear(struct fake_ping *ping);

/* Answers the Ping that hangs, or the next one. */
void fake_ping_post(struct fake_mailbox *mailbox, int status, const char *folder, int value);
/* Every Ping from now on is answered so at once. */
void fake_ping_forever(struct fake_mailbox *mailbox, int status, const char *folder, int value);
/* How many Pings came; the nth as "HEARTBEAT: ID ID ...", to be freed, or NULL. */
unsigned fake_ping_count(struct fake_mailbox *mailbox);
char *fake_ping_asked(struct fake_mailbox *mailbox, unsigned n);

/* The handler's part, under the mailbox's lock; again: the request hung and is looked at anew. */
void fake_ping_answer(struct fake_ping *ping, const struct eas_node *root, bool again, struct script_reply *reply);

#endif
