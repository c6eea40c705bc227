/* What a client sends in a Sync collection (MS-ASCMD 2.2.3.32): Add, Change, Delete, each done once,
 * however often its request comes. */
#ifndef EASD_SYNC_COMMANDS_H
#define EASD_SYNC_COMMANDS_H

#include "contrib/easd/device.h"

struct request;

/* What became of a command. */
struct fate {
    int status;
    char *server_id;       /* of an Add that was done; NULL */
    struct eas_node *data; /* what the answer tells of the item; NULL: nothing */
    guint hash;            /* of the command */
};

/* A collection's fates, by command. */
GHashTable *fates_new(void);

/* Each command names what it is about, in the order of its elements; at most EASD_COMMANDS of them
 * (MS-ASCMD 3.1.5.10). commands may be NULL. */
bool commands_valid(const struct eas_node *commands, int version);

/* Does every command that was not done by an earlier request with the same key. */
void commands_apply(struct request *request, struct collection *collection, const struct eas_node *commands);

/* What became of one; NULL for a Fetch. */
const struct fate *command_fate(const struct collection *collection, const struct eas_node *command);

#endif
