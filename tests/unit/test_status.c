/* The status table. Catches: a row with the wrong scope, action or exit code, a command's own code
 * hidden by a common one, a code of the protocol without a row, a sentence without advice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wire/status.h"
#include "tests/unit/shared.h"

static const struct row {
    enum eas_command command;
    enum eas_status_level level;
    int status;
    enum eas_outcome outcome;
    enum eas_scope scope;
    enum eas_action action;
    int exit_code;
} rows[] = {
    {EAS_SYNC, EAS_LEVEL_TOP, 0, EAS_SERVED, 0, 0, 0},
    {EAS_SYNC, EAS_LEVEL_COLLECTION, 1, EAS_SERVED, 0, 0, 0},
    {EAS_SYNC, EAS_LEVEL_COLLECTION, 3, EAS_REFUSED, EAS_SCOPE_FOLDER, EAS_ACTION_RESYNC, 75},
    {EAS_SYNC, EAS_LEVEL_TOP, 3, EAS_REFUSED, EAS_SCOPE_FOLDER, EAS_ACTION_RESYNC, 75},
    {EAS_SYNC, EAS_LEVEL_COLLECTION, 8, EAS_REFUSED, EAS_SCOPE_FOLDER, EAS_ACTION_FOLDERS, 69},
    {EAS_SYNC, EAS_LEVEL_ITEM, 8, EAS_REFUSED, EAS_SCOPE_ITEM, EAS_ACTION_SKIP, 69},
    {EAS_SYNC, EAS_LEVEL_ITEM, 6, EAS_REFUSED, EAS_SCOPE_ITEM, EAS_ACTION_SKIP, 65},
    {EAS_SYNC, EAS_LEVEL_TOP, 5, EAS_REFUSED, EAS_SCOPE_ACCOUNT, EAS_ACTION_RETRY, 75},
    {EAS_SYNC, EAS_LEVEL_COLLECTION, 5, EAS_REFUSED, EAS_SCOPE_FOLDER, EAS_ACTION_RETRY, 75},
    {EAS_SYNC, EAS_LEVEL_TOP, 12, EAS_REFUSED, EAS_SCOPE_FOLDER, EAS_ACTION_FOLDERS, 75},
    {EAS_SYNC, EAS_LEVEL_TOP, 142, EAS_REFUSED, EAS_SCOPE_ACCOUNT, EAS_ACTION_PROVISION, 77},
    {EAS_SYNC, EAS_LEVEL_ITEM, 250, EAS_REFUSED, EAS_SCOPE_ITEM, EAS_ACTION_SKIP, 69},
    {EAS_SYNC, EAS_LEVEL_COLLECTION, 250, EAS_REFUSED, EAS_SCOPE_FOLDER, EAS_ACTION_STOP, 69},
    {EAS_FOLDER_SYNC, EAS_LEVEL_TOP, 9, EAS_REFUSED, EAS_SCOPE_ACCOUNT, EAS_ACTION_FOLDERS_NEW, 75},
    {EAS_FOLDER_SYNC, EAS_LEVEL_TOP, 140, EAS_REFUSED, EAS_SCOPE_FATAL, EAS_ACTION_WIPE, 77},
    {EAS_FOLDER_SYNC, EAS_LEVEL_TOP, 129, EAS_REFUSED, EAS_SCOPE_ACCOUNT, EAS_ACTION_STOP, 77},
    {EAS_MOVE_ITEMS, EAS_LEVEL_ITEM, 1, EAS_REFUSED, EAS_SCOPE_ITEM, EAS_ACTION_FOLDERS, 69},
    {EAS_MOVE_ITEMS, EAS_LEVEL_ITEM, 3, EAS_SERVED, 0, 0, 0},
    {EAS_ITEM_OPERATIONS, EAS_LEVEL_ITEM, 6, EAS_REFUSED, EAS_SCOPE_ITEM, EAS_ACTION_SKIP, 69},
    {EAS_ITEM_OPERATIONS, EAS_LEVEL_TOP, 17, EAS_SERVED, 0, 0, 0},
    {EAS_ITEM_OPERATIONS, EAS_LEVEL_ITEM, 17, EAS_REFUSED, EAS_SCOPE_ITEM, EAS_ACTION_SKIP, 69},
    {EAS_ITEM_OPERATIONS, EAS_LEVEL_ITEM, 0, EAS_REFUSED, EAS_SCOPE_ITEM, EAS_ACTION_SKIP, 69},
    {EAS_PROVISION, EAS_LEVEL_COLLECTION, 2, EAS_SERVED, 0, 0, 0},
    {EAS_PROVISION, EAS_LEVEL_TOP, 2, EAS_REFUSED, EAS_SCOPE_ACCOUNT, EAS_ACTION_STOP, 70},
    {EAS_PROVISION, EAS_LEVEL_TOP, 165, EAS_REFUSED, EAS_SCOPE_ACCOUNT, EAS_ACTION_PROVISION, 77},
    {EAS_PING, EAS_LEVEL_TOP, 2, EAS_SERVED, 0, 0, 0},
    {EAS_PING, EAS_LEVEL_TOP, 7, EAS_REFUSED, EAS_SCOPE_ACCOUNT, EAS_ACTION_FOLDERS, 75},
    {EAS_SEND_MAIL, EAS_LEVEL_TOP, 118, EAS_SERVED, 0, 0, 0},
    {EAS_SEND_MAIL, EAS_LEVEL_TOP, 113, EAS_REFUSED, EAS_SCOPE_ITEM, EAS_ACTION_SKIP, 69},
};

static void every_level_has_its_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct eas_result result = eas_status_result(rows[i].command, rows[i].level, rows[i].status);

        assert_int_equal(result.outcome, rows[i].outcome);
        assert_int_equal(result.scope, rows[i].scope);
        assert_int_equal(result.action, rows[i].action);
        assert_int_equal(result.exit_code, rows[i].exit_code);
        if (rows[i].outcome != EAS_SERVED) {
            assert_int_equal(result.status, rows[i].status);
            assert_non_null(strstr(result.text, "; "));
        }
    }
}

static void http_codes(void **state)
{
    static const struct {
        int http;
        enum eas_outcome outcome;
        enum eas_action action;
        int exit_code;
    } codes[] = {
        {200, EAS_SERVED, EAS_ACTION_NONE, 0},        {204, EAS_UNREACHABLE, EAS_ACTION_STOP, 76},
        {302, EAS_UNREACHABLE, EAS_ACTION_STOP, 76},  {401, EAS_REFUSED, EAS_ACTION_LOGIN, 77},
        {403, EAS_REFUSED, EAS_ACTION_PROVISION, 77}, {404, EAS_UNREACHABLE, EAS_ACTION_STOP, 76},
        {418, EAS_REFUSED, EAS_ACTION_STOP, 69},      {449, EAS_REFUSED, EAS_ACTION_PROVISION, 77},
        {500, EAS_UNREACHABLE, EAS_ACTION_RETRY, 75}, {503, EAS_UNREACHABLE, EAS_ACTION_RETRY, 75},
        {505, EAS_REFUSED, EAS_ACTION_NEGOTIATE, 69}, {507, EAS_REFUSED, EAS_ACTION_SKIP, 69},
        {599, EAS_UNREACHABLE, EAS_ACTION_RETRY, 75},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        struct eas_result result = eas_http_result(codes[i].http);

        assert_int_equal(result.outcome, codes[i].outcome);
        assert_int_equal(result.action, codes[i].action);
        assert_int_equal(result.exit_code, codes[i].exit_code);
        assert_int_equal(result.http, codes[i].http == 200 ? 0 : codes[i].http);
    }
}

/* The published list of codes: "command code ..." a line; * is any command, HTTP the transport. */
static void every_published_code_has_a_row(void **state)
{
    SKIP_WITHOUT(shared_has("protocol/status.tsv"), "protocol/status.tsv");
    g_autofree char *path = shared_path("protocol/status.tsv"), *text = NULL;
    static const char *const places[] = {"Autodiscover", "BodyPart", "SendMail/SmartReply/SmartForward", NULL};
    size_t checked = 0;

    (void)state;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines + 1; *line && **line; line++) {
        g_auto(GStrv) cells = g_strsplit(*line, "\t", -1);
        enum eas_status_level level =
            strstr(cells[0], "/Policy") || strstr(cells[0], "/Response") || strstr(cells[0], "/Store")
                ? EAS_LEVEL_COLLECTION
            : strchr(cells[0], '/') ? EAS_LEVEL_ITEM
                                    : EAS_LEVEL_TOP;
        int code = atoi(cells[1]);
        struct eas_result result = {0};

        if (g_strv_contains(places, cells[0]) || strstr(cells[0], "(request)"))
            continue;
        if (strcmp(cells[0], "HTTP") == 0) {
            result = eas_http_result(code);
            assert_null(strstr(result.text, "look at a --trace"));
        } else {
            for (int command = 0; command <= EAS_FIND; command++) {
                const char *name = eas_command_name(command);

                if (!name || (cells[0][0] != '*' && !g_str_has_prefix(cells[0], name)) ||
                    !strchr("/", cells[0][cells[0][0] == '*' ? 1 : strlen(name)]))
                    continue;
                result = eas_status_result(command, level, code);
                if (strstr(result.text, "no known meaning"))
                    fail_msg("%s %d has no row", cells[0], code);
                checked++;
            }
        }
    }
    assert_true(checked > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_has_its_meaning),
        cmocka_unit_test(http_codes),
        cmocka_unit_test(every_published_code_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
