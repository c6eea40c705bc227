#!/usr/bin/env python3
"""Death at every step. What a user does through the mount is done again and again, and each time the daemon dies at
the next step of sync or upload (cache/step.h), as in a power failure; or the request, or the answer, that is the next
in turn is lost. Then it is started again and left to finish, and the server's directory is compared with what was meant:
nothing lost, nothing doubled, no mail that was not meant, none twice, and the files read as they were written.

    tests/crash/crash.py [--sample N] [--version V] [--jobs N] [SCENARIO...]     --sample: every Nth step only
"""
import argparse
import collections
import concurrent.futures
import contextlib
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import items
import mail
from harness import Scratch, equal, truth, wait_for
from workbench import Bench

MORE_STEPS = 3  # beyond those of a run that does not die
COMMANDS = "Sync,MoveItems,FolderCreate,FolderUpdate,FolderDelete,FolderSync,SendMail,SmartReply,MeetingResponse"

SCENARIOS = {each.__name__.lower(): each for each in items.SCENARIOS + mail.SCENARIOS}


# ---- one death ----

def act(bench, scenario, n, mortal):
    """What the user does, as often as it takes; how many steps the first life had."""
    steps = 0
    for life in range(3):
        done = False
        try:
            if bench.is_up():
                scenario.act(bench, n)
                done = True
                scenario.wait(bench)
        except (OSError, AssertionError):
            if not mortal or life:
                raise
        steps = steps or bench.count()
        if done and bench.is_up():
            return steps
        if mortal:
            wait_for("the daemon to be gone", lambda: not bench.is_up())
        bench.clear()
        wait_for("a mount after the death", bench.up)  # the dead one may still hold its lock for a moment
    return steps


def attempt(bench, scenario, n, step=None, fault=None):
    """The scenario once, with a death at the step or a fault at its turn. Returns how many steps there were."""
    truth(bench.up(), "no mount")
    bench.mount.sync()
    scenario.prepare(bench, n)
    bench.mount.sync()
    bench.down()
    if fault:
        bench.set_faults(fault)
    bench.up(step)
    steps = act(bench, scenario, n, step is not None)
    bench.no_faults()
    if scenario.later:  # the rest of the time is not waited for
        bench.mount.kill()
        bench.later(scenario.later)
    else:
        bench.down()
    truth(bench.up(), "no mount at the end")  # what is right has to be so after another start, too
    scenario.settle(bench, n)
    equal([row["state"] for row in bench.queue()], ["held"] * scenario.held, "the queue: %r" % bench.queue())
    scenario.check(bench, n)
    bench.meant += scenario.mails(n)
    equal(collections.Counter(bench.mails()), collections.Counter(bench.meant), "mail")
    bench.down()
    return steps


class Deaths:
    """Every death of one scenario, each with what the ones before it left; after a failure, with a new mailbox."""

    def __init__(self, name, version):
        self.name, self.version, self.scenario = name, version, SCENARIOS[name]()
        self.stack, self.bench, self.count, self.failures = contextlib.ExitStack(), None, 0, []

    def attempt(self, what, n, **how):
        try:
            if not self.bench:
                self.bench = Bench(self.stack.enter_context(Scratch("crash")), self.version, self.scenario.options)
            self.count += 1
            return attempt(self.bench, self.scenario, n, **how)
        except Exception as error:
            self.failures.append("%s: %s" % (what, error))
            self.bench = None
            self.stack.close()
            return 0

    def run(self, sample):
        last = self.attempt("without a death", "whole") + MORE_STEPS
        for step in range(1, last + 1, sample):
            self.attempt("died at step %d of %d" % (step, last), "%dd" % step, step=step)
        for kind in ("lost-answer", "lost-request"):
            for turn in range(0, last // 2, sample):
                self.attempt("%s at request %d" % (kind, turn), "%d%s" % (turn, kind[5]),
                             fault="%s,%s,after=%d,next=1" % (kind, COMMANDS, turn))
        self.attempt("without a death, in the end", "end")
        self.stack.close()


def one(name, version, sample):
    deaths, started = Deaths(name, version), time.monotonic()
    deaths.run(sample)
    print("%s crash: %s, %s (%d attempts, %.0f s)" % ("not ok" if deaths.failures else "ok", name, version, deaths.count,
                                                      time.monotonic() - started))
    print("".join("# %s\n" % failure.replace("\n", "\n# ") for failure in deaths.failures), end="", flush=True)
    return len(deaths.failures) > 0


def elsewhere(name, version, sample):
    """In a process of its own: a scenario mostly waits."""
    done = subprocess.run([sys.executable, __file__, "--jobs", "0", "--sample", str(sample), "--version", version, name],
                          capture_output=True, text=True)
    print(done.stdout + done.stderr, end="", flush=True)
    return done.returncode != 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenarios", nargs="*")
    parser.add_argument("--sample", type=int, default=1)
    parser.add_argument("--version", default="14.1,16.1")
    parser.add_argument("--jobs", type=int, default=2 * os.cpu_count(), help="scenarios at a time")
    options = parser.parse_args()
    work = [(name, version, options.sample) for version in options.version.split(",")
            for name in options.scenarios or SCENARIOS if version in SCENARIOS[name].versions]
    if not options.jobs:
        return max(one(*each) for each in work)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        return max(pool.map(lambda each: elsewhere(*each), work))


if __name__ == "__main__":
    sys.exit(main())
