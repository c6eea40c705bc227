/* The WBXML reader, writer and tree. Catches: bytes that depend on how they are cut, an unknown
 * tag that swallows its siblings, a length field that is believed, a writer whose page is off, a text that a server
 * cannot make XML of. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/wire/wbxml_tree.h"

/* The example of MS-ASWBXML 4: FolderSync with key 0 on page 7. */
static const unsigned char folder_sync[] = {0x03, 0x01, 0x6a, 0x00, 0x00, 0x07, 0x56, 0x52, 0x03, '0', 0x00, 0x01, 0x01};

static void writes_the_recorded_bytes(void **state)
{
    (void)state;
    g_autoptr(eas_node) root = eas_node_new(TAG_FolderHierarchy_FolderSync, NULL);

    eas_node_add(root, TAG_FolderHierarchy_SyncKey, "0");
    g_autoptr(GBytes) bytes = eas_node_bytes(root);

    assert_int_equal(g_bytes_get_size(bytes), sizeof folder_sync);
    assert_memory_equal(g_bytes_get_data(bytes, NULL), folder_sync, sizeof folder_sync);
}

static void reads_the_same_however_cut(void **state)
{
    (void)state;
    for (size_t cut = 0; cut <= sizeof folder_sync; cut++) {
        struct wbxml_builder builder = {0};
        struct wbxml_reader *reader = wbxml_reader_new(&wbxml_builder_handler, &builder);

        assert_int_equal(wbxml_reader_feed(reader, folder_sync, cut), WBXML_OK);
        assert_int_equal(wbxml_reader_feed(reader, folder_sync + cut, sizeof folder_sync - cut), WBXML_OK);
        assert_int_equal(wbxml_reader_finish(reader), WBXML_OK);
        assert_string_equal(eas_node_text(builder.root, TAG_FolderHierarchy_SyncKey), "0");
        wbxml_reader_free(reader);
        wbxml_builder_clear(&builder);
    }
}

static void a_short_document_is_truncated(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof folder_sync; length++) {
        enum wbxml_error error;

        assert_null(eas_node_parse(folder_sync, length, &error));
        assert_int_equal(error, WBXML_TRUNCATED);
    }
}

static void a_change_is_laid_over_its_base(void **state)
{
    (void)state;
    g_autoptr(eas_node) base = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    g_autoptr(eas_node) change = eas_node_new(TAG_AirSync_ApplicationData, NULL);

    eas_node_add(base, TAG_Calendar_Subject, "old");
    eas_node_add(base, TAG_Calendar_UID, "1");
    eas_node_add(change, TAG_Calendar_Subject, "new");
    eas_node_merge(base, change);
    assert_string_equal(eas_node_text(base, TAG_Calendar_Subject), "new");
    assert_string_equal(eas_node_text(base, TAG_Calendar_UID), "1");
    assert_null(eas_node_next(eas_node_child(base, TAG_Calendar_Subject)));
}

static void texts_keep_what_xml_has(void **state)
{
    (void)state;
    g_autoptr(eas_node) root = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    struct eas_node *body = eas_node_append(root, eas_node_new(TAG_AirSyncBase_Body, NULL));

    eas_node_add(body, TAG_AirSyncBase_Data,
                 "\x01"
                 "a\tb\r\n\x0b\x1b[1mc\x7f\xef\xbf\xbe\xef\xbf\xbd\xef\xbf\xbf\x1f");
    eas_node_add(root, TAG_Calendar_Subject, "\x02\x03");
    eas_node_add(root, TAG_ComposeMail_Mime, "\x01")->opaque = true;
    eas_node_keep_xml(root);
    assert_string_equal(eas_node_text(body, TAG_AirSyncBase_Data), "a\tb\r\n[1mc\x7f\xef\xbf\xbd");
    assert_int_equal(eas_node_child(body, TAG_AirSyncBase_Data)->length, 13);
    assert_string_equal(eas_node_text(root, TAG_Calendar_Subject), "");
    assert_string_equal(eas_node_text(root, TAG_ComposeMail_Mime), "\x01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_recorded_bytes),     cmocka_unit_test(reads_the_same_however_cut),
        cmocka_unit_test(a_short_document_is_truncated), cmocka_unit_test(a_change_is_laid_over_its_base),
        cmocka_unit_test(texts_keep_what_xml_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
