#!/usr/bin/env python3
"""The demo server's mailbox through the mount, end to end. Catches: bytes that are not the server's,
names, times, inodes and attributes that differ from what is promised, a tree that recursive tools
cannot walk twice with the same result, a mount that forgets when the server goes."""
import errno
import os
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, Mount, equal, message, read, run, test, tree, truth, wait_for, write

DEMO = os.path.join(harness.TOP, "contrib", "mailbox")


def small(scratch):
    """A mailbox with one of each class and some mail."""
    box = scratch.path("mailbox")
    write(box + "/Mail/Inbox/a.eml", message("Budget review"))
    write(box + "/Mail/Inbox/b.eml", message("Re: Budget review", "Bob <bob@example.test>", "Mon, 02 Nov 2026 10:00:00 +0100"))
    write(box + "/Mail/Projects/2026/c.eml", message("Plan"))
    write(box + "/Contacts/jane.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:jane\r\nFN:Jane Doe\r\nN:Doe;Jane;;;\r\n"
                                      "EMAIL:jane@example.test\r\nEND:VCARD\r\n")
    write(box + "/Calendar/e.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:e1\r\n"
                                   "DTSTAMP:20260101T000000Z\r\nDTSTART:20261102T090000Z\r\nDTEND:20261102T100000Z\r\n"
                                   "SUMMARY:standup\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    write(box + "/Tasks/t.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VTODO\r\nUID:t1\r\n"
                                "DTSTAMP:20260101T000000Z\r\nSUMMARY:file the report\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
    write(box + "/Notes/n.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VJOURNAL\r\nUID:n1\r\n"
                                "DTSTAMP:20260101T000000Z\r\nSUMMARY:ideas\r\nDESCRIPTION:one\r\nEND:VJOURNAL\r\n"
                                "END:VCALENDAR\r\n")
    return box


@test
def the_tree_bears_the_promised_names(scratch):
    small(scratch)
    mount = scratch.mount(scratch.easd())
    mount.sync()
    for directory in ("Mail", "Calendar", "Contacts", "Tasks", "Notes"):
        truth(directory in mount.ls(), directory + " is missing")
    truth(not any(name.startswith(".") for name in mount.ls()), "a name with a leading dot is listed")
    equal(mount.ls("Mail", "Inbox"), ["2026-11-02 09.00.00 Bob - Re: Budget review.eml",
                                      "2026-11-02 09.15.33 Alice Smith - Budget review.eml"])
    equal(mount.ls("Mail", "Projects", "2026"), ["2026-11-02 09.15.33 Alice Smith - Plan.eml"])
    equal(mount.ls("Contacts"), ["Jane Doe.vcf"])
    equal(mount.ls("Calendar"), ["standup.ics"])
    equal(mount.ls("Tasks"), ["file the report.ics"])
    equal(mount.ls("Notes"), ["ideas.ics"])
    truth(os.path.isdir(mount.path(".easfs")), ".easfs is not reached by name")


@test
def mail_is_the_servers_bytes(scratch):
    mount = scratch.mount(scratch.easd(copy(scratch)))
    mount.sync()
    equal(sorted(v for k, v in tree(mount.path("Mail")).items() if v), sorted(v for v in tree(DEMO + "/Mail").values() if v))


def copy(scratch):
    run("cp", "-r", DEMO, scratch.path("mailbox"))
    return scratch.path("mailbox")


@test
def stat_says_what_was_promised(scratch):
    small(scratch)
    mount = scratch.mount(scratch.easd())
    mount.sync()
    mail = mount.path("Mail", "Inbox", "2026-11-02 09.15.33 Alice Smith - Budget review.eml")
    info = os.stat(mail)
    equal(info.st_size, len(message("Budget review")), "size")
    equal(info.st_mtime, 1793610933.0, "mtime is DateReceived")
    equal(info.st_atime_ns, info.st_mtime_ns, "atime")
    equal(info.st_nlink, 1, "links")
    equal(info.st_blocks, -(-info.st_size // 512), "blocks")
    equal(stat.S_IMODE(info.st_mode), 0o600, "mode of a file")
    equal(info.st_uid, os.getuid(), "owner")
    projects = os.stat(mount.path("Mail", "Projects"))
    equal(stat.S_IMODE(projects.st_mode), 0o700, "mode of a directory")
    equal(projects.st_nlink, 3, "links of a directory: 2 and its sub-directories")
    equal(os.statvfs(mount.point).f_namemax, 255, "longest name")


@test
def attributes_are_listed_and_read(scratch):
    small(scratch)
    mount = scratch.mount(scratch.easd())
    mount.sync()
    mail = mount.path("Mail", "Inbox", "2026-11-02 09.15.33 Alice Smith - Budget review.eml")
    listed = os.listxattr(mail)
    for name in ("read", "flag", "importance", "categories", "answered"):
        truth("user.eas." + name in listed, name + " is not listed")
    for name in ("state", "server-id", "error", "server-uid"):
        truth("user.eas." + name not in listed, name + " is listed")
    equal(os.getxattr(mail, "user.eas.read"), b"0")
    equal(os.getxattr(mail, "user.eas.flag"), b"none")
    equal(os.getxattr(mail, "user.eas.importance"), b"normal")
    equal(os.getxattr(mail, "user.eas.answered"), b"none")
    equal(os.getxattr(mail, "user.eas.state"), b"clean")
    truth(os.getxattr(mail, "user.eas.server-id"), "no server-id")
    try:
        os.getxattr(mail, "user.other")
        raise AssertionError("an unknown attribute was answered")
    except OSError as error:
        equal(error.errno, errno.ENODATA)


def refusals(mount):
    """Each way to write, and whether it was refused as promised."""
    mail = mount.path("Mail", "Inbox", mount.ls("Mail", "Inbox")[0])
    event = mount.path("Calendar", "standup.ics")
    tries = {
        "create": lambda: open(mount.path("Calendar", "new.ics"), "w"),
        "open for writing": lambda: open(event, "r+"),
        "truncate": lambda: os.truncate(event, 0),
        "unlink": lambda: os.unlink(event),
        "rename": lambda: os.rename(event, event + "x"),
        "mkdir": lambda: os.mkdir(mount.path("Mail", "New")),
        "rmdir": lambda: os.rmdir(mount.path("Mail", "Drafts")),
        "symlink": lambda: os.symlink("a", mount.path("Mail", "link")),
        "link": lambda: os.link(event, event + ".ics"),
        "chmod": lambda: os.chmod(event, 0o644),
        "utimens": lambda: os.utime(event),
        "setxattr": lambda: os.setxattr(mail, "user.eas.read", b"1"),
        "removexattr": lambda: os.removexattr(mail, "user.eas.read"),
    }
    for name, attempt in tries.items():
        try:
            attempt()
        except OSError as error:
            equal(error.errno, errno.EROFS, name)
        else:
            raise AssertionError(name + " was not refused")


@test
def a_read_only_mount_refuses_every_write(scratch):
    small(scratch)
    server = scratch.easd()
    before = tree(server.directory)
    first = scratch.mount(server, "-o", "ro")
    first.sync()
    refusals(first)
    first.umount()
    refusals(scratch.mount(server, "-o", "ro"))  # without opens
    equal(tree(server.directory), before, "the server's directory")


@test
def a_second_rsync_moves_nothing(scratch):
    mount = scratch.mount(scratch.easd(copy(scratch)))
    mount.sync()
    run("rsync", "-a", mount.point + "/", scratch.path("backup/"))
    again = run("rsync", "-ai", mount.point + "/", scratch.path("backup/")).stdout
    equal(again, "", "what the second run moved")
    equal(tree(scratch.path("backup")), tree(mount.point), "the backup")


@test
def a_backup_sees_no_change_over_a_remount(scratch):
    def facts(mount):
        found = {}
        for root, directories, files in os.walk(mount.point):
            for name in directories + files:
                path = os.path.join(root, name)
                s = os.lstat(path)
                found[os.path.relpath(path, mount.point)] = (s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)
        return found
    server = scratch.easd(copy(scratch))
    mount = scratch.mount(server)
    mount.sync()
    before = facts(mount)
    mount.umount()
    equal(facts(scratch.mount(server)), before, "inode, size, mtime and ctime")


@test
def it_reads_on_when_the_server_is_gone(scratch):
    server = scratch.easd(copy(scratch))
    mount = scratch.mount(server)
    mount.sync()
    before = tree(mount.point)
    server.stop()
    equal(tree(mount.point), before, "the tree with the server stopped")
    mount.umount()
    again = scratch.mount(server)
    equal(tree(again.point), before, "a warm replica mounts without the server")
    again.umount()
    offline = scratch.mount(server, "--offline")
    equal(tree(offline.point), before, "--offline")
    equal(offline.status()["state"], "offline")


@test
def recursive_tools_see_mail_and_nothing_else(scratch):
    mount = scratch.mount(scratch.easd(copy(scratch)))
    mount.sync()
    names = run("find", mount.point, "-type", "f").stdout.split("\n")
    truth(not any("/.easfs" in n for n in names), ".easfs is walked into")
    found = run("grep", "-rl", "pump overrun", mount.point).stdout.splitlines()
    equal(len(found), 1, "files with the words")
    tar = subprocess.run(["tar", "cf", "-", "-C", mount.point, "."], capture_output=True)
    equal((tar.returncode, tar.stderr), (0, b""), "tar")
    listed = subprocess.run(["tar", "tf", "-"], input=tar.stdout, capture_output=True).stdout.decode().count(".eml\n")
    equal(listed, len([n for n in names if n.endswith(".eml")]), "messages in the archive")


@test
def what_changes_on_the_server_arrives_with_a_sync(scratch):
    box = small(scratch)
    server = scratch.easd()
    mount = scratch.mount(server)
    mount.sync()
    event = os.stat(mount.path("Calendar", "standup.ics"))
    calendar = os.stat(mount.path("Calendar"))
    server.put("Mail/Inbox/new.eml", message("Fresh", date="Tue, 03 Nov 2026 08:00:00 +0000"))
    os.unlink(box + "/Mail/Inbox/a.eml")
    server.put("Calendar/e.ics", read(box + "/Calendar/e.ics").replace(b"100000Z", b"113000Z"))
    mount.sync()
    names = mount.ls("Mail", "Inbox")
    truth("2026-11-03 08.00.00 Alice Smith - Fresh.eml" in names, "the new message is not there: %r" % names)
    truth(not any("09.15.33" in n for n in names), "the removed message is still there")
    equal(mount.read("Mail", "Inbox", "2026-11-03 08.00.00 Alice Smith - Fresh.eml"),
          message("Fresh", date="Tue, 03 Nov 2026 08:00:00 +0000"))
    truth(b"113000Z" in mount.read("Calendar", "standup.ics"), "the changed event is the old one")
    after = os.stat(mount.path("Calendar", "standup.ics"))
    equal(after.st_ino, event.st_ino, "the changed event's inode")
    truth(after.st_mtime_ns > event.st_mtime_ns, "its mtime did not move")
    truth(os.stat(mount.path("Calendar")).st_mtime_ns > calendar.st_mtime_ns, "its directory's mtime did not move")


@test
def folders_come_and_go(scratch):
    box = small(scratch)
    server = scratch.easd()
    mount = scratch.mount(server)
    mount.sync()
    write(box + "/Mail/Later/x.eml", message("Later"))
    run("rm", "-r", box + "/Mail/Projects/2026")
    mount.sync()
    equal(mount.ls("Mail", "Later"), ["2026-11-02 09.15.33 Alice Smith - Later.eml"])
    equal(mount.ls("Mail", "Projects"), [])


@test
def classes_and_folders_limit_what_is_kept(scratch):
    small(scratch)
    server = scratch.easd()
    mail = scratch.mount(server, "--classes", "mail", "--folder", "Mail/Inbox", point="one", state="s1")
    mail.sync()
    equal(len(mail.ls("Mail", "Inbox")), 2)
    truth("Calendar" not in mail.ls(), "a class that was not asked for is there")
    truth(not os.path.exists(mail.path("Mail", "Projects", "2026")) or not mail.ls("Mail", "Projects", "2026"),
          "a folder that was not asked for has mail")
    pim = scratch.mount(server, "--classes", "calendar,contacts", point="two", state="s2")
    pim.sync()
    equal(pim.ls("Calendar"), ["standup.ics"])
    truth("Mail" not in pim.ls(), "mail is there though it was not asked for")


@test
def since_keeps_the_old_away(scratch):
    box = scratch.path("mailbox")
    now = time.time()
    for days in (1, 40):
        date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(now - days * 86400))
        write(box + "/Mail/Inbox/%d.eml" % days, message("%d days old" % days, date=date))
    mount = scratch.mount(scratch.easd(), "--since", "1m")
    mount.sync()
    names = mount.ls("Mail", "Inbox")
    equal(len(names), 1, "messages within a month: %r" % names)
    truth("1 days old" in names[0], names[0])


@test
def a_second_mount_of_the_same_state_is_busy(scratch):
    small(scratch)
    server = scratch.easd()
    scratch.mount(server)
    second = Mount(scratch, server, point="other", code=75)
    truth("easfs: unable to" in second.result.stderr, second.result.stderr)


@test
def exports_what_the_mount_shows(scratch):
    server = scratch.easd(copy(scratch))
    mount = scratch.mount(server)
    mount.sync()
    run("cp", "-r", mount.point, scratch.path("copy"))
    for aside in ("Outbox", "Search", "Global Address List"):  # what is on its way, or asked for, is in no export
        os.rmdir(scratch.path("copy", aside))
    mount.umount()
    target = scratch.path("export")
    run(EASFS, "export", target, *server.credentials(), "--state", mount.state)
    equal(tree(target), tree(scratch.path("copy")), "the export")
    first = {p: os.stat(os.path.join(target, p)).st_ino for p in tree(target, False)}
    run(EASFS, "export", target, *server.credentials(), "--state", mount.state)
    equal({p: os.stat(os.path.join(target, p)).st_ino for p in tree(target, False)}, first, "a second export wrote again")


@test
def status_tells_what_is(scratch):
    small(scratch)
    mount = scratch.mount(scratch.easd())
    mount.sync()
    status = mount.status()
    for key in "version account server protocol state since reason heartbeat policy queued held folders".split():
        truth(key in status, "status.json lacks " + key)
    equal(status["state"], "online")
    inbox = [f for f in status["folders"] if f["path"] == "Mail/Inbox"][0]
    equal((inbox["items"], inbox["unread"], inbox["bodies_missing"], inbox["class"]), (2, 2, 0, "mail"))
    told = run(EASFS, "status", mount.point).stdout
    truth("Mail/Inbox" in told and "online" in told, told)
    equal(__import__("json").loads(run(EASFS, "status", mount.point, "--json").stdout)["account"], status["account"])


@test
def wrong_passwords_are_told_and_not_hammered(scratch):
    small(scratch)
    server = scratch.easd()
    wrong = write(scratch.path("wrong"), "nonsense\n")
    os.chmod(wrong, 0o600)
    os.makedirs(scratch.path("mnt"))
    done = run(EASFS, "mount", scratch.path("mnt"), "--server", server.url, "--user", "alice", "--password-file", wrong,
               "--insecure-http", "--state", scratch.path("state"), code=77)
    truth(done.stderr.startswith("easfs: unable to"), done.stderr)
    os.chmod(wrong, 0o644)
    run(EASFS, "mount", scratch.path("mnt"), "--server", server.url, "--user", "alice", "--password-file", wrong,
        "--insecure-http", "--state", scratch.path("state"), code=78)


if __name__ == "__main__":
    harness.main()
