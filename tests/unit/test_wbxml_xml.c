/* Documents as XML. Catches: XML that is not well-formed, a namespace lost or repeated, a secret that
 * is shown, a value that grows without bound. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/wire/wbxml_tree.h"
#include "codec/wire/wbxml_xml.h"
#include "tests/unit/shared.h"

static char *print(const struct eas_node *root)
{
    g_autoptr(GBytes) bytes = eas_node_bytes(root);
    GString *out = g_string_new(NULL);

    assert_int_equal(wbxml_xml_print(out, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL), WBXML_OK);
    return g_string_free(out, FALSE);
}

static void namespaces_escapes_and_secrets(void **state)
{
    g_autoptr(eas_node) root = eas_node_new(TAG_AirSync_Sync, NULL);
    struct eas_node *data = eas_node_add(root, TAG_AirSync_ApplicationData, NULL);
    struct eas_node *opaque;

    (void)state;
    eas_node_add(data, TAG_Email_Subject, "a < b & \001 c");
    struct eas_node *body = eas_node_add(data, TAG_AirSyncBase_Body, NULL);
    eas_node_add(body, TAG_AirSyncBase_Type, "4");
    eas_node_add(body, TAG_AirSyncBase_Data, "Subject: private");
    eas_node_add(data, TAG_Email_Flag, NULL);
    opaque = eas_node_add(data, TAG_Email2_ConversationId, NULL);
    g_free(opaque->text);
    opaque->text = g_memdup2("\xff\x00\x01", 4);
    opaque->length = 3;
    opaque->opaque = true;
    g_autofree char *xml = print(root);
    assert_string_equal(xml, "<Sync xmlns=\"AirSync\">\n"
                             "  <ApplicationData>\n"
                             "    <Subject xmlns=\"Email\">a &lt; b &amp; \uFFFD c</Subject>\n"
                             "    <Body xmlns=\"AirSyncBase\">\n"
                             "      <Type>4</Type>\n"
                             "      <Data>[16 bytes]</Data>\n"
                             "    </Body>\n"
                             "    <Flag xmlns=\"Email\"/>\n"
                             "    <ConversationId xmlns=\"Email2\">/wAB</ConversationId>\n"
                             "  </ApplicationData>\n"
                             "</Sync>\n");
}

static void a_password_is_never_shown(void **state)
{
    static const eas_tag tags[] = {TAG_Settings_Password, TAG_Search_Password, TAG_ItemOperations_Password,
                                   TAG_ComposeMail_Mime, TAG_Contacts_Picture};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
        g_autoptr(eas_node) root = eas_node_new(tags[i], "hunter2");
        g_autofree char *xml = print(root);

        assert_null(strstr(xml, "hunter2"));
        assert_non_null(strstr(xml, "[7 bytes]"));
    }
}

static void a_long_value_is_cut(void **state)
{
    g_autofree char *text = g_strnfill(LIMIT_TRACE_VALUE_BYTES + 77, 'x');
    g_autoptr(eas_node) root = eas_node_new(TAG_Email_Subject, text);
    g_autofree char *xml = print(root);

    (void)state;
    assert_non_null(strstr(xml, "x[77 bytes more]</Subject>"));
    assert_true(strlen(xml) < LIMIT_TRACE_VALUE_BYTES + 100);
}

static void a_cut_document_says_so(void **state)
{
    static const unsigned char cut[] = {0x03, 0x01, 0x6a, 0x00, 0x45, 0x4b, 0x03, '1'};
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    assert_int_equal(wbxml_xml_print(out, cut, sizeof cut, NULL), WBXML_TRUNCATED);
    assert_non_null(strstr(out->str, "<!-- the answer ended in the middle -->"));
}

static bool nothing_secret(eas_tag tag)
{
    (void)tag;
    return false;
}

/* Every recorded document as XML is what the recording's own XML says, names, values and order:
 * both are brought into one form by a parser. The recordings show an empty GetChanges or
 * DeletesAsMoves as the "1" that it stands for. */
static const char compare[] = "import sys\n"
                              "import xml.etree.ElementTree as T\n"
                              "ones = ('{AirSync}GetChanges', '{AirSync}DeletesAsMoves')\n"
                              "def form(e):\n"
                              "    text = (e.text or ('1' if e.tag in ones else '')) if len(e) == 0 else ''\n"
                              "    return (e.tag, text, [form(c) for c in e])\n"
                              "bad = 0\n"
                              "for a, b in zip(sys.argv[1::2], sys.argv[2::2]):\n"
                              "    if form(T.parse(a).getroot()) != form(T.parse(b).getroot()):\n"
                              "        print('differs:', b); bad = 1\n"
                              "sys.exit(bad)\n";

static void recorded_documents_are_what_their_xml_says(void **state)
{
    g_autoptr(GPtrArray) names = shared_names("protocol/vectors", ".wbxml");
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *directory = NULL, *said = NULL;
    int code;

    (void)state;
    SKIP_WITHOUT(names->len > 0, "the recorded documents");
    directory = g_dir_make_tmp("easfs-xml-XXXXXX", NULL);
    g_ptr_array_add(argv, g_strdup("python3"));
    g_ptr_array_add(argv, g_strdup("-c"));
    g_ptr_array_add(argv, g_strdup(compare));
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(GBytes) bytes = shared_file(names->pdata[i]);
        g_autoptr(GString) out = g_string_new(NULL), xml = g_string_new(names->pdata[i]);
        char *ours = g_strdup_printf("%s/%u.xml", directory, i);

        g_string_replace(xml, ".wbxml", ".xml", 1);
        assert_int_equal(wbxml_xml_print(out, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), nothing_secret),
                         WBXML_OK);
        assert_true(g_file_set_contents(ours, out->str, (gssize)out->len, NULL));
        g_ptr_array_add(argv, ours);
        g_ptr_array_add(argv, shared_path(xml->str));
    }
    g_ptr_array_add(argv, NULL);
    assert_true(
        g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said, NULL, &code, NULL));
    for (guint i = 3; i < argv->len - 1; i += 2)
        g_remove(argv->pdata[i]);
    g_rmdir(directory);
    if (code != 0)
        fail_msg("%s", said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(namespaces_escapes_and_secrets),
        cmocka_unit_test(a_password_is_never_shown),
        cmocka_unit_test(a_long_value_is_cut),
        cmocka_unit_test(a_cut_document_says_so),
        cmocka_unit_test(recorded_documents_are_what_their_xml_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
