"""A first sync against mbsync from Dovecot with the same messages, the bytes it took, and the room."""
import json
import os
import statistics
import time

import harness
from dovecot import Dovecot
from workshop import row

MESSAGES = 10000


def disk(path):
    """Bytes of disk below path, as du counts them."""
    return sum(os.lstat(os.path.join(root, name)).st_blocks * 512 for root, _, names in os.walk(path) for name in names)


def measure(shop):
    mailbox, total = shop.mailbox(MESSAGES)
    server = shop.scratch.easd(mailbox, extra=["--no-gzip"])  # mbsync does not compress either
    ours, theirs = [], []
    with Dovecot(shop.dir + "/dovecot") as dovecot:
        dovecot.fill(mailbox)
        dovecot.mbsync(shop.dir + "/maildir-first")  # its own indexes are made here, once
        for number in range(3):
            started = time.perf_counter()
            mount = shop.mount(server, name="sync%d" % number)
            mount.sync("--timeout", "3000", timeout=3000)
            ours.append(MESSAGES / (time.perf_counter() - started))
            wire = json.loads(harness.read(mount.path(".easfs", "counters")))["wire"]
            mount.umount()
            theirs.append(MESSAGES / dovecot.mbsync(shop.dir + "/maildir-%d" % number))
    crossed, room = wire["in"] + wire["out"], disk(mount.state)
    yield row("first sync of %d messages, messages/s" % MESSAGES, "mbsync, no fsync",
              statistics.median(a / b for a, b in zip(ours, theirs)), 2.0, "more",
              detail="%.0f/s, %.0f/s, nothing compressed" % (statistics.median(ours), statistics.median(theirs)))
    yield row("bytes on the wire for it", "the messages", crossed / total, 1.1,
              detail="%.1f MB, %.1f MB; %d requests" % (crossed / 1e6, total / 1e6, wire["requests"]))
    yield row("replica on disk", "the messages", room / total, 1.05, detail="%.1f MB, %.1f MB" % (room / 1e6, total / 1e6))
