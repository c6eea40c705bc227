"""What the tests of writing share: files as a user writes them, and what the mount says of them."""
import json
import os
import re

from harness import read


def event(summary, more="", uid=None):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\n"
            "DTSTAMP:20261101T080000Z\r\nDTSTART:20261105T090000Z\r\nDTEND:20261105T093000Z\r\nSUMMARY:%s\r\n"
            "%sEND:VEVENT\r\nEND:VCALENDAR\r\n" % (uid or summary.split()[0].lower() + "@example.test", summary, more)).encode()


def todo(summary, more="", uid=None):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VTODO\r\nUID:%s\r\n"
            "DTSTAMP:20261101T080000Z\r\nSUMMARY:%s\r\n%sEND:VTODO\r\nEND:VCALENDAR\r\n" %
            (uid or summary.split()[0].lower() + "@example.test", summary, more)).encode()


def note(summary, text="Text.", uid=None):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VJOURNAL\r\nUID:%s\r\n"
            "DTSTAMP:20261101T080000Z\r\nSUMMARY:%s\r\nDESCRIPTION:%s\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n" %
            (uid or summary.split()[0].lower() + "@example.test", summary, text)).encode()


def card(name, more="", uid=None):
    first, _, last = name.partition(" ")
    return ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\nN:%s;%s;;;\r\n%sEND:VCARD\r\n" %
            (uid or name.replace(" ", "-").lower() + "@example.test", name, last, first, more)).encode()


def attribute(path, name):
    try:
        return os.getxattr(path, "user.eas." + name).decode()
    except OSError:
        return None


def state(path):
    return attribute(path, "state")


def why(path):
    return attribute(path, "error")


def journal(mount):
    """The queue as the mount tells it: a dictionary a row."""
    return [json.loads(line) for line in read(mount.path(".easfs", "queue")).splitlines()]


def server_items(server, folder):
    """{first word of the title: the bytes} of what the demo server's directory holds of a folder."""
    found = {}
    top = os.path.join(server.directory, folder)
    for name in sorted(os.listdir(top)):
        if name.startswith(".") or name.endswith("~") or not name.endswith((".ics", ".vcf")):
            continue
        content = read(os.path.join(top, name))
        title = re.search(rb"^(?:SUMMARY|FN)[^:]*:(\w+)", content, re.M).group(1).decode()
        if title in found:
            title += " again"
        found[title] = content
    return found
