"""From `easfs mount` to the first `ls` on a warm replica of 100,000 messages."""
import statistics
import subprocess
import time

from workshop import row

MESSAGES = 100000


def measure(shop):
    server = shop.scratch.easd(shop.mailbox(MESSAGES, median=1000)[0])
    mount = shop.mount(server, name="memory%d" % MESSAGES)
    mount.sync("--timeout", "3000", timeout=3000)
    mount.umount()
    times = []
    for _ in range(shop.rounds):
        started = time.perf_counter()
        mount = shop.mount(server, name="memory%d" % MESSAGES)
        subprocess.run(["ls", mount.path("Mail")], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
        mount.umount()
    yield row("easfs mount to the first ls, %d messages" % MESSAGES, "", statistics.median(times), 0.1, unit="s")
