#!/usr/bin/env python3
"""What easd tells of people and finds in a mailbox: Search, Find, ResolveRecipients, out of office, Autodiscover.
Catches: a hit that is missing or none, a range that skips or repeats, a picture that was not asked for, busy hours
told as free, and a server that is found by somebody who has no mailbox there."""
import base64
import http.client
import json
import os
import sys
import urllib.parse
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
from checked import Checked
from eas import E, MIME, Refused, preference
from harness import equal, message, test, truth
from test_easd_write_mail import Post

harness.tests.clear()  # those of the other file


def card(first, last, address, *lines):
    return "".join(l + "\r\n" for l in ("BEGIN:VCARD", "VERSION:3.0", "FN:%s %s" % (first, last), "N:%s;%s;;;" %
                                        (last, first), "EMAIL:" + address, *lines, "END:VCARD"))


PICTURE = base64.b64encode(b"\xff\xd8\xff\xe0picture").decode()


class Town(Post):
    def __init__(self, scratch):
        super().__init__(scratch)
        self.server.put("Contacts/j.vcf", card("Jörg", "Müller", "jm@example.test", "TITLE:Boss", "ORG:ACME",
                                               "TEL;TYPE=work:+49 1", "TEL;TYPE=cell:+49 2",
                                               "PHOTO;ENCODING=b;TYPE=JPEG:" + PICTURE))
        self.server.put("Contacts/k.vcf", card("Jane", "Miller", "jane@example.test"))

    def gal(self, client, query, *options):
        answer = client.ask("Search", E("Search:Search", E("Store", E("Name", "GAL"), E("Query", query),
                                                           E("Options", *options) if options else None)))
        store = answer.one("Response/Store")
        return store.text("Status"), [r.one("Properties") for r in store.all("Result") if r.children], store


@test
def people_are_found_by_the_beginnings_of_their_names(scratch):
    town = Town(scratch)
    for version in ("12.1", "14.0", "14.1", "16.1"):
        client = town.client(version)
        status, found, store = town.gal(client, "mül")
        equal((status, [p.text("DisplayName") for p in found]), ("1", ["Jörg Müller"]), version)
        equal({c.name: c.value for c in found[0].children},
              {"DisplayName": "Jörg Müller", "Phone": "+49 1", "Title": "Boss", "Company": "ACME", "FirstName": "Jörg",
               "LastName": "Müller", "MobilePhone": "+49 2", "EmailAddress": "jm@example.test"})
        equal((store.text("Range"), store.text("Total")), ("0-0", "1"))
        equal([p.text("Alias") for p in town.gal(client, "bo")[1]], ["bob"], "a user of the server")
        equal(len(town.gal(client, "j")[1]), 2)
        equal(town.gal(client, "ill")[1], [], "not in the middle of a word")
        equal([p.text("DisplayName") for p in town.gal(client, "j", E("Range", "1-1"))[1]], ["Jörg Müller"])
        equal(town.gal(client, "j", E("Range", "7-9"))[0], "12")
        equal(town.gal(client, "j", E("Range", "3-1"))[0], "2")
    client = town.client("14.1")
    status, found, _ = town.gal(client, "j", E("Picture", E("MaxSize", "100000")))
    equal([p.text("Picture/Status") for p in found], ["173", "1"])
    equal(found[1].text("Picture/Data"), base64.b64decode(PICTURE))
    equal([p.text("Picture/Status") for p in town.gal(client, "mül", E("Picture", E("MaxSize", "3")))[1]], ["174"])


@test
def messages_are_found_and_fetched(scratch):
    town = Town(scratch)
    for i in range(5):
        town.server.put("Mail/Inbox/%d.eml" % i, message("Budget %d" % i, body="Zahlen für März\r\n",
                                                         date="Mon, 0%d Nov 2026 09:00:00 +0000" % (i + 1)))
    town.server.put("Mail/Work/w.eml", message("Other", body="Zahlen\r\n"))
    town.server.put("Mail/Work/Deep/d.eml", message("Deep", body="zahlen\r\n"))
    for version in ("12.1", "14.1", "16.1"):
        client = town.client(version)

        def search(*conditions, options=()):
            answer = client.ask("Search", E("Search:Search", E("Store", E("Name", "Mailbox"), E("Query", E(
                "And", *conditions)), E("Options", *options) if options else None)))
            return answer.one("Response/Store")

        def subjects(store):
            return [r.text("Properties/Subject") for r in store.all("Result") if r.children]

        mail = E("AirSync:Class", "Email")
        folder = E("AirSync:CollectionId", client.ids["Inbox"])
        store = search(mail, folder, E("FreeText", "märz budget"))
        equal(subjects(store), ["Budget %d" % i for i in (4, 3, 2, 1, 0)], version)
        equal((store.text("Range"), store.text("Total")), ("0-4", "5"))
        work = E("AirSync:CollectionId", client.ids["Work"])
        equal(subjects(search(mail, work, E("FreeText", "zahlen"))), ["Other"])
        equal(sorted(subjects(search(mail, work, E("FreeText", "zahlen"), options=(E("DeepTraversal"),)))),
              ["Deep", "Other"])
        day = E("Email:DateReceived")
        store = search(mail, folder, E("FreeText", "zahlen"), E("GreaterThan", day, E("Value", "2026-11-02T00:00:00.000Z")),
                       E("LessThan", day, E("Value", "2026-11-04T00:00:00.000Z")), options=(E("Range", "0-0"), *MIME))
        equal(subjects(store), ["Budget 2"])
        truth("März" in str(store.one("Result/Properties/AirSyncBase:Body/Data").value.decode()), "its body")
        equal(store.text("Total"), "2")
        equal(search(mail, E("AirSync:CollectionId", "nowhere"), E("FreeText", "x")).text("Status"), "11")
        long_id = store.text("Result/LongId")
        answer = client.ask("ItemOperations", E("ItemOperations:ItemOperations", E(
            "Fetch", E("Store", "Mailbox"), E("Search:LongId", long_id), E("Options", *MIME))))
        equal(answer.text("Response/Fetch/Status"), "1")
        truth(b"Budget 2" in answer.one("Response/Fetch/Properties/AirSyncBase:Body/Data").value, "fetched by LongId")


@test
def find_is_16_1s_search(scratch):
    town = Town(scratch)
    for i in range(3):
        town.server.put("Mail/Inbox/%d.eml" % i, message("Budget %d" % i, body="Zahlen\r\n"))
    client = town.client("16.1")

    def find(criterion, ident="s1"):
        return client.ask("Find", E("Find:Find", E("SearchId", ident), E("ExecuteSearch", criterion)))

    def mail(text, *options, folder=None):
        return E("MailBoxSearchCriterion", E("Query", E("AirSync:Class", "Email"),
                                             E("AirSync:CollectionId", folder) if folder else None, E("FreeText", text)),
                 E("Options", *options))

    answer = find(mail("subject:budget", E("Range", "0-1"), folder=client.ids["Inbox"]))
    response = answer.one("Response")
    equal((answer.text("Status"), response.text("Status"), response.text("Range"), response.text("Total")),
          ("1", "1", "0-1", "3"))
    row = response.one("Result")
    equal((row.text("Properties/Preview").strip(), row.text("Properties/HasAttachments"), row.text("CollectionId")),
          ("Zahlen", "0", client.ids["Inbox"]))
    equal(len(find(mail("subject:budget", E("Range", "2-9"), folder=client.ids["Inbox"])).all("Response/Result")), 1)
    equal(find(mail("budget", E("Range", "2-9")), "new").text("Response/Status"), "4", "a new one begins at 0")
    equal(find(mail("subject:zahlen", E("Range", "0-9")), "s2").text("Response/Total"), "0")
    answer = find(E("GalSearchCriterion", E("Query", "mül"), E("Options", E("Range", "0-9"), E("Picture"))), "s3")
    equal(answer.text("Response/Result/Properties/GAL:DisplayName"), "Jörg Müller")
    equal(answer.text("Response/Result/Properties/GAL:Picture/Status"), "1")
    older = town.client("14.1")
    with older.wrong():
        equal(older.ask("Find", E("Find:Find", E("SearchId", "x"))).text("Status"), "137", "before it there is none")


@test
def recipients_are_resolved_with_their_hours(scratch):
    town = Town(scratch)
    harness.write(scratch.path("bob", "Calendar", "a.ics"),
                  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x\r\n" + "".join(
                      "BEGIN:VEVENT\r\nUID:%s\r\n%sEND:VEVENT\r\n" % ("u", lines) for lines in (
                          "DTSTART:20260907T080000Z\r\nDTEND:20260907T090000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n",
                          "DTSTART:20260908T110000Z\r\nDTEND:20260908T113000Z\r\nRECURRENCE-ID:20260908T080000Z\r\n"
                          "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\r\n")) + "END:VCALENDAR\r\n")
    for version in ("14.0", "14.1", "16.1"):
        client = town.client(version)

        def resolve(*to, options=()):
            return client.ask("ResolveRecipients", E("ResolveRecipients:ResolveRecipients", *[E("To", t) for t in to],
                                                     E("Options", *options) if options else None))

        hours = E("Availability", E("StartTime", "2026-09-08T07:00:00.000Z"), E("EndTime", "2026-09-09T10:00:00.000Z"))
        answer = resolve("bob@example.test", "j", "nobody", options=(hours,))
        equal(answer.text("Status"), "1")
        rows = {r.text("To"): r for r in answer.all("Response")}
        equal({t: (r.text("Status"), r.text("RecipientCount")) for t, r in rows.items()},
              {"bob@example.test": ("1", "1"), "j": ("2", "2"), "nobody": ("4", "0")})
        busy = rows["bob@example.test"].text("Recipient/Availability/MergedFreeBusy")
        equal(busy, "0" * 8 + "1" + "0" * 41 + "22" + "00", version)
        equal(rows["j"].text("Recipient/Availability/Status"), "163", "a contact's hours nobody knows")
        equal(resolve(*["x"] * 101).text("Status"), "5")


@test
def out_of_office_is_kept(scratch):
    town = Town(scratch)

    def ask(client, *part):
        return client.ask("Settings", E("Settings:Settings", E("Oof", *part)))

    for version in ("12.1", "14.1", "16.1"):
        client = town.client(version)
        inside = E("OofMessage", E("AppliesToInternal"), E("Enabled", "1"), E("ReplyMessage", "Away " + version),
                   E("BodyType", "Text"))
        equal(ask(client, E("Set", E("OofState", "2"), E("StartTime", "2026-12-20T00:00:00.000Z"),
                            E("EndTime", "2027-01-02T00:00:00.000Z"), inside)).text("Oof/Status"), "1", version)
        got = ask(client, E("Get", E("BodyType", "Text"))).one("Oof/Get")
        equal((got.text("OofState"), got.text("EndTime")), ("2", "2027-01-02T00:00:00.000Z"))
        texts = {next(c.name for c in m.children if c.name.startswith("Applies")): m.text("ReplyMessage")
                 for m in got.all("OofMessage")}
        equal(texts["AppliesToInternal"], "Away " + version)
        equal(ask(client, E("Set", E("OofState", "2"))).text("Oof/Status"), "5", "timed without times")
        with client.wrong():
            equal(ask(client, E("Get")).text("Oof/Status"), "2", "without BodyType")
        equal(ask(client, E("Set", E("OofState", "0"))).text("Oof/Status"), "1")
    town.server.stop()
    town.server.start()
    got = ask(town.client("14.1"), E("Get", E("BodyType", "Text"))).one("Oof/Get")
    truth("Away 16.1" in repr(got) and got.text("OofState") == "0", "over a restart, too")


@test
def autodiscover_names_the_server(scratch):
    town = Town(scratch)
    schema = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
    client = town.client()

    def pox(address, wanted=schema + "responseschema/2006"):
        body = ('<?xml version="1.0"?><Autodiscover xmlns="%srequestschema/2006"><Request><EMailAddress>%s</EMailAddress>'
                '<AcceptableResponseSchema>%s</AcceptableResponseSchema></Request></Autodiscover>' %
                (schema, address, wanted)).encode()
        code, _, data = client.http("POST", "/autodiscover/autodiscover.xml", body, {"Content-Type": "text/xml"})
        equal(code, 200)
        root = ET.fromstring(data)
        return {e.tag.split("}")[1]: e.text for e in root.iter()}

    equal(pox("alice@example.test")["Url"], town.server.url)
    equal(pox("nobody@example.test").get("ErrorCode"), "500")
    equal(pox("alice@example.test", "other").get("ErrorCode"), "601")
    client.password = "wrong"
    equal(client.http("POST", "/autodiscover/autodiscover.xml", b"<x/>", {"Content-Type": "text/xml"})[0], 401)
    for target in ("/autodiscover/autodiscover.json?Email=alice%40example.test&Protocol=ActiveSync",
                   "/autodiscover/autodiscover.json/v1.0/alice@example.test?Protocol=ActiveSync"):
        code, _, data = client.http("GET", target)
        equal((code, json.loads(data)), (200, {"Protocol": "ActiveSync", "Url": town.server.url}), "nobody logs in")
    equal(client.http("GET", "/autodiscover/autodiscover.json?Email=x%40y.test&Protocol=ActiveSync")[0], 404)
    equal(client.http("GET", "/autodiscover/autodiscover.json?Email=alice%40y.test&Protocol=EWS")[0], 400)


@test
def a_policy_and_a_wipe_are_what_the_administrator_says(scratch):
    policy = harness.write(scratch.path("policy"), "# ours\nDevicePasswordEnabled=1\nMaxAttachmentSize=1000\n")
    server = scratch.easd(extra=["--policy-file", policy])
    for version in ("12.1", "14.1", "16.1"):
        client = Checked(server.url, version=version, device="W" + version.replace(".", ""))
        scratch.callback(client.close)

        def sync_status():
            try:
                return client.folder_sync().text("Status")
            except Refused as error:
                return error.code

        def control(word=None):
            return json.loads(client.http("POST" if word else "GET", "/easd/wipe", word and word.encode())[2])

        equal(sync_status(), 449 if version == "12.1" else "142", version)
        first, _ = client.provision()
        told = first.one("Policies/Policy/Data/EASProvisionDoc")
        equal((told.text("DevicePasswordEnabled"), told.text("MaxAttachmentSize"), told.text("AllowCamera")),
              ("1", "1000", "1"))
        equal(sync_status(), "1")
        for order, element in (("device", "RemoteWipe"),
                               ("account", "AccountOnlyRemoteWipe" if version == "16.1" else "RemoteWipe")):
            equal(control(order), {"order": order, "acknowledged": 0})
            equal(sync_status(), 403 if version == "12.1" else "140")
            answer = client.ask("Provision", E("Provision:Provision"))
            truth(answer.one(element) is not None, "%s asks for %s" % (version, element))
            answer = client.ask("Provision", E("Provision:Provision", E(element, E("Status", "1"))))
            equal((answer.text("Status"), answer.one(element)), ("1", None))
            equal(control(), {"order": order, "acknowledged": 1})
            equal(sync_status(), 403 if version == "12.1" else "140", "until the order is taken back")
        equal(control("none")["order"], "none")
        equal(sync_status(), "1")


if __name__ == "__main__":
    harness.main()
