#!/usr/bin/env python3
"""easd as a server: asked by a client that shares no code with the project, judged by the protocol's
documents. Catches: an answer that the specification does not allow, a request taken that Exchange
refuses, a message that is not served byte for byte, a change in the directory that is not told, and
a lost answer that cannot be repeated."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import eas
import harness
from eas import MIME, Client, E, Refused, preference
from harness import equal, message, read, shared, test, truth, write


def served(scratch, files, **more):
    """easd over files {path: content}, and a client."""
    for path, content in files.items():
        write(scratch.path("mailbox", path), content)
    os.makedirs(scratch.path("mailbox"), exist_ok=True)
    server = scratch.easd(**more)
    client = Client(server.url)
    scratch.callback(client.close)
    return server, client


def mime(data):
    value = data.one("AirSyncBase:Body").text("Data")
    return value if isinstance(value, bytes) else value.encode()


def inbox(count):
    return {"Mail/Inbox/%04d.eml" % i: message("Message %d" % i) for i in range(count)}


@test
def options_tell_versions_and_commands(scratch):
    _, client = served(scratch, {}, extra=["--protocol", "12.1,14.1,16.1"])
    code, answer, _ = client.http("OPTIONS", client.url.path)
    equal(code, 200)
    equal(answer.getheader("MS-ASProtocolVersions"), "12.1,14.1,16.1")
    for command in ("Sync", "FolderSync", "Provision", "ItemOperations", "Ping", "Settings", "GetItemEstimate"):
        truth(command in answer.getheader("MS-ASProtocolCommands").split(","), command)


@test
def any_url_gets_an_answer(scratch):
    _, client = served(scratch, {})
    equal(client.http("GET", "/")[0], 404)
    equal(client.http("GET", "/.well-known/autoconfig")[0], 404)
    equal(client.http("GET", client.url.path)[0], 405)
    equal(client.http("POST", client.url.path)[0], 400)
    equal(client.http("POST", client.url.path + "?%%%")[0], 400)
    client.password = "wrong"
    code, answer, _ = client.http("OPTIONS", client.url.path)
    equal((code, "Basic" in answer.getheader("WWW-Authenticate", "")), (401, True))


@test
def a_base64_query_names_the_command(scratch):
    # MS-ASHTTP 2.2.1.1.1.1: 14.1, FolderSync, locale 0x0409, DeviceId, a policy key of 0, DeviceType.
    import base64
    query = base64.b64encode(bytes([141, 9, 9, 4, 6]) + b"v140De" + bytes([4, 0, 0, 0, 0, 2]) + b"SP").decode()
    _, client = served(scratch, {})
    code, _, data = client.http("POST", client.url.path + "?" + query,
                                eas.write(E("FolderHierarchy:FolderSync", E("SyncKey", "0"))),
                                {"Content-Type": "application/vnd.ms-sync.wbxml"})
    equal((code, eas.read(data).text("Status")), (200, "1"))


@test
def default_folders_are_always_there(scratch):
    _, client = served(scratch, {"Mail/Projects/2026/a.eml": message(), "Calendar/Team/x.ics": "",
                                 "Mail/.hidden/b.eml": message()})
    rows = {a.text("DisplayName"): a for a in client.folder_sync().all("Changes/Add")}
    kinds = {name: row.text("Type") for name, row in rows.items()}
    equal(kinds, {"Inbox": "2", "Drafts": "3", "Deleted Items": "4", "Sent Items": "5", "Outbox": "6", "Tasks": "7",
                  "Calendar": "8", "Contacts": "9", "Notes": "10", "Projects": "12", "2026": "12", "Team": "13"})
    equal(rows["2026"].text("ParentId"), rows["Projects"].text("ServerId"))
    equal(rows["Team"].text("ParentId"), rows["Calendar"].text("ServerId"))


@test
def folders_come_go_and_are_renamed(scratch):
    server, client = served(scratch, {"Mail/Old/a.eml": message()})
    key = client.folder_sync().text("SyncKey")
    ident = client.folders()["Old"]
    key = client.folder_sync().text("SyncKey")
    os.rename(scratch.path("mailbox/Mail/Old"), scratch.path("mailbox/Mail/New"))
    os.mkdir(scratch.path("mailbox/Mail/Added"))
    answer = client.folder_sync(key)
    equal([(u.text("ServerId"), u.text("DisplayName")) for u in answer.all("Changes/Update")], [(ident, "New")])
    equal([a.text("DisplayName") for a in answer.all("Changes/Add")], ["Added"])
    equal(answer.text("Changes/Count"), "2")
    again = client.folder_sync(key)
    equal(again.text("Changes/Count"), "2", "the changes, asked for by the key before")
    os.rmdir(scratch.path("mailbox/Mail/Added"))
    equal(len(client.folder_sync(again.text("SyncKey")).all("Changes/Delete")), 1)
    equal(client.folder_sync("17").text("Status"), "9")


@test
def messages_are_served_byte_for_byte(scratch):
    odd = {"lf": b"Subject: x\n\nline\n", "nul": b"Subject: x\r\n\r\na\0b\r\n", "bare": b"no header at all",
           "empty": b"", "latin": b"Subject: caf\xe9\r\n\r\n\xff\xfe", "cr": b"Subject: x\r\rbody\r",
           "no-body": b"Subject: only a header\r\n", "long": b"Subject: " + b"x" * 300000 + b"\r\n\r\n" + b"y" * 300000}
    _, client = served(scratch, {"Mail/Inbox/%s.eml" % name: data for name, data in odd.items()})
    items, _ = client.read_all(client.folders()["Inbox"], *MIME)
    equal(sorted(map(mime, items.values())), sorted(odd.values()))
    for data in items.values():
        equal(data.one("AirSyncBase:Body").text("Type"), "4")
        truth(data.one("AirSyncBase:Body").one("Truncated") is None, "a whole body is not truncated")


@test
def properties_come_from_the_header(scratch):
    head = ("From: =?utf-8?q?J=C3=BCrgen?= <j@example.test>\r\nTo: Bob <bob@example.test>,\r\n\tC <c@example.test>\r\n"
            "Cc: d@example.test\r\nReply-To: r@example.test\r\nDate: Mon, 02 Nov 2026 10:15:33 +0100\r\n"
            "Subject: Re: =?iso-8859-1?q?caf=E9?=\r\nImportance: High\r\n"
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"\r\n\r\n")
    _, client = served(scratch, {"Mail/Inbox/a.eml": head})
    data = next(iter(client.read_all(client.folders()["Inbox"])[0].values()))
    wanted = {"From": "J\u00fcrgen <j@example.test>", "To": "Bob <bob@example.test>, C <c@example.test>",
              "Cc": "d@example.test", "ReplyTo": "r@example.test", "DateReceived": "2026-11-02T09:15:33.000Z",
              "Subject": "Re: caf\u00e9", "ThreadTopic": "caf\u00e9", "Importance": "2", "Read": "0",
              "MessageClass": "IPM.Note.SMIME.MultipartSigned"}
    equal({name: data.text("Email:" + name) for name in wanted}, wanted)
    truth(data.one("AirSyncBase:Body") is None, "no BodyPreference, no body")


@test
def without_a_date_the_files_time_counts(scratch):
    path = write(scratch.path("mailbox/Mail/Inbox/a.eml"), "Subject: x\r\n\r\n")
    os.utime(path, (1700000000, 1700000000))
    _, client = served(scratch, {})
    data = next(iter(client.read_all(client.folders()["Inbox"])[0].values()))
    equal(data.text("Email:DateReceived"), "2023-11-14T22:13:20.000Z")


@test
def windows_end_in_everything_once(scratch):
    _, client = served(scratch, inbox(37))
    ident = client.folders()["Inbox"]
    key, seen, sizes = client.prime(ident), [], []
    while True:
        collection = client.sync(client.collection(ident, key, window=10)).one("Collections/Collection")
        key = collection.text("SyncKey")
        sizes.append(len(collection.all("Commands/Add")))
        seen += [a.text("ServerId") for a in collection.all("Commands/Add")]
        if not collection.one("MoreAvailable"):
            break
    equal((sizes, len(set(seen))), ([10, 10, 10, 7], 37))
    equal(client.sync(client.collection(ident, key)), None, "nothing more is an empty answer")


@test
def a_lost_answer_is_given_again(scratch):
    server, client = served(scratch, inbox(10))
    ident = client.folders()["Inbox"]
    key = client.prime(ident)
    first = client.sync(client.collection(ident, key, window=4))
    equal(repr(client.sync(client.collection(ident, key, window=4))), repr(first), "the same again")
    smaller = client.sync(client.collection(ident, key, window=1))
    equal(len(smaller.all("Collections/Collection/Commands/Add")), 1, "a smaller window by the same key")
    key = smaller.text("Collections/Collection/SyncKey")
    after = client.sync(client.collection(ident, key)).text("Collections/Collection/SyncKey")
    client.sync(client.collection(ident, after))
    old = first.text("Collections/Collection/SyncKey")
    equal(client.sync(client.collection(ident, old)).text("Collections/Collection/Status"), "3", "two generations ago")


@test
def the_directory_changes_while_it_is_served(scratch):
    server, client = served(scratch, inbox(3))
    ident = client.folders()["Inbox"]
    items, key = client.read_all(ident)
    server.put("Mail/Inbox/9999.eml", message("new"))
    write(scratch.path("mailbox/Mail/Inbox/8888.eml"), message("written in place"))
    server.put("Mail/Inbox/.draft.eml", message("hidden"))
    server.put("Mail/Inbox/x.eml~", message("a backup"))
    os.remove(scratch.path("mailbox/Mail/Inbox/0000.eml"))
    server.put("Mail/Inbox/0001.eml", message("changed"))
    answer = client.sync(client.collection(ident, key, *MIME)).one("Collections/Collection")
    equal(sorted(a.text("ApplicationData/Subject") for a in answer.all("Commands/Add")), ["new", "written in place"])
    equal([c.text("ApplicationData/Subject") for c in answer.all("Commands/Change")], ["changed"])
    equal(len(answer.all("Commands/Delete")), 1)


@test
def the_state_of_a_message_changes_alone(scratch):
    _, client = served(scratch, inbox(2))
    ident = client.folders()["Inbox"]
    items, key = client.read_all(ident)
    path = scratch.path("mailbox/Mail/Inbox/0000.eml")
    os.setxattr(path, "user.eas.read", b"1")
    os.setxattr(path, "user.eas.flag", b"active")
    os.setxattr(path, "user.eas.categories", b"Red\nBlue")
    answer = client.sync(client.collection(ident, key, *MIME)).one("Collections/Collection")
    change, = answer.all("Commands/Change")
    data = change.one("ApplicationData")
    equal([c.name for c in data.children], ["Read", "Flag", "Categories"])
    equal((data.text("Read"), data.text("Flag/Status")), ("1", "2"))
    equal([c.value for c in data.all("Categories/Category")], ["Red", "Blue"])
    os.setxattr(path, "user.eas.categories", b"")
    answer = client.sync(client.collection(ident, answer.text("SyncKey"), *MIME)).one("Collections/Collection")
    data = answer.one("Commands/Change/ApplicationData")
    equal([c.name for c in data.children], ["Read", "Flag", "Categories"], "none are said too, else the old ones stay")
    equal(data.all("Categories/Category"), [])


@test
def ids_are_the_same_after_a_restart(scratch):
    server, client = served(scratch, {**inbox(5), "Mail/A/B/x.eml": message()})
    ident = client.folders()["A/B"]
    items, key = client.read_all(client.folders()["Inbox"])
    server.stop()
    server.start()
    client.close()
    equal(client.folders()["A/B"], ident)
    equal(client.sync(client.collection(client.folders()["Inbox"], key)).text("Collections/Collection/Status"), "3")
    equal(sorted(client.read_all(client.folders()["Inbox"])[0]), sorted(items))


@test
def what_exchange_refuses_is_refused(scratch):
    _, client = served(scratch, inbox(1))
    ident = client.folders()["Inbox"]
    key = client.prime(ident)

    def status(root):
        answer = client.ask("Sync", root)
        return answer.text("Status") or answer.text("Collections/Collection/Status")

    def one(*parts, more=()):
        return status(E("AirSync:Sync", E("Collections", E("Collection", *parts)), *more))

    ident_, key_ = E("CollectionId", ident), E("SyncKey", key)
    equal(one(ident_, key_), "4", "CollectionId before SyncKey")
    equal(one(key_, ident_, E("WindowSize", "5"), E("GetChanges")), "4", "WindowSize before GetChanges")
    equal(one(E("SyncKey", "0"), ident_, E("GetChanges")), "4", "GetChanges with key 0")
    equal(one(E("SyncKey", "0"), ident_, E("GetChanges", "0")), "1")
    equal(one(E("SyncKey", "12345"), ident_), "3", "a key that never was")
    equal(one(E("SyncKey", "0"), E("CollectionId", "none")), "8", "a folder that never was")
    equal(one(key_, ident_, E("Options", E("FilterType", "6"))), "4", "a FilterType of the calendar's")
    equal(one(E("Class", "Email"), key_, ident_), "4", "Class in 14.1")
    equal(status(E("AirSync:Sync")), "4")
    equal(status(E("AirSync:Sync", E("Partial"))), "13")
    equal(client.ask("Sync", None).text("Status"), "13", "an empty request that repeats nothing")
    key_ = E("SyncKey", client.prime(ident))
    equal(one(key_, ident_, more=(E("Wait", "1"), E("HeartbeatInterval", "60"))), "4")
    answer = client.ask("Sync", E("AirSync:Sync", E("Collections", E("Collection", key_, ident_)), E("Wait", "60")))
    equal((answer.text("Status"), answer.text("Limit")), ("14", "59"))
    equal(client.ask("FolderSync", E("FolderHierarchy:FolderSync")).text("Status"), "10")
    equal(client.ask("Sync", E("FolderHierarchy:FolderSync", E("SyncKey", "0"))).text("Status"), "103")


@test
def a_key_belongs_to_the_version_it_was_given_in(scratch):
    _, client = served(scratch, inbox(1))
    key = client.prime("1")
    client.version = "16.1"
    equal(client.sync(client.collection("1", key)).text("Collections/Collection/Status"), "3")


@test
def a_folder_that_went_away_asks_for_a_folder_sync(scratch):
    _, client = served(scratch, {"Mail/Gone/a.eml": message()})
    ident = client.folders()["Gone"]
    key = client.prime(ident)
    harness.run("rm", "-r", scratch.path("mailbox/Mail/Gone"))
    equal(client.sync(client.collection(ident, key)).text("Status"), "12")


@test
def devices_and_versions_must_be_named(scratch):
    _, client = served(scratch, {}, extra=["--protocol", "12.1,14.1"])
    document = eas.write(E("FolderHierarchy:FolderSync", E("SyncKey", "0")))
    for version, code in (("2.5", 505), ("16.1", 505), ("", 400), ("x", 400)):
        try:
            client.post("FolderSync", document, {"MS-ASProtocolVersion": version})
            raise AssertionError("version %r was taken" % version)
        except Refused as refused:
            equal(refused.code, code)
    client.device = "no-hyphens-please"
    equal(client.folder_sync().text("Status"), "108")
    client.version = "12.1"
    try:
        client.folder_sync()
        raise AssertionError("a bad DeviceId was taken")
    except Refused as refused:
        equal(refused.code, 400)


@test
def a_policy_is_demanded_in_each_generations_way(scratch):
    _, client = served(scratch, {}, extra=["--policy"])
    equal(client.folder_sync().text("Status"), "142")
    client.version = "12.1"
    try:
        client.folder_sync()
        raise AssertionError("12.1 was not sent to provision")
    except Refused as refused:
        equal(refused.code, 449)
    for version in ("12.1", "14.0", "14.1", "16.1"):
        client.version, client.policy_key, client.device = version, 0, "DEV" + version.replace(".", "")
        first, second = client.provision()
        equal((first.text("Status"), second.text("Policies/Policy/Status")), ("1", "1"))
        truth(first.one("Policies/Policy/Data/EASProvisionDoc") is not None, "the policy document")
        truth(client.policy_key != first.text("Policies/Policy/PolicyKey"), "the final key is another")
        equal(client.folder_sync().text("Status"), "1")
    client.policy_key = "99"
    equal(client.folder_sync().text("Status"), "144")
    client.version = "14.1"
    missing = E("Provision:Provision", E("Policies", E("Policy", E("PolicyType", "MS-EAS-Provisioning-WBXML"))))
    equal(client.ask("Provision", missing).text("Status"), "165", "no DeviceInformation in 14.1")


@test
def bodies_are_cut_where_asked(scratch):
    body = message(body="0123456789" * 1000)
    _, client = served(scratch, {"Mail/Inbox/a.eml": body})
    ident = client.folders()["Inbox"]

    def part(*options):
        return next(iter(client.read_all(ident, *options)[0].values())).one("AirSyncBase:Body")

    support = E("AirSync:MIMESupport", "2")
    cut = part(support, preference(4, 500))
    equal((cut.text("Data"), cut.text("Truncated"), cut.text("EstimatedDataSize")), (body[:500], "1", str(len(body))))
    cut = part(support, E("AirSync:MIMETruncation", "1"), preference(4))
    equal(cut.text("Data"), body[:4096])
    cut = part(support, preference(4, 500, "1"))
    equal((cut.one("Data"), cut.text("Truncated")), (None, "1"))
    equal(part(support, preference(4, len(body))).text("Data"), body)
    equal(part(preference(4)), None, "Type 4 without MIMESupport")
    equal(part(support), None, "MIMESupport without Type 4")
    plain = part(preference(1))
    equal((plain.text("Type"), plain.text("Data").strip()), ("1", "0123456789" * 1000))


@test
def items_are_fetched_inline_and_multipart(scratch):
    big = message(body="line\r\n" * 400000)
    _, client = served(scratch, {"Mail/Inbox/a.eml": message("small"), "Mail/Inbox/b.eml": big})
    ident = client.folders()["Inbox"]
    items, _ = client.read_all(ident)
    pairs = [(ident, server_id) for server_id in items] + [(ident, ident + ":0000000000000000")]
    answer, _ = client.fetch(*pairs, options=MIME)
    fetched = answer.all("Response/Fetch")
    equal([f.text("Status") for f in fetched], ["1", "1", "6"])
    equal(sorted(mime(f.one("Properties")) for f in fetched[:2]), sorted([message("small"), big]))
    answer, parts = client.fetch(*pairs[:2], options=MIME, multipart=True)
    numbers = [f.one("Properties/Body").text("Part") for f in answer.all("Response/Fetch")]
    equal((numbers, sorted(parts)), (["1", "2"], sorted([message("small"), big])))
    bad = E("ItemOperations:ItemOperations", E("Fetch", E("Store", "Attic"), E("AirSync:ServerId", "1")))
    equal(client.ask("ItemOperations", bad).text("Response/Fetch/Status"), "9")
    many = E("ItemOperations:ItemOperations", *[E("Fetch", E("Store", "Mailbox")) for _ in range(101)])
    equal(client.ask("ItemOperations", many).text("Status"), "103")


@test
def answers_are_compressed_on_request(scratch):
    _, client = served(scratch, inbox(200))
    ident = client.folders()["Inbox"]
    key = client.prime(ident)
    document = eas.write(E("AirSync:Sync", E("Collections", client.collection(ident, key, *MIME, window=200))))
    plain = client.post("Sync", document)
    packed = client.post("Sync", document, {"Accept-Encoding": "gzip"})
    equal(packed, plain)
    truth(client.wire < len(plain) / 3, "%d bytes of %d" % (client.wire, len(plain)))


@test
def an_estimate_counts_what_sync_brings(scratch):
    server, client = served(scratch, inbox(12))
    ident = client.folders()["Inbox"]

    def estimate(key, collection=ident):
        answer = client.ask("GetItemEstimate", E("GetItemEstimate:GetItemEstimate", E("Collections", E(
            "Collection", E("AirSync:SyncKey", key), E("CollectionId", collection)))))
        return answer.text("Response/Status"), answer.text("Response/Collection/Estimate")

    equal(estimate("0"), ("3", None))
    key = client.prime(ident)
    equal(estimate(key), ("1", "12"))
    equal(estimate("77"), ("4", None))
    equal(estimate(key, "none"), ("2", None))
    _, key = client.read_all(ident, key=key)
    equal(estimate(key), ("1", "0"))
    server.put("Mail/Inbox/n.eml", message("new"))
    equal(estimate(key), ("1", "1"))
    wrong = E("GetItemEstimate:GetItemEstimate", E("Collections", E(
        "Collection", E("CollectionId", ident), E("AirSync:SyncKey", key))))
    equal(client.ask("GetItemEstimate", wrong).text("Status"), "103", "the old order in 14.1")


@test
def old_mail_leaves_by_soft_delete(scratch):
    import email.utils
    import time
    files = {"Mail/Inbox/%d.eml" % days: message(str(days), date=email.utils.formatdate(time.time() - days * 86400))
             for days in (0, 2, 5, 10, 100)}
    _, client = served(scratch, files)
    ident = client.folders()["Inbox"]
    items, key = client.read_all(ident, E("FilterType", "3"))
    equal(sorted(d.text("Email:Subject") for d in items.values()), ["0", "2", "5"])
    answer = client.sync(client.collection(ident, key, E("FilterType", "2"))).one("Collections/Collection")
    equal(len(answer.all("Commands/SoftDelete")), 1)
    key = answer.text("SyncKey")
    answer = client.sync(client.collection(ident, key, E("FilterType", "0"))).one("Collections/Collection")
    equal(len(answer.all("Commands/Add")), 3)


@test
def responses_name_what_was_fetched_or_went_wrong(scratch):
    _, client = served(scratch, inbox(1))
    ident = client.folders()["Inbox"]
    items, key = client.read_all(ident)
    server_id = next(iter(items))
    commands = [E("Change", E("ServerId", server_id), E("ApplicationData", E("Email:Read", "1"))),
                E("Fetch", E("ServerId", server_id)),
                E("Delete", E("ServerId", "1:ffff"))]
    answer = client.sync(client.collection(ident, key, *MIME, commands=commands)).one("Collections/Collection")
    equal(answer.one("Responses/Change"), None, "no entry is success")
    equal(answer.text("Responses/Delete/Status"), "8")
    equal(mime(answer.one("Responses/Fetch/ApplicationData")), message("Message 0"))


@test
def several_collections_share_one_window(scratch):
    files = {"Mail/%s/%d.eml" % (folder, i): message("%s %d" % (folder, i)) for folder in "AB" for i in range(8)}
    _, client = served(scratch, files)
    folders = client.folders()
    keys = {name: client.prime(folders[name]) for name in "AB"}
    answer = client.sync(*[client.collection(folders[n], keys[n]) for n in "AB"], more=[E("WindowSize", "10")])
    got = answer.all("Collections/Collection")
    equal([len(c.all("Commands/Add")) for c in got], [8, 2])
    equal([c.one("MoreAvailable") is not None for c in got], [False, True])


@test
def settings_answer_part_by_part(scratch):
    _, client = served(scratch, {})
    answer = client.ask("Settings", E("Settings:Settings", E("DeviceInformation", E("Set", E("Model", "x"))),
                                      E("UserInformation", E("Get")), E("Oof", E("Get", E("BodyType", "Text")))))
    equal(answer.text("Status"), "1")
    equal(answer.text("DeviceInformation/Status"), "1")
    equal(answer.text("UserInformation/Get/Accounts/Account/EmailAddresses/PrimarySmtpAddress"), "alice@localhost")
    equal(answer.text("Oof/Get/OofState"), "0")


@test
def a_ping_hangs_until_something_comes(scratch):
    import threading
    server, client = served(scratch, inbox(2))
    ident = client.folders()["Inbox"]
    _, key = client.read_all(ident)

    def ping(*folders, beat="60"):
        return client.ask("Ping", E("Ping:Ping", E("HeartbeatInterval", beat), E("Folders", *[
            E("Folder", E("Id", f), E("Class", "Email")) for f in folders])))

    equal(client.ask("Ping", None).text("Status"), "3", "nothing to repeat")
    answer = ping(ident, beat="5")
    equal((answer.text("Status"), answer.text("HeartbeatInterval")), ("5", "60"))
    equal(ping("none").text("Status"), "7")
    equal(client.ask("Ping", E("Ping:Ping", E("Folders", E("Folder", E("Id", ident))))).text("Status"), "4")
    threading.Timer(0.2, server.put, ("Mail/Inbox/new.eml", message("new"))).start()
    answer = ping(ident)
    equal((answer.text("Status"), answer.text("Folders/Folder")), ("2", ident))
    equal(ping(ident).text("Status"), "2", "still there until synced")
    client.read_all(ident, key=key)
    threading.Timer(0.2, os.mkdir, (scratch.path("mailbox/Mail/Fresh"),)).start()
    equal(client.ask("Ping", None).text("Status"), "7", "a new folder, and the request before")


@test
def bad_documents_are_named(scratch):
    _, client = served(scratch, {})
    deep = b"\x03\x01\x6a\x00" + b"\x45" * 40000
    for body, status in ((b"<html>", "102"), (b"\x03\x01\x6a\x00\x00\x07\x56", "102"), (deep, "102"),
                         (b"\x03\x01\x6a\x00\x45\xc3\x8f\xff\xff\xff\x7f", "102"), (b"", "101"),
                         (b"\x03\x01\x6a\x00\x00\x07\x56\x7f\x01\x01", "103"),
                         (b"\x03\x01\x6a\x00\x00\x07\x56\x52\x03\x0b\x00\x01\x01", "103")):
        equal(eas.read(client.post("FolderSync", body)).text("Status"), status, repr(body[:16]))
    for path, _, names in os.walk(shared("protocol/vectors/hostile")):
        for name in names:
            for command in ("Sync", "FolderSync", "ItemOperations", "Provision", "Ping", "Settings", "GetItemEstimate"):
                try:
                    client.post(command, read(os.path.join(path, name)))
                except Refused as refused:
                    truth(refused.code in (400, 413), "%s of %s: %d" % (command, name, refused.code))
    equal(client.folder_sync().text("Status"), "1", "and the server lives")


@test
def every_answer_passes_its_schema(scratch):
    validate = shared("protocol/validate")
    # Class in a collection is in the answers of 12.1 servers and in MS-ASWBXML's example, not in the schema.
    known = "element AirSync:Class is not allowed at this place"

    class Checked(Client):
        def post(self, command, body, headers=(), version=None):
            data = super().post(command, body, headers, version)
            done = subprocess.run([sys.executable, validate, "--version", self.version, "--response", "--wbxml"],
                                  input=data, capture_output=True) if data else None
            faults = [line for line in (done.stdout + done.stderr).decode().splitlines()
                      if line.startswith("error") and known not in line] if done else []
            equal(faults, [], "%s %s" % (command, self.version))
            self.checked = getattr(self, "checked", 0) + 1
            return data

    harness.run("cp", "-r", os.path.join(harness.TOP, "contrib", "mailbox"), scratch.path("mailbox"))
    server = scratch.easd()
    for version in ("12.1", "14.0", "14.1", "16.0", "16.1"):
        client = Checked(server.url, version=version, device="V" + version.replace(".", ""))
        scratch.callback(client.close)
        client.provision()
        for name, ident in client.folders().items():
            mail = name not in ("Calendar", "Contacts", "Tasks", "Notes")
            if name == "Notes" and version == "12.1":
                continue
            items, _ = client.read_all(ident, *(MIME if mail else (preference(1),)))
            if items:
                client.fetch(*[(ident, server_id) for server_id in items], options=MIME if mail else (preference(1),))
        client.sync(client.collection("1", "55"))
        client.ask("Settings", E("Settings:Settings", E("DeviceInformation", E("Set", E("Model", "x"))),
                                 E("UserInformation", E("Get")), E("Oof", E("Get", E("BodyType", "Text")))))
        client.ask("Ping", E("Ping:Ping", E("HeartbeatInterval", "5"), E("Folders", E("Folder", E("Id", "1"),
                                                                                   E("Class", "Email")))))
        truth(client.checked > 15, "only %d answers were seen" % client.checked)


@test
def a_sync_may_wait(scratch):
    import threading
    server, client = served(scratch, inbox(1))
    ident = client.folders()["Inbox"]
    _, key = client.read_all(ident)
    threading.Timer(0.2, server.put, ("Mail/Inbox/new.eml", message("new"))).start()
    answer = client.sync(client.collection(ident, key), more=[E("HeartbeatInterval", "60")])
    equal(len(answer.all("Collections/Collection/Commands/Add")), 1)


@test
def a_newer_ping_ends_the_older_one(scratch):
    import threading
    server, client = served(scratch, inbox(1))
    ident = client.folders()["Inbox"]
    client.read_all(ident)
    clients = [client, Client(server.url)]
    scratch.callback(clients[1].close)
    ask = eas.write(E("Ping:Ping", E("HeartbeatInterval", "300"),
                      E("Folders", E("Folder", E("Id", ident), E("Class", "Email")))))
    got = []
    pings = [threading.Thread(target=lambda c=c: got.append(eas.read(c.post("Ping", ask)).text("Status")), daemon=True)
             for c in clients]
    for ping in pings:
        ping.start()
    harness.wait_for("one of the two to end", lambda: got)
    server.put("Mail/Inbox/new.eml", message("new"))
    for ping in pings:
        ping.join(30)
    equal(got, ["1", "2"])


@test
def a_huge_message_goes_out_in_a_stream(scratch):
    block = b"0123456789abcdef" * 4096
    path = scratch.path("mailbox/Mail/Inbox/huge.eml")
    write(path, b"Subject: huge\r\n\r\n")
    with open(path, "ab") as file:
        for _ in range(800):
            file.write(block)
    server, client = served(scratch, {})
    ident = client.folders()["Inbox"]
    items, _ = client.read_all(ident, *MIME)
    equal(len(mime(next(iter(items.values())))), os.path.getsize(path))
    _, parts = client.fetch((ident, next(iter(items))), options=MIME, multipart=True)
    truth(parts[0] == read(path), "the part is not the file")
    peak = [line for line in open("/proc/%d/status" % server.process.pid) if line.startswith("VmHWM")][0]
    truth("asan" in harness.BUILD or int(peak.split()[1]) < 40000, "50 MB went through memory: " + peak)


@test
def https_is_served_with_a_certificate(scratch):
    import ssl
    import urllib.request
    certificate, key = scratch.path("cert.pem"), scratch.path("key.pem")
    harness.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate)
    server, _ = served(scratch, {}, extra=["--tls-cert", certificate, "--tls-key", key])
    truth(server.url.startswith("https://"), server.url)
    context = ssl.create_default_context(cafile=certificate)
    try:
        urllib.request.urlopen(server.url, context=context)
        raise AssertionError("no password was asked for")
    except urllib.error.HTTPError as error:
        equal(error.code, 401)


@test
def a_wrong_command_line_is_named(scratch):
    password = write(scratch.path("password"), "x\n")
    box = os.path.dirname(password)
    base = [harness.EASD, "--listen", "127.0.0.1:0", "--password-file", password]
    for extra, code, words in (([], 64, "--mailbox"), (["--mailbox", "x"], 64, "NAME=DIR"),
                               (["--mailbox", "x=/nowhere/at/all"], 73, "unable to serve"),
                               (["--mailbox", "x=" + box, "--protocol", "9"], 64, "unable to speak 9"),
                               (["--mailbox", "x=" + box, "--tls-cert", "y"], 64, "go together"),
                               (["--mailbox", "x=" + box, "--listen", "nowhere"], 73, "unable to listen"),
                               (["--mailbox", "x=" + box, "surplus"], 64, "surplus")):
        truth(words in harness.run(*base, *extra, code=code).stderr, words)
    truth("usage:" in harness.run(harness.EASD, "--help").stdout, "help")


@test
def hostile_requests_leave_the_server_standing(scratch):
    """Every document of a good session, cut at each byte and with each byte changed."""
    import random
    server, client = served(scratch, inbox(3))
    ident = client.folders()["Inbox"]
    key = client.prime(ident)
    random.seed(1)
    for command, root in (("Sync", E("AirSync:Sync", E("Collections", client.collection(ident, key, *MIME)))),
                          ("ItemOperations", E("ItemOperations:ItemOperations", E("Fetch", E("Store", "Mailbox"),
                                               E("AirSync:CollectionId", ident), E("AirSync:ServerId", "1:1")))),
                          ("Ping", E("Ping:Ping", E("HeartbeatInterval", "5")))):
        document = eas.write(root)
        wrecks = [document[:i] for i in range(len(document))]
        wrecks += [document[:i] + bytes([random.randrange(256)]) + document[i + 1:] for i in range(4, len(document))]
        for wreck in wrecks:
            try:
                data = client.post(command, wreck)
                truth(not data or eas.read(data), "an answer that is no document")
            except Refused as refused:
                truth(refused.code == 400, "HTTP %d" % refused.code)
    equal(client.folder_sync().text("Status"), "1")


@test
def every_message_of_the_corpus_is_byte_exact(scratch):
    wanted = {}
    for root, _, names in os.walk(shared("corpus/eml")):
        for name in names:
            if name.endswith(".eml"):
                target = "Mail/%s/%s" % (os.path.basename(root), name)
                wanted[target] = read(os.path.join(root, name))
    _, client = served(scratch, wanted)
    for folder, ident in client.folders().items():
        files = sorted(data for path, data in wanted.items() if path.startswith("Mail/%s/" % folder))
        items, _ = client.read_all(ident, *MIME, window=512)
        equal(sorted(map(mime, items.values())), files, folder)


if __name__ == "__main__":
    harness.main()
