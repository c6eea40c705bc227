"""Walking and reading a mounted mailbox, against the same files on ext4 and through bindfs."""
import json
import os
import statistics
import subprocess

import harness
from workshop import drop_caches, row, timed

GREP = "grep -rc nosuchword {top}/Mail | wc -l"
COMMANDS = {
    "grep -r": GREP,
    "find": "find {top}/Mail -name '*.eml' -size +1k | wc -l",
    "ls -lR": "ls -lR {top}/Mail | wc -l",
    "tar": "tar cf - -C {top} Mail | wc -c",
    "second rsync": "rsync -a {top}/Mail {top}.copy/",
}
BARS = {
    "-o ro": {"grep -r": 1.15, "find": 1.0, "ls -lR": 1.0, "tar": 1.15},
    "writable": {"grep -r": 2.3, "find": 1.0, "ls -lR": 1.0, "tar": 2.0},
}


def upcalls(mount):
    """How often the kernel asked, by operation."""
    return json.loads(harness.read(mount.path(".easfs", "counters")))["upcalls"]


def asked(before, after):
    """The operations that were asked more than the counting itself needs."""
    more = {name: after[name] - before.get(name, 0) for name in after}
    return ", ".join("%d %s" % (count, name) for name, count in more.items() if count > 20) or "none"


def measure(shop):
    server = shop.scratch.easd(shop.mailbox(shop.messages)[0])
    mount = shop.mount(server, name="fs")
    mount.sync("--timeout", "3000", timeout=3000)
    ext4 = shop.dir + "/ext4"
    subprocess.run(["cp", "-a", mount.point, ext4], check=True)
    mount.umount()
    yield first_read(shop, server, ext4)
    for kind, options in (("-o ro", ["-o", "ro"]), ("writable", [])):
        mount = shop.mount(server, *options, name="fs")
        for name, command in COMMANDS.items():
            ours, theirs = command.format(top=mount.point), command.format(top=ext4)
            timed(ours), timed(theirs)
            before = upcalls(mount)
            timed(ours)
            calls = asked(before, upcalls(mount))
            ratio, seconds, base = shop.ratio(ours, theirs)
            yield row("warm %s, %s, %d messages" % (name, kind, shop.messages), "ext4", ratio, BARS[kind].get(name),
                      detail="%.3f s, %.3f s; upcalls: %s" % (seconds, base, calls))
        mount.umount()
    yield listed_without_attributes(shop, server, ext4)
    yield from beside_bindfs(shop)


def listed_without_attributes(shop, server, ext4):
    """ls -l asks for an attribute a file, unless the mount has none."""
    mount = shop.mount(server, "-o", "ro,noxattr", name="fs")
    ours, theirs = (COMMANDS["ls -lR"].format(top=top) for top in (mount.point, ext4))
    timed(ours), timed(theirs)
    ratio, seconds, base = shop.ratio(ours, theirs)
    mount.umount()
    return row("warm ls -lR, -o ro,noxattr, %d messages" % shop.messages, "ext4", ratio, 1.0,
               detail="%.3f s, %.3f s" % (seconds, base))


def first_read(shop, server, ext4):
    """The first read after a mount, replica warm and page cache dropped."""
    rounds = []
    for _ in range(3):
        mount = shop.mount(server, name="fs")
        drop_caches()
        ours = timed(GREP.format(top=mount.point))
        mount.umount()
        drop_caches()
        rounds.append((ours, timed(GREP.format(top=ext4))))
    ratio = statistics.median(a / b for a, b in rounds)
    return row("first grep -r after a mount, cold", "ext4", ratio, 2.0, detail="%.2f s, %.2f s" % tuple(map(statistics.median, zip(*rounds))))


def beside_bindfs(shop, messages=8000):
    """Another file system that passes everything through user space."""
    server = shop.scratch.easd(shop.mailbox(messages)[0])
    mount = shop.mount(server, name="few")
    mount.sync("--timeout", "3000", timeout=3000)
    plain, bound = shop.dir + "/plain", shop.dir + "/bound"
    subprocess.run(["cp", "-a", mount.point, plain], check=True)
    os.makedirs(bound, exist_ok=True)
    subprocess.run(["bindfs", plain, bound], check=True)
    try:
        ours, theirs = GREP.format(top=mount.point), GREP.format(top=bound)
        timed(ours), timed(theirs)
        ratio, seconds, base = shop.ratio(ours, theirs)
        yield row("warm grep -r, writable, %d messages" % messages, "bindfs", ratio, 1.0, detail="%.3f s, %.3f s" % (seconds, base))
    finally:
        subprocess.run(["fusermount3", "-u", bound])
        mount.umount()
