#!/usr/bin/env python3
"""The command: exit codes, what it says, what it leaves behind. Catches: a failure that ends with
another code than the one scripts look for, a sentence that is cut, doubled or says nothing, a secret
in a trace, a verb that does not find the daemon of a mount."""
import base64
import http.server
import os
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write

VERBS = "mount umount status sync folders cache export login setup".split()


def fails(code, *command, words="", **more):
    """The command ends with the code and one line: easfs: unable to X: reason; what to do. Its words are in it."""
    done = run(*command, code=code, stdin=subprocess.DEVNULL, start_new_session=True, **more)
    line = done.stderr
    truth(line.startswith("easfs: unable to ") and line.count("\n") == 1 and line.count("unable to") == 1, line)
    truth(words in line, "%r lacks %r" % (line, words))
    truth(line.count("; ") >= 1, "no advice: " + line)
    return line


def box(scratch):
    write(scratch.path("mailbox/Mail/Inbox/a.eml"), message("Budget review"))
    write(scratch.path("mailbox/Mail/Inbox/Deep/Deeper/b.eml"), message("Plan"))
    write(scratch.path("mailbox/Mail/Other/c.eml"), message("Other"))
    write(scratch.path("mailbox/Calendar/e.ics"),
          "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:e1\r\nDTSTAMP:20260101T000000Z\r\n"
          "DTSTART:20261102T090000Z\r\nDTEND:20261102T100000Z\r\nSUMMARY:standup\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    write(scratch.path("mailbox/Contacts/j.vcf"),
          "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:jane\r\nFN:Jane Doe\r\nN:Doe;Jane;;;\r\nEND:VCARD\r\n")


def point(scratch):
    os.makedirs(scratch.path("mnt"), exist_ok=True)
    return scratch.path("mnt")


def secret(scratch, text="secret"):
    path = write(scratch.path("secret"), text + "\n")
    os.chmod(path, 0o600)
    return ["--password-file", path]


@test
def every_verb_explains_itself(scratch):
    told = run(EASFS, "--help").stdout
    for verb in VERBS:
        truth("\n  %s " % verb in told, "--help lacks " + verb)
        own = run(EASFS, verb, "--help")
        truth(own.stdout.startswith("Usage: easfs %s " % verb) and own.stderr == "", own.stdout)
        equal(max(len(line) for line in own.stdout.splitlines()) <= 120, True, verb + ": lines that fit")
    truth(run(EASFS, "--version").stdout.startswith("easfs "), "--version")


@test
def what_cannot_be_understood_is_64(scratch):
    here = point(scratch)
    fails(64, EASFS, "dance", words='"dance"')
    fails(64, EASFS, "mount", words="MOUNTPOINT")
    fails(64, EASFS, "mount", here, "--dance", words="--dance")
    fails(64, EASFS, "mount", here, "--server", words="--server")
    fails(64, EASFS, "mount", here, words="--server")
    account = ["--server", "x.invalid", "--user", "a"]
    for option, value in (("--since", "2y"), ("--classes", "mail,post"), ("--protocol", "9.9"), ("--vcard", "5")):
        fails(64, EASFS, "mount", here, *account, option, value, words=value)
    fails(64, EASFS, "mount", here, *account, "--password-file", "a", "--password-command", "b", words="both")
    fails(64, EASFS, "sync", "--timeout", "soon", words="soon")
    fails(64, EASFS, "cache", "polish", words="polish")
    fails(64, EASFS, "cache", words="verify|size|wipe")
    server = scratch.easd()
    line = fails(64, EASFS, "mount", here, *server.credentials(), "--state", scratch.path("s"), "-o", "nonsense")
    truth("unknown option(s): `-o nonsense'" in line, line)


@test
def mount_points_that_cannot_be_used_are_73(scratch):
    server = scratch.easd()
    options = [*server.credentials(), "--state", scratch.path("state")]
    fails(73, EASFS, "mount", scratch.path("nowhere"), *options, words="make the directory")
    fails(73, EASFS, "mount", write(scratch.path("file"), "x"), *options, words="no directory")
    here = point(scratch)
    fails(73, EASFS, "mount", here, *server.credentials(), "--state", here + "/state", words="its own mount")
    for verb in ("status", "sync", "umount", "folders"):
        fails(73, EASFS, verb, here, words="no mount of easfs")
    mount = scratch.mount(server)
    fails(73, EASFS, "mount", mount.point, *server.credentials(), "--state", scratch.path("other"), words="already")


@test
def stores_that_cannot_be_used_are_74(scratch):
    server = scratch.easd()
    here = point(scratch)
    file = write(scratch.path("file"), "x")
    fails(74, EASFS, "mount", here, *server.credentials(), "--state", file, words="Not a directory")
    fails(74, EASFS, "mount", here, *server.credentials(), "--state", "/proc/none/state")
    fails(74, EASFS, "mount", here, "--offline", "--state", scratch.path("none"), words="no replica")
    truth(not os.path.exists(scratch.path("none")), "--offline made a replica")
    fails(74, EASFS, "cache", "size", "--state", scratch.path("none"), words="no replica")


class Answering(http.server.BaseHTTPRequestHandler):
    """A web server that is none of ActiveSync."""

    def answer(self):
        self.send_response(self.server.code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "15")
        self.end_headers()
        self.wfile.write(b"<html>no</html>")

    do_GET = do_POST = do_OPTIONS = answer

    def log_message(self, *_):
        pass


def web(scratch, code, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.code = code
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    scratch.callback(server.server_close)
    scratch.callback(server.shutdown)
    return "127.0.0.1:%d" % server.server_port


@test
def servers_that_are_not_there_or_are_others_have_their_codes(scratch):
    mount = [EASFS, "mount", point(scratch), "--user", "a", *secret(scratch), "--state", scratch.path("state")]
    fails(68, *mount, "--server", "no-such-host.invalid", words="no-such-host.invalid")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        fails(75, *mount, "--insecure-http", "--server", "http://127.0.0.1:%d" % nobody.getsockname()[1], words="refuses")
    fails(76, *mount, "--insecure-http", "--server", "http://" + web(scratch, 200))
    fails(76, *mount, "--insecure-http", "--server", "http://" + web(scratch, 404))
    fails(78, *mount, "--server", "http://127.0.0.1:9", words="--insecure-http")
    fails(78, *mount, "--server", "ftp://127.0.0.1:9", words="https://")
    fails(78, *mount, "--server", "127.0.0.1", "--ca-file", scratch.path("none.pem"), words="none.pem")
    fails(78, *mount, "--server", "127.0.0.1", "--pin", "abcd", words="64 hex digits")


@test
def passwords_come_as_they_should(scratch):
    box(scratch)
    server = scratch.easd()
    mount = [EASFS, "mount", point(scratch), "--server", server.url, "--user", "alice", "--insecure-http", "--state",
             scratch.path("state")]
    fails(77, *mount, *secret(scratch, "wrong"), words="refuses the user name or password")
    fails(77, *mount, "--password-command", "echo wrong")
    fails(78, *mount, "--password-command", "echo secret; exit 3", words="password command")
    fails(78, *mount, "--password-file", scratch.path("none"), words="none")
    fails(78, *mount, words="terminal")
    run(*mount, "--password-command", "printf 'secret\\nand more\\n'")
    run(EASFS, "umount", scratch.path("mnt"))


def certificate(scratch):
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", scratch.path("key.pem"), "-out",
        scratch.path("cert.pem"), "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    public = run("openssl", "x509", "-in", scratch.path("cert.pem"), "-noout", "-pubkey").stdout
    der = run("openssl", "pkey", "-pubin", "-outform", "der", text=False, input=public.encode()).stdout
    return __import__("hashlib").sha256(der).digest()


@test
def certificates_are_trusted_as_told(scratch):
    box(scratch)
    pin = certificate(scratch)
    server = scratch.easd(extra=["--tls-cert", scratch.path("cert.pem"), "--tls-key", scratch.path("key.pem")])
    here = point(scratch)
    mount = [EASFS, "mount", here, "--server", server.url, "--user", "alice", "--password-file", server.password_file,
             "--state", scratch.path("state")]
    fails(77, *mount, words="--ca-file")
    fails(77, *mount, "--pin", "ab" * 32, "--ca-file", scratch.path("cert.pem"), words="matches no --pin")
    for trust in (["--ca-file", scratch.path("cert.pem")], ["--pin", pin.hex()], ["--pin", pin.hex().upper()],
                  ["--pin", "ab" * 32, "--pin", "sha256//" + base64.b64encode(pin).decode()]):
        run(*mount, *trust)
        run(EASFS, "umount", here)


@test
def traces_are_readable_and_hold_no_secret(scratch):
    box(scratch)
    server = scratch.easd(password="open sesame")
    mount = scratch.mount(server, "--trace", scratch.path("trace"))
    mount.sync()
    files = [scratch.path("trace", name) for name in os.listdir(scratch.path("trace"))]
    whole = b"".join(read(path) for path in files)
    for word in (b"<FolderSync", b"<Sync", b"OPTIONS"):
        truth(word in whole, "the trace lacks %r" % word)
    for word in (b"open sesame", base64.b64encode(b"alice:open sesame"), b"Text.\r\n"):
        truth(word not in whole, "the trace holds %r" % word)
    for path in files:
        equal(os.stat(path).st_mode & 0o077, 0, "bits of others on " + path)
    for root, _, names in os.walk(mount.state):
        for name in names:
            path = os.path.join(root, name)
            truth(not os.path.isfile(path) or b"open sesame" not in read(path), name + " holds the password")
    arguments = read("/proc/%d/cmdline" % mount.daemon()) + read("/proc/%d/environ" % mount.daemon())
    truth(b"open sesame" not in arguments, "the daemon's arguments or environment hold the password")


@test
def a_server_that_stopped_is_75_and_one_that_hangs_too(scratch):
    box(scratch)
    server = scratch.easd()
    mount = scratch.mount(server)
    mount.sync()
    os.kill(server.process.pid, __import__("signal").SIGSTOP)
    try:
        fails(75, EASFS, "sync", mount.point, "--wait", "--timeout", "1", words="within 1 s")
    finally:
        os.kill(server.process.pid, __import__("signal").SIGCONT)
    server.stop()
    fails(75, EASFS, "sync", mount.point, "--wait", "--timeout", "20", words="refuses connections")
    told = run(EASFS, "status", mount.point).stdout
    truth("offline" in told and "refuses connections" in told, told)


@test
def since_says_the_window_in_force(scratch):
    box(scratch)
    mount = scratch.mount(scratch.easd(), "--since", "1d")
    mount.sync()
    rows = [line.split() for line in run(EASFS, "status", mount.point).stdout.splitlines()]
    windows = {row[-1]: row[-4] for row in rows if row and row[-1] in ("Mail/Inbox", "Calendar", "Contacts")}
    equal(windows, {"Mail/Inbox": "1d", "Calendar": "2w", "Contacts": "all"}, "windows in force")


@test
def folders_are_chosen_by_globs(scratch):
    box(scratch)
    server = scratch.easd()
    mount = scratch.mount(server, "--folder", "Mail/Inbox/Deep/*", "--folder", "Contacts")
    mount.sync()
    told = run(EASFS, "folders", mount.point).stdout.splitlines()[1:]
    listed = {line.split(None, 3)[3]: line.split()[0] for line in told}
    files = run("find", mount.point, "-type", "f", "-printf", "%P\n").stdout.split("\n")
    equal(sorted(name.rsplit(".", 1)[1] for name in files if name), ["eml", "vcf"], "files: %r" % files)
    truth(any(name.startswith("Mail/Inbox/Deep/Deeper/") for name in files), "it hangs elsewhere: %r" % files)
    equal(sorted(set(listed.values())), ["no", "yes"], "kept: %r" % listed)
    truth("Contacts" in listed and listed["Contacts"] == "yes", "%r" % listed)


@test
def verbs_find_the_daemon_without_attributes(scratch):
    box(scratch)
    mount = scratch.mount(scratch.easd(), "-o", "noxattr")
    mount.sync()
    path = mount.path("Calendar", "standup.ics")
    for attempt in (lambda: os.getxattr(path, "user.eas.state"), lambda: os.listxattr(path)):
        try:
            attempt()
        except OSError as error:
            equal(error.errno, 95, "with noxattr")
        else:
            raise AssertionError("an attribute was answered")
    run("ls", "-lR", mount.point)
    upcalls = __import__("json").loads(read(mount.path(".easfs", "counters")))["upcalls"]
    truth(upcalls["getxattr"] <= 1 and upcalls["listxattr"] <= 1, "the kernel asked again: %r" % upcalls)
    truth("online" in run(EASFS, "status", mount.point).stdout, "status")


@test
def of_several_mounts_the_one_worked_in_is_meant(scratch):
    server = scratch.easd()
    mounts = [scratch.mount(server, point=name, state="state-" + name) for name in ("mnt", "mnt2")]
    for mount in mounts:
        for place in ((), ("Mail", "Inbox")):
            told = run(EASFS, "status", cwd=mount.path(*place)).stdout
            truth(mount.point + "\n" in told.splitlines(True)[0], told)
    fails(64, EASFS, "status", words="name the one that is meant", cwd=scratch.dir)


@test
def a_busy_mount_names_its_holder_and_a_dead_one_is_taken_over(scratch):
    box(scratch)
    server = scratch.easd()
    mount = scratch.mount(server)
    mount.sync()
    holder = subprocess.Popen(["sleep", "60"], cwd=mount.path("Mail"))
    try:
        wait_for("the holder", lambda: os.readlink("/proc/%d/cwd" % holder.pid).startswith(mount.point))
        fails(75, EASFS, "umount", mount.point, words="sleep (%d)" % holder.pid)
    finally:
        holder.kill()
        holder.wait()
    pid = mount.daemon()
    os.kill(pid, 9)
    wait_for("a dead mount", lambda: not alive(mount.point))
    fails(75, EASFS, "status", mount.point, words="gone")
    again = run(EASFS, "mount", mount.point, *mount.options)
    equal(again.stderr, "", "the mount over a dead one")
    equal(mount.ls("Calendar"), ["standup.ics"])
    os.kill(mount.daemon(), 9)
    wait_for("a dead mount again", lambda: not alive(mount.point))
    run(EASFS, "umount", mount.point)
    mount.mounted = os.path.ismount(mount.point)
    equal(mount.mounted, False, "a dead mount after umount")


def alive(path):
    try:
        os.statvfs(path)
        return True
    except OSError:
        return False


@test
def the_replica_is_verified_measured_and_wiped(scratch):
    box(scratch)
    server = scratch.easd()
    mount = scratch.mount(server)
    mount.sync()
    state = ["--state", mount.state]
    truth("sound" in run(EASFS, "cache", "verify", *state).stdout, "verify of a mounted one")
    fails(75, EASFS, "cache", "wipe", *state, words="in use")
    mount.umount()
    truth("sound" in run(EASFS, "cache", "verify", *state).stdout, "verify")
    told = dict(line.split()[:2] for line in run(EASFS, "cache", "size", *state).stdout.splitlines())
    truth(int(told["items"]) == 5 and int(told["bodies"]) > 0, "size: %r" % told)
    with open(os.path.join(mount.state, "bodies", os.listdir(os.path.join(mount.state, "bodies"))[0]), "r+b") as pack:
        pack.write(b"\0")
    truth("damaged" in run(EASFS, "cache", "verify", *state, code=74).stdout, "verify of a damaged one")
    run(EASFS, "cache", "wipe", *state)
    fails(74, EASFS, "cache", "verify", *state, words="no replica")
    again = scratch.mount(server)
    again.sync()
    equal(again.ls("Calendar"), ["standup.ics"], "after the wipe")


@test
def an_export_goes_on_where_it_was(scratch):
    box(scratch)
    server = scratch.easd()
    export = [EASFS, "export", scratch.path("out"), *server.credentials(), "--state", scratch.path("state")]
    equal(run(*export).stdout, "5 written, 0 there already\n")
    files = sorted(os.path.join(root, name) for root, _, names in os.walk(scratch.path("out")) for name in names)
    os.unlink(files[0])
    write(files[1], "cut")
    equal(run(*export).stdout, "2 written, 3 there already\n")
    fails(64, *export, "--layout", "maildir", words="maildir")
    server.stop()
    fails(75, *export, words="--offline")
    equal(run(*export, "--offline").stdout, "0 written, 5 there already\n")


if __name__ == "__main__":
    harness.main()
