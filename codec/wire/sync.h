/* Sync (MS-ASCMD 2.2.1.21): requests over one or several collections, and answers read as they
 * arrive: each item is handed on when its element closes, and a MIME body (AirSyncBase Type 4) goes
 * on in pieces without ever being whole in memory. */
#ifndef CODEC_WIRE_SYNC_H
#define CODEC_WIRE_SYNC_H

#include "codec/item.h"
#include "codec/wire/answer.h"

enum sync_filter { SYNC_FILTER_NONE = -1, SYNC_FILTER_ALL = 0 }; /* else the FilterType's number */

/* In requests: ADD, CHANGE, DELETE and FETCH. FETCH occurs in responses too: the whole item that a Fetch of ours asked
 * for; SOFT_DELETE comes from the server only. */
enum sync_kind { SYNC_ADD, SYNC_CHANGE, SYNC_DELETE, SYNC_SOFT_DELETE, SYNC_FETCH };

/* A change made here (MS-ASCMD 2.2.3.7, .24, .42, .63). Class, which an Add may name, is for messages of phones only.
 */
struct sync_command {
    enum sync_kind kind;
    const char *server_id;   /* of the item; NULL for an Add */
    const char *client_id;   /* of an Add: 1 to 64 characters, unique in the request, the same when it is repeated */
    const char *instance_id; /* 16.x: Change and Delete of one occurrence, by its original start; else NULL */
    const struct eas_node *data; /* ApplicationData of an Add or Change */
};

struct sync_collection {
    const char *collection_id, *sync_key; /* key "0" primes: no GetChanges, no window, no commands */
    enum eas_class class;
    int window;        /* WindowSize, 1 to 512; 0 leaves it out */
    int filter;        /* FilterType; SYNC_FILTER_NONE for contacts and notes */
    long inline_bytes; /* mail: bodies up to this size inline, whole or not at all; 0 asks for none */
    bool no_changes;   /* GetChanges 0 */
    bool plain;        /* mail: ask for plain text, none of it: some servers can say so much of a message they cannot
                          give as MIME */
    const struct sync_command *commands; /* sent in this order; over all collections of a request at most
                                            LIMIT_COMMANDS, never two for one server_id */
    size_t command_count;
    bool deletes_for_good; /* DeletesAsMoves 0; else what is deleted goes to Deleted Items */
};

/* Appends a whole request document to out, in the strict order of elements, shaped for version
 * (12.1 to 16.1). window_total limits all collections together (0: left out). Where a collection has commands, the
 * server's version wins (Conflict 1): the loser of a conflict is kept here, beside it. No Supported is ever sent, so
 * nothing is ghosted below 16.0: a Change has to be the whole item (MS-ASCMD 2.2.3.179). */
void sync_request(GByteArray *out, enum eas_version version, const struct sync_collection *collections, size_t count,
                  int window_total);

/* Responses tell of every Add and Fetch, of a Change or Delete that failed, and of a Change that gave attachments their
 * FileReference (16.x); no word of a command means that it was done (MS-ASCMD 2.2.3.154). */
struct sync_item {
    enum sync_kind kind;
    bool response;         /* it stood in Responses: the fate of a command of ours, not a change */
    char *server_id;       /* "" where the server left it out */
    char *client_id;       /* in responses to an Add, else NULL */
    char *instance_id;     /* 16.x: which occurrence; else NULL */
    int status;            /* in responses; 1 where absent */
    struct eas_node *data; /* ApplicationData, without a streamed body's Data; NULL for deletes */
    /* The streamed body. type 0: the item came without a Body element. */
    struct sync_body {
        int type;            /* AirSyncBase Type: 4 MIME, 1 plain, 2 HTML, 3 RTF */
        bool streamed;       /* its bytes went to body_bytes */
        bool truncated;      /* Truncated 1, or no Data although some is announced or, of MIME, none at all */
        bool opaque;         /* the bytes came as OPAQUE, so exactly as stored; as text they may be lossy */
        long long estimated; /* EstimatedDataSize, or -1 */
        long long bytes;     /* how many were streamed */
    } body;
};

struct sync_state {
    const char *collection_id; /* "" before it was read */
    const char *sync_key;      /* NULL before it was read */
    int status;                /* 1 where absent */
    bool more_available;
    bool had_commands; /* at least one server change */
};

/* The caller's side. Which Data is streamed: that of an item's first AirSyncBase Body whose Type is 4.
 * Where Data comes before Type, up to LIMIT_UNTYPED_BYTES are held back until Type is read; a longer
 * one is streamed if properties of the Email namespaces came before it, else kept in item->data.
 * Every function returns false to stop reading. Pointers live until it returns,
 * but item->data, which item() may steal by setting it to NULL. */
struct sync_events {
    bool (*body_begin)(void *ctx, const struct sync_state *state, const char *server_id);
    bool (*body_bytes)(void *ctx, const char *bytes, size_t length);
    bool (*item)(void *ctx, const struct sync_state *state, struct sync_item *item);
    bool (*collection_end)(void *ctx, const struct sync_state *state);
};

/* An answer_sink over these events: use sync_sink with a struct sync_reader as ctx. */
struct sync_reader;
struct sync_reader *sync_reader_new(const struct sync_events *events, void *ctx);
void sync_reader_free(struct sync_reader *reader);
extern const struct answer_sink sync_sink;

/* The Limit element of statuses 14 and 15, or 0. */
int sync_reader_limit(const struct sync_reader *reader);

#endif
