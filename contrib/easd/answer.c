#include "contrib/easd/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "contrib/easd/limits.h"

static void close_splice(void *data)
{
    struct splice *splice = data;

    if (splice->file >= 0)
        close(splice->file);
}

struct answer *answer_new(void)
{
    struct answer *answer = g_new0(struct answer, 1);

    answer->http = 200;
    answer->bytes = g_byte_array_new();
    answer->splices = g_array_new(FALSE, FALSE, sizeof(struct splice));
    g_array_set_clear_func(answer->splices, close_splice);
    return answer;
}

void answer_free(struct answer *answer)
{
    if (!answer)
        return;
    g_byte_array_unref(answer->bytes);
    g_array_unref(answer->splices);
    g_free(answer);
}

void answer_clear(struct answer *answer)
{
    answer->http = 200;
    answer->content_type = NULL;
    g_byte_array_set_size(answer->bytes, 0);
    g_array_set_size(answer->splices, 0);
}

void answer_splice(struct answer *answer, int file, off_t start, uint64_t length)
{
    struct splice splice = {.at = answer->bytes->len, .file = file, .start = start, .length = length};

    g_array_append_val(answer->splices, splice);
}

uint64_t answer_length(const struct answer *answer)
{
    uint64_t length = answer->bytes->len;

    for (guint i = 0; i < answer->splices->len; i++)
        length += g_array_index(answer->splices, struct splice, i).length;
    return length;
}

void answer_append(struct answer *answer, struct answer *tail)
{
    guint base = answer->bytes->len;

    g_byte_array_append(answer->bytes, tail->bytes->data, tail->bytes->len);
    for (guint i = 0; i < tail->splices->len; i++) {
        struct splice *splice = &g_array_index(tail->splices, struct splice, i);
        struct splice moved = *splice;

        moved.at += base;
        g_array_append_val(answer->splices, moved);
        splice->file = -1;
    }
    g_byte_array_set_size(tail->bytes, 0);
    g_array_set_size(tail->splices, 0);
}

void answer_copy(struct answer *answer, const struct answer *other)
{
    guint base = answer->bytes->len;

    answer->http = other->http;
    answer->content_type = other->content_type;
    g_byte_array_append(answer->bytes, other->bytes->data, other->bytes->len);
    for (guint i = 0; i < other->splices->len; i++) {
        struct splice splice = g_array_index(other->splices, struct splice, i);

        splice.at += base;
        splice.file = fcntl(splice.file, F_DUPFD_CLOEXEC, 0);
        g_array_append_val(answer->splices, splice);
    }
}

struct answer_reader {
    struct answer *answer;
    guint at, splice; /* the next byte, the next splice */
    uint64_t used;    /* of that splice */
    bool gzip, source_ended, ended;
    z_stream deflater;
    char block[EASD_STREAM_BLOCK];
};

struct answer_reader *answer_reader_new(struct answer *answer, bool gzip)
{
    struct answer_reader *reader = g_new0(struct answer_reader, 1);

    reader->answer = answer;
    /* 15 bits of window, 16 more for the gzip frame. Level 1: the server must not be the slow side. */
    reader->gzip = gzip && deflateInit2(&reader->deflater, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    return reader;
}

void answer_reader_free(struct answer_reader *reader)
{
    if (reader->gzip)
        deflateEnd(&reader->deflater);
    answer_free(reader->answer);
    g_free(reader);
}

static ssize_t read_splice(struct answer_reader *reader, const struct splice *splice, char *out, size_t room)
{
    size_t want = (size_t)MIN((uint64_t)room, splice->length - reader->used);
    ssize_t got;

    do
        got = pread(splice->file, out, want, splice->start + (off_t)reader->used);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return -1;
    reader->used += (uint64_t)got;
    return got;
}

/* The answer's plain bytes. */
static ssize_t pull(struct answer_reader *reader, char *out, size_t room)
{
    const struct answer *answer = reader->answer;

    for (;;) {
        const struct splice *splice = reader->splice < answer->splices->len
                                          ? &g_array_index(answer->splices, struct splice, reader->splice)
                                          : NULL;
        guint stop = splice ? splice->at : answer->bytes->len;

        if (reader->at < stop) {
            size_t run = MIN(room, (size_t)(stop - reader->at));

            memcpy(out, answer->bytes->data + reader->at, run);
            reader->at += (guint)run;
            return (ssize_t)run;
        }
        if (!splice)
            return 0;
        if (reader->used < splice->length)
            return read_splice(reader, splice, out, room);
        reader->splice++;
        reader->used = 0;
    }
}

static bool refill(struct answer_reader *reader)
{
    ssize_t got = pull(reader, reader->block, sizeof reader->block);

    if (got < 0)
        return false;
    reader->deflater.next_in = (Bytef *)reader->block;
    reader->deflater.avail_in = (uInt)got;
    reader->source_ended = got == 0;
    return true;
}

static ssize_t deflated(struct answer_reader *reader, char *out, size_t room)
{
    z_stream *deflater = &reader->deflater;

    deflater->next_out = (Bytef *)out;
    deflater->avail_out = (uInt)room;
    while (deflater->avail_out > 0 && !reader->ended) {
        if (deflater->avail_in == 0 && !reader->source_ended && !refill(reader))
            return -1;
        if (deflate(deflater, reader->source_ended ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END)
            reader->ended = true;
    }
    return (ssize_t)(room - deflater->avail_out);
}

ssize_t answer_reader_read(struct answer_reader *reader, char *out, size_t room)
{
    return reader->gzip ? deflated(reader, out, room) : pull(reader, out, room);
}
