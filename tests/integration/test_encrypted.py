#!/usr/bin/env python3
"""An encrypted replica through the mount. Catches: a word of a message, a name, an event or an edit that stands readable
in any file of the replica, while it is mounted, after a kill and after an unmount; a key that is lost, wrong or never
kept; reads in pieces and edits that differ from those of an open replica."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
import keyring
from harness import EASFS, equal, message, read, run, test, truth, write

SECRET = "Zanzibar"
KEY = "00112233445566778899aabbccddeeff" * 2
EVENT = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
         "DTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def readable(state, word):
    """The files below state that hold the word."""
    found = []
    for path, _, names in os.walk(state):
        for name in names:
            whole = os.path.join(path, name)
            if os.path.isfile(whole) and word.encode() in read(whole):
                found.append(whole)
            if word in name:
                found.append(whole)
    return found


def mailbox(scratch):
    for name, bytes in (("Mail/Inbox/1.eml", message("To " + SECRET, body=(SECRET + " is far away.\r\n") * 20000)),
                        ("Mail/Inbox/2.eml", message("Short", body=SECRET + "\r\n")),
                        ("Calendar/e.ics", (EVENT % ("e1", "Trip to " + SECRET)).encode())):
        write(scratch.path("mailbox", name), bytes)
    server = scratch.easd()
    return server


@test
def nothing_of_it_stands_readable_on_the_disk(scratch):
    server = mailbox(scratch)
    options = ["--encrypt", "--key-command", "echo " + KEY]
    mount = scratch.mount(server, *options)
    mount.sync()
    first = [name for name in mount.ls("Mail", "Inbox") if SECRET in name][0]
    whole = mount.read("Mail", "Inbox", first)
    equal(whole.count(SECRET.encode()), 20001, "the message as a whole")
    with open(mount.path("Mail", "Inbox", first), "rb") as file:
        file.seek(12345)
        equal(file.read(777), whole[12345:12345 + 777], "a piece of it")
    path = mount.path("Calendar", "new.ics")
    write(path, EVENT % ("n1", SECRET + " again"))
    write(mount.path("Calendar", ".scratch"), SECRET)
    with open(path, "r+") as file:  # a working copy that is never finished
        file.seek(0, os.SEEK_END)
        file.write("X-" + SECRET)
        file.flush()
        equal(readable(mount.state, SECRET), [], "while it is mounted")
        file.truncate(len(EVENT % ("n1", SECRET + " again")))
    mount.kill()
    equal(readable(mount.state, SECRET), [], "after a kill")
    mount = scratch.mount(server, *options)
    equal(mount.read("Mail", "Inbox", first), whole, "after a kill, the message")
    equal(mount.read("Calendar", ".scratch"), SECRET.encode(), "and the scratch file")
    truth(SECRET in mount.read("Calendar", "new.ics").decode(), "and the edit")
    mount.umount()
    equal(readable(mount.state, SECRET), [], "after an unmount")


@test
def the_key_has_to_be_the_right_one(scratch):
    server = mailbox(scratch)
    scratch.mount(server, "--encrypt", "--key-command", "echo " + KEY).umount()
    wrong = scratch.mount(server, "--key-command", "echo " + KEY[::-1], code=74)
    truth("another key" in wrong.result.stderr, wrong.result.stderr)
    none = scratch.mount(server, "--key-command", "echo nothing", code=78)
    truth("64 hexadecimal digits" in none.result.stderr, none.result.stderr)
    plain = scratch.mount(server, state="plain")
    plain.umount()
    late = scratch.mount(server, "--encrypt", "--key-command", "echo " + KEY, state="plain", code=74)
    truth("begun without encryption" in late.result.stderr, late.result.stderr)


@test
def the_keyring_keeps_the_key(scratch):
    with keyring.Keyring(scratch) as ring:
        server = mailbox(scratch)
        mount = scratch.mount(server, "--encrypt")
        mount.sync()
        names = mount.ls("Mail", "Inbox")
        mount.umount()
        mount = scratch.mount(server)  # known to be encrypted, without being told
        equal(mount.ls("Mail", "Inbox"), names)
        mount.umount()
        run(EASFS, "cache", "verify", "--state", mount.state)
        run(EASFS, "cache", "wipe", "--state", mount.state)
        truth(not os.path.exists(os.path.join(mount.state, "store.db")), "the replica is gone")
        del ring


if __name__ == "__main__":
    harness.main()
