/* The body of one Sync item while it is read: which Data goes on in pieces, which stays in the item's
 * tree, and what is held back until its Type is known (see sync.h). Part of the Sync reader. */
#ifndef CODEC_WIRE_SYNC_BODY_H
#define CODEC_WIRE_SYNC_BODY_H

#include "codec/wire/sync.h"

/* What becomes of the bytes of the Data that is open. */
enum body_way { BODY_IN_TREE, BODY_STREAMS, BODY_HELD };

struct sync_body_reader {
    const struct sync_events *events;
    void *ctx;
    const struct sync_state *state;
    struct wbxml_builder *builder; /* the item's tree */
    struct sync_body *body;        /* what is told of it; written here */
    enum body_way way;
    bool in_data; /* a Data is open whose bytes do not go into the tree */
    GString *held;
    bool held_opaque;
};

/* Is the element that is open in the tree the item's own Body (Add/ApplicationData/Body)? */
bool sync_body_is_open(const struct sync_body_reader *reader);

/* A Data opens: true if from now on its bytes are for sync_body_text, until in_data is cleared. */
bool sync_body_data(struct sync_body_reader *reader);

/* Bytes of that Data. WBXML_STOPPED if the caller said no, WBXML_TOO_LARGE past a limit. */
enum wbxml_error sync_body_text(struct sync_body_reader *reader, const char *bytes, size_t length, bool opaque);

/* The item's own Body closes: what was held back goes where its Type says, and *body is filled. */
enum wbxml_error sync_body_end(struct sync_body_reader *reader);

#endif
