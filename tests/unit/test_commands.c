/* Every request that the client writes, and the answers to the small commands. Catches: a request that
 * a version's schema refuses (the schemas lie in ../shared and are asked as a child process), bytes
 * that are not the specification's, a recorded answer of a real server read wrongly. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "codec/wire/answer.h"
#include "tests/unit/requests.h"
#include "tests/unit/shared.h"

/* Asks the checker about all files in one process: "version file" pairs. */
static const char ask_all[] = "import sys\n"
                              "from importlib.machinery import SourceFileLoader\n"
                              "sys.dont_write_bytecode = True\n"
                              "check = SourceFileLoader('check', sys.argv[1]).load_module()\n"
                              "bad = 0\n"
                              "for version, name in zip(sys.argv[2::2], sys.argv[3::2]):\n"
                              "    if check.main(['--version', version, '--wbxml', name]):\n"
                              "        print('in', name); bad += 1\n"
                              "sys.exit(min(bad, 1))\n";

static void every_request_is_valid_at_every_version(void **state)
{
    SKIP_WITHOUT(shared_has("protocol/validate"), "the schema checker");
    g_autofree char *checker = shared_path("protocol/validate");
    g_autofree char *directory = NULL, *said = NULL;
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    int code;
    guint asked = 0;

    (void)state;
    directory = g_dir_make_tmp("easfs-requests-XXXXXX", NULL);
    assert_non_null(directory);
    g_ptr_array_add(argv, g_strdup("python3"));
    g_ptr_array_add(argv, g_strdup("-Wignore"));
    g_ptr_array_add(argv, g_strdup("-c"));
    g_ptr_array_add(argv, g_strdup(ask_all));
    g_ptr_array_add(argv, g_strdup(checker));
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++)
        for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
            g_autoptr(GByteArray) out = g_byte_array_new();
            const char *version = eas_version_text(versions[v]);

            if (versions[v] < requests[i].since)
                continue;
            char *name = g_strdup_printf("%s/%s-%s", directory, requests[i].name, version);

            requests[i].write(out, versions[v]);
            assert_true(g_file_set_contents(name, (char *)out->data, out->len, NULL));
            g_ptr_array_add(argv, g_strdup(version));
            g_ptr_array_add(argv, name);
            asked++;
        }
    g_ptr_array_add(argv, NULL);
    assert_true(
        g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said, NULL, &code, NULL));
    for (guint i = 6; i < argv->len - 1; i += 2)
        g_remove(argv->pdata[i]);
    g_rmdir(directory);
    if (code != 0)
        fail_msg("%s", said);
    /* One line a request: the checker did look at each. */
    g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
    assert_int_equal(g_strv_length(lines) - 1, asked);
}

static void requests_to_the_byte(void **state)
{
    static const unsigned char ping_bytes[] = {
        0x03, 0x01, 0x6a, 0x00, 0x00, 0x0d, 0x45, 0x48, 0x03, '6', '0', '0', 0x00, 0x01, /* HeartbeatInterval */
        0x49, 0x4a, 0x4b, 0x03, '5',  0x00, 0x01, 0x4c, 0x03, 'E', 'm', 'a', 'i',  'l',  0x00, 0x01, 0x01, 0x01, 0x01,
    };
    static const unsigned char old_estimate[] = {
        0x03, 0x01, 0x6a, 0x00, 0x00, 0x06, 0x45, 0x47, 0x48, 0x49, 0x03, 'E',  'm',
        'a',  'i',  'l',  0x00, 0x01, 0x4a, 0x03, '5',  0x00, 0x01, 0x00, 0x00, 0x58,
        0x03, '0',  0x00, 0x01, 0x4b, 0x03, 'k',  '1',  0x00, 0x01, 0x01, 0x01, 0x01,
    };
    static const unsigned char new_estimate[] = {
        0x03, 0x01, 0x6a, 0x00, 0x00, 0x06, 0x45, 0x47, 0x48, 0x00, 0x00, 0x4b, 0x03, 'k',  '1',  0x00, 0x01, 0x00,
        0x06, 0x4a, 0x03, '5',  0x00, 0x01, 0x00, 0x00, 0x57, 0x58, 0x03, '0',  0x00, 0x01, 0x01, 0x01, 0x01, 0x01,
    };
    static const unsigned char wiped[] = {0x03, 0x01, 0x6a, 0x00, 0x00, 0x0e, 0x45, 0x4c,
                                          0x4b, 0x03, '1',  0x00, 0x01, 0x01, 0x01};
    static const struct ping_folder inbox = {"5", EAS_MAIL};
    g_autoptr(GByteArray) asked = g_byte_array_new(), old = g_byte_array_new(), new = g_byte_array_new(),
                          done = g_byte_array_new();
    const struct {
        const GByteArray *written;
        const unsigned char *bytes;
        size_t length;
    } rows[] = {
        {asked, ping_bytes, sizeof ping_bytes},
        {old, old_estimate, sizeof old_estimate},
        {new, new_estimate, sizeof new_estimate},
        {done, wiped, sizeof wiped},
    };

    (void)state;
    ping_request(asked, 600, &inbox, 1);
    get_item_estimate_request(old, EAS_12_1, collections, 1);
    get_item_estimate_request(new, EAS_14_1, collections, 1);
    provision_wiped(done, PROVISION_WIPE, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_int_equal(rows[i].written->len, rows[i].length);
        assert_memory_equal(rows[i].written->data, rows[i].bytes, rows[i].length);
    }
}

static void the_device_goes_with_provision_from_14_1_on(void **state)
{
    (void)state;
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        g_autoptr(GByteArray) out = g_byte_array_new();

        provision_request(out, versions[v], &device);
        g_autoptr(eas_node) root = eas_node_parse(out->data, out->len, NULL);
        assert_int_equal(eas_node_child(root, TAG_Settings_DeviceInformation) != NULL, versions[v] >= EAS_14_1);
    }
}

static void a_policy_in_two_phases(void **state)
{
    g_autoptr(eas_node) root = eas_node_new(TAG_Provision_Provision, NULL);
    struct eas_node *policy =
        eas_node_add(eas_node_add(root, TAG_Provision_Policies, NULL), TAG_Provision_Policy, NULL);
    struct provision_answer answer;

    (void)state;
    eas_node_add(policy, TAG_Provision_Status, "1");
    eas_node_add(policy, TAG_Provision_PolicyKey, "1307199584");
    struct eas_node *document =
        eas_node_add(eas_node_add(policy, TAG_Provision_Data, NULL), TAG_Provision_EASProvisionDoc, NULL);
    eas_node_add(document, TAG_Provision_AttachmentsEnabled, "1");
    provision_read(root, &answer);
    assert_int_equal(answer.status, 0);
    assert_int_equal(answer.policy_status, 1);
    assert_string_equal(answer.policy_key, "1307199584");
    assert_string_equal(eas_node_text(answer.policy, TAG_Provision_AttachmentsEnabled), "1");
    assert_int_equal(answer.wipe, PROVISION_NO_WIPE);
    provision_clear(&answer);
    eas_node_add(root, TAG_Provision_AccountOnlyRemoteWipe, NULL);
    provision_read(root, &answer);
    assert_int_equal(answer.wipe, PROVISION_WIPE_ACCOUNT);
    provision_clear(&answer);
    eas_node_add(root, TAG_Provision_RemoteWipe, NULL);
    provision_read(root, &answer);
    assert_int_equal(answer.wipe, PROVISION_WIPE);
    provision_clear(&answer);
}

static void addresses_of_either_generation(void **state)
{
    (void)state;
    for (int accounts = 0; accounts < 2; accounts++) {
        g_autoptr(eas_node) root = eas_node_new(TAG_Settings_Settings, NULL);
        struct user_information user;

        eas_node_add(root, TAG_Settings_Status, "1");
        struct eas_node *part = eas_node_add(root, TAG_Settings_UserInformation, NULL);
        struct eas_node *at = eas_node_add(part, TAG_Settings_Get, NULL);
        if (accounts) {
            at = eas_node_add(eas_node_add(at, TAG_Settings_Accounts, NULL), TAG_Settings_Account, NULL);
            eas_node_add(at, TAG_Settings_UserDisplayName, "Alice");
        }
        at = eas_node_add(at, TAG_Settings_EmailAddresses, NULL);
        eas_node_add(at, TAG_Settings_SMTPAddress, "a@example.com");
        eas_node_add(at, TAG_Settings_SMTPAddress, "b@example.com");
        if (accounts)
            eas_node_add(at, TAG_Settings_PrimarySmtpAddress, "b@example.com");
        settings_user_read(root, &user);
        assert_int_equal(user.status, 1);
        assert_int_equal(user.addresses->len, 2);
        assert_string_equal(user.primary, accounts ? "b@example.com" : "a@example.com");
        assert_int_equal(user.display_name != NULL, accounts);
        settings_user_clear(&user);
        eas_node_add(part, TAG_Settings_Status, "2");
        assert_int_equal(settings_status(root, TAG_Settings_UserInformation), 2);
        assert_int_equal(settings_status(root, TAG_Settings_Oof), 1);
    }
}

static void changes_from_a_ping(void **state)
{
    g_autoptr(eas_node) root = eas_node_new(TAG_Ping_Ping, NULL);
    struct ping_answer answer;

    (void)state;
    eas_node_add(root, TAG_Ping_Status, "2");
    struct eas_node *folders = eas_node_add(root, TAG_Ping_Folders, NULL);
    eas_node_add(folders, TAG_Ping_Folder, "5");
    eas_node_add(eas_node_add(folders, TAG_Ping_Folder, NULL), TAG_Ping_Id, "7");
    eas_node_add(folders, TAG_Ping_Folder, "");
    ping_read(root, &answer);
    assert_int_equal(answer.status, 2);
    assert_int_equal(answer.folders->len, 2);
    assert_string_equal(answer.folders->pdata[0], "5");
    assert_string_equal(answer.folders->pdata[1], "7");
    ping_clear(&answer);
}

static void estimates_by_collection(void **state)
{
    g_autoptr(eas_node) root = eas_node_new(TAG_GetItemEstimate_GetItemEstimate, NULL);

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct eas_node *response = eas_node_add(root, TAG_GetItemEstimate_Response, NULL);
        eas_node_add(response, TAG_GetItemEstimate_Status, i ? "4" : "1");
        struct eas_node *collection = eas_node_add(response, TAG_GetItemEstimate_Collection, NULL);
        eas_node_add(collection, TAG_GetItemEstimate_CollectionId, i ? "6" : "5");
        if (!i)
            eas_node_add(collection, TAG_GetItemEstimate_Estimate, "31");
    }
    g_autoptr(GArray) estimates = get_item_estimate_read(root);
    const struct item_estimate *first = &g_array_index(estimates, struct item_estimate, 0), *second = first + 1;

    assert_int_equal(estimates->len, 2);
    assert_string_equal(first->collection_id, "5");
    assert_int_equal(first->estimate, 31);
    assert_int_equal(second->status, 4);
    assert_int_equal(second->estimate, -1);
}

/* Answers of real servers, as recorded. */
static struct eas_node *recorded(const char *name)
{
    SKIP_WITHOUT(shared_has("protocol/vectors"), "protocol/vectors");
    g_autofree char *path = g_build_filename("protocol/vectors", name, NULL);
    g_autoptr(GBytes) bytes = shared_file(path);

    assert_non_null(bytes);
    struct eas_node *root = eas_node_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);
    assert_non_null(root);
    return root;
}

static void a_recorded_folder_list(void **state)
{
    g_autoptr(eas_node) root = recorded("foldersync-response-exchange_foldersync.wbxml");
    struct folder_sync_answer answer;

    (void)state;
    folder_sync_read(root, &answer);
    assert_int_equal(answer.status, 1);
    assert_string_equal(answer.sync_key, "1");
    assert_int_equal(answer.changes->len, 13);
    const struct folder_change *inbox = answer.changes->pdata[0], *nested = answer.changes->pdata[4];
    assert_string_equal(inbox->name, "Boîte de réception");
    assert_int_equal(inbox->type, EAS_FOLDER_INBOX);
    assert_string_equal(nested->parent_id, "4");
    assert_int_equal(nested->type, 13);
    folder_sync_clear(&answer);
}

static void a_recorded_policy(void **state)
{
    g_autoptr(eas_node) root = recorded("provision-response-ex2k7provresp1.wbxml");
    struct provision_answer answer;

    (void)state;
    provision_read(root, &answer);
    assert_int_equal(answer.status, 1);
    assert_int_equal(answer.policy_status, 1);
    assert_string_equal(answer.policy_key, "3378841480");
    assert_string_equal(eas_node_text(answer.policy, TAG_Provision_MaxInactivityTimeDeviceLock), "900");
    provision_clear(&answer);
}

static void a_recorded_refusal(void **state)
{
    g_autoptr(eas_node) root = recorded("provision-response-easarchiver-provision165.wbxml");

    (void)state;
    assert_int_equal(answer_status(root), 165);
}

static void a_recorded_address(void **state)
{
    g_autoptr(eas_node) root = recorded("settings-response-settingsresponse.wbxml");
    struct user_information user;

    (void)state;
    settings_user_read(root, &user);
    assert_int_equal(user.status, 1);
    assert_string_equal(user.primary, "Administrator@test.tlse.lng");
    settings_user_clear(&user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_valid_at_every_version),
        cmocka_unit_test(requests_to_the_byte),
        cmocka_unit_test(the_device_goes_with_provision_from_14_1_on),
        cmocka_unit_test(a_policy_in_two_phases),
        cmocka_unit_test(addresses_of_either_generation),
        cmocka_unit_test(changes_from_a_ping),
        cmocka_unit_test(estimates_by_collection),
        cmocka_unit_test(a_recorded_folder_list),
        cmocka_unit_test(a_recorded_policy),
        cmocka_unit_test(a_recorded_refusal),
        cmocka_unit_test(a_recorded_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
