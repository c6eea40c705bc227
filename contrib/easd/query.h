/* The query of the request line, in both its forms (MS-ASHTTP 2.2.1.1.1). */
#ifndef EASD_QUERY_H
#define EASD_QUERY_H

#include <glib.h>
#include <stdbool.h>

struct query {
    char *command; /* its name; NULL: none, or a number that is none */
    char *user, *device_id, *device_type;
    char *collection_id, *item_id, *long_id; /* what a message answers or forwards; NULL: not said */
    bool save_in_sent;
    int version; /* 0: the plain form has none */
    bool has_policy_key, multipart;
    guint32 policy_key;
};

/* Reads what stands behind the '?', raw. False for what is neither form. Clear it in any case. */
bool query_read(struct query *query, const char *text);
void query_clear(struct query *query);

#endif
