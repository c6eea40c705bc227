#!/usr/bin/env python3
"""Every fault of easd once at each command it can befall, through the mount. Catches: a message lost, doubled or with
other bytes after it, an inode that another file has afterwards, a fault that is neither got over nor told, a password
that is tried again unasked, a state that stays after its cause is gone."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from compare import differences
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write

COMMANDS = ("FolderSync", "Sync", "ItemOperations")
LONG = "A line of a message that is too long to come inline.\r\n" * 12000  # 640 kB: its body is fetched by itself


def mail(number, long=False):
    return message("Message %d" % number, date="Mon, 02 Nov 2026 %02d:%02d:00 +0000" % (number // 60, number % 60),
                   body=LONG if long else "Text %d.\r\n" % number)


class World:
    """A mailbox, its mount, and the files that no change touches."""

    def __init__(self, scratch):
        for number in range(8):
            write(scratch.path("mailbox/Mail/Inbox/%d.eml" % number), mail(number))
        write(scratch.path("mailbox/Contacts/a.vcf"), "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:Ann\r\nN:;Ann;;;\r\n"
              "EMAIL:a@example.test\r\nEND:VCARD\r\n")
        self.server = scratch.easd()
        self.mount = scratch.mount(self.server)
        self.mount.sync()
        self.number = 8
        self.inodes = self.known()

    def known(self):
        top = self.mount.path("Mail/Inbox")
        return {name: os.stat(os.path.join(top, name)).st_ino for name in os.listdir(top)}

    def stir(self):
        """Something for each command to bring: a folder, a message in it, one whose body is fetched; and one goes."""
        self.number += 2
        self.server.put("Mail/New %d/%d.eml" % (self.number, self.number), mail(self.number))
        self.server.put("Mail/Inbox/%d.eml" % (self.number + 1), mail(self.number + 1, True))
        old = os.path.join(self.server.directory, "Mail/Inbox/%d.eml" % (self.number - 1))
        if os.path.exists(old):
            os.unlink(old)

    def told(self):
        """Where a person would look."""
        status = self.mount.status()
        return (status["reason"] or "") + "\n".join(self.mount.wrongs())

    def play(self, *specs):
        """The faults, then something happens; ends when all of them have fired and the mount had its say."""
        before = self.server.fired()
        self.server.fault(*specs)
        self.stir()
        kinds = {spec.split(",")[0].split("=")[0] for spec in specs}
        outcomes = []

        def fired():
            outcomes.append(self.told())
            if "duplicate" in kinds:  # needs an answer before it
                self.stir()
            if self.mount.status()["state"] != "online" or "duplicate" in kinds:
                run(EASFS, "sync", self.mount.point, code=None)  # what a person would do who does not want to wait
            now = self.server.fired()
            return all(now[kind] > before[kind] for kind in kinds)
        wait_for("%s to fire" % ", ".join(specs), fired)
        return outcomes

    def check(self, what):
        """One sync later the mount is the server, and what did not change is the file it was."""
        self.server.no_faults()
        self.mount.sync(timeout=120)
        equal(differences(self.server.directory, self.mount.point)[:5], [], "after " + what)
        now = self.known()
        stay = {name: ino for name, ino in self.inodes.items() if name in now}
        truth(len(stay) >= 8, "the messages that never changed are there after " + what)
        equal({name: now[name] for name in stay}, stay, "inodes after " + what)
        self.inodes = now
        truth(self.told() == "" or self.told().endswith("it is polled"), "told after %s: %s" % (what, self.told()))
        equal(self.mount.status()["state"], "online", "state after " + what)


def each(scratch, *rules):
    world = World(scratch)
    for rule in rules:
        world.play(rule + ",next=1")
        world.check(rule)
    return world


@test
def late_and_slow_answers(scratch):
    each(scratch, *["%s,%s" % (kind, command) for kind in ("delay=300", "trickle=400000") for command in COMMANDS])


@test
def answers_cut_in_the_middle(scratch):
    each(scratch, *["cut=%d,%s" % (at, command) for at, command in
                    ((0, "FolderSync"), (9, "FolderSync"), (0, "Sync"), (1, "Sync"), (40, "Sync"), (10**6, "Sync"),
                     (0, "ItemOperations"), (30, "ItemOperations"), (1000, "ItemOperations"), (10**6, "ItemOperations"),
                     (5, "Ping"))])


@test
def lost_requests_and_lost_answers(scratch):
    each(scratch, *["%s,%s" % (kind, command) for kind in ("lost-request", "lost-answer")
                    for command in (*COMMANDS, "Ping")])


@test
def answers_that_come_again_and_requests_done_twice(scratch):
    each(scratch, *["%s,%s" % (kind, command) for kind in ("twice", "duplicate")
                    for command in ("Sync", "ItemOperations", "FolderSync", "Ping")][:-1], "duplicate,Ping")


@test
def http_codes(scratch):
    each(scratch, *["http=%d,%s" % (code, command) for code in (403, 449, 451, 500, 503) for command in COMMANDS],
         "http=503,Sync,retry-after=1", "http=503,Ping")


@test
def a_refused_password_is_told_and_not_tried_again(scratch):
    world = World(scratch)
    for command in COMMANDS + ("Ping",):
        fired = world.server.fired()["http"]
        world.server.fault("http=401,%s" % command)
        world.stir()
        wait_for("the password to be refused", lambda: world.server.fired()["http"] > fired)
        if command in ("Sync", "FolderSync"):
            wait_for("the state to say so", lambda: world.mount.status()["state"] == "auth")
            truth("password" in world.told(), world.told())
        world.stir()
        equal(world.server.fired()["http"], fired + 1, "tries with the refused password, " + command)
        run(EASFS, "sync", world.mount.point, code=None)
        truth(world.server.fired()["http"] <= fired + 2, "one more try when asked for one, " + command)
        world.check("http=401," + command)


@test
def wrong_statuses(scratch):
    each(scratch, *["status=%d,Sync" % code for code in (3, 4, 5, 8, 12, 14, 16, 110, 111)],
         *["status=%d,FolderSync" % code for code in (6, 9, 12, 110, 111)],
         *["status=%d,ItemOperations" % code for code in (3, 110, 111)],
         *["status=%d,Ping" % code for code in (1, 2, 3, 5, 6, 7, 8, 4)])


@test
def wrong_statuses_of_a_collection_or_an_item(scratch):
    each(scratch, *["collection-status=%d,Sync" % code for code in (3, 4, 5, 8, 12, 16)],
         *["collection-status=%d,ItemOperations" % code for code in (3, 14, 110)])


@test
def a_lost_answer_given_again_is_not_the_last_word(scratch):
    """Of what it told nothing is left; what came since is told to the key that it brought."""
    for number in range(2):
        write(scratch.path("mailbox/Mail/Inbox/%d.eml" % number), mail(number))
    server = scratch.easd(extra=["--fault", "http=501,Ping"])  # nothing but what is asked for here
    mount = scratch.mount(server)
    mount.sync()
    lost = server.put("Mail/Inbox/7.eml", mail(7))
    server.fault("lost-answer,Sync")
    run(EASFS, "sync", mount.point)
    wait_for("an end of it", lambda: mount.status()["state"] == "offline")
    server.no_faults()
    server.put("Mail/Inbox/8.eml", mail(8))
    os.unlink(lost)
    mount.sync()
    equal(len(mount.ls("Mail", "Inbox")), 3, "messages after a sync")


@test
def a_refused_body_is_asked_for_again_where_the_message_goes(scratch):
    """Its refusal ends with the id that was refused: what is not in errors can be read."""
    os.makedirs(scratch.path("mailbox/Mail/Archive"))
    write(scratch.path("mailbox/Mail/Inbox/1.eml"), mail(1, long=True))
    server = scratch.easd(extra=["--fault", "collection-status=14,ItemOperations"])
    mount = scratch.mount(server)
    mount.sync()
    name, = mount.ls("Mail", "Inbox")
    truth(name.encode() in read(mount.path(".easfs", "errors")), "the refusal is named")
    server.no_faults()
    os.rename(server.directory + "/Mail/Inbox/1.eml", server.directory + "/Mail/Archive/1.eml")
    mount.sync()
    equal(mount.wrongs(), [], "what is wrong")
    server.stop()
    equal(mount.read("Mail", "Archive", name), mail(1, long=True))


@test
def keys_and_ids_that_end(scratch):
    each(scratch, "invalid-key,Sync", "invalid-key,FolderSync", "folder-ids,Sync", "folder-ids,FolderSync",
         "folder-ids,Ping")


@test
def several_at_once(scratch):
    world = World(scratch)
    world.play("lost-answer,Sync,next=1", "invalid-key,Sync,next=1,after=1", "cut=50,ItemOperations,next=2",
               "folder-ids,FolderSync,next=1", "delay=100,Ping,next=3")
    world.check("several at once")


if __name__ == "__main__":
    harness.main()
