/* Documents that mean harm, or came to harm. Catches: a crash, a hang, a claim of length that is
 * believed, an error of the wrong kind, an answer that was cut and is taken for whole, a large value
 * that is copied instead of passed on, a tree that grows or slows without bound. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/limits.h"
#include "codec/wire/sync.h"
#include "tests/unit/shared.h"

#define DOC(...) (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__})
#define HEADER 0x03, 0x01, 0x6a, 0x00

static const struct {
    const char *what;
    const unsigned char *bytes;
    size_t length;
    enum wbxml_error error;
} rows[] = {
    {"a proxy's page", DOC('<', 'h', 't', 'm', 'l', '>'), WBXML_NOT_WBXML},
    {"a version of the future", DOC(0x04, 0x01, 0x6a, 0x00, 0x05), WBXML_NOT_WBXML},
    {"a header that never ends", DOC(0x03, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), WBXML_NOT_WBXML},
    {"a public identifier by string", DOC(0x03, 0x00, 0x00, 0x6a, 0x00, 0x05), WBXML_UNSUPPORTED},
    {"ISO 8859-1", DOC(0x03, 0x01, 0x04, 0x00, 0x05), WBXML_UNSUPPORTED},
    {"a string table", DOC(0x03, 0x01, 0x6a, 0x02, 'a', 0x00, 0x05), WBXML_UNSUPPORTED},
    {"US-ASCII", DOC(0x03, 0x01, 0x03, 0x00, 0x05), WBXML_OK},
    {"an entity", DOC(HEADER, 0x45, 0x02, 0x88, 0x80, 0x80, 0x80, 0x00, 0x01), WBXML_UNSUPPORTED},
    {"a literal", DOC(HEADER, 0x04, 0x00), WBXML_UNSUPPORTED},
    {"an extension", DOC(HEADER, 0x45, 0x40, 'x', 0x00, 0x01), WBXML_UNSUPPORTED},
    {"a table string", DOC(HEADER, 0x45, 0x83, 0x00, 0x01), WBXML_UNSUPPORTED},
    {"an attribute", DOC(HEADER, 0x85, 0x01), WBXML_UNSUPPORTED},
    {"an END too many", DOC(HEADER, 0x45, 0x01, 0x01), WBXML_MALFORMED},
    {"an END before all", DOC(HEADER, 0x01), WBXML_MALFORMED},
    {"a second root", DOC(HEADER, 0x05, 0x05), WBXML_MALFORMED},
    {"an unknown root", DOC(HEADER, 0x7e, 0x4b, 0x03, 'x', 0x00, 0x01, 0x01), WBXML_MALFORMED},
    {"text before the root", DOC(HEADER, 0x03, 'x', 0x00, 0x05), WBXML_MALFORMED},
    {"text after the root", DOC(HEADER, 0x05, 0x03, 'x', 0x00), WBXML_MALFORMED},
    {"a page switch after the root", DOC(HEADER, 0x05, 0x00, 0x07), WBXML_OK},
    {"a length of 35 bits", DOC(HEADER, 0x45, 0xc3, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x01), WBXML_MALFORMED},
    {"a length of seven bytes", DOC(HEADER, 0x45, 0xc3, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01), WBXML_MALFORMED},
    {"a length of 4 GB", DOC(HEADER, 0x45, 0xc3, 0x8f, 0xff, 0xff, 0xff, 0x7f, 'x', 0x01), WBXML_TRUNCATED},
    {"nothing", DOC(HEADER), WBXML_TRUNCATED},
    {"an unknown tag, its subtree and its sibling",
     DOC(HEADER, 0x45, 0x7e, 0x4b, 0x03, 'x', 0x00, 0x01, 0x01, 0x0e, 0x01), WBXML_OK},
    {"an unknown page", DOC(HEADER, 0x45, 0x00, 0xfe, 0x45, 0x03, 'x', 0x00, 0x01, 0x00, 0x00, 0x0e, 0x01), WBXML_OK},
};

/* Reads in pieces of step bytes; the root, or NULL with *error. The caller frees. */
static struct eas_node *read_tree(const void *bytes, size_t length, size_t step, enum wbxml_error *error)
{
    struct wbxml_builder builder = {0};
    struct wbxml_reader *reader = wbxml_reader_new(&wbxml_builder_handler, &builder);

    *error = WBXML_OK;
    for (size_t at = 0; at < length && !*error; at += step)
        *error = wbxml_reader_feed(reader, (const char *)bytes + at, MIN(step, length - at));
    if (!*error)
        *error = wbxml_reader_finish(reader);
    /* An error stays one. */
    if (*error)
        assert_int_equal(wbxml_reader_feed(reader, "\1", 1), *error);
    wbxml_reader_free(reader);
    struct eas_node *root = *error ? NULL : g_steal_pointer(&builder.root);
    wbxml_builder_clear(&builder);
    return root;
}

static void each_has_its_error_however_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (size_t step = 1; step <= rows[i].length; step++) {
            enum wbxml_error error;
            eas_node_free(read_tree(rows[i].bytes, rows[i].length, step, &error));

            if (error != rows[i].error)
                fail_msg("%s in steps of %zu: error %d", rows[i].what, step, error);
            assert_true(strlen(wbxml_error_text(error)) > 0);
        }
}

static void unknown_tags_hide_nothing_else(void **state)
{
    (void)state;
    for (size_t i = G_N_ELEMENTS(rows) - 2; i < G_N_ELEMENTS(rows); i++) {
        enum wbxml_error error;
        g_autoptr(eas_node) root = read_tree(rows[i].bytes, rows[i].length, 1000, &error);

        assert_int_equal(root->first->tag, TAG_AirSync_Status);
        assert_null(root->first->next);
    }
}

static void forty_thousand_nested_tags(void **state)
{
    g_autoptr(GByteArray) doc = g_byte_array_new();
    enum wbxml_error error;

    (void)state;
    g_byte_array_append(doc, (const uint8_t[]){HEADER}, 4);
    for (int i = 0; i < 40000; i++)
        g_byte_array_append(doc, (const uint8_t[]){i % 2 ? 0x7e : 0x45}, 1);
    g_autoptr(eas_node) root = read_tree(doc->data, doc->len, 1000, &error);
    assert_null(root);
    assert_int_equal(error, WBXML_TOO_DEEP);
    /* By hand a tree may be that deep; it must be freed without a deep stack. */
    struct eas_node *deep = eas_node_new(TAG_AirSync_Sync, NULL), *at = deep;
    for (int i = 0; i < 400000; i++)
        at = eas_node_add(at, TAG_AirSync_Add, NULL);
    eas_node_free(deep);
}

static void values_in_pieces_and_between_elements(void **state)
{
    /* Inline, opaque, inline: one value. Text beside elements carries nothing, also not its kind. */
    static const unsigned char pieces[] = {HEADER, 0x4b, 0x03, 'a', 'b', 0, 0xc3, 2, 'c', 'd', 0x03, 'e', 0, 0x01};
    static const unsigned char mixed[] = {HEADER, 0x45, 0xc3, 1,    'x',  0x4b, 0x03, '1',  0,   0x01,
                                          0x03,   'y',  0,    0x4e, 0x03, '2',  0,    0x01, 0x01};
    enum wbxml_error error;

    (void)state;
    g_autoptr(eas_node) value = read_tree(pieces, sizeof pieces, 1, &error);
    assert_string_equal(value->text, "abcde");
    assert_int_equal(value->length, 5);
    assert_true(value->opaque);
    g_autoptr(eas_node) root = read_tree(mixed, sizeof mixed, 1, &error);
    assert_string_equal(root->text, "");
    assert_string_equal(eas_node_text(root, TAG_AirSync_SyncKey), "1");
    assert_false(root->first->opaque);
    assert_string_equal(eas_node_text(root, TAG_AirSync_Status), "2");
}

static void broken_utf8_is_mended(void **state)
{
    static const unsigned char doc[] = {HEADER, 0x4b, 0x03, 'a', 0xff, 'b', 0xc3, 0, 0x01};
    enum wbxml_error error;
    g_autoptr(eas_node) root = read_tree(doc, sizeof doc, 1, &error);

    (void)state;
    assert_string_equal(root->text, "a\uFFFDb\uFFFD");
    assert_int_equal(root->length, strlen(root->text));
}

/* What a stream of a large value hands on, and from where. */
struct stream {
    const char *piece;
    size_t piece_length;
    long long bytes;
    bool copied;
    int items;
};

static bool stream_begin(void *ctx, const struct sync_state *state, const char *server_id)
{
    (void)ctx;
    (void)state;
    assert_string_equal(server_id, "5:1");
    return true;
}

static bool stream_bytes(void *ctx, const char *bytes, size_t length)
{
    struct stream *stream = ctx;

    stream->copied |= bytes < stream->piece || bytes + length > stream->piece + stream->piece_length;
    stream->bytes += (long long)length;
    return true;
}

static bool stream_item(void *ctx, const struct sync_state *state, struct sync_item *item)
{
    struct stream *stream = ctx;

    (void)state;
    assert_int_equal(item->body.bytes, stream->bytes);
    assert_true(item->body.opaque);
    stream->items++;
    return true;
}

static bool stream_end(void *ctx, const struct sync_state *state)
{
    (void)ctx;
    (void)state;
    return true;
}

/* A message of 50 MB in one opaque: every byte is handed on from the very piece that was fed. */
static void a_message_of_50_mb_is_never_held(void **state)
{
    enum { SIZE = 50 << 20, PIECE = 16384 };
    static const struct sync_events events = {stream_begin, stream_bytes, stream_item, stream_end};
    static const unsigned char tail[] = {0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01};
    static char piece[PIECE];
    struct stream stream = {.piece = piece, .piece_length = PIECE};
    struct sync_reader *reader = sync_reader_new(&events, &stream);
    g_autoptr(GByteArray) head = g_byte_array_new();
    struct wbxml_writer w;
    int status;

    (void)state;
    wbxml_writer_init(&w, head);
    wbxml_open(&w, TAG_AirSync_Sync);
    wbxml_open(&w, TAG_AirSync_Collections);
    wbxml_open(&w, TAG_AirSync_Collection);
    wbxml_open(&w, TAG_AirSync_Commands);
    wbxml_open(&w, TAG_AirSync_Add);
    wbxml_text(&w, TAG_AirSync_ServerId, "5:1");
    wbxml_open(&w, TAG_AirSync_ApplicationData);
    wbxml_open(&w, TAG_AirSyncBase_Body);
    wbxml_text(&w, TAG_AirSyncBase_Type, "4");
    wbxml_opaque_head(&w, TAG_AirSyncBase_Data, SIZE);
    sync_sink.begin(reader, "application/vnd.ms-sync.wbxml");
    assert_int_equal(sync_sink.feed(reader, head->data, head->len), WBXML_OK);
    for (int i = 0; i < SIZE / PIECE; i++)
        assert_int_equal(sync_sink.feed(reader, piece, PIECE), WBXML_OK);
    assert_int_equal(sync_sink.feed(reader, tail, sizeof tail), WBXML_OK);
    assert_int_equal(sync_sink.finish(reader, &status), WBXML_OK);
    assert_int_equal(stream.bytes, SIZE);
    assert_int_equal(stream.items, 1);
    assert_false(stream.copied);
    sync_reader_free(reader);
}

/* A value of a tree is held whole, so it has an end. */
static void a_value_without_end_is_too_large(void **state)
{
    enum { PIECE = 1 << 20 };
    g_autofree char *piece = g_strnfill(PIECE, 'x');
    struct wbxml_builder builder = {0};
    struct wbxml_reader *reader = wbxml_reader_new(&wbxml_builder_handler, &builder);
    enum wbxml_error error = wbxml_reader_feed(reader, (const uint8_t[]){HEADER, 0x4b, 0x03}, 6);
    int pieces = 0;

    (void)state;
    while (!error && pieces <= LIMIT_VALUE_BYTES / PIECE) {
        error = wbxml_reader_feed(reader, piece, PIECE);
        pieces++;
    }
    assert_int_equal(error, WBXML_STOPPED);
    assert_int_equal(pieces, LIMIT_VALUE_BYTES / PIECE + 1);
    wbxml_reader_free(reader);
    wbxml_builder_clear(&builder);
}

/* 300,000 children laid over as many: one pass each, or this would not end today. */
static void a_merge_of_many_is_one_pass(void **state)
{
    enum { MANY = 300000 };
    g_autoptr(eas_node) base = eas_node_new(TAG_AirSync_ApplicationData, NULL), change = eas_node_new(base->tag, NULL);
    int count = 0;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        eas_node_add(base, i % 2 ? TAG_Email_Subject : TAG_Email_To, NULL);
        eas_node_add(change, TAG_Email_Subject, NULL);
    }
    eas_node_merge(base, change);
    for (const struct eas_node *child = base->first; child; child = child->next)
        count++;
    assert_int_equal(count, MANY / 2 + MANY);
}

static void the_collected_hostile_documents(void **state)
{
    static const struct {
        const char *name;
        enum wbxml_error error;
    } files[] = {
        {"entity-overflow", WBXML_UNSUPPORTED},
        {"deep-100000", WBXML_TOO_DEEP},
        {"mbint-overflow", WBXML_TRUNCATED},
        {"mbint-long", WBXML_MALFORMED},
        {"opaque-short", WBXML_TRUNCATED},
        {"string-unterminated", WBXML_TRUNCATED},
        {"unclosed", WBXML_TRUNCATED},
        {"extra-end", WBXML_MALFORMED},
        {"two-roots", WBXML_MALFORMED},
        {"trailing-switch", WBXML_TRUNCATED},
        {"unknown-token", WBXML_OK},
        {"unknown-page", WBXML_OK},
        {"attributes", WBXML_UNSUPPORTED},
        {"literal", WBXML_UNSUPPORTED},
        {"string-table", WBXML_UNSUPPORTED},
        {"charset-latin1", WBXML_UNSUPPORTED},
        {"bad-utf8", WBXML_OK},
        {"control-chars", WBXML_OK},
        {"header-only", WBXML_TRUNCATED},
        {"empty", WBXML_TRUNCATED},
        {"html", WBXML_NOT_WBXML},
    };
    g_autoptr(GPtrArray) names = shared_names("protocol/vectors/hostile", ".wbxml");

    (void)state;
    SKIP_WITHOUT(names->len > 0, "the collection of hostile documents");
    assert_int_equal(names->len, G_N_ELEMENTS(files));
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strdup_printf("protocol/vectors/hostile/%s.wbxml", files[i].name);
        g_autoptr(GBytes) bytes = shared_file(path);
        enum wbxml_error error;

        assert_non_null(bytes);
        eas_node_free(read_tree(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), 5, &error));
        if (error != files[i].error)
            fail_msg("%s: error %d", files[i].name, error);
    }
}

/* A document that is whole, cut at any byte: truncated, or (behind the root) still whole. */
static void cut_anywhere(const char *name)
{
    g_autoptr(GBytes) bytes = shared_file(name);
    size_t length = g_bytes_get_size(bytes);
    const char *data = g_bytes_get_data(bytes, NULL);
    enum wbxml_error error;
    eas_node_free(read_tree(data, length, length, &error));

    if (error)
        fail_msg("%s: error %d", name, error);
    for (size_t cut = 0; cut<length; cut += length> 2000 ? 37 : 1) {
        eas_node_free(read_tree(data, cut, cut + 1, &error));
        bool only_switches = error == WBXML_OK && length - cut <= 4 && data[cut] == 0x00;

        if (error != WBXML_TRUNCATED && !only_switches)
            fail_msg("%s cut at %zu: error %d", name, cut, error);
    }
}

static void every_recorded_and_synthetic_document(void **state)
{
    g_autoptr(GPtrArray) recorded = shared_names("protocol/vectors", ".wbxml"),
                         synthetic = shared_names("protocol/vectors/synthetic", ".wbxml");

    (void)state;
    SKIP_WITHOUT(recorded->len > 0, "the recorded documents");
    for (guint i = 0; i < recorded->len; i++)
        cut_anywhere(recorded->pdata[i]);
    for (guint i = 0; i < synthetic->len; i++)
        cut_anywhere(synthetic->pdata[i]);
    assert_true(synthetic->len > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_error_however_cut),
        cmocka_unit_test(unknown_tags_hide_nothing_else),
        cmocka_unit_test(forty_thousand_nested_tags),
        cmocka_unit_test(values_in_pieces_and_between_elements),
        cmocka_unit_test(broken_utf8_is_mended),
        cmocka_unit_test(a_message_of_50_mb_is_never_held),
        cmocka_unit_test(a_value_without_end_is_too_large),
        cmocka_unit_test(a_merge_of_many_is_one_pass),
        cmocka_unit_test(the_collected_hostile_documents),
        cmocka_unit_test(every_recorded_and_synthetic_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
