#!/usr/bin/env python3
"""A user's day in the mount, by the tools of a shell, and what a real server has of it afterwards, by DAV and IMAP. Catches
what a demo server of our own would forgive, a letter too many or too few."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import rig as rigs
from edits import card, event, todo
from harness import equal, message, run, test, truth, write

rig = rigs.Rig("/tmp/easfs-rig-%d" % os.getpid(), ["alice", "bob", "carol"])


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


if __name__ == "__main__":
    rigs.serve(rig)
