"""Tasks and notes: what ActiveSync has no place for, and how their dates compare."""
import re

# What an item of these classes has no place for in ActiveSync (MS-ASTASK 2.2.2, MS-ASNOTE 2.2.2).
ABSENT = {
    "VTODO": ["LOCATION", "ORGANIZER", "ATTENDEE", "PERCENT-COMPLETE", "STATUS"],
    "VJOURNAL": ["LOCATION", "ORGANIZER", "ATTENDEE", "start", "CLASS", "STATUS", "PRIORITY"],
}

# Files whose own text leaves open what they mean, and what is read differently.
UNSETTLED = {
    "caldavtester/reports__put__102.txt.ics": "an alarm before an instant, while the task is a wall clock",
    "caldavtester/reports__put__106.txt.ics": "a series starts at an instant, its first task at a wall clock",
    "golang-ical/rfc5545sec4__input3.ics": "an alarm that repeats",
    "golang-ical/serialization__expected__input3.ics": "an alarm that repeats",
    "ical.net/Serialization__Todo4.ics": "complete without a date, which ActiveSync wants",
    "ical4j/samples__valid__3.ics": "an alarm to the second",
    "libical/test-data__3.ics": "an alarm to the second",
}

# The dates of a task are wall clocks without a zone, and midnight is the day (MS-ASTASK 2.2.2.8, 2.2.2.24).
WALL_CLOCK = re.compile(rb"(?m)^(DTSTART|DUE)(?:;[^:\n]*)?:(\d{8})(T\d{6})?Z?[ \t]*\r?$")


def wall_clocks(text):
    return WALL_CLOCK.sub(lambda line: line[1] + b":" + line[2] + (line[3] or b"T000000") + b"\r", text)
