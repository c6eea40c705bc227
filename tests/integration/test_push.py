#!/usr/bin/env python3
"""Nobody asks for a sync here: what changes on the server is in the mount because the server says so. Catches: a change
that waits for a poll, a folder that is not followed, an outage that is not told or not overcome, a password that is
tried again and again, a mount that cannot be read while the server is away."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, equal, message, read, run, test, tree, truth, wait_for, write

PROMPT_S = 20  # far below every interval of polling


def mail(number):
    return message("Message %d" % number, date="Mon, 02 Nov 2026 10:%02d:00 +0000" % number)


def name(number):
    return "2026-11-02 10.%02d.00 Alice Smith - Message %d.eml" % (number, number)


EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//test//EN\r
BEGIN:VEVENT\r
UID:one@example.test\r
DTSTAMP:20260101T000000Z\r
DTSTART:20261005T090000Z\r
DTEND:20261005T093000Z\r
SUMMARY:%s\r
END:VEVENT\r
END:VCALENDAR\r
"""
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:jane\r\nFN:Jane Doe\r\nN:Doe;Jane;;;\r\nEMAIL;TYPE=WORK:%s\r\nEND:VCARD\r\n"


def pushed(what, condition):
    return wait_for(what, condition, PROMPT_S)


def hanging(mount):
    """The first pass is over and a Ping hangs."""
    wait_for("push", lambda: mount.status()["heartbeat"] > 0)


def started(scratch, *options, count=3):
    for number in range(count):
        write(scratch.path("mailbox/Mail/Inbox/%d.eml" % number), mail(number))
    server = scratch.easd()
    mount = scratch.mount(server, *options)
    mount.sync()
    hanging(mount)
    return server, mount


def remove(server, path):
    os.unlink(os.path.join(server.directory, path))


@test
def mail_comes_and_goes(scratch):
    for options in ((), ("-o", "ro")):
        server, mount = started(scratch, *options)
        inbox = mount.path("Mail", "Inbox")
        run("find", mount.point, "-ls")
        for number in range(3, 8):
            server.put("Mail/Inbox/%d.eml" % number, mail(number))
            pushed("message %d" % number, lambda: os.path.exists(os.path.join(inbox, name(number))))
            equal(mount.read("Mail", "Inbox", name(number)), mail(number))
        equal(mount.ls("Mail", "Inbox"), [name(n) for n in range(8)])
        for number in (0, 5):
            remove(server, "Mail/Inbox/%d.eml" % number)
            pushed("removal %d" % number, lambda: not os.path.exists(os.path.join(inbox, name(number))))
        equal(mount.ls("Mail", "Inbox"), [name(n) for n in (1, 2, 3, 4, 6, 7)])
        mount.umount()
        server.stop()
        run("rm", "-r", scratch.path("mailbox"), scratch.path("state"))


@test
def flags_follow(scratch):
    server, mount = started(scratch)
    path = mount.path("Mail", "Inbox", name(1))
    equal(os.getxattr(path, "user.eas.read"), b"0")
    for value in (b"1", b"0", b"1"):
        os.setxattr(server.directory + "/Mail/Inbox/1.eml", "user.eas.read", value)
        pushed("read %r" % value, lambda: os.getxattr(path, "user.eas.read") == value)
    for word, values in (("categories", (b"Red", b"", b"Red\nBlue", b"Blue", b"")),
                         ("flag", (b"active", b"complete", b"none"))):
        for value in values:
            os.setxattr(server.directory + "/Mail/Inbox/1.eml", "user.eas." + word, value)
            pushed("%s %r" % (word, value), lambda: os.getxattr(path, "user.eas." + word) == value)
    equal(mount.read("Mail", "Inbox", name(1)), mail(1))


@test
def events_and_contacts_follow(scratch):
    server, mount = started(scratch)
    before = os.stat(mount.path("Calendar")).st_mtime_ns
    server.put("Calendar/one.ics", EVENT % "standup")
    pushed("the event", lambda: mount.ls("Calendar") == ["standup.ics"])
    truth(b"SUMMARY:standup" in mount.read("Calendar", "standup.ics"), "its bytes")
    created = os.stat(mount.path("Calendar")).st_mtime_ns
    ino = os.stat(mount.path("Calendar", "standup.ics")).st_ino
    truth(created > before, "the calendar's mtime stands still for a new event")
    server.put("Calendar/one.ics", EVENT % "stand-up, moved")
    pushed("its change", lambda: b"moved" in mount.read("Calendar", "standup.ics"))
    equal(os.stat(mount.path("Calendar", "standup.ics")).st_ino, ino, "inode of a changed event")
    truth(os.stat(mount.path("Calendar")).st_mtime_ns > created, "the calendar's mtime stands still for a change")
    server.put("Contacts/jane.vcf", CARD % "jane@example.test")
    pushed("the contact", lambda: mount.ls("Contacts") == ["Jane Doe.vcf"])
    server.put("Contacts/jane.vcf", CARD % "doe@example.test")
    pushed("its change", lambda: b"doe@example.test" in mount.read("Contacts", "Jane Doe.vcf"))
    remove(server, "Calendar/one.ics")
    remove(server, "Contacts/jane.vcf")
    pushed("their removal", lambda: mount.ls("Calendar") == mount.ls("Contacts") == [])


@test
def folders_follow(scratch):
    server, mount = started(scratch)
    server.put("Mail/Projects/2026/4.eml", mail(4))
    pushed("a tree of folders", lambda: os.path.exists(mount.path("Mail", "Projects", "2026", name(4))))
    ino = os.stat(mount.path("Mail", "Projects", "2026", name(4))).st_ino
    server.put("Mail/Projects/2026/5.eml", mail(5))
    pushed("mail in a new folder", lambda: os.path.exists(mount.path("Mail", "Projects", "2026", name(5))))
    os.rename(server.directory + "/Mail/Projects", server.directory + "/Mail/Plans")
    pushed("another name", lambda: "Plans" in mount.ls("Mail") and "Projects" not in mount.ls("Mail"))
    pushed("what is in it", lambda: os.path.exists(mount.path("Mail", "Plans", "2026", name(4))))
    equal(os.stat(mount.path("Mail", "Plans", "2026", name(4))).st_ino, ino, "inode in a renamed folder")
    server.put("Mail/Plans/2026/6.eml", mail(6))
    pushed("mail in a renamed folder", lambda: os.path.exists(mount.path("Mail", "Plans", "2026", name(6))))
    run("rm", "-r", server.directory + "/Mail/Plans")
    pushed("its removal", lambda: "Plans" not in mount.ls("Mail"))


@test
def a_folder_that_vanished_meanwhile_stops_nothing(scratch):
    """A Ping names it, and when it is asked it is gone; the others that the same Ping names are not the worse for it."""
    server, mount = started(scratch)
    for turn in range(3):
        server.put("Mail/Projects/4.eml", mail(4))
        pushed("the folder", lambda: os.path.exists(mount.path("Mail", "Projects", name(4))))
        server.put("Mail/Inbox/x.eml", mail(9))
        pushed("push", lambda: os.path.exists(mount.path("Mail", "Inbox", name(9))))
        hanging(mount)
        server.fault("delay=500,Ping,next=1")
        remove(server, "Mail/Inbox/x.eml")
        server.put("Mail/Inbox/%d.eml" % (10 + turn), mail(10 + turn))
        server.put("Mail/Projects/5.eml", mail(5))
        run("rm", "-r", server.directory + "/Mail/Projects")
        pushed("its end", lambda: "Projects" not in mount.ls("Mail"))
        pushed("what came elsewhere", lambda: os.path.exists(mount.path("Mail", "Inbox", name(10 + turn))))
        equal(mount.wrongs(), [], "what is wrong")
        equal(mount.status()["state"], "online")


@test
def what_is_moved_keeps_its_inode(scratch):
    for folder in ("Archive", "Sent Items"):
        os.makedirs(scratch.path("mailbox", "Mail", folder))
    server, mount = started(scratch)
    for number, (source, target) in enumerate((("Inbox", "Archive"), ("Inbox", "Sent Items"), ("Sent Items", "Inbox"))):
        which = min(number, 1)
        ino = os.stat(mount.path("Mail", source, name(which))).st_ino
        os.rename(server.directory + "/Mail/%s/%d.eml" % (source, which),
                  server.directory + "/Mail/%s/%d.eml" % (target, which))
        pushed("the move", lambda: os.path.exists(mount.path("Mail", target, name(which))))
        equal(os.stat(mount.path("Mail", target, name(which))).st_ino, ino, "inode of what was moved")
        pushed("its old place", lambda: not os.path.exists(mount.path("Mail", source, name(which))))
        equal(mount.read("Mail", target, name(which)), mail(which))


@test
def what_is_moved_has_the_state_it_has_there(scratch):
    os.makedirs(scratch.path("mailbox/Mail/Archive"))
    server, mount = started(scratch)
    here, there = (server.directory + "/Mail/%s/1.eml" % folder for folder in ("Inbox", "Archive"))
    for word, value in (("read", b"1"), ("flag", b"active"), ("categories", b"Red\nBlue")):
        os.setxattr(here, "user.eas." + word, value)
        pushed(word, lambda: os.getxattr(mount.path("Mail", "Inbox", name(1)), "user.eas." + word) == value)
    for word, value in (("read", b"0"), ("flag", b"none"), ("categories", b"")):  # in the same moment
        os.setxattr(here, "user.eas." + word, value)
    os.rename(here, there)
    moved = mount.path("Mail", "Archive", name(1))
    pushed("the move", lambda: os.path.exists(moved))
    equal([os.getxattr(moved, "user.eas." + word) for word in ("read", "flag", "categories")], [b"0", b"none", b""])


@test
def a_burst_arrives(scratch):
    server, mount = started(scratch, count=0)
    wanted = {}
    for number in range(400):
        content = message("Burst %03d" % number)
        server.put("Mail/Inbox/%d.eml" % number, content)
        wanted["2026-11-02 09.15.33 Alice Smith - Burst %03d.eml" % number] = content
    wait_for("all of them", lambda: len(mount.ls("Mail", "Inbox")) == len(wanted), 60)
    equal(mount.ls("Mail", "Inbox"), sorted(wanted))
    for each, content in wanted.items():
        equal(mount.read("Mail", "Inbox", each), content)
    truth(mount.status()["heartbeat"] > 0, "push was given up under load")


@test
def an_outage_is_a_state(scratch):
    server, mount = started(scratch)
    for kill in (False, True):
        before = tree(mount.path("Mail"))
        server.stop(kill=kill)
        status = pushed("offline", lambda: mount.status()["state"] == "offline" and mount.status())
        truth(status["reason"] and status["since"], "offline without a reason: %r" % status)
        equal(status["heartbeat"], 0, "heartbeat while offline")
        equal(tree(mount.path("Mail")), before, "what is read while the server is away")
        number = 10 + kill
        write(server.directory + "/Mail/Inbox/%d.eml" % number, mail(number))
        server.start()
        status = pushed("online", lambda: mount.status()["state"] == "online" and mount.status())
        truth(status["since"] and not status["reason"], "online with a reason: %r" % status)
        pushed("what came meanwhile", lambda: os.path.exists(mount.path("Mail", "Inbox", name(number))))
        hanging(mount)
        server.put("Mail/Inbox/%d.eml" % (20 + kill), mail(20 + kill))
        pushed("push as before", lambda: os.path.exists(mount.path("Mail", "Inbox", name(20 + kill))))


@test
def a_changed_password_stops_with_a_sentence(scratch):
    write(scratch.path("mailbox/Mail/Inbox/1.eml"), mail(1))
    server = scratch.easd()
    mine = write(scratch.path("mine"), "secret\n")
    os.chmod(mine, 0o600)
    mount = scratch.mount(["--server", server.url, "--user", server.user, "--password-file", mine, "--insecure-http"])
    mount.sync()
    hanging(mount)
    server.stop()
    write(server.password_file, "another\n")
    server.start()
    status = wait_for("auth", lambda: mount.status()["state"] == "auth" and mount.status())
    truth("password" in status["reason"] or "credentials" in status["reason"], "reason %r" % status["reason"])
    equal(mount.read("Mail", "Inbox", name(1)), mail(1))
    truth("password" in run(EASFS, "sync", mount.point, "--wait", code=77).stderr, "a sync without a sentence")
    server.stop()
    write(server.password_file, "secret\n")
    server.start()
    server.put("Mail/Inbox/2.eml", mail(2))
    time.sleep(1.5)  # longer than the first retry would take: nothing is tried unasked
    equal(mount.status()["state"], "auth")
    mount.sync()
    equal(mount.status()["state"], "online")
    equal(mount.ls("Mail", "Inbox"), [name(1), name(2)])


@test
def a_server_that_is_asked_too_much_is_let_be(scratch):
    server, mount = started(scratch)
    equal(mount.status()["throttled"], None)
    begun = time.monotonic()
    server.fault("http=503,Sync,next=1,retry-after=3")
    server.put("Mail/Inbox/7.eml", mail(7))
    status = pushed("its word", lambda: mount.status()["throttled"] and mount.status())
    truth(status["throttled"]["until"].endswith("Z"), "until %r" % status["throttled"])
    truth("throttled by the server, until 20" in run(EASFS, "status", mount.point).stdout, "easfs status is silent")
    pushed("the message", lambda: os.path.exists(mount.path("Mail", "Inbox", name(7))))
    truth(time.monotonic() - begun >= 3, "it was asked before its time")
    wait_for("the end of it", lambda: mount.status()["throttled"] is None)
    equal(mount.status()["state"], "online")


@test
def what_waits_is_told_by_folder(scratch):
    server, mount = started(scratch)
    server.stop()
    pushed("offline", lambda: mount.status()["state"] == "offline")
    folder = lambda path: {f["path"]: (f["queued"], f["held"]) for f in mount.status()["folders"]}[path]
    write(mount.path("Calendar", "own.ics"), EVENT % "own")
    pushed("the edit", lambda: folder("Calendar") == (1, 0))
    try:
        write(mount.path("Contacts", "own.vcf"), "no card at all")
    except OSError:
        pass
    pushed("the one that is held", lambda: folder("Contacts") == (0, 1))
    equal(folder("Mail/Inbox"), (0, 0))
    text = mount.read(".easfs", "status").decode()
    truth("Calendar (1 queued, 0 held)" in text and "Contacts (0 queued, 1 held)" in text, text)
    server.start()
    pushed("the edit to be sent", lambda: folder("Calendar") == (0, 0))


@test
def the_end_does_not_wait(scratch):
    server, mount = started(scratch)
    before = time.monotonic()
    mount.umount()
    truth(time.monotonic() - before < PROMPT_S, "umount waited for the Ping")


if __name__ == "__main__":
    harness.main()
