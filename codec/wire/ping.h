/* Ping (MS-ASCMD 2.2.1.13): the question that hangs until something changes. */
#ifndef CODEC_WIRE_PING_H
#define CODEC_WIRE_PING_H

#include "codec/item.h"
#include "codec/wire/wbxml_tree.h"

struct ping_folder {
    const char *collection_id;
    enum eas_class class;
};

struct ping_answer {
    int status;         /* MS-ASCMD 2.2.3.177.11 */
    int heartbeat;      /* seconds the server wants (status 5), else 0 */
    int max_folders;    /* status 6, else 0 */
    GPtrArray *folders; /* of char *, CollectionIds that changed (status 2); never NULL */
};

/* heartbeat in seconds. */
void ping_request(GByteArray *out, int heartbeat, const struct ping_folder *folders, size_t count);
void ping_read(const struct eas_node *root, struct ping_answer *answer);
void ping_clear(struct ping_answer *answer);

#endif
