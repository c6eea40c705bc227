#!/usr/bin/env python3
"""A user's day in the mount, by the tools of a shell, and what a real server has of it afterwards, by DAV and IMAP. Catches
what a demo server of our own would forgive, a letter too many or too few."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import rig as rigs
from edits import card, event, todo
from harness import equal, message, run, test, truth, wait_for, write

rig = rigs.Rig("/tmp/easfs-rig-%d" % os.getpid(), ["alice", "bob", "carol", "berlin", "newyork", "utc"])


def options(scratch, user):
    password_file = write(scratch.path("password-" + user), rig.password(user) + "\n")
    os.chmod(password_file, 0o600)
    return ["--server", rig.url, "--insecure-http", "--user", user, "--password-file", password_file, "--send-delay", "0"]


def shell(mount, script):
    return run("sh", "-ec", script, cwd=mount.point)


@test
def a_users_day(scratch):
    rig.deliver("alice", [message("Number %d" % n) for n in range(3)])
    mount = scratch.mount(options(scratch, "alice"))
    mount.sync()
    for name, content in (("e.ics", event("Standup")), ("c.vcf", card("Jane Doe")), ("t.ics", todo("Report"))):
        write(scratch.path(name), content)
    shell(mount, "cp %s Calendar/standup.ics; cp %s Contacts/; cp %s Tasks/" %
          tuple(scratch.path(name) for name in ("e.ics", "c.vcf", "t.ics")))
    shell(mount, "sed -i s/Standup/Talk/ Calendar/standup.ics; mkdir Mail/Filed; mv Mail/*/*'Number 0.eml' Mail/Filed/")
    mount.sync()
    shell(mount, "mv Calendar/standup.ics Calendar/talk.ics; rm Contacts/c.vcf; mv Mail/Filed Mail/Kept; "
          "for f in Mail/*/*'Number 1.eml'; do setfattr -n user.eas.read -v 1 \"$f\"; done; rm Mail/*/*'Number 2.eml'")
    mount.sync("--strict")
    equal(mount.read(".easfs", "queue"), b"", "the queue")
    equal([len(rig.messages("alice", name)) for name in ("INBOX", "Kept", "Filed")], [1, 1, 0], "messages by IMAP")
    imap = rig.imap("alice")
    imap.select("INBOX", readonly=True)
    truth(b"\\Seen" in imap.uid("fetch", "1:*", "(FLAGS)")[1][0], "not read on the server")
    imap.logout()
    equal(rig.smtp.log, [], "mail that nobody meant")
    shell(mount, "rm Mail/Kept/*; rm Calendar/talk.ics Tasks/t.ics")
    mount.sync("--strict")
    shell(mount, "rmdir Mail/Kept")
    mount.sync("--strict")
    equal(len(rig.messages("alice", "Kept")), 0, "the folder")


@test
def a_letter_is_sent_once(scratch):
    mount = scratch.mount(options(scratch, "bob"))
    mount.sync()
    before = len(rig.smtp.log)
    write(mount.path("Outbox", "hello.eml"), b"To: carol@rig.test\r\nSubject: Hello\r\n\r\nText.\r\n")
    mount.sync()
    equal(mount.ls("Outbox"), [], "the Outbox")
    equal([recipients for _, recipients, _ in rig.smtp.log[before:]], [["carol@rig.test"]], "letters")
    equal(len([m for m in rig.messages("carol").values() if b"Subject: Hello" in m]), 1, "letters that came")
    equal(len(rig.messages("bob", "Sent")), 1, "letters in Sent")


DAYS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//t//t//EN
BEGIN:VEVENT
UID:days
DTSTAMP:20261101T080000Z
DTSTART;VALUE=DATE:20261102
DTEND;VALUE=DATE:20261103
RRULE:FREQ=DAILY;UNTIL=20261110
EXDATE;VALUE=DATE:20261104
SUMMARY:Days
END:VEVENT
BEGIN:VEVENT
UID:days
DTSTAMP:20261101T080000Z
RECURRENCE-ID;VALUE=DATE:20261106
DTSTART;VALUE=DATE:20261106
DTEND;VALUE=DATE:20261107
SUMMARY:Other days
END:VEVENT
END:VCALENDAR
"""


@test
def whole_days_are_the_same_days_there(scratch):
    """The server reckons them in the zone that the user chose there, whatever Timezone says. Where that is not the machine's,
    and the machine is west of Greenwich, it does not take what is left out of a series: days are whole, but come back."""
    single = event("Day").replace(b"DTSTART:20261105T090000Z", b"DTSTART;VALUE=DATE:20260702")
    single = single.replace(b"DTEND:20261105T093000Z", b"DTEND;VALUE=DATE:20260703")
    for number, (user, machine, left_out) in enumerate((
            ("berlin", "Europe/Berlin", True), ("newyork", "America/New_York", True), ("utc", "Europe/Berlin", True),
            ("utc", "America/New_York", False))):
        os.environ["TZ"] = machine
        mount = scratch.mount(options(scratch, user), point="m%d" % number, state="s%d" % number)
        mount.sync()
        write(mount.path("Calendar", "day.ics"), single)
        write(mount.path("Calendar", "days.ics"), DAYS)
        mount.sync("--strict")
        mount.umount()
        stored = rig.calendar(user)
        days = sorted(re.findall(r"(?m)^((?:DTSTART|DTEND|EXDATE|RECURRENCE-ID);VALUE=DATE:\d{8})\s*$", stored))
        equal(days, ["DTEND;VALUE=DATE:20260703", "DTEND;VALUE=DATE:20261103", "DTEND;VALUE=DATE:20261107",
                     "DTSTART;VALUE=DATE:20260702", "DTSTART;VALUE=DATE:20261102", "DTSTART;VALUE=DATE:20261106",
                     *["EXDATE;VALUE=DATE:20261104"] * left_out, "RECURRENCE-ID;VALUE=DATE:20261106"],
              "%s there, %s here" % (user, machine))
        mount = scratch.mount(options(scratch, user), point="m%d" % number, state="anew%d" % number)
        mount.sync()
        text = b"".join(mount.read("Calendar", name) for name in mount.ls("Calendar"))
        equal(sorted(set(re.findall(rb"(?m)^(?:DTSTART|EXDATE|RECURRENCE-ID);VALUE=DATE:(\d{8})\r$", text))),
              [b"20260702", b"20261102", *[b"20261104"] * left_out, b"20261106"], "read anew")
        truth(re.search(rb"(?m)^RRULE:.*UNTIL=20261110\b", text), text)
        run("rm", mount.path("Calendar", "Day.ics"), mount.path("Calendar", "Days.ics"))
        mount.sync("--strict")
        mount.umount()


@test
def what_the_server_keeps_otherwise_is_shown_and_told(scratch):
    """It drops a second number at work and the interval of a yearly rule: the files then say so, and keep what is only theirs."""
    mount = scratch.mount(options(scratch, "carol"))
    mount.sync()
    write(mount.path("Calendar", "biennial.ics"), event("Biennial", "RRULE:FREQ=YEARLY;INTERVAL=2\r\nX-MINE:kept\r\n"))
    write(mount.path("Contacts", "jane.vcf"), card("Jane Doe", "TEL;TYPE=WORK:1\r\nTEL;TYPE=WORK:2\r\nX-MINE:kept\r\n"))
    mount.sync("--full")
    for path, kept, lost in (("Calendar/biennial.ics", b"RRULE:FREQ=YEARLY", b"INTERVAL=2"),
                             ("Contacts/jane.vcf", b"TEL;TYPE=WORK,VOICE:1", b":2\r\n")):
        text = wait_for(path, lambda: (lambda t: t if lost not in t else None)(mount.read(path)))
        truth(kept in text and b"X-MINE:kept" in text, text)
        wait_for("the change of %s to be told" % path, lambda: any(
            row["kind"] == "change" and row["path"] == path and row["item"] for row in
            map(json.loads, mount.read(".easfs", "events").splitlines())))


def prepare():
    rig.choose_zone("berlin", "Europe/Berlin")
    rig.choose_zone("newyork", "America/New_York")


if __name__ == "__main__":
    rigs.serve(rig, prepare)
