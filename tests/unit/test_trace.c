/* --trace. Catches: a password, cookie or body in a trace, a file that overwrites an earlier run's, a
 * trace that changes what the call brings, a multipart answer printed from the wrong byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "tests/unit/lib/rig.h"
#include "tests/unit/lib/script.h"

static int set_up(void **state)
{
    *state = g_dir_make_tmp("easfs-trace-XXXXXX", NULL);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    GDir *dir = g_dir_open(*state, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(*state, name, NULL);

        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(*state);
    g_free(*state);
    return 0;
}

static void start(struct rig *rig, script_handler handler, void *ctx, const char *dir)
{
    rig_start(rig, handler, ctx, NULL);
    rig_warm(rig);
    struct session_config *config = rig_config(rig);

    config->trace_dir = g_strdup(dir);
    rig_session(rig, config);
    assert_non_null(rig->session);
}

static char *read_trace(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        fail_msg("%s was not written", name);
    return text;
}

static void an_exchange_is_two_files(void **state)
{
    struct script script = SCRIPT({STEP_DOCUMENT, 1, "Set-Cookie: node=a--7; path=/\r\nX-Odd: a--b\r\n", NULL},
                                  {STEP_EMPTY}, {STEP_CODE, 503});
    struct rig rig;

    start(&rig, script_play, &script, *state);
    assert_int_equal(rig_call(&rig, EAS_FOLDER_SYNC).outcome, EAS_SERVED);
    assert_string_equal(eas_node_text(answer_tree_root(&rig.tree), TAG_FolderHierarchy_SyncKey), "key-1");
    rig_call(&rig, EAS_SYNC);
    assert_true(rig.empty);
    rig_call(&rig, EAS_PING);
    g_autofree char *request = read_trace(*state, "0001-FolderSync-request.xml");
    g_autofree char *answer = read_trace(*state, "0001-FolderSync-response.xml");
    g_autofree char *empty = read_trace(*state, "0002-Sync-response.txt");
    g_autofree char *busy = read_trace(*state, "0003-Ping-response.txt");
    g_autofree char *cookie = read_trace(*state, "0002-Sync-request.xml");

    assert_non_null(strstr(request, "<FolderSync xmlns=\"FolderHierarchy\">"));
    assert_non_null(strstr(request, "MS-ASProtocolVersion: 14.1"));
    assert_non_null(strstr(answer, "<SyncKey>key-1</SyncKey>"));
    assert_non_null(strstr(empty, "(no body)"));
    assert_non_null(strstr(busy, "HTTP 503"));
    /* user:secret in base64, and the cookie */
    assert_null(strstr(request, "dXNlcjpzZWNyZXQ="));
    assert_null(strstr(request, "Authorization"));
    assert_null(strstr(answer, "node=a"));
    assert_null(strstr(cookie, "node=a"));
    /* no two hyphens within a comment */
    assert_null(strstr(answer, "a--b"));
    rig_stop(&rig);
}

static void an_earlier_trace_is_kept(void **state)
{
    struct script script = SCRIPT({STEP_DOCUMENT, 1});
    g_autofree char *earlier = g_build_filename(*state, "0007-Ping-request.xml", NULL);
    struct rig rig;

    assert_true(g_file_set_contents(earlier, "kept", -1, NULL));
    start(&rig, script_play, &script, *state);
    rig_call(&rig, EAS_SYNC);
    g_autofree char *first = read_trace(*state, "0007-Ping-request.xml");
    g_autofree char *second = read_trace(*state, "0008-Sync-response.xml");

    assert_string_equal(first, "kept");
    assert_non_null(strstr(second, "key-1"));
    rig_stop(&rig);
}

static struct eas_node *answer_with_a_body(void)
{
    struct eas_node *root = eas_node_new(TAG_ItemOperations_ItemOperations, NULL);

    eas_node_add(root, TAG_ItemOperations_Status, "1");
    struct eas_node *body = eas_node_add(root, TAG_AirSyncBase_Body, NULL);

    eas_node_add(body, TAG_AirSyncBase_Type, "4");
    eas_node_add(body, TAG_AirSyncBase_Data, "Dear diary, nobody may read this");
    return root;
}

/* A multipart answer: the document at a distance behind the table, then a part, in pieces of three bytes. */
static void answer_in_parts(void *ctx, const struct script_request *request, struct script_reply *reply)
{
    g_autoptr(eas_node) root = answer_with_a_body();
    g_autoptr(GBytes) document = eas_node_bytes(root);
    guint32 length = (guint32)g_bytes_get_size(document);
    guint32 table[] = {GUINT32_TO_LE(2), GUINT32_TO_LE(20), GUINT32_TO_LE(length), GUINT32_TO_LE(20 + length),
                       GUINT32_TO_LE(7)};
    g_autoptr(GByteArray) body = g_byte_array_new();

    (void)ctx, (void)request;
    g_byte_array_append(body, (const guint8 *)table, sizeof table);
    g_byte_array_append(body, g_bytes_get_data(document, NULL), length);
    g_byte_array_append(body, (const guint8 *)"private", 7);
    script_reply_http(reply, 200, "Content-Type: application/vnd.ms-sync.multipart\r\n", body->data, body->len);
    reply->piece = 3;
    reply->pause_ms = 1;
}

/* Takes whatever comes, as a fetch would. */
static void swallow_begin(void *ctx, const char *content_type)
{
    (void)ctx, (void)content_type;
}

static enum wbxml_error swallow_feed(void *ctx, const void *bytes, size_t length)
{
    (void)bytes;
    *(size_t *)ctx += length;
    return WBXML_OK;
}

static enum wbxml_error swallow_finish(void *ctx, int *status)
{
    (void)ctx;
    *status = 1;
    return WBXML_OK;
}

static void bodies_are_left_out_of_parts_too(void **state)
{
    static const struct answer_sink swallow = {swallow_begin, swallow_feed, swallow_finish};
    size_t swallowed = 0;
    struct call call = {.command = EAS_ITEM_OPERATIONS, .sink = &swallow, .ctx = &swallowed, .multipart = true};
    struct rig rig;

    start(&rig, answer_in_parts, NULL, *state);
    assert_int_equal(session_call(rig.link, &call).outcome, EAS_SERVED);
    g_autofree char *answer = read_trace(*state, "0001-ItemOperations-response.xml");

    assert_true(swallowed > 60);
    assert_non_null(strstr(answer, "<Type>4</Type>"));
    assert_non_null(strstr(answer, "with 2 parts"));
    assert_null(strstr(answer, "diary"));
    assert_null(strstr(answer, "private"));
    rig_stop(&rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(an_exchange_is_two_files),
        TEST(an_earlier_trace_is_kept),
        TEST(bodies_are_left_out_of_parts_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
