#!/usr/bin/env python3
"""-o layout=maildir, and the programs that read it. Catches: a flag that does not reach the server, or comes from there
and is not seen; a message under two names, or under none; a program that finds no mail."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write


def started(scratch, count=5):
    server = scratch.easd()
    for number in range(count):
        server.put("Mail/Inbox/%d.eml" % number, message("Message %d" % number, ident="m%d" % number,
                                                        date="Mon, 02 Nov 2026 09:00:%02d +0000" % number))
    os.makedirs(server.directory + "/Mail/Archive", exist_ok=True)
    server.put("Mail/Archive/old.eml", message("Old", ident="old"))
    mount = scratch.mount(server, "-o", "layout=maildir")
    mount.sync()
    return server, mount


def named(mount, ident, folder="Inbox"):
    """The names in cur whose message has this Message-ID."""
    return [n for n in mount.ls("Mail", folder, "cur")
            if b"<%s@example.test>" % ident.encode() in mount.read("Mail", folder, "cur", n)]


@test
def messages_stand_in_cur_with_their_flags(scratch):
    server, mount = started(scratch)
    equal(mount.ls("Mail", "Inbox"), ["cur", "new", "tmp"])
    equal((mount.ls("Mail", "Inbox", "new"), mount.ls("Mail", "Inbox", "tmp")), ([], []))
    names = mount.ls("Mail", "Inbox", "cur")
    equal(len(names), 5)
    truth(all(re.fullmatch(r"\d+\.easfs:2,", n) for n in names), names)
    old, = named(mount, "m1")
    inode = os.stat(mount.path("Mail", "Inbox", "cur", old)).st_ino
    os.rename(mount.path("Mail", "Inbox", "cur", old), mount.path("Mail", "Inbox", "cur", old + "FS"))
    equal(named(mount, "m1"), [old + "FS"])
    truth(not os.path.exists(mount.path("Mail", "Inbox", "cur", old)), "the old name is still there")
    path = mount.path("Mail", "Inbox", "cur", old + "FS")
    equal((os.stat(path).st_ino, os.getxattr(path, "user.eas.read"), os.getxattr(path, "user.eas.flag")),
          (inode, b"1", b"active"))
    mount.sync("--strict")
    other = scratch.mount(server, point="other", state="other-state")
    other.sync()
    path, = [other.path("Mail", "Inbox", n) for n in other.ls("Mail", "Inbox") if "Message 1" in n]
    equal((os.getxattr(path, "user.eas.read"), os.getxattr(path, "user.eas.flag")), (b"1", b"active"), "at the server")
    # The other way.
    os.setxattr(path, "user.eas.flag", b"none")
    other.sync("--strict")
    mount.sync()
    equal(named(mount, "m1"), [old + "S"], "a flag that the server took away")


@test
def messages_are_moved_and_removed(scratch):
    server, mount = started(scratch)
    name, = named(mount, "m2")
    os.rename(mount.path("Mail", "Inbox", "cur", name), mount.path("Mail", "Archive", "cur", name))
    equal((named(mount, "m2"), named(mount, "m2", "Archive")), ([], [name]))
    gone, = named(mount, "m3")
    os.unlink(mount.path("Mail", "Inbox", "cur", gone))
    mount.sync("--strict")
    equal(len(os.listdir(server.directory + "/Mail/Archive")), 2, "messages of Archive at the server")
    equal(len([n for n in os.listdir(server.directory + "/Mail/Inbox") if n.endswith(".eml")]), 3)
    equal(len(mount.ls("Mail", "Deleted Items", "cur")), 1)
    for refused in (lambda: write(mount.path("Mail", "Inbox", "cur", "1.x:2,"), "no"),
                    lambda: os.mkdir(mount.path("Mail", "Inbox", "cur", "x")),
                    lambda: os.rmdir(mount.path("Mail", "Inbox", "new"))):
        try:
            refused()
            raise AssertionError("it was let through")
        except PermissionError:
            pass
    equal(len(mount.ls("Mail", "Inbox", "cur")), 3)


@test
def a_draft_is_delivered_by_tmp(scratch):
    server, mount = started(scratch)
    drafts = mount.path("Mail", "Drafts")
    text = "From: alice@localhost\r\nTo: bob@example.test\r\nSubject: A draft\r\n\r\nText.\r\n"
    write(drafts + "/tmp/17.host", text)
    equal(os.listdir(drafts + "/tmp"), ["17.host"])
    os.rename(drafts + "/tmp/17.host", drafts + "/new/17.host")
    equal((os.listdir(drafts + "/tmp"), len(os.listdir(drafts + "/cur"))), ([], 1))
    equal(read(drafts + "/cur/" + os.listdir(drafts + "/cur")[0]), text.encode())
    write(mount.path("Mail", "Inbox", "tmp", "18.host"), text)
    try:
        os.rename(mount.path("Mail", "Inbox", "tmp", "18.host"), mount.path("Mail", "Inbox", "new", "18.host"))
        raise AssertionError("a message was delivered into Inbox")
    except PermissionError:
        pass


@test
def mutt_reads_and_marks(scratch):
    server, mount = started(scratch)
    config = write(scratch.path("muttrc"), "set mbox_type=Maildir\nset folder=%s\nset sort=date\nset quit=yes\n"
                   "set header_cache=\nset mark_old=no\n" % mount.path("Mail"))
    from keys import type_into
    drawn = type_into(["mutt", "-n", "-F", config, "-f", mount.path("Mail", "Inbox")], ["\r", "i", "q"])
    truth("Message 0" in drawn, drawn)
    truth(any(n.endswith("S") for n in mount.ls("Mail", "Inbox", "cur")), mount.ls("Mail", "Inbox", "cur"))
    mount.sync("--strict")
    other = scratch.mount(server, point="other", state="other-state")
    other.sync()
    read_ones = [n for n in other.ls("Mail", "Inbox") if os.getxattr(other.path("Mail", "Inbox", n), "user.eas.read") == b"1"]
    equal(len(read_ones), 1, "messages that are read at the server")


@test
def notmuch_and_mu_index_it(scratch):
    server, mount = started(scratch, 20)
    config = write(scratch.path("notmuch"), "[database]\npath=%s\nmail_root=%s\n[user]\nname=A\nprimary_email=a@b.c\n[new]\n"
                   "tags=inbox\n[maildir]\nsynchronize_flags=true\n" % (scratch.path("nm"), mount.path("Mail")))
    os.makedirs(scratch.path("nm"))
    env = dict(os.environ, NOTMUCH_CONFIG=config, HOME=scratch.dir)
    run("notmuch", "new", env=env)
    equal(run("notmuch", "count", "*", env=env).stdout.strip(), "21")
    run("notmuch", "tag", "-unread", "--", "id:m4@example.test", env=env)
    truth(named(mount, "m4")[0].endswith(":2,S"), named(mount, "m4"))
    equal(run("notmuch", "new", env=env).stdout.count("Added"), 0)
    run("mu", "init", "--muhome", scratch.path("mu"), "--maildir", mount.path("Mail"), env=env)
    run("mu", "index", "--muhome", scratch.path("mu"), env=env)
    told = run("mu", "find", "--muhome", scratch.path("mu"), "subject:Message", "--fields", "s", env=env).stdout
    equal(len(told.splitlines()), 20)


if __name__ == "__main__":
    harness.main()
