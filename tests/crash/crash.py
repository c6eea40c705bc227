#!/usr/bin/env python3
"""Death at every step. What a user does through the mount is done again and again, and each time the daemon dies at
the next step of sync or upload (cache/step.h), as in a power failure; or the request, or the answer, that is the next
in turn is lost. Then it is started again and left to finish, and the server's directory is compared with what was meant:
nothing lost, nothing doubled, no mail that was not meant, none twice, and the files read as they were written.

    tests/crash/crash.py [--sample N] [--version V] [SCENARIO...]     --sample: every Nth step only
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import harness
from harness import EASFS, Mount, Scratch, equal, is_gone, read, run, truth, wait_for, write

MORE_STEPS = 3  # beyond those of a run that does not die


def event(uid, summary, more=""):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\n"
            "DTSTAMP:20260101T000000Z\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\nSUMMARY:%s\r\n%s"
            "X-MINE:kept\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" % (uid, summary, more)).encode()


def component(name, uid, summary):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:%s\r\nUID:%s\r\n"
            "DTSTAMP:20260101T000000Z\r\nSUMMARY:%s\r\nDESCRIPTION:text\r\nEND:%s\r\nEND:VCALENDAR\r\n" %
            (name, uid, summary, name)).encode()


def card(uid, name):
    return ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\nN:%s;;;;\r\nTEL;TYPE=CELL:+1 555 01\r\nEND:VCARD\r\n" %
            (uid, name, name)).encode()


def letter(ident, subject, sender=None):
    """Without a sender: as the account's own, which is supplied."""
    return ("%sTo: bob@example.test\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nSubject: %s\r\n"
            "Message-ID: <%s@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello.\r\n" %
            ("From: %s\r\n" % sender if sender else "", subject, ident)).encode()


class Bench:
    """One server and one replica, which live through every death of a scenario."""

    def __init__(self, scratch, version):
        self.scratch = scratch
        self.log = scratch.path("mails")
        self.server = scratch.easd(extra=["--protocol", version, "--mail-log", self.log])
        self.meant = []  # subjects of the mail that was meant
        self.steps = scratch.path("steps")
        self.mount = None
        scratch.callback(self.end)

    def end(self):
        """Whatever came of it, nothing is left mounted."""
        if self.mount and self.is_up():
            self.mount.umount()
        elif self.mount:
            self.clear()

    def up(self, step=None):
        environment = dict(os.environ)
        for name in ("EASFS_STEP", "EASFS_STEP_LOG"):
            os.environ.pop(name, None)
        if step is not None:
            os.environ["EASFS_STEP"] = str(step)
        if os.path.exists(self.steps):
            os.unlink(self.steps)
        os.environ["EASFS_STEP_LOG"] = self.steps
        try:
            # A daemon that dies while it mounts is started anew, in which it does not die.
            self.mount = Mount(self.scratch, self.server, "--events", "off", "--send-delay", "0", code=None)
        finally:
            os.environ.clear()
            os.environ.update(environment)
        return self.mount.mounted

    def is_up(self):
        try:
            return not is_gone(self.mount.daemon())
        except (FileNotFoundError, ValueError, IndexError):
            return False

    def clear(self):
        self.mount.mounted = False
        run("fusermount3", "-uz", self.mount.point, code=None)

    def down(self):
        if self.is_up():
            self.mount.umount()
        else:
            self.clear()

    def count(self):
        return len(read(self.steps).splitlines())

    def path(self, *parts):
        return self.mount.path(*parts)

    def put(self, path, content):
        """Written beside and renamed into place, or at once; true when it was said to be durable."""
        with open(self.path(path), "wb") as file:
            file.write(content)

    def there(self, *parts):
        """The server's files of a folder, as {name: content}."""
        top = os.path.join(self.server.directory, *parts)
        return {os.path.basename(name): read(name) for name in sorted(glob.glob(glob.escape(top) + "/*"))
                if os.path.isfile(name)}

    def holding(self, text, *parts):
        return [name for name, content in self.there(*parts).items() if text.encode() in content]

    def mails(self):
        return [json.loads(line)["subject"] for line in read(self.log).splitlines()] if os.path.exists(self.log) else []


def once(bench, text, *parts):
    found = bench.holding(text, *parts)
    truth(len(found) == 1, "%s: %d of %r" % ("/".join(parts), len(found), text))
    return found[0]


def never(bench, text, *parts):
    equal(bench.holding(text, *parts), [], "%s still holds %r" % ("/".join(parts), text))


# ---- what a user does: prepare, act (may be cut off and is then done again), check ----

class Create:
    patience = 20
    files = {"Calendar/e-{n}.ics": lambda n: event("e-" + n, "event " + n + "!"),
             "Contacts/c-{n}.vcf": lambda n: card("c-" + n, "Contact" + n + "!"),
             "Tasks/t-{n}.ics": lambda n: component("VTODO", "t-" + n, "task " + n + "!"),
             "Notes/n-{n}.ics": lambda n: component("VJOURNAL", "n-" + n, "note " + n + "!")}

    def prepare(self, bench, n):
        pass

    def act(self, bench, n):
        for path, content in self.files.items():
            bench.put(path.format(n=n), content(n))

    def check(self, bench, n):
        for folder, text in (("Calendar", "event %s!"), ("Contacts", "Contact%s!"), ("Tasks", "task %s!"),
                             ("Notes", "note %s!")):
            once(bench, text % n, folder)
        for path, content in self.files.items():
            equal(bench.mount.read(path.format(n=n)), content(n), path)


class Change(Create):
    """What is there is written anew, the whole of it."""

    def prepare(self, bench, n):
        Create.act(self, bench, n)

    def act(self, bench, n):
        for path, content in self.files.items():
            bench.put(path.format(n=n), content(n).replace(n.encode() + b"!", n.encode() + b" changed!"))

    def check(self, bench, n):
        for folder, text in (("Calendar", "event %s changed!"), ("Contacts", "Contact%s changed!"),
                             ("Tasks", "task %s changed!"), ("Notes", "note %s changed!")):
            once(bench, text % n, folder)
        never(bench, "event %s!" % n, "Calendar")
        for path, content in self.files.items():
            equal(bench.mount.read(path.format(n=n)),
                  content(n).replace(n.encode() + b"!", n.encode() + b" changed!"), path)


class Delete(Create):
    def prepare(self, bench, n):
        Create.act(self, bench, n)
        bench.server.put("Mail/Inbox/d-%s.eml" % n, letter("d-" + n, "gone " + n + "!", "bob@example.test"))

    def act(self, bench, n):
        for path in self.files:
            if os.path.exists(bench.path(path.format(n=n))):
                os.unlink(bench.path(path.format(n=n)))
        for name in os.listdir(bench.path("Mail/Inbox")):
            if name.endswith("gone %s!.eml" % n):
                os.unlink(bench.path("Mail/Inbox", name))

    def check(self, bench, n):
        for folder, text in (("Calendar", "event %s!"), ("Contacts", "Contact%s!"), ("Tasks", "task %s!"),
                             ("Notes", "note %s!"), ("Mail/Inbox", "gone %s!")):
            never(bench, text % n, folder)
        once(bench, "gone %s!" % n, "Mail/Deleted Items")
        for path in self.files:
            truth(not os.path.exists(bench.path(path.format(n=n))), path + " came back")


class Move:
    patience = 20

    def prepare(self, bench, n):
        os.makedirs(os.path.join(bench.server.directory, "Mail/Archive"), exist_ok=True)
        for k in range(3):
            bench.server.put("Mail/Inbox/m-%s-%d.eml" % (n, k),
                             letter("m-%s-%d" % (n, k), "moved %s-%d!" % (n, k), "bob@example.test"))

    def act(self, bench, n):
        for name in os.listdir(bench.path("Mail/Inbox")):
            if re.search("moved %s-[0-9]" % n, name):
                os.rename(bench.path("Mail/Inbox", name), bench.path("Mail/Archive", name))

    def check(self, bench, n):
        for k in range(3):
            never(bench, "moved %s-%d!" % (n, k), "Mail/Inbox")
            once(bench, "moved %s-%d!" % (n, k), "Mail/Archive")
        equal(len([name for name in bench.mount.ls("Mail/Archive") if "moved %s-" % n in name]), 3, "in the mount")
        equal([name for name in bench.mount.ls("Mail/Inbox") if "moved %s-" % n in name], [], "left in the mount")


class Flags:
    patience = 20

    def prepare(self, bench, n):
        bench.server.put("Mail/Inbox/f-%s.eml" % n, letter("f-" + n, "flagged " + n + "!", "bob@example.test"))

    def act(self, bench, n):
        for name in os.listdir(bench.path("Mail/Inbox")):
            if "flagged %s!" % n in name:
                os.setxattr(bench.path("Mail/Inbox", name), "user.eas.read", b"1")
                os.setxattr(bench.path("Mail/Inbox", name), "user.eas.flag", b"active")

    def check(self, bench, n):
        path = os.path.join(bench.server.directory, "Mail/Inbox", once(bench, "flagged %s!" % n, "Mail/Inbox"))
        equal((os.getxattr(path, "user.eas.read"), os.getxattr(path, "user.eas.flag")), (b"1", b"active"))


class Folders:
    patience = 20

    def prepare(self, bench, n):
        bench.server.put("Mail/Inbox/o-%s.eml" % n, letter("o-" + n, "filed " + n + "!", "bob@example.test"))

    def act(self, bench, n):
        made, final = bench.path("Mail/made-" + n), bench.path("Mail/final-" + n)
        if not os.path.exists(final):
            if not os.path.exists(made):
                os.mkdir(made)
            for name in os.listdir(bench.path("Mail/Inbox")):
                if "filed %s!" % n in name:
                    os.rename(bench.path("Mail/Inbox", name), os.path.join(made, name))
            os.rename(made, final)

    def check(self, bench, n):
        once(bench, "filed %s!" % n, "Mail/final-" + n)
        never(bench, "filed %s!" % n, "Mail/Inbox")
        equal(os.path.exists(os.path.join(bench.server.directory, "Mail/made-" + n)), False, "the old name")
        equal(len(bench.mount.ls("Mail/final-" + n)), 1)
        truth(not os.path.exists(bench.path("Mail/made-" + n)), "the old name in the mount")


class Send:
    patience = 3  # a letter of unknown fate is looked for during ten minutes

    def prepare(self, bench, n):
        pass

    def act(self, bench, n):
        if getattr(self, "written", None) == n:
            return  # it was said to be durable: written again it would be a second letter
        bench.put("Outbox/s-%s.eml" % n, letter("s-" + n, "sent " + n + "!"))
        self.written = n

    def check(self, bench, n):
        sent = [subject for subject in bench.mails() if subject == "sent " + n + "!"]
        truth(len(sent) <= 1, "sent %d times" % len(sent))
        waiting = os.path.exists(bench.path("Outbox/s-%s.eml" % n))
        # A request that was lost for all we know may have been sent: it waits, and is not sent again.
        truth(len(sent) == 1 and not waiting or len(sent) == 0 and waiting,
              "sent %d times, and %s in Outbox" % (len(sent), "still" if waiting else "not"))
        if waiting:
            truth(json.loads(bench.mount.read(".easfs", "queue").splitlines()[0])["state"] in ("sent", "held"), "queue")
        bench.meant += sent


class Conflict:
    """Both sides change the same note while they do not see each other: what differs is merged."""

    patience = 20

    def prepare(self, bench, n):
        bench.put("Notes/k-%s.ics" % n, component("VJOURNAL", "k-" + n, "both " + n + "!"))

    def act(self, bench, n):
        path = "Notes/k-%s.ics" % n
        if b"mine" in bench.mount.read(path):
            return  # it was said to be durable
        bench.server.stop()
        try:
            for name in bench.holding("both %s!" % n, "Notes"):
                content = bench.there("Notes")[name]
                bench.server.put("Notes/" + name, content.replace(b"DESCRIPTION:text", b"DESCRIPTION:theirs"))
            bench.put(path, component("VJOURNAL", "k-" + n, "mine " + n + "!"))
        finally:
            bench.server.start()

    def check(self, bench, n):
        name = once(bench, "mine %s!" % n, "Notes")
        truth(b"theirs" in bench.there("Notes")[name], "the server's change is lost")
        mine = bench.mount.read("Notes/k-%s.ics" % n)
        truth(b"mine" in mine and b"theirs" in mine, "the merged file: %r" % mine)


SCENARIOS = {each.__name__.lower(): each for each in (Create, Change, Delete, Move, Flags, Folders, Send, Conflict)}


# ---- one death ----

def attempt(bench, scenario, n, step=None, fault=None):
    """The scenario once, with a death at the step or a fault at its turn. Returns how many steps there were."""
    truth(bench.up(), "no mount")
    bench.mount.sync()
    scenario.prepare(bench, n)
    bench.mount.sync()
    bench.down()
    if fault:
        bench.server.fault(fault)
    bench.up(step)
    done = False
    for _ in range(3):
        try:
            if bench.is_up():
                scenario.act(bench, n)
                done = True
                run(EASFS, "sync", bench.mount.point, "--wait", "--timeout", str(scenario.patience), code=None)
        except OSError:
            truth(step is not None, "refused though the daemon lives")
        steps = bench.count() if os.path.exists(bench.steps) else 0
        if done and bench.is_up():
            break
        if step is not None:
            wait_for("the daemon to be gone", lambda: not bench.is_up())
        bench.clear()
        wait_for("a mount after the death", bench.up)  # the dead one may still hold its lock for a moment
    bench.server.no_faults()
    bench.down()  # what is right has to be so after another start, too
    truth(bench.up(), "no mount at the end")
    if isinstance(scenario, Send):
        run(EASFS, "sync", bench.mount.point, "--wait", "--timeout", str(scenario.patience), code=None)
    else:
        bench.mount.sync()
        equal(bench.mount.read(".easfs", "queue"), b"", "the queue")
    scenario.check(bench, n)
    unexpected = [subject for subject in bench.mails() if subject not in bench.meant]
    equal(unexpected, [], "mail by surprise")
    bench.down()
    return steps


def every_death(scratch, name, version, sample):
    scenario = SCENARIOS[name]()
    kept = Bench(scratch, version)
    started = time.monotonic()
    last = attempt(kept, scenario, "whole") + MORE_STEPS

    def again(n, **how):
        # What is not settled must not wait for the next: such a scenario has a server for each death.
        if isinstance(scenario, Send):
            with Scratch("crash") as own:
                attempt(Bench(own, version), scenario, n, **how)
        else:
            attempt(kept, scenario, n, **how)

    deaths, faults = 0, 0
    for step in range(1, last + 1, sample):
        try:
            again("%dd" % step, step=step)
        except AssertionError as error:
            raise AssertionError("died at step %d of %d: %s" % (step, last, error))
        deaths += 1
    for kind in ("lost-answer", "lost-request"):
        for turn in range(0, last // 2, sample):
            spec = "%s,Sync,MoveItems,FolderCreate,FolderUpdate,FolderDelete,FolderSync,SendMail,after=%d,next=1" % (
                kind, turn)
            try:
                again("%d%s" % (turn, kind[5]), fault=spec)
            except AssertionError as error:
                raise AssertionError("%s at request %d: %s" % (kind, turn, error))
            faults += 1
    print("# %s, %s: %d deaths, %d losses, %.0f s" % (name, version, deaths, faults, time.monotonic() - started),
          flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenarios", nargs="*")
    parser.add_argument("--sample", type=int, default=1)
    parser.add_argument("--version", default="14.1,16.1")
    options = parser.parse_args()
    failed = 0
    for version in options.version.split(","):
        for name in options.scenarios or SCENARIOS:
            try:
                with Scratch("crash") as scratch:
                    every_death(scratch, name, version, options.sample)
                print("ok crash: %s, %s" % (name, version), flush=True)
            except Exception as error:
                failed += 1
                print("not ok crash: %s, %s\n# %s" % (name, version, str(error).replace("\n", "\n# ")), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
