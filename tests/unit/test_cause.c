/* The fixed words of doctor, and the causes behind codes. Catches: a word that is missing, misspelt or new; a cause
 * without a sentence; a code that names another cause than it should; a secret in a shown address. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "cache/server/address.h"
#include "cache/server/proxy.h"
#include "codec/cause.h"
#include "codec/wire/status.h"

static const char words[] =
    "dns-nxdomain dns-timeout dns-lies mx-relay tcp-refused tcp-timeout proxy-auth proxy-refused tls-not-tls "
    "tls-self-signed tls-untrusted tls-expired tls-not-yet tls-name tls-weak tls-pin tls-client-cert clock http-404 "
    "http-html http-redirect-loop http-redirect-foreign http-5xx throttled auth-wrong auth-locked auth-expired "
    "auth-kind "
    "oauth-expired oauth-consent eas-disabled device-blocked device-quarantined version-refused provision-refused "
    "wipe-pending folders-refused item-refused ping-refused config";

static void the_words_are_the_fixed_ones(void **state)
{
    g_auto(GStrv) fixed = g_strsplit(words, " ", -1);

    (void)state;
    assert_int_equal(g_strv_length(fixed), EAS_CAUSES - 1);
    for (char **word = fixed; *word; word++) {
        enum eas_cause cause = eas_cause_parse(*word);
        const struct eas_cause_row *row = eas_cause_row(cause);

        assert_non_null(row);
        assert_string_equal(row->word, *word);
        assert_true(strlen(row->text) > 10 && strlen(row->advice) > 5);
        assert_false(g_str_has_suffix(row->text, ".") || g_str_has_suffix(row->advice, "."));
        assert_true(strstr("you network server admin", eas_side_word(row->side)) != NULL);
        assert_in_range(row->exit_code, 68, 78);
        assert_int_equal(eas_cause_is_tls(cause), g_str_has_prefix(*word, "tls-"));
    }
    assert_int_equal(eas_cause_parse("dns"), EAS_NO_CAUSE);
    assert_null(eas_cause_row(EAS_NO_CAUSE));
}

static void codes_have_their_causes(void **state)
{
    static const struct {
        bool http;
        enum eas_command command;
        int code;
        enum eas_cause cause;
    } rows[] = {
        {true, 0, 401, EAS_CAUSE_AUTH_WRONG},
        {true, 0, 403, EAS_CAUSE_EAS_DISABLED},
        {true, 0, 404, EAS_CAUSE_HTTP_404},
        {true, 0, 407, EAS_CAUSE_PROXY_AUTH},
        {true, 0, 418, EAS_CAUSE_HTTP_404},
        {true, 0, 429, EAS_CAUSE_THROTTLED},
        {true, 0, 456, EAS_CAUSE_AUTH_LOCKED},
        {true, 0, 457, EAS_CAUSE_AUTH_EXPIRED},
        {true, 0, 500, EAS_CAUSE_HTTP_5XX},
        {true, 0, 503, EAS_CAUSE_THROTTLED},
        {true, 0, 505, EAS_CAUSE_VERSION_REFUSED},
        {true, 0, 302, EAS_CAUSE_HTTP_HTML},
        {true, 0, 200, EAS_NO_CAUSE},
        {false, EAS_FOLDER_SYNC, 126, EAS_CAUSE_EAS_DISABLED},
        {false, EAS_FOLDER_SYNC, 129, EAS_CAUSE_DEVICE_BLOCKED},
        {false, EAS_SYNC, 131, EAS_CAUSE_AUTH_LOCKED},
        {false, EAS_SYNC, 140, EAS_CAUSE_WIPE_PENDING},
        {false, EAS_SETTINGS, 142, EAS_CAUSE_PROVISION_REFUSED},
        {false, EAS_SETTINGS, 177, EAS_CAUSE_DEVICE_BLOCKED},
        {false, EAS_FOLDER_SYNC, 10, EAS_CAUSE_FOLDERS_REFUSED},
        {false, EAS_PROVISION, 2, EAS_CAUSE_PROVISION_REFUSED},
        {false, EAS_PING, 8, EAS_CAUSE_PING_REFUSED},
        {false, EAS_SEND_MAIL, 119, EAS_NO_CAUSE},
        {false, EAS_SYNC, 1, EAS_NO_CAUSE},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct eas_result result = rows[i].http ? eas_http_result(rows[i].code)
                                                : eas_status_result(rows[i].command, EAS_LEVEL_TOP, rows[i].code);

        if (result.cause != rows[i].cause)
            fail_msg("code %d: cause %d, not %d", rows[i].code, (int)result.cause, (int)rows[i].cause);
    }
}

static void a_number_tells_all_its_meanings(void **state)
{
    struct eas_meaning meanings[64];
    bool of_ping = false, of_moves = false;

    (void)state;
    size_t count = eas_meanings(7, meanings, G_N_ELEMENTS(meanings));

    for (size_t i = 0; i < count; i++) {
        of_ping = of_ping || g_strcmp0(meanings[i].command, "Ping") == 0;
        of_moves = of_moves || g_strcmp0(meanings[i].command, "MoveItems") == 0;
        assert_true(strlen(meanings[i].text) > 5);
    }
    assert_true(of_ping && of_moves);
    assert_int_equal(eas_meanings(403, meanings, 1), 1);
    assert_true(meanings[0].http);
    assert_int_equal(eas_meanings(599, meanings, G_N_ELEMENTS(meanings)), 1);
    assert_int_equal(eas_meanings(9999, meanings, G_N_ELEMENTS(meanings)), 0);
    assert_int_equal(eas_meanings(7, meanings, 0), 0);
}

static void passwords_are_not_shown(void **state)
{
    static const struct {
        const char *server, *shown;
    } rows[] = {
        {"mail.example.org", "mail.example.org"},
        {"https://me:secret@mail.example.org/x", "https://...@mail.example.org/x"},
        {"me:secret@mail.example.org", "...@mail.example.org"},
        {"me:sec@ret://@mail.example.org", "...@mail.example.org"},
    };
    g_autofree char *proxy = proxy_shown("http://me:secret@proxy.example.org:3128");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *shown = address_shown(rows[i].server);

        assert_null(strstr(shown, "sec"));
        if (i < 3)
            assert_string_equal(shown, rows[i].shown);
    }
    assert_string_equal(proxy, "proxy.example.org:3128");
}

static void the_environment_names_the_proxy(void **state)
{
    static const struct {
        const char *configured, *https, *http, *no_proxy, *url, *proxy;
    } rows[] = {
        {NULL, NULL, NULL, NULL, "https://a.example.org/", NULL},
        {"p:1", "q:2", NULL, NULL, "https://a.example.org/", "p:1"},
        {NULL, "q:2", "r:3", NULL, "https://a.example.org/", "q:2"},
        {NULL, "q:2", "r:3", NULL, "http://a.example.org/", "r:3"},
        {NULL, "q:2", NULL, "example.org", "https://a.example.org/", NULL},
        {NULL, "q:2", NULL, ".example.org, other.test", "https://a.example.org/", NULL},
        {NULL, "q:2", NULL, "ample.org", "https://a.example.org/", "q:2"},
        {"p:1", NULL, NULL, "*", "https://a.example.org/", NULL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        static const char *const names[] = {"https_proxy", "http_proxy", "no_proxy"};
        const char *values[] = {rows[i].https, rows[i].http, rows[i].no_proxy};

        for (size_t k = 0; k < G_N_ELEMENTS(names); k++)
            if (values[k])
                g_setenv(names[k], values[k], TRUE);
            else
                g_unsetenv(names[k]);
        g_autofree char *proxy = proxy_for(rows[i].configured, rows[i].url);

        if (g_strcmp0(proxy, rows[i].proxy) != 0)
            fail_msg("row %zu: %s", i, proxy ? proxy : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_are_the_fixed_ones),    cmocka_unit_test(codes_have_their_causes),
        cmocka_unit_test(a_number_tells_all_its_meanings), cmocka_unit_test(passwords_are_not_shown),
        cmocka_unit_test(the_environment_names_the_proxy),
    };

    g_unsetenv("HTTPS_PROXY");
    g_unsetenv("ALL_PROXY");
    g_unsetenv("all_proxy");
    g_unsetenv("NO_PROXY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
