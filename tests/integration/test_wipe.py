#!/usr/bin/env python3
"""Remote wipe, by MS-ASPROV 3.1.5.1.2.1. Catches: an order acknowledged before it is obeyed, or never; a byte of a
message, a name or a secret that stays; a mount that goes on as if nothing were; one that begins anew by itself."""
import base64
import contextlib
import errno
import http.client
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import event
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write
from keyring import Keyring
from terminal import typed

WORDS = (b"Quarterly", b"quarterly", b"Standup", b"carol@example.test", b"Nobody reads this", b"Budget of mine",
         b"half a letter")


def order(server, word=None):
    """The administrator's word; returns what a device said of it so far."""
    host = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    pair = base64.b64encode(("%s:secret" % server.user).encode()).decode()
    with contextlib.closing(host):
        host.request("POST" if word else "GET", "/easd/wipe", word, {"Authorization": "Basic " + pair})
        return json.loads(host.getresponse().read())


def started(scratch, *extra, easd=()):
    server = scratch.easd(extra=easd)
    server.put("Mail/Inbox/1.eml", message("Quarterly figures", "Carol <carol@example.test>",
                                           body="Nobody reads this.\r\n" * 100))
    server.put("Calendar/standup.ics", event("Standup"))
    mount = scratch.mount(server, *extra)
    mount.sync()
    return server, mount


def whatever_is_left(top, words=WORDS):
    """Lines FILE: WORD for what stands in any file below top."""
    found = []
    for root, _, names in os.walk(top):
        for name in names:
            path = os.path.join(root, name)
            if os.path.isfile(path):
                found += ["%s: %s" % (path, word.decode()) for word in words if word in read(path)]
            found += ["%s: its name" % path for word in words if word in name.encode()]
    return found


def fails(*errors, function):
    try:
        function()
    except OSError as error:
        truth(error.errno in errors, "%s" % error)
        return
    raise AssertionError("it went on")


def is_wiped(mount):
    return wait_for("the wipe", lambda: mount.status()["state"] == "wiped" and mount.ls("Calendar") == [])


@test
def nothing_is_left_and_the_mount_says_why(scratch):
    for word, version in (("device", "14.1"), ("account", "16.1"), ("device", "12.1")):
        inner = harness.Scratch("wipe")
        with inner:
            server, mount = started(inner, "--protocol", version)
            write(mount.path("Calendar", "notes~"), b"half a letter")
            inbox = mount.path("Mail", "Inbox")
            held = open(os.path.join(inbox, os.listdir(inbox)[0]), "rb")
            order(server, word)
            mount.sync(code=77)
            is_wiped(mount)
            wait_for("the acknowledgement", lambda: order(server)["acknowledged"] == 1)
            equal((mount.ls("Mail"), mount.ls("Calendar")), ([], []), version)
            equal(whatever_is_left(mount.state), [], version)
            text = mount.read(".easfs", "status").decode()
            truth("wiped by the administrator on 20" in text, text)
            fails(errno.EIO, errno.EROFS, function=lambda: write(mount.path("Calendar", "new.ics"), event("New")))
            equal(held.read(), b"", "what was open still reads")
            held.close()
            asked = run(EASFS, "sync", mount.point, "--wait", code=77).stderr
            truth("wiped by the administrator" in asked, asked)
            mount.umount()
            equal(sorted(os.listdir(mount.state)), ["lock", "wiped"], "left in the state directory")
            again = inner.mount(server, code=77)
            truth("wiped by the administrator on 20" in again.result.stderr, again.result.stderr)
            run(EASFS, "cache", "wipe", "--state", mount.state)
            order(server, "none")
            mount = inner.mount(server)
            mount.sync()
            equal(mount.ls("Calendar"), ["Standup.ics"])


@test
def a_wipe_in_the_middle_of_an_upload(scratch):
    server, mount = started(scratch)
    stop = threading.Event()
    failures = []

    def writer():
        for i in range(10000):
            if stop.is_set():
                return
            try:
                write(mount.path("Calendar", "mine %d.ics" % i), event("Budget of mine %d" % i, uid="mine-%d" % i))
            except OSError as error:
                failures.append(error.errno)
                return

    thread = threading.Thread(target=writer, daemon=True)
    thread.start()
    try:
        wait_for("the upload", lambda: len(os.listdir(os.path.join(server.directory, "Calendar"))) > 3)
        order(server, "device")
        wait_for("the acknowledgement", lambda: order(server)["acknowledged"] == 1)
        is_wiped(mount)
        thread.join(30)
        truth(not thread.is_alive(), "the writer goes on")
        equal(failures, [errno.EIO])
    finally:
        stop.set()
        thread.join(30)
    equal(whatever_is_left(mount.state), [])


@test
def the_keyring_forgets(scratch):
    server = scratch.easd()
    server.put("Calendar/standup.ics", event("Standup"))
    with Keyring(scratch) as ring:
        typed([("Password of", "secret")], EASFS, "setup", "alice@example.test", "--account", "work", "--server",
              server.url, "--user", "alice", "--insecure-http", "--yes")
        mount = scratch.mount(["--account", "work"], "--encrypt")

        def kept():
            return ring.call("org.freedesktop.secrets", "/org/freedesktop/secrets/aliases/default",
                             "org.freedesktop.DBus.Properties.Get", "string:org.freedesktop.Secret.Collection",
                             "string:Items").count("object path")

        truth(kept() >= 2, "%d secrets: the test proves nothing" % kept())
        mount.sync()
        order(server, "device")
        mount.sync(code=77)
        wait_for("the acknowledgement", lambda: order(server)["acknowledged"] == 1)
        equal(kept(), 0, "secrets in the keyring")
        mount.umount()
        equal(sorted(os.listdir(mount.state)), ["lock", "wiped"])


@test
def killed_before_the_server_knows(scratch):
    """The server loses the word that all is gone; the daemon is killed; the next start says it again."""
    server, mount = started(scratch)
    server.fault("lost-request,Provision,after=1")
    order(server, "device")
    run(EASFS, "sync", mount.point, code=None)
    wait_for("the mark", lambda: os.path.exists(os.path.join(mount.state, "wiped")))
    wait_for("the end of the data", lambda: mount.ls("Calendar") == [])
    mount.kill()
    equal(order(server)["acknowledged"], 0)
    server.no_faults()
    again = scratch.mount(server, code=77)
    truth("wiped by the administrator on 20" in again.result.stderr, again.result.stderr)
    equal(order(server)["acknowledged"], 1)
    equal(sorted(os.listdir(mount.state)), ["lock", "wiped"])
    truth(b"device=" not in read(os.path.join(mount.state, "wiped")), "it still says who")


@test
def killed_before_anything_was_destroyed(scratch):
    """The mark alone is there: the next start does the rest, and tells the server."""
    server, mount = started(scratch)
    order(server, "device")
    mount.kill()
    truth(whatever_is_left(mount.state), "the test proves nothing")
    write(os.path.join(mount.state, "wiped"), "[wiped]\ndate=2026-11-25\ndevice=ABCDEF0123456789\n")
    again = scratch.mount(server, code=77)
    truth("wiped by the administrator on 2026-11-25" in again.result.stderr, again.result.stderr)
    equal((sorted(os.listdir(mount.state)), order(server)["acknowledged"]), (["lock", "wiped"], 1))


@test
def a_status_without_an_order_destroys_nothing(scratch):
    server, mount = started(scratch)
    server.fault("status=140,FolderSync")
    mount.sync(code=77)
    equal(mount.ls("Calendar"), ["Standup.ics"])
    server.no_faults()
    mount.sync()


if __name__ == "__main__":
    harness.main()
