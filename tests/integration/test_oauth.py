#!/usr/bin/env python3
"""OAuth through the mount: the first log-in, expiry and rotation in the middle of a sync, an issuer that fails in every
way. Catches: a rotated token that is used before it is kept, two refreshes at a time, an issuer that is hammered, an
outage of the issuer taken for a log-in that ran out, a mount that goes away when its log-in does."""
import os
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import certs
import harness
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write
from issuer import Issuer
from keyring import Keyring
from websites import tls_context


class Account:
    """A mailbox behind tokens, an issuer of them, and an account of easfs.conf."""

    def __init__(self, scratch, messages=3, lines=(), keyring=False, context=None):
        self.scratch = scratch
        for number in range(messages):
            write(scratch.path("mailbox/Mail/Inbox/%d.eml" % number), message("Message %d" % number))
        self.issuer = Issuer(scratch, context=context)
        self.server = scratch.easd(extra=["--token-file", self.issuer.token_file])
        self.token = scratch.path("config/easfs/work.token")
        home = [] if keyring else ["token-file = work.token"]
        keys = [option[2:] for option in self.issuer.options()[::2]]
        pairs = ["%s = %s" % pair for pair in zip(keys, self.issuer.options()[1::2])]
        text = ["[work]", "server = " + self.server.url, "user = alice", "insecure-http = yes",
                "state = " + scratch.path("state"), *home, *pairs, *lines]
        os.chmod(write(scratch.path("config/easfs/easfs.conf"), "\n".join(text) + "\n"), 0o600)
        os.makedirs(scratch.path("mnt"), exist_ok=True)

    def login(self, *extra, code=0):
        done = run(EASFS, "login", "--account", "work", *extra, code=code, stdin=subprocess.DEVNULL, start_new_session=True)
        if code:
            truth(done.stderr.splitlines()[-1].startswith("easfs: unable to log in: "), done.stderr)
        return done.stderr

    def mount(self, code=0):
        """A harness.Mount by the account's name."""
        return Named(self.scratch, code)


class Named(harness.Mount):
    def __init__(self, scratch, code=0):
        self.point, self.state = scratch.path("mnt"), scratch.path("state")
        self.mounted = False
        self.result = run(EASFS, "mount", self.point, "--account", "work", code=code)
        self.mounted = code == 0
        if self.mounted:
            scratch.callback(self.__exit__)


def kept(account):
    return read(account.token).decode().strip()


@test
def the_first_log_in_is_by_device_code(scratch):
    account = Account(scratch)
    account.issuer.polls_pending = 1
    told = account.login()
    truth(account.issuer.url + "/activate" in told and "WDJB-MJHT" in told, told)
    equal(account.issuer.log[0], "device", "what was asked first")
    equal(kept(account), account.issuer.refresh_token, "the token that is kept")
    equal(os.stat(account.token).st_mode & 0o777, 0o600, "its mode")
    mount = account.mount()
    mount.sync()
    equal(len(mount.ls("Mail", "Inbox")), 3, "messages")
    equal(kept(account), account.issuer.refresh_token, "the token after the first refresh")
    equal(account.issuer.count("refresh_token"), 1, "refreshes")


@test
def the_keyring_keeps_the_log_in(scratch):
    with Keyring(scratch) as keyring:
        account = Account(scratch, keyring=True)
        account.login()
        truth(not os.path.exists(account.token), "a file was written")
        mount = account.mount()
        mount.sync()
        first = account.issuer.refresh_token
        account.issuer.expire()
        mount.sync()
        truth(account.issuer.refresh_token != first, "the token was rotated")
        mount.umount()
        again = account.mount()
        again.sync()
        again.umount()
        keyring.lock()
        again = account.mount()   # warm: it needs nobody
        wait_for("the state auth", lambda: again.status()["state"] == "auth")
        truth("locked" in again.status()["reason"], again.status()["reason"])
        equal(len(again.ls("Mail", "Inbox")), 3, "messages while nobody is logged in")
        again.umount()


@test
def expiry_and_rotation_in_the_middle_of_a_sync_go_unseen(scratch):
    """Every few requests the access token dies, on all connections at once; each refresh kills the old refresh token."""
    account = Account(scratch, messages=120, lines=["trace = " + scratch.path("trace")])
    account.login()
    account.server.fault("delay=20,Sync", "delay=20,ItemOperations")
    stop = threading.Event()

    def expiring():
        while not stop.is_set():
            account.issuer.expire()
            stop.wait(0.15)

    thread = threading.Thread(target=expiring, daemon=True)
    thread.start()
    try:
        mount = account.mount()
        for number in range(3):
            account.server.put("Mail/Inbox/late%d.eml" % number, message("Late %d" % number))
            stop.wait(0.3)
    finally:
        stop.set()
        thread.join()
    account.server.no_faults()
    mount.sync()
    equal(len(mount.ls("Mail", "Inbox")), 123, "messages")
    for name in mount.ls("Mail", "Inbox"):
        truth(b"Subject: " in mount.read("Mail", "Inbox", name), name)
    truth(account.issuer.count("refresh_token") >= 3, "refreshes: %r" % account.issuer.log)
    equal(account.issuer.overlap, 1, "refreshes at a time")
    equal(kept(account), account.issuer.refresh_token, "the token that is kept")
    equal(mount.status()["state"], "online", "the state")
    whole = b"".join(read(scratch.path("trace", name)) for name in os.listdir(scratch.path("trace")))
    for secret in account.issuer.secrets():
        truth(secret not in whole, "the trace holds %r" % secret)


@test
def tokens_are_renewed_before_they_run_out(scratch):
    account = Account(scratch)
    account.issuer.expires = 2
    account.login()
    mount = account.mount()
    mount.sync()
    before = account.issuer.count("refresh_token")

    def renewed():
        mount.sync()
        return account.issuer.count("refresh_token") > before
    wait_for("a refresh", renewed)
    equal(account.server.fired().get("http", 0), 0, "faults")
    equal(mount.status()["state"], "online", "the state")


@test
def a_log_in_that_ran_out_leaves_the_mount_readable_until_the_next(scratch):
    account = Account(scratch)
    account.login()
    mount = account.mount()
    mount.sync()
    account.issuer.refresh_token = "withdrawn"
    account.issuer.expire()
    line = mount.sync(code=77).stderr
    truth("run out or was withdrawn" in line and "easfs login" in line, line)
    status = mount.status()
    equal(status["state"], "auth", "the state")
    truth("AADSTS70000" in status["reason"], status["reason"])
    asked = len(account.issuer.log)
    equal(len(mount.ls("Mail", "Inbox")), 3, "messages")
    for name in mount.ls("Mail", "Inbox"):
        truth(b"Text." in mount.read("Mail", "Inbox", name), name)
    account.server.put("Mail/Inbox/new.eml", message("New"))
    time.sleep(1)
    equal(len(account.issuer.log), asked, "the issuer is asked no more by itself")
    pid = mount.daemon()
    told = run(EASFS, "login", mount.point, stdin=subprocess.DEVNULL, start_new_session=True).stderr
    truth("WDJB-MJHT" in told, told)
    wait_for("the new message", lambda: len(mount.ls("Mail", "Inbox")) == 4)
    equal(mount.status()["state"], "online", "the state after login")
    equal(mount.daemon(), pid, "the daemon")


@test
def an_issuer_that_fails_is_an_outage_and_no_refusal(scratch):
    account = Account(scratch)
    account.login()
    mount = account.mount()
    mount.sync()
    html = b"<html>Bad gateway</html>"
    for code, body, words in ((500, html, "HTTP 500"), (503, {"error": "temporarily_unavailable"}, "HTTP 503"),
                              (200, html, "HTTP 200"), (200, b"{", "HTTP 200"), (400, b"[]", "HTTP 400"),
                              (200, {"access_token": "with blanks\r\nX: y"}, "HTTP 200"),
                              (200, {"access_token": "x" * 70000}, "too large")):
        account.issuer.failures = [(code, body)] * 20
        account.issuer.expire()
        done = mount.sync("--timeout", "20", code=None)
        truth(done.returncode in (75, 76), "%r: %d %s" % (body, done.returncode, done.stderr))
        truth(words in done.stderr or words == "too large", done.stderr)
        equal(mount.status()["state"], "offline", "the state after %d" % code)
    account.issuer.failures = []
    mount.sync()
    equal(mount.status()["state"], "online", "the state")
    equal(kept(account), account.issuer.refresh_token, "the token that is kept")


@test
def a_slow_issuer_holds_nobody_who_reads(scratch):
    account = Account(scratch)
    account.login()
    mount = account.mount()
    mount.sync()
    account.issuer.delay = 3
    account.issuer.expire()
    sync = subprocess.Popen([EASFS, "sync", mount.point, "--wait"])
    wait_for("the question to the issuer", lambda: account.issuer.open)
    equal(len(mount.ls("Mail", "Inbox")), 3, "messages")
    truth(account.issuer.open, "the listing waited for the issuer")
    equal(sync.wait(60), 0, "the sync")


@test
def first_log_ins_that_come_to_nothing_say_why(scratch):
    account = Account(scratch)
    issuer = account.issuer
    issuer.polls_pending, issuer.code_life = -1, 2
    truth("run out" in account.login(code=77), "pending for ever")
    issuer.polls_pending = 0
    for word, code, words in (("invalid_client", 78, "--oauth-client-id"), ("unauthorized_client", 78, "client id"),
                              ("consent_required", 77, "administrator"), ("invalid_scope", 78, "--oauth-scope")):
        issuer.device_failure = word
        truth(words in account.login(code=code), word)
    issuer.device_failure = None
    for word in ("access_denied", "authorization_declined", "expired_token"):
        issuer.failures = [(400, {"error": word})]
        account.login(code=77)
    truth(not os.path.exists(account.token), "a token was kept")
    issuer.failures, issuer.code_life, issuer.slow_down = [], 900, 1
    before = time.monotonic()
    account.login()
    truth(time.monotonic() - before >= 6, "slow_down adds five seconds to the pause")


@test
def a_token_command_brings_the_tokens(scratch):
    account = Account(scratch)
    calls = scratch.path("calls")
    script = write(scratch.path("give"), "#!/bin/sh\necho x >>%s\nhead -n 1 %s\n" % (calls, scratch.path("given")))
    os.chmod(script, 0o700)
    write(scratch.path("given"), "one\n")
    account.issuer.allow("one")
    extra = ["--server", account.server.url, "--user", "alice", "--insecure-http", "--token-command", script]
    mount = scratch.mount(extra)
    mount.sync()
    equal(read(calls).count(b"x"), 1, "calls: a token is kept until it is refused")
    write(scratch.path("given"), "two\n")
    account.issuer.allow("two")
    mount.sync()
    equal(read(calls).count(b"x"), 2, "calls")
    write(scratch.path("given"), "")
    account.issuer.expire()
    truth("--token-command" in mount.sync(code=77).stderr, "the sentence")
    equal(mount.status()["state"], "auth", "the state")
    write(scratch.path("given"), "three\n")
    account.issuer.allow("three")
    run(EASFS, "login", mount.point, stdin=subprocess.DEVNULL, start_new_session=True)
    equal(mount.status()["state"], "online", "the state")


@test
def tokens_go_only_over_tls_that_is_trusted(scratch):
    authority = certs.Authority(scratch.path("authority"))
    account = Account(scratch, context=tls_context(authority.issue("127.0.0.1")), lines=["ca-file = ../../trusted.pem"])
    other = certs.Authority(scratch.path("other"), "Somebody Else")
    shutil.copy(other.ca, scratch.path("trusted.pem"))
    truth("certificate" in account.login(code=77), "a stranger's certificate")
    equal(account.issuer.log, [], "what the issuer was asked")
    shutil.copy(authority.ca, scratch.path("trusted.pem"))
    account.login()
    mount = account.mount()
    mount.sync()
    equal(mount.status()["state"], "online", "the state")
    os.makedirs(scratch.path("mnt2"))
    done = run(EASFS, "mount", scratch.path("mnt2"), "--server", "mail.example.test", "--user", "alice", "--state",
               scratch.path("other-state"), "--oauth-client-id", "x", "--oauth-token-endpoint", "http://127.0.0.1/", code=78)
    truth("https://" in done.stderr, done.stderr)


@test
def doctor_logs_in_by_oauth_beside_a_mount(scratch):
    account = Account(scratch)
    account.login()
    mount = account.mount()
    mount.sync()
    done = run(EASFS, "doctor", "--account", "work", stdin=subprocess.DEVNULL, start_new_session=True)
    truth("no fault was found" in done.stdout, done.stdout)
    account.issuer.expire()
    mount.sync()   # with the refresh token that doctor's log-in left
    equal(mount.status()["state"], "online", "the state")
    equal(kept(account), account.issuer.refresh_token, "the token that is kept")


@test
def what_cannot_work_is_refused_before_anything_is_asked(scratch):
    account = Account(scratch)
    base = [EASFS, "mount", scratch.path("mnt"), "--server", account.server.url, "--user", "alice", "--insecure-http",
            "--state", scratch.path("other")]
    for extra, code, words in ((["--auth", "oauth"], 78, "--oauth-client-id"),
                               (["--auth", "telepathy"], 64, "telepathy"),
                               (["--auth", "certificate"], 64, "--client-cert"),
                               (["--oauth-client-id", "x", "--oauth-token-endpoint", "ftp://x/"], 78, "https://"),
                               ([*account.issuer.options(), "--token-file", scratch.path("none")], 77, "easfs login")):
        done = run(*base, *extra, code=code, stdin=subprocess.DEVNULL, start_new_session=True)
        truth(words in done.stderr, done.stderr)
    equal(account.issuer.log, [], "what the issuer was asked")


if __name__ == "__main__":
    harness.main()
