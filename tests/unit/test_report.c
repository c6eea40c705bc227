/* What a status looks like. Catches: a key that programs rely on gone or
 * renamed, a value that is no UTF-8 breaking the whole, an unknown time told as
 * 1970, a text that hides what is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fs/report.h"

static struct replica_status *status_made(void)
{
    struct replica_status *status = g_new0(struct replica_status, 1);
    struct replica_folder folders[] = {
        {.path = g_strdup("Mail/Inbox"),
         .class = EAS_MAIL,
         .items = 12,
         .unread = 3,
         .bodies_missing = 4,
         .last_change_ns = 1795338933120000000LL,
         .complete = true,
         .since = g_strdup("1m")},
        {.path = g_strdup("Contacts"), .class = EAS_CONTACTS, .items = 5, .queued = 2, .held = 1},
    };

    status->account = g_strdup("alice@mail.example");
    status->server = g_strdup("https://mail.example/\xff");
    status->state = REPLICA_ONLINE;
    status->since_ns = 1795338933120000000LL;
    status->policy = g_strdup("DevicePasswordEnabled=0\nAllowWiFi=1");
    status->throttle =
        (struct session_throttle){.on = true, .until_ns = 1795338933120000000LL, .reason = "CommandFrequency"};
    status->bodies_total = 17;
    status->bodies_missing = 4;
    status->errors = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(status->errors, g_strdup("Mail/Inbox/x.eml: the server does not give it"));
    status->folders = g_array_new(FALSE, TRUE, sizeof(struct replica_folder));
    g_array_append_vals(status->folders, folders, G_N_ELEMENTS(folders));
    return status;
}

static void status_done(struct replica_status *status)
{
    for (guint i = 0; i < status->folders->len; i++) {
        g_free(g_array_index(status->folders, struct replica_folder, i).path);
        g_free(g_array_index(status->folders, struct replica_folder, i).since);
    }
    g_array_unref(status->folders);
    g_ptr_array_unref(status->errors);
    g_free(status->account);
    g_free(status->server);
    g_free(status->policy);
    g_free(status);
}

static void json_has_the_promised_keys(void **state)
{
    static const char *const keys[] = {"version", "account", "server",    "protocol", "state",   "since",    "reason",
                                       "policy",  "queued",  "heartbeat", "held",     "folders", "throttled"};
    static const char *const folder_keys[] = {"path",           "class",       "items",  "unread",
                                              "bodies_missing", "last_change", "queued", "held"};
    struct replica_status *status = status_made();
    json_t *json = report_json(status), *folders = json_object_get(json, "folders");

    (void)state;
    assert_int_equal(json_object_size(json), G_N_ELEMENTS(keys));
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        assert_non_null(json_object_get(json, keys[i]));
    assert_int_equal(json_array_size(folders), 2);
    for (size_t i = 0; i < G_N_ELEMENTS(folder_keys); i++)
        assert_non_null(json_object_get(json_array_get(folders, 0), folder_keys[i]));
    assert_string_equal(json_string_value(json_object_get(json, "state")), "online");
    assert_string_equal(json_string_value(json_object_get(json, "since")), "2026-11-22T09:15:33.120Z");
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "throttled"), "until")),
                        "2026-11-22T09:15:33.120Z");
    assert_true(json_is_null(json_object_get(json, "server")));
    assert_true(json_is_null(json_object_get(json_array_get(folders, 1), "last_change")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(folders, 1), "class")), "contacts");
    json_decref(json);
    status_done(status);
}

static void text_tells_what_matters(void **state)
{
    static const char *const words[] = {"alice@mail.example",
                                        "online since 2026-11-22T09:15:33.120Z",
                                        "Mail/Inbox\n",
                                        "Contacts (still being read) (2 queued, 1 held)\n",
                                        "13 of 17 items",
                                        "1m",
                                        "x.eml: the server",
                                        "policy    DevicePasswordEnabled=0\n          AllowWiFi=1",
                                        "2026-11-22 09:15  Mail/Inbox",
                                        "throttled by the server, until 2026-11-22T09:15:33.120Z: CommandFrequency"};
    struct replica_status *status = status_made();
    g_autofree char *text = report_text(status);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        print_message("%s\n", words[i]);
        assert_non_null(strstr(text, words[i]));
    }
    status_done(status);
}

static void progress_ends(void **state)
{
    struct replica_status *status = status_made();
    g_autofree char *some = NULL, *all = NULL, *busy = NULL;

    (void)state;
    some = report_progress(status);
    assert_string_equal(some, "13 of 17 items here");
    status->bodies_missing = 0;
    assert_null(all = report_progress(status));
    status->syncing = true;
    busy = report_progress(status);
    assert_string_equal(busy, "17 items here");
    status_done(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_the_promised_keys),
        cmocka_unit_test(text_tells_what_matters),
        cmocka_unit_test(progress_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
