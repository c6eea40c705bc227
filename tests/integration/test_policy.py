#!/usr/bin/env python3
"""Policies through the mount: what a server demands and what a mount says of it. Catches: a policy acknowledged that is
not kept, a limit of age that is not asked for at the protocol, a refusal without its sentence."""
import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import event
from harness import equal, message, test, truth, write
from keyring import Keyring


def policy(scratch, *settings):
    return ["--policy-file", write(scratch.path("policy"), "\n".join(settings) + "\n")]


def demanding(scratch, *settings, extra=()):
    """easd whose policy has these settings."""
    return scratch.easd(extra=[*policy(scratch, *settings), *extra])


def restart(server, *options):
    server.stop()
    server.extra = list(options)
    server.start()


def days_ago(days):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)).strftime(
        "%a, %d %b %Y %H:%M:%S +0000")


def fill(server):
    server.put("Mail/Inbox/old.eml", message("Old", date=days_ago(12)))
    server.put("Mail/Inbox/new.eml", message("New", date=days_ago(1)))


@test
def a_policy_is_told_in_words(scratch):
    server = demanding(scratch, "AllowCamera=0", "RequireManualSyncWhenRoaming=1", "MaxEmailAgeFilter=5",
                       "DevicePasswordEnabled=1", "MinDevicePasswordLength=6")
    fill(server)
    mount = scratch.mount(server)
    mount.sync()
    text = mount.read(".easfs", "status").decode()
    for line in ("kept: MaxEmailAgeFilter=5 (", "not kept: DevicePasswordEnabled=1 (", "the machine's own: AllowCamera=0",
                 "not known: RequireManualSyncWhenRoaming=1 ("):
        truth(line in text, "%r is not in\n%s" % (line, text))
    truth("AllowHTMLEmail" not in text, "what asks for nothing is told of")
    truth("not kept: DevicePasswordEnabled=1" in mount.status()["policy"], mount.status()["policy"])


@test
def the_policy_limits_the_age_at_the_protocol(scratch):
    server = demanding(scratch, "MaxEmailAgeFilter=3")
    fill(server)
    mount = scratch.mount(server, "--since", "1m")
    mount.sync()
    equal([name.split(" - ")[1] for name in mount.ls("Mail", "Inbox")], ["New.eml"])
    truth(" 1w " in mount.read(".easfs", "status").decode(), "the window in force is not told")
    mount.umount()
    # A server that demands less from now on.
    restart(server, "--policy")
    mount = scratch.mount(server, "--since", "1m")
    mount.sync()
    equal(sorted(name.split(" - ")[1] for name in mount.ls("Mail", "Inbox")), ["New.eml", "Old.eml"])


@test
def a_limit_that_comes_later_is_kept_in_a_mount_that_stays(scratch):
    server = scratch.easd(extra=["--policy"])
    fill(server)
    mount = scratch.mount(server)
    mount.sync()
    equal(len(mount.ls("Mail", "Inbox")), 2)
    restart(server, *policy(scratch, "MaxEmailAgeFilter=2"))
    mount.sync()
    equal([name.split(" - ")[1] for name in mount.ls("Mail", "Inbox")], ["New.eml"])


KEY = ["--key-command", "echo " + "0123456789abcdef" * 4]


@test
def encryption_is_begun_where_it_is_demanded(scratch):
    server = demanding(scratch, "RequireDeviceEncryption=1", extra=["--policy-whole"])
    fill(server)
    failed = scratch.mount(server, state="keyless", code=78)
    truth("demands that the replica be encrypted" in failed.result.stderr and "--key-command" in failed.result.stderr,
          failed.result.stderr)
    mount = scratch.mount(server, *KEY)
    mount.sync()
    equal(len(mount.ls("Mail", "Inbox")), 2)
    truth("kept: RequireDeviceEncryption=1 (the replica is encrypted)" in mount.status()["policy"],
          mount.status()["policy"])
    truth(os.path.exists(os.path.join(mount.state, "sealed")), "it is not encrypted")
    mount.umount()
    with Keyring(scratch):
        mount = scratch.mount(server, state="keyring")
        mount.sync()
        mount.umount()
        truth(os.path.exists(os.path.join(mount.state, "sealed")), "with a keyring it is not encrypted")


@test
def what_is_here_already_is_encrypted_at_the_next_mount(scratch):
    server = demanding(scratch)
    fill(server)
    mount = scratch.mount(server)
    mount.sync()
    restart(server, *policy(scratch, "RequireStorageCardEncryption=1"))
    refused = mount.sync(code=78).stderr
    truth("mount it again" in refused, refused)
    equal(len(mount.ls("Mail", "Inbox")), 2, "it stays readable")
    truth("not kept: RequireStorageCardEncryption=1" in mount.status()["policy"], mount.status()["policy"])
    write(mount.path("Calendar", "mine.ics"), event("Mine"))
    mount.umount()
    failed = scratch.mount(server, *KEY, code=78)
    truth("Calendar/mine.ics" in failed.result.stderr and "not sent" in failed.result.stderr, failed.result.stderr)
    offline = scratch.mount(None, "--offline")
    os.remove(offline.path("Calendar", "mine.ics"))
    offline.umount()
    mount = scratch.mount(server, *KEY)
    mount.sync()
    equal(len(mount.ls("Mail", "Inbox")), 2)
    truth(os.path.exists(os.path.join(mount.state, "sealed")), "it is not encrypted")


@test
def what_is_kept_in_part_is_said_to_be(scratch):
    """A server that takes no partial answer refuses; one that does serves."""
    server = demanding(scratch, "DevicePasswordEnabled=1", extra=["--policy-whole"])
    fill(server)
    failed = scratch.mount(server, code=77)
    truth("policy asks for more than this device can promise" in failed.result.stderr, failed.result.stderr)
    restart(server, *policy(scratch, "AllowCamera=0"), "--policy-whole")
    scratch.mount(server).sync()


@test
def who_is_turned_away_hears_why(scratch):
    server = scratch.easd()
    sentences = {"status=126": (77, "switched off for the user"), "status=127": (77, "too new for this server"),
                 "status=128": (77, "too old for this server"), "status=129": (77, "blocked or in quarantine"),
                 "status=130": (77, "denies access"), "status=131": (77, "account is disabled"),
                 "status=177": (77, "number of devices"), "status=165": (77, "wants to know the device"),
                 "http=403": (77, "ActiveSync may be off for the user, or this device blocked")}
    for fault, (code, sentence) in sentences.items():
        server.fault(fault + ",FolderSync")
        failed = scratch.mount(server, state=fault, code=None)
        server.no_faults()
        said = failed.result.stderr
        truth(sentence in said or (fault == "status=165" and "policy" in said), "%s: %s" % (fault, said))
        truth(failed.result.returncode == code or fault == "status=165", "%s: %d" % (fault, failed.result.returncode))


if __name__ == "__main__":
    harness.main()
