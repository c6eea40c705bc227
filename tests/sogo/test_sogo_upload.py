#!/usr/bin/env python3
"""What is written in the mount, as a real server has it afterwards, by DAV and IMAP. Catches what a demo server of our own
would forgive: a property lost on the way, an item or a letter that a lost answer doubles (this server adds again what is sent
again, and keeps the old key besides), a flag that only one of two sets."""
import http.client
import base64
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import rig as rigs
from edits import card, event, todo
from harness import equal, message, test, truth, write
from lossy import Lossy

rig = rigs.Rig("/tmp/easfs-rig-%d" % os.getpid(), ["alice", "bob", "carol", "dave"])


def options(scratch, user, url=None):
    password_file = write(scratch.path("password-" + user), rig.password(user) + "\n")
    os.chmod(password_file, 0o600)
    return ["--server", url or rig.url, "--insecure-http", "--user", user, "--password-file", password_file,
            "--send-delay", "0"]


def held(user, collection):
    """What the server has of a calendar or an address book, by DAV: a list of texts."""
    connection = http.client.HTTPConnection("127.0.0.1", rig.port["http"], timeout=60)
    token = base64.b64encode(("%s:%s" % (user, rig.password(user))).encode()).decode()
    path = "/SOGo/dav/%s/%s/" % (user, collection)
    body = '<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
    headers = {"Authorization": "Basic " + token, "Depth": "1", "Content-Type": "text/xml"}
    connection.request("PROPFIND", path, body, headers)
    names = re.findall(r"<[^>]*href[^>]*>([^<]*\.(?:ics|vcf))<", connection.getresponse().read().decode())
    found = []
    for name in names:
        connection.request("GET", name, headers={"Authorization": "Basic " + token})
        found.append(connection.getresponse().read().decode().replace("\r\n", "\n"))
    connection.close()
    return found


def calendar(user):
    return [text for text in held(user, "Calendar/personal") if "BEGIN:VEVENT" in text]


def tasks(user):
    return [text for text in held(user, "Calendar/personal") if "BEGIN:VTODO" in text]


def folder_of(mount, name):
    return [each for each in mount.ls("Mail") if each.lower() == name.lower()][0]


@test
def what_is_written_is_on_the_server(scratch):
    mount = scratch.mount(options(scratch, "alice"))
    mount.sync()
    files = {"Calendar/standup.ics": event("Standup", "LOCATION:R1\r\nX-MINE:kept\r\n"),
             "Contacts/jane.vcf": card("Jane Doe", "TEL;TYPE=CELL:+1 555 01\r\n"),
             "Tasks/report.ics": todo("Report")}
    for path, content in files.items():
        write(mount.path(path), content)
    mount.sync()
    equal(mount.read(".easfs", "queue"), b"", "the queue")
    truth(len(calendar("alice")) == 1 and "SUMMARY:Standup" in calendar("alice")[0], calendar("alice"))
    truth("LOCATION:R1" in calendar("alice")[0], calendar("alice"))
    truth(len(held("alice", "Contacts/personal")) == 1 and "+1 555 01" in held("alice", "Contacts/personal")[0], "card")
    truth(len(tasks("alice")) == 1 and "SUMMARY:Report" in tasks("alice")[0], tasks("alice"))
    for path, content in files.items():
        equal(mount.read(path), content, path)
    write(mount.path("Calendar/standup.ics"), event("Standup", "LOCATION:R2\r\nX-MINE:kept\r\n"))
    mount.sync()
    truth("LOCATION:R2" in calendar("alice")[0], calendar("alice"))
    for path in files:
        os.unlink(mount.path(path))
    mount.sync()
    equal((calendar("alice"), tasks("alice"), held("alice", "Contacts/personal")), ([], [], []), "after the removal")


@test
def a_lost_answer_doubles_nothing(scratch):
    way = Lossy(rig.url)
    scratch.callback(way.close)
    mount = scratch.mount(options(scratch, "bob", way.url))
    mount.sync()
    files = {"Calendar/lost.ics": (b"Lost meeting", event("Lost meeting")),
             "Contacts/lost.vcf": (b"Loster", card("Luke Loster")),
             "Tasks/lost.ics": (b"Lost task", todo("Lost task", uid="t-lost"))}
    for path, (words, content) in files.items():
        way.lose("Sync", "answer", words)
        write(mount.path(path), content)
        mount.sync(code=None)
        mount.sync()
        equal(mount.read(".easfs", "queue"), b"", path)
        equal(mount.read(path), content, path)
    equal(way.lost, 3, "answers that were lost")
    equal([len(calendar("bob")), len(tasks("bob")), len(held("bob", "Contacts/personal"))], [1, 1, 1], "items")
    equal([len(mount.ls(name)) for name in ("Calendar", "Tasks", "Contacts")], [1, 1, 1], "files")


@test
def messages_move_and_bear_flags(scratch):
    rig.deliver("carol", [message("Number %d" % n) for n in range(12)])
    mount = scratch.mount(options(scratch, "carol"))
    mount.sync()
    inbox = folder_of(mount, "Inbox")
    names = [name for name in mount.ls("Mail", inbox) if name.endswith(".eml")]
    os.setxattr(mount.path("Mail", inbox, names[0]), "user.eas.read", b"1")
    os.setxattr(mount.path("Mail", inbox, names[0]), "user.eas.flag", b"active")
    os.mkdir(mount.path("Mail", "Filed"))
    for name in names[2:]:
        os.rename(mount.path("Mail", inbox, name), mount.path("Mail", "Filed", name))
    os.unlink(mount.path("Mail", inbox, names[1]))
    mount.sync()
    equal(mount.read(".easfs", "queue"), b"", "the queue")
    equal([len(rig.messages("carol")), len(rig.messages("carol", "Filed"))], [1, 10], "messages by IMAP")
    imap = rig.imap("carol")
    imap.select("INBOX", readonly=True)
    flags = imap.uid("fetch", "1:*", "(FLAGS)")[1]
    truth(any(b"\\Seen" in line and b"\\Flagged" in line for line in flags), flags)
    imap.logout()
    equal(sorted(mount.ls("Mail", "Filed")), sorted(names[2:]), "names")
    os.rename(mount.path("Mail", "Filed"), mount.path("Mail", "Kept"))
    mount.sync()
    equal(len(rig.messages("carol", "Kept")), 10, "after the folder was renamed")


if __name__ == "__main__":
    rigs.serve(rig)
