#!/usr/bin/env python3
"""What the kernel holds of the mount while the mailbox changes on the server. Catches: a listing, a
name or bytes that stay stale after a sync, a directory's time that stands still or moves for nothing,
a notifier that waits for the dispatcher that waits for it."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import equal, message, read, run, test, truth, wait_for, write


def mail(number, body="Text.\r\n"):
    return message("Message %d" % number, date="Mon, 02 Nov 2026 10:%02d:00 +0000" % number, body=body)


def name(number):
    return "2026-11-02 10.%02d.00 Alice Smith - Message %d.eml" % (number, number)


def started(scratch, *options):
    """A mailbox of three messages, all local, mounted with these options; everything known to the kernel."""
    for number in range(3):
        write(scratch.path("mailbox/Mail/Inbox/%d.eml" % number), mail(number))
    server = scratch.easd()
    if options:
        first = scratch.mount(server)
        first.sync()
        first.umount()
    mount = scratch.mount(server, *options)
    mount.sync()
    run("find", mount.point, "-ls")
    equal(mount.ls("Mail", "Inbox"), [name(n) for n in range(3)])
    return server, mount


def changes_arrive(scratch, *options):
    server, mount = started(scratch, *options)
    inbox = mount.path("Mail", "Inbox")
    before = os.stat(inbox).st_mtime_ns
    mount.sync()
    equal(os.stat(inbox).st_mtime_ns, before, "mtime of a directory where nothing changed")

    server.put("Mail/Inbox/3.eml", mail(3))
    truth(not os.path.exists(mount.path("Mail", "Inbox", name(3))), "a message before its time")
    mount.sync()
    equal(mount.ls("Mail", "Inbox"), [name(n) for n in range(4)], "a new message")
    equal(mount.read("Mail", "Inbox", name(3)), mail(3))
    created = os.stat(inbox).st_mtime_ns
    truth(created > before, "the directory's mtime did not move for a new message")

    os.unlink(server.directory + "/Mail/Inbox/1.eml")
    mount.sync()
    equal(mount.ls("Mail", "Inbox"), [name(n) for n in (0, 2, 3)], "a removed message")
    truth(not os.path.exists(mount.path("Mail", "Inbox", name(1))), "it is still reached by name")
    truth(os.stat(inbox).st_mtime_ns > created, "the directory's mtime did not move for a removed message")

    os.makedirs(server.directory + "/Mail/New/Below")
    mount.sync()
    truth("New" in mount.ls("Mail") and mount.ls("Mail", "New") == ["Below"], "new folders")
    equal(os.stat(mount.path("Mail", "New")).st_nlink, 3, "links of a folder with one below")
    run("rm", "-r", server.directory + "/Mail/New")
    mount.sync()
    truth("New" not in mount.ls("Mail"), "a removed folder")


@test
def changes_are_seen_at_once(scratch):
    changes_arrive(scratch)


@test
def changes_are_seen_at_once_without_opens(scratch):
    changes_arrive(scratch, "-o", "ro")


@test
def a_large_message_is_seen_when_all_of_it_is_here(scratch):
    body = "x" * 70 + "\r\n"
    for options in ((), ("-o", "ro")):
        server, mount = started(scratch, *options)
        server.put("Mail/Inbox/4.eml", mail(4, body * 20000))
        mount.sync()
        equal(mount.read("Mail", "Inbox", name(4)), mail(4, body * 20000))
        equal(os.stat(mount.path("Mail", "Inbox", name(4))).st_size, len(mail(4, body * 20000)))
        mount.umount()
        server.stop()
        run("rm", "-r", scratch.path("mailbox"), scratch.path("state"))


@test
def an_open_fetches_what_is_not_here_yet(scratch):
    """Messages too large to come with their folder, opened oldest first while they are fetched newest first."""
    whole = {n: mail(n, ("%d " % n + "y" * 70 + "\r\n") * 20000) for n in range(8)}
    for number, content in whole.items():
        write(scratch.path("mailbox/Mail/Inbox/%d.eml" % number), content)
    server = scratch.easd()
    mount = scratch.mount(server)
    wait_for("the folder", lambda: len(mount.ls("Mail", "Inbox")) == len(whole))
    for number, content in whole.items():
        path = mount.path("Mail", "Inbox", name(number))
        truth(os.stat(path).st_size > 0, "a size of nothing is announced")
        with open(path, "rb") as file:
            equal(os.fstat(file.fileno()).st_size, len(content), "size once it is open")
            truth(file.read() == content, "bytes of message %d" % number)
    mount.sync()
    equal({n: os.stat(mount.path("Mail", "Inbox", name(n))).st_size for n in whole},
          {n: len(c) for n, c in whole.items()}, "sizes in the end")


@test
def an_open_file_keeps_its_bytes(scratch):
    server, mount = started(scratch)
    with open(mount.path("Mail", "Inbox", name(1)), "rb", buffering=0) as file:
        equal(file.read(10), mail(1)[:10])
        os.unlink(server.directory + "/Mail/Inbox/1.eml")
        mount.sync()
        truth(name(1) not in mount.ls("Mail", "Inbox"), "the message is still there")
        equal(file.read(), mail(1)[10:], "the rest of an open file that is gone")


CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:jane\r\nFN:Jane Doe\r\nN:Doe;Jane;;;\r\nEMAIL:%s\r\nEND:VCARD\r\n"


@test
def an_open_file_does_not_bring_the_past_back(scratch):
    """The kernel keeps one copy of a file's bytes for all who have it open, and for whoever opens it next."""
    server, mount = started(scratch)
    server.put("Contacts/jane.vcf", CARD % "first@example.test")
    mount.sync()
    path = mount.path("Contacts", "Jane Doe.vcf")
    equal(read(path).count(b"first@"), 1)
    with open(path, "rb", buffering=0) as before:  # nothing was read yet
        server.put("Contacts/jane.vcf", CARD % "second@example.test")
        mount.sync()
        truth(b"second@" in before.read(), "a handle from before shows what was")
        truth(b"second@" in read(path), "what it read is what all read")


@test
def readers_and_changes_do_not_wait_for_each_other(scratch):
    server, mount = started(scratch)
    walk = "while :; do find '%s' -ls; grep -r Message '%s'; cat '%s'/Mail/Inbox/*; done" % ((mount.point,) * 3)
    readers = [subprocess.Popen(["sh", "-c", walk], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                start_new_session=True) for _ in range(2)]
    try:
        for turn in range(12):
            for number in range(10, 16):
                path = "Mail/Inbox/%d.eml" % number
                if turn % 2:
                    os.unlink(os.path.join(server.directory, path))
                else:
                    server.put(path, mail(number))
            mount.sync(timeout=60)
            equal(len(mount.ls("Mail", "Inbox")), 3 if turn % 2 else 9, "messages after change %d" % turn)
    finally:
        for reader in readers:
            os.killpg(reader.pid, 9)
            reader.wait()


if __name__ == "__main__":
    harness.main()
