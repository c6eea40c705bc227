#!/usr/bin/env python3
"""guard.py SECONDS FILE: runs one file of tests and outlives whatever it does.

A file that takes longer tells where it stands, is ended and has failed. What it leaves running is ended too and named, and
dead mounts are taken away: else one failing test could hold up, or spoil, all that come after it.
"""
import ctypes
import glob
import os
import signal
import subprocess
import sys
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 30   # seconds to end in, before it is done by force


def children():
    """Those of this process, orphans of its children's children among them: {pid: command line}."""
    found = {}
    for path in glob.glob("/proc/[0-9]*"):
        try:
            with open(path + "/stat", "rb") as file:
                state, parent = file.read().rsplit(b")", 1)[1].split()[:2]
            with open(path + "/cmdline", "rb") as file:
                command = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if int(parent) == os.getpid() and state != b"Z":
            found[int(path[6:])] = command
    return found


def collect(keep=None):
    """The ended ones, so that none stays a zombie; but for keep, of which it says whether it is among them."""
    try:
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid == keep:
                return True
            os.waitpid(ended.si_pid, 0)
    except ChildProcessError:
        pass
    return False


def wait(process, seconds):
    """Whether it ends in time."""
    end = time.monotonic() + seconds
    while process.returncode is None and not collect(process.pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    process.wait()
    return True


def end_what_is_left():
    """Asks each once, then forces; new ones turn up as their parents end."""
    told, end = set(), time.monotonic() + PATIENCE
    while True:
        collect()
        left = children()
        if not left:
            return
        force = time.monotonic() > end
        for pid, command in left.items():
            if force or pid not in told:
                print("# %s: %d %s" % ("ended by force" if force else "left running", pid, command[:300]), flush=True)
                told.add(pid)
                try:
                    os.kill(pid, signal.SIGKILL if force else signal.SIGTERM)
                except ProcessLookupError:
                    pass
        time.sleep(0.1)


def unmount_the_dead():
    with open("/proc/self/mountinfo") as file:
        points = [line.split()[4].encode().decode("unicode_escape") for line in file]
    for point in points:
        if not point.startswith(os.path.join(tempfile.gettempdir(), "easfs-")):
            continue
        try:
            os.stat(point)
        except OSError:
            subprocess.run(["umount", "-l", point], check=False)


def main():
    seconds, file = int(sys.argv[1]), sys.argv[2]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, file])
    if not wait(process, seconds):
        process.send_signal(signal.SIGUSR1)   # it tells where it stands
        if not wait(process, 1):
            process.terminate()
        if not wait(process, PATIENCE):
            process.kill()
            process.wait()
        print("not ok %s took longer than %d s" % (file, seconds), flush=True)
        process.returncode = 124
    code = process.returncode
    end_what_is_left()
    unmount_the_dead()
    print("# %s: %d s" % (file, time.monotonic() - began), flush=True)
    if code not in (0, 1, 124):
        print("not ok %s ended with %d" % (file, code), flush=True)
    sys.exit(0 if code == 0 else 1)


if __name__ == "__main__":
    main()
