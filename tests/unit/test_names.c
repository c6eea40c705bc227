/* Names and titles (CONTRACT 2). Catches: a name that is too long, hurts a file system or a shell,
 * is cut inside a character, is taken for scratch, or differs between two replicas. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/files/files.h"
#include "codec/files/names.h"
#include "codec/limits.h"

#define NOV_22 G_GINT64_CONSTANT(1795338933123456789) /* 2026-11-22 09:15:33.123456789 */

static const struct {
    enum eas_class class;
    const char *title;
    unsigned number;
    const char *name;
} names[] = {
    {EAS_MAIL, "Alice Smith - Budget review", 0, "2026-11-22 09.15.33 Alice Smith - Budget review.eml"},
    {EAS_MAIL, "Alice Smith - Budget review", 1, "2026-11-22 09.15.33 Alice Smith - Budget review.eml"},
    {EAS_MAIL, "Alice Smith - Budget review", 2, "2026-11-22 09.15.33 Alice Smith - Budget review (2).eml"},
    {EAS_MAIL, "", 0, "2026-11-22 09.15.33 untitled.eml"},
    {EAS_CALENDAR, "standup", 0, "standup.ics"},
    {EAS_CALENDAR, "standup", 12, "standup (12).ics"},
    {EAS_CONTACTS, "Jane Doe", 0, "Jane Doe.vcf"},
    {EAS_TASKS, "file the report", 0, "file the report.ics"},
    {EAS_NOTES, NULL, 0, "untitled.ics"},
    /* What hurts. */
    {EAS_NOTES, "a/b", 0, "a_b.ics"},
    {EAS_NOTES, "/", 0, "_.ics"},
    {EAS_NOTES, "..", 0, "untitled.ics"},
    {EAS_NOTES, "../../etc/passwd", 0, "_.._etc_passwd.ics"},
    {EAS_NOTES, ".hidden", 0, "hidden.ics"},
    {EAS_NOTES, "-rf", 0, "rf.ics"},
    {EAS_NOTES, "~ -.x~", 0, "x~.ics"},
    {EAS_NOTES, "  spaced \t\r\n out  ", 0, "spaced out.ics"},
    {EAS_NOTES, "ends with dots. . .", 0, "ends with dots.ics"},
    {EAS_NOTES, "\x01\x02\x1f\x7f\xc2\x80\xc2\x9f", 0, "untitled.ics"},
    {EAS_NOTES, "one\xe2\x80\xa8two\xe2\x80\xa9three", 0, "one two three.ics"},
    {EAS_NOTES,
     "\xc2\xa0no\xc2\xa0"
     "break\xe3\x80\x80",
     0, "no break.ics"},
    {EAS_NOTES, "invoice\xe2\x80\xaegpj.exe", 0, "invoicegpj.exe.ics"},
    {EAS_NOTES, "\xe2\x81\xa6isolated\xe2\x81\xa9\xe2\x80\x8f\xe2\x80\x8e\xd8\x9c", 0, "isolated.ics"},
    {EAS_NOTES, "\xef\xbb\xbf\xe2\x80\x8b.x", 0, "x.ics"},
    {EAS_NOTES, "bad \xff\xfe utf", 0, "bad \xef\xbf\xbd\xef\xbf\xbd utf.ics"},
    {EAS_NOTES, "\xef\xbf\xbe\xf0\x9f\xbf\xbfx", 0, "x.ics"},
    /* NFD becomes NFC, also where a hidden character stood between the two. */
    {EAS_NOTES, "Ame\xcc\x81lie", 0, "Am\xc3\xa9lie.ics"},
    {EAS_NOTES, "Ame\xe2\x80\x8b\xcc\x81lie", 0, "Am\xc3\xa9lie.ics"},
    /* What stays: scripts, emoji with their joiners, the shell's own characters. */
    {EAS_NOTES, "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9", 0, "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9.ics"},
    {EAS_NOTES, "Re: \"50%\" * $HOME", 0, "Re: \"50%\" * $HOME.ics"},
};

static void names_are_clean(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = name_generate(names[i].class, NOV_22, names[i].title, names[i].number);

        assert_string_equal(name, names[i].name);
        assert_true(name_is_allowed(name));
    }
}

static void dates_far_and_odd(void **state)
{
    (void)state;
    static const struct {
        gint64 ns;
        const char *name;
    } rows[] = {
        {0, "1970-01-01 00.00.00 x.eml"},
        {-1, "1969-12-31 23.59.59 x.eml"},
        {G_MAXINT64, "2262-04-11 23.47.16 x.eml"},
        {G_MININT64, "1677-09-21 00.12.43 x.eml"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = name_generate(EAS_MAIL, rows[i].ns, "x", 0);

        assert_string_equal(name, rows[i].name);
    }
}

/* A title of unit repeated to 4 kB; each name must be whole units, as long as can be, with and
 * without a number. */
static void long_titles_end_between_characters(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        size_t units;          /* of "….ics" */
        size_t units_numbered; /* of "… (2).ics" */
    } rows[] = {
        {"x", 196, 192},
        {"\xc3\xa9", 98, 96},
        {"\xf0\x9f\x98\x80", 49, 48},                             /* grinning face */
        {"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", 24, 24},             /* thumb, skin tone */
        {"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9", 17, 17}, /* a joined pair */
        {"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", 24, 24},             /* flag of two letters */
        {"q\xcc\x88", 65, 64},                                    /* no NFC of its own */
        {"\xe0\xa4\x95\xe0\xa5\x80", 32, 32},                     /* Devanagari vowel sign */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) title = g_string_new(NULL);
        g_autoptr(GString) want = g_string_new(NULL);

        while (title->len < 4096)
            g_string_append(title, rows[i].unit);
        for (size_t n = 0; n < rows[i].units; n++)
            g_string_append(want, rows[i].unit);
        g_string_append(want, ".ics");

        g_autofree char *name = name_generate(EAS_NOTES, 0, title->str, 0);
        g_autofree char *second = name_generate(EAS_NOTES, 0, title->str, 2);

        assert_string_equal(name, want->str);
        assert_true(strlen(name) <= LIMIT_NAME_BYTES);
        assert_int_equal(strlen(second), rows[i].units_numbered * strlen(rows[i].unit) + strlen(" (2).ics"));
        assert_true(g_str_has_suffix(second, " (2).ics"));
    }
}

static void one_endless_character_is_cut_all_the_same(void **state)
{
    (void)state;
    g_autoptr(GString) title = g_string_new("q");

    while (title->len < 4096)
        g_string_append(title, "\xcc\x88");

    g_autofree char *name = name_generate(EAS_NOTES, 0, title->str, 0);
    assert_true(strlen(name) <= LIMIT_NAME_BYTES);
    assert_true(strlen(name) > LIMIT_NAME_BYTES - 4);
    assert_true(name_is_allowed(name));
}

static void a_cut_leaves_no_dot_or_space(void **state)
{
    (void)state;
    g_autoptr(GString) title = g_string_new(NULL);

    while (title->len < 194)
        g_string_append_c(title, 'x');
    g_string_append(title, ". and more");

    g_autofree char *name = name_generate(EAS_NOTES, 0, title->str, 0);
    assert_int_equal(strlen(name), 194 + 4);
}

static void folders_keep_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *display;
        unsigned number;
        const char *name;
    } rows[] = {
        {"Sent Items", 0, "Sent Items"},
        {"Projects", 2, "Projects (2)"},
        {"..", 0, "untitled"},
        {".", 0, "untitled"},
        {"", 0, "untitled"},
        {NULL, 3, "untitled (3)"},
        {"AC/DC", 0, "AC_DC"},
        {".easfs", 0, "easfs"},
        {"old~", 0, "old"},
        {"~", 0, "untitled"},
        {"team.ics", 0, "team_ics"},
        {"A.VCF", 0, "A_VCF"},
        {".ics", 0, "ics"},
        {"2026.", 0, "2026"},
        {"..\xe2\x80\xae/", 0, "_"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = name_folder(rows[i].display, rows[i].number);

        assert_string_equal(name, rows[i].name);
    }
}

static void doubles_are_seen_through_case_and_form(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"Straße.ics", "STRASSE.ics"}, {"\xc3\x89t\xc3\xa9", "e\xcc\x81te\xcc\x81"}, {"\xce\xa3", "\xcf\x82"}};
    g_autofree char *one = name_fold("a");
    g_autofree char *other = name_fold("b");

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *left = name_fold(pairs[i][0]);
        g_autofree char *right = name_fold(pairs[i][1]);

        assert_string_equal(left, right);
    }
    assert_string_not_equal(one, other);
}

static void user_names(void **state)
{
    (void)state;
    char longest[LIMIT_USER_NAME_BYTES + 2];

    memset(longest, 'x', sizeof longest);
    longest[LIMIT_USER_NAME_BYTES] = 0;
    assert_true(name_is_allowed(longest));
    longest[LIMIT_USER_NAME_BYTES] = 'x';
    longest[LIMIT_USER_NAME_BYTES + 1] = 0;
    assert_false(name_is_allowed(longest));
    assert_true(name_is_allowed(".x.swp"));
    assert_true(name_is_allowed("e\xcc\x81.ics"));
    assert_false(name_is_allowed(""));
    assert_false(name_is_allowed("."));
    assert_false(name_is_allowed(".."));
    assert_false(name_is_allowed("a/b"));
    assert_false(name_is_allowed("a\nb"));
    assert_false(name_is_allowed("a\x7f"));
    assert_false(name_is_allowed("a\xc2\x85"));
    assert_false(name_is_allowed("a\xff"));
}

static void mail_is_called_by_sender_and_subject(void **state)
{
    (void)state;
    static const struct {
        const char *from, *subject, *title;
    } rows[] = {
        {"\"Alice Smith\" <alice@example.org>", "Budget review", "Alice Smith - Budget review"},
        {"Alice Smith <alice@example.org>", "Budget review", "Alice Smith - Budget review"},
        {"\"Smith, Alice \\\"Al\\\"\" <alice@example.org>", "x", "Smith, Alice \"Al\" - x"},
        {"alice@example.org", "x", "alice@example.org - x"},
        {"<alice@example.org>", "x", "alice@example.org - x"},
        {"\"\" <alice@example.org>", "x", "alice@example.org - x"},
        {"Alice", "x", "Alice - x"},
        {"A <a@example.org>, B <b@example.org>", "x", "A - x"},
        {"a@example.org; b@example.org", "x", "a@example.org - x"},
        {"\"unclosed <a@example.org>", "x", "unclosed <a@example.org> - x"},
        {"=?utf-8?q?Am=C3=A9lie?= <a@example.org>",
         "=?utf-8?q?=C3=A9?= =?utf-8?b?w6k=?=", "Am\xc3\xa9lie - \xc3\xa9\xc3\xa9"},
        {"=?broken?= <a@example.org>", "a =? b", "=?broken?= - a =? b"},
        {NULL, "x", "unknown sender - x"},
        {"", "", "unknown sender - no subject"},
        {"Alice", "  ", "Alice - no subject"},
        {"Alice", NULL, "Alice - no subject"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);

        if (rows[i].from)
            eas_node_add(data, TAG_Email_From, rows[i].from);
        if (rows[i].subject)
            eas_node_add(data, TAG_Email_Subject, rows[i].subject);

        g_autofree char *title = file_title(EAS_MAIL, data);
        assert_string_equal(title, rows[i].title);
    }
}

static void titles_of_the_rest(void **state)
{
    (void)state;
    static const struct {
        enum eas_class class;
        eas_tag tag;
    } rows[] = {{EAS_CALENDAR, TAG_Calendar_Subject},
                {EAS_TASKS, TAG_Tasks_Subject},
                {EAS_NOTES, TAG_Notes_Subject},
                {EAS_CONTACTS, TAG_Contacts_FirstName}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
        g_autofree char *none = file_title(rows[i].class, data);

        eas_node_add(data, rows[i].tag, "standup");

        g_autofree char *title = file_title(rows[i].class, data);
        assert_string_equal(none, "");
        assert_string_equal(title, "standup");
    }
}

static void only_events_carry_a_uid(void **state)
{
    (void)state;
    g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);

    assert_null(file_uid(EAS_CALENDAR, data));
    eas_node_add(data, TAG_Calendar_UID, "040000008200E00074C5B7101A82E008");
    assert_string_equal(file_uid(EAS_CALENDAR, data), "040000008200E00074C5B7101A82E008");
    for (int class = 0; class < EAS_CLASSES; class ++)
        if (class != EAS_CALENDAR)
            assert_null(file_uid(class, data));
}

static void dates_of_the_wire(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        gint64 ns;
    } good[] = {
        {"2026-01-31T13:45:00.000Z", G_GINT64_CONSTANT(1769867100000000000)},
        {"20260131T134500Z", G_GINT64_CONSTANT(1769867100000000000)},
        {"2026-01-31T13:45:00Z", G_GINT64_CONSTANT(1769867100000000000)},
        {"2026-01-31T13:45:00.123Z", G_GINT64_CONSTANT(1769867100123000000)},
        {" 2026-01-31T13:45:00 ", G_GINT64_CONSTANT(1769867100000000000)},
        {"2026-01-31", G_GINT64_CONSTANT(1769817600000000000)},
        {"20240229T000000Z", G_GINT64_CONSTANT(1709164800000000000)},
        {"1969-12-31T23:59:59.000Z", G_GINT64_CONSTANT(-1000000000)},
        {"2016-12-31T23:59:60.000Z", G_GINT64_CONSTANT(1483228799000000000)},
        {"1601-01-01T00:00:00.000Z", G_MININT64},
        {"4501-01-01T00:00:00.000Z", G_MAXINT64},
    };
    static const char *const bad[] = {"",
                                      "x",
                                      "2026",
                                      "2026-02-30",
                                      "2026-13-01",
                                      "0000-01-01",
                                      "2026-01-31T24:00:00Z",
                                      "2026-01-31T1",
                                      "2026-01-31Tx",
                                      "20260131T134500Zjunk"};
    gint64 ns = 7;

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        assert_true(eas_date_parse(good[i].text, &ns));
        assert_int_equal(ns, good[i].ns);
    }
    ns = 7;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_false(eas_date_parse(bad[i], &ns));
    assert_false(eas_date_parse(NULL, &ns));
    assert_int_equal(ns, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_clean),
        cmocka_unit_test(dates_far_and_odd),
        cmocka_unit_test(long_titles_end_between_characters),
        cmocka_unit_test(one_endless_character_is_cut_all_the_same),
        cmocka_unit_test(a_cut_leaves_no_dot_or_space),
        cmocka_unit_test(folders_keep_their_names),
        cmocka_unit_test(doubles_are_seen_through_case_and_form),
        cmocka_unit_test(user_names),
        cmocka_unit_test(mail_is_called_by_sender_and_subject),
        cmocka_unit_test(titles_of_the_rest),
        cmocka_unit_test(only_events_carry_a_uid),
        cmocka_unit_test(dates_of_the_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
