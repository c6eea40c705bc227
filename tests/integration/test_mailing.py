#!/usr/bin/env python3
"""Who is mailed by what is done to a meeting's file, at a version whose clients mail and at one whose server does. Catches:
mail that nobody meant, one too few or too many, mail to the wrong people or in the wrong words, one that goes again because
an answer was lost; a refusal that leaves something behind, a meeting of another's that is changed."""
import errno
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import event, journal, server_items, state, why
from harness import EASFS, equal, read, run, test, truth, write

VERSIONS = ("14.1", "16.1")
OWN, BOB, CAROL = "alice@localhost", "bob@example.test", "carol@example.test"
ORGANIZER = "ORGANIZER:mailto:%s\r\n"
ATTENDEE = "ATTENDEE;CN=%s;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:%s\r\n"
OURS = ORGANIZER % OWN + ATTENDEE % ("Bob", BOB)
THEIRS = ORGANIZER % BOB + "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:%s\r\n" % BOB + ATTENDEE % ("Alice", OWN)


class Post:
    """alice's mailbox, mounted, and what is mailed from it; bob's is on the same server."""

    def __init__(self, scratch, version, *options):
        self.log, self.told = write(scratch.path("mails"), ""), 0
        self.bob = scratch.path("bob")
        os.makedirs(self.bob)
        self.server = scratch.easd(extra=["--protocol", version, "--mailbox", "bob=" + self.bob, "--mail-log", self.log])
        self.server.put("Calendar/standup.ics", event("Standup"))
        self.server.put("Calendar/meeting.ics", event("Meeting", OURS))
        self.server.put("Calendar/review.ics", event("Review", THEIRS))
        self.mount = scratch.mount(self.server, "--send-delay", "0", *options)
        self.mount.sync()
        self.before = self.items()

    def path(self, name):
        return self.mount.path("Calendar", name)

    def items(self):
        return server_items(self.server, "Calendar")

    def mails(self):
        """(subject, recipients) of what was mailed since this was last asked."""
        lines = [json.loads(line) for line in read(self.log).splitlines()]
        new, self.told = lines[self.told:], len(lines)
        return sorted((line["subject"], *sorted(line["recipients"])) for line in new)

    def methods(self):
        """The METHOD of each message that bob has, oldest first."""
        inbox = os.path.join(self.bob, "Mail", "Inbox")
        names = sorted(os.listdir(inbox), key=lambda name: os.stat(os.path.join(inbox, name)).st_mtime_ns)
        return [re.search(rb'text/calendar;[^:]*method="?(\w+)', read(os.path.join(inbox, name))).group(1).decode()
                for name in names]


def at_each(*options):
    def decorate(body):
        for version in VERSIONS:
            def function(scratch, version=version):
                body(Post(scratch, version, *options), version)
            function.__name__ = "%s_at_%s" % (body.__name__, version.replace(".", "_"))
            test(function)
        return body
    return decorate


def overwrite(path, content):
    with open(path, "wb", buffering=0) as file:
        file.write(content)


def rename_over(path, content):
    write(path + "~", content)
    os.rename(path + "~", path)


def edited(post, name, old, new):
    return read(post.path(name)).replace(b"\r\n ", b"").replace(old, new)


# ---- without send_invitations ----

SURPRISES = {
    "a new meeting": lambda post: write(post.path("new.ics"), event("New", OURS)),
    "a new meeting by rename": lambda post: rename_over(post.path("new.ics"), event("New", OURS)),
    "the first attendee": lambda post: overwrite(post.path("Standup.ics"), event("Standup", OURS)),
    "the first attendee by rename": lambda post: rename_over(post.path("Standup.ics"), event("Standup", OURS)),
    "one more": lambda post: overwrite(post.path("Meeting.ics"), event("Meeting", OURS + ATTENDEE % ("Carol", CAROL))),
    "one less": lambda post: overwrite(post.path("Meeting.ics"), event("Meeting")),
    "another place": lambda post: rename_over(post.path("Meeting.ics"), event("Meeting", OURS + "LOCATION:There\r\n")),
    "a cancellation": lambda post: overwrite(post.path("Meeting.ics"), event("Meeting", OURS + "STATUS:CANCELLED\r\n")),
    "its removal": lambda post: os.unlink(post.path("Meeting.ics")),
}


@at_each()
def nobody_is_mailed_by_surprise(post, version):
    names = post.mount.ls("Calendar")
    for what, change in SURPRISES.items():
        try:
            change(post)
            raise AssertionError(what + " was let through")
        except OSError as error:
            equal(errno.errorcode[error.errno], "EPERM", what)
        for name in post.mount.ls("Calendar"):  # the bytes stay where they were written, and are given up here
            path = post.path(name)
            if state(path) == "held":
                truth("send_invitations" in why(path), "%s: %s" % (what, why(path)))
                run(EASFS, "discard", path)
            elif name.endswith("~"):
                os.unlink(path)
        post.mount.sync("--strict")
        equal((post.mount.ls("Calendar"), journal(post.mount)), (names, []), "after " + what)
        equal((post.items(), post.mails()), (post.before, []), "the server after " + what)
    done = run("sed", "-i", "s/^SUMMARY:Meeting/&s/", post.path("Meeting.ics"), code=None)
    truth(done.returncode != 0, "sed was let through")
    # What is the user's alone is told nobody, and let through.
    overwrite(post.path("Meeting.ics"), edited(post, "Meeting.ics", b"END:VEVENT", b"CATEGORIES:Work\r\nX-MINE:1\r\nEND:VEVENT"))
    post.mount.sync("--strict")
    truth(b"CATEGORIES:Work" in post.items()["Meeting"], post.items()["Meeting"])
    equal(post.mails(), [])


# ---- with it ----

INVITED = [("Talk", BOB)]
CANCELLED = [("Canceled: Talk", BOB)]


@at_each("-o", "send_invitations")
def who_is_invited_is_told_once(post, version):
    path = post.path("talk.ics")
    steps = (("an invitation", lambda: write(path, event("Talk", OURS)), INVITED),
             ("what is the own", lambda: overwrite(path, edited(post, "talk.ics", b"END:VEVENT", b"CATEGORIES:W\r\nEND:VEVENT")), []),
             ("what no server knows", lambda: overwrite(path, edited(post, "talk.ics", b"END:VEVENT", b"X-MINE:1\r\nEND:VEVENT")), []),
             ("the same once more", lambda: overwrite(path, read(path)), []),
             ("an update", lambda: run("sed", "-i", r"s/^SUMMARY/LOCATION:There\r\n&/", path), INVITED),
             ("its removal", lambda: os.unlink(path), CANCELLED))
    for what, change, wanted in steps:
        change()
        post.mount.sync("--strict")
        equal(post.mails(), wanted, what)
    equal(post.methods(), ["REQUEST", "REQUEST", "CANCEL"])
    truth("Talk" not in post.items(), "it is still there")


@at_each("-o", "send_invitations")
def no_lost_answer_tells_them_twice(post, version):
    path = post.path("talk.ics")
    steps = (("an invitation", lambda: write(path, event("Talk", OURS)), INVITED),
             ("an update", lambda: overwrite(path, event("Talk", OURS + "LOCATION:There\r\n")), INVITED),
             ("its removal", lambda: os.unlink(path), CANCELLED))
    commands = ("Sync,writes", "SendMail") if version == "14.1" else ("Sync,writes",)
    for command in commands:
        for what, change, wanted in steps:
            post.server.fault("lost-answer,%s,next=1" % command)
            change()
            post.mount.sync(code=None)
            post.mount.sync("--strict", "--timeout", "60")
            equal(post.mails(), wanted, "%s, its answer to %s lost" % (what, command))
        equal(post.server.no_faults()["lost-answer"], 3 * (1 + commands.index(command)))
        truth("Talk" not in post.items(), "it is still there")


# ---- the meetings of others ----

@at_each()
def a_meeting_of_anothers_is_theirs(post, version):
    """What only its organizer may do is held; nothing of it is sent, and `discard` brings the meeting back."""
    path = post.path("Review.ics")
    good = read(path)
    rows = {"an answer of another's": b"METHOD:REPLY", "a cancellation": b"METHOD:CANCEL", "a counter": b"METHOD:COUNTER"}
    contents = [(what, event("Review", THEIRS).replace(b"BEGIN:VEVENT", method + b"\r\nBEGIN:VEVENT"), method.decode())
                for what, method in rows.items()]
    contents += [("another place", event("Review", THEIRS + "LOCATION:There\r\n"), "organi"),
                 ("another attendee", event("Review", THEIRS + ATTENDEE % ("Carol", CAROL)), "organi"),
                 ("no attendee", event("Review", ORGANIZER % BOB), "organi")]
    for what, content, words in contents:
        try:
            overwrite(path, content)
        except OSError as error:
            truth(error.errno in (errno.EINVAL, errno.EPERM), what)
        post.mount.sync("--strict", code=65)
        equal((state(path), read(path)), ("held", content), what)
        truth(words in why(path), "%s: %s" % (what, why(path)))
        equal((post.items(), post.mails()), (post.before, []), "the server after " + what)
        run(EASFS, "discard", path)
        equal((state(path), read(path)), ("clean", good), what + ", discarded")
    os.unlink(path)
    post.mount.sync("--strict")
    equal((post.mails(), "Review" in post.items()), ([], False), "a removal is no answer")


ANSWERS = {"accept": ("ACCEPTED", "Accepted: "), "tentative": ("TENTATIVE", "Tentative: "), "decline": ("DECLINED", "Declined: ")}


@at_each()
def an_answer_is_told_its_organizer_once(post, version):
    """By the command, or by what an editor leaves in the file."""
    for word, (partstat, subject) in ANSWERS.items():
        for by in ("respond", "sed"):
            name = (word + by).capitalize()
            post.server.put("Calendar/%s.ics" % name, event(name, THEIRS))
            post.mount.sync()
            path = post.path(name + ".ics")
            if by == "respond":
                run(EASFS, "respond", word, path)
            else:
                overwrite(path, read(path).replace(b"\r\n ", b""))  # one line a property, as sed needs it
                run("sed", "-i", "s/PARTSTAT=NEEDS-ACTION/PARTSTAT=%s/" % partstat, path)
            post.mount.sync("--strict")
            equal(post.mails(), [(subject + name, BOB)], "%s by %s" % (word, by))
            equal(post.methods()[-1], "REPLY", name)
            stays = word != "decline"
            equal((name in post.items(), os.path.exists(path)), (stays, stays), name + " is in the calendar")
            if stays:
                equal((state(path), partstat in read(path).replace(b"\r\n ", b"").decode()), ("clean", True), name)
    equal((len(post.methods()), journal(post.mount)), (6, []))


if __name__ == "__main__":
    harness.main()
