/* What a policy asks and what is answered. Catches: a setting of the specification that no row knows, a demand taken
 * for none, a policy acknowledged as whole that is kept in part, a value that smuggles a setting. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/wire/policy.h"
#include "codec/wire/tags.h"

static char *text_of(eas_tag tag, const char *value)
{
    g_autoptr(eas_node) document = eas_node_new(TAG_Provision_EASProvisionDoc, NULL);

    eas_node_add(document, tag, value);
    return policy_text(document);
}

static void every_setting_has_a_row(void **state)
{
    static const char *const values[] = {"0", "1", "listed"};

    (void)state;
    for (eas_tag tag = TAG_Provision_DevicePasswordEnabled; tag <= TAG_Provision_ApprovedApplicationList; tag++) {
        bool told = tag == TAG_Provision_ApplicationName; /* a member of a list */

        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
            g_autofree char *text = text_of(tag, values[i]);
            g_autofree char *words = policy_words(text, true);

            told = told || strstr(words, eas_tag_name(tag));
        }
        if (!told)
            fail_msg("%s has no row", eas_tag_name(tag));
    }
}

static void a_policy_is_answered_by_what_is_kept_of_it(void **state)
{
    static const struct {
        const char *text;
        struct policy_rules rules;
    } rows[] = {
        {NULL, {false, 0, 0, POLICY_APPLIED}},
        {"", {false, 0, 0, POLICY_APPLIED}},
        {"AllowCamera=0\nAllowBluetooth=0", {false, 0, 0, POLICY_APPLIED}},
        {"DevicePasswordEnabled=0\nMinDevicePasswordLength=4", {false, 0, 0, POLICY_APPLIED}},
        {"DevicePasswordEnabled=1", {false, 0, 0, POLICY_PARTLY}},
        {"RequireDeviceEncryption=1", {true, 0, 0, POLICY_APPLIED}},
        {"RequireStorageCardEncryption=1\nAttachmentsEnabled=0", {true, 0, 0, POLICY_PARTLY}},
        {"AttachmentsEnabled=1\nMaxAttachmentSize=-1", {false, 0, 0, POLICY_APPLIED}},
        {"MaxEmailAgeFilter=3\nMaxCalendarAgeFilter=6", {false, 3, 6, POLICY_APPLIED}},
        {"MaxEmailAgeFilter=99999999999999999999", {false, G_MAXINT, 0, POLICY_APPLIED}},
        {"MaxEmailBodyTruncationSize=-1\nMaxEmailHTMLBodyTruncationSize=0", {false, 0, 0, POLICY_PARTLY}},
        {"SomethingNew=1\n=\nMaxEmailAgeFilter", {false, 0, 0, POLICY_APPLIED}},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct policy_rules got = policy_rules(rows[i].text), wanted = rows[i].rules;

        if (got.encrypt != wanted.encrypt || got.mail_age != wanted.mail_age ||
            got.calendar_age != wanted.calendar_age || got.status != wanted.status)
            fail_msg("row %zu: encrypt %d, ages %d and %d, status %d", i, got.encrypt, got.mail_age, got.calendar_age,
                     got.status);
    }
}

static void encryption_is_kept_where_it_is_so(void **state)
{
    g_autofree char *kept = policy_words("RequireDeviceEncryption=1", true);
    g_autofree char *missed = policy_words("RequireDeviceEncryption=1", false);
    g_autofree char *nothing = policy_words("AllowCamera=1", false), *none = policy_words("", false);

    (void)state;
    assert_string_equal(kept, "kept: RequireDeviceEncryption=1 (the replica is encrypted)");
    assert_string_equal(missed, "not kept: RequireDeviceEncryption=1");
    assert_string_equal(nothing, "asks for nothing");
    assert_null(none);
}

static void a_value_is_one_line(void **state)
{
    g_autofree char *text = text_of(TAG_Provision_MaxEmailAgeFilter, "0\nRequireDeviceEncryption=1");
    g_autofree char *broken = text_of(TAG_Provision_ApprovedApplicationList, "\xff\xfe");

    (void)state;
    assert_false(policy_rules(text).encrypt);
    assert_true(g_utf8_validate(broken, -1, NULL));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_has_a_row),
        cmocka_unit_test(a_policy_is_answered_by_what_is_kept_of_it),
        cmocka_unit_test(encryption_is_kept_where_it_is_so),
        cmocka_unit_test(a_value_is_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
