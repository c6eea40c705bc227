#!/usr/bin/env python3
"""Calendars of other projects, served by the demo server and mounted, mean what they meant.
Catches: an occurrence too many, too few or at another time, a property lost, an event that is served
and not there. The server translates them to ActiveSync by code of its own; what it says it cannot
translate is left out here, and counted."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import equal, read, run, shared, test, truth, write

COMPARE = os.path.join(harness.TOP, "tests", "lib", "icscompare.py")

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


@test
def every_event_of_the_corpus_keeps_its_meaning(scratch):
    names = gather(scratch)
    truth(len(names) > 300, "only %d calendars were found" % len(names))
    for version in ("12.1", "14.1", "16.1"):
        log = scratch.path("easd.log")
        before = len(read(log)) if os.path.exists(log) else 0
        server = scratch.easd()
        mount = scratch.mount(server, "--classes", "calendar", "--protocol", version, point="m" + version, state="s" + version)
        mount.sync()
        refused = set(re.findall(r"not served: Calendar/(\d+\.ics)", read(log)[before:].decode(errors="replace")))
        served = {}
        for given, name in names.items():
            path = scratch.path("mailbox/Calendar", given)
            if given not in refused and name not in UNSETTLED:
                write(scratch.path("served" + version, given), read(path))
                served[uid_of(path)] = name
        unsettled = {uid_of(scratch.path("mailbox/Calendar", given)) for given, name in names.items() if name in UNSETTLED}
        equal(sum(len(files) for _, _, files in os.walk(mount.path("Calendar"))), len(names) - len(refused), version)
        done = run(COMPARE, "--eas", "--years", "2", scratch.path("served" + version), mount.path("Calendar"), code=None)
        truth(done.returncode in (0, 1), done.stderr)
        left_out = {uid_of(path) for path in re.findall(r"left out: (\S+\.ics):", done.stderr)}
        wrong = [line for line in done.stdout.splitlines()
                 if not any(line.startswith(uid + " ") for uid in unsettled | left_out)]
        equal(wrong[:5], [], "%s: differences" % version)
        truth(len(served) - len(left_out) > 250, "%s: only %d were compared" % (version, len(served) - len(left_out)))
        mount.umount()


if __name__ == "__main__":
    harness.main()
