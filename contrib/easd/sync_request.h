/* A Sync request, read as strictly as Exchange reads it (MS-ASCMD 2.2.1.21). */
#ifndef EASD_SYNC_REQUEST_H
#define EASD_SYNC_REQUEST_H

#include "contrib/easd/options.h"
#include "contrib/easd/request.h"

/* One Collection. Texts point into the request's tree. */
struct sync_ask {
    const char *key, *collection_id;
    bool get_changes, has_options;
    int window;
    const struct eas_node *options_node, *commands, *supported; /* NULL: none */
};

struct sync_request {
    GArray *asks; /* of struct sync_ask */
    int window;   /* for all together */
    int wait;     /* seconds to hang without changes; 0: answer at once */
};

/* Returns the Status of the whole: 1, or 4, 13, 14, 15, 103 and the Limit that goes with it. Free
 * asks in any case. */
int sync_request_read(struct sync_request *sync, const struct request *request, int *limit);

#endif
