"""What a scenario is, and files as its user writes them."""
from harness import EASFS, run


class Scenario:
    """prepare, then act, which may be cut off and is then done again, then check. n is another in every attempt."""

    patience = 20  # seconds of sync --wait
    options = ()  # of the mount, besides
    versions = ("14.1", "16.1")
    held = 0  # edits that wait for a person in the end
    later = 0  # seconds that pass before the last start

    def prepare(self, bench, n):
        pass

    def settle(self, bench, n):
        """After the last start: until nothing is queued any more."""
        bench.mount.sync()

    def mails(self, n):
        """Subjects of the mail that is meant."""
        return []

    def wait(self, bench):
        run(EASFS, "sync", bench.mount.point, "--wait", "--timeout", str(self.patience), code=None)


def calendar(*components, method=""):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n%s%sEND:VCALENDAR\r\n" %
            (method, "".join(components))).encode()


def vevent(uid, summary, more=""):
    return ("BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261201T090000Z\r\n"
            "DTEND:20261201T100000Z\r\nSUMMARY:%s\r\n%sEND:VEVENT\r\n" % (uid, summary, more))


def event(uid, summary, more=""):
    return calendar(vevent(uid, summary, more + "X-MINE:kept\r\n"))


def component(name, uid, summary, text="text"):
    return calendar("BEGIN:%s\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:%s\r\nDESCRIPTION:%s\r\nEND:%s\r\n" %
                    (name, uid, summary, text, name))


def note(uid, summary, text="text"):
    return component("VJOURNAL", uid, summary, text)


def card(uid, name):
    return ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\nN:%s;;;;\r\nTEL;TYPE=CELL:+1 555 01\r\nEND:VCARD\r\n" %
            (uid, name, name)).encode()


def letter(ident, subject, sender=None, more=""):
    """Without a sender: as the account's own, which is supplied."""
    return ("%sTo: bob@example.test\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nSubject: %s\r\n"
            "Message-ID: <%s@example.test>\r\n%sMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello.\r\n" %
            ("From: %s\r\n" % sender if sender else "", subject, ident, more)).encode()
