#!/usr/bin/env python3
"""The soak: a mailbox that changes at random on the server while every kind of fault that befalls a reader fires, and
others read the mount.
Catches: anything lost, doubled or left stale after whatever went wrong on the way; a daemon that grows; an error that
stays after its cause is gone. SOAK_CHANGES (20000) changes, SOAK_SEED for those of an earlier run, SOAK_CHECK (2500)
changes between two looks at everything in between, SOAK_TRACE a directory for what crossed the wire."""
import collections
import errno
import hashlib
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import harness
from changes import Changes
from compare import differences
from harness import EASFS, equal, read, run, test, truth, wait_for

DOCUMENTS = ("Sync", "Sync", "Sync", "ItemOperations", "FolderSync", "Ping", "GetItemEstimate")

# kind: values to choose from (None: takes none) and the commands to befall. Statuses are those of a server in trouble.
# What befalls edits alone (item-status, forget, wrong-id), and the server's own end (die), have tests of their own.
FAULTS = {
    "delay": ((50, 300, 1200), DOCUMENTS),
    "trickle": ((20000, 200000), DOCUMENTS),
    "cut": ((0, 1, 20, 300, 5000, 100000), DOCUMENTS),
    "lost-request": (None, DOCUMENTS),
    "lost-answer": (None, DOCUMENTS),
    "duplicate": (None, ("Sync", "ItemOperations", "Ping", "FolderSync")),
    "twice": (None, ("Sync", "ItemOperations", "FolderSync")),
    "http": ((401, 403, 449, 451, 500, 503), DOCUMENTS),
    "status": (None, None),
    "collection-status": (None, None),
    "invalid-key": (None, ("Sync", "Sync", "FolderSync")),
    "folder-ids": (None, ("Sync", "Ping", "FolderSync")),
}
STATUSES = {"Sync": (3, 4, 5, 8, 12, 14, 16, 110, 111), "Ping": (1, 2, 3, 4, 5, 6, 7, 8, 111),
            "FolderSync": (6, 9, 12, 110, 111), "ItemOperations": (3, 110, 111), "GetItemEstimate": (4, 110)}
PARTS = {"Sync": (3, 4, 5, 8, 12, 16), "ItemOperations": (3, 14, 110), "GetItemEstimate": (2, 3, 4)}
RARE = {"folder-ids": 0.12}  # each costs a reading of the whole mailbox


def one_fault(dice, kind):
    values, commands = FAULTS[kind]
    if kind in ("status", "collection-status"):
        table = STATUSES if kind == "status" else PARTS
        command = dice.choice([name for name in DOCUMENTS if name in table])
        values = table[command]
    else:
        command = dice.choice(commands)
    value = "=%d" % dice.choice(values) if values else ""
    late = ",retry-after=1" if value == "=503" else ""
    return "%s%s,%s,next=1%s" % (kind, value, command, late)


def choose_fault(dice, fired):
    """Mostly what has fired least."""
    kinds = [kind for kind in FAULTS if dice.random() < RARE.get(kind, 1)]
    return one_fault(dice, min(kinds, key=lambda kind: (fired[kind] + dice.randrange(6), kind)))


# ---- readers ----

def walk_and_read(top, stop, results):
    """Reads everything, again and again: what a file says of its size is what it holds."""
    counts, wrong = collections.Counter(), []
    while not stop.is_set():
        for root, _, names in os.walk(top):
            for name in names:
                path = os.path.join(root, name)
                try:
                    with open(path, "rb") as file:
                        content = file.read()
                        size = os.fstat(file.fileno()).st_size
                    counts["read"] += 1
                    if size != len(content):
                        wrong.append("%s: %d bytes of %d" % (path, len(content), size))
                except OSError as error:
                    counts[errno.errorcode[error.errno]] += 1
                if stop.is_set():
                    break
        counts["walks"] += 1
        time.sleep(0.2)
    results.put((counts, wrong[:20]))


def run_tools(top, stop, results):
    counts = collections.Counter()
    commands = (["grep", "-rlc", "Subject: budget", top], ["ls", "-lR", top], ["tar", "cf", "/dev/null", "-C", top, "."],
                ["find", top, "-name", "*.eml", "-size", "+1", "-printf", "%i %s %T@\n"])
    while not stop.is_set():
        for command in commands:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
            counts[command[0]] += 1
            if stop.is_set():
                break
        time.sleep(0.2)
    results.put((counts, []))


class Readers:
    def __init__(self, top):
        self.stopping, self.results = multiprocessing.Event(), multiprocessing.Queue()
        self.processes = [multiprocessing.Process(target=target, args=(top, self.stopping, self.results), daemon=True)
                          for target in (walk_and_read, run_tools)]
        for process in self.processes:
            process.start()

    def stop(self):
        """What they counted, and what they found wrong."""
        self.stopping.set()
        counts, wrong = collections.Counter(), []
        for _ in self.processes:
            more, lines = self.results.get(timeout=400)
            counts.update(more)
            wrong += lines
        for process in self.processes:
            process.join(30)
        return counts, wrong


# ---- the daemon ----

def measure(pid):
    with open("/proc/%d/status" % pid) as file:
        status = dict(line.split(":", 1) for line in file)
    return {"descriptors": len(os.listdir("/proc/%d/fd" % pid)), "threads": int(status["Threads"]),
            "KiB": int(status["VmRSS"].split()[0])}


def check_growth(samples):
    """The most of the second quarter beside the most of the last one."""
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter:2 * quarter] or samples, samples[-quarter:]
    most = {word: [max(sample[word] for sample in part) for part in (early, late)] for word in samples[0]}
    room = {"descriptors": 4, "threads": 1, "KiB": max(16384, most["KiB"][0] // 4)}
    print("# daemon, second and last quarter: " + ", ".join("%s %d, %d" % (word, *pair) for word, pair in most.items()))
    for word, (before, after) in most.items():
        truth(after <= before + room[word], "the daemon grew from %d to %d %s" % (before, after, word))


# ---- the run ----

class Soak:
    def __init__(self, scratch, changes, seed, least, each):
        self.left, self.least, self.each, self.dice = changes, least, each, random.Random(seed)
        self.changes = Changes(scratch.path("mailbox"), random.Random(seed + 1))
        for _ in range(min(changes, 400)):  # something to begin with
            self.changes.step()
        os.makedirs(scratch.path("mailbox/Mail/Quiet"))
        for number in range(20):
            self.changes.put("Mail/Quiet/%d.eml" % number, harness.message("Quiet %d" % number))
        self.server = scratch.easd()
        trace = os.environ.get("SOAK_TRACE")
        self.mount = scratch.mount(self.server, *(["--trace", trace] if trace else []))
        self.mount.sync()
        self.quiet = self.inodes()
        self.pid, self.samples, self.kicks, self.away = self.mount.daemon(), [], 0, None
        self.checked = self.left

    def inodes(self):
        return {name: os.stat(self.mount.path("Mail/Quiet", name)).st_ino for name in self.mount.ls("Mail", "Quiet")}

    def attend(self):
        """What its user would do: asks for a new try where the daemon waits for that, or for long."""
        status = self.mount.status()
        state = status["state"]
        pushed = state == "online" and status["heartbeat"]  # else it polls: a Ping that misbehaves is left for long
        self.away = None if pushed else self.away or time.monotonic()
        if state == "auth" or (self.away and time.monotonic() - self.away > (3 if state != "online" else 0.3)):
            run(EASFS, "sync", self.mount.point, code=None)
            self.kicks += 1
            self.away = None

    def fewest(self, fired):
        return min(fired[kind] for kind in FAULTS)

    def round(self, number):
        """Some changes, then a moment; and a fault or two for what follows."""
        fired = self.server.fired()
        if number % 25 == 24:  # faults whose command never came make room
            fired = self.server.no_faults()
        self.server.fault(*[choose_fault(self.dice, fired) for _ in range(self.dice.randrange(1, 4))])
        some = self.dice.choice((1, 2, 5, 10, 20, 60)) if self.left > 0 else 1
        for _ in range(some):
            self.changes.step()
        self.left -= some
        self.attend()
        self.samples.append(measure(self.pid))
        time.sleep(self.dice.choice((0.02, 0.05, 0.1, 0.2)))
        return fired

    def run(self, seconds):
        number, fired, end = 0, self.server.fired(), time.monotonic() + seconds
        while self.left > 0 or self.fewest(fired) < self.least:
            truth(time.monotonic() < end, "%d changes left after %d s; fired %r" % (self.left, seconds, fired))
            fired = self.round(number)
            number += 1
            if self.checked - self.left >= self.each:
                self.check("with %d changes left" % self.left)
        return number

    def check(self, when):
        """No faults for a moment: whatever went wrong before, the mount comes to equal the server."""
        self.server.no_faults()
        self.mount.sync(timeout=600)
        # What was refused is asked for again when somebody opens it, and refusals are remembered for some seconds.
        wait_for("the readers to open what was refused", lambda: not self.mount.wrongs(), 120)
        lines = differences(self.server.directory, self.mount.point)
        if lines:
            self.explain(lines)
        equal(lines[:20], [], "%d differences %s" % (len(lines), when))
        self.checked = self.left

    def explain(self, lines):
        """Late, or wrong for good? The replica is kept for a look where a trace is."""
        print("".join("# %s\n" % line for line in lines[:50]), end="")
        time.sleep(3)
        print("# 3 s later: %d differences" % len(differences(self.server.directory, self.mount.point)))
        self.mount.sync()
        print("# after a sync: %d" % len(differences(self.server.directory, self.mount.point)))
        if os.environ.get("SOAK_TRACE"):
            shutil.copytree(self.mount.state, os.environ["SOAK_TRACE"] + ".state", ignore=shutil.ignore_patterns("socket"))

    def settle(self):
        """No more faults; one sync for all that was missed."""
        fired = self.server.no_faults()
        begun = time.monotonic()
        self.mount.sync(timeout=600)
        print("# faults fired: " + ", ".join("%s %d" % pair for pair in sorted(fired.items())))
        print("# the last sync took %.1f s; asked anew %d times" % (time.monotonic() - begun, self.kicks))
        for kind in FAULTS:
            truth(fired[kind] >= self.least, "%s fired only %d times" % (kind, fired[kind]))


def soak(scratch, changes, seed, least, each, seconds):
    print("# seed %d, %d changes" % (seed, changes), flush=True)
    this = Soak(scratch, changes, seed, least, each)
    readers = Readers(this.mount.point)
    begun = time.monotonic()
    try:
        rounds = this.run(seconds)
        print("# %d rounds in %.0f s; %s" % (rounds, time.monotonic() - begun,
                                             ", ".join("%s %d" % pair for pair in sorted(this.changes.counts.items()))))
        this.settle()
        this.check("at the end")
    finally:
        counts, wrong = readers.stop()
    print("# readers: " + ", ".join("%s %d" % pair for pair in sorted(counts.items())))
    equal(this.inodes(), this.quiet, "the inodes of what never changed")
    equal(wrong, [], "what readers saw")
    check_growth(this.samples)
    equal(this.mount.umount().returncode, 0)
    equal(run(EASFS, "cache", "verify", "--state", this.mount.state, code=None).returncode, 0, "the store")


@test
def the_mount_equals_the_server_after_everything(scratch):
    changes = int(os.environ.get("SOAK_CHANGES", "20000"))
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**6))
    soak(scratch, changes, seed, 20, int(os.environ.get("SOAK_CHECK", "2500")), 3600)


if __name__ == "__main__":
    harness.main()
