#!/usr/bin/env python3
"""Answers that are lost, and noes of a whole request, as a user meets them. Catches: an organiser who is told twice;
an item that is doubled, or moved for ever, because nobody knew it again where it went; a letter that is refused and
nobody is told why; one that may have been sent and nobody is told so; a no that is told as silence."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import card, event, journal, note, server_items, state, todo, why
from harness import EASFS, equal, read, run, test, truth, wait_for, write

VERSIONS = ("14.1", "16.1")


def a_mailbox(scratch, version, *extra):
    """A server of one version with its log of mails, and a mount of it that is in step."""
    log = scratch.path("mails")
    server = scratch.easd(extra=["--protocol", version, "--mail-log", log])
    mount = scratch.mount(server, "--send-delay", "0", "--events", "off", *extra)
    mount.sync()
    return server, mount, lambda: [json.loads(l)["subject"] for l in read(log).splitlines()] if os.path.exists(log) else []


def settle(mount, *words, code=0):
    """The pass that loses its answer says so; the next has to settle it. Returns that one's words."""
    mount.sync(code=75)
    return mount.sync(*words, "--timeout", "60", code=code).stderr


# ---- answers to meetings ----

def invitation(summary):
    return event(summary, "ORGANIZER:mailto:bob@example.test\r\nATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.test"
                 "\r\nATTENDEE;CN=Alice;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:alice@localhost\r\n")


def respond_in_doubt(scratch, fault, answer="accept"):
    server, mount, mails = a_mailbox(scratch, "16.1")
    server.put("Calendar/review.ics", invitation("Review"))
    mount.sync()
    server.fault(fault)
    run(EASFS, "respond", answer, mount.path("Calendar", "Review.ics"))
    return server, mount, mails


@test
def a_lost_answer_to_a_response_mails_nobody_twice(scratch):
    server, mount, mails = respond_in_doubt(scratch, "lost-answer,MeetingResponse,next=1")
    settle(mount, "--strict")
    equal(mails(), ["Accepted: Review"])
    path = mount.path("Calendar", "Review.ics")
    equal((journal(mount), state(path), why(path)), ([], "clean", None))
    truth(b"PARTSTAT=ACCEPTED" in read(path).replace(b"\r\n ", b""), read(path))


@test
def nor_does_a_server_that_died_of_it(scratch):
    server, mount, mails = respond_in_doubt(scratch, "die,MeetingResponse,next=1")
    wait_for("the server to be gone", lambda: server.process.poll() is not None)
    server.process.stdout.close()
    server.start()
    mount.sync(code=None)
    mount.sync("--strict")
    equal((mails(), journal(mount)), (["Accepted: Review"], []))


@test
def one_that_declined_has_nothing_left_to_look_at(scratch):
    server, mount, mails = respond_in_doubt(scratch, "lost-answer,MeetingResponse,next=1", "decline")
    settle(mount, "--strict")
    equal((mails(), journal(mount), mount.ls("Calendar")), (["Declined: Review"], [], []))


@test
def a_response_that_never_arrived_waits_for_a_person(scratch):
    server, mount, mails = respond_in_doubt(scratch, "lost-request,MeetingResponse,next=1")
    path = mount.path("Calendar", "Review.ics")
    truth("may have been told" in settle(mount), "said at the sync")
    equal((mails(), state(path)), ([], "held"))
    truth("may have been told" in why(path), why(path))
    run(EASFS, "retry", path)
    mount.sync("--strict")
    equal((mails(), state(path)), (["Accepted: Review"], "clean"))


@test
def what_else_changed_with_an_answer_does_not_stand_for_it(scratch):
    server, mount, mails = a_mailbox(scratch, "16.1")
    server.put("Calendar/review.ics", invitation("Review"))
    mount.sync()
    server.fault("lost-request,MeetingResponse,next=1")
    path = mount.path("Calendar", "Review.ics")
    write(path, read(path).replace(b"\r\n ", b"").replace(b"PARTSTAT=NEEDS-ACTION", b"PARTSTAT=ACCEPTED")
          .replace(b"END:VEVENT", b"CATEGORIES:Work\r\nEND:VEVENT"))
    settle(mount)
    equal((mails(), state(path)), ([], "held"))
    truth("may have been told" in why(path), why(path))
    truth(b"Work" in server_items(server, "Calendar")["Review"], "the rest of the edit")


# ---- moves ----

MADE_HERE = {"Calendar": ("Item.ics", event("Item")), "Contacts": ("Item.vcf", card("Item Made")),
             "Tasks": ("Item.ics", todo("Item")), "Notes": ("Item.ics", note("Item"))}


def move_in_doubt(scratch, version, fault, classes=MADE_HERE):
    server, mount, _ = a_mailbox(scratch, version)
    for folder in classes:
        os.mkdir(mount.path(folder, "T"))
    mount.sync()
    for folder, (name, content) in classes.items():
        write(mount.path(folder, name), content)
    mount.sync("--strict")
    for folder, (name, content) in classes.items():
        server.fault(fault)
        os.rename(mount.path(folder, name), mount.path(folder, "T", name))
        settle(mount, "--strict")
        equal(list(server_items(server, folder + "/T")), ["Item"], folder + " there")
        equal(list(server_items(server, folder)), [], folder + " here")
        equal(mount.ls(folder, "T"), [name], folder + " in the mount")
        equal(mount.ls(folder), ["T"], folder + " in the mount, where it was")
        equal(mount.read(folder, "T", name), content, folder)
        equal(state(mount.path(folder, "T", name)), "clean", folder)
    equal((server.no_faults()[fault.split(",")[0]], journal(mount)), (len(classes), []))


@test
def an_item_made_here_is_known_again_where_it_was_moved(scratch):
    move_in_doubt(scratch, "16.1", "lost-answer,MoveItems,next=1")


@test
def also_by_generations_that_keep_its_uid(scratch):
    move_in_doubt(scratch, "14.1", "lost-answer,MoveItems,next=1", {k: MADE_HERE[k] for k in ("Calendar", "Contacts")})


@test
def a_move_that_never_arrived_is_sent_again(scratch):
    move_in_doubt(scratch, "16.1", "lost-request,MoveItems,next=1", {"Calendar": MADE_HERE["Calendar"]})


@test
def a_draft_made_here_is_known_again_where_it_was_moved(scratch):
    server, mount, _ = a_mailbox(scratch, "16.1")
    os.mkdir(mount.path("Mail", "T"))
    mount.sync()
    for name in ("one", "two"):
        write(mount.path("Mail", "Drafts", name + ".eml"), "To: bob@example.test\nSubject: %s\n\nText.\n" % name)
    mount.sync("--strict")
    server.fault("lost-answer,MoveItems,next=1")
    for name in ("one", "two"):
        os.rename(mount.path("Mail", "Drafts", name + ".eml"), mount.path("Mail", "T", name + ".eml"))
    settle(mount, "--strict")
    equal((mount.ls("Mail", "T"), mount.ls("Mail", "Drafts")), (["one.eml", "two.eml"], []))
    equal(len([n for n in os.listdir(os.path.join(server.directory, "Mail", "T")) if n.endswith(".eml")]), 2)


# ---- letters ----

LETTER = "To: bob@example.test\nSubject: Hello\nMessage-ID: <hello@example.test>\n\nText.\n"
PERHAPS = "perhaps sent; looked for in Sent Items until "


def send_under(scratch, fault):
    server, mount, mails = a_mailbox(scratch, "16.1")
    server.fault(fault)
    path = write(mount.path("Outbox", "a.eml"), LETTER)
    return server, mount, mails, path


@test
def a_refused_letter_is_held_with_the_reason(scratch):
    server, mount, mails, path = send_under(scratch, "status=110,SendMail,next=1")
    asked = 0
    for status, words in ((110, "failed on its side"), (120, "could not pass the message on"), (103, "out of place"),
                          (113, "mailbox is full"), (115, "limit for sending")):
        server.no_faults()
        server.fault("status=%d,SendMail" % status)
        if status != 110:
            run(EASFS, "retry", path)
        mount.sync("--strict", code=65)
        equal(state(path), "held", status)
        truth(words in why(path), "%d: %s" % (status, why(path)))
        equal([(row["state"], row["why"]) for row in journal(mount)], [("held", why(path))], status)
        asked += 1
        equal(server.fired()["status"], asked, "attempts up to %d" % status)
    equal(mails(), [])
    server.no_faults()
    run(EASFS, "retry", path)
    mount.sync("--strict")
    equal(mails(), ["Hello"])


@test
def a_busy_server_gets_the_letter_later_and_the_reason_is_shown(scratch):
    server, mount, mails, path = send_under(scratch, "status=111,SendMail")
    words = mount.sync("--timeout", "1", code=75).stderr
    truth("Outbox/a.eml" in words and "busy" in words, words)
    equal((state(path), mails()), ("queued", []))
    # Not while it is being tried once more.
    harness.wait_for("the reason", lambda: "busy" in (why(path) or "") and "busy" in (journal(mount)[0]["why"] or ""))
    server.no_faults()
    mount.sync("--strict")
    equal(mails(), ["Hello"])


@test
def a_letter_that_may_have_been_sent_says_so_at_once(scratch):
    server, mount, mails, path = send_under(scratch, "lost-request,SendMail,next=1")
    words = mount.sync(code=75).stderr
    truth("Outbox/a.eml: " + PERHAPS in words, words)
    told = why(path)
    truth(re.fullmatch(PERHAPS + r"\d\d:\d\d UTC", told), told)
    equal((state(path), [row["why"] for row in journal(mount)]), ("queued", [told]))
    truth("Outbox/a.eml: " + told in run(EASFS, "status", mount.point).stdout, "easfs status")
    words = mount.sync("--timeout", "1", code=75).stderr
    truth("Outbox/a.eml did not go through within 1 s: " + told in words, words)
    mount.umount()
    mount = scratch.mount(server, "--send-delay", "0", "--events", "off")
    equal(why(mount.path("Outbox", "a.eml")), told, "after another start")
    os.unlink(mount.path("Outbox", "a.eml"))
    mount.sync("--strict")
    equal((mails(), journal(mount), mount.ls("Outbox")), ([], [], []), "once its writer wants it no more")


@test
def one_that_is_found_in_sent_items_is_through(scratch):
    server, mount, mails, path = send_under(scratch, "lost-answer,SendMail,next=1")
    truth("Outbox/a.eml: " + PERHAPS in mount.sync(code=75).stderr, "said at once")
    mount.sync("--strict", "--timeout", "60")
    equal((mails(), journal(mount), mount.ls("Outbox")), (["Hello"], [], []))


@test
def the_mail_of_a_meeting_goes_by_its_name(scratch):
    server, mount, mails = a_mailbox(scratch, "14.1")
    server.put("Calendar/review.ics", invitation("Review"))
    mount.sync()
    server.fault("lost-request,SendMail,next=1")
    path = mount.path("Calendar", "Review.ics")
    run(EASFS, "respond", "accept", path)
    truth("Calendar/Review.ics: " + PERHAPS in mount.sync(code=75).stderr, "said at once")
    equal([(row["kind"], row["path"]) for row in journal(mount)], [("send", "Calendar/Review.ics")])
    run(EASFS, "discard", path)
    mount.sync("--strict")
    equal((mails(), journal(mount)), ([], []))


# ---- noes of a whole request ----

@test
def a_no_to_all_of_a_request_is_told_as_it_was_said(scratch):
    server, mount, _ = a_mailbox(scratch, "16.1")
    write(mount.path("Calendar", "e.ics"), event("Item"))
    for folder in ("Calendar/T", "Mail/one", "Mail/two"):
        os.mkdir(mount.path(folder))
    mount.sync()
    mount.sync()
    for spec, words in (("status=1", "no longer on the server"), ("status=103", "out of place")):
        server.fault(spec + ",MoveItems")
        os.rename(mount.path("Calendar", "e.ics"), mount.path("Calendar", "T", "e.ics"))
        mount.sync("--strict", code=65)
        truth(words in why(mount.path("Calendar", "e.ics")), why(mount.path("Calendar", "e.ics")))
        server.no_faults()
        run(EASFS, "discard", mount.path("Calendar", "e.ics"))
    for spec, folder, words in (("status=103", "Mail/one", "out of place"), ("http=501", "Mail/two", "HTTP 501")):
        server.fault(spec + ",FolderUpdate")
        os.rmdir(mount.path(folder))
        mount.sync("--strict", code=65)
        told = [row["why"] for row in journal(mount) if row["path"] == folder]
        truth(len(told) == 1 and words in told[0], "%s: %s" % (folder, told))
        server.no_faults()


if __name__ == "__main__":
    harness.main()
