#include "codec/wire/wbxml_reader.h"

#include <glib.h>
#include <string.h>

#include "codec/limits.h"

enum {
    SWITCH_PAGE = 0x00,
    END = 0x01,
    STR_I = 0x03,
    OPAQUE = 0xc3,
    HAS_ATTRIBUTES = 0x80,
    HAS_CONTENT = 0x40,
    TOKEN_MASK = 0x3f,
    FIRST_TOKEN = 0x05,
    VERSION_MAX = 0x03,
    CHARSET_UTF8 = 106,
    CHARSET_ASCII = 3,
    MB_BYTES = 5, /* a 32-bit number takes at most five */
};

enum state { VERSION, PUBLIC_ID, CHARSET, STRING_TABLE, CONTENT, PAGE, STRING, OPAQUE_LENGTH, OPAQUE_BYTES };

struct wbxml_reader {
    struct wbxml_handler handler;
    void *ctx;
    enum wbxml_error error;
    enum state state;
    unsigned page;
    bool root_seen;
    eas_tag open[LIMIT_DOCUMENT_DEPTH];
    unsigned depth;
    unsigned unknown; /* open elements at and below an unknown one */
    unsigned long skipped;
    uint64_t number; /* the multi-byte integer being read */
    unsigned number_bytes;
    uint64_t opaque_left;
    int64_t bytes, elements;
};

struct wbxml_reader *wbxml_reader_new(const struct wbxml_handler *handler, void *ctx)
{
    struct wbxml_reader *reader = g_new0(struct wbxml_reader, 1);

    reader->handler = *handler;
    reader->ctx = ctx;
    return reader;
}

void wbxml_reader_free(struct wbxml_reader *reader)
{
    g_free(reader);
}

unsigned long wbxml_reader_skipped(const struct wbxml_reader *reader)
{
    return reader->skipped;
}

/* Adds one byte of a multi-byte integer. True when the number is whole. */
static bool number_byte(struct wbxml_reader *reader, uint8_t byte)
{
    reader->number = reader->number << 7 | (byte & 0x7f);
    if (++reader->number_bytes > MB_BYTES || reader->number > UINT32_MAX) {
        reader->error = WBXML_MALFORMED;
        return false;
    }
    return !(byte & 0x80);
}

static uint64_t take_number(struct wbxml_reader *reader)
{
    uint64_t number = reader->number;

    reader->number = 0;
    reader->number_bytes = 0;
    return number;
}

/* The header: version, public identifier, character set, length of the string table. */
static void header_byte(struct wbxml_reader *reader, uint8_t byte)
{
    if (reader->state == VERSION) {
        if (byte == 0 || byte > VERSION_MAX)
            reader->error = WBXML_NOT_WBXML;
        reader->state = PUBLIC_ID;
        return;
    }
    if (!number_byte(reader, byte)) {
        if (reader->error)
            reader->error = WBXML_NOT_WBXML;
        return;
    }

    uint64_t number = take_number(reader);

    switch (reader->state) {
    case PUBLIC_ID:
        if (number == 0)
            reader->error = WBXML_UNSUPPORTED;
        reader->state = CHARSET;
        break;
    case CHARSET:
        if (number != CHARSET_UTF8 && number != CHARSET_ASCII)
            reader->error = WBXML_UNSUPPORTED;
        reader->state = STRING_TABLE;
        break;
    default:
        if (number != 0)
            reader->error = WBXML_UNSUPPORTED;
        reader->state = CONTENT;
    }
}

static void close_element(struct wbxml_reader *reader)
{
    if (reader->depth == 0) {
        reader->error = WBXML_MALFORMED;
        return;
    }
    eas_tag tag = reader->open[--reader->depth];

    if (reader->unknown > 0)
        reader->unknown--;
    else if (!reader->handler.end(reader->ctx, tag))
        reader->error = WBXML_STOPPED;
}

static void open_element(struct wbxml_reader *reader, uint8_t byte)
{
    eas_tag tag = (eas_tag)(reader->page << 8 | (byte & TOKEN_MASK));
    bool known = eas_tag_name(tag) != NULL;

    /* An unknown root would leave nothing at all of the document. */
    if (reader->depth == 0 && (reader->root_seen || !known)) {
        reader->error = WBXML_MALFORMED;
        return;
    }
    if (reader->depth == LIMIT_DOCUMENT_DEPTH) {
        reader->error = WBXML_TOO_DEEP;
        return;
    }
    if (++reader->elements > LIMIT_DOCUMENT_ELEMENTS) {
        reader->error = WBXML_TOO_LARGE;
        return;
    }
    reader->root_seen = true;
    reader->open[reader->depth++] = tag;
    if (reader->unknown > 0 || !known) {
        if (reader->unknown++ == 0)
            reader->skipped++;
    } else if (!reader->handler.start(reader->ctx, tag)) {
        reader->error = WBXML_STOPPED;
        return;
    }
    if (!(byte & HAS_CONTENT))
        close_element(reader);
}

static void content_byte(struct wbxml_reader *reader, uint8_t byte)
{
    bool value = byte == STR_I || byte == OPAQUE;

    if (value && reader->depth == 0)
        reader->error = WBXML_MALFORMED;
    else if (byte == SWITCH_PAGE)
        reader->state = PAGE;
    else if (byte == END)
        close_element(reader);
    else if (byte == STR_I)
        reader->state = STRING;
    else if (byte == OPAQUE)
        reader->state = OPAQUE_LENGTH;
    else if (byte & HAS_ATTRIBUTES || (byte & TOKEN_MASK) < FIRST_TOKEN)
        reader->error = WBXML_UNSUPPORTED;
    else
        open_element(reader, byte);
}

static void pass_text(struct wbxml_reader *reader, const uint8_t *bytes, size_t length, bool opaque)
{
    if (length > 0 && reader->unknown == 0 && !reader->handler.text(reader->ctx, (const char *)bytes, length, opaque))
        reader->error = WBXML_STOPPED;
}

/* Reads a run of an inline string or of opaque data. Returns how many bytes it used. */
static size_t value_bytes(struct wbxml_reader *reader, const uint8_t *bytes, size_t length)
{
    if (reader->state == STRING) {
        const uint8_t *nul = memchr(bytes, 0, length);
        size_t run = nul ? (size_t)(nul - bytes) : length;

        pass_text(reader, bytes, run, false);
        if (nul)
            reader->state = CONTENT;
        return nul ? run + 1 : run;
    }

    size_t run = MIN(length, reader->opaque_left);

    pass_text(reader, bytes, run, true);
    reader->opaque_left -= run;
    if (reader->opaque_left == 0)
        reader->state = CONTENT;
    return run;
}

static void opaque_length_byte(struct wbxml_reader *reader, uint8_t byte)
{
    if (!number_byte(reader, byte))
        return;
    reader->opaque_left = take_number(reader);
    reader->state = reader->opaque_left ? OPAQUE_BYTES : CONTENT;
}

enum wbxml_error wbxml_reader_feed(struct wbxml_reader *reader, const void *data, size_t length)
{
    const uint8_t *bytes = data;

    if (reader->error)
        return reader->error;
    reader->bytes += (int64_t)length;
    if (reader->bytes > LIMIT_DOCUMENT_BYTES)
        return reader->error = WBXML_TOO_LARGE;

    for (size_t at = 0; at < length && !reader->error;) {
        switch (reader->state) {
        case STRING:
        case OPAQUE_BYTES:
            at += value_bytes(reader, bytes + at, length - at);
            break;
        case CONTENT:
            content_byte(reader, bytes[at++]);
            break;
        case PAGE:
            reader->page = bytes[at++];
            reader->state = CONTENT;
            break;
        case OPAQUE_LENGTH:
            opaque_length_byte(reader, bytes[at++]);
            break;
        default:
            header_byte(reader, bytes[at++]);
        }
    }
    return reader->error;
}

enum wbxml_error wbxml_reader_finish(struct wbxml_reader *reader)
{
    if (!reader->error && !(reader->state == CONTENT && reader->depth == 0 && reader->root_seen))
        reader->error = WBXML_TRUNCATED;
    return reader->error;
}

const char *wbxml_error_text(enum wbxml_error error)
{
    static const char *const texts[] = {
        [WBXML_OK] = "the answer is whole",
        [WBXML_NOT_WBXML] = "the answer is not ActiveSync (a proxy's page, perhaps)",
        [WBXML_UNSUPPORTED] = "the answer uses a form that ActiveSync never sends",
        [WBXML_MALFORMED] = "the answer is malformed",
        [WBXML_TRUNCATED] = "the answer ended in the middle",
        [WBXML_TOO_DEEP] = "the answer is nested too deeply",
        [WBXML_TOO_LARGE] = "the answer is too large",
        [WBXML_STOPPED] = "the answer was refused while it was read",
    };

    return texts[error];
}
