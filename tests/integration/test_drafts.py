#!/usr/bin/env python3
"""Messages in Drafts, through the mount: saved in every way there is, sent, and changed on both sides, where the server
keeps what is written (16.1) and where it does not (14.1).
Catches: a save that is a deletion and an addition on the server, with a copy in Deleted Items each; a draft that is
still there after it was sent; a draft that is gone and was not sent; one side's words lost to the other's."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import attribute, journal, state
from harness import EASFS, equal, message, read, run, test, truth, write

SAVERS = {
    "sed": lambda path, there, here: run("sed", "-i", "s/%s/%s/" % (there, here), path),
    "cp and mv": lambda path, there, here: move_over(path, there, here),
    "a backup by its side": lambda path, there, here: back_up(path, there, here),
    "vim": lambda path, there, here: run("vim", "-N", "-u", "NONE", "-es", "-c", "set swapfile backupcopy=no backup",
                                         "-c", "%%s/%s/%s/" % (there, here), "-c", "wq", path),
    "removed and written anew": lambda path, there, here: write_anew(path, there, here),
}


def replaced(path, there, here):
    return read(path).replace(there.encode(), here.encode())


def move_over(path, there, here):
    write(path + ".tmp", replaced(path, there, here))
    os.rename(path + ".tmp", path)


def back_up(path, there, here):
    content = replaced(path, there, here)
    os.rename(path, path + "~")
    write(path, content)
    os.unlink(path + "~")


def write_anew(path, there, here):
    content = replaced(path, there, here)
    os.unlink(path)
    write(path, content)


class Box:
    """A mailbox with one draft of the server's, and one that was written here."""

    def __init__(self, scratch, version, *extra):
        self.log = write(scratch.path("mail.log"), "")
        self.server = scratch.easd(extra=["--protocol", version, "--mail-log", self.log])
        self.server.put("Mail/Drafts/1.eml", message("Theirs", sender="alice@localhost", body="word-0 of theirs\r\n"))
        self.mount = scratch.mount(self.server, *extra)
        self.mount.sync()
        self.theirs, = self.mount.ls("Mail", "Drafts")

    def path(self, *parts):
        return self.mount.path("Mail", "Drafts", *parts)

    def on_server(self, folder="Drafts"):
        """What the server has in a folder, by name."""
        top = os.path.join(self.server.directory, "Mail", folder)
        names = [name for name in os.listdir(top) if not name.startswith(".")] if os.path.isdir(top) else []
        return {name: read(os.path.join(top, name)) for name in names}

    def mailed(self):
        return [json.loads(line)["subject"] for line in read(self.log).decode().splitlines()]


def at_both(scratch, *extra):
    for version in ("16.1", "14.1"):
        with harness.Scratch("drafts-" + version) as own:
            yield version >= "16", Box(own, version, *extra)


@test
def a_save_is_a_change(scratch):
    for kept, box in at_both(scratch):
        for count, (saver, save) in enumerate(SAVERS.items()):
            path, here = box.path(box.theirs), "word-%d" % (count + 1)
            identity = attribute(path, "server-id")
            save(path, "word-%d" % count, here)
            truth(here.encode() in read(path), "%s: %r" % (saver, read(path)))
            equal(attribute(path, "server-id"), identity, saver)
            box.mount.sync()
            equal((attribute(path, "server-id"), state(path)), (identity, "clean" if kept else "held"), saver)
            truth(here.encode() in read(path), "%s, sent: %r" % (saver, read(path)))
            there, = box.on_server().values()
            truth((here if kept else "word-0").encode() in there, "%s: the server has %r" % (saver, there))
            equal((box.on_server("Deleted Items"), journal(box.mount) == []), ({}, kept), saver)
            for left in set(box.mount.ls("Mail", "Drafts")) - {box.theirs}:
                os.unlink(box.path(left))  # vim's backup
        equal(box.mailed(), [])
        if not kept:
            run(EASFS, "discard", box.path(box.theirs))
            truth(b"word-0" in read(box.path(box.theirs)), "the server's is not back")


@test
def a_draft_of_ones_own_is_saved_before_it_is_sent_and_after(scratch):
    for kept, box in at_both(scratch):
        path = write(box.path("mine.eml"), "To: bob@example.org\nSubject: Mine\n\nword-0\n")
        for count, (saver, save) in enumerate(SAVERS.items()):
            save(path, "word-%d" % count, "word-%d" % (count + 1))
            truth(b"word-%d" % (count + 1) in read(path), "%s: %r" % (saver, read(path)))
        box.mount.sync()
        last = read(path)
        for left in set(box.mount.ls("Mail", "Drafts")) - {box.theirs, "mine.eml"}:
            os.unlink(box.path(left))
        if kept:
            identity = attribute(path, "server-id")
            SAVERS["sed"](path, "word-", "said-")
            box.mount.sync()
            equal((attribute(path, "server-id"), state(path)), (identity, "clean"))
            last = last.replace(b"word-", b"said-")
        equal(read(path), last)
        equal((len(box.on_server()), box.on_server("Deleted Items")), (2 if kept else 1, {}))
        equal(box.mailed(), [])


@test
def a_draft_that_is_moved_to_outbox_is_sent_and_gone(scratch):
    for kept, box in at_both(scratch, "--send-delay", "0"):
        os.rename(box.path(box.theirs), box.mount.path("Outbox", "theirs.eml"))
        equal(box.mount.ls("Mail", "Drafts"), [])
        box.mount.sync()
        equal((box.mailed(), box.mount.ls("Outbox")), (["Theirs"], []))
        equal((box.on_server(), box.on_server("Deleted Items")), ({}, {}), "left of what was sent")
        equal(len(box.on_server("Sent Items")), 1)
        equal((journal(box.mount), box.mount.ls("Mail", "Drafts")), ([], []))


@test
def a_draft_whose_letter_is_withdrawn_or_held_is_in_deleted_items(scratch):
    for kept, box in at_both(scratch, "--send-delay", "600"):
        letter, inode = box.mount.path("Outbox", "theirs.eml"), os.stat(box.path(box.theirs)).st_ino
        os.rename(box.path(box.theirs), letter)
        equal((os.stat(letter).st_ino, state(letter)), (inode, "queued"))
        os.unlink(letter)
        box.server.put("Mail/Drafts/2.eml", b"From: alice@localhost\r\nSubject: To nobody\r\n\r\nText.\r\n")
        box.mount.sync()
        equal((box.on_server("Deleted Items").keys() != set(), box.mailed()), (True, []))
        name, = box.mount.ls("Mail", "Drafts")
        letter = box.mount.path("Outbox", "nobody.eml")
        os.rename(box.path(name), letter)
        box.mount.sync()
        equal((state(letter), len(box.on_server("Deleted Items")), box.mailed()), ("held", 2, []))
        truth(b"To nobody" in read(letter), read(letter))


@test
def a_draft_that_both_sides_changed_is_kept_twice(scratch):
    """At 14.1 what is written is held from the start, until a person decides (test_write.py)."""
    box = Box(scratch, "16.1")
    path = box.path(box.theirs)
    identity, (there,) = attribute(path, "server-id"), box.on_server()
    for ours, theirs in ((b"ours-1", b"theirs-1"), (b"ours-2", b"theirs-2")):
        box.server.fault("http=503")
        write(path, re.sub(rb"(word|ours)-\d", ours, read(path)))
        box.server.put("Mail/Drafts/" + there,
                       message("Theirs", sender="alice@localhost", body=theirs.decode() + "\r\n"))
        box.server.no_faults()
        box.mount.sync()
        equal((state(path), attribute(path, "server-id")), ("clean", identity))
        truth(theirs in read(path), "the server's has the name: %r" % read(path))
        aside, = [name for name in box.mount.ls("Mail", "Drafts") if name.startswith(box.theirs + ".conflict-")]
        equal(state(box.path(aside)), "conflict")
        truth(ours in read(box.path(aside)), "the user's is beside it: %r" % read(box.path(aside)))
        equal([theirs in text for text in box.on_server().values()], [True], "the server's is as it was")
        os.rename(box.path(aside), path)  # this resolves it
        box.mount.sync()
        equal((state(path), attribute(path, "server-id")), ("clean", identity))
        equal([ours in text for text in box.on_server().values()], [True], "resolved")
        equal((box.on_server("Deleted Items"), box.mount.ls("Mail", "Drafts")), ({}, [box.theirs]))


@test
def a_lost_answer_is_no_conflict(scratch):
    for fault in ("lost-answer", "lost-request"):
        with harness.Scratch("drafts-" + fault) as own:
            box = Box(own, "16.1")
            path = box.path(box.theirs)
            box.server.fault(fault + ",Sync,next=1")
            SAVERS["sed"](path, "word-0", "word-1")
            box.mount.sync()
            SAVERS["sed"](path, "word-1", "word-2")
            box.mount.sync()
            equal((state(path), box.mount.ls("Mail", "Drafts")), ("clean", [box.theirs]), fault)
            equal([b"word-2" in text for text in box.on_server().values()], [True], fault)


if __name__ == "__main__":
    harness.main()
