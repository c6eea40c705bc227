#!/usr/bin/env python3
"""The corpus' calendars and cards, copied into the mount, sent to a real server, and read anew by a replica that knows nothing:
they mean what they meant, but for what this server is known to make of them, cause by cause. Catches: an item that is lost or
doubled, a property that is bent on the way up or down and no cause explains, a cause that is none any more."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
try:
    from corpus_trip import Trip, calendars, contacts, one_of_each
    from translation import Translation
except ModuleNotFoundError:  # the other readers are Debian's packages, and this is another python
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
import rig as rigs
from card_elements import Elements
from harness import equal, shared, test, truth, write

rig = rigs.Rig("/tmp/easfs-rig-%d" % os.getpid(), ["carol", "dave"])


def options(scratch, user):
    password_file = write(scratch.path("password-" + user), rig.password(user) + "\n")
    os.chmod(password_file, 0o600)
    return ["--server", rig.url, "--insecure-http", "--user", user, "--password-file", password_file]


def there_and_back(scratch, trip, user):
    """What is not as it was given and not explained, by file; both mounts are traced."""
    before = len(rig.smtp.log)
    mount = scratch.mount(options(scratch, user), "--trace", scratch.path("up"), point="there", state="there.state")
    trip.copy_in(mount)
    mount.umount()
    mount = scratch.mount(options(scratch, user), "--trace", scratch.path("down"), point="back", state="back.state")
    found = trip.back_from(mount)
    equal(sum(map(len, found.values())), len(trip.files) - len(trip.held), "items")
    wrong = trip.differences(found)
    mount.umount()
    print("# %s: %d files, %d compared, %d held, %d open to two readings, %d unread by the other reader" %
          (trip.kind, len(trip.files), trip.compared, len(trip.held), len(trip.left_open), len(trip.unread)))
    equal(rig.smtp.log[before:], [], "mail that nobody meant")
    truth(trip.compared > len(trip.files) * 2 // 5, "only %d compared" % trip.compared)
    return wrong


def tell(lines):
    print("\n".join("# " + line for line in lines), flush=True)


@test
def calendars_there_and_back(scratch):
    shared("corpus/ics")
    translation = Translation()
    files = [file for file in calendars() if file[0] != "Notes"]  # the server has none
    trip = Trip(scratch, "ics", files=files, translation=translation)
    wrong = there_and_back(scratch, trip, "carol")
    tell(translation.table())
    equal(wrong[:20], [], "differences that no row explains (%d)" % len(wrong))
    equal(translation.never(), [], "rows that explain nothing")


@test
def cards_there_and_back(scratch):
    shared("corpus/vcf")
    trip = Trip(scratch, "vcf", files=one_of_each(contacts()))
    wrong = there_and_back(scratch, trip, "dave")
    elements = Elements(scratch.path("up"), scratch.path("down"))
    tell(elements.table())
    truth(elements.compared > len(trip.files) * 3 // 5, "only %d compared" % elements.compared)
    equal(elements.unexplained[:20], [], "elements that no row explains (%d)" % len(elements.unexplained))
    equal(elements.never(), [], "rows that explain nothing")
    # Two numbers of one kind are one too many: the second one's element is among the dropped.
    equal([line for line in wrong if "tel 2 is absent" not in line], [], "differences")


if __name__ == "__main__":
    rigs.serve(rig)
