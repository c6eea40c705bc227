"""The corpus' calendars and cards on their way through a mount: written, sent, read anew by a replica that knows nothing,
compared file by file. Each bears a number of its own, in its summary or in X-EAS-CUSTOMER-ID, by which it is found again
whatever UID and name it has by then; where the server keeps no such number, by the ServerId that it gave the item."""
import argparse
import collections
import os
import pathlib
import re

import corpus_cards
import corpus_events
import corpus_tasks
import dateutil.tz
import icscompare
import vcfcompare
from corpus_tasks import ABSENT, wall_clocks
from edits import attribute, state, why
from harness import EASFS, read, run, shared, write

FOLDERS = {"VEVENT": "Calendar", "VTODO": "Tasks", "VJOURNAL": "Notes"}
OPTIONS = argparse.Namespace(eas=True, years=2, floating=dateutil.tz.gettz("UTC"), ignore=[])

# Beside what corpus_events, corpus_tasks and corpus_cards leave open.
UNSETTLED = {
    "caldavtester/errors__42.ics": "a control character in its text, which XML has none of",
    "caldavtester/recurrenceput__13.ics": "its VTIMEZONE keeps New York at the rules of 2006 for ever",
    "caldavtester/recurrenceput__15.ics": "its VTIMEZONE keeps New York at the rules of 2006 for ever",
    "caldavtester/recurrenceput__18.ics": "its VTIMEZONE keeps New York at the rules of 2006 for ever",
    "ical.net/Alarm__ALARM7.ics": "an alarm before its end and after its start",
    "ical4j/net__fortuna__ical4j__transform__timezones__outlook2_expected.txt.ics": "tentatively busy, not said to be",
    "kde-kcalendarcore/data__RecurrenceRule__unsorted__exdate.ics": "a DATE is excepted from a series of times",
    "python-icalendar/calendars__issue_165_missing_event.ics": "blanks in its rule, where another reader stops",
    "android-vcard/v21_complicated.vcf#0": "a second note in quoted-printable, of which vobject sees the first alone",
    "ez-vcard/io__text__John_Doe_EVOLUTION.vcf#0": "X-EVOLUTION-FILE-AS is Evolution's own, and stays in the user's file",
    "ez-vcard/io__text__John_Doe_GMAIL.vcf#0": "its text is escaped wrongly",
    "ez-vcard/io__text__John_Doe_MAC_ADDRESS_BOOK.vcf#0": "its text is escaped wrongly",
    "kde-kcontacts/vcard7.vcf.2_1ref.vcf#0": "it has no name at all",
}
OPEN = {**corpus_events.UNSETTLED, **corpus_events.AMBIGUOUS, **corpus_tasks.UNSETTLED, **corpus_cards.UNSETTLED, **UNSETTLED}


def calendars():
    """(folder, name in the corpus, number, text) of every file that is one calendar; no UID in it is another file's."""
    top, number = shared("corpus/ics"), 0
    for root, _, files in sorted(os.walk(top)):
        for name in sorted(files):
            text = read(os.path.join(root, name))
            kinds = set(re.findall(r"(?m)^BEGIN:(V\w+)\s*$", text.decode(errors="replace")))
            folders = [folder for kind, folder in FOLDERS.items() if kind in kinds]
            # Templates of other projects' tests, with holes in them, are no calendars.
            if not folders or text.count(b"BEGIN:VCALENDAR") != 1 or re.search(rb"%\(|\$\w*cuaddr|\$principal|\$\{", text):
                continue
            number += 1
            mark = b"%04d" % number
            text = re.sub(rb"(?m)^((?:UID|SUMMARY)(?:;[^:\n]*)?:)", lambda match: match[1] + mark + b" ", text)
            for block in re.findall(rb"(?ms)^BEGIN:(?:VEVENT|VTODO|VJOURNAL)\s*$.*?^END:V(?:EVENT|TODO|JOURNAL)", text):
                if not re.search(rb"(?m)^SUMMARY", block):
                    text = text.replace(block, block.replace(b"\n", b"\nSUMMARY:" + mark + b" \r\n", 1))
            yield folders[0], os.path.relpath(os.path.join(root, name), top), mark.decode(), text


def contacts():
    """The same of every valid card, those apart whose UID an earlier one has."""
    uids = set()
    for number, name, text in corpus_cards.cards():
        uid = re.search(rb"(?im)^UID[;:].*$", text)
        if not uid or uid[0] not in uids:
            uids |= {uid[0]} if uid else set()
            yield "Contacts", name, number, text


def one_of_each(files):
    """The first file of each set of properties: the corpus has a thousand cards of a first and a last name."""
    kinds = {}
    for file in files:
        kinds.setdefault(frozenset(re.findall(rb"(?m)^([\w.-]+(?:;[^:\n]*)?):", file[3])), file)
    return kinds.values()


KINDS = {"ics": calendars, "vcf": contacts}


def is_at_odds(text):
    """A start in a zone and an end in none: two readers take it for two things."""
    lines = icscompare.unfold(text.decode(errors="replace"))
    return re.search(r"(?m)^DTSTART;.*TZID", lines) and re.search(r"(?m)^DTEND:\d{8}T\d{6}\s*$", lines)


class Trip:
    """files: which of them, all where it is None; translation: what the server is known to make of calendars, if it bends
    them, with unexplained() for what differs."""

    def __init__(self, scratch, kind, sample=None, files=None, translation=None):
        self.scratch, self.kind, self.translation = scratch, kind, translation
        self.files = list(KINDS[kind]() if files is None else files)
        self.files = self.files[::max(1, len(self.files) // sample)] if sample else self.files
        self.held, self.idents, self.unread, self.left_open, self.compared = {}, {}, [], [], 0

    def given(self, folder, number):
        return self.scratch.path("given", folder, "%s.%s" % (number, self.kind))

    def copy_in(self, mount):
        """Writes every file and sends what may be sent; what is held is noted with the reason, and discarded."""
        for folder, _, number, text in self.files:
            write(self.given(folder, number), text)
        for folder in {folder for folder, _, _, _ in self.files}:
            run("cp", "-r", self.scratch.path("given", folder) + "/.", mount.path(folder), code=None)
        mount.sync("--timeout", "900", timeout=1000)
        for folder, _, number, _ in self.files:
            path = mount.path(folder, "%s.%s" % (number, self.kind))
            if state(path) == "clean":
                self.idents[attribute(path, "server-id")] = number
            else:
                self.held[number] = why(path) or "no reason: " + str(state(path))
                run(EASFS, "discard", path)

    def back_from(self, mount):
        """What a replica that knows nothing has of each file, by its number: {number: [path]}."""
        mount.sync("--timeout", "900", timeout=1000)
        found = collections.defaultdict(list)
        for folder in {folder for folder, _, _, _ in self.files}:
            for root, _, files in os.walk(mount.path(folder)):
                for name in files:
                    path = os.path.join(root, name)
                    mark = re.search(rb"(?m)^(?:SUMMARY(?:;[^:\n]*)?|X-EAS-CUSTOMER-ID):(\d{4})", read(path))
                    found[mark[1].decode() if mark else self.idents.get(attribute(path, "server-id"), name)].append(path)
        return found

    def differences(self, found):
        """A line for each file that is not as it was given, and not held."""
        wrong = []
        for folder, name, number, text in self.files:
            there = found.get(number, [])
            if len(there) != (number not in self.held):
                told = "%d of it there%s" % (len(there), ", and held" if number in self.held else "")
            elif not there:
                continue
            elif name in OPEN or is_at_odds(text):
                self.left_open.append(number)
                continue
            else:
                told = self.compare(folder, number, there[0])
            if told:
                wrong.append("%s %s: %s" % (number, name, told))
        return wrong

    def compare(self, folder, number, came):
        """What differs, or nothing; a file that the other reader cannot read is counted, and not compared."""
        given = self.given(folder, number)
        if self.kind == "vcf":
            try:
                one, other = (vcfcompare.read_card(pathlib.Path(path)) for path in (given, came))
            except Exception:  # whatever the parser throws
                self.unread.append(number)
                return ""
            self.compared += 1
            # Sections of a department stand in the department, each after a semicolon.
            return "; ".join(line for line in vcfcompare.wrong(one, other) if not line.startswith("org: "))
        options = OPTIONS
        if folder != "Calendar":
            kind = next(kind for kind in FOLDERS if FOLDERS[kind] == folder)
            options = argparse.Namespace(**{**vars(OPTIONS), "ignore": ABSENT[kind]})
            given, came = (write(self.scratch.path("wall", side, number), wall_clocks(read(path)))
                           for side, path in (("given", given), ("came", came)))
        try:
            if not any(item.occurrences for item in icscompare.load(given, options, False).values()):
                raise icscompare.Unreadable("no item")
        except Exception:
            self.unread.append(number)
            return ""
        self.compared += 1
        wrong = list(icscompare.compare(given, came, options))
        if wrong and self.translation:
            wrong = self.translation.unexplained(number, given, came, options)
        return "; ".join(wrong)

    def table(self):
        """How many files are held for which reason, a line each."""
        reasons = collections.Counter(general(reason) for reason in self.held.values())
        return ["%5d  %s" % (count, reason) for reason, count in reasons.most_common()]


def general(reason):
    """A reason without what is the single file's."""
    reason = re.sub(r"items of two UIDs, .*; one", "items of two UIDs; one", reason)
    reason = re.sub(r"^\".*\" is no line", "\"...\" is no line", reason)
    reason = re.sub(r"not valid iCalendar: .*", "not valid iCalendar: ...", reason)
    reason = re.sub(r"place for [\w;=]+ in a contact \(.*\)", "place for ... in a contact", reason)
    reason = re.sub(r"METHOD:\w+", "METHOD:...", reason)
    return re.sub(r"\d[\d-]*T?\d*Z?", "N", reason)
