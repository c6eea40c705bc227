/* Answers to ItemOperations, plain and multipart, any bytes: the same items however they are cut.
 * shared seeds: protocol/vectors */
#include "codec/wire/item_operations.h"
#include "tests/fuzz/fuzz.h"

struct fetch_fuzz {
    struct digest items[3], told;
};

static bool fetch_fuzz_bytes(void *ctx, size_t index, const char *bytes, size_t length)
{
    struct fetch_fuzz *fuzz = ctx;

    digest_bytes(&fuzz->items[index], bytes, length);
    return length > 0;
}

static bool fetch_fuzz_done(void *ctx, const struct fetched *fetched)
{
    struct fetch_fuzz *fuzz = ctx;

    digest_number(&fuzz->told, (long long)fetched->index);
    digest_number(&fuzz->told, (long long)fuzz->items[fetched->index].value);
    digest_number(&fuzz->told, fetched->status);
    digest_text(&fuzz->told, fetched->server_id);
    digest_number(&fuzz->told, fetched->body_type);
    digest_number(&fuzz->told, fetched->truncated);
    digest_number(&fuzz->told, fetched->opaque);
    digest_number(&fuzz->told, fetched->bytes);
    if (fetched->properties) {
        g_autoptr(GBytes) data = eas_node_bytes(fetched->properties);
        digest_bytes(&fuzz->told, g_bytes_get_data(data, NULL), g_bytes_get_size(data));
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct fetch_events events = {fetch_fuzz_bytes, fetch_fuzz_done};
    const size_t steps[] = {length + 1, piece_size(bytes, length)};
    struct fetch_fuzz fuzz[2] = {{{{0}}, {0}}, {{{0}}, {0}}};

    for (int i = 0; i < 2; i++) {
        struct fetch_reader *reader = fetch_reader_new(&events, &fuzz[i], G_N_ELEMENTS(fuzz[i].items));

        feed_pieces(&fetch_sink, reader, "application/vnd.ms-sync.multipart", bytes, length, steps[i], &fuzz[i].told);
        fetch_reader_free(reader);
    }
    if (fuzz[0].told.value != fuzz[1].told.value)
        abort();
    return 0;
}
