/* GetItemEstimate (MS-ASCMD 2.2.1.9): how many changes wait. Some servers count one too many. */
#ifndef CODEC_WIRE_GET_ITEM_ESTIMATE_H
#define CODEC_WIRE_GET_ITEM_ESTIMATE_H

#include "codec/wire/sync.h"

struct item_estimate {
    char *collection_id;
    int status;
    long long estimate; /* -1 where absent */
};

/* Asks for each collection by its current key; the order of elements differs by version. */
void get_item_estimate_request(GByteArray *out, enum eas_version version, const struct sync_collection *collections,
                               size_t count);

/* A GArray of struct item_estimate; free with g_array_unref (each id is freed with it). */
GArray *get_item_estimate_read(const struct eas_node *root);

#endif
