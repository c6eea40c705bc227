#!/usr/bin/env python3
"""What a client may write by Sync, at every version: easd takes it, puts it into its directory, tells every other
device, and refuses what Exchange would refuse. Catches: an Add done twice for a lost answer, a change that comes
back to its own device or never reaches another, a conflict that loses an edit unsaid, a property that a version
clears in another way, and an item that reads back as something else than was sent."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from checked import Box, Checked
from eas import E, MIME, preference
from harness import equal, message, read, test, truth

PLAIN = preference(1)
VERSIONS = ("12.1", "14.0", "14.1", "16.0", "16.1")


class Desk:
    """A server with one mailbox, and devices."""

    def __init__(self, scratch, *extra, **files):
        self.scratch = scratch
        self.server = scratch.easd(extra=extra)

    def device(self, version="14.1", name="A", **more):
        client = Checked(self.server.url, version=version, device=name + version.replace(".", ""), **more)
        self.scratch.callback(client.close)
        client.ids = client.folders()
        return client

    def box(self, folder, version="14.1", name="A", options=(PLAIN,), **more):
        client = self.device(version, name)
        return Box(client, client.ids[folder], *options, **more)

    def files(self, folder):
        """{name: text} of a folder's files."""
        top = os.path.join(self.server.directory, folder)
        names = os.listdir(top) if os.path.isdir(top) else []
        return {n: read(os.path.join(top, n)).decode() for n in names if os.path.isfile(os.path.join(top, n))}


def contact(first="Jane", last="Doe", *more):
    return (E("Contacts:FirstName", first), E("Contacts:LastName", last), *more)


def note(subject="Ideas", text="One\nTwo"):
    return (E("AirSyncBase:Body", E("Type", "1"), E("Data", text)), E("Notes:Subject", subject),
            E("Notes:MessageClass", "IPM.StickyNote"))


def task(subject="Report", *more):
    return (E("Tasks:Subject", subject), E("Tasks:Complete", "0"), *more)


@test
def an_added_item_is_a_file_and_reaches_other_devices_only(scratch):
    desk = Desk(scratch)
    for version in VERSIONS:
        mine, other = desk.box("Contacts", version), desk.box("Contacts", version, "B")
        status, ident = mine.add(*contact(last=version))
        equal(status, "1", version)
        equal(mine.pull(), [], "nothing comes back to who wrote it")
        equal(other.pull(), [("Add", ident)], "the other device is told")
        equal(other.items[ident].text("LastName"), version)
    equal(sorted(desk.files("Contacts")), sorted("Jane %s.vcf" % v for v in VERSIONS))


@test
def a_repeated_request_adds_nothing_twice(scratch):
    desk = Desk(scratch)
    box = desk.box("Contacts")
    key = box.key
    one = box.send(E("Add", E("ClientId", "x"), E("ApplicationData", *contact())), key=key, take=False)
    again = box.send(E("Add", E("ClientId", "x"), E("ApplicationData", *contact())), key=key)
    equal(again.text("Responses/Add/ServerId"), one.text("Responses/Add/ServerId"))
    equal(len(desk.files("Contacts")), 1, "files")
    equal(box.pull(), [])
    # A new ClientId with the same content is another item.
    equal(box.add(*contact(), client="y")[0], "1")
    equal(len(desk.files("Contacts")), 2, "files")
    # The key before the one before is dead.
    equal(box.send(E("Add", E("ClientId", "x"), E("ApplicationData", *contact())), key=key).text("Status"), "3")


@test
def a_lost_answer_to_changes_and_deletes_is_harmless(scratch):
    desk = Desk(scratch)
    box = desk.box("Notes")
    ident, gone = box.add(*note("A"))[1], box.add(*note("B"))[1]
    key = box.key
    commands = (E("Change", E("ServerId", ident), E("ApplicationData", *note("A", "New"))),
                E("Delete", E("ServerId", gone)))
    for _ in range(3):
        equal(box.send(*commands, key=key).one("Responses"), None, "no entry is success")
    equal(box.pull(), [])
    truth("New" in desk.files("Notes")["A.ics"], "the change is in the file")
    equal(list(desk.files("Notes")), ["A.ics"])


@test
def commands_have_an_order_a_number_and_one_subject_each(scratch):
    desk = Desk(scratch)
    box = desk.box("Notes", "14.1")
    ident = box.add(*note())[1]
    many = [E("Add", E("ClientId", "n%d" % i), E("ApplicationData", *note("N%d" % i))) for i in range(201)]
    with box.client.unchecked():
        equal(box.send(*many).text("Status"), "4", "201 commands")
        equal(len(desk.files("Notes")), 1)
        equal(box.send(*many[:200]).text("Status"), "1", "200 commands")
    equal(len(desk.files("Notes")), 201)
    twice = box.send(E("Change", E("ServerId", ident), E("ApplicationData", *note("Ideas", "first"))),
                     E("Change", E("ServerId", ident), E("ApplicationData", *note("Ideas", "second"))))
    equal([r.text("Status") for r in twice.all("Responses/Change")], ["16", "16"])
    truth("first" in desk.files("Notes")["Ideas.ics"], "the first was done")
    with box.client.wrong():
        for wrong in ((E("Add", E("ApplicationData", *note())),), (E("Add", E("ClientId", "z")),),
                      (E("Change", E("ApplicationData", *note()), E("ServerId", ident)),),
                      (E("Delete", E("ServerId", ident), E("AirSyncBase:InstanceId", "20260101T000000Z")),),
                      (E("Add", E("ClientId", "z"), E("ApplicationData", *note())),
                       E("Add", E("ClientId", "z"), E("ApplicationData", *note())))):
            equal(box.send(*wrong).text("Status"), "4", repr(wrong))


@test
def what_is_not_of_the_class_is_a_bad_item(scratch):
    desk = Desk(scratch)
    for version, folder, properties in (
            ("14.1", "Contacts", note()), ("14.1", "Notes", contact()), ("14.1", "Tasks", (E("Tasks:Subject", "x"),)),
            ("14.1", "Tasks", (E("Tasks:Subject", "x"), E("Tasks:Complete", "1"))),
            ("14.1", "Notes", (E("Notes:Subject", "x"), E("Notes:MessageClass", "IPM.Note"))),
            ("14.1", "Inbox", (E("Email:Subject", "x"),)), ("14.1", "Drafts", (E("Email:Subject", "x"),)),
            ("16.1", "Inbox", (E("Email:Subject", "x"),)),
            ("14.1", "Contacts", contact("A", "B", E("Contacts:Picture", "A" * 49156)))):
        box = desk.box(folder, version, "W%d" % len(properties))
        with box.client.wrong():
            equal(box.add(*properties), ("6", None), "%s %r" % (folder, properties))
        equal(desk.files(folder if folder in ("Contacts", "Notes", "Tasks") else "Mail/" + folder), {})


@test
def unknown_items_are_not_found(scratch):
    box = Desk(scratch).box("Contacts")
    equal(box.change(box.ident + ":0123456789abcdef", *contact()), "8")
    equal(box.delete(box.ident + ":0123456789abcdef"), "8")
    equal(box.change("nonsense", *contact()), "8")


@test
def a_conflict_is_the_servers_unless_the_client_says_otherwise(scratch):
    desk = Desk(scratch)
    mine, other = desk.box("Contacts"), desk.box("Contacts", name="B")
    ident = mine.add(*contact("Jane", "Old"))[1]
    other.pull()
    equal(other.change(ident, *contact("Jane", "Other")), "1")
    equal(mine.change(ident, *contact("Jane", "Mine")), "7", "the server's stands")
    truth("Other" in "".join(desk.files("Contacts").values()), "the file is the server's")
    equal(mine.pull(), [("Change", ident)], "and comes")
    equal(mine.items[ident].text("LastName"), "Other")
    other.pull()
    equal(other.change(ident, *contact("Jane", "Again")), "1")
    equal(mine.change(ident, *contact("Jane", "Mine"), options=(E("Conflict", "0"), PLAIN)), "1", "the client's stands")
    truth("Mine" in "".join(desk.files("Contacts").values()), "the file is the client's")
    mine.pull()
    other.pull()
    equal(other.items[ident].text("LastName"), "Mine")
    equal(other.change(ident, *contact("Jane", "More")), "1")
    equal(mine.delete(ident, options=(E("Conflict", "1"), PLAIN)), "7", "what changed is not deleted unseen")
    equal(len(desk.files("Contacts")), 1)


@test
def a_whole_item_clears_what_it_leaves_out_but_for_ghosts(scratch):
    desk = Desk(scratch)
    plain = desk.box("Contacts")
    company = E("Contacts:CompanyName", "ACME")
    ident = plain.add(*contact("Jane", "Doe", company))[1]
    equal(plain.change(ident, *contact("Janet")), "1")
    truth("ACME" not in "".join(desk.files("Contacts").values()), "without Supported what is left out is gone")
    for supported, stays in (((), True), ((E("Contacts:CompanyName"),), False), ((E("Contacts:JobTitle"),), True)):
        box = desk.box("Contacts", name="S%d%d" % (len(supported), stays), supported=supported)
        ident = box.add(*contact("Jane", "Doe", company), client="s")[1]
        equal(box.change(ident, *contact("Janet")), "1")
        plain.pull()
        equal(plain.items[ident].text("CompanyName"), "ACME" if stays else None, "%r" % (supported,))
        equal(plain.items[ident].text("FirstName"), "Janet")


CARD = dict(
    FirstName="Jörg", LastName="Müller; Sohn", MiddleName="X.", Title="Dr.", Suffix="jun.", FileAs="Müller, Jörg",
    CompanyName="ACME, Inc.", Department="R&D", JobTitle="Boss", Email1Address="a@example.test",
    Email3Address="c@example.test", BusinessPhoneNumber="+49 1", Business2PhoneNumber="+49 2",
    Home2PhoneNumber="+49 3", MobilePhoneNumber="+49 4", CarPhoneNumber="5", PagerNumber="6", BusinessFaxNumber="7",
    HomeFaxNumber="8", RadioPhoneNumber="9", AssistantPhoneNumber="10", BusinessAddressStreet="Weg 1\nHinterhaus",
    BusinessAddressCity="Köln", BusinessAddressPostalCode="50667", HomeAddressCountry="Österreich",
    OtherAddressState="Elsewhere", WebPage="https://example.test/?a=b,c;d", Birthday="1980-02-29T11:59:00.000Z",
    Anniversary="2010-12-31T11:59:00.000Z", Spouse="Sam", AssistantName="Ann", OfficeLocation="B 7",
    YomiFirstName="y1", YomiLastName="y2", YomiCompanyName="y3")
CARD2 = dict(NickName="Jo", IMAddress2="sip:jo@example.test", ManagerName="Max", CompanyMainPhone="11", MMS="12",
             AccountName="acc", CustomerId="cust", GovernmentId="gov")


def whole_card():
    # WebPage and the like are texts as they are; the picture is the smallest PNG there is.
    return ([E("Contacts:" + n, v) for n, v in CARD.items()] + [E("Contacts2:" + n, v) for n, v in CARD2.items()] +
            [E("Contacts:Categories", E("Category", "Work, all"), E("Category", "Friends")),
             E("Contacts:Children", E("Child", "Ada"), E("Child", "Bob")),
             E("Contacts:Picture", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
               "gg=="),
             E("AirSyncBase:Body", E("Type", "1"), E("Data", "Line 1\r\nLine 2; with, all\\"))])


def same_card(item):
    for name, value in {**CARD, **CARD2}.items():
        equal(item.text(name), value, name)
    equal([c.value for c in item.all("Categories/Category")], ["Work, all", "Friends"])
    equal([c.value for c in item.all("Children/Child")], ["Ada", "Bob"])
    equal(item.text("AirSyncBase:Body/Data"), "Line 1\nLine 2; with, all\\")
    truth(item.text("Picture").startswith("iVBOR"), "the picture is there")


def same_cards(box, other):
    status, ident = box.add(*whole_card())
    equal(status, "1", box.client.version)
    other.pull()
    same_card(other.items[ident])
    # Changed as a whole by another device, nothing is lost either.
    equal(other.change(ident, *whole_card()), "1")
    equal(box.pull(), [("Change", ident)])
    same_card(box.items[ident])
    # One property gone is one property gone.
    equal(other.change(ident, *[p for p in whole_card() if p.name != "Spouse"]), "1")
    box.pull()
    equal(box.items[ident].text("Spouse"), None)
    equal(box.items[ident].text("AssistantName"), "Ann")
    equal(box.delete(ident), "1")


@test
def every_property_of_a_contact_reads_back(scratch):
    desk = Desk(scratch)
    for version in VERSIONS:
        box, other = desk.box("Contacts", version), desk.box("Contacts", version, "B")
        with box.client.unchecked(), other.client.unchecked():
            same_cards(box, other)
    box = desk.box("Contacts")
    with box.client.unchecked():
        box.add(*whole_card())
    name, = desk.files("Contacts")
    equal(harness.run("/usr/bin/python3", os.path.join(harness.TOP, "tests/integration/vcard-readers.py"),
                      os.path.join(desk.server.directory, "Contacts"), code=None).returncode, 0, "the card's readers")


@test
def what_the_protocol_lacks_stays_in_the_file(scratch):
    desk = Desk(scratch)
    desk.server.put("Contacts/a.vcf", "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u1\r\nFN:Jane Doe\r\nN:Doe;Jane;;;\r\n"
                    "EMAIL;PREF=1:1@x.test\r\nEMAIL:2@x.test\r\nEMAIL:3@x.test\r\nEMAIL:4@x.test\r\nX-FOO:bar\r\n"
                    "item1.X-ABLABEL:label\r\nGENDER:F\r\nEND:VCARD\r\n")
    desk.server.put("Tasks/t.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x\r\nBEGIN:VTODO\r\nUID:t1\r\n"
                    "SUMMARY:Old\r\nGEO:1;2\r\nX-FOO:bar\r\nRELATED-TO:t0\r\nDUE;VALUE=DATE:20260601\r\nEND:VTODO\r\n"
                    "END:VCALENDAR\r\n")
    contacts, tasks = desk.box("Contacts"), desk.box("Tasks")
    (ident, item), = contacts.items.items()
    keep = [p for p in item.children if p.name not in ("Body", "NativeBodyType", "FirstName")]
    equal(contacts.change(ident, *keep, E("Contacts:FirstName", "Janet")), "1")
    text = desk.files("Contacts")["a.vcf"]
    for line in ("UID:u1", "X-FOO:bar", "item1.X-ABLABEL:label", "GENDER:F", "EMAIL:4@x.test", "N:Doe;Janet;;;",
                 "FN:Janet Doe"):
        truth(line in text, "%s stays or comes in\n%s" % (line, text))
    (ident, item), = tasks.items.items()
    keep = [p for p in item.children if p.name not in ("Body", "NativeBodyType", "Subject")]
    equal(tasks.change(ident, *keep, E("Tasks:Subject", "New")), "1")
    text = desk.files("Tasks")["t.ics"]
    for line in ("UID:t1", "SUMMARY:New", "X-FOO:bar", "RELATED-TO:t0", "DUE;VALUE=DATE:20260601"):
        truth(line in text, "%s stays or comes in\n%s" % (line, text))


@test
def tasks_read_back(scratch):
    desk = Desk(scratch)
    for version in VERSIONS:
        box, other = desk.box("Tasks", version), desk.box("Tasks", version, "B")
        dates = {"UtcStartDate": "2026-06-01T22:00:00.000Z", "StartDate": "2026-06-02T00:00:00.000Z",
                 "UtcDueDate": "2026-06-03T22:00:00.000Z", "DueDate": "2026-06-04T00:00:00.000Z"}
        rest = {"Importance": "2", "Sensitivity": "2", "ReminderSet": "1", "ReminderTime": "2026-06-02T06:30:00.000Z"}
        ident = box.add(*task("Report", *[E("Tasks:" + n, v) for n, v in {**dates, **rest}.items()],
                              E("Tasks:Categories", E("Category", "Work")),
                              E("Tasks:Recurrence", E("Type", "1"), E("Start", "2026-06-02T00:00:00.000Z"),
                                E("Occurrences", "5"), E("Interval", "1"), E("DayOfWeek", "4")),
                              E("AirSyncBase:Body", E("Type", "1"), E("Data", "Text"))))[1]
        other.pull()
        item = other.items[ident]
        for name, value in {**dates, **rest, "Complete": "0"}.items():
            equal(item.text(name), value, version + " " + name)
        equal(item.text("AirSyncBase:Body/Data"), "Text")
        equal({c.name: c.value for c in item.one("Recurrence").children if c.name != "Start"},
              {"Type": "1", "Occurrences": "5", "Interval": "1", "DayOfWeek": "4"})
        equal(other.change(ident, E("Tasks:Subject", "Report"), E("Tasks:Complete", "1"),
                           E("Tasks:DateCompleted", "2026-06-03T10:00:00.000Z")), "1")
        box.pull()
        equal(box.items[ident].text("Complete"), "1")
        equal(box.items[ident].text("DateCompleted"), "2026-06-03T10:00:00.000Z")
        equal(box.items[ident].text("UtcDueDate"), None, "a whole change clears what it leaves out")


@test
def a_bodys_html_is_kept_as_text(scratch):
    desk = Desk(scratch)
    box, other = desk.box("Notes"), desk.box("Notes", name="B")
    html = "<html><head><style>p{}</style></head><body><p>One &amp; two<br>three</p>&#8364;</body></html>"
    ident = box.add(E("AirSyncBase:Body", E("Type", "2"), E("Data", html)), E("Notes:Subject", "H"))[1]
    other.pull()
    equal(other.items[ident].text("AirSyncBase:Body/Data"), "One & two\nthree\n€")


@test
def deleting_moves_unless_it_is_for_good(scratch):
    desk = Desk(scratch)
    for name in ("a", "b", "c"):
        desk.server.put("Mail/Inbox/%s.eml" % name, message(name))
    box, bin_ = desk.box("Inbox", options=MIME), desk.box("Deleted Items", options=MIME)
    a, b, c = sorted(box.items, key=lambda i: box.items[i].text("Subject"))
    equal(box.delete(a, before=(E("DeletesAsMoves", "0"),)), "1")
    equal(box.delete(b, before=(E("DeletesAsMoves"),)), "1")
    equal(box.delete(c), "1")
    equal(box.pull(), [])
    equal(list(desk.files("Mail/Inbox")), [])
    equal(sorted(desk.files("Mail/Deleted Items")), ["b.eml", "c.eml"])
    equal(sorted(n for n, _ in bin_.pull()), ["Add", "Add"])
    first, second = bin_.items
    equal(bin_.delete(first, second), "1")
    equal(list(desk.files("Mail/Deleted Items")), [], "in there a delete is for good")


@test
def mail_takes_its_state_and_nothing_else(scratch):
    desk = Desk(scratch)
    path = desk.server.put("Mail/Inbox/a.eml", message("Hello"))
    for version in VERSIONS:
        box, other = desk.box("Inbox", version, options=MIME), desk.box("Inbox", version, "B", options=MIME)
        (ident, item), = box.items.items()
        flag = E("Email:Flag", E("Status", "2"), E("FlagType", "Flag for follow up"))
        equal(box.change(ident, E("Email:Read", "1"), flag), "1", version)
        equal((os.getxattr(path, "user.eas.read"), os.getxattr(path, "user.eas.flag")), (b"1", b"active"))
        equal(box.pull(), [])
        equal(other.pull(), [("Change", ident)])
        equal((other.items[ident].text("Read"), other.items[ident].text("Flag/Status")), ("1", "2"))
        equal(other.items[ident].one("AirSyncBase:Body"), None, "the body does not come again")
        with box.client.wrong():
            equal(box.change(ident, E("Email:Subject", "New")), "6", "the subject is not the client's")
            equal(box.change(ident, E("Email:Flag", E("Status", "2"))), "6", "a flag without its type")
            equal(box.change(ident, E("Email:Flag", E("Status", "1"))), "6", "done without a date")
            equal(box.change(ident, E("Email:Read", "2")), "6")
        categories = E("Email:Categories", E("Category", "Red"), E("Category", "Blue"))
        if version == "12.1":
            with box.client.wrong():
                equal(box.change(ident, categories), "6", "categories came with 14.0")
        else:
            equal(box.change(ident, categories), "1")
            equal(os.getxattr(path, "user.eas.categories"), b"Red\nBlue")
            equal(box.change(ident, E("Email:Categories")), "1")
        equal(box.change(ident, E("Email:Read", "0"), E("Email:Flag")), "1")
        equal(os.getxattr(path, "user.eas.flag"), b"none")
        equal(read(path), message("Hello"), "the message itself is as it was")


@test
def a_change_on_both_sides_of_a_message_reaches_both(scratch):
    desk = Desk(scratch)
    desk.server.put("Mail/Inbox/a.eml", message("Hello"))
    box, other = desk.box("Inbox", options=MIME), desk.box("Inbox", name="B", options=MIME)
    ident, = box.items
    equal(other.change(ident, E("Email:Flag", E("Status", "2"), E("FlagType", "x"))), "1")
    equal(box.change(ident, E("Email:Read", "1")), "1", "what the server changed meanwhile is no conflict")
    equal(box.pull(), [("Change", ident)], "but comes")
    equal((box.items[ident].text("Read"), box.items[ident].text("Flag/Status")), ("1", "2"))


@test
def faults_befall_what_is_written(scratch):
    desk = Desk(scratch)
    box = desk.box("Notes")
    ident = box.add(*note("Kept"))[1]
    for status in ("6", "7", "8", "16"):
        desk.server.ask_faults("POST", "item-status=%s,next=1" % status)
        equal(box.add(*note("No " + status), client=status), (status, None))
        desk.server.ask_faults("POST", "item-status=%s,next=1" % status)
        equal(box.change(ident, *note("Kept", "changed")), status)
    equal(list(desk.files("Notes")), ["Kept.ics"])
    truth("changed" not in desk.files("Notes")["Kept.ics"], "nothing was done")
    desk.server.ask_faults("POST", "forget,Sync,next=2")
    status, forgotten = box.add(*note("Forgotten"), client="f")
    equal((status, forgotten[:2]), ("1", box.ident + ":"))
    equal(box.delete(ident), "1")
    equal(list(desk.files("Notes")), ["Kept.ics"], "nothing was done")
    desk.server.ask_faults("POST", "wrong-id,Sync,next=1")
    status, wrong = box.add(*note("Wrong"), client="w")
    equal(status, "1")
    truth(not wrong.startswith(box.ident + ":"), "an id of another folder")
    equal(len(desk.files("Notes")), 2, "but it was done")
    desk.server.ask_faults("POST", "die,Sync,next=1")
    try:
        box.add(*note("Last"), client="d")
        raise AssertionError("an answer came")
    except (OSError, harness.http.client.HTTPException):
        pass
    equal(desk.server.process.wait(30), 0)
    truth("Last.ics" in desk.files("Notes"), "it was done before the end")
    desk.server.process.stdout.close()
    desk.server.start()
    equal(box.send(E("Delete", E("ServerId", ident))).text("Status"), "3", "keys end with the server")


if __name__ == "__main__":
    harness.main()
