"""What a user does to messages and folders of them, and what mails somebody: letters, and meetings."""
import os

from harness import EASFS, equal, message, run, truth
from scenario import Scenario, calendar, letter, vevent

OWN = "alice@localhost"


class Bin(Scenario):
    """Messages removed: into Deleted Items, and out of there for good."""

    def prepare(self, bench, n):
        bench.server.put("Mail/Inbox/d-%s.eml" % n, letter("d-" + n, "gone %s!" % n, "bob@example.test"))
        bench.server.put("Mail/Deleted Items/d-%s.eml" % n, letter("g-" + n, "for good %s!" % n, "bob@example.test"))

    def act(self, bench, n):
        for path in bench.named("Mail/Inbox", "gone %s!" % n) + bench.named("Mail/Deleted Items", "for good %s!" % n):
            os.unlink(path)

    def check(self, bench, n):
        bench.never("gone %s!" % n, "Mail/Inbox")
        bench.once("gone %s!" % n, "Mail/Deleted Items")
        bench.never("for good %s!" % n, "Mail/Deleted Items")


class Move(Scenario):
    def prepare(self, bench, n):
        os.makedirs(os.path.join(bench.server.directory, "Mail/Archive"), exist_ok=True)
        for k in range(3):
            bench.server.put("Mail/Inbox/m-%s-%d.eml" % (n, k),
                             letter("m-%s-%d" % (n, k), "moved %s-%d!" % (n, k), "bob@example.test"))

    def act(self, bench, n):
        for path in bench.named("Mail/Inbox", "moved %s-" % n):
            os.rename(path, bench.path("Mail/Archive", os.path.basename(path)))

    def check(self, bench, n):
        for k in range(3):
            bench.never("moved %s-%d!" % (n, k), "Mail/Inbox")
            bench.once("moved %s-%d!" % (n, k), "Mail/Archive")
        equal(len(bench.named("Mail/Archive", "moved %s-" % n)), 3, "in the mount")
        equal(bench.named("Mail/Inbox", "moved %s-" % n), [], "left in the mount")


class Flags(Scenario):
    wanted = {"read": b"1", "flag": b"active", "categories": b"Blue"}

    def prepare(self, bench, n):
        bench.server.put("Mail/Inbox/f-%s.eml" % n, letter("f-" + n, "flagged %s!" % n, "bob@example.test"))

    def act(self, bench, n):
        for path in bench.named("Mail/Inbox", "flagged %s!" % n):
            for name, value in self.wanted.items():
                os.setxattr(path, "user.eas." + name, value)

    def check(self, bench, n):
        bench.once("flagged %s!" % n, "Mail/Inbox")
        name, = bench.holding("flagged %s!" % n, "Mail/Inbox")
        path = os.path.join(bench.server.directory, "Mail/Inbox", name)
        for place in (path, bench.named("Mail/Inbox", "flagged %s!" % n)[0]):
            equal({name: os.getxattr(place, "user.eas." + name).strip() for name in self.wanted}, self.wanted, place)


# ---- folders ----

class Folders(Scenario):
    """One made, a message moved into it, the folder renamed."""

    def prepare(self, bench, n):
        bench.server.put("Mail/Inbox/o-%s.eml" % n, letter("o-" + n, "filed %s!" % n, "bob@example.test"))

    def act(self, bench, n):
        made, final = bench.path("Mail/made-" + n), bench.path("Mail/final-" + n)
        if not os.path.exists(final):
            if not os.path.exists(made):
                os.mkdir(made)
            for path in bench.named("Mail/Inbox", "filed %s!" % n):
                os.rename(path, os.path.join(made, os.path.basename(path)))
            os.rename(made, final)

    def check(self, bench, n):
        bench.once("filed %s!" % n, "Mail/final-" + n)
        bench.never("filed %s!" % n, "Mail/Inbox")
        equal(os.path.exists(os.path.join(bench.server.directory, "Mail/made-" + n)), False, "the old name")
        equal(len(bench.mount.ls("Mail/final-" + n)), 1)
        truth(not bench.has("Mail/made-" + n), "the old name in the mount")


class Regroup(Scenario):
    """A folder goes into another, with what is in it; one is removed, then for good."""

    def prepare(self, bench, n):
        for name in ("Mail/above-", "Mail/below-", "Mail/empty-", "Mail/Deleted Items/last-"):
            os.makedirs(os.path.join(bench.server.directory, name + n))
        bench.server.put("Mail/below-%s/1.eml" % n, letter("b-" + n, "below %s!" % n, "bob@example.test"))

    def act(self, bench, n):
        if bench.has("Mail/below-" + n):
            os.rename(bench.path("Mail/below-" + n), bench.path("Mail/above-" + n, "below-" + n))
        for name in ("Mail/empty-", "Mail/Deleted Items/last-"):
            if bench.has(name + n):
                os.rmdir(bench.path(name + n))

    def check(self, bench, n):
        for top in (bench.server.directory, bench.mount.point):
            for name, wanted in (("Mail/below-", False), ("Mail/above-%s/below-" % n, True), ("Mail/empty-", False),
                                 ("Mail/Deleted Items/empty-", True), ("Mail/Deleted Items/last-", False)):
                equal(os.path.isdir(os.path.join(top, name + n)), wanted, os.path.join(top, name + n))
        bench.once("below %s!" % n, "Mail", "above-" + n, "below-" + n)
        equal(len(bench.mount.ls("Mail", "above-" + n, "below-" + n)), 1, "in the mount")


# ---- drafts ----

def draft(n, word):
    """With an attachment, which has an end of its own to meet."""
    return ("To: bob@example.test\r\nSubject: %s %s!\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello.\r\n--b\r\n"
            "Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\nUERG\r\n--b--\r\n" % (word, n)).encode()


class Drafts(Scenario):
    """One that is new, and one that is written anew."""

    versions = ("16.1",)

    def prepare(self, bench, n):
        bench.put("Mail/Drafts/old-%s.eml" % n, draft(n, "before"))

    def act(self, bench, n):
        bench.put("Mail/Drafts/new-%s.eml" % n, draft(n, "fresh"))
        bench.put("Mail/Drafts/old-%s.eml" % n, draft(n, "after"))

    def check(self, bench, n):
        for word in ("fresh", "after"):
            held = bench.once("%s %s!" % (word, n), "Mail/Drafts")
            equal(held.count("UERG"), 1, "attachments of %s: %s" % (word, held))
        bench.never("before %s!" % n, "Mail/Drafts")
        for name, word in (("new", "fresh"), ("old", "after")):
            equal(bench.mount.read("Mail/Drafts/%s-%s.eml" % (name, n)), draft(n, word))


# ---- letters ----

class Send(Scenario):
    """A letter of unknown fate is looked for during ten minutes; then a person decides. So they do of one that was closed
    in the very moment of death, which easfs cannot tell from one that was still being written."""

    patience = 5
    later = 700
    folder, subject = "Outbox", "sent %s!"

    def written(self, n):
        return letter("s-" + n, self.subject % n)

    def act(self, bench, n):
        # What was said to be durable would, written again, be a second letter.
        path = "Outbox/s-%s.eml" % n
        if getattr(self, "done", None) != n and not bench.content(path):
            bench.put(path, self.written(n))
        self.done = n

    def settle(self, bench, n):
        """What is not in Sent Items by now is held, was not sent, and is sent when a person says so."""
        bench.mount.sync("--timeout", "60")
        rows = bench.queue()
        for row in rows:
            truth(row["state"] == "held" and (" may have been " in row["why"] or " may be the beginning " in row["why"]), row)
        meant = self.mails(n)
        equal(sorted(each for each in bench.mails() if each in meant), sorted(meant[:len(meant) - len(rows)]), "sent")
        if rows:
            run(EASFS, "retry", bench.mount.point)
            bench.mount.sync("--timeout", "60")

    def mails(self, n):
        return [self.subject % n]

    def check(self, bench, n):
        bench.once(self.subject % n, "Mail/Sent Items")
        equal(bench.named("Outbox", n), [], "Outbox")


class Reply(Send):
    """It answers a message of the mailbox, as SmartReply."""

    subject = "Re: asked %s!"

    def prepare(self, bench, n):
        bench.server.put("Mail/Inbox/q-%s.eml" % n, message("asked %s!" % n, ident="q-" + n))

    def written(self, n):
        return letter("s-" + n, self.subject % n, more="In-Reply-To: <q-%s@example.test>\r\n" % n)


class Post(Send):
    """A draft goes to Outbox; on 16.x the server has it."""

    subject = "posted %s!"

    def prepare(self, bench, n):
        bench.put("Mail/Drafts/s-%s.eml" % n, draft(n, "posted"))

    def act(self, bench, n):
        if bench.has("Mail/Drafts/s-%s.eml" % n):
            os.rename(bench.path("Mail/Drafts/s-%s.eml" % n), bench.path("Outbox/s-%s.eml" % n))

    def check(self, bench, n):
        Send.check(self, bench, n)
        bench.never("posted %s!" % n, "Mail/Drafts")
        equal(bench.named("Mail/Drafts", n), [], "Drafts in the mount")


# ---- meetings of others ----

def unfolded(content):
    return content.decode().replace("\r\n ", "")


class Accept(Send):
    """The organiser is told, by us up to 14.1, by the server from 16.0 on."""

    word, subject, partstat = "accept", "Accepted: meeting %s!", "ACCEPTED"

    def prepare(self, bench, n):
        bench.server.put("Calendar/m-%s.ics" % n, calendar(vevent(
            "m-" + n, "meeting %s!" % n, "ORGANIZER;CN=Bob:mailto:bob@example.org\r\n"
            "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:%s\r\n" % OWN)))

    def own_answer(self, bench, n):
        return unfolded(bench.content("Calendar/meeting %s!.ics" % n))

    def act(self, bench, n):
        if self.partstat not in (self.own_answer(bench, n) or self.partstat):
            run(EASFS, "respond", self.word, bench.path("Calendar/meeting %s!.ics" % n))

    def check(self, bench, n):
        truth("PARTSTAT=" + self.partstat in unfolded(bench.once("meeting %s!" % n, "Calendar").encode()), "the answer")
        truth("PARTSTAT=" + self.partstat in self.own_answer(bench, n), "in the mount")


class Decline(Accept):
    word, subject, partstat = "decline", "Declined: meeting %s!", "DECLINED"

    def check(self, bench, n):
        bench.never("meeting %s!" % n, "Calendar")
        equal(bench.named("Calendar", n), [], "in the mount")


# ---- meetings of one's own ----

class Invite(Send):
    """Who is invited is told once, by us up to 14.1, by the server from 16.0 on."""

    options = ("-o", "send_invitations")
    subject = "invited %s!"

    def meeting(self, n, more=""):
        return calendar(vevent("i-" + n, "invited %s!" % n, "ORGANIZER:mailto:%s\r\nATTENDEE;PARTSTAT=NEEDS-ACTION;"
                               "RSVP=TRUE:mailto:bob@example.test\r\n" % OWN + more))

    def act(self, bench, n):
        bench.put("Calendar/i-%s.ics" % n, self.meeting(n))

    def check(self, bench, n):
        bench.once("invited %s!" % n, "Calendar")
        equal(bench.mount.read("Calendar/i-%s.ics" % n), self.meeting(n))


class Reinvite(Invite):
    """A meeting changes."""

    def prepare(self, bench, n):
        bench.put("Calendar/i-%s.ics" % n, self.meeting(n))

    def mails(self, n):
        return [self.subject % n] * 2

    def act(self, bench, n):
        bench.put("Calendar/i-%s.ics" % n, self.meeting(n, "LOCATION:Room 2\r\n"))

    def check(self, bench, n):
        truth("Room 2" in bench.once("invited %s!" % n, "Calendar"), "the change")
        equal(bench.mount.read("Calendar/i-%s.ics" % n), self.meeting(n, "LOCATION:Room 2\r\n"))


class Cancel(Reinvite):
    """A meeting is removed."""

    def mails(self, n):
        return ["invited %s!" % n, "Canceled: invited %s!" % n]

    def act(self, bench, n):
        if bench.has("Calendar/i-%s.ics" % n):
            os.unlink(bench.path("Calendar/i-%s.ics" % n))

    def check(self, bench, n):
        bench.never("invited %s!" % n, "Calendar")
        equal(bench.named("Calendar", n), [], "in the mount")


SCENARIOS = (Bin, Move, Flags, Folders, Regroup, Drafts, Send, Reply, Post, Accept, Decline, Invite, Reinvite, Cancel)
