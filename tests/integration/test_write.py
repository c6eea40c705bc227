#!/usr/bin/env python3
"""Writing through the mount, by CONTRACT 2, 3 and 5: when what is written is judged, whom the verdict concerns, what a
name, an inode and a time do. Catches: a verdict for the wrong process, bytes that are lost or come back, a working copy
that its readers do not see, an edit that a remount or a crash loses, operations that tools need and that fail."""
import errno
import mmap
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import card, event, journal, note, server_items, state, todo, why
from harness import EASFS, equal, refuses, message, read, run, test, truth, wait_for, write


def started(scratch, *extra):
    """A mailbox with an event, a card and a message, mounted."""
    server = scratch.easd()
    server.put("Calendar/standup.ics", event("Standup"))
    server.put("Contacts/jane.vcf", card("Jane Doe"))
    server.put("Mail/Inbox/1.eml", message())
    mount = scratch.mount(server, *extra)
    mount.sync()
    return server, mount


def put(path, content, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
    fd = os.open(path, flags, 0o600)
    try:
        os.write(fd, content)
    finally:
        os.close(fd)


@test
def what_is_written_reads_back_and_stays(scratch):
    server, mount = started(scratch)
    own = event("Budget", "X-MINE:kept\r\n").replace(b"\r\n", b"\n")
    path = mount.path("Calendar", "budget.ics")
    put(path, own)
    truth(state(path) in ("queued", "clean"), state(path))
    before = os.stat(path)
    equal(before.st_size, len(own), "size")
    equal(read(path), own, "bytes")
    mount.sync(code=None)
    mount.umount()
    mount = scratch.mount(server)
    mount.sync(code=None)
    after = os.stat(path)
    equal((after.st_ino, after.st_mtime_ns, after.st_size), (before.st_ino, before.st_mtime_ns, before.st_size),
          "inode, time and size over a remount")
    equal(read(path), own, "bytes over a remount")
    put(path, event("Budget 2"), os.O_WRONLY | os.O_TRUNC)
    truth(os.stat(path).st_ino == before.st_ino, "another inode")
    truth(os.stat(path).st_mtime_ns > before.st_mtime_ns, "the time does not move")


@test
def a_character_that_xml_has_none_of_stays_here(scratch):
    server, mount = started(scratch)
    files = {("Calendar", "bell.ics"): event("Bell \x07rings", "DESCRIPTION:One\x0btwo\r\n"),
             ("Calendar", "plain.ics"): event("Plain"), ("Tasks", "bell.ics"): todo("Bell \x07rings", uid="b2@example.test"),
             ("Notes", "bell.ics"): note("Bell", "One\x1b[1mtwo", uid="b3@example.test"),
             ("Contacts", "bell.vcf"): card("Bell \x07Rings", "NOTE:One\x0btwo\r\n")}
    server.stop()
    for (folder, name), content in files.items():
        put(mount.path(folder, name), content)
    server.start()
    mount.sync("--strict")
    for (folder, name), content in files.items():
        equal(state(mount.path(folder, name)), "clean", folder + "/" + name)
        equal(mount.read(folder, name), content, "the user's own bytes")
    for folder in ("Calendar", "Tasks", "Notes", "Contacts"):
        for name, content in server_items(server, folder).items():
            truth(not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", content), "%s/%s: %r" % (folder, name, content))
    truth(b"Onetwo" in server_items(server, "Calendar")["Bell"], "its text")


@test
def times_without_a_zone_are_the_machines(scratch):
    server = scratch.easd()
    days = event("Days", "RRULE:FREQ=DAILY;UNTIL=20261110\r\nEXDATE;VALUE=DATE:20261107\r\n")
    days = days.replace(b"DTSTART:20261105T090000Z", b"DTSTART;VALUE=DATE:20261105")
    days = days.replace(b"DTEND:20261105T093000Z", b"DTEND;VALUE=DATE:20261106")
    for zone, version in (("America/New_York", "14.1"), ("America/New_York", "16.1"), ("Europe/Oslo", "14.1")):
        os.environ["TZ"] = zone
        name = (zone + version).replace("/", "")
        mount = scratch.mount(server, "--protocol", version, point=name, state=name + ".state")
        mount.sync()
        put(mount.path("Calendar", "floating.ics"), event("Floating").replace(b"090000Z", b"090000").replace(b"093000Z", b"093000"))
        put(mount.path("Calendar", "days.ics"), days)
        mount.sync("--strict")
        there = server_items(server, "Calendar")
        for line in (b"DTSTART;VALUE=DATE:20261105", b"EXDATE;VALUE=DATE:20261107"):
            truth(line in there["Days"], "%s at %s: no %r in %r" % (zone, version, line, there["Days"]))
        mount.umount()
        mount = scratch.mount(server, "--protocol", version, point=name, state=name + ".anew")
        mount.sync()
        start = b"DTSTART;TZID=%s:20261105T090000" % zone.encode()
        truth(start in mount.read("Calendar", "Floating.ics"), mount.read("Calendar", "Floating.ics"))
        found = mount.read("Calendar", "Days.ics")
        for line in (b"DTSTART;VALUE=DATE:20261105", b"EXDATE;VALUE=DATE:20261107", b"UNTIL=20261110"):
            truth(line in found, "%s at %s: no %r in %r" % (zone, version, line, found))
        run("rm", mount.path("Calendar", "Days.ics"), mount.path("Calendar", "Floating.ics"))
        mount.sync("--strict")
        mount.umount()


@test
def what_is_not_valid_is_held_under_its_name(scratch):
    _, mount = started(scratch)
    path, half = mount.path("Calendar", "half.ics"), event("Half")[:90]
    refuses(errno.EINVAL, put, path, half)
    equal((state(path), read(path)), ("held", half))
    truth(why(path), "no reason")
    truth("half.ics" in mount.read(".easfs", "errors").decode(), "not in errors")
    equal([row["state"] for row in journal(mount) if row["path"] == "Calendar/half.ics"], ["held"])
    done = mount.sync("--strict", code=65)
    truth("Calendar/half.ics" in done.stderr, done.stderr)
    mount.sync()
    # A shell hears nothing of it, and sees the state.
    run("sh", "-c", "echo no calendar > other.ics", cwd=mount.path("Calendar"))
    equal(state(mount.path("Calendar", "other.ics")), "held")
    put(path, event("Half"), os.O_WRONLY | os.O_TRUNC)
    truth(state(path) in ("queued", "clean"), state(path))
    os.unlink(mount.path("Calendar", "other.ics"))
    mount.sync("--strict")


@test
def what_is_held_outlives_what_the_server_does(scratch):
    """The item changes there, then it goes: the bytes stay under their name until a person decides."""
    server = scratch.easd()
    half, letter = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", b"To: bob@example.test\r\n\r\nMine.\r\n"
    for folder, there, mine, reason, news in (
            ("Calendar", "1.ics", half, "ends inside", (event("A"), event("A", "LOCATION:new\r\n"))),
            ("Mail/Drafts", "1.eml", letter, "keeps no drafts", (message("A"), message("A", body="new\r\n")))):
        server.put(folder + "/" + there, news[0])
        mount = scratch.mount(server, "--protocol", "14.1", point=there + ".mnt", state=there + ".state")
        mount.sync()
        name, = mount.ls(folder)
        path = mount.path(folder, name)

        def held():
            equal((read(path), state(path), reason in why(path)), (mine, "held", True), folder)

        def hold():
            if folder == "Calendar":
                refuses(errno.EINVAL, put, path, mine)
            else:
                put(path, mine)
            held()

        hold()
        server.put(folder + "/" + there, news[1])
        mount.sync()
        held()
        run(EASFS, "discard", path)
        truth(b"new" in read(path), "%s: the server's is not back: %r" % (folder, read(path)))
        hold()
        os.unlink(os.path.join(server.directory, folder, there))
        mount.sync()
        held()
        run(EASFS, "discard", path)
        equal((mount.ls(folder), journal(mount)), ([], []), folder)
        mount.umount()


@test
def an_empty_file_is_no_commit(scratch):
    _, mount = started(scratch)
    path, there = mount.path("Calendar", "new.ics"), mount.path("Calendar", "Standup.ics")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
    # As atomic writers and shells do it: the empty file is closed, or flushed, and then written.
    fd = os.open(there, os.O_WRONLY | os.O_TRUNC)
    os.close(os.dup(fd))
    equal(os.stat(there).st_size, 0)
    os.write(fd, event("Standup", "LOCATION:There\r\n"))
    os.close(fd)
    truth(state(there) in ("queued", "clean"), state(there))
    run("sh", "-c", ": > Standup.ics", cwd=mount.path("Calendar"))
    wait_for("the file to be held", lambda: state(there) == "held")
    equal(read(there), b"")
    truth("rm deletes it" in why(there), why(there))
    run(EASFS, "discard", there)
    truth(b"SUMMARY:Standup" in read(there), read(there))
    equal(os.stat(there).st_size, len(read(there)), "size")


@test
def the_verdict_is_for_who_opened(scratch):
    _, mount = started(scratch)
    path, whole = mount.path("Calendar", "parts.ics"), event("Parts")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.write(fd, whole[:60])
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.write(fd, whole[60:70])
            os.close(fd)  # the bytes so far are nothing; that is not this process' fault
            code = 0
        finally:
            os._exit(code)
    equal(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0, "the child's close")
    refuses(errno.EINVAL, os.fsync, fd)
    os.write(fd, whole[70:])
    os.close(fd)
    truth(state(path) in ("queued", "clean"), state(path))
    # The opener is the process, whichever of its threads.
    fd, seen = os.open(path, os.O_WRONLY | os.O_TRUNC), []
    os.write(fd, b"nothing")

    def closer():
        try:
            os.close(fd)
        except OSError as error:
            seen.append(error.errno)
    thread = threading.Thread(target=closer, daemon=True)
    thread.start()
    thread.join()
    equal(seen, [errno.EINVAL], "a close by another thread")
    # The opener's last word counts although a child had the bytes judged before.
    done = run("sh", "-c", "{ printf BEGIN; cat /dev/null; } > x.ics; echo $?", cwd=mount.path("Calendar"))
    equal((done.stdout, state(mount.path("Calendar", "x.ics"))), ("0\n", "held"))
    done = run("sh", "-c", "{ head -c 40 %s; tail -c +41 %s; } > y.ics" %
               ((write(scratch.path("y"), event("Y")),) * 2), cwd=mount.path("Calendar"))
    truth(state(mount.path("Calendar", "y.ics")) in ("queued", "clean"), why(mount.path("Calendar", "y.ics")))


@test
def nothing_is_queued_before_the_last_writer_closes(scratch):
    _, mount = started(scratch)
    path = mount.path("Calendar", "open.ics")
    one, two = os.open(path, os.O_WRONLY | os.O_CREAT), os.open(path, os.O_WRONLY)
    os.write(one, event("Open"))
    os.fsync(one)
    os.close(one)
    equal([row["state"] for row in journal(mount) if row["path"] == "Calendar/open.ics"], ["open"])
    os.close(two)
    wait_for("the row to be complete", lambda: [row["state"] for row in journal(mount)
                                                if row["path"] == "Calendar/open.ics"] != ["open"])
    # Who only reads is no writer, and its fsync asks nothing.
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    directory = os.open(mount.path("Calendar"), os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
    # A writer that writes nothing commits nothing.
    before = os.stat(path).st_mtime_ns
    fd = os.open(path, os.O_RDWR)
    os.fsync(fd)
    os.close(fd)
    equal(os.stat(path).st_mtime_ns, before, "the time after nothing was written")


@test
def all_handles_share_one_copy(scratch):
    _, mount = started(scratch)
    path = mount.path("Calendar", "draft~")
    reader = None
    writer = os.open(path, os.O_RDWR | os.O_CREAT)
    reader = os.open(path, os.O_RDONLY)
    os.write(writer, b"0123456789")
    equal(os.pread(reader, 20, 0), b"0123456789", "another handle")
    equal(os.stat(path).st_size, 10, "size by name")
    other = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(other, b"abc")
    os.pwrite(writer, b"X", 2)
    equal(os.pread(reader, 20, 0), b"01X3456789abc")
    os.ftruncate(other, 4)
    equal((os.pread(reader, 20, 0), os.fstat(reader).st_size), (b"01X3", 4))
    os.ftruncate(writer, 8)
    equal(os.pread(reader, 20, 0), b"01X3\0\0\0\0", "a hole")
    with mmap.mmap(writer, 8, mmap.MAP_SHARED) as view:
        view[4:8] = b"mmap"
        view.flush()
        equal(os.pread(reader, 20, 0), b"01X3mmap", "a mapping")
    for fd in (writer, other):
        os.close(fd)
    equal(os.pread(reader, 20, 0), b"01X3mmap", "a reader after the writers")
    put(path, b"anew", os.O_WRONLY | os.O_TRUNC)
    equal((os.pread(reader, 20, 0), os.fstat(reader).st_size), (b"anew", 4), "a reader of what was written since")
    os.unlink(path)
    equal((os.pread(reader, 20, 0), os.fstat(reader).st_nlink), (b"anew", 0), "a reader of what is removed")
    os.close(reader)
    done = run("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do for j in 1 2 3 4 5; do echo $i$j >> log; done & done; wait; "
               "sort log | uniq | wc -l", cwd=mount.path("Calendar"))
    equal(done.stdout.strip(), "40", "lines of eight shells")


@test
def a_removed_file_is_written_for_nobody(scratch):
    _, mount = started(scratch)
    path = mount.path("Calendar", "gone.ics")
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    os.write(fd, event("Gone"))
    os.unlink(path)
    os.pwrite(fd, b"more", 0)
    equal(os.pread(fd, 4, 0), b"more")
    os.fsync(fd)
    os.close(fd)
    truth(not os.path.exists(path), "it is back")
    equal([row for row in journal(mount) if "gone" in row["path"]], [])


@test
def a_file_may_be_given_a_size_by_name(scratch):
    _, mount = started(scratch)
    path, scratch_file = mount.path("Calendar", "Standup.ics"), mount.path("Calendar", "n~")
    refuses(errno.EINVAL, os.truncate, path, 10)
    equal((state(path), os.stat(path).st_size), ("held", 10))
    put(scratch_file, b"0123456789")
    os.truncate(scratch_file, 4)
    equal(read(scratch_file), b"0123")
    fd = os.open(scratch_file, os.O_RDWR)
    os.posix_fallocate(fd, 0, 6)
    os.close(fd)
    equal(read(scratch_file), b"0123\0\0")
    refuses(errno.EFBIG, os.truncate, scratch_file, 1 << 40)
    equal(read(scratch_file), b"0123\0\0")


@test
def an_identity_moves_with_its_file(scratch):
    """As vim with a backup does it: the item's file becomes the backup, a new one takes the name, the backup goes."""
    server, mount = started(scratch)
    there = mount.path("Calendar", "Standup.ics")
    item, inode = os.getxattr(there, "user.eas.server-id"), os.stat(there).st_ino
    os.rename(there, there + "~")
    equal(journal(mount), [], "a rename to scratch")
    equal(os.stat(there + "~").st_ino, inode, "the inode goes with the name")
    put(there, event("Standup", "LOCATION:There\r\n"))
    os.unlink(there + "~")
    equal(os.getxattr(there, "user.eas.server-id"), item, "the item")
    equal([row["kind"] for row in journal(mount) if row["state"] != "sent"][:1], ["change"])
    # As sed -i and rsync do it: a scratch file takes the name over.
    put(mount.path("Calendar", ".Standup.ics.x1"), event("Standup", "LOCATION:Here\r\n"))
    inode = os.stat(mount.path("Calendar", ".Standup.ics.x1")).st_ino
    before = os.open(there, os.O_RDONLY)
    os.rename(mount.path("Calendar", ".Standup.ics.x1"), there)
    equal(os.stat(there).st_ino, inode, "the inode is the new file's")
    equal(os.getxattr(there, "user.eas.server-id"), item, "the item")
    truth(b"There" in os.pread(before, 4096, 0), "an open reader keeps the old bytes")
    os.close(before)
    # A scratch file that is renamed before it is closed.
    fd = os.open(mount.path("Calendar", "tmpabc"), os.O_WRONLY | os.O_CREAT)
    os.write(fd, event("Standup", "LOCATION:Late\r\n"))
    os.rename(mount.path("Calendar", "tmpabc"), there)
    os.close(fd)
    truth(b"Late" in read(there) and state(there) != "held", why(there))


@test
def a_name_that_comes_back_in_time_is_an_edit(scratch):
    server, mount = started(scratch)
    there = mount.path("Calendar", "Standup.ics")
    item = os.getxattr(there, "user.eas.server-id")
    os.unlink(there)
    equal([row["kind"] for row in journal(mount)], ["delete"])
    put(there, event("Standup", "LOCATION:There\r\n"))
    equal(os.getxattr(there, "user.eas.server-id"), item, "the item")
    truth("delete" not in [row["kind"] for row in journal(mount)], journal(mount))


@test
def names_are_what_they_are(scratch):
    _, mount = started(scratch)
    calendar = mount.path("Calendar").encode()
    emoji = "😀".encode() * 62 + b"abc.ics"
    nfd = "e\u0301te\u0301.ics".encode()
    for name, wanted in ((b"a\nb.ics", errno.EINVAL), (b"\xff\xfe.ics", errno.EINVAL), (b"a" * 256, errno.ENAMETOOLONG),
                         (b"x.vcf", errno.EPERM), (b"x.eml", errno.EPERM)):
        refuses(wanted, os.open, calendar + b"/" + name, os.O_WRONLY | os.O_CREAT)
    for name in (emoji, nfd, b"Upper.ics", b"upper.ics"):
        put(calendar + b"/" + name, event(name[-9:].decode(errors="replace"), uid="uid-" + name.hex()))
    for name in (emoji, nfd, b"Upper.ics", b"upper.ics"):
        truth(name in os.listdir(calendar), name)
    equal(len(emoji), 255)
    for old, new, wanted in (("Calendar/Standup.ics", "Tasks/standup.ics", errno.EPERM),
                             ("Calendar/Standup.ics", "Contacts/standup.vcf", errno.EPERM)):
        refuses(wanted, os.rename, mount.path(old), mount.path(new))
        refuses(wanted, os.link, mount.path(old), mount.path(new))
    refuses(errno.EPERM, os.link, mount.path("Calendar", "Standup.ics"), mount.path("Calendar", "other.ics"))
    refuses(errno.EPERM, os.mkdir, mount.path("Calendar", ".git"))
    refuses(errno.EPERM, os.symlink, "x", mount.path("Calendar", "link"))
    for scratch_name in (".x.swp", "x~", "4913", "sedAbC123", "color", "displayname", ".DS_Store", "tmp12345678"):
        put(mount.path("Calendar", scratch_name), b"scratch")
        equal(state(mount.path("Calendar", scratch_name)), "local", scratch_name)
    for name in (".lock", "x~"):
        put(mount.path("Mail", "Inbox", name), b"scratch")
    for name in ("x", "x.eml", "x.txt"):
        refuses(errno.EPERM, put, mount.path("Mail", "Inbox", name), b"no")
    mount.umount()
    mount = scratch.mount(None, "--offline")
    equal(mount.read("Calendar", "color"), b"scratch", "scratch over a remount")
    truth("Calendar/color" in mount.read(".easfs", "status").decode(), "scratch is not in status")


@test
def what_copying_tools_set_is_taken(scratch):
    _, mount = started(scratch)
    path = mount.path("Calendar", "Standup.ics")
    os.chmod(path, 0o777)
    os.chown(path, os.getuid(), os.getgid())
    refuses(errno.EPERM, os.chown, path, os.getuid() + 1, -1)
    os.utime(path, ns=(10 ** 18, 10 ** 18 + 7))
    equal(os.stat(path).st_mtime_ns, 10 ** 18 + 7, "utimens")
    os.utime(mount.path("Calendar"), ns=(10 ** 18, 10 ** 18))
    os.setxattr(path, "user.note", b"kept")
    equal(os.getxattr(path, "user.note"), b"kept")
    truth("user.note" in os.listxattr(path), os.listxattr(path))
    refuses(errno.EEXIST, os.setxattr, path, "user.note", b"x", os.XATTR_CREATE)
    os.removexattr(path, "user.note")
    refuses(errno.ENODATA, os.getxattr, path, "user.note")
    refuses(errno.ENOTSUP, os.getxattr, path, "system.posix_acl_access")
    os.setxattr(path, "user.eas.state", b"clean")  # answered, not listed: ignored
    mount.umount()
    mount = scratch.mount(None, "--offline")
    equal(os.stat(path).st_mtime_ns, 10 ** 18 + 7, "utimens over a remount")
    put(path, event("Standup", "LOCATION:There\r\n"), os.O_WRONLY | os.O_TRUNC)
    truth(os.stat(path).st_mtime_ns > 10 ** 18 + 7, "a write leaves the time")
    # cp -p and rsync set the time before they close.
    fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
    os.write(fd, event("Standup", "LOCATION:Elsewhere\r\n"))
    os.utime(fd, ns=(10 ** 18, 10 ** 18 + 9))
    os.close(fd)
    equal(os.stat(path).st_mtime_ns, 10 ** 18 + 9, "a time set before the close")


@test
def a_directory_tells_each_change_by_its_time(scratch):
    """khal looks at nothing else."""
    _, mount = started(scratch)
    directory, last = mount.path("Calendar"), 0
    path = mount.path("Calendar", "t.ics")
    for change in (lambda: put(path, event("T")), lambda: put(path, event("T2"), os.O_WRONLY | os.O_TRUNC),
                   lambda: os.rename(path, path + "~"), lambda: os.rename(path + "~", path),
                   lambda: os.unlink(path)):
        change()
        now = os.stat(directory).st_mtime_ns
        truth(now > last, "the time of the directory did not move")
        last = now


def judged(function, *arguments):
    """What is written by chance is no event."""
    try:
        function(*arguments)
    except OSError as error:
        equal(error.errno, errno.EINVAL)


@test
def random_operations_on_one_item_are_those_of_a_disk(scratch):
    """As fsx does it: writes, truncations, mappings, syncs and reads through several handles, beside a model."""
    _, mount = started(scratch)
    chance, path = random.Random(7), mount.path("Calendar", "Standup.ics")
    model, handles = bytearray(read(path)), [os.open(path, os.O_RDWR) for _ in range(3)]
    for turn in range(1500):
        fd, at, size = chance.choice(handles), chance.randrange(20000), chance.randrange(1, 3000)
        what = chance.choice(("write", "write", "read", "read", "truncate", "append", "map", "sync", "reopen"))
        data = bytes([33 + turn % 90]) * size
        if what == "write":
            os.pwrite(fd, data, at)
            model.extend(bytes(max(0, at + size - len(model))))
            model[at:at + size] = data
        elif what == "append":
            other = os.open(path, os.O_WRONLY | os.O_APPEND)
            os.write(other, data)
            model += data
            judged(os.close, other)
        elif what == "truncate":
            os.ftruncate(fd, at)
            model = model[:at] + bytes(max(0, at - len(model)))
        elif what == "map" and len(model) > 4096:
            with mmap.mmap(fd, len(model), mmap.MAP_SHARED) as view:
                start = chance.randrange(len(model) - 100)
                view[start:start + 100] = model[start:start + 100] = b"m" * 100
                judged(view.flush)  # msync is an fsync
        elif what == "sync":
            judged(os.fsync, fd)
        elif what == "reopen":
            handles.remove(fd)
            handles.append(os.open(path, os.O_RDWR))
            judged(os.close, fd)
        equal(os.pread(chance.choice(handles), size, at), bytes(model[at:at + size]), "turn %d, after %s" % (turn, what))
        equal(os.stat(path).st_size, len(model), "size in turn %d, after %s" % (turn, what))
    for fd in handles:
        judged(os.close, fd)
    wait_for("it to be held", lambda: state(path) == "held")
    equal(read(path), bytes(model), "in the end")


def set_file_limit(mount, most):
    """No file of the daemon grows beyond most bytes: to it as good as a disk that is full."""
    resource.prlimit(mount.daemon(), resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@test
def a_full_disk_is_told_and_loses_nothing(scratch):
    _, mount = started(scratch)
    path, before = mount.path("Calendar", "Standup.ics"), mount.read("Calendar", "Standup.ics")
    new, large = mount.path("Calendar", "new.ics"), event("Large", "X-FILL:%s\r\n" % ("x" * 4000))
    fd = os.open(new, os.O_WRONLY | os.O_CREAT)
    set_file_limit(mount, 1024)
    refuses(errno.EFBIG, os.write, fd, large)  # the working copy has no room
    os.close(fd)
    fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
    os.write(fd, event("Standup", "LOCATION:There\r\n"))
    for attempt in (os.fsync, os.close):  # the store has none
        try:
            attempt(fd)
            raise AssertionError("%r succeeded" % attempt)
        except OSError as error:
            truth(error.errno in (errno.EFBIG, errno.EIO, errno.ENOSPC), error)
    wait_for("the old bytes", lambda: read(path) == before)
    equal(os.stat(path).st_size, len(before), "its size")
    set_file_limit(mount, resource.RLIM_INFINITY)
    put(new, large, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    put(path, event("Standup", "LOCATION:There\r\n"), os.O_WRONLY | os.O_TRUNC)
    equal((read(new), b"There" in read(path)), (large, True))
    truth("held" not in (state(new), state(path)), (why(new), why(path)))


@test
def a_close_that_succeeded_survives_a_crash(scratch):
    _, mount = started(scratch)
    for number in range(20):
        put(mount.path("Calendar", "e%d.ics" % number), event("E%d" % number))
    os.mkdir(mount.path("Calendar", "Team"))
    os.unlink(mount.path("Contacts", "Jane Doe.vcf"))
    directory = os.open(mount.path("Calendar"), os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
    mount.kill()
    mount = scratch.mount(None, "--offline")
    for number in range(20):
        equal(mount.read("Calendar", "e%d.ics" % number), event("E%d" % number))
    truth(os.path.isdir(mount.path("Calendar", "Team")), "the directory is gone")
    equal(mount.ls("Contacts"), [], "what was removed")
    run(EASFS, "cache", "verify", "--state", mount.state)


@test
def what_is_open_when_the_mount_goes_is_kept(scratch):
    server, mount = started(scratch)
    daemon, path = mount.daemon(), mount.path("Calendar", "late.ics")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.write(fd, event("Late"))
    done = run(EASFS, "umount", mount.point, code=75)
    truth("is in use" in done.stderr, done.stderr)
    mount.mounted = False
    os.kill(daemon, signal.SIGTERM)
    wait_for("the daemon to go", lambda: harness.is_gone(daemon))
    try:
        os.close(fd)
    except OSError:
        pass  # nobody is there to answer
    mount = scratch.mount(None, "--offline")
    equal(mount.read("Calendar", "late.ics"), event("Late"))
    done = mount.umount()
    truth("not sent: Calendar/late.ics" in done.stderr, done.stderr)
    state_dir = ["--state", mount.state]
    run(EASFS, "cache", "wipe", *state_dir, code=65)
    run(EASFS, "cache", "wipe", "--discard-edits", *state_dir)


@test
def received_mail_is_moved_and_removed_but_not_written(scratch):
    _, mount = started(scratch)
    name = mount.ls("Mail", "Inbox")[0]
    mail = mount.path("Mail", "Inbox", name)
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_RDONLY | os.O_TRUNC, os.O_WRONLY | os.O_APPEND):
        refuses(errno.EPERM, os.open, mail, flags)
    refuses(errno.EPERM, os.rename, mail, mount.path("Outbox", "again.eml"))
    refuses(errno.EPERM, os.rename, mail, mount.path("Mail", "Inbox", "other.eml"))
    inode = os.stat(mail).st_ino
    os.setxattr(mail, "user.eas.read", b"1")
    equal(os.getxattr(mail, "user.eas.read"), b"1")
    os.rename(mail, mount.path("Mail", "Drafts", name))
    equal(os.stat(mount.path("Mail", "Drafts", name)).st_ino, inode, "the inode of what moved")
    os.unlink(mount.path("Mail", "Drafts", name))
    equal(mount.ls("Mail", "Drafts"), [])


@test
def writers_and_changes_of_the_server_do_not_wait_for_each_other(scratch):
    """Four processes write, rename and remove in a directory in which the server changes files all the time."""
    server, mount = started(scratch)
    calendar, pids = mount.path("Calendar"), []
    for worker in range(4):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                for turn in range(60):
                    path = os.path.join(calendar, "w%d-%d.ics" % (worker, turn % 7))
                    put(path + "~", event("W%d-%d" % (worker, turn), uid="w%d-%d" % (worker, turn % 7)))
                    os.rename(path + "~", path)
                    os.listdir(calendar)
                    truth(b"W%d-%d" % (worker, turn) in read(path), "not what was written")
                    if turn % 5 == 4:
                        os.unlink(path)
                code = 0
            finally:
                os._exit(code)
        pids.append(pid)
    for turn in range(12):
        server.put("Calendar/r%d.ics" % (turn % 5), event("R%d" % turn, uid="r%d" % (turn % 5)))
        mount.sync(timeout=120)
    for pid in pids:
        equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, "a writer")
    wanted = {"w%d-%d.ics" % (w, n) for w in range(4) for n in range(7) if n not in {t % 7 for t in range(4, 60, 5)
              if not any(later % 7 == t % 7 for later in range(t + 1, 60))}}
    equal({n for n in mount.ls("Calendar") if n.startswith("w")}, wanted, "the writers' files")


if __name__ == "__main__":
    harness.main()
