/* Events by the ClientUid they were added with (MS-ASCAL 2.2.2.10): added once, however often they come. */
#ifndef EASD_CLIENT_UID_H
#define EASD_CLIENT_UID_H

#include "contrib/easd/mailbox.h"

/* The present event of a folder that was added with one; NULL for none, or for NULL. */
struct entry *client_uid_find(const struct folder *folder, const char *client_uid);

/* The present event of a folder with a UID; NULL for none. */
struct entry *event_find(const struct folder *folder, const char *uid);

#endif
