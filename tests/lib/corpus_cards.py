"""The corpus' cards, one by one, each with a number of its own in X-EAS-CUSTOMER-ID."""
import os
import re

from harness import read, shared

# Cards whose own text leaves open what they mean, and what is read differently.
UNSETTLED = {
    "android-vcard/v21_backslash.vcf#0": "2.1 does not say what a backslash before a letter or a colon is",
    "kde-kcontacts/vcard10.vcf#3": "commas in quoted-printable, where vobject stops",
    "kde-kcontacts/vcard10.vcf#4": "commas in quoted-printable, where vobject stops",
    "khard/photov4.vcf#0": "the URI of its photo has a backslash in it",
}


def unfolded(card):
    return re.sub(rb"\r?\n[ \t]", b"", card)


def is_valid(card):
    """What its standard demands: a version, the names of that version, UTF-8 (RFC 2426, RFC 6350; 2.1 asks for N)."""
    lines = unfolded(card)
    version = re.search(rb"(?im)^VERSION:[ \t]*(2\.1|3\.0|4\.0)[ \t]*\r?$", lines)
    names = {b"2.1": (b"N",), b"3.0": (b"N", b"FN"), b"4.0": (b"FN",)}[version[1]] if version else ()
    try:
        card.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(names) and all(re.search(rb"(?im)^(\w+\.)?" + name + rb"[;:].*\S", lines) for name in names)


def cards():
    """(number, where it comes from, text) of every valid card."""
    top, count = shared("corpus/vcf"), 0
    for root, _, files in sorted(os.walk(top)):
        for file in sorted(files):
            path = os.path.join(root, file)
            for index, card in enumerate(re.findall(rb"(?ims)^BEGIN:VCARD\s*?$.*?^END:VCARD\s*?$", read(path))):
                if not is_valid(card) or b"X-EAS-CUSTOMER-ID" in card or card.upper().count(b"BEGIN:VCARD") != 1:
                    continue
                number = "%04d" % count
                count += 1
                head, tail = re.match(rb"(?is)(.*?VERSION:[^\n]*\n)(.*)", card).groups()
                yield number, "%s#%d" % (os.path.relpath(path, top), index), (
                    head + b"X-EAS-CUSTOMER-ID:" + number.encode() + b"\r\n" + tail.strip() + b"\r\n")
