#!/usr/bin/env python3
"""Cards of other projects and of the demo, served by the demo server and mounted, mean what they meant.
Catches: a name, address, number, date or picture that is lost or becomes another's, text that is escaped
once too often, a card that is served and not there, one that khard or vobject cannot read. The server
translates the cards to ActiveSync by code of its own; what it says it cannot translate is left out."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from corpus_cards import UNSETTLED, cards
from harness import equal, read, run, test, truth, write

COMPARE = os.path.join(harness.TOP, "tests", "lib", "vcfcompare.py")
READERS = os.path.join(harness.TOP, "tests", "integration", "vcard-readers.py")
DEMO = os.path.join(harness.TOP, "contrib", "mailbox")


def gather(scratch):
    """One card a file, each with a number of its own in X-EAS-CUSTOMER-ID; {number: where it comes from}."""
    names = {}
    for number, name, text in cards():
        names[number] = name
        write(scratch.path("mailbox/Contacts", number + ".vcf"), text)
    return names


@test
def every_card_of_the_corpus_keeps_its_meaning(scratch):
    names = gather(scratch)
    truth(len(names) > 300, "only %d cards were found" % len(names))
    server = scratch.easd()
    refused = set()
    for version in ("3", "4"):
        mount = scratch.mount(server, "--classes", "contacts", "--vcard", version, point="m" + version,
                              state="s" + version)
        mount.sync()
        log = read(scratch.path("easd.log")).decode(errors="replace")
        refused |= set(re.findall(r"not served: Contacts/(\d+)\.vcf", log))
        equal(len(mount.ls("Contacts")), len(names) - len(refused), "cards that came")
        run(READERS, mount.path("Contacts"), timeout=300)
        mount.umount()
    mount = scratch.mount(server, "--classes", "contacts", "--offline", point="m3", state="s3")
    served = sorted(set(names) - refused - {n for n in names if names[n] in UNSETTLED})
    done = run(COMPARE, scratch.path("mailbox/Contacts"), mount.path("Contacts"), *served, code=None, timeout=300)
    told = re.search(r"^(\d+) cards compared, \d+ differences$", done.stdout, re.M)
    truth(told, done.stderr)
    wrong = ["%s %s" % (names[line[:4]], line) for line in done.stdout.splitlines()[:-1]]
    equal(wrong[:5], [], "differences (%d)" % len(wrong))
    truth(int(told[1]) > len(names) * 9 // 10, "only %s of %d were compared" % (told[1], len(names)))


@test
def khard_and_vobject_read_every_card_of_the_demo(scratch):
    run("cp", "-r", DEMO, scratch.path("mailbox"))
    server = scratch.easd()
    for version in ("3", "4"):
        mount = scratch.mount(server, "--vcard", version, point="m" + version, state="s" + version)
        mount.sync()
        run(READERS, mount.path("Contacts"))
        mount.umount()
    mount = scratch.mount(server, "--offline", point="m3", state="s3")
    config = write(scratch.path("khard.conf"), "[addressbooks]\n[[eas]]\npath = %s\n[general]\ndefault_action=list\n"
                   "[vcard]\npreferred_version = 3.0\n" % mount.path("Contacts"))
    told = run("khard", "-c", config, "list").stdout
    for name in os.listdir(DEMO + "/Contacts"):
        truth(name[:-4].split(" ")[-1] in told, "khard does not list %s: %s" % (name, told))


if __name__ == "__main__":
    harness.main()
