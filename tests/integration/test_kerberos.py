#!/usr/bin/env python3
"""Negotiate with a real Kerberos realm, and NTLM, before Apache. Catches: a log-in of several rounds that loses the
request's body or the answer's, a ticket that is missing and not named, a password that is asked for where none is
wanted, a kind of log-in that the server offers and nobody tries."""
import base64
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write
from ntlm import Door
from realm import Apache, Realm

BASIC = base64.b64encode(b"alice:secret").decode()


def box(scratch):
    for number in range(30):
        write(scratch.path("mailbox/Mail/Inbox/%d.eml" % number), message("Message %d" % number, body="Text. " * 5000))
    os.makedirs(scratch.path("mnt"), exist_ok=True)
    return scratch.easd()


@test
def a_ticket_mounts_a_mailbox(scratch):
    server = box(scratch)
    realm = Realm(scratch)
    apache = Apache(scratch, realm, server.port, BASIC)
    options = ["--server", apache.url, "--user", "alice", "--insecure-http", "--auth", "negotiate"]
    done = run(EASFS, "mount", scratch.path("mnt"), *options, "--state", scratch.path("state"), code=77,
               stdin=subprocess.DEVNULL, start_new_session=True)
    truth("Kerberos ticket" in done.stderr and "kinit" in done.stderr, done.stderr)
    realm.ticket()
    mount = scratch.mount(options)
    mount.sync()
    names = mount.ls("Mail", "Inbox")
    equal(len(names), 30, "messages")
    truth(all(len(mount.read("Mail", "Inbox", name)) > 30000 for name in names), "bodies are whole")
    # The ticket runs out: the mount stays, says so, and goes on after kinit and login.
    realm.no_ticket()
    mount.sync(code=77)
    equal(mount.status()["state"], "auth", "the state without a ticket")
    equal(len(mount.ls("Mail", "Inbox")), 30, "messages")
    realm.ticket()
    run(EASFS, "login", mount.point, stdin=subprocess.DEVNULL, start_new_session=True)
    server.put("Mail/Inbox/new.eml", message("New"))
    wait_for("the new message", lambda: len(mount.ls("Mail", "Inbox")) == 31)
    equal(mount.status()["state"], "online", "the state")


@test
def ntlm_is_found_and_used(scratch):
    """Nothing is said of the kind: the 401 offers NTLM, and the password is good for it; from then on it is known."""
    server = box(scratch)
    door = Door(scratch, server.port, BASIC, "alice", "the ntlm password", offers=("Negotiate", "NTLM"))
    password = write(scratch.path("ntlm-password"), "the ntlm password\n")
    wrong = write(scratch.path("wrong"), "wrong\n")
    for path in (password, wrong):
        os.chmod(path, 0o600)
    options = ["--server", door.url, "--user", "alice", "--domain", "EXAMPLE", "--insecure-http"]
    done = run(EASFS, "mount", scratch.path("mnt"), *options, "--password-file", wrong, "--state", scratch.path("other"),
               code=77, stdin=subprocess.DEVNULL, start_new_session=True)
    truth("user name or password" in done.stderr, done.stderr)
    equal(door.refused, 1, "tries with the wrong password")
    mount = scratch.mount([*options, "--password-file", password], "--trace", scratch.path("trace"))
    mount.sync()
    names = mount.ls("Mail", "Inbox")
    equal(len(names), 30, "messages")
    truth(all(len(mount.read("Mail", "Inbox", name)) > 30000 for name in names), "bodies are whole")
    truth(door.entered >= 1, "connections that proved themselves: %d" % door.entered)
    whole = b"".join(read(scratch.path("trace", name)) for name in os.listdir(scratch.path("trace")))
    for secret in (b"TlRMTVNTUAAD", b"the ntlm password"):
        truth(secret not in whole, "the trace holds %r" % secret)
    mount.umount()
    before = door.basics
    again = scratch.mount([*options, "--password-file", password])
    again.sync()
    equal(door.basics, before, "passwords sent in the clear once NTLM is known")
    again.umount()
    asked = scratch.mount([*options, "--password-file", password, "--auth", "ntlm"], state="third")
    asked.sync()
    equal(door.basics, before, "passwords sent in the clear where NTLM is asked for")
    equal(len(asked.ls("Mail", "Inbox")), 30, "messages")


if __name__ == "__main__":
    harness.main()
