/* FolderSync, request and answer, and the words of codec/item.h. Catches: a request that is not the
 * specification's bytes, changes out of order, a folder without an id, a refused answer whose key
 * would be kept, a sink that remembers a first attempt. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "codec/item.h"
#include "codec/wire/answer.h"
#include "codec/wire/folder_sync.h"

static void request_is_the_published_example(void **state)
{
    static const unsigned char expected[] = {0x03, 0x01, 0x6a, 0x00, 0x00, 0x07, 0x56,
                                             0x52, 0x03, '0',  0x00, 0x01, 0x01};
    g_autoptr(GByteArray) out = g_byte_array_new();

    (void)state;
    folder_sync_request(out, "0");
    assert_int_equal(out->len, sizeof expected);
    assert_memory_equal(out->data, expected, sizeof expected);
}

static struct eas_node *add_change(struct eas_node *changes, eas_tag tag, const char *id)
{
    struct eas_node *node = eas_node_add(changes, tag, NULL);

    if (id)
        eas_node_add(node, TAG_FolderHierarchy_ServerId, id);
    return node;
}

static struct eas_node *sample(const char *status)
{
    struct eas_node *root = eas_node_new(TAG_FolderHierarchy_FolderSync, NULL);

    eas_node_add(root, TAG_FolderHierarchy_Status, status);
    eas_node_add(root, TAG_FolderHierarchy_SyncKey, "7");
    struct eas_node *changes = eas_node_add(root, TAG_FolderHierarchy_Changes, NULL);
    eas_node_add(changes, TAG_FolderHierarchy_Count, "4");
    struct eas_node *inbox = add_change(changes, TAG_FolderHierarchy_Add, "5");
    eas_node_add(inbox, TAG_FolderHierarchy_ParentId, "0");
    eas_node_add(inbox, TAG_FolderHierarchy_DisplayName, "Inbox");
    eas_node_add(inbox, TAG_FolderHierarchy_Type, "2");
    add_change(changes, TAG_FolderHierarchy_Add, NULL);
    add_change(changes, TAG_FolderHierarchy_Delete, "9");
    add_change(changes, TAG_FolderHierarchy_Update, "6");
    return root;
}

static void reads_changes_in_order(void **state)
{
    g_autoptr(eas_node) root = sample("1");
    struct folder_sync_answer answer;

    (void)state;
    folder_sync_read(root, &answer);
    assert_int_equal(answer.status, 1);
    assert_string_equal(answer.sync_key, "7");
    assert_int_equal(answer.changes->len, 3);
    const struct folder_change *inbox = answer.changes->pdata[0], *gone = answer.changes->pdata[1],
                               *renamed = answer.changes->pdata[2];
    assert_int_equal(inbox->kind, FOLDER_ADD);
    assert_string_equal(inbox->name, "Inbox");
    assert_int_equal(inbox->type, EAS_FOLDER_INBOX);
    assert_int_equal(gone->kind, FOLDER_DELETE);
    assert_string_equal(gone->server_id, "9");
    assert_null(gone->name);
    assert_int_equal(renamed->kind, FOLDER_UPDATE);
    assert_string_equal(renamed->parent_id, "0");
    assert_string_equal(renamed->name, "");
    folder_sync_clear(&answer);
}

static void a_refusal_gives_no_key_and_no_change(void **state)
{
    g_autoptr(eas_node) refused = sample("9"), foreign = eas_node_new(TAG_Ping_Ping, NULL);
    struct folder_sync_answer answer;

    (void)state;
    folder_sync_read(refused, &answer);
    assert_int_equal(answer.status, 9);
    assert_null(answer.sync_key);
    assert_int_equal(answer.changes->len, 0);
    folder_sync_clear(&answer);
    folder_sync_read(foreign, &answer);
    assert_int_equal(answer.status, 0);
    folder_sync_clear(&answer);
}

static void the_tree_sink_forgets_a_first_attempt(void **state)
{
    g_autoptr(eas_node) first = sample("9"), second = sample("1");
    g_autoptr(GBytes) one = eas_node_bytes(first), two = eas_node_bytes(second);
    struct answer_tree answer = {0};
    int status;

    (void)state;
    answer_tree_sink.begin(&answer, "application/vnd.ms-sync.wbxml");
    assert_int_equal(answer_tree_sink.feed(&answer, g_bytes_get_data(one, NULL), g_bytes_get_size(one) / 2), WBXML_OK);
    assert_null(answer_tree_root(&answer));
    answer_tree_sink.begin(&answer, "application/vnd.ms-sync.wbxml");
    assert_int_equal(answer_tree_sink.feed(&answer, g_bytes_get_data(two, NULL), g_bytes_get_size(two)), WBXML_OK);
    assert_int_equal(answer_tree_sink.finish(&answer, &status), WBXML_OK);
    assert_int_equal(status, 1);
    assert_int_equal(answer_tree_root(&answer)->tag, TAG_FolderHierarchy_FolderSync);
    answer_tree_clear(&answer);
}

static void the_words_of_the_protocol(void **state)
{
    (void)state;
    assert_int_equal(eas_version_parse("16.1"), EAS_16_1);
    assert_int_equal(eas_version_parse("16"), EAS_NO_VERSION);
    assert_string_equal(eas_version_text(EAS_12_1), "12.1");
    assert_string_equal(eas_version_text(EAS_NO_VERSION), "");
    assert_string_equal(eas_command_name(EAS_ITEM_OPERATIONS), "ItemOperations");
    assert_null(eas_command_name(5));
    assert_null(eas_command_name(24));
    assert_int_equal(eas_folder_class(1), EAS_MAIL);
    assert_int_equal(eas_folder_class(14), EAS_CONTACTS);
    assert_int_equal(eas_folder_class(19), EAS_NO_CLASS);
    assert_int_equal(eas_folder_class(-1), EAS_NO_CLASS);
    assert_int_equal(eas_folder_class(1000), EAS_NO_CLASS);
    assert_true(eas_folder_is_default(10));
    assert_false(eas_folder_is_default(17));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_the_published_example),
        cmocka_unit_test(reads_changes_in_order),
        cmocka_unit_test(a_refusal_gives_no_key_and_no_change),
        cmocka_unit_test(the_tree_sink_forgets_a_first_attempt),
        cmocka_unit_test(the_words_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
