/* ItemOperations Fetch: the request, plain answers, multipart answers. Catches: base64 that is not
 * decoded or decoded wrongly at a cut, parts counted from the wrong end, a table whose numbers are
 * believed, one bad item that takes its neighbours along, an answer of more items than were asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/wire/item_operations.h"
#include "codec/wire/multipart.h"
#include "tests/unit/shared.h"

struct log {
    GString *text;
    GString *bytes[4];
};

static bool log_bytes(void *ctx, size_t index, const char *bytes, size_t length)
{
    struct log *log = ctx;

    assert_true(index < G_N_ELEMENTS(log->bytes) && length > 0);
    g_string_append_len(log->bytes[index], bytes, (gssize)length);
    return true;
}

static bool log_done(void *ctx, const struct fetched *fetched)
{
    struct log *log = ctx;
    const char *subject = eas_node_text(fetched->properties, TAG_Email_Subject);

    assert_int_equal(fetched->bytes, log->bytes[fetched->index]->len);
    g_string_append_printf(log->text, "%zu: status %d id '%s' type %d%s%s '%s'%s%s\n", fetched->index, fetched->status,
                           fetched->server_id, fetched->body_type, fetched->truncated ? " truncated" : "",
                           fetched->opaque ? " opaque" : "", log->bytes[fetched->index]->str, subject ? " of " : "",
                           subject ? subject : "");
    return true;
}

static const struct fetch_events events = {log_bytes, log_done};

static char *read_pieces(const GByteArray *doc, const char *content_type, size_t count, size_t step,
                         enum wbxml_error *error)
{
    struct log log = {.text = g_string_new(NULL)};
    struct fetch_reader *reader = fetch_reader_new(&events, &log, count);
    int status;

    for (size_t i = 0; i < G_N_ELEMENTS(log.bytes); i++)
        log.bytes[i] = g_string_new(NULL);
    *error = WBXML_OK;
    fetch_sink.begin(reader, content_type);
    for (size_t at = 0; at < doc->len && !*error; at += step)
        *error = fetch_sink.feed(reader, doc->data + at, MIN(step, doc->len - at));
    enum wbxml_error last = fetch_sink.finish(reader, &status);
    *error = *error ? *error : last;
    fetch_reader_free(reader);
    for (size_t i = 0; i < G_N_ELEMENTS(log.bytes); i++)
        g_string_free(log.bytes[i], TRUE);
    return g_string_free(log.text, FALSE);
}

static const char plain[] = "application/vnd.ms-sync.wbxml", multi[] = "application/vnd.ms-sync.multipart";

static void open_fetch(struct wbxml_writer *w, const char *status, const char *id)
{
    wbxml_open(w, TAG_ItemOperations_Fetch);
    wbxml_text(w, TAG_ItemOperations_Status, status);
    if (id)
        wbxml_text(w, TAG_AirSync_ServerId, id);
}

static void begin_answer(struct wbxml_writer *w, GByteArray *out)
{
    wbxml_writer_init(w, out);
    wbxml_open(w, TAG_ItemOperations_ItemOperations);
    wbxml_text(w, TAG_ItemOperations_Status, "1");
    wbxml_open(w, TAG_ItemOperations_Response);
}

static GByteArray *plain_answer(void)
{
    GByteArray *out = g_byte_array_new();
    struct wbxml_writer w;

    begin_answer(&w, out);
    open_fetch(&w, "1", "5:1");
    wbxml_open(&w, TAG_ItemOperations_Properties);
    wbxml_text(&w, TAG_Email_Subject, "hello");
    wbxml_open(&w, TAG_AirSyncBase_Body);
    wbxml_text(&w, TAG_AirSyncBase_Type, "4");
    wbxml_text(&w, TAG_AirSyncBase_Data, "a: b");
    wbxml_close(&w);
    wbxml_close(&w);
    wbxml_close(&w);
    open_fetch(&w, "6", "5:2");
    wbxml_close(&w);
    open_fetch(&w, "1", NULL);
    wbxml_text(&w, TAG_AirSyncBase_FileReference, "5:3:0");
    wbxml_open(&w, TAG_ItemOperations_Properties);
    wbxml_text(&w, TAG_AirSyncBase_ContentType, "text/plain");
    wbxml_text(&w, TAG_ItemOperations_Data, "Zmlyc3QsIHNlY29uZCwgdGhpcmQh");
    wbxml_close(&w);
    wbxml_close(&w);
    wbxml_close(&w);
    wbxml_close(&w);
    return out;
}

static const char plain_log[] = "0: status 1 id '5:1' type 4 'a: b' of hello\n"
                                "1: status 6 id '5:2' type 0 ''\n"
                                "2: status 1 id '' type 0 'first, second, third!'\n";

static void a_plain_answer_however_cut(void **state)
{
    g_autoptr(GByteArray) doc = plain_answer();

    (void)state;
    for (size_t step = 1; step <= doc->len; step++) {
        /* What the content type claims does not matter for a document that is one. */
        enum wbxml_error error;
        g_autofree char *log = read_pieces(doc, step % 2 ? plain : multi, 3, step, &error);

        assert_int_equal(error, WBXML_OK);
        assert_string_equal(log, plain_log);
    }
}

static void more_items_than_asked(void **state)
{
    g_autoptr(GByteArray) doc = plain_answer();
    enum wbxml_error error;

    (void)state;
    g_free(read_pieces(doc, plain, 2, 1000, &error));
    assert_int_equal(error, WBXML_MALFORMED);
}

static void put_word(GByteArray *out, uint32_t word)
{
    const uint8_t bytes[] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24)};

    g_byte_array_append(out, bytes, sizeof bytes);
}

/* A document of two items whose bodies are parts, numbered from first; the item between is refused.
 * gap bytes lie between the parts. */
static GByteArray *multipart_answer(int first, uint32_t gap)
{
    static const char *const bodies[] = {"message one", "two"};
    g_autoptr(GByteArray) doc = g_byte_array_new();
    GByteArray *out = g_byte_array_new();
    struct wbxml_writer w;

    begin_answer(&w, doc);
    for (int i = 0; i < 2; i++) {
        open_fetch(&w, "1", i ? "5:3" : "5:1");
        wbxml_open(&w, TAG_ItemOperations_Properties);
        wbxml_open(&w, TAG_AirSyncBase_Body);
        wbxml_text(&w, TAG_AirSyncBase_Type, "4");
        wbxml_number(&w, TAG_ItemOperations_Part, first + i);
        wbxml_close(&w);
        wbxml_close(&w);
        wbxml_close(&w);
        if (i == 0) {
            open_fetch(&w, "6", "5:2");
            wbxml_close(&w);
        }
    }
    wbxml_close(&w);
    wbxml_close(&w);

    uint32_t at = 4 + 3 * 8;

    put_word(out, 3);
    put_word(out, at);
    put_word(out, doc->len);
    at += doc->len;
    for (int i = 0; i < 2; i++) {
        put_word(out, at + gap);
        put_word(out, (uint32_t)strlen(bodies[i]));
        at += gap + (uint32_t)strlen(bodies[i]);
    }
    g_byte_array_append(out, doc->data, doc->len);
    for (int i = 0; i < 2; i++) {
        for (uint32_t n = 0; n < gap; n++)
            g_byte_array_append(out, (const uint8_t *)"#", 1);
        g_byte_array_append(out, (const uint8_t *)bodies[i], (guint)strlen(bodies[i]));
    }
    return out;
}

static const char multipart_log[] = "1: status 6 id '5:2' type 0 ''\n"
                                    "0: status 1 id '5:1' type 4 opaque 'message one'\n"
                                    "2: status 1 id '5:3' type 4 opaque 'two'\n";

static void parts_counted_from_zero_or_one(void **state)
{
    (void)state;
    for (int first = 0; first <= 1; first++)
        for (uint32_t gap = 0; gap < 6; gap += 5) {
            g_autoptr(GByteArray) doc = multipart_answer(first, gap);

            for (size_t step = 1; step <= doc->len; step++) {
                enum wbxml_error error;
                g_autofree char *log = read_pieces(doc, multi, 3, step, &error);

                assert_int_equal(error, WBXML_OK);
                assert_string_equal(log, multipart_log);
            }
        }
}

static void a_part_that_is_not_there(void **state)
{
    g_autoptr(GByteArray) doc = multipart_answer(2, 0);
    enum wbxml_error error;

    (void)state;
    g_free(read_pieces(doc, multi, 3, doc->len, &error));
    assert_int_equal(error, WBXML_MALFORMED);
}

static void a_multipart_answer_cut_anywhere(void **state)
{
    g_autoptr(GByteArray) doc = multipart_answer(1, 2);
    guint whole = doc->len;

    (void)state;
    for (guint length = 0; length < whole; length++) {
        enum wbxml_error error;

        doc->len = length;
        g_free(read_pieces(doc, multi, 3, 7, &error));
        assert_int_equal(error, WBXML_TRUNCATED);
    }
    doc->len = whole;
}

static bool any_part(void *ctx, unsigned number, unsigned count)
{
    (void)ctx;
    (void)number;
    (void)count;
    return true;
}

static bool any_bytes(void *ctx, const char *bytes, size_t length)
{
    (void)ctx;
    (void)bytes;
    (void)length;
    return true;
}

static bool any_end(void *ctx, unsigned number)
{
    (void)ctx;
    (void)number;
    return true;
}

static void tables_that_cannot_be(void **state)
{
    static const struct {
        uint32_t words[5];
        enum wbxml_error error;
    } rows[] = {
        {{0, 0, 0, 0, 0}, WBXML_MALFORMED},                   /* no part at all */
        {{4, 0, 0, 0, 0}, WBXML_TOO_LARGE},                   /* more than may be */
        {{0xffffffff, 0, 0, 0, 0}, WBXML_TOO_LARGE},          /* the same, absurdly */
        {{2, 19, 1, 20, 1}, WBXML_MALFORMED},                 /* a part inside the table */
        {{2, 20, 5, 24, 1}, WBXML_MALFORMED},                 /* parts that overlap */
        {{2, 40, 5, 20, 1}, WBXML_MALFORMED},                 /* parts out of order */
        {{2, 20, 0xffffffff, 0, 0}, WBXML_TOO_LARGE},         /* a part of 4 GB */
        {{2, 0xffffffff, 9, 0xffffffff, 9}, WBXML_MALFORMED}, /* an end beyond 32 bits */
        {{2, 20, 0, 20, 0}, WBXML_OK},                        /* empty parts */
        {{2, 20, 0, 4000, 0}, WBXML_TRUNCATED},
    };
    static const struct multipart_handler handler = {any_part, any_bytes, any_end};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct multipart *multipart = multipart_new(&handler, NULL, 3);
        g_autoptr(GByteArray) out = g_byte_array_new();

        for (size_t n = 0; n < G_N_ELEMENTS(rows[i].words); n++)
            put_word(out, rows[i].words[n]);
        multipart_feed(multipart, out->data, out->len);
        assert_int_equal(multipart_finish(multipart), rows[i].error);
        multipart_free(multipart);
    }
}

struct kept {
    GByteArray *bytes;
    unsigned parts;
};

static bool keep_part(void *ctx, unsigned number, unsigned count)
{
    struct kept *kept = ctx;

    assert_int_equal(number, kept->parts++);
    assert_int_equal(count, 1);
    return true;
}

static bool keep_bytes(void *ctx, const char *bytes, size_t length)
{
    struct kept *kept = ctx;

    g_byte_array_append(kept->bytes, (const guint8 *)bytes, (guint)length);
    return true;
}

/* A recorded container of one part: a document at offset 12 that is a refused Sync. */
static void a_recorded_container(void **state)
{
    static const struct multipart_handler handler = {keep_part, keep_bytes, any_end};
    g_autoptr(GBytes) bytes = shared_file("protocol/vectors/multipart-syncroton-sync-status3.bin");
    g_autoptr(GByteArray) document = g_byte_array_new();
    struct kept kept = {.bytes = document};

    (void)state;
    SKIP_WITHOUT(bytes, "the recorded multipart answer");
    struct multipart *multipart = multipart_new(&handler, &kept, 2);
    assert_int_equal(multipart_feed(multipart, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)), WBXML_OK);
    assert_int_equal(multipart_finish(multipart), WBXML_OK);
    multipart_free(multipart);
    assert_int_equal(document->len, 42);
    g_autoptr(eas_node) root = eas_node_parse(document->data, document->len, NULL);
    const struct eas_node *collection =
        eas_node_child(eas_node_child(root, TAG_AirSync_Collections), TAG_AirSync_Collection);
    assert_string_equal(eas_node_text(collection, TAG_AirSync_Status), "3");
}

static void a_request_for_each_kind(void **state)
{
    static const unsigned char expected[] = {
        0x03, 0x01, 0x6a, 0x00, 0x00, 0x14, 0x45, 0x46,                                    /* ItemOperations, Fetch */
        0x47, 0x03, 'M',  'a',  'i',  'l',  'b',  'o',  'x',  0x00, 0x01,                  /* Store */
        0x00, 0x00, 0x52, 0x03, '5',  0x00, 0x01, 0x4d, 0x03, '5',  ':',  '1', 0x00, 0x01, /* CollectionId, ServerId */
        0x00, 0x14, 0x48, 0x00, 0x00, 0x62, 0x03, '2',  0x00, 0x01,                        /* Options, MIMESupport 2 */
        0x00, 0x11, 0x45, 0x46, 0x03, '4',  0x00, 0x01, 0x01, 0x01, 0x01,                  /* BodyPreference, Type 4 */
        0x00, 0x14, 0x46, 0x47, 0x03, 'M',  'a',  'i',  'l',  'b',  'o',  'x', 0x00, 0x01,
        0x00, 0x11, 0x51, 0x03, 'r',  0x00, 0x01, 0x01, /* FileReference */
        0x01,
    };
    const struct fetch fetches[] = {
        {.collection_id = "5", .server_id = "5:1", .mime = true},
        {.file_reference = "r"},
    };
    g_autoptr(GByteArray) out = g_byte_array_new();

    (void)state;
    item_operations_request(out, EAS_14_1, fetches, G_N_ELEMENTS(fetches));
    assert_int_equal(out->len, sizeof expected);
    assert_memory_equal(out->data, expected, sizeof expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_answer_however_cut),
        cmocka_unit_test(more_items_than_asked),
        cmocka_unit_test(parts_counted_from_zero_or_one),
        cmocka_unit_test(a_part_that_is_not_there),
        cmocka_unit_test(a_multipart_answer_cut_anywhere),
        cmocka_unit_test(tables_that_cannot_be),
        cmocka_unit_test(a_recorded_container),
        cmocka_unit_test(a_request_for_each_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
