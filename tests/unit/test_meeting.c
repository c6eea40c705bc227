/* What an edit of a meeting means to others, and the mail about it. Catches: anybody mailed for what is the user's own,
 * a change of somebody else's meeting that goes through, an answer that is taken for another, a reply that tells more
 * than its answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>

#include "tests/unit/edit_check.h"

#define FILE(lines)                                                                                                    \
    "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:e1\nDTSTAMP:20261101T000000Z\nSUMMARY:Budget\n"                   \
    "DTSTART:20261102T090000Z\nDTEND:20261102T100000Z\n" lines "END:VEVENT\nEND:VCALENDAR\n"
#define MINE "ORGANIZER:mailto:jane@example.org\nATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.org\n"
#define THEIRS(answer)                                                                                                 \
    "ORGANIZER;CN=Bob:mailto:bob@example.org\nATTENDEE;PARTSTAT=" answer ":mailto:jane@example.org\n"                  \
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:carl@example.org\n"
#define ALARM "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\n"

static const struct {
    const char *base, *mine; /* NULL: new, removed */
    enum meeting_act act;
    int response;
} acts[] = {
    {NULL, FILE(""), MEETING_NONE, 0},
    {FILE(""), FILE("LOCATION:x\n"), MEETING_NONE, 0},
    {FILE(""), NULL, MEETING_NONE, 0},
    {NULL, FILE(MINE), MEETING_ORGANISE, 0},
    {NULL, FILE("ATTENDEE:mailto:bob@example.org\n"), MEETING_ORGANISE, 0},
    {NULL, FILE("ORGANIZER:mailto:jane@example.org\nATTENDEE:mailto:jane@example.org\n"), MEETING_NONE, 0},
    {FILE(""), FILE(MINE), MEETING_ORGANISE, 0},
    {FILE(MINE), FILE(""), MEETING_ORGANISE, 0},
    {FILE(MINE), FILE(MINE "LOCATION:x\n"), MEETING_ORGANISE, 0},
    {FILE(MINE), NULL, MEETING_ORGANISE, 0},
    {FILE(MINE), FILE(MINE ALARM "CATEGORIES:x\nTRANSP:TRANSPARENT\n"), MEETING_NONE, 0},
    {NULL, FILE(THEIRS("NEEDS-ACTION")), MEETING_FOREIGN, 0},
    {NULL, FILE("ORGANIZER:mailto:bob@example.org\n"), MEETING_FOREIGN, 0},
    {FILE(THEIRS("NEEDS-ACTION")), NULL, MEETING_NONE, 0},
    {FILE(THEIRS("NEEDS-ACTION")), FILE(THEIRS("ACCEPTED")), MEETING_RESPOND, 1},
    {FILE(THEIRS("NEEDS-ACTION")), FILE(THEIRS("TENTATIVE")), MEETING_RESPOND, 2},
    {FILE(THEIRS("ACCEPTED")), FILE(THEIRS("DECLINED") ALARM), MEETING_RESPOND, 3},
    {FILE(THEIRS("ACCEPTED")), FILE(THEIRS("NEEDS-ACTION")), MEETING_FOREIGN, 0},
    {FILE(THEIRS("ACCEPTED")), FILE(THEIRS("ACCEPTED") ALARM), MEETING_NONE, 0},
    {FILE(THEIRS("ACCEPTED")), FILE(THEIRS("ACCEPTED") "LOCATION:x\n"), MEETING_FOREIGN, 0},
    {FILE(THEIRS("ACCEPTED")), FILE(THEIRS("DECLINED") "LOCATION:x\n"), MEETING_FOREIGN, 0},
    {FILE(THEIRS("ACCEPTED")), FILE(THEIRS("ACCEPTED") "ATTENDEE:mailto:dora@example.org\n"), MEETING_FOREIGN, 0},
    {FILE(MINE), FILE(THEIRS("ACCEPTED")), MEETING_FOREIGN, 0},
};

/* Once the server has taken the answer, the same file means nothing to anybody. */
static void test_answered(void **state)
{
    static const char *const files[] = {
        [1] = FILE(THEIRS("ACCEPTED")), [2] = FILE(THEIRS("TENTATIVE")), [3] = FILE(THEIRS("DECLINED"))};

    (void)state;
    for (int response = 1; response <= 3; response++) {
        g_autoptr(eas_node) base = edit_read(EAS_CALENDAR, FILE(THEIRS("NEEDS-ACTION")));
        g_autoptr(eas_node) mine = edit_read(EAS_CALENDAR, files[response]);
        int told;

        assert_int_equal(meeting_act(base, mine, edit_context.user, &told), MEETING_RESPOND);
        assert_int_equal(told, response);
        meeting_answered(base, response);
        assert_int_equal(meeting_act(base, mine, edit_context.user, &told), MEETING_NONE);
    }
}

static void test_act(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
        g_autoptr(eas_node) base = acts[i].base ? edit_read(EAS_CALENDAR, acts[i].base) : NULL;
        g_autoptr(eas_node) mine = acts[i].mine ? edit_read(EAS_CALENDAR, acts[i].mine) : NULL;
        int response = -1;
        enum meeting_act act = meeting_act(base, mine, edit_context.user, &response);
        if (act != acts[i].act || response != acts[i].response)
            fail_msg("row %zu: %d with %d, not %d with %d", i, act, response, acts[i].act, acts[i].response);
    }
}

/* An answer is no Change: it goes by MeetingResponse. */
static void test_answer_is_not_sent(void **state)
{
    (void)state;
    g_autoptr(eas_node) base = edit_read(EAS_CALENDAR, FILE(THEIRS("NEEDS-ACTION")));
    g_autoptr(eas_node) mine = edit_read(EAS_CALENDAR, FILE(THEIRS("ACCEPTED")));
    g_autofree char *differs = edit_differences(EAS_CALENDAR, base, mine);
    assert_string_equal(differs, "ResponseType");
    for (enum eas_version version = EAS_12_1; version <= EAS_16_1; version++) {
        g_autoptr(GPtrArray) commands = item_commands(EAS_CALENDAR, version, base, mine, NULL);
        assert_int_equal(commands->len, 0);
    }
}

/* A server may tell the user's answer in the list alone, or beside it. */
static void test_whose_answer(void **state)
{
    (void)state;
    g_autoptr(eas_node) mine = edit_read(EAS_CALENDAR, FILE(THEIRS("ACCEPTED")));
    g_autoptr(eas_node) base = eas_node_copy(mine);
    eas_node_free(eas_node_take(base, TAG_Calendar_ResponseType));
    struct eas_node *own = eas_node_child(eas_node_child(base, TAG_Calendar_Attendees), TAG_Calendar_Attendee);
    eas_node_add(own, TAG_Calendar_AttendeeStatus, "3");
    assert_same(EAS_CALENDAR, base, mine, "in the list");
    assert_untouched(EAS_CALENDAR, base, &edit_context);
    eas_node_free(eas_node_take(own, TAG_Calendar_AttendeeStatus));
    eas_node_add(own, TAG_Calendar_AttendeeStatus, "5");
    g_autofree char *differs = edit_differences(EAS_CALENDAR, base, mine);
    assert_string_equal(differs, "ResponseType");
    eas_node_add(base, TAG_Calendar_ResponseType, "3");
    assert_same(EAS_CALENDAR, base, mine, "beside it");
    assert_untouched(EAS_CALENDAR, base, &edit_context);
    /* Of an event of nobody's the user is the organizer, who answers nobody. */
    g_autoptr(eas_node) own_event =
        edit_read(EAS_CALENDAR, FILE("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jane@example.org\n"));
    assert_null(eas_node_child(own_event, TAG_Calendar_ResponseType));
    assert_untouched(EAS_CALENDAR, own_event, &edit_context);
    /* Invited by way of a group: the list has not got the user. */
    struct eas_node *list = eas_node_take(base, TAG_Calendar_Attendees);
    eas_node_free(list);
    assert_untouched(EAS_CALENDAR, base, &edit_context);
}

static char *mail_of(const char *method, const char *file, int response)
{
    g_autoptr(eas_node) data = edit_read(EAS_CALENDAR, file);
    g_autoptr(GBytes) mail =
        meeting_mail(method, data, &edit_context, response, "Sun, 01 Nov 2026 10:00:00 +0100", "id1@example.org");

    return mail ? g_strndup(g_bytes_get_data(mail, NULL), g_bytes_get_size(mail)) : NULL;
}

static void has(const char *mail, const char *line)
{
    g_autofree char *whole = g_strdup_printf("\r\n%s\r\n", line);
    g_autofree char *all = g_strconcat("\r\n", mail, NULL);

    if (!strstr(all, whole))
        fail_msg("%s is missing in\n%s", line, mail);
    for (const char *at = mail; (at = strchr(at, '\n')); at++)
        assert_true(at > mail && at[-1] == '\r');
}

static void test_mail(void **state)
{
    (void)state;
    g_autofree char *request = mail_of("REQUEST", FILE(MINE ALARM "CATEGORIES:own\n"), 0);
    has(request, "From: jane@example.org");
    has(request, "To: Bob <bob@example.org>");
    has(request, "Subject: Budget");
    has(request, "Date: Sun, 01 Nov 2026 10:00:00 +0100");
    has(request, "Message-Id: <id1@example.org>");
    has(request, "METHOD:REQUEST");
    has(request, "UID:e1");
    has(request, "DTSTAMP:20261101T090000Z");
    assert_non_null(strstr(request, "method=REQUEST"));
    assert_null(strstr(request, "VALARM"));
    assert_null(strstr(request, "CATEGORIES"));
    g_autofree char *cancel = mail_of("CANCEL", FILE(MINE), 0);
    has(cancel, "METHOD:CANCEL");
    has(cancel, "STATUS:CANCELLED");
    has(cancel, "Subject: Canceled: Budget");
    g_autofree char *reply = mail_of("REPLY", FILE(THEIRS("NEEDS-ACTION") "DESCRIPTION:secret\n"), 3);
    has(reply, "To: Bob <bob@example.org>");
    has(reply, "Subject: Declined: Budget");
    has(reply, "METHOD:REPLY");
    assert_non_null(strstr(reply, "PARTSTAT=3DDECLINED"));
    assert_null(strstr(reply, "carl"));
    assert_null(strstr(reply, "secret"));
    assert_null(mail_of("REQUEST", FILE(""), 0));
    assert_null(mail_of("REPLY", FILE(MINE), 1));
    g_autofree char *again = mail_of("REQUEST", FILE(MINE ALARM "CATEGORIES:own\n"), 0);
    assert_string_equal(again, request);
}

static void test_method(void **state)
{
    (void)state;
    static const char request[] = "BEGIN:VCALENDAR\nMETHOD:request\nEND:VCALENDAR\n", none[] = FILE("");
    g_autofree char *method = file_method(request, strlen(request));
    assert_string_equal(method, "REQUEST");
    assert_null(file_method(none, strlen(none)));
    assert_null(file_method("METHOD:REQUEST\n", 15));
    /* What was pasted from an invitation is an event. */
    static const char pasted[] =
        "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:e1\nDTSTART:20261102T090000Z\n" THEIRS(
            "NEEDS-ACTION") "END:VEVENT\nEND:VCALENDAR\n";
    g_autoptr(eas_node) data = edit_read(EAS_CALENDAR, pasted);
    assert_string_equal(eas_node_text(data, TAG_Calendar_MeetingStatus), "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_act),          cmocka_unit_test(test_answered), cmocka_unit_test(test_answer_is_not_sent),
        cmocka_unit_test(test_whose_answer), cmocka_unit_test(test_mail),     cmocka_unit_test(test_method),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
