/* Looking for items in a mailbox, for Search and Find. */
#ifndef EASD_MAIL_SEARCH_H
#define EASD_MAIL_SEARCH_H

#include "contrib/easd/request.h"

struct mail_query {
    const char *text;   /* words that all must be there, with from: to: subject: or body: before one; NULL: any */
    GPtrArray *folders; /* of struct folder; empty: all */
    bool deep;          /* and those below them */
    enum item_class class;
    gint64 after, before; /* received in between, seconds since 1970 */
};

struct mail_hit {
    struct folder *folder;
    struct entry *entry;
    gint64 date;
};

/* Of struct mail_hit, the latest first; free with g_array_unref. */
GArray *mail_search(const struct mailbox *mailbox, const struct mail_query *query, int version);

/* "0-9" of so many. False for what is no range, or more than a hundred. An end past the last is the last. */
bool range_read(const char *text, guint *from, guint *to);

#endif
