"""How soon a change on the server is seen, what a storm costs, and what nothing costs."""
import json
import os
import select
import statistics
import time

import harness
from inotify import Watch
from workshop import memory, row

CHANGES, BURST, FOLDERS, IDLE_S = 500, 10000, 200, 20


def counters(mount):
    return json.loads(harness.read(mount.path(".easfs", "counters")))


def processor(pid):
    """CPU seconds of a process so far."""
    fields = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seen_after(path, seconds=30):
    """Milliseconds until stat finds the path."""
    started = time.perf_counter()
    while not os.path.exists(path):
        if time.perf_counter() - started > seconds:
            raise RuntimeError(path + " never came")
        time.sleep(0.0005)
    return (time.perf_counter() - started) * 1000


def told_after(watch, name, seconds=30):
    """Milliseconds until inotify tells of the name."""
    started = time.perf_counter()
    while ("CREATE", name) not in watch.events:
        if not select.select([watch.fd], [], [], seconds)[0]:
            raise RuntimeError(name + " was never told")
        watch.collect()
    watch.events.clear()
    return (time.perf_counter() - started) * 1000


def mounted(shop, name, directory):
    server = shop.scratch.easd(directory)
    mount = shop.mount(server, name=name)
    mount.sync("--timeout", "600", timeout=600)
    harness.wait_for("push", lambda: mount.status()["heartbeat"] > 0)
    return server, mount


def latency(shop):
    directory = shop.dir + "/push"
    harness.write(directory + "/Mail/Inbox/first.eml", harness.message("First"))
    server, mount = mounted(shop, "push", directory)
    watch, waits = Watch(mount.path("Mail", "Inbox"), mask=0x100), {"stat": [], "inotify": []}
    for number in range(2 * CHANGES):  # in turn
        name = "2026-11-02 09.15.33 Alice Smith - Change %d.eml" % number
        server.put("Mail/Inbox/%d.eml" % number, harness.message("Change %d" % number))
        if number % 2:
            waits["inotify"].append(told_after(watch, name))
        else:
            waits["stat"].append(seen_after(mount.path("Mail", "Inbox", name)))
    watch.close()
    for which, times in waits.items():
        times.sort()
        for what, value, bar in (("p50", statistics.median(times), 20), ("p99", times[int(len(times) * 0.99)], 100)):
            yield row("server change to %s, %s of %d" % (which, what, CHANGES), "", value, bar, unit="ms",
                      detail="the server's own delay included")
    yield from burst(server, mount)
    mount.umount()
    server.stop()


def burst(server, mount):
    pid, before = mount.daemon(), counters(mount)
    incoming = os.path.join(os.path.dirname(server.directory), "incoming")
    os.makedirs(incoming)
    for number in range(BURST):
        harness.write("%s/%d.eml" % (incoming, number), harness.message("Burst %d" % number))
    started = time.perf_counter()
    os.rename(incoming, os.path.join(server.directory, "Mail", "Burst"))
    harness.wait_for("the burst", lambda: os.path.isdir(mount.path("Mail", "Burst")) and
                     len(os.listdir(mount.path("Mail", "Burst"))) == BURST, 120)
    after = counters(mount)
    yield row("burst of %d messages" % BURST, "", time.perf_counter() - started, None, unit="s",
              detail="%d notifications, %.1f MiB at most" %
              (after["notifications"] - before["notifications"], memory(pid, "VmHWM")))


def idle(shop):
    directory = shop.dir + "/idle"
    for number in range(FOLDERS):
        harness.write("%s/Mail/Folder %03d/a.eml" % (directory, number), harness.message("In %d" % number))
    server, mount = mounted(shop, "idle", directory)
    pid, before, used = mount.daemon(), counters(mount)["wire"], processor(mount.daemon())
    time.sleep(IDLE_S)
    after, hour = counters(mount)["wire"], 3600 / IDLE_S
    yield row("idle with %d folders, CPU" % FOLDERS, "", (processor(pid) - used) * hour, None, unit="s an hour",
              detail="%.0f bytes an hour, over %d s" %
              ((after["in"] + after["out"] - before["in"] - before["out"]) * hour, IDLE_S))
    times = []
    for _ in range(shop.rounds):
        before, started = counters(mount)["wire"]["requests"], time.perf_counter()
        mount.sync()
        times.append(time.perf_counter() - started)
        asked = counters(mount)["wire"]["requests"] - before
    yield row("nothing-to-do pass over %d folders" % FOLDERS, "", statistics.median(times), 0.05, unit="s",
              detail="%d requests, the command's own start included" % asked)
    mount.umount()
    server.stop()


def measure(shop):
    yield from latency(shop)
    yield from idle(shop)
