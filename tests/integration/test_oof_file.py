#!/usr/bin/env python3
""".easfs/oof through the mount: read, written by what people write with, refused with its reason. Catches: a text that
is lost or taken twice, a shell's empty flush taken for a text, a refusal that nobody hears of."""
import errno
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, equal, run, test, truth

AWAY = "state scheduled\nfrom 2026-12-24T00:00:00Z\nuntil 2027-01-02T00:00:00Z\n[internal]\nAway until January.\n"


def shown(mount):
    return mount.read(".easfs", "oof").decode()


@test
def it_is_read_and_written(scratch):
    server = scratch.easd()
    mount = scratch.mount(server)
    path = mount.path(".easfs", "oof")
    truth(shown(mount).startswith("state off\n"), shown(mount))
    with open(path, "w") as file:
        file.write(AWAY)
    truth(shown(mount).startswith(AWAY), shown(mount))
    equal(run(EASFS, "oof", "show", "--mount", mount.point).stdout, shown(mount))
    subprocess.run(["sh", "-c", "echo state off > '%s'" % path], check=True)
    truth(shown(mount).startswith("state off\n"), shown(mount))
    run("cp", scratch_file(scratch, "state on\n[internal]\nBack soon.\n"), path)
    truth("state on\n" in shown(mount) and "Back soon." in shown(mount), shown(mount))
    text = shown(mount).replace("Back soon.", "Back late.")
    with open(path, "r+") as file:  # as an editor that writes in place
        file.truncate(0)
        file.write(text)
    truth("Back late." in shown(mount), shown(mount))
    for word in ("status", "events"):
        try:
            open(mount.path(".easfs", word), "r+").close()
        except PermissionError:
            continue
        raise AssertionError(word + " can be written")


def scratch_file(scratch, text):
    return harness.write(scratch.path("text"), text)


@test
def what_is_not_understood_fails_the_close(scratch):
    mount = scratch.mount(scratch.easd())
    path = mount.path(".easfs", "oof")
    done = run("cp", scratch_file(scratch, "state perhaps\n"), path, code=None)
    truth(done.returncode and os.strerror(errno.EINVAL) in done.stderr, done.stderr)
    first = shown(mount)
    truth(first.startswith('# not taken: "state perhaps" is not understood'), first)
    truth(shown(mount).startswith("state off\n"), "the reason stays")
    run("cp", scratch_file(scratch, first.replace("state off", "state on")), path)  # the line may stand
    truth(shown(mount).startswith("state on\n"), shown(mount))


@test
def nobody_answers(scratch):
    server = scratch.easd()
    mount = scratch.mount(server)
    server.fault("status=3,Settings")
    try:
        shown(mount)
    except OSError as error:
        truth(error.errno in (errno.EIO, errno.ETIMEDOUT), str(error))
    else:
        raise AssertionError("something was read")
    truth("account" in mount.read(".easfs", "status").decode(), "the other files wait for it")


if __name__ == "__main__":
    harness.main()
