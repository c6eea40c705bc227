/* What the session does between a request and its answer. Catches: a lost answer to a Sync given up, or
 * to a SendMail repeated; a cookie kept to one connection; a redirect that takes the password along or never
 * ends; a move that is forgotten. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/wire/send_mail.h"
#include "tests/unit/lib/rig.h"
#include "tests/unit/lib/script.h"

static void a_lost_answer_is_asked_for_again(void **state)
{
    static const struct {
        enum eas_command command;
        unsigned lost; /* answers in a row */
        enum eas_outcome outcome;
        unsigned requests;
    } rows[] = {
        {EAS_SYNC, 1, EAS_SERVED, 2},
        {EAS_FOLDER_SYNC, 2, EAS_SERVED, 3},
        {EAS_SYNC, 9, EAS_UNREACHABLE, 4},
        {EAS_SEND_MAIL, 1, EAS_UNREACHABLE, 1},
        {EAS_SMART_REPLY, 1, EAS_UNREACHABLE, 1},
        {EAS_SMART_FORWARD, 1, EAS_UNREACHABLE, 1},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct step steps[10] = {{STEP_LOST}, {STEP_LOST}, {STEP_LOST}, {STEP_LOST}, {STEP_LOST},
                                 {STEP_LOST}, {STEP_LOST}, {STEP_LOST}, {STEP_LOST}, {STEP_LOST}};
        struct script script = {.steps = steps, .count = 10};
        struct rig rig;

        steps[rows[i].lost] = (struct step){STEP_DOCUMENT, 1, NULL, NULL};
        rig_start_warm(&rig, script_play, &script);
        struct eas_result result = rig_call(&rig, rows[i].command);

        if (result.outcome != rows[i].outcome || script_server_count(rig.server, NULL) != rows[i].requests)
            fail_msg("row %zu: outcome %d after %u requests, %s", i, result.outcome,
                     script_server_count(rig.server, NULL), result.text);
        for (unsigned n = 1; n < rows[i].requests; n++) {
            const struct script_request *first = script_server_request(rig.server, 0);
            const struct script_request *again = script_server_request(rig.server, n);

            assert_string_equal(first->target, again->target);
            assert_int_equal(first->body->len, again->body->len);
            assert_memory_equal(first->body->data, again->body->data, first->body->len);
        }
        rig_stop(&rig);
    }
}

/* On a connection kept from before, curl would resend by itself. */
static void a_message_goes_once_on_a_kept_connection_too(void **state)
{
    struct script script = SCRIPT({STEP_DOCUMENT, 1}, {STEP_LOST});
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, script_play, &script);
    assert_int_equal(rig_call(&rig, EAS_FOLDER_SYNC).outcome, EAS_SERVED);
    assert_int_equal(rig_call(&rig, EAS_SEND_MAIL).outcome, EAS_UNREACHABLE);
    expect_commands(&rig, "FolderSync SendMail");
    rig_stop(&rig);
}

/* Up to 12.1 the request is the message, with the rest in the query; later all of it is a document. */
static void a_message_goes_as_the_version_wants_it(void **state)
{
    static const struct mail_to_send mail = {EAS_SMART_REPLY, "c1", true, "5", "5:1"};
    static const char message[] = "To: you@example.org\r\n\r\nhello\r\n";
    static const struct {
        enum eas_version version;
        const char *type, *query;
    } rows[] = {
        {EAS_12_1, "message/rfc822", "&CollectionId=5&ItemId=5%3A1&SaveInSent=T"},
        {EAS_14_1, "application/vnd.ms-sync.wbxml", ""},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct script script = SCRIPT({STEP_EMPTY});
        struct rig rig;

        rig_start(&rig, script_play, &script, NULL);
        rig_warm(&rig);
        g_hash_table_replace(rig.memory, g_strdup("version"), g_strdup(eas_version_text(rows[i].version)));
        rig_session(&rig, NULL);
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_autofree char *query = send_mail_query(session_version(rig.session), &mail);
        struct call call = {.command = EAS_SMART_REPLY, .request = out, .query = query};

        send_mail_request(out, session_version(rig.session), &mail, message, strlen(message));
        struct eas_result result = session_call(rig.link, &call);

        if (!eas_is_served(&result) || !call.empty)
            fail_msg("row %zu: %s", i, result.text);
        const struct script_request *request = script_server_request(rig.server, 0);

        expect_header(&rig, 0, "Content-Type", rows[i].type);
        assert_true(g_str_has_suffix(request->target, rows[i].query));
        assert_int_equal(request->body->len, out->len);
        assert_memory_equal(request->body->data, out->data, out->len);
        rig_stop(&rig);
    }
}

static void cookies_are_given_back_by_every_link(void **state)
{
    struct script script = SCRIPT({STEP_DOCUMENT, 1, "Set-Cookie: node=a7; path=/\r\n", NULL}, {STEP_DOCUMENT, 1});
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, script_play, &script);
    rig_call(&rig, EAS_FOLDER_SYNC);
    struct link *other = link_new(rig.session);

    rig_call_on(other, EAS_SYNC);
    link_free(other);
    expect_header(&rig, 0, "Cookie", NULL);
    expect_header(&rig, 1, "Cookie", "node=a7");
    rig_stop(&rig);
}

static void a_moved_mailbox_is_followed_and_remembered(void **state)
{
    struct script script = SCRIPT({STEP_CODE, 451, "X-MS-Location: /moved/here\r\n", NULL}, {STEP_DOCUMENT, 1});
    struct rig rig;

    (void)state;
    rig_start_warm(&rig, script_play, &script);
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    rig_call(&rig, EAS_FOLDER_SYNC);
    assert_non_null(strstr(session_url(rig.session), "/moved/here"));
    assert_true(g_str_has_prefix(script_server_request(rig.server, 1)->target, "/moved/here?Cmd=Sync&"));
    assert_true(g_str_has_prefix(script_server_request(rig.server, 2)->target, "/moved/here?Cmd=FolderSync&"));
    /* The next session begins there. */
    link_free(rig.link);
    session_free(rig.session);
    rig_session(&rig, NULL);
    assert_non_null(strstr(session_url(rig.session), "/moved/here"));
    rig_stop(&rig);
}

static void redirects_end(void **state)
{
    static const struct {
        struct step steps[3];
        unsigned requests;
    } rows[] = {
        {{{STEP_CODE, 451, "X-MS-Location: /Microsoft-Server-ActiveSync\r\n", NULL}}, 1},
        {{{STEP_CODE, 302, "Location: https://evil.test/login\r\n", NULL}}, 1},
        {{{STEP_CODE, 451, "X-MS-Location: https://evil.test/Microsoft-Server-ActiveSync\r\n", NULL}}, 1},
        {{{STEP_CODE, 451, "X-MS-Location: \r\n", NULL}}, 1},
        {{{STEP_CODE, 302, "Location: /a\r\n", NULL},
          {STEP_CODE, 302, "Location: /b\r\n", NULL},
          {STEP_CODE, 307, "Location: /a\r\n", NULL}},
         4},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct script script = {.steps = rows[i].steps, .count = rows[i].steps[1].code ? 3 : 1};
        struct rig rig;

        rig_start_warm(&rig, script_play, &script);
        struct eas_result result = rig_call(&rig, EAS_SYNC);

        if (result.outcome != EAS_REFUSED || script_server_count(rig.server, NULL) != rows[i].requests)
            fail_msg("row %zu: outcome %d after %u requests, %s", i, result.outcome,
                     script_server_count(rig.server, NULL), result.text);
        rig_stop(&rig);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_answer_is_asked_for_again),
        cmocka_unit_test(a_message_goes_once_on_a_kept_connection_too),
        cmocka_unit_test(a_message_goes_as_the_version_wants_it),
        cmocka_unit_test(cookies_are_given_back_by_every_link),
        cmocka_unit_test(a_moved_mailbox_is_followed_and_remembered),
        cmocka_unit_test(redirects_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
