#!/usr/bin/env python3
"""What is done while the server cannot be reached, and the times that it leaves. Catches: a save that is sent for each of
ten, an order of folders, moves and names that the server cannot follow, something removed here that was never there, a
time that moves because the server took an edit, or one that does not move with what the user did."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import attribute, card, event, journal, note, server_items, state, todo
from harness import equal, message, read, test, truth, write

VERSIONS = ("14.1", "16.1")
KINDS = {"Calendar": (".ics", event), "Contacts": (".vcf", card), "Tasks": (".ics", todo), "Notes": (".ics", note)}


class World:
    def __init__(self, scratch, version):
        self.scratch = scratch
        self.server = scratch.easd(extra=["--protocol", version])
        for folder, (suffix, make) in KINDS.items():
            self.server.put(folder + "/old" + suffix, make("Old"))
        self.server.put("Mail/Inbox/1.eml", message("Filed"))
        self.mount = scratch.mount(self.server)
        self.mount.sync()

    def apart(self):
        self.server.stop()
        self.mount.sync("--timeout", "2", code=75)

    def meet(self):
        self.server.start()
        self.mount.sync("--strict")

    def remount(self):
        self.mount.kill()
        self.mount = self.scratch.mount(self.server)


def at_each(body):
    for version in VERSIONS:
        def function(scratch, version=version):
            body(World(scratch, version))
        function.__name__ = "%s_at_%s" % (body.__name__, version.replace(".", "_"))
        test(function)
    return body


def kinds(mount):
    return [(row["kind"], row["path"]) for row in journal(mount)]


@at_each
def many_saves_are_one_edit(world):
    mount, wanted = world.mount, []
    world.apart()
    for folder, (suffix, make) in KINDS.items():
        for turn in range(10):
            write(mount.path(folder, "Old" + suffix), make("Old turn %d" % turn))
            write(mount.path(folder, "new" + suffix), make("New turn %d" % turn))
        write(mount.path(folder, "gone" + suffix), make("Gone"))
        os.unlink(mount.path(folder, "gone" + suffix))
        wanted += [("change", "%s/Old%s" % (folder, suffix)), ("add", "%s/new%s" % (folder, suffix))]
    equal(sorted(kinds(mount)), sorted(wanted), "the queue")
    world.meet()
    for folder, (suffix, make) in KINDS.items():
        found = server_items(world.server, folder)
        equal(sorted(found), ["New", "Old"], folder)
        truth(all(b"turn 9" in content for content in found.values()), found)
        for name, title in (("Old", "Old"), ("new", "New")):
            path = mount.path(folder, name + suffix)
            equal((read(path), state(path)), (make(title + " turn 9"), "clean"))


@at_each
def a_days_work_offline_arrives_in_order(world):
    """Folders are made, filled, renamed, nested and emptied; over a crash."""
    mount = world.mount
    mail, = mount.ls("Mail", "Inbox")
    world.apart()
    for folder, (suffix, make) in KINDS.items():
        os.mkdir(mount.path(folder, "Made"))
        os.rename(mount.path(folder, "Old" + suffix), mount.path(folder, "Made", "moved" + suffix))
        write(mount.path(folder, "Made", "new" + suffix), make("New"))
        write(mount.path(folder, "Made", "gone" + suffix), make("Gone"))
        os.rename(mount.path(folder, "Made"), mount.path(folder, "Named"))
        os.unlink(mount.path(folder, "Named", "gone" + suffix))
        write(mount.path(folder, "Named", "moved" + suffix), make("Old and changed"))
        os.mkdir(mount.path(folder, "Never"))
        os.rmdir(mount.path(folder, "Never"))
    os.makedirs(mount.path("Mail", "2026", "11"))
    os.rename(mount.path("Mail", "Inbox", mail), mount.path("Mail", "2026", "11", mail))
    os.rename(mount.path("Mail", "2026"), mount.path("Mail", "Years"))
    os.setxattr(mount.path("Mail", "Years", "11", mail), "user.eas.flag", b"active")
    world.remount()
    mount = world.mount
    world.meet()
    for folder, (suffix, make) in KINDS.items():
        top = os.path.join(world.server.directory, folder)
        equal([name for name in os.listdir(top) if os.path.isdir(os.path.join(top, name))], ["Named"], folder)
        equal(server_items(world.server, folder), {}, folder)
        found = server_items(world.server, folder + "/Named")
        equal((sorted(found), b"Old and changed" in found["Old"]), (["New", "Old"], True), folder)
        equal(mount.ls(folder), ["Named"])
        equal({name: mount.read(folder, "Named", name) for name in mount.ls(folder, "Named")},
              {"moved" + suffix: make("Old and changed"), "new" + suffix: make("New")}, folder)
    equal((mount.ls("Mail", "Years", "11"), mount.ls("Mail", "Inbox")), ([mail], []))
    top = os.path.join(world.server.directory, "Mail/Years/11")
    file, = [os.path.join(top, name) for name in os.listdir(top) if name.endswith(".eml")]
    equal(os.getxattr(file, "user.eas.flag"), b"active")
    equal(journal(mount), [])


# ---- times ----

def times(path):
    there = os.stat(path)
    return {"mtime": there.st_mtime_ns, "ctime": there.st_ctime_ns, "inode": there.st_ino, "size": there.st_size}


@at_each
def the_acknowledgement_moves_no_time(world):
    mount = world.mount
    paths = []
    for folder, (suffix, make) in KINDS.items():
        paths += [write(mount.path(folder, "new" + suffix), make("New", uid=None)),
                  write(mount.path(folder, "Old" + suffix), make("Old changed"))]
    before = {path: (times(path), read(path)) for path in paths}
    mount.sync("--strict")
    equal({path: state(path) for path in paths}, dict.fromkeys(paths, "clean"))
    truth(all(attribute(path, "server-id") for path in paths), "not on the server")
    for when in ("the acknowledgement", "a remount"):
        if when == "a remount":
            mount.umount()
            mount = world.scratch.mount(world.server)
            mount.sync("--strict")
        for path in paths:
            equal((times(path), read(path)), before[path], "%s after %s" % (path, when))


@at_each
def a_change_time_moves_with_what_is_changed(world):
    """With bytes, attributes and names; the other times only with bytes."""
    mount = world.mount
    mail = mount.path("Mail", "Inbox", mount.ls("Mail", "Inbox")[0])
    item = mount.path("Calendar", "Old.ics")
    steps = (("a flag", mail, mail, lambda: os.setxattr(mail, "user.eas.flag", b"active")),
             ("read", mail, mail, lambda: os.setxattr(mail, "user.eas.read", b"1")),
             ("a name", item, item + "x.ics", lambda: os.rename(item, item + "x.ics")),
             ("a name of scratch", item + "x.ics", item + "~", lambda: os.rename(item + "x.ics", item + "~")),
             ("its name again", item + "~", item, lambda: os.rename(item + "~", item)),
             ("a time", item, item, lambda: os.utime(item, ns=(10**18, 10**18))),
             ("bytes", item, item, lambda: write(item, event("Old changed"))))
    for what, old, new, change in steps:
        before = times(old)
        change()
        after = times(new)
        truth(after["ctime"] > before["ctime"], "ctime after %s: %r, %r" % (what, before, after))
        equal(after["mtime"] != before["mtime"], what in ("a time", "bytes"), "mtime moves with " + what)
        equal(after["inode"], before["inode"], "inode after " + what)
        mount.sync("--strict")
        equal(times(new), after, "after %s was sent" % what)


if __name__ == "__main__":
    harness.main()
