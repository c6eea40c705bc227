/* Answers of Search, Find, ResolveRecipients and Settings' Oof, and what of them is believed. (The requests are checked
 * with all others in test_commands.) Catches: a hit read from the wrong place of either form, a photo that is not
 * decoded, an "empty" result taken for a person, free/busy that is no free/busy. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/limits.h"
#include "codec/wire/oof.h"
#include "codec/wire/resolve_recipients.h"
#include "codec/wire/search.h"

/* One step of a document: a tag with a text, an open tag (text OPEN), or UP. */
#define OPEN NULL
#define UP EAS_TAG_NONE
struct step {
    eas_tag tag;
    const char *text;
};

static struct eas_node *document(const struct step *steps, size_t count)
{
    struct eas_node *root = eas_node_new(steps[0].tag, ""), *at = root;

    for (size_t i = 1; i < count; i++) {
        if (steps[i].tag == UP) {
            at = at->parent;
            continue;
        }
        struct eas_node *node = eas_node_add(at, steps[i].tag, steps[i].text ? steps[i].text : "");

        at = steps[i].text ? at : node;
    }
    return root;
}
#define DOCUMENT(...) document((const struct step[]){__VA_ARGS__}, G_N_ELEMENTS(((const struct step[]){__VA_ARGS__})))

static void entries_with_photos(void **state)
{
    g_autoptr(eas_node) root = DOCUMENT(
        {TAG_Search_Search, OPEN}, {TAG_Search_Status, "1"}, {TAG_Search_Response, OPEN}, {TAG_Search_Store, OPEN},
        {TAG_Search_Status, "1"}, {TAG_Search_Result, OPEN}, {TAG_Search_Properties, OPEN},
        {TAG_GAL_DisplayName, "Bob Baker"}, {TAG_GAL_EmailAddress, "bob@example.org"}, {TAG_GAL_Picture, OPEN},
        {TAG_GAL_Status, "1"}, {TAG_GAL_Data, "/9j/4AAQ"}, {UP, NULL}, {UP, NULL}, {UP, NULL},
        {TAG_Search_Result, OPEN}, {UP, NULL}, {TAG_Search_Result, OPEN}, {TAG_Search_Properties, OPEN},
        {TAG_GAL_DisplayName, "Eve"}, {TAG_GAL_Picture, OPEN}, {TAG_GAL_Status, "173"});
    struct search_answer answer;

    (void)state;
    search_gal_read(root, &answer);
    assert_int_equal(answer.status, 1);
    assert_int_equal(answer.entries->len, 2);
    const struct gal_entry *bob = &g_array_index(answer.entries, struct gal_entry, 0);

    assert_string_equal(bob->email, "bob@example.org");
    assert_int_equal(g_bytes_get_size(bob->picture), 6);
    assert_null(g_array_index(answer.entries, struct gal_entry, 1).picture);
    search_answer_clear(&answer);
}

static void hits_of_both_forms(void **state)
{
    g_autoptr(eas_node) search = DOCUMENT(
        {TAG_Search_Search, OPEN}, {TAG_Search_Status, "1"}, {TAG_Search_Response, OPEN}, {TAG_Search_Store, OPEN},
        {TAG_Search_Status, "1"}, {TAG_Search_Result, OPEN}, {TAG_AirSync_Class, "Email"}, {TAG_Search_LongId, "L1"},
        {TAG_AirSync_CollectionId, "5"}, {TAG_Search_Properties, OPEN}, {TAG_Email_Subject, "Budget"});
    g_autoptr(eas_node) find =
        DOCUMENT({TAG_Find_Find, OPEN}, {TAG_Find_Status, "1"}, {TAG_Find_Response, OPEN}, {TAG_Find_Status, "1"},
                 {TAG_Find_Result, OPEN}, {TAG_AirSync_Class, "Email"}, {TAG_AirSync_ServerId, "5:1"},
                 {TAG_AirSync_CollectionId, "5"}, {TAG_Find_Properties, OPEN}, {TAG_Email_Subject, "Budget"},
                 {UP, NULL}, {UP, NULL}, {TAG_Find_Result, OPEN}, {TAG_AirSync_Class, "Email"});
    struct search_answer answer;

    (void)state;
    search_mailbox_read(search, &answer);
    assert_int_equal(answer.hits->len, 1);
    assert_string_equal(g_array_index(answer.hits, struct search_hit, 0).long_id, "L1");
    assert_string_equal(eas_node_text(g_array_index(answer.hits, struct search_hit, 0).properties, TAG_Email_Subject),
                        "Budget");
    search_answer_clear(&answer);
    search_mailbox_read(find, &answer);
    assert_int_equal(answer.hits->len, 1); /* what has no id leads nowhere */
    assert_string_equal(g_array_index(answer.hits, struct search_hit, 0).server_id, "5:1");
    search_answer_clear(&answer);
}

static void what_is_no_answer_has_no_hits(void **state)
{
    g_autoptr(eas_node) other = eas_node_new(TAG_Ping_Ping, "");
    struct search_answer answer;

    (void)state;
    search_mailbox_read(other, &answer);
    assert_int_equal(answer.hits->len, 0);
    search_answer_clear(&answer);
    search_gal_read(NULL, &answer);
    assert_int_equal(answer.entries->len, 0);
    assert_int_equal(answer.status, 0);
    search_answer_clear(&answer);
}

static void free_and_busy(void **state)
{
    g_autoptr(eas_node) root =
        DOCUMENT({TAG_ResolveRecipients_ResolveRecipients, OPEN}, {TAG_ResolveRecipients_Status, "1"},
                 {TAG_ResolveRecipients_Response, OPEN}, {TAG_ResolveRecipients_To, "bob@example.org"},
                 {TAG_ResolveRecipients_Status, "1"}, {TAG_ResolveRecipients_Recipient, OPEN},
                 {TAG_ResolveRecipients_EmailAddress, "bob@example.org"}, {TAG_ResolveRecipients_Availability, OPEN},
                 {TAG_ResolveRecipients_Status, "1"}, {TAG_ResolveRecipients_MergedFreeBusy, "00220"}, {UP, NULL},
                 {UP, NULL}, {UP, NULL}, {TAG_ResolveRecipients_Response, OPEN},
                 {TAG_ResolveRecipients_To, "eve@example.org"}, {TAG_ResolveRecipients_Status, "4"});
    int status;
    g_autoptr(GArray) all = resolve_recipients_read(root, &status);

    (void)state;
    assert_int_equal(status, 1);
    assert_int_equal(all->len, 2);
    assert_string_equal(g_array_index(all, struct recipient, 0).free_busy, "00220");
    assert_int_equal(g_array_index(all, struct recipient, 1).status, 4);
    assert_null(g_array_index(all, struct recipient, 1).email);
    assert_string_equal(g_array_index(all, struct recipient, 1).asked, "eve@example.org");
}

static void out_of_office_by_audience(void **state)
{
    g_autoptr(eas_node) root = DOCUMENT(
        {TAG_Settings_Settings, OPEN}, {TAG_Settings_Status, "1"}, {TAG_Settings_Oof, OPEN}, {TAG_Settings_Status, "1"},
        {TAG_Settings_Get, OPEN}, {TAG_Settings_OofState, "2"}, {TAG_Settings_StartTime, "2026-12-24T00:00:00.000Z"},
        {TAG_Settings_EndTime, "2027-01-02T00:00:00.000Z"}, {TAG_Settings_OofMessage, OPEN},
        {TAG_Settings_AppliesToInternal, ""}, {TAG_Settings_Enabled, "1"},
        {TAG_Settings_ReplyMessage, "<p>away &amp; out</p>"}, {TAG_Settings_BodyType, "HTML"}, {UP, NULL},
        {TAG_Settings_OofMessage, OPEN}, {TAG_Settings_AppliesToExternalKnown, ""}, {TAG_Settings_Enabled, "0"});
    struct oof oof;

    (void)state;
    oof_read(root, &oof);
    assert_int_equal(oof.status, 1);
    assert_int_equal(oof.state, OOF_SCHEDULED);
    assert_string_equal(g_strchomp(oof.messages[OOF_INTERNAL].text), "away & out");
    assert_true(oof.messages[OOF_INTERNAL].enabled);
    assert_true(oof.messages[OOF_EXTERNAL_KNOWN].given);
    assert_false(oof.messages[OOF_EXTERNAL_KNOWN].enabled);
    assert_false(oof.messages[OOF_EXTERNAL_UNKNOWN].given);
    oof_clear(&oof);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_with_photos),           cmocka_unit_test(hits_of_both_forms),
        cmocka_unit_test(what_is_no_answer_has_no_hits), cmocka_unit_test(free_and_busy),
        cmocka_unit_test(out_of_office_by_audience),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
