/* Events to VEVENT. Catches: an element that comes out as another property or not at all, times in
 * the wrong zone or on the wrong day, occurrences that lose their series, what libical cannot read,
 * output that differs from one time to the next, values that break out of their line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/event_data.h"

#define ATTENDEE(email, name, status, type)                                                                            \
    {2, TAG_Calendar_Attendee, NULL}, {3, TAG_Calendar_Email, email}, {3, TAG_Calendar_Name, name},                    \
        {3, TAG_Calendar_AttendeeStatus, status},                                                                      \
    {                                                                                                                  \
        3, TAG_Calendar_AttendeeType, type                                                                             \
    }

/* For each: the lines that must be there, and what must not begin a line. */
static const struct row {
    const char *what;
    enum eas_version version; /* 0: 14.1 */
    struct element elements[ELEMENTS];
    const char *lines[8];
    const char *absent;
} rows[] = {
    /* times */
    {"times in UTC", 0, {START, END}, {"DTSTART:20261102T090000Z", "DTEND:20261102T100000Z"}, "BEGIN:VTIMEZONE"},
    {"a zone of zeros is UTC",
     0,
     {START, END, {1, TAG_Calendar_Timezone, ZEROS}},
     {"DTSTART:20261102T090000Z"},
     "BEGIN:VTIMEZONE"},
    {"a zone",
     0,
     {START, END, {1, TAG_Calendar_Timezone, BERLIN}},
     {"DTSTART;TZID=Europe/Berlin:20261102T100000", "DTEND;TZID=Europe/Berlin:20261102T110000", "TZID:Europe/Berlin"}},
    {"summer there is not summer here",
     0,
     {{1, TAG_Calendar_StartTime, "20260115T220000Z"}, {1, TAG_Calendar_Timezone, SYDNEY}},
     {"DTSTART;TZID=Australia/Sydney:20260116T090000"}},
    {"a zone of its own",
     0,
     {START, END, {1, TAG_Calendar_Timezone, NOWHERE}},
     {"DTSTART;TZID=UTC+0520:20261102T142000", "TZID:UTC+0520", "TZOFFSETTO:+0520"}},
    {"times with dashes", 0, {{1, TAG_Calendar_StartTime, "2026-11-02T09:00:00.000Z"}}, {"DTSTART:20261102T090000Z"}},
    {"no end", 0, {START}, {"DTSTART:20261102T090000Z"}, "DTEND"},
    {"no length", 0, {START, {1, TAG_Calendar_EndTime, "20261102T090000Z"}}, {"DTSTART:20261102T090000Z"}, "DTEND"},
    {"an end before the start", 0, {START, {1, TAG_Calendar_EndTime, "20261101T090000Z"}}, {NULL}, "DTEND"},
    {"an end that is no date", 0, {START, {1, TAG_Calendar_EndTime, "tomorrow"}}, {NULL}, "DTEND"},
    {"the first 02:30 of the night that has two",
     0,
     {{1, TAG_Calendar_StartTime, "20261025T003000Z"}, {1, TAG_Calendar_Timezone, BERLIN}},
     {"DTSTART;TZID=Europe/Berlin:20261025T023000"}},
    {"the second 02:30",
     0,
     {{1, TAG_Calendar_StartTime, "20261025T013000Z"}, {1, TAG_Calendar_Timezone, BERLIN}},
     {"DTSTART:20261025T013000Z"},
     "BEGIN:VTIMEZONE"},
    {"1601",
     0,
     {{1, TAG_Calendar_StartTime, "16010101T000000Z"}, {1, TAG_Calendar_Timezone, EASTERN}},
     {"DTSTART;TZID=UTC-0500-0400_03W2D0T0200_11W1D0T0200:16001231T190000"}},
    {"4501",
     0,
     {{1, TAG_Calendar_StartTime, "45010101T000000Z"}, {1, TAG_Calendar_Timezone, BERLIN}},
     {"DTSTART;TZID=Europe/Berlin:45010101T010000"}},
    /* days */
    {"a day, midnight in its zone",
     0,
     {{1, TAG_Calendar_AllDayEvent, "1"},
      {1, TAG_Calendar_StartTime, "20260630T220000Z"},
      {1, TAG_Calendar_EndTime, "20260701T220000Z"},
      {1, TAG_Calendar_Timezone, BERLIN}},
     {"DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260702"},
     "BEGIN:VTIMEZONE"},
    {"three days west of Greenwich, over the end of saving",
     0,
     {{1, TAG_Calendar_AllDayEvent, "1"},
      {1, TAG_Calendar_StartTime, "20261031T040000Z"},
      {1, TAG_Calendar_EndTime, "20261103T050000Z"},
      {1, TAG_Calendar_Timezone, EASTERN}},
     {"DTSTART;VALUE=DATE:20261031", "DTEND;VALUE=DATE:20261103"}},
    {"a day whose zone was not told",
     0,
     {{1, TAG_Calendar_AllDayEvent, "1"},
      {1, TAG_Calendar_StartTime, "20260630T220000Z"},
      {1, TAG_Calendar_EndTime, "20260701T220000Z"},
      {1, TAG_Calendar_Timezone, ZEROS}},
     {"DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260702"}},
    {"a floating day of 16.1",
     EAS_16_1,
     {{1, TAG_Calendar_AllDayEvent, "1"},
      {1, TAG_Calendar_StartTime, "20260701T000000Z"},
      {1, TAG_Calendar_EndTime, "20260702T000000Z"}},
     {"DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260702"}},
    {"a day that ends as it starts is one day",
     0,
     {{1, TAG_Calendar_AllDayEvent, "1"},
      {1, TAG_Calendar_StartTime, "20260701T000000Z"},
      {1, TAG_Calendar_EndTime, "20260701T000000Z"}},
     {"DTSTART;VALUE=DATE:20260701"},
     "DTEND"},
    {"a day that ends a second early",
     0,
     {{1, TAG_Calendar_AllDayEvent, "1"},
      {1, TAG_Calendar_StartTime, "20260701T000000Z"},
      {1, TAG_Calendar_EndTime, "20260701T235959Z"}},
     {"DTEND;VALUE=DATE:20260702"}},
    /* identity */
    {"no UID, no DtStamp",
     0,
     {START},
     {"UID:urn:uuid:00000000-0000-5000-8000-000000000000", "DTSTAMP:20261102T090000Z"}},
    {"UID and DtStamp",
     0,
     {START, {1, TAG_Calendar_UID, "040000008200E000"}, {1, TAG_Calendar_DtStamp, "20260101T010203Z"}},
     {"UID:040000008200E000", "DTSTAMP:20260101T010203Z"}},
    {"an empty UID", 0, {START, {1, TAG_Calendar_UID, ""}}, {"UID:urn:uuid:00000000-0000-5000-8000-000000000000"}},
    /* text */
    {"subject",
     0,
     {START, {1, TAG_Calendar_Subject, "Budget; review, part 2"}},
     {"SUMMARY:Budget\\; review\\, part 2"}},
    {"no subject", 0, {START}, {NULL}, "SUMMARY"},
    {"a subject that would be a property",
     0,
     {START, {1, TAG_Calendar_Subject, "x\r\nATTENDEE:mailto:eve@example.org"}},
     {"SUMMARY:x\\nATTENDEE:mailto:eve@example.org"},
     "ATTENDEE"},
    {"a subject of emoji",
     0,
     {START,
      {1, TAG_Calendar_Subject,
       "\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600"
       "\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600"
       "\U0001f600"}},
     {"SUMMARY:\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600"
      "\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600"
      "\U0001f600"}},
    {"location", 0, {START, {1, TAG_Calendar_Location, "Room 5"}}, {"LOCATION:Room 5"}},
    {"the location of 16.1",
     EAS_16_1,
     {START,
      {1, TAG_AirSyncBase_Location, NULL},
      {2, TAG_AirSyncBase_DisplayName, "Caf\u00e9"},
      {2, TAG_AirSyncBase_Street, "1 High St"},
      {2, TAG_AirSyncBase_City, "York"},
      {2, TAG_AirSyncBase_Annotation, "upstairs"},
      {2, TAG_AirSyncBase_LocationUri, "https://example.org/cafe"},
      {2, TAG_AirSyncBase_Latitude, "53.96"},
      {2, TAG_AirSyncBase_Longitude, "-1.0803"}},
     {"LOCATION:Caf\u00e9", "X-EAS-LOCATION-ADDRESS:1 High St\\, York", "X-EAS-LOCATION-ANNOTATION:upstairs",
      "X-EAS-LOCATION-URI:https://example.org/cafe", "GEO:53.960000;-1.080300"}},
    {"a location of address alone",
     EAS_16_1,
     {START,
      {1, TAG_AirSyncBase_Location, NULL},
      {2, TAG_AirSyncBase_City, "York"},
      {2, TAG_AirSyncBase_Country, "UK"}},
     {"LOCATION:York\\, UK"},
     "X-EAS-LOCATION-ADDRESS"},
    {"places that are none",
     EAS_16_1,
     {START,
      {1, TAG_AirSyncBase_Location, NULL},
      {2, TAG_AirSyncBase_Latitude, "1e300"},
      {2, TAG_AirSyncBase_Longitude, "nan"}},
     {NULL},
     "GEO"},
    {"body",
     0,
     {START, {1, TAG_AirSyncBase_Body, NULL}, {2, TAG_AirSyncBase_Type, "1"}, {2, TAG_AirSyncBase_Data, "one\r\ntwo"}},
     {"DESCRIPTION:one\\ntwo"}},
    {"HTML",
     0,
     {START,
      {1, TAG_AirSyncBase_Body, NULL},
      {2, TAG_AirSyncBase_Type, "2"},
      {2, TAG_AirSyncBase_Data, "<p>one</p><p>two</p>"}},
     {"DESCRIPTION:one\\ntwo", "X-ALT-DESC;FMTTYPE=text/html:<p>one</p><p>two</p>"}},
    {"the body of 2.5", EAS_2_5, {START, {1, TAG_Calendar_Body, "old"}}, {"DESCRIPTION:old"}},
    {"categories",
     0,
     {START, {1, TAG_Calendar_Categories, NULL}, {2, TAG_Calendar_Category, "Work"}, {2, TAG_Calendar_Category, "a,b"}},
     {"CATEGORIES:Work,a\\,b"}},
    {"no categories", 0, {START, {1, TAG_Calendar_Categories, NULL}}, {NULL}, "CATEGORIES"},
    /* status */
    {"normal", 0, {START, {1, TAG_Calendar_Sensitivity, "0"}}, {NULL}, "CLASS"},
    {"personal", 0, {START, {1, TAG_Calendar_Sensitivity, "1"}}, {"CLASS:X-PERSONAL"}},
    {"private", 0, {START, {1, TAG_Calendar_Sensitivity, "2"}}, {"CLASS:PRIVATE"}},
    {"confidential", 0, {START, {1, TAG_Calendar_Sensitivity, "3"}}, {"CLASS:CONFIDENTIAL"}},
    {"a sensitivity of no kind", 0, {START, {1, TAG_Calendar_Sensitivity, "99999999999999999999"}}, {NULL}, "CLASS"},
    {"free", 0, {START, {1, TAG_Calendar_BusyStatus, "0"}}, {"TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"}},
    {"tentative",
     0,
     {START, {1, TAG_Calendar_BusyStatus, "1"}, {1, TAG_Calendar_MeetingStatus, "0"}},
     {"TRANSP:OPAQUE", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "STATUS:TENTATIVE"}},
    {"busy",
     0,
     {START, {1, TAG_Calendar_BusyStatus, "2"}, {1, TAG_Calendar_MeetingStatus, "0"}},
     {"TRANSP:OPAQUE", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"},
     "STATUS"},
    {"out of office",
     0,
     {START, {1, TAG_Calendar_BusyStatus, "3"}},
     {"TRANSP:OPAQUE", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"}},
    {"elsewhere", 0, {START, {1, TAG_Calendar_BusyStatus, "4"}}, {"X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"}},
    {"a busy status of no kind", 0, {START, {1, TAG_Calendar_BusyStatus, "-1"}}, {NULL}, "TRANSP"},
    {"meeting", 0, {START, {1, TAG_Calendar_MeetingStatus, "1"}}, {"STATUS:CONFIRMED"}},
    {"meeting received", 0, {START, {1, TAG_Calendar_MeetingStatus, "3"}}, {"STATUS:CONFIRMED"}},
    {"meeting cancelled", 0, {START, {1, TAG_Calendar_MeetingStatus, "5"}}, {"STATUS:CANCELLED"}},
    {"received and cancelled", 0, {START, {1, TAG_Calendar_MeetingStatus, "7"}}, {"STATUS:CANCELLED"}},
    {"the same with the eighth bit", 0, {START, {1, TAG_Calendar_MeetingStatus, "15"}}, {"STATUS:CANCELLED"}},
    {"reply time",
     0,
     {START, {1, TAG_Calendar_AppointmentReplyTime, "20261001T080000Z"}},
     {"X-MICROSOFT-CDO-REPLYTIME:20261001T080000Z"}},
    {"no counter proposals",
     0,
     {START, {1, TAG_Calendar_DisallowNewTimeProposal, "1"}},
     {"X-MICROSOFT-DISALLOW-COUNTER:TRUE"}},
    /* people */
    {"organizer of a meeting",
     0,
     {START,
      {1, TAG_Calendar_MeetingStatus, "3"},
      {1, TAG_Calendar_OrganizerName, "Doe, John"},
      {1, TAG_Calendar_OrganizerEmail, "john@example.org"}},
     {"ORGANIZER;CN=\"Doe, John\":mailto:john@example.org"}},
    {"owner of an appointment",
     0,
     {START, {1, TAG_Calendar_MeetingStatus, "0"}, {1, TAG_Calendar_OrganizerEmail, "jane@example.org"}},
     {NULL},
     "ORGANIZER"},
    {"own meeting without an organizer",
     0,
     {START, {1, TAG_Calendar_MeetingStatus, "1"}},
     {"ORGANIZER:mailto:jane@example.org"}},
    {"an organizer with a scheme",
     0,
     {START, {1, TAG_Calendar_MeetingStatus, "3"}, {1, TAG_Calendar_OrganizerEmail, "MAILTO:john@example.org"}},
     {"ORGANIZER:mailto:john@example.org"}},
    {"an organizer without an address",
     0,
     {START,
      {1, TAG_Calendar_MeetingStatus, "3"},
      {1, TAG_Calendar_OrganizerName, "John"},
      {1, TAG_Calendar_OrganizerEmail, ""}},
     {"ORGANIZER;CN=John:invalid:nomail"}},
    {"attendees",
     0,
     {START,
      {1, TAG_Calendar_Attendees, NULL},
      ATTENDEE("a@example.org", "A", "3", "1"),
      ATTENDEE("b@example.org", "B \"b\"", "2", "2"),
      ATTENDEE("room@example.org", "Room 5", "4", "3"),
      ATTENDEE("/O=ORG/CN=X", "X", "5", "9")},
     {"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=A:mailto:a@example.org",
      "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=TENTATIVE;CN=B ^'b^':mailto:b@example.org",
      "ATTENDEE;CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT;PARTSTAT=DECLINED;CN=Room 5:mailto:room@example.org",
      "ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=X:invalid:nomail"}},
    {"an answer is asked for",
     0,
     {START,
      {1, TAG_Calendar_ResponseRequested, "1"},
      {1, TAG_Calendar_Attendees, NULL},
      ATTENDEE("a@example.org", "A", "0", "1"),
      ATTENDEE("b@example.org", "B", "3", "1")},
     {"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=A:mailto:a@example.org",
      "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=B:mailto:b@example.org"}},
    {"the own answer",
     0,
     {START,
      {1, TAG_Calendar_ResponseType, "3"},
      {1, TAG_Calendar_MeetingStatus, "3"},
      {1, TAG_Calendar_Attendees, NULL},
      ATTENDEE("Jane@Example.org", "Jane", "0", "1"),
      ATTENDEE("b@example.org", "B", "0", "1")},
     {"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Jane:mailto:Jane@Example.org",
      "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CN=B:mailto:b@example.org"}},
    {"not responded is no acceptance",
     0,
     {START,
      {1, TAG_Calendar_ResponseType, "5"},
      {1, TAG_Calendar_MeetingStatus, "3"},
      {1, TAG_Calendar_Attendees, NULL},
      ATTENDEE("jane@example.org", "Jane", "3", "1")},
     {"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CN=Jane:mailto:jane@example.org"}},
    {"invited by way of a group",
     0,
     {START,
      {1, TAG_Calendar_ResponseType, "4"},
      {1, TAG_Calendar_MeetingStatus, "3"},
      {1, TAG_Calendar_Attendees, NULL},
      ATTENDEE("group@example.org", "All", "0", "1")},
     {"ATTENDEE;PARTSTAT=DECLINED:mailto:jane@example.org"}},
    {"the organizer does not attend by that",
     0,
     {START, {1, TAG_Calendar_ResponseType, "1"}, {1, TAG_Calendar_MeetingStatus, "1"}},
     {NULL},
     "ATTENDEE"},
    {"an address that would be a property",
     0,
     {START, {1, TAG_Calendar_Attendees, NULL}, ATTENDEE("a@b\r\nX-EVIL:1", "a\";X=\"b", "0", "1")},
     {NULL},
     "X-EVIL"},
    /* the rest */
    {"reminder",
     0,
     {START, {1, TAG_Calendar_Subject, "Standup"}, {1, TAG_Calendar_Reminder, "15"}},
     {"BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Standup"}},
    {"reminder at the start", 0, {START, {1, TAG_Calendar_Reminder, "0"}}, {"TRIGGER:PT0S", "DESCRIPTION:Reminder"}},
    {"no reminder", 0, {START, {1, TAG_Calendar_Reminder, NULL}}, {NULL}, "BEGIN:VALARM"},
    {"a negative reminder", 0, {START, {1, TAG_Calendar_Reminder, "-5"}}, {NULL}, "BEGIN:VALARM"},
    {"a reminder before the flood", 0, {START, {1, TAG_Calendar_Reminder, "4294967295"}}, {NULL}, "BEGIN:VALARM"},
    {"online meeting",
     0,
     {START,
      {1, TAG_Calendar_OnlineMeetingConfLink, "conf:sip:jane@example.org;gruu"},
      {1, TAG_Calendar_OnlineMeetingExternalLink, "https://meet.example.org/x"}},
     {"CONFERENCE;VALUE=URI:conf:sip:jane@example.org;gruu", "URL:https://meet.example.org/x"}},
    {"attachments",
     EAS_16_1,
     {START,
      {1, TAG_AirSyncBase_Attachments, NULL},
      {2, TAG_AirSyncBase_Attachment, NULL},
      {3, TAG_AirSyncBase_DisplayName, "agenda, v2.pdf"},
      {3, TAG_AirSyncBase_FileReference, "5%3a1"},
      {3, TAG_AirSyncBase_EstimatedDataSize, "1234"},
      {3, TAG_AirSyncBase_ContentType, "application/pdf"},
      {2, TAG_AirSyncBase_Attachment, NULL},
      {3, TAG_AirSyncBase_DisplayName, "b.txt"}},
     {"X-EAS-ATTACHMENT;FMTTYPE=application/pdf;SIZE=1234:agenda\\, v2.pdf", "X-EAS-ATTACHMENT:b.txt"}},
    /* series */
    {"a weekly series",
     0,
     {START,
      END,
      {1, TAG_Calendar_Timezone, BERLIN},
      {1, TAG_Calendar_Recurrence, NULL},
      {2, TAG_Calendar_Type, "1"},
      {2, TAG_Calendar_Interval, "1"},
      {2, TAG_Calendar_DayOfWeek, "2"},
      {2, TAG_Calendar_Until, "20261228T090000Z"}},
     {"DTSTART;TZID=Europe/Berlin:20261102T100000", "RRULE:FREQ=WEEKLY;UNTIL=20261228T090000Z;BYDAY=MO"}},
    {"a series of days",
     0,
     {{1, TAG_Calendar_AllDayEvent, "1"},
      {1, TAG_Calendar_StartTime, "20260630T220000Z"},
      {1, TAG_Calendar_EndTime, "20260701T220000Z"},
      {1, TAG_Calendar_Timezone, BERLIN},
      {1, TAG_Calendar_Recurrence, NULL},
      {2, TAG_Calendar_Type, "0"},
      {2, TAG_Calendar_Until, "20261231T230000Z"}},
     {"DTSTART;VALUE=DATE:20260701", "RRULE:FREQ=DAILY;UNTIL=20270101"}},
    {"a series of floating days",
     EAS_16_0,
     {{1, TAG_Calendar_AllDayEvent, "1"},
      {1, TAG_Calendar_StartTime, "20260701T000000Z"},
      {1, TAG_Calendar_EndTime, "20260702T000000Z"},
      {1, TAG_Calendar_Recurrence, NULL},
      {2, TAG_Calendar_Type, "0"},
      {2, TAG_Calendar_Until, "20261231T000000Z"}},
     {"DTSTART;VALUE=DATE:20260701", "RRULE:FREQ=DAILY;UNTIL=20261231"}},
    {"days until the last second of one",
     0,
     {{1, TAG_Calendar_AllDayEvent, "1"},
      {1, TAG_Calendar_StartTime, "20260701T000000Z"},
      {1, TAG_Calendar_Recurrence, NULL},
      {2, TAG_Calendar_Type, "0"},
      {2, TAG_Calendar_Until, "20261231T235959Z"}},
     {"RRULE:FREQ=DAILY;UNTIL=20261231"}},
    {"a recurrence of an unknown type",
     0,
     {START, {1, TAG_Calendar_Recurrence, NULL}, {2, TAG_Calendar_Type, "9"}},
     {"X-EAS-RECURRENCE-UNSUPPORTED:the recurrence's Type is 9\\, which is unknown"},
     "RRULE"},
    {"an empty recurrence", 0, {START, {1, TAG_Calendar_Recurrence, NULL}}, {NULL}, "RRULE"},
};

static void every_element_has_its_property(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct file_context context = plain;
        if (rows[i].version)
            context.version = rows[i].version;
        g_autoptr(eas_node) data = build(rows[i].elements);
        g_autofree char *text = translate(data, &context);
        for (size_t j = 0; j < G_N_ELEMENTS(rows[i].lines) && rows[i].lines[j]; j++)
            if (!has_line(text, rows[i].lines[j]))
                fail_msg("%s: no %s in\n%s", rows[i].what, rows[i].lines[j], text);
        g_autofree char *absent = g_strconcat("\r\n", rows[i].absent, NULL);
        if (rows[i].absent && strstr(text, absent))
            fail_msg("%s: %s in\n%s", rows[i].what, rows[i].absent, text);
        g_autofree char *again = translate(data, &context);
        assert_string_equal(text, again);
    }
}

static void the_whole_of_a_simple_event(void **state)
{
    (void)state;
    g_autoptr(eas_node) data = build((struct element[ELEMENTS]){
        START, END, {1, TAG_Calendar_Subject, "Lunch"}, {1, TAG_Calendar_UID, "1"}, {1, TAG_Calendar_BusyStatus, "2"}});
    g_autofree char *text = translate(data, &plain);
    assert_string_equal(text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//easfs//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
                              "DTSTAMP:20261102T090000Z\r\nDTSTART:20261102T090000Z\r\nDTEND:20261102T100000Z\r\n"
                              "SUMMARY:Lunch\r\nTRANSP:OPAQUE\r\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\n"
                              "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

static void an_event_without_a_start_is_refused(void **state)
{
    (void)state;
    static const char *const starts[] = {NULL, "", "soon", "20261302T090000Z", "99999999999999"};
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
        if (starts[i])
            eas_node_add(data, TAG_Calendar_StartTime, starts[i]);
        g_autofree char *reason = NULL;
        assert_null(file_from_event(data, &plain, &reason));
        assert_string_equal(reason, "the event has no start");
    }
}

static void home_is_where_a_zone_is_ambiguous(void **state)
{
    (void)state;
    struct file_context context = plain;
    context.home_zone = "Europe/Vienna";
    g_autoptr(eas_node) data = build((struct element[ELEMENTS]){START, {1, TAG_Calendar_Timezone, BERLIN}});
    g_autofree char *text = translate(data, &context);
    assert_true(has_line(text, "DTSTART;TZID=Europe/Vienna:20261102T100000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_has_its_property),
        cmocka_unit_test(the_whole_of_a_simple_event),
        cmocka_unit_test(an_event_without_a_start_is_refused),
        cmocka_unit_test(home_is_where_a_zone_is_ambiguous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
