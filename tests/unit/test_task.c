/* Tasks as VTODO: a literal value of the wire, the literal property, for every row of the mapping.
 * Catches: a due date on another day, a DTSTART and DUE of different kinds, a rule on a task that
 * does not repeat by it, anything that libical does not read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/item_data.h"
#include "tests/unit/ical_check.h"

static const struct file_context context = {.uid = "urn:uuid:0d5e6f2a-1111-5222-8333-444455556666"};

#define T(name) TAG_Tasks_##name
#define END                                                                                                            \
    {                                                                                                                  \
        EAS_TAG_NONE, NULL                                                                                             \
    }

static const struct {
    struct item_row items[8];
    const char *line;   /* must be there */
    const char *absent; /* must not be there, or NULL */
} rows[] = {
    {{{T(Subject), "File the report; now"}}, "SUMMARY:File the report\\; now", NULL},
    {{{T(Body), "two\r\nlines, from 2.5"}}, "DESCRIPTION:two\\nlines\\, from 2.5", NULL},
    {{{TAG_AirSyncBase_Body, NULL}, {TAG_AirSyncBase_Type, "1"}, {TAG_AirSyncBase_Data, "plain"}, END},
     "DESCRIPTION:plain",
     NULL},
    {{{TAG_AirSyncBase_Body, NULL}, {TAG_AirSyncBase_Type, "2"}, {TAG_AirSyncBase_Data, "<p>a<p>b"}, END},
     "DESCRIPTION:a\\nb",
     NULL},
    {{{TAG_AirSyncBase_Body, NULL}, {TAG_AirSyncBase_Type, "3"}, {TAG_AirSyncBase_Data, "LZFu"}, END},
     "X-EAS-BODY-OMITTED:RTF",
     "DESCRIPTION"},
    /* Days, as Outlook has them; the two may be the same. */
    {{{T(StartDate), "2026-11-28T00:00:00.000Z"},
      {T(UtcStartDate), "2026-11-27T23:00:00.000Z"},
      {T(DueDate), "2026-12-01T00:00:00.000Z"},
      {T(UtcDueDate), "2026-11-30T23:00:00.000Z"}},
     "DTSTART;VALUE=DATE:20261128\nDUE;VALUE=DATE:20261201",
     NULL},
    {{{T(DueDate), "2026-12-01T00:00:00.000Z"}, {T(UtcDueDate), "2026-11-30T23:00:00.000Z"}},
     "DUE;VALUE=DATE:20261201",
     "DTSTART"},
    /* A time of day on either makes both wall clock times. */
    {{{T(StartDate), "2026-11-28T00:00:00.000Z"}, {T(DueDate), "2026-12-01T17:30:00.000Z"}},
     "DTSTART:20261128T000000\nDUE:20261201T173000",
     NULL},
    {{{T(UtcStartDate), "2026-11-27T23:00:00.000Z"}, {T(UtcDueDate), "2026-11-30T23:00:00.000Z"}},
     "DTSTART:20261127T230000Z\nDUE:20261130T230000Z",
     NULL},
    {{{T(DueDate), "4501-01-01T00:00:00.000Z"}}, "STATUS:NEEDS-ACTION", "DUE"},
    {{{T(DueDate), "1601-01-01T00:00:00.000Z"}}, "STATUS:NEEDS-ACTION", "DUE"},
    {{{T(DueDate), "next week"}}, "STATUS:NEEDS-ACTION", "DUE"},
    {{{T(Complete), "0"}, {T(DateCompleted), "2026-11-20T08:00:00.000Z"}}, "STATUS:NEEDS-ACTION", "COMPLETED"},
    {{{T(Complete), "1"}, {T(DateCompleted), "2026-11-20T08:00:00.000Z"}},
     "STATUS:COMPLETED\nPERCENT-COMPLETE:100\nCOMPLETED:20261120T080000Z",
     NULL},
    {{{T(Complete), "1"}}, "STATUS:COMPLETED\nPERCENT-COMPLETE:100", "\nCOMPLETED"},
    {{{T(Importance), "0"}}, "PRIORITY:9", NULL},
    {{{T(Importance), "1"}}, "PRIORITY:5", NULL},
    {{{T(Importance), "2"}}, "PRIORITY:1", NULL},
    {{{T(Importance), "3"}}, "STATUS:NEEDS-ACTION", "PRIORITY"},
    {{{T(Sensitivity), "0"}}, "STATUS:NEEDS-ACTION", "CLASS"},
    {{{T(Sensitivity), "1"}}, "CLASS:X-PERSONAL", NULL},
    {{{T(Sensitivity), "2"}}, "CLASS:PRIVATE", NULL},
    {{{T(Sensitivity), "3"}}, "CLASS:CONFIDENTIAL", NULL},
    {{{T(Categories), NULL}, {T(Category), "Work, old"}, {T(Category), "Home"}, END},
     "CATEGORIES:Work\\, old,Home",
     NULL},
    {{{T(OrdinalDate), "2026-11-20T08:00:00.000Z"}}, "X-EAS-ORDINAL-DATE:2026-11-20T08:00:00.000Z", NULL},
    {{{T(SubOrdinalDate), "5555555"}}, "X-EAS-SUB-ORDINAL-DATE:5555555", NULL},
    {{{T(Subject), "Call"}, {T(ReminderSet), "1"}, {T(ReminderTime), "2026-11-30T08:00:00.000Z"}},
     "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Call\nTRIGGER;VALUE=DATE-TIME:20261130T080000Z\nEND:VALARM",
     NULL},
    {{{T(ReminderSet), "0"}, {T(ReminderTime), "2026-11-30T08:00:00.000Z"}}, "STATUS:NEEDS-ACTION", "VALARM"},
    {{{T(ReminderSet), "1"}}, "STATUS:NEEDS-ACTION", "VALARM"},
    /* Series. */
    {{{T(StartDate), "2026-11-28T00:00:00.000Z"},
      {T(Recurrence), NULL},
      {T(Type), "1"},
      {T(Interval), "2"},
      {T(DayOfWeek), "32"},
      {T(FirstDayOfWeek), "1"},
      {T(Until), "2027-02-01T00:00:00.000Z"},
      END},
     "RRULE:FREQ=WEEKLY;UNTIL=20270201;INTERVAL=2;BYDAY=FR;WKST=MO",
     NULL},
    {{{T(StartDate), "2026-11-28T09:00:00.000Z"},
      {T(Recurrence), NULL},
      {T(Type), "0"},
      {T(Until), "2027-02-01T00:00:00.000Z"},
      END},
     "RRULE:FREQ=DAILY;UNTIL=20270201T000000",
     NULL},
    {{{T(Recurrence), NULL}, {T(Type), "0"}, {T(Start), "2026-11-28T00:00:00.000Z"}, {T(Occurrences), "3"}, END},
     "DTSTART;VALUE=DATE:20261128\nRRULE:FREQ=DAILY;COUNT=3",
     NULL},
    {{{T(Recurrence), NULL}, {T(Type), "0"}, {T(Start), "2026-11-28T00:00:00.000Z"}, {T(Regenerate), "1"}, END},
     "X-EAS-REGENERATE:FREQ=DAILY",
     "RRULE"},
    {{{T(Recurrence), NULL}, {T(Type), "0"}, {T(Start), "2026-11-28T00:00:00.000Z"}, {T(DeadOccur), "1"}, END},
     "X-EAS-DEAD-OCCUR:FREQ=DAILY",
     "RRULE"},
    {{{T(Recurrence), NULL}, {T(Type), "0"}, END}, "X-EAS-RECURRENCE-UNSUPPORTED:the recurrence has no start", "RRULE"},
    {{{T(Recurrence), NULL}, {T(Type), "9"}, END},
     "X-EAS-RECURRENCE-UNSUPPORTED:the recurrence's Type is 9\\, which is unknown",
     "RRULE"},
    {{{T(Recurrence), ""}}, "STATUS:NEEDS-ACTION", "RECURRENCE"},
};

static size_t count_items(const struct item_row *items, size_t most)
{
    while (most > 0 && items[most - 1].tag == EAS_TAG_NONE && (most < 2 || items[most - 2].tag == EAS_TAG_NONE))
        most--;
    return most;
}

static void every_row_has_its_property(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) data = item_data(rows[i].items, count_items(rows[i].items, G_N_ELEMENTS(rows[i].items)));
        g_autofree char *file = item_file(EAS_TASKS, data, &context);

        if (!has_line(file, rows[i].line))
            fail_msg("no %s in\n%s", rows[i].line, file);
        if (rows[i].absent && strstr(file, rows[i].absent))
            fail_msg("%s in\n%s", rows[i].absent, file);
        icalcomponent_free(ical_check(file, ICAL_VTODO_COMPONENT));
    }
}

static void an_empty_task_is_a_task(void **state)
{
    (void)state;
    g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    g_autofree char *file = item_file(EAS_TASKS, data, &context);

    assert_string_equal(file, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//easfs//EN\nBEGIN:VTODO\n"
                              "UID:urn:uuid:0d5e6f2a-1111-5222-8333-444455556666\nDTSTAMP:19700101T000000Z\n"
                              "STATUS:NEEDS-ACTION\nEND:VTODO\nEND:VCALENDAR\n");
    icalcomponent_free(ical_check(file, ICAL_VTODO_COMPONENT));
}

/* What libical understands, not only that it does. */
static void libical_reads_the_same(void **state)
{
    (void)state;
    g_autoptr(eas_node) data =
        ITEM({T(Subject), "a,b;c\\d\ne"}, {T(DueDate), "2026-12-01T00:00:00.000Z"}, {T(Importance), "2"});
    g_autofree char *file = item_file(EAS_TASKS, data, &context);
    icalcomponent *calendar = ical_check(file, ICAL_VTODO_COMPONENT);
    icalcomponent *todo = icalcomponent_get_first_component(calendar, ICAL_VTODO_COMPONENT);
    struct icaltimetype due = icalcomponent_get_due(todo);

    assert_string_equal(icalcomponent_get_summary(todo), "a,b;c\\d\ne");
    assert_true(due.is_date);
    assert_int_equal(due.year * 10000 + due.month * 100 + due.day, 20261201);
    icalcomponent_free(calendar);
}

static void the_same_task_gives_the_same_bytes(void **state)
{
    (void)state;
    g_autoptr(eas_node) data = item_data(rows[5].items, 4);
    g_autofree char *once = item_file(EAS_TASKS, data, &context);
    g_autofree char *again = item_file(EAS_TASKS, data, &context);

    assert_string_equal(once, again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_property),
        cmocka_unit_test(an_empty_task_is_a_task),
        cmocka_unit_test(libical_reads_the_same),
        cmocka_unit_test(the_same_task_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
