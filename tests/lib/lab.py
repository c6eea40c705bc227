"""A broken or healthy world for doctor and discovery: a name server, an authority, web servers at addresses of their
own, and an ActiveSync server among them."""
import contextlib
import json
import os
import subprocess
import time

import harness
import oddserver
import wbxml
from harness import EASFS, truth, write
from nameserver import NameServer
from oddserver import OddServer
from wbxml import E
from websites import Answer, Site, free_address

PATH = "/Microsoft-Server-ActiveSync"
SECRET = "s3cret-of-alice"
POX = "/autodiscover/autodiscover.xml"


def xml(inner, space="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"):
    return Answer(200, '<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/'
                  'autodiscover/responseschema/2006"><Response xmlns="%s">%s</Response></Autodiscover>' % (space, inner),
                  "text/xml")


def away(location, code=302):
    return Answer(code, headers={"Location": location})


class Lab(contextlib.ExitStack):
    """One set-up: a name server, an authority, sites. Its domain is example.test, its server mail.example.test."""

    def __init__(self, scratch, authority, other):
        super().__init__()
        self.scratch, self.authority, self.other = scratch, authority, other
        self.dns = self.enter_context(NameServer())
        self.dns.exists("example.test")
        self.address = free_address()
        self.dns.a("mail.example.test", self.address)
        self.options, self.environment, self.email = ["--server", "mail.example.test"], {}, None
        self.secret, self.ca = SECRET, authority.ca
        self.tokens = None  # a file of good ones; then no password is
        self.users, self.holds_ping = ("alice", "alice@example.test"), False
        self.sites = []  # (host, Site)

    def certificate(self, *names, **more):
        return self.authority.issue(*(names or ["mail.example.test"]), **more)

    def site(self, answer, certificate=None, host=None, plain=False, **more):
        """A site at the server's address, or at one of its own with the name host."""
        address = self.address
        if host and host != "mail.example.test":
            address = free_address()
            self.dns.a(host, address)
        if not plain and certificate is None:
            certificate = self.certificate(host or "mail.example.test")
        site = self.enter_context(Site(address, answer, certificate, **more))
        self.sites.append((host or "mail.example.test", site))
        return site

    def told(self):
        """The hosts that were told the password, or any other."""
        return sorted({host for host, site in self.sites for ask in site.asks if ask.headers.get("Authorization")})

    def server(self, answer=None, **more):
        """An ActiveSync server with an Inbox; answer(ask) may answer in its place. Sets self.odd."""
        self.odd = OddServer()
        self.odd.folder("Inbox", oddserver.INBOX)
        self.odd.mail(self.odd.find("Inbox"), harness.message("Hello"), "Hello")
        return self.site(lambda ask: (answer(ask) if answer else None) or self.active_sync(ask), **more)

    def active_sync(self, ask):
        if ask.path.rstrip("/") != PATH:
            return Answer(404)
        if self.tokens:
            kind, _, token = (ask.headers.get("Authorization") or "").partition(" ")
            if kind != "Bearer" or token not in harness.read(self.tokens).decode().split():
                return Answer(401, headers={"WWW-Authenticate": 'Bearer realm=""', "MS-Server-ActiveSync": "15.20"})
        elif ask.basic() not in [(user, SECRET) for user in self.users]:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="mail"', "MS-Server-ActiveSync": "15.2"})
        root = wbxml.read(ask.body) if ask.body else None
        if ask.command == "Ping" and not self.holds_ping:
            said = E("Ping:Ping", E("Status", "5"), E("HeartbeatInterval", "60"))
            return Answer(200, wbxml.write(said), oddserver.WBXML_TYPE)
        said = self.odd.serve(oddserver.Request(ask.command, root, ask.headers, ask.body, len(self.odd.requests)))
        headers = {"MS-Server-ActiveSync": "15.2", **{n.replace("_", "-"): v for n, v in said.headers.items() if v}}
        return Answer(said.code, said.body, said.kind, headers=headers, drop=said.drop, hang=said.hang)

    def run(self, timeout=120):
        """doctor's lines, its exit code, and how long it took."""
        begin = time.monotonic()
        done = subprocess.run(self.command(), capture_output=True, text=True, timeout=timeout,
                              env={**os.environ, "no_proxy": "", "ASAN_OPTIONS": "detect_leaks=1",
                                   "UBSAN_OPTIONS": "print_stacktrace=1", **self.environment})
        took = time.monotonic() - begin
        truth("Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr[:20000])
        truth(SECRET not in done.stdout + done.stderr, "the password was told")
        try:
            return [json.loads(line) for line in done.stdout.splitlines()], done.returncode, took
        except ValueError:
            raise AssertionError("no JSON: " + done.stdout + done.stderr)

    def command(self):
        password = write(self.scratch.path("password"), self.secret + "\n")
        os.chmod(password, 0o600)
        out = [EASFS, "doctor", *([self.email] if self.email else []), "--json", "--resolver", self.dns.where,
               *([] if self.tokens else ["--password-file", password]), *self.options]
        if not self.email:
            out += ["--user", "alice"]
        return out + (["--ca-file", self.ca] if self.ca else [])
