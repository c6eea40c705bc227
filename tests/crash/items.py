"""What a user does to events, contacts, tasks and notes."""
import os

from harness import EASFS, equal, run, truth
from scenario import Scenario, calendar, card, component, event, note, vevent


class Create(Scenario):
    files = {"Calendar/e-{n}.ics": lambda n: event("e-" + n, "event " + n + "!"),
             "Contacts/c-{n}.vcf": lambda n: card("c-" + n, "Contact" + n + "!"),
             "Tasks/t-{n}.ics": lambda n: component("VTODO", "t-" + n, "task " + n + "!"),
             "Notes/n-{n}.ics": lambda n: note("n-" + n, "note " + n + "!")}
    titles = {"Calendar": "event %s!", "Contacts": "Contact%s!", "Tasks": "task %s!", "Notes": "note %s!"}

    def act(self, bench, n):
        for path, content in self.files.items():
            bench.put(path.format(n=n), content(n))

    def check(self, bench, n):
        for folder, text in self.titles.items():
            bench.once(text % n, folder)
        for path, content in self.files.items():
            equal(bench.mount.read(path.format(n=n)), content(n), path)


class Change(Create):
    """What is there is written anew, the whole of it."""

    def prepare(self, bench, n):
        Create.act(self, bench, n)

    def changed(self, n, content):
        return content(n).replace(n.encode() + b"!", n.encode() + b" changed!")

    def write(self, bench, path, content):
        bench.put(path, content)

    def act(self, bench, n):
        for path, content in self.files.items():
            self.write(bench, path.format(n=n), self.changed(n, content))

    def check(self, bench, n):
        for folder, text in self.titles.items():
            bench.once(text % (n + " changed"), folder)
            bench.never(text % n, folder)
        for path, content in self.files.items():
            equal(bench.mount.read(path.format(n=n)), self.changed(n, content), path)
            equal([name for name in bench.named(path.split("/")[0], n) if name.endswith("~")], [], "left behind")


class Replace(Change):
    """As sed -i and rsync do it: written beside, and renamed over it."""

    def write(self, bench, path, content):
        bench.put(path + "~", content)
        os.rename(bench.path(path + "~"), bench.path(path))


class Backup(Change):
    """As vim does it: the old file steps aside, a new one is written, the old one goes."""

    def write(self, bench, path, content):
        if not bench.has(path + "~") and bench.mount.read(path) != content:
            os.rename(bench.path(path), bench.path(path + "~"))
        bench.put(path, content)
        if bench.has(path + "~"):
            os.unlink(bench.path(path + "~"))


class Delete(Create):
    def prepare(self, bench, n):
        Create.act(self, bench, n)

    def act(self, bench, n):
        for path in self.files:
            if bench.has(path.format(n=n)):
                os.unlink(bench.path(path.format(n=n)))

    def check(self, bench, n):
        for folder, text in self.titles.items():
            bench.never(text % n, folder)
        for path in self.files:
            truth(not bench.has(path.format(n=n)), path + " came back")


class Brake(Scenario):
    """More deletions than may be made in a minute wait for a person, who lets them through."""

    options = ("--max-deletes", "2")

    def prepare(self, bench, n):
        for k in range(4):
            bench.put("Tasks/b-%s-%d.ics" % (n, k), component("VTODO", "b-%s-%d" % (n, k), "braked %s-%d!" % (n, k)))

    def act(self, bench, n):
        for path in bench.named("Tasks", "b-%s-" % n):
            os.unlink(path)
        self.wait(bench)
        run(EASFS, "retry", bench.mount.point, code=None)

    def check(self, bench, n):
        equal(bench.holding("braked %s-" % n, "Tasks"), [], "tasks that were removed")
        equal(bench.named("Tasks", "b-%s-" % n), [], "came back")


class Occurrences(Scenario):
    """One occurrence of a series moved, one cancelled."""

    def series(self, n, more="", others=""):
        return calendar(vevent("s-" + n, "series %s!" % n, "RRULE:FREQ=WEEKLY;COUNT=5\r\n" + more), others)

    def exception(self, n):
        return ("BEGIN:VEVENT\r\nUID:s-%s\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20261208T090000Z\r\n"
                "DTSTART:20261208T110000Z\r\nDTEND:20261208T120000Z\r\nSUMMARY:moved %s!\r\nEND:VEVENT\r\n" % (n, n))

    def prepare(self, bench, n):
        bench.put("Calendar/s-%s.ics" % n, self.series(n))

    def final(self, n):
        return self.series(n, "EXDATE:20261215T090000Z\r\n", self.exception(n))

    def act(self, bench, n):
        bench.put("Calendar/s-%s.ics" % n, self.final(n))

    def check(self, bench, n):
        held = bench.once("series %s!" % n, "Calendar")
        equal([held.count(text) for text in ("RRULE", "RECURRENCE-ID", "moved %s!" % n, "EXDATE", "BEGIN:VEVENT")],
              [1, 1, 1, 1, 2], "on the server: " + held)
        equal(bench.mount.read("Calendar/s-%s.ics" % n), self.final(n))


class Series(Occurrences):
    """The same, of a series that is new: from 16.0 on its exceptions follow in requests of their own."""

    def prepare(self, bench, n):
        pass


class Transfer(Scenario):
    """An event and a contact go to other folders of their class."""

    moves = {"Calendar/v-{n}.ics": "Calendar/Work/v-{n}.ics", "Contacts/v-{n}.vcf": "Contacts/Work/v-{n}.vcf"}

    def prepare(self, bench, n):
        os.makedirs(os.path.join(bench.server.directory, "Calendar/Work"), exist_ok=True)
        os.makedirs(os.path.join(bench.server.directory, "Contacts/Work"), exist_ok=True)
        bench.put("Calendar/v-%s.ics" % n, event("v-" + n, "event %s!" % n))
        bench.put("Contacts/v-%s.vcf" % n, card("v-" + n, "Contact%s!" % n))

    def act(self, bench, n):
        for old, new in self.moves.items():
            if bench.has(old.format(n=n)):
                os.rename(bench.path(old.format(n=n)), bench.path(new.format(n=n)))

    def check(self, bench, n):
        for top, text in (("Calendar", "event %s!" % n), ("Contacts", "Contact%s!" % n)):
            bench.never(text, top)
            bench.once(text, top, "Work")
        for old, new in self.moves.items():
            truth(bench.has(new.format(n=n)) and not bench.has(old.format(n=n)), new)


class Calendars(Scenario):
    """A calendar made, an event written into it before the server knows it, the calendar renamed."""

    def act(self, bench, n):
        made, final = "Calendar/made-" + n, "Calendar/final-" + n
        if bench.has(final):
            return
        if not bench.has(made):
            os.mkdir(bench.path(made))
        bench.put(made + "/in.ics", event("in-" + n, "inside %s!" % n))
        os.rename(bench.path(made), bench.path(final))

    def check(self, bench, n):
        bench.once("inside %s!" % n, "Calendar", "final-" + n)
        truth(not os.path.exists(os.path.join(bench.server.directory, "Calendar/made-" + n)), "the old name")
        equal(bench.mount.ls("Calendar/final-" + n), ["in.ics"])
        truth(not bench.has("Calendar/made-" + n), "the old name in the mount")


# ---- both sides ----

class Conflict(Scenario):
    """Both sides change the same note while they do not see each other: what differs is merged."""

    def prepare(self, bench, n):
        bench.put("Notes/k-%s.ics" % n, note("k-" + n, "both %s!" % n))

    def unseen(self, bench):
        return bench.away()

    def theirs(self, bench, n):
        for name in bench.holding("both %s!" % n, "Notes"):
            content = bench.there("Notes")[name]
            bench.server.put("Notes/" + name, content.replace(b"DESCRIPTION:text", b"DESCRIPTION:theirs"))

    def mine(self, bench, n):
        bench.put("Notes/k-%s.ics" % n, note("k-" + n, "mine %s!" % n))

    def is_done(self, bench, n):
        return b"mine" in bench.content("Notes/k-%s.ics" % n)

    def act(self, bench, n):
        if self.is_done(bench, n):
            return  # it was said to be durable
        if b"theirs" in bench.content("Notes/k-%s.ics" % n):
            self.alone = n  # it died before the user had written, who now sees the server's change
            return
        with self.unseen(bench):
            self.theirs(bench, n)
            self.mine(bench, n)

    def check(self, bench, n):
        if getattr(self, "alone", None) == n:
            return
        held = bench.once("mine %s!" % n, "Notes")
        truth("theirs" in held, "the server's change is lost")
        mine = bench.mount.read("Notes/k-%s.ics" % n)
        truth(b"mine" in mine and b"theirs" in mine, "the merged file: %r" % mine)
        equal(len(bench.named("Notes", "k-%s." % n)), 1, "files of it")


class Merge(Conflict):
    """The same, and the keys are good."""

    def unseen(self, bench):
        return bench.frozen()


class Clash(Merge):
    """Both change the same property: the server's keeps the name, the user's stands beside it."""

    def mine(self, bench, n):
        bench.put("Notes/k-%s.ics" % n, note("k-" + n, "both %s!" % n, "mine"))

    def is_done(self, bench, n):
        return Conflict.is_done(self, bench, n) or len(bench.named("Notes", "k-%s." % n)) > 1

    def check(self, bench, n):
        truth("theirs" in bench.once("both %s!" % n, "Notes"), "the server's change is lost")
        truth(b"theirs" in bench.mount.read("Notes/k-%s.ics" % n), "the name is not the server's")
        if getattr(self, "alone", None) == n:
            return
        aside = bench.named("Notes", "k-%s.ics.conflict-" % n)
        equal(len(aside), 1, "files beside it")
        with open(aside[0], "rb") as file:
            equal(file.read(), note("k-" + n, "both %s!" % n, "mine"), "the user's")


class Orphan(Merge):
    """Removed there, changed here: the change is not lost."""

    def theirs(self, bench, n):
        for name in bench.holding("both %s!" % n, "Notes"):
            os.unlink(os.path.join(bench.server.directory, "Notes", name))

    def check(self, bench, n):
        bench.once("mine %s!" % n, "Notes")
        equal(bench.mount.read("Notes/k-%s.ics" % n), note("k-" + n, "mine %s!" % n))


class Survivor(Merge):
    """Changed there, removed here: it is back, and a person decides."""

    held = 1

    def mine(self, bench, n):
        os.unlink(bench.path("Notes/k-%s.ics" % n))

    def is_done(self, bench, n):
        return not bench.has("Notes/k-%s.ics" % n) or b"theirs" in bench.content("Notes/k-%s.ics" % n)

    def check(self, bench, n):
        truth("theirs" in bench.once("both %s!" % n, "Notes"), "the server's change is lost")
        truth(b"theirs" in bench.mount.read("Notes/k-%s.ics" % n), "in the mount")
        run(EASFS, "discard", bench.path("Notes/k-%s.ics" % n))
        bench.mount.sync("--strict")


# ---- a person decides ----

class Retry(Scenario):
    """What the server refused is sent again."""

    def prepare(self, bench, n):
        bench.put("Notes/r-%s.ics" % n, note("r-" + n, "first %s!" % n))
        bench.mount.sync()
        bench.server.fault("item-status=6,Sync")
        bench.put("Notes/r-%s.ics" % n, note("r-" + n, "again %s!" % n))
        bench.put("Notes/x-%s.ics" % n, note("x-" + n, "anew %s!" % n))
        bench.mount.sync()
        bench.server.no_faults()
        equal([row["state"] for row in bench.queue()], ["held", "held"])

    def act(self, bench, n):
        for name in ("r", "x"):
            run(EASFS, "retry", bench.path("Notes/%s-%s.ics" % (name, n)), code=None)

    def check(self, bench, n):
        bench.once("again %s!" % n, "Notes")
        bench.once("anew %s!" % n, "Notes")
        bench.never("first %s!" % n, "Notes")


class Discard(Retry):
    """What the server refused is given up."""

    def act(self, bench, n):
        for name in ("r", "x"):
            run(EASFS, "discard", bench.path("Notes/%s-%s.ics" % (name, n)), code=None)

    def check(self, bench, n):
        bench.once("first %s!" % n, "Notes")
        for text in ("again %s!", "anew %s!"):
            bench.never(text % n, "Notes")
        truth(b"first %s!" % n.encode() in bench.mount.read("Notes/r-%s.ics" % n), "the server's is not back")
        truth(not bench.has("Notes/x-%s.ics" % n), "what nobody has")


SCENARIOS = (Create, Change, Replace, Backup, Delete, Brake, Occurrences, Series, Transfer, Calendars, Conflict, Merge,
             Clash, Orphan, Survivor, Retry, Discard)
