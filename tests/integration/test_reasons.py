#!/usr/bin/env python3
"""That whatever is refused, held or in conflict says why (CONTRACT 5 and 6): in .easfs/errors, in user.eas.error, in
`easfs status` and in `easfs sync --wait`. Catches: a refusal without a word, a word that is gone when somebody looks, a
conflict that nobody is told of, one thing told many times."""
import errno
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import attribute, event, journal, server_items, state, why
from harness import EASFS, equal, refuses, read, run, test, truth, wait_for, write


def started(scratch, *extra, **contents):
    """A mailbox with an event of each name, mounted."""
    server = scratch.easd()
    for name, content in (contents or {"Standup": event("Standup")}).items():
        server.put("Calendar/%s.ics" % name, content)
    mount = scratch.mount(server, *extra)
    mount.sync()
    return server, mount


def told(mount):
    """(path, item, error) of each line of .easfs/errors."""
    lines = [json.loads(line) for line in mount.read(".easfs", "errors").splitlines()]
    for line in lines:
        equal(sorted(line), ["error", "item", "kind", "path", "time"], "members")
        equal(line["kind"], "state")
    return [(line["path"], line["item"], line["error"]) for line in lines]


def tells(mount, count):
    """So many lines of .easfs/errors: an edit is held, and told, when the last writing handle is gone, soon after a close."""
    wait_for("%d lines in errors" % count, lambda: len(told(mount)) >= count)
    equal(len(told(mount)), count, "lines in errors")
    return told(mount)


def listed(mount, title):
    """The paths under one of the titles of `easfs status`."""
    _, found, rest = run(EASFS, "status", mount.point).stdout.partition("\n%s" % title)
    return [line.strip() for line in rest.partition(":\n")[2].split("\n\n")[0].splitlines()] if found else []


def with_people(*lines):
    return "".join("%s\r\n" % line for line in lines)


OURS = ("ORGANIZER:mailto:alice@localhost", "ATTENDEE;CN=Bob:mailto:bob@example.test")


def invitation(answer, more=""):
    return event("Review", with_people("ORGANIZER:mailto:bob@example.test", "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.test",
                                       "ATTENDEE;CN=Alice;PARTSTAT=%s;RSVP=TRUE:mailto:alice@localhost" % answer) + more)


@test
def a_rename_that_is_refused_says_why(scratch):
    _, mount = started(scratch)
    path, scrap = mount.path("Calendar", "Standup.ics"), mount.path("Calendar", "t~")
    before, ident = read(path), attribute(path, "server-id")
    for number, (more, code) in enumerate((("RRULE:FREQ=HOURLY\r\n", errno.EINVAL), (with_people(*OURS), errno.EPERM))):
        write(scrap, event("Standup", more))
        equal(why(scrap), None, "before it was refused anything")
        refuses(code, os.rename, scrap, path)
        equal(read(path), before, "the item")
        equal((state(path), why(path)), ("clean", None), "the item")
        place, item, reason = told(mount)[-1]
        equal((len(told(mount)), place, item), (number + 1, "Calendar/Standup.ics", ident), "what is told")
        truth("HOURLY" in reason if code == errno.EINVAL else "send_invitations" in reason, reason)
        equal((state(scrap), why(scrap)), ("local", reason), "the scratch file")
        truth("user.eas.error" not in os.listxattr(scrap), os.listxattr(scrap))
    write(scrap, event("Standup", "LOCATION:Room 1\r\n"))
    equal(why(scrap), None, "after it was written anew")
    os.rename(scrap, path)
    equal(why(path), None, "after it was let through")
    done = subprocess.run(["sed", "-i", r"s/^SUMMARY/RRULE:FREQ=HOURLY\r\n&/", path], capture_output=True)
    truth(done.returncode != 0, "sed")
    equal(told(mount)[-1][:2], ("Calendar/Standup.ics", ident))
    equal(len(told(mount)), 3, "lines")
    mount.sync("--strict")


@test
def a_removal_that_would_mail_says_why(scratch):
    _, mount = started(scratch, Mine=event("Mine", with_people(*OURS)))
    path = mount.path("Calendar", "Mine.ics")
    refuses(errno.EPERM, os.unlink, path)
    (place, item, reason), = told(mount)
    equal((place, item), ("Calendar/Mine.ics", attribute(path, "server-id")))
    truth("send_invitations" in reason, reason)
    equal(state(path), "clean")


@test
def errors_only_grow(scratch):
    server, mount = started(scratch)
    path, known = mount.path("Calendar", "bad.ics"), mount.path("Calendar", "Standup.ics")
    refuses(errno.EINVAL, write, path, event("Bad")[:90])
    equal(tells(mount, 1), [("Calendar/bad.ics", None, why(path))])
    first = mount.read(".easfs", "errors")
    os.unlink(path)
    equal(mount.read(".easfs", "errors"), first, "after its removal")
    refuses(errno.EINVAL, write, known, event("Standup", "RRULE:FREQ=HOURLY\r\n"))
    equal(tells(mount, 2)[1], ("Calendar/Standup.ics", attribute(known, "server-id"), why(known)))
    truth(mount.read(".easfs", "errors").startswith(first), "a line has changed")
    second = mount.read(".easfs", "errors")
    run(EASFS, "discard", known)
    mount.sync("--strict")
    equal(mount.read(".easfs", "errors"), second, "after a sync")
    equal(os.stat(mount.path(".easfs", "errors")).st_size, len(second), "size")
    refuses(errno.EINVAL, write, known, event("Standup", "RRULE:FREQ=SECONDLY\r\n"))
    wrong = tells(mount, 3)[2]
    mount.umount()
    mount = scratch.mount(server)
    equal(told(mount), [wrong], "after another mount: what is still wrong")


@test
def what_is_held_is_listed_once(scratch):
    _, mount = started(scratch)
    refuses(errno.EINVAL, write, mount.path("Calendar", "bad.ics"), event("Bad")[:90])
    tells(mount, 1)
    write(mount.path("Calendar", "scrap"), "x")
    equal([line.split(" ")[0] for line in listed(mount, "left out or held")], ["Calendar/bad.ics"])
    equal(listed(mount, "kept here alone"), ["Calendar/scrap"])
    os.unlink(mount.path("Calendar", "bad.ics"))
    equal(listed(mount, "left out or held"), [])


@test
def a_conflict_is_told(scratch):
    server, mount = started(scratch)
    mount.umount()
    mount = scratch.mount(server, "--offline")
    path = mount.path("Calendar", "Standup.ics")
    write(path, event("Mine", uid="standup@example.test"))
    mount.umount()
    server.put("Calendar/Standup.ics", event("Theirs", uid="standup@example.test"))
    mount = scratch.mount(server)
    done = mount.sync()
    name, = [name for name in mount.ls("Calendar") if ".conflict-" in name]
    truth(b"SUMMARY:Mine" in mount.read("Calendar", name) and b"SUMMARY:Theirs" in read(path), "both are there")
    copy = mount.path("Calendar", name)
    for code, flags in ((0, ()), (65, ("--strict",))):
        done = mount.sync(*flags, code=code)
        equal(["Calendar/" + name in line and "in conflict" in line for line in done.stderr.splitlines()], [True], done.stderr)
    equal(told(mount), [("Calendar/" + name, attribute(path, "server-id"), why(copy))])
    truth(why(copy) and state(copy) == "conflict", (why(copy), state(copy)))
    equal(listed(mount, "in conflict"), ["Calendar/" + name])
    equal(listed(mount, "kept here alone"), [])
    os.rename(copy, path)
    mount.sync("--strict")
    truth(b"SUMMARY:Mine" in server_items(server, "Calendar")["Mine"], "the user's")
    equal((why(path), listed(mount, "in conflict")), (None, []), "once it is resolved")


@test
def many_deletions_are_one_line(scratch):
    names = ["E%d" % number for number in range(8)]
    server, mount = started(scratch, "--max-deletes", "3", **{name: event(name) for name in names})
    for name in names:
        os.unlink(mount.path("Calendar", name + ".ics"))
    done = mount.sync("--strict", code=65)
    equal([("max-deletes" in line, "7 deletions more" in line) for line in done.stderr.splitlines()], [(True, True)], done.stderr)
    equal(len(listed(mount, "left out or held")), 1)
    (_, _, reason), = told(mount)
    truth("max-deletes" in reason and "7 deletions more" in reason, reason)
    equal(mount.ls("Calendar"), [name + ".ics" for name in names], "they are one mistake: all of them wait")
    for name in names:
        truth("max-deletes" in why(mount.path("Calendar", name + ".ics")), name)
    run(EASFS, "discard", mount.path("Calendar", "E0.ics"))
    for name in names[1:]:
        run(EASFS, "retry", mount.path("Calendar", name + ".ics"))
    mount.sync("--strict")
    equal(sorted(server_items(server, "Calendar")), ["E0"])


@test
def half_a_file_cannot_be_answered_and_says_so(scratch):
    _, mount = started(scratch, Review=invitation("NEEDS-ACTION"))
    path = mount.path("Calendar", "Review.ics")
    refuses(errno.EINVAL, write, path, read(path)[:120])
    tells(mount, 1)
    done = run(EASFS, "respond", "accept", path, code=65)
    truth("attendee" not in done.stderr and why(path) in done.stderr, (done.stderr, why(path)))


@test
def an_invitation_to_what_is_known_is_the_own_answer(scratch):
    server, mount = started(scratch, Review=invitation("NEEDS-ACTION"))
    path = mount.path("Calendar", "Review.ics")
    pasted = invitation("ACCEPTED", "LOCATION:Room 2\r\nDESCRIPTION:Bring coffee.\r\n")
    write(path, pasted.replace(b"VERSION:2.0\r\n", b"VERSION:2.0\r\nMETHOD:REQUEST\r\n").replace(b"T093000Z", b"T100000Z"))
    equal([row["kind"] for row in journal(mount)], ["respond"])
    mount.sync("--strict")
    kept = server_items(server, "Calendar")["Review"].replace(b"\r\n ", b"")
    truth(b"PARTSTAT=ACCEPTED" in kept.split(b"Alice")[1], kept)
    truth(b"Room 2" not in kept and b"coffee" not in kept and b"T100000Z" not in kept, kept)
    truth(b"Room 2" not in read(path), "the file is what the server has")


@test
def an_exdate_of_no_occurrence_is_decoration(scratch):
    weekly = "RRULE:FREQ=WEEKLY;COUNT=5\r\n"
    server, mount = started(scratch, Weekly=event("Weekly", weekly))
    for name, title in (("Weekly", "Weekly"), ("new", "New")):
        path, own = mount.path("Calendar", name + ".ics"), event(title, weekly + "EXDATE:20261106T090000Z\r\n")
        write(path, own)
        mount.sync("--strict")
        equal((state(path), read(path)), ("clean", own), name)
        truth(b"EXDATE" not in server_items(server, "Calendar")[title], name)
    other = event("Other", weekly)[:-len("END:VCALENDAR\r\n")] + event("Other", "RECURRENCE-ID:20261106T090000Z\r\n").partition(
        b"EN\r\n")[2]
    refuses(errno.EINVAL, write, mount.path("Calendar", "other.ics"), other)
    truth("RECURRENCE-ID" in why(mount.path("Calendar", "other.ics")), why(mount.path("Calendar", "other.ics")))


if __name__ == "__main__":
    harness.main()
