#!/usr/bin/env python3
"""Servers that behave badly, through the mount: the ways in which real ones differ, and answers that
no server should give. Catches: an oddity that costs a byte, a name or an inode; a bad item that stops
its folder, a bad folder that stops the account; a failure without a name; a wait without an end, a
daemon that dies, leaks or grows."""
import base64
import collections
import errno
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
import oddserver
import wbxml
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write
from oddserver import CALENDAR, CONTACTS, DELETED, INBOX, NOTES, SENT, TASKS, USER_CALENDAR, OddServer, Reply
from wbxml import E

MEMORY_KIB = 64 * 1024  # the daemon's, at its height
SANITIZED = "asan" in harness.BUILD
ZONE_OF_ZEROS = base64.b64encode(bytes(172)).decode()


# ---- a mailbox, and what must be true of it whatever the server does ----

def event(subject, *more, uid=None, start="20261103T090000Z", end="20261103T100000Z"):
    return [E("Calendar:" + tag, value) for tag, value in (
        ("Timezone", ZONE_OF_ZEROS), ("AllDayEvent", "0"), ("BusyStatus", "2"), ("DtStamp", "20261101T120000Z"),
        ("EndTime", end), ("Subject", subject), ("StartTime", start), ("UID", uid or "uid-%s" % subject),
        ("MeetingStatus", "0"), ("Sensitivity", "0")) if value is not None] + list(more)


def mailbox():
    server = OddServer()
    inbox, sent = server.folder("Inbox", INBOX), server.folder("Sent Items", SENT)
    server.folder("Deleted Items", DELETED)
    projects = server.folder("Projects")
    plans = server.folder("2026", parent=projects.id)
    for number in range(6):
        server.mail(inbox, letter(number), "Letter %d" % number)
    server.mail(sent, message("Answer"), "Answer")
    server.mail(plans, message("Plan", body="\x0c" + "Pl\u00e4ne.\r\n" * 400), "Plan")
    server.item(server.folder("Calendar", CALENDAR), *event("standup"))
    server.item(server.folder("Contacts", CONTACTS), E("Contacts:FirstName", "Jane"), E("Contacts:LastName", "Doe"),
                E("Contacts:FileAs", "Jane Doe"))
    server.item(server.folder("Tasks", TASKS), E("Tasks:Subject", "file the report"), E("Tasks:Complete", "0"))
    return server


def letter(number):
    return message("Letter %d" % number, body="Line \u20ac %d.\r\n" % number * 50)


OTHERS = {"Calendar": ["standup.ics"], "Contacts": ["Jane Doe.vcf"], "Tasks": ["file the report.ics"]}


def credentials(scratch, server):
    password = write(scratch.path("password"), "secret\n")
    os.chmod(password, 0o600)
    return ["--server", server.url, "--user", "bob", "--password-file", password, "--insecure-http"]


def serve(scratch, server):
    scratch.enter_context(server)
    os.environ["ASAN_OPTIONS"] = "detect_leaks=1:log_path=" + scratch.path("asan")
    scratch.callback(nothing_leaked, scratch)
    return credentials(scratch, server)


def nothing_leaked(scratch):
    """What a sanitizer had to say of any process of this test."""
    for name in os.listdir(scratch.dir):
        if name.startswith("asan."):
            raise AssertionError(read(scratch.path(name)).decode(errors="replace")[:3000])


def start(scratch, server, *options, sync=0, height=MEMORY_KIB):
    """Mounts what the server has and reads all of it; sync is the code it ends with."""
    mount = scratch.mount(serve(scratch, server), *options)
    scratch.callback(healthy, mount, height)
    if sync is not None:
        mount.sync("--timeout", "60", code=sync, timeout=90)
    return mount


def healthy(mount, most):
    """The daemon is there and did not grow."""
    if not mount.mounted:
        return
    lines = read("/proc/%d/status" % mount.daemon()).decode().splitlines()
    held = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    truth(SANITIZED or held <= most, "the daemon held %d KiB" % held)
    truth(mount.ls(), "the mount is empty")


def files(top):
    """({path: bytes}, {path: errno}): what can be read below top, and what cannot."""
    there, not_there = {}, {}
    for root, _, names in os.walk(top):
        for name in names:
            path = os.path.join(root, name)
            try:
                there[os.path.relpath(path, top)] = read(path)
            except OSError as error:
                not_there[os.path.relpath(path, top)] = error.errno
    return there, not_there


def digests(values):
    return collections.Counter(hashlib.sha256(value).hexdigest() for value in values)


def whole(mount, server, but=(), unread=0, others=OTHERS):
    """Every message the server has is a file of its bytes, but for the items named, and so many
    cannot be read; the other classes are there."""
    there, not_there = files(mount.path("Mail"))
    wanted = digests(server.wire_mime(item) for folder in server.folders.values() if folder.mail
                     for item in folder.items.values() if item not in but)
    got = digests(there.values())
    equal(got - wanted, collections.Counter(), "bytes that no message has, of %s" % sorted(there))
    equal(wanted - got, collections.Counter(), "messages that are missing, of %s" % sorted(there))
    equal(len(not_there), unread, "files that cannot be read (%s)" % not_there)
    for name, value in there.items():
        equal(os.stat(mount.path("Mail", name)).st_size, len(value), "size of " + name)
    for directory, names in others.items():
        equal(mount.ls(directory), names, directory)
        for name in names:
            truth(mount.read(directory, name), name + " is empty")


def errors(mount):
    """[(path, what is wrong)] at the moment. What is wrong was told when it came to be so."""
    told = [json.loads(line) for line in mount.read(".easfs", "errors").splitlines()]
    found = [tuple(line.split(": ", 1)) for line in mount.wrongs()]
    for path, reason in found:
        truth(any(line["error"] == reason for line in told), "%s: %s is not in errors" % (path, reason))
    return found


def inodes(mount):
    """{path: (inode, size, mtime, ctime)} of everything."""
    found = {}
    for root, directories, names in os.walk(mount.point):
        for name in names + directories:
            info = os.lstat(os.path.join(root, name))
            found[os.path.relpath(os.path.join(root, name), mount.point)] = \
                (info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns) if name in names else info.st_ino
    return found


def once(function, times=1):
    """A hook that acts so many times and then no more; function says None where it is not meant."""
    left = [times]

    def hook(*arguments):
        if not left[0]:
            return None
        done = function(*arguments)
        left[0] -= done is not None
        return done
    return hook


def names_collection(request, folder):
    return request.root is not None and any(c.text("CollectionId") == folder.id
                                            for c in request.root.all("Collections/Collection"))


def reads(request, folder):
    """Whether it is a Sync that reads the folder."""
    return request.command == "Sync" and any(c.text("CollectionId") == folder.id and c.text("SyncKey") != "0"
                                             for c in request.root.all("Collections/Collection"))


def rows(table, body):
    """A test for each row of a table {name: what the body takes}."""
    for name, row in table.items():
        def function(scratch, row=row):
            body(scratch, *row if isinstance(row, tuple) else (row,))
        function.__name__ = name.replace(" ", "_")
        test(function)


# ---- ways that cost nothing ----

def silent_after_a_change(server):
    """Every folder gets another id, and the old ones are answered by silence."""
    server.silent = {"collection", "key"}


def empty_messages(server):
    for name in ("Inbox", "2026"):
        server.mail(server.find(name), b"", "Nothing at all")


def empty_by_fetch(server):
    empty_messages(server)
    server.never_inline = True


def empty_by_fetch_inline(server):
    empty_by_fetch(server)
    server.no_parts = True


def text_with_parts(server):
    """Text on the way loses the form feed; parts do not."""
    server.text_bodies = True
    server.size = lambda mime: len(mime.replace(b"\x0c", b""))


def in_vain(server):
    """Commands that mean nothing, and one Add too many."""
    inbox, calendar = server.find("Inbox"), server.find("Calendar")
    first = next(iter(inbox.items.values()))
    server.put(inbox, first)
    server.put(inbox, first)
    for kind in ("Change", "Delete", "SoftDelete"):
        server.say(inbox, kind, "never-heard-of", [E("Email:Read", "1")])
        server.say(calendar, kind, "nor-of-this", event("ghost"))


def another_collection(server):
    """Each answer holds a collection that nobody asked for."""
    def after(request, reply):
        if request.command == "Sync" and reply.body:
            root = wbxml.read(reply.body)
            root.one("Collections").children.insert(0, E(
                "AirSync:Collection", E("SyncKey", "77"), E("CollectionId", "elsewhere"), E("Status", "1"), E(
                    "Commands", E("Add", E("ServerId", "x:1"), E("ApplicationData", E("Email:Subject", "Not yours"))))))
            reply.body = wbxml.write(root)
    server.after = after


def responses(server):
    """Fates of commands that nobody sent: conflict, bad item, other."""
    def after(request, reply):
        if request.command == "Sync" and reply.body:
            root = wbxml.read(reply.body)
            for collection in root.all("Collections/Collection"):
                ids = [add.text("ServerId") for add in collection.all("Commands/Add")][:3]
                collection.children.append(E("AirSync:Responses", *[
                    E("Change", E("ServerId", ident), E("Status", status)) for ident, status in zip(ids, "7 6 16".split())]))
            reply.body = wbxml.write(root)
    server.after = after


def typed(kind):
    def prepare(server):
        def after(request, reply):
            if reply.kind == oddserver.WBXML_TYPE:
                reply.kind = kind
        server.after = after
    return prepare


def packed(server):
    server.after = lambda request, reply: oddserver.zipped(reply) if reply.body else None


def slow(server):
    """No length, a few bytes at a time."""
    def after(request, reply):
        reply.chunks = (reply.body[at:at + 7] for at in range(0, len(reply.body), 7)) if reply.body else None
    server.after = after


def unknown_tags(server):
    """Tags and pages that no table has, with something in them, before and after every ServerId."""
    strange = b"\x00\x19\x7e\x03strange\x00\x01" + b"\x00\xfe\x45\x46\x03deeper\x00\x01\x01" + b"\x00\x00"

    def after(request, reply):
        if request.command == "Sync":
            reply.body = re.sub(rb"(?=\x4d\x03f\d+:\d+\0)", lambda _: strange, reply.body)
    server.after = after


def busy_once(server):
    server.before = once(lambda request: Reply(503, Retry_After="1", X_MS_ASThrottle="RecentCommands")
                         if request.command == "Sync" else None)


def moved(server):
    """A 451 to another path of the same host, kept from then on."""
    server.before = once(lambda request: Reply(451, X_MS_Location=server.url.replace("Server-", "Server-2-"))
                         if request.command == "FolderSync" else None)


def closed_once(server):
    def after(request, reply):
        reply.drop = request.command in ("Sync", "FolderSync")
        return reply if reply.drop else None
    server.after = once(after, 3)


def recoded(server):
    """Every body comes in another encoding than it was sent in, and always the same."""
    server.wire_mime = lambda item: item.mime.replace(b"MIME-Version: 1.0\r\n", b"").replace(b"Line", b"=4Cine")


def refused(command, code):
    def prepare(server):
        server.before = lambda request: Reply(code) if request.command == command else None
    return prepare


def not_listed(server):
    server.commands = "Sync,FolderSync,Provision,Ping"
    refused("ItemOperations", 501)(server)


def hesitant(server):
    """More is announced three times before anything comes."""
    left = collections.Counter()

    def before(request):
        asked = request.root.all("Collections/Collection") if request.command == "Sync" else []
        if len(asked) != 1 or asked[0].text("SyncKey") == "0" or left[asked[0].text("CollectionId")] == 3:
            return None
        left[asked[0].text("CollectionId")] += 1
        return oddserver.document(E("AirSync:Sync", E("Collections", server.collection(
            asked[0].text("CollectionId"), asked[0].text("SyncKey"), "1", E("MoreAvailable")))))
    server.before = before


def folders_in_vain(server):
    """Changes of folders that are not there, and every Add twice."""
    def after(request, reply):
        if request.command == "FolderSync" and reply.body:
            root = wbxml.read(reply.body)
            changes = root.one("Changes")
            if changes:
                changes.children += changes.all("Add") + [E("FolderHierarchy:Delete", E("ServerId", "nobody"))]
            reply.body = wbxml.write(root)
    server.after = after


def pings(answer):
    """What every Ping is answered with, at once."""
    def prepare(server):
        server.before = lambda request: answer(server) if request.command == "Ping" else None
    return prepare


def ping_status(status, *more):
    return lambda server: oddserver.document(E("Ping:Ping", E("Status", status), *more))


def ping_changed(server):
    return oddserver.document(E("Ping:Ping", E("Status", "2"), E("Folders", *[E("Folder", f) for f in server.folders])))


def fields(**values):
    def prepare(server):
        for name, value in values.items():
            setattr(server, name, value)
    return prepare


SAME = {
    "a server that asks for no policy": fields(provision=None),
    "a policy asked for by HTTP 449": fields(provision="449"),
    "a policy asked for by status 142 in a 200": fields(provision="142"),
    "parts counted from 1": fields(never_inline=True, parts_from=1),
    "parts counted from 0": fields(never_inline=True, parts_from=0),
    "no parts at all": fields(never_inline=True, no_parts=True),
    "an announced size of 0": fields(size=lambda mime: 0),
    "an announced size of 0 and bodies by fetch alone": fields(size=lambda mime: 0, never_inline=True),
    "an announced size that is too small": fields(size=lambda mime: 7, never_inline=True),
    "an announced size that is too large": fields(size=lambda mime: 10 * len(mime) + 1, never_inline=True),
    "an announced size that counts escaped characters": fields(size=lambda mime: len(mime) + 4 * mime.count(b"<")),
    "no announced size": fields(size=None, never_inline=True),
    "truncation that is ignored": fields(ignores_truncation=True),
    "bodies as text where parts are exact": text_with_parts,
    "an empty message inside a Sync": empty_messages,
    "an empty message as a part": empty_by_fetch,
    "an empty message fetched inline": empty_by_fetch_inline,
    "bodies as text alone": fields(text_bodies=True, no_parts=True),
    "MIME that the server encodes anew": recoded,
    "a server that ignores the window": fields(ignores_window=True),
    "a server without ItemOperations": not_listed,
    "a server without GetItemEstimate": refused("GetItemEstimate", 501),
    "estimates that are always 0": fields(estimate=lambda waiting: 0),
    "estimates that are always 7": fields(estimate=lambda waiting: 7),
    "a server without Settings": refused("Settings", 501),
    "a server of version 12 1 alone": fields(versions="12.1"),
    "a server of version 16 1": fields(versions="14.1,16.0,16.1"),
    "more announced before it comes": hesitant,
    "changes of folders that are not there": folders_in_vain,
    "silence instead of refusals": silent_after_a_change,
    "commands for what is not there and an Add twice": in_vain,
    "an answer for another collection": another_collection,
    "Responses to commands that nobody sent": responses,
    "a content type of octet stream": typed("application/octet-stream"),
    "a content type with parameters in capitals": typed("Application/VND.MS-Sync.WBXML; charset=utf-8"),
    "the old content type": typed("application/vnd.ms-sync"),
    "no content type": typed(None),
    "gzip": packed,
    "answers in small pieces without a length": slow,
    "tags and pages that nobody knows": unknown_tags,
    "busy once with Retry After": busy_once,
    "an address that has moved": moved,
    "connections that close before the answer": closed_once,
}


def same(scratch, prepare):
    """Everything is as a good server has it, without a word."""
    server = mailbox()
    prepare(server)
    mount = start(scratch, server, sync=None)
    settled(mount)
    whole(mount, server)
    equal(errors(mount), [], "errors")
    before = inodes(mount)
    mount.sync("--full", "--timeout", "60", timeout=90)
    equal(inodes(mount), before, "the tree after a full re-reading")


def settled(mount, tries=10):
    """Syncs until it ends well: what passes by itself may cost a pass."""
    for _ in range(tries):
        if mount.sync("--timeout", "60", code=None, timeout=90).returncode == 0:
            return
    mount.sync("--timeout", "60", timeout=90)


rows(SAME, same)

PINGS = {
    "a Ping that names every folder at once for ever": pings(ping_changed),
    "a Ping that is always over": pings(ping_status("1")),
    "a Ping of status 7 for ever": pings(ping_status("7")),
    "a Ping of status 8 for ever": pings(ping_status("8")),
    "a Ping of changes that names none": pings(ping_status("2")),
    "a Ping of changes in a folder that nobody has": pings(ping_status("2", E("Folders", E("Folder", "nobody")))),
    "a Ping that forgets what to watch": pings(ping_status("3")),
    "a Ping that is not understood": pings(ping_status("4")),
    "a Ping of too many folders without a limit": pings(ping_status("6")),
    "a Ping that takes no folder at all": pings(ping_status("6", E("MaxFolders", "0"))),
    "a Ping that wants an interval of years": pings(ping_status("5", E("HeartbeatInterval", "999999999"))),
    "a Ping of a status that there is not": pings(ping_status("4711")),
    "a Ping that wants an interval of a second": pings(ping_status("5", E("HeartbeatInterval", "1"))),
    "a Ping answered by nothing": pings(lambda server: Reply()),
    "a Ping answered by a page": pings(lambda server: Reply(body=b"<html>", kind="text/html")),
    "a Ping that the server does not know": pings(lambda server: Reply(501)),
}


def pinged(scratch, prepare):
    """The mailbox is there, new mail comes when it is asked for, and the server is not hammered but polled."""
    server = mailbox()
    prepare(server)
    mount = start(scratch, server)
    asked = len(server.requests)
    status = wait_for("the end of push", lambda: mount.status()["reason"] and mount.status(), 30)
    truth(len(server.requests) - asked < 60, "%d requests until then" % (len(server.requests) - asked))
    truth(status["heartbeat"] == 0 and status["reason"].endswith("; it is polled"), "%(heartbeat)r, %(reason)r" % status)
    truth(status["reason"] in run(EASFS, "status", mount.point).stdout, "easfs status says nothing of it")
    asked = len(server.requests)
    time.sleep(1)
    truth(len(server.requests) == asked, "%d requests in a quiet second" % (len(server.requests) - asked))
    server.mail(server.find("Inbox"), message("New"), "New")
    mount.sync("--timeout", "60", timeout=90)
    whole(mount, server)


rows(PINGS, pinged)


# ---- in the middle of its life ----

def watched(scratch, prepare=lambda server: None):
    server = mailbox()
    prepare(server)
    mount = start(scratch, server)
    wait_for("push", lambda: mount.status()["heartbeat"] > 0)
    return server, mount


def arrives(server, mount, subject):
    server.mail(server.find("Inbox"), message(subject), subject)
    wait_for(subject, lambda: [n for n in mount.ls("Mail", "Inbox") if subject in n], 10)


def expires(scratch, how):
    """A new policy: the key of the old one is worth nothing from one request to the next, and nobody notices."""
    server, mount = watched(scratch, fields(provision=how))
    for turn in range(3):
        server.policy_keys = {"1": str(100 + turn)}
        provisions = len(server.asked("Provision"))
        arrives(server, mount, "Policy %d" % turn)
        equal(len(server.asked("Provision")), provisions + 2, "phases of Provision")
        equal(mount.status()["state"], "online")
    whole(mount, server)


rows({"a policy that expires, by HTTP 449": "449", "a policy that expires, by status 142": "142"}, expires)


@test
def a_network_that_wants_a_log_in_is_named_and_overcome(scratch):
    server, mount = watched(scratch)
    before, held = inodes(mount), files(mount.point)
    for turn in range(2):
        page = b"<html><form action=/login>Room number?</form></html>"
        server.before = lambda request: Reply(body=page, kind="text/html; charset=utf-8")
        server.mail(server.find("Inbox"), message("Behind it %d" % turn), "Behind it %d" % turn)
        status = wait_for("offline", lambda: mount.status()["state"] == "offline" and mount.status(), 10)
        truth("log-in page" in status["reason"], status["reason"])
        equal((inodes(mount), files(mount.point)), (before, held), "what is held behind the page")
        server.before = None
        wait_for("online", lambda: mount.status()["state"] == "online", 10)
        wait_for("the message", lambda: [n for n in mount.ls("Mail", "Inbox") if "Behind it %d" % turn in n], 10)
        mount.sync()
        before, held = inodes(mount), files(mount.point)
    whole(mount, server)
    wait_for("push", lambda: mount.status()["heartbeat"] > 0)


# ---- changes of identity ----

@test
def folder_ids_that_change_at_every_look(scratch):
    server = mailbox()
    server.new_folder_ids = True
    mount = start(scratch, server)
    whole(mount, server)
    before = inodes(mount)
    for _ in range(2):
        mount.sync("--full", "--timeout", "60", timeout=90)
        equal(inodes(mount), before, "the tree")
    whole(mount, server)
    equal(errors(mount), [], "errors")


def hierarchy_changed(scratch, status, renumbers):
    server = mailbox()
    mount = start(scratch, server)
    before = inodes(mount)
    for folder in server.folders.values():
        folder.status = [status]
    if renumbers:
        server.renumber_folders()
    server.mail(server.find("Inbox"), message("New"), "New")
    settled(mount)
    whole(mount, server)
    after = inodes(mount)
    equal({path: after.get(path) for path in before if "." in path}, {p: v for p, v in before.items() if "." in p}, "the tree")
    equal(errors(mount), [], "errors")


rows({"status 12 of every folder at once": ("12", False),
      "status 132 of every folder at once": ("132", False),
      "status 12 of every folder and other ids": ("12", True)}, hierarchy_changed)


@test
def folders_that_fall_silent_are_found_under_their_new_ids(scratch):
    server = mailbox()
    mount = start(scratch, server)
    before = inodes(mount)
    server.silent = {"collection", "key"}
    server.renumber_folders()
    server.oldest = 0
    server.hierarchy -= 1
    mount.sync()
    equal(inodes(mount), before, "the tree in the silence")
    mount.sync("--full")
    whole(mount, server)
    equal(inodes(mount), before, "the tree")


@test
def a_folder_that_only_holds_others_is_waited_for_by_nobody(scratch):
    """SOGo lists a mailbox that IMAP cannot select, and answers its Sync by an empty 200."""
    server = mailbox()
    server.mute = {"Projects"}
    mount = start(scratch, server)
    whole(mount, server)
    equal(errors(mount), [], "errors")
    told = run(EASFS, "status", mount.point).stdout
    truth("Mail/Projects\n" in told and "still being read" not in told, told)
    before = len(server.asked("Sync"))
    server.mail(server.find("Inbox"), message("New"), "New")
    wait_for("the new message", lambda: [name for name in mount.ls("Mail", "Inbox") if "New" in name])
    for request in server.asked("Sync")[before:]:
        truth("0" not in [key.value for key in request.root.all("Collections/Collection/SyncKey")], "its key is asked for")


@test
def dead_keys_with_renumbered_items_keep_inodes_and_names(scratch):
    server = mailbox()
    mount = start(scratch, server)
    before = inodes(mount)
    for folder in server.folders.values():
        server.forget(folder, renumber=True)
    settled(mount)
    equal(inodes(mount), before, "the tree")
    whole(mount, server)


@test
def a_message_rebuilt_at_every_fetch_keeps_its_first_copy(scratch):
    server = mailbox()
    copies = iter(range(10000))
    server.wire_mime = lambda item: item.mime + b"X-%d\r\n" % next(copies)
    server.ignores_truncation = True
    mount = start(scratch, server)
    first, _ = files(mount.path("Mail"))
    inbox = server.find("Inbox")
    for item in inbox.items.values():
        item.data = [E("Email:Read", "1") if e.name == "Read" else e for e in item.data]
        server.put(inbox, item, "Whole")
    mount.sync()
    for folder in server.folders.values():
        server.forget(folder)
    settled(mount)
    second, unread = files(mount.path("Mail"))
    equal(unread, {}, "files that cannot be read")
    equal(second, first, "the bytes")
    name = mount.ls("Mail", "Inbox")[0]
    equal(os.getxattr(mount.path("Mail", "Inbox", name), "user.eas.read"), b"1", "the flag that changed")


# ---- one bad thing among good ones ----

def spoil(server):
    """One message of the Inbox, and its name."""
    item = list(server.find("Inbox").items.values())[2]
    return item, "Letter 2"


def poison(scratch, how, keeps_name):
    server = mailbox()
    server.poison = how
    item, name = spoil(server)
    setattr(item, "poison" if keeps_name else "unspeakable", True)
    mount = start(scratch, server, sync=None)
    mount.sync("--timeout", "60", code=None, timeout=90)
    if keeps_name:
        whole(mount, server, but=[item], unread=1)
        truth(any(name in path for path, _ in errors(mount)), "the item is not named: %s" % errors(mount))
        item.poison = False
        return
    others, _ = files(mount.path("Mail", "Inbox"))
    truth(len(others) >= 2, "what came before the item is missing: %s" % sorted(others))
    truth(any(path.endswith("Inbox") for path, _ in errors(mount)), "the folder is not named: %s" % errors(mount))
    for directory, names in OTHERS.items():
        equal(mount.ls(directory), names, directory)


rows({"an item that makes every answer with its body empty": ("empty", True),
      "an item that makes every answer with its body a 500": ("500", True),
      "an item that makes every answer with its body a 501": ("501", True),
      "an item that makes every answer with its properties empty": ("empty", False),
      "an item that makes every answer with its properties a 500": ("500", False)}, poison)


@test
def one_id_that_fails_a_whole_fetch_with_501(scratch):
    server = mailbox()
    server.never_inline = True
    inbox = server.find("Inbox")
    for number in range(60):
        server.mail(inbox, message("Further %d" % number), "Further %d" % number)
    bad = list(inbox.items.values())[7]
    bad.fails = 501
    mount = start(scratch, server)
    whole(mount, server, but=[bad], unread=1)
    equal(len(errors(mount)), 1, "errors")
    truth("Further 1." in errors(mount)[0][0] and "501" in errors(mount)[0][1], "not named: %s" % errors(mount))


@test
def a_flag_that_comes_back_as_the_whole_message(scratch):
    server = mailbox()
    mount = start(scratch, server)
    inbox = server.find("Inbox")
    before, tree = files(mount.path("Mail"))[0], inodes(mount)
    for item in inbox.items.values():
        item.data = [E("Email:Read", "1") if e.name == "Read" else e for e in item.data]
        server.put(inbox, item, "Whole")
    mount.sync()
    equal(files(mount.path("Mail"))[0], before, "the bytes")
    for name in mount.ls("Mail", "Inbox"):
        equal(os.getxattr(mount.path("Mail", "Inbox", name), "user.eas.read"), b"1", name)
    equal({p: v[:3] for p, v in inodes(mount).items() if p.endswith(".eml")},
          {p: v[:3] for p, v in tree.items() if p.endswith(".eml")}, "inodes, sizes and times")


@test
def a_whole_message_says_also_what_is_not_set(scratch):
    """Servers that send all of it for a mere flag leave out what was taken away."""
    server = mailbox()
    inbox = server.find("Inbox")
    item, bare = next(iter(inbox.items.values())), None
    bare, item.data = item.data, item.data + [E("Email:Categories", None, E("Email:Category", "Red")),
                                              E("Email:Flag", None, E("Email:Status", "2"))]
    mount = start(scratch, server)
    path = next(p for p in (mount.path("Mail", "Inbox", n) for n in mount.ls("Mail", "Inbox"))
                if os.getxattr(p, "user.eas.categories"))
    equal(os.getxattr(path, "user.eas.flag"), b"active")
    item.data = bare
    server.put(inbox, item, "Whole")
    mount.sync()
    equal((os.getxattr(path, "user.eas.categories"), os.getxattr(path, "user.eas.flag")), (b"", b"none"))


# ---- answers that nobody can read ----

def nested(server, request):
    return b"\x03\x01\x6a\x00" + b"\x45\x5c\x4f" + b"\x5b" * 40000


def spliced(value, length):
    """An opaque of a length that does not come, in the place of a ServerId or a body."""
    def make(server, request):
        inbox = server.find("Inbox")
        data = E("ApplicationData", E("Email:Subject", "x"), E("AirSyncBase:Body", E("Type", "4"), E("Data", b"BODY")))
        root = E("AirSync:Sync", E("Collections", server.collection(
            inbox.id, "k", "1", E("Commands", E("Add", E("ServerId", b"IDENT"), data)))))
        old = b"\xc3" + bytes([len(value)]) + value
        document = wbxml.write(root)
        at = document.index(old)
        return document[:at] + b"\xc3" + length + b"some bytes"
    return make


FOUR_GB_LESS_ONE, FOUR_GB = b"\x8f\xff\xff\xff\x7f", b"\x90\x80\x80\x80\x00"

UNREADABLE = {
    "40000 nested tags": nested,
    "an id that is an opaque of 4 GB": spliced(b"IDENT", FOUR_GB_LESS_ONE),
    "a body that is an opaque of 4 GB and ends": spliced(b"BODY", FOUR_GB_LESS_ONE),
    "a length beyond 32 bits": spliced(b"BODY", FOUR_GB),
    "a document that ends after its header": lambda server, request: b"\x03\x01\x6a\x00",
    "a document of another root": lambda server, request: b"\x03\x01\x6a\x00\x00\x07\x56\x4c\x03" + b"1\x00\x01\x01",
    "a document with a literal tag": lambda server, request: b"\x03\x01\x6a\x00\x45\x04\x00\x01",
    "a string without an end": lambda server, request: b"\x03\x01\x6a\x00\x45\x4e\x03endless",
}


def unreadable(scratch, make):
    """One folder's answers cannot be read, ever: it is named, the rest is there, and when the server
    is well again so is the folder."""
    server = mailbox()
    inbox = server.find("Inbox")
    sick = [True]

    def before(request):
        return Reply(body=make(server, request)) if sick[0] and reads(request, inbox) else None
    server.before = before
    mount = start(scratch, server, sync=None)
    mount.sync("--timeout", "60", code=None, timeout=90)
    equal(mount.ls("Mail", "Inbox"), [], "the folder that cannot be read")
    whole(mount, server, but=list(inbox.items.values()))
    truth(any(path.endswith("Inbox") and text for path, text in errors(mount)), "not named: %s" % errors(mount))
    sick[0] = False
    settled(mount)
    whole(mount, server)
    equal(errors(mount), [], "errors")


rows(UNREADABLE, unreadable)


def cut_at_any_byte(scratch, command, news):
    """Each time one answer is cut, by a connection that breaks or by a proxy that counts what it has."""
    server = mailbox()
    server.never_inline = command == "ItemOperations"
    mount = start(scratch, server)
    at, turn, length = 0, 0, 2
    cut = []

    def after(request, reply):
        if not cut or request.command != command or not reply.body or command == "Sync" and b"Cut at" not in reply.body:
            return None
        where, broken = cut.pop()
        lengths.append(len(reply.body))
        if broken:
            reply.cut = where
        else:
            reply.body = reply.body[:where]
        return reply
    server.after = after
    while at < min(length, 500):
        lengths = []
        news(server, "Cut at %d" % at)
        cut[:] = [(at, turn % 2)]
        mount.sync("--timeout", "60", code=None, timeout=90)
        settled(mount)
        length = max(lengths + [length])
        turn += 1
        at += 1 if at < 6 else 23
    truth(turn > 10, "too few cuts: %d" % turn)
    whole(mount, server)
    equal(errors(mount), [], "errors")


def new_mail(server, name):
    server.mail(server.find("Inbox"), message(name), name)


def new_folder(server, name):
    server.mail(server.folder(name), message(name), name)


rows({"a Sync cut at any byte": ("Sync", new_mail),
      "a fetch cut at any byte": ("ItemOperations", new_mail),
      "a list of folders cut at any byte": ("FolderSync", new_folder)}, cut_at_any_byte)


HTML = b"<!DOCTYPE html><html><body>Please log in to the hotel's network.</body></html>"

FIRST = {
    "a page of a proxy with status 200": (lambda: Reply(body=HTML, kind="text/html"), 76, "a page"),
    "a page that says it is ActiveSync": (lambda: Reply(body=HTML), 76, "ActiveSync"),
    "JSON": (lambda: Reply(body=b"{}", kind="application/json"), 76, "instead of ActiveSync"),
    "gzip garbage": (lambda: Reply(body=b"\x1f\x8b\x08garbage" * 9, Content_Encoding="gzip"), 76, "unpacked"),
    "gzip that is none": (lambda: Reply(body=b"plain", Content_Encoding="gzip"), 76, "unpacked"),
    "40000 nested tags for a list of folders": (lambda: Reply(body=b"\x03\x01\x6a\x00\x00\x07\x56" + b"\x4e" * 40000), 76, ""),
    "an empty list of folders": (lambda: Reply(), 76, "no list of folders"),
    "a mailbox without any folder": (lambda: oddserver.document(E(
        "FolderHierarchy:FolderSync", E("Status", "1"), E("SyncKey", "1"), E("Changes", E("Count", "0")))), 69, "no folder"),
    "a password refused": (lambda: Reply(401), 77, "password"),
    "a device that is blocked": (lambda: Reply(403), 77, ""),
    "nobody at this address": (lambda: Reply(404), 76, "address"),
    "busy": (lambda: Reply(503, Retry_After="3600"), 75, "busy"),
    "a mailbox that is full": (lambda: Reply(507), 69, "full"),
    "a mailbox that moved nowhere": (lambda: Reply(451), 78, "moved"),
    "a mailbox that moved to a stranger": (lambda: Reply(451, X_MS_Location="http://elsewhere.example/eas"), 69, "elsewhere"),
    "a server that fails": (lambda: Reply(500, Retry_After="600"), 75, "failed"),
    "a server without FolderSync": (lambda: Reply(501), 69, "501"),
}


def first_contact(scratch, answer, code, words):
    """Nothing is mounted, in good time, and the sentence says why."""
    server = mailbox()
    server.before = lambda request: answer() if request.command == "FolderSync" else None
    options = serve(scratch, server)
    began = time.monotonic()
    mount = scratch.mount(options, code=code, timeout=70)
    truth(mount.result.stderr.startswith("easfs: unable to mount: ") and words in mount.result.stderr,
          "the words: %r" % mount.result.stderr)
    truth(time.monotonic() - began < 30, "it took long to say so")


rows(FIRST, first_contact)


WARM = {
    "a page of a proxy over a warm replica": (lambda: Reply(body=HTML, kind="text/html"), 76),
    "gzip garbage over a warm replica": (lambda: Reply(body=b"\x1f\x8b\x08garbage" * 9, Content_Encoding="gzip"), 76),
    "a password refused in the middle": (lambda: Reply(401), 77),
    "busy in the middle": (lambda: Reply(503, Retry_After="3600"), 75),
    "a full mailbox in the middle": (lambda: Reply(507), None),
    "a server that fails in the middle": (lambda: Reply(500), 75),
    "every key refused for ever": (None, None),
}


def warm(scratch, answer, code):
    """Everything stays readable and as it was; what is wrong is said."""
    server = mailbox()
    mount = start(scratch, server)
    before, bytes_before = inodes(mount), files(mount.point)
    if answer:
        server.before = lambda request: answer() if request.command in ("Sync", "FolderSync") else None
    else:
        for folder in server.folders.values():
            folder.status = ["3"] * 100000
    done = mount.sync("--timeout", "30", code=code, timeout=60)
    truth(done.returncode == 0 or done.stderr, "not a word")
    truth(done.returncode or errors(mount) or mount.status()["reason"] == "", "not a word")
    equal(inodes(mount), before, "the tree")
    equal(files(mount.point), bytes_before, "the bytes")
    if code == 77:
        equal(mount.status()["state"], "auth", "state")
        asked = len(server.requests)
        mount.sync("--timeout", "30", code=77, timeout=60)
        truth(len([r for r in server.requests[asked:] if r.command == "Sync"]) <= 1, "a refused password is repeated")


rows(WARM, warm)


# ---- names and values ----

NAMES = ["a/b", "..", ".", "../../etc/passwd", "nul\0in it", "\u202egnp.exe", "line\nbreak\ttab\x7f", "-rf", "~x", ".hidden",
         "\U0001f600" * 1000, "e\u0301" * 300, "CON", "\udcff\udcfe bad", "", " ", "x" * 5000, "trailing. . ", "same", "same", "SAME"]


def good_name(name):
    truth("/" not in name and name not in (".", "..") and len(os.fsencode(name)) <= 200, "name %r" % name)
    truth(not any(ord(c) < 32 or c in "\x7f\u202e" for c in name), "name %r" % name)
    os.fsencode(name).decode()


def wire(text):
    """As a server would write it: NUL only goes as an opaque."""
    return text.encode("utf-8", "surrogateescape") if "\0" in text else text


@test
def subjects_of_every_kind(scratch):
    server = mailbox()
    inbox, calendar, tasks, contacts = map(server.find, ("Inbox", "Calendar", "Tasks", "Contacts"))
    notes = server.folder("Notes", NOTES)
    for number, name in enumerate(NAMES):
        server.mail(inbox, message("Hard %d" % number), wire(name))
        server.item(calendar, *event(wire(name), uid="hard-%d" % number))
        server.item(tasks, E("Tasks:Subject", wire(name)))
        server.item(contacts, E("Contacts:FileAs", wire(name)), E("Contacts:LastName", wire(name)))
        server.item(notes, E("Notes:Subject", wire(name)), E("AirSyncBase:Body", E("Type", "1"), E("Data", "text")))
    server.mail(inbox, message("No subject at all"))
    server.mail(inbox, message("No date"), "No date", DateReceived=None)
    server.mail(inbox, message("No sender"), "No sender", **{"From": None})
    mount = start(scratch, server)
    whole(mount, server, others={})
    for directory, count in (("Mail/Inbox", len(NAMES) + 9), ("Calendar", len(NAMES) + 1), ("Tasks", len(NAMES) + 1),
                             ("Contacts", len(NAMES) + 1), ("Notes", len(NAMES))):
        names = mount.ls(directory)
        for name in names:
            good_name(name)
            truth(mount.read(directory, name), name + " is empty")
        equal(len(names), count, directory)
        equal(len({name.casefold() for name in names}), count, "names of %s apart from their case" % directory)


@test
def folders_of_every_name(scratch):
    server = mailbox()
    hard = [name for name in NAMES if "\0" not in name] + [".easfs", "Inbox", "inbox"]
    for number, name in enumerate(hard):
        folder = server.folder(name)
        server.mail(folder, message("In %d" % number), "In %d" % number)
        server.item(server.folder(name, USER_CALENDAR), *event("event %d" % number))
    mount = start(scratch, server)
    whole(mount, server, others={})
    names = mount.ls("Mail")
    for name in names + mount.ls("Calendar"):
        good_name(name)
    equal(len(names), len(hard) + 4, "folders")
    equal(len([n for n in mount.ls("Calendar") if os.path.isdir(mount.path("Calendar", n))]), len(hard), "calendars")


@test
def two_default_folders_of_one_kind(scratch):
    server = mailbox()
    server.mail(server.folder("Inbox", INBOX), message("Second inbox"), "Second inbox")
    server.item(server.folder("Calendar", CALENDAR), *event("second"))
    server.item(server.folder("Another calendar", CALENDAR), *event("third"))
    mount = start(scratch, server)
    whole(mount, server, others={})
    found = run("find", mount.path("Calendar"), "-name", "*.ics").stdout
    for name in ("standup", "second", "third"):
        equal(found.count("/%s.ics\n" % name), 1, name)


@test
def folders_in_a_loop(scratch):
    server = mailbox()
    for ident, parent in (("own", "own"), ("one", "two"), ("two", "three"), ("three", "one"), ("orphan", "nobody")):
        server.mail(server.folder("Loop " + ident, parent=parent, ident=ident), message(ident), ident)
    mount = start(scratch, server)
    whole(mount, server)
    found = run("find", mount.point, timeout=30).stdout
    for ident in ("own", "one", "two", "three", "orphan"):
        equal(found.count("/Loop %s\n" % ident), 1, "folder " + ident)


@test
def values_out_of_all_bounds(scratch):
    server = mailbox()
    inbox, calendar, tasks, contacts = map(server.find, ("Inbox", "Calendar", "Tasks", "Contacts"))
    dates = ["1601-01-01T00:00:00.000Z", "4501-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "0000-00-00T00:00:00Z",
             "yesterday", "", "2026-02-30T25:61:61.000Z", "20261102T091533Z"]
    for number, date in enumerate(dates):
        server.mail(inbox, message("Dated %d" % number), "Dated %d" % number, DateReceived=date)
        compact = date.replace("-", "").replace(":", "").replace(".000", "")
        server.item(calendar, *event("dated %d" % number, start=compact, end=compact))
        server.item(tasks, E("Tasks:Subject", "dated %d" % number), E("Tasks:DueDate", date), E("Tasks:UtcDueDate", date))
        server.item(contacts, E("Contacts:FileAs", "dated %d" % number), E("Contacts:Birthday", date))
    odd = [E("Type", "9"), E("Type", "-1"), E("Type", "x"), E("Type", "2")]
    for number, kind in enumerate(odd):
        server.item(calendar, *event("recurring %d" % number, E("Calendar:Recurrence", kind, E("Interval", "0"),
                                                               E("DayOfMonth", "99"), E("Until", "45010101T000000Z"))))
    for number, zone in enumerate(("", "AAAA", "!!!!", base64.b64encode(b"\xff" * 172).decode(), ZONE_OF_ZEROS)):
        data = event("zoned %d" % number)
        data[0] = E("Calendar:Timezone", zone)
        server.item(calendar, *data)
    server.item(calendar, E("Calendar:Subject", "nothing else"))
    server.item(calendar)
    server.item(tasks)
    server.item(contacts)
    mount = start(scratch, server)
    whole(mount, server, others={})
    there, unread = files(mount.path("Calendar"))
    named = " ".join(path for path, _ in errors(mount))
    for path in unread:
        truth(path in named, "%s cannot be read and is not named" % path)
    equal(len(there) + len(unread), len(server.find("Calendar").items), "events")
    for name, value in there.items():
        truth(value.startswith(b"BEGIN:VCALENDAR\r\n") and value.endswith(b"END:VCALENDAR\r\n"), name)
    truth("standup.ics" in there, "the good event")
    truth(all(name in there for name in ("zoned 4.ics", "zoned 0.ics", "dated 0.ics", "dated 1.ics")), sorted(there))


# ---- much, and without end ----

@test
def a_message_of_50_MB(scratch):
    server = mailbox()
    big = message("Big") + b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\r\n" * (50 * 1024 * 1024 // 62)
    server.mail(server.find("Inbox"), big, "Big")
    mount = start(scratch, server)
    whole(mount, server)


@test
def a_message_of_50_MB_inside_a_Sync(scratch):
    server = mailbox()
    server.ignores_truncation = True
    big = message("Big") + b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\r\n" * (50 * 1024 * 1024 // 62)
    server.mail(server.find("Inbox"), big, "Big")
    mount = start(scratch, server)
    whole(mount, server)


@test
def a_subject_of_20_MB(scratch):
    server = mailbox()
    server.mail(server.find("Inbox"), message("Long"), "Long " + "\u00e9" * 10000000)
    server.item(server.find("Calendar"), *event("Long " + "e\u0301" * 5000000))
    mount = start(scratch, server, height=384 * 1024)
    whole(mount, server, others={})
    equal(len(mount.ls("Calendar")), 2, "events")


@test
def ten_thousand_folders(scratch):
    server = mailbox()
    server.folder("Many", ident="many")
    for number in range(10000):
        server.folder("Folder %05d" % number, parent="many")
    server.mail(server.find("Folder 09999"), message("Last"), "Last")
    mount = start(scratch, server, sync=None)
    mount.sync("--timeout", "240", timeout=260)
    equal(len(mount.ls("Mail", "Many")), 10000, "folders")
    whole(mount, server)
    truth(len(server.requests) < 1000, "it took %d requests" % len(server.requests))


def endless(scratch, answer):
    """More is announced for ever: the folder is named, the rest is there, and asking ends."""
    server = mailbox()
    inbox = server.find("Inbox")
    count = [0]

    def after(request, reply):
        if not reads(request, inbox) or len(request.root.all("Collections/Collection")) > 1:
            return None
        count[0] += 1
        return oddserver.document(E("AirSync:Sync", E("Collections", server.collection(
            inbox.id, answer(request, count[0]), "1", E("MoreAvailable")))))
    server.after = after
    mount = start(scratch, server, sync=None)
    mount.sync("--timeout", "60", code=None, timeout=90)
    truth(any(path.endswith("Inbox") for path, _ in errors(mount)), "not named: %s" % errors(mount))
    whole(mount, server, but=list(inbox.items.values()))
    truth(count[0] < 200, "asked %d times" % count[0])


rows({"more for ever under one key": lambda request, n: request.root.text("Collections/Collection/SyncKey"),
      "more for ever under new keys": lambda request, n: "new-%d" % n}, endless)


# ---- nobody answers ----

def hang(server):
    def before(request):
        reply = Reply()
        reply.hang = True
        return reply
    server.before = before


@test
def a_server_that_never_answers_stops_no_warm_replica(scratch):
    server = mailbox()
    mount = start(scratch, server)
    before = inodes(mount)
    mount.umount()
    hang(server)
    began = time.monotonic()
    mount = scratch.mount(mount.options[:-2])
    truth(time.monotonic() - began < 5, "the mount waited for the server")
    equal(inodes(mount), before, "the tree")
    whole(mount, server)
    done = mount.sync("--timeout", "2", code=75, timeout=30)
    truth(done.stderr, "not a word")


@test
def an_open_that_nobody_answers_ends(scratch):
    server = mailbox()
    server.never_inline = True

    def before(request):
        reply = Reply()
        reply.hang = request.command == "ItemOperations"
        return reply if reply.hang else None
    server.before = before
    mount = start(scratch, server, sync=None)
    wait_for("the messages", lambda: len(mount.ls("Mail", "Inbox")) == 6)
    path = mount.path("Mail", "Inbox", mount.ls("Mail", "Inbox")[0])
    # A shell's background jobs ignore the signal, and what they start does too: not this reader.
    cat = subprocess.Popen(["cat", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    time.sleep(0.3)
    equal(cat.poll(), None, "the open that should wait")
    began = time.monotonic()
    cat.send_signal(signal.SIGINT)
    cat.wait(10)
    truth(time.monotonic() - began < 1, "Ctrl-C took %.1f s" % (time.monotonic() - began))
    began = time.monotonic()
    try:
        read(mount.path("Mail", "Inbox", mount.ls("Mail", "Inbox")[1]))
        raise AssertionError("it was read")
    except OSError as error:
        equal(error.errno, errno.ETIMEDOUT, "errno")
    truth(19 < time.monotonic() - began < 26, "the open took %.1f s" % (time.monotonic() - began))
    truth(mount.ls("Mail"), "the tree")


if __name__ == "__main__":
    harness.main()
