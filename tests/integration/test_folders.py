#!/usr/bin/env python3
"""What folders are kept, changed while the mount stands. Catches: a choice that the protocol does not hear of, that a
remount forgets, that loses an edit, or that easfs.conf does not show."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import event
from harness import EASFS, equal, message, read, run, test, truth, write


def started(scratch, *extra):
    server = scratch.easd()
    for folder in ("Inbox", "Projects", "Archive"):
        server.put("Mail/%s/1.eml" % folder, message(folder))
    return server, scratch.mount(server, *extra)


def has(mount, folder):
    return os.path.isdir(mount.path("Mail", folder)) and len(mount.ls("Mail", folder)) == 1


def choose(mount, *words, code=0):
    return run(EASFS, "folders", mount.point, "--json", *words, code=code)


@test
def folders_go_and_come(scratch):
    server, mount = started(scratch)
    mount.sync()
    kept = {row["path"]: row["selected"] for row in json.loads(choose(mount, "--drop", "Mail/[AP]*").stdout)}
    truth(not kept.get("Archive", kept.get("Mail/Archive")), kept)
    equal((has(mount, "Inbox"), os.path.exists(mount.path("Mail", "Archive"))), (True, False))
    choose(mount, "--select", "Mail/Projects")
    mount.sync()
    equal((has(mount, "Projects"), os.path.exists(mount.path("Mail", "Archive"))), (True, False))
    mount.umount()
    mount = scratch.mount(server)
    mount.sync()
    equal((has(mount, "Projects"), os.path.exists(mount.path("Mail", "Archive"))), (True, False), "after a remount")
    choose(mount, "--select", "Mail/[AP]*")
    mount.sync()
    truth(has(mount, "Archive"), "what was dropped does not come back")
    mount.umount()
    mount = scratch.mount(server, "--folder", "Mail/Inbox")  # another configuration has the last word
    mount.sync()
    equal((has(mount, "Inbox"), os.path.exists(mount.path("Mail", "Archive"))), (True, False))


@test
def what_is_not_sent_stays(scratch):
    server = scratch.easd()
    server.put("Calendar/Team/1.ics", event("Standup"))
    mount = scratch.mount(server)
    mount.sync()
    server.fault("item-status=6")
    write(mount.path("Calendar", "Team", "mine.ics"), event("Mine"))
    mount.sync()
    failed = choose(mount, "--drop", "Calendar/Team", code=65)
    truth("Calendar/Team/mine.ics" in failed.stderr, failed.stderr)
    equal(mount.ls("Calendar", "Team"), ["Standup.ics", "mine.ics"])


@test
def the_account_s_own_lines_say_so(scratch):
    server = scratch.easd()
    for folder in ("Inbox", "Projects"):
        server.put("Mail/%s/1.eml" % folder, message(folder))
    conf = scratch.path("config", "easfs", "easfs.conf")
    write(conf, "# mine\n[work]\nserver=%s\nuser=alice\ninsecure-http=yes\npassword-file=%s\n" %
          (server.url, server.password_file))
    mount = scratch.mount(["--account", "work"])
    mount.sync()
    choose(mount, "--drop", "Mail/Projects")
    text = read(conf).decode()
    truth("# mine" in text and "folder=!Mail/Projects" in text and "password-file=" in text, text)
    mount.umount()
    mount = scratch.mount(["--account", "work"])
    mount.sync()
    equal((has(mount, "Inbox"), os.path.exists(mount.path("Mail", "Projects"))), (True, False))


if __name__ == "__main__":
    harness.main()
