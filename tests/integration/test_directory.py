#!/usr/bin/env python3
"""What the replica does not keep, asked of the demo server by Search and, from 16.1 on, by Find: people with their photos,
messages inside and outside the replica, who is busy, out of office. Catches: one generation's answer read as the other's, a
photo that is lost, a message outside the replica that cannot be read or says it is empty, a query that blocks the mount
when the server is away, an answer kept for ever."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, equal, message, read, run, test, truth, write

PHOTO = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////2Q=="
CARD = ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:bob\r\nFN:Bob Baker\r\nN:Baker;Bob;;;\r\nEMAIL;TYPE=INTERNET:bob@example.test\r\n"
        "TEL;TYPE=WORK,VOICE:+1 555 0102\r\nTITLE:Engineer\r\nORG:Example Works\r\n"
        "PHOTO;ENCODING=b;TYPE=JPEG:" + PHOTO + "\r\nEND:VCARD\r\n")
BUSY = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:b1\r\nDTSTAMP:20260101T000000Z\r\n"
        "DTSTART:20301001T090000Z\r\nDTEND:20301001T100000Z\r\nSUMMARY:Busy\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def at_each(scratch, *options):
    for version in ("14.1", "16.1"):
        with harness.Scratch("directory-" + version) as own:
            write(own.path("mailbox", "Contacts/bob.vcf"), CARD)
            write(own.path("mailbox", "Calendar/b.ics"), BUSY)
            write(own.path("mailbox", "Mail/Inbox/1.eml"), message("The needle", body="hay\r\n"))
            write(own.path("mailbox", "Mail/Inbox/2.eml"), message("Another", body="hay\r\n"))
            write(own.path("mailbox", "Mail/Elsewhere/3.eml"), message("A needle far away", body="far\r\n"))
            server = own.easd(extra=["--protocol", version])
            mount = own.mount(server, *options)
            mount.sync()
            yield version, server, mount


@test
def people_and_their_photos(scratch):
    for version, _, mount in at_each(scratch):
        equal(mount.ls("Global Address List"), [], version)
        names = mount.ls("Global Address List", "bob")
        equal(names, ["Bob Baker.vcf"], version)
        card = mount.read("Global Address List", "bob", names[0]).decode().replace("\r\n ", "")
        truth("EMAIL;TYPE=INTERNET:bob@example.test" in card, "%s: %s" % (version, card))
        truth(PHOTO in card, "%s: the photo: %s" % (version, card))
        equal(mount.ls("Global Address List", "nobody%20here"), [], version)
        line = run(EASFS, "gal", "bob", "--mount", mount.point).stdout
        truth(line.startswith("bob@example.test\tBob Baker\tEngineer, Example Works"), "%s: %r" % (version, line))


@test
def messages_inside_and_outside_the_replica(scratch):
    for version, _, mount in at_each(scratch, "--folder", "Mail/Inbox"):
        hits = {name: mount.path("Search", "needle", name) for name in mount.ls("Search", "needle")}
        equal(len(hits), 2, version)
        inside = [path for path in hits.values() if os.path.islink(path)]
        outside = [path for path in hits.values() if not os.path.islink(path)]
        equal((len(inside), len(outside)), (1, 1), version)
        truth(b"The needle" in read(inside[0]), version)
        truth(os.stat(outside[0]).st_size > 0, "%s: never size 0" % version)
        truth(b"A needle far away" in read(outside[0]), version)
        found = run(EASFS, "search", "needle", "--mount", mount.point).stdout.splitlines()
        equal(len(found), 2, version)
        truth(all(b"needle" in read(path) for path in found), found)


@test
def a_server_that_is_away_is_told_soon(scratch):
    for version, server, mount in at_each(scratch):
        mount.ls("Global Address List", "bob")
        server.stop()
        equal(mount.ls("Global Address List", "bob"), ["Bob Baker.vcf"], "kept for a while, " + version)
        try:
            mount.ls("Global Address List", "other")
            raise AssertionError("an answer from nobody")
        except OSError:
            pass
        truth(mount.ls("Mail", "Inbox"), "the rest goes on")


@test
def busy_and_away(scratch):
    for version, server, mount in at_each(scratch):
        address = "alice@example.test"
        busy = run(EASFS, "freebusy", address, "2030-10-01T08:00Z", "2030-10-01T11:00Z", "--mount", mount.point,
                   env=dict(os.environ, TZ="UTC")).stdout
        truth("\t2030-10-01 09:00\t2030-10-01 10:00\tbusy" in busy, "%s: %s" % (version, busy))
        run(EASFS, "oof", "on", "--internal", "Away.", "--external", "Gone.", "--mount", mount.point)
        shown = run(EASFS, "oof", "--mount", mount.point).stdout
        equal(shown, "state on\n[internal]\nAway.\n[external]\nGone.\n", version)
        run(EASFS, "oof", "on", "--until", "2099-01-02", "--mount", mount.point, env=dict(os.environ, TZ="UTC"))
        shown = run(EASFS, "oof", "--mount", mount.point).stdout
        lines = shown.splitlines()
        truth(lines[0] == "state scheduled" and lines[1].startswith("from 20") and
              lines[2] == "until 2099-01-02T00:00:00Z", shown)


if __name__ == "__main__":
    harness.main()
