/* The LongId of an item, by which Search names it: its ServerId, with a mark that makes it none. */
#ifndef EASD_LONG_ID_H
#define EASD_LONG_ID_H

#include "contrib/easd/mailbox.h"

/* Free with g_free. */
char *long_id_of(const struct folder *folder, const struct entry *entry);

/* The item, and its folder; NULL for none that is there. */
struct entry *long_id_find(const struct mailbox *mailbox, const char *long_id, struct folder **folder);

#endif
