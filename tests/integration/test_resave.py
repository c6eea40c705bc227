#!/usr/bin/env python3
"""Files opened and saved. The corpus as users' files: what is read of each, sent and written back means what it meant, by the
eyes of another reader. The corpus as the demo server's items, which it translates by code of its own: the file
of each, saved unchanged, sends nothing. Catches: a property or an occurrence bent on the way into ActiveSync, an
edit that nobody made."""
import collections
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import eas
import harness
import wbxml
from corpus_events import AMBIGUOUS, UNSETTLED, gather, uid_of
from harness import equal, run, test, truth, write

TOOL = os.path.join(harness.BUILD, "tests", "resave")
COMPARE = os.path.join(harness.TOP, "tests", "lib", "icscompare.py")

CLASSES = {"Calendar": "calendar", "Tasks": "tasks", "Notes": "notes"}


def resave(version, jobs):
    """The outcome of each job (kind, class, in, out)."""
    told = run(TOOL, version, input="".join("%s %s %s %s\n" % job for job in jobs))
    lines = told.stdout.splitlines()
    equal(len(lines), len(jobs), "outcomes")
    return lines


@test
def what_users_write_keeps_its_meaning(scratch):
    names = gather(scratch)
    os.mkdir(scratch.path("out"))
    pairs = {given: (scratch.path("mailbox/Calendar", given), scratch.path("out", given)) for given in names}
    outcomes = dict(zip(pairs, resave("14.1", [("file", "calendar", *pair) for pair in pairs.values()])))
    for given, outcome in outcomes.items():
        if outcome != "same" or names[given] in UNSETTLED or names[given] in AMBIGUOUS:
            for path in pairs[given]:
                if os.path.exists(path):
                    os.unlink(path)
    compared = len(os.listdir(scratch.path("out")))
    told = run(COMPARE, "--eas", "--floating", "Europe/Berlin", scratch.path("mailbox/Calendar"), scratch.path("out"),
               code=None, timeout=600)
    print("%d of %d files compared" % (compared, len(names)))
    # What that reader cannot read at all, it leaves out and says so; we may have read it.
    left_out = {uid_of(path) for path in re.findall(r"left out: (\S+\.ics):", told.stderr)}
    different = [line for line in told.stdout.splitlines() if not any(line.startswith(uid + " ") for uid in left_out)]
    equal(different, [], "differences")
    truth(compared > 250, "only %d files were compared" % compared)


@test
def what_a_server_has_is_sent_for_nothing(scratch):
    gather(scratch)
    server = scratch.easd()
    counts = collections.Counter()
    wrong = []
    for version in ("12.1", "14.0", "14.1", "16.0", "16.1"):
        client = eas.Client(server.url, version=version)
        client.provision()
        jobs = []
        for path, ident in client.folders().items():
            if path not in CLASSES or (path == "Notes" and version == "12.1"):
                continue
            items, _ = client.read_all(ident, eas.preference(1))
            for number, (server_id, data) in enumerate(items.items()):
                name = scratch.path("%s-%s-%d" % (version, path, number))
                data.space = "AirSync"
                write(name, wbxml.write(data))
                jobs.append(("served", CLASSES[path], name, name + ".ics"))
        for job, outcome in zip(jobs, resave(version, jobs)):
            counts["same" if outcome == "same" else outcome] += 1
            if outcome.startswith("differs"):
                wrong.append("%s: %s" % (os.path.basename(job[2]), outcome))
    print(dict(counts))
    equal(wrong[:10], [], "what would be sent")
    truth(counts["same"] > 1000, "only %d items were compared" % counts["same"])


if __name__ == "__main__":
    harness.main()
