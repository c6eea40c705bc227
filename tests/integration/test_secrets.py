#!/usr/bin/env python3
"""Secrets stay where they belong: a life of an account, with every trace on, by a password and by OAuth, whose secrets are
then looked for in every file, in every process's arguments and environment, and in what a killed daemon leaves. Catches:
a secret in a trace, a log, a replica, a message, a command line, a core file."""
import base64
import glob
import os
import secrets
import signal
import subprocess
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write
from issuer import Issuer
from keyring import Keyring
from terminal import typed


def disguises(secret):
    """The forms a secret travels in: as it is, for a URL, as JSON, and as Basic at each place in its groups of three."""
    raw = secret.encode()
    forms = {raw, urllib.parse.quote(secret, safe="").encode()}
    for lead in ("alice:", "xalice:", "xxalice:"):
        coded = base64.b64encode(lead.encode() + raw)
        forms.add(coded[12:-4])   # the middle, which neither the user nor the padding touches
    return {form for form in forms if len(form) >= 12}


class Watch:
    """Looks at every process of the test again and again, for secrets in arguments and environment."""

    def __init__(self, scratch, forms):
        self.forms, self.found, self.looks, self.over = forms, set(), 0, threading.Event()
        self.mark = scratch.dir.encode()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            for process in glob.glob("/proc/[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        text = read(os.path.join(process, name))
                    except OSError:
                        continue
                    if self.mark not in text:
                        continue
                    self.looks += 1
                    self.found |= {(name, form) for form in self.forms if form in text}

    def stop(self):
        self.over.set()
        self.thread.join()
        truth(self.looks > 10, "processes looked at: %d" % self.looks)
        equal(self.found, set(), "secrets in arguments or environment")


def search(scratch, forms, homes):
    """Every file below the test's directory but those that are a secret's home."""
    looked = 0
    for root, directories, names in os.walk(scratch.dir):
        directories[:] = [name for name in directories if not os.path.ismount(os.path.join(root, name))]
        for name in names:
            path = os.path.join(root, name)
            if path in homes or not os.path.isfile(path):
                continue
            looked += 1
            content = read(path)
            for form in forms:
                truth(form not in content, "%s holds a secret (%r...)" % (path, form[:6]))
    truth(looked > 20, "files looked at: %d" % looked)


def box(scratch):
    for number in range(5):
        write(scratch.path("mailbox/Mail/Inbox/%d.eml" % number), message("Message %d" % number))
    os.environ.update(XDG_STATE_HOME=scratch.path("states"), HOME=scratch.path("home"))
    os.makedirs(scratch.path("home"), exist_ok=True)


def die(scratch, point, *options):
    """The daemon in the foreground dies of a fault, with core files allowed: it leaves none."""
    directory = scratch.path("cores")
    os.makedirs(directory, exist_ok=True)
    process = subprocess.Popen(["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", EASFS, "mount", "-f", point, *options],
                               cwd=directory, stderr=subprocess.DEVNULL)
    wait_for("the mount", lambda: os.path.ismount(point))
    process.send_signal(signal.SIGABRT)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = status
    truth(os.WIFSIGNALED(status) and not os.WCOREDUMP(status), "a core was dumped: %x" % status)
    run("fusermount3", "-uzq", point, code=None)


@test
def a_password_is_nowhere(scratch):
    """Set up at a terminal, kept by the keyring, used, refused, renewed, traced."""
    box(scratch)
    old, new = "old-" + secrets.token_hex(12), "new \u00e4\"%&-" + secrets.token_hex(12)
    server = scratch.easd(password=old)
    point = scratch.path("home/work")
    os.makedirs(point)
    forms = disguises(old) | disguises(new)
    watch = Watch(scratch, forms)
    told = ""
    with Keyring(scratch):
        os.environ["HOME"] = scratch.path("home")
        told += "".join(typed([("Password of", old)], EASFS, "setup", "alice@example.test", "--yes", "-v", "--account", "work",
                              "--server", server.url, "--insecure-http", "--trace", scratch.path("trace")))
        run(EASFS, "mount", point)
        scratch.callback(run, "fusermount3", "-uzq", point, code=None)
        run(EASFS, "sync", point, "--wait")
        write(server.password_file, new + "\n")
        server.stop()
        server.start()
        told += run(EASFS, "sync", point, "--wait", code=77).stderr
        told += "".join(typed([("Password of", new)], EASFS, "login", point))
        told += run(EASFS, "doctor", "--account", "work", "--json", code=None).stdout
        told += run(EASFS, "status", point, "--json").stdout + run(EASFS, "folders", point, "--json").stdout
        for name in ("status", "status.json", "events", "errors"):
            told += read(os.path.join(point, ".easfs", name)).decode()
        run(EASFS, "umount", point)
        die(scratch, point, "--account", "work")
    watch.stop()
    write(scratch.path("told"), told)
    truth(len(os.listdir(scratch.path("trace"))) > 10, "traces")
    search(scratch, forms, {server.password_file})


@test
def tokens_are_nowhere(scratch):
    """The same by OAuth: device code, access tokens and refresh tokens, kept by a file."""
    box(scratch)
    issuer = Issuer(scratch)
    server = scratch.easd(extra=["--token-file", issuer.token_file])
    point, told = scratch.path("home/work"), ""
    os.makedirs(point)
    forms = set(issuer.secrets())
    watch = Watch(scratch, forms)
    told += run(EASFS, "setup", "alice@example.test", "--yes", "-v", "--account", "work", "--server", server.url,
                "--insecure-http", "--trace", scratch.path("trace"), *issuer.options(), stdin=subprocess.DEVNULL,
                start_new_session=True).stderr
    run(EASFS, "mount", point)
    scratch.callback(run, "fusermount3", "-uzq", point, code=None)
    for _ in range(3):
        issuer.expire()
        run(EASFS, "sync", point, "--wait")
    good = issuer.refresh_token
    issuer.refresh_token = "withdrawn"
    issuer.expire()
    told += run(EASFS, "sync", point, "--wait", code=77).stderr
    issuer.refresh_token = good
    told += run(EASFS, "login", point, stdin=subprocess.DEVNULL, start_new_session=True).stderr
    told += run(EASFS, "status", point, "--json").stdout
    run(EASFS, "umount", point)
    die(scratch, point, "--account", "work")
    watch.stop()
    write(scratch.path("told"), told)
    home = scratch.path("config/easfs/work.token")
    truth(read(home).startswith(b"the-refresh-"), "the token's home")
    search(scratch, forms, {home, home + ".new", issuer.token_file})   # it may have died just as it was renewed


@test
def the_search_finds_a_secret_in_each_disguise(scratch):
    """Else the tests above would say nothing."""
    secret = "old-" + secrets.token_hex(12)
    for number, form in enumerate(disguises(secret)):
        write(scratch.path("files/%d" % number), b"x" * 5000 + form + b"y")
        try:
            search(scratch, {form}, set())
        except AssertionError as error:
            truth("holds a secret" in str(error), str(error))
        else:
            raise AssertionError("%r was not found" % form)
        os.unlink(scratch.path("files/%d" % number))
    truth(base64.b64encode(("alice:" + secret).encode())[12:-4] in disguises(secret), "Basic")


if __name__ == "__main__":
    harness.main()
