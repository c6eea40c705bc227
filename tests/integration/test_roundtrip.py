#!/usr/bin/env python3
"""The calendars and cards of other projects, copied into the mount, sent, and read anew by a replica that knows nothing:
they mean what they meant, or are held with a reason. Catches: what is bent on the way up, in the server's file or on the
way down; a file that is let through although something of it would be lost; an invitation that nobody meant to send.

A sample; with EASFS_FULL=1 in the environment all of it. The table of what is held and why is printed."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
try:
    from corpus_trip import Trip
except ModuleNotFoundError:  # the other readers are Debian's packages, and this is another python
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
import harness
from harness import equal, read, run, test, truth

FULL = os.environ.get("EASFS_FULL") == "1"
SAMPLE = None if FULL else 150


def there_and_back(scratch, kind, version, most_held, mail=False):
    trip, log = Trip(scratch, kind, SAMPLE), scratch.path("mail.log")
    server = scratch.easd(extra=["--mail-log", log])
    mount = scratch.mount(server, "--protocol", version)
    trip.copy_in(mount)
    mount.umount()
    run(harness.EASFS, "cache", "wipe", "--state", mount.state)
    mount = scratch.mount(server, "--protocol", version, state="anew")
    wrong = trip.differences(trip.back_from(mount))
    print("# %s at %s: %d files, %d compared, %d held, %d open to two readings, %d unread by the other reader" %
          (kind, version, len(trip.files), trip.compared, len(trip.held), len(trip.left_open), len(trip.unread)))
    print("\n".join("# " + line for line in trip.table()))
    equal(wrong[:20], [], "differences (%d)" % len(wrong))
    equal(os.path.exists(log) and read(log), False, "mail")
    truth(all("no reason" not in reason for reason in trip.held.values()), "held without a reason")
    truth(len(trip.held) <= most_held * len(trip.files), "%d held" % len(trip.held))
    truth(trip.compared >= 0.3 * len(trip.files), "only %d compared" % trip.compared)


@test
def calendars_as_whole_items(scratch):
    there_and_back(scratch, "ics", "14.1", 0.55)


@test
def calendars_as_partial_changes(scratch):
    there_and_back(scratch, "ics", "16.1", 0.6)


@test
def cards(scratch):
    there_and_back(scratch, "vcf", "14.1", 0.2)


if __name__ == "__main__":
    harness.main()
