#!/usr/bin/env python3
"""Push from a real ActiveSync server (SOGo over Dovecot): nobody asks for a sync, and what the server's own tools
change is in the mount. Catches what a demo server of our own could share: a Ping that is ended by the Sync beside it, a
folder that the server never names, a change whose stamp is the last Sync's second."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import rig as rigs
from harness import equal, message, run, test, truth, wait_for, write

USERS = ["alice", "bob", "carol"]
rig = rigs.Rig("/tmp/easfs-push-rig-%d" % os.getpid(), USERS)

PUSH_S = 30  # the server itself looks every five seconds at most; polling would take a minute or more
STAMP_S = 1.5  # the server's stamps are whole seconds: what changes in the second of a Sync is never told

EVENT = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//test//EN", "BEGIN:VEVENT", "UID:push-one",
                     "DTSTAMP:20260101T000000Z", "DTSTART:20261005T090000Z", "DTEND:20261005T093000Z", "SUMMARY:%s",
                     "END:VEVENT", "END:VCALENDAR", ""])
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:push-c\r\nFN:%s\r\nN:%s\r\nEMAIL;TYPE=WORK:%s\r\nEND:VCARD\r\n"


def options(scratch, user, url=None):
    password = write(scratch.path("password"), rig.password(user) + "\n")
    os.chmod(password, 0o600)
    return ["--server", url or rig.url, "--insecure-http", "--user", user, "--password-file", password]


def started(scratch, user):
    rig.deliver(user, [message("Before")])
    rig.add_event(user, "before", (EVENT % "before").replace("push-one", "before"))
    rig.add_contact(user, "before", (CARD % ("Be Fore", "Fore;Be;;;", "before@example.test")).replace("push-c", "before"))
    mount = scratch.mount(options(scratch, user))
    mount.sync()
    wait_for("push", lambda: mount.status()["heartbeat"] > 0)
    inbox = [d for d in mount.ls("Mail") if d.lower() == "inbox"][0]
    return mount, inbox


def pushed(what, condition):
    found = wait_for(what, condition, PUSH_S)
    time.sleep(STAMP_S)
    return found


def named(mount, text, *folder):
    return [n for n in mount.ls(*folder) if text in n]


@test
def what_the_server_s_own_tools_change_is_in_the_mount(scratch):
    mount, inbox = started(scratch, "alice")
    for number in range(3):
        rig.deliver("alice", [message("Pushed %d" % number)])
        pushed("message %d" % number, lambda: named(mount, "Pushed %d" % number, "Mail", inbox))
    name = named(mount, "Pushed 1", "Mail", inbox)[0]
    equal(sorted(mount.read("Mail", inbox, n) for n in mount.ls("Mail", inbox)), sorted(rig.messages("alice").values()))

    connection = rig.imap("alice")
    connection.select("INBOX")
    _, data = connection.uid("search", "SUBJECT", '"Pushed 1"')
    connection.uid("store", data[0].decode(), "+FLAGS", "(\\Seen)")
    pushed("the flag", lambda: os.getxattr(mount.path("Mail", inbox, name), "user.eas.read") == b"1")
    connection.uid("store", data[0].decode(), "+FLAGS", "(\\Deleted)")
    connection.expunge()
    connection.logout()
    pushed("the removal", lambda: not os.path.exists(mount.path("Mail", inbox, name)))

    time.sleep(STAMP_S)
    rig.add_event("alice", "push-one", EVENT % "standup")
    pushed("the event", lambda: named(mount, "standup", "Calendar"))
    rig.add_event("alice", "push-one", EVENT % "retro")
    pushed("its change", lambda: b"SUMMARY:retro" in mount.read("Calendar", "standup.ics"))
    rig.add_contact("alice", "push-c", CARD % ("Jane Doe", "Doe;Jane;;;", "jane@example.test"))
    pushed("the contact", lambda: named(mount, "Jane Doe", "Contacts"))
    truth(mount.status()["heartbeat"] > 0, "push was given up: %s" % mount.status()["reason"])


class Watchers:
    """What people have running on a mount: a watch of all of it, a tail of the events, and somebody who looks around."""

    def __init__(self, scratch, mount):
        self.seen, self.tailed = scratch.path("seen"), scratch.path("tailed")
        events, said = mount.path(".easfs", "events"), scratch.path("said")
        with open(self.seen, "wb") as seen, open(self.tailed, "wb") as tailed, open(said, "wb") as errors:
            self.tools = [subprocess.Popen(command, stdout=out, stderr=errors, start_new_session=True)
                          for command, out in ((["inotifywait", "-m", "-r", "--format", "%e %f", mount.point], seen),
                                               (["tail", "-n", "+1", "-f", events], tailed),
                                               (["sh", "-c", "while ls -lR '%s'; do sleep 0.1; done" % mount.point],
                                                subprocess.DEVNULL))]
        scratch.callback(self.end)
        wait_for("inotifywait", lambda: b"Watches established" in harness.read(said))

    def told(self, *events):
        """inotifywait has printed all these, in any order."""
        lines = lambda: harness.read(self.seen).decode().splitlines()
        wait_for("%r" % (events,), lambda: all(any(line.split(" ", 1)[0].split(",")[0] == what and part in line
                                                   for line in lines()) for what, part in events))

    def end(self):
        for tool in self.tools:
            if tool.poll() is None:
                os.killpg(tool.pid, 9)
                tool.wait()


def read_and_flagged(connection, folder):
    """{subject: (read, flag)} of what IMAP has."""
    connection.select('"%s"' % folder, readonly=True)
    found = {}
    for number in connection.search(None, "UNDELETED")[1][0].split():
        (head, text), *_ = connection.fetch(number, "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
        found[text.split(b":", 1)[1].strip().decode()] = (b"1" if b"\\Seen" in head else b"0",
                                                          b"active" if b"\\Flagged" in head else b"none")
    return found


@test
def all_that_others_do_is_told_and_true(scratch):
    rig.deliver("carol", [message("Letter %d" % number) for number in range(6)])
    rig.deliver("carol", [message("Old")], "Archive")
    mount, inbox = started(scratch, "carol")
    watchers, archive, imap = Watchers(scratch, mount), mount.path("Mail", "Archive"), rig.imap("carol")
    file = lambda text, *folder: next(iter(mount.path(*folder, n) for n in named(mount, text, *folder)), None)
    uid = lambda subject: imap.uid("search", "SUBJECT", '"%s"' % subject)[1][0].decode()
    mail = lambda text: file(text, "Mail", inbox)

    rig.deliver("carol", [message("News")])
    pushed("a message", lambda: mail("News"))
    watchers.told(("CREATE", "News"), ("CLOSE_WRITE", "News"))
    imap.select("INBOX")
    imap.uid("store", uid("Letter 1"), "+FLAGS", "(\\Flagged)")
    imap.uid("store", uid("Letter 2"), "+FLAGS", "(\\Seen)")
    pushed("a flag", lambda: os.getxattr(mail("Letter 1"), "user.eas.flag") == b"active" and
           os.getxattr(mail("Letter 2"), "user.eas.read") == b"1")
    imap.uid("store", uid("Letter 1"), "-FLAGS", "(\\Flagged)")
    pushed("no flag", lambda: os.getxattr(mail("Letter 1"), "user.eas.flag") == b"none")
    inode = os.stat(mail("Letter 3")).st_ino
    imap.uid("move", uid("Letter 3"), "Archive")
    pushed("a moved message", lambda: file("Letter 3", "Mail", "Archive") and not mail("Letter 3"))
    equal(os.stat(file("Letter 3", "Mail", "Archive")).st_ino, inode, "the inode of a moved message")
    watchers.told(("MOVED_FROM", "Letter 3"), ("MOVED_TO", "Letter 3"))
    imap.uid("store", uid("Letter 4"), "+FLAGS", "(\\Deleted)")
    imap.expunge()
    pushed("a deleted message", lambda: not mail("Letter 4"))
    watchers.told(("DELETE", "Letter 4"))

    for kind, where, add, ending, first, second, word in (
            ("Calendar", "Calendar/personal/push-one.ics", rig.add_event, ".ics", EVENT % "standup", EVENT % "retro", b"retro"),
            ("Contacts", "Contacts/personal/push-c.vcf", rig.add_contact, ".vcf",
             CARD % ("Jane Doe", "Doe;Jane;;;", "jane@example.test"),
             CARD % ("Jane Doe", "Doe;Jane;;;", "doe@example.test"), b"doe@")):
        before, name = mount.ls(kind), where.split("/")[-1][:-len(ending)]
        time.sleep(STAMP_S)
        add("carol", name, first)
        new = pushed("a new one of " + kind, lambda: set(mount.ls(kind)) - set(before)).pop()
        watchers.told(("CREATE", new), ("CLOSE_WRITE", new))
        add("carol", name, second)
        pushed("its change", lambda: word in mount.read(kind, new))
        watchers.told(("MODIFY", new))
        equal(rig.dav("DELETE", "carol", where), 204)
        pushed("its end", lambda: mount.ls(kind) == before)
        watchers.told(("DELETE", new))

    def told_of(command, *names, event, shown):
        code, words = command(*names)
        equal(code, "OK", repr(words))
        imap.subscribe(names[-1])
        mount.sync()  # this server's Ping is silent about folders: they are seen by whoever asks
        equal(sorted(folder for folder in mount.ls("Mail") if folder in ("Plans", "Projects", "Shelf")), shown)
        watchers.told(event)
        time.sleep(STAMP_S)

    told_of(imap.create, "Plans", event=("CREATE", "Plans"), shown=["Plans"])
    told_of(imap.create, "Shelf", event=("CREATE", "Shelf"), shown=["Plans", "Shelf"])
    inode = os.stat(mount.path("Mail", "Plans")).st_ino
    told_of(imap.rename, "Plans", "Projects", event=("MOVED_TO", "Projects"), shown=["Projects", "Shelf"])
    equal(os.stat(mount.path("Mail", "Projects")).st_ino, inode, "the inode of a renamed folder")
    told_of(imap.rename, "Projects", "Shelf/Projects", event=("MOVED_FROM", "Projects"), shown=["Shelf"])
    equal(os.stat(mount.path("Mail", "Shelf", "Projects")).st_ino, inode, "the inode of a moved folder")
    told_of(imap.delete, "Shelf/Projects", event=("DELETE", "Projects"), shown=["Shelf"])

    for folder, path in (("INBOX", inbox), ("Archive", "Archive")):
        names = [n for n in mount.ls("Mail", path) if n.endswith(".eml")]
        equal(sorted(mount.read("Mail", path, n) for n in names), sorted(rig.messages("carol", folder).values()), folder)
        equal({n.split(" - ", 1)[1][:-4]: tuple(os.getxattr(mount.path("Mail", path, n), "user.eas." + word)
                                                for word in ("read", "flag")) for n in names},
              read_and_flagged(imap, folder), "read and flagged in " + folder)
    imap.logout()
    wait_for("tail", lambda: harness.read(watchers.tailed) == mount.read(".easfs", "events"))
    truth(mount.status()["heartbeat"] > 0, "push was given up: %s" % mount.status()["reason"])


@test
def a_server_that_goes_and_comes_is_a_state(scratch):
    mount, inbox = started(scratch, "bob")
    rig.stop_web()
    try:
        wait_for("offline", lambda: mount.status()["state"] == "offline" and mount.status()["reason"], PUSH_S)
        rig.deliver("bob", [message("Meanwhile")])
    finally:
        rig.start_web()
    wait_for("online", lambda: mount.status()["state"] == "online", PUSH_S)
    wait_for("what came meanwhile", lambda: named(mount, "Meanwhile", "Mail", inbox), PUSH_S)


if __name__ == "__main__":
    rigs.serve(rig)
