/* What the fuzz targets share: a digest of all that a reader told, and in which pieces to feed it.
 * Each target reads its input whole and again in small pieces and aborts if the two differ; a crash,
 * a leak or undefined behaviour is found by the sanitizers. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wire/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* FNV-1a: order and value of everything that is put in. */
struct digest {
    uint64_t value;
};

static inline void digest_bytes(struct digest *digest, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    while (length-- > 0)
        digest->value = (digest->value ^ *at++) * 0x100000001b3ULL;
}

static inline void digest_number(struct digest *digest, long long number)
{
    digest_bytes(digest, &number, sizeof number);
}

static inline void digest_text(struct digest *digest, const char *text)
{
    digest_bytes(digest, text ? text : "", text ? strlen(text) + 1 : 0);
}

/* 1 to 61 bytes a piece, told by the input itself, so that a finding can be repeated. */
static inline size_t piece_size(const uint8_t *bytes, size_t length)
{
    unsigned sum = 0;

    for (size_t i = 0; i < length; i++)
        sum += bytes[i];
    return 1 + sum % 61;
}

/* Feeds all of it to a sink in pieces of step bytes; how it ended goes into the digest. */
static inline enum wbxml_error feed_pieces(const struct answer_sink *sink, void *ctx, const char *content_type,
                                           const uint8_t *bytes, size_t length, size_t step, struct digest *digest)
{
    enum wbxml_error error = WBXML_OK;
    int status = 0;

    sink->begin(ctx, content_type);
    for (size_t at = 0; at < length && !error; at += step) {
        /* A copy of its own for each piece: reading past its end is found. */
        g_autofree uint8_t *piece = g_memdup2(bytes + at, MIN(step, length - at));
        error = sink->feed(ctx, piece, MIN(step, length - at));
    }
    enum wbxml_error last = sink->finish(ctx, &status);
    error = error ? error : last;
    digest_number(digest, error);
    digest_number(digest, status);
    return error;
}

#endif
