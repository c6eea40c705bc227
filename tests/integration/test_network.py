#!/usr/bin/env python3
"""What happens to a machine on its way: a link that goes down, another address, a sleep, a clock that is set. Catches: a
connection that is believed alive for minutes, a change that waits for a poll, a time that runs backwards, a wait that
ends years later or never."""
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import equal, message, run, test, truth, wait_for, write

SOON_S = 20  # far below every interval of polling
YEAR_S = 365 * 86400
FAR, NEAR = "10.213.7.1", ("10.213.7.2", "10.213.7.3")


class Relay:
    """Hands connections to one address on to another."""

    def __init__(self, host, port):
        self.listener = socket.create_server((host, 0))
        self.port, self.target, self.pairs = self.listener.getsockname()[1], port, []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            pair = {"lost": False}
            self.pairs.append(pair)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.copy, args=(source, sink, pair), daemon=True).start()

    @staticmethod
    def copy(source, sink, pair):
        try:
            while data := source.recv(65536):
                if not pair["lost"]:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def lose(self):
        """Nothing that is sent on the connections of now arrives any more, and nobody says so."""
        for pair in self.pairs:
            pair["lost"] = True

    def close(self):
        self.listener.close()


class Clocks:
    """The wall clock of a daemon, and how long its machine slept."""

    def __init__(self, scratch):
        self.file, self.shim = scratch.path("clocks"), scratch.path("clock.so")
        run("cc", "-shared", "-fPIC", "-o", self.shim, os.path.join(harness.TOP, "tests/integration/clock.c"))
        self.set()

    def set(self, wall=0, asleep=0):
        write(self.file + "~", "%d %d\n" % (wall, asleep))
        os.rename(self.file + "~", self.file)

    def words(self):
        return ["env", "LD_PRELOAD=" + self.shim, "TEST_CLOCK=" + self.file]


def mounted(scratch, server, url, words):
    """A mount whose daemon is started by way of these words."""
    easfs, harness.EASFS = harness.EASFS, scratch.path("easfs-by-way")
    write(harness.EASFS, '#!/bin/sh\nexec %s "%s" "$@"\n' % (" ".join(words), easfs))
    os.chmod(harness.EASFS, 0o755)
    try:
        mount = scratch.mount(["--server", url, "--insecure-http", "--user", server.user, "--password-file",
                               server.password_file])
    finally:
        harness.EASFS = easfs
    mount.sync()
    hanging(mount)
    return mount


def hanging(mount):
    wait_for("push", lambda: mount.status()["heartbeat"] > 0)


def arrives(server, mount, text):
    server.put("Mail/Inbox/%s.eml" % text, message(text))
    wait_for("the message " + text, lambda: [n for n in mount.ls("Mail", "Inbox") if text in n], SOON_S)


class Network:
    """A network of the daemon's own, with one link to the server's."""

    def __init__(self, scratch, server):
        self.name, far, self.near = ("%s%d" % (word, os.getpid() % 100000) for word in ("easfs", "ef", "en"))
        run("ip", "netns", "add", self.name)
        scratch.callback(run, "ip", "netns", "del", self.name)
        run("ip", "link", "add", far, "type", "veth", "peer", "name", self.near, "netns", self.name)
        scratch.callback(run, "ip", "link", "del", far)
        run("ip", "addr", "add", FAR + "/24", "dev", far)
        run("ip", "link", "set", far, "up")
        self.inside("ip", "addr", "add", NEAR[0] + "/24", "dev", self.near)
        self.inside("ip", "link", "set", self.near, "up")
        self.relay = Relay(FAR, server.port)
        scratch.callback(self.relay.close)
        self.url = "http://%s:%d" % (FAR, self.relay.port)

    def words(self):
        return ["nsenter", "--net=/run/netns/" + self.name]

    def inside(self, *command):
        run(*self.words(), *command)


@test
def a_link_that_goes_down_is_noticed_at_once(scratch):
    """No connection is closed when it fails."""
    server = scratch.easd()
    network = Network(scratch, server)
    mount = mounted(scratch, server, network.url, network.words())
    for turn in range(2):
        network.inside("ip", "link", "set", network.near, "down")
        status = wait_for("offline", lambda: mount.status()["state"] == "offline" and mount.status(), SOON_S)
        truth(status["reason"], "offline without a reason")
        server.put("Mail/Inbox/%d.eml" % turn, message("Turn %d" % turn))
        network.inside("ip", "link", "set", network.near, "up")
        wait_for("online", lambda: mount.status()["state"] == "online", SOON_S)
        wait_for("what came meanwhile", lambda: [n for n in mount.ls("Mail", "Inbox") if "Turn %d" % turn in n], SOON_S)


@test
def another_address_is_another_network(scratch):
    """The link stays up: what was open hangs on an address that nobody has any more."""
    server = scratch.easd()
    network = Network(scratch, server)
    mount = mounted(scratch, server, network.url, network.words())
    for turn in range(4):
        network.inside("ip", "addr", "del", NEAR[turn % 2] + "/24", "dev", network.near)
        network.inside("ip", "addr", "add", NEAR[(turn + 1) % 2] + "/24", "dev", network.near)
        arrives(server, mount, "Turn %d" % turn)


@test
def the_same_address_anew_is_another_network(scratch):
    """Between two looks nothing has changed, but what was open is forgotten by the path (another access point, say)."""
    server = scratch.easd()
    network = Network(scratch, server)
    mount = mounted(scratch, server, network.url, network.words())
    for turn in range(2):
        network.relay.lose()
        network.inside("sh", "-c", "ip addr del {0} dev {1}; ip addr add {0} dev {1}".format(NEAR[0] + "/24", network.near))
        arrives(server, mount, "Turn %d" % turn)


@test
def a_sleep_ends_what_was_open(scratch):
    """While the machine slept the path forgot its connections, and told nobody."""
    server = scratch.easd()
    network, clocks = Network(scratch, server), Clocks(scratch)
    mount = mounted(scratch, server, network.url, network.words() + clocks.words())
    for turn in range(1, 3):
        network.relay.lose()
        clocks.set(wall=3600 * turn, asleep=3600 * turn)
        network.inside("ip", "link", "set", "lo", "up" if turn % 2 else "down")  # devices come back
        arrives(server, mount, "Turn %d" % turn)


EVENT = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//test//EN", "BEGIN:VEVENT", "UID:one",
                     "DTSTAMP:20260101T000000Z", "DTSTART:20261005T090000Z", "DTEND:20261005T093000Z", "SUMMARY:one",
                     "LOCATION:%s", "END:VEVENT", "END:VCALENDAR", ""])


@test
def clocks_that_jump_change_nothing(scratch):
    server, clocks = scratch.easd(), Clocks(scratch)
    server.put("Calendar/one.ics", EVENT % "nowhere")
    mount = mounted(scratch, server, server.url, clocks.words())
    times = []
    for turn, wall in enumerate((10 * YEAR_S, -20 * YEAR_S, 0, -3600, 70 * YEAR_S)):
        clocks.set(wall)
        arrives(server, mount, "Jump %d" % turn)
        server.put("Calendar/one.ics", EVENT % ("room %d" % turn))
        wait_for("the change", lambda: b"room %d" % turn in mount.read("Calendar", "one.ics"), SOON_S)
        mount.sync()
        times.append([os.stat(mount.path(*path)).st_mtime_ns for path in (["Calendar"], ["Calendar", "one.ics"],
                                                                          ["Mail", "Inbox"])])
        equal(mount.status()["state"], "online")
    for before, after in zip(times, times[1:]):
        truth(all(a > b for a, b in zip(after, before)), "a time ran backwards: %r" % times)

    # What waits by the clock: a server that asks for two seconds, one that is away, one that is asked now and then.
    server.fault("http=503,Sync,next=1,retry-after=2")
    server.put("Mail/Inbox/late.eml", message("Late"))
    wait_for("its word", lambda: mount.status()["throttled"], SOON_S)
    clocks.set(-5 * YEAR_S)
    wait_for("the message", lambda: [n for n in mount.ls("Mail", "Inbox") if "Late" in n], SOON_S)
    server.stop()
    wait_for("offline", lambda: mount.status()["state"] == "offline", SOON_S)
    clocks.set(-30 * YEAR_S)
    server.start()
    wait_for("online", lambda: mount.status()["state"] == "online", SOON_S)
    hanging(mount)
    arrives(server, mount, "After")
    time_of = lambda: os.stat(mount.path("Mail", "Inbox")).st_mtime_ns
    last, point = time_of(), mount.point
    mount.umount()
    mount = scratch.mount(server, point="mnt2")
    truth(point != mount.point and time_of() == last, "the time after a remount with another clock")
    arrives(server, mount, "Last")
    truth(time_of() > last, "a time ran backwards after a remount")


if __name__ == "__main__":
    harness.main()
