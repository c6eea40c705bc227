#!/usr/bin/python3
"""Compares cards in meaning: those that were given to a server with those that came back through ActiveSync.

usage: vcfcompare.py GIVEN CAME [CUSTOMER-ID...]

Each card GIVEN bears an X-EAS-CUSTOMER-ID of its own, by which the one that CAME is found. vobject, the parser of
khard, reads both. Prints a line a difference, and at the end how many cards were compared; exit 1 if any differs.
What ActiveSync has no place for may be absent: ABSENT says what, and why."""
import base64
import datetime
import pathlib
import re
import sys

import vobject

# property: what may be absent, and why it is
ABSENT = {
    "fn": "there is no formatted name beside the parts of the name; it comes back as X-EAS-FILE-AS",
    "email": "three addresses (Email1Address to Email3Address)",
    "tel": "two numbers at home and at work, one of every other kind",
    "adr": "one address at work, one at home, one other; box and extension are lines of the street",
    "org": "a company and one department",
    "url": "one web page",
    "note": "one body",
    "photo": "48 KB of base64 and no reference to elsewhere",
    "bday": "a whole date, without time",
}
PICTURE_TEXT = 48 * 1024
KINDS = {"cell", "fax", "pager", "home", "work", "car"}


def text(value):
    """A value, or a list of them as one text, without the white space that no reader shows."""
    if isinstance(value, (list, tuple)):
        value = ",".join(value)
    return " ".join(re.sub(r"[\x00-\x08\x0e-\x1f\x7f]", "", str(value or "")).split())  # XML has none of these


def every(card, name):
    return [line for line in card.contents.get(name, []) if text_of(line)]


def text_of(line):
    return line.value.decode("latin-1") if isinstance(line.value, bytes) else text(str(line.value))


def types(line):
    found = set(re.split("[,\\s]+", " ".join(line.params.get("TYPE", []) + list(line.singletonparams)).lower()))
    return found - {"", "pref", "voice", "internet", "x400"}


def name(card):
    value = card.n.value if hasattr(card, "n") else None
    return [text(getattr(value, part, "")) for part in ("family", "given", "additional", "prefix", "suffix")]


def first(card, key):
    lines = every(card, key)
    return text(lines[0].value) if lines else ""


def organization(card):
    lines = every(card, "org")
    value = lines[0].value if lines else []
    parts = [text(part) for part in (value if isinstance(value, list) else [value])][:2]
    return [part for part in parts if part]


def emails(card):
    """The addresses, each as it is written between < and > where there is such."""
    return [re.sub(r".*<(.+)>.*", r"\1", text_of(line)).strip().lower() for line in every(card, "email")]


def number(line):
    return re.sub(r"^tel:", "", text_of(line))


def phones_wrong(given, came):
    there = {number(line): types(line) for line in every(came, "tel")}
    lines = every(given, "tel")
    wrong = ["tel %s came from nowhere" % n for n in there if n not in {number(line) for line in lines}]
    for line in lines:
        others = [l for l in lines if l is not line and (types(l) & types(line) or not types(l) or not types(line))]
        kinds = set().union(*(types(l) for l in lines if number(l) == number(line)))
        if number(line) not in there:
            if not others:
                wrong.append("tel %s is absent" % number(line))
        elif types(line) & KINDS and not others and not kinds & there[number(line)]:
            wrong.append("tel %s is %s, was %s" % (number(line), there[number(line)], types(line)))
    return wrong


def address(line):
    value = line.value
    street = " ".join(filter(None, (text(value.box), text(value.extended), text(value.street))))
    parts = [street] + [text(getattr(value, part)) for part in ("city", "region", "code", "country")]
    return [part.strip(", ") for part in parts]


def addresses_wrong(given, came):
    lines, wrong = [l for l in every(given, "adr") if any(address(l))], []
    there = [address(line) for line in every(came, "adr")]
    wrong = ["adr %s came from nowhere" % a for a in there if a not in [address(line) for line in lines]]
    if len(there) < min(len(lines), 1):
        wrong.append("adr %s is absent" % address(lines[0]))
    for line in lines:
        rivals = [l for l in lines if l is not line]
        if address(line) not in there and len(rivals) == 0:
            wrong.append("adr %s differs: %s" % (address(line), there))
    return wrong


def birthday(card):
    found = re.match(r"(\d{4})-?(\d\d)-?(\d\d)(T.*)?$", first(card, "bday"))
    try:
        return datetime.date(*map(int, found.groups()[:3])).isoformat() if found else ""
    except ValueError:  # a 31st of February and the like
        return ""


def picture(card):
    for line in card.contents.get("photo", []):
        value = line.value
        if isinstance(value, bytes):
            return value
        inline = re.match(r"data:[^,]*;base64,(.*)", str(value), re.S)
        if inline:
            return base64.b64decode(inline[1])
        return b""
    return b""


def wrong(given, came):
    """What differs, a sentence each."""
    found = []

    def same(what, one, other):
        if one != other:
            found.append("%s: given %.200r, came %.200r" % (what, one, other))

    if any(name(given)):
        same("n", name(given), name(came))
    own = first(given, "x-eas-file-as") or first(given, "x-file-as") or first(given, "x-evolution-file-as")
    if own or first(given, "fn"):
        same("fn as X-EAS-FILE-AS", own or first(given, "fn"), first(came, "x-eas-file-as"))
    for key in ("title", "nickname", "url", "note"):
        same(key, first(given, key).replace("\\:", ":"), first(came, key).replace("\\:", ":"))
    same("org", organization(given), organization(came))
    here, there = emails(given), emails(came)
    if set(there) - set(here) or len(there) != min(len(here), 3):
        found.append("email: given %r, came %r" % (here, there))
    found.extend(phones_wrong(given, came))
    found.extend(addresses_wrong(given, came))
    if birthday(given):
        same("bday", birthday(given), birthday(came))
    image = picture(given)
    if image and len(base64.b64encode(image)) <= PICTURE_TEXT and picture(came) != image:
        found.append("photo: %d bytes given, %d came" % (len(image), len(picture(came))))
    return found


def commas_escaped(card):
    """A bare comma in a text that is no list is one of its letters; vobject would stop at it."""
    lines, soft = re.sub(r"\r?\n[ \t]", "", card), 1
    while soft:  # a quoted-printable value goes on after "="
        lines, soft = re.subn(r"(?im)^(.*QUOTED-PRINTABLE.*)=\r?\n", r"\1", lines)
    return re.sub(r"(?im)^(\w+\.)?(FN|NOTE|X-(EVOLUTION-)?FILE-AS)[;:].*$",
                  lambda line: re.sub(r"(?<!\\),", r"\,", line[0]), lines)


def read_card(path):
    return next(vobject.readComponents(commas_escaped(path.read_bytes().decode("utf-8")), allowQP=True))


def number_of(card):
    return text(card.contents["x-eas-customer-id"][0].value)


def cards(directory):
    """Each card with its number; what vobject cannot read is told on stderr."""
    for path in sorted(pathlib.Path(directory).rglob("*.vcf")):
        try:
            card = read_card(path)
        except Exception as error:  # whatever the parser throws
            print("left out: %s: %s: %s" % (path, type(error).__name__, error), file=sys.stderr)
            continue
        yield number_of(card), card


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    wanted = set(sys.argv[3:])
    there, differences, compared = dict(cards(sys.argv[2])), 0, 0
    for ident, given in cards(sys.argv[1]):
        if wanted and ident not in wanted:
            continue
        compared += 1
        for line in wrong(given, there[ident]) if ident in there else ["it did not come"]:
            differences += 1
            print("%s %s" % (ident, line))
    print("%d cards compared, %d differences" % (compared, differences))
    sys.exit(1 if differences or not compared else 0)


if __name__ == "__main__":
    main()
