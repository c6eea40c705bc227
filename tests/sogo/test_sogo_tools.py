#!/usr/bin/env python3
"""What people edit with, on a mailbox of a real server: the tests of tests/integration/test_tools.py with the server's own
view by DAV in the demo server's place. Catches what a demo server of our own would forgive: an atomic save that doubles
an item there, a property that does not survive it, a removal that removes another."""
import itertools
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "integration"), HERE]
import harness
import rig as rigs
import test_sogo_upload as dav
import test_tools
from edits import card, event, todo
from harness import message, write

WANTED = ["shells_and_filters", "vim_in_each_of_its_ways", "nano_and_emacs", "copiers_and_archives",
          "a_file_manager_copies", "git_with_its_directory_outside", "khal_makes_and_edits_events",
          "khard_makes_edits_and_removes_contacts", "todoman_makes_and_ends_tasks",
          "vdirsyncer_goes_both_ways_and_then_does_nothing"]
users = ["user%d" % n for n in range(len(WANTED))]
rig = dav.rig = rigs.Rig("/tmp/easfs-rig-%d" % os.getpid(), users)
fresh = itertools.count()


class Server:
    """One user of the real server, filled as the tests want it."""

    def __init__(self, user):
        self.user = user
        rig.add_event(user, "standup", event("Standup", "LOCATION:Room A\r\n").decode())
        rig.add_event(user, "dentist", event("Dentist").decode())
        rig.add_event(user, "report", todo("Report").decode())
        rig.add_contact(user, "jane", card("Jane Doe").decode())
        rig.deliver(user, [message()])

    def put(self, path, content):
        """A change by another client. The server's stamps are whole seconds, so that one right after a Sync is never told."""
        time.sleep(1.5)
        rig.add_event(self.user, os.path.basename(path)[:-4], content.decode())


def started(scratch, *extra):
    server = Server(users[next(fresh)])
    mount = scratch.mount(dav.options(scratch, server.user), *extra)
    mount.sync()
    return server, mount


def server_items(server, folder):
    texts = {"Calendar": lambda: dav.calendar(server.user), "Tasks": lambda: dav.tasks(server.user),
             "Contacts": lambda: dav.held(server.user, "Contacts/personal")}[folder]()
    found = {}
    for text in texts:
        title = re.search(r"^(?:SUMMARY|FN)[^:]*:(\w+)", text, re.M).group(1)
        found[title + " again" if title in found else title] = text.encode()
    return found


if __name__ == "__main__":
    test_tools.started, test_tools.server_items = started, server_items
    harness.tests[:] = [each for each in harness.tests if each.__module__ == "test_tools" and each.__name__ in WANTED]
    rigs.serve(rig)
