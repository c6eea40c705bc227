#!/usr/bin/env python3
"""easfs setup and login: from an address and a password to a mounted mailbox, and back to one when the password changes.
Catches: a question where none is wanted, a secret that ends up where others see it, an account that does not mount, a
mount that goes away with its password."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import certs
import harness
import oddserver
from harness import EASFS, equal, message, read, run, test, truth, write
from issuer import Issuer
from keyring import Keyring
from nameserver import NameServer
from oddserver import OddServer
from terminal import typed
from websites import Answer, Relay, Site, free_address

POX = """<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"><Culture>en:us</Culture>
<User><DisplayName>Alice</DisplayName><EMailAddress>alice@example.test</EMailAddress></User>
<Action><Settings><Server><Type>MobileSync</Type><Url>https://mail.example.test/Microsoft-Server-ActiveSync</Url>
<Name>https://mail.example.test/Microsoft-Server-ActiveSync</Name></Server></Settings></Action></Response></Autodiscover>"""


class Domain:
    """example.test: names, an authority, Autodiscover, and easd behind TLS as mail.example.test."""

    def __init__(self, scratch, extra=(), user="alice"):
        write(scratch.path("mailbox/Mail/Inbox/a.eml"), message("Budget review"))
        write(scratch.path("mailbox/Mail/Projects/b.eml"), message("Plan"))
        os.makedirs(scratch.path("home"), exist_ok=True)
        os.environ.update(XDG_STATE_HOME=scratch.path("states"), HOME=scratch.path("home"))
        self.server = scratch.easd(extra=extra, user=user)
        self.dns = scratch.enter_context(NameServer())
        authority = certs.Authority(scratch.path("authority"))
        self.options = ["--resolver", self.dns.where, "--ca-file", authority.ca]
        self.asked = []
        for host in ("mail.example.test", "autodiscover.example.test"):
            address = free_address()
            self.dns.a(host, address)
            certificate = authority.issue(host)
            scratch.enter_context(Relay(address, self.server.port, certificate) if host.startswith("mail") else
                                  Site(address, self.autodiscover, certificate))
        self.dns.exists("example.test")

    def autodiscover(self, ask):
        self.asked.append(ask)
        if "autodiscover" not in ask.path.lower():
            return Answer(404)
        if ask.basic() not in (("alice@example.test", "secret"), ("alice", "secret")):
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        return Answer(200, POX, "text/xml")


def mounted_by(line, scratch):
    """Does as the line says; returns the messages of the Inbox."""
    told = line.strip().splitlines()
    equal(len(told), 1, "lines on stdout")
    truth("easfs mount " in told[0], told[0])
    run("sh", "-c", told[0].replace("easfs mount", EASFS + " mount"))
    point = [name for name in os.listdir(scratch.path("home")) if os.path.ismount(scratch.path("home", name))]
    try:
        run(EASFS, "sync", scratch.path("home", point[0]), "--wait")
        return sorted(os.listdir(scratch.path("home", point[0], "Mail/Inbox"))), point[0]
    finally:
        run(EASFS, "umount", scratch.path("home", point[0]))


@test
def an_address_and_a_password_are_enough(scratch):
    """Without a keyring the password goes into a private file, which is said."""
    domain = Domain(scratch)
    out, shown = typed([("Password of alice@example.test:", "secret")], EASFS, "setup", "alice@example.test", "--yes",
                       *domain.options)
    truth("secret" not in out + shown, "the password is shown")
    truth("no keyring answers" in shown and ".password" in shown, shown)
    kept = scratch.path("config/easfs/alice@example.test.password")
    equal((read(kept), os.stat(kept).st_mode & 0o777), (b"secret\n", 0o600), "the password's file")
    conf = read(scratch.path("config/easfs/easfs.conf")).decode()
    truth("user = alice\n" in conf.replace("=", " = ").replace("  ", " ") and "secret" not in conf, conf)
    equal(os.stat(scratch.path("config/easfs/easfs.conf")).st_mode & 0o777, 0o600, "the file's mode")
    truth(any(ask.path.lower().startswith("/autodiscover") for ask in domain.asked), "Autodiscover was not asked")
    inbox, point = mounted_by(out, scratch)
    equal((len(inbox), point), (1, "alice@example.test"), "messages, mount point")


@test
def nothing_is_asked_of_a_script(scratch):
    domain = Domain(scratch)
    password = domain.server.password_file
    done = run(EASFS, "setup", "alice@example.test", "--yes", "-v", "--account", "work", "--password-file", password,
               "--since", "1m", "--classes", "mail", *domain.options, stdin=subprocess.DEVNULL, start_new_session=True)
    truth("autodiscover" in done.stderr and "secret" not in done.stderr, done.stderr)
    conf = read(scratch.path("config/easfs/easfs.conf")).decode()
    for key in ("[work]", "password-file=" + password, "since=1m", "classes=mail"):
        truth(key in conf, "%r lacks %r" % (conf, key))
    equal(mounted_by(done.stdout, scratch)[1], "work", "the account")
    # A second account beside it, comments kept, with the server named.
    with open(scratch.path("config/easfs/easfs.conf"), "a") as file:
        file.write("# mine\n")
    run(EASFS, "setup", "alice@example.test", "--yes", "--server", domain.server.url, "--insecure-http", "--account",
        "home", "--password-command", "echo secret", stdin=subprocess.DEVNULL, start_new_session=True)
    conf = read(scratch.path("config/easfs/easfs.conf")).decode()
    truth("[work]" in conf and "[home]" in conf and "# mine" in conf, conf)


@test
def the_keyring_keeps_the_password_and_the_person_chooses(scratch):
    domain = Domain(scratch)
    with Keyring(scratch) as keyring:
        os.environ["HOME"] = scratch.path("home")
        out, shown = typed([("Password of", "secret"), ("Keep which of them?", "Mail/Projects, Contacts")], EASFS, "setup",
                           "alice@example.test", "--account", "work", *domain.options)
        truth("Mail/Inbox" in shown and "in the keyring" in shown, shown)
        conf = read(scratch.path("config/easfs/easfs.conf")).decode().replace(scratch.dir, "")
        truth("folder=Mail/Projects;Contacts" in conf and "password" not in conf and "secret" not in conf, conf)
        truth(not os.path.exists(scratch.path("config/easfs/work.password")), "a file was written")
        run("sh", "-c", out.replace("easfs mount", EASFS + " mount"))
        point = scratch.path("home/work")
        scratch.callback(run, "fusermount3", "-uzq", point, code=None)
        run(EASFS, "sync", point, "--wait")
        equal(sorted(os.listdir(point + "/Mail")), ["Projects"], "folders kept")
        run(EASFS, "umount", point)
        keyring.lock()
        done = run(EASFS, "mount", point, code=78, stdin=subprocess.DEVNULL, start_new_session=True)
        truth("keyring is locked" in done.stderr, done.stderr)


@test
def what_does_not_work_leaves_no_account(scratch):
    domain = Domain(scratch)
    wrong = write(scratch.path("wrong"), "wrong\n")
    os.chmod(wrong, 0o600)

    def fails(code, words, *command):
        done = run(EASFS, "setup", *command, "--yes", code=code, stdin=subprocess.DEVNULL, start_new_session=True)
        line = done.stderr.splitlines()[-1]
        truth(line.startswith("easfs: unable to set up the account: ") and words in line, done.stderr)
        equal(done.stdout, "", "stdout")
    fails(77, "refuses the user name or password", "alice@example.test", "--password-file", wrong, *domain.options,
          "--server", "mail.example.test")
    fails(64, "no e-mail address", "alice")
    fails(64, "cannot name", "alice@example.test", "--account", "../up")
    fails(78, "no terminal", "alice@example.test", "--server", "mail.example.test", *domain.options)
    truth(not os.path.exists(scratch.path("config/easfs/easfs.conf")), "an account was written")


@test
def oauth_is_set_up_by_a_code(scratch):
    issuer = Issuer(scratch)
    domain = Domain(scratch, extra=["--token-file", issuer.token_file])
    done = run(EASFS, "setup", "alice@example.test", "--yes", "--server", domain.server.url, "--insecure-http", code=78,
               stdin=subprocess.DEVNULL, start_new_session=True)
    truth("takes only OAuth" in done.stderr and "--oauth-client-id" in done.stderr, done.stderr)
    done = run(EASFS, "setup", "alice@example.test", "--yes", "--server", domain.server.url, "--insecure-http",
               "--account", "work", *issuer.options(), stdin=subprocess.DEVNULL, start_new_session=True)
    truth("WDJB-MJHT" in done.stderr and "work.token" in done.stderr, done.stderr)
    equal(len(mounted_by(done.stdout, scratch)[0]), 1, "messages")


@test
def a_changed_password_leaves_the_mount_readable_until_the_log_in(scratch):
    """The old password is tried once; reading goes on; login with the new one, and all goes on."""
    domain = Domain(scratch)
    server, point = domain.server, scratch.path("home/work")
    os.makedirs(point)
    with Keyring(scratch):
        base = ["--account", "work", "--server", server.url, "--insecure-http"]
        typed([("Password of", "secret")], EASFS, "setup", "alice@example.test", "--yes", *base)
        run(EASFS, "mount", point)
        scratch.callback(run, "fusermount3", "-uzq", point, code=None)
        run(EASFS, "sync", point, "--wait")
        write(server.password_file, "changed\n")
        server.stop()
        server.start()
        run(EASFS, "sync", point, "--wait", code=77)
        status = json.loads(read(point + "/.easfs/status.json"))
        equal(status["state"], "auth", "the state")
        truth("refuses the user name or password" in status["reason"], status["reason"])
        name = os.listdir(point + "/Mail/Inbox")[0]
        truth(b"Text." in read(point + "/Mail/Inbox/" + name), "reading")
        typed([("Password of", "wrong again")], EASFS, "login", point, code=77)
        typed([("Password of", "changed")], EASFS, "login", "--account", "work")
        equal(json.loads(read(point + "/.easfs/status.json"))["state"], "online", "the state")
        run(EASFS, "umount", point)
        run(EASFS, "mount", point)  # the keyring has the new one
        run(EASFS, "sync", point, "--wait")
        run(EASFS, "umount", point)


@test
def a_password_that_will_run_out_is_told(scratch):
    server = OddServer()
    server.folder("Inbox", oddserver.INBOX)
    server.mail(server.find("Inbox"), message("Hello"), "Hello")
    server.after = lambda request, reply: reply.headers.update({"X_MS_Credentials_Expire": server.days}) or reply
    with server:
        for days, words in (("3", "in 3 days"), ("1", "in 1 day;"), ("0", "today")):
            server.days = days
            password = write(scratch.path("password"), "secret\n")
            os.chmod(password, 0o600)
            mount = scratch.mount(["--server", server.url, "--user", "alice", "--insecure-http", "--password-file",
                                   password], state="state" + days, point="mnt" + days)
            mount.sync()
            truth("the password runs out " + words in mount.status()["reason"], mount.status()["reason"])
            mount.umount()


if __name__ == "__main__":
    harness.main()
