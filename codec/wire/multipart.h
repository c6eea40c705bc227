/* Splits a multipart answer (MS-ASCMD 2.2.2.10.1) as it arrives: a table of offsets and lengths in
 * front, then the parts. Every number is checked; parts must lie in the table's order and must not
 * overlap; bytes between and after them are passed over. */
#ifndef CODEC_WIRE_MULTIPART_H
#define CODEC_WIRE_MULTIPART_H

#include "codec/wire/wbxml_reader.h"

/* Called in order, number counting from 0. Each returns false to stop (WBXML_STOPPED). A part of no
 * bytes gives begin() and end() only. */
struct multipart_handler {
    bool (*begin)(void *ctx, unsigned number, unsigned count);
    bool (*bytes)(void *ctx, const char *bytes, size_t length);
    bool (*end)(void *ctx, unsigned number);
};

struct multipart;

/* A splitter that calls *handler (copied) with ctx and accepts up to max_parts parts, the document
 * included. Free with multipart_free, which takes NULL. */
struct multipart *multipart_new(const struct multipart_handler *handler, void *ctx, unsigned max_parts);
void multipart_free(struct multipart *multipart);

/* As wbxml_reader_feed and wbxml_reader_finish: WBXML_MALFORMED for a table that cannot be,
 * WBXML_TOO_LARGE for too many or too long parts, WBXML_TRUNCATED for a missing end. */
enum wbxml_error multipart_feed(struct multipart *multipart, const void *bytes, size_t length);
enum wbxml_error multipart_finish(struct multipart *multipart);

#endif
