/* Trust in certificates, against servers with certificates made on the spot. Catches: a certificate
 * accepted that is expired, self-signed, of an unknown authority or for another name; a pin that does
 * not suffice, or one that does not match and is forgiven; a reason that is not named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/lib/rig.h"
#include "tests/unit/lib/script.h"
#include "tests/unit/lib/test_identity.h"

#define HOST "127.0.0.1"
#define DAY 86400L

enum identity { GOOD, EXPIRED, EARLY, NAMELESS, STRANGER, SELF, IDENTITIES };

struct cast {
    struct test_identity *authority, *other_authority, *client;
    struct test_identity *servers[IDENTITIES];
    char *dir, *ca_file, *client_cert, *client_key;
};

static int set_up(void **state)
{
    struct cast *cast = g_new0(struct cast, 1);
    g_autoptr(GError) error = NULL;

    cast->authority = test_identity_new(NULL, NULL, -DAY, DAY);
    cast->other_authority = test_identity_new(NULL, NULL, -DAY, DAY);
    cast->client = test_identity_new("client.test", cast->authority, -DAY, DAY);
    cast->servers[GOOD] = test_identity_new(HOST, cast->authority, -DAY, DAY);
    cast->servers[EXPIRED] = test_identity_new(HOST, cast->authority, -2 * DAY, -DAY);
    cast->servers[EARLY] = test_identity_new(HOST, cast->authority, DAY, 2 * DAY);
    cast->servers[NAMELESS] = test_identity_new("mail.example.org", cast->authority, -DAY, DAY);
    cast->servers[STRANGER] = test_identity_new(HOST, cast->other_authority, -DAY, DAY);
    cast->servers[SELF] = test_identity_new(HOST, NULL, -DAY, DAY);
    cast->dir = g_dir_make_tmp("easfs-tls-XXXXXX", &error);
    assert_non_null(cast->dir);
    cast->ca_file = g_build_filename(cast->dir, "ca.pem", NULL);
    cast->client_cert = g_build_filename(cast->dir, "client.pem", NULL);
    cast->client_key = g_build_filename(cast->dir, "client.key", NULL);
    test_identity_write(cast->authority, cast->ca_file);
    test_identity_write(cast->client, cast->client_cert);
    test_identity_write_key(cast->client, cast->client_key);
    *state = cast;
    return 0;
}

static int tear_down(void **state)
{
    struct cast *cast = *state;

    for (size_t i = 0; i < IDENTITIES; i++)
        test_identity_free(cast->servers[i]);
    test_identity_free(cast->authority);
    test_identity_free(cast->other_authority);
    test_identity_free(cast->client);
    g_unlink(cast->ca_file);
    g_unlink(cast->client_cert);
    g_unlink(cast->client_key);
    g_rmdir(cast->dir);
    g_free(cast->dir);
    g_free(cast->ca_file);
    g_free(cast->client_cert);
    g_free(cast->client_key);
    g_free(cast);
    return 0;
}

static struct eas_result call_with(SSL_CTX *tls, const char *ca_file, const char *pin, const char *cert,
                                   const char *key)
{
    struct script script = SCRIPT({STEP_DOCUMENT, 1});
    struct rig rig;

    rig_start(&rig, script_play, &script, tls);
    rig_warm(&rig);
    struct session_config *config = rig_config(&rig);

    config->insecure_http = false;
    config->ca_file = g_strdup(ca_file);
    config->client_cert = g_strdup(cert);
    config->client_key = g_strdup(key);
    if (pin) {
        config->pins = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(config->pins, g_strnfill(64, '0'));
        g_ptr_array_add(config->pins, g_strdup(pin));
    }
    rig_session(&rig, config);
    assert_non_null(rig.session);
    struct eas_result result = rig_call(&rig, EAS_FOLDER_SYNC);

    /* Who is not trusted is told nothing. */
    assert_int_equal(script_server_count(rig.server, NULL), eas_is_served(&result) ? 1 : 0);
    rig_stop(&rig);
    return result;
}

static void only_a_good_certificate_is_trusted(void **state)
{
    static const struct {
        enum identity server;
        bool ca_file;
        const char *reason; /* NULL: trusted */
    } rows[] = {
        {GOOD, true, NULL},
        {GOOD, false, "authority"},
        {EXPIRED, true, "has expired"},
        {EARLY, true, "not valid yet"},
        {NAMELESS, true, "another name"},
        {STRANGER, true, "authority"},
        {SELF, true, "self-signed"},
    };
    struct cast *cast = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        SSL_CTX *tls = test_identity_server(cast->servers[rows[i].server]);
        struct eas_result result = call_with(tls, rows[i].ca_file ? cast->ca_file : NULL, NULL, NULL, NULL);

        SSL_CTX_free(tls);
        if (!rows[i].reason && eas_is_served(&result))
            continue;
        if (!rows[i].reason || result.outcome != EAS_REFUSED || result.scope != EAS_SCOPE_FATAL ||
            result.exit_code != 77 || !strstr(result.text, rows[i].reason))
            fail_msg("row %zu: outcome %d, scope %d, exit code %d, %s", i, result.outcome, result.scope,
                     result.exit_code, result.text);
    }
}

/* A match suffices, whatever else is wrong; no match is fatal, whatever else is right. */
static void a_pin_decides_alone(void **state)
{
    struct cast *cast = *state;

    for (size_t i = 0; i < IDENTITIES; i++) {
        SSL_CTX *tls = test_identity_server(cast->servers[i]);
        g_autofree char *hex = test_identity_pin(cast->servers[i]);
        g_autofree char *upper = g_ascii_strup(hex, -1);
        g_autofree char *base64 = test_identity_pin_base64(cast->servers[i]);
        g_autofree char *other = test_identity_pin(cast->authority);
        struct eas_result refused = call_with(tls, cast->ca_file, other, NULL, NULL);

        assert_int_equal(call_with(tls, NULL, hex, NULL, NULL).outcome, EAS_SERVED);
        assert_int_equal(call_with(tls, NULL, upper, NULL, NULL).outcome, EAS_SERVED);
        assert_int_equal(call_with(tls, NULL, base64, NULL, NULL).outcome, EAS_SERVED);
        assert_int_equal(refused.outcome, EAS_REFUSED);
        assert_int_equal(refused.scope, EAS_SCOPE_FATAL);
        assert_int_equal(refused.exit_code, 77);
        assert_non_null(strstr(refused.text, "--pin"));
        SSL_CTX_free(tls);
    }
}

static void old_tls_is_not_spoken(void **state)
{
    struct cast *cast = *state;
    SSL_CTX *tls = test_identity_server(cast->servers[GOOD]);

    SSL_CTX_set_security_level(tls, 0);
    SSL_CTX_set_min_proto_version(tls, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(tls, TLS1_1_VERSION);
    struct eas_result result = call_with(tls, cast->ca_file, NULL, NULL, NULL);

    assert_int_equal(result.outcome, EAS_REFUSED);
    assert_int_equal(result.exit_code, 77);
    assert_non_null(strstr(result.text, "1.2 or later"));
    SSL_CTX_free(tls);
}

static void a_client_certificate_is_shown(void **state)
{
    struct cast *cast = *state;
    SSL_CTX *tls = test_identity_server(cast->servers[GOOD]);

    SSL_CTX_load_verify_file(tls, cast->ca_file);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    assert_int_equal(call_with(tls, cast->ca_file, NULL, cast->client_cert, cast->client_key).outcome, EAS_SERVED);
    struct eas_result result = call_with(tls, cast->ca_file, NULL, NULL, NULL);

    assert_int_equal(result.outcome, EAS_REFUSED);
    assert_int_equal(result.exit_code, 77);
    assert_non_null(strstr(result.text, "wants a client certificate"));
    /* A certificate file that is none. */
    result = call_with(tls, cast->ca_file, NULL, cast->client_key, cast->client_key);
    assert_int_equal(result.outcome, EAS_REFUSED);
    assert_int_equal(result.exit_code, 77);
    SSL_CTX_free(tls);
}

/* A port that speaks plain HTTP, asked for https. */
static void no_tls_at_the_port_is_told(void **state)
{
    struct script script = SCRIPT({STEP_CODE, 400});
    struct rig rig;

    (void)state;
    rig_start(&rig, script_play, &script, NULL);
    struct session_config *config = rig_config(&rig);

    g_free(config->server);
    config->server = g_strdup_printf("https://127.0.0.1:%u", script_server_port(rig.server));
    rig_session(&rig, config);
    struct eas_result result = session_connect(rig.link);

    assert_int_equal(result.outcome, EAS_UNREACHABLE);
    assert_int_equal(result.exit_code, 76);
    assert_non_null(strstr(result.text, "no TLS"));
    rig_stop(&rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_good_certificate_is_trusted),
        cmocka_unit_test(a_pin_decides_alone),
        cmocka_unit_test(old_tls_is_not_spoken),
        cmocka_unit_test(a_client_certificate_is_shown),
        cmocka_unit_test(no_tls_at_the_port_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
