/* The small parts of the sync room. Catches: a filter of a class that does not have it, a window that outgrows
 * the protocol or its bytes, a UID that is not the RFC's version 5, a stamp that two items share or one
 * loses, a Message-ID found in the body. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "cache/sync/mail_head.h"
#include "cache/sync/properties.h"
#include "cache/sync/select.h"
#include "cache/sync/window.h"
#include "codec/limits.h"
#include "codec/wire/sync.h"

/* MS-ASCMD 2.2.3.68.2: the values each class has. */
static const struct {
    const char *since;
    int mail, calendar, tasks;
} filters[] = {
    {NULL, 0, 0, 0}, {"all", 0, 0, 0}, {"1d", 1, 4, 0}, {"3d", 2, 4, 0}, {"1w", 3, 4, 0},
    {"2w", 4, 4, 0}, {"1m", 5, 5, 0},  {"3m", 0, 6, 0}, {"6m", 0, 7, 0},
};

static void the_nearest_longer_window_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(filters); i++) {
        assert_int_equal(select_filter(filters[i].since, EAS_MAIL), filters[i].mail);
        assert_int_equal(select_filter(filters[i].since, EAS_CALENDAR), filters[i].calendar);
        assert_int_equal(select_filter(filters[i].since, EAS_TASKS), filters[i].tasks);
        assert_int_equal(select_filter(filters[i].since, EAS_CONTACTS), SYNC_FILTER_NONE);
        assert_int_equal(select_filter(filters[i].since, EAS_NOTES), SYNC_FILTER_NONE);
    }
    assert_true(select_since_is_known("6m"));
    assert_false(select_since_is_known("7m"));
    assert_string_equal(select_window(4), "2w");
    assert_string_equal(select_window(SYNC_FILTER_NONE), "all");
}

static void globs_and_classes_select(void **state)
{
    char *globs[] = {(char *)"Mail/Projects", (char *)"Mail/Projects/*"};
    g_autoptr(GPtrArray) folders = g_ptr_array_new();
    struct replica_config config = {.classes = 1u << EAS_MAIL};

    (void)state;
    assert_true(select_wants(&config, EAS_MAIL, "Mail/Inbox"));
    assert_false(select_wants(&config, EAS_CALENDAR, "Calendar"));
    assert_false(select_wants(&config, EAS_NO_CLASS, "Journal"));
    for (size_t i = 0; i < G_N_ELEMENTS(globs); i++)
        g_ptr_array_add(folders, globs[i]);
    config.folders = folders;
    assert_false(select_wants(&config, EAS_MAIL, "Mail/Inbox"));
    assert_true(select_wants(&config, EAS_MAIL, "Mail/Projects"));
    assert_true(select_wants(&config, EAS_MAIL, "Mail/Projects/2026/Q1"));
}

static void windows_follow_the_weight(void **state)
{
    struct window window = {0};

    (void)state;
    assert_int_equal(window_items(&window), LIMIT_WINDOW_FIRST);
    for (int i = 0; i < 5; i++) {
        window_measure(&window, 100, 100 * 1000);
        window_items(&window);
    }
    assert_int_equal(window.last, LIMIT_WINDOW_ITEMS);
    for (int i = 0; i < 20; i++)
        window_measure(&window, 1, 4 * LIMIT_WINDOW_BYTES);
    assert_int_equal(window_items(&window), 1);
}

/* The version 5 UUID of "eas://u@h/Contacts/1" in the namespace of URLs, by another implementation. */
static void a_uid_is_a_version_5_uuid(void **state)
{
    g_autofree char *uid = properties_uid("u@h", "Contacts", "1");

    (void)state;
    assert_string_equal(uid, "urn:uuid:edc06958-8dc1-5efa-87f1-90c571e6df24");
}

static uint64_t stamp_of(const char *from, const char *subject)
{
    g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);

    if (from)
        eas_node_add(data, TAG_Email_From, from);
    if (subject)
        eas_node_add(data, TAG_Email_Subject, subject);
    return properties_stamp(EAS_MAIL, data);
}

static void a_stamp_is_of_what_a_person_knows(void **state)
{
    (void)state;
    assert_true(stamp_of("a", "b") == stamp_of("a", "b"));
    assert_true(stamp_of("a", "b") != stamp_of("b", "a"));
    assert_true(stamp_of("ab", "") != stamp_of("a", "b"));
    assert_int_equal(stamp_of(NULL, NULL), 0);
}

static const struct {
    const char *head, *id;
} heads[] = {
    {"Message-ID: <a@b>\r\n\r\n", "<a@b>"},
    {"Subject: x\nmessage-id:\n\t<a@b> (comment)\n\nbody", "<a@b>"},
    {"Subject: Message-ID: <no>\r\n\r\nMessage-ID: <body>\r\n", NULL},
    {"Message-ID: none\r\nX: <other>\r\n\r\n", NULL},
    {"Message-ID: <cut", NULL},
    {"", NULL},
};

static void a_message_id_is_found_in_the_head(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
        g_autofree char *id = mail_head_message_id(heads[i].head, strlen(heads[i].head));

        if (heads[i].id)
            assert_string_equal(id, heads[i].id);
        else
            assert_null(id);
    }
}

/* "+" keeps, "-" drops; the list after each word, and what it says of Mail/A, Mail/B and Mail/C. */
static void a_choice_of_folders_changes_word_by_word(void **state)
{
    static const struct {
        const char *begin, *words[3], *list, *kept;
    } rows[] = {
        {"", {NULL}, "", "ABC"},
        {"", {"-Mail/A"}, "!Mail/A", "BC"},
        {"", {"-Mail/A", "+Mail/A"}, "", "ABC"},
        {"", {"-Mail/A", "-Mail/B", "+Mail/A"}, "!Mail/B,Mail/A", "AC"},
        {"", {"-Mail/*", "+Mail/B"}, "!Mail/*,Mail/B", "B"},
        {"!Mail/A,Mail/B", {"+Mail/A"}, "!Mail/A,Mail/B,Mail/A", "ABC"},
        {"Mail/A", {"+Mail/B"}, "Mail/A,Mail/B", "AB"},
        {"Mail/A", {"-Mail/A"}, "Mail/A,!Mail/A", ""},
        {"Mail/A", {"-Mail/A", "+Mail/A"}, "Mail/A", "A"},
        {"", {"+Mail/A"}, "", "ABC"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) globs = g_ptr_array_new_with_free_func(g_free);
        g_auto(GStrv) begin = g_strsplit(rows[i].begin, ",", -1);
        g_autoptr(GString) list = g_string_new(NULL), kept = g_string_new(NULL);

        for (char **glob = begin; *glob; glob++)
            g_ptr_array_add(globs, g_strdup(*glob));
        for (size_t word = 0; word < G_N_ELEMENTS(rows[i].words) && rows[i].words[word]; word++) {
            GPtrArray *changed = select_changed(globs, rows[i].words[word] + 1, *rows[i].words[word] == '+');

            g_ptr_array_unref(globs);
            globs = changed;
        }
        for (guint at = 0; at < globs->len; at++)
            g_string_append_printf(list, "%s%s", at ? "," : "", (char *)globs->pdata[at]);
        for (char folder = 'A'; folder <= 'C'; folder++) {
            g_autofree char *path = g_strdup_printf("Mail/%c", folder);

            if (select_matches(globs, path))
                g_string_append_c(kept, folder);
        }
        if (strcmp(list->str, rows[i].list) != 0 || strcmp(kept->str, rows[i].kept) != 0)
            fail_msg("row %zu: \"%s\" keeps \"%s\"", i, list->str, kept->str);
    }
}

static void a_policy_shortens_a_window(void **state)
{
    static const struct {
        int filter;
        enum eas_class class;
        int mail, calendar, wanted;
    } rows[] = {
        {0, EAS_MAIL, 0, 0, 0},
        {0, EAS_MAIL, 3, 0, 3},
        {5, EAS_MAIL, 3, 0, 3},
        {2, EAS_MAIL, 3, 0, 2},
        {0, EAS_MAIL, 7, 0, 5},
        {0, EAS_CALENDAR, 3, 6, 6},
        {5, EAS_CALENDAR, 0, 6, 5},
        {0, EAS_CALENDAR, 0, 2, 4},
        {SYNC_FILTER_NONE, EAS_CONTACTS, 1, 4, SYNC_FILTER_NONE},
        {8, EAS_TASKS, 1, 4, 8},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct policy_rules rules = {.mail_age = rows[i].mail, .calendar_age = rows[i].calendar};
        int got = select_cap(rows[i].filter, rows[i].class, &rules);

        if (got != rows[i].wanted)
            fail_msg("row %zu: %d instead of %d", i, got, rows[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_longer_window_is_taken),
        cmocka_unit_test(globs_and_classes_select),
        cmocka_unit_test(windows_follow_the_weight),
        cmocka_unit_test(a_uid_is_a_version_5_uuid),
        cmocka_unit_test(a_stamp_is_of_what_a_person_knows),
        cmocka_unit_test(a_message_id_is_found_in_the_head),
        cmocka_unit_test(a_choice_of_folders_changes_word_by_word),
        cmocka_unit_test(a_policy_shortens_a_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
