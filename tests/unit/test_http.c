/* One exchange over HTTP. Catches: an answer cut anywhere that passes for whole, a page taken for a
 * document, a connection held for ever by a trickle, unpacked bytes or headers without bound, an
 * interruption that waits, a message that reaches the server twice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <zlib.h>

#include "cache/server/fault.h"
#include "codec/limits.h"
#include "tests/unit/lib/rig.h"

#define WBXML "Content-Type: application/vnd.ms-sync.wbxml\r\n"

/* What the server says to every request. */
struct script {
    GByteArray *bytes;
    gsize cut, piece;
    unsigned pause_ms;
    bool hold, close;
};

static void say(void *ctx, const struct script_request *request, struct script_reply *reply)
{
    const struct script *script = ctx;

    (void)request;
    g_byte_array_append(reply->bytes, script->bytes->data, script->bytes->len);
    reply->cut = script->cut;
    reply->piece = script->piece;
    reply->pause_ms = script->pause_ms;
    reply->hold = script->hold;
    reply->close = script->close;
}

struct bench {
    struct script script;
    struct script_server *server;
    struct tls_trust *trust;
    struct http *http;
    struct answer_tree tree;
    struct http_answer answer;
    char *url;
};

static int set_up(void **state)
{
    struct bench *bench = g_new0(struct bench, 1);
    struct eas_result result;

    bench->script = (struct script){.bytes = g_byte_array_new(), .cut = G_MAXSIZE};
    bench->server = script_server_new(say, &bench->script, NULL);
    bench->url = script_server_url(bench->server);
    bench->trust = tls_trust_new(NULL, NULL, NULL, NULL, &result);
    struct http_settings settings = {.trust = bench->trust, .user_agent = "test", .proxy = ""};

    bench->http = http_new(&settings);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    http_free(bench->http);
    script_server_free(bench->server);
    tls_trust_free(bench->trust);
    answer_tree_clear(&bench->tree);
    g_byte_array_unref(bench->script.bytes);
    g_free(bench->url);
    g_free(bench);
    return 0;
}

static struct eas_result ask_with(struct bench *bench, struct http_request request)
{
    request.url = bench->url;
    request.timeout_ms = request.timeout_ms ? request.timeout_ms : 30000;
    request.sink = &answer_tree_sink;
    request.ctx = &bench->tree;
    http_exchange(bench->http, &request, &bench->answer);
    return fault_result(bench->http, &bench->answer, EAS_SYNC, "here");
}

static struct eas_result ask(struct bench *bench)
{
    return ask_with(bench, (struct http_request){0});
}

static void write_answer(struct bench *bench, const char *head, const void *body, gsize length)
{
    g_byte_array_set_size(bench->script.bytes, 0);
    g_byte_array_append(bench->script.bytes, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(bench->script.bytes, body, (guint)length);
}

static GBytes *small_document(void)
{
    g_autoptr(eas_node) root = rig_answer(1);

    return eas_node_bytes(root);
}

static GByteArray *packed(const void *bytes, gsize length)
{
    GByteArray *out = g_byte_array_new();
    z_stream stream = {0};

    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    g_byte_array_set_size(out, (guint)deflateBound(&stream, length));
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = out->data;
    stream.avail_out = out->len;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    g_byte_array_set_size(out, (guint)stream.total_out);
    deflateEnd(&stream);
    return out;
}

static void a_document_is_read(void **state)
{
    struct bench *bench = *state;
    g_autoptr(GBytes) document = small_document();
    gsize length;
    const void *bytes = g_bytes_get_data(document, &length);
    g_autofree char *head = g_strdup_printf("HTTP/1.1 200 OK\r\n" WBXML "Content-Length: %zu\r\n\r\n", length);

    write_answer(bench, head, bytes, length);
    for (unsigned i = 0; i < 3; i++) {
        struct eas_result result = ask(bench);

        assert_int_equal(result.outcome, EAS_SERVED);
        assert_string_equal(eas_node_text(answer_tree_root(&bench->tree), TAG_FolderHierarchy_SyncKey), "key-1");
        assert_int_equal(bench->answer.document_status, 1);
    }
    assert_int_equal(script_server_connections(bench->server), 1);
}

/* Three ways to say where an answer ends; cut before its end, none may pass for an answer. */
static void an_answer_cut_anywhere_is_no_answer(void **state)
{
    struct bench *bench = *state;
    g_autoptr(GBytes) document = small_document();
    gsize length;
    const void *bytes = g_bytes_get_data(document, &length);

    char *heads[] = {g_strdup_printf("HTTP/1.1 200 OK\r\n" WBXML "Content-Length: %zu\r\n\r\n", length),
                     g_strdup_printf("HTTP/1.1 200 OK\r\n" WBXML "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", length),
                     g_strdup("HTTP/1.1 200 OK\r\n" WBXML "Connection: close\r\n\r\n")};

    for (size_t way = 0; way < G_N_ELEMENTS(heads); way++) {
        g_autofree char *head = heads[way];
        gsize body_at = strlen(head);

        write_answer(bench, head, bytes, length);
        if (way == 1)
            g_byte_array_append(bench->script.bytes, (const guint8 *)"\r\n0\r\n\r\n", 7);
        bench->script.close = way == 2;
        /* The very last line feed of the chunks tells nothing that was not known. */
        for (gsize cut = 0; cut < bench->script.bytes->len - (way == 1); cut++) {
            bench->script.cut = cut;
            struct eas_result result = ask(bench);

            /* Without a length, an answer that ends after its headers is an empty one. */
            if (way == 2 && cut == body_at)
                assert_true(bench->answer.empty);
            else if (result.outcome != EAS_UNREACHABLE)
                fail_msg("way %zu, cut at %zu of %u: outcome %d, %s", way, cut, bench->script.bytes->len,
                         result.outcome, result.text);
        }
        bench->script.cut = G_MAXSIZE;
        assert_int_equal(ask(bench).outcome, EAS_SERVED);
    }
}

static void what_is_no_document_is_told(void **state)
{
    static const struct {
        const char *type, *body;
        enum eas_outcome outcome;
        int exit_code;
    } rows[] = {
        {"text/html; charset=utf-8", "<html>Log in</html>", EAS_UNREACHABLE, 76},
        {"TEXT/HTML", "<html>Log in</html>", EAS_UNREACHABLE, 76},
        {"application/json", "{}", EAS_UNREACHABLE, 76},
        {"application/vnd.ms-sync.wbxml", "<html>Log in</html>", EAS_UNREACHABLE, 76},
        {"application/octet-stream", "<html>Log in</html>", EAS_UNREACHABLE, 76},
        {"application/vnd.ms-sync.wbxml", "", EAS_SERVED, 0},
        {"text/html", "", EAS_SERVED, 0},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *head = g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                                                rows[i].type, strlen(rows[i].body));

        write_answer(bench, head, rows[i].body, strlen(rows[i].body));
        struct eas_result result = ask(bench);

        if (result.outcome != rows[i].outcome || result.exit_code != rows[i].exit_code)
            fail_msg("row %zu: outcome %d, exit code %d, %s", i, result.outcome, result.exit_code, result.text);
        assert_int_equal(bench->answer.empty, !*rows[i].body);
    }
}

static void packed_answers_are_unpacked(void **state)
{
    struct bench *bench = *state;
    g_autoptr(GBytes) document = small_document();
    g_autoptr(GByteArray) body = packed(g_bytes_get_data(document, NULL), g_bytes_get_size(document));
    g_autofree char *head =
        g_strdup_printf("HTTP/1.1 200 OK\r\n" WBXML "Content-Encoding: gzip\r\nContent-Length: %u\r\n\r\n", body->len);

    write_answer(bench, head, body->data, body->len);
    assert_int_equal(ask(bench).outcome, EAS_SERVED);
    assert_string_equal(eas_node_text(answer_tree_root(&bench->tree), TAG_FolderHierarchy_SyncKey), "key-1");
    const struct script_request *request = script_server_request(bench->server, 0);
    g_autofree char *accepted = script_request_header(request, "Accept-Encoding");

    assert_string_equal(accepted, "gzip");
    /* Every byte after gzip's own header, damaged in turn: never a wrong answer, at worst the right one. */
    for (guint at = 10; at < body->len; at++) {
        write_answer(bench, head, body->data, body->len);
        bench->script.bytes->data[strlen(head) + at] ^= 0x55;
        struct eas_result result = ask(bench);

        if (result.outcome == EAS_SERVED)
            assert_string_equal(eas_node_text(answer_tree_root(&bench->tree), TAG_FolderHierarchy_SyncKey), "key-1");
    }
    write_answer(bench, head, "this is not gzip at all, whatever it says............................................",
                 body->len);
    assert_int_equal(ask(bench).outcome, EAS_UNREACHABLE);
}

/* A few kilobytes that unpack to 64 MB of one value are stopped at the limit. */
static void a_bomb_is_stopped_at_the_limit(void **state)
{
    struct bench *bench = *state;
    gsize length = 64 << 20;
    g_autofree char *zeros = g_malloc(length);
    static const unsigned char start[] = {0x03, 0x01, 0x6a, 0x00, 0x00, 0x07, 0x56, 0x52, 0x03};

    memset(zeros, 'x', length);
    memcpy(zeros, start, sizeof start);
    g_autoptr(GByteArray) body = packed(zeros, length);
    g_autofree char *head =
        g_strdup_printf("HTTP/1.1 200 OK\r\n" WBXML "Content-Encoding: gzip\r\nContent-Length: %u\r\n\r\n", body->len);

    write_answer(bench, head, body->data, body->len);
    struct eas_result result = ask_with(bench, (struct http_request){.limit = 1 << 20});

    assert_int_equal(bench->answer.end, HTTP_TOO_LARGE);
    assert_int_equal(result.outcome, EAS_UNREACHABLE);
    assert_int_equal(result.scope, EAS_SCOPE_FOLDER);
}

static void endless_headers_are_stopped(void **state)
{
    struct bench *bench = *state;
    GString *head = g_string_new("HTTP/1.1 200 OK\r\n" WBXML);

    while (head->len < 2 * LIMIT_HEADER_BYTES)
        g_string_append_printf(head, "X-Filler-%zu: %0100d\r\n", head->len, 0);
    g_string_append(head, "Content-Length: 0\r\n\r\n");
    write_answer(bench, head->str, "", 0);
    g_string_free(head, TRUE);
    assert_int_equal(ask(bench).outcome, EAS_UNREACHABLE);
}

static void a_refusal_with_an_endless_page_is_a_refusal(void **state)
{
    struct bench *bench = *state;
    g_autofree char *page = g_strnfill(4 * LIMIT_ERROR_BODY_BYTES, 'x');

    write_answer(bench, "HTTP/1.1 403 No\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n", page, strlen(page));
    bench->script.hold = true;
    struct eas_result result = ask(bench);

    assert_int_equal(bench->answer.end, HTTP_ANSWERED);
    assert_int_equal(result.outcome, EAS_REFUSED);
    assert_int_equal(result.http, 403);
}

static void silence_and_stalls_end(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n" WBXML "Content-Length: 1000000\r\n\r\n";
    static const unsigned char start[] = {0x03, 0x01, 0x6a, 0x00, 0x00, 0x07, 0x56, 0x52, 0x03, 'x'};
    struct bench *bench = *state;

    bench->script.hold = true;
    write_answer(bench, "", "", 0);
    assert_int_equal(ask_with(bench, (struct http_request){.timeout_ms = 50}).outcome, EAS_UNREACHABLE);
    assert_int_equal(bench->answer.end, HTTP_SILENT);
    /* Headers alone are no answer yet: a server may send them early and let the question hang. */
    write_answer(bench, head, "", 0);
    ask_with(bench, (struct http_request){.timeout_ms = 50, .stall_ms = 100000});
    assert_int_equal(bench->answer.end, HTTP_SILENT);
    write_answer(bench, head, start, sizeof start);
    struct eas_result result = ask_with(bench, (struct http_request){.stall_ms = 50});

    assert_int_equal(bench->answer.end, HTTP_STALLED);
    assert_int_equal(result.outcome, EAS_UNREACHABLE);
    assert_int_equal(result.exit_code, 75);
}

/* One byte now and then is no progress, though never silent for stall_ms. */
static void a_trickle_is_a_stall(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n" WBXML "Content-Length: 1000000\r\n\r\n";
    struct bench *bench = *state;
    g_autofree char *text = g_strnfill(100000, 'x');
    static const unsigned char start[] = {0x03, 0x01, 0x6a, 0x00, 0x00, 0x07, 0x56, 0x52, 0x03};

    memcpy(text, start, sizeof start);
    write_answer(bench, head, text, strlen(text));
    bench->script.piece = 1;
    bench->script.pause_ms = 2;
    ask_with(bench, (struct http_request){.timeout_ms = 60000, .stall_ms = 400});
    assert_int_equal(bench->answer.end, HTTP_STALLED);
}

static gpointer interrupt_after_request(gpointer data)
{
    struct bench *bench = data;

    script_server_await(bench->server, 1);
    http_interrupt(bench->http);
    return NULL;
}

static void an_interruption_ends_it(void **state)
{
    struct bench *bench = *state;

    bench->script.hold = true;
    write_answer(bench, "", "", 0);
    GThread *thread = g_thread_new("interrupt", interrupt_after_request, bench);
    struct eas_result result = ask(bench);

    g_thread_join(thread);
    assert_int_equal(bench->answer.end, HTTP_INTERRUPTED);
    assert_int_equal(result.outcome, EAS_UNREACHABLE);
    assert_string_equal(result.text, "interrupted");
    /* Until the reset nothing is asked. */
    ask(bench);
    assert_int_equal(bench->answer.end, HTTP_INTERRUPTED);
    assert_int_equal(script_server_count(bench->server, NULL), 1);
    bench->script.hold = false;
    write_answer(bench, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 0);
    http_reset(bench->http);
    assert_int_equal(ask(bench).outcome, EAS_SERVED);
}

/* A kept connection that dies after the request was read: curl alone would send it again. */
static void what_goes_once_goes_once(void **state)
{
    struct bench *bench = *state;

    write_answer(bench, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 0);
    assert_int_equal(ask(bench).outcome, EAS_SERVED);
    write_answer(bench, "", "", 0);
    struct eas_result result = ask_with(bench, (struct http_request){.once = true, .body = "mail", .length = 4});

    assert_int_equal(result.outcome, EAS_UNREACHABLE);
    assert_int_equal(script_server_count(bench->server, NULL), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_document_is_read),
        TEST(an_answer_cut_anywhere_is_no_answer),
        TEST(what_is_no_document_is_told),
        TEST(packed_answers_are_unpacked),
        TEST(a_bomb_is_stopped_at_the_limit),
        TEST(endless_headers_are_stopped),
        TEST(a_refusal_with_an_endless_page_is_a_refusal),
        TEST(silence_and_stalls_end),
        TEST(a_trickle_is_a_stall),
        TEST(an_interruption_ends_it),
        TEST(what_goes_once_goes_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
