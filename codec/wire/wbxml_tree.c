#include "codec/wire/wbxml_tree.h"

#include <string.h>

#include "codec/limits.h"

struct eas_node *eas_node_new(eas_tag tag, const char *text)
{
    struct eas_node *node = g_new0(struct eas_node, 1);

    node->tag = tag;
    node->text = g_strdup(text ? text : "");
    node->length = strlen(node->text);
    return node;
}

/* Walks instead of recursing: a tree may be built by hand deeper than a reader would allow. */
void eas_node_free(struct eas_node *node)
{
    struct eas_node *top = node;

    while (node) {
        if (node->first) {
            struct eas_node *child = node->first;

            node->first = child->next;
            node = child;
            continue;
        }
        struct eas_node *parent = node == top ? NULL : node->parent;

        g_free(node->text);
        g_free(node);
        node = parent;
    }
}

struct eas_node *eas_node_append(struct eas_node *parent, struct eas_node *child)
{
    child->parent = parent;
    child->next = NULL;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    return child;
}

struct eas_node *eas_node_add(struct eas_node *parent, eas_tag tag, const char *text)
{
    return eas_node_append(parent, eas_node_new(tag, text));
}

struct eas_node *eas_node_child(const struct eas_node *node, eas_tag tag)
{
    if (!node)
        return NULL;
    for (struct eas_node *child = node->first; child; child = child->next)
        if (child->tag == tag)
            return child;
    return NULL;
}

struct eas_node *eas_node_take(struct eas_node *node, eas_tag tag)
{
    struct eas_node *before = NULL, *child = node->first;

    while (child && child->tag != tag) {
        before = child;
        child = child->next;
    }
    if (!child)
        return NULL;
    *(before ? &before->next : &node->first) = child->next;
    if (node->last == child)
        node->last = before;
    child->parent = child->next = NULL;
    return child;
}

struct eas_node *eas_node_next(const struct eas_node *node)
{
    for (struct eas_node *next = node->next; next; next = next->next)
        if (next->tag == node->tag)
            return next;
    return NULL;
}

const char *eas_node_text(const struct eas_node *node, eas_tag tag)
{
    const struct eas_node *child = eas_node_child(node, tag);

    return child ? child->text : NULL;
}

long long eas_node_number(const struct eas_node *node, eas_tag tag, long long fallback)
{
    const char *text = eas_node_text(node, tag);
    char *end;

    if (!text)
        return fallback;
    long long number = g_ascii_strtoll(text, &end, 10);

    return end == text || *end ? fallback : number;
}

/* This, eas_node_keep_xml and eas_node_write recurse, as deep as a reader lets a tree become (LIMIT_DOCUMENT_DEPTH). */
struct eas_node *eas_node_copy(const struct eas_node *node)
{
    struct eas_node *copy = g_new0(struct eas_node, 1);

    copy->tag = node->tag;
    copy->opaque = node->opaque;
    copy->length = node->length;
    copy->text = g_memdup2(node->text, node->length + 1);
    for (const struct eas_node *child = node->first; child; child = child->next)
        eas_node_append(copy, eas_node_copy(child));
    return copy;
}

/* How many bytes at text are a character that XML has none of; 0 where it is one of XML's. text is UTF-8. */
static size_t foreign_bytes(const char *text)
{
    unsigned char byte = (unsigned char)*text;

    if (byte < ' ')
        return byte != '\t' && byte != '\n' && byte != '\r';
    return !strncmp(text, "\xef\xbf\xbe", 3) || !strncmp(text, "\xef\xbf\xbf", 3) ? 3 : 0;
}

void eas_node_keep_xml(struct eas_node *node)
{
    char *kept = node->text;
    const char *end = node->text + node->length;

    for (const char *at = node->text; !node->opaque && at < end;) {
        size_t foreign = foreign_bytes(at);
        if (!foreign)
            *kept++ = *at++;
        at += foreign;
    }
    if (!node->opaque) {
        node->length = (size_t)(kept - node->text);
        *kept = '\0';
    }
    for (struct eas_node *child = node->first; child; child = child->next)
        eas_node_keep_xml(child);
}

/* One pass over each side, whatever their size: a set of the tags to go, then the children that stay. */
void eas_node_merge(struct eas_node *base, const struct eas_node *change)
{
    bool replaced[(EAS_PAGES + 1) << 8] = {false};
    struct eas_node *child = base->first;

    for (const struct eas_node *node = change->first; node; node = node->next)
        if (node->tag < G_N_ELEMENTS(replaced))
            replaced[node->tag] = true;
    base->first = base->last = NULL;
    while (child) {
        struct eas_node *next = child->next;

        if (child->tag < G_N_ELEMENTS(replaced) && replaced[child->tag])
            eas_node_free(child);
        else
            eas_node_append(base, child);
        child = next;
    }
    for (const struct eas_node *node = change->first; node; node = node->next)
        eas_node_append(base, eas_node_copy(node));
}

void eas_node_write(struct wbxml_writer *writer, const struct eas_node *node)
{
    if (!node->first) {
        if (node->opaque)
            wbxml_opaque(writer, node->tag, node->text, node->length);
        else
            wbxml_text(writer, node->tag, node->text);
        return;
    }
    wbxml_open(writer, node->tag);
    for (const struct eas_node *child = node->first; child; child = child->next)
        eas_node_write(writer, child);
    wbxml_close(writer);
}

GBytes *eas_node_bytes(const struct eas_node *node)
{
    GByteArray *out = g_byte_array_new();
    struct wbxml_writer writer;

    wbxml_writer_init(&writer, out);
    eas_node_write(&writer, node);
    return g_byte_array_free_to_bytes(out);
}

struct eas_node *eas_node_parse(const void *bytes, size_t length, enum wbxml_error *error)
{
    struct wbxml_builder builder = {0};
    struct wbxml_reader *reader = wbxml_reader_new(&wbxml_builder_handler, &builder);
    enum wbxml_error result = wbxml_reader_feed(reader, bytes, length);

    if (!result)
        result = wbxml_reader_finish(reader);
    wbxml_reader_free(reader);
    if (error)
        *error = result;

    struct eas_node *root = result ? NULL : g_steal_pointer(&builder.root);

    wbxml_builder_clear(&builder);
    return root;
}

bool wbxml_builder_start(void *ctx, eas_tag tag)
{
    struct wbxml_builder *builder = ctx;
    struct eas_node *node = g_new0(struct eas_node, 1); /* its text comes with its end */

    node->tag = tag;
    builder->depth++;
    builder->bytes += sizeof *node;
    if (builder->value)
        g_string_truncate(builder->value, 0); /* white space between elements carries nothing */
    builder->opaque = false;
    if (builder->open)
        eas_node_append(builder->open, node);
    else
        builder->root = node;
    builder->open = node;
    return builder->bytes <= LIMIT_TREE_BYTES;
}

bool wbxml_builder_text(void *ctx, const char *bytes, size_t length, bool opaque)
{
    struct wbxml_builder *builder = ctx;

    if (!builder->value)
        builder->value = g_string_new(NULL);
    builder->bytes += length;
    if (builder->value->len + length > LIMIT_VALUE_BYTES || builder->bytes > LIMIT_TREE_BYTES)
        return false;
    g_string_append_len(builder->value, bytes, (gssize)length);
    builder->opaque |= opaque;
    return true;
}

/* The value of a leaf becomes its text, mended where it claims to be text and is no UTF-8. */
static void take_value(struct wbxml_builder *builder, struct eas_node *node)
{
    const GString *value = builder->value;

    node->opaque = builder->opaque;
    if (node->opaque || g_utf8_validate_len(value->str, value->len, NULL)) {
        node->text = g_memdup2(value->str, value->len + 1);
        node->length = value->len;
    } else {
        node->text = g_utf8_make_valid(value->str, (gssize)value->len);
        node->length = strlen(node->text);
    }
}

bool wbxml_builder_end(void *ctx, eas_tag tag)
{
    struct wbxml_builder *builder = ctx;
    struct eas_node *node = builder->open;

    (void)tag;
    if (builder->value && builder->value->len && !node->first)
        take_value(builder, node);
    else
        node->text = g_strdup("");
    if (builder->value)
        g_string_truncate(builder->value, 0);
    builder->opaque = false;
    builder->open = node->parent;
    builder->depth--;
    return true;
}

const struct wbxml_handler wbxml_builder_handler = {
    .start = wbxml_builder_start,
    .text = wbxml_builder_text,
    .end = wbxml_builder_end,
};

void wbxml_builder_clear(struct wbxml_builder *builder)
{
    eas_node_free(builder->root);
    if (builder->value)
        g_string_free(builder->value, TRUE);
    memset(builder, 0, sizeof *builder);
}
