/* Series and their occurrences. Catches: a changed occurrence that loses what it does not say, a
 * RECURRENCE-ID or EXDATE that names none, an hour that shifts when clocks turn. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/event_data.h"
#include "tests/unit/shared.h"

/* The second VEVENT and all after it. */
static const char *after_master(const char *text)
{
    const char *end = strstr(text, "END:VEVENT\r\n");
    assert_non_null(end);
    return end;
}

static void occurrences_of_14_1(void **state)
{
    (void)state;
    g_autoptr(eas_node) data =
        build((struct element[ELEMENTS]){START,
                                         END,
                                         {1, TAG_Calendar_Timezone, BERLIN},
                                         {1, TAG_Calendar_Subject, "Standup"},
                                         {1, TAG_Calendar_Location, "Room 5"},
                                         {1, TAG_Calendar_UID, "series"},
                                         {1, TAG_Calendar_Recurrence, NULL},
                                         {2, TAG_Calendar_Type, "1"},
                                         {2, TAG_Calendar_DayOfWeek, "2"},
                                         {1, TAG_Calendar_Exceptions, NULL},
                                         {2, TAG_Calendar_Exception, NULL},
                                         {3, TAG_Calendar_Deleted, "1"},
                                         {3, TAG_Calendar_ExceptionStartTime, "20261109T090000Z"},
                                         {2, TAG_Calendar_Exception, NULL},
                                         {3, TAG_Calendar_ExceptionStartTime, "20261116T090000Z"},
                                         {3, TAG_Calendar_Subject, "Standup, late"},
                                         {3, TAG_Calendar_StartTime, "20261116T140000Z"},
                                         {3, TAG_Calendar_EndTime, "20261116T143000Z"},
                                         {2, TAG_Calendar_Exception, NULL},
                                         {3, TAG_Calendar_ExceptionStartTime, "20270705T080000Z"},
                                         {3, TAG_Calendar_Location, NULL},
                                         {2, TAG_Calendar_Exception, NULL},
                                         {3, TAG_Calendar_Subject, "of no occurrence"}});
    g_autofree char *text = translate(data, &plain);
    assert_true(has_line(text, "EXDATE;TZID=Europe/Berlin:20261109T100000"));
    const char *moved = after_master(text);
    assert_true(has_line(moved,
                         "BEGIN:VEVENT\r\nUID:series\r\nDTSTAMP:20261102T090000Z\r\n"
                         "RECURRENCE-ID;TZID=Europe/Berlin:20261116T100000\r\n"
                         "DTSTART;TZID=Europe/Berlin:20261116T150000\r\nDTEND;TZID=Europe/Berlin:20261116T153000\r\n"
                         "SUMMARY:Standup\\, late\r\nLOCATION:Room 5\r\nEND:VEVENT"));
    /* In summer the same wall clock hour is another one in UTC; an empty element clears. */
    const char *summer = after_master(moved + 1);
    assert_true(has_line(summer,
                         "RECURRENCE-ID;TZID=Europe/Berlin:20270705T100000\r\n"
                         "DTSTART;TZID=Europe/Berlin:20270705T100000\r\nDTEND;TZID=Europe/Berlin:20270705T110000\r\n"
                         "SUMMARY:Standup\r\nEND:VEVENT"));
    assert_null(strstr(text, "of no occurrence"));
}

static void occurrences_of_16_1(void **state)
{
    (void)state;
    struct file_context context = plain;
    context.version = EAS_16_1;
    g_autoptr(eas_node) data = build((struct element[ELEMENTS]){{1, TAG_Calendar_AllDayEvent, "1"},
                                                                {1, TAG_Calendar_StartTime, "20260701T000000Z"},
                                                                {1, TAG_Calendar_EndTime, "20260702T000000Z"},
                                                                {1, TAG_Calendar_Recurrence, NULL},
                                                                {2, TAG_Calendar_Type, "0"},
                                                                {1, TAG_Calendar_Exceptions, NULL},
                                                                {2, TAG_Calendar_Exception, NULL},
                                                                {3, TAG_AirSyncBase_InstanceId, "20260703T000000Z"},
                                                                {3, TAG_Calendar_Deleted, "1"},
                                                                {2, TAG_Calendar_Exception, NULL},
                                                                {3, TAG_AirSyncBase_InstanceId, "20260705T000000Z"},
                                                                {3, TAG_AirSyncBase_Location, NULL},
                                                                {4, TAG_AirSyncBase_DisplayName, "Elsewhere"},
                                                                {2, TAG_Calendar_Exception, NULL},
                                                                {3, TAG_AirSyncBase_InstanceId, "20260706T000000Z"},
                                                                {3, TAG_Calendar_AllDayEvent, "0"},
                                                                {3, TAG_Calendar_StartTime, "20260706T090000Z"},
                                                                {3, TAG_Calendar_EndTime, "20260706T100000Z"}});
    g_autofree char *text = translate(data, &context);
    assert_true(has_line(text, "EXDATE;VALUE=DATE:20260703"));
    assert_true(has_line(text, "RECURRENCE-ID;VALUE=DATE:20260705\r\nDTSTART;VALUE=DATE:20260705\r\n"
                               "DTEND;VALUE=DATE:20260706\r\nLOCATION:Elsewhere"));
    assert_true(
        has_line(text, "RECURRENCE-ID;VALUE=DATE:20260706\r\nDTSTART:20260706T090000Z\r\nDTEND:20260706T100000Z"));
}

static void exceptions_of_what_does_not_recur_delete_nothing(void **state)
{
    (void)state;
    g_autoptr(eas_node) data =
        build((struct element[ELEMENTS]){START,
                                         {1, TAG_Calendar_Recurrence, NULL},
                                         {2, TAG_Calendar_Type, "77"},
                                         {1, TAG_Calendar_Exceptions, NULL},
                                         {2, TAG_Calendar_Exception, NULL},
                                         {3, TAG_Calendar_Deleted, "1"},
                                         {3, TAG_Calendar_ExceptionStartTime, "20261102T090000Z"}});
    g_autofree char *text = translate(data, &plain);
    assert_null(strstr(text, "EXDATE"));
}

/* Application data as a server library recorded it for its own tests. */
static void recorded_events(void **state)
{
    (void)state;
    static const struct {
        const char *file, *lines[4];
    } vectors[] = {
        {"horde-allday-appointment",
         {"DTSTART;VALUE=DATE:19700320", "DTEND;VALUE=DATE:19700321", "SUMMARY:Test Event"}},
        {"horde-dst",
         {"DTSTART;TZID=America/New_York:20111001T150000", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SA;WKST=SU",
          "DESCRIPTION:Event Description", "LOCATION:Philadelphia\\, PA"}},
        {"horde-simpleexception",
         {"DTSTART;TZID=America/New_York:20111201T150000", "EXDATE;TZID=America/New_York:20111229T150000",
          "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;WKST=SU", "CLASS:X-PERSONAL"}},
    };
    SKIP_WITHOUT(shared_has("protocol/vectors"), "protocol/vectors");
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        g_autofree char *name = g_strdup_printf("protocol/vectors/applicationdata-fragment-%s.wbxml", vectors[i].file);
        g_autoptr(GBytes) bytes = shared_file(name);
        assert_non_null(bytes);
        g_autoptr(eas_node) data = eas_node_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);
        assert_non_null(data);
        g_autofree char *text = translate(data, &plain);
        for (size_t j = 0; j < 4 && vectors[i].lines[j]; j++)
            if (!has_line(text, vectors[i].lines[j]))
                fail_msg("%s: no %s in\n%s", vectors[i].file, vectors[i].lines[j], text);
    }
}

struct seen {
    time_t times[64];
    int count;
};

static void see(icalcomponent *component, struct icaltime_span *span, void *data)
{
    (void)component;
    struct seen *seen = data;
    if (seen->count < 64)
        seen->times[seen->count++] = span->start;
}

/* A weekly series at 09:00 where its zone is, whatever UTC makes of it: the offset is taken from the
 * system's tz database, not from ours. */
static void a_series_keeps_its_hour_when_clocks_turn(void **state)
{
    (void)state;
    static const struct {
        const char *blob, *zone, *start;
    } series[] = {
        {BERLIN, "Europe/Berlin", "20260302T080000Z"},
        {EASTERN, "America/New_York", "20260302T140000Z"},
        {SYDNEY, "Australia/Sydney", "20260301T220000Z"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(series); i++) {
        g_autoptr(eas_node) data = build((struct element[ELEMENTS]){{1, TAG_Calendar_StartTime, series[i].start},
                                                                    {1, TAG_Calendar_Timezone, series[i].blob},
                                                                    {1, TAG_Calendar_Recurrence, NULL},
                                                                    {2, TAG_Calendar_Type, "1"},
                                                                    {2, TAG_Calendar_DayOfWeek, "2"},
                                                                    {2, TAG_Calendar_Occurrences, "60"}});
        g_autofree char *text = translate(data, &plain);
        icalcomponent *calendar = icalparser_parse_string(text);
        icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
        struct seen seen = {{0}, 0};
        icalcomponent_foreach_recurrence(event, icaltime_from_string("20260101T000000Z"),
                                         icaltime_from_string("20280101T000000Z"), see, &seen);
        assert_int_equal(seen.count, 60);
        g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(series[i].zone);
        assert_non_null(zone);
        for (int j = 0; j < seen.count; j++) {
            g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(seen.times[j]);
            g_autoptr(GDateTime) wall = g_date_time_to_timezone(utc, zone);
            assert_int_equal(g_date_time_get_hour(wall), 9);
            assert_int_equal(g_date_time_get_day_of_week(wall), 1);
        }
        icalcomponent_free(calendar);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(occurrences_of_14_1),
        cmocka_unit_test(occurrences_of_16_1),
        cmocka_unit_test(exceptions_of_what_does_not_recur_delete_nothing),
        cmocka_unit_test(recorded_events),
        cmocka_unit_test(a_series_keeps_its_hour_when_clocks_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
