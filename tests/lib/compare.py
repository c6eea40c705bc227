"""Whether a mount equals the directory that easd serves: mail by bytes, names, times and state, the other
classes by their number and what they mean."""
import datetime
import email
import email.header
import email.utils
import hashlib
import os
import re

# The words of each class that must come through as they are.
MEANING = {"Calendar": ("SUMMARY", "DTSTART", "LOCATION"), "Contacts": ("FN", "EMAIL"), "Tasks": ("SUMMARY", "STATUS"),
           "Notes": ("SUMMARY", "DESCRIPTION")}
# They exist whether or not the server's directory has them.
DEFAULT = {"Mail", "Mail/Inbox", "Mail/Drafts", "Mail/Deleted Items", "Mail/Sent Items", "Mail/Outbox", "Calendar",
           "Contacts", "Tasks", "Notes", "Outbox", "Search", "Global Address List"}
STATE = {"user.eas.read": b"0", "user.eas.flag": b"none", "user.eas.categories": b""}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def directories(top):
    """The relative paths of all directories below top that a mount shows."""
    found = set()
    for root, names, _ in os.walk(top):
        names[:] = [name for name in names if not name.startswith(".")]
        found.update(os.path.relpath(os.path.join(root, name), top) for name in names)
    return found


def files(directory, ending):
    if not os.path.isdir(directory):
        return []
    return sorted(name for name in os.listdir(directory) if name.endswith(ending) and not name.startswith("."))


def attribute(path, name):
    try:
        return os.getxattr(path, name) or STATE[name]
    except OSError:
        return STATE[name]


def mail_name(content):
    """The name a message bears in a mount, doubles apart; and its time."""
    head = email.message_from_bytes(content)
    when = email.utils.parsedate_to_datetime(head["Date"]).astimezone(datetime.timezone.utc)
    sender = email.utils.parseaddr(head["From"])[0]
    return "%s %s - %s" % (when.strftime("%Y-%m-%d %H.%M.%S"), sender, head["Subject"]), when.timestamp()


def mail_rows(directory, mount):
    """{hash of the bytes: (name without its number and ending, state, time)} of a directory of mail."""
    rows = {}
    for name in files(directory, ".eml"):
        path = os.path.join(directory, name)
        content = read(path)
        bare = re.sub(r"( \(\d+\))?\.eml$", "", name) if mount else mail_name(content)[0]
        time = os.stat(path).st_mtime if mount else mail_name(content)[1]
        state = tuple(attribute(path, word) for word in sorted(STATE))
        rows.setdefault(hashlib.sha256(content).hexdigest(), []).append((bare, state, time))
    return {key: sorted(value) for key, value in rows.items()}


def meaning(content, words):
    """The wanted words of an item, each with its value, sorted."""
    lines = re.sub(r"\r?\n[ \t]", "", content.decode()).splitlines()
    found = []
    for line in lines:
        match = re.match(r"([A-Z-]+)(?:;[^:]*)?:(.*)", line)
        if match and match.group(1) in words:
            found.append((match.group(1), match.group(2)))
    return tuple(sorted(found))


def item_rows(directory, kind):
    ending = ".vcf" if kind == "Contacts" else ".ics"
    return sorted(meaning(read(os.path.join(directory, name)), MEANING[kind]) for name in files(directory, ending))


def differences(server, mount):
    """One line for each way in which the mount is not the server; an empty list where it is."""
    lines = []
    theirs, ours = directories(server), directories(mount)
    lines += ["%s: not in the mount" % path for path in sorted(theirs - ours)]
    lines += ["%s: only in the mount" % path for path in sorted(ours - theirs - DEFAULT)]
    for path in sorted(theirs & ours):
        kind = path.split("/")[0]
        pair = [os.path.join(top, path) for top in (server, mount)]
        if kind == "Mail":
            want, got = mail_rows(pair[0], False), mail_rows(pair[1], True)
            lines += ["%s: %r is missing" % (path, want[key]) for key in sorted(set(want) - set(got))]
            lines += ["%s: %r is too many" % (path, got[key]) for key in sorted(set(got) - set(want))]
            lines += ["%s: %r instead of %r" % (path, got[key], want[key]) for key in sorted(set(got) & set(want))
                      if got[key] != want[key]]
        elif kind in MEANING:
            want, got = item_rows(pair[0], kind), item_rows(pair[1], kind)
            lines += ["%s: %r is missing" % (path, row) for row in want if row not in got]
            lines += ["%s: %r is too many" % (path, row) for row in got if row not in want]
            if len(want) != len(got):
                lines.append("%s: %d items instead of %d" % (path, len(got), len(want)))
    return lines
