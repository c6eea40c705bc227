/* The session against a scripted server: first contact, versions, codes, credentials. Catches: a first
 * contact out of order or repeated, a version that changes by itself, an HTTP code taken for an answer, a
 * wrong password tried twice, an interruption that waits, an answer waited
 * for on a network that is no more. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/limits.h"
#include "tests/unit/lib/rig.h"
#include "tests/unit/lib/script.h"

#define LISTS(versions) "MS-ASProtocolVersions: " versions "\r\nMS-ASProtocolCommands: Sync,FolderSync , Ping\r\n"

static void first_contact_asks_in_order_and_once(void **state)
{
    struct script script = SCRIPT({STEP_EMPTY, 0, LISTS("2.5,12.1,14.0,14.1"), NULL}, {STEP_DOCUMENT, 1});
    struct rig rig;

    (void)state;
    rig_start(&rig, script_play, &script, NULL);
    struct session_config *config = rig_config(&rig);

    g_free(config->user);
    config->user = g_strdup("us er&x=\xc3\xa4");
    config->domain = g_strdup("DOM");
    rig_session(&rig, config);
    assert_int_equal(session_connect(rig.link).outcome, EAS_SERVED);
    assert_int_equal(session_version(rig.session), EAS_14_1);
    assert_true(session_offers(rig.session, EAS_PING));
    assert_false(session_offers(rig.session, EAS_SEARCH));
    assert_int_equal(session_connect(rig.link).outcome, EAS_SERVED);
    expect_commands(&rig, "OPTIONS Settings");
    assert_int_equal(rig_call(&rig, EAS_FOLDER_SYNC).outcome, EAS_SERVED);
    assert_int_equal(rig.status, 1);
    expect_header(&rig, 2, "MS-ASProtocolVersion", "14.1");
    expect_header(&rig, 2, "X-MS-PolicyKey", "0");
    expect_header(&rig, 2, "User-Agent", "easfs/0.1");
    expect_header(&rig, 2, "Content-Type", "application/vnd.ms-sync.wbxml");
    expect_header(&rig, 2, "Expect", NULL);
    const struct script_request *request = script_server_request(rig.server, 2);
    g_autofree char *device = rig_recall(&rig, "device-id");
    g_autofree char *target =
        g_strdup_printf("/Microsoft-Server-ActiveSync?Cmd=FolderSync&User=DOM%%5Cus%%20er%%26x%%3D%%C3%%A4"
                        "&DeviceId=%s&DeviceType=easfs",
                        device);

    assert_string_equal(request->target, target);
    assert_int_equal(strlen(device), 32);
    assert_int_equal(script_server_connections(rig.server), 1);
    rig_stop(&rig);
}

static void a_warm_memory_asks_nothing(void **state)
{
    struct script script = SCRIPT({STEP_DOCUMENT, 1});
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, script_play, &script);
    assert_int_equal(session_connect(rig.link).outcome, EAS_SERVED);
    expect_commands(&rig, "");
    rig_call(&rig, EAS_FOLDER_SYNC);
    const struct script_request *request = script_server_request(rig.server, 0);

    assert_non_null(strstr(request->target, "DeviceId=0123456789abcdef0123456789abcdef&"));
    rig_stop(&rig);
}

/* What was learnt of one server is not believed of another. */
static void another_server_is_asked_anew(void **state)
{
    struct script script = SCRIPT({STEP_EMPTY, 0, LISTS("16.1"), NULL}, {STEP_DOCUMENT, 1});
    struct rig rig;

    (void)state;
    rig_start(&rig, script_play, &script, NULL);
    rig_warm(&rig);
    g_hash_table_replace(rig.memory, g_strdup("origin"), g_strdup("https://old.test/x"));
    g_hash_table_replace(rig.memory, g_strdup("policy-key"), g_strdup("77"));
    rig_session(&rig, NULL);
    assert_int_equal(session_version(rig.session), EAS_NO_VERSION);
    assert_string_equal(session_policy_key(rig.session), "0");
    rig_call(&rig, EAS_FOLDER_SYNC);
    assert_int_equal(session_version(rig.session), EAS_16_1);
    expect_commands(&rig, "OPTIONS Settings FolderSync");
    rig_stop(&rig);
}

static void the_best_common_version_is_taken(void **state)
{
    static const struct {
        struct step options;
        enum eas_version version; /* EAS_NO_VERSION: refused */
    } rows[] = {
        {{STEP_EMPTY, 0, LISTS("2.5,12.0,12.1,14.0,14.1,16.0,16.1"), NULL}, EAS_16_1},
        {{STEP_EMPTY, 0, LISTS("16.0, 12.1"), NULL}, EAS_16_0},
        {{STEP_EMPTY, 0, LISTS("12.1"), NULL}, EAS_12_1},
        {{STEP_EMPTY, 0, LISTS("17.3,14.0"), NULL}, EAS_14_0},
        {{STEP_EMPTY, 0, LISTS("2.5,12.0"), NULL}, EAS_NO_VERSION},
        {{STEP_EMPTY, 0, NULL, NULL}, EAS_14_1},
        {{STEP_CODE, 405, NULL, NULL}, EAS_14_1},
        {{STEP_CODE, 501, NULL, NULL}, EAS_14_1},
        {{STEP_CODE, 200, "Content-Type: text/html\r\n", NULL}, EAS_14_1},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct script script = SCRIPT(rows[i].options, {STEP_DOCUMENT, 1});
        struct rig rig;

        rig_start(&rig, script_play, &script, NULL);
        rig_session(&rig, NULL);
        struct eas_result result = session_connect(rig.link);

        if (session_version(rig.session) != rows[i].version ||
            eas_is_served(&result) != (rows[i].version != EAS_NO_VERSION))
            fail_msg("row %zu: version %d, %s", i, session_version(rig.session), result.text);
        if (!eas_is_served(&result))
            assert_int_equal(result.exit_code, 69);
        rig_stop(&rig);
    }
}

static void a_version_asked_for_is_not_negotiated(void **state)
{
    struct script script = SCRIPT({STEP_DOCUMENT, 1});
    struct rig rig;

    (void)state;
    rig_start(&rig, script_play, &script, NULL);
    struct session_config *config = rig_config(&rig);

    config->version = EAS_12_1;
    rig_session(&rig, config);
    rig_call(&rig, EAS_FOLDER_SYNC);
    assert_int_equal(session_connect(rig.link).outcome, EAS_SERVED);
    expect_commands(&rig, "FolderSync Settings");
    expect_header(&rig, 0, "MS-ASProtocolVersion", "12.1");
    rig_stop(&rig);
}

static void a_version_changes_only_when_it_must(void **state)
{
    static const struct {
        struct step refusal;
        enum eas_action action;
        enum eas_version version;
        const char *commands;
    } rows[] = {
        {{STEP_CODE, 505, NULL, NULL}, EAS_ACTION_FOLDERS_NEW, EAS_16_1, "FolderSync OPTIONS"},
        {{STEP_DOCUMENT, 138, NULL, NULL}, EAS_ACTION_FOLDERS_NEW, EAS_16_1, "FolderSync OPTIONS"},
        {{STEP_DOCUMENT, 1, "X-MS-RP: 16.0,16.1\r\n", NULL}, EAS_ACTION_FOLDERS_NEW, EAS_16_1, "FolderSync OPTIONS"},
        {{STEP_DOCUMENT, 1, "X-MS-RP: 14.1,16.1\r\n", NULL}, EAS_ACTION_NONE, EAS_14_1, "FolderSync"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct script script = SCRIPT(rows[i].refusal, {STEP_EMPTY, 0, LISTS("14.1,16.1"), NULL});
        struct rig rig;

        rig_start_warm(&rig, script_play, &script);
        struct eas_result result = rig_call(&rig, EAS_FOLDER_SYNC);

        if (result.action != rows[i].action || session_version(rig.session) != rows[i].version)
            fail_msg("row %zu: action %d, version %d, %s", i, result.action, session_version(rig.session), result.text);
        expect_commands(&rig, rows[i].commands);
        rig_stop(&rig);
    }
}

/* Every HTTP code ends as it should, and none as an answer. */
static void no_code_passes_for_an_answer(void **state)
{
    static const struct {
        int code;
        const char *headers;
        enum eas_outcome outcome;
        int exit_code;
        enum eas_action action;
        int retry_after_s;
    } rows[] = {
        {400, NULL, EAS_REFUSED, 69, EAS_ACTION_STOP, 0},
        {401, NULL, EAS_REFUSED, 77, EAS_ACTION_LOGIN, 0},
        {404, NULL, EAS_UNREACHABLE, 76, EAS_ACTION_STOP, 0},
        {407, NULL, EAS_UNREACHABLE, 77, EAS_ACTION_STOP, 0},
        {451, NULL, EAS_REFUSED, 78, EAS_ACTION_STOP, 0},
        {456, NULL, EAS_REFUSED, 77, EAS_ACTION_LOGIN, 0},
        {457, NULL, EAS_REFUSED, 77, EAS_ACTION_LOGIN, 0},
        {500, NULL, EAS_UNREACHABLE, 75, EAS_ACTION_RETRY, 0},
        {502, NULL, EAS_UNREACHABLE, 75, EAS_ACTION_RETRY, 0},
        {503, NULL, EAS_UNREACHABLE, 75, EAS_ACTION_RETRY, 0},
        {503, "Retry-After: 30\r\n", EAS_UNREACHABLE, 75, EAS_ACTION_RETRY, 30},
        {503, "Retry-After: 99999999\r\n", EAS_UNREACHABLE, 75, EAS_ACTION_RETRY, LIMIT_RETRY_AFTER_S},
        {503, "Retry-After: soon\r\n", EAS_UNREACHABLE, 75, EAS_ACTION_RETRY, 0},
        {503, "Retry-After: 7\r\nX-MS-ASThrottle: CommandFrequency\r\n", EAS_UNREACHABLE, 75, EAS_ACTION_RETRY, 7},
        {507, NULL, EAS_REFUSED, 69, EAS_ACTION_SKIP, 0},
        {418, NULL, EAS_REFUSED, 69, EAS_ACTION_STOP, 0},
        {599, NULL, EAS_UNREACHABLE, 75, EAS_ACTION_RETRY, 0},
        {204, NULL, EAS_UNREACHABLE, 76, EAS_ACTION_STOP, 0},
        {302, NULL, EAS_UNREACHABLE, 76, EAS_ACTION_STOP, 0},
        {200, "Content-Type: text/html\r\n", EAS_UNREACHABLE, 76, EAS_ACTION_RETRY, 0},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct script script = SCRIPT({STEP_CODE, rows[i].code, rows[i].headers, NULL});
        struct rig rig;

        rig_start_warm(&rig, script_play, &script);
        struct eas_result result = rig_call(&rig, EAS_SYNC);

        if (result.outcome != rows[i].outcome || result.exit_code != rows[i].exit_code ||
            result.action != rows[i].action || result.retry_after_s != rows[i].retry_after_s ||
            result.http != rows[i].code || !*result.text)
            fail_msg("row %zu (HTTP %d): outcome %d, exit code %d, action %d, retry after %d, http %d, %s", i,
                     rows[i].code, result.outcome, result.exit_code, result.action, result.retry_after_s, result.http,
                     result.text);
        struct session_throttle throttle = session_throttle(rig.session);

        assert_int_equal(throttle.on, rows[i].retry_after_s > 0);
        assert_int_equal(throttle.until_ns > g_get_real_time() * 1000, throttle.on);
        if (rows[i].headers && strstr(rows[i].headers, "Throttle")) {
            assert_non_null(strstr(result.text, "CommandFrequency"));
            assert_string_equal(throttle.reason, "CommandFrequency");
        }
        rig_stop(&rig);
    }
}

static void an_empty_answer_is_an_answer(void **state)
{
    struct script script = SCRIPT({STEP_EMPTY, 0, "Content-Type: application/vnd.ms-sync.wbxml\r\n", NULL});
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, script_play, &script);
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    assert_true(rig.empty);
    assert_null(answer_tree_root(&rig.tree));
    rig_stop(&rig);
}

static gpointer call_sync(gpointer link)
{
    rig_call_on(link, EAS_SYNC);
    return NULL;
}

static void a_wrong_password_is_tried_once(void **state)
{
    struct script script = SCRIPT({STEP_CODE, 401, "WWW-Authenticate: Basic realm=\"x\"\r\n", NULL});
    struct link *links[3];
    GThread *threads[3];
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, script_play, &script);
    for (size_t i = 0; i < 3; i++) {
        links[i] = link_new(rig.session);
        threads[i] = g_thread_new("call", call_sync, links[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        g_thread_join(threads[i]);
        link_free(links[i]);
    }
    struct eas_result result = rig_call(&rig, EAS_FOLDER_SYNC);

    assert_int_equal(result.http, 401);
    assert_int_equal(result.exit_code, 77);
    assert_int_equal(session_connect(rig.link).outcome, EAS_SERVED);
    expect_commands(&rig, "Sync");
    rig_stop(&rig);
}

static gpointer interrupt_later(gpointer data)
{
    struct rig *rig = data;

    script_server_await(rig->server, 1);
    link_interrupt(rig->link);
    return NULL;
}

static void an_interruption_ends_a_call_and_a_wait(void **state)
{
    struct script script = SCRIPT({STEP_HOLD});
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, script_play, &script);
    GThread *thread = g_thread_new("interrupt", interrupt_later, &rig);
    struct eas_result result = rig_call(&rig, EAS_SYNC);

    g_thread_join(thread);
    assert_int_equal(result.outcome, EAS_UNREACHABLE);
    assert_int_equal(result.action, EAS_ACTION_NONE);
    assert_string_equal(result.text, "interrupted");
    /* One link holds the turn while the server is silent; another that waits for it is interrupted. */
    struct link *holder = link_new(rig.session);
    GThread *holding = g_thread_new("hold", call_sync, holder);

    script_server_await(rig.server, 2);
    link_reset(rig.link);
    link_interrupt(rig.link);
    result = rig_call(&rig, EAS_SYNC);
    assert_string_equal(result.text, "interrupted");
    link_interrupt(holder);
    g_thread_join(holding);
    link_free(holder);
    assert_int_equal(script_server_count(rig.server, NULL), 2);
    rig_stop(&rig);
}

static gpointer renew_later(gpointer data)
{
    struct rig *rig = data;

    script_server_await(rig->server, 1);
    session_renew(rig->session, (const char *const[]){"127.0.0.1", NULL});
    return NULL;
}

/* Its answer would go to an address that is no more. */
static void a_call_is_repeated_when_the_network_changes(void **state)
{
    struct script script = SCRIPT({STEP_HOLD}, {STEP_DOCUMENT, 1});
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, script_play, &script);
    GThread *thread = g_thread_new("renew", renew_later, &rig);
    struct eas_result result = rig_call(&rig, EAS_SYNC);

    g_thread_join(thread);
    assert_int_equal(result.outcome, EAS_SERVED);
    expect_commands(&rig, "Sync Sync");
    assert_int_equal(script_server_connections(rig.server), 2);
    rig_stop(&rig);
}

static void a_bad_configuration_makes_no_session(void **state)
{
    static const struct {
        const char *server, *user, *pin, *ca_file, *client_cert;
        bool secure_only;
    } rows[] = {
        {"", "user"},
        {"ftp://a.test", "user"},
        {"http://a.test", "user", .secure_only = true},
        {"a.test", ""},
        {"a.test", "user", .pin = "1234"},
        {"a.test", "user", .pin = "sha256//AAAA"},
        {"a.test", "user", .ca_file = "/nonexistent/ca.pem"},
        {"a.test", "user", .ca_file = "/dev/null"},
        {"a.test", "user", .client_cert = "/nonexistent/me.pem"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct session_config *config = g_new0(struct session_config, 1);
        struct eas_result result;

        config->server = g_strdup(rows[i].server);
        config->user = g_strdup(rows[i].user);
        config->insecure_http = !rows[i].secure_only;
        config->ca_file = g_strdup(rows[i].ca_file);
        config->client_cert = g_strdup(rows[i].client_cert);
        if (rows[i].pin) {
            config->pins = g_ptr_array_new_with_free_func(g_free);
            g_ptr_array_add(config->pins, g_strdup(rows[i].pin));
        }
        if (session_new(config, NULL, &result) || result.outcome != EAS_REFUSED || result.exit_code != 78 ||
            !*result.text)
            fail_msg("row %zu: outcome %d, exit code %d, %s", i, result.outcome, result.exit_code, result.text);
    }
}

/* No name server knows a label of more than 63 letters, and none has to be asked. */
#define NO_NAME "http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid"

static void nobody_there_is_told_by_its_exit_code(void **state)
{
    static const struct {
        const char *server;
        int exit_code;
    } rows[] = {{"http://127.0.0.1:1", 75}, {NO_NAME, 68}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct script script = SCRIPT({STEP_EMPTY});
        struct rig rig;

        rig_start(&rig, script_play, &script, NULL);
        struct session_config *config = rig_config(&rig);

        g_free(config->server);
        config->server = g_strdup(rows[i].server);
        rig_session(&rig, config);
        struct eas_result result = session_connect(rig.link);

        assert_int_equal(result.outcome, EAS_UNREACHABLE);
        assert_int_equal(result.exit_code, rows[i].exit_code);
        rig_stop(&rig);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_contact_asks_in_order_and_once),
        cmocka_unit_test(a_warm_memory_asks_nothing),
        cmocka_unit_test(another_server_is_asked_anew),
        cmocka_unit_test(the_best_common_version_is_taken),
        cmocka_unit_test(a_version_asked_for_is_not_negotiated),
        cmocka_unit_test(a_version_changes_only_when_it_must),
        cmocka_unit_test(no_code_passes_for_an_answer),
        cmocka_unit_test(an_empty_answer_is_an_answer),
        cmocka_unit_test(a_wrong_password_is_tried_once),
        cmocka_unit_test(an_interruption_ends_a_call_and_a_wait),
        cmocka_unit_test(a_call_is_repeated_when_the_network_changes),
        cmocka_unit_test(a_bad_configuration_makes_no_session),
        cmocka_unit_test(nobody_there_is_told_by_its_exit_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
