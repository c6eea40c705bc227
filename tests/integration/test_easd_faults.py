#!/usr/bin/env python3
"""easd's faults, asked by a client that shares no code with the project. Catches: a fault that does
something other than its name says, fires at another command or more often than asked, does the
request's work where it must not or leaves it undone where it must, or is not counted."""
import http.client
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from eas import MIME, Client, E, Refused
from harness import EASD, equal, message, run, test, truth, write


def served(scratch, *extra, count=3):
    for i in range(count):
        write(scratch.path("mailbox/Mail/Inbox/%d.eml" % i), message("Message %d" % i, body="x" * 2000))
    server = scratch.easd(extra=extra)
    client = Client(server.url)
    scratch.callback(client.close)
    return server, client


def broken(action):
    """Whether the connection died of it: before a byte (closed), or within an answer (cut)."""
    try:
        action()
    except http.client.IncompleteRead:
        return "cut"
    except (http.client.RemoteDisconnected, ConnectionError):
        return "closed"
    return "whole"


def code(action):
    try:
        action()
    except Refused as refused:
        return refused.code
    return 200


@test
def a_rule_that_is_none_is_refused(scratch):
    server, client = served(scratch)
    for spec in ("", "no", "delay", "delay=x", "cut=-1", "lost-answer=1", "http=503,Nothing", "invalid-key,Ping",
                 "cut=5,OPTIONS", "delay=5,next=x", "delay=5,chance=2", "delay=5,what=1"):
        done = run(EASD, "--mailbox", "a=" + server.directory, "--listen", "127.0.0.1:0", "--password-file",
                   server.password_file, "--fault", spec, code=64)
        truth(spec in done.stderr and "unable to use the fault" in done.stderr, done.stderr)
    client.password = "wrong"
    equal(client.http("GET", "/easd/faults")[0], 401, "the control path wants the password")


@test
def counts_and_commands_are_kept_to(scratch):
    server, client = served(scratch, "--fault", "http=503,FolderSync,after=1,next=2,retry-after=7")
    equal([code(client.folder_sync) for _ in range(5)], [200, 503, 503, 200, 200])
    server.no_faults()
    server.fault("http=403,FolderSync,every=3")
    equal([code(client.folder_sync) for _ in range(7)], [200, 200, 403, 200, 200, 403, 200])
    server.no_faults()
    server.fault("http=449,chance=0.5,seed=3")
    dice = [code(client.folder_sync) for _ in range(40)]
    server.no_faults()
    server.fault("http=449,chance=0.5,seed=3")
    equal([code(client.folder_sync) for _ in range(40)], dice, "the same dice")
    truth(5 < dice.count(449) < 35, "%d of 40" % dice.count(449))
    equal(server.no_faults()["http"], 2 + 2 + 2 * dice.count(449), "how often it fired")


@test
def http_codes_bring_their_headers(scratch):
    server, client = served(scratch)
    for number, header, value in ((401, "WWW-Authenticate", "Basic"), (451, "X-MS-Location", server.url)):
        server.fault("http=%d,next=1" % number)
        equal(code(client.folder_sync), number)
        truth(value in client.answer.getheader(header, ""), header)
    server.fault("http=503,next=1,retry-after=9")
    equal((code(client.folder_sync), client.answer.getheader("Retry-After")), (503, "9"))
    server.fault("http=403,OPTIONS,next=1")
    equal([client.http("OPTIONS", client.url.path)[0] for _ in range(2)], [403, 200])


@test
def an_answer_is_late_slow_or_cut(scratch):
    server, client = served(scratch)
    begun = time.monotonic()
    server.fault("delay=300,next=1")
    client.folder_sync()
    truth(time.monotonic() - begun >= 0.3, "delay")
    size = client.wire
    begun = time.monotonic()
    server.fault("trickle=%d,next=1" % (size * 2))
    client.folder_sync()
    truth(time.monotonic() - begun >= 0.3, "trickle")
    for number in (0, 10, 10**6):
        server.fault("cut=%d,next=1" % number)
        equal(broken(client.folder_sync), "cut", "cut at %d" % number)
        equal(broken(client.folder_sync), "whole")


@test
def a_lost_request_is_not_done_and_a_lost_answer_is(scratch):
    server, client = served(scratch)
    inbox = client.folders()["Inbox"]
    key = client.prime(inbox)
    server.fault("lost-request,Sync,next=1")
    equal(broken(lambda: client.sync(client.collection(inbox, key))), "closed")
    first = client.sync(client.collection(inbox, key, window=1))
    key = first.text("Collections/Collection/SyncKey")
    server.fault("lost-answer,Sync,next=1")
    equal(broken(lambda: client.sync(client.collection(inbox, key, window=1))), "closed")
    again = client.sync(client.collection(inbox, key, window=1))
    once = [a.text("ServerId") for a in again.all("Collections/Collection/Commands/Add")]
    truth(len(once) == 1 and once != [a.text("ServerId") for a in first.all("Collections/Collection/Commands/Add")],
          "the lost answer comes again")
    equal(server.fired()["lost-answer"], 1)


@test
def an_answer_comes_once_more_and_a_request_is_done_twice(scratch):
    server, client = served(scratch)
    inbox = client.folders()["Inbox"]
    key = client.prime(inbox)
    server.fault("duplicate,Sync,after=2,next=1", "twice,Sync,after=2,next=1")
    first = client.sync(client.collection(inbox, key, window=1))
    key = first.text("Collections/Collection/SyncKey")
    second = client.sync(client.collection(inbox, key, window=1))
    key = second.text("Collections/Collection/SyncKey")
    truth(first.text("Collections/Collection/SyncKey") != key, "an answer of its own")
    repeated = client.sync(client.collection(inbox, key, window=1))
    equal(repeated.text("Collections/Collection/SyncKey"), key, "the answer before")
    last = client.sync(client.collection(inbox, key, window=1))
    equal((last.text("Collections/Collection/Status"), len(last.all("Collections/Collection/Commands/Add"))), ("1", 1))
    fired = server.fired()
    equal((fired["duplicate"], fired["twice"]), (1, 1))


@test
def statuses_stand_where_they_are_asked_for(scratch):
    server, client = served(scratch)
    inbox = client.folders()["Inbox"]
    items, key = client.read_all(inbox, *MIME)
    server.fault("status=5,Sync,next=1")
    equal(client.sync(client.collection(inbox, key)).text("Status"), "5")
    server.fault("collection-status=12,Sync,next=1")
    answer = client.sync(client.collection(inbox, key))
    equal((answer.text("Status"), answer.text("Collections/Collection/Status"),
           answer.text("Collections/Collection/CollectionId")), (None, "12", inbox))
    server.fault("collection-status=14,ItemOperations,next=1")
    answer, _ = client.fetch((inbox, next(iter(items))), options=MIME)
    equal((answer.text("Status"), answer.text("Response/Fetch/Status"), answer.text("Response/Fetch/AirSync:ServerId")),
          ("1", "14", next(iter(items))))
    server.fault("status=110,FolderSync,next=1")
    equal(client.folder_sync().text("Status"), "110")


@test
def keys_and_ids_end(scratch):
    server, client = served(scratch)
    answer = client.folder_sync()
    tree, before = answer.text("SyncKey"), client.folders()
    items, key = client.read_all(before["Inbox"])
    tree = client.folder_sync().text("SyncKey")
    server.fault("invalid-key,Sync,next=1")
    equal(client.sync(client.collection(before["Inbox"], key)).text("Collections/Collection/Status"), "3")
    server.fault("invalid-key,FolderSync,next=1")
    equal(client.folder_sync(tree).text("Status"), "9")
    tree, key = client.folder_sync().text("SyncKey"), client.read_all(before["Inbox"])[1]
    server.fault("folder-ids,Sync,next=1")
    equal(client.sync(client.collection(before["Inbox"], key)).text("Status"), "12")
    equal(client.folder_sync(tree).text("Status"), "9")
    after = client.folders()
    equal((set(after), set(after.values()) & set(before.values())), (set(before), set()))
    again, _ = client.read_all(after["Inbox"])
    equal((len(again), set(again) & set(items)), (len(items), set()))


@test
def a_rename_ends_a_ping_soon(scratch):
    server, client = served(scratch)
    inbox = client.folders()["Inbox"]
    _, key = client.read_all(inbox)
    waits = []
    for number in range(60):
        done = []

        def ping():
            answer = client.ask("Ping", E("Ping:Ping", E("HeartbeatInterval", "60"), E("Folders", E(
                "Folder", E("Id", inbox), E("Class", "Email")))))
            done.append((time.monotonic(), answer.text("Status"), [f.value for f in answer.all("Folders/Folder")]))
        thread = threading.Thread(target=ping, daemon=True)
        thread.start()
        time.sleep(0.02)
        begun = time.monotonic()
        server.put("Mail/Inbox/new%d.eml" % number, message("New %d" % number))
        thread.join()
        equal(done[0][1:], ("2", [inbox]), "what Ping says")
        waits.append(done[0][0] - begun)
        key = client.read_all(inbox, key=key)[1]
    waits.sort()
    print("# from rename to Ping's answer: p50 %.1f ms, p99 %.1f ms" % (1000 * waits[30], 1000 * waits[59]))


if __name__ == "__main__":
    harness.main()
