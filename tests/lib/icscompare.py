#!/usr/bin/python3
"""Says whether two iCalendar files mean the same.

usage: icscompare.py [--years N] [--floating ZONE] [--ignore PROPERTY]... [--eas] A B

A and B are files, or directories whose .ics files are taken together; files of A that cannot be read
are then left out and named on stderr.

Meaning is what a person sees: when each occurrence begins and ends (as instants, whatever zone they
are written in; days as days), which occurrences there are (rules expanded over N years, 3 unless
told), and the properties that a calendar of Exchange can hold. UIDs pair items up; where they cannot
and each side has one item of a kind, these are compared. PRODID, DTSTAMP, X- properties, the order of
lines and of lists, values that are defaults and white space at line ends do not count. With --eas
neither counts what ActiveSync has no place for: URL and GEO, the chair's role, the organizer among the
attendees, every alarm but one, a meeting without an organizer.

Prints a line a difference. Exit 0: the same; 1: different; 2: one of them cannot be read.

Uses icalendar and dateutil, which khal stands on, so that libical's view is not asked twice."""
import argparse
import datetime
import io
import os
import re
import sys
import urllib.parse

import dateutil.rrule
import dateutil.tz
import icalendar

UTC = datetime.timezone.utc
MOST_OCCURRENCES = 2000
TEXTS = ("SUMMARY", "LOCATION", "DESCRIPTION", "URL")
COMMA = "\ue000"
DEFAULTS = {"CLASS": "PUBLIC", "TRANSP": "OPAQUE", "STATUS": ""}
PRIORITIES = {0: "normal", 5: "normal"}


class Unreadable(Exception):
    pass


def unfold(lines):
    """Whole lines, with escaped commas out of icalendar's sight, which takes them for separators."""
    whole = re.sub(r"\r?\n[ \t]", "", lines)
    return re.sub(r"\\(.)", lambda match: COMMA if match[1] == "," else match[0], whole)


class Calendar:
    """One file: its zones, and its items by kind and UID."""

    def __init__(self, path, options):
        self.options = options
        with open(path, "rb") as file:
            text = unfold(file.read().decode("utf-8-sig"))
        try:
            calendars = icalendar.Calendar.from_ical(text, multiple=True)
        except ValueError as error:
            raise Unreadable("%s: %s" % (path, error))
        self.zones = {}
        for block in re.findall(r"BEGIN:VTIMEZONE\r?\n.*?END:VTIMEZONE", text, re.S):
            self.read_zone(block)
        self.items = {}
        for calendar in calendars:
            for part in calendar.subcomponents:
                if part.name in ("VEVENT", "VTODO", "VJOURNAL"):
                    self.items.setdefault((part.name, str(part.get("UID", "")).strip()), []).append(part)

    def read_zone(self, block):
        try:
            zones = dateutil.tz.tzical(io.StringIO(block.replace("\r\n", "\n")))
            for name in zones.keys():
                self.zones[name] = zones.get(name)
        except (ValueError, TypeError):
            pass  # a broken VTIMEZONE: its name may do

    def zone(self, name):
        """The file's own VTIMEZONE, else the zone whose name the TZID ends with."""
        words = name.strip('"').split("/")
        found = self.zones.get(name)
        for first in range(len(words)):
            found = found or dateutil.tz.gettz("/".join(words[first:]))
        if not found:
            raise Unreadable("the zone %s is not known" % name)
        return found

    def time(self, value):
        """A time of the file as (wall clock, zone), the zone None for a day."""
        when = value.dt
        if not isinstance(when, datetime.datetime):
            return datetime.datetime(when.year, when.month, when.day), None
        if value.params.get("TZID"):
            return when.replace(tzinfo=None), self.zone(value.params["TZID"])
        if when.tzinfo:
            return when.astimezone(UTC).replace(tzinfo=None), UTC
        return when, self.options.floating


def instant(wall, zone):
    if zone is None:
        return wall.strftime("%Y-%m-%d")
    return wall.replace(tzinfo=zone).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def listed(part, name):
    value = part.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


def text(value):
    lines = str(value).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip().replace(COMMA, ",")


def address(person):
    """mailto: in any spelling, or none, is the same person."""
    return re.sub("^mailto:", "", urllib.parse.unquote(str(person)).strip('"').lower())


def attendees(part, eas):
    found, organizer = {}, address(part.get("ORGANIZER", ""))
    for person in listed(part, "ATTENDEE"):
        if eas and address(person) == organizer:
            continue
        kind = person.params.get("CUTYPE", "INDIVIDUAL")
        role = "resource" if kind in ("RESOURCE", "ROOM") else person.params.get("ROLE", "REQ-PARTICIPANT")
        if eas and role not in ("resource", "OPT-PARTICIPANT"):
            role = "REQ-PARTICIPANT"
        found[address(person)] = (role, person.params.get("PARTSTAT", "NEEDS-ACTION"))
    return found


def properties(part, eas):
    """What the item says, times, alarms and recurrence apart, defaults filled in."""
    said = {name: text(part.get(name, "")) for name in TEXTS}
    for name, default in DEFAULTS.items():
        said[name] = str(part.get(name, default)).upper()
    if said["STATUS"] in ("CONFIRMED", "NEEDS-ACTION", "FINAL"):
        said["STATUS"] = ""
    said["CATEGORIES"] = {text(word) for words in listed(part, "CATEGORIES") for word in words.cats}
    said["ORGANIZER"] = address(part.get("ORGANIZER", ""))
    said["ATTENDEE"] = attendees(part, eas)
    geo = part.get("GEO")
    said["GEO"] = "%.4f;%.4f" % (geo.latitude, geo.longitude) if geo is not None else ""
    if part.name == "VTODO":
        priority = int(part.get("PRIORITY", 0))
        said["PRIORITY"] = PRIORITIES.get(priority, "high" if priority < 5 else "low")
    return said


class Item:
    """The components of one UID: every occurrence with what it says."""

    def __init__(self, calendar, parts):
        self.calendar = calendar
        self.occurrences = {}
        masters = [part for part in parts if "RECURRENCE-ID" not in part]
        for part in masters:
            self.expand(part)
        for part in parts:
            if "RECURRENCE-ID" in part:
                wall, zone = calendar.time(part["RECURRENCE-ID"])
                self.occurrences.pop(instant(wall, zone), None)
                self.occurrences["changed " + instant(wall, zone)] = self.tell(part, self.start(part))

    def start(self, part):
        for name in ("DTSTART", "DUE"):
            if name in part:
                return self.calendar.time(part[name])
        return None

    def tell(self, part, start):
        said = properties(part, self.calendar.options.eas)
        said["VALARM"] = self.alarms(part)
        if start is None:
            return said
        said["start"] = instant(*start)
        first = self.start(part)
        for name in ("DTEND", "DUE"):
            if name in part:
                end, zone = self.calendar.time(part[name])
                said["end"] = instant(start[0] + (end - first[0]), zone)
        if "DURATION" in part:
            said["end"] = self.later(start, part["DURATION"].dt)
        if "end" not in said and part.name == "VEVENT":
            said["end"] = self.later(start, datetime.timedelta(days=start[1] is None))
        if "COMPLETED" in part:
            said["completed"] = instant(*self.calendar.time(part["COMPLETED"]))
        return said

    def alarms(self, part):
        """When each goes off: minutes from the start, or an instant where there is no start."""
        found, first = set(), self.start(part)
        for alarm in part.walk("VALARM"):
            trigger = alarm.get("TRIGGER")
            if trigger is None:
                continue
            if isinstance(trigger.dt, datetime.timedelta):
                found.add(trigger.dt.total_seconds() / 60)
            elif first:
                wall, zone = self.calendar.time(trigger)
                begin = first[0].replace(tzinfo=first[1] or self.calendar.options.floating)
                found.add((wall.replace(tzinfo=zone) - begin).total_seconds() / 60)
            else:
                found.add(instant(*self.calendar.time(trigger)))
        return found

    @staticmethod
    def later(start, duration):
        """Days are days of the calendar, the rest is time that passes (RFC 5545 3.3.6)."""
        wall, zone = start
        wall += datetime.timedelta(days=duration.days)
        if zone is None:
            return instant(wall, zone)
        passed = wall.replace(tzinfo=zone).astimezone(UTC) + datetime.timedelta(seconds=duration.seconds)
        return instant(passed.replace(tzinfo=None), UTC)

    def expand(self, part):
        start = self.start(part)
        rules = listed(part, "RRULE")
        if start is None or not (rules or "RDATE" in part):
            self.occurrences["only"] = self.tell(part, start)
            return
        wall, zone = start
        last = wall + datetime.timedelta(days=366 * self.calendar.options.years)
        walls = set()
        for rule in rules:
            walls.update(self.recur(rule, wall, zone, last))
        for dates in listed(part, "RDATE"):
            walls.update(self.in_zone(value, dates, zone) for value in dates.dts)
            walls.add(wall)
        for dates in listed(part, "EXDATE"):
            for value in dates.dts:
                walls.discard(self.in_zone(value, dates, zone))
        for each in sorted(walls):
            self.occurrences[instant(each, zone)] = self.tell(part, (each, zone))

    def in_zone(self, value, dates, zone):
        """A time of an EXDATE or RDATE as the series' zone shows it."""
        if "TZID" in dates.params:
            value.params["TZID"] = dates.params["TZID"]
        if isinstance(value.dt, tuple):  # a period
            value = icalendar.prop.vDDDTypes(value.dt[0])
        wall, own = self.calendar.time(value)
        if own is None or zone is None:
            return datetime.datetime(wall.year, wall.month, wall.day) if zone is None else wall
        return wall.replace(tzinfo=own).astimezone(zone).replace(tzinfo=None)

    def recur(self, rule, wall, zone, last):
        words = dict(word.split("=", 1) for word in rule.to_ical().decode().upper().split(";"))
        until = words.pop("UNTIL", None)
        if until:
            limit = datetime.datetime.strptime(until.rstrip("Z"), "%Y%m%dT%H%M%S" if "T" in until else "%Y%m%d")
            if zone is not None and until.endswith("Z"):
                limit = limit.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
            elif zone is not None and "T" not in until:
                limit += datetime.timedelta(days=1, seconds=-1)
            last = min(last, limit)
        try:
            series = dateutil.rrule.rrulestr(";".join("=".join(word) for word in words.items()), dtstart=wall)
        except (ValueError, TypeError) as error:
            raise Unreadable("the rule %s: %s" % (rule.to_ical().decode(), error))
        found = []
        for each in series:
            if each > last or len(found) >= MOST_OCCURRENCES:
                break
            found.append(each)
        return found


def differ(name, left, right, options):
    if options.eas and name in ("URL", "GEO"):
        return False
    if options.eas and name == "ORGANIZER" and not left:
        return False
    if options.eas and name == "VALARM":
        return not (right <= left and bool(right) == bool(left))
    return name not in options.ignore and left != right


def differences(one, other, options):
    """Lines that say where two Items differ."""
    for key in sorted(set(one.occurrences) | set(other.occurrences)):
        if key not in other.occurrences or key not in one.occurrences:
            yield "%s: only in the %s" % (key, "first" if key in one.occurrences else "second")
            continue
        left, right = one.occurrences[key], other.occurrences[key]
        for name in sorted(set(left) | set(right)):
            if differ(name, left.get(name), right.get(name), options):
                yield "%s: %s: %r, %r" % (key, name, left.get(name), right.get(name))


def load(path, options, tolerant):
    """{(kind, UID): Item} of a file or of all files below a directory."""
    files = [path]
    if os.path.isdir(path):
        files = sorted(os.path.join(root, name) for root, _, names in os.walk(path) for name in names
                       if name.endswith(".ics"))
    items = {}
    for file in files:
        try:
            calendar = Calendar(file, options)
            items.update({key: Item(calendar, parts) for key, parts in calendar.items.items()})
        except Exception as error:  # the libraries raise of every kind at what is no calendar
            if not (tolerant and os.path.isdir(path)):
                raise
            print("icscompare: left out: %s: %s" % (file, error), file=sys.stderr)
    return items


def pair(one, other):
    """Keys of both sides that belong together, None where there is no partner."""
    pairs = [(key, key) for key in one if key in other]
    left = [key for key in one if key not in other]
    right = [key for key in other if key not in one]
    for kind in ("VEVENT", "VTODO", "VJOURNAL"):
        mine, theirs = [key for key in left if key[0] == kind], [key for key in right if key[0] == kind]
        if len(mine) == len(theirs) == 1:
            pairs.append((mine[0], theirs[0]))
        else:
            pairs += [(key, None) for key in mine] + [(None, key) for key in theirs]
    return pairs


def compare(first, second, options):
    return compare_items(load(first, options, True), load(second, options, False), options)


def compare_items(one, other, options):
    for mine, theirs in pair(one, other):
        if mine is None or theirs is None:
            yield "%s %s: only in the %s" % (*(mine or theirs)[::-1], "first" if mine else "second")
            continue
        for line in differences(one[mine], other[theirs], options):
            yield "%s %s" % (mine[1] or mine[0], line)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1][len("usage: "):])
    parser.add_argument("--eas", action="store_true")
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--floating", type=dateutil.tz.gettz, default=UTC)
    parser.add_argument("--ignore", action="append", default=[])
    parser.add_argument("first")
    parser.add_argument("second")
    options = parser.parse_args()
    try:
        found = list(compare(options.first, options.second, options))
    except Exception as error:
        print("icscompare: %s: %s" % (type(error).__name__, error), file=sys.stderr)
        sys.exit(2)
    for line in found:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
