#!/usr/bin/env python3
"""Meetings: who organizes one and who answers. Up to 14.1 the server mails nobody, from 16.0 on it invites, updates
and cancels by itself. Catches: mail that nobody meant, an invitation that is missing, an answer that does not reach
the event or its organizer, and an answer to what is no invitation."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
from checked import Box
from eas import E, preference
from harness import equal, test, truth, wait_for
from test_easd_write_calendar import event, place, weekly
from test_easd_write_mail import Post

harness.tests.clear()  # those of the other files
PLAIN = preference(1)


def attendees(version, *people):
    old = float(version) < 16
    return E("Calendar:Attendees", *[E("Attendee", E("Email", p + "@example.test"), E("Name", p.title()),
                                       E("AttendeeStatus", "0") if old else None,
                                       E("AttendeeType", "1")) for p in people])


def calendar_part(message):
    part, = [p for p in message.walk() if p.get_content_type() == "text/calendar"]
    return part.get_param("method"), part.get_payload(decode=True).decode()


def respond(client, folder, ident, answer, instance=None, send=None):
    answer = client.ask("MeetingResponse", E("MeetingResponse:MeetingResponse", E(
        "Request", E("UserResponse", answer), E("CollectionId", folder), E("RequestId", ident),
        E("InstanceId", instance) if instance else None, send)))
    return answer.text("Result/Status"), answer.text("Result/CalendarId")


@test
def up_to_14_1_the_server_mails_nobody(scratch):
    post = Post(scratch)
    for version in ("12.1", "14.0", "14.1"):
        box = Box(post.client(version), post.client(version).ids["Calendar"], PLAIN)
        status, ident = box.add(*event(version), E("Calendar:MeetingStatus", "1"), attendees(version, "bob"))
        equal(status, "1", version)
        equal(box.change(ident, *event(version, subject="New"), E("Calendar:MeetingStatus", "1"),
                         attendees(version, "carol")), "1")
        equal(box.delete(ident), "1")
    equal(post.log(), [])


@test
def from_16_0_on_the_server_invites_updates_and_cancels(scratch):
    post = Post(scratch)
    for version in ("16.0", "16.1"):
        box = Box(post.client(version), post.client(version).ids["Calendar"], PLAIN)
        ident = box.add(*event(version), E("Calendar:MeetingStatus", "1"), attendees(version, "bob", "carol"))[1]
        line, = post.log()
        equal((line["why"], sorted(line["recipients"]), line["subject"]),
              ("invitation", ["bob@example.test", "carol@example.test"], "Standup"))
        name = post.files("Mail/Inbox", "bob")[-1]
        method, text = calendar_part(post.mail("Mail/Inbox", name, "bob"))
        truth(method == "REQUEST" and "METHOD:REQUEST" in text and "SUMMARY:Standup" in text, text)
        equal(box.change(ident, E("Calendar:Reminder", "5")), "1")
        equal(post.log(), [], "what is the organizer's alone is told nobody")
        equal(box.change(ident, place(version, "Room 2"), attendees(version, "bob")), "1")
        equal(sorted((l["why"], tuple(l["recipients"])) for l in post.log()),
              [("cancel", ("carol@example.test",)), ("invitation", ("bob@example.test",))])
        equal(box.delete(ident), "1")
        equal([(l["why"], l["recipients"]) for l in post.log()], [("cancel", ["bob@example.test"])])
        # What is no meeting is nobody's business.
        ident = box.add(*event(version), client="c2")[1]
        equal(box.change(ident, E("Calendar:Subject", "x")), "1")
        equal(box.delete(ident), "1")
        equal(post.log(), [])


@test
def an_invitation_is_answered_from_the_inbox(scratch):
    post = Post(scratch)
    organizer = Box(post.client("16.1"), post.client("16.1").ids["Calendar"], PLAIN)
    for version, answer, status in (("12.1", "1", "ACCEPTED"), ("14.1", "2", "TENTATIVE"), ("16.1", "1", "ACCEPTED"),
                                    ("16.1", "3", None)):
        name = "M" + version + answer
        organizer.add(*event("16.1", subject=name), E("Calendar:MeetingStatus", "1"), attendees("16.1", "bob"), client=name)
        post.log()
        bob = post.client(version, user="bob", name="B" + answer)
        inbox = Box(bob, bob.ids["Inbox"], PLAIN)
        mail = wait_for("the invitation", lambda: inbox.pull() and False or next(
            (i for i in inbox.items if inbox.items[i].text("Subject") == name), None))
        send = E("SendResponse", E("AirSyncBase:Body", E("Type", "1"), E("Data", "Fine")))
        code, ident = respond(bob, inbox.ident, mail, answer, send=send if version == "16.1" else None)
        equal(code, "1", name)
        equal(mail in dict((i, n) for n, i in inbox.pull()), True, "the invitation has left the Inbox")
        lines = post.log()
        calendar = Box(bob, bob.ids["Calendar"], PLAIN)
        if status:
            text = "".join(post.mail("Calendar", n, "bob").as_string() + harness.read(
                os.path.join(scratch.path("bob"), "Calendar", n)).decode() for n in post.files("Calendar", "bob")
                if name in n)
            truth("PARTSTAT=" + status in text.replace("\r\n ", ""), text)
            truth(ident in calendar.items, "CalendarId names it")
        else:
            equal((ident, [n for n in post.files("Calendar", "bob") if name in n]), (None, []))
        if version == "16.1":
            line, = lines
            equal((line["user"], line["why"], line["recipients"]), ("bob", "response", ["alice@localhost"]))
            last = [n for n in post.files("Mail/Inbox") if name in n][-1]
            equal(calendar_part(post.mail("Mail/Inbox", last))[0], "REPLY")
        else:
            equal(lines, [], "the client mails its answer itself")


@test
def an_event_is_answered_where_it_stands(scratch):
    post = Post(scratch)
    for version in ("14.1", "16.1"):
        client = post.client(version)
        post.server.put("Calendar/%s.ics" % version, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x\r\nBEGIN:VEVENT\r\n"
                        "UID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260907T070000Z\r\nDTEND:20260907T080000Z\r\n"
                        "RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:Theirs\r\nORGANIZER:mailto:bob@example.test\r\n"
                        "ATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:alice@example.test\r\n"
                        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:carol@example.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" % version)
        box = Box(client, client.ids["Calendar"], PLAIN)
        ident, = [i for i in box.items if box.items[i].text("UID") == version]
        path = os.path.join(post.server.directory, "Calendar", version + ".ics")
        equal(respond(client, box.ident, ident, "2"), ("1", ident))
        text = harness.read(path).decode().replace("\r\n ", "")
        equal([l.count("PARTSTAT=TENTATIVE") for l in text.splitlines() if "alice" in l], [1])
        truth("ATTENDEE;PARTSTAT=ACCEPTED:mailto:carol" in text, "the others' answers stay\n" + text)
        equal(respond(client, box.ident, ident, "3", instance="2026-09-14T07:00:00.000Z")[0], "1")
        truth("EXDATE" in harness.read(path).decode(), "one occurrence is declined")
        equal(respond(client, box.ident, ident, "1", instance="2026-09-21T07:00:00.000Z")[0], "1")
        truth("RECURRENCE-ID" in harness.read(path).decode(), "one occurrence is accepted")
        equal(respond(client, box.ident, ident, "1", instance="2026-09-15T07:00:00.000Z")[0], "2", "no occurrence")
        equal(respond(client, box.ident, "7:00", "1")[0], "2")
        own = box.add(*event(version), E("Calendar:MeetingStatus", "1"), attendees(version, "bob"), client=version)[1]
        equal(respond(client, box.ident, own, "1")[0], "2", "the own meeting")
        post.log()
        equal(respond(client, box.ident, ident, "3"), ("1", None))
        truth(not os.path.exists(path), "declined, it is gone")
        equal(post.log(), [], "without SendResponse nobody is mailed")
    with client.wrong():
        root = E("MeetingResponse:MeetingResponse", E("Request", E("UserResponse", "4"), E("CollectionId", "7"),
                                                      E("RequestId", "7:00")))
        equal(client.ask("MeetingResponse", root).text("Status"), "103")


if __name__ == "__main__":
    harness.main()
