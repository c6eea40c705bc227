#!/usr/bin/env python3
"""What each generation of the protocol does in its own way, through the mount, at the oldest, a middle and the newest:
one occurrence of a series changed and cancelled, an answer to a meeting, a draft, a letter that answers a message.
Catches: an exception sent in the other generation's form, a reply mailed twice or by nobody, a draft sent or lost, an
answer that does not belong to its message; anybody mailed who should not be; a request that the version's schemas do not
allow."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write

OWN = "alice@localhost"
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\n%s%sEND:VCALENDAR\r\n"
SERIES = ("BEGIN:VEVENT\r\nUID:w1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\n"
          "RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:Weekly\r\nEND:VEVENT\r\n")
MEETING = ("BEGIN:VEVENT\r\nUID:m1\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261210T090000Z\r\nDTEND:20261210T100000Z\r\n"
           "SUMMARY:Budget review\r\nORGANIZER;CN=Bob:mailto:bob@example.org\r\n"
           "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:" + OWN + "\r\nEND:VEVENT\r\n")
INVITATION = ("From: Bob <bob@example.org>\r\nTo: " + OWN + "\r\nDate: Mon, 02 Nov 2026 09:15:33 +0000\r\n"
              "Subject: Budget review\r\nMessage-ID: <inv1@example.org>\r\nMIME-Version: 1.0\r\n"
              "Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n" +
              CALENDAR % ("METHOD:REQUEST\r\n", MEETING))


class Box:
    def __init__(self, scratch, version):
        write(scratch.path("mailbox", "Calendar/weekly.ics"), CALENDAR % ("", SERIES))
        write(scratch.path("mailbox", "Calendar/m1.ics"), CALENDAR % ("", MEETING))
        write(scratch.path("mailbox", "Mail/Inbox/invite.eml"), INVITATION)
        write(scratch.path("mailbox", "Mail/Inbox/q.eml"), message("Question", ident="q1", body="Why?\r\n"))
        os.makedirs(scratch.path("mailbox", "Mail/Drafts"))
        self.log = write(scratch.path("mail.log"), "")
        self.server = scratch.easd(extra=["--protocol", version, "--mail-log", self.log])
        self.trace = scratch.path("trace")
        self.mount = scratch.mount(self.server, "--send-delay", "0", "--trace", self.trace)
        self.mount.sync()

    def mailed(self):
        return [json.loads(line) for line in read(self.log).decode().splitlines()]

    def held(self, *parts):
        return read(os.path.join(self.server.directory, *parts)).decode()


def at_each(scratch):
    for version in ("12.1", "14.1", "16.1"):
        with harness.Scratch("generation-" + version) as own:
            box = Box(own, version)
            yield version, box
            harness.requests_are_valid(box.trace)


@test
def the_schemas_are_at_hand(scratch):
    harness.shared("protocol/validate")


def lines(text, *names):
    return [line for line in text.replace("\r", "").split("\n") if line.split(":")[0].split(";")[0] in names]


@test
def one_occurrence_is_moved_and_one_cancelled(scratch):
    for version, box in at_each(scratch):
        path = box.mount.path("Calendar", "Weekly.ics")
        text = read(path).decode()
        series = re.search(r"BEGIN:VEVENT.*?END:VEVENT\r\n", text, re.S).group(0)
        moved = re.sub(r"RRULE:.*\r\n", "RECURRENCE-ID:20261208T090000Z\r\n", series)
        moved = re.sub(r"DTSTART.*\r\n", "DTSTART:20261208T110000Z\r\n", moved)
        moved = re.sub(r"DTEND.*\r\n", "DTEND:20261208T120000Z\r\n", moved)
        moved = moved.replace("SUMMARY:Weekly", "SUMMARY:Moved")
        cancelled = series.replace("SUMMARY:", "EXDATE:20261215T090000Z\r\nSUMMARY:")
        write(path, text.replace(series, cancelled + moved))
        box.mount.sync()
        held = box.held("Calendar", "weekly.ics")
        equal(sorted(lines(held, "SUMMARY")), ["SUMMARY:Moved", "SUMMARY:Weekly"], version)
        equal(len(lines(held, "RECURRENCE-ID")), 1, version)
        truth("20261208T110000Z" in held, "%s: %s" % (version, held))
        truth("20261215T090000Z" in "".join(lines(held, "EXDATE")), "%s: %s" % (version, held))
        write(path, text)  # and both come back
        box.mount.sync()
        held = box.held("Calendar", "weekly.ics")
        equal(lines(held, "SUMMARY") + lines(held, "EXDATE"), ["SUMMARY:Weekly"], version)
        equal(box.mailed(), [], "nobody is mailed, " + version)


@test
def an_answer_to_a_meeting_is_mailed_once(scratch):
    for version, box in at_each(scratch):
        if version == "12.1":
            continue  # below 14.0 the calendar cannot be answered: it is held with a sentence
        run(EASFS, "respond", "accept", box.mount.path("Calendar", "Budget review.ics"))
        box.mount.sync()
        truth("PARTSTAT=ACCEPTED" in box.held("Calendar", "m1.ics"), version)
        mailed = box.mailed()
        equal([(each["recipients"], each["subject"]) for each in mailed],
              [(["bob@example.org"], "Accepted: Budget review")], version)
        box.mount.sync()
        equal(len(box.mailed()), 1, "once, " + version)


@test
def a_draft_is_kept_and_can_be_sent(scratch):
    for version, box in at_each(scratch):
        path = box.mount.path("Mail", "Drafts", "mine.eml")
        write(path, "To: bob@example.org\nSubject: draft one\n\nDraft text\n")
        box.mount.sync()
        state = run("getfattr", "-n", "user.eas.state", "--only-values", path).stdout
        drafts = os.listdir(os.path.join(box.server.directory, "Mail", "Drafts"))
        equal((state, len(drafts)), ("clean", 1) if version >= "16" else ("held", 0), version)
        equal(read(path), b"To: bob@example.org\nSubject: draft one\n\nDraft text\n", "byte for byte, " + version)
        os.rename(path, box.mount.path("Outbox", "mine.eml"))
        box.mount.sync()
        wait_for("the draft to go", lambda: not os.listdir(os.path.join(box.server.directory, "Mail", "Drafts")))
        equal([each["subject"] for each in box.mailed()], ["draft one"], version)


@test
def a_letter_answers_its_message(scratch):
    for version, box in at_each(scratch):
        write(box.mount.path("Outbox", "re.eml"),
              "To: alice@example.test\nSubject: Re: Question\nIn-Reply-To: <q1@example.test>\n"
              "References: <q1@example.test>\n\nBecause.\n")
        box.mount.sync()
        equal([each["why"] for each in box.mailed()], ["sendmail" if version == "12.1" else "smartreply"], version)
        equal(box.mount.ls("Outbox"), [], "Outbox, " + version)
        sent = os.listdir(os.path.join(box.server.directory, "Mail", "Sent Items"))
        equal(len(sent), 1, "Sent Items, " + version)


if __name__ == "__main__":
    harness.main()
