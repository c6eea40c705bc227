#!/usr/bin/env python3
"""A state directory whose disk is full, or fails, while files are written, sent and brought. Catches: a close that reports
success for what is not there, what it reported and is lost, half a file on the server, an item sent twice because its
answer could not be kept, a trouble that nobody is told of, one that stays after its cause is gone, a mount that does not
read any more."""
import errno
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import card, event, journal, note, state, todo, why
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write

ROOM = 12 << 20
TROUBLES = {errno.ENOSPC: "No space left on device", errno.EIO: "Input/output error"}
KINDS = {"Calendar/%s.ics": event, "Contacts/%s.vcf": card, "Tasks/%s.ics": todo, "Notes/%s.ics": note}


class Full:
    """The disk has no room left, until it is given back."""
    error, refuses = errno.ENOSPC, True

    def __init__(self, scratch):
        self.top = scratch.path("disk")
        os.mkdir(self.top)
        run("mount", "-t", "tmpfs", "-o", "size=%d,mode=700" % ROOM, "tmpfs", self.top)
        scratch.callback(run, "umount", self.top)
        self.filler = os.path.join(self.top, "filler")

    def mount(self, scratch, server, *extra):
        return scratch.mount(server, *extra, state="disk/state")

    def ill(self):
        """Takes whatever room there is, to the last block."""
        fd = os.open(self.filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while True:
                os.write(fd, bytes(4096))
        except OSError as error:
            equal(error.errno, errno.ENOSPC)
        finally:
            os.close(fd)

    def well(self):
        if os.path.exists(self.filler):
            os.unlink(self.filler)


class Failing:
    """The disk takes nothing, or does not say that it has."""
    error = errno.EIO

    def __init__(self, scratch, calls):
        self.top, self.file, self.calls = scratch.path("state"), scratch.path("disk"), calls
        self.refuses = "write" in calls
        self.shim = scratch.path("disk.so")
        run("cc", "-shared", "-fPIC", "-o", self.shim, os.path.join(harness.TOP, "tests/integration/disk.c"))

    def mount(self, scratch, server, *extra):
        self.well()
        os.environ.update(LD_PRELOAD=self.shim, TEST_DISK=self.file)
        try:
            return scratch.mount(server, *extra)
        finally:
            del os.environ["LD_PRELOAD"], os.environ["TEST_DISK"]

    def tell(self, text):
        write(self.file + "~", text)
        os.rename(self.file + "~", self.file)

    def ill(self):
        self.tell("%s %d %s\n" % (self.top, self.error, self.calls))

    def well(self):
        self.tell("\n")


DISKS = {"full": Full, "that takes nothing": lambda scratch: Failing(scratch, "write fsync"),
         "that keeps nothing": lambda scratch: Failing(scratch, "fsync")}


def on_each_disk(body):
    for name, make in DISKS.items():
        def function(scratch, make=make):
            body(scratch, make(scratch))
        function.__name__ = "%s_on_a_disk_%s" % (body.__name__, name.replace(" ", "_"))
        test(function)
    return body


class World:
    """A mailbox with one of each kind, mounted from a state directory on that disk."""

    def __init__(self, scratch, disk, *options):
        self.disk, self.log = disk, write(scratch.path("mails"), "")
        self.server = scratch.easd(extra=["--mail-log", self.log])
        for place, make in KINDS.items():
            self.server.put(place % "there", make("There"))
        self.server.put("Mail/Inbox/1.eml", message("There"))
        self.mount = disk.mount(scratch, self.server, "--send-delay", "0", *options)
        self.mount.sync()
        self.mails = 0

    def held_by_server(self):
        """{path: title} of what the server's directory holds of the four kinds."""
        found = {}
        for folder in ("Calendar", "Contacts", "Tasks", "Notes"):
            top = os.path.join(self.server.directory, folder)
            for name in os.listdir(top):
                if name.endswith((".ics", ".vcf")):
                    found[folder + "/" + name] = title(read(os.path.join(top, name)))
        return found

    def titles(self):
        return sorted(self.held_by_server().values())

    def told(self):
        return (self.mount.status()["reason"] or "", self.mount.read(".easfs", "status").decode())

    def tells(self):
        """Each of the places where a person would look says what is wrong with the disk."""
        words = TROUBLES[self.disk.error]
        wait_for("the trouble to be told",
                 lambda: all(words in text for text in (*self.told(), self.mount.read(".easfs", "errors").decode())))

    def reads(self, *gone):
        for place in KINDS:
            truth(place in gone or b"There" in self.mount.read(place % "There"), place)
        truth(self.mount.ls("Mail", "Inbox"), "mail")
        self.mount.status()

    def recovers(self):
        """What it was is not told any more, and nobody had to do anything for it."""
        self.disk.well()
        wait_for("the trouble to be over", lambda: not any(TROUBLES[self.disk.error] in text for text in self.told()), 60)

    def settles(self, wanted):
        self.recovers()
        wait_for("the server to have it all", lambda: self.titles() == sorted(wanted), 60)
        self.mount.sync("--strict")
        equal(self.titles(), sorted(wanted), "items of the server")
        equal(journal(self.mount), [], "the queue")
        equal(len(read(self.log).splitlines()), self.mails, "mails")


def title(content):
    return re.search(rb"^(?:SUMMARY|FN)[^:]*:([^\r\n]*)", content, re.M).group(1).decode()


def put(path, content, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
    """0, or the errno of the first call that failed."""
    try:
        fd = os.open(path, flags, 0o600)
    except OSError as error:
        return error.errno
    failed = 0
    try:
        os.write(fd, content)
    except OSError as error:
        failed = error.errno
    try:
        os.close(fd)
    except OSError as error:
        failed = failed or error.errno
    return failed


def letter(subject):
    return ("To: bob@example.test\r\nSubject: %s\r\n\r\nText.\r\n" % subject).encode()


@on_each_disk
def files_are_written(scratch, disk):
    world = World(scratch, disk)
    mount, wanted = world.mount, ["There"] * len(KINDS)
    disk.ill()
    refused, there = {}, {}
    for number in range(40):
        for place, make in KINDS.items():
            name, content = place % ("new%d" % number), make("New %d" % number, uid="n%d-%s" % (number, place[:3]))
            error = put(mount.path(name), content)
            if error:
                equal(errno.errorcode[error], errno.errorcode[disk.error], name)
                refused[name] = content
            else:
                there[name] = content
        if len(refused) >= 3 * len(KINDS):
            break
    truth(len(refused) >= 3 * len(KINDS), "the disk took all of it")
    for place, make in KINDS.items():  # of what is there, the bytes that the server has come back
        path = mount.path(place % "There")
        before = read(path)
        error = put(path, make("There", "X-FILL:%s\r\n" % ("x" * 60000) if make not in (note, card) else ""),
                    os.O_WRONLY | os.O_TRUNC)
        equal(errno.errorcode[error], errno.errorcode[disk.error], place)
        wait_for("the old bytes of " + place, lambda: os.path.exists(path) and read(path) == before)
    error = put(mount.path("Outbox", "letter.eml"), letter("Refused"))
    equal(errno.errorcode[error], errno.errorcode[disk.error], "a letter")
    equal(put(mount.path("Calendar", "own~"), b"x" * (1 << 20)), disk.error, "scratch")
    world.tells()
    world.reads()
    for name, content in there.items():
        equal(mount.read(name), content, name)
    titles = [title(content) for content in there.values()]
    world.recovers()
    for name, content in refused.items():
        equal(put(mount.path(name), content), 0, name + " again")
        equal(mount.read(name), content, name)
        titles.append(title(content))
    equal(put(mount.path("Outbox", "letter.eml"), letter("Sent")), 0)
    world.mails = 1

    world.settles(wanted + titles)


@on_each_disk
def what_was_written_before_is_sent_after(scratch, disk):
    """The disk goes while requests are under way: what a close reported is on the server once, at last."""
    world = World(scratch, disk)
    mount, titles = world.mount, ["There"] * len(KINDS)
    world.server.fault("delay=1500,Sync", "delay=1500,SendMail")
    for number in range(6):
        for place, make in KINDS.items():
            equal(put(mount.path(place % ("new%d" % number)), make("New %d" % number, uid="n%d" % number)), 0)
            titles.append("New %d" % number)
    equal(put(mount.path("Calendar", "There.ics"), event("There", "LOCATION:Here\r\n"), os.O_WRONLY | os.O_TRUNC), 0)
    equal(put(mount.path("Outbox", "letter.eml"), letter("Once")), 0)
    os.unlink(mount.path("Notes", "There.ics"))
    run(EASFS, "sync", mount.point, "--timeout", "1", code=None)  # graces end
    titles.remove("There")
    world.mails = 1
    disk.ill()
    world.tells()
    world.reads("Notes/%s.ics")
    world.server.no_faults()
    world.settles(titles)
    truth(any(b"LOCATION:Here" in read(os.path.join(world.server.directory, "Calendar", name))
              for name in os.listdir(os.path.join(world.server.directory, "Calendar"))), "the change")


@on_each_disk
def what_the_server_has_comes_after(scratch, disk, *options):
    """Messages and items come while the disk takes nothing: none is passed by, nothing that is there is worse for it."""
    world = World(scratch, disk, *options)
    mount, server = world.mount, world.server
    disk.ill()
    text = "".join("%064d\r\n" % number for number in range(12000))  # does not come inline
    for number in range(3):
        server.put("Mail/Inbox/long%d.eml" % number, message("Long %d" % number, body=text))
    for number in range(30):
        server.put("Mail/Inbox/n%d.eml" % number, message("New %d" % number, body="%070d\r\n" % number * 500))
    for place, make in KINDS.items():
        server.put(place % "come", make("Come", uid="come"))
        server.put(place % "there", make("There", "COMMENT:changed\r\n") if make is event else make("There"))
    world.tells()
    world.reads()
    run(EASFS, "sync", mount.point, "--timeout", "5", code=None)
    world.reads()
    world.recovers()
    wait_for("all of it", lambda: len(mount.ls("Mail", "Inbox")) == 34, 60)
    wait_for("the bodies", lambda: not sum(f["bodies_missing"] for f in mount.status()["folders"]), 60)
    equal(mount.wrongs(), [], "what is wrong")
    mount.sync("--strict")
    equal(sum(b"%064d" % 11999 in mount.read("Mail", "Inbox", name) for name in mount.ls("Mail", "Inbox")), 3)
    for place in KINDS:
        truth(b"Come" in mount.read(place % "Come"), place)
    equal(len(read(world.log)), 0, "mails")
    mount.umount()
    run(EASFS, "cache", "verify", "--state", mount.state)


@test
def what_the_server_has_comes_after_where_nobody_writes(scratch):
    what_the_server_has_comes_after(scratch, Full(scratch), "-o", "ro")


@on_each_disk
def the_last_word_of_a_writer_is_not_forgotten(scratch, disk):
    """A close was told that all is well, by fsync; that no writer is left comes to be known when the disk is full."""
    world = World(scratch, disk)
    path, titles = world.mount.path("Calendar", "synced.ics"), ["There"] * len(KINDS) + ["Synced"]
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.write(fd, event("Synced"))
    os.fsync(fd)
    disk.ill()
    os.close(fd)
    if disk.refuses:
        equal([row["state"] for row in journal(world.mount) if row["path"] == "Calendar/synced.ics"], ["open"])
    world.reads()
    world.settles(titles)


@on_each_disk
def a_crash_on_a_disk_that_fails_loses_nothing_reported(scratch, disk):
    world = World(scratch, disk)
    server, mount = world.server, world.mount
    server.stop()
    said, titles = {}, ["There"] * len(KINDS)
    for number in range(8):
        if number == 4:
            disk.ill()
        for place, make in KINDS.items():
            name, content = place % ("c%d" % number), make("C%d" % number, uid="c%d" % number)
            if put(mount.path(name), content) == 0:
                said[name] = content
                titles.append(title(content))
    truth(len(said) >= 16, said.keys())
    mount.kill()
    disk.well()
    server.start()
    world.mount = mount = disk.mount(scratch, server, "--send-delay", "0")
    for name, content in said.items():
        equal(mount.read(name), content, name)
    world.settles(titles)


@test
def a_letter_that_cannot_be_read_is_not_taken_for_removed(scratch):
    """Nor is a user's file for one that can be made anew."""
    disk = Failing(scratch, "read")
    world = World(scratch, disk)
    mount, server = world.mount, world.server
    disk.top = os.path.join(mount.state, "bodies")
    own = card("Own", "X-MINE:kept\r\n")
    equal(put(mount.path("Contacts", "own.vcf"), own), 0)
    mount.sync()
    server.fault("http=503,SendMail,next=1")
    equal(put(mount.path("Outbox", "letter.eml"), letter("Read")), 0)
    wait_for("it to be tried", lambda: server.fired()["http"])
    disk.ill()
    name, = [n for n in os.listdir(server.directory + "/Contacts") if b"FN:Own" in read(server.directory + "/Contacts/" + n)]
    server.put("Contacts/" + name, card("Own", "NOTE:changed\r\n"))
    run(EASFS, "sync", mount.point, "--timeout", "5", code=None)
    truth(os.path.exists(mount.path("Outbox", "letter.eml")), "the letter is gone")
    disk.well()
    mount.sync("--strict")
    equal(len(read(world.log).splitlines()), 1, "mails")
    equal(mount.ls("Outbox"), [])
    found = mount.read("Contacts", "own.vcf")
    truth(b"X-MINE:kept" in found and b"NOTE:changed" in found, found)


if __name__ == "__main__":
    harness.main()
