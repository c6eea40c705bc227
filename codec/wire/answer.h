/* Where the bytes of an answer go. The session feeds every sink the same way, whether it builds a
 * tree or streams bodies; a sink may be begun again when the session repeats the request (after
 * provisioning, say), and must then forget what it heard. */
#ifndef CODEC_WIRE_ANSWER_H
#define CODEC_WIRE_ANSWER_H

#include "codec/wire/wbxml_tree.h"

struct answer_sink {
    /* A 200 with at least one byte begins; content_type is without parameters, lower case. */
    void (*begin)(void *ctx, const char *content_type);
    enum wbxml_error (*feed)(void *ctx, const void *bytes, size_t length);
    /* All bytes are in. *status is the document's own top-level Status, or 0 where it has none. */
    enum wbxml_error (*finish)(void *ctx, int *status);
};

/* The sink for documents small enough to be held whole. Zero-initialise; clear when done. */
struct answer_tree {
    struct wbxml_builder builder;
    struct wbxml_reader *reader;
};
extern const struct answer_sink answer_tree_sink;
void answer_tree_clear(struct answer_tree *answer);

/* The root of a finished answer; NULL before. Owned by answer. */
const struct eas_node *answer_tree_root(const struct answer_tree *answer);

/* The sink of text that is no document of ours; ctx is a GString, which holds the whole of it in the end. */
extern const struct answer_sink answer_text_sink;

/* The top-level Status: the first child of root named Status on whatever page; 0 if none. */
int answer_status(const struct eas_node *root);

#endif
