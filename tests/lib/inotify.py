"""inotify, for the tests: what a watch of some directories was told."""
import ctypes
import os
import select
import struct

from harness import equal, wait_for

MASKS = {"MODIFY": 0x2, "ATTRIB": 0x4, "CLOSE_WRITE": 0x8, "MOVED_FROM": 0x40, "MOVED_TO": 0x80, "CREATE": 0x100,
         "DELETE": 0x200, "DELETE_SELF": 0x400, "Q_OVERFLOW": 0x4000}
WATCHED = 0x2 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200
IS_DIRECTORY = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


class Watch:
    """inotify over some directories: events are (what, name), in their order."""

    def __init__(self, *directories, mask=WATCHED):
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.dirs, self.events = {}, []
        for directory in directories:
            self.add(directory, mask)

    def add(self, directory, mask=WATCHED):
        number = libc.inotify_add_watch(self.fd, os.fsencode(directory), mask)
        if number < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch", directory)
        self.dirs[number] = directory

    def collect(self):
        while select.select([self.fd], [], [], 0)[0]:
            data, at = os.read(self.fd, 1 << 20), 0
            while at < len(data):
                _, mask, _, length = struct.unpack_from("iIII", data, at)
                name = data[at + 16:at + 16 + length].rstrip(b"\0").decode()
                what = "+".join(word for word, bit in MASKS.items() if mask & bit)
                self.events.append((what + ("/" if mask & IS_DIRECTORY else ""), name))
                at += 16 + length
        return self.events

    def wait(self, wanted, what="events"):
        """Exactly these, in this order."""
        wait_for("%s: %r" % (what, wanted), lambda: len(self.collect()) >= len(wanted))
        equal(self.collect(), wanted, what)
        self.events = []

    def close(self):
        os.close(self.fd)
