"""What the tests through the mounted file system share: servers, mounts, and how results are told.

A test file defines functions marked @test and ends with harness.main(). Each function gets a
scratch directory of its own; what it registers with the Scratch is undone afterwards, newest first.
Every result is one line: "ok NAME", "not ok NAME", or "ok NAME # SKIP why" (only for what needs
../shared). EASFS_BUILD names the build under test (default: build).
"""
import base64
import contextlib
import errno
import faulthandler
import functools
import hashlib
import http.client
import importlib.machinery
import importlib.util
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("EASFS_BUILD", "build"))
EASFS = os.path.join(BUILD, "easfs")
EASD = os.path.join(BUILD, "easd")
SUPPRESSIONS = os.path.join(TOP, "tests", "lib", "leaks.supp")
SHARED = os.environ.get("EASFS_SHARED", os.path.join(TOP, "..", "shared"))

tests = []


class Skip(Exception):
    """Raised where something of ../shared is absent; nothing else may skip."""


def test(function):
    tests.append(function)
    return function


def shared(path):
    """A path below ../shared; skips the test when it is not there."""
    full = os.path.join(SHARED, path)
    if not os.path.exists(full):
        raise Skip("../shared/%s is not there" % path)
    return full


def equal(got, wanted, what="value"):
    if got != wanted:
        raise AssertionError("%s: got %.400r, wanted %.400r" % (what, got, wanted))


def truth(condition, what):
    if not condition:
        raise AssertionError(what)


def refuses(wanted, function, *arguments):
    """The call raises the OSError of this errno."""
    try:
        function(*arguments)
    except OSError as error:
        equal(errno.errorcode[error.errno], errno.errorcode[wanted], repr((function, arguments)))
        return
    raise AssertionError("%r was let through" % ((function, arguments),))


def wait_for(what, condition, seconds=30):
    """Asks again and again until it is so: for states that no event announces."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain for %s" % (seconds, what))
        time.sleep(0.02)


def run(*command, code=0, text=True, timeout=120, **more):
    """Runs a command, wants its exit code (None: any), returns the CompletedProcess."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=text, timeout=timeout, **more)
    if code is not None and done.returncode != code:
        raise AssertionError("%s: exit %d, wanted %d\n%s%s" %
                             (" ".join(map(str, command)), done.returncode, code, done.stdout, done.stderr))
    return done


def is_gone(pid):
    """A process that has ended, also where nobody collects it."""
    try:
        return read("/proc/%d/stat" % pid).rsplit(b")", 1)[1].split()[0] == b"Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


def tree(top, content=True):
    """{relative path: bytes or None for a directory} of everything below top."""
    found = {}
    for root, directories, files in os.walk(top):
        for name in directories:
            found[os.path.relpath(os.path.join(root, name), top)] = None
        for name in files:
            path = os.path.join(root, name)
            found[os.path.relpath(path, top)] = hashlib.sha256(read(path)).hexdigest() if content else ""
    return found


def message(subject="Hello", sender="Alice Smith <alice@example.test>", date="Mon, 02 Nov 2026 09:15:33 +0000",
            body="Text.\r\n", ident=None):
    ident = ident or hashlib.md5((subject + sender + str(date) + body).encode()).hexdigest()
    return ("From: %s\r\nTo: Bob <bob@example.test>\r\nDate: %s\r\nSubject: %s\r\nMessage-ID: <%s@example.test>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s" %
            (sender, date, subject, ident, body)).encode()


class Scratch(contextlib.ExitStack):
    """A directory for one test, and the undoing of what the test started."""

    def __init__(self, name):
        super().__init__()
        self.dir = tempfile.mkdtemp(prefix="easfs-%s-" % name)
        self.callback(shutil.rmtree, self.dir, True)
        # A daemon has no terminal to complain to: the sanitizers write to files, looked at when all has ended.
        log = "log_path=" + self.path("sanitizer")
        os.environ.update(ASAN_OPTIONS="detect_leaks=1:" + log, UBSAN_OPTIONS="print_stacktrace=1:" + log,
                          LSAN_OPTIONS="print_suppressions=0:suppressions=" + SUPPRESSIONS)
        # Neither the accounts nor the keyring nor the clock of whoever runs the tests.
        os.environ.update(XDG_CONFIG_HOME=self.path("config"), XDG_STATE_HOME=self.path("states"),
                          XDG_RUNTIME_DIR=self.path("run"), TZ="UTC")
        os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
        self.callback(self.no_sanitizer_reports)

    def no_sanitizer_reports(self):
        reports = [read(self.path(name)) for name in sorted(os.listdir(self.dir)) if name.startswith("sanitizer.")]
        truth(not reports, b"\n".join(reports)[:20000].decode(errors="replace"))

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def easd(self, mailbox=None, user="alice", extra=(), password="secret"):
        """easd on a free port, serving the directory (default: DIR/mailbox). Returns an Easd."""
        return self.enter_context(Easd(self, mailbox or self.path("mailbox"), user, extra, password))

    def mount(self, server, *extra, **more):
        """Mounts; waits until it is there; unmounts at the end. Returns a Mount."""
        return self.enter_context(Mount(self, server, *extra, **more))


class Easd:
    def __init__(self, scratch, directory, user, extra, password):
        self.directory, self.user = directory, user
        os.makedirs(directory, exist_ok=True)
        self.password_file = write(scratch.path("password"), password + "\n")
        os.chmod(self.password_file, 0o600)
        self.log = open(scratch.path("easd.log"), "ab")
        self.extra, self.port = list(extra), 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [EASD, "--mailbox", "%s=%s" % (self.user, self.directory), "--listen", "127.0.0.1:%d" % self.port,
             "--password-file", self.password_file, *self.extra], stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if "listening on" not in line:
            raise AssertionError("easd did not start: %r; %s" % (line, read(self.log.name).decode()[-2000:]))
        self.url = line.split("listening on", 1)[1].split()[0]
        self.port = int(self.url.split(":")[2].split("/")[0])

    def stop(self, kill=False):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            code = self.stop()
            if code != 0:
                sys.stderr.write(read(self.log.name).decode(errors="replace")[-4000:])
                raise AssertionError("easd ended with %d" % code)

    def put(self, path, content):
        """A file appears in the mailbox, whole at once."""
        full = os.path.join(self.directory, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        new = os.path.join(os.path.dirname(full), ".new~")
        write(new, content)
        os.rename(new, full)
        return full

    def ask_faults(self, method, body=None):
        """The control path of --fault; returns what is set and how often each kind fired."""
        host = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        pair = base64.b64encode(("%s:%s" % (self.user, read(self.password_file).decode().strip())).encode()).decode()
        with contextlib.closing(host):
            host.request(method, "/easd/faults", body, {"Authorization": "Basic " + pair})
            answer = host.getresponse()
            text = answer.read().decode()
        if answer.status != 200:
            raise AssertionError("%s /easd/faults: %d %s" % (method, answer.status, text))
        return json.loads(text)

    def fault(self, *specs):
        """Sets faults besides those already set."""
        return self.ask_faults("POST", "\n".join(specs))

    def no_faults(self):
        """Takes every fault away; returns {kind: how often it fired}."""
        return self.ask_faults("DELETE")["fired"]

    def fired(self):
        return self.ask_faults("GET")["fired"]

    def credentials(self):
        return ["--server", self.url, "--user", self.user, "--password-file", self.password_file, "--insecure-http"]


@functools.lru_cache(None)
def validator():
    """The check of ../shared against Microsoft's schemas, or None where it is not at hand."""
    path = os.path.join(SHARED, "protocol", "validate")
    if not os.path.exists(path):
        return None
    loader = importlib.machinery.SourceFileLoader("validate", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("validate", loader))
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    module.load_pages, module.Schemas = functools.lru_cache(None)(module.load_pages), functools.lru_cache(None)(module.Schemas)
    return module


@functools.lru_cache(100000)
def faults_of(version, text):
    """What is wrong with one request, or nothing; the same one is looked at once."""
    with tempfile.NamedTemporaryFile("w") as file, contextlib.redirect_stdout(io.StringIO()) as told:
        file.write(text)
        file.flush()
        code = validator().main(["--version", version, file.name])
    return told.getvalue() if code else ""


def requests_are_valid(trace):
    """Every request of a trace by the schemas of the version it went by, where they are at hand."""
    if not validator() or not os.path.isdir(trace):
        return
    for name in sorted(os.listdir(trace)):
        if name.endswith("-request.xml"):
            text = read(os.path.join(trace, name)).decode()
            version = re.search(r"^MS-ASProtocolVersion: (\S+)", text, re.M)
            if not version or not text.rstrip().endswith(">"):
                continue  # the daemon was killed as it wrote this
            version = version.group(1)
            wrong = faults_of(version, re.sub("<!--.*?-->", "", text, flags=re.S))
            truth(not wrong, "%s at %s: %s" % (name, version, wrong))


class Mount:
    """server: an Easd, or a list of options that name server and credentials, or None for --offline."""

    def __init__(self, scratch, server, *extra, point="mnt", state="state", code=0, timeout=120):
        self.point, self.state = scratch.path(point), scratch.path(state)
        os.makedirs(self.point, exist_ok=True)
        options = server.credentials() if isinstance(server, Easd) else list(server or [])
        self.options = [*options, "--state", self.state, *extra]
        self.mounted = False
        if validator() and options and "--trace" not in extra and os.environ.get("EASFS_VALIDATE") != "no":
            trace = scratch.path("trace-" + point)
            self.options += ["--trace", trace]
            scratch.callback(requests_are_valid, trace)
        self.result = run(EASFS, "mount", self.point, *self.options, code=code, timeout=timeout)
        self.mounted = self.result.returncode == 0

    def path(self, *parts):
        return os.path.join(self.point, *parts)

    def read(self, *parts):
        return read(self.path(*parts))

    def ls(self, *parts):
        return sorted(os.listdir(self.path(*parts)))

    def sync(self, *extra, code=0, timeout=300):
        return run(EASFS, "sync", self.point, "--wait", *extra, code=code, timeout=timeout)

    def status(self):
        return json.loads(read(self.path(".easfs", "status.json")))

    def wrongs(self):
        """What is wrong at the moment, a line each, as `easfs status` lists it; .easfs/errors says what ever was."""
        _, _, rest = read(self.path(".easfs", "status")).decode().partition("\nleft out or held:\n")
        return [line.strip() for line in rest.split("\n\n")[0].splitlines()]

    def umount(self):
        pid = self.daemon()
        self.mounted = False
        done = run(EASFS, "umount", self.point, timeout=60)
        wait_for("the daemon to be gone", lambda: is_gone(pid))
        return done

    def kill(self):
        """The daemon dies at once; what is left of the mount is cleared away."""
        pid = self.daemon()
        self.mounted = False
        os.kill(pid, signal.SIGKILL)
        wait_for("the daemon to be gone", lambda: is_gone(pid))
        run("fusermount3", "-uz", self.point, code=None)

    def daemon(self):
        """The daemon's pid, from the lock it holds in the state directory."""
        return int(read(os.path.join(self.state, "lock")).split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.mounted:
            try:
                self.umount()
            except Exception:
                run("fusermount3", "-uz", self.point, code=None)
                raise


def main():
    """Runs the tests of a file, or those named on the command line. Exit 1 if one failed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    faulthandler.register(signal.SIGUSR1)   # what guard.py asks for
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    failed = 0
    for function in tests:
        if sys.argv[1:] and function.__name__ not in sys.argv[1:]:
            continue
        label = "%s: %s" % (name, function.__name__.replace("_", " "))
        try:
            with Scratch(function.__name__[:30]) as scratch:
                function(scratch)
            print("ok " + label, flush=True)
        except Skip as skip:
            print("ok %s # SKIP %s" % (label, skip), flush=True)
        except Exception:
            failed += 1
            print("not ok " + label)
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
    sys.exit(1 if failed else 0)
