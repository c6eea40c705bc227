#!/usr/bin/env python3
"""Messages moved, drafted, sent, answered and forwarded, and folders made, renamed and deleted, at every version.
Catches: a move that loses or doubles a message, a folder command taken with a wrong key or for a default folder,
mail sent twice for one ClientId, Bcc told to those who get it, a lost attachment of a draft, and mail that nobody
meant: after each test the log holds what was sent and nothing else."""
import base64
import email
import email.policy
import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from checked import Box, Checked
from eas import E, MIME, Refused, preference
from harness import equal, message, read, test, truth, wait_for
from wbxml import read as decode

OLD, NEW = ("12.1",), ("14.0", "14.1", "16.0", "16.1")
VERSIONS = OLD + NEW


class Post:
    """alice and bob on one server."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.logged = scratch.path("mail.log")
        os.makedirs(scratch.path("bob"))
        self.server = scratch.easd(extra=["--mailbox", "bob=" + scratch.path("bob"), "--mail-log", self.logged])

    def client(self, version="14.1", user="alice", name="A"):
        client = Checked(self.server.url, user=user, version=version, device=name + version.replace(".", ""))
        self.scratch.callback(client.close)
        client.ids = client.folders()
        return client

    def box(self, client, folder, *options):
        return Box(client, client.ids[folder], *(options or MIME))

    def log(self):
        """The lines of the log since the last call."""
        lines = [json.loads(l) for l in read(self.logged).decode().splitlines()] if os.path.exists(self.logged) else []
        if lines:
            os.remove(self.logged)
        return lines

    def files(self, path, user="alice"):
        top = os.path.join(self.server.directory if user == "alice" else self.scratch.path(user), path)
        return sorted(os.listdir(top)) if os.path.isdir(top) else []

    def mail(self, path, name, user="alice"):
        top = self.server.directory if user == "alice" else self.scratch.path(user)
        return email.message_from_bytes(read(os.path.join(top, path, name)), policy=email.policy.default)


def letter(subject="Hi", to="bob@example.test", more="", body="Text.\r\n"):
    return ("From: Alice <alice@example.test>\r\nTo: %s\r\n%sSubject: %s\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n%s" % (to, more, subject, body)).encode()


def send(client, mime, ident="c1", command="SendMail", save=True, source=None, replace=False):
    """None, or the Status."""
    if client.new:
        answer = client.ask(command, E("ComposeMail:" + command, E("ClientId", ident),
                                       E("Source", E("FolderId", source[0]), E("ItemId", source[1])) if source else None,
                                       E("SaveInSentItems") if save else None, E("ReplaceMime") if replace else None,
                                       E("Mime", mime)))
        return answer and answer.text("Status")
    query = {"Cmd": command, "User": client.user, "DeviceId": client.device, "DeviceType": "Probe",
             "SaveInSent": "T" if save else "F"}
    if source:
        query.update(CollectionId=source[0], ItemId=source[1])
    code, _, data = client.http("POST", client.url.path + "?" + urllib.parse.urlencode(query), mime, {
        "Content-Type": "message/rfc822", "MS-ASProtocolVersion": client.version})
    equal(data if code == 200 else b"", b"", "a sent message's answer is empty")
    return None if code == 200 else code


@test
def mail_is_sent_delivered_saved_and_logged(scratch):
    post = Post(scratch)
    for version in VERSIONS:
        client = post.client(version)
        equal(send(client, letter(version, more="Bcc: carol@example.test\r\n"), ident=version), None)
        line, = post.log()
        equal((line["user"], line["from"], sorted(line["recipients"]), line["subject"], line["why"]),
              ("alice", "alice@example.test", ["bob@example.test", "carol@example.test"], version, "sendmail"))
        name, = [n for n in post.files("Mail/Inbox", "bob") if version in n]
        got = post.mail("Mail/Inbox", name, "bob")
        equal((got["Bcc"], got["To"], got.get_content().strip()), (None, "bob@example.test", "Text."))
        truth(line["message-id"] in got["Message-ID"] and got["Date"], "what was missing is supplied")
        saved, = [n for n in post.files("Mail/Sent Items") if version in n]
        equal(post.mail("Mail/Sent Items", saved)["Bcc"], "carol@example.test")
        equal(send(client, letter("unsaved"), ident=version + "u", save=False), None)
        equal([n for n in post.files("Mail/Sent Items") if "unsaved" in n], [])
        equal(len(post.log()), 1)
        for status, code, wrong in (("119", 500, letter(to="nobody")), ("107", 500, b"\r\nno header"),
                                    ("120", 500, letter().replace(b"alice@", b"mallory@"))):
            equal(send(client, wrong, ident="w" + version + status), status if client.new else code, version)
        equal(post.log(), [])
    reader = post.box(post.client(user="bob", name="B"), "Inbox")
    equal(len(reader.items), 2 * len(VERSIONS))


@test
def one_client_id_is_one_mail(scratch):
    post = Post(scratch)
    client = post.client("16.1")
    equal(send(client, letter(), ident="same"), None)
    equal(send(client, letter(), ident="same"), "118")
    equal(len(post.log()), 1)
    equal(send(client, letter(), ident="other"), None)
    equal(len(post.log()), 1)
    with client.wrong():
        root = E("ComposeMail:SendMail", E("Mime", letter()))
        equal(client.ask("SendMail", root).text("Status"), "103", "no ClientId")
    equal(post.log(), [])


@test
def answers_and_forwards_hold_what_they_are_about(scratch):
    post = Post(scratch)
    post.server.put("Mail/Inbox/a.eml", message("Question", body="What is it?\r\n"))
    for version in VERSIONS:
        client = post.client(version)
        box = post.box(client, "Inbox")
        ident = next(i for i in box.items if box.items[i].text("Subject") == "Question")
        source = (box.ident, ident)
        equal(send(client, letter("Re " + version), ident="r" + version, command="SmartReply", source=source), None)
        equal([l["why"] for l in post.log()], ["smartreply"])
        name, = [n for n in post.files("Mail/Inbox", "bob") if "Re " + version in n]
        text = post.mail("Mail/Inbox", name, "bob").get_content()
        truth("Text." in text and "> What is it?" in text, text)
        equal(os.getxattr(os.path.join(post.server.directory, "Mail/Inbox/a.eml"), "user.eas.answered"), b"reply")
        equal(send(client, letter("Fw " + version), ident="f" + version, command="SmartForward", source=source), None)
        equal([l["why"] for l in post.log()], ["smartforward"])
        name, = [n for n in post.files("Mail/Inbox", "bob") if "Fw " + version in n]
        parts = list(post.mail("Mail/Inbox", name, "bob").iter_parts())
        equal([p.get_content_type() for p in parts], ["text/plain", "message/rfc822"])
        equal(parts[1].get_content()["Subject"], "Question")
        if client.new:
            equal(send(client, letter("Whole"), ident="w" + version, command="SmartReply", source=source, replace=True),
                  None)
            name = [n for n in post.files("Mail/Inbox", "bob") if "Whole" in n][-1]
            equal(post.mail("Mail/Inbox", name, "bob").get_content().strip(), "Text.")
            post.log()
        equal(send(client, letter(), ident="g" + version, command="SmartReply", source=(box.ident, box.ident + ":00")),
              "150" if client.new else 500)
        equal(post.log(), [])


@test
def messages_move(scratch):
    post = Post(scratch)
    for i in range(3):
        post.server.put("Mail/Inbox/%d.eml" % i, message(str(i)))
    post.server.put("Contacts/c.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:X\r\nN:X;;;;\r\nEND:VCARD\r\n")
    os.makedirs(os.path.join(post.server.directory, "Mail/Work"))
    client = post.client()
    box, work = post.box(client, "Inbox"), post.box(client, "Work")
    idents = sorted(box.items, key=lambda i: box.items[i].text("Subject"))
    equal(box.change(idents[0], E("Email:Read", "1")), "1")

    def move(*rows):
        root = E("Move:MoveItems", *[E("Move", E("SrcMsgId", a), E("SrcFldId", b), E("DstFldId", c)) for a, b, c in rows])
        return [(r.text("Status"), r.text("DstMsgId")) for r in client.ask("MoveItems", root).all("Response")]

    contact, = post.box(client, "Contacts", preference(1)).items
    rows = move((idents[0], box.ident, work.ident), (idents[1], box.ident, work.ident), ("1:00", box.ident, work.ident),
                (idents[2], box.ident, "nowhere"), (idents[2], box.ident, box.ident),
                (contact, client.ids["Contacts"], work.ident))
    equal([s for s, _ in rows], ["3", "3", "1", "2", "4", "5"])
    equal(post.files("Mail/Work"), ["0.eml", "1.eml"])
    equal(sorted(work.pull()), sorted(("Add", i) for _, i in rows[:2]))
    equal(work.items[rows[0][1]].text("Read"), "1", "its state goes along")
    equal(sorted(n for n, _ in box.pull()), ["Delete", "Delete"])
    equal(move((idents[0], box.ident, work.ident))[0][0], "1", "done again, it is not there")
    with client.wrong():
        answer = client.ask("MoveItems", E("Move:MoveItems", *[
            E("Move", E("SrcMsgId", "1:00"), E("SrcFldId", "1"), E("DstFldId", "2"))] * 1001))
        equal(answer.text("Status"), "103")


@test
def folders_are_made_renamed_and_deleted(scratch):
    post = Post(scratch)
    for version in ("12.1", "14.1", "16.1"):
        client = post.client(version)
        key = client.folder_sync().text("SyncKey")

        def ask(command, *content, keyed=None):
            nonlocal key
            answer = client.ask(command, E("FolderHierarchy:" + command, E("SyncKey", keyed or key), *content))
            if answer.text("Status") == "1":
                key = answer.text("SyncKey")
            return answer.text("Status"), answer.text("ServerId")

        def create(name, parent="0", kind="12"):
            return ask("FolderCreate", E("ParentId", parent), E("DisplayName", name), E("Type", kind))

        def update(ident, name, parent="0"):
            return ask("FolderUpdate", E("ServerId", ident), E("ParentId", parent), E("DisplayName", name))[0]

        def delete(ident):
            return ask("FolderDelete", E("ServerId", ident))[0]

        def news():
            nonlocal key
            answer = client.folder_sync(key)
            equal(answer.text("Status"), "1")
            key = answer.text("SyncKey")
            return [(c.name, c.text("DisplayName")) for c in answer.one("Changes").children if c.name != "Count"]

        status, work = create("Work")
        equal(status, "1", version)
        equal(news(), [], "who made it knows it")
        status, below = create("Below", work)
        equal(status, "1")
        truth("Below" in post.files("Mail/Work"), "a directory is there")
        equal(create("Work")[0], "2", "it exists")
        equal(create("X", "nowhere")[0], "5")
        equal(create("X", kind="2")[0], "10", "a default folder is not made")
        equal(ask("FolderCreate", E("ParentId", "0"), E("DisplayName", "X"), E("Type", "12"), keyed="none")[0], "9")
        equal(update(below, "Beneath", work), "1")
        equal(update(below, "Top"), "1")
        equal(post.files("Mail/Work"), [])
        truth("Top" in post.files("Mail"), "moved")
        equal(update(below, "Work"), "2", "the name is taken")
        equal(update(client.ids["Inbox"], "New"), "2", "a default folder stays")
        equal(update("nothing", "New"), "4")
        equal(update(below, "New", "nowhere"), "5")
        equal(update(work, "Inner", work), "5", "into itself")
        equal(news(), [])
        other = post.client(version, name="B").folders()
        truth("Top" in other and other["Top"] == below, "others see it, under the id it had")
        bin_ = client.ids["Deleted Items"]
        equal(update(below, "Top", bin_), "1")
        equal(post.files("Mail/Deleted Items"), ["Top"])
        equal(delete(client.ids["Inbox"]), "3")
        equal(delete("nothing"), "4")
        equal(delete(below), "1")
        equal(delete(work), "1")
        equal(delete(work), "4")
        equal(news(), [])
        equal([f for f in post.files("Mail") if f in ("Work", "Top")] + post.files("Mail/Deleted Items"), [])
        status, calendar = create("Team", client.ids["Calendar"], "13")
        equal(status, "1")
        truth("Team" in post.files("Calendar"), "a calendar is below the calendar")
        equal(delete(calendar), "1")


@test
def drafts_are_written_changed_and_sent_from_16_0_on(scratch):
    post = Post(scratch)
    for version in ("16.0", "16.1"):
        client = post.client(version)
        box = post.box(client, "Drafts")
        add = E("Add", E("ClientId", "a1"), E("Content", base64.b64encode(b"\0data\xff").decode()),
                E("DisplayName", "a b.bin"), E("Method", "1"))
        fields = (E("Email:To", '"Bob, B." <bob@example.test>'), E("Email:Cc", "carol@example.test"),
                  E("Email2:Bcc", "dan@example.test"), E("Email:Subject", "Grüße"), E("Email:Importance", "2"))
        collection = box.send(E("Add", E("ClientId", "d"), E("ApplicationData", E(
            "AirSyncBase:Body", E("Type", "2"), E("Data", "<p>Hällo</p>")), *fields, E("AirSyncBase:Attachments", add))))
        row = collection.one("Responses/Add")
        equal(row.text("Status"), "1", version)
        reference = row.text("ApplicationData/Attachments/Attachment/FileReference")
        name, = post.files("Mail/Drafts")
        draft = post.mail("Mail/Drafts", name)
        equal((draft["Subject"], draft["To"], draft["Bcc"], draft["Importance"]),
              ("Grüße", '"Bob, B." <bob@example.test>', "dan@example.test", "high"))
        equal([(p.get_content_type(), p.get_filename()) for p in draft.iter_parts()],
              [("text/html", None), ("application/octet-stream", "a b.bin")])
        equal(list(draft.iter_parts())[1].get_content(), b"\0data\xff")
        ident = row.text("ServerId")
        other = post.box(post.client(version, name="B"), "Drafts", preference(2))
        item = other.items[ident]
        equal((item.text("IsDraft"), item.text("Email2:Bcc"), item.text("Attachments/Attachment/DisplayName")),
              ("1", "dan@example.test", "a b.bin"))
        equal(item.text("AirSyncBase:Body/Data").strip(), "<p>Hällo</p>")
        root = E("ItemOperations:ItemOperations", E("Fetch", E("Store", "Mailbox"),
                                                    E("AirSyncBase:FileReference", reference)))
        equal(client.ask("ItemOperations", root).text("Response/Fetch/Properties/Data"),
              base64.b64encode(b"\0data\xff").decode())
        equal(box.change(ident, E("Email:Subject", "Anders")), "1")
        draft = post.mail("Mail/Drafts", name)
        equal((draft["Subject"], draft["Cc"], len(list(draft.iter_parts()))), ("Anders", "carol@example.test", 2))
        equal(box.change(ident, E("AirSyncBase:Attachments", E("Delete", E("FileReference", reference)))), "1")
        equal(post.mail("Mail/Drafts", name).get_content_type(), "text/html")
        equal(box.pull(), [])
        equal(post.log(), [], "a draft is no mail")
        equal(box.change(ident, more=(E("Email2:Send"),)), "1")
        equal([(l["subject"], l["why"], sorted(l["recipients"])) for l in post.log()],
              [("Anders", "sendmail", ["bob@example.test", "carol@example.test", "dan@example.test"])])
        equal(post.files("Mail/Drafts"), [])
        status, _ = box.add(E("Email:Subject", "Nobody"), client="n", more=(E("Email2:Send"),))
        equal(status, "183", "no recipient")
        equal(post.log(), [])


if __name__ == "__main__":
    harness.main()
