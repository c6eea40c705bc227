#!/usr/bin/env python3
"""Messages that are sent: dropped into Outbox, by easfs send, by easfs sendmail, by mutt. Catches: mail that is sent
twice, never, or to others than was said; a message that is refused and leaves something behind; a delay that rm does
not end."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import attribute, event, journal, state, why
from harness import EASFS, equal, message, read, run, test, truth, write


class Post:
    """alice's mailbox, mounted; bob's on the same server."""

    def __init__(self, scratch, *extra):
        self.scratch, self.logged = scratch, scratch.path("mail.log")
        os.makedirs(scratch.path("bob"))
        self.server = scratch.easd(extra=["--mailbox", "bob=" + scratch.path("bob"), "--mail-log", self.logged])
        self.mount = scratch.mount(self.server, *extra)
        self.mount.sync()

    def lines(self):
        """The log of the mails, oldest first."""
        return [json.loads(l) for l in read(self.logged).decode().splitlines()] if os.path.exists(self.logged) else []

    def sent(self):
        """Each sent message's recipients, sorted."""
        return [sorted(line["recipients"]) for line in self.lines()]

    def received(self):
        """What bob got, oldest first."""
        inbox = self.scratch.path("bob", "Mail", "Inbox")
        paths = [os.path.join(inbox, name) for name in os.listdir(inbox)]
        return [read(path) for path in sorted(paths, key=lambda path: os.stat(path).st_mtime_ns)]

    def sendmail(self, *words, text, code=0, name=(EASFS, "sendmail")):
        return run(*name, "--mount", self.mount.point, *words, input=text, code=code)


def letter(to="bob@example.test", more="", body="Text.\n", subject="Hello"):
    return "To: %s\nSubject: %s\n%s\n%s" % (to, subject, more, body)


@test
def what_is_dropped_into_outbox_is_sent_once(scratch):
    post = Post(scratch)
    path = write(post.mount.path("Outbox", "a.eml"), letter())
    equal(state(path), "queued")
    equal(post.sent(), [], "sent before the delay is over")
    post.mount.sync("--strict")
    equal(post.sent(), [["bob@example.test"]])
    equal(post.mount.ls("Outbox"), [], "Outbox after it")
    post.mount.sync()
    equal(len(post.sent()), 1, "mails after another sync")
    equal(len(post.mount.ls("Mail", "Sent Items")), 1, "Sent Items")
    write(post.mount.path("Outbox", "b.eml"), letter())
    os.unlink(post.mount.path("Outbox", "b.eml"))
    post.mount.sync("--strict")
    equal(len(post.sent()), 1, "mails after one that was taken back")


@test
def what_cannot_be_sent_is_held_with_the_reason(scratch):
    post = Post(scratch)
    for name, text in (("nobody", "Subject: x\n\nText.\n"), ("open", "To: bob@example.test\nSubject: x"),
                       ("cut", letter(more="MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", body="--b\n\nx\n")),
                       ("another", letter(more="From: carol@example.org\n"))):
        path = post.mount.path("Outbox", name + ".eml")
        try:
            write(path, text)
            raise AssertionError(name + " was taken")
        except OSError:
            pass
        equal(state(path), "held", name)
        truth(why(path), name)
        done = run(EASFS, "send", "--mount", post.mount.point, write(scratch.path(name), text), code=65)
        truth("unable to send the message: " in done.stderr, done.stderr)
    equal(len(post.mount.ls("Outbox")), 4, "what easfs send leaves behind")
    post.mount.sync(code=0)
    equal(post.sent(), [])
    for name in post.mount.ls("Outbox"):
        os.unlink(post.mount.path("Outbox", name))
    post.mount.sync("--strict")


@test
def sendmail_sends_to_whom_it_is_told(scratch):
    post = Post(scratch, "--send-delay", "0")
    link = scratch.path("sendmail")
    os.symlink(EASFS, link)
    bob, carol = "bob@example.test", "carol@example.test"
    post.sendmail("-t", "-i", text=letter("%s, Carol <%s>" % (bob, carol)))
    post.sendmail("-oi", "-oem", "--", bob, text=letter(), name=(link,))
    post.sendmail("-i", bob, carol, text=letter())  # carol is no part of the header
    post.sendmail("-f", "alice@localhost", "-F", "Alice S.", bob, text="Subject: none\n\nText.\n")
    post.sendmail(bob, text=letter(body="one\n.\ntwo\n"))
    post.mount.sync("--strict")
    equal(sorted(post.sent()), sorted([[bob, carol], [bob], [bob, carol], [bob], [bob]]))
    bodies = [read(os.path.join(scratch.path("bob"), "Mail", "Inbox", n)) for n in
              os.listdir(os.path.join(scratch.path("bob"), "Mail", "Inbox"))]
    truth(not any(b"two" in body for body in bodies), "a line of a dot ended nothing")
    truth(not any(b"Bcc" in body for body in bodies), "a Bcc is told")
    done = post.sendmail("-i", bob, text=letter("%s, %s" % (bob, carol)), code=65)
    truth("carol@example.test" in done.stderr, done.stderr)
    post.sendmail("-i", text=letter(), code=64)
    post.sendmail("-bp", text="", code=64)
    post.mount.sync("--strict")
    equal(len(post.sent()), 5, "mails after refusals")


@test
def mutt_sends_by_it(scratch):
    post = Post(scratch, "--send-delay", "0")
    config = write(scratch.path("muttrc"), 'set sendmail="%s sendmail --mount %s -oem -oi"\nset from=alice@localhost\nset use_from=yes\n'
                   'set copy=no\nset folder=%s\nset realname="Alice"\n' %
                   (EASFS, post.mount.point, scratch.path("folder")))
    run("mutt", "-n", "-F", config, "-s", "From mutt", "-c", "carol@example.test", "-b", "dave@example.test", "--",
        "bob@example.test", input="Text.\n", env=dict(os.environ, HOME=scratch.dir))
    post.mount.sync("--strict")
    equal(post.sent(), [["bob@example.test", "carol@example.test", "dave@example.test"]])


def reply(subject, to_message):
    return letter(subject=subject, more="In-Reply-To: <%s@example.test>\nReferences: <%s@example.test>\n" % (to_message, to_message))


@test
def an_answer_marks_what_it_answers(scratch):
    """The server is told which message it is, and adds nothing to what is whole already."""
    post = Post(scratch, "--send-delay", "0")
    for number, (word, subject) in enumerate((("reply", "Re: Hello"), ("forward", "Fwd: Hello"))):
        post.server.put("Mail/Inbox/%s.eml" % word, message("About a " + word, ident="m%d" % number, body="The original.\r\n"))
        post.mount.sync()
        original, = [post.mount.path("Mail", "Inbox", name) for name in post.mount.ls("Mail", "Inbox") if word in name]
        equal(attribute(original, "answered"), "none")
        write(post.mount.path("Outbox", "a.eml"), reply(subject, "m%d" % number))
        post.mount.sync("--strict")
        equal(post.lines()[number]["why"], "smart" + word)
        equal(attribute(original, "answered"), word)
        truth(b"The original" not in post.received()[number], "the original is in it: %r" % post.received()[number])
    write(post.mount.path("Outbox", "b.eml"), reply("Re: Hello", "unknown"))
    post.mount.sync("--strict")
    equal([line["why"] for line in post.lines()], ["smartreply", "smartforward", "sendmail"])


@test
def who_gets_a_blind_copy_is_told_nobody(scratch):
    post = Post(scratch, "--send-delay", "0")
    write(post.mount.path("Outbox", "a.eml"), letter(more="Bcc: carol@example.test,\n dave@example.test\n"))
    write(post.mount.path("Outbox", "b.eml"), letter(to="undisclosed-recipients:;", more="Bcc: bob@example.test\n"))
    post.mount.sync("--strict")
    equal(sorted(post.sent()), [["bob@example.test"], ["bob@example.test", "carol@example.test", "dave@example.test"]])
    equal(len(post.received()), 2)
    for text in post.received():
        truth(b"carol" not in text and b"Bcc" not in text, text)


@test
def a_lost_answer_is_not_answered_by_sending_again(scratch):
    """What went out is found in Sent Items; what did not is not known to have gone out, and waits."""
    post = Post(scratch, "--send-delay", "0")
    for number, version in enumerate(("12.1", "14.1", "16.1")):
        post.mount.umount()
        post.mount = scratch.mount(post.server, "--send-delay", "0", "--protocol", version, state="state" + version)
        post.mount.sync()
        post.server.fault("lost-answer,SendMail,next=1")
        write(post.mount.path("Outbox", "a.eml"), letter(subject="By " + version))
        post.mount.sync(code=None)
        post.mount.sync("--strict", "--timeout", "60")
        equal((len(post.sent()), post.mount.ls("Outbox"), journal(post.mount)), (number + 1, [], []), version)
        equal(len([name for name in post.mount.ls("Mail", "Sent Items") if version in name]), 1, "in Sent Items")
    post.server.fault("lost-request,SendMail,next=1")
    path = write(post.mount.path("Outbox", "b.eml"), letter(subject="Lost"))
    for _ in range(2):
        post.mount.sync("--timeout", "2", code=None)
        equal((len(post.sent()), post.mount.ls("Outbox"), [row["state"] for row in journal(post.mount)]), (3, ["b.eml"], ["sent"]))
    content = read(path)  # with what was missing in it supplied
    post.mount.kill()
    post.mount = scratch.mount(post.server, "--send-delay", "0", "--protocol", version, state="state" + version)
    post.mount.sync("--timeout", "2", code=None)
    equal((len(post.sent()), read(path)), (3, content), "after a crash")
    post.mount.kill()  # an umount would try for ten seconds


@test
def easfs_send_sends(scratch):
    post = Post(scratch, "--send-delay", "0")
    file = write(scratch.path("letter"), letter(more="Cc: carol@example.test\n"))
    equal(run(EASFS, "send", "--mount", post.mount.point, file).stderr, "")
    equal(run(EASFS, "send", "--mount", post.mount.point, "-", input=letter(subject="Piped")).stderr, "")
    post.mount.sync("--strict")
    equal(sorted((line["subject"], *line["recipients"]) for line in post.lines()),
          [("Hello", "bob@example.test", "carol@example.test"), ("Piped", "bob@example.test")])
    equal((len(post.mount.ls("Mail", "Sent Items")), post.mount.ls("Outbox")), (2, []))
    run(EASFS, "send", "--mount", post.mount.point, scratch.path("none"), code=65)
    truth(os.path.exists(file), "the file is the user's")


def invitation(answer):
    return event("Review", "ORGANIZER:mailto:bob@example.test\r\nATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.test"
                 "\r\nATTENDEE;CN=Alice;PARTSTAT=%s;RSVP=TRUE:mailto:alice@localhost\r\n" % answer)


@test
def a_meeting_is_answered_and_its_organiser_told(scratch):
    post = Post(scratch)
    post.server.put("Calendar/review.ics", invitation("NEEDS-ACTION"))
    for version, word, wanted in (("14.1", "tentative", b"PARTSTAT=TENTATIVE"), ("16.1", "accept", b"PARTSTAT=ACCEPTED")):
        post.mount.umount()
        post.mount = scratch.mount(post.server, "--protocol", version, state="state" + version)
        post.mount.sync()
        path = post.mount.path("Calendar", "Review.ics")
        before = len(post.sent())
        run(EASFS, "respond", word, path)
        truth(wanted in read(path).replace(b"\r\n ", b""), read(path))
        post.mount.sync("--strict")
        equal(post.sent()[before:], [["bob@example.test"]], "replies at " + version)
        equal(state(path), "clean", version)
    for code, words in ((64, ("maybe", path)), (73, ("accept", scratch.path("x"))),
                        (65, ("accept", write(post.mount.path("Calendar", "own.ics"), event("Own"))))):
        run(EASFS, "respond", *words, code=code)
    equal(len(post.sent()), 2)


if __name__ == "__main__":
    harness.main()
