/* Notes as VJOURNAL: a literal value of the wire, the literal property. Catches: a date from a clock
 * instead of the note, a body lost or shown as markup, anything that libical does not read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/item_data.h"
#include "tests/unit/ical_check.h"

static const struct file_context context = {.uid = "urn:uuid:0d5e6f2a-1111-5222-8333-444455556666"};

#define N(name) TAG_Notes_##name
#define BODY(type, data)                                                                                               \
    {TAG_AirSyncBase_Body, NULL}, {TAG_AirSyncBase_Type, type}, {TAG_AirSyncBase_Data, data},                          \
    {                                                                                                                  \
        EAS_TAG_NONE, NULL                                                                                             \
    }

static void a_whole_note(void **state)
{
    (void)state;
    g_autoptr(eas_node) data =
        ITEM({N(Subject), "ideas, many"}, {N(MessageClass), "IPM.StickyNote"},
             {N(LastModifiedDate), "2026-11-22T09:15:33.000Z"}, {N(Categories), NULL}, {N(Category), "Work"},
             {N(Category), "a;b"}, {EAS_TAG_NONE, NULL}, BODY("1", "one\r\ntwo é"));
    g_autofree char *file = item_file(EAS_NOTES, data, &context);
    g_autofree char *again = item_file(EAS_NOTES, data, &context);

    assert_string_equal(file, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//easfs//EN\nBEGIN:VJOURNAL\n"
                              "UID:urn:uuid:0d5e6f2a-1111-5222-8333-444455556666\n"
                              "DTSTAMP:20261122T091533Z\nLAST-MODIFIED:20261122T091533Z\n"
                              "SUMMARY:ideas\\, many\nDESCRIPTION:one\\ntwo é\nCATEGORIES:Work,a\\;b\n"
                              "END:VJOURNAL\nEND:VCALENDAR\n");
    assert_string_equal(file, again);

    icalcomponent *calendar = ical_check(file, ICAL_VJOURNAL_COMPONENT);
    icalcomponent *journal = icalcomponent_get_first_component(calendar, ICAL_VJOURNAL_COMPONENT);
    assert_string_equal(icalcomponent_get_summary(journal), "ideas, many");
    assert_string_equal(icalcomponent_get_description(journal), "one\ntwo é");
    icalcomponent_free(calendar);
}

static void bodies_of_every_type(void **state)
{
    (void)state;
    static const struct {
        const char *type, *data, *line, *absent;
    } rows[] = {
        {"1", "<b>not markup</b>", "DESCRIPTION:<b>not markup</b>", "X-ALT"},
        {"2", "<b>bold</b> &amp; plain",
         "DESCRIPTION:bold & plain\nX-ALT-DESC;FMTTYPE=text/html:<b>bold</b> &amp\\; plain", "OMITTED"},
        {"3", "LZFu", "X-EAS-BODY-OMITTED:RTF", "DESCRIPTION"},
        {"4", "From: x", "X-EAS-BODY-OMITTED:MIME", "DESCRIPTION"},
        {"1", "", "DTSTAMP:19700101T000000Z", "DESCRIPTION"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) data = ITEM(BODY(rows[i].type, rows[i].data));
        g_autofree char *file = item_file(EAS_NOTES, data, &context);

        if (!has_line(file, rows[i].line))
            fail_msg("no %s in\n%s", rows[i].line, file);
        assert_null(strstr(file, rows[i].absent));
        icalcomponent_free(ical_check(file, ICAL_VJOURNAL_COMPONENT));
    }
}

static void an_empty_note_is_a_note(void **state)
{
    (void)state;
    g_autoptr(eas_node) data = ITEM({N(Subject), "\t"}, {N(Categories), NULL}, {N(Category), " "}, {EAS_TAG_NONE, NULL},
                                    {N(LastModifiedDate), "lately"}, {N(MessageClass), "IPM.StickyNote.Voice"});
    g_autofree char *file = item_file(EAS_NOTES, data, &context);

    assert_true(has_line(file, "DTSTAMP:19700101T000000Z"));
    assert_true(has_line(file, "X-EAS-MESSAGE-CLASS:IPM.StickyNote.Voice"));
    assert_null(strstr(file, "LAST-MODIFIED"));
    assert_null(strstr(file, "SUMMARY"));
    assert_null(strstr(file, "CATEGORIES"));
    icalcomponent_free(ical_check(file, ICAL_VJOURNAL_COMPONENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_note),
        cmocka_unit_test(bodies_of_every_type),
        cmocka_unit_test(an_empty_note_is_a_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
