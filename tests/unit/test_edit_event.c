/* Events as users write them. Catches: a time in another zone or on another day, a rule that the server would read
 * otherwise, a file that is taken though ActiveSync cannot say what it means, a property lost by a Change, a command
 * that its version does not allow, an occurrence that moves with its series. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>

#include "tests/unit/edit_check.h"
#include "tests/unit/edit_server.h"

static const enum eas_version versions[] = {EAS_12_1, EAS_14_0, EAS_14_1, EAS_16_0, EAS_16_1};

#define CAL(lines) "BEGIN:VCALENDAR\nVERSION:2.0\n" lines "END:VCALENDAR\n"
#define EVENT(lines) "BEGIN:VEVENT\nUID:e1\nDTSTAMP:20261101T000000Z\nSUMMARY:Standup\n" lines "END:VEVENT\n"
#define FILE(lines) CAL(EVENT(lines))
#define ZONED "DTSTART;TZID=Europe/Berlin:20261102T100000\nDTEND;TZID=Europe/Berlin:20261102T110000\n"
#define DAYS "DTSTART;VALUE=DATE:20261102\nDTEND;VALUE=DATE:20261104\n"
#define VTIMEZONE(id)                                                                                                  \
    "BEGIN:VTIMEZONE\nTZID:" id "\nBEGIN:STANDARD\nDTSTART:20071104T020000\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\n"  \
    "TZOFFSETFROM:-0400\nTZOFFSETTO:-0500\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:20070311T020000\n"                    \
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nEND:DAYLIGHT\nEND:VTIMEZONE\n"

#define C(name) TAG_Calendar_##name

static const struct {
    const char *file;
    eas_tag tag, inner; /* inner: of tag's child */
    const char *text;   /* NULL: is not there */
} values[] = {
    {FILE(ZONED), C(Subject), 0, "Standup"},
    {FILE(ZONED), C(UID), 0, "e1"},
    {FILE(ZONED), C(StartTime), 0, "20261102T090000Z"},
    {FILE(ZONED), C(EndTime), 0, "20261102T100000Z"},
    {FILE(ZONED), C(AllDayEvent), 0, "0"},
    /* Zones: by Windows' name, with a path, by X-LIC-LOCATION, by rules; floating in the home zone. */
    {FILE("DTSTART;TZID=W. Europe Standard Time:20260702T100000\n"), C(StartTime), 0, "20260702T080000Z"},
    {FILE("DTSTART;TZID=/mozilla.org/20070129_1/America/New_York:20260702T100000\n"), C(StartTime), 0,
     "20260702T140000Z"},
    {FILE("DTSTART;TZID=US/Eastern:20260102T100000\n"), C(StartTime), 0, "20260102T150000Z"},
    {FILE("DTSTART;TZID=Etc/GMT+5:20260102T100000\n"), C(StartTime), 0, "20260102T150000Z"},
    {CAL(VTIMEZONE("Head office") EVENT("DTSTART;TZID=Head office:20260702T100000\n")), C(StartTime), 0,
     "20260702T140000Z"},
    {CAL("BEGIN:VTIMEZONE\nTZID:mine\nX-LIC-LOCATION:Asia/Tokyo\nEND:VTIMEZONE\n" EVENT(
         "DTSTART;TZID=mine:20260702T100000\n")),
     C(StartTime), 0, "20260702T010000Z"},
    {CAL("BEGIN:VTIMEZONE\nTZID:+3\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0300\n"
         "END:STANDARD\nEND:VTIMEZONE\n" EVENT("DTSTART;TZID=+3:20260702T100000\n")),
     C(StartTime), 0, "20260702T070000Z"},
    {FILE("DTSTART:20260702T100000\n"), C(StartTime), 0, "20260702T080000Z"},
    /* Clocks: the hour that happens twice is the first, the one that does not is an hour later. */
    {FILE("DTSTART;TZID=Europe/Berlin:20261025T023000\n"), C(StartTime), 0, "20261025T003000Z"},
    {FILE("DTSTART;TZID=Europe/Berlin:20260329T023000\n"), C(StartTime), 0, "20260329T013000Z"},
    /* Ends. */
    {FILE("DTSTART:20260702T100000Z\nDURATION:PT45M\n"), C(EndTime), 0, "20260702T104500Z"},
    {FILE("DTSTART:20260702T100000Z\n"), C(EndTime), 0, "20260702T100000Z"},
    {FILE("DTSTART;TZID=America/New_York:20260702T100000\nDTEND:20260702T110000\n"), C(EndTime), 0, "20260702T150000Z"},
    {FILE(DAYS), C(StartTime), 0, "20261102T000000Z"},
    {FILE(DAYS), C(EndTime), 0, "20261104T000000Z"},
    {FILE(DAYS), C(AllDayEvent), 0, "1"},
    {FILE("DTSTART;VALUE=DATE:20261102\n"), C(EndTime), 0, "20261103T000000Z"},
    {FILE("DTSTART;VALUE=DATE:20261102\nDTEND;VALUE=DATE:20261102\n"), C(EndTime), 0, "20261103T000000Z"},
    {FILE("DTSTART;VALUE=DATE:20261102\nDURATION:P2D\n"), C(EndTime), 0, "20261104T000000Z"},
    /* Fields. */
    {FILE(ZONED "LOCATION:Room 1\\, north\n"), C(Location), 0, "Room 1, north"},
    {FILE(ZONED "DESCRIPTION:a\\nb\\;c\n"), TAG_AirSyncBase_Body, TAG_AirSyncBase_Data, "a\r\nb;c"},
    {FILE(ZONED "CLASS:PRIVATE\n"), C(Sensitivity), 0, "2"},
    {FILE(ZONED "CATEGORIES:a\\,b,c\n"), C(Categories), C(Category), "a,b"},
    {FILE(ZONED), C(BusyStatus), 0, "2"},
    {FILE(ZONED "TRANSP:TRANSPARENT\n"), C(BusyStatus), 0, "0"},
    {FILE(ZONED "TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY\n"), C(BusyStatus), 0, "0"},
    {FILE(ZONED "TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\n"), C(BusyStatus), 0, "3"},
    {FILE(ZONED "TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\n"), C(BusyStatus), 0, "2"},
    {FILE(ZONED "STATUS:TENTATIVE\n"), C(BusyStatus), 0, "1"},
    {FILE(ZONED "STATUS:CANCELLED\n"), C(MeetingStatus), 0, "5"},
    {FILE(ZONED "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\n"), C(Reminder), 0, "15"},
    {FILE(ZONED "BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT5M\nEND:VALARM\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-P1D\nEND:"
                "VALARM\n"),
     C(Reminder), 0, "1440"},
    {FILE(ZONED "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:PT5M\nEND:VALARM\n"), C(Reminder), 0, NULL},
    /* People. */
    {FILE(ZONED "ORGANIZER:mailto:jane@example.org\nATTENDEE;CN=Bob:MAILTO:bob@example.org\n"), C(MeetingStatus), 0,
     "1"},
    {FILE(ZONED "ORGANIZER;CN=Bob:mailto:bob@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:jane@example.org\n"),
     C(MeetingStatus), 0, "3"},
    {FILE(ZONED "ORGANIZER;CN=Bob:mailto:bob@example.org\nATTENDEE;PARTSTAT=TENTATIVE:mailto:jane@example.org\n"),
     C(ResponseType), 0, "2"},
    {FILE(ZONED "ORGANIZER:mailto:jane@example.org\nATTENDEE:mailto:jane@example.org\n"), C(Attendees), 0, NULL},
    /* Rules. */
    {FILE(ZONED "RRULE:FREQ=WEEKLY;INTERVAL=2\n"), C(Recurrence), C(DayOfWeek), "2"},
    {FILE(ZONED "RRULE:FREQ=WEEKLY;INTERVAL=2\n"), C(Recurrence), C(FirstDayOfWeek), "1"},
    {FILE(ZONED "RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR\n"), C(Recurrence), C(DayOfWeek), "62"},
    {FILE(ZONED "RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR\n"), C(Recurrence), C(Type), "1"},
    {FILE(ZONED "RRULE:FREQ=MONTHLY;BYDAY=1MO\n"), C(Recurrence), C(WeekOfMonth), "1"},
    {FILE("DTSTART;VALUE=DATE:20261130\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1\n"), C(Recurrence), C(DayOfMonth), "31"},
    {FILE("DTSTART;VALUE=DATE:20261130\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1\n"), C(Recurrence),
     C(WeekOfMonth), "5"},
    {FILE(ZONED "RRULE:FREQ=YEARLY\n"), C(Recurrence), C(MonthOfYear), "11"},
    {FILE(ZONED "RRULE:FREQ=DAILY;UNTIL=20261105\n"), C(Recurrence), C(Until), "20261105T225959Z"},
    {FILE(ZONED "RRULE:FREQ=DAILY;UNTIL=20261105T090000Z\n"), C(Recurrence), C(Until), "20261105T090000Z"},
    {FILE(DAYS "RRULE:FREQ=WEEKLY;UNTIL=20261130\n"), C(Recurrence), C(Until), "20261130T000000Z"},
    {FILE(ZONED "RRULE:FREQ=DAILY;COUNT=5\n"), C(Recurrence), C(Occurrences), "5"},
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(eas_node) data = edit_read(EAS_CALENDAR, values[i].file);
        const char *text = values[i].inner ? eas_node_text(eas_node_child(data, values[i].tag), values[i].inner)
                                           : eas_node_text(data, values[i].tag);
        if (g_strcmp0(text, values[i].text) != 0)
            fail_msg("%s: %s is %s, not %s", values[i].file, eas_tag_name(values[i].tag), text, values[i].text);
        for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
            struct file_context context = edit_context;
            context.version = versions[v];
            if (versions[v] < EAS_14_1 && strstr(values[i].file, "INTERVAL=2"))
                continue;
            g_autoptr(eas_node) mine = edit_read_as(EAS_CALENDAR, values[i].file, &context);
            g_autoptr(GPtrArray) commands = item_commands(EAS_CALENDAR, versions[v], NULL, mine, "client-uid");
            g_autoptr(eas_node) held = edit_server_apply(EAS_CALENDAR, versions[v], NULL, commands, mine);
            assert_untouched(EAS_CALENDAR, held, &context);
            if (i % 5 == v)
                assert_valid(EAS_CALENDAR, versions[v], commands);
        }
    }
}

#define RULE(rule) FILE(ZONED "RRULE:" rule "\n")

static const struct {
    const char *file, *says;
} refused[] = {
    {FILE("DTSTART:20261102T100000Z\nDTEND:20261102T090000Z\n"), "ends before it starts"},
    {FILE("DTSTART;VALUE=DATE:20261102\nDTEND:20261102T090000Z\n"), "begins on a day"},
    {FILE("DTSTART:20261102T090000Z\nDTEND;VALUE=DATE:20261103\n"), "ends on a day"},
    {FILE("DTSTART;VALUE=DATE:20261102T100000\n"), "VALUE=DATE"},
    {FILE("DTSTART;VALUE=DATE:20261102\nDURATION:PT3H\n"), "whole days"},
    {FILE("DTSTART;TZID=Mars/Olympus:20261102T100000\n"), "time zone Mars/Olympus is unknown"},
    {FILE("DTSTART:20261302T100000Z\n"), "DTSTART"},
    {FILE(""), "no start"},
    {CAL(EVENT(ZONED) "BEGIN:VEVENT\nUID:e2\nDTSTART:20261102T100000Z\nEND:VEVENT\n"), "two UIDs, e1 and e2"},
    {CAL(EVENT(ZONED) EVENT(ZONED)), "two events of one UID"},
    {CAL("METHOD:REPLY\n" EVENT(ZONED)), "METHOD:REPLY"},
    {CAL("METHOD:CANCEL\n" EVENT(ZONED)), "METHOD:CANCEL"},
    {CAL("BEGIN:VTODO\nUID:t\nEND:VTODO\n"), "holds a VTODO"},
    {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:2026", "ends inside VEVENT"},
    {"BEGIN:VEVENT\nEND:VEVENT\n", "begin with BEGIN:VCALENDAR"},
    {CAL(EVENT(ZONED)) CAL(EVENT(ZONED)), "more than one VCALENDAR"},
    {FILE(ZONED "RECURRENCE-ID:20261102T090000Z\n"), "without its series"},
    {CAL(EVENT(ZONED) EVENT(ZONED "RECURRENCE-ID:20261102T090000Z\n")), "does not recur"},
    {CAL(EVENT(ZONED "RRULE:FREQ=DAILY\n") EVENT(ZONED "RECURRENCE-ID:20261103T103000Z\n")),
     "that the rule does not have"},
    {CAL(EVENT(ZONED "RRULE:FREQ=DAILY\n") EVENT(ZONED "RECURRENCE-ID;RANGE=THISANDFUTURE:20261103T090000Z\n")),
     "THISANDFUTURE"},
    {CAL(EVENT(ZONED "RRULE:FREQ=DAILY\n") EVENT(ZONED "RECURRENCE-ID:20261103T090000Z\n")
             EVENT(ZONED "RECURRENCE-ID:20261103T090000Z\n")),
     "changed twice"},
    {RULE("FREQ=HOURLY"), "several times a day"},
    {RULE("FREQ=DAILY;BYHOUR=9,17"), "BYHOUR"},
    {RULE("FREQ=DAILY;INTERVAL=2;BYDAY=MO"), "INTERVAL and BYDAY"},
    {RULE("FREQ=DAILY;COUNT=1000"), "COUNT above 999"},
    {RULE("FREQ=WEEKLY;BYDAY=TU"), "its rule does not have"},
    {RULE("FREQ=MONTHLY;BYDAY=MO"), "BYDAY without a number"},
    {RULE("FREQ=MONTHLY;BYDAY=1MO,3MO"), "several weekdays with numbers"},
    {RULE("FREQ=MONTHLY;BYDAY=5MO"), "first to fourth and last"},
    {RULE("FREQ=MONTHLY;BYDAY=-2MO"), "first to fourth and last"},
    {RULE("FREQ=MONTHLY;BYMONTHDAY=2,16"), "several days of a month"},
    {RULE("FREQ=MONTHLY;BYMONTHDAY=-2"), "counted from the end"},
    {RULE("FREQ=MONTHLY;BYMONTHDAY=31"), "31st"},
    {RULE("FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=2"), "BYDAY with BYMONTHDAY"},
    {RULE("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,2"), "several BYSETPOS"},
    {RULE("FREQ=YEARLY;BYMONTH=1,11"), "several months"},
    {RULE("FREQ=YEARLY;BYWEEKNO=45"), "BYWEEKNO"},
    {RULE("FREQ=YEARLY;BYYEARDAY=306"), "BYYEARDAY"},
    {RULE("FREQ=YEARLY;BYDAY=1MO"), "BYMONTH is missing"},
    {RULE("FREQ=YEARLY;UNTIL=20251231T000000Z"), "before it starts"},
    {FILE(ZONED "RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY\n"), "several rules"},
    {FILE(ZONED "RDATE:20261105T090000Z\n"), "RDATE"},
    {FILE(ZONED "RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY\n"), "EXRULE"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *reason = edit_refusal(EAS_CALENDAR, refused[i].file, strlen(refused[i].file));
        if (!strstr(reason, refused[i].says))
            fail_msg("%s\nsays: %s", refused[i].file, reason);
    }
}

/* Before 14.1 a week begins on Sunday, and no element says otherwise. */
static void test_week_start(void **state)
{
    struct file_context context = edit_context;
    struct written written;
    char *reason;
    /* From Monday on, every second week: a Sunday is this week's, or with weeks from Sunday on the one after the next.
     */
    static const char parted[] = RULE("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU");
    static const char whole[] = RULE("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE");

    (void)state;
    context.version = EAS_14_0;
    assert_false(file_read(EAS_CALENDAR, parted, strlen(parted), &context, &written, &reason));
    assert_non_null(strstr(reason, "WKST"));
    g_free(reason);
    g_autoptr(eas_node) data = edit_read_as(EAS_CALENDAR, whole, &context);
    assert_null(eas_node_child(eas_node_child(data, C(Recurrence)), C(FirstDayOfWeek)));
}

/* A description of 200 kB goes there and back. */
static void test_large(void **state)
{
    g_autoptr(GString) file = g_string_new("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:e1\n" ZONED "DESCRIPTION:");

    (void)state;
    while (file->len < 200 << 10)
        g_string_append(file, "All work and no play\\, ");
    g_string_append(file, "\nEND:VEVENT\nEND:VCALENDAR\n");
    g_autoptr(eas_node) data = edit_read(EAS_CALENDAR, file->str);
    const char *text = eas_node_text(eas_node_child(data, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data);
    assert_true(strlen(text) > 190 << 10);
    assert_untouched(EAS_CALENDAR, data, &edit_context);
}

/* ---- series and their exceptions ---- */

#define WEEKLY ZONED "RRULE:FREQ=WEEKLY;COUNT=10\n"
#define CHANGED                                                                                                        \
    EVENT("RECURRENCE-ID;TZID=Europe/Berlin:20261109T100000\nDTSTART;TZID=Europe/Berlin:20261109T140000\n"             \
          "DTEND;TZID=Europe/Berlin:20261109T150000\n")
#define SERIES CAL(EVENT(WEEKLY "EXDATE;TZID=Europe/Berlin:20261116T100000\n") CHANGED)

static const struct eas_node *exception_of(const struct eas_node *data, const char *start)
{
    const struct eas_node *node = eas_node_child(eas_node_child(data, C(Exceptions)), C(Exception));

    for (; node; node = eas_node_next(node))
        if (!g_strcmp0(eas_node_text(node, C(ExceptionStartTime)), start))
            return node;
    return NULL;
}

static void test_exceptions(void **state)
{
    (void)state;
    g_autoptr(eas_node) data = edit_read(EAS_CALENDAR, SERIES);
    const struct eas_node *changed = exception_of(data, "20261109T090000Z");
    const struct eas_node *removed = exception_of(data, "20261116T090000Z");
    assert_string_equal(eas_node_text(changed, C(StartTime)), "20261109T130000Z");
    assert_null(eas_node_child(changed, C(Subject))); /* as in the series */
    assert_string_equal(eas_node_text(removed, C(Deleted)), "1");
    /* To leave out what is no occurrence changes nothing; a day means that day's. */
    g_autoptr(eas_node) other =
        edit_read(EAS_CALENDAR, CAL(EVENT(WEEKLY "EXDATE;VALUE=DATE:20261116\nEXDATE:20261117T090000Z\n") CHANGED));
    assert_same(EAS_CALENDAR, data, other, "EXDATE");
    /* No property: cleared. */
    g_autoptr(eas_node) cleared = edit_read(EAS_CALENDAR, CAL(EVENT(WEEKLY "LOCATION:Room\n") CHANGED));
    assert_string_equal(eas_node_text(exception_of(cleared, "20261109T090000Z"), C(Location)), "");
}

/* A zone that only the file knows, in a series with several changed occurrences. Catches: a look at the zones that
 * loses the place among the events. */
static void test_zone_of_exceptions(void **state)
{
    (void)state;
#define AT(day, id) "TZID=Head office:202611" day "T" id "0000\n"
    g_autoptr(eas_node) data =
        edit_read(EAS_CALENDAR, CAL(VTIMEZONE("Head office") EVENT("DTSTART;" AT("02", "10") "RRULE:FREQ=WEEKLY\n")
                                        EVENT("RECURRENCE-ID;" AT("09", "10") "DTSTART;" AT("09", "11"))
                                            EVENT("RECURRENCE-ID;" AT("16", "10") "DTSTART;" AT("16", "12"))));
    assert_string_equal(eas_node_text(exception_of(data, "20261109T150000Z"), C(StartTime)), "20261109T160000Z");
    assert_string_equal(eas_node_text(exception_of(data, "20261116T150000Z"), C(StartTime)), "20261116T170000Z");
}

/* Below 16.0 an occurrence says its times, changed or not: a server took one without to its series' first day. */
static void test_times_of_exceptions(void **state)
{
    static const struct {
        const char *file, *original, *start, *end;
    } rows[] = {
        {CAL(EVENT(WEEKLY "EXDATE;TZID=Europe/Berlin:20261116T100000\n")
                 EVENT("RECURRENCE-ID;TZID=Europe/Berlin:20261109T100000\nDTSTART;TZID=Europe/Berlin:20261109T100000\n"
                       "DTEND;TZID=Europe/Berlin:20261109T110000\nLOCATION:Room\n")),
         "20261109T090000Z", "20261109T090000Z", "20261109T100000Z"},
        {CAL(EVENT(DAYS "RRULE:FREQ=WEEKLY\n") EVENT("RECURRENCE-ID;VALUE=DATE:20261109\nDTSTART;VALUE=DATE:20261109\n"
                                                     "DTEND;VALUE=DATE:20261111\nLOCATION:Room\n")),
         "20261109T000000Z", "20261109T000000Z", "20261111T000000Z"},
        {SERIES, "20261109T090000Z", "20261109T130000Z", "20261109T140000Z"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) mine = edit_read(EAS_CALENDAR, rows[i].file);
        g_autoptr(GPtrArray) commands = item_commands(EAS_CALENDAR, EAS_14_1, NULL, mine, "client-uid");
        assert_int_equal(commands->len, 2);
        for (guint c = 0; c < commands->len; c++) {
            const struct item_command *command = commands->pdata[c];
            const struct eas_node *changed = exception_of(command->data, rows[i].original);
            const struct eas_node *removed = exception_of(command->data, "20261116T090000Z");
            assert_string_equal(eas_node_text(changed, C(StartTime)), rows[i].start);
            assert_string_equal(eas_node_text(changed, C(EndTime)), rows[i].end);
            assert_null(eas_node_child(removed, C(StartTime)));
        }
        assert_valid(EAS_CALENDAR, EAS_14_1, commands);
    }
}

/* Days as they are told: midnights of a home zone in the west, of UTC elsewhere; from 16.0 on dates. Catches: a day
 * that is another one for a server that goes by its user's zone. */
static void test_days_of_zones(void **state)
{
    static const struct {
        const char *home, *start, *removed, *changed, *until;
    } rows[] = {
        {NULL, "20261027T000000Z", "20261028T000000Z", "20261103T000000Z", "20261105T000000Z"},
        {"Europe/Berlin", "20261027T000000Z", "20261028T000000Z", "20261103T000000Z", "20261105T000000Z"},
        {"America/New_York", "20261027T040000Z", "20261028T040000Z", "20261103T050000Z", "20261105T050000Z"},
        {"Pacific/Honolulu", "20261027T100000Z", "20261028T100000Z", "20261103T100000Z", "20261105T100000Z"},
    };
    const char *file = CAL(EVENT("DTSTART;VALUE=DATE:20261027\nRRULE:FREQ=DAILY;UNTIL=20261105\n"
                                 "EXDATE;VALUE=DATE:20261028\n")
                               EVENT("RECURRENCE-ID;VALUE=DATE:20261103\nDTSTART;VALUE=DATE:20261103\nLOCATION:x\n"));

    (void)state;
    g_autoptr(eas_node) plain = edit_read(EAS_CALENDAR, file);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct file_context context = edit_context;
        context.home_zone = rows[i].home;
        g_autoptr(eas_node) mine = edit_read_as(EAS_CALENDAR, file, &context);
        assert_same(EAS_CALENDAR, plain, mine, rows[i].home);
        assert_untouched(EAS_CALENDAR, mine, &context);
        g_autoptr(GPtrArray) commands = item_commands(EAS_CALENDAR, EAS_14_1, NULL, mine, "client-uid");
        const struct eas_node *sent = ((const struct item_command *)commands->pdata[0])->data;
        assert_string_equal(eas_node_text(sent, C(StartTime)), rows[i].start);
        assert_string_equal(eas_node_text(eas_node_child(sent, C(Recurrence)), C(Until)), rows[i].until);
        assert_string_equal(eas_node_text(exception_of(sent, rows[i].removed), C(Deleted)), "1");
        assert_string_equal(eas_node_text(exception_of(sent, rows[i].changed), C(StartTime)), rows[i].changed);
        g_autoptr(GPtrArray) parts = item_commands(EAS_CALENDAR, EAS_16_1, NULL, mine, "client-uid");
        assert_int_equal(parts->len, 3);
        sent = ((const struct item_command *)parts->pdata[0])->data;
        assert_null(eas_node_child(sent, C(Timezone)));
        assert_string_equal(eas_node_text(sent, C(StartTime)), "20261027T000000Z");
        assert_string_equal(eas_node_text(eas_node_child(sent, C(Recurrence)), C(Until)), "20261105T000000Z");
        for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
            context.version = versions[v];
            g_autoptr(GPtrArray) adds = item_commands(EAS_CALENDAR, versions[v], NULL, mine, "client-uid");
            g_autoptr(eas_node) held = edit_server_apply(EAS_CALENDAR, versions[v], NULL, adds, mine);
            assert_same(EAS_CALENDAR, mine, held, eas_version_text(versions[v]));
            assert_untouched(EAS_CALENDAR, held, &context);
        }
    }
}

/* Follows an edit of base to mine at each version: the commands are valid, and the server then has mine. */
static void follow(const char *before, const char *after, const char *expected_16)
{
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        struct file_context context = edit_context;
        context.version = versions[v];
        g_autoptr(eas_node) was = edit_read_as(EAS_CALENDAR, before, &context);
        g_autoptr(eas_node) mine = edit_read_as(EAS_CALENDAR, after, &context);
        g_autoptr(GPtrArray) adds = item_commands(EAS_CALENDAR, versions[v], NULL, was, "client-uid");
        g_autoptr(eas_node) base = edit_server_apply(EAS_CALENDAR, versions[v], NULL, adds, was);
        assert_same(EAS_CALENDAR, was, base, "the Add");
        g_autoptr(GPtrArray) commands = item_commands(EAS_CALENDAR, versions[v], base, mine, NULL);
        g_autoptr(GString) told = g_string_new(NULL);
        for (guint i = 0; i < commands->len; i++) {
            const struct item_command *command = commands->pdata[i];
            g_string_append_printf(told, "%s%s%s", i ? " " : "", command->kind == ITEM_DELETE ? "-" : "",
                                   command->instance_id ? command->instance_id : "series");
        }
        assert_string_equal(told->str, versions[v] < EAS_16_0 ? "series" : expected_16);
        assert_valid(EAS_CALENDAR, versions[v], commands);
        g_autoptr(eas_node) held = edit_server_apply(EAS_CALENDAR, versions[v], base, commands, mine);
        g_autofree char *differs = edit_differences(EAS_CALENDAR, mine, held);
        if (*differs)
            fail_msg("%s: %s differs after the edit to\n%s", eas_version_text(versions[v]), differs, after);
    }
}

static void test_edits(void **state)
{
    (void)state;
    if (!shared_has("protocol/validate"))
        print_message("not checked against the schemas: they are not beside the repository\n");
    follow(FILE(ZONED), FILE(ZONED "LOCATION:Room\nCATEGORIES:x\n"), "series");
    follow(FILE(ZONED "LOCATION:Room\nCATEGORIES:x\nDESCRIPTION:y\n"), FILE(ZONED), "series");
    follow(FILE(ZONED), FILE(DAYS), "series");
    follow(FILE(ZONED "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\n"), FILE(ZONED), "series");
    follow(FILE(ZONED "ATTENDEE:mailto:bob@example.org\n"), FILE(ZONED), "series");
    follow(FILE(WEEKLY), FILE(ZONED), "series");
    follow(FILE(ZONED), SERIES, "series 20261109T090000Z -20261116T090000Z");
    /* One occurrence: moved, removed, put back as it was. */
    follow(FILE(WEEKLY), CAL(EVENT(WEEKLY) CHANGED), "20261109T090000Z");
    follow(FILE(WEEKLY), FILE(WEEKLY "EXDATE;TZID=Europe/Berlin:20261116T100000\n"), "-20261116T090000Z");
    follow(SERIES, FILE(WEEKLY "EXDATE;TZID=Europe/Berlin:20261116T100000\n"), "20261109T090000Z");
    /* One that was removed is back: the series anew, and the other exceptions after it. */
    follow(SERIES, CAL(EVENT(WEEKLY) CHANGED), "series 20261109T090000Z");
    /* The series gets a place, its changed occurrence keeps its own, which is none. */
    follow(SERIES, CAL(EVENT(WEEKLY "LOCATION:Room\nEXDATE;TZID=Europe/Berlin:20261116T100000\n") CHANGED),
           "series 20261109T090000Z");
    /* Another pattern takes every exception along. */
    follow(SERIES, CAL(EVENT(ZONED "RRULE:FREQ=WEEKLY;COUNT=12\nEXDATE;TZID=Europe/Berlin:20261116T100000\n") CHANGED),
           "series 20261109T090000Z -20261116T090000Z");
    follow(CAL(EVENT(DAYS "RRULE:FREQ=WEEKLY\n")), CAL(EVENT(DAYS "RRULE:FREQ=WEEKLY\nEXDATE;VALUE=DATE:20261109\n")),
           "-20261109T000000Z");
}

/* What a server of up to 14.1 gives is kept where no file shows it: a body in HTML, the UID, the days as its zone's
 * midnights. */
static void test_kept(void **state)
{
    (void)state;
    static const char blob[] =
        "xP///wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAF"
        "AAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAMAAAAFAAIAAAAAAAAAxP///w==";
    g_autoptr(eas_node) base = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    eas_node_add(base, C(Timezone), blob);
    eas_node_add(base, C(AllDayEvent), "1");
    eas_node_add(base, C(StartTime), "20261101T230000Z");
    eas_node_add(base, C(EndTime), "20261103T230000Z");
    eas_node_add(base, C(UID), "theirs");
    eas_node_add(base, C(MeetingStatus), "0");
    eas_node_add(base, C(OrganizerEmail), "jane@example.org");
    struct eas_node *body = eas_node_append(base, eas_node_new(TAG_AirSyncBase_Body, NULL));
    eas_node_add(body, TAG_AirSyncBase_Type, "2");
    eas_node_add(body, TAG_AirSyncBase_EstimatedDataSize, "13");
    eas_node_add(body, TAG_AirSyncBase_Data, "<p>one<p>two\n");
    struct eas_node *rule = eas_node_append(base, eas_node_new(C(Recurrence), NULL));
    eas_node_add(rule, C(Type), "1");
    eas_node_add(rule, C(Interval), "1");
    struct eas_node *list = eas_node_append(base, eas_node_new(C(Exceptions), NULL));
    struct eas_node *removed = eas_node_append(list, eas_node_new(C(Exception), NULL));
    eas_node_add(removed, C(ExceptionStartTime), "20261108T230000Z");
    eas_node_add(removed, C(Deleted), "1");
    assert_untouched(EAS_CALENDAR, base, &edit_context);

    g_autoptr(eas_node) mine =
        edit_read(EAS_CALENDAR, FILE(DAYS "RRULE:FREQ=WEEKLY\nEXDATE;VALUE=DATE:20261109\nDESCRIPTION:one\\ntwo\n"
                                          "EXDATE;VALUE=DATE:20261116\n"));
    g_autofree char *differs = edit_differences(EAS_CALENDAR, base, mine);
    assert_string_equal(differs, "Subject Exceptions");
    g_autoptr(GPtrArray) commands = item_commands(EAS_CALENDAR, EAS_14_1, base, mine, NULL);
    assert_int_equal(commands->len, 1);
    const struct eas_node *sent = ((struct item_command *)commands->pdata[0])->data;
    assert_string_equal(eas_node_text(sent, C(UID)), "theirs");
    assert_string_equal(eas_node_text(sent, C(Timezone)), blob);
    assert_string_equal(eas_node_text(sent, C(StartTime)), "20261101T230000Z");
    assert_string_equal(eas_node_text(eas_node_child(sent, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data),
                        "<p>one<p>two\n");
    assert_null(eas_node_child(eas_node_child(sent, TAG_AirSyncBase_Body), TAG_AirSyncBase_EstimatedDataSize));
    assert_non_null(exception_of(sent, "20261108T230000Z"));
    assert_non_null(exception_of(sent, "20261115T230000Z"));
    assert_same(EAS_CALENDAR, mine, sent, "the Change");
    assert_valid(EAS_CALENDAR, EAS_14_1, commands);
}

/* What no RRULE can say stays as the server has it, and is nothing that could be made anew. */
static void test_unsupported(void **state)
{
    (void)state;
    g_autoptr(eas_node) base = edit_read(EAS_CALENDAR, FILE(ZONED "LOCATION:here\n"));
    struct eas_node *rule = eas_node_append(base, eas_node_new(C(Recurrence), NULL));
    eas_node_add(rule, C(Type), "2");
    eas_node_add(rule, C(DayOfMonth), "3");
    eas_node_add(rule, C(CalendarType), "6");
    struct eas_node *list = eas_node_append(base, eas_node_new(C(Exceptions), NULL));
    struct eas_node *removed = eas_node_append(list, eas_node_new(C(Exception), NULL));
    eas_node_add(removed, C(ExceptionStartTime), "20261202T090000Z");
    eas_node_add(removed, C(Deleted), "1");
    assert_untouched(EAS_CALENDAR, base, &edit_context);
    g_autofree char *file = edit_file(EAS_CALENDAR, base, &edit_context);
    g_auto(GStrv) parts = g_strsplit(file, "LOCATION:here", 2);
    g_autofree char *edited = g_strjoinv("LOCATION:there", parts);
    g_autoptr(eas_node) mine = edit_read(EAS_CALENDAR, edited);
    g_autoptr(GPtrArray) commands = item_commands(EAS_CALENDAR, EAS_14_1, base, mine, NULL);
    assert_int_equal(commands->len, 1);
    const struct eas_node *sent = ((struct item_command *)commands->pdata[0])->data;
    assert_string_equal(eas_node_text(sent, C(Location)), "there");
    assert_string_equal(eas_node_text(eas_node_child(sent, C(Recurrence)), C(CalendarType)), "6");
    assert_non_null(exception_of(sent, "20261202T090000Z"));
    g_autoptr(GPtrArray) none = item_commands(EAS_CALENDAR, EAS_14_1, NULL, mine, "u");
    assert_int_equal(none->len, 0);
}

static void merged(const char *base_file, const char *mine_file, const char *theirs_file, const char *want_file,
                   const char *conflict)
{
    const char *property;
    g_autoptr(eas_node) base = edit_read(EAS_CALENDAR, base_file);
    g_autoptr(eas_node) mine = edit_read(EAS_CALENDAR, mine_file);
    g_autoptr(eas_node) theirs = edit_read(EAS_CALENDAR, theirs_file);
    g_autoptr(eas_node) result = item_merge(EAS_CALENDAR, base, mine, theirs, &property);

    if (conflict) {
        assert_null(result);
        assert_string_equal(property, conflict);
        return;
    }
    assert_non_null(result);
    g_autoptr(eas_node) want = edit_read(EAS_CALENDAR, want_file);
    assert_same(EAS_CALENDAR, want, result, "merged");
}

#define MOVED_16                                                                                                       \
    EVENT("RECURRENCE-ID;TZID=Europe/Berlin:20261123T100000\nDTSTART;TZID=Europe/Berlin:20261123T160000\n"             \
          "DTEND;TZID=Europe/Berlin:20261123T170000\n")

static void test_merge(void **state)
{
    (void)state;
    merged(FILE(ZONED), FILE(ZONED "LOCATION:a\n"), FILE(DAYS), FILE(DAYS "LOCATION:a\n"), NULL);
    merged(FILE(ZONED), FILE(ZONED "LOCATION:a\n"), FILE(ZONED "LOCATION:b\n"), NULL, "Location");
    merged(FILE(ZONED), FILE(ZONED "LOCATION:a\n"), FILE(ZONED "LOCATION:a\nCLASS:PRIVATE\n"),
           FILE(ZONED "LOCATION:a\nCLASS:PRIVATE\n"), NULL);
    /* Two occurrences are two properties, one is one. */
    merged(FILE(WEEKLY), CAL(EVENT(WEEKLY) CHANGED), CAL(EVENT(WEEKLY) MOVED_16), CAL(EVENT(WEEKLY) CHANGED MOVED_16),
           NULL);
    merged(CAL(EVENT(WEEKLY) CHANGED), CAL(EVENT(WEEKLY) CHANGED MOVED_16), FILE(WEEKLY), CAL(EVENT(WEEKLY) MOVED_16),
           NULL);
    merged(FILE(WEEKLY), CAL(EVENT(WEEKLY) CHANGED), FILE(WEEKLY "EXDATE;TZID=Europe/Berlin:20261109T100000\n"), NULL,
           "Exceptions");
    merged(FILE(WEEKLY), CAL(EVENT(WEEKLY) CHANGED), FILE(ZONED "RRULE:FREQ=DAILY\n"), NULL, "Exceptions");
    /* The series' place is theirs, the occurrence's is its own. */
    merged(CAL(EVENT(WEEKLY) CHANGED), CAL(EVENT(WEEKLY "PRIORITY:1\n") CHANGED),
           CAL(EVENT(WEEKLY "LOCATION:b\n") CHANGED), CAL(EVENT(WEEKLY "LOCATION:b\n") CHANGED), NULL);
}

/* Zones of equal rules are one, line ends and orders too; a single event's zone is how it is shown. */
static void test_same(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        const char *differs;
    } pairs[] = {
        {FILE(ZONED), FILE("DTSTART:20261102T090000Z\nDURATION:PT1H\n"), ""},
        {FILE("DTSTART;TZID=Europe/Berlin:20261102T100000\nRRULE:FREQ=DAILY\n"),
         FILE("DTSTART;TZID=Europe/Paris:20261102T100000\nRRULE:FREQ=DAILY\n"), ""},
        {FILE("DTSTART;TZID=Europe/Berlin:20261102T100000\nRRULE:FREQ=DAILY\n"),
         FILE("DTSTART:20261102T090000Z\nRRULE:FREQ=DAILY\n"), "Time"},
        {FILE(ZONED "CATEGORIES:a,b\n"), FILE(ZONED "CATEGORIES:b\nCATEGORIES:a,a\n"), ""},
        {FILE(ZONED "RRULE:FREQ=WEEKLY\n"), FILE(ZONED "RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;WKST=SU\n"), ""},
        {FILE(ZONED "RRULE:FREQ=DAILY;UNTIL=20261105T090000Z\n"), FILE(ZONED "RRULE:FREQ=DAILY;UNTIL=20261105\n"), ""},
        {FILE(ZONED "RRULE:FREQ=DAILY;UNTIL=20261105T085959Z\n"), FILE(ZONED "RRULE:FREQ=DAILY;UNTIL=20261105\n"),
         "Recurrence"},
        {FILE(ZONED "TRANSP:OPAQUE\nCLASS:PUBLIC\nX-FOO:1\nSEQUENCE:3\n"), FILE(ZONED), ""},
        {FILE(ZONED "ATTENDEE:mailto:a@x.y\nATTENDEE:mailto:b@x.y\n"),
         FILE(ZONED "ATTENDEE:MAILTO:B@x.y\nATTENDEE:mailto:a@x.y\n"), ""},
        {FILE(ZONED "ATTENDEE:mailto:a@x.y\n"), FILE(ZONED "ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:a@x.y\n"),
         "Attendees"},
        {FILE(ZONED "DESCRIPTION:a\n"), FILE(ZONED "DESCRIPTION:a \\n\n"), ""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(eas_node) one = edit_read(EAS_CALENDAR, pairs[i].one);
        g_autoptr(eas_node) other = edit_read(EAS_CALENDAR, pairs[i].other);
        g_autofree char *differs = edit_differences(EAS_CALENDAR, one, other);
        g_autofree char *mirrored = edit_differences(EAS_CALENDAR, other, one);
        if (strcmp(differs, pairs[i].differs) != 0 || strcmp(mirrored, pairs[i].differs) != 0)
            fail_msg("%s%s differ in '%s' and '%s', not in '%s'", pairs[i].one, pairs[i].other, differs, mirrored,
                     pairs[i].differs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_week_start),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_zone_of_exceptions),
        cmocka_unit_test(test_times_of_exceptions),
        cmocka_unit_test(test_days_of_zones),
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
