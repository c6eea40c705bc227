/* ItemOperations Fetch (MS-ASCMD 2.2.1.10): whole items by id, inline or multipart
 * (MS-ASCMD 2.2.2.10.1), their bodies in pieces. */
#ifndef CODEC_WIRE_ITEM_OPERATIONS_H
#define CODEC_WIRE_ITEM_OPERATIONS_H

#include "codec/item.h"
#include "codec/wire/answer.h"

struct fetch {
    const char *collection_id, *server_id; /* an item, or */
    const char *file_reference;            /* an attachment, or */
    const char *long_id;                   /* a search hit */
    bool mime;                             /* ask for MIME (Type 4); else plain text (Type 1) */
};

/* Appends a request for 1 to LIMIT_FETCHES fetches. */
void item_operations_request(GByteArray *out, enum eas_version version, const struct fetch *fetches, size_t count);

struct fetched {
    size_t index;                          /* of the fetch it answers, by order: the ids are the caller's to check */
    int status;                            /* 1: its bytes were streamed before this */
    const char *server_id, *collection_id; /* as answered, "" where absent */
    int body_type;                         /* AirSyncBase Type, 0 for attachments */
    bool truncated, opaque;                /* opaque or a part: exactly the server's bytes; else text */
    bool present;                          /* Data or a part stood there, be it empty */
    long long bytes;
    const struct eas_node *properties; /* without the streamed bytes; NULL unless status 1 */
};

/* bytes() gets the pieces of the item that done() then ends; base64 of inline attachments is
 * decoded. Each returns false to stop. */
struct fetch_events {
    bool (*bytes)(void *ctx, size_t index, const char *bytes, size_t length);
    bool (*done)(void *ctx, const struct fetched *fetched);
};

/* An answer_sink: plain or multipart is told by the content type, parts are checked against the
 * table in front and must lie in order. count is the number of fetches asked. */
struct fetch_reader;
struct fetch_reader *fetch_reader_new(const struct fetch_events *events, void *ctx, size_t count);
void fetch_reader_free(struct fetch_reader *reader);
extern const struct answer_sink fetch_sink;

#endif
