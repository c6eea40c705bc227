#!/usr/bin/env python3
"""The comparison of calendars that other tests rely on. Catches: one that calls everything equal, or
that takes another zone's name, the order of lines or a default for another meaning."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import equal, run, test, write

COMPARE = os.path.join(harness.TOP, "tests", "lib", "icscompare.py")
FIXED = """BEGIN:VTIMEZONE
TZID:Mine
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0100
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""
BERLIN = "DTSTART;TZID=Europe/Berlin:20260302T100000\nDTEND;TZID=Europe/Berlin:20260302T110000\n"
UTC = "DTSTART:20260302T090000Z\nDTEND:20260302T100000Z\n"
DAY = "DTSTART;VALUE=DATE:20260302\n"

# What it shows, one event, another, and whether they mean the same.
EVENTS = [
    ("zones are only names for instants", BERLIN, UTC, True),
    ("a zone of the file's own", BERLIN, "DTSTART;TZID=Mine:20260302T100000\nDURATION:PT1H\n", True),
    ("another hour", BERLIN, UTC.replace("T09", "T08"), False),
    ("another end", BERLIN, UTC.replace("T10", "T11"), False),
    ("a series shifts in summer, in another zone", BERLIN + "RRULE:FREQ=WEEKLY\n", UTC + "RRULE:FREQ=WEEKLY\n", False),
    ("a series that ends before summer does not", BERLIN + "RRULE:FREQ=WEEKLY;COUNT=3\n",
     UTC + "RRULE:FREQ=WEEKLY;UNTIL=20260316T090000Z\n", True),
    ("a rule in other words", BERLIN + "RRULE:FREQ=WEEKLY\n", BERLIN + "RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;WKST=SU\n", True),
    ("one occurrence less", BERLIN + "RRULE:FREQ=WEEKLY;COUNT=3\n", BERLIN + "RRULE:FREQ=WEEKLY;COUNT=2\n", False),
    ("an exception in UTC", BERLIN + "RRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID=Europe/Berlin:20260303T100000\n",
     BERLIN + "RRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260303T090000Z\n", True),
    ("an exception of no occurrence", BERLIN + "RRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID=Europe/Berlin:20260303T100000\n",
     BERLIN + "RRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260303T100000Z\n", False),
    ("dates of their own", BERLIN + "RDATE;TZID=Europe/Berlin:20260303T100000\n", BERLIN + "RRULE:FREQ=DAILY;COUNT=2\n", True),
    ("a day is one day long", DAY, DAY + "DTEND;VALUE=DATE:20260303\n", True),
    ("two days", DAY, DAY + "DTEND;VALUE=DATE:20260304\n", False),
    ("a day is no time", DAY, "DTSTART:20260302T000000Z\nDTEND:20260303T000000Z\n", False),
    ("days until a day", DAY + "RRULE:FREQ=DAILY;UNTIL=20260305\n", DAY + "RRULE:FREQ=DAILY;COUNT=4\n", True),
    ("defaults", UTC, UTC + "CLASS:PUBLIC\nTRANSP:OPAQUE\nSTATUS:CONFIRMED\n", True),
    ("no default", UTC, UTC + "CLASS:PRIVATE\n", False),
    ("free", UTC, UTC + "TRANSP:TRANSPARENT\n", False),
    ("what does not count", UTC, UTC + "X-SOMETHING:1\nSEQUENCE:4\n", True),
    ("text", UTC + "SUMMARY:a\n", UTC + "SUMMARY:b\n", False),
    ("lines folded otherwise", UTC + "SUMMARY:a\\, b\n", UTC + "SUMMARY:a\\, \n b\n", True),
    ("categories in any order", UTC + "CATEGORIES:a,b\\,c\n", UTC + "CATEGORIES:b\\,c\nCATEGORIES:a\n", True),
    ("a category apart", UTC + "CATEGORIES:a,b\n", UTC + "CATEGORIES:a\\,b\n", False),
    ("people", UTC + "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org\n",
     UTC + "ATTENDEE;CN=A;PARTSTAT=ACCEPTED:MAILTO:A@example.org\n", True),
    ("answers", UTC + "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org\n", UTC + "ATTENDEE:mailto:a@example.org\n", False),
    ("alarms", UTC + "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\n",
     UTC + "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT900S\nEND:VALARM\n", True),
    ("another alarm", UTC + "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\n", UTC, False),
]


def calendar(*parts):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n%sEND:VCALENDAR\r\n" % (FIXED + "".join(parts)).replace("\n", "\r\n")


def event(uid, lines):
    return "BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n%sEND:VEVENT\n" % (uid, lines)


def verdict(scratch, one, other):
    write(scratch.path("a.ics"), one)
    write(scratch.path("b.ics"), other)
    done = run(COMPARE, scratch.path("a.ics"), scratch.path("b.ics"), code=None)
    equal(done.returncode == 1, done.stdout != "", "an exit code with its lines")
    return done.returncode


@test
def meaning_counts_and_spelling_does_not(scratch):
    for what, one, other, same in EVENTS:
        equal(verdict(scratch, calendar(event("1", one)), calendar(event("1", other))), 0 if same else 1, what)


@test
def changed_occurrences_count(scratch):
    series = event("1", BERLIN + "RRULE:FREQ=WEEKLY;COUNT=3\n")
    moved = event("1", "RECURRENCE-ID;TZID=Europe/Berlin:20260309T100000\nDTSTART:20260309T120000Z\n")
    the_same = event("1", "RECURRENCE-ID:20260309T090000Z\nDTSTART;TZID=Europe/Berlin:20260309T130000\n")
    equal(verdict(scratch, calendar(series, moved), calendar(series, the_same)), 0)
    equal(verdict(scratch, calendar(series, moved), calendar(series)), 1)


@test
def items_pair_by_uid_or_by_being_alone(scratch):
    equal(verdict(scratch, calendar(event("1", UTC)), calendar(event("2", UTC))), 0)
    two = calendar(event("1", UTC), event("2", DAY))
    equal(verdict(scratch, two, calendar(event("2", DAY), event("1", UTC))), 0)
    equal(verdict(scratch, two, calendar(event("1", UTC), event("3", DAY), event("4", DAY))), 1)


@test
def directories_are_taken_together(scratch):
    for side, order in (("a", "xy"), ("b", "yx")):
        for name, lines, uid in zip(order, (UTC, DAY) if side == "a" else (DAY, UTC), ("1", "2") if side == "a" else "21"):
            write(scratch.path(side, "sub" + name, name + ".ics"), calendar(event(uid, lines)))
    write(scratch.path("a", "broken.ics"), "no calendar")
    equal(run(COMPARE, scratch.path("a"), scratch.path("b"), code=None).returncode, 0)
    write(scratch.path("b", "new.ics"), calendar(event("3", DAY)))
    done = run(COMPARE, scratch.path("a"), scratch.path("b"), code=1)
    equal(done.stdout, "3 VEVENT: only in the second\n")


@test
def what_activesync_has_no_place_for(scratch):
    alarm = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:%s\nEND:VALARM\n"
    rich = UTC + "URL:https://example.org/\nATTENDEE;ROLE=CHAIR:mailto:a@example.org\n" + alarm % "-PT15M" + alarm % "-PT5M"
    poor = UTC + "ATTENDEE:mailto:a@example.org\n" + alarm % "-PT5M"
    for lines, code in ((poor, 0), (poor.replace("PT5M", "PT6M"), 1), (poor.replace("a@", "b@"), 1)):
        write(scratch.path("a.ics"), calendar(event("1", rich)))
        write(scratch.path("b.ics"), calendar(event("1", lines)))
        run(COMPARE, "--eas", scratch.path("a.ics"), scratch.path("b.ics"), code=code)
        run(COMPARE, scratch.path("a.ics"), scratch.path("b.ics"), code=1)


@test
def what_cannot_be_read_is_neither(scratch):
    equal(verdict(scratch, calendar(event("1", UTC)), "no calendar"), 2)


if __name__ == "__main__":
    harness.main()
