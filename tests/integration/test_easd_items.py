#!/usr/bin/env python3
"""What easd makes of calendar, contact, task and note files: every expected value is written out from
MS-ASCAL, MS-ASCNTC, MS-ASTASK, MS-ASNOTE and MS-ASDTYPE. Catches: a property that is missing or
means something else, a zone blob whose rules are not the zone's, a rule served as another rule, an
exception that names the wrong occurrence, and a file served although the protocol cannot say it."""
import base64
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from eas import Client, E, preference
from harness import equal, read, shared, test, truth, write

PLAIN = preference(1)


def calendar(*components, zone=""):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n%s%sEND:VCALENDAR\r\n" % (zone, "".join(components))


def component(kind, *lines):
    return "".join(line + "\r\n" for line in ("BEGIN:" + kind, "DTSTAMP:20260101T000000Z", *lines, "END:" + kind))


def event(*lines, uid="u1"):
    return component("VEVENT", "UID:" + uid, *lines)


def zoned(name, wall):
    return ";TZID=%s:%s" % (name, wall)


BERLIN = ("DTSTART;TZID=Europe/Berlin:20260907T090000", "DTEND;TZID=Europe/Berlin:20260907T100000")


class Shelf:
    """easd over a few files of one class, read at several versions."""

    def __init__(self, scratch, folder, files):
        for name, content in files.items():
            write(scratch.path("mailbox", folder, name), content)
        self.server = scratch.easd()
        self.folder, self.scratch = folder.split("/")[0], scratch

    def items(self, version="14.1", *options):
        client = Client(self.server.url, version=version, device="D" + version.replace(".", ""))
        self.scratch.callback(client.close)
        found, _ = client.read_all(client.folders()[self.folder], *(options or (PLAIN,)))
        return list(found.values())

    def log(self):
        return read(self.scratch.path("easd.log")).decode()


def one(scratch, folder, content, version="14.1"):
    ending = ".vcf" if folder == "Contacts" else ".ics"
    items = Shelf(scratch, folder, {"item" + ending: content}).items(version)
    equal(len(items), 1, "items")
    return items[0]


def values(item, *names):
    return {name: item.text(name) for name in names}


def blob(item):
    """The Timezone of MS-ASDTYPE 2.7.6 as (Bias, standard date, standard bias, daylight date, daylight bias)."""
    data = base64.b64decode(item.text("Timezone"))
    equal(len(data), 172)
    bias, = struct.unpack_from("<i", data, 0)
    standard = struct.unpack_from("<8H", data, 68)
    standard_bias, = struct.unpack_from("<i", data, 84)
    daylight = struct.unpack_from("<8H", data, 152)
    daylight_bias, = struct.unpack_from("<i", data, 168)
    return bias, standard[1:5], standard_bias, daylight[1:5], daylight_bias


@test
def an_event_has_its_properties(scratch):
    item = one(scratch, "Calendar", calendar(event(
        *BERLIN, "SUMMARY:Review\\, again", "LOCATION:Room 1", "DESCRIPTION:Line 1\\nLine 2", "CLASS:CONFIDENTIAL",
        "CATEGORIES:Work,Money", "TRANSP:TRANSPARENT", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H30M",
        "DESCRIPTION:x", "END:VALARM")))
    equal(values(item, "StartTime", "EndTime", "Subject", "Location", "Sensitivity", "BusyStatus", "Reminder", "UID",
                 "AllDayEvent", "DtStamp", "MeetingStatus"),
          {"StartTime": "20260907T070000Z", "EndTime": "20260907T080000Z", "Subject": "Review, again",
           "Location": "Room 1", "Sensitivity": "3", "BusyStatus": "0", "Reminder": "90", "UID": "u1",
           "AllDayEvent": "0", "DtStamp": "20260101T000000Z", "MeetingStatus": "0"})
    equal([c.value for c in item.all("Categories/Category")], ["Work", "Money"])
    equal(values(item.one("AirSyncBase:Body"), "Type", "Data"), {"Type": "1", "Data": "Line 1\nLine 2"})
    # Germany: UTC+1, summer time from the last Sunday of March, 2:00, to that of October, 3:00.
    equal(blob(item), (-60, (10, 0, 5, 3), 0, (3, 0, 5, 2), -60))


@test
def zones_are_told_by_their_rules(scratch):
    wanted = {
        "America/New_York": (300, (11, 0, 1, 2), 0, (3, 0, 2, 2), -60),
        "Australia/Sydney": (-600, (4, 0, 1, 3), 0, (10, 0, 1, 2), -60),
        "Asia/Kolkata": (-330, (0, 0, 0, 0), 0, (0, 0, 0, 0), 0),
        "Europe/London": (0, (10, 0, 5, 2), 0, (3, 0, 5, 1), -60),
        "Pacific/Auckland": (-720, (4, 0, 1, 3), 0, (9, 0, 5, 2), -60),
        "Europe/Dublin": (0, (10, 0, 5, 2), 0, (3, 0, 5, 1), -60),
    }
    files = {zone.replace("/", "-") + ".ics": calendar(event("SUMMARY:" + zone, "DTSTART" + zoned(zone, "20260701T120000"),
                                                             uid=zone)) for zone in wanted}
    items = Shelf(scratch, "Calendar", files).items()
    equal({i.text("Subject"): blob(i) for i in items}, wanted)


@test
def a_zone_of_the_files_own_is_used(scratch):
    zone = component("VTIMEZONE", "TZID:Here", "BEGIN:STANDARD", "DTSTART:19701101T020000", "TZOFFSETFROM:-0530",
                     "TZOFFSETTO:-0630", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SA", "END:STANDARD", "BEGIN:DAYLIGHT",
                     "DTSTART:19700301T020000", "TZOFFSETFROM:-0630", "TZOFFSETTO:-0530",
                     "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=3MO", "END:DAYLIGHT").replace("DTSTAMP:20260101T000000Z\r\n", "")
    item = one(scratch, "Calendar", calendar(event("DTSTART;TZID=Here:20260701T120000"), zone=zone))
    equal(item.text("StartTime"), "20260701T173000Z")
    equal(blob(item), (390, (11, 6, 1, 2), 0, (4, 1, 3, 2), -60))


@test
def rules_of_another_time_describe_another_time(scratch):
    """The United States moved summer time in 2007: a single event keeps the rules of its year."""
    shelf = Shelf(scratch, "Calendar", {
        "a.ics": calendar(event("SUMMARY:old", "DTSTART" + zoned("America/New_York", "20000701T120000"))),
        "b.ics": calendar(event("SUMMARY:series", "DTSTART" + zoned("America/New_York", "20000703T120000"),
                                "RRULE:FREQ=WEEKLY", uid="u2"))})
    blobs = {i.text("Subject"): blob(i) for i in shelf.items()}
    equal(blobs["old"], (300, (10, 0, 5, 2), 0, (4, 0, 1, 2), -60))
    equal(blobs["series"], (300, (11, 0, 1, 2), 0, (3, 0, 2, 2), -60), "a series that goes on has today's")


@test
def whole_days_differ_by_generation(scratch):
    files = {"utc.ics": calendar(event("SUMMARY:utc", "DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260703")),
             "zone.ics": calendar(event("SUMMARY:zone", "DTSTART;VALUE=DATE:20260701", uid="u2"), zone=component(
                 "VTIMEZONE", "TZID:Plus2", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0200",
                 "TZOFFSETTO:+0200", "END:STANDARD").replace("DTSTAMP:20260101T000000Z\r\n", ""))}
    shelf = Shelf(scratch, "Calendar", files)
    old = {i.text("Subject"): i for i in shelf.items("14.1")}
    equal(values(old["utc"], "StartTime", "EndTime", "AllDayEvent"),
          {"StartTime": "20260701T000000Z", "EndTime": "20260703T000000Z", "AllDayEvent": "1"})
    equal(values(old["zone"], "StartTime", "EndTime"), {"StartTime": "20260630T220000Z", "EndTime": "20260701T220000Z"})
    equal(blob(old["zone"])[0], -120)
    new = {i.text("Subject"): i for i in shelf.items("16.1")}
    equal(values(new["zone"], "StartTime", "EndTime", "Timezone"),
          {"StartTime": "20260701T000000Z", "EndTime": "20260702T000000Z", "Timezone": None})


@test
def every_kind_of_rule_has_its_type(scratch):
    start = "DTSTART:%s"
    rules = {
        "FREQ=DAILY;INTERVAL=3": ("20260105T090000Z", {"Type": "0", "Interval": "3"}),
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR": ("20260105T090000Z", {"Type": "1", "Interval": "1", "DayOfWeek": "62"}),
        "FREQ=WEEKLY;COUNT=10": ("20260105T090000Z", {"Type": "1", "Interval": "1", "DayOfWeek": "2", "Occurrences": "10"}),
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU": (
            "20260105T090000Z", {"Type": "1", "Interval": "2", "DayOfWeek": "3", "FirstDayOfWeek": "0"}),
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU": (
            "20260105T090000Z", {"Type": "1", "Interval": "2", "DayOfWeek": "3", "FirstDayOfWeek": "1"}),
        "FREQ=MONTHLY;UNTIL=20270105T090000Z": (
            "20260105T090000Z", {"Type": "2", "Interval": "1", "DayOfMonth": "5", "Until": "20270105T090000Z"}),
        "FREQ=MONTHLY;BYMONTHDAY=-1": ("20260131T090000Z", {"Type": "3", "Interval": "1", "DayOfWeek": "127", "WeekOfMonth": "5"}),
        "FREQ=MONTHLY;BYDAY=2TU": ("20260113T090000Z", {"Type": "3", "Interval": "1", "DayOfWeek": "4", "WeekOfMonth": "2"}),
        "FREQ=MONTHLY;BYDAY=-1FR;INTERVAL=2": (
            "20260130T090000Z", {"Type": "3", "Interval": "2", "DayOfWeek": "32", "WeekOfMonth": "5"}),
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1": (
            "20260101T090000Z", {"Type": "3", "Interval": "1", "DayOfWeek": "62", "WeekOfMonth": "1"}),
        "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=-1": (
            "20260131T090000Z", {"Type": "3", "Interval": "1", "DayOfWeek": "65", "WeekOfMonth": "5"}),
        "FREQ=YEARLY": ("20260105T090000Z", {"Type": "5", "Interval": "1", "DayOfMonth": "5", "MonthOfYear": "1"}),
        "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH": (
            "20261126T090000Z", {"Type": "6", "Interval": "1", "DayOfWeek": "16", "WeekOfMonth": "4", "MonthOfYear": "11"}),
    }
    files = {"%02d.ics" % i: calendar(event("SUMMARY:" + rule.replace(";", "\\;").replace(",", "\\,"), start % first,
                                            "RRULE:" + rule, uid="r%d" % i))
             for i, (rule, (first, _)) in enumerate(rules.items())}
    shelf = Shelf(scratch, "Calendar", files)
    got = {i.text("Subject"): {e.name: e.value for e in i.one("Recurrence").children} for i in shelf.items()}
    for rule, (_, wanted) in rules.items():
        equal(got.get(rule), wanted, rule)


@test
def a_rule_that_only_later_versions_can_say(scratch):
    """Before 14.1 weeks begin on Sunday: on this rule, that is another series."""
    shelf = Shelf(scratch, "Calendar", {"a.ics": calendar(event(
        "DTSTART:20260105T090000Z", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU"))})
    equal([len(shelf.items(v)) for v in ("14.1", "14.0", "16.1", "12.1", "14.1")], [1, 0, 1, 0, 1])
    equal(shelf.log().count("not served: Calendar/a.ics: it needs version 14.1"), 1)


@test
def what_cannot_be_said_is_not_served_and_named(scratch):
    base = "DTSTART:20260105T090000Z"
    refused = {
        "hourly": (base, "RRULE:FREQ=HOURLY"),
        "two-rules": (base, "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"),
        "rdate": (base, "RRULE:FREQ=DAILY", "RDATE:20260106T120000Z"),
        "two-months": (base, "RRULE:FREQ=YEARLY;BYMONTH=1,7"),
        "some-months": (base, "RRULE:FREQ=MONTHLY;BYMONTH=1,2"),
        "two-days": (base, "RRULE:FREQ=MONTHLY;BYMONTHDAY=5,20"),
        "thirteenth": ("DTSTART:20260213T090000Z", "RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13"),
        "last-but-one": ("DTSTART:20260119T090000Z", "RRULE:FREQ=MONTHLY;BYDAY=-2MO"),
        "fifth": ("DTSTART:20260330T090000Z", "RRULE:FREQ=MONTHLY;BYDAY=5MO"),
        "thirty-first": ("DTSTART:20260131T090000Z", "RRULE:FREQ=MONTHLY"),
        "leap-day": ("DTSTART:20240229T090000Z", "RRULE:FREQ=YEARLY"),
        "week-number": (base, "RRULE:FREQ=YEARLY;BYWEEKNO=2"),
        "year-day": (base, "RRULE:FREQ=YEARLY;BYYEARDAY=5"),
        "hours": (base, "RRULE:FREQ=DAILY;BYHOUR=9,15"),
        "thousand": (base, "RRULE:FREQ=DAILY;COUNT=1000"),
        "off-beat": (base, "RRULE:FREQ=WEEKLY;BYDAY=TU"),
        "floating": ("DTSTART:20260105T090000",),
        "no-zone": ("DTSTART;TZID=Nowhere/At-All:20260105T090000",),
        "no-start": ("SUMMARY:x",),
        "backwards": (base, "DTEND:20260105T080000Z"),
        "orphan": (base, "RECURRENCE-ID:20260105T090000Z"),
    }
    files = {name + ".ics": calendar(event(*lines, uid=name)) for name, lines in refused.items()}
    files["two-uids.ics"] = calendar(event(base, uid="a"), event(base, uid="b"))
    files["later-all.ics"] = calendar(event(base, "RRULE:FREQ=DAILY"), event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260107T090000Z", "DTSTART:20260107T100000Z"))
    files["no-such.ics"] = calendar(event(base, "RRULE:FREQ=WEEKLY"), event(
        "RECURRENCE-ID:20260107T090000Z", "DTSTART:20260107T100000Z"))
    files["junk.ics"] = "hello"
    files["task.ics"] = calendar(component("VTODO", "UID:t", "SUMMARY:a task"))
    files["latin.ics"] = calendar(event(base)).encode().replace(b"u1", b"\xe9")
    shelf = Shelf(scratch, "Calendar", {**files, "good.ics": calendar(event(base, "SUMMARY:good", uid="good"))})
    equal([i.text("Subject") for i in shelf.items()], ["good"])
    log = shelf.log()
    for name in files:
        truth("easd: not served: Calendar/%s: " % name in log, name + " is not named in the log")
    equal(log.count("not served"), len(files), "each once")


@test
def exceptions_say_what_differs(scratch):
    content = calendar(
        event(*BERLIN, "SUMMARY:Weekly", "LOCATION:A", "DESCRIPTION:Long", "RRULE:FREQ=WEEKLY",
              "EXDATE;TZID=Europe/Berlin:20260914T090000,20261102T090000", "EXDATE;TZID=Europe/Berlin:20260915T090000"),
        event("RECURRENCE-ID;TZID=Europe/Berlin:20261026T090000", "DTSTART;TZID=Europe/Berlin:20261026T110000",
              "DTEND;TZID=Europe/Berlin:20261026T120000", "SUMMARY:Weekly", "DESCRIPTION:Short"))
    shelf = Shelf(scratch, "Calendar", {"a.ics": content})
    item = shelf.items("14.1")[0]
    rows = {e.text("ExceptionStartTime"): {c.name: c.text("Data") if c.name == "Body" else c.value
                                          for c in e.children if c.name != "ExceptionStartTime"}
            for e in item.all("Exceptions/Exception")}
    equal(rows, {"20260914T070000Z": {"Deleted": "1"}, "20261102T080000Z": {"Deleted": "1"},
                 "20261026T080000Z": {"StartTime": "20261026T100000Z", "EndTime": "20261026T110000Z", "Location": None,
                                      "Body": "Short"}})
    new = shelf.items("16.1")[0]
    equal(sorted(e.text("AirSyncBase:InstanceId") for e in new.all("Exceptions/Exception")), sorted(rows))


@test
def whole_day_exceptions_are_named_by_their_generation(scratch):
    zone = component("VTIMEZONE", "TZID:Plus2", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0200",
                     "TZOFFSETTO:+0200", "END:STANDARD").replace("DTSTAMP:20260101T000000Z\r\n", "")
    shelf = Shelf(scratch, "Calendar", {"a.ics": calendar(
        event("DTSTART;VALUE=DATE:20260701", "RRULE:FREQ=DAILY;COUNT=5", "EXDATE;VALUE=DATE:20260703"), zone=zone)})
    equal(shelf.items("14.1")[0].text("Exceptions/Exception/ExceptionStartTime"), "20260702T220000Z")
    equal(shelf.items("16.1")[0].text("Exceptions/Exception/InstanceId"), "20260703T000000Z")


@test
def meetings_say_who_comes(scratch):
    people = ("ORGANIZER;CN=Boss:mailto:boss@example.test",
              "ATTENDEE;CN=Alice;PARTSTAT=TENTATIVE;RSVP=TRUE:mailto:alice@example.test",
              "ATTENDEE;CN=\"Smith, B\";ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED:MAILTO:b@example.test",
              "ATTENDEE;CUTYPE=ROOM;PARTSTAT=DECLINED:mailto:room@example.test", "ATTENDEE:mailto:d@example.test")
    shelf = Shelf(scratch, "Calendar", {
        "a.ics": calendar(event(*BERLIN, "SUMMARY:invited", *people, uid="a")),
        "b.ics": calendar(event(*BERLIN, "SUMMARY:mine", "ORGANIZER:mailto:alice@example.test", people[2], uid="b")),
        "c.ics": calendar(event(*BERLIN, "SUMMARY:off", "STATUS:CANCELLED", *people, uid="c"))})
    items = {i.text("Subject"): i for i in shelf.items()}
    equal(values(items["invited"], "OrganizerName", "OrganizerEmail", "MeetingStatus", "ResponseRequested", "ResponseType"),
          {"OrganizerName": "Boss", "OrganizerEmail": "boss@example.test", "MeetingStatus": "3",
           "ResponseRequested": "1", "ResponseType": "2"})
    equal([tuple(a.text(n) for n in ("Email", "Name", "AttendeeStatus", "AttendeeType"))
           for a in items["invited"].all("Attendees/Attendee")],
          [("alice@example.test", "Alice", "2", "1"), ("b@example.test", "Smith, B", "3", "2"),
           ("room@example.test", "room@example.test", "4", "3"), ("d@example.test", "d@example.test", "5", "1")])
    equal(values(items["mine"], "MeetingStatus", "ResponseType"), {"MeetingStatus": "1", "ResponseType": "1"})
    equal(items["off"].text("MeetingStatus"), "7")


@test
def a_place_is_a_container_from_16_on(scratch):
    shelf = Shelf(scratch, "Calendar", {"a.ics": calendar(event(
        *BERLIN, "LOCATION:Tower", "GEO:52.5;13.4", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"))})
    old, new = shelf.items("14.1")[0], shelf.items("16.0")[0]
    equal((old.text("Calendar:Location"), old.one("AirSyncBase:Location"), old.text("BusyStatus")), ("Tower", None, "2"))
    equal(values(new.one("AirSyncBase:Location"), "DisplayName", "Latitude", "Longitude"),
          {"DisplayName": "Tower", "Latitude": "52.500000", "Longitude": "13.400000"})
    equal((new.one("Calendar:Location"), new.text("BusyStatus")), (None, "4"))


@test
def what_hangs_on_an_event_is_fetched_by_reference(scratch):
    content = bytes(range(256)) * 10
    shelf = Shelf(scratch, "Calendar", {"a.ics": calendar(event(
        *BERLIN, "ATTACH:https://example.test/elsewhere",
        "ATTACH;FMTTYPE=image/png;FILENAME=plan.png;ENCODING=BASE64;VALUE=BINARY:" + base64.b64encode(content).decode()))})
    equal(shelf.items("14.1")[0].one("Attachments"), None, "before 16.0")
    rows = shelf.items("16.1")[0].all("Attachments/Attachment")
    equal([values(r, "DisplayName", "Method", "EstimatedDataSize") for r in rows],
          [{"DisplayName": "plan.png", "Method": "1", "EstimatedDataSize": "2560"}])
    client = Client(shelf.server.url, version="16.1")
    scratch.callback(client.close)

    def fetch(reference, span=None):
        return client.ask("ItemOperations", E("ItemOperations:ItemOperations", E(
            "Fetch", E("Store", "Mailbox"), E("AirSyncBase:FileReference", reference),
            E("Options", E("Range", span)) if span else None))).one("Response/Fetch")

    reference = rows[0].text("FileReference")
    whole = fetch(reference)
    equal(values(whole, "Status", "FileReference", "Properties/ContentType"),
          {"Status": "1", "FileReference": reference, "Properties/ContentType": "image/png"})
    equal(base64.b64decode(whole.text("Properties/Data")), content)
    part = fetch(reference, "2550-9999")
    equal(values(part.one("Properties"), "Range", "Total"), {"Range": "2550-2559", "Total": "2560"})
    equal(base64.b64decode(part.text("Properties/Data")), content[2550:])
    equal([fetch(reference, "2560-2561").text("Status"), fetch(reference, "5-2").text("Status")], ["8", "8"])
    equal([fetch(r).text("Status") for r in (reference[:-1] + "0", reference[:-1] + "7", "7:x:1", "")], ["15"] * 4)


@test
def a_calendars_past_leaves_by_filter(scratch):
    shelf = Shelf(scratch, "Calendar", {
        "old.ics": calendar(event("SUMMARY:old", "DTSTART:20100101T090000Z", uid="a")),
        "ended.ics": calendar(event("SUMMARY:ended", "DTSTART:20100101T090000Z", "RRULE:FREQ=DAILY;COUNT=5", uid="b")),
        "goes-on.ics": calendar(event("SUMMARY:goes on", "DTSTART:20100101T090000Z", "RRULE:FREQ=DAILY", uid="c")),
        "future.ics": calendar(event("SUMMARY:future", "DTSTART:20400101T090000Z", uid="d"))})
    items = shelf.items("14.1", E("FilterType", "4"))
    equal(sorted(i.text("Subject") for i in items), ["future", "goes on"])


@test
def a_card_has_its_properties(scratch):
    item = one(scratch, "Contacts", "\r\n".join((
        "BEGIN:VCARD", "VERSION:3.0", "FN:Dr. Jane Q. Doe", "N:Doe;Jane;Quinn;Dr.;Jr.", "ORG:Acme\\, Inc.;Pumps",
        "TITLE:Engineer", "NICKNAME:JD", "EMAIL;TYPE=INTERNET:second@example.test",
        "EMAIL;TYPE=INTERNET,PREF:first@example.test", "TEL;TYPE=CELL:1", "TEL;TYPE=WORK,VOICE:2", "TEL;TYPE=WORK:3",
        "TEL;TYPE=HOME:4", "TEL;TYPE=WORK,FAX:5", "TEL;TYPE=HOME;TYPE=FAX:6", "TEL;TYPE=PAGER:7", "TEL;TYPE=CAR:8",
        "ADR;TYPE=WORK:Box 1;;1 Main St;Town;State;12345;Land", "ADR;TYPE=HOME:;;2 Side\\; St;Village;;;",
        "ADR:;;3;;;;", "URL:https://example.test/", "BDAY:1980-02-29", "X-ANNIVERSARY:20050604", "X-SPOUSE:Jim",
        "X-CHILD:Ann", "X-CHILD:Bob", "IMPP:xmpp:jane@example.test", "CATEGORIES:A,B\\,C", "NOTE:One\\nTwo",
        "item1.X-EAS-FILE-AS:Doe\\, Jane", "PHOTO;ENCODING=b;TYPE=JPEG:" + base64.b64encode(b"\xff\xd8jpeg").decode(),
        "END:VCARD", "")))
    wanted = {"FileAs": "Doe, Jane", "LastName": "Doe", "FirstName": "Jane", "MiddleName": "Quinn", "Title": "Dr.",
              "Suffix": "Jr.", "CompanyName": "Acme, Inc.", "Department": "Pumps", "JobTitle": "Engineer",
              "Contacts2:NickName": "JD", "Email1Address": "first@example.test", "Email2Address": "second@example.test",
              "MobilePhoneNumber": "1", "BusinessPhoneNumber": "2", "Business2PhoneNumber": "3", "HomePhoneNumber": "4",
              "BusinessFaxNumber": "5", "HomeFaxNumber": "6", "PagerNumber": "7", "CarPhoneNumber": "8",
              "BusinessAddressStreet": "Box 1\n1 Main St", "BusinessAddressCity": "Town", "BusinessAddressState": "State",
              "BusinessAddressPostalCode": "12345", "BusinessAddressCountry": "Land", "HomeAddressStreet": "2 Side; St",
              "HomeAddressCity": "Village", "OtherAddressStreet": "3", "WebPage": "https://example.test/",
              "Birthday": "1980-02-29T11:59:00.000Z", "Anniversary": "2005-06-04T11:59:00.000Z", "Spouse": "Jim",
              "Contacts2:IMAddress": "xmpp:jane@example.test", "Picture": base64.b64encode(b"\xff\xd8jpeg").decode()}
    equal(values(item, *wanted), wanted)
    equal([c.value for c in item.all("Children/Child")], ["Ann", "Bob"])
    equal([c.value for c in item.all("Categories/Category")], ["A", "B,C"])
    equal(item.text("AirSyncBase:Body/Data"), "One\nTwo")


@test
def cards_of_every_generation_are_read(scratch):
    shelf = Shelf(scratch, "Contacts", {
        "21.vcf": "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6rg\r\n"
                  "FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:J=F6rg =\r\nM=FCller\r\nTEL;CELL:1\r\nEND:VCARD\r\n",
        "40.vcf": "BEGIN:VCARD\nVERSION:4.0\nFN:Four\nTEL;VALUE=uri;TYPE=\"cell,voice\":tel:+1-2\nRELATED;TYPE=spouse;"
                  "VALUE=text:Sam\nANNIVERSARY:20100102\nEND:VCARD\n",
        "fold.vcf": "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Long\r\n  name\r\nEND:VCARD\r\n",
        "two.vcf": "BEGIN:VCARD\r\nFN:A\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:B\r\nEND:VCARD\r\n",
        "none.vcf": "hello", "group.vcf": "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:G\r\nEND:VCARD\r\n"})
    items = {i.text("FileAs"): i for i in shelf.items()}
    equal(sorted(items), ["Four", "J\u00f6rg M\u00fcller", "Long name"])
    equal(values(items["J\u00f6rg M\u00fcller"], "LastName", "FirstName", "MobilePhoneNumber"),
          {"LastName": "M\u00fcller", "FirstName": "J\u00f6rg", "MobilePhoneNumber": "1"})
    equal(values(items["Four"], "MobilePhoneNumber", "Spouse", "Anniversary"),
          {"MobilePhoneNumber": "+1-2", "Spouse": "Sam", "Anniversary": "2010-01-02T11:59:00.000Z"})
    equal(shelf.log().count("not served"), 3)


@test
def a_task_has_its_properties(scratch):
    item = one(scratch, "Tasks", calendar(component(
        "VTODO", "UID:t", "SUMMARY:File it", "DESCRIPTION:All of it", "PRIORITY:1", "CLASS:PRIVATE", "CATEGORIES:A",
        "DTSTART;TZID=Europe/Berlin:20260907T090000", "DUE;TZID=Europe/Berlin:20260908T170000",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=7;COUNT=3", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "END:VALARM")))
    wanted = {"Subject": "File it", "Importance": "2", "Sensitivity": "2", "Complete": "0", "ReminderSet": "1",
              "ReminderTime": "2026-09-07T06:45:00.000Z", "UtcStartDate": "2026-09-07T07:00:00.000Z",
              "StartDate": "2026-09-07T09:00:00.000Z", "UtcDueDate": "2026-09-08T15:00:00.000Z",
              "DueDate": "2026-09-08T17:00:00.000Z", "Categories/Category": "A", "Recurrence/Type": "2",
              "Recurrence/DayOfMonth": "7", "Recurrence/Occurrences": "3",
              "Recurrence/Start": "2026-09-07T07:00:00.000Z", "AirSyncBase:Body/Data": "All of it"}
    equal(values(item, *wanted), wanted)


@test
def done_tasks_leave_by_filter(scratch):
    shelf = Shelf(scratch, "Tasks", {
        "a.ics": calendar(component("VTODO", "UID:a", "SUMMARY:open", "DUE;VALUE=DATE:20260101")),
        "b.ics": calendar(component("VTODO", "UID:b", "SUMMARY:done", "STATUS:COMPLETED", "COMPLETED:20260102T030405Z"))})
    items = {i.text("Subject"): i for i in shelf.items()}
    equal(values(items["done"], "Complete", "DateCompleted"),
          {"Complete": "1", "DateCompleted": "2026-01-02T03:04:05.000Z"})
    equal(items["open"].text("DueDate"), "2026-01-01T00:00:00.000Z")
    equal([i.text("Subject") for i in shelf.items("14.0", E("FilterType", "8"))], ["open"])


@test
def a_note_has_its_properties(scratch):
    shelf = Shelf(scratch, "Notes", {"n.ics": calendar(component(
        "VJOURNAL", "UID:n", "SUMMARY:Ideas", "DESCRIPTION:One\\nTwo", "CATEGORIES:Home", "LAST-MODIFIED:20260203T040506Z"))})
    wanted = {"Subject": "Ideas", "MessageClass": "IPM.StickyNote", "LastModifiedDate": "2026-02-03T04:05:06.000Z",
              "Categories/Category": "Home", "AirSyncBase:Body/Data": "One\nTwo"}
    equal(values(shelf.items()[0], *wanted), wanted)
    client = Client(shelf.server.url, version="12.1")
    answer = client.sync(client.collection("9", "0"))
    equal(answer.text("Collections/Collection/Status"), "4", "notes came with 14.0")


@test
def every_file_of_the_corpus_is_served_or_named(scratch):
    count = {}
    for folder, ending, kind in (("Calendar", ".ics", "ics"), ("Contacts", ".vcf", "vcf"), ("Tasks", ".ics", "ics"),
                                 ("Notes", ".ics", "ics")):
        for root, _, names in os.walk(shared("corpus/" + kind)):
            for name in names:
                if name.endswith(ending):
                    write(scratch.path("mailbox", folder, os.path.basename(root), name), read(os.path.join(root, name)))
                    count[folder] = count.get(folder, 0) + 1
    client = Client(scratch.easd().url, version="16.1")
    served = {}
    for path, ident in client.folders().items():
        items, _ = client.read_all(ident, PLAIN, window=512)
        kind = path.split("/")[0]
        served[kind] = served.get(kind, 0) + len(items)
        for item in items.values():
            truth(item.children, "an item without properties in " + path)
    log = read(scratch.path("easd.log")).decode(errors="replace")
    for kind, total in count.items():
        equal(served[kind] + log.count("not served: %s/" % kind), total, kind)
    truth(served["Calendar"] > 500 and served["Contacts"] > 200 and served["Tasks"] > 20, "few were served: %r" % served)


if __name__ == "__main__":
    harness.main()
