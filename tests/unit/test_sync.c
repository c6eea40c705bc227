/* Sync, request and answer. Catches: elements out of their strict order, a key 0 request that asks for
 * changes, a body that goes into the tree instead of the stream (or the reverse), a value lost when
 * the answer is cut elsewhere, items of one collection told as another's, a status read at the
 * wrong level. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/limits.h"
#include "codec/wire/sync.h"
#include "tests/unit/shared.h"

/* What a reader told, a line an event. */
struct log {
    GString *text;
    size_t stop_after; /* events, 0: never */
    size_t events;
    GString *body;
};

static bool count(struct log *log)
{
    return ++log->events != log->stop_after;
}

static bool log_begin(void *ctx, const struct sync_state *state, const char *server_id)
{
    struct log *log = ctx;

    (void)state;
    g_string_truncate(log->body, 0);
    g_string_append_printf(log->text, "body of %s\n", server_id);
    return count(log);
}

static bool log_bytes(void *ctx, const char *bytes, size_t length)
{
    struct log *log = ctx;

    assert_true(length > 0);
    g_string_append_len(log->body, bytes, (gssize)length);
    return true;
}

static bool log_item(void *ctx, const struct sync_state *state, struct sync_item *item)
{
    static const char *const kinds[] = {"add", "change", "delete", "soft-delete", "fetch"};
    struct log *log = ctx;
    const struct sync_body *body = &item->body;
    const char *subject = item->data ? eas_node_text(item->data, TAG_Email_Subject) : NULL;

    g_string_append_printf(log->text, "%s: %s%s %s", state->collection_id, item->response ? "response " : "",
                           kinds[item->kind], item->server_id);
    if (item->client_id)
        g_string_append_printf(log->text, " client %s", item->client_id);
    if (item->instance_id)
        g_string_append_printf(log->text, " instance %s", item->instance_id);
    if (item->response)
        g_string_append_printf(log->text, " status %d", item->status);
    if (subject)
        g_string_append_printf(log->text, " '%s'", subject);
    if (body->type)
        g_string_append_printf(log->text, " body type %d%s%s%s estimated %lld bytes %lld '%s'", body->type,
                               body->streamed ? " streamed" : "", body->truncated ? " truncated" : "",
                               body->opaque ? " opaque" : "", body->estimated, body->bytes,
                               body->streamed ? log->body->str : "");
    const char *kept = eas_node_text(eas_node_child(item->data, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data);
    if (kept)
        g_string_append_printf(log->text, " kept %zu", strlen(kept));
    g_string_append_c(log->text, '\n');
    return count(log);
}

static bool log_collection(void *ctx, const struct sync_state *state)
{
    struct log *log = ctx;

    g_string_append_printf(log->text, "end of %s key %s status %d%s%s\n", state->collection_id,
                           state->sync_key ? state->sync_key : "-", state->status, state->more_available ? " more" : "",
                           state->had_commands ? " commands" : "");
    return count(log);
}

static const struct sync_events log_events = {log_begin, log_bytes, log_item, log_collection};

/* Reads doc in pieces of step bytes; returns the log, and how it ended. The caller frees the log. */
static char *read_pieces(const GByteArray *doc, size_t step, size_t stop_after, enum wbxml_error *error, int *status)
{
    struct log log = {.text = g_string_new(NULL), .body = g_string_new(NULL), .stop_after = stop_after};
    struct sync_reader *reader = sync_reader_new(&log_events, &log);

    *error = WBXML_OK;
    sync_sink.begin(reader, "application/vnd.ms-sync.wbxml");
    for (size_t at = 0; at < doc->len && !*error; at += step)
        *error = sync_sink.feed(reader, doc->data + at, MIN(step, doc->len - at));
    enum wbxml_error last = sync_sink.finish(reader, status);
    *error = *error ? *error : last;
    sync_reader_free(reader);
    g_string_free(log.body, TRUE);
    return g_string_free(log.text, FALSE);
}

static void open_collection(struct wbxml_writer *writer, const char *key, const char *id)
{
    wbxml_open(writer, TAG_AirSync_Collection);
    wbxml_text(writer, TAG_AirSync_SyncKey, key);
    wbxml_text(writer, TAG_AirSync_CollectionId, id);
    wbxml_text(writer, TAG_AirSync_Status, "1");
}

static void open_item(struct wbxml_writer *writer, const char *id, const char *subject)
{
    wbxml_open(writer, TAG_AirSync_Add);
    wbxml_text(writer, TAG_AirSync_ServerId, id);
    wbxml_open(writer, TAG_AirSync_ApplicationData);
    if (subject)
        wbxml_text(writer, TAG_Email_Subject, subject);
}

static void close_elements(struct wbxml_writer *writer, int count_)
{
    while (count_-- > 0)
        wbxml_close(writer);
}

/* Two collections: the first with every kind of body, the second with other commands and answers. */
static GByteArray *sample(void)
{
    GByteArray *out = g_byte_array_new();
    struct wbxml_writer w;

    wbxml_writer_init(&w, out);
    wbxml_open(&w, TAG_AirSync_Sync);
    wbxml_open(&w, TAG_AirSync_Collections);
    open_collection(&w, "k2", "5");
    wbxml_open(&w, TAG_AirSync_Commands);

    open_item(&w, "5:1", "text");
    wbxml_open(&w, TAG_AirSyncBase_Body);
    wbxml_text(&w, TAG_AirSyncBase_Type, "4");
    wbxml_text(&w, TAG_AirSyncBase_EstimatedDataSize, "7");
    wbxml_text(&w, TAG_AirSyncBase_Data, "a: b\r\nc");
    close_elements(&w, 3);

    open_item(&w, "5:2", "opaque, before its type");
    wbxml_open(&w, TAG_AirSyncBase_Body);
    wbxml_opaque(&w, TAG_AirSyncBase_Data, "x: y", 4);
    wbxml_text(&w, TAG_AirSyncBase_Truncated, "1");
    wbxml_text(&w, TAG_AirSyncBase_Type, "4");
    close_elements(&w, 3);

    open_item(&w, "5:3", "announced only");
    wbxml_open(&w, TAG_AirSyncBase_Body);
    wbxml_text(&w, TAG_AirSyncBase_Type, "4");
    wbxml_text(&w, TAG_AirSyncBase_EstimatedDataSize, "9000000");
    wbxml_empty(&w, TAG_AirSyncBase_Data);
    close_elements(&w, 3);

    open_item(&w, "5:4", "plain");
    wbxml_open(&w, TAG_AirSyncBase_Body);
    wbxml_text(&w, TAG_AirSyncBase_Data, "four");
    wbxml_text(&w, TAG_AirSyncBase_Type, "1");
    close_elements(&w, 3);
    wbxml_close(&w);
    wbxml_empty(&w, TAG_AirSync_MoreAvailable);
    wbxml_close(&w);

    open_collection(&w, "k9", "6");
    wbxml_open(&w, TAG_AirSync_Responses);
    wbxml_open(&w, TAG_AirSync_Add);
    wbxml_text(&w, TAG_AirSync_ClientId, "c1");
    wbxml_text(&w, TAG_AirSync_ServerId, "6:8");
    wbxml_text(&w, TAG_AirSync_Status, "7");
    close_elements(&w, 2);
    wbxml_open(&w, TAG_AirSync_Commands);
    wbxml_open(&w, TAG_AirSync_Delete);
    wbxml_text(&w, TAG_AirSync_ServerId, "6:1");
    wbxml_text(&w, TAG_AirSyncBase_InstanceId, "20260101T090000Z");
    wbxml_close(&w);
    wbxml_open(&w, TAG_AirSync_SoftDelete);
    wbxml_text(&w, TAG_AirSync_ServerId, "6:2");
    close_elements(&w, 5);
    return out;
}

static const char sample_log[] =
    "body of 5:1\n"
    "5: add 5:1 'text' body type 4 streamed estimated 7 bytes 7 'a: b\r\nc'\n"
    "body of 5:2\n"
    "5: add 5:2 'opaque, before its type' body type 4 streamed truncated opaque estimated -1 bytes 4 'x: y'\n"
    "5: add 5:3 'announced only' body type 4 truncated estimated 9000000 bytes 0 ''\n"
    "5: add 5:4 'plain' body type 1 estimated -1 bytes 0 '' kept 4\n"
    "end of 5 key k2 status 1 more commands\n"
    "6: response add 6:8 client c1 status 7\n"
    "6: delete 6:1 instance 20260101T090000Z\n"
    "6: soft-delete 6:2\n"
    "end of 6 key k9 status 1 commands\n";

static void tells_the_same_however_cut(void **state)
{
    g_autoptr(GByteArray) doc = sample();

    (void)state;
    for (size_t step = 1; step <= doc->len; step = step < 40 ? step + 1 : step * 2) {
        enum wbxml_error error;
        int status;
        g_autofree char *log = read_pieces(doc, step, 0, &error, &status);

        assert_int_equal(error, WBXML_OK);
        assert_int_equal(status, 0);
        assert_string_equal(log, sample_log);
    }
}

static void an_answer_cut_anywhere_is_truncated(void **state)
{
    g_autoptr(GByteArray) doc = sample();
    guint whole = doc->len;

    (void)state;
    for (guint length = 0; length < whole; length++) {
        enum wbxml_error error;
        int status;

        doc->len = length;
        g_autofree char *log = read_pieces(doc, 11, 0, &error, &status);
        assert_int_equal(error, WBXML_TRUNCATED);
        /* What was told before the cut is the beginning of what the whole would tell. */
        assert_memory_equal(log, sample_log, strlen(log));
    }
    doc->len = whole;
}

/* Answers of real servers, and the examples that are published, as they were recorded. */
static void recorded_answers(void **state)
{
    static const struct {
        const char *name, *log;
    } rows[] = {
        {"sync-response-msaswbxml-example", /* MS-ASWBXML 4 */
         "2: add 2:1 body type 1 truncated estimated 0 bytes 0 ''\nend of 2 key 2 status 1 commands\n"},
        {"sync-response-msblog-sync-response", "end of 2 key 1997433074 status 1\n"},
        {"sync-response-sync-invalidkey", "end of 5 key 0 status 3\n"},
        {"sync-response-pwd-response-151", "end of 7 key 1509029063 status 1\n"},
        {"sync-response-pwd-response-4569", "end of RI key 1437611349 status 1\n"},
        {"sync-response-pwd-response-6801", "end of 7 key 500509522 status 1\n"},
        {"sync-response-pwd-response-884", "end of 2 key 28589765 status 1\n"},
    };

    (void)state;
    SKIP_WITHOUT(shared_has("protocol/vectors"), "protocol/vectors");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("protocol/vectors/%s.wbxml", rows[i].name);
        g_autoptr(GBytes) bytes = shared_file(path);
        g_autoptr(GByteArray) doc = g_byte_array_new();
        enum wbxml_error error;
        int status;

        assert_non_null(bytes);
        g_byte_array_append(doc, g_bytes_get_data(bytes, NULL), (guint)g_bytes_get_size(bytes));
        g_autofree char *log = read_pieces(doc, 3, 0, &error, &status);
        assert_int_equal(error, WBXML_OK);
        assert_int_equal(status, 0);
        assert_string_equal(log, rows[i].log);
    }
}

static void the_caller_can_stop_at_every_event(void **state)
{
    g_autoptr(GByteArray) doc = sample();

    (void)state;
    for (size_t after = 1; after <= 11; after++) {
        enum wbxml_error error;
        int status;
        g_free(read_pieces(doc, doc->len, after, &error, &status));

        assert_int_equal(error, WBXML_STOPPED);
    }
}

static void a_status_of_the_whole(void **state)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    struct wbxml_writer w;
    enum wbxml_error error;
    int status;

    (void)state;
    wbxml_writer_init(&w, out);
    wbxml_open(&w, TAG_AirSync_Sync);
    wbxml_text(&w, TAG_AirSync_Status, "14");
    wbxml_text(&w, TAG_AirSync_Limit, "59");
    wbxml_close(&w);
    g_autofree char *log = read_pieces(out, 1, 0, &error, &status);
    assert_int_equal(error, WBXML_OK);
    assert_int_equal(status, 14);
    assert_string_equal(log, "");

    struct log unused = {0};
    struct sync_reader *reader = sync_reader_new(&log_events, &unused);
    sync_sink.begin(reader, "application/vnd.ms-sync.wbxml");
    assert_int_equal(sync_sink.feed(reader, out->data, out->len), WBXML_OK);
    assert_int_equal(sync_reader_limit(reader), 59);
    sync_sink.begin(reader, "application/vnd.ms-sync.wbxml");
    assert_int_equal(sync_reader_limit(reader), 0);
    sync_reader_free(reader);
}

static void another_document_is_malformed(void **state)
{
    g_autoptr(eas_node) root = eas_node_new(TAG_Ping_Ping, NULL);
    g_autoptr(GBytes) bytes = eas_node_bytes(root);
    g_autoptr(GByteArray) doc = g_byte_array_new();
    enum wbxml_error error;
    int status;

    (void)state;
    g_byte_array_append(doc, g_bytes_get_data(bytes, NULL), (guint)g_bytes_get_size(bytes));
    g_free(read_pieces(doc, 3, 0, &error, &status));
    assert_int_equal(error, WBXML_MALFORMED);
}

/* A long Data whose Type comes last: of mail it is streamed, of a note it stays in the tree. */
static void a_long_body_before_its_type(void **state)
{
    enum { LENGTH = LIMIT_UNTYPED_BYTES + 5000 };
    g_autofree char *long_text = g_strnfill(LENGTH, 'x');

    (void)state;
    for (int mail = 0; mail < 2; mail++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        struct wbxml_writer w;
        enum wbxml_error error;
        int status;

        wbxml_writer_init(&w, out);
        wbxml_open(&w, TAG_AirSync_Sync);
        wbxml_open(&w, TAG_AirSync_Collections);
        open_collection(&w, "k", "1");
        wbxml_open(&w, TAG_AirSync_Commands);
        open_item(&w, "1:1", mail ? "s" : NULL);
        wbxml_open(&w, TAG_AirSyncBase_Body);
        wbxml_text(&w, TAG_AirSyncBase_Data, long_text);
        wbxml_text(&w, TAG_AirSyncBase_Type, mail ? "4" : "1");
        close_elements(&w, 7);
        g_autofree char *log = read_pieces(out, 1000, 0, &error, &status);
        g_autofree char *expected =
            mail ? g_strdup_printf("body of 1:1\n1: add 1:1 's' body type 4 streamed estimated -1 bytes %d '%s'\n"
                                   "end of 1 key k status 1 commands\n",
                                   LENGTH, long_text)
                 : g_strdup_printf("1: add 1:1 body type 1 estimated -1 bytes 0 '' kept %d\n"
                                   "end of 1 key k status 1 commands\n",
                                   LENGTH);

        assert_int_equal(error, WBXML_OK);
        assert_string_equal(log, expected);
    }
}

static void a_key_that_is_too_long(void **state)
{
    g_autofree char *key = g_strnfill(LIMIT_KEY_BYTES + 1, 'k');
    g_autoptr(GByteArray) out = g_byte_array_new();
    struct wbxml_writer w;
    enum wbxml_error error;
    int status;

    (void)state;
    wbxml_writer_init(&w, out);
    wbxml_open(&w, TAG_AirSync_Sync);
    wbxml_open(&w, TAG_AirSync_Collections);
    open_collection(&w, key, "1");
    close_elements(&w, 3);
    g_free(read_pieces(out, 100, 0, &error, &status));
    assert_int_equal(error, WBXML_TOO_LARGE);
}

static void a_priming_request(void **state)
{
    static const unsigned char expected[] = {
        0x03, 0x01, 0x6a, 0x00, 0x45, 0x5c, 0x4f,                               /* Sync, Collections, Collection */
        0x4b, 0x03, '0',  0x00, 0x01, 0x52, 0x03, '5',  0x00, 0x01,             /* SyncKey 0, CollectionId 5 */
        0x57, 0x00, 0x11, 0x45, 0x46, 0x03, '1',  0x00, 0x01, 0x01, 0x01, 0x01, /* Options, BodyPreference, Type 1 */
        0x01, 0x01,
    };
    const struct sync_collection contacts = {
        .collection_id = "5", .sync_key = "0", .class = EAS_CONTACTS, .window = 100, .filter = SYNC_FILTER_NONE};
    g_autoptr(GByteArray) out = g_byte_array_new();

    (void)state;
    sync_request(out, EAS_14_1, &contacts, 1, 0);
    assert_int_equal(out->len, sizeof expected);
    assert_memory_equal(out->data, expected, sizeof expected);
}

static const char *names(const struct eas_node *node, GString *into)
{
    g_string_truncate(into, 0);
    for (const struct eas_node *child = node->first; child; child = child->next)
        g_string_append_printf(into, "%s=%s ", eas_tag_name(child->tag), child->first ? "" : child->text);
    return into->str;
}

static void mail_requests_in_strict_order(void **state)
{
    const struct {
        struct sync_collection collection;
        const char *expected, *options, *body;
    } rows[] = {
        {{"5", "k1", EAS_MAIL, 100, SYNC_FILTER_ALL, 524288, false},
         "SyncKey=k1 CollectionId=5 DeletesAsMoves=1 GetChanges=1 WindowSize=100 Options= ",
         "FilterType=0 MIMESupport=2 MIMETruncation=8 BodyPreference= ",
         "Type=4 TruncationSize=524288 AllOrNone=1 "},
        {{"5", "k1", EAS_MAIL, 9999, 5, 0, true},
         "SyncKey=k1 CollectionId=5 DeletesAsMoves=1 GetChanges=0 WindowSize=512 Options= ",
         "FilterType=5 MIMESupport=2 MIMETruncation=0 BodyPreference= ",
         "Type=4 TruncationSize=0 "},
    };
    g_autoptr(GString) text = g_string_new(NULL);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) out = g_byte_array_new();

        sync_request(out, EAS_16_1, &rows[i].collection, 1, 50);
        g_autoptr(eas_node) root = eas_node_parse(out->data, out->len, NULL);
        assert_string_equal(names(root, text), "Collections= WindowSize=50 ");
        const struct eas_node *collection = root->first->first;
        const struct eas_node *options = eas_node_child(collection, TAG_AirSync_Options);
        assert_string_equal(names(collection, text), rows[i].expected);
        assert_string_equal(names(options, text), rows[i].options);
        assert_string_equal(names(options->last, text), rows[i].body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_same_however_cut),
        cmocka_unit_test(an_answer_cut_anywhere_is_truncated),
        cmocka_unit_test(recorded_answers),
        cmocka_unit_test(the_caller_can_stop_at_every_event),
        cmocka_unit_test(a_status_of_the_whole),
        cmocka_unit_test(another_document_is_malformed),
        cmocka_unit_test(a_long_body_before_its_type),
        cmocka_unit_test(a_key_that_is_too_long),
        cmocka_unit_test(a_priming_request),
        cmocka_unit_test(mail_requests_in_strict_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
