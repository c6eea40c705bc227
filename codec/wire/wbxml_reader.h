/* A push reader for ActiveSync WBXML (MS-ASWBXML 2.1): bytes are fed as they arrive, events come
 * out, nothing is kept but the open tags. It never recurses and never allocates by what a length
 * field claims. Only the four global tokens that ActiveSync uses are understood; anything else is a
 * typed error. Elements of unknown tags are passed over with all they hold. */
#ifndef CODEC_WIRE_WBXML_READER_H
#define CODEC_WIRE_WBXML_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/wire/tags.h"

enum wbxml_error {
    WBXML_OK,
    WBXML_NOT_WBXML,   /* the first bytes are no WBXML header: a proxy's page, say */
    WBXML_UNSUPPORTED, /* legal WBXML that ActiveSync never sends: attributes, entities, string table, literals */
    WBXML_MALFORMED,   /* an END too many, a second or unknown root, text outside the root, a bad integer */
    WBXML_TRUNCATED,   /* the document ended in the middle */
    WBXML_TOO_DEEP,
    WBXML_TOO_LARGE,
    WBXML_STOPPED, /* the handler said no */
};

/* Called in document order. Each returns false to stop the reader (WBXML_STOPPED).
 * A value reaches text() in pieces of any size, never empty ones; opaque tells OPAQUE from STR_I.
 * bytes live until text() returns. An empty element gives start() and end() with no text(). */
struct wbxml_handler {
    bool (*start)(void *ctx, eas_tag tag);
    bool (*text)(void *ctx, const char *bytes, size_t length, bool opaque);
    bool (*end)(void *ctx, eas_tag tag);
};

struct wbxml_reader;

/* A reader that calls *handler (copied) with ctx. Free with wbxml_reader_free. */
struct wbxml_reader *wbxml_reader_new(const struct wbxml_handler *handler, void *ctx);
void wbxml_reader_free(struct wbxml_reader *reader);

/* Feeds length bytes. After an error every further call returns the same error. */
enum wbxml_error wbxml_reader_feed(struct wbxml_reader *reader, const void *bytes, size_t length);

/* Says that no byte follows. WBXML_OK only if a whole document was read; no byte at all is
 * WBXML_TRUNCATED (an empty answer is the caller's to recognise first). */
enum wbxml_error wbxml_reader_finish(struct wbxml_reader *reader);

/* How many elements were passed over because their tag is unknown. */
unsigned long wbxml_reader_skipped(const struct wbxml_reader *reader);

/* A few words for a person: "the answer ended in the middle". Static. */
const char *wbxml_error_text(enum wbxml_error error);

#endif
