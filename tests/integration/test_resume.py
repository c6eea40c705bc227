#!/usr/bin/env python3
"""A first sync that dies in the middle. Catches: items asked for twice, lost or doubled after a
kill -9, names and inodes that differ from an undisturbed sync, a store that needs mending by hand."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, equal, message, read, run, test, tree, truth, wait_for, write

MESSAGES = 3000


def fill(scratch):
    box = scratch.path("mailbox")
    for number in range(MESSAGES):
        # Every tenth shares its name with the one before it, so that doubles are numbered.
        write("%s/Mail/%s/%05d.eml" % (box, "Inbox" if number % 3 else "Archive/Old", number),
              message("Message %d" % (number - (number % 10 == 9)), body="x" * (number % 4000) + "\r\n",
                      date="Mon, 02 Nov 2026 %02d:%02d:00 +0000" % (number // 60 % 24, number % 60), ident=str(number)))
    return box


def requests(directory):
    return len([name for name in os.listdir(directory) if "Sync-request" in name or "ItemOperations-request" in name])


@test
def a_killed_first_sync_goes_on_where_it_was(scratch):
    box = fill(scratch)
    server = scratch.easd()
    whole = scratch.mount(server, "--trace", scratch.path("trace-whole"), point="whole", state="whole-state")
    whole.sync()
    wanted = tree(whole.point)
    equal(len([v for v in wanted.values() if v]), MESSAGES, "files of the undisturbed sync")
    whole.umount()

    kills = 0
    for _ in range(4):
        mount = scratch.mount(server, "--trace", scratch.path("trace"))
        seen = sum(f["items"] for f in mount.status()["folders"])

        def further():
            status = mount.status()
            items = sum(f["items"] for f in status["folders"])
            return items > seen or (items == MESSAGES and not any(f["bodies_missing"] for f in status["folders"]))
        wait_for("more of the mailbox", further)
        mount.kill()
        kills += 1
    mount = scratch.mount(server, "--trace", scratch.path("trace"))
    mount.sync()
    equal(tree(mount.point), wanted, "the tree after %d kills" % kills)
    mount.umount()
    check = run(EASFS, "cache", "verify", "--state", mount.state)
    equal(check.returncode, 0, check.stdout)
    # Each kill may cost the window it cut, the folder list and one settling request a folder; not the whole.
    once, again = requests(scratch.path("trace-whole")), requests(scratch.path("trace"))
    truth(again <= once + kills * 14, "%d requests instead of %d" % (again, once))


@test
def a_warm_mount_asks_for_nothing_it_has(scratch):
    write(scratch.path("mailbox/Mail/Inbox/a.eml"), message())
    server = scratch.easd()
    first = scratch.mount(server)
    first.sync()
    first.umount()
    second = scratch.mount(server, "--trace", scratch.path("trace"))
    second.sync()
    for name in sorted(os.listdir(scratch.path("trace"))):
        if "Sync-response" in name:
            truth(b"<Add>" not in read(scratch.path("trace", name)), name + " brought an item again")


if __name__ == "__main__":
    harness.main()
