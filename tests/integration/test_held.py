#!/usr/bin/env python3
"""What is held, taken back or told twice is in nobody's way. Catches: a held copy that blocks the item it is a copy of,
one refusal that stops the rest of the account, a folder made by mistake that cannot be removed, a server's odd answer that
is called a fault of easfs, a time that goes back."""
import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from edits import card, event, journal, server_items, state, why
from harness import EASFS, equal, refuses, message, run, test, truth, wait_for, write


def started(scratch, *extra):
    server = scratch.easd()
    server.put("Calendar/Standup.ics", event("Standup"))
    server.put("Mail/Inbox/1.eml", message())
    mount = scratch.mount(server, *extra)
    mount.sync()
    return server, mount


def folders(server, *place):
    return sorted(entry.name for entry in os.scandir(os.path.join(server.directory, *place)) if entry.is_dir())


@test
def a_held_copy_is_in_nobodys_way(scratch):
    server, mount = started(scratch)
    first, copy = mount.path("Calendar", "Standup.ics"), mount.path("Calendar", "Copy.ics")
    run("cp", first, copy, code=1)
    equal(state(copy), "held")
    truth("Calendar/Standup.ics" in why(copy), why(copy))
    run("sed", "-i", "s/SUMMARY:Standup/SUMMARY:Edited/", first)
    mount.sync()
    equal((state(first), list(server_items(server, "Calendar"))), ("clean", ["Edited"]))
    again = event("Again", uid="standup@example.test")
    write(first, again)
    os.rename(first, mount.path("Calendar", "Standup"))
    os.rename(mount.path("Calendar", "Standup"), first)
    mount.sync()
    equal((state(first), list(server_items(server, "Calendar"))), ("clean", ["Again"]))
    # Asked for once more, it is a copy as before.
    run(EASFS, "retry", copy, code=None)
    equal(state(copy), "held")
    mount.sync()
    equal(list(server_items(server, "Calendar")), ["Again"])
    # With the original gone it goes on by itself.
    os.unlink(first)
    mount.sync("--strict")
    equal((state(copy), list(server_items(server, "Calendar"))), ("clean", ["Standup"]))


@test
def of_two_that_were_never_sent_the_second_follows_the_first(scratch):
    server, mount = started(scratch)
    server.stop()
    one, two = mount.path("Calendar", "one.ics"), mount.path("Calendar", "two.ics")
    write(one, event("One", uid="same@example.test"))
    refuses(errno.EINVAL, write, two, event("Two", uid="same@example.test"))
    truth("Calendar/one.ics" in why(two), why(two))
    os.unlink(one)
    equal(state(two), "queued")
    server.start()
    mount.sync("--strict")
    equal(sorted(server_items(server, "Calendar")), ["Standup", "Two"])


@test
def what_is_wrong_besides_is_not_sent_with_it(scratch):
    server, mount = started(scratch)
    first, copy = mount.path("Calendar", "Standup.ics"), mount.path("Calendar", "Copy.ics")
    reply = event("Standup").replace(b"VERSION:2.0\r\n", b"VERSION:2.0\r\nMETHOD:REPLY\r\n")
    refuses(errno.EINVAL, write, copy, reply)
    os.unlink(first)
    mount.sync()
    equal((state(copy), server_items(server, "Calendar")), ("held", {}))


@test
def an_addition_whose_object_is_not_found_is_held_alone(scratch):
    server, mount = started(scratch)
    server.fault("item-status=8,Sync")
    added, dropped = mount.path("Calendar", "n8.ics"), mount.path("Calendar", "gone.ics")
    write(added, event("Added"))
    write(dropped, event("Dropped"))
    for _ in range(2):
        mount.sync()
    equal((state(added), state(dropped)), ("held", "held"))
    truth("did not take the new item" in why(added), why(added))
    equal(mount.status()["state"], "online")
    server.no_faults()
    write(mount.path("Contacts", "jane.vcf"), card("Jane Doe"))
    run(EASFS, "discard", dropped)
    truth(not os.path.exists(dropped), "what is discarded is still there")
    run(EASFS, "retry", added)
    mount.sync("--strict")
    equal(sorted(server_items(server, "Calendar")), ["Added", "Standup"])
    equal(list(server_items(server, "Contacts")), ["Jane"])


@test
def a_change_whose_item_is_not_found_is_held_in_the_end(scratch):
    server, mount = started(scratch)
    path = mount.path("Calendar", "Standup.ics")
    server.fault("item-status=8,Sync")
    run("sed", "-i", "s/SUMMARY:Standup/SUMMARY:Edited/", path)
    mount.sync()
    equal(state(path), "held")
    truth(b"SUMMARY:Edited" in mount.read("Calendar", "Standup.ics"), "the user's bytes")
    equal(mount.status()["state"], "online")


@test
def a_conflict_to_the_last_leaves_both(scratch):
    server, mount = started(scratch)
    path = mount.path("Calendar", "Standup.ics")
    server.fault("item-status=7,Sync")
    run("sed", "-i", "s/SUMMARY:Standup/SUMMARY:Edited/", path)
    mount.sync()
    names = mount.ls("Calendar")
    equal((len(names), names[0]), (2, "Standup.ics"), names)
    truth(names[1].startswith("Standup.ics.conflict-"), names)
    truth(b"SUMMARY:Standup" in mount.read("Calendar", names[0]), "the server's version has the name")
    truth(b"SUMMARY:Edited" in mount.read("Calendar", names[1]), "the user's stands beside it")
    equal((state(path), state(mount.path("Calendar", names[1]))), ("clean", "conflict"))


@test
def a_fresh_folder_can_be_removed(scratch):
    server, mount = started(scratch)
    for place, where in (("Mail", ("Mail", "Fresh")), ("Calendar", ("Calendar", "Fresh"))):
        os.mkdir(mount.path(*where))
        mount.sync()
        truth("Fresh" in folders(server, place), folders(server, place))
        listed = {row["path"]: row for row in mount.status()["folders"]}
        truth("/".join(where) in listed, listed)
        os.rmdir(mount.path(*where))
        mount.sync()
        truth("Fresh" not in folders(server, place), folders(server, place))
    # At once: never told, or told and taken back.
    for round in range(5):
        os.mkdir(mount.path("Mail", "Typo"))
        os.rmdir(mount.path("Mail", "Typo"))
    mount.sync()
    truth("Typo" not in folders(server, "Mail"), folders(server, "Mail"))
    equal(journal(mount), [])


@test
def a_folder_is_taken_back_while_it_is_on_its_way(scratch):
    server, mount = started(scratch)
    # answered late; done and not answered; not done and not answered; refused
    for fault in ("delay=1500", "lost-answer", "lost-request", "status=6"):
        server.fault(fault + ",FolderCreate,next=1")
        os.mkdir(mount.path("Calendar", "Typo"))
        wait_for("the request", lambda: sum(server.fired().values()) == 1)
        os.rmdir(mount.path("Calendar", "Typo"))
        truth("Typo" not in mount.ls("Calendar"), "it is still there")
        mount.sync()
        equal(journal(mount), [], fault)
        # What may have been there before is not removed, and is shown.
        equal("Typo" in folders(server, "Calendar"), "Typo" in mount.ls("Calendar"), fault)
        truth(fault == "lost-answer" or "Typo" not in mount.ls("Calendar"), fault)
        if "Typo" in mount.ls("Calendar"):
            os.rmdir(mount.path("Calendar", "Typo"))
            mount.sync()
        truth("Typo" not in folders(server, "Calendar"), fault)
        equal(mount.status()["state"], "online")
        server.no_faults()


@test
def a_new_folder_told_by_the_id_of_another_is_found_by_its_name(scratch):
    server, mount = started(scratch)
    server.fault("wrong-id,FolderCreate,next=1")
    os.mkdir(mount.path("Mail", "F4"))
    ino = os.stat(mount.path("Mail", "F4")).st_ino
    for _ in range(2):
        mount.sync()
    equal(server.no_faults()["wrong-id"], 1)
    equal(mount.status()["state"], "online")
    equal((folders(server, "Mail").count("F4"), os.stat(mount.path("Mail", "F4")).st_ino), (1, ino))
    server.put("Mail/F4/2.eml", message("Within"))
    mount.sync()
    equal(len(mount.ls("Mail", "F4")), 1)
    equal(len(mount.ls("Mail", "Inbox")), 1, "the other folder is as it was")


@test
def no_folder_has_a_scratch_name(scratch):
    server, mount = started(scratch)
    os.mkdir(mount.path("Calendar", "Team"))
    for place in ("Mail", "Calendar"):
        for name in ("x~", ".x"):
            refuses(errno.EPERM, os.mkdir, mount.path(place, name))
    refuses(errno.EPERM, os.rename, mount.path("Calendar", "Team"), mount.path("Calendar", "Team~"))


@test
def a_folder_takes_the_name_of_an_empty_one(scratch):
    server, mount = started(scratch)
    for place, name in (("Calendar", "e.ics"), ("Mail", None)):
        for folder in ("E1", "E2", "Full"):
            os.mkdir(mount.path(place, folder))
        mount.sync()
        if name:
            write(mount.path(place, "E1", name), event("Kept", uid="kept@example.test"))
            write(mount.path(place, "Full", name), event("Full", uid="full@example.test"))
            mount.sync()
            refuses(errno.ENOTEMPTY, os.rename, mount.path(place, "E1"), mount.path(place, "Full"))
        ino = os.stat(mount.path(place, "E1")).st_ino
        os.rename(mount.path(place, "E1"), mount.path(place, "E2"))
        equal(os.stat(mount.path(place, "E2")).st_ino, ino)
        mount.sync("--strict")
        equal([folder for folder in folders(server, place) if folder in ("E1", "E2", "Full")], ["E2", "Full"])
        equal(mount.ls(place, "E2"), [name] if name else [])
    refuses(errno.EPERM, os.rename, mount.path("Mail", "E2"), mount.path("Mail", "Drafts"))


@test
def a_time_never_goes_back(scratch):
    server, mount = started(scratch)
    path = mount.path("Calendar", "Standup.ics")
    future = 4070908800 * 10**9
    os.utime(path, ns=(future, future))
    before = os.stat(path).st_mtime_ns
    equal(before, future)
    for summary in ("One", "Two"):
        write(path, event(summary, uid="standup@example.test"))
        now = os.stat(path)
        truth(now.st_mtime_ns > before, "%d after %d" % (now.st_mtime_ns, before))
        truth(now.st_ctime_ns < future, "the time of the change itself is no wish")
        before = now.st_mtime_ns
    mount.sync()
    equal(os.stat(path).st_mtime_ns, before, "the acknowledgement moves it")
    other = mount.path("Calendar", "Other.ics")
    write(other, event("Other"))
    truth(os.stat(other).st_mtime_ns < future, "another file is of today")
    mount.sync()
    server.put("Calendar/" + [name for name in os.listdir(os.path.join(server.directory, "Calendar"))
                              if b"Two" in harness.read(os.path.join(server.directory, "Calendar", name))][0],
               event("Theirs", uid="standup@example.test"))
    wait_for("the server's change", lambda: b"Theirs" in harness.read(path))
    truth(os.stat(path).st_mtime_ns > before, "the server's bytes are no older")


if __name__ == "__main__":
    harness.main()
