"""A keyring of a test's own: gnome-keyring-daemon on a D-Bus session that nobody else sees."""
import os
import subprocess

from harness import run, truth, wait_for


class Keyring:
    """Puts the session's address into the environment; __exit__ takes it out and ends both daemons."""

    def __init__(self, scratch):
        self.home = scratch.path("home")
        os.makedirs(self.home, exist_ok=True)
        os.makedirs(scratch.path("run"), mode=0o700, exist_ok=True)
        self.environment = {**os.environ, "HOME": self.home, "XDG_DATA_HOME": self.home + "/data"}
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            self.environment.pop(name, None)
            os.environ.pop(name, None)
        self.bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"], text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.environment)
        self.address = self.bus.stdout.readline().strip()
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = os.environ["DBUS_SESSION_BUS_ADDRESS"] = self.address
        self.daemon = None
        self.start(unlocked=True)

    def start(self, unlocked):
        """Only the first start with a password makes the keyring itself."""
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets"] + (["--unlock"] if unlocked else [])
        self.daemon = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, env=self.environment)
        if unlocked:
            self.daemon.stdin.write(b"the keyring's own")
        self.daemon.stdin.close()
        wait_for("the keyring", self.answers)

    def answers(self):
        return "true" in self.call("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                   "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets")

    def call(self, destination, path, method, *arguments):
        return run("dbus-send", "--session", "--print-reply", "--dest=" + destination, path, method, *arguments,
                   code=None, env=self.environment).stdout

    def lock(self):
        """The daemon begins again without the password: what it holds is locked."""
        self.stop()
        self.start(unlocked=False)

    def stop(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            self.daemon.wait(30)
        if self.daemon:
            self.daemon.stdout.close()
        wait_for("the keyring to be gone", lambda: not self.answers())

    def files(self):
        return [os.path.join(root, name) for root, _, names in os.walk(self.home) for name in names]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
        self.stop()
        self.bus.terminate()
        self.bus.wait(30)
        self.bus.stdout.close()
        truth(self.bus.returncode is not None, "the bus ended")
