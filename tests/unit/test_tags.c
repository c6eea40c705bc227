/* The token table. Catches: a token with another name or number than the protocol's published table
 * (../shared/protocol/codepages.tsv), one too many or too few, a look-up by name that finds another. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wire/tags.h"
#include "tests/unit/shared.h"

/* A few from MS-ASWBXML 2.1.2.1, so that the table is checked without the published file, too. */
static void known_tokens(void **state)
{
    static const struct {
        eas_tag tag;
        unsigned number;
        const char *page, *name;
    } rows[] = {
        {TAG_AirSync_Sync, 0x0005, "AirSync", "Sync"},
        {TAG_Contacts_Anniversary, 0x0105, "Contacts", "Anniversary"},
        {TAG_Email_DateReceived, 0x020f, "Email", "DateReceived"},
        {TAG_Calendar_UID, 0x0428, "Calendar", "UID"},
        {TAG_FolderHierarchy_FolderSync, 0x0716, "FolderHierarchy", "FolderSync"},
        {TAG_Provision_PolicyKey, 0x0e09, "Provision", "PolicyKey"},
        {TAG_AirSyncBase_Data, 0x110b, "AirSyncBase", "Data"},
        {TAG_ComposeMail_Mime, 0x1510, "ComposeMail", "Mime"},
        {TAG_Find_Picture, 0x1922, "Find", "Picture"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_int_equal(rows[i].tag, rows[i].number);
        assert_string_equal(eas_tag_name(rows[i].tag), rows[i].name);
        assert_string_equal(eas_page_name(eas_tag_page(rows[i].tag)), rows[i].page);
        assert_int_equal(eas_tag_find(eas_tag_page(rows[i].tag), rows[i].name), rows[i].number);
    }
}

static void what_is_no_token(void **state)
{
    (void)state;
    assert_null(eas_tag_name(0x003e));
    assert_null(eas_tag_name(0x0000));
    assert_null(eas_tag_name(0xfe05));
    assert_null(eas_tag_name(0x00c5));
    assert_null(eas_page_name(26));
    assert_int_equal(eas_tag_find(0, "sync"), EAS_TAG_NONE);
    assert_int_equal(eas_tag_find(26, "Sync"), EAS_TAG_NONE);
}

static void every_published_row(void **state)
{
    g_autoptr(GBytes) bytes = shared_file("protocol/codepages.tsv");
    size_t rows = 0, known = 0;

    (void)state;
    SKIP_WITHOUT(bytes, "the published token table");
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines + 1; *line && **line; line++, rows++) {
        g_auto(GStrv) cells = g_strsplit(*line, "\t", -1);
        unsigned page = (unsigned)atoi(cells[0]), token = (unsigned)strtoul(cells[3], NULL, 16);

        assert_string_equal(eas_page_name(page), cells[1]);
        assert_non_null(eas_tag_name((eas_tag)(page << 8 | token)));
        assert_string_equal(eas_tag_name((eas_tag)(page << 8 | token)), cells[4]);
    }
    for (unsigned tag = 0; tag <= 0xffff; tag++)
        known += eas_tag_name((eas_tag)tag) != NULL;
    assert_int_equal(known, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_tokens),
        cmocka_unit_test(what_is_no_token),
        cmocka_unit_test(every_published_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
