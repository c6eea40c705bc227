#!/usr/bin/env python3
"""What users write that cannot be, and servers that do not do what they say, through the mount at an older and the newest
version: what close says, the state, the words of the reason, and what the server's directory holds afterwards. Catches:
a verdict that is another at close than in the end, a reason that does not say it, half of something on the server, a bad
file in the way of a good one, an edit that a bad answer loses, doubles or sends as something else; anybody mailed."""
import base64
import errno
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import card, journal, note, state, todo, why
from edits import event as plain_event
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write

VERSIONS = ("14.1", "16.1")
OWN = "alice@localhost"
NOTHING = ()  # of it is on the server
LONG = "\\n".join("Line %05d of a description that is long." % number for number in range(5000))  # 200 kB
PHOTO = base64.b64encode(b"\xff\xd8\xff\xe0" + random.Random(1).randbytes(2 << 20)).decode()
INVITATION = "ORGANIZER:mailto:boss@example.test\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:%s\r\n" % OWN
INVITING = "ORGANIZER:mailto:%s\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.test\r\n" % OWN


def folded(line):
    return "\r\n ".join(line[at:at + 70] for at in range(0, len(line), 70)) + "\r\n"


def component(uid, start="DTSTART:20261105T090000Z", end="DTEND:20261105T093000Z", more=""):
    return ("BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20261101T080000Z\r\n%s\r\n%s\r\nSUMMARY:%s\r\n%sEND:VEVENT\r\n" %
            (uid, start, end, uid.capitalize(), more))


def calendar(*components, method=""):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n%s%sEND:VCALENDAR\r\n" %
            (method and "METHOD:%s\r\n" % method, "".join(components))).encode()


def event(uid, *times, **more):
    return calendar(component(uid, *times, **more))


# Path: what is written, what close says, and the words of the reason (none: it is sent); what of it stands in a file of
# the server's directory. By version where that makes a difference.
IS_ITSELF = "this server makes an event of by itself"
WRITTEN = {
    "Calendar/half.ics": (event("half")[:150], errno.EINVAL, "ends inside VEVENT", NOTHING),
    "Contacts/half.vcf": (card("Half Card")[:40], errno.EINVAL, "ends", NOTHING),
    "Tasks/half.ics": (todo("Half")[:120], errno.EINVAL, "ends inside VTODO", NOTHING),
    "Calendar/none.ics": (b"\0\1\2" * 100, errno.EINVAL, "", NOTHING),
    "Calendar/two.ics": (calendar(component("one"), component("two")), errno.EINVAL, "two UIDs, one and two", NOTHING),
    "Calendar/double.ics": (event("there"), errno.EINVAL, "its UID is that of Calendar/There.ics already", NOTHING),
    "Calendar/Team/there.ics": (event("there"), 0, "", ("SUMMARY:There",)),
    "Tasks/double.ics": (todo("Again", uid="first"), 0, "", ("SUMMARY:Again",)),
    "Tasks/second.ics": (todo("Second", uid="first"), errno.EINVAL, "its UID is that of Tasks/double.ics", NOTHING),
    "Calendar/request.ics": {
        "14.1": (calendar(component("request", more=INVITATION), method="REQUEST"), 0, "", ("SUMMARY:Request",)),
        "16.1": (calendar(component("request", more=INVITATION), method="REQUEST"), errno.EINVAL, IS_ITSELF, NOTHING)},
    "Calendar/inviting.ics": {
        "14.1": (calendar(component("inviting", more=INVITING), method="REQUEST"), errno.EPERM, "send_invitations", NOTHING),
        "16.1": (calendar(component("inviting", more=INVITING), method="REQUEST"), errno.EINVAL, IS_ITSELF, NOTHING)},
    "Calendar/invites.ics": (event("invites", more=INVITING), errno.EPERM, "send_invitations", NOTHING),
    "Calendar/cancel.ics": (calendar(component("cancel", more=INVITATION), method="CANCEL"), errno.EINVAL, "METHOD:CANCEL",
                            NOTHING),
    "Calendar/reply.ics": (calendar(component("reply", more=INVITATION), method="REPLY"), errno.EINVAL, "METHOD:REPLY",
                           NOTHING),
    "Calendar/long.ics": (event("long", more=folded("DESCRIPTION:" + LONG)), 0, "", (LONG,)),
    "Tasks/long.ics": (todo("Long", folded("DESCRIPTION:" + LONG)), 0, "", (LONG,)),
    "Notes/long.ics": (note("Long", folded(LONG)[:-2]), 0, "", (LONG,)),
    "Contacts/long.vcf": (card("Long Note", folded("NOTE:" + LONG)), 0, "", (LONG,)),
    "Contacts/photo.vcf": (card("Large Photo", folded("PHOTO;ENCODING=b;TYPE=JPEG:" + PHOTO)), errno.EINVAL,
                           "the photo is larger than", NOTHING),
    "Calendar/ends.ics": (event("ends", "DTSTART:20261105T090000Z", "DTEND:20261105T080000Z"), errno.EINVAL,
                          "ends before it starts", NOTHING),
    "Calendar/day-time.ics": (event("mixed", "DTSTART;VALUE=DATE:20261105", "DTEND:20261105T093000Z"), errno.EINVAL,
                              "begins on a day (DTSTART) and ends at a time (DTEND)", NOTHING),
    "Calendar/time-day.ics": (event("mixed2", "DTSTART:20261105T090000Z", "DTEND;VALUE=DATE:20261106"), errno.EINVAL,
                              "begins at a time (DTSTART) and ends on a day (DTEND)", NOTHING),
    "Calendar/day.ics": (event("daytime", "DTSTART;VALUE=DATE:20261105T090000Z", "DTEND;VALUE=DATE:20261106"),
                         errno.EINVAL, "DTSTART says VALUE=DATE and holds a time", NOTHING),
    "Calendar/moon.ics": (event("moon", "DTSTART;TZID=Moon/Base:20261105T090000", "DTEND;TZID=Moon/Base:20261105T093000"),
                          errno.EINVAL, "the time zone Moon/Base is unknown", NOTHING),
}


class World:
    def __init__(self, scratch, version):
        self.scratch, self.log = scratch, write(scratch.path("mails"), "")
        self.trace = scratch.path("trace")
        self.server = scratch.easd(extra=["--protocol", version, "--mail-log", self.log])
        self.server.put("Calendar/there.ics", event("there"))
        self.server.put("Calendar/Team/team.ics", event("team"))
        for place, make in KINDS.items():
            self.server.put(place % "old", make("Old"))
        self.server.put("Mail/Inbox/1.eml", message())
        self.up()

    def up(self):
        self.mount = self.scratch.mount(self.server, "--send-delay", "0", "--trace", self.trace)
        self.mount.sync()

    def held_by_server(self):
        """{path: text, unfolded} of every item in the server's directory."""
        found = {}
        for top, _, names in os.walk(self.server.directory):
            for name in names:
                if name.endswith((".ics", ".vcf")) and not name.startswith("."):
                    path = os.path.join(top, name)
                    found[os.path.relpath(path, self.server.directory)] = re.sub(r"\r?\n[ \t]", "", read(path).decode())
        return found

    def titles(self):
        return sorted(re.search(r"^(?:SUMMARY|FN)[^:]*:([^\r\n]*)", text, re.M).group(1)
                      for path, text in self.held_by_server().items() if not path.startswith("Mail/"))

    def ends(self):
        equal(read(self.log), b"", "mails")
        harness.requests_are_valid(self.trace)


KINDS = {"Calendar/%s.ics": plain_event, "Contacts/%s.vcf": card, "Tasks/%s.ics": todo, "Notes/%s.ics": note}
FIRST = ["There", "Team"] + ["Old"] * 4


def at_each(body):
    for version in VERSIONS:
        def function(scratch, version=version):
            world = World(scratch, version)
            body(world, version)
            world.ends()
        function.__name__ = "%s_at_%s" % (body.__name__, version.replace(".", "_"))
        test(function)
    return body


def put(path, content, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
    """0, or the errno of open, write or close."""
    try:
        with open(os.open(path, flags, 0o600), "wb", buffering=0) as file:
            for at in range(0, len(content), 100000):
                file.write(content[at:at + 100000])
    except OSError as error:
        return error.errno
    return 0


@at_each
def what_is_written(world, version):
    mount, wrong, sent = world.mount, [], list(FIRST)
    rows = {path: row[version] if isinstance(row, dict) else row for path, row in WRITTEN.items()}

    def expect(what, got, wanted):
        if got != wanted:
            wrong.append("%s: got %.200r, wanted %.200r" % (what, got, wanted))

    def look(when):
        for path, (content, error, words, _) in rows.items():
            full = mount.path(path)
            expect(path + " state " + when, state(full), "held" if error else "clean")
            expect(path + " bytes " + when, read(full), content)
            expect(path + " reason " + when, words in (why(full) or ""), True)
    for path, (content, error, _, _) in rows.items():
        expect(path + " close", errno.errorcode.get(put(mount.path(path), content), 0), errno.errorcode.get(error, 0))
    done = mount.sync("--strict", code=65)
    look("after the sync")
    held = world.held_by_server()
    for path, (content, error, words, texts) in rows.items():
        expect(path + " named by sync", ("held: %s " % path) in done.stderr, error != 0)
        expect(path + " in errors", words in mount.read(".easfs", "errors").decode(), True)
        for text in texts:
            expect(path + " on the server", any(p.startswith(os.path.dirname(path) + "/") and text in held[p]
                                                for p in held), True)
        if not error:
            sent.append(re.search(rb"^(?:SUMMARY|FN):([^\r\n]*)", content, re.M).group(1).decode())
    expect("the server's items", world.titles(), sorted(sent))
    # The one whose UID another claims in vain can still be changed.
    expect("the first of a UID", put(mount.path("Calendar", "There.ics"), event("there", more="LOCATION:Here\r\n")), 0)
    mount.sync("--strict", code=65)
    expect("its change", any("LOCATION:Here" in text for text in world.held_by_server().values()), True)
    mount.umount()
    world.up()
    mount = world.mount
    look("after a remount")
    for path, row in rows.items():
        if row[1]:
            run(EASFS, "discard", mount.path(path))
            expect(path + " after discard", os.path.exists(mount.path(path)), False)
    mount.sync("--strict")
    expect("the server's items in the end", world.titles(), sorted(sent))
    expect("the queue", journal(mount), [])
    equal(wrong, [], "differences")


@at_each
def an_item_is_spoilt(world, version):
    """What was good is written over by what is not: the server's stays as it was, until the file is good again."""
    mount, before = world.mount, world.held_by_server()
    spoils = {"Calendar": [b"", plain_event("Old")[:99], event("old@example.test", "DTSTART:20261105T090000Z",
                                                              "DTEND:20261104T090000Z")],
              "Contacts": [b"", card("Old")[:30]], "Tasks": [b"", todo("Old")[:80]], "Notes": [b"", note("Old")[:80]]}
    for place, make in KINDS.items():
        path = mount.path(place % "Old")
        good = read(path)
        for bad in spoils[place.split("/")[0]]:
            equal(put(path, bad, os.O_WRONLY | os.O_TRUNC), errno.EINVAL if bad else 0, place)
            wait_for("it to be held", lambda: state(path) == "held")
            equal(read(path), bad, place)
            truth(bad or "rm deletes it" in why(path), why(path))
            run(EASFS, "retry", path, code=None)
            mount.sync("--strict", code=65)
            equal(state(path), "held", place + " after a retry")
            equal(world.held_by_server(), before, "the server after %r" % bad[:40])
        # What was written in between and is good, and was not sent yet, is not sent in place of what is not.
        world.server.stop()
        mount.sync("--timeout", "3", code=75)
        uid = re.search(rb"^UID:([^\r\n]*)", good, re.M).group(1).decode()
        equal(put(path, make("Between", uid=uid), os.O_WRONLY | os.O_TRUNC), 0)
        equal(put(path, make("Between")[:60], os.O_WRONLY | os.O_TRUNC), errno.EINVAL)
        run(EASFS, "retry", path, code=None)
        world.server.start()
        mount.sync("--strict", code=65)
        equal((state(path), world.held_by_server()), ("held", before), place)
        run(EASFS, "discard", path)
        equal(read(path), good, place + " after discard")
    mount.sync("--strict")
    equal(world.held_by_server(), before, "the server in the end")


@at_each
def a_uid_is_changed_and_changed_back(world, version):
    """Another UID is another event; until that is sent, the old UID is the old event."""
    mount, path, before = world.mount, world.mount.path("Calendar", "Old.ics"), world.held_by_server()
    world.server.stop()
    mount.sync("--timeout", "3", code=75)
    for uid in ("other", "third", "other"):
        equal(put(path, plain_event("Old", "LOCATION:Here\r\n", uid=uid)), 0)
    equal(put(path, plain_event("Old")[:99]), errno.EINVAL)
    equal(put(path, plain_event("Old")), 0)
    equal(journal(mount), [], "the queue")
    world.server.start()
    mount.sync("--strict")
    equal(world.held_by_server(), before, "the server")
    world.server.stop()
    mount.sync("--timeout", "3", code=75)
    for uid in ("other", "third"):
        equal(put(path, plain_event("Third", uid=uid)), 0)
    world.server.start()
    mount.sync("--strict")
    equal(world.titles(), sorted(["Third"] + FIRST[:-1]), "the server's items")
    equal(mount.ls("Calendar"), ["Old.ics", "Team", "There.ics"])


NAMES = {  # what open says, and whether it is on the server
    b"a\nb.ics": errno.EINVAL, b"a\tb.ics": errno.EINVAL, b"\xff\xfe.ics": errno.EINVAL, b"\x7f.ics": errno.EINVAL,
    "😀".encode() * 62 + b"abc.ics": 0, "😀".encode() * 63 + b".ics": errno.ENAMETOOLONG,
    "e\u0301te\u0301.ics".encode(): 0, "\u00e9t\u00e9.ics".encode(): 0, "\u202egnp.ics".encode(): 0,
}


@at_each
def names_of_every_kind(world, version):
    mount, sent = world.mount, list(FIRST)
    top, there = mount.path("Calendar").encode(), {}
    for number, (name, error) in enumerate(NAMES.items()):
        content = event("name%d" % number)
        equal(put(os.path.join(top, name), content), error, repr(name))
        if not error:
            there[name] = content
            sent.append("Name%d" % number)
    mount.sync("--strict")
    equal(world.titles(), sorted(sent), "the server's items")
    mount.umount()
    world.up()
    for name, content in there.items():
        truth(name in os.listdir(top), repr(name))
        equal(read(os.path.join(top, name)), content, repr(name))
        os.unlink(os.path.join(top, name))
    world.mount.sync("--strict")
    equal(world.titles(), sorted(FIRST), "the server's items after rm")


# ---- servers ----

def edits(world):
    """One of each kind is added, one changed; returns what was written, by path."""
    written = {}
    for place, make in KINDS.items():
        written[place % "new"] = make("New")
        written[place % "Old"] = make("Old", *((folded("NOTE:changed"),) if make is card else
                                               ("changed",) if make is note else ("DESCRIPTION:changed\r\n",)))
    return written


def write_edits(world):
    written = edits(world)
    for path, content in written.items():
        equal(put(world.mount.path(path), content), 0, path)
    return written


def write_changes(world):
    written = {path: content for path, content in edits(world).items() if "Old" in path}
    for path, content in written.items():
        equal(put(world.mount.path(path), content), 0, path)
    return written


def is_done(world, written, new=4):
    """Once each, as written, here and there."""
    world.mount.sync("--strict")
    equal(world.titles(), sorted(FIRST + ["New"] * new), "the server's items")
    equal(sum("changed" in text for text in world.held_by_server().values()), 4, "changes")
    for path, content in written.items():
        equal(read(world.mount.path(path)), content, path)
        equal(state(world.mount.path(path)), "clean", path)


@at_each
def a_server_that_refuses_an_item(world, version):
    """Status 6: held, with the server's no; the rest goes on; again when a person says so."""
    world.server.fault("item-status=6,Sync")
    written = write_edits(world)
    world.mount.sync("--strict", code=65)
    for path, content in written.items():
        equal((state(world.mount.path(path)), read(world.mount.path(path))), ("held", content), path)
        truth(why(world.mount.path(path)), path)
    equal(world.titles(), sorted(FIRST))
    world.server.no_faults()
    equal(put(world.mount.path("Calendar", "other.ics"), event("other")), 0)
    world.mount.sync("--strict", code=65)
    equal(world.titles(), sorted(FIRST + ["Other"]), "what is held is in the way of nothing")
    os.unlink(world.mount.path("Calendar", "other.ics"))
    run(EASFS, "retry", world.mount.point)
    is_done(world, written)


def recovers(world, *faults, restart=False):
    world.server.fault(*faults)
    written = write_edits(world)
    if restart:
        equal(world.server.process.wait(60), 0)
        world.server.process.stdout.close()
        world.server.start()
    else:
        wait_for("it to go wrong", lambda: sum(world.server.fired().values()))
    is_done(world, written)


@at_each
def a_server_that_sees_a_conflict(world, version):
    recovers(world, "item-status=7,Sync,writes,next=1")


@at_each
def a_server_that_is_not_well(world, version):
    recovers(world, "item-status=16,Sync,writes,next=2")


@at_each
def a_server_that_dies_after_accepting(world, version):
    recovers(world, "die,Sync,writes,next=1", restart=True)


@at_each
def a_server_that_sees_a_conflict_for_ever(world, version):
    """It ends, and both are there: the user's beside the server's, until it is given the name."""
    world.server.fault("item-status=7,Sync")
    written = write_changes(world)
    world.mount.sync()
    world.server.no_faults()
    for path, content in written.items():
        folder, name = os.path.split(world.mount.path(path))
        beside = [other for other in os.listdir(folder) if other.startswith(name + ".conflict-")]
        equal((state(world.mount.path(path)), len(beside)), ("clean", 1), path)
        equal(read(os.path.join(folder, beside[0])), content, path)
        os.rename(os.path.join(folder, beside[0]), world.mount.path(path))
    is_done(world, written, new=0)


@at_each
def a_server_that_says_gone(world, version):
    """Status 8 to a change, of what the server has all the same: what was written is not lost, and stays one file."""
    world.server.fault("item-status=8,Sync,writes,next=1")
    written = write_changes(world)
    world.mount.sync()
    world.mount.sync("--full")
    world.mount.sync()
    for path, content in written.items():
        equal(read(world.mount.path(path)), content, path)
    equal(sum("changed" in text for text in world.held_by_server().values()), 4, "changes on the server")


@at_each
def a_server_that_forgets(world, version):
    """It says that all was done, and did nothing. When the folder is read anew, what was written is still there."""
    world.server.fault("forget,Sync,writes,next=1")
    written = write_edits(world)
    world.mount.sync()
    equal(world.titles(), sorted(FIRST))
    world.mount.sync("--full")
    for place, make in KINDS.items():
        top = os.path.dirname(world.mount.path(place))
        found = [read(os.path.join(top, name)) for name in os.listdir(top)
                 if os.path.isfile(os.path.join(top, name))]
        truth(written[place % "new"] in found, "%s was lost: %s" % (place % "new", os.listdir(top)))


@at_each
def a_server_that_gives_another_folders_id(world, version):
    """Read anew, an item is known again by what it says. A card has no UID there, and its server names it (FileAs): what
    was written stands beside it."""
    world.server.fault("wrong-id,Sync,writes,next=1")
    written = write_edits(world)
    world.mount.sync()
    world.mount.sync("--full")
    own = written.pop("Contacts/new.vcf")
    truth(own in [world.mount.read("Contacts", name) for name in world.mount.ls("Contacts")], world.mount.ls("Contacts"))
    beside, = [name for name in world.mount.ls("Contacts") if ".conflict-" in name]
    truth(beside in world.mount.sync("--strict", code=65).stderr, "a conflict that nobody is told of")
    os.unlink(world.mount.path("Contacts", beside))
    is_done(world, written)


if __name__ == "__main__":
    harness.main()
