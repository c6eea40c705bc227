#!/usr/bin/env python3
"""A mailbox of the real server found with an address and a password alone, by each way of discovery in turn, and
diagnosed as healthy to its first message. Catches a way that works only with servers of our own making, a step of
doctor's that a real server takes badly, and a mount that does not use the name server it is given."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import certs
import harness
import rig as rigs
from harness import EASFS, equal, message, run, test, truth, write
from nameserver import NameServer
from lab import PATH, POX, away, xml
from websites import Answer, Relay, Site, free_address

rig = rigs.Rig("/tmp/easfs-rig-%d" % os.getpid(), ["alice"])
EMAIL, MAIL, HOST = "alice@" + rigs.DOMAIN, "mail." + rigs.DOMAIN, "autodiscover." + rigs.DOMAIN


class World:
    """The domain of the rig, with its server at port 443 of an address of its own."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.dns = scratch.enter_context(NameServer())
        self.dns.exists(rigs.DOMAIN)
        self.authority = certs.Authority(scratch.path("ca"))
        self.password = write(scratch.path("password"), rig.password("alice") + "\n")
        os.chmod(self.password, 0o600)
        self.name(MAIL, lambda address, pair: Relay(address, rig.port["http"], pair))

    def name(self, host, make):
        address = free_address()
        self.dns.a(host, address)
        return self.scratch.enter_context(make(address, self.authority.issue(host)))

    def autodiscover(self, host):
        """Behind a log-in, as Exchange has it."""
        def answer(ask):
            if ask.basic() != (EMAIL, rig.password("alice")):
                return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return xml("<Action><Settings><Server><Type>MobileSync</Type><Url>https://%s%s</Url></Server></Settings>"
                       "</Action>" % (MAIL, PATH))
        self.name(host, lambda address, pair: Site(address, answer, pair))

    def options(self):
        return ["--password-file", self.password, "--resolver", self.dns.where, "--ca-file", self.authority.ca]

    def doctor(self, way, *extra):
        done = run(EASFS, "doctor", "--json", *extra, *self.options(), code=None)
        lines = {line["step"]: line for line in map(json.loads, done.stdout.splitlines())}
        equal((done.returncode, lines[way]["result"]), (0, "ok"), done.stdout + done.stderr)
        truth(MAIL in lines[way]["text"], lines[way]["text"])
        equal([lines[step]["result"] for step in ("options", "provision", "folders", "item", "ping")], ["ok"] * 5,
              done.stdout)
        truth("first message" in lines["item"]["text"], lines["item"]["text"])


@test
def by_the_domain(scratch):
    world = World(scratch)
    world.autodiscover(rigs.DOMAIN)
    world.doctor("autodiscover-domain", EMAIL)


@test
def by_autodiscover_of_the_domain(scratch):
    world = World(scratch)
    world.autodiscover(HOST)
    world.doctor("autodiscover-host", EMAIL)


@test
def by_a_plain_redirect(scratch):
    world = World(scratch)
    address = free_address()
    world.dns.a(HOST, address)
    scratch.enter_context(Site(address, lambda ask: away("https://pox.%s%s" % (rigs.DOMAIN, POX))))
    world.autodiscover("pox." + rigs.DOMAIN)
    world.doctor("autodiscover-redirect", EMAIL)


@test
def by_srv(scratch):
    world = World(scratch)
    world.dns.srv("_autodiscover._tcp." + rigs.DOMAIN, "pox." + rigs.DOMAIN)
    world.autodiscover("pox." + rigs.DOMAIN)
    world.doctor("autodiscover-srv", EMAIL)


@test
def by_mx(scratch):
    world = World(scratch)
    world.dns.mx(rigs.DOMAIN, MAIL)
    world.doctor("autodiscover-mx", EMAIL)


@test
def by_its_name_and_then_mounted(scratch):
    world = World(scratch)
    world.doctor("config", "--server", MAIL, "--user", EMAIL)
    mount = scratch.mount(["--server", MAIL, "--user", EMAIL, *world.options()])
    mount.sync()
    truth(any("Found" in name for name in mount.ls("Mail", "INBOX" if "INBOX" in mount.ls("Mail") else "Inbox")),
          "the message")


if __name__ == "__main__":
    rigs.serve(rig, lambda: rig.deliver("alice", [message("Found")]))
