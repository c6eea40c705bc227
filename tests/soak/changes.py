"""A mailbox directory that changes at random, as its owner and other people would change it. The same seed makes the
same changes in the same order."""
import os

MAIL_TOP, ITEM_TOP, FOLDER_TOP = 1200, 150, 25  # beyond these, removals follow

WORDS = "budget review plan summary lunch invoice travel release notes contract draft offer report März Größe".split()


def head(kind, body):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//soak//EN\r\n%sEND:VCALENDAR\r\n" % body.replace("KIND", kind)


def event(dice, number):
    day, hour = dice.randrange(1, 28), dice.randrange(6, 18)
    rule = dice.choice(("", "", "RRULE:FREQ=WEEKLY;COUNT=8\r\n"))
    return head("VEVENT", "BEGIN:KIND\r\nUID:event-%d@soak.test\r\nDTSTAMP:20260101T000000Z\r\n"
                "DTSTART:202611%02dT%02d0000Z\r\nDTEND:202611%02dT%02d3000Z\r\nSUMMARY:event %d %s\r\n"
                "LOCATION:room %d\r\n%sEND:KIND\r\n" %
                (number, day, hour, day, hour, number, dice.choice(WORDS), dice.randrange(1000), rule))


def task(dice, number):
    return head("VTODO", "BEGIN:KIND\r\nUID:task-%d@soak.test\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:task %d %s %d\r\n"
                "STATUS:NEEDS-ACTION\r\nEND:KIND\r\n" % (number, number, dice.choice(WORDS), dice.randrange(1000)))


def note(dice, number):
    return head("VJOURNAL", "BEGIN:KIND\r\nUID:note-%d@soak.test\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:note %d\r\n"
                "DESCRIPTION:%s %d\r\nEND:KIND\r\n" % (number, number, dice.choice(WORDS), dice.randrange(10**6)))


def contact(dice, number):
    return ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:contact-%d\r\nFN:Person %d\r\nN:%d;Person;;;\r\n"
            "EMAIL:p%d@soak.test\r\nEND:VCARD\r\n" % (number, number, number, dice.randrange(10**6)))


ITEMS = {"Calendar": (event, ".ics"), "Tasks": (task, ".ics"), "Notes": (note, ".ics"), "Contacts": (contact, ".vcf")}


class Changes:
    def __init__(self, top, dice):
        self.top, self.dice, self.number = top, dice, 0
        self.mail = {}  # path below top: None
        self.items = {kind: {} for kind in ITEMS}  # path below top: number
        self.folders = ["Mail/Inbox", "Mail/Sent Items", "Mail/Deleted Items"]
        self.made = []
        self.counts = {}
        self.chances = ((self.add_mail, 26), (self.remove_mail, 14), (self.move_mail, 12), (self.set_state, 18),
                        (self.add_item, 9), (self.change_item, 10), (self.remove_item, 7), (self.add_folder, 1.5),
                        (self.rename_folder, 1.5), (self.remove_folder, 1))
        for folder in self.folders:
            os.makedirs(os.path.join(top, folder), exist_ok=True)
        for kind in ITEMS:
            os.makedirs(os.path.join(top, kind), exist_ok=True)

    def path(self, name):
        return os.path.join(self.top, name)

    def step(self):
        """One change."""
        while True:
            do = self.dice.choices([do for do, _ in self.chances], [chance for _, chance in self.chances])[0]
            if len(self.mail) > MAIL_TOP:
                do = self.remove_mail
            if do():
                self.counts[do.__name__] = self.counts.get(do.__name__, 0) + 1
                return

    def put(self, name, content, attributes=()):
        new = self.path(os.path.dirname(name) + "/.new~")
        with open(new, "wb") as file:
            file.write(content)
        for word, value in attributes:
            os.setxattr(new, word, value)
        os.rename(new, self.path(name))

    # ---- mail ----

    def state(self):
        return [("user.eas.read", self.dice.choice((b"0", b"1"))),
                ("user.eas.flag", self.dice.choice((b"none", b"none", b"active", b"complete"))),
                ("user.eas.categories", self.dice.choice((b"", b"", b"Red", b"Blue\nGreen")))]

    def add_mail(self):
        self.number += 1
        number, dice = self.number, self.dice
        subject = " ".join(dice.choice(WORDS[:-2]) for _ in range(3))
        if dice.random() < 0.9:  # the others share their name with somebody
            subject += " %d" % number
        length = int(2 ** dice.uniform(3, 14)) if dice.random() < 0.98 else 700000
        line = "".join(dice.choice("abcdefghij ") for _ in range(60)) + "\r\n"
        text = ("From: Sender %d <s@soak.test>\r\nTo: me@soak.test\r\nDate: Mon, 02 Nov 2026 %02d:%02d:00 +0000\r\n"
                "Subject: %s\r\nMessage-ID: <%d@soak.test>\r\nMIME-Version: 1.0\r\n"
                "Content-Type: text/plain; charset=utf-8\r\n\r\n" %
                (number % 7, number // 60 % 24, number % 60, subject, number)) + line * (length // 62 + 1)
        name = "%s/%06d.eml" % (dice.choice(self.folders), number)
        self.put(name, text.encode(), self.state() if dice.random() < 0.3 else ())
        self.mail[name] = None
        return True

    def any_mail(self):
        return self.dice.choice(list(self.mail)) if self.mail else None

    def remove_mail(self):
        name = self.any_mail()
        if name:
            os.unlink(self.path(name))
            del self.mail[name]
        return name

    def move_mail(self):
        name, folder = self.any_mail(), self.dice.choice(self.folders)
        if not name or os.path.dirname(name) == folder:
            return False
        new = "%s/%s" % (folder, os.path.basename(name))
        os.rename(self.path(name), self.path(new))
        del self.mail[name]
        self.mail[new] = None
        return True

    def set_state(self):
        name = self.any_mail()
        if name:
            word, value = self.dice.choice(self.state())
            os.setxattr(self.path(name), word, value)
        return name

    # ---- the other classes ----

    def add_item(self):
        kind = self.dice.choice(list(ITEMS))
        if len(self.items[kind]) >= ITEM_TOP:
            return False
        self.number += 1
        make, ending = ITEMS[kind]
        name = "%s/%06d%s" % (kind, self.number, ending)
        self.put(name, make(self.dice, self.number).encode())
        self.items[kind][name] = self.number
        return True

    def any_item(self):
        kind = self.dice.choice(list(ITEMS))
        return (kind, self.dice.choice(list(self.items[kind]))) if self.items[kind] else (kind, None)

    def change_item(self):
        kind, name = self.any_item()
        if name:
            self.put(name, ITEMS[kind][0](self.dice, self.items[kind][name]).encode())
        return name

    def remove_item(self):
        kind, name = self.any_item()
        if name:
            os.unlink(self.path(name))
            del self.items[kind][name]
        return name

    # ---- folders ----

    def add_folder(self):
        if len(self.made) >= FOLDER_TOP:
            return False
        self.number += 1
        above = self.dice.choice(["Mail"] * 3 + self.made)
        if above.count("/") > 3:
            return False
        name = "%s/F%d" % (above, self.dice.randrange(self.number) if self.dice.random() < 0.2 else self.number)
        if os.path.exists(self.path(name)):
            return False
        os.mkdir(self.path(name))
        self.made.append(name)
        self.folders.append(name)
        return True

    def rename_folder(self):
        if not self.made:
            return False
        self.number += 1
        old = self.dice.choice(self.made)
        above = self.dice.choice([os.path.dirname(old), "Mail"])
        new = "%s/F%d" % (above, self.number)
        os.rename(self.path(old), self.path(new))
        below = lambda name: new + name[len(old):] if (name + "/").startswith(old + "/") else name
        self.made = [below(name) for name in self.made]
        self.folders = [below(name) for name in self.folders]
        self.mail = {below(name): None for name in self.mail}
        return True

    def remove_folder(self):
        leaves = [name for name in self.made if not any(other.startswith(name + "/") for other in self.made)]
        if not leaves:
            return False
        gone = self.dice.choice(leaves)
        for name in [name for name in self.mail if os.path.dirname(name) == gone]:
            os.unlink(self.path(name))
            del self.mail[name]
        os.rmdir(self.path(gone))
        self.made.remove(gone)
        self.folders.remove(gone)
        return True
