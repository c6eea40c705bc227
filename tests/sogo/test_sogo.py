#!/usr/bin/env python3
"""A mailbox of a real ActiveSync server (SOGo over Dovecot) through the mount. Catches every
misunderstanding that a demo server of our own could share: keys, windows, ids, zones, lossy bodies."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import eas
import harness
import rig as rigs
from harness import EASFS, equal, message, read, run, shared, test, tree, truth, wait_for, write

USERS = ["alice", "bob", "carol", "dave", "erin", "frank"]
rig = rigs.Rig("/tmp/easfs-rig-%d" % os.getpid(), USERS)


class Server:
    """Credentials of one user, in the form Mount wants."""

    def __init__(self, scratch, user):
        self.user = user
        self.password_file = write(scratch.path("password-" + user), rig.password(user) + "\n")
        os.chmod(self.password_file, 0o600)

    def options(self, tls=False):
        where = ["--server", rig.tls_url, "--ca-file", rig.ca] if tls else ["--server", rig.url, "--insecure-http"]
        return [*where, "--user", self.user, "--password-file", self.password_file]


EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//test//EN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:%s
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20261005T090000
DTEND;TZID=Europe/Berlin:20261005T093000
SUMMARY:%s
%sEND:VEVENT
END:VCALENDAR
"""
TODO = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//test//EN
BEGIN:VTODO
UID:%s
DTSTAMP:20260101T000000Z
DUE:20261130T000000Z
SUMMARY:%s
END:VTODO
END:VCALENDAR
"""
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\nN:%s\r\nEMAIL;TYPE=WORK:%s\r\nTEL;TYPE=CELL:+49 30 1\r\nEND:VCARD\r\n"


def crlf(text):
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def mounted_mail(mount, *folder):
    return sorted(mount.read(*folder, name) for name in mount.ls(*folder) if name.endswith(".eml"))


def held(user, folder="INBOX"):
    return sorted(rig.messages(user, folder).values())


@test
def alices_mailbox_reads_like_local_files(scratch):
    rig.deliver("alice", [message("Number %d" % n, date="Mon, 02 Nov 2026 %02d:00:00 +0000" % n, body="café %d\r\n" % n)
                          for n in range(20)])
    rig.deliver("alice", [message("In the project")], "Projects/2026")
    rig.add_contact("alice", "c1", CARD % ("c1", "Jane Doe", "Doe;Jane;;;", "jane@example.test"))
    rig.add_event("alice", "e1", crlf(EVENT % ("e1", "standup", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=10\n")))
    rig.add_event("alice", "t1", crlf(TODO % ("t1", "file the report")))
    mount = scratch.mount(Server(scratch, "alice").options())
    mount.sync()
    inbox = [d for d in mount.ls("Mail") if d.lower() == "inbox"][0]
    equal(mounted_mail(mount, "Mail", inbox), held("alice"), "INBOX")
    equal(len(mount.ls("Mail", "Projects", "2026")), 1)
    equal(mount.ls("Contacts"), ["Jane Doe.vcf"])
    truth("standup.ics" in mount.ls("Calendar"), mount.ls("Calendar"))
    truth("file the report.ics" in mount.ls("Tasks"), mount.ls("Tasks"))
    event = mount.read("Calendar", "standup.ics").decode()
    truth("TZID=Europe/Berlin:20261005T090000" in event, event)
    truth("FREQ=WEEKLY" in event and "COUNT=10" in event, event)

    first = scratch.path("backup")
    run("rsync", "-a", mount.point + "/", first + "/")
    equal(run("rsync", "-ai", mount.point + "/", first + "/").stdout, "", "the second rsync")
    equal(len(run("grep", "-rl", "café 7", mount.point).stdout.splitlines()), 1)
    before = tree(mount.point)

    rig.stop_web()
    try:
        equal(tree(mount.point), before, "with the server stopped")
        run("tar", "cf", scratch.path("all.tar"), "-C", mount.point, ".")
    finally:
        rig.start_web()


@test
def people_s_own_tools_read_the_mount(scratch):
    rig.add_contact("bob", "c1", CARD % ("c1", "Jane Doe", "Doe;Jane;;;", "jane@example.test"))
    rig.add_event("bob", "e1", crlf(EVENT % ("e1", "standup", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=10\n")))
    rig.add_event("bob", "t1", crlf(TODO % ("t1", "file the report")))
    mount = scratch.mount(Server(scratch, "bob").options(tls=True))
    mount.sync()
    home = scratch.path("home")
    environment = dict(os.environ, HOME=home, XDG_CONFIG_HOME=home, XDG_CACHE_HOME=home + "/cache",
                       XDG_DATA_HOME=home + "/data", LC_ALL="C.UTF-8", TZ="Europe/Berlin", PYTHONPATH="", PATH="/usr/bin:/bin")
    write(home + "/khal/config", "[calendars]\n[[mail]]\npath = %s\n[locale]\ntimeformat = %%H:%%M\n"
          "dateformat = %%Y-%%m-%%d\nlongdateformat = %%Y-%%m-%%d\ndatetimeformat = %%Y-%%m-%%d %%H:%%M\n"
          "longdatetimeformat = %%Y-%%m-%%d %%H:%%M\nlocal_timezone = Europe/Berlin\n"
          "default_timezone = Europe/Berlin\n[default]\nhighlight_event_days = False\n" % mount.path("Calendar"))
    write(home + "/khard/khard.conf", "[addressbooks]\n[[mail]]\npath = %s\n[general]\ndefault_action = list\n" %
          mount.path("Contacts"))
    write(home + "/todoman/config.py", 'path = "%s"\ndate_format = "%%Y-%%m-%%d"\ntime_format = "%%H:%%M"\n' %
          mount.path("Tasks"))
    listed = run("khal", "list", "2026-10-05", "2026-10-06", env=environment).stdout
    truth("09:00" in listed and "standup" in listed, "khal: " + listed)
    listed = run("khard", "list", env=environment).stdout
    truth("Jane Doe" in listed and "jane@example.test" in listed, "khard: " + listed)
    listed = run("todoman", "list", env=environment).stdout
    truth("file the report" in listed, "todo: " + listed)


@test
def what_a_server_hands_over_oddly_is_still_dovecots_bytes(scratch):
    """SOGo's inline bodies lose control characters and recode what is not UTF-8; one message with U+FFFE
    silences its folder. Every one of them must be there, and exact."""
    plain = message("Before")
    odd = [
        message("Control characters", body="a\x01b\x1bc\r\n"),
        message("Form feed", body="a\x0cb\r\n"),
        message("A stray byte", body="Gr\u00fc\u00dfe ").rstrip(b"\r\n") + b" \xff\r\n",
        message("Poison", body="a noncharacter: \ufffe\r\n"),
    ]
    rig.deliver("carol", [plain, *odd, message("After", date="Wed, 04 Nov 2026 00:00:00 +0000")])
    mount = scratch.mount(Server(scratch, "carol").options())
    mount.sync()
    inbox = [d for d in mount.ls("Mail") if d.lower() == "inbox"][0]
    wanted = held("carol")
    got = mounted_mail(mount, "Mail", inbox)
    equal(len(got), len(wanted), "messages")
    equal(got, wanted, "their bytes")


@test
def the_corpus_is_dovecots_bytes(scratch):
    source = shared("corpus/eml")
    messages = []
    for root, _, files in sorted(os.walk(source)):
        # The server cannot give a message of no bytes at all: it answers 501 and the item is named.
        messages += [m for m in (read(os.path.join(root, name)) for name in sorted(files)) if m]
    rig.deliver("dave", messages)
    mount = scratch.mount(Server(scratch, "dave").options(), "--classes", "mail", timeout=120)
    mount.sync(timeout=580)
    inbox = [d for d in mount.ls("Mail") if d.lower() == "inbox"][0]
    wanted, got = held("dave"), mounted_mail(mount, "Mail", inbox)
    equal(len(got), len(wanted), "messages")
    # Some messages the server generates anew whenever it is asked. What it gives is the message then: the
    # bytes of its own multipart answer to a client that shares nothing with ours.
    client = eas.Client(rig.url, "dave", rig.password("dave"))
    folder = [ident for path, ident in client.folders().items() if path.lower() == "inbox"][0]
    held_here = set(got)
    regenerated = {uid: m for uid, m in rig.messages("dave").items() if m not in held_here}
    wrong = [m[:200] for uid, m in regenerated.items()
             if client.fetch((folder, str(uid)), options=eas.MIME, multipart=True)[1][0] not in held_here]
    equal(wrong, [], "messages that are neither Dovecot's bytes nor the server's")
    print("# %d of %d equal Dovecot's bytes, %d the server's own" %
          (len(wanted) - len(regenerated), len(wanted), len(regenerated)))


@test
def changes_on_the_server_arrive(scratch):
    rig.deliver("erin", [message("One"), message("Two", date="Tue, 03 Nov 2026 08:00:00 +0000")])
    mount = scratch.mount(Server(scratch, "erin").options())
    mount.sync()
    inbox = [d for d in mount.ls("Mail") if d.lower() == "inbox"][0]
    inode = {name: os.stat(mount.path("Mail", inbox, name)).st_ino for name in mount.ls("Mail", inbox)}
    connection = rig.imap("erin")
    connection.select("INBOX")
    connection.store("2", "+FLAGS", "(\\Seen \\Flagged)")
    connection.store("1", "+FLAGS", "(\\Deleted)")
    connection.expunge()
    connection.logout()
    rig.deliver("erin", [message("Three", date="Wed, 04 Nov 2026 08:00:00 +0000")])
    mount.sync()
    names = mount.ls("Mail", inbox)
    equal([n.split(" - ")[1] for n in names], ["Two.eml", "Three.eml"])
    equal(os.getxattr(mount.path("Mail", inbox, names[0]), "user.eas.read"), b"1")
    equal(os.getxattr(mount.path("Mail", inbox, names[0]), "user.eas.flag"), b"active")
    equal(os.stat(mount.path("Mail", inbox, names[0])).st_ino, inode[names[0]], "the inode of what stayed")
    equal(mounted_mail(mount, "Mail", inbox), held("erin"))
    mount.sync("--full")
    equal({n: os.stat(mount.path("Mail", inbox, n)).st_ino for n in names}[names[0]], inode[names[0]],
          "the inode after everything was read anew")


@test
def a_killed_first_sync_ends_equal(scratch):
    rig.deliver("frank", [message("Number %d" % n, body="y" * (n % 3000) + "\r\n",
                                  date="Mon, 02 Nov 2026 %02d:%02d:00 +0000" % (n // 60, n % 60)) for n in range(600)])
    options = Server(scratch, "frank").options()
    mount = scratch.mount(options)
    wait_for("the first window", lambda: sum(f["items"] for f in mount.status()["folders"]) > 0)
    mount.kill()
    mount = scratch.mount(options)
    mount.sync()
    inbox = [d for d in mount.ls("Mail") if d.lower() == "inbox"][0]
    got, wanted = mounted_mail(mount, "Mail", inbox), held("frank")
    equal(len(got), len(wanted), "messages")
    equal([m[:300] for m in wanted if m not in set(got)], [], "messages that are not the server's bytes")


if __name__ == "__main__":
    rigs.serve(rig)
