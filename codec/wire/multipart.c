#include "codec/wire/multipart.h"

#include <glib.h>

#include "codec/limits.h"

enum { WORD = 4 };

struct part {
    uint64_t offset, length;
};

struct multipart {
    struct multipart_handler handler;
    void *ctx;
    enum wbxml_error error;
    unsigned max_parts;
    uint64_t at; /* bytes seen */
    uint32_t word;
    GArray *parts; /* of struct part */
    unsigned count, current;
    bool open; /* the current part has begun */
};

struct multipart *multipart_new(const struct multipart_handler *handler, void *ctx, unsigned max_parts)
{
    struct multipart *multipart = g_new0(struct multipart, 1);

    multipart->handler = *handler;
    multipart->ctx = ctx;
    multipart->max_parts = max_parts;
    multipart->parts = g_array_new(FALSE, FALSE, sizeof(struct part));
    return multipart;
}

void multipart_free(struct multipart *multipart)
{
    if (!multipart)
        return;
    g_array_unref(multipart->parts);
    g_free(multipart);
}

static struct part *part_at(const struct multipart *multipart, unsigned number)
{
    return &g_array_index(multipart->parts, struct part, number);
}

static uint64_t table_bytes(const struct multipart *multipart)
{
    return WORD + 2ULL * WORD * multipart->count;
}

/* A part's length is in: does it lie behind the table and behind the part before it? */
static enum wbxml_error check_last(const struct multipart *multipart)
{
    unsigned number = multipart->parts->len - 1;
    const struct part *part = part_at(multipart, number);
    uint64_t least = table_bytes(multipart);

    if (number > 0) {
        const struct part *before = part_at(multipart, number - 1);

        least = before->offset + before->length;
    }
    if (part->offset < least)
        return WBXML_MALFORMED;
    return part->length > LIMIT_BODY_BYTES ? WBXML_TOO_LARGE : WBXML_OK;
}

static enum wbxml_error table_word(struct multipart *multipart, uint64_t index)
{
    if (index == 0) {
        multipart->count = multipart->word;
        if (multipart->count == 0)
            return WBXML_MALFORMED;
        return multipart->count > multipart->max_parts ? WBXML_TOO_LARGE : WBXML_OK;
    }
    if (index % 2 == 1) {
        struct part part = {.offset = multipart->word};

        g_array_append_val(multipart->parts, part);
        return WBXML_OK;
    }
    part_at(multipart, multipart->parts->len - 1)->length = multipart->word;
    return check_last(multipart);
}

/* Little endian, a byte at a time: the table may be cut anywhere. */
static void table_byte(struct multipart *multipart, uint8_t byte)
{
    unsigned shift = 8 * (multipart->at % WORD);

    multipart->word = (shift ? multipart->word : 0) | (uint32_t)byte << shift;
    multipart->at++;
    if (multipart->at % WORD == 0)
        multipart->error = table_word(multipart, multipart->at / WORD - 1);
}

/* Begins and ends every part that starts or stops at this very byte. */
static void turn_parts(struct multipart *multipart)
{
    while (!multipart->error && multipart->current < multipart->count) {
        const struct part *part = part_at(multipart, multipart->current);
        bool wanted;

        if (!multipart->open && multipart->at == part->offset) {
            multipart->open = true;
            wanted = multipart->handler.begin(multipart->ctx, multipart->current, multipart->count);
        } else if (multipart->open && multipart->at == part->offset + part->length) {
            multipart->open = false;
            wanted = multipart->handler.end(multipart->ctx, multipart->current++);
        } else {
            return;
        }
        if (!wanted)
            multipart->error = WBXML_STOPPED;
    }
}

/* Takes what belongs to the open part, or to the gap before the next. Returns how many bytes. */
static size_t take(struct multipart *multipart, const char *bytes, size_t length)
{
    const struct part *part = part_at(multipart, multipart->current);
    uint64_t until = multipart->open ? part->offset + part->length : part->offset;
    size_t run = MIN(length, until - multipart->at);

    if (multipart->open && !multipart->handler.bytes(multipart->ctx, bytes, run))
        multipart->error = WBXML_STOPPED;
    multipart->at += run;
    return run;
}

enum wbxml_error multipart_feed(struct multipart *multipart, const void *data, size_t length)
{
    const char *bytes = data;
    size_t at = 0;

    while (at < length && !multipart->error) {
        if (multipart->count == 0 || multipart->at < table_bytes(multipart)) {
            table_byte(multipart, (uint8_t)bytes[at++]);
            if (multipart->error || multipart->count == 0 || multipart->at < table_bytes(multipart))
                continue;
        } else if (multipart->current < multipart->count) {
            at += take(multipart, bytes + at, length - at);
        } else {
            return WBXML_OK;
        }
        turn_parts(multipart);
    }
    return multipart->error;
}

enum wbxml_error multipart_finish(struct multipart *multipart)
{
    if (!multipart->error && (multipart->count == 0 || multipart->current < multipart->count))
        multipart->error = WBXML_TRUNCATED;
    return multipart->error;
}
