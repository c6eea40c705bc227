/* Accounts and passwords from options. Catches: a state directory that moves
 * with the port or the spelling of a server, a class that is dropped, a
 * password with its line end, one that others can read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "fs/account.h"
#include "fs/password.h"

static void names_an_account(void **state)
{
    static const char *const rows[][3] = {
        {"alice", "mail.example", "alice@mail.example"},
        {"alice", "Mail.Example", "alice@mail.example"},
        {"alice", "mail.example:444", "alice@mail.example"},
        {"alice", "https://mail.example/", "alice@mail.example"},
        {"alice", "https://mail.example:444/Microsoft-Server-ActiveSync?x=1", "alice@mail.example"},
        {"alice", "http://[::1]:80/x", "alice@[::1]"},
        {"alice", "https://someone@mail.example/", "alice@mail.example"},
        {"alice@example.test", "mail.example", "alice@example.test@mail.example"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = account_name(rows[i][0], rows[i][1]);

        assert_string_equal(name, rows[i][2]);
    }
}

static void reads_lists_of_classes(void **state)
{
    (void)state;
    assert_int_equal(account_classes("mail"), 1u << EAS_MAIL);
    assert_int_equal(account_classes("notes,mail,calendar,contacts,tasks"), (1u << EAS_CLASSES) - 1);
    assert_int_equal(account_classes("mail,chess"), 0);
    assert_int_equal(account_classes(""), 0);
    assert_int_equal(account_classes("mail,"), 0);
}

static void takes_the_first_line_of_a_file(void **state)
{
    static const struct {
        const char *content;
        int mode, code;
        const char *password;
    } rows[] = {
        {"secret\n", 0600, 0, "secret"},
        {"secret", 0400, 0, "secret"},
        {"secret\r\nmore\n", 0600, 0, "secret"},
        {" a b \nmore\n", 0600, 0, " a b "},
        {"secret\n", 0640, 78, NULL},
        {"secret\n", 0604, 78, NULL},
        {"", 0600, 78, NULL},
    };
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "easfs-password-XXXXXX", NULL);
    int fd = g_mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct password_source source = {.file = path, .account = "alice@mail.example"};
        g_autofree char *password = NULL;

        assert_true(g_file_set_contents(path, rows[i].content, -1, NULL));
        assert_int_equal(g_chmod(path, rows[i].mode), 0);
        assert_int_equal(password_get(&source, "test", &password), rows[i].code);
        if (rows[i].password) {
            assert_string_equal(password, rows[i].password);
        }
    }
    g_unlink(path);
}

static void takes_the_first_line_of_a_command(void **state)
{
    static const struct {
        const char *command;
        int code;
        const char *password;
    } rows[] = {
        {"printf 'secret\\nmore\\n'", 0, "secret"},
        {"echo secret; exit 1", 78, NULL},
        {"true", 78, NULL},
        {"exit 3", 78, NULL},
        {"/nonexistent/command 2>&1 >/dev/null", 78, NULL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct password_source source = {.command = rows[i].command, .account = "alice@mail.example"};
        g_autofree char *password = NULL;

        assert_int_equal(password_get(&source, "test", &password), rows[i].code);
        if (rows[i].password) {
            assert_string_equal(password, rows[i].password);
        }
    }
}

/* One row of options each, and the exit code they are refused with. */
static void refuses_what_makes_no_account(void **state)
{
    struct account_options rows[] = {
        {0},
        {.server = "mail.example"},
        {.user = "alice"},
        {.offline = true},
        {.server = "m", .user = "a", .since = "1y"},
        {.server = "m", .user = "a", .classes = "chess"},
        {.server = "m", .user = "a", .vcard = "2"},
        {.server = "m", .user = "a", .protocol = "2.5"},
        {.server = "m", .user = "a", .client_cert = "c.pem"},
        {.server = "m", .user = "a", .password_file = "f", .password_command = "c"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct replica_config *config = NULL;

        assert_int_equal(account_config(&rows[i], "test", &config), 64);
        assert_null(config);
    }
}

static void makes_the_configuration(void **state)
{
    g_autofree char *dir = g_dir_make_tmp("easfs-account-XXXXXX", NULL);
    g_autofree char *at = g_build_filename(dir, "deep", "state", NULL), *above = g_path_get_dirname(at);
    struct account_options options = {.server = "https://mail.example:1/x",
                                      .user = "alice",
                                      .password_command = "echo secret",
                                      .classes = "mail,tasks",
                                      .since = "1w",
                                      .protocol = "14.1",
                                      .ca_file = "ca.pem",
                                      .state = at};
    struct replica_config *config = NULL;

    (void)state;
    assert_int_equal(account_config(&options, "test", &config), 0);
    assert_string_equal(config->account, "alice@mail.example");
    assert_string_equal(config->state_dir, at);
    assert_int_equal(config->classes, 1u << EAS_MAIL | 1u << EAS_TASKS);
    assert_string_equal(config->since, "1w");
    assert_int_equal(config->vcard_version, 3);
    assert_int_equal(config->server->version, EAS_14_1);
    assert_string_equal(config->server->password, "secret");
    /* The daemon's directory will be another. */
    assert_true(g_path_is_absolute(config->server->ca_file));
    assert_true(g_file_test(above, G_FILE_TEST_IS_DIR));
    replica_config_free(config);
    g_rmdir(above);
    g_rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_an_account),
        cmocka_unit_test(reads_lists_of_classes),
        cmocka_unit_test(takes_the_first_line_of_a_file),
        cmocka_unit_test(takes_the_first_line_of_a_command),
        cmocka_unit_test(refuses_what_makes_no_account),
        cmocka_unit_test(makes_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
