#!/usr/bin/env python3
"""What inotify and .easfs/events say of changes on the server. Catches: an event that is missing, doubled or about
another name, a change that the daemon's own operations cause, a write of the user's that slips through with them, an
operation on whatever lies below a mount that is gone, watchers and readers that wait for each other for ever."""
import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import equal, message, read, run, test, truth, wait_for, write
from inotify import Watch

RACES = int(os.environ.get("EASFS_RACES", "20000"))


def mail(number, body="Text.\r\n"):
    return message("Message %d" % number, date="Mon, 02 Nov 2026 %02d:%02d:%02d +0000" %
                   (number // 3600, number // 60 % 60, number % 60), body=body)


def name(number):
    return "2026-11-02 %02d.%02d.%02d Alice Smith - Message %d.eml" % (number // 3600, number // 60 % 60, number % 60,
                                                                      number)


def event(summary, place="Here"):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:%s@example.test\r\n"
            "DTSTAMP:20261101T080000Z\r\nDTSTART:20261105T090000Z\r\nDTEND:20261105T093000Z\r\nSUMMARY:%s\r\n"
            "LOCATION:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" % (summary, summary, place))


def started(scratch, *options, messages=2):
    for number in range(messages):
        write(scratch.path("mailbox/Mail/Inbox/%d.eml" % number), mail(number))
    write(scratch.path("mailbox/Calendar/standup.ics"), event("standup"))
    os.makedirs(scratch.path("mailbox/Mail/Archive"))
    server = scratch.easd()
    mount = scratch.mount(server, *options)
    mount.sync()
    settle(mount)
    return server, mount


def lines(mount):
    return [json.loads(line) for line in mount.read(".easfs", "events").decode().splitlines()]


def settle(mount):
    """Until nothing more is told: two looks at the events file that agree."""
    last = [None]

    def same():
        before, last[0] = last[0], len(lines(mount))
        time.sleep(0.1)
        return before == last[0]
    wait_for("the events to end", same)


def created(name):
    return [("CREATE", name), ("CLOSE_WRITE", name)]


@test
def every_change_of_mail_is_told(scratch):
    server, mount = started(scratch)
    run("find", mount.point, "-ls")
    watch = Watch(mount.path("Mail", "Inbox"), mount.path("Mail", "Archive"))
    before = len(lines(mount))

    server.put("Mail/Inbox/7.eml", mail(7))
    mount.sync()
    watch.wait(created(name(7)), "a new message")
    equal(mount.read("Mail", "Inbox", name(7)), mail(7))
    os.unlink(server.directory + "/Mail/Inbox/1.eml")
    mount.sync()
    watch.wait([("DELETE", name(1))], "a message that went")
    equal(mount.ls("Mail", "Inbox"), [name(0), name(7)])

    told = lines(mount)[before:]
    equal([(line["kind"], line["path"]) for line in told],
          [("create", "Mail/Inbox/" + name(7)), ("delete", "Mail/Inbox/" + name(1))], "the events file")
    truth(all(line["time"].endswith("Z") and len(line["time"]) == 24 for line in told), "times: %r" % told)
    truth(told[0]["item"], "the item of a new message")


@test
def every_change_of_an_event_is_told(scratch):
    server, mount = started(scratch)
    watch = Watch(mount.path("Calendar"))
    server.put("Calendar/dinner.ics", event("dinner"))
    mount.sync()
    watch.wait(created("dinner.ics"), "a new event")
    server.put("Calendar/standup.ics", event("standup", place="There"))
    mount.sync()
    watch.wait([("MODIFY", "standup.ics"), ("CLOSE_WRITE", "standup.ics")], "a changed event")
    truth(b"There" in mount.read("Calendar", "standup.ics"), "the new bytes are not there")
    os.unlink(server.directory + "/Calendar/standup.ics")
    mount.sync()
    watch.wait([("DELETE", "standup.ics")], "an event that went")
    equal([line["kind"] for line in lines(mount)][-3:], ["create", "change", "delete"])


@test
def folders_are_told(scratch):
    server, mount = started(scratch)
    watch = Watch(mount.path("Mail"))
    os.makedirs(server.directory + "/Mail/New")
    mount.sync()
    watch.wait([("CREATE/", "New")], "a new folder")
    watch.add(mount.path("Mail", "New"))
    server.put("Mail/New/5.eml", mail(5))
    mount.sync()
    watch.wait(created(name(5)), "a message in a new folder")
    run("rm", "-r", server.directory + "/Mail/New")
    mount.sync()
    wait_for("the folder's end", lambda: ("DELETE/", "New") in watch.collect())
    truth("New" not in mount.ls("Mail"), "the folder is still listed")
    truth(("DELETE", name(5)) in watch.events, "what was in it: %r" % watch.events)


@test
def folders_that_get_another_name_or_place_are_told(scratch):
    """What watches a folder goes on watching it, wherever it goes; and so does what has a file of it open."""
    write(scratch.path("mailbox/Mail/Projects/2026/5.eml"), mail(5))
    server, mount = started(scratch)
    disk, inode = server.directory + "/Mail", lambda *path: os.stat(mount.path("Mail", *path)).st_ino
    run("find", mount.point, "-ls")
    before = {path: inode(*path.split("/")) for path in ("Projects", "Projects/2026", "Projects/2026/" + name(5))}
    told, watch = len(lines(mount)), Watch(*(mount.path("Mail", *path) for path in ([], ["Projects"], ["Archive"],
                                                                                    ["Projects", "2026"])))
    os.rename(disk + "/Projects", disk + "/Plans")
    mount.sync()
    watch.wait([("MOVED_FROM/", "Projects"), ("MOVED_TO/", "Plans")], "another name")
    equal([inode("Plans"), inode("Plans", "2026"), inode("Plans", "2026", name(5))], list(before.values()), "inodes")

    os.rename(disk + "/Plans/2026", disk + "/Archive/2026")
    mount.sync()
    watch.wait([("MOVED_FROM/", "2026"), ("MOVED_TO/", "2026")], "another place")
    equal((mount.ls("Mail", "Plans"), mount.ls("Mail", "Archive")), ([], ["2026"]))
    equal(inode("Archive", "2026", name(5)), before["Projects/2026/" + name(5)], "the inode of what is in it")
    equal(mount.read("Mail", "Archive", "2026", name(5)), mail(5))

    server.put("Mail/Archive/2026/6.eml", mail(6))
    mount.sync()
    watch.wait(created(name(6)), "a message in a folder that was moved")
    os.rename(disk + "/Archive/2026", disk + "/Archive/2027")  # both at once, and something in it
    os.rename(disk + "/Archive/2027/6.eml", disk + "/Plans/6.eml")
    os.makedirs(disk + "/Plans/Deep/Deeper")
    mount.sync()
    equal(sorted(watch.collect()), sorted([("MOVED_FROM/", "2026"), ("MOVED_TO/", "2027"), ("MOVED_FROM", name(6)),
                                           ("MOVED_TO", name(6)), ("CREATE/", "Deep")]), "all at once")
    watch.events = []
    run("rm", "-r", disk + "/Archive/2027", disk + "/Plans")
    mount.sync()
    gone = [event for event in watch.collect() if event[0].endswith("/")]
    equal(sorted(gone), [("DELETE/", "2027"), ("DELETE/", "Deep"), ("DELETE/", "Plans")], "the end of all")
    truth(gone.index(("DELETE/", "Deep")) < gone.index(("DELETE/", "Plans")), "a folder before what is in it")
    equal([(line["kind"], line.get("from"), line["path"]) for line in lines(mount)[told:]][:3],
          [("move", "Mail/Projects", "Mail/Plans"), ("move", "Mail/Plans/2026", "Mail/Archive/2026"),
           ("create", None, "Mail/Archive/2026/" + name(6))], "the events file")
    equal([path for path in mount.ls("Mail") if path in ("Projects", "Plans")], [])


@test
def what_a_sync_brought_is_told_when_it_ends(scratch):
    server, mount = started(scratch, messages=400)
    inbox = mount.path("Mail", "Inbox")
    run("find", mount.point, "-ls")
    told, watch = len(lines(mount)), Watch(inbox, mask=0x200)
    for number in range(400):
        os.unlink(server.directory + "/Mail/Inbox/%d.eml" % number)
    mount.sync()
    equal([n for n in range(400) if os.path.exists(os.path.join(inbox, name(n)))], [], "names that are still found")
    equal(mount.ls("Mail", "Inbox"), [])
    equal(len(lines(mount)) - told, 400, "lines of the events file")
    equal(len(watch.collect()), 400, "events")


@test
def nothing_follows_from_an_event(scratch):
    server, mount = started(scratch)
    watch = Watch(mount.path("Mail", "Inbox"))
    server.put("Mail/Inbox/7.eml", mail(7))
    mount.sync()
    watch.wait(created(name(7)))
    mount.sync()
    told = lines(mount)
    mount.sync()
    equal(lines(mount), told, "the events file after a sync of nothing")
    equal(watch.collect(), [], "events after a sync of nothing")


@test
def what_a_user_does_is_the_users_own(scratch):
    """The daemon makes a name through its mount at the very moment at which a user makes it: the user's open gets the
    user's file or EEXIST, never the daemon's, through which nothing is written."""
    server, mount = started(scratch)
    made, faults, over = [], [], threading.Event()

    def user():
        while not over.is_set():
            for number in range(20):
                path = mount.path("Calendar", "Meeting %d.ics" % number)
                try:
                    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
                except FileExistsError:
                    continue
                own = event("Meeting %d" % number, "Mine %d" % len(made)).replace("UID:", "UID:mine-").encode()
                os.write(fd, own)
                os.close(fd)
                if read(path) != own:
                    faults.append("%s does not have what was written there" % path)
                made.append(path)
                os.rename(path, path + "~")
    writer = threading.Thread(target=user, daemon=True)
    writer.start()
    try:
        for number in range(20):
            server.put("Calendar/m%d.ics" % number, event("Meeting %d" % number))
            if number % 4 == 3:
                mount.sync()
    finally:
        over.set()
        writer.join()
    equal(faults, [], "files of the user")
    truth(made, "the user made nothing")
    settle(mount)
    equal([l for l in mount.read(".easfs", "status").decode().splitlines() if l.startswith("events")], [],
          "operations that were given up")


@test
def a_users_change_is_told_once(scratch):
    """The kernel tells it; the daemon adds a line to the events file, and nothing more."""
    server, mount = started(scratch)
    calendar = mount.path("Calendar")
    watch = Watch(calendar, mask=0x100 | 0x8 | 0xc0 | 0x200)
    run("cp", write(scratch.path("mine.ics"), event("Mine")), calendar + "/mine.ics")
    os.rename(calendar + "/mine.ics", calendar + "/yours.ics")
    os.unlink(calendar + "/yours.ics")
    settle(mount)
    mount.sync()
    equal(watch.collect(), [("CREATE", "mine.ics"), ("CLOSE_WRITE", "mine.ics"), ("MOVED_FROM", "mine.ics"),
                            ("MOVED_TO", "yours.ics"), ("DELETE", "yours.ics")], "events of a user's changes")
    equal([(l["kind"], l["path"]) for l in lines(mount) if l["path"] and "Calendar/" in l["path"] and
           l["path"][9:] in ("mine.ics", "yours.ics") and l["kind"] != "change"],
          [("create", "Calendar/mine.ics"), ("move", "Calendar/yours.ics"), ("delete", "Calendar/yours.ics")],
          "the events file")


@test
def events_off_tells_inotify_nothing(scratch):
    server, mount = started(scratch, "--events", "off")
    watch = Watch(mount.path("Mail", "Inbox"))
    server.put("Mail/Inbox/7.eml", mail(7))
    mount.sync()
    wait_for("the message", lambda: name(7) in mount.ls("Mail", "Inbox"))
    settle(mount)
    equal(watch.collect(), [], "events with --events off")
    equal(lines(mount)[-1]["kind"], "create", "the events file")


@test
def read_only_has_the_events_file(scratch):
    server, mount = started(scratch)
    mount.umount()
    mount = scratch.mount(server, "-o", "ro", point="mnt2")
    mount.sync()
    server.put("Mail/Inbox/7.eml", mail(7))
    mount.sync()
    wait_for("the line", lambda: [l for l in lines(mount) if l["path"] == "Mail/Inbox/" + name(7)])


@test
def what_lies_below_a_mount_that_is_gone_stays_untouched(scratch):
    server, mount = started(scratch)
    below = scratch.path("mnt")
    holder = os.open(mount.path("Mail"), os.O_RDONLY)
    try:
        run("fusermount3", "-uz", below)
        mount.mounted = False
        for directory in ("Mail/Inbox", "Calendar"):
            os.makedirs(os.path.join(below, directory))
        write(os.path.join(below, "Mail/Inbox", name(0)), b"of the disk")
        write(os.path.join(below, "Calendar/standup.ics"), b"of the disk")
        before = harness.tree(below)
        server.put("Mail/Inbox/7.eml", mail(7))
        os.unlink(server.directory + "/Mail/Inbox/0.eml")
        server.put("Calendar/standup.ics", event("standup", place="There"))
        run(harness.EASFS, "sync", below, "--wait", code=None)
        inbox = "/proc/self/fd/%d/Inbox" % holder
        wait_for("the change in the mount that nobody reaches", lambda: name(7) in os.listdir(inbox), 90)
        equal(harness.tree(below), before, "the directory below")
    finally:
        daemon = mount.daemon()
        os.close(holder)
        wait_for("the daemon's end", lambda: harness.is_gone(daemon))


@test
def tail_follows(scratch):
    server, mount = started(scratch)
    path = mount.path(".easfs", "events")
    whole = read(path)
    for option in ("-f", "-F"):
        with open(scratch.path("tail" + option), "wb") as out:
            tail = subprocess.Popen(["tail", "-n", "0", option, path], stdout=out, stderr=subprocess.DEVNULL)
        try:
            number = 20 if option == "-f" else 21
            time.sleep(0.3)
            server.put("Mail/Inbox/%d.eml" % number, mail(number))
            mount.sync()
            wait_for("the line by tail " + option,
                     lambda: name(number).encode() in read(scratch.path("tail" + option)), 5)
        finally:
            tail.kill()
            tail.wait()
    truth(read(path).startswith(whole), "the events file lost its beginning")
    equal(os.stat(path).st_size, len(read(path)), "the size of the events file")


@test
def a_server_that_goes_and_comes_is_told(scratch):
    server, mount = started(scratch)
    server.stop()
    run(harness.EASFS, "sync", mount.point, "--wait", "--timeout", "5", code=None)
    wait_for("offline", lambda: [l for l in lines(mount) if l["kind"] == "state" and l["state"] == "offline"], 40)
    server.start()
    run(harness.EASFS, "sync", mount.point, "--wait", code=None)
    wait_for("online", lambda: lines(mount)[-1].get("state") == "online", 40)


@test
def a_move_on_the_server_is_a_move(scratch):
    server, mount = started(scratch)
    run("find", mount.point, "-ls")
    inode = os.stat(mount.path("Mail", "Inbox", name(1))).st_ino
    watch = Watch(mount.path("Mail", "Inbox"), mount.path("Mail", "Archive"))
    os.rename(server.directory + "/Mail/Inbox/1.eml", server.directory + "/Mail/Archive/1.eml")
    mount.sync()
    watch.wait([("MOVED_FROM", name(1)), ("MOVED_TO", name(1))], "a moved message")
    equal(mount.ls("Mail", "Inbox"), [name(0)])
    equal(mount.read("Mail", "Archive", name(1)), mail(1))
    equal(os.stat(mount.path("Mail", "Archive", name(1))).st_ino, inode, "the inode")
    last = lines(mount)[-1]
    equal((last["kind"], last["from"], last["path"]),
          ("move", "Mail/Inbox/" + name(1), "Mail/Archive/" + name(1)), "the events file")


@test
def an_open_file_that_goes_has_its_attributes(scratch):
    server, mount = started(scratch)
    with open(mount.path("Mail", "Inbox", name(1)), "rb", buffering=0) as file:
        watch = Watch(mount.path("Mail", "Inbox"))
        os.unlink(server.directory + "/Mail/Inbox/1.eml")
        mount.sync()
        watch.wait([("DELETE", name(1))])
        status = os.fstat(file.fileno())
        equal((status.st_size, status.st_nlink), (len(mail(1)), 0), "size and links of an open file that is gone")
        equal(file.read(), mail(1))


def memory_peak(mount):
    status = open("/proc/%d/status" % mount.daemon()).read()
    return int(status.split("VmHWM:")[1].split()[0])


def readers(mount, count=2):
    walk = "while :; do find '%s' -ls; grep -r Message '%s'; done" % (mount.point, mount.point)
    return [subprocess.Popen(["sh", "-c", walk], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             start_new_session=True) for _ in range(count)]


def end(processes):
    for process in processes:
        os.killpg(process.pid, 9)
        process.wait()


@test
def a_storm_is_told_whole(scratch):
    server, mount = started(scratch)
    watch = Watch(mount.path("Mail", "Inbox"), mask=0x100 | 0x200)
    before, new = memory_peak(mount), [name(n) for n in range(100, 10100)]
    busy = readers(mount)
    try:
        for number in range(100, 10100):
            write(server.directory + "/Mail/Inbox/%d.eml" % number, mail(number))
        mount.sync()
        wait_for("every event or an overflow", lambda: len(watch.collect()) >= len(new) or
                 [e for e in watch.events if "OVERFLOW" in e[0]] or [l for l in lines(mount) if l["kind"] == "overflow"],
                 120)
        if len(watch.events) >= len(new):
            equal(sorted(watch.events), sorted(("CREATE", n) for n in new), "events of a storm")
        equal(mount.ls("Mail", "Inbox"), sorted([name(0), name(1)] + new), "the listing after it")
    finally:
        end(busy)
    truth(memory_peak(mount) - before < 48 << 10, "memory grew by %d KiB" % (memory_peak(mount) - before))


def race(mount, seed, tries, faults):
    """Look-ups, listings, scratch files and refused changes of one directory, as fast as they go."""
    chance, inbox = random.Random(seed), mount.path("Mail", "Inbox")
    allowed = {errno.ENOENT, errno.EPERM, errno.EEXIST, errno.ESTALE}
    for turn in range(tries):
        path = os.path.join(inbox, name(chance.randrange(10, 16)))
        try:
            what = turn % 5
            if what == 0:
                os.stat(path)
            elif what == 1:
                os.listdir(inbox)
            elif what == 2:
                os.open(path, os.O_WRONLY)
            elif what == 3:
                with open(path, "rb") as file:
                    file.read()
            elif turn % 2:
                os.rename(path, path + "x.eml")
            else:
                write(path + "~", "scratch")
                os.unlink(path + "~")
        except OSError as error:
            if error.errno not in allowed:
                faults.append("%s: %s" % (what, error))


@test
def nobody_waits_for_another_for_ever(scratch):
    server, mount = started(scratch)
    pids, over = [], time.monotonic() + max(120, RACES / 200)
    for seed in range(4):
        pid = os.fork()
        if pid == 0:
            faults = []
            try:
                race(mount, seed, RACES // 4, faults)
            finally:
                write(scratch.path("faults%d" % seed), "\n".join(faults[:5]))
                os._exit(1 if faults else 0)
        pids.append(pid)
    turn, ended = 0, {}
    while len(ended) < len(pids):
        truth(time.monotonic() < over, "the racers hang: " + repr(ended))
        for number in range(10, 16):
            path = "Mail/Inbox/%d.eml" % number
            if turn % 2:
                os.unlink(os.path.join(server.directory, path))
            else:
                server.put(path, mail(number, "Turn %d.\r\n" % turn))
        mount.sync(timeout=60)
        turn += 1
        for pid in set(pids) - set(ended):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                ended[pid] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    faults = [read(scratch.path("faults%d" % seed)).decode() for seed in range(4)]
    equal(set(ended.values()), {0}, "the racers: %r" % faults)
    truth(turn > 2, "only %d turns of changes raced" % turn)
    settle(mount)
    mount.sync()
    equal(mount.ls("Mail", "Inbox"), [name(0), name(1)] + ([name(n) for n in range(10, 16)] if turn % 2 else []),
          "the listing in the end")
    equal([l for l in mount.read(".easfs", "status").decode().splitlines() if l.startswith("events")], [],
          "operations that were given up")


@test
def a_daemon_that_was_stopped_goes_on_telling(scratch):
    server, mount = started(scratch)
    watch = Watch(mount.path("Mail", "Inbox"), mask=0x100)
    for turn in range(3):
        for number in range(100, 200):
            write(server.directory + "/Mail/Inbox/%d-%d.eml" % (turn, number), mail(turn * 100 + number))
        kick = subprocess.Popen([harness.EASFS, "sync", mount.point, "--wait"], stdout=subprocess.DEVNULL)
        wait_for("the first event", watch.collect)
        os.kill(mount.daemon(), signal.SIGSTOP)
        time.sleep(2.5)  # longer than an operation may take
        os.kill(mount.daemon(), signal.SIGCONT)
        kick.wait()
    settle(mount)
    watch.collect()
    watch.events = []
    server.put("Mail/Inbox/last.eml", mail(9))
    mount.sync()
    watch.wait([("CREATE", name(9))], "an event after the daemon was stopped")


@test
def inotifywait_sees_it(scratch):
    """The tool that people use, recursive; and no descriptor in the mount is left behind."""
    server, mount = started(scratch)
    with open(scratch.path("seen"), "wb") as out, open(scratch.path("said"), "wb") as said:
        tool = subprocess.Popen(["inotifywait", "-m", "-r", "--format", "%e %f", mount.path("Mail")], stdout=out,
                                stderr=said)
    try:
        wait_for("inotifywait", lambda: b"Watches established" in read(scratch.path("said")))
        server.put("Mail/Inbox/7.eml", mail(7))
        mount.sync()
        wait_for("its lines", lambda: b"CLOSE_WRITE,CLOSE " + name(7).encode() in read(scratch.path("seen")))
        truth(b"CREATE " + name(7).encode() in read(scratch.path("seen")), "no CREATE")
    finally:
        tool.kill()
        tool.wait()
    held = ["/proc/%d/fd/%s" % (mount.daemon(), fd) for fd in os.listdir("/proc/%d/fd" % mount.daemon())]
    equal([os.readlink(fd) for fd in held if os.path.lexists(fd) and os.readlink(fd).startswith(mount.point)], [],
          "descriptors of the daemon in its own mount")


if __name__ == "__main__":
    harness.main()
