/* Provisioning. Catches: a phase left out or done twice, the wrong key in a header, many links that
 * each provision, a server that never has enough, a wipe taken for a policy, a key that would smuggle a
 * header. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/wire/provision.h"
#include "tests/unit/lib/rig.h"
#include "tests/unit/lib/script.h"

/* 142 in a document and 449 alike: both phases, then the same request again. */
static void both_phases_then_the_same_again(void **state)
{
    static const struct step wishes[] = {
        {STEP_DOCUMENT, 142}, {STEP_DOCUMENT, 143}, {STEP_DOCUMENT, 144}, {STEP_CODE, 449}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wishes); i++) {
        struct script script =
            SCRIPT(wishes[i], {STEP_POLICY, 1, NULL, "1111"}, {STEP_POLICY, 1, NULL, "4294967295"}, {STEP_DOCUMENT, 1});
        struct rig rig;

        rig_start_warm(&rig, script_play, &script);
        struct eas_result result = rig_call(&rig, EAS_SYNC);
        g_autofree char *commands = script_commands(rig.server);
        g_autofree char *kept = rig_recall(&rig, "policy-key");

        assert_int_equal(result.outcome, EAS_SERVED);
        assert_int_equal(rig.status, 1);
        assert_string_equal(commands, "Sync Provision Provision Sync");
        expect_header(&rig, 0, "X-MS-PolicyKey", "0");
        expect_header(&rig, 1, "X-MS-PolicyKey", "0");
        expect_header(&rig, 2, "X-MS-PolicyKey", "1111");
        expect_header(&rig, 3, "X-MS-PolicyKey", "4294967295");
        assert_string_equal(kept, "4294967295");
        assert_string_equal(session_policy_key(rig.session), "4294967295");
        const struct script_request *acknowledgement = script_server_request(rig.server, 2);
        enum wbxml_error error;
        g_autoptr(eas_node) root = eas_node_parse(acknowledgement->body->data, acknowledgement->body->len, &error);
        const struct eas_node *policy =
            eas_node_child(eas_node_child(root, TAG_Provision_Policies), TAG_Provision_Policy);

        assert_string_equal(eas_node_text(policy, TAG_Provision_PolicyKey), "1111");
        assert_string_equal(eas_node_text(policy, TAG_Provision_Status), "1");
        rig_stop(&rig);
    }
}

/* From 14.1 on the device introduces itself in the first phase, and Settings need not. */
static void the_device_is_named_in_the_first_phase(void **state)
{
    struct script script =
        SCRIPT({STEP_DOCUMENT, 142}, {STEP_POLICY, 1, NULL, "1"}, {STEP_POLICY, 1, NULL, "2"}, {STEP_DOCUMENT, 1});
    struct rig rig;

    (void)state;
    rig_start(&rig, script_play, &script, NULL);
    rig_warm(&rig);
    g_hash_table_remove(rig.memory, "device-information");
    rig_session(&rig, NULL);
    rig_call(&rig, EAS_FOLDER_SYNC);
    assert_int_equal(session_connect(rig.link).outcome, EAS_SERVED);
    g_autofree char *commands = script_commands(rig.server);
    const struct script_request *first = script_server_request(rig.server, 1);
    g_autoptr(eas_node) root = eas_node_parse(first->body->data, first->body->len, NULL);

    assert_string_equal(commands, "FolderSync Provision Provision FolderSync");
    assert_non_null(eas_node_child(root, TAG_Settings_DeviceInformation));
    rig_stop(&rig);
}

static void every_answer_to_provision_has_its_end(void **state)
{
    static const struct {
        struct step steps[3];
        enum eas_outcome outcome;
        enum eas_scope scope;
        enum eas_action action;
        const char *commands;
    } rows[] = {
        /* no policy for this user */
        {{{STEP_POLICY, 2}, {STEP_DOCUMENT, 1}, {STEP_DOCUMENT, 1}},
         EAS_SERVED,
         EAS_SCOPE_NONE,
         EAS_ACTION_NONE,
         "Sync Provision Sync"},
        /* no Status at the top */
        {{{STEP_BARE_POLICY, 1, NULL, "5"}, {STEP_BARE_POLICY, 1, NULL, "6"}, {STEP_DOCUMENT, 1}},
         EAS_SERVED,
         EAS_SCOPE_NONE,
         EAS_ACTION_NONE,
         "Sync Provision Provision Sync"},
        {{{STEP_WIPE}}, EAS_REFUSED, EAS_SCOPE_FATAL, EAS_ACTION_WIPE, "Sync Provision"},
        {{{STEP_POLICY, 3, NULL, "5"}}, EAS_REFUSED, EAS_SCOPE_ACCOUNT, EAS_ACTION_STOP, "Sync Provision"},
        {{{STEP_POLICY, 1, NULL, NULL}}, EAS_REFUSED, EAS_SCOPE_ACCOUNT, EAS_ACTION_STOP, "Sync Provision"},
        {{{STEP_POLICY, 1, NULL, "5\r\nX-Evil: 1"}}, EAS_REFUSED, EAS_SCOPE_ACCOUNT, EAS_ACTION_STOP, "Sync Provision"},
        {{{STEP_CODE, 500}}, EAS_UNREACHABLE, EAS_SCOPE_ACCOUNT, EAS_ACTION_RETRY, "Sync Provision"},
        {{{STEP_POLICY, 1, NULL, "5"}, {STEP_WIPE}},
         EAS_REFUSED,
         EAS_SCOPE_FATAL,
         EAS_ACTION_WIPE,
         "Sync Provision Provision"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct step steps[] = {{STEP_DOCUMENT, 142}, rows[i].steps[0], rows[i].steps[1], rows[i].steps[2]};
        struct script script = {.steps = steps, .count = G_N_ELEMENTS(steps)};
        struct rig rig;

        rig_start_warm(&rig, script_play, &script);
        struct eas_result result = rig_call(&rig, EAS_SYNC);
        g_autofree char *commands = script_commands(rig.server);

        if (result.outcome != rows[i].outcome || result.scope != rows[i].scope || result.action != rows[i].action ||
            strcmp(commands, rows[i].commands) != 0)
            fail_msg("row %zu: outcome %d, scope %d, action %d after %s: %s", i, result.outcome, result.scope,
                     result.action, commands, result.text);
        rig_stop(&rig);
    }
}

static void an_order_to_wipe_is_handed_on(void **state)
{
    struct script script = SCRIPT({STEP_DOCUMENT, 140});
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, script_play, &script);
    struct eas_result result = rig_call(&rig, EAS_SYNC);

    assert_int_equal(result.outcome, EAS_REFUSED);
    assert_int_equal(result.scope, EAS_SCOPE_FATAL);
    assert_int_equal(result.action, EAS_ACTION_WIPE);
    rig_stop(&rig);
}

/* Provisions whoever asks, and says 142 to every Sync. */
static void never_enough(void *ctx, const struct script_request *request, struct script_reply *reply)
{
    static const struct step policy = {STEP_POLICY, 1, NULL, "9"}, again = {STEP_DOCUMENT, 142, NULL, NULL};
    struct script script = {.steps = strcmp(request->command, "Provision") == 0 ? &policy : &again, .count = 1};

    (void)ctx;
    script_play(&script, request, reply);
}

static void two_rounds_in_a_row_are_enough(void **state)
{
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, never_enough, NULL);
    struct eas_result result = rig_call(&rig, EAS_SYNC);

    assert_int_equal(result.outcome, EAS_REFUSED);
    assert_int_equal(result.scope, EAS_SCOPE_ACCOUNT);
    assert_int_equal(script_server_count(rig.server, "Provision"), 4);
    assert_int_equal(script_server_count(rig.server, "Sync"), 3);
    rig_stop(&rig);
}

enum { LINKS = 3 };

/* Says 142 to three Syncs, once all of them are asked; with the key all is well, and with Ping always. */
static void wants_a_key(void *ctx, const struct script_request *request, struct script_reply *reply)
{
    static const struct step policy = {STEP_POLICY, 1, NULL, "9"}, well = {STEP_DOCUMENT, 1, NULL, NULL},
                             again = {STEP_DOCUMENT, 142, NULL, NULL};
    g_autofree char *key = script_request_header(request, "X-MS-PolicyKey");
    struct script script = {.steps = &well, .count = 1};

    (void)ctx;
    if (strcmp(request->command, "Provision") == 0)
        script.steps = &policy;
    else if (strcmp(request->command, "Sync") == 0 && strcmp(key, "9") != 0)
        script.steps = &again;
    script_play(&script, request, reply);
    if (strcmp(request->command, "Ping") != 0)
        reply->await = 1 + LINKS;
}

static gpointer call_sync(gpointer link)
{
    return GINT_TO_POINTER(rig_call_on(link, EAS_SYNC).outcome);
}

static void many_links_provision_once(void **state)
{
    struct link *links[LINKS];
    GThread *threads[LINKS];
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, wants_a_key, NULL);
    /* The credentials are proven first, so that the three may ask at the same time. */
    assert_int_equal(rig_call(&rig, EAS_PING).outcome, EAS_SERVED);
    for (size_t i = 0; i < LINKS; i++) {
        links[i] = link_new(rig.session);
        threads[i] = g_thread_new("call", call_sync, links[i]);
    }
    for (size_t i = 0; i < LINKS; i++) {
        assert_int_equal(GPOINTER_TO_INT(g_thread_join(threads[i])), EAS_SERVED);
        link_free(links[i]);
    }
    assert_int_equal(script_server_count(rig.server, "Provision"), 2);
    assert_int_equal(script_server_count(rig.server, "Sync"), 2 * LINKS);
    rig_stop(&rig);
}

static void a_403_is_provisioned_once(void **state)
{
    struct script script =
        SCRIPT({STEP_CODE, 403}, {STEP_POLICY, 1, NULL, "1"}, {STEP_POLICY, 1, NULL, "2"}, {STEP_CODE, 403});
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, script_play, &script);
    for (unsigned i = 0; i < 2; i++) {
        struct eas_result result = rig_call(&rig, EAS_SYNC);

        assert_int_equal(result.outcome, EAS_REFUSED);
        assert_int_equal(result.http, 403);
        assert_int_equal(result.action, EAS_ACTION_STOP);
    }
    g_autofree char *commands = script_commands(rig.server);

    assert_string_equal(commands, "Sync Provision Provision Sync Sync");
    rig_stop(&rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_phases_then_the_same_again),
        cmocka_unit_test(the_device_is_named_in_the_first_phase),
        cmocka_unit_test(every_answer_to_provision_has_its_end),
        cmocka_unit_test(an_order_to_wipe_is_handed_on),
        cmocka_unit_test(two_rounds_in_a_row_are_enough),
        cmocka_unit_test(many_links_provision_once),
        cmocka_unit_test(a_403_is_provisioned_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
