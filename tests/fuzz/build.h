/* An item out of any bytes, for the targets that look at translations. */
#ifndef TESTS_FUZZ_BUILD_H
#define TESTS_FUZZ_BUILD_H

#include <stdint.h>

#include "codec/wire/wbxml_tree.h"

/* Operations, one byte each: 0 ends the open element; any other is a page, followed by a token, a
 * length and so many bytes of text; with length 255 the element stays open for children. */
static inline struct eas_node *build_item(const uint8_t *bytes, size_t length)
{
    struct eas_node *root = eas_node_new(TAG_AirSync_ApplicationData, NULL), *open = root;

    for (size_t at = 0; at + 3 <= length;) {
        if (bytes[at] == 0) {
            open = open->parent ? open->parent : root;
            at++;
            continue;
        }
        eas_tag tag = bytes[at] % EAS_PAGES << 8 | bytes[at + 1];
        size_t size = bytes[at + 2];
        at += 3;
        if (size == 255) {
            open = eas_node_append(open, eas_node_new(tag, NULL));
            continue;
        }
        size = MIN(size, length - at);
        /* A tree's texts are UTF-8 by its contract; opaque ones are any bytes. */
        g_autofree char *text = g_utf8_make_valid((const char *)bytes + at, size);
        struct eas_node *child = eas_node_add(open, tag, text);
        if (size % 8 == 7) {
            g_free(child->text);
            child->text = g_strndup((const char *)bytes + at, size);
            child->length = strlen(child->text);
            child->opaque = true;
        }
        at += size;
    }
    return root;
}

#endif
