#!/usr/bin/env python3
"""What people edit with, on the mount: shells, editors, copiers, archives, git, and the tools of vdirs. After each the
server has what was meant, and as many items. Catches: an editor whose way of saving loses the item's identity, doubles
it, sends its backup or leaves it held; a tool that a system call fails for."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import card, event, journal, server_items, state, todo, why
from harness import equal, message, read, run, test, tree, truth, wait_for, write
from keys import type_into


def started(scratch, *extra):
    server = scratch.easd()
    server.put("Calendar/standup.ics", event("Standup", "LOCATION:Room A\r\n"))
    server.put("Calendar/dentist.ics", event("Dentist"))
    server.put("Contacts/jane.vcf", card("Jane Doe"))
    server.put("Tasks/report.ics", todo("Report"))
    server.put("Mail/Inbox/1.eml", message())
    mount = scratch.mount(server, *extra)
    mount.sync()
    return server, mount


def same_item(mount, tool, function, name="Standup.ics"):
    """The tool changes Room A to Room B, and the item stays the item."""
    path = mount.path("Calendar", name)
    item, inode = os.getxattr(path, "user.eas.server-id"), os.stat(path).st_ino
    function()
    truth(b"LOCATION:Room B" in read(path), "%s: %r" % (tool, read(path)))
    truth(state(path) in ("queued", "clean"), "%s: %s %s" % (tool, state(path), why(path)))
    equal(os.getxattr(path, "user.eas.server-id"), item, tool + ": the item")
    return inode != os.stat(path).st_ino


def meant(server, mount, folder="Calendar", **wanted):
    """What the server has of a folder in the end: {first word of the title: LOCATION or whatever it says of it}."""
    mount.sync("--strict")
    equal(journal(mount), [], "what is still in the queue")
    have = server_items(server, folder)
    equal(sorted(have), sorted(wanted), "the server's " + folder)
    for title, part in wanted.items():
        truth(part.encode() in have[title], "%s lacks %r: %r" % (title, part, have[title]))


def shell(mount, line, code=0):
    return run("sh", "-c", line, cwd=mount.path("Calendar"), code=code)


ROOM = "s/Room A/Room B/"


@test
def shells_and_filters(scratch):
    server, mount = started(scratch)
    new = write(scratch.path("b.ics"), event("Standup", "LOCATION:Room B\r\n"))
    ways = {
        "cat >": "cat %s > Standup.ics" % new,
        "cp": "cp %s Standup.ics" % new,
        "cp -a": "cp -a %s Standup.ics" % new,
        "cp --remove-destination": "cp --remove-destination %s Standup.ics" % new,
        "install": "install -m 600 %s Standup.ics" % new,
        "mv over it": "cp %s x.tmp && mv x.tmp Standup.ics" % new,
        "sed -i": "sed -i '%s' Standup.ics" % ROOM,
        "sed -i.bak": "sed -i~ '%s' Standup.ics && rm Standup.ics~" % ROOM,
        "perl -i": "perl -i -pe '%s' Standup.ics" % ROOM,
        "dd": "dd if=%s of=Standup.ics 2>/dev/null" % new,
        "dd conv=notrunc": "dd if=%s of=Standup.ics conv=notrunc,fsync 2>/dev/null" % new,
        "{ printf; cat; } >": "{ head -n 1 %s; tail -n +2 %s; } > Standup.ics" % (new, new),
        "two shells appending": "sed '/^END:V/d' %s > Standup.ics; (printf 'END:VEVENT\\r\\n') >> Standup.ics; "
                                "(printf 'END:VCALENDAR\\r\\n') >> Standup.ics" % new,
    }
    old = write(scratch.path("a.ics"), event("Standup", "LOCATION:Room A\r\n"))
    for tool, line in ways.items():
        run("cp", old, mount.path("Calendar", "Standup.ics"))
        same_item(mount, tool, lambda: shell(mount, line))
    meant(server, mount, Standup="LOCATION:Room B", Dentist="SUMMARY")
    shell(mount, "echo no event > Standup.ics")
    wait_for("it to be held", lambda: state(mount.path("Calendar", "Standup.ics")) == "held")
    run(harness.EASFS, "discard", mount.path("Calendar", "Standup.ics"))
    shell(mount, "mv Dentist.ics dentist-tomorrow.ics && rm Standup.ics")
    meant(server, mount, Dentist="SUMMARY")


@test
def vim_in_each_of_its_ways(scratch):
    server, mount = started(scratch)
    old = write(scratch.path("a.ics"), event("Standup", "LOCATION:Room A\r\n"))
    for settings in ("backupskip=", "backupskip= backup backupcopy=no", "backupskip= backup backupcopy=yes",
                     "backupskip= nobackup nowritebackup", "backupskip= nobackup", "backupskip= backup backupcopy=auto",
                     "backupskip= writebackup fsync undofile"):
        run("cp", old, mount.path("Calendar", "Standup.ics"))
        same_item(mount, "vim " + settings, lambda: run(
            "vim", "-N", "-u", "NONE", "-es", "-c", "set swapfile " + settings, "-c", "%" + ROOM, "-c", "wq",
            "Standup.ics", cwd=mount.path("Calendar"), stdin=subprocess.DEVNULL))
    left = [n for n in mount.ls("Calendar") if n not in ("Standup.ics", "Dentist.ics")]
    truth(all(state(mount.path("Calendar", n)) == "local" for n in left), left)
    for name in left:
        os.unlink(mount.path("Calendar", name))
    run("cp", old, mount.path("Calendar", "Standup.ics"))
    same_item(mount, "vim on a terminal", lambda: type_into(
        ["vim", "-N", "-u", "NONE", "Standup.ics"], [":%" + ROOM + "\r", ":wq\r"], cwd=mount.path("Calendar")))
    meant(server, mount, Standup="LOCATION:Room B", Dentist="SUMMARY")


@test
def nano_and_emacs(scratch):
    server, mount = started(scratch)
    path, calendar = mount.path("Calendar", "Standup.ics"), mount.path("Calendar")
    old = write(scratch.path("a.ics"), event("Standup", "LOCATION:Room A\r\n"))
    lines = read(path).splitlines()
    line = [n for n, text in enumerate(lines, 1) if text.startswith(b"LOCATION")][0]
    nano = lambda *more: type_into(["nano", "--ignorercfiles", *more, "+%d,15" % line, "Standup.ics"],
                                   ["\x1b[3~B", "\x0f", "\r", "\x18"], cwd=calendar)
    same_item(mount, "nano", nano)
    run("cp", old, path)
    lines = read(path).splitlines()
    line = [n for n, text in enumerate(lines, 1) if text.startswith(b"LOCATION")][0]
    same_item(mount, "nano --backup", lambda: nano("--backup"))
    edit = ('(progn (setq make-backup-files t version-control nil %s) (find-file "Standup.ics") (goto-char (point-min)) '
            '(while (search-forward "Room A" nil t) (replace-match "Room B")) (save-buffer) (kill-emacs))')
    for settings in ("backup-by-copying nil", "backup-by-copying t", "make-backup-files nil",
                     "file-precious-flag t", "create-lockfiles t"):
        run("cp", old, path)
        same_item(mount, "emacs -nw, " + settings, lambda: type_into(
            ["emacs", "-nw", "-Q", "--eval", edit % settings], [], cwd=calendar))
    for name in mount.ls("Calendar"):
        if not name.endswith(".ics"):
            equal(state(mount.path("Calendar", name)), "local", name)
            os.unlink(mount.path("Calendar", name))
    meant(server, mount, Standup="LOCATION:Room B", Dentist="SUMMARY")


@test
def copiers_and_archives(scratch):
    server, mount = started(scratch)
    saved = scratch.path("saved")
    run("cp", "-a", mount.path("Calendar"), saved)
    run("tar", "cf", scratch.path("saved.tar"), "-C", mount.point, "Calendar")
    before = {n: os.stat(mount.path("Calendar", n)).st_ino for n in mount.ls("Calendar")}
    # What is there already is not touched, nor what a copy of the same bytes is.
    out = run("rsync", "-a", "--itemize-changes", saved + "/", mount.path("Calendar") + "/").stdout
    truth(not [l for l in out.splitlines() if l.startswith(">f")], out)
    run("tar", "xf", scratch.path("saved.tar"), "-C", mount.point)
    meant(server, mount, Standup="LOCATION:Room A", Dentist="SUMMARY")
    for flags in ([], ["--inplace"], ["-c", "--whole-file"]):
        write(saved + "/Standup.ics", event("Standup", "LOCATION:Room A\r\n"))
        run("rsync", "-rtc", saved + "/", mount.path("Calendar") + "/")
        write(saved + "/Standup.ics", event("Standup", "LOCATION:Room B\r\nX-MORE:1\r\n"))
        if flags == ["--append-verify"]:
            continue
        same_item(mount, "rsync " + " ".join(flags), lambda: run(
            "rsync", "-rt", *flags, saved + "/", mount.path("Calendar") + "/"))
    run("rm", "-r", scratch.path("saved"))
    shell(mount, "rm *.ics")
    run("tar", "xf", scratch.path("saved.tar"), "-C", mount.point)
    meant(server, mount, Standup="LOCATION:Room A", Dentist="SUMMARY")
    equal(sorted(before), mount.ls("Calendar"), "names")


@test
def a_file_manager_copies(scratch):
    """Nautilus and its kind: a file of another name, written and closed, flushed, its times and mode set, then renamed;
    thumbnails and trash are looked for."""
    server, mount = started(scratch)
    calendar = mount.path("Calendar")
    fd = os.open(calendar + "/.goutputstream-XYZ123", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    os.fchmod(fd, 0o644)
    os.write(fd, event("Standup", "LOCATION:Room B\r\n"))
    os.fsync(fd)
    os.utime(fd, ns=(10 ** 18, 10 ** 18))
    os.close(fd)
    same_item(mount, "a file manager", lambda: os.rename(calendar + "/.goutputstream-XYZ123",
                                                         calendar + "/Standup.ics"))
    for name in (".Trash-0", ".directory"):
        truth(not os.path.exists(os.path.join(calendar, name)), name)
    meant(server, mount, Standup="LOCATION:Room B", Dentist="SUMMARY")


@test
def git_with_its_directory_outside(scratch):
    server, mount = started(scratch)
    calendar = mount.path("Calendar")
    git = lambda *words, **more: run("git", "--git-dir", scratch.path("git"), "--work-tree", calendar, "-c",
                                     "user.name=t", "-c", "user.email=t@example.test", "-c", "core.autocrlf=false",
                                     "-c", "advice.detachedHead=false", *words, cwd=calendar, **more)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    run("cp", write(scratch.path("b"), event("Standup", "LOCATION:Room B\r\n")), calendar + "/Standup.ics")
    run("cp", write(scratch.path("c"), event("Choir")), calendar + "/choir.ics")
    git("add", ".")
    git("commit", "-qm", "two")
    meant(server, mount, Standup="LOCATION:Room B", Dentist="SUMMARY", Choir="SUMMARY")
    equal(git("status", "--porcelain").stdout, "", "git status after the sync")
    git("checkout", "-q", "HEAD~1")
    meant(server, mount, Standup="LOCATION:Room A", Dentist="SUMMARY")
    equal(git("status", "--porcelain").stdout, "", "git status after a checkout and a sync")
    git("checkout", "-q", "-")
    meant(server, mount, Standup="LOCATION:Room B", Dentist="SUMMARY", Choir="SUMMARY")
    equal(git("status", "--porcelain").stdout, "", "git status after another")


def khal(scratch, mount, *words, **more):
    config = write(scratch.path("khal.conf"),
                   "[calendars]\n[[eas]]\npath = %s\n[locale]\nlocal_timezone = Europe/Berlin\n"
                   "default_timezone = Europe/Berlin\ntimeformat = %%H:%%M\ndateformat = %%Y-%%m-%%d\n"
                   "longdateformat = %%Y-%%m-%%d\ndatetimeformat = %%Y-%%m-%%d %%H:%%M\n"
                   "longdatetimeformat = %%Y-%%m-%%d %%H:%%M\n[default]\ndefault_calendar = eas\n[sqlite]\npath = %s\n" %
                   (mount.path("Calendar"), scratch.path("khal.db")))
    return run("khal", "-c", config, *words, **more)


@test
def khal_makes_and_edits_events(scratch):
    server, mount = started(scratch)
    khal(scratch, mount, "new", "2026-12-01", "10:00", "11:00", "Planning", "::", "the year")
    truth("Planning" in khal(scratch, mount, "list", "2026-12-01").stdout, "khal does not list its event")
    meant(server, mount, Planning="DESCRIPTION:the year", Standup="LOCATION:Room A", Dentist="SUMMARY")
    # khal asks by single keys: summary, its new text, done.
    config = scratch.path("khal.conf")
    type_into(["khal", "-c", config, "edit", "Planning"], ["s\r", "Planning two\r", "n\r", "q\r"])
    truth("Planning two" in khal(scratch, mount, "list", "2026-12-01").stdout, "khal's edit is lost")
    meant(server, mount, Planning="SUMMARY:Planning two", Standup="LOCATION:Room A", Dentist="SUMMARY")


@test
def khard_makes_edits_and_removes_contacts(scratch):
    server, mount = started(scratch)
    config = write(scratch.path("khard.conf"), "[addressbooks]\n[[eas]]\npath = %s\n[general]\ndefault_action = list\n"
                   "editor = vim\nmerge_editor = vim\n[vcard]\npreferred_version = 3.0\n" % mount.path("Contacts"))
    fields = "First name : Max\nLast name : Moritz\nEmail :\n    home : max@example.test\n"
    run("khard", "-c", config, "new", "-a", "eas", input=fields)
    meant(server, mount, "Contacts", Max="max@example.test", Jane="FN")
    name = [n for n in mount.ls("Contacts") if b"Moritz" in mount.read("Contacts", n)][0]
    changed = write(scratch.path("fields"), fields.replace("max@", "moritz@"))
    run("khard", "-c", config, "edit", "-i", changed, "Moritz", input="y\n")
    meant(server, mount, "Contacts", Max="moritz@example.test", Jane="FN")
    equal(sorted(mount.ls("Contacts")), sorted([name, "Jane Doe.vcf"]), "names")
    run("khard", "-c", config, "remove", "--force", "Moritz")
    meant(server, mount, "Contacts", Jane="FN")


@test
def todoman_makes_and_ends_tasks(scratch):
    server, mount = started(scratch)
    config = write(scratch.path("todoman.py"), 'path = "%s"\ndefault_list = "Tasks"\ncache_path = "%s"\n'
                   'date_format = "%%Y-%%m-%%d"\ntime_format = "%%H:%%M"\n' %
                   (mount.path("Tasks"), scratch.path("todo.db")))
    todoman = lambda *words: run("todoman", "--config", config, *words)
    todoman("new", "Laundry")
    told = todoman("list").stdout
    truth("Laundry" in told and "Report" in told, told)
    number = re.search(r"(\d+)\s.*Report", told).group(1)
    todoman("done", number)
    meant(server, mount, "Tasks", Laundry="SUMMARY", Report="STATUS:COMPLETED")


@test
def vdirsyncer_goes_both_ways_and_then_does_nothing(scratch):
    server, mount = started(scratch)
    plain = scratch.path("plain")
    write(plain + "/there/choir.ics", event("Choir"))
    config = write(scratch.path("vdirsyncer.conf"), """[general]
status_path = "%s"
[pair both]
a = "mount"
b = "plain"
collections = [["all", "Calendar", "there"]]
conflict_resolution = "a wins"
[storage mount]
type = "filesystem"
path = "%s"
fileext = ".ics"
[storage plain]
type = "filesystem"
path = "%s"
fileext = ".ics"
""" % (scratch.path("status"), mount.point, plain))
    vdirsyncer = lambda word: run("vdirsyncer", "-c", config, word)
    run("sh", "-c", "yes | vdirsyncer -c '%s' discover both" % config)
    vdirsyncer("sync")
    meant(server, mount, Standup="LOCATION:Room A", Dentist="SUMMARY", Choir="SUMMARY")
    equal(len(os.listdir(plain + "/there")), 3, "files in the plain directory")
    before, there = tree(mount.path("Calendar")), tree(plain)
    done = vdirsyncer("sync")
    truth("opying" not in done.stdout + done.stderr and "eleting" not in done.stdout + done.stderr, done)
    equal((tree(mount.path("Calendar")), tree(plain)), (before, there), "after a second run")
    name = [n for n in os.listdir(plain + "/there") if b"SUMMARY:Standup" in read(plain + "/there/" + n)][0]
    write(plain + "/there/" + name, event("Standup", "LOCATION:Room B\r\n"))
    server.put("Calendar/dentist.ics", event("Dentist", "LOCATION:Town\r\n"))
    mount.sync()
    vdirsyncer("sync")
    meant(server, mount, Standup="LOCATION:Room B", Dentist="LOCATION:Town", Choir="SUMMARY")
    vdirsyncer("sync")
    truth(any(b"LOCATION:Town" in read(plain + "/there/" + n) for n in os.listdir(plain + "/there")), "one way is lost")


@test
def a_saved_tree_is_laid_over_the_root(scratch):
    """Mail is refused file by file, items are matched by their UIDs, and nothing is sent."""
    server, mount = started(scratch)
    saved, archive = scratch.path("saved"), scratch.path("saved.tar")
    run("cp", "-a", mount.point, saved)
    run("tar", "cf", archive, "-C", mount.point, ".")
    before = {f: server_items(server, f) for f in ("Calendar", "Contacts", "Tasks")}
    run("rsync", "-a", saved + "/", mount.point + "/")
    # tar removes a file that it extracts anew; a message, which it may not make, comes back.
    for more in ([], ["--overwrite"], ["--unlink-first"]):
        done = run("tar", "xf", archive, "-C", mount.point, *more, code=2)
        truth("Operation not permitted" in done.stderr, done.stderr)
        mount.sync("--strict")
        equal(sorted(mount.ls("Mail", "Inbox")), sorted(os.listdir(saved + "/Mail/Inbox")), "messages after tar")
    equal(os.listdir(server.directory + "/Mail/Inbox"), ["1.eml"], "the server's messages")
    shutil_names = mount.ls("Mail", "Inbox")
    # Another mailbox's tree on an empty mount: what may be made is made.
    for folder, items in before.items():
        equal(sorted(server_items(server, folder)), sorted(items), folder)
    run("sh", "-c", "rm Calendar/*.ics Contacts/*.vcf Tasks/*.ics", cwd=mount.point)
    mount.sync()
    os.remove(mount.path("Mail", "Inbox", shutil_names[0]))
    mount.sync()
    done = run("rsync", "-a", saved + "/", mount.point + "/", code=23)
    truth(shutil_names[0][:19] in done.stderr, done.stderr)
    mount.sync("--strict")
    for folder, items in before.items():
        equal(sorted(server_items(server, folder)), sorted(items), folder)
    equal(mount.ls("Mail", "Inbox"), [], "mail that a copy made")


if __name__ == "__main__":
    harness.main()
