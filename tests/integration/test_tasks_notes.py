#!/usr/bin/env python3
"""Tasks and notes of other projects, served by the demo server and mounted, mean what they meant.
Catches: a task whose due day, completion, priority, reminder or recurrence becomes another, a text that is
lost, an item that is served and not there. The server translates them to ActiveSync by code of its own; what
it says it cannot translate is left out here, and counted."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from corpus_tasks import ABSENT, UNSETTLED, wall_clocks
from harness import equal, read, run, shared, test, truth, write

COMPARE = os.path.join(harness.TOP, "tests", "lib", "icscompare.py")


def unfolded(text):
    return re.sub(rb"\r?\n[ \t]", b"", text)


def gather(scratch, kind, folder):
    """Files with one item of the kind, each numbered in a category of its own, for these classes have no UID."""
    top, names = shared("corpus/ics"), {}
    for root, _, files in sorted(os.walk(top)):
        for file in sorted(files):
            text = read(os.path.join(root, file))
            kinds = re.findall(rb"(?m)^BEGIN:(VTODO|VJOURNAL|VEVENT)\s*$", text)
            if kinds != [kind.encode()] or re.search(rb"%\(|\$\w*cuaddr|\$\{", text) or b"BEGIN:VCALENDAR" not in text:
                continue
            number = "no-%04d" % len(names)
            names[number] = os.path.relpath(os.path.join(root, file), top)
            begin = b"BEGIN:" + kind.encode()
            write(scratch.path("mailbox", folder, number + ".ics"), re.sub(
                begin + rb"\s*?\n", begin + b"\r\nCATEGORIES:" + number.encode() + b"\r\n", text))
    return names


def numbered(directory, to, numbers):
    """Copies with the number of the category as the UID; those of numbers only."""
    for root, _, files in os.walk(directory):
        for file in files:
            text = unfolded(read(os.path.join(root, file)))
            number = re.search(rb"(?m)^CATEGORIES:.*?(no-\d{4})", text)[1].decode()
            if number in numbers:
                text = re.sub(rb"(?m)^UID:.*$", b"UID:" + number.encode(), text)
                write(os.path.join(to, number + ".ics"), wall_clocks(text))


def keep_their_meaning(scratch, kind, folder, least):
    names = gather(scratch, kind, folder)
    server = scratch.easd()
    mount = scratch.mount(server, "--classes", folder.lower())
    mount.sync()
    log = read(scratch.path("easd.log")).decode(errors="replace")
    refused = set(re.findall(r"not served: %s/(\S+)\.ics" % folder, log))
    equal(len(mount.ls(folder)), len(names) - len(refused), "items that came")
    served = set(names) - refused - {n for n in names if names[n] in UNSETTLED}
    numbered(scratch.path("mailbox", folder), scratch.path("given"), served)
    numbered(mount.path(folder), scratch.path("came"), served)
    ignored = [word for name in ABSENT[kind] for word in ("--ignore", name)]
    done = run(COMPARE, "--eas", "--years", "2", *ignored, scratch.path("given"), scratch.path("came"), code=None)
    truth(done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stderr)
    left_out = {os.path.basename(path) for path in re.findall(r"left out: (\S+)\.ics:", done.stderr)}
    wrong = ["%s %s" % (names.get(line.split()[0]), line) for line in done.stdout.splitlines()
             if line.split()[0] not in left_out]
    equal(wrong[:5], [], "differences (%d)" % len(wrong))
    truth(len(served) - len(left_out) >= least, "only %d were compared" % (len(served) - len(left_out)))


@test
def every_task_of_the_corpus_keeps_its_meaning(scratch):
    keep_their_meaning(scratch, "VTODO", "Tasks", 40)


@test
def every_note_of_the_corpus_keeps_its_meaning(scratch):
    keep_their_meaning(scratch, "VJOURNAL", "Notes", 6)


if __name__ == "__main__":
    harness.main()
