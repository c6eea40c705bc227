"""What SOGo makes of events and tasks that come by ActiveSync: one row a cause, each as a function that does the same to the
parsed file (icalendar). What has come back is then compared with the file as these leave it, so that a row explains exactly
its own difference: whatever else differs is not explained. The requests were looked at, each cause was traced to the server's
store or to its answer."""
import datetime

import icalendar
import icscompare
from icscompare import UTC, listed

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def rule_of(part):
    rules = listed(part, "RRULE")
    return rules[0] if rules else {}


def frequency(part):
    return "".join(rule_of(part).get("FREQ", []))


def alarms(part):
    return [alarm for alarm in part.subcomponents if alarm.name == "VALARM"]


def replace(part, name, value):
    """Keeps no parameter of the old one: a TZID would be wrong."""
    part.pop(name, None)
    part.add(name, value)


# -- what it stores --------------------------------------------------------------------------------------------------------

def zone_of_series(calendar, master, parts):
    """The days that a rule leaves to its start are told by the start's own wall clock."""
    start = calendar.time(master["DTSTART"]) if master is not None and "DTSTART" in master else None
    if start is None or start[1] is None or not rule_of(master):
        return
    wall, zone = start
    rule, by_day = rule_of(master), {"WEEKLY": ("BYDAY", [DAYS[wall.weekday()]]), "MONTHLY": ("BYMONTHDAY", [wall.day])}
    name, days = by_day.get(frequency(master), (None, None))
    if name and "BYDAY" not in rule and "BYMONTHDAY" not in rule:
        rule[name] = days
    if frequency(master) == "YEARLY":
        rule.setdefault("BYMONTH", [wall.month])
        if "BYDAY" not in rule:
            rule.setdefault("BYMONTHDAY", [wall.day])
    for until in rule.get("UNTIL", []):
        if not isinstance(until, datetime.datetime):
            until = datetime.datetime.combine(until, datetime.time(23, 59, 59))
        rule["UNTIL"] = [until if until.tzinfo else until.replace(tzinfo=zone).astimezone(UTC)]
    for part in parts:
        for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
            wall, own = calendar.time(part[name]) if name in part else (None, None)
            if own is not None:
                replace(part, name, wall.replace(tzinfo=own).astimezone(UTC))
    gone = [calendar.time(value) for dates in listed(master, "EXDATE") for value in with_zone(dates)]
    if gone:
        replace(master, "EXDATE", [wall.replace(tzinfo=own).astimezone(UTC) for wall, own in gone if own is not None])


def with_zone(dates):
    for value in dates.dts:
        if "TZID" in dates.params:
            value.params["TZID"] = dates.params["TZID"]
        yield value


def first_day_of_week(calendar, master, parts):
    if master is not None and frequency(master) == "WEEKLY":
        rule_of(master)["WKST"] = ["SU"]


def sets_of_weekdays(calendar, master, parts):
    rule = rule_of(master) if master is not None else {}
    if "BYSETPOS" in rule and len(rule.get("BYDAY", [])) > 1:
        rule["BYDAY"] = ["%sMO" % rule.pop("BYSETPOS")[0]]


def tentative(calendar, master, parts):
    for part in parts:
        if part.name == "VEVENT" and str(part.get("STATUS", "")).upper() == "TENTATIVE":
            del part["STATUS"]


def cancelled(calendar, master, parts):
    for part in parts:
        if part.name == "VEVENT" and str(part.get("STATUS", "")).upper() == "CANCELLED":
            del part["STATUS"]


def no_minutes(calendar, master, parts):
    for part in parts:
        for alarm in alarms(part):
            if part.name == "VEVENT" and alarm.get("TRIGGER") is not None and alarm["TRIGGER"].dt == datetime.timedelta(0):
                replace(alarm, "TRIGGER", datetime.timedelta(minutes=-1))


def day_of_completion(calendar, master, parts):
    for part in parts:
        if "COMPLETED" in part:
            wall, zone = calendar.time(part["COMPLETED"])
            done = wall.replace(tzinfo=zone or UTC).astimezone(UTC)
            replace(part, "COMPLETED", done.replace(hour=0, minute=0, second=0))


# -- what it tells ---------------------------------------------------------------------------------------------------------

def everybody_is_optional(calendar, master, parts):
    for part in parts:
        for person in listed(part, "ATTENDEE"):
            person.params.pop("CUTYPE", None)
            person.params["ROLE"] = "OPT-PARTICIPANT"


def organizer_alone(calendar, master, parts):
    for part in parts:
        if not icscompare.attendees(part, True):
            part.pop("ORGANIZER", None)
            part.pop("ATTENDEE", None)  # the organizer as its own guest


def interval_of_months(calendar, master, parts):
    if master is not None and frequency(master) == "MONTHLY" and "BYDAY" not in rule_of(master):
        rule_of(master).pop("INTERVAL", None)


def interval_of_years(calendar, master, parts):
    if master is not None and frequency(master) == "YEARLY":
        rule_of(master).pop("INTERVAL", None)


def nothing_instead(calendar, master, parts):
    for part in parts:
        if part is master or master is None:
            continue
        for name in ("CATEGORIES", "DESCRIPTION", "LOCATION"):
            if name in master and name not in part:
                part[name] = master[name]
        if not alarms(part):
            part.subcomponents.extend(alarms(master))


# In this order: the last ones go by what the first ones have left.
ROWS = (
    ("SOGo stores series in its user's zone, whatever Timezone says: they do not follow the clock changes of their own", zone_of_series),
    ("SOGo stores no FirstDayOfWeek: every second week begins on Sunday", first_day_of_week),
    ("SOGo stores Monday for a set of weekdays in a month (DayOfWeek 62, 65, 127 with WeekOfMonth)", sets_of_weekdays),
    ("SOGo stores BusyStatus as free or busy: tentative events come back confirmed", tentative),
    ("SOGo stores no MeetingStatus: cancelled events come back standing", cancelled),
    ("SOGo stores a Reminder of 0 as one minute", no_minutes),
    ("SOGo stores the day of DateCompleted and drops its time", day_of_completion),
    ("SOGo stores no AttendeeType and tells everybody as optional", everybody_is_optional),
    ("SOGo tells an event without attendees as no meeting (MeetingStatus 0), which has no organizer", organizer_alone),
    ("SOGo tells a monthly rule by date without its Interval", interval_of_months),
    ("SOGo tells a yearly rule without its Interval", interval_of_years),
    ("SOGo cannot tell that an occurrence has no alarm, place, text or categories where its series has", nothing_instead),
)


def load(path, options, rows):
    calendar = icscompare.Calendar(path, options)
    for parts in calendar.items.values():
        master = next((part for part in parts if "RECURRENCE-ID" not in part), None)
        for _, function in rows:
            function(calendar, master, parts)
    return {key: icscompare.Item(calendar, parts) for key, parts in calendar.items.items()}


class Translation:
    """causes: {sentence: the numbers of the files that it explains a difference of}."""

    def __init__(self):
        self.causes = {sentence: set() for sentence, _ in ROWS}

    def unexplained(self, number, given, came, options):
        """Lines that say what no row explains; where there is none, the rows that are needed get the number."""
        other = icscompare.load(came, options, False)
        found = list(icscompare.compare_items(load(given, options, ROWS), other, options))
        if found:
            return found
        needed = list(ROWS)
        for row in ROWS:
            rest = [other_row for other_row in needed if other_row is not row]
            if not any(icscompare.compare_items(load(given, options, rest), other, options)):
                needed = rest
        for sentence, _ in needed:
            self.causes[sentence].add(number)
        return []

    def never(self):
        """The rows that no file needs."""
        return [sentence for sentence, numbers in self.causes.items() if not numbers]

    def table(self):
        return ["%4d  %s" % (len(numbers), sentence) for sentence, numbers in self.causes.items()]
