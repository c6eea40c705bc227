#!/usr/bin/env python3
"""What is removed: items, with their grace and their brake, and folders. Catches: more deletions than a person meant, a
deletion that comes before its time or never, one that takes what was written anew, an item or folder that does not end
where the user looks for it, a folder of which something is lost."""
import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import attribute, card, event, journal, note, server_items, state, todo, why
from harness import EASFS, equal, refuses, message, read, run, test, truth, wait_for, write

VERSIONS = ("14.1", "16.1")
KINDS = {"Calendar": (".ics", event), "Contacts": (".vcf", card), "Tasks": (".ics", todo), "Notes": (".ics", note)}


def started(scratch, *options, version="16.1", count=1, places=("",)):
    server = scratch.easd(extra=["--protocol", version])
    for folder, (suffix, make) in KINDS.items():
        for place in places:
            for n in range(count):
                server.put(os.path.join(folder, place, "%s%d%s" % (place, n, suffix)), make("%sitem%d" % (place, n)))
    for n in range(count):
        server.put("Mail/Inbox/%d.eml" % n, message("item%d" % n))
    mount = scratch.mount(server, *options)
    mount.sync()
    return server, mount


def there(server, *place):
    """The names in a folder of the server's directory, without those it passes over."""
    top = os.path.join(server.directory, *place)
    return sorted(name for name in os.listdir(top) if not name.startswith(".")) if os.path.isdir(top) else None


# ---- items ----

@test
def too_many_deletions_wait_for_a_person(scratch):
    """In whatever folders they are; deletions of one minute are counted together, also those that went out already."""
    server, mount = started(scratch, "--max-deletes", "6", count=2)
    paths = [mount.path(folder, name) for folder in KINDS for name in mount.ls(folder)]
    before = {folder: server_items(server, folder) for folder in KINDS}
    contents = {path: read(path) for path in paths}
    for path in paths:
        os.unlink(path)
    done = mount.sync("--strict", code=65)
    truth("max-deletes" in done.stderr, done.stderr)
    equal({folder: server_items(server, folder) for folder in KINDS}, before, "the server")
    equal([(row["kind"], row["state"]) for row in journal(mount)], [("delete", "held")] * 8)
    equal({path: read(path) for path in paths}, contents, "they can be seen")
    mount.umount()
    mount = scratch.mount(server, "--max-deletes", "6")
    mount.sync("--strict", code=65)
    equal({folder: server_items(server, folder) for folder in KINDS}, before, "the server after a remount")
    run(EASFS, "discard", paths[0])  # one is kept, the others go
    run(EASFS, "retry", *paths[1:])
    mount.sync("--strict")
    equal([path for path in paths if os.path.exists(path)], paths[:1])
    equal(sum(len(server_items(server, folder)) for folder in KINDS), 1)


@test
def no_brake_where_none_is_wanted(scratch):
    server, mount = started(scratch, "--max-deletes", "0", count=4)
    for folder in KINDS:
        for name in mount.ls(folder):
            os.unlink(mount.path(folder, name))
    mount.sync("--strict")
    equal([server_items(server, folder) for folder in KINDS], [{}] * 4)


@test
def a_removal_has_its_grace(scratch):
    """It goes out by itself when the grace is over, and by the umount before; not before, unless sync asks for it."""
    server, mount = started(scratch, count=2)
    path = mount.path("Calendar", "item0.ics")
    os.unlink(path)
    truth(not os.path.exists(path), "it can be seen")
    truth("item0" in server_items(server, "Calendar"), "it went at once")
    wait_for("it to go by itself", lambda: "item0" not in server_items(server, "Calendar"))
    os.unlink(mount.path("Calendar", "item1.ics"))
    mount.umount()
    equal(server_items(server, "Calendar"), {}, "after the umount")


@test
def in_its_grace_it_comes_back_under_its_name_or_another(scratch):
    server, mount = started(scratch)
    for folder, (suffix, make) in KINDS.items():
        path = mount.path(folder, "item0" + suffix)
        ident = attribute(path, "server-id")
        os.unlink(path)
        write(path, make("item0 new"))
        equal(attribute(path, "server-id"), ident, folder)
        mount.sync("--strict")
        os.unlink(path)  # another name is another file, of the same UID
        write(mount.path(folder, "other" + suffix), make("item0 other", uid="item0@example.test"))
        mount.sync("--strict")
        found = server_items(server, folder)
        equal((list(found), mount.ls(folder)), (["item0"], ["other" + suffix]), folder)
        truth(b"other" in found["item0"], found)


@test
def who_carries_the_identity_takes_it_along(scratch):
    """Renamed to a scratch name and removed there, it is deleted; a scratch file beside it is not it."""
    server, mount = started(scratch)
    for folder, (suffix, make) in KINDS.items():
        path = mount.path(folder, "item0" + suffix)
        write(path + "~", "a scratch file")
        os.unlink(path + "~")
        mount.sync("--strict")
        equal(list(server_items(server, folder)), ["item0"], folder + " after a scratch file's removal")
        os.rename(path, path + "~")
        mount.sync("--strict")
        equal(list(server_items(server, folder)), ["item0"], folder + " under a scratch name")
        os.unlink(path + "~")
        mount.sync("--strict")
        equal((server_items(server, folder), mount.ls(folder)), ({}, []), folder)


@test
def what_is_removed_is_in_deleted_items_and_there_for_good(scratch):
    server, mount = started(scratch)
    name, = mount.ls("Mail", "Inbox")
    os.unlink(mount.path("Mail", "Inbox", name))
    mount.sync("--strict")
    equal((there(server, "Mail", "Inbox"), mount.ls("Mail", "Deleted Items")), ([], [name]))
    os.unlink(mount.path("Mail", "Deleted Items", name))
    mount.sync("--strict")
    equal((there(server, "Mail", "Deleted Items"), mount.ls("Mail", "Deleted Items")), ([], []))


# ---- folders ----

DEFAULTS = ("Mail", "Mail/Inbox", "Mail/Drafts", "Mail/Sent Items", "Mail/Deleted Items", "Calendar", "Contacts", "Tasks",
            "Notes", "Outbox")


@test
def default_folders_stay(scratch):
    server, mount = started(scratch, count=0)
    before = mount.ls("."), mount.ls("Mail")
    for place in DEFAULTS:
        refuses(errno.EPERM, os.rmdir, mount.path(place))
    mount.sync("--strict")
    equal((mount.ls("."), mount.ls("Mail")), before)


@test
def a_folder_that_is_not_all_here_stays(scratch):
    """Older mail than was asked for is on the server only: rmdir of what looks empty would take it along."""
    server = scratch.easd()
    server.put("Mail/Old/1.eml", message("Ancient", date="Mon, 02 Nov 2009 09:15:33 +0000"))
    mount = scratch.mount(server, "--since", "1d")
    mount.sync()
    equal(mount.ls("Mail", "Old"), [])
    refuses(errno.EPERM, os.rmdir, mount.path("Mail", "Old"))
    mount.sync("--strict")
    equal(there(server, "Mail", "Old"), ["1.eml"])


def at_each(body):
    for version in VERSIONS:
        def function(scratch, version=version):
            body(scratch, version)
        function.__name__ = "%s_at_%s" % (body.__name__, version.replace(".", "_"))
        test(function)
    return body


@at_each
def folders_of_each_class_are_made_filled_renamed_and_removed(scratch, version):
    server, mount = started(scratch, version=version, count=0)
    for folder in ("Mail", *KINDS):
        os.makedirs(mount.path(folder, "Outer", "Inner"))
    mount.sync("--strict")
    for folder, (suffix, make) in KINDS.items():
        write(mount.path(folder, "Outer", "Inner", "x" + suffix), make("Within"))
    for folder in ("Mail", *KINDS):
        os.rename(mount.path(folder, "Outer"), mount.path(folder, "Renamed"))
    mount.sync("--strict")
    for folder in KINDS:
        equal(list(server_items(server, folder + "/Renamed/Inner")), ["Within"], folder)
        refuses(errno.ENOTEMPTY, os.rmdir, mount.path(folder, "Renamed"))
        refuses(errno.ENOTEMPTY, os.rmdir, mount.path(folder, "Renamed", "Inner"))
        os.unlink(mount.path(folder, "Renamed", "Inner", "x" + KINDS[folder][0]))
    for folder in ("Mail", *KINDS):
        os.rmdir(mount.path(folder, "Renamed", "Inner"))
        os.rmdir(mount.path(folder, "Renamed"))
    mount.sync("--strict")
    # Mail's are in Deleted Items, each by itself as it was removed, and there for good.
    equal((mount.ls("Mail", "Deleted Items"), there(server, "Mail", "Deleted Items")), (["Inner", "Renamed"],) * 2)
    for name in ("Inner", "Renamed"):
        os.rmdir(mount.path("Mail", "Deleted Items", name))
    mount.sync("--strict")
    equal((mount.ls("Mail", "Deleted Items"), there(server, "Mail", "Deleted Items")), ([], []))
    for folder in ("Mail", *KINDS):
        truth("Renamed" not in there(server, folder), there(server, folder))
        truth("Renamed" not in mount.ls(folder), mount.ls(folder))


@at_each
def a_lost_answer_or_request_to_a_folders_change_is_settled(scratch, version):
    server, mount = started(scratch, version=version, count=0)
    for kind in ("lost-answer", "lost-request"):
        for folder in ("Mail", *KINDS):
            os.mkdir(mount.path(folder, "Made"))
        mount.sync("--strict")
        for folder in ("Mail", *KINDS):
            for command, change in (("FolderUpdate", lambda: os.rename(mount.path(folder, "Made"), mount.path(folder, "Named"))),
                                    ("FolderDelete", lambda: os.rmdir(mount.path(folder, "Named")))):
                server.fault("%s,FolderUpdate,FolderDelete,next=1" % kind)
                change()
                mount.sync(code=None)
                mount.sync("--strict", "--timeout", "60")
                names = {"FolderUpdate": ["Named"], "FolderDelete": []}[command]
                what = "%s of %s in %s" % (kind, command, folder)
                equal([name for name in there(server, folder) if name in ("Made", "Named")], names, what)
                equal([name for name in mount.ls(folder) if name in ("Made", "Named")], names, what)
                equal((journal(mount), mount.status()["state"]), ([], "online"), what)
        equal(server.no_faults()[kind], 2 * (1 + len(KINDS)), "faults")


if __name__ == "__main__":
    harness.main()
