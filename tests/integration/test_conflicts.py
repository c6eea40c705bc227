#!/usr/bin/env python3
"""Both sides change an item while they do not see each other, in the four classes, at an older and the newest version: what
is merged, what stands beside, what comes back, what is added again. Catches: a change of either side that is lost, a copy
that is not what the user wrote or takes the name of another, a deletion of what the user has not seen, an item that its
deletion elsewhere takes along with what was written here; an item that is there twice."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import card, event, journal, note, server_items, state, todo
from harness import equal, read, test, truth, write

VERSIONS = ("14.1", "16.1")


class Kind:
    """A class: its file, and how a text is given to a property, or to another one."""

    def __init__(self, folder, suffix, base, one, other):
        self.folder, self.suffix, self.base = folder, suffix, base
        self.one, self.other = one, other  # what is replaced in base, by a text
        self.name = "Item" + suffix

    def at(self, mount, name=None):
        return mount.path(self.folder, name or self.name)

    def with_one(self, text, content=None):
        return (content or self.base).replace(self.one, self.one + text.encode())

    def with_other(self, text, content=None):
        return (content or self.base).replace(self.other, self.other + text.encode())


KINDS = (Kind("Calendar", ".ics", event("Item", "LOCATION:One\r\nDESCRIPTION:Other\r\n"), b"LOCATION:One", b"DESCRIPTION:Other"),
         Kind("Contacts", ".vcf", card("Item", "TITLE:One\r\nNOTE:Other\r\n"), b"TITLE:One", b"NOTE:Other"),
         Kind("Tasks", ".ics", todo("Item", "CATEGORIES:One\r\nDESCRIPTION:Other\r\n"), b"CATEGORIES:One", b"DESCRIPTION:Other"),
         Kind("Notes", ".ics", note("Item", "Other\r\nCATEGORIES:One"), b"CATEGORIES:One", b"DESCRIPTION:Other"))


class World:
    def __init__(self, scratch, version):
        self.scratch, self.log = scratch, write(scratch.path("mails"), "")
        self.server = scratch.easd(extra=["--protocol", version, "--mail-log", self.log])
        for kind in KINDS:
            self.put(kind, kind.base)
        self.mount = scratch.mount(self.server)
        self.mount.sync()

    def file(self, kind):
        return "%s/item%s" % (kind.folder, kind.suffix)

    def put(self, kind, content):
        self.server.put(self.file(kind), content)

    def remove(self, kind):
        os.unlink(os.path.join(self.server.directory, self.file(kind)))

    def apart(self):
        """Until they meet, the server refuses everything, and keeps what it knows of the client."""
        self.server.fault("http=503")
        self.mount.sync("--timeout", "2", code=75)

    def meet(self, *words, code=0):
        self.server.no_faults()
        return self.mount.sync(*words, code=code)

    def items(self, kind):
        return server_items(self.server, kind.folder)

    def beside(self, kind):
        """The copies that stand beside the item, oldest first."""
        return [name for name in self.mount.ls(kind.folder) if name.startswith(kind.name + ".conflict-")]

    def is_settled(self):
        equal(journal(self.mount), [], "the queue")
        equal(read(self.log), b"", "mails")


def at_each(body):
    for version in VERSIONS:
        def function(scratch, version=version):
            world = World(scratch, version)
            body(world)
            world.is_settled()
        function.__name__ = "%s_at_%s" % (body.__name__, version.replace(".", "_"))
        test(function)
    return body


def overwrite(path, content):
    with open(path, "wb") as file:
        file.write(content)


@at_each
def what_touches_different_properties_is_merged(world):
    world.apart()
    for kind in KINDS:
        overwrite(kind.at(world.mount), kind.with_one(" mine"))
        world.put(kind, kind.with_other(" theirs"))
    world.meet("--strict")
    for kind in KINDS:
        equal(world.mount.ls(kind.folder), [kind.name], "the files")
        for where, content in (("mount", read(kind.at(world.mount))), ("server", world.items(kind)["Item"])):
            truth(b"One mine" in content and b"Other theirs" in content, "%s in the %s: %r" % (kind.folder, where, content))
        equal((state(kind.at(world.mount)), len(world.items(kind))), ("clean", 1), kind.folder)


@at_each
def what_touches_the_same_stands_beside_and_a_rename_resolves_it(world):
    for turn in (1, 2):  # a second copy does not take the place of the first
        mine, theirs = " mine %d" % turn, " theirs %d" % turn
        world.apart()
        for kind in KINDS:
            overwrite(kind.at(world.mount), kind.with_one(mine))
            world.put(kind, kind.with_one(theirs))
        world.meet(code=None)
        for kind in KINDS:
            truth(theirs.encode() in read(kind.at(world.mount)), "%s: the server's has the name" % kind.folder)
            truth(theirs.encode() in world.items(kind)["Item"], "%s: the server's change" % kind.folder)
            copies = world.beside(kind)
            equal(len(copies), turn, "copies in " + kind.folder)
            truth(kind.with_one(mine) in [read(kind.at(world.mount, copy)) for copy in copies], "the bytes in " + kind.folder)
    for kind in KINDS:
        copy = next(copy for copy in world.beside(kind) if b"mine 2" in read(kind.at(world.mount, copy)))
        os.rename(kind.at(world.mount, copy), kind.at(world.mount))
        os.unlink(kind.at(world.mount, world.beside(kind)[0]))
    world.meet("--strict")
    for kind in KINDS:
        equal(list(world.items(kind)), ["Item"], kind.folder)
        truth(b"One mine 2" in world.items(kind)["Item"], "%s: %r" % (kind.folder, world.items(kind)))
        equal((read(kind.at(world.mount)), world.mount.ls(kind.folder)), (kind.with_one(" mine 2"), [kind.name]))


@at_each
def what_changes_under_an_open_file_is_judged_at_its_close(world):
    """The base is the version that the writer saw, not what came meanwhile."""
    handles = [world.scratch.enter_context(open(kind.at(world.mount), "r+b", buffering=0)) for kind in KINDS]
    for kind, file in zip(KINDS, handles):
        file.write(kind.with_one(" mine"))
        file.truncate()
        world.put(kind, kind.with_one(" theirs"))
    world.mount.sync()
    for kind, file in zip(KINDS, handles):
        file.seek(0)
        equal(file.read(), kind.with_one(" mine"), "what the writer sees")
        file.close()
    world.mount.sync(code=None)
    for kind in KINDS:
        truth(b"One theirs" in read(kind.at(world.mount)), kind.folder)
        truth(b"One theirs" in world.items(kind)["Item"], kind.folder)
        equal([read(kind.at(world.mount, copy)) for copy in world.beside(kind)], [kind.with_one(" mine")], kind.folder)


@at_each
def what_is_written_just_as_the_server_changes_it_is_kept(world):
    """Many times, for it is a matter of luck whether both meet: the change is planned before the write, and stored after."""
    for turn in range(25):
        mine, theirs = " mine %d" % turn, " theirs %d" % turn
        handles = [open(kind.at(world.mount), "r+b", buffering=0) for kind in KINDS]
        for kind, file in zip(KINDS, handles):
            file.write(kind.with_one(mine))
            file.truncate()
            world.put(kind, kind.with_one(theirs))
        if turn % 2:
            world.mount.sync()
        for file in handles:
            file.close()
        world.mount.sync(code=None)
        for kind in KINDS:
            copies = world.beside(kind)
            texts = [read(kind.at(world.mount, name)) for name in [kind.name, *copies]]
            truth(any(("One" + mine).encode() in text for text in texts), "turn %d, %s: %r" % (turn, kind.folder, texts))
            for copy in copies:
                os.unlink(kind.at(world.mount, copy))


@at_each
def what_the_server_changed_is_not_deleted(world):
    world.apart()
    for kind in KINDS:
        os.unlink(kind.at(world.mount))
        world.put(kind, kind.with_one(" theirs"))
    told = world.meet(code=None).stderr
    for kind in KINDS:
        truth(b"One theirs" in world.items(kind)["Item"], kind.folder)
        truth(b"One theirs" in read(kind.at(world.mount)), kind.folder)
        equal(world.mount.ls(kind.folder), [kind.name])
        truth("held: %s/%s (delete): it was changed on the server" % (kind.folder, kind.name) in told, told)
    for kind in KINDS:  # now it has been seen
        os.unlink(kind.at(world.mount))
    world.meet("--strict")
    for kind in KINDS:
        equal((world.items(kind), world.mount.ls(kind.folder)), ({}, []), kind.folder)


@at_each
def what_was_changed_here_outlives_its_deletion_there(world):
    world.apart()
    for kind in KINDS:
        overwrite(kind.at(world.mount), kind.with_one(" mine"))
        world.remove(kind)
    world.meet("--strict")
    for kind in KINDS:
        equal(list(world.items(kind)), ["Item"], kind.folder)
        truth(b"One mine" in world.items(kind)["Item"], kind.folder)
        equal((read(kind.at(world.mount)), state(kind.at(world.mount))), (kind.with_one(" mine"), "clean"), kind.folder)


@at_each
def what_both_deleted_is_gone(world):
    world.apart()
    for kind in KINDS:
        os.unlink(kind.at(world.mount))
        world.remove(kind)
    world.meet("--strict")
    for kind in KINDS:
        equal((world.items(kind), world.mount.ls(kind.folder)), ({}, []), kind.folder)


if __name__ == "__main__":
    harness.main()
