/* The own answer in an event's file. Catches: another's answer changed, a parameter lost, a folded line torn, an event
 * without the attendee taken for answered, half a file for a whole one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "codec/files/own_answer.h"

#define HEAD "BEGIN:VCALENDAR\r\n"
#define TAIL "END:VCALENDAR\r\n"

/* Of a calendar with these lines in it. */
static char *answer(const char *lines, const char *user)
{
    g_autofree char *reason = NULL, *file = g_strconcat(HEAD, lines, TAIL, NULL);
    g_autoptr(GBytes) bytes = own_answer(file, strlen(file), user, "DECLINED", &reason);

    assert_true((bytes == NULL) == (reason != NULL));
    return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

static void the_own_attendee_alone_is_answered(void **state)
{
    g_autofree char *got =
        answer("BEGIN:VEVENT\r\nATTENDEE;CN=\"Ann; PARTSTAT=X\";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:MAILTO"
               ":Ann@Example.org\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org\r\n"
               "SUMMARY:ATTENDEE:mailto:ann@example.org\nEND:VEVENT\n",
               "ann@example.org");

    (void)state;
    assert_string_equal(got, HEAD
                        "BEGIN:VEVENT\r\nATTENDEE;CN=\"Ann; PARTSTAT=X\";RSVP=TRUE;PARTSTAT=DECLINED:MAILTO:Ann@Exam"
                        "pl\r\n e.org\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org\r\n"
                        "SUMMARY:ATTENDEE:mailto:ann@example.org\nEND:VEVENT\n" TAIL);
}

static void folded_lines_are_read_whole(void **state)
{
    g_autofree char *got =
        answer("BEGIN:VEVENT\r\nATTENDEE;PART\r\n STAT=TENTATIVE:mai\r\n lto:ann@example.org\r\nEND:VEVENT\r\n",
               "ann@example.org");

    (void)state;
    assert_string_equal(got, HEAD
                        "BEGIN:VEVENT\r\nATTENDEE;PARTSTAT=DECLINED:mailto:ann@example.org\r\nEND:VEVENT\r\n" TAIL);
}

static void who_is_not_invited_answers_nothing(void **state)
{
    (void)state;
    assert_null(answer("ATTENDEE:mailto:bob@example.org\r\n", "ann@example.org"));
    assert_null(answer("ATTENDEE\r\nATTENDEE:ann@example.org\r\n", "ann@example.org"));
    assert_null(answer("", "ann@example.org"));
}

static void half_a_file_is_told_as_such(void **state)
{
    static const char half[] = HEAD "BEGIN:VEVENT\r\nATTENDEE:mailto:ann@example.org\r\n";
    g_autofree char *reason = NULL;

    (void)state;
    assert_null(own_answer(half, strlen(half), "ann@example.org", "ACCEPTED", &reason));
    assert_null(strstr(reason, "attendees"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_own_attendee_alone_is_answered),
        cmocka_unit_test(folded_lines_are_read_whole),
        cmocka_unit_test(half_a_file_is_told_as_such),
        cmocka_unit_test(who_is_not_invited_answers_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
