/* A document, or a part of one, as a tree: for everything small enough to be held whole. An item's
 * ApplicationData is kept in this form; the mapping tables of codec/files work on it. */
#ifndef CODEC_WIRE_WBXML_TREE_H
#define CODEC_WIRE_WBXML_TREE_H

#include <glib.h>

#include "codec/wire/wbxml_reader.h"
#include "codec/wire/wbxml_writer.h"

struct eas_node {
    eas_tag tag;
    bool opaque;   /* the value came as OPAQUE: any bytes; else valid UTF-8 */
    char *text;    /* NUL-terminated, never NULL; "" for an empty element */
    size_t length; /* of text, in bytes */
    struct eas_node *parent, *first, *last, *next;
};

/* A node of its own; free with eas_node_free, which frees its subtree and takes NULL. */
struct eas_node *eas_node_new(eas_tag tag, const char *text);
void eas_node_free(struct eas_node *node);
typedef struct eas_node eas_node;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(eas_node, eas_node_free)

/* Makes child the last child of parent, who owns it from then on. Returns child. */
struct eas_node *eas_node_append(struct eas_node *parent, struct eas_node *child);

/* A new last child with a text; returns it. */
struct eas_node *eas_node_add(struct eas_node *parent, eas_tag tag, const char *text);

/* The first child with the tag, or NULL. node may be NULL (then NULL), so that look-ups chain. */
struct eas_node *eas_node_child(const struct eas_node *node, eas_tag tag);

/* Takes the first child with the tag out of node; the caller's from then on. NULL where there is none. */
struct eas_node *eas_node_take(struct eas_node *node, eas_tag tag);

/* The next sibling with the same tag, or NULL. */
struct eas_node *eas_node_next(const struct eas_node *node);

/* The text of the first child with the tag, or NULL where there is none. Lives as long as node. */
const char *eas_node_text(const struct eas_node *node, eas_tag tag);

/* The same as a number; fallback where it is absent or no number. */
long long eas_node_number(const struct eas_node *node, eas_tag tag, long long fallback);

/* A deep copy. */
struct eas_node *eas_node_copy(const struct eas_node *node);

/* Replaces in base every child whose tag occurs in change by change's children of that tag: how a
 * Change with only the changed properties is laid over what is held (MS-ASCMD 2.2.3.179, ghosting).
 * change is not altered. */
void eas_node_merge(struct eas_node *base, const struct eas_node *change);

/* Takes out of the subtree's texts, opaque values apart, the characters that XML has none of (XML 1.0, 2.2): controls
 * but tab and line ends, U+FFFE, U+FFFF. Servers make XML of what they get, and one of these spoils all of a request.
 */
void eas_node_keep_xml(struct eas_node *node);

/* Writes the subtree: opaque nodes as OPAQUE, others as inline strings. */
void eas_node_write(struct wbxml_writer *writer, const struct eas_node *node);

/* The subtree as a document of its own, and back: how an item's properties are stored.
 * eas_node_parse returns NULL and sets *error (may be NULL) for anything but a whole document. */
GBytes *eas_node_bytes(const struct eas_node *node);
struct eas_node *eas_node_parse(const void *bytes, size_t length, enum wbxml_error *error);

/* Builds a tree from a reader's events, within LIMIT_VALUE_BYTES and LIMIT_TREE_BYTES. Text that is
 * not valid UTF-8 is mended (U+FFFD). Use the functions as a wbxml_handler with the builder as
 * ctx, or call them from a handler that streams some values elsewhere; an open element has no text
 * yet (NULL). Zero-initialise; take the
 * tree from root (the caller's from then on) and call wbxml_builder_clear when it was not taken. */
struct wbxml_builder {
    struct eas_node *root, *open;
    GString *value; /* of the open element */
    bool opaque;
    size_t bytes;
    unsigned depth; /* open elements; 0 again when root is whole */
};

extern const struct wbxml_handler wbxml_builder_handler;
bool wbxml_builder_start(void *builder, eas_tag tag);
bool wbxml_builder_text(void *builder, const char *bytes, size_t length, bool opaque);
bool wbxml_builder_end(void *builder, eas_tag tag);
void wbxml_builder_clear(struct wbxml_builder *builder);

#endif
