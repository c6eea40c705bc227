#!/usr/bin/env python3
"""Events written by Sync, each generation in its own way: whole up to 14.1 with Exceptions inside, from 16.0 on by
what differs and by InstanceId. Every event reads back from another device as it was sent, at every other version
too, and its file means the same to a reader of its own (icalendar). Catches: a zone that is another one, a day that
slips, an exception that moves to another occurrence or is lost, a series that keeps what a new pattern ends, and
properties taken that Exchange refuses."""
import base64
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from checked import Box, Checked
from eas import E, preference
from harness import equal, read, test, truth

PLAIN = preference(1)
OLD, NEW = ("12.1", "14.0", "14.1"), ("16.0", "16.1")
VERSIONS = OLD + NEW


def blob(bias, standard=None, daylight=None):
    def date(rule):  # month, weekday, week, hour
        return struct.pack("<8H", 0, rule[0], rule[1], rule[2], rule[3], 0, 0, 0) if rule else bytes(16)
    name = "Here".encode("utf-16-le").ljust(64, b"\0")
    return base64.b64encode(struct.pack("<i", bias) + name + date(standard) + struct.pack("<i", 0) + name +
                            date(daylight) + struct.pack("<i", -60 if daylight else 0)).decode()


BERLIN = blob(-60, (10, 0, 5, 3), (3, 0, 5, 2))
NEW_YORK = blob(300, (11, 0, 1, 2), (3, 0, 2, 2))
UTC = blob(0)


class Desk:
    def __init__(self, scratch):
        self.scratch, self.server = scratch, scratch.easd()

    def box(self, version="14.1", name="A", checked=True, folder="Calendar"):
        client = Checked(self.server.url, version=version, device=name + version.replace(".", ""))
        self.scratch.callback(client.close)
        if not checked:
            client.strict = None
        return Box(client, client.folders()[folder], PLAIN)

    def file(self, name=None):
        top = os.path.join(self.server.directory, "Calendar")
        names = [n for n in os.listdir(top) if name in (None, n)]
        equal(len(names), 1, "files %r" % os.listdir(top))
        return unfold(read(os.path.join(top, names[0])).decode())


def unfold(text):
    return text.replace("\r\n ", "").replace("\n ", "")


def place(version, name):
    if float(version) < 16:
        return E("Calendar:Location", name)
    return E("AirSyncBase:Location", E("DisplayName", name))


def event(version, *more, subject="Standup", start="20260907T070000Z", end="20260907T080000Z", zone=BERLIN, uid="u1"):
    old = float(version) < 16
    return [E("Calendar:Timezone", zone) if zone else None, E("Calendar:AllDayEvent", "0"),
            E("Calendar:StartTime", start), E("Calendar:EndTime", end), E("Calendar:Subject", subject),
            E("Calendar:UID", uid) if old and uid else None, *more]


def day(version, *more, start="20260701T000000Z", end="20260702T000000Z", zone=UTC, **rest):
    kept = event(version, *more, start=start, end=end, zone=None if float(version) >= 16 else zone, **rest)
    return [E("Calendar:AllDayEvent", "1") if p is not None and p.name == "AllDayEvent" else p for p in kept]


def weekly(count="10", days="2", *more):
    return E("Calendar:Recurrence", E("Type", "1"), E("Occurrences", count), E("Interval", "1"),
             E("DayOfWeek", days), *more)


@test
def an_event_reads_back_at_every_version(scratch):
    desk = Desk(scratch)
    for version in VERSIONS:
        box = desk.box(version)
        status, ident = box.add(
            *event(version, place(version, "Room 1"), E("Calendar:Sensitivity", "2"), E("Calendar:BusyStatus", "3"),
                   E("Calendar:Reminder", "90"), E("Calendar:Categories", E("Category", "Work"), E("Category", "A,b")),
                   E("AirSyncBase:Body", E("Type", "1"), E("Data", "One\r\nTwo; three"))))
        equal(status, "1", version)
        equal(box.pull(), [])
        for other in VERSIONS:
            reader = desk.box(other, "R", checked=False)
            item = reader.items[ident]
            for name, value in {"StartTime": "20260907T070000Z", "EndTime": "20260907T080000Z", "Subject": "Standup",
                                "Sensitivity": "2", "BusyStatus": "3", "Reminder": "90", "AllDayEvent": "0"}.items():
                equal(item.text(name), value, "%s by %s, read by %s" % (name, version, other))
            equal(item.text("Location" if float(other) < 16 else "Location/DisplayName"), "Room 1")
            equal([c.value for c in item.all("Categories/Category")], ["Work", "A,b"])
            equal(item.text("AirSyncBase:Body/Data"), "One\nTwo; three")
            zone = base64.b64decode(item.text("Timezone"))
            equal(zone[:4] + zone[68:84] + zone[152:], base64.b64decode(BERLIN)[:4] + base64.b64decode(BERLIN)[68:84] +
                  base64.b64decode(BERLIN)[152:], "the zone's rules")
            if float(version) < 16:
                equal(item.text("UID"), "u1")
        text = desk.file()
        truth("20260907T090000" in text, "the wall clock is Berlin's\n" + text)
        equal(box.delete(ident), "1")


@test
def whole_days_are_days(scratch):
    desk = Desk(scratch)
    for version in VERSIONS:
        box = desk.box(version)
        forms = [("20260701T000000Z", "20260703T000000Z", UTC)]
        if float(version) < 16:
            forms += [("20260630T220000Z", "20260702T220000Z", BERLIN), ("20260701T040000Z", "20260703T040000Z", NEW_YORK)]
        for start, end, zone in forms:
            status, ident = box.add(*day(version, start=start, end=end, zone=zone), client="d" + start)
            equal(status, "1", version + start)
            text = desk.file()
            truth("DTSTART;VALUE=DATE:20260701" in text and "DTEND;VALUE=DATE:20260703" in text, text)
            item = desk.box("16.1", "R", checked=False).items[ident]
            equal((item.text("StartTime"), item.text("EndTime")), ("20260701T000000Z", "20260703T000000Z"))
            equal(box.delete(ident), "1")
        with box.client.wrong():
            equal(box.add(*day(version, start="20260701T123000Z", end="20260702T123000Z"), client="w")[0], "6",
                  "a day with a time")
            if float(version) >= 16:
                equal(box.add(*day(version), E("Calendar:Timezone", UTC), client="z")[0], "6", "a day with a zone")


PATTERNS = {  # Recurrence: (elements, start, RRULE as the file has it)
    "daily": ([("Type", "0"), ("Interval", "3")], "20260907", "FREQ=DAILY;INTERVAL=3"),
    "weekdays": ([("Type", "0"), ("DayOfWeek", "62")], "20260907", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    "weekly": ([("Type", "1"), ("DayOfWeek", "10"), ("Until", "20261231T230000Z")], "20260907",
               "FREQ=WEEKLY;UNTIL=20261231T230000Z;BYDAY=MO,WE"),
    "monthly": ([("Type", "2"), ("DayOfMonth", "7")], "20260907", "FREQ=MONTHLY;BYMONTHDAY=7"),
    "last day": ([("Type", "2"), ("DayOfMonth", "31")], "20261031", None),
    "the 30th": ([("Type", "2"), ("DayOfMonth", "30")], "20261030", None),
    "second tuesday": ([("Type", "3"), ("DayOfWeek", "4"), ("WeekOfMonth", "2")], "20260908",
                       "FREQ=MONTHLY;BYDAY=2TU"),
    "last weekday": ([("Type", "3"), ("DayOfWeek", "62"), ("WeekOfMonth", "5")], "20260930", None),
    "yearly": ([("Type", "5"), ("DayOfMonth", "7"), ("MonthOfYear", "9"), ("Occurrences", "9")], "20260907",
               "FREQ=YEARLY;COUNT=9;BYMONTHDAY=7;BYMONTH=9"),
    "leap day": ([("Type", "5"), ("DayOfMonth", "29"), ("MonthOfYear", "2")], "20280229", None),
    "thanksgiving": ([("Type", "6"), ("DayOfWeek", "16"), ("WeekOfMonth", "4"), ("MonthOfYear", "11")], "20261126",
                     "FREQ=YEARLY;BYDAY=4TH;BYMONTH=11"),
}


@test
def every_pattern_reads_back(scratch):
    desk = Desk(scratch)
    for version in ("12.1", "14.1", "16.1"):
        box = desk.box(version)
        for name, (elements, start, rule) in PATTERNS.items():
            status, ident = box.add(*event(version, E("Calendar:Recurrence", *[E(n, v) for n, v in elements]),
                                           start=start + "T080000Z", end=start + "T090000Z"), client=name)
            equal(status, "1", version + " " + name)
            if rule:
                line, = [l for l in desk.file().split("BEGIN:VEVENT")[1].splitlines() if l.startswith("RRULE")]
                equal(sorted(line[6:].split(";")), sorted(rule.split(";")), name)
            item = desk.box(version, "R", checked=False).items[ident]
            got = {c.name: c.value for c in item.one("Recurrence").children}
            wanted = {"Interval": "1", **dict(elements)}
            if name == "weekdays":
                wanted["Type"] = "1"
            if name == "last day":
                truth(got in ({**wanted}, {"Type": "3", "Interval": "1", "DayOfWeek": "127", "WeekOfMonth": "5"}), name)
            else:
                equal(got, wanted, version + " " + name)
            equal(box.delete(ident), "1")
        with box.client.wrong():
            for bad in ([("Type", "4")], [("Type", "1")], [("Type", "2")], [("Type", "1"), ("DayOfWeek", "128")],
                        [("Type", "0"), ("Until", "20261231T000000Z"), ("Occurrences", "3")],
                        [("Type", "0"), ("Interval", "1000")], [("Type", "2"), ("DayOfMonth", "32")],
                        [("Type", "3"), ("DayOfWeek", "2"), ("WeekOfMonth", "6")]):
                equal(box.add(*event(version, E("Calendar:Recurrence", *[E(n, v) for n, v in bad])), client="bad")[0],
                      "6", repr(bad))


def exception(original, *changed, deleted=False):
    return E("Exception", E("ExceptionStartTime", original), E("Deleted", "1") if deleted else None, *changed)


@test
def exceptions_stand_inside_up_to_14_1(scratch):
    desk = Desk(scratch)
    for version in OLD:
        box = desk.box(version)
        series = event(version, weekly(), E("Calendar:Location", "Here"))
        inside = E("Calendar:Exceptions", exception("20260914T070000Z", E("Subject", "Moved"),
                                                    E("StartTime", "20260914T090000Z"), E("EndTime", "20260914T093000Z")),
                   exception("20260921T070000Z", deleted=True))
        status, ident = box.add(*series, inside)
        equal(status, "1", version)
        text = desk.file()
        truth("EXDATE" in text and "20260921T090000" in text and "RECURRENCE-ID" in text, text)
        for reader in (desk.box(version, "R", checked=False), desk.box("16.1", "R", checked=False)):
            found = {(e.text("ExceptionStartTime") or e.text("AirSyncBase:InstanceId")): e
                     for e in reader.items[ident].all("Exceptions/Exception")}
            equal(sorted(found), ["20260914T070000Z", "20260921T070000Z"])
            moved = found["20260914T070000Z"]
            equal((moved.text("Subject"), moved.text("StartTime"), moved.text("EndTime")),
                  ("Moved", "20260914T090000Z", "20260914T093000Z"))
            equal(found["20260921T070000Z"].text("Deleted"), "1")
        # What the exception does not say is the series': a new place is the occurrence's, too.
        renamed = [E("Calendar:Location", "There") if p is not None and p.name == "Location" else p for p in series]
        equal(box.change(ident, *renamed, inside), "1")
        equal(desk.file().count("LOCATION:There"), 2)
        # Left out, the exceptions are gone: the item came whole.
        equal(box.change(ident, *series), "1")
        truth("RECURRENCE-ID" not in desk.file() and "EXDATE" not in desk.file(), "no exceptions\n" + desk.file())
        with box.client.wrong():
            equal(box.change(ident, *series, E("Calendar:Exceptions", exception("20260915T070000Z", deleted=True))), "6",
                  "an exception to no occurrence")
        equal(box.delete(ident), "1")


@test
def occurrences_are_named_from_16_0_on(scratch):
    desk = Desk(scratch)
    for version in NEW:
        box, other = desk.box(version), desk.box("14.1", "B", checked=False)
        ident = box.add(*event(version, weekly(), place(version, "Here")))[1]
        equal(box.change(ident, E("Calendar:Subject", "Once"), E("Calendar:StartTime", "20260914T090000Z"),
                         E("Calendar:EndTime", "20260914T100000Z"), instance="20260914T070000Z"), "1", version)
        equal(box.delete(ident, instance="20260921T070000Z"), "1")
        equal(box.change(ident, place(version, "Elsewhere"), instance="20260914T070000Z"), "1")
        other.pull()
        found = {e.text("ExceptionStartTime"): e for e in other.items[ident].all("Exceptions/Exception")}
        equal(sorted(found), ["20260914T070000Z", "20260921T070000Z"])
        moved = found["20260914T070000Z"]
        equal((moved.text("Subject"), moved.text("StartTime"), moved.text("Location")),
              ("Once", "20260914T090000Z", "Elsewhere"))
        equal(found["20260921T070000Z"].text("Deleted"), "1")
        # The series keeps what a change does not name, and its exceptions.
        equal(box.change(ident, E("Calendar:Reminder", "10")), "1")
        other.pull()
        item = other.items[ident]
        equal((item.text("Subject"), item.text("Location"), item.text("Reminder")), ("Standup", "Here", "10"))
        equal(len(item.all("Exceptions/Exception")), 2)
        equal(box.change(ident, E("Calendar:Reminder"), E("AirSyncBase:Location")), "1", "empty clears")
        other.pull()
        equal((other.items[ident].text("Reminder"), other.items[ident].text("Location")), (None, None))
        with box.client.wrong():
            equal(box.change(ident, E("Calendar:Subject", "x"), instance="20260915T070000Z"), "6", "no occurrence")
            equal(box.delete(ident, instance="20260915T070000Z"), "6", "no occurrence")
            equal(box.change(ident, weekly(), instance="20260914T070000Z"), "6", "a rule of an occurrence")
        # Another pattern has other occurrences.
        equal(box.change(ident, weekly("5", "4"), E("Calendar:StartTime", "20260908T070000Z"),
                         E("Calendar:EndTime", "20260908T080000Z")), "1")
        other.pull()
        equal(other.items[ident].all("Exceptions/Exception"), [])
        equal(box.change(ident, E("Calendar:Recurrence")), "1", "an empty rule makes it one event")
        other.pull()
        equal(other.items[ident].one("Recurrence"), None)
        equal(box.delete(ident), "1")


@test
def whole_day_series_have_occurrences_by_date(scratch):
    desk = Desk(scratch)
    box = desk.box("16.1")
    ident = box.add(*day("16.1", E("Calendar:Recurrence", E("Type", "0"), E("Occurrences", "5"), E("Interval", "1"))))[1]
    equal(box.change(ident, E("Calendar:Subject", "Once"), instance="20260703T000000Z"), "1")
    equal(box.delete(ident, instance="20260704T000000Z"), "1")
    text = desk.file()
    truth("RECURRENCE-ID;VALUE=DATE:20260703" in text and "EXDATE;VALUE=DATE:20260704" in text, text)


@test
def what_16_0_keeps_to_itself_is_refused(scratch):
    desk = Desk(scratch)
    for version in NEW:
        box = desk.box(version)
        ident = box.add(*event(version))[1]
        with box.client.wrong():
            for bad in (E("Calendar:UID", "mine"), E("Calendar:DtStamp", "20260101T000000Z"),
                        E("Calendar:OrganizerEmail", "x@y.test"), E("Calendar:OrganizerName", "X"),
                        E("Calendar:Location", "Room"), E("Calendar:BusyStatus", "4"), E("Calendar:BusyStatus", "-1"),
                        E("Calendar:Exceptions", exception("20260907T070000Z", deleted=True)),
                        E("Calendar:Attendees", E("Attendee", E("Email", "b@x.test"), E("Name", "B"),
                                                  E("AttendeeStatus", "3")))):
                equal(box.add(*event(version), bad, client="b")[0], "6", "Add with %r" % bad)
                equal(box.change(ident, bad), "6", "Change with %r" % bad)
        equal(box.delete(ident), "1")
    box = desk.box("14.1")
    with box.client.wrong():
        for bad in (E("AirSyncBase:Location", E("DisplayName", "Room")), E("Calendar:ClientUid", "c")):
            equal(box.add(*event("14.1"), bad)[0], "6", repr(bad))
        equal(box.add(*event("14.1", start="20260907T090000Z"))[0], "6", "it ends before it starts")


@test
def a_client_uid_makes_an_add_once(scratch):
    desk = Desk(scratch)
    box = desk.box("16.1")
    one = box.add(*event("16.1"), E("Calendar:ClientUid", "token-1"))
    # A device that lost its keys begins anew and adds again.
    again = desk.box("16.1", "A").add(*event("16.1"), E("Calendar:ClientUid", "token-1"), client="other")
    equal(again, one)
    desk.file()
    desk.server.stop()
    desk.server.start()
    equal(desk.box("16.1", "A").add(*event("16.1"), E("Calendar:ClientUid", "token-1")), one, "after a restart, too")
    item = desk.box("14.1", "B").items[one[1]]
    truth(item.text("UID") not in (None, "", "token-1"), "the UID is the server's choice")


@test
def what_stands_in_a_file_beyond_the_protocol_stays(scratch):
    desk = Desk(scratch)
    desk.server.put("Calendar/a.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x\r\nBEGIN:VEVENT\r\nUID:u9\r\n"
                    "DTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20260907T090000\r\n"
                    "DTEND;TZID=Europe/Berlin:20260907T100000\r\nSUMMARY:Old\r\nX-FOO:bar\r\nURL:https://x.test/\r\n"
                    "ATTENDEE;CN=Bob;X-NUM-GUESTS=0;PARTSTAT=ACCEPTED:mailto:bob@x.test\r\n"
                    "ORGANIZER:mailto:alice@x.test\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n"
                    "END:VEVENT\r\nEND:VCALENDAR\r\n")
    for version in ("14.1", "16.1"):
        box = desk.box(version, checked=False)
        (ident, item), = box.items.items()
        drop = ("Body", "NativeBodyType", "ResponseType", "Subject")
        keep = [p for p in item.children if p.name not in drop] if version == "14.1" else []
        equal(box.change(ident, *keep, E("Calendar:Subject", "New " + version)), "1", version)
        text = desk.file()
        for line in ("UID:u9", "SUMMARY:New " + version, "X-FOO:bar", "URL:https://x.test/", "ACTION:AUDIO",
                     "X-NUM-GUESTS=0", "PARTSTAT=ACCEPTED", "DTSTART;TZID=Europe/Berlin:20260907T090000"):
            truth(line in text, "%s is there\n%s" % (line, text))


@test
def attachments_come_and_go_from_16_0_on(scratch):
    desk = Desk(scratch)
    box = desk.box("16.1", checked=False)
    add = E("Add", E("ClientId", "a1"), E("Content", base64.b64encode(b"Hello").decode()), E("DisplayName", "a.txt"),
            E("Method", "1"))
    collection = box.send(E("Add", E("ClientId", "c"), E("ApplicationData", *event("16.1"),
                                                         E("AirSyncBase:Attachments", add))))
    row = collection.one("Responses/Add")
    equal(row.text("Status"), "1")
    told = row.one("ApplicationData/Attachments/Attachment")
    equal(told.text("ClientId"), "a1")
    reference = told.text("FileReference")
    root = E("ItemOperations:ItemOperations", E("Fetch", E("Store", "Mailbox"),
                                                E("AirSyncBase:FileReference", reference)))
    equal(box.client.ask("ItemOperations", root).text("Response/Fetch/Properties/Data"),
          base64.b64encode(b"Hello").decode())
    equal(box.change(row.text("ServerId"), E("AirSyncBase:Attachments", E("Delete", E("FileReference", reference)))),
          "1")
    truth("ATTACH" not in desk.file(), "it is gone")


if __name__ == "__main__":
    harness.main()
