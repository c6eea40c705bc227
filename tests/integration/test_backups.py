#!/usr/bin/env python3
"""Two backups over a remount, with no change on the server between them, find no file changed; also after a session of edits.
Catches: an inode, a time or a size that a remount moves, a time that the acknowledgement of an edit moves."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import card, event, note, todo
from harness import equal, message, run, test, truth, write


def edited(scratch):
    """A mailbox with a bit of everything, mounted, and a session of edits in it, acknowledged."""
    server = scratch.easd()
    for number in range(20):
        server.put("Mail/Inbox/%d.eml" % number, message("Number %d" % number))
        server.put("Calendar/%d.ics" % number, event("Meeting %d" % number, uid="m%d" % number))
        server.put("Contacts/%d.vcf" % number, card("Jane Number%d" % number))
    server.put("Tasks/1.ics", todo("Report"))
    server.put("Notes/1.ics", note("Idea"))
    mount = scratch.mount(server)
    mount.sync()
    write(scratch.path("new.vcf"), card("John Doe"))
    run("sh", "-ec", "sed -i s/Meeting/Talk/ Calendar/*.ics; cp %s Contacts/; rm Contacts/*Number7.vcf; mkdir Mail/Filed; "
        "mv Mail/Inbox/*'Number 3.eml' Mail/Filed; setfattr -n user.eas.read -v 1 Mail/Inbox/*'Number 4.eml'; "
        "echo scratch > Calendar/.x~; echo blue > Calendar/color; echo half > Tasks/half.ics || true" % scratch.path("new.vcf"), cwd=mount.point)
    mount.sync()
    return server, mount


def again(scratch, server, mount):
    mount.umount()
    mount = scratch.mount(server)
    mount.sync()
    return mount


@test
def rsync_finds_nothing_changed(scratch):
    server, mount = edited(scratch)
    copy = ["rsync", "-aX", "--delete", "--itemize-changes", mount.point + "/", scratch.path("copy")]
    truth(len(run(*copy).stdout.splitlines()) > 60, "the first copy")
    equal(run(*copy).stdout, "", "the second copy")
    again(scratch, server, mount)
    equal(run(*copy).stdout, "", "the copy after a remount")


@test
def restic_finds_nothing_changed(scratch):
    server, mount = edited(scratch)
    store = write(scratch.path("restic-password"), "secret\n")
    restic = ["restic", "--quiet", "--no-cache", "-r", scratch.path("restic"), "-p", store]
    run(*restic, "init")

    def backup():
        told = run(*[word for word in restic if word != "--quiet"], "backup", "--json", mount.point).stdout
        last = json.loads(told.splitlines()[-1])
        return last["files_new"], last["files_changed"], last["files_unmodified"]
    new, _, _ = backup()
    truth(new > 60, "only %d files in the first backup" % new)
    equal(backup(), (0, 0, new), "the second backup")
    again(scratch, server, mount)
    equal(backup(), (0, 0, new), "the backup after a remount")


if __name__ == "__main__":
    harness.main()
