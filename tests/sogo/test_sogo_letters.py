#!/usr/bin/env python3
"""Answers to meetings, and drafts, on a real server: what it has of them by DAV and IMAP, and what was mailed. Catches a
letter too many or too few, an answer that reaches nobody or is given twice, a draft that is lost."""
import email
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import rig as rigs
import test_sogo_upload as dav
from edits import event, journal, state, why
from harness import EASFS, equal, message, run, test, truth, write

harness.tests.clear()  # those of the other file
rig = dav.rig = rigs.Rig("/tmp/easfs-rig-%d" % os.getpid(), ["carol", "erin", "frank", "grace"])


def meeting(summary, organizer):
    """An invitation for erin, to what is not over yet: of what is, this server mails nobody."""
    return event(summary, "ORGANIZER;CN=Boss:mailto:%s\r\nATTENDEE;CN=Erin;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;"
                 "RSVP=TRUE:mailto:erin@rig.test\r\n" % organizer).replace(b"202611", b"203011")


def answers(user):
    """{summary: erin's PARTSTAT} of a user's calendar, by DAV."""
    return {re.search("SUMMARY:(.*)", text).group(1): re.search("ATTENDEE.*PARTSTAT=([A-Z-]+).*erin@", text).group(1)
            for text in (text.replace("\n ", "") for text in dav.calendar(user))}


def replies(since):
    """(recipients, PARTSTAT) of each mail since then that is not of the server's own making: it tells organisers as well
    where the administrator wants that, of its own accord and whatever the client does."""
    found = []
    for _, recipients, text in rig.smtp.log[since:]:
        mail = email.message_from_bytes(text)
        if mail["X-Sogo-Message-Type"]:
            equal(mail["X-Sogo-Message-Type"], "calendar:invitation-reply", "mail by the server itself")
            continue
        part, = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
        answer = part.get_payload(decode=True).decode().replace("\r\n ", "")
        equal((part.get_param("method"), len(re.findall("ATTENDEE", answer))), ("REPLY", 1), answer)
        found.append((recipients, re.search("ATTENDEE.*PARTSTAT=([A-Z]+)", answer).group(1)))
    return sorted(found)


@test
def meetings_are_answered(scratch):
    dav.calendar("erin")  # the server makes a calendar for whoever looks
    for summary in ("Review", "Lunch"):
        equal(rig.add_event("frank", summary.lower(), meeting(summary, "frank@rig.test").decode()), 201)
    equal(len(rig.messages("erin")), 2, "invitations by mail")
    mount, since = scratch.mount(dav.options(scratch, "erin")), len(rig.smtp.log)
    mount.sync()
    file = lambda summary: mount.path("Calendar", summary + ".ics")
    run(EASFS, "respond", "accept", file("Review"))
    run("sh", "-ec", "sed -i 's/NEEDS-ACTION/DECLINED/' Calendar/Lunch.ics", cwd=mount.point)
    mount.sync("--strict")
    wanted = {"Review": "ACCEPTED", "Lunch": "DECLINED"}
    equal((answers("erin"), answers("frank")), (wanted, wanted), "answers on the server")
    equal(replies(since), [(["frank@rig.test"], "ACCEPTED"), (["frank@rig.test"], "DECLINED")])

    # An invitation from outside comes by mail alone. What is pasted from that is the event, and can be answered.
    pasted = meeting("Outside", "eve@elsewhere.test").replace(b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:REQUEST")
    run("cp", write(scratch.path("invite.ics"), pasted), file("Outside"))
    mount.sync("--strict")
    equal((answers("erin")["Outside"], len(replies(since))), ("NEEDS-ACTION", 2))
    since = len(rig.smtp.log)
    run(EASFS, "respond", "tentative", file("Outside"))
    for _ in range(2):  # the server need not tell of it: its stamps are whole seconds
        truth(b"PARTSTAT=TENTATIVE" in mount.read("Calendar", "Outside.ics"), mount.read("Calendar", "Outside.ics"))
        mount.sync("--strict")
    equal(answers("erin")["Outside"], "TENTATIVE")
    for summary in ("Review", "Lunch", "Outside"):
        run("sh", "-ec", "sed -i 's/^SUMMARY/X-REMARK:mine\\r\\n&/' Calendar/%s.ics" % summary,
            cwd=mount.point)
    mount.sync("--strict")
    equal(replies(since), [(["eve@elsewhere.test"], "TENTATIVE")], "once")
    equal(answers("frank"), wanted)


@test
def drafts_stay_here_and_can_be_sent(scratch):
    rig.deliver("grace", [message("Theirs")], "Drafts")
    mount, since = scratch.mount(dav.options(scratch, "grace")), len(rig.smtp.log)
    mount.sync()
    theirs, = mount.ls("Mail", "Drafts")
    letter = lambda subject: ("To: carol@rig.test\r\nSubject: %s\r\n\r\nText.\r\n" % subject).encode()
    path = lambda name: mount.path("Mail", "Drafts", name)
    for name, text in (("mine.eml", "First"), ("other.eml", "Other"), ("mine.eml", "Second"), (theirs, "Edited")):
        write(path(name), letter(text))
    mount.sync()
    for name, text in (("mine.eml", "Second"), ("other.eml", "Other"), (theirs, "Edited")):
        equal(state(path(name)), "held", name)
        truth("keeps no drafts" in why(path(name)) and "Outbox" in why(path(name)), why(path(name)))
        equal(mount.read("Mail", "Drafts", name), letter(text), name)
    on_server = lambda folder: [email.message_from_bytes(m)["Subject"] for m in rig.messages("grace", folder).values()]
    equal(on_server("Drafts"), ["Theirs"], "by IMAP, while held")
    run(EASFS, "discard", path(theirs))
    truth(b"Subject: Theirs" in mount.read("Mail", "Drafts", theirs), "the server's is not back")
    os.unlink(path("other.eml"))
    os.rename(path("mine.eml"), mount.path("Outbox", "mine.eml"))
    mount.sync("--strict")
    equal([(to, email.message_from_bytes(text)["Subject"]) for _, to, text in rig.smtp.log[since:]],
          [(["carol@rig.test"], "Second")], "letters")
    write(path(theirs), letter("Edited"))
    os.rename(path(theirs), mount.path("Outbox", "theirs.eml"))
    mount.sync("--strict")
    equal((on_server("Drafts"), on_server("Sent")), ([], ["Second", "Edited"]), "by IMAP")
    rig.deliver("grace", [message("Stale")], "Drafts")
    mount.sync()
    stale, = mount.ls("Mail", "Drafts")
    os.unlink(path(stale))
    mount.sync("--strict")
    equal((on_server("Drafts"), journal(mount), len(rig.smtp.log) - since), ([], [], 2), "after rm")


if __name__ == "__main__":
    rigs.serve(rig)
