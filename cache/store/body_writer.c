/* Writing a body: bytes gather in a buffer and go to the tail of a pack that nobody else writes to. */
#include "cache/store/packs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "codec/limits.h"

struct body_writer {
    struct store *store;
    struct pack *pack; /* NULL when none could be made */
    int64_t written;   /* bytes in the pack */
    size_t used;       /* bytes in the buffer */
    uint64_t sum;
    uint64_t nonce; /* 0: not sealed */
    struct cipher_stream *stream;
    int error;
};

/* Eight bytes a step, of which every one changes the rest: for damage, not against malice. All calls for a
 * body but the last must bring a multiple of eight bytes. */
uint64_t body_sum(uint64_t sum, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t word;

    for (; length >= sizeof word; at += sizeof word, length -= sizeof word) {
        memcpy(&word, at, sizeof word);
        sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 29;
    }
    for (; length; at++, length--)
        sum = (sum ^ *at) * 0x100000001b3u;
    return sum;
}

int pack_write(int fd, const void *bytes, size_t size, int64_t offset)
{
    const char *at = bytes;

    while (size) {
        ssize_t done = pwrite(fd, at, size, offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done ? -errno : -EIO;
        at += done;
        offset += done;
        size -= (size_t)done;
    }
    return 0;
}

static struct pack *claim_pack(struct store *store)
{
    struct bodies *bodies = store->bodies;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, bodies->packs);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct pack *pack = value;

        if (!pack->busy && !pack->gone && pack->tail < LIMIT_PACK_BYTES)
            return pack;
    }
    return pack_add(store, bodies->next_pack++, 0);
}

struct body_writer *store_body_begin(struct store *store)
{
    struct body_writer *writer = g_new0(struct body_writer, 1);

    writer->store = store;
    writer->sum = BODY_SUM_START;
    g_mutex_lock(&store->bodies->lock);
    writer->pack = claim_pack(store);
    if (writer->pack) {
        writer->pack->busy = true;
        if (!writer->pack->buffer)
            writer->pack->buffer = g_malloc(LIMIT_PACK_BUFFER);
    } else {
        writer->error = errno ? -errno : -EIO;
    }
    g_mutex_unlock(&store->bodies->lock);
    if (store->cipher && !writer->error) {
        writer->nonce = cipher_body_nonce();
        writer->stream = cipher_stream_new(store->cipher, writer->nonce);
        writer->error = writer->stream ? 0 : -EIO;
    }
    return writer;
}

static int flush(struct body_writer *writer)
{
    if (!writer->used || writer->error)
        return writer->error;
    writer->sum = body_sum(writer->sum, writer->pack->buffer, writer->used);
    if (writer->stream && !cipher_stream_seal(writer->stream, writer->pack->buffer, writer->pack->buffer, writer->used))
        writer->error = -EIO;
    if (!writer->error)
        writer->error =
            pack_write(writer->pack->fd, writer->pack->buffer, writer->used, writer->pack->tail + writer->written);
    if (writer->error)
        trouble_note(writer->store, TROUBLE_BYTES, writer->error);
    writer->written += (int64_t)writer->used;
    writer->used = 0;
    return writer->error;
}

int store_body_append(struct body_writer *writer, const void *bytes, size_t length)
{
    const char *at = bytes;

    if (!writer->error && (length > LIMIT_BODY_BYTES || store_body_size(writer) > LIMIT_BODY_BYTES - (int64_t)length))
        writer->error = -EFBIG;
    while (length && !writer->error) {
        size_t some = MIN(length, LIMIT_PACK_BUFFER - writer->used);

        memcpy(writer->pack->buffer + writer->used, at, some);
        writer->used += some;
        at += some;
        length -= some;
        if (writer->used == LIMIT_PACK_BUFFER)
            flush(writer);
    }
    return writer->error;
}

int64_t store_body_size(const struct body_writer *writer)
{
    return writer->written + (int64_t)writer->used;
}

/* Gives the tail to the next writer. */
static void let_go(struct pack *pack, int64_t grown)
{
    pack->tail += grown;
    pack->busy = false;
    if (pack->tail >= LIMIT_PACK_BYTES)
        g_clear_pointer(&pack->buffer, g_free);
}

/* What has gathered is sent on its way to the disk, so that the flush at the window's end finds little
 * left to wait for. Called while the tail is the writer's own. */
static void write_ahead(struct body_writer *writer)
{
    struct pack *pack = writer->pack;
    int64_t end = pack->tail + writer->written;

    if (end - pack->started < LIMIT_PACK_AHEAD)
        return;
    /* Only a hint: store_bodies_flush tells whether the disk took it. */
    (void)sync_file_range(pack->fd, pack->started, end - pack->started, SYNC_FILE_RANGE_WRITE);
    pack->started = end;
}

int store_body_finish(struct body_writer *writer, struct store *store, int64_t *body)
{
    struct bodies *bodies = store->bodies;
    int error = flush(writer);

    struct body_place place = {.size = writer->written, .sum = writer->sum, .nonce = writer->nonce};

    *body = 0;
    if (!error && !cipher_stream_end(g_steal_pointer(&writer->stream), place.tag))
        error = writer->error = -EIO;
    if (error) {
        store_body_abort(writer);
        return error;
    }
    write_ahead(writer);
    g_mutex_lock(&bodies->lock);
    place.id = bodies->next_body++;
    place.pack = writer->pack->id;
    place.offset = writer->pack->tail;

    g_hash_table_insert(bodies->pending, g_memdup2(&place.id, sizeof place.id), g_memdup2(&place, sizeof place));
    writer->pack->dirty = true;
    let_go(writer->pack, writer->written);
    g_mutex_unlock(&bodies->lock);
    g_free(writer);
    *body = place.id;
    if (place.size)
        trouble_note(store, TROUBLE_BYTES, 0);
    return 0;
}

void store_body_abort(struct body_writer *writer)
{
    if (!writer)
        return;
    struct pack *pack = writer->pack;

    cipher_stream_end(writer->stream, NULL);
    /* Should this fail, the next body overwrites what is there, or the next start cuts it off. */
    if (pack && writer->written && ftruncate(pack->fd, pack->tail))
        writer->error = -errno;
    g_mutex_lock(&writer->store->bodies->lock);
    if (pack)
        let_go(pack, 0);
    g_mutex_unlock(&writer->store->bodies->lock);
    g_free(writer);
}

/* What the disk did not take it may never take: a second flush would say that all is well. What was written since the
 * last one becomes no row. */
static void pack_lost(struct bodies *bodies, const struct pack *pack)
{
    GHashTableIter iter;
    gpointer value;

    g_mutex_lock(&bodies->lock);
    g_hash_table_iter_init(&iter, bodies->pending);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct body_place *place = value;

        place->lost |= place->pack == pack->id;
    }
    g_mutex_unlock(&bodies->lock);
}

static void list_dirty(struct bodies *bodies, GArray *dirty)
{
    GHashTableIter iter;
    gpointer value;

    g_mutex_lock(&bodies->lock);
    g_hash_table_iter_init(&iter, bodies->packs);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct pack *pack = value;

        if (pack->dirty)
            g_array_append_val(dirty, pack);
        pack->dirty = false;
    }
    g_mutex_unlock(&bodies->lock);
}

int store_bodies_flush(struct store *store)
{
    struct bodies *bodies = store->bodies;
    g_autoptr(GArray) dirty = g_array_new(FALSE, FALSE, sizeof(struct pack *));
    int error = 0;

    /* One at a time: what another has begun to flush is not on the disk before it has ended. */
    g_mutex_lock(&bodies->flushing);
    list_dirty(bodies, dirty);
    for (guint i = 0; i < dirty->len; i++) {
        const struct pack *pack = g_array_index(dirty, struct pack *, i);

        if (fdatasync(pack->fd)) {
            error = -errno;
            pack_lost(bodies, pack);
        }
    }
    g_mutex_unlock(&bodies->flushing);
    if (error)
        trouble_note(store, TROUBLE_SYNC, error);
    return error;
}
