#!/usr/bin/env python3
"""The mount over a store that a program filled, with no server at all: what the kernel is told, how
often it asks, how a mount begins and ends. Catches: sizes, times and inodes that move; a write that
gets through; requests that a warm tree should not cause; mounts left dead or daemons left behind."""
import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, Mount, equal, read, run, test, tree, truth, wait_for, write

FILLSTORE = os.path.join(harness.BUILD, "tests", "fillstore")
MESSAGES = 300


def text(number):
    return ("Subject: Message %d\r\n\r\n" % number +
            "".join("line %05d of the message number %05d\r\n" % (line, number) for line in range(number))).encode()


def name(number):
    second = 33 + number
    return "2026-11-02 09.%02d.%02d Alice Smith - Message %d.eml" % (15 + second // 60, second % 60, number)


def fill(scratch, *more):
    run(FILLSTORE, scratch.path("state"), MESSAGES, *more)


def offline(scratch, *extra, **more):
    return scratch.mount(None, "--offline", *extra, **more)


def settled(requests):
    """Requests without what proves nothing: the kernel may take any page back when it likes, and then reads a few
    again and looks at the time they were read."""
    return {op: times for op, times in requests.items() if op not in ("READ", "GETATTR") or times > MESSAGES // 20}


class Watched:
    """A mount in the foreground whose requests are counted: libfuse's own debug output names each."""

    def __init__(self, scratch, *extra):
        self.point, self.log = scratch.path("mnt"), scratch.path("requests")
        os.makedirs(self.point, exist_ok=True)
        self.process = subprocess.Popen(
            [EASFS, "mount", self.point, "--offline", "--state", scratch.path("state"), "-f", "-o", "debug", *extra],
            stdout=subprocess.DEVNULL, stderr=open(self.log, "wb"))
        wait_for("the mount", lambda: os.path.ismount(self.point))

    def requests(self, action):
        """{opcode: how many} that action caused."""
        before = os.path.getsize(self.log)
        action()
        with open(self.log, "rb") as log:
            log.seek(before)
            found = re.findall(rb"opcode: (\w+)", log.read())
        # fts asks once a walk what file system it walks: the kernel keeps no answer to that.
        return {op.decode(): found.count(op) for op in set(found) if op != b"STATFS"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        run(EASFS, "umount", self.point)
        equal(self.process.wait(30), 0, "exit of mount -f")


@test
def names_bytes_and_sizes_are_the_stores(scratch):
    fill(scratch)
    for options in ((), ("-o", "ro")):
        mount = offline(scratch, *options)
        equal(mount.ls(), ["Calendar", "Contacts", "Global Address List", "Mail", "Notes", "Outbox", "Search", "Tasks"])
        inbox = mount.ls("Mail", "Inbox")
        equal(inbox, sorted([name(n) for n in range(MESSAGES)] + ["Large"]))
        for number in (0, 1, 7, MESSAGES - 1):
            equal(os.stat(mount.path("Mail", "Inbox", name(number))).st_size, len(text(number)), "size")
            equal(mount.read("Mail", "Inbox", name(number)), text(number))
        big = mount.path("Mail", "Inbox", "Large", mount.ls("Mail", "Inbox", "Large")[0])
        equal(read(big), b"x" * (3 << 20), "the large message")
        with open(big, "rb") as file:
            equal(os.pread(file.fileno(), 10, (3 << 20) - 4), b"xxxx", "a read over the end")
            equal(os.pread(file.fileno(), 10, 4 << 20), b"", "a read after the end")
        mount.umount()


@test
def copies_and_archives_are_the_same_twice(scratch):
    fill(scratch)
    for options in ((), ("-o", "ro")):
        mount = offline(scratch, *options)
        run("cp", "-r", mount.point, scratch.path("copy"))
        equal(tree(scratch.path("copy")), tree(mount.point), "cp -r")
        run("tar", "cf", scratch.path("one.tar"), "-C", mount.point, ".")
        mount.umount()
        mount = offline(scratch, *options)
        run("tar", "cf", scratch.path("two.tar"), "-C", mount.point, ".")
        equal(read(scratch.path("one.tar")) == read(scratch.path("two.tar")), True, "two archives, over a remount")
        equal(len(run("grep", "-rlw", "number 00123", mount.point).stdout.splitlines()), 1, "files that grep finds")
        mount.umount()
        run("rm", "-r", scratch.path("copy"))


@test
def both_ways_of_opening_have_the_same_inodes(scratch):
    def inodes(mount):
        return {os.path.join(d, f): os.lstat(os.path.join(d, f)).st_ino
                for d, ds, fs in os.walk(mount.point) for f in ds + fs}
    fill(scratch)
    mount = offline(scratch)
    before = inodes(mount)
    mount.umount()
    mount = offline(scratch, "-o", "ro")
    equal(inodes(mount), before, "inodes")
    equal(len(set(before.values())), len(before), "numbers that are used once")


@test
def received_mail_is_not_written(scratch):
    fill(scratch)
    mount = offline(scratch)
    mail, directory = mount.path("Mail", "Inbox", name(5)), mount.path("Mail", "Inbox")

    def opened(flags):
        return lambda: os.close(os.open(mail, flags))
    tries = {
        "O_WRONLY": opened(os.O_WRONLY),
        "O_RDWR": opened(os.O_RDWR),
        "O_APPEND": opened(os.O_WRONLY | os.O_APPEND),
        "O_TRUNC": opened(os.O_RDONLY | os.O_TRUNC),
        "O_CREAT": lambda: os.open(mail + "x", os.O_CREAT | os.O_RDONLY, 0o600),
        "O_CREAT of a message": lambda: os.open(mail + ".eml", os.O_CREAT | os.O_RDONLY, 0o600),
        "truncate": lambda: os.truncate(mail, 1),
        "mkfifo": lambda: os.mkfifo(mail + "~"),
        "symlink": lambda: os.symlink("x", mail + "~"),
        "chown to another": lambda: os.chown(mail, os.getuid() + 1, -1),
        "rename in its folder": lambda: os.rename(mail, directory + "/other.eml"),
        "rename to another class": lambda: os.rename(mail, mount.path("Calendar", "other.ics")),
        "rename to scratch": lambda: os.rename(mail, directory + "/.other"),
        "rmdir of a class": lambda: os.rmdir(mount.path("Notes")),
        "rmdir of the root's": lambda: os.rmdir(mount.path("Outbox")),
        "mkdir in the root": lambda: os.mkdir(mount.path("New")),
        "mkdir with a dot": lambda: os.mkdir(mount.path("Mail", ".New")),
        "unlink of a control file": lambda: os.unlink(mount.path(".easfs", "status")),
        "write to a control file": lambda: open(mount.path(".easfs", "status"), "w"),
        "create of a control file": lambda: open(mount.path(".easfs", "new"), "w"),
    }
    before = tree(mount.point)
    for what, attempt in tries.items():
        try:
            attempt()
        except OSError as error:
            equal(error.errno, errno.EPERM, what)
        else:
            raise AssertionError(what + " was not refused")
    equal(tree(mount.point), before, "the tree")
    equal(os.listdir(directory).count(name(5)), 1)
    for harmless in (lambda: os.chmod(mail, 0o644), lambda: os.chown(mail, os.getuid(), os.getgid()),
                     lambda: os.utime(mail), lambda: os.setxattr(mail, "user.note", b"read me")):
        harmless()
    equal(os.getxattr(mail, "user.note"), b"read me")
    equal(os.stat(mail).st_mode & 0o777, 0o600, "mode")


@test
def a_read_only_mount_is_asked_nothing_twice(scratch):
    fill(scratch)
    with Watched(scratch, "-o", "ro") as mount:
        grep = lambda: run("grep", "-r", "no such words", mount.point, code=1)
        first = mount.requests(grep)
        truth(first.get("OPEN", 0) <= 1 and first.get("OPENDIR", 0) <= 1, "opens after ENOSYS: %r" % first)
        truth("RELEASE" not in first and "RELEASEDIR" not in first, first)
        equal(settled(mount.requests(grep)), {}, "requests of a second grep -r")
        # find looks at more than grep did (the kernel lets go of what a walk with look-ups did not list); then nothing.
        walk = lambda: run("find", mount.point, "-ls")
        mount.requests(walk)
        equal(settled(mount.requests(walk)), {}, "requests of a second find -ls")


@test
def a_writable_mount_is_asked_for_opens_alone(scratch):
    fill(scratch)
    with Watched(scratch) as mount:
        grep = lambda: run("grep", "-r", "no such words", mount.point, code=1)
        mount.requests(grep)
        second = settled(mount.requests(grep))
        # What was read has another atime, the kernel thinks, and asks once.
        truth(set(second) <= {"OPEN", "RELEASE", "OPENDIR", "RELEASEDIR", "GETATTR"}, "a second grep -r: %r" % second)
        third = settled(mount.requests(grep))
        equal(set(third), {"OPEN", "RELEASE", "OPENDIR", "RELEASEDIR"}, "requests of a third grep -r")
        equal(third["OPEN"], MESSAGES + 2, "opens")


@test
def a_body_that_is_elsewhere_keeps_the_ordinary_opens(scratch):
    fill(scratch, "absent")
    with Watched(scratch, "-o", "ro") as mount:
        absent = os.path.join(mount.point, "Mail", "Elsewhere", os.listdir(mount.point + "/Mail/Elsewhere")[0])
        truth(os.stat(absent).st_size > 0, "no size is announced")
        equal(mount.requests(lambda: os.stat(absent)), {"GETATTR": 1}, "a guessed size is asked for again")
        try:
            read(absent)
            raise AssertionError("bytes out of nowhere")
        except OSError as error:
            truth(error.errno in (errno.EIO, errno.ETIMEDOUT, errno.ENETDOWN, errno.EHOSTUNREACH), error)
        truth(mount.requests(lambda: read(mount.point + "/Mail/Inbox/" + name(9))).get("OPEN"), "no open was asked")


@test
def an_open_that_waits_can_be_interrupted(scratch):
    """The server takes the connection and says nothing, as one does whose machine hangs."""
    fill(scratch, "absent")
    silent = socket.create_server(("127.0.0.1", 0))
    scratch.callback(silent.close)
    secret = write(scratch.path("secret"), "secret\n")
    os.chmod(secret, 0o600)
    url = "http://127.0.0.1:%d/Microsoft-Server-ActiveSync" % silent.getsockname()[1]
    mount = scratch.mount(["--server", url, "--user", "alice", "--password-file", secret, "--insecure-http"])
    absent = mount.path("Mail", "Elsewhere", mount.ls("Mail", "Elsewhere")[0])
    # A shell's background jobs ignore the signal, and what they start does too: not this reader.
    reader = subprocess.Popen(["cat", absent], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    wait_for("the open to wait", lambda: "S" == open("/proc/%d/stat" % reader.pid).read().rsplit(")", 1)[1].split()[0])
    # Meanwhile nothing else waits.
    equal(mount.read("Mail", "Inbox", name(3)), text(3))
    run(EASFS, "status", mount.point, timeout=10)
    reader.send_signal(signal.SIGINT)
    reader.communicate(timeout=10)
    equal(reader.returncode, -signal.SIGINT, "the interrupted reader")


@test
def control_files_are_reached_by_name(scratch):
    fill(scratch)
    for options in ((), ("-o", "ro")):
        mount = offline(scratch, *options)
        equal(sorted(os.listdir(mount.path(".easfs"))), ["counters", "errors", "events", "oof", "queue", "state-dir", "status", "status.json"])
        status = mount.status()
        equal((status["state"], status["version"] != ""), ("offline", True))
        path = mount.path(".easfs", "status.json")
        equal(os.stat(path).st_size, len(read(path)), "the size of a file written as it is read")
        truth(b"offline" in mount.read(".easfs", "status"), "status")
        run("cp", path, scratch.path("copy.json"))
        equal(len(read(scratch.path("copy.json"))), len(read(path)), "a copy")
        truth(not os.path.exists(mount.path(".easfs", "other")), "a name that is none")
        mount.umount()


@test
def unmounting_names_who_is_in_the_way(scratch):
    fill(scratch)
    mount = offline(scratch)
    holder = subprocess.Popen(["sleep", "60"], cwd=mount.path("Mail"))
    try:
        done = run(EASFS, "umount", mount.point, code=75)
        truth("sleep (%d)" % holder.pid in done.stderr, done.stderr)
        truth(os.path.ismount(mount.point), "it is unmounted all the same")
    finally:
        holder.kill()
        holder.wait()
    daemon = mount.daemon()
    mount.umount()
    truth(not os.path.exists("/proc/%d" % daemon) or
          open("/proc/%d/stat" % daemon).read().rsplit(")", 1)[1].split()[0] == "Z", "the daemon outlives umount")


@test
def a_signal_unmounts_even_a_busy_mount(scratch):
    fill(scratch)
    mount = offline(scratch)
    daemon = mount.daemon()
    with open(mount.path("Mail", "Inbox", name(5)), "rb"):
        mount.mounted = False
        os.kill(daemon, signal.SIGTERM)
        wait_for("the mount to go", lambda: not os.path.ismount(mount.point))
        wait_for("the daemon to go", lambda: not os.path.exists("/proc/%d" % daemon) or
                 open("/proc/%d/stat" % daemon).read().rsplit(")", 1)[1].split()[0] == "Z")
    equal(os.listdir(mount.point), [], "the directory below")
    offline(scratch)


@test
def a_dead_mount_is_healed(scratch):
    fill(scratch)
    mount = offline(scratch)
    daemon = mount.daemon()
    os.kill(daemon, signal.SIGKILL)

    def dead():
        try:
            os.listdir(mount.point)
        except OSError as error:
            return error.errno == errno.ENOTCONN
    wait_for("the mount to be dead", dead)
    mount.mounted = False
    equal(run(EASFS, "status", mount.point, code=None).returncode, 75, "status of a dead mount")
    run(EASFS, "mount", mount.point, "--offline", "--state", mount.state)
    mount.mounted = True
    equal(len(mount.ls("Mail", "Inbox")), MESSAGES + 1)


@test
def an_export_is_the_tree_and_goes_on(scratch):
    fill(scratch, "absent")
    target = scratch.path("export")
    options = ["--offline", "--state", scratch.path("state")]
    mount = offline(scratch)
    run("cp", "-r", mount.path("Mail", "Inbox"), scratch.path("copy"))
    times = {f: os.stat(mount.path("Mail", "Inbox", f)).st_mtime_ns for f in mount.ls("Mail", "Inbox")}
    mount.umount()
    done = run(EASFS, "export", target, *options, code=75)
    truth("1 items are not here" in done.stderr, done.stderr)
    equal(tree(target + "/Mail/Inbox"), tree(scratch.path("copy")), "the export")
    equal({f: os.stat(target + "/Mail/Inbox/" + f).st_mtime_ns for f in times}, times, "times")
    os.unlink(target + "/Mail/Inbox/" + name(7))
    kept = os.stat(target + "/Mail/Inbox/" + name(8)).st_ino
    run(EASFS, "export", target, *options, code=75)
    equal(read(target + "/Mail/Inbox/" + name(7)), text(7), "what was lost is written again")
    equal(os.stat(target + "/Mail/Inbox/" + name(8)).st_ino, kept, "what was there is left")
    truth(not [f for f in tree(target) if "easfs-export" in f], "a temporary file is left")


@test
def the_command_line_is_judged(scratch):
    fill(scratch)
    state, point = scratch.path("state"), scratch.path("mnt")
    os.makedirs(point)
    loose = write(scratch.path("loose"), "secret\n")
    os.chmod(loose, 0o644)
    known = ["--offline", "--state", state]
    rows = [
        (64, []), (64, ["nonsense"]), (0, ["--help"]), (0, ["--version"]),
        (64, ["mount"]), (64, ["mount", point]), (64, ["mount", point, "--nonsense"]),
        (64, ["mount", point, *known, "--send-delay", "soon"]), (64, ["mount", point, *known, "-o", "layout=mbox"]),
        (64, ["mount", point, *known, "--max-deletes", "many"]),
        (64, ["mount", point, *known, "-o", "nonsense"]), (64, ["mount", point, *known, "--since", "1y"]),
        (64, ["mount", point, *known, "--classes", "mail,chess"]), (64, ["mount", point, *known, "--protocol", "3"]),
        (73, ["mount", scratch.path("absent"), *known]), (73, ["mount", loose, *known]),
        (78, ["mount", point, "--server", "127.0.0.1:1", "--user", "a", "--state", state, "--password-file", loose]),
        (73, ["status", point]), (73, ["umount", point]), (64, ["cache", "nonsense"]), (64, ["sync", point, "--timeout", "x"]),
        (74, ["cache", "size", "--state", scratch.path("nothing")]),
        *((0, [verb, "--help"]) for verb in ("mount", "umount", "status", "sync", "folders", "cache", "export")),
    ]
    for code, words in rows:
        done = run(EASFS, *words, code=None, stdin=subprocess.DEVNULL)
        equal(done.returncode, code, " ".join(words))
        truth(code == 0 or not words or done.stderr.startswith("easfs: unable to"), (words, done.stderr))
    truth(not os.path.ismount(point), "something was mounted")


@test
def the_replica_is_cared_for(scratch):
    fill(scratch)
    state = ["--state", scratch.path("state")]
    sizes = dict(line.split()[:2] for line in run(EASFS, "cache", "size", *state).stdout.splitlines())
    truth(int(sizes["bodies"]) > 3 << 20, sizes)
    run(EASFS, "cache", "verify", *state)
    mount = offline(scratch)
    run(EASFS, "cache", "wipe", *state, code=75)
    equal(dict(line.split()[:2] for line in run(EASFS, "cache", "size", *state).stdout.splitlines())["items"],
          sizes["items"], "asked of the daemon")
    mount.umount()
    run(EASFS, "cache", "wipe", *state)
    equal([f for f in os.listdir(scratch.path("state")) if f != "lock"], [], "what a wipe leaves")
    other = write(scratch.path("home", "letter"), "dear")
    run(EASFS, "cache", "wipe", "--state", scratch.path("home"), code=74)
    equal(read(other), b"dear", "a directory that is no replica")


if __name__ == "__main__":
    harness.main()
