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
from corpus_events import UNSETTLED, gather, uid_of
from harness import equal, read, run, test, truth, write

COMPARE = os.path.join(harness.TOP, "tests", "lib", "icscompare.py")


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
