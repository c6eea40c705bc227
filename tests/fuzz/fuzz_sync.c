/* Answers to Sync, any bytes: the same items and bodies however they are cut.
 * shared seeds: protocol/vectors */
#include "codec/wire/sync.h"
#include "tests/fuzz/fuzz.h"

static bool sync_fuzz_begin(void *ctx, const struct sync_state *state, const char *server_id)
{
    digest_text(ctx, state->collection_id);
    digest_text(ctx, server_id);
    return true;
}

static bool sync_fuzz_bytes(void *ctx, const char *bytes, size_t length)
{
    digest_bytes(ctx, bytes, length);
    return length > 0;
}

static bool sync_fuzz_item(void *ctx, const struct sync_state *state, struct sync_item *item)
{
    digest_text(ctx, state->sync_key);
    digest_number(ctx, item->kind);
    digest_number(ctx, item->response);
    digest_text(ctx, item->server_id);
    digest_text(ctx, item->client_id);
    digest_text(ctx, item->instance_id);
    digest_number(ctx, item->status);
    digest_number(ctx, item->body.type);
    digest_number(ctx, item->body.streamed);
    digest_number(ctx, item->body.truncated);
    digest_number(ctx, item->body.opaque);
    digest_number(ctx, item->body.estimated);
    digest_number(ctx, item->body.bytes);
    if (item->data) {
        g_autoptr(GBytes) data = eas_node_bytes(item->data);
        digest_bytes(ctx, g_bytes_get_data(data, NULL), g_bytes_get_size(data));
    }
    /* Every other item is taken, as the replica does. */
    if (item->server_id[0] % 2) {
        eas_node_free(item->data);
        item->data = NULL;
    }
    return true;
}

static bool sync_fuzz_end(void *ctx, const struct sync_state *state)
{
    digest_text(ctx, state->collection_id);
    digest_text(ctx, state->sync_key);
    digest_number(ctx, state->status);
    digest_number(ctx, state->more_available);
    digest_number(ctx, state->had_commands);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct sync_events events = {sync_fuzz_begin, sync_fuzz_bytes, sync_fuzz_item, sync_fuzz_end};
    const size_t steps[] = {length + 1, piece_size(bytes, length)};
    struct digest digests[2] = {{0}, {0}};

    for (int i = 0; i < 2; i++) {
        struct sync_reader *reader = sync_reader_new(&events, &digests[i]);

        feed_pieces(&sync_sink, reader, "", bytes, length, steps[i], &digests[i]);
        digest_number(&digests[i], sync_reader_limit(reader));
        sync_reader_free(reader);
    }
    if (digests[0].value != digests[1].value)
        abort();
    return 0;
}
