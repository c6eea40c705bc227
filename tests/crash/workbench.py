"""One server and one replica, which live through every death of a scenario, and what is asked of the server's directory
afterwards."""
import contextlib
import glob
import json
import os
import signal

import harness
from harness import EASFS, Mount, equal, is_gone, read, run, truth, wait_for, write


class Bench:
    def __init__(self, scratch, version, options):
        self.scratch = scratch
        self.log = scratch.path("mails")
        self.server = scratch.easd(extra=["--protocol", version, "--mail-log", self.log])
        self.options = ["--events", "off", "--send-delay", "0", *options]
        self.meant = []  # subjects of the mail that was meant
        self.steps, self.clock, self.shim = scratch.path("steps"), scratch.path("clock"), scratch.path("clock.so")
        self.seconds, self.faults, self.mount = 0, [], None
        run("cc", "-shared", "-fPIC", "-o", self.shim, os.path.join(harness.TOP, "tests/integration/clock.c"))
        self.later(0)
        scratch.callback(self.end)

    def end(self):
        """Whatever came of it, nothing is left mounted."""
        if self.mount and self.is_up():
            self.mount.umount()
        elif self.mount:
            self.clear()

    # ---- the daemon ----

    def up(self, step=None):
        environment = dict(os.environ)
        for name in ("EASFS_STEP", "EASFS_STEP_LOG"):
            os.environ.pop(name, None)
        if step is not None:
            os.environ["EASFS_STEP"] = str(step)
        if os.path.exists(self.steps):
            os.unlink(self.steps)
        os.environ.update(EASFS_STEP_LOG=self.steps, LD_PRELOAD=self.shim, TEST_CLOCK=self.clock)
        try:
            # A daemon that dies while it mounts is started anew, in which it does not die.
            self.mount = Mount(self.scratch, self.server, *self.options, code=None)
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
        """Unmounts; a daemon that dies of that, at a step, is gone as well."""
        if self.is_up():
            pid = self.mount.daemon()
            run(EASFS, "umount", self.mount.point, code=None)
            wait_for("the daemon to be gone", lambda: is_gone(pid))
        self.clear()

    def count(self):
        return len(read(self.steps).splitlines()) if os.path.exists(self.steps) else 0

    def later(self, seconds):
        """The daemon's clock, from now on, is ahead by so much more: what waits for a time need not be waited for."""
        self.seconds += seconds
        write(self.clock + "~", "%d %d\n" % (self.seconds, self.seconds))
        os.rename(self.clock + "~", self.clock)

    # ---- the mount ----

    def path(self, *parts):
        return self.mount.path(*parts)

    def has(self, path):
        return os.path.lexists(self.path(path))

    def content(self, path):
        """What a file says; nothing where it has gone."""
        try:
            return self.mount.read(path)
        except FileNotFoundError:
            return b""

    def put(self, path, content):
        with open(self.path(path), "wb") as file:
            file.write(content)

    def named(self, folder, text):
        """Paths of the files of a folder whose name has the text."""
        return [os.path.join(self.path(folder), name) for name in os.listdir(self.path(folder)) if text in name]

    def queue(self):
        return [json.loads(line) for line in self.mount.read(".easfs", "queue").splitlines()]

    # ---- the server ----

    def set_faults(self, *faults):
        self.faults = list(faults)
        if faults:
            self.server.fault(*faults)

    def no_faults(self):
        self.faults = []
        self.server.no_faults()

    @contextlib.contextmanager
    def frozen(self):
        """The server does nothing meanwhile, so that neither side sees what the other does."""
        tasks = "/proc/%d/task" % self.server.process.pid
        os.kill(self.server.process.pid, signal.SIGSTOP)
        try:
            wait_for("the server to stand still", lambda: all(
                read("%s/%s/stat" % (tasks, task)).rsplit(b")", 1)[1].split()[0] == b"T" for task in os.listdir(tasks)))
            yield
        finally:
            os.kill(self.server.process.pid, signal.SIGCONT)

    @contextlib.contextmanager
    def away(self):
        """The same by an end of the server, after which it knows no key any more."""
        self.server.stop()
        try:
            yield
        finally:
            self.server.start()
            self.set_faults(*self.faults)

    def there(self, *parts):
        """The server's files of a folder, as {name: content}."""
        top = os.path.join(self.server.directory, *parts)
        return {os.path.basename(name): read(name) for name in sorted(glob.glob(glob.escape(top) + "/*"))
                if os.path.isfile(name)}

    def holding(self, text, *parts):
        return [name for name, content in self.there(*parts).items() if text.encode() in content]

    def once(self, text, *parts):
        """The content of the one file of the folder that has the text."""
        found = self.holding(text, *parts)
        truth(len(found) == 1, "%s: %d of %r" % ("/".join(parts), len(found), text))
        return self.there(*parts)[found[0]].decode()

    def never(self, text, *parts):
        equal(self.holding(text, *parts), [], "%s still holds %r" % ("/".join(parts), text))

    def mails(self):
        return [json.loads(line)["subject"] for line in read(self.log).splitlines()] if os.path.exists(self.log) else []
