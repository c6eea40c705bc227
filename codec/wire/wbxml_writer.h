/* Writes ActiveSync WBXML into a GByteArray: the header on the first byte, page switches where
 * they are needed, text as inline strings, bytes as OPAQUE. */
#ifndef CODEC_WIRE_WBXML_WRITER_H
#define CODEC_WIRE_WBXML_WRITER_H

#include <glib.h>

#include "codec/wire/tags.h"

struct wbxml_writer {
    GByteArray *out; /* the caller's; appended to */
    unsigned page;
};

/* Starts a document in out by its header. */
void wbxml_writer_init(struct wbxml_writer *writer, GByteArray *out);

void wbxml_open(struct wbxml_writer *writer, eas_tag tag);  /* <Tag> */
void wbxml_close(struct wbxml_writer *writer);              /* </Tag> */
void wbxml_empty(struct wbxml_writer *writer, eas_tag tag); /* <Tag/> */

/* <Tag>text</Tag>; NULL or "" gives <Tag/>. text ends at its NUL. */
void wbxml_text(struct wbxml_writer *writer, eas_tag tag, const char *text);
void wbxml_number(struct wbxml_writer *writer, eas_tag tag, long long number);

/* <Tag>bytes</Tag> as OPAQUE; any byte is allowed. */
void wbxml_opaque(struct wbxml_writer *writer, eas_tag tag, const void *bytes, size_t length);

/* The three bytes-before of an opaque value whose bytes the caller sends itself: opens tag and
 * writes the OPAQUE token and length; exactly length bytes must follow, then wbxml_close. */
void wbxml_opaque_head(struct wbxml_writer *writer, eas_tag tag, size_t length);

#endif
