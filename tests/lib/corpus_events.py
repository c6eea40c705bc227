"""The corpus' calendars that hold one event or series each, for tests that compare what they mean."""
import os
import re

from harness import read, shared, write

# Files whose own text leaves open what they mean, and what is read differently.
UNSETTLED = {
    "caldavtester/performance__put__2.ics": "its VTIMEZONE keeps New York at the rules of 2006 for ever",
    "caldavtester/performance__put__6.ics": "its VTIMEZONE keeps New York at the rules of 2006 for ever",
    "caldavtester/problemics__1.ics": "its VTIMEZONE keeps Los Angeles at rules that never were",
    "caldavtester/reports__put__19.txt.ics": "its VTIMEZONE keeps New York at the rules of 2006 for ever",
    "golang-ical/serialization__expected__input2.ics": "its event is older than its VTIMEZONE",
    "ical4j/samples__valid__bitfire1.ics": "its VTIMEZONE is Berlin without summer",
    "ical4j/samples__valid__stacksize.ics": "its VTIMEZONE turns clocks once, in 2007",
    "ical.js/samples__rdate_exdate.ics": "a DATE is excepted from a series of times",
    "kde-kcalendarcore/data__RecurrenceRule__unsorted__exdate.ics": "a DATE is excepted from a series of times",
    "ical.js/samples__day_long_recur_yearly.ics": "an alarm at an instant for a day in no zone",
    "ical.js/samples__forced_types.ics": "an alarm at an instant for a day in no zone",
    "node-ical/exchange_whole_day_moved_recurrence.ics": "a series of days until an instant",
    "ical4j/net__fortuna__ical4j__transform__timezones__outlook2.txt.ics": "tentatively busy, not said to be tentative",
    "caldavtester/errors__36.ics": "its text is escaped wrongly",
}
# Files that two readers may take for two things, beside those that leave it open to everybody.
AMBIGUOUS = {
    "caldavtester/problemics__4.ics": "its end has no zone, its start has",
    "caldavtester/problemics__6.ics": "its end has no zone, its start has",
    "khal/tz_windows_format.ics": "its VTIMEZONE is New Zealand by name and Central Europe by rules",
    "node-ical/exchange_whole_day_moved_recurrence_offset_tz.ics": "of a series of days an instant is changed",
    "python-icalendar/calendars__broken_ical.ics": "its lines are broken, and another reader finds no start",
}


def gather(scratch):
    """One event or series a file, each UID once; {file name given: file name in the corpus}."""
    top, names, uids = shared("corpus/ics"), {}, set()
    for root, _, files in sorted(os.walk(top)):
        for name in sorted(files):
            text = read(os.path.join(root, name))
            found = set(re.findall(rb"^UID:(.*?)\r?$", text, re.M))
            odd = re.search(rb"%\(|\$\w*cuaddr|\$\{|BEGIN:(VTODO|VJOURNAL)", text, re.I)
            if odd or len(found) != 1 or b"BEGIN:VCALENDAR" not in text or b"BEGIN:VEVENT" not in text or found & uids:
                continue
            uids |= found
            given = "%04d.ics" % len(names)
            names[given] = os.path.relpath(os.path.join(root, name), top)
            write(scratch.path("mailbox/Calendar", given), text)
    return names


def uid_of(path):
    return re.search(rb"^UID:(.*?)\r?$", re.sub(rb"\r?\n[ \t]", b"", read(path)), re.M)[1].decode(errors="replace").strip()
