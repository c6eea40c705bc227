/* Tasks and notes as users write them. Catches: a date on another day, a completion that the server would not take
 * for one, a file that is taken though it means something ActiveSync cannot say, a property that a Change loses,
 * anything at all being sent for a file that was opened and saved. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>

#include "tests/unit/edit_check.h"

static const enum eas_version versions[] = {EAS_12_1, EAS_14_0, EAS_14_1, EAS_16_0, EAS_16_1};

#define TODO(lines)                                                                                                    \
    "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTODO\nUID:t1\nSUMMARY:File the report\n" lines "END:VTODO\nEND:VCALENDAR\n"
#define NOTE(lines) "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VJOURNAL\nUID:n1\n" lines "END:VJOURNAL\nEND:VCALENDAR\n"

static const struct {
    const char *file;
    eas_tag tag;
    const char *text; /* NULL: is not there */
} values[] = {
    {TODO(""), TAG_Tasks_Subject, "File the report"},
    {TODO(""), TAG_Tasks_Complete, "0"},
    {TODO(""), TAG_Tasks_DueDate, NULL},
    {TODO("DUE;VALUE=DATE:20261201\n"), TAG_Tasks_DueDate, "2026-12-01T00:00:00.000Z"},
    {TODO("DUE;VALUE=DATE:20261201\n"), TAG_Tasks_UtcDueDate, "2026-11-30T23:00:00.000Z"},
    {TODO("DUE:20261201T173000\n"), TAG_Tasks_DueDate, "2026-12-01T17:30:00.000Z"},
    {TODO("DUE:20261201T173000\n"), TAG_Tasks_UtcDueDate, "2026-12-01T16:30:00.000Z"},
    {TODO("DUE;TZID=America/New_York:20261201T120000\n"), TAG_Tasks_DueDate, "2026-12-01T18:00:00.000Z"},
    {TODO("DUE;TZID=America/New_York:20261201T120000\n"), TAG_Tasks_UtcDueDate, "2026-12-01T17:00:00.000Z"},
    {TODO("DTSTART:20261201T090000Z\nDURATION:PT1H\n"), TAG_Tasks_UtcDueDate, "2026-12-01T10:00:00.000Z"},
    {TODO("PRIORITY:3\n"), TAG_Tasks_Importance, "2"},
    {TODO("PRIORITY:0\n"), TAG_Tasks_Importance, "1"},
    {TODO("PRIORITY:7\n"), TAG_Tasks_Importance, "0"},
    {TODO("CLASS:CONFIDENTIAL\n"), TAG_Tasks_Sensitivity, "3"},
    {TODO("CLASS:X-SECRET\n"), TAG_Tasks_Sensitivity, "2"},
    {TODO("STATUS:COMPLETED\nCOMPLETED:20261120T080000Z\n"), TAG_Tasks_DateCompleted, "2026-11-20T08:00:00.000Z"},
    {TODO("STATUS:COMPLETED\n"), TAG_Tasks_DateCompleted, "2026-11-01T09:45:00.000Z"},
    {TODO("PERCENT-COMPLETE:100\n"), TAG_Tasks_Complete, "1"},
    {TODO("PERCENT-COMPLETE:60\nSTATUS:IN-PROCESS\n"), TAG_Tasks_Complete, "0"},
    {TODO("BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:x\nTRIGGER;VALUE=DATE-TIME:20261130T080000Z\nEND:VALARM\n"),
     TAG_Tasks_ReminderTime, "2026-11-30T08:00:00.000Z"},
    {TODO("DUE:20261201T173000Z\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=END:-PT30M\nEND:VALARM\n"),
     TAG_Tasks_ReminderTime, "2026-12-01T17:00:00.000Z"},
    {TODO(""), TAG_Tasks_ReminderSet, "0"},
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(eas_node) data = edit_read(EAS_TASKS, values[i].file);
        const char *text = eas_node_text(data, values[i].tag);
        if (g_strcmp0(text, values[i].text) != 0)
            fail_msg("%s: %s is %s, not %s", values[i].file, eas_tag_name(values[i].tag), text, values[i].text);
        assert_untouched(EAS_TASKS, data, &edit_context);
        for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
            g_autoptr(GPtrArray) commands = item_commands(EAS_TASKS, versions[v], NULL, data, "u1");
            assert_int_equal(commands->len, 1);
            assert_int_equal(((struct item_command *)commands->pdata[0])->kind, ITEM_ADD);
            if (i % 5 == v)
                assert_valid(EAS_TASKS, versions[v], commands);
        }
    }
}

static const struct {
    const char *file, *says;
} refused[] = {
    {TODO("STATUS:CANCELLED\n"), "cancelled task"},
    {TODO("DTSTART:20261202T000000\nDUE:20261201T000000\n"), "before it starts"},
    {TODO("RRULE:FREQ=DAILY\n"), "no DTSTART"},
    {TODO("DTSTART:20261202T000000\nRRULE:FREQ=DAILY;COUNT=300\n"), "at most 255"},
    {TODO("DTSTART:20261202T000000\nRRULE:FREQ=HOURLY\n"), "several times a day"},
    {TODO("DTSTART:20261202T000000\nRRULE:FREQ=DAILY\nEXDATE:20261203T000000\n"), "EXDATE"},
    {TODO("DUE:tomorrow\n"), "DUE property"},
    {TODO("DUE;VALUE=DATE:20261201T100000\n"), "VALUE=DATE"},
    {TODO("DUE;TZID=Nowhere/Land:20261201T100000\n"), "Nowhere/Land is unknown"},
    {"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:a\nEND:VTODO\nBEGIN:VTODO\nUID:b\nEND:VTODO\nEND:VCALENDAR\n",
     "two UIDs, a and b"},
    {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\nEND:VCALENDAR\n", "holds a VEVENT"},
    {"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "holds no VTODO"},
    {"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:a\n", "ends inside VTODO"},
    {"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:a\nEND:VEVENT\n", "END:VTODO should"},
    {"", "no calendar"},
    {"hello\n", "no line of a calendar"},
    {"BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VTODO\nEND:VTODO\nEND:VCALENDAR\n", "vCalendar 1.0"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *reason = edit_refusal(EAS_TASKS, refused[i].file, strlen(refused[i].file));
        if (!strstr(reason, refused[i].says))
            fail_msg("%s\nsays: %s", refused[i].file, reason);
    }
    g_autofree char *nul = edit_refusal(EAS_TASKS, "BEGIN:VCALENDAR\0", 16);
    assert_non_null(strstr(nul, "NUL"));
    g_autofree char *latin = edit_refusal(EAS_TASKS, "BEGIN:VCAL\xe4NDAR", 15);
    assert_non_null(strstr(latin, "UTF-8"));
}

/* Completing one occurrence of a series says so of the series. */
static void test_complete(void **state)
{
    (void)state;
    g_autoptr(eas_node) open = edit_read(EAS_TASKS, TODO("DTSTART;VALUE=DATE:20261201\nRRULE:FREQ=WEEKLY\n"));
    g_autoptr(eas_node) done = edit_read(
        EAS_TASKS,
        TODO("DTSTART;VALUE=DATE:20261201\nRRULE:FREQ=WEEKLY\nSTATUS:COMPLETED\nCOMPLETED:20261201T100000Z\n"));
    g_autofree char *names = edit_differences(EAS_TASKS, open, done);
    assert_string_equal(names, "Recurrence Complete");
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        g_autoptr(GPtrArray) commands = item_commands(EAS_TASKS, versions[v], open, done, NULL);
        assert_int_equal(commands->len, 1);
        const struct item_command *command = commands->pdata[0];
        assert_int_equal(command->kind, ITEM_CHANGE);
        assert_string_equal(eas_node_text(command->data, TAG_Tasks_DateCompleted), "2026-12-01T10:00:00.000Z");
        assert_string_equal(eas_node_text(eas_node_child(command->data, TAG_Tasks_Recurrence), TAG_Tasks_DeadOccur),
                            "1");
        assert_same(EAS_TASKS, done, command->data, "the server's echo");
        assert_valid(EAS_TASKS, versions[v], commands);
    }
}

/* A Change is the whole item: what is cleared goes, what only the server writes stays out. */
static void test_change(void **state)
{
    (void)state;
    g_autoptr(eas_node) base =
        edit_read(EAS_TASKS, TODO("DESCRIPTION:old\nCATEGORIES:a,b\\,c\nDUE;VALUE=DATE:20261201\n"));
    eas_node_add(base, TAG_Tasks_OrdinalDate, "2026-11-20T08:00:00.000Z");
    eas_node_add(base, TAG_AirSyncBase_NativeBodyType, "1");
    g_autoptr(eas_node) mine = edit_read(EAS_TASKS, TODO("PRIORITY:1\n"));
    g_autoptr(GPtrArray) commands = item_commands(EAS_TASKS, EAS_14_1, base, mine, NULL);
    assert_int_equal(commands->len, 1);
    const struct item_command *command = commands->pdata[0];
    assert_null(eas_node_child(command->data, TAG_Tasks_OrdinalDate)); /* the schema has it in answers only */
    assert_string_equal(eas_node_text(command->data, TAG_Tasks_Subject), "File the report");
    assert_null(eas_node_child(command->data, TAG_AirSyncBase_NativeBodyType));
    assert_string_equal(eas_node_text(command->data, TAG_Tasks_Importance), "2");
    assert_string_equal(eas_node_text(command->data, TAG_Tasks_Categories), "");
    assert_null(eas_node_child(command->data, TAG_Tasks_DueDate));
    assert_string_equal(eas_node_text(eas_node_child(command->data, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data), "");
    assert_same(EAS_TASKS, mine, command->data, "the change");
    assert_valid(EAS_TASKS, EAS_14_1, commands);
}

static void test_note(void **state)
{
    (void)state;
    g_autoptr(eas_node) note = edit_read(
        EAS_NOTES, NOTE("SUMMARY:Ideas\nDESCRIPTION:one\\ntwo\nCATEGORIES:x\nX-FOO:bar\nDTSTART:20260101T000000Z\n"));
    assert_string_equal(eas_node_text(note, TAG_Notes_Subject), "Ideas");
    assert_string_equal(eas_node_text(eas_node_child(note, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data), "one\r\ntwo");
    assert_untouched(EAS_NOTES, note, &edit_context);
    for (size_t v = 1; v < G_N_ELEMENTS(versions); v++) {
        g_autoptr(GPtrArray) commands = item_commands(EAS_NOTES, versions[v], NULL, note, NULL);
        assert_valid(EAS_NOTES, versions[v], commands);
    }
    g_autofree char *reason = edit_refusal(EAS_NOTES, NOTE("RRULE:FREQ=DAILY\n"), strlen(NOTE("RRULE:FREQ=DAILY\n")));
    assert_non_null(strstr(reason, "cannot recur"));
}

/* Both sides' changes of different properties are one item; of the same one, a conflict that names it. */
static void test_merge(void **state)
{
    (void)state;
    const char *property;
    g_autoptr(eas_node) base = edit_read(EAS_TASKS, TODO("PRIORITY:5\n"));
    g_autoptr(eas_node) mine = edit_read(EAS_TASKS, TODO("PRIORITY:1\nCATEGORIES:x\n"));
    g_autoptr(eas_node) theirs = edit_read(EAS_TASKS, TODO("DUE;VALUE=DATE:20261201\nCATEGORIES:x\n"));
    g_autoptr(eas_node) want = edit_read(EAS_TASKS, TODO("PRIORITY:1\nDUE;VALUE=DATE:20261201\nCATEGORIES:x\n"));
    g_autoptr(eas_node) merged = item_merge(EAS_TASKS, base, mine, theirs, &property);
    assert_non_null(merged);
    assert_null(property);
    assert_same(EAS_TASKS, want, merged, "merged");
    g_autoptr(eas_node) other = edit_read(EAS_TASKS, TODO("PRIORITY:9\n"));
    assert_null(item_merge(EAS_TASKS, base, mine, other, &property));
    assert_string_equal(property, "Importance");
}

/* What ActiveSync lacks is carried into the file of the server's newer item, and the UID stays. */
static void test_refresh(void **state)
{
    (void)state;
    static const char before[] =
        TODO("X-FOO;X-BAR=1:a\\,b\nGEO:1;2\nPERCENT-COMPLETE:40\nRELATED-TO:x\nPRIORITY:5\n"
             "BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT1H\nEND:VALARM\n"
             "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER;VALUE=DATE-TIME:20261130T080000Z\nEND:VALARM\n");
    g_autoptr(eas_node) now = edit_read(
        EAS_TASKS, TODO("PRIORITY:1\nDUE;VALUE=DATE:20261201\n"
                        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20261130T090000Z\nEND:VALARM\n"));
    g_autoptr(GBytes) previous = g_bytes_new_static(before, strlen(before));
    char *reason = NULL;
    g_autoptr(GBytes) fresh = file_refresh(EAS_TASKS, now, &edit_context, previous, &reason);
    g_autofree char *text = g_strndup(g_bytes_get_data(fresh, NULL), g_bytes_get_size(fresh));
    static const char *const lines[] = {"UID:t1",
                                        "X-FOO;X-BAR=1:a\\,b",
                                        "GEO:1;2",
                                        "PERCENT-COMPLETE:40",
                                        "RELATED-TO:x",
                                        "PRIORITY:1",
                                        "DUE;VALUE=DATE:20261201",
                                        "ACTION:EMAIL",
                                        "TRIGGER;VALUE=DATE-TIME:20261130T090000Z"};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *whole = g_strdup_printf("\r\n%s\r\n", lines[i]);
        if (!strstr(text, whole))
            fail_msg("%s is missing in\n%s", lines[i], text);
    }
    assert_null(strstr(text, "AUDIO"));
    assert_null(strstr(text, "PRIORITY:5"));
    g_autoptr(eas_node) back = edit_read(EAS_TASKS, text);
    assert_same(EAS_TASKS, now, back, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),  cmocka_unit_test(test_refused), cmocka_unit_test(test_complete),
        cmocka_unit_test(test_change),  cmocka_unit_test(test_note),    cmocka_unit_test(test_merge),
        cmocka_unit_test(test_refresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
