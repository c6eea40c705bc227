/* One item added, changed or taken away by a client, and what Status that deserves (MS-ASCMD 2.2.3.177.17). */
#ifndef EASD_ITEM_CHANGE_H
#define EASD_ITEM_CHANGE_H

#include "contrib/easd/request.h"
#include "contrib/easd/sync_commands.h"

enum {
    STATUS_ITEM_OK = 1,
    STATUS_ITEM_BAD = 6,
    STATUS_ITEM_CONFLICT = 7,
    STATUS_ITEM_NOT_FOUND = 8,
    STATUS_ITEM_NO_ROOM = 9,
    STATUS_ITEM_RETRY = 16,
};

struct item_change {
    struct request *request;
    struct collection *collection;
    bool deletes_as_moves;
    gint64 now; /* seconds since 1970 */
};

/* Each does what a command says and notes that the device knows. Returns the Status. */
int item_add(const struct item_change *change, const struct eas_node *command, struct fate *fate);
int item_edit(const struct item_change *change, struct entry *entry, const struct eas_node *command, struct fate *fate);
int item_delete(const struct item_change *change, struct entry *entry, const struct eas_node *command);

/* The same for messages, whose Read, Flag and Categories change; from 16.0 on drafts are written as well. */
int mail_add(const struct item_change *change, const struct eas_node *command, struct fate *fate);
int mail_edit(const struct item_change *change, struct entry *entry, const struct eas_node *command, struct fate *fate);

/* Whether the device has an entry as it is. */
bool change_is_current(const struct item_change *change, const struct entry *entry);

/* Says on stderr why something was refused; returns STATUS_ITEM_BAD. */
int change_refuse(const struct item_change *change, const char *reason);

/* The Status for a file that could not be written, by errno. */
int change_failed(void);

#endif
