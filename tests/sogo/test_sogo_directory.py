#!/usr/bin/env python3
"""What the replica does not keep, asked of a real server through the mount: the address list, the search of the
mailbox, who is busy, out of office. Catches: a search that runs before anything inside a query is looked at, a hit that
leads nowhere, a person without an address, an answer set and not kept."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import rig as rigs
from harness import EASFS, equal, message, run, test, truth, wait_for
from harness import write

rig = rigs.Rig("/tmp/easfs-rig-%d" % os.getpid(), ["alice", "bob"])


def mounted(scratch, user):
    password_file = write(scratch.path("password"), rig.password(user) + "\n")
    os.chmod(password_file, 0o600)
    mount = scratch.mount(["--server", rig.url, "--insecure-http", "--user", user, "--password-file", password_file])
    mount.sync()
    return mount


@test
def people_are_found_by_looking(scratch):
    mount = mounted(scratch, "alice")
    equal(mount.ls("Global Address List"), [], "nothing is listed")
    names = mount.ls("Global Address List", "bob")
    equal(len(names), 1, "hits for bob")
    card = mount.read("Global Address List", "bob", names[0]).decode()
    truth("EMAIL;TYPE=INTERNET:bob@" in card, card)
    equal(os.stat(mount.path("Global Address List", "bob", names[0])).st_size, len(card))
    equal(mount.ls("Global Address List", "nobody-of-this-name"), [], "nobody")
    truth(not os.path.exists(mount.path("Global Address List", "b")), "a query of one byte")
    truth(not os.path.exists(mount.path("Global Address List", ".hidden")), "a query with a dot")
    line = run(EASFS, "gal", "bob", "--mount", mount.point).stdout
    truth(line.startswith("bob@") and line.count("\t") == 2, line)
    walked = [path for path, _, files in os.walk(mount.point) if "Global Address List" in path]
    equal(walked, [mount.path("Global Address List")], "a recursive tool goes no further")


@test
def messages_are_found_where_the_replica_has_them(scratch):
    rig.deliver("alice", [message("The needle", body="hay\r\n"), message("Another", body="hay\r\n")])
    mount = mounted(scratch, "alice")
    equal(mount.ls("Search"), [], "nothing is listed")
    hits = mount.ls("Search", "needle")
    equal(len(hits), 1, "hits")
    path = mount.path("Search", "needle", hits[0])
    truth(os.path.islink(path), "a hit in the replica is a link: %r %r" % (hits, mount.ls("Mail", "INBOX") if "INBOX" in mount.ls("Mail") else mount.ls("Mail")))
    truth(os.readlink(path).startswith("../../Mail/"), os.readlink(path))
    truth(b"The needle" in open(path, "rb").read(), "the link leads to the message")
    found = run(EASFS, "search", "needle", "--mount", mount.point).stdout.strip()
    truth(os.path.samefile(found, path), found)


@test
def who_is_away_and_who_is_busy(scratch):
    mount = mounted(scratch, "alice")
    shown = run(EASFS, "oof", "--mount", mount.point).stdout
    equal(shown, "state off\n[internal off]\n[external off]\n", "before anything is set")
    run(EASFS, "oof", "on", "--from", "2030-01-01", "--until", "2030-02-01", "--internal", "I am away.", "--mount",
         mount.point, env=dict(os.environ, TZ="UTC"))
    shown = run(EASFS, "oof", "--mount", mount.point).stdout
    truth("state scheduled\nfrom 2030-01-01T00:00:00Z\nuntil 2030-02-01T00:00:00Z\n" in shown, shown)
    truth("I am away." in shown, shown)
    run(EASFS, "oof", "off", "--mount", mount.point)
    truth("state off" in run(EASFS, "oof", "show", "--mount", mount.point).stdout, "it is off again")
    busy = run(EASFS, "freebusy", "bob@" + rigs.DOMAIN, "nobody@" + rigs.DOMAIN, "2030-10-01T08:00", "2030-10-01T12:00",
                "--mount", mount.point).stdout
    truth("bob@%s\t2030-10-01 08:00\t2030-10-01 12:00\tfree\n" % rigs.DOMAIN in busy, busy)
    truth("nobody@%s\t\t\tnobody of this address" % rigs.DOMAIN in busy, busy)


if __name__ == "__main__":
    rigs.serve(rig)
