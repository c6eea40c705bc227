"""What writing costs: contacts copied in, events edited by sed, mail moved, and what a close waits for."""
import json
import os
import statistics
import subprocess
import time

import harness
from edits import card, event
from workshop import row

CONTACTS, EVENTS, MESSAGES, CLOSES, DELAY_MS = 1000, 500, 5000, 200, 200


def counters(mount):
    return json.loads(harness.read(mount.path(".easfs", "counters")))["wire"]["requests"]


def acknowledged(mount, started):
    """Seconds until nothing is queued any more."""
    mount.sync("--timeout", "900", timeout=1000)
    return time.perf_counter() - started


def did(command):
    """Runs a command; seconds until it has ended."""
    started = time.perf_counter()
    subprocess.run(command, check=True, shell=True)
    return time.perf_counter() - started


def contacts(shop, server, mount):
    source = shop.dir + "/cards"
    for number in range(CONTACTS):
        harness.write("%s/person %d.vcf" % (source, number), card("Person Number%d" % number, "TEL;TYPE=CELL:+49%d\r\n" % number))
    before, started = counters(mount), time.perf_counter()
    durable = did("cp -r %s/. %s" % (source, mount.path("Contacts")))
    whole = acknowledged(mount, started)
    there = len(os.listdir(server.directory + "/Contacts"))
    harness.equal(there, CONTACTS, "contacts on the server")
    yield row("%d contacts by cp -r, durable" % CONTACTS, "", durable, None, unit="s")
    yield row("... acknowledged", "", whole, None, unit="s", detail="%d requests" % (counters(mount) - before))
    yield row("... requests for each contact", "", (counters(mount) - before) / CONTACTS, 0.1, unit="requests")


def sed(mount):
    before, started = counters(mount), time.perf_counter()
    durable = did("sed -i s/Meeting/Talk/ %s/*.ics" % mount.path("Calendar"))
    whole = acknowledged(mount, started)
    yield row("sed -i over %d events, durable" % EVENTS, "", durable, None, unit="s")
    yield row("... acknowledged", "", whole, None, unit="s", detail="%d requests" % (counters(mount) - before))
    yield row("... requests for each event", "", (counters(mount) - before) / EVENTS, 0.1, unit="requests")


def move(server, mount):
    before, started = counters(mount), time.perf_counter()
    ended = did("mv %s/*.eml %s/" % (mount.path("Mail", "Many"), mount.path("Mail", "Other")))
    whole = acknowledged(mount, started)
    there = len([name for name in os.listdir(server.directory + "/Mail/Other") if name.endswith(".eml")])
    harness.equal(there, MESSAGES + 1, "messages moved")
    yield row("mv of %d messages, the command" % MESSAGES, "", ended, None, unit="s")
    yield row("... acknowledged", "", whole, None, unit="s", detail="%d requests" % (counters(mount) - before))
    yield row("... requests for each message", "", (counters(mount) - before) / MESSAGES, 0.1, unit="requests")


def closes(mount, prefix):
    """Milliseconds that close() of a written event takes, sorted."""
    times = []
    for number in range(CLOSES):
        fd = os.open(mount.path("Calendar", "%s %d.ics" % (prefix, number)), os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(fd, event("%s%d" % (prefix, number)))
        started = time.perf_counter()
        os.close(fd)
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)


def latency(server, mount):
    near = closes(mount, "near")
    acknowledged(mount, 0)
    server.fault("delay=%d" % DELAY_MS)
    far = closes(mount, "far")
    server.no_faults()
    acknowledged(mount, 0)
    for what, pick in (("p50", statistics.median), ("p99", lambda times: times[int(len(times) * 0.99)])):
        yield row("close of an event, %s of %d" % (what, CLOSES), "", pick(near), None, unit="ms")
        yield row("... the server %d ms away" % DELAY_MS, "the server here", pick(far) / pick(near), 3.0 if what == "p50" else None,
                  detail="%.2f ms" % pick(far))


def measure(shop):
    directory = shop.dir + "/edits"
    for number in range(EVENTS):
        harness.write("%s/Calendar/%d.ics" % (directory, number), event("Meeting %d" % number, uid="m%d@example.test" % number))
    for number in range(MESSAGES):
        harness.write("%s/Mail/Many/%d.eml" % (directory, number), harness.message("Message %d" % number))
    harness.write(directory + "/Mail/Other/first.eml", harness.message("First"))
    server = shop.scratch.easd(directory)
    mount = shop.mount(server, "--max-deletes", "0", name="edits")
    mount.sync("--timeout", "900", timeout=1000)
    yield from contacts(shop, server, mount)
    yield from sed(mount)
    yield from move(server, mount)
    yield from latency(server, mount)
    mount.umount()
    server.stop()
